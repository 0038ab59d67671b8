"""What the tests of this folder share: small executables, and a release mirror on loopback."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.engine.ways import OFFICIAL_NAMES, VERSION

LIMIT = 30.0
"""Seconds after which a test gives up waiting for another thread or process."""


def script(path: Path, *lines: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), "utf-8")
    path.chmod(0o755)
    return path


def pulumi(folder: Path, version: str = "3.259.0", *helpers: str) -> Path:
    """A `pulumi` that only knows its version, with the named helpers beside it."""
    for name in helpers:
        script(folder / name, "exit 0")
    return script(folder / "pulumi", f"echo v{version}")


def archive(*, version: str = VERSION, without: str = "") -> bytes:
    """A release archive whose `pulumi` only knows its version, and one member that wants to land outside."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=0) as tar:
        for name in (*OFFICIAL_NAMES, "../outside", "pulumi-language-go"):
            if name == without:
                continue
            body = f"#!/bin/sh\necho v{version}\n# {'x' * 200_000}\n".encode()
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size, member.mode = len(body), 0o755
            tar.addfile(member, io.BytesIO(body))
    return out.getvalue()


class Mirror:
    """A mirror of releases. `halfway` is set when half of a held archive was sent; `go_on` lets the rest follow."""

    def __init__(self, body: bytes, checksum: str | None = None) -> None:
        self.body = body
        self.checksum = checksum or hashlib.sha256(body).hexdigest()
        self.held = False
        self.truncated = False
        self.halfway = threading.Event()
        self.go_on = threading.Event()
        self.asked: list[str] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        if name == f"pulumi-{VERSION}-checksums.txt":
            names = [f"pulumi-v{VERSION}-{s}-{m}.tar.gz" for s in ("linux", "darwin") for m in ("x64", "arm64")]
            self._send(handler, "".join(f"{self.checksum}  {name}\n" for name in names).encode())
        elif name.startswith(f"pulumi-v{VERSION}-") and name.endswith(".tar.gz"):
            self._send(handler, self.body, held=self.held, truncated=self.truncated)
        else:
            handler.send_error(404)

    def _send(
        self, handler: BaseHTTPRequestHandler, body: bytes, *, held: bool = False, truncated: bool = False
    ) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        half = len(body) // 2
        handler.wfile.write(body[:half])
        handler.wfile.flush()
        if held:
            self.halfway.set()
            self.go_on.wait(LIMIT)
        if not truncated:
            handler.wfile.write(body[half:])


@contextmanager
def serving(mirror: Mirror) -> Iterator[Mirror]:
    """Serve the mirror on a free loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                mirror.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the run under test was killed

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield mirror
    finally:
        mirror.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
