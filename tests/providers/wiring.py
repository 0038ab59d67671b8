"""Connections to real servers, and threads that begin at one moment."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from providers.transport import ClientCredentials, Clock, Connection, Scheme, TransportSettings
from tests.providers.loopback import Answering, Reply, Seen

SECRET = "s3cret/of the+API"
TOKENS = "/oauth/token"
SCHEME = ClientCredentials(TOKENS, "api-user", SECRET, "acme.example.com")


def to(url: str, scheme: Scheme | None = None, clock: Clock | None = None, **settings: Any) -> Connection:
    """A connection to a real server."""
    return Connection(TransportSettings(**{"system": "onecloud", "url": url, **settings}), scheme, clock=clock)


class Tokens:
    """A token endpoint before an application: numbered tokens, `valid` the one that is accepted, None for any."""

    def __init__(self, behind: Answering, expires_in: object = "3600") -> None:
        self.behind = behind
        self.expires_in = expires_in
        self.lock = threading.Lock()
        self.issued = 0
        self.valid: str | None = None

    def __call__(self, seen: Seen) -> Reply:
        if seen.path != TOKENS:
            given = seen.headers.get("authorization", "").removeprefix("Bearer ")
            return self.behind(seen) if given == self.valid else Reply(401, b"Session is not authenticated")
        with self.lock:
            self.issued += 1
            self.valid = f"token-{self.issued}"
            return Reply(200, json.dumps({"access_token": self.valid, "expires_in": self.expires_in}).encode())

    def revoke(self) -> None:
        self.valid = None


def together(count: int, function: Callable[[int], Any]) -> list[Any]:
    """`function` in `count` threads that begin at one moment; the results, or exceptions, in order."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def work(number: int) -> None:
        barrier.wait(10)
        try:
            results[number] = function(number)
        except Exception as error:  # noqa: BLE001 the test looks at it
            results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
