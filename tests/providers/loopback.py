"""A small threaded HTTP server on loopback whose answers a test writes, and a clock that a test moves."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from providers.transport import Clock


@dataclass(frozen=True)
class Seen:
    """One request as the server got it; `path` raw, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """`drop`: the connection is closed without an answer; `cut`: so many bytes of the body are never sent."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: int = 0


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


def gzipped(body: bytes) -> Reply:
    return Reply(200, gzip.compress(body), {"Content-Encoding": "gzip"})


Answering = Callable[[Seen], Reply]


class Server(ThreadingHTTPServer):
    """`seen`: every request in the order of arrival."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.seen: list[Seen] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, path: str) -> int:
        return sum(1 for seen in list(self.seen) if seen.path == path)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up (or does not trust us) is what the test wants."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.seen.append(seen)
        answer = self.server.answering(seen)
        if answer.drop or answer.cut:
            self.close_connection = True
        if not answer.drop:
            head = [f"HTTP/1.1 {answer.status} x", f"Content-Length: {len(answer.body)}"]
            head += [f"{name}: {value}" for name, value in answer.headers.items()]
            whole = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + answer.body
            self.wfile.write(whole[: len(whole) - answer.cut])
        if self.close_connection:
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving(answering: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answering)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Time:
    """Time that passes only in waits (`waits`, in seconds) and when a test says so."""

    def __init__(self, jitter: float = 0.0, wall: float = 1_800_000_000.0) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self._lock = threading.Lock()
        self.clock = Clock(now=lambda: self.seconds, sleep=self._sleep, wall=lambda: wall, jitter=lambda: jitter)

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self.seconds += seconds
