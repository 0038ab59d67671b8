"""Tokens: one request under any number of threads, renewed before expiry and after a revocation."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

import httpx

from cxconfig.errors import AuthenticationFailed
from providers.transport.answer import Answer

EARLY = 30.0
"""Seconds before its end at which a token is renewed; at most a fifth of its life."""
DEFAULT_LIFETIME = 3600.0
SHORTEST, LONGEST = 1.0, 86_400.0


@dataclass(frozen=True)
class TokenRequest:
    """`form` is sent url-encoded; `secrets` are masked wherever a text could hold them."""

    method: str
    path: str
    form: Mapping[str, str]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """`lifetime` in seconds."""

    value: str
    lifetime: float


class Scheme(ABC):
    """How a system hands out tokens. Must be pure: the requests are made here."""

    @abstractmethod
    def request(self) -> TokenRequest: ...

    @abstractmethod
    def token(self, answer: Answer) -> Token:
        """The token of a 200 answer; raises `UnexpectedAnswer` when there is none in it."""

    @property
    @abstractmethod
    def settings(self) -> tuple[str, ...]:
        """The settings in tenant.yaml to look at when the system refuses."""


@dataclass(frozen=True)
class ClientCredentials(Scheme):
    """OAuth 2.0 client credentials in the form body, with a scope."""

    path: str
    client_id: str
    client_secret: str
    scope: str

    def request(self) -> TokenRequest:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": self.scope,
        }
        return TokenRequest("POST", self.path, form, (self.client_secret,))

    def token(self, answer: Answer) -> Token:
        data = answer.json()
        value = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
            raise AuthenticationFailed(
                f"{answer.system}: {answer.endpoint} answered without a usable access_token",
                system=answer.system,
                endpoint=answer.endpoint,
                status=answer.status,
                way_out="Check that `url` names the contact centre itself.",
            )
        return Token(value, lifetime(data.get("expires_in")))

    @property
    def settings(self) -> tuple[str, ...]:
        return ("client_id", "client_secret", "scope")


def lifetime(given: object) -> float:
    """`expires_in` comes as text or number, may be missing, and is not always 3600."""
    if isinstance(given, (int, float, str)) and not isinstance(given, bool):
        try:
            seconds = float(given)
        except ValueError:
            return DEFAULT_LIFETIME
        if seconds == seconds and seconds > 0:
            return min(max(seconds, SHORTEST), LONGEST)
    return DEFAULT_LIFETIME


class Authenticator(httpx.Auth):
    """The client's auth: adds the token, and renews it once for all threads when the system does not accept it."""

    def __init__(
        self,
        scheme: Scheme,
        build: Callable[[TokenRequest], httpx.Request],
        read: Callable[[httpx.Response], Answer],
    ) -> None:
        self.scheme = scheme
        self._build = build
        self._read = read
        self._wanted = scheme.request()
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield from self._current("")
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            token = yield from self._current(token)
            request.headers["Authorization"] = f"Bearer {token}"
            yield request

    def secrets(self) -> tuple[str, ...]:
        return (*self._wanted.secrets, self._token)

    def _current(self, refused: str) -> Generator[httpx.Request, httpx.Response, str]:
        """The token, fetched by the first thread that finds none, an old one, or the one that was just refused."""
        with self._lock:
            if not self._token or self._token == refused or time.monotonic() >= self._until:
                response = yield self._build(self._wanted)
                token = self.scheme.token(self._accepted(self._read(response)))
                self._token = token.value
                self._until = time.monotonic() + token.lifetime - min(EARLY, token.lifetime / 5)
            return self._token

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        system, said = answer.system, answer.said(self._wanted.secrets)
        names = ", ".join(f"systems.{system}.{name}" for name in self.scheme.settings)
        raise AuthenticationFailed(
            f"{system}: the system refused to hand out a token ({answer.status}{': ' + said if said else ''})",
            system=system,
            endpoint=answer.endpoint,
            status=answer.status,
            said=said,
            request_id=answer.request_id,
            way_out=f"Check {names} in tenant.yaml, and that the API user is enabled and not locked.",
        )
