"""Retry and rate limit as transports: what may be sent again, when, and how long all of it may take."""

from __future__ import annotations

import email.utils
import math
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from providers.transport.body import taken_in
from providers.transport.settings import TransportSettings
from providers.transport.threads import halted

READS = frozenset({"GET", "HEAD"})
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses after which a read is sent again; a write only after 429, which proves that it was not carried out."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0
ATTEMPTS = 5
"""Attempts without a word from the system; one that names a wait or answers 429 is given the whole budget."""

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Failures before a byte of the request left."""


@dataclass(frozen=True)
class Clock:
    """Injectable time: `now` and `sleep` in seconds, `wall` as seconds since 1970, `jitter` in 0 to 1.

    `sleep` returns true when it was cut short because the run is being stopped.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], bool | None] = lambda seconds: halted().wait(seconds)
    wall: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random


@dataclass
class Exchange:
    """One call on its way: rides in the request's extensions and takes the body and the reasons back.

    `repeatable`: reads, and the token's own request. `deadline`: on the clock. `secrets`: masked in every error.
    """

    endpoint: str
    repeatable: bool
    deadline: float
    secrets: tuple[str, ...] = ()
    body: bytes = field(default=b"", repr=False)
    attempts: int = 0
    gave_up: str = ""


class Retry(httpx.BaseTransport):
    """Sends again what may be sent again, within the budget of its call, on never more than the pool's connections.

    More threads than connections race in the pool of httpcore 1.0 (a closed descriptor is read), and an error of that
    kind on a write could not be told from a lost answer. So the attempts in flight are counted here.
    """

    def __init__(self, inner: httpx.BaseTransport, settings: TransportSettings, clock: Clock) -> None:
        self._inner = inner
        self._settings = settings
        self._clock = clock
        self._slots = threading.BoundedSemaphore(settings.connections)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        exchange: Exchange = request.extensions["exchange"]
        attempt = 0
        while True:
            attempt += 1
            exchange.attempts += 1
            try:
                response = self._attempt(request, exchange)
            except httpx.TransportError as error:
                wait = self._after_error(error, exchange, attempt)
                if wait is None or self._clock.sleep(wait):
                    raise
            else:
                wait = self._after_answer(response, exchange, attempt)
                if wait is None or self._clock.sleep(wait):
                    return response

    def close(self) -> None:
        self._inner.close()

    def _attempt(self, request: httpx.Request, exchange: Exchange) -> httpx.Response:
        with self._slots:
            settings = self._settings
            left = max(1.0, exchange.deadline - self._clock.now())
            end = self._clock.now() + left
            connect, rest = min(left, settings.connect_timeout), min(left, settings.read_timeout)
            request.extensions["timeout"] = {"connect": connect, "read": rest, "write": rest, "pool": rest}
            response = self._inner.handle_request(request)
            exchange.body = self._body(response, exchange, end)
        response.stream = httpx.ByteStream(b"")  # the body is in the exchange, decoded
        return response

    def _body(self, response: httpx.Response, exchange: Exchange, end: float) -> bytes:
        def check() -> None:
            if self._clock.now() > end:
                raise httpx.ReadTimeout("the body took too long")

        try:
            return taken_in(response, self._settings.max_response_bytes, check)
        except (httpx.TransportError, httpx.DecodingError):
            if 400 <= response.status_code < 500 and not exchange.repeatable:
                return b""  # the status alone proves that the write was refused
            raise

    def _after_error(self, error: httpx.TransportError, exchange: Exchange, attempt: int) -> float | None:
        """Seconds to wait before the next attempt, None for no other."""
        if not (exchange.repeatable or isinstance(error, NOT_SENT)) or lasting(error) or attempt >= ATTEMPTS:
            return None
        return self._within(self._backoff(attempt), exchange)

    def _after_answer(self, response: httpx.Response, exchange: Exchange, attempt: int) -> float | None:
        status = response.status_code
        if not (status == 429 or (exchange.repeatable and status in AGAIN)):
            return None
        asked = retry_after(response.headers, self._clock.wall())
        if asked is None:
            given_up = status != 429 and attempt >= ATTEMPTS
            return None if given_up else self._within(self._backoff(attempt), exchange)
        wait = self._within(asked, exchange)
        if wait is None:
            budget = self._settings.total_budget
            exchange.gave_up = f"it asks to wait {asked:.0f} s, and at most {budget:g} s are spent on one call"
            return None
        return min(wait + self._backoff(attempt), max(wait, exchange.deadline - self._clock.now()))

    def _backoff(self, attempt: int) -> float:
        return self._clock.jitter() * min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))

    def _within(self, wait: float, exchange: Exchange) -> float | None:
        if self._clock.now() + wait <= exchange.deadline:
            return wait
        exchange.gave_up = f"{self._settings.total_budget:g} s are spent"
        return None


class RateLimit(httpx.BaseTransport):
    """At most `rate` requests a second over all threads, evenly spaced."""

    def __init__(self, inner: httpx.BaseTransport, rate: float | None, clock: Clock) -> None:
        self._inner = inner
        self._space = 1.0 / rate if rate else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = -math.inf

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._space:
            with self._lock:
                now = self._clock.now()
                start = max(now, self._next)
                self._next = start + self._space
            if start > now and self._clock.sleep(start - now):
                raise httpx.PoolTimeout("stopped before it was sent", request=request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def retry_after(headers: httpx.Headers, wall: float) -> float | None:
    """Seconds that a Retry-After header asks for: a number (fractions too) or an HTTP date; None for anything else.

    A date is taken relative to the system's own Date, so that a wrong clock on this computer does no harm.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        until, since = _http_date(text), _http_date(headers.get("date", ""))
        if until is None:
            return None
        seconds = until - (wall if since is None else since)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _http_date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def lasting(error: BaseException) -> bool:
    """Would the next attempt end the same way? A name that does not exist, TLS that is not trusted, a local mistake."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return True
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return cause.errno != socket.EAI_AGAIN
        if isinstance(cause, ssl.SSLError):
            return not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return False


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the outermost first."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__
