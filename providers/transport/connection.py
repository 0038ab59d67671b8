"""One connection per system and process: calls in, whole answers or one of our errors out."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from cxconfig import __version__
from cxconfig.errors import (
    AuthenticationFailed,
    LiveError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    SettingsError,
    UnexpectedAnswer,
    Unreachable,
)
from providers.transport.answer import Answer, masked
from providers.transport.auth import Authenticator, Scheme, TokenRequest
from providers.transport.policy import NOT_SENT, READS, Clock, RateLimit, Retry, Stopped, TooLarge
from providers.transport.settings import TransportSettings, proxy_for, tls_context, tls_warning

logger = logging.getLogger("cxconfig.transport")
HOPS = 3
"""How many redirects of a read to the same host are followed."""

Item = TypeVar("Item")
Found = TypeVar("Found")


def segment(name: str) -> str:
    """One path segment, percent-encoded as UTF-8; `.` and `..` would change the path and are refused."""
    if name in {"", ".", ".."}:
        raise SettingsError(f"{name!r} cannot be the name of an object: it cannot stand in an address")
    return quote(name, safe="", errors="surrogatepass")


class Connection:
    """Thread-safe. `counts`: calls made, by method. `warnings`: what every run must say about this connection.

    `transport` replaces the network (tests); `clock` replaces time.
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
        warning = tls_warning(settings)
        self.warnings = [warning] if warning else []
        for text in self.warnings:
            logger.warning(text)
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._clock = clock or Clock(sleep=self._stopping.wait)
        limits = httpx.Limits(
            max_connections=settings.connections, max_keepalive_connections=settings.connections, keepalive_expiry=30
        )
        secure = settings.url.lower().startswith("https:")
        inner = transport or httpx.HTTPTransport(
            verify=tls_context(settings) if secure else False,  # plain http to loopback has no certificate to verify
            http1=True,
            http2=False,
            limits=limits,
            retries=0,
            proxy=proxy_for(settings.url),
        )
        self._base = httpx.URL(settings.url)
        self._auth = Authenticator(scheme, self._token_request, self._token_answer) if scheme else None
        self._client = httpx.Client(
            auth=self._auth,
            transport=Retry(
                RateLimit(inner, settings.rate, self._clock),
                settings.total_budget,
                settings.max_response_bytes,
                self._clock,
            ),
            timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout, pool=settings.total_budget),
            headers={"User-Agent": f"cxconfig/{__version__}", "Accept": "application/json", **(headers or {})},
            follow_redirects=False,
            trust_env=False,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        expect: Collection[int] = (200,),
        secrets: Collection[str] = (),
    ) -> Answer:
        """One call. `path` is quoted (see `segment`) and begins with a slash; `secrets` are masked in every error.

        Raises `Refused`, `PermissionDenied`, `AuthenticationFailed` for 4xx; `UnexpectedAnswer` for any other status
        that is not expected; `Unreachable` when no answer came and nothing was carried out; `OutcomeUnknown` when a
        write may or may not have been carried out.
        """
        hidden = (*secrets, *(self._auth.secrets() if self._auth else ()))
        request = self._client.build_request(
            method, self._base.copy_with(raw_path=self._raw_path(path)), json=json, data=form, params=params
        )
        with self._lock:
            self.counts[method] += 1
        for _ in range(HOPS + 1):
            answer, following = self._send(request, hidden)
            if following is None:
                return self._checked(answer, method, expect, hidden)
            request = following
        raise self._unexpected(answer, f"redirects more than {HOPS} times")

    def each(self, function: Callable[[Item], Found], items: Sequence[Item]) -> dict[Item, Found]:
        """`function` of every item, on at most as many threads as there are connections, in the order of the items.

        The first error keeps what has not begun from beginning and is raised. An interrupt does not wait for the
        calls in flight: they are reads.
        """
        return _Each(function, items, self.settings.connections).run(self._stopping)

    def close(self) -> None:
        self._stopping.set()
        self._client.close()

    def _raw_path(self, path: str) -> bytes:
        return (self._base.path.rstrip("/") + path).encode("ascii")

    def _send(self, request: httpx.Request, hidden: Collection[str]) -> tuple[Answer, httpx.Request | None]:
        endpoint = f"{request.method} {_shown(request.url)}"
        began = time.monotonic()
        try:
            response = self._client.send(request)
        except (httpx.HTTPError, httpx.InvalidURL, TooLarge, Stopped) as error:
            raise self._failed(error, request.method, endpoint, hidden) from None
        answer = self._answer(response, endpoint, time.monotonic() - began)
        return answer, self._following(request, response, answer)

    def _following(self, request: httpx.Request, response: httpx.Response, answer: Answer) -> httpx.Request | None:
        """The next request of a redirected read on the same host; a write is never sent elsewhere."""
        if not response.is_redirect or request.method not in READS:
            return None
        target = response.next_request
        if target is None:
            return None
        if _origin(target.url) != _origin(request.url):
            raise self._unexpected(answer, f"redirects to another host ({target.url.host})")
        return self._client.build_request(request.method, target.url)

    def _checked(self, answer: Answer, method: str, expect: Collection[int], hidden: Collection[str]) -> Answer:
        if answer.status in expect:
            return answer
        if 400 <= answer.status < 500:
            raise self._refusal(answer, hidden)
        if method in READS or 300 <= answer.status < 400:
            raise self._unexpected(answer, f"answered {answer.status}{_colon(answer.said(hidden))}")
        if answer.status >= 500:
            said = answer.said(hidden)
            raise OutcomeUnknown(
                f"{answer.system}: {answer.endpoint} answered {answer.status}{_colon(said)};"
                " whether it was carried out is unknown",
                **{**self._data(answer), "said": said},
            )
        raise self._unexpected(answer, f"answered {answer.status}, which the vendor does not document")

    def _refusal(self, answer: Answer, hidden: Collection[str]) -> LiveError:
        said = answer.said(hidden)
        data = {**self._data(answer), "said": said}
        what = f"{answer.system}: {answer.endpoint} was refused ({answer.status}{_colon(said)})"
        if answer.status == 401:
            names = ", ".join(self._auth.scheme.settings) if self._auth else "the credentials"
            return AuthenticationFailed(
                what, **data, way_out=f"Check {names} of systems.{answer.system} in tenant.yaml."
            )
        if answer.status == 403:
            return PermissionDenied(what, **data, way_out="Give the API user the privilege that this call needs.")
        if answer.status == 429:
            asked = answer.headers.get("retry-after")
            wait = f" (it asks to wait {asked[:40]} s)" if asked else ""
            return Refused(what, **data, way_out=f"The system limits how fast it may be called{wait}: run again later.")
        return Refused(what, **data)

    def _failed(self, error: Exception, method: str, endpoint: str, hidden: Collection[str]) -> LiveError:
        data: dict[str, Any] = {"system": self.settings.system, "endpoint": endpoint}
        if isinstance(error, TooLarge):
            data["status"] = error.status
        reason = masked(_reason(error, self.settings), hidden)
        what = f"{self.settings.system}: {endpoint}: {reason}"
        if method not in READS and not isinstance(error, (*NOT_SENT, Stopped, httpx.InvalidURL)):
            return OutcomeUnknown(f"{what}; whether it was carried out is unknown", **data)
        if isinstance(error, (TooLarge, httpx.DecodingError)):
            return UnexpectedAnswer(what, **data)
        return Unreachable(what, **data, way_out=_way_out(error, self.settings))

    def _token_request(self, wanted: TokenRequest) -> httpx.Request:
        url = self._base.copy_with(raw_path=self._raw_path(wanted.path))
        return self._client.build_request(wanted.method, url, data=dict(wanted.form), extensions={"token": True})

    def _token_answer(self, response: httpx.Response) -> Answer:
        request = response.request
        return self._answer(response, f"{request.method} {_shown(request.url)}")

    def _answer(self, response: httpx.Response, endpoint: str, elapsed: float = 0.0) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(self.settings.system, endpoint, response.status_code, headers, response.content, elapsed)

    def _unexpected(self, answer: Answer, what: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"{answer.system}: {answer.endpoint} {what}",
            **self._data(answer),
            way_out="Check that `url` names the contact centre itself; if it does, run again later.",
        )

    @staticmethod
    def _data(answer: Answer) -> dict[str, Any]:
        return {
            "system": answer.system,
            "endpoint": answer.endpoint,
            "status": answer.status,
            "request_id": answer.request_id,
        }


