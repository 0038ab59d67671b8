"""One connection per system and process: calls in, whole answers or one of our errors out."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from cxconfig import __version__
from cxconfig.errors import CxconfigError, SettingsError
from providers.transport import threads
from providers.transport.answer import Answer
from providers.transport.auth import Authenticator, Scheme, TokenRequest
from providers.transport.failures import FAILURES, Failures
from providers.transport.policy import READS, Clock, Exchange, RateLimit, Retry
from providers.transport.settings import TransportSettings, base_url, proxy_for, tls_context, tls_warning

logger = logging.getLogger("cxconfig.transport")
for _library in ("httpx", "httpcore"):
    # Their lines hold whole addresses with queries, and headers: no log level of the user's may bring those out.
    logging.getLogger(_library).setLevel(logging.WARNING)

HOPS = 3
"""How many redirects of a read to the same host are followed."""
KEPT = 30.0
"""Seconds that an idle connection is kept; whether the other side has closed it is looked at before it is used."""
_OPEN_HEADERS = frozenset({"accept", "accept-language", "content-type", "user-agent"})

Item = TypeVar("Item")
Found = TypeVar("Found")


def segment(name: str) -> str:
    """One path segment, percent-encoded as UTF-8, slashes too.

    Raises `CxconfigError` for an empty name, `.` and `..`, which would address something else.
    """
    if name in {"", ".", ".."}:
        raise CxconfigError(f"{name!r} cannot stand in the address of a call", way_out="Use another name.")
    try:
        return quote(name, safe="")
    except UnicodeEncodeError:
        raise CxconfigError(f"{name!r} is not valid Unicode", way_out="Write the name anew.") from None


class Connection:
    """Thread-safe. `warnings`: what every run must say about this connection.

    `headers` go with every call, and their values are treated as secrets. `transport` (an httpx transport) replaces
    the network and `clock` time, for tests. Raises `SettingsError` when it cannot be set up; makes no call.
    """

    def __init__(
        self,
        settings: TransportSettings,
        scheme: Scheme | None,
        headers: Mapping[str, str] | None = None,
        *,
        transport: Any = None,
        clock: Clock | None = None,
    ) -> None:
        given = _checked_headers(settings, headers or {})
        warning = tls_warning(settings)
        self.warnings: list[str] = [warning] if warning else []
        for text in self.warnings:
            logger.warning(text)
        self.settings = settings
        self._clock = clock or Clock()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._secrets = tuple(value for name, value in given.items() if name.lower() not in _OPEN_HEADERS)
        self._failures = Failures(settings, scheme.settings if scheme else ())
        self._auth = Authenticator(scheme, self._fetch, self._clock.now) if scheme else None
        inner = transport if transport is not None else _network(settings)
        self._client = httpx.Client(
            base_url=base_url(settings),
            transport=Retry(RateLimit(inner, settings.rate, self._clock), settings, self._clock),
            headers={"User-Agent": f"cxconfig/{__version__}", "Accept-Encoding": "gzip", **given},
            # A session of its own would outlive a revoked token, and mix the threads' calls.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def counts(self) -> Counter[str]:
        """The calls made so far, by method; attempts and token requests are not counted."""
        with self._lock:
            return self._counts.copy()

    def call(
        self,
        method: str,
        path: str | Sequence[str],
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        expect: Collection[int] = (200,),
        secrets: Collection[str] = (),
    ) -> Answer:
        """One call. `path`: quoted (see `segment`) from a slash on, or raw segments; `secrets` are masked in errors.

        Raises `Refused`, `PermissionDenied` or `AuthenticationFailed` for 4xx; `UnexpectedAnswer` for any other
        answer to a read that is not expected or cannot be used; `Unreachable` when no answer came and nothing was
        carried out; `OutcomeUnknown` when a write may or may not have been carried out: neither `expect` nor 4xx.
        """
        route = path if isinstance(path, str) else "/" + "/".join(map(segment, path))
        exchange = Exchange(
            endpoint=f"{method} {route.partition('?')[0]}",
            repeatable=method in READS,
            deadline=self._clock.now() + self.settings.total_budget,
            secrets=(*secrets, *self._secrets),
        )
        with self._lock:
            self._counts[method] += 1
        body = {"json": json, "data": form, "params": params}
        answer = self._exchange(exchange, method, route, body, self._auth)
        page = not exchange.repeatable and answer.is_html
        if answer.status in expect and not page:
            return answer
        raise self._failures.of_status(answer, self._hiding(exchange))

    def each(self, function: Callable[[Item], Found], items: Iterable[Item]) -> dict[Item, Found]:
        """`function` of every item, on at most as many threads as there are connections, in the order of the items.

        The first error keeps what has not begun from beginning and is raised once what is in flight has ended; it is
        not tried again meanwhile. A KeyboardInterrupt is raised at once.
        """
        return threads.each(function, items, self.settings.connections)

    def close(self) -> None:
        """Closes all connections; no call can be made any more."""
        self._client.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(
        self, exchange: Exchange, method: str, route: str, body: Mapping[str, Any], auth: Authenticator | None
    ) -> Answer:
        began = self._clock.now()
        try:
            request = self._client.build_request(method, route, extensions={"exchange": exchange}, **body)
            response = self._client.send(request, auth=auth, stream=True)
            for hop in range(HOPS + 1):
                answer = self._answer(exchange, response, began)
                following = response.next_request
                if following is None:
                    return answer
                if hop == HOPS or method not in READS or _origin(following.url) != _origin(request.url):
                    raise self._failures.redirected(answer, self._hiding(exchange), following.url)
                response = self._client.send(following, auth=auth, stream=True)
        except FAILURES as error:
            raise self._failures.of_exception(error, self._hiding(exchange)) from None
        return answer

    def _fetch(self, wanted: TokenRequest, deadline: float) -> Answer:
        """The token's own call, without auth, in the same transports; its refusal is the authenticator's to tell."""
        endpoint = f"{wanted.method} {wanted.path.partition('?')[0]}"
        exchange = Exchange(endpoint, True, deadline, (*wanted.secrets, *self._secrets))
        body = {"data": wanted.form, "headers": wanted.headers}
        answer = self._exchange(exchange, wanted.method, wanted.path, body, None)
        refused = 400 <= answer.status < 500 and answer.status != 429
        if not (refused or 200 <= answer.status < 300):
            raise self._failures.of_status(answer, exchange)
        return answer

    def _answer(self, exchange: Exchange, response: httpx.Response, began: float) -> Answer:
        return Answer(
            self.settings.system,
            exchange.endpoint,
            response.status_code,
            response.headers,
            exchange.body,
            self._clock.now() - began,
        )

    def _hiding(self, exchange: Exchange) -> Exchange:
        """The exchange with the tokens of the moment among its secrets: collected only when there is an error."""
        if self._auth is not None:
            exchange.secrets = (*exchange.secrets, *self._auth.secrets())
        return exchange


def _network(settings: TransportSettings) -> httpx.HTTPTransport:
    try:
        return httpx.HTTPTransport(
            verify=tls_context(settings),
            http1=True,
            http2=False,
            limits=httpx.Limits(
                max_connections=settings.connections,
                max_keepalive_connections=settings.connections,
                keepalive_expiry=KEPT,
            ),
            retries=0,
            proxy=proxy_for(settings.url),
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        raise SettingsError(
            f"the proxy that the environment names for {settings.system} cannot be used",
            way_out="Name an http or https proxy in HTTPS_PROXY, or the system's host in NO_PROXY.",
        ) from None


def _checked_headers(settings: TransportSettings, headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise SettingsError(
                f"systems.{settings.system}: the value for the header {name} has characters that cannot stand in it",
                way_out="Look for a line break or a space at its end where it is set.",
            )
    return dict(headers)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
