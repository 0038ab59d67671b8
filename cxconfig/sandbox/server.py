"""The HTTP server: from bytes to the simulator and back, with faults that a client sees as they really happen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cxconfig.errors import SettingsError
from cxconfig.sandbox.admin import PREFIX, admin_app
from cxconfig.sandbox.faults import READS, Deed
from cxconfig.sandbox.http import Answer, Call
from cxconfig.sandbox.log import Entry, masked
from cxconfig.sandbox.simulator import Simulator

LOOPBACK = "127.0.0.1"
GRACE_S = 0.25
"""How long requests in flight may take to end when the server stops."""
TRUNCATED = 64
"""Bytes that a truncated answer announces and does not send."""
PROXY_PAGE = (
    "<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n<center><h1>{status} {phrase}</h1></center>"
    "\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class _Protocol(H11Protocol):
    """Hands the connection to the application, so that a fault can close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"transport": transport}


class _Wire:
    """One request's connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: asyncio.Transport = scope["state"]["transport"]
        self._receive = receive
        self._send = send

    async def send(self, answer: Answer, *, missing: int = 0) -> None:
        """Send an answer; with `missing`, announce that many bytes more than are sent and close."""
        length = len(answer.body) + missing
        headers = [(b"content-length", b"%d" % length)]
        if answer.content_type is not None:
            headers.append((b"content-type", answer.content_type.encode()))
        headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": missing > 0})
        if missing:
            await self.close()

    async def close(self, *, reset: bool = False) -> None:
        """Close the connection and wait until it is closed, as uvicorn complains about an open one without answer."""
        if reset:
            # Without lingering, closing sends RST at once.
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class App:
    """The ASGI application: `/_sandbox` goes to the admin API, everything else to the simulated systems."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._admin: ASGIApp = admin_app(simulator)
        self.stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"].startswith(PREFIX + "/"):
                await self._admin(scope, receive, send)
            else:
                await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            if not self.stopping:
                raise

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        log = self._simulator.log
        call = await _call_of(scope, receive)
        if call is None:
            return
        entry = log.opened(call)
        try:
            wire = _Wire(scope, receive, send)
            write = call.method not in READS and not call.path.rstrip("/").endswith("/token")
            deed = self._simulator.faults.pick(call.method, call.path, write)
            if deed is None:
                await self._finish(wire, entry, self._handled(call, entry))
            else:
                entry.fault, entry.write = deed.kind, write  # a fault may keep it from ever reaching its endpoint
                await self._spoil(deed, wire, call, entry)
        finally:
            log.closed()

    def _handled(self, call: Call, entry: Entry) -> Answer:
        answer = self._simulator.answer(call)
        entry.route, entry.client, entry.write = call.route, call.client, call.write
        entry.changed = call.write and answer.status < 300
        entry.sent = masked(call.json) if call.json is not None else None
        return answer

    async def _finish(self, wire: _Wire, entry: Entry, answer: Answer, *, missing: int = 0) -> None:
        latency = self._simulator.latency_ms
        if latency:
            await asyncio.sleep(latency / 1000)
        # Before it is sent: who has the answer must find it in the log.
        entry.status = answer.status
        await wire.send(answer, missing=missing)

    async def _spoil(self, deed: Deed, wire: _Wire, call: Call, entry: Entry) -> None:
        """Do what a fault rule says to one request."""
        system = self._simulator.system_of(call.path)
        match deed.kind:
            case "drop_before":
                await wire.close(reset=deed.reset)
            case "drop_after":
                self._handled(call, entry)
                await wire.close(reset=deed.reset)
            case "truncate":
                await self._finish(wire, entry, self._handled(call, entry), missing=TRUNCATED)
            case "expire_token" | "revoke_token":
                with self._simulator.lock:
                    system.end_token(call, expired=deed.kind == "expire_token")
                await self._finish(wire, entry, self._handled(call, entry))
            case "rate_limit":
                with self._simulator.lock:
                    answer = system.limited(deed.retry_after)
                await self._finish(wire, entry, answer)
            case "delay_ms":
                await self._delay(deed, wire, call, entry)
            case "status" | "html":
                if deed.when == "after":
                    self._handled(call, entry)
                await self._finish(wire, entry, _page(deed))

    async def _delay(self, deed: Deed, wire: _Wire, call: Call, entry: Entry) -> None:
        answer = self._handled(call, entry) if deed.when == "after" else None
        await asyncio.sleep(deed.number / 1000)
        await self._finish(wire, entry, answer or self._handled(call, entry))


def _page(deed: Deed) -> Answer:
    """The answer of a `status` or `html` fault."""
    if deed.kind == "status":
        return Answer(deed.number, deed.body.encode(), "text/plain")
    phrase = HTTPStatus(deed.number).phrase if deed.number in set(HTTPStatus) else "Error"
    page = deed.body or PROXY_PAGE.format(status=deed.number, phrase=phrase)
    return Answer(deed.number, page.encode(), "text/html")


async def _call_of(scope: Scope, receive: Receive) -> Call | None:
    """The whole request, or None when its client went away before it was sent."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        more = message["more_body"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Call(
        scope["method"], scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"), headers, body
    )


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises `SettingsError` when the port is taken."""
    # With the protocol named, asyncio turns Nagle's algorithm off; without, every answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"cannot listen on port {port}: {error.strerror}", way_out="use --port 0 for a free port"
        ) from None
    listener.listen(1024)
    return listener


class Server(uvicorn.Server):
    """uvicorn without polling: it says when it is ready, and stops at once when told so from any thread."""

    def __init__(
        self,
        simulator: Simulator,
        listener: socket.socket,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        ready: Callable[[], object] = lambda: None,
    ) -> None:
        self._app = App(simulator)
        super().__init__(
            uvicorn.Config(
                self._app,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=60,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        self._listener = listener
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    async def run_until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        """End the server; may be called from any thread and more than once."""
        if self._loop and not self._loop.is_closed():
            # The loop may close between the question and the call.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the caller's matter: uvicorn would raise them again after its end."""
        yield

    async def main_loop(self) -> None:
        self._ready()
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests in flight end for a moment, then cut them off."""
        self._app.stopping = True
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks: set[asyncio.Task[Any]] = set(self.server_state.tasks)
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=GRACE_S)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # The connections learn of it in the next round of the loop, and only then a request may end unanswered.
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