class _Each:
    """Daemon threads that take items from one list; the caller waits and can be interrupted."""

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any], threads: int) -> None:
        self._function = function
        self._items = list(dict.fromkeys(items))
        self._threads = min(threads, len(self._items))
        self._next = iter(range(len(self._items)))
        self._lock = threading.Lock()
        self._results: list[Any] = [None] * len(self._items)
        self._error: BaseException | None = None
        self._stopped = False
        self._running = self._threads
        self._finished = threading.Event()

    def run(self, stopping: threading.Event) -> dict[Any, Any]:
        if not self._items:
            return {}
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"call-{number}", daemon=True).start()
        try:
            self._finished.wait()
        except KeyboardInterrupt:
            self._stopped = True
            stopping.set()
            raise
        if self._error is not None:
            raise self._error
        return dict(zip(self._items, self._results, strict=True))

    def _work(self) -> None:
        try:
            while (number := self._take()) is not None:
                self._results[number] = self._function(self._items[number])
        except BaseException as error:  # noqa: BLE001 handed to the caller, whatever it is
            with self._lock:
                self._error = self._error or error
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self._finished.set()

    def _take(self) -> int | None:
        with self._lock:
            return None if self._error is not None or self._stopped else next(self._next, None)


def _shown(url: httpx.URL) -> str:
    """The path as sent, without host and query."""
    return url.raw_path.partition(b"?")[0].decode("ascii", "replace")


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _colon(said: str) -> str:
    return f": {said}" if said else ""


def _reason(error: Exception, settings: TransportSettings) -> str:
    """What happened, in plain words; library texts may hold addresses and are shortened."""
    if isinstance(error, TooLarge):
        return f"the answer is larger than {settings.max_response_bytes // (1024 * 1024)} MiB"
    if isinstance(error, Stopped):
        return "stopped while waiting for the next attempt"
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {settings.connect_timeout:g} s"
    if isinstance(error, httpx.PoolTimeout):
        return "no free connection in time"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {settings.read_timeout:g} s"
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        detail = (
            text.partition("CERTIFICATE_VERIFY_FAILED]")[2].partition("(_ssl")[0].strip(" :") or "it is not trusted"
        )
        return f"the system's certificate was refused: {detail}"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({text[:120]})" if text else "no connection"
    if isinstance(error, httpx.DecodingError):
        return "the answer's compression is broken"
    return f"the connection broke ({text[:120] or type(error).__name__})"


def _way_out(error: Exception, settings: TransportSettings) -> str:
    if "certificate" in str(error).lower():
        return (
            f"If the system has a private root certificate, name it in systems.{settings.system}.ca_bundle;"
            " if the name differs, correct `url`."
        )
    return f"Check systems.{settings.system}.url and the network, then run again: nothing was taken for absent."
