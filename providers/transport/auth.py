"""Tokens: one request under any number of threads, renewed before expiry and after a revocation."""

from __future__ import annotations

import copy
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

import httpx

from cxconfig.errors import AuthenticationFailed, CxconfigError
from providers.transport.answer import Answer

EARLY = 30.0
"""Seconds before its end at which a token is renewed; at most a fifth of its life."""
DEFAULT_LIFETIME = 300.0
"""Seconds, when the system names none that can be believed: short, as a renewal costs one call."""
SHORTEST, LONGEST = 1.0, 86_400.0
REFUSED_FOR = 2.0
"""Seconds in which credentials that were refused are not tried again: calls that begin meanwhile would be refused too,
and each trial may count towards a lock of the API user."""
_REMEMBERED = 4
"""Tokens that are still masked after their renewal, for calls that began with them."""


@dataclass(frozen=True)
class TokenRequest:
    """`form` is sent url-encoded, none as no body; `secrets` are masked wherever a text could hold them."""

    method: str
    path: str
    form: Mapping[str, str] | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Token:
    """`lifetime` in seconds."""

    value: str = field(repr=False)
    lifetime: float


class Scheme(ABC):
    """How a system hands out tokens. Must be pure: the requests are made here."""

    @abstractmethod
    def request(self) -> TokenRequest:
        """The call that fetches a token; it is repeated like a read, as fetching twice does no harm."""

    @abstractmethod
    def token(self, answer: Answer) -> Token:
        """The token of a 2xx answer; raises `UnexpectedAnswer` or `AuthenticationFailed` when there is none in it."""

    @property
    @abstractmethod
    def settings(self) -> tuple[str, ...]:
        """The settings in tenant.yaml to look at when the system refuses."""

    def headers(self, token: str) -> Mapping[str, str]:
        """May override: the headers that carry the token."""
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class ClientCredentials(Scheme):
    """OAuth 2.0 client credentials in the form body. `scope`: none for a platform-level token.

    Source: the vendor's "Get Access Token".
    """

    path: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None

    def request(self) -> TokenRequest:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **({"scope": self.scope} if self.scope else {}),
        }
        return TokenRequest("POST", self.path, form, (self.client_secret,))

    def token(self, answer: Answer) -> Token:
        data = answer.json()
        value = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(value, str):
            raise AuthenticationFailed(
                f"{answer.system}: {answer.endpoint} answered without an access_token",
                system=answer.system,
                endpoint=answer.endpoint,
                status=answer.status,
                request_id=answer.request_id,
                way_out=f"Check that systems.{answer.system}.url in tenant.yaml names the contact centre itself.",
            )
        return Token(value, lifetime(data.get("expires_in")))

    @property
    def settings(self) -> tuple[str, ...]:
        return ("client_id", "client_secret", "scope")


def lifetime(given: object) -> float:
    """Seconds of `expires_in`, which comes as text or number, may be missing, and is not always 3600."""
    if isinstance(given, int | float | str) and not isinstance(given, bool):
        try:
            seconds = float(given)
        except (ValueError, OverflowError):
            return DEFAULT_LIFETIME
        if math.isfinite(seconds) and seconds > 0:
            return min(max(seconds, SHORTEST), LONGEST)
    return DEFAULT_LIFETIME


@dataclass(frozen=True)
class _Held:
    """`number` tells two tokens apart: a system may hand out the same text again."""

    number: int
    value: str
    until: float


class Authenticator(httpx.Auth):
    """The client's auth: adds the token, and renews it once for all threads when the system does not accept it.

    `fetch` makes the token's call within the deadline of the call that needs it and raises our errors; `now` in
    seconds.
    """

    def __init__(
        self, scheme: Scheme, fetch: Callable[[TokenRequest, float], Answer], now: Callable[[], float]
    ) -> None:
        self.scheme = scheme
        self._wanted = scheme.request()
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._held = _Held(0, "", -math.inf)
        self._seen: tuple[str, ...] = ()
        self._failures = 0
        self._failure: CxconfigError | None = None
        self._refused_until = -math.inf

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        deadline = request.extensions["exchange"].deadline
        held = self._current(0, deadline)
        request.headers.update(self.scheme.headers(held.value))
        response = yield request
        if response.status_code == 401:
            held = self._current(held.number, deadline)
            request.headers.update(self.scheme.headers(held.value))
            yield request

    def secrets(self) -> tuple[str, ...]:
        """What must not stand in any error: the scheme's own and the last tokens."""
        return (*self._wanted.secrets, *self._seen)

    def _current(self, refused: int, deadline: float) -> _Held:
        """The token, fetched by the first thread that finds none, an old one, or the one that was just refused.

        A failed fetch fails all threads that waited for it: each trying again would multiply the wait. A refusal also
        fails those that come right after it.
        """
        if self._usable(refused):
            return self._held
        failures = self._failures
        with self._lock:
            if self._usable(refused):
                return self._held
            if self._failure is not None and (self._failures != failures or self._now() < self._refused_until):
                raise copy.copy(self._failure)
            try:
                self._renew(deadline)
            except CxconfigError as error:
                self._failures += 1
                self._failure = error
                if isinstance(error, AuthenticationFailed):
                    self._refused_until = self._now() + REFUSED_FOR
                raise
            return self._held

    def _usable(self, refused: int) -> bool:
        held = self._held
        return held.number > refused and self._now() < held.until

    def _renew(self, deadline: float) -> None:
        answer = self._accepted(self._fetch(self._wanted, deadline))
        token = self.scheme.token(answer)
        if not token.value or not token.value.isascii() or not token.value.isprintable() or " " in token.value:
            raise AuthenticationFailed(
                f"{answer.system}: {answer.endpoint} answered with a token that cannot stand in a header",
                system=answer.system,
                endpoint=answer.endpoint,
                status=answer.status,
                request_id=answer.request_id,
                way_out=f"Check that systems.{answer.system}.url in tenant.yaml names the contact centre itself.",
            )
        until = self._now() + token.lifetime - min(EARLY, token.lifetime / 5)
        self._seen = (*self._seen, token.value)[-_REMEMBERED:]
        self._held = _Held(self._held.number + 1, token.value, until)

    def _accepted(self, answer: Answer) -> Answer:
        if 200 <= answer.status < 300:
            return answer  # never quoted: there may be a token in it
        system, said = answer.system, answer.said(self._wanted.secrets)
        names = ", ".join(f"systems.{system}.{name}" for name in ("url", *self.scheme.settings))
        raise AuthenticationFailed(
            f"{system}: the system refused to hand out a token ({answer.status}{': ' + said if said else ''})",
            system=system,
            endpoint=answer.endpoint,
            status=answer.status,
            said=said,
            request_id=answer.request_id,
            way_out=f"Check {names} in tenant.yaml, and that the API user is enabled and not locked.",
        )
