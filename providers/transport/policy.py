"""Retry and rate limit as transports: what may be sent again, when, and how long all of it may take."""

from __future__ import annotations

import email.utils
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

READS = frozenset({"GET", "HEAD"})
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses after which a read is sent again; a write only after 429, which proves that it was not carried out."""
FIRST_WAIT, LONGEST_WAIT = 0.25, 20.0
ATTEMPTS = 6

DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that speak of the body as it was sent."""


class TooLarge(Exception):
    """The body of an answer passed the bound."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__("the answer is too large")


class Stopped(Exception):
    """The run is being stopped while a call waits for its next attempt."""


NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before a byte of the request left."""


@dataclass(frozen=True)
class Clock:
    """Injectable time: `now` and `sleep` in seconds, `wall` as seconds since 1970, `jitter` in 0 to 1.

    `sleep` returns true when it was cut short because the run is being stopped.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], bool | None] = time.sleep
    wall: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random


class Retry(httpx.BaseTransport):
    """Sends again what may be sent again, within the budget of its call."""

    def __init__(self, inner: httpx.BaseTransport, budget: float, max_bytes: int, clock: Clock) -> None:
        self._inner = inner
        self._budget = budget
        self._max_bytes = max_bytes
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        end = self._clock.now() + self._budget
        read = request.method in READS or "token" in request.extensions
        for attempt in range(1, ATTEMPTS + 1):
            wait = self._clock.jitter() * min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
            try:
                response = loaded(self._inner.handle_request(request), self._max_bytes)
                if not (response.status_code == 429 or (read and response.status_code in AGAIN)):
                    return response
                asked = retry_after(response.headers.get("retry-after"), self._clock.wall())
                if asked is not None:
                    wait = asked + self._clock.jitter() * min(1.0, 0.1 * asked + 0.05)
                if attempt == ATTEMPTS or self._clock.now() + wait > end:
                    return response
            except httpx.TransportError as error:
                again = read or isinstance(error, NOT_SENT)
                if not again or attempt == ATTEMPTS or self._clock.now() + wait > end:
                    raise
            if self._clock.sleep(wait):
                raise Stopped
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def close(self) -> None:
        self._inner.close()


def loaded(response: httpx.Response, max_bytes: int) -> httpx.Response:
    """The response with its decoded body taken in, within the bound; a body that breaks off raises here."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > max_bytes:
                raise TooLarge(response.status_code)
            chunks.append(chunk)
    finally:
        response.close()
    headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in DECODED]
    return httpx.Response(response.status_code, headers=headers, content=b"".join(chunks))


class RateLimit(httpx.BaseTransport):
    """At most `rate` requests a second over all threads, evenly spaced."""

    def __init__(self, inner: httpx.BaseTransport, rate: float | None, clock: Clock) -> None:
        self._inner = inner
        self._space = 1.0 / rate if rate else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._space:
            with self._lock:
                now = self._clock.now()
                start = max(now, self._next)
                self._next = start + self._space
            if start > now and self._clock.sleep(start - now):
                raise Stopped
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for: a number (fractions too) or an HTTP date; None for anything else."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (TypeError, ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None
