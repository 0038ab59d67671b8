"""Commands of ours in processes of their own that begin where Python has imported what they need: half a second less.

A process of this module imports it once and forks for each command, which then runs and ends as one that was started
does: environment, folder, standard streams and measuring are its own. Before it is asked it has one thread and has
opened nothing.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
READ_BY_PYTHON = ("PYTHON", "LC_", "LANG")
"""Begins of the variables that Python reads when it starts."""
NEEDED = (
    "cxconfig.engine.engine_run",
    "cxconfig.engine.session",
    "cxconfig.reports.text",
    "providers.registry",
    "coverage",
)


class Warm:
    """The process that forks, of one process of the tests; made when it is first asked."""

    def __init__(self) -> None:
        self._env = dict(os.environ)
        self._asking = threading.Lock()
        self._socket: socket.socket | None = None

    def fits(self, env: Mapping[str, str]) -> bool:
        """Would Python start with these variables as it did?"""
        return _read_by_python(env) == _read_by_python(self._env)

    def run(
        self, words: Sequence[str], folder: Path, env: Mapping[str, str], given: str, patience: float
    ) -> tuple[int, str, str]:
        """`cxconfig` with these words: its exit code, its standard output and error."""
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            stdin.write(given.encode())
            stdin.seek(0)
            ended, told = os.pipe()
            with open(ended, "rb") as answer:
                try:
                    asked = json.dumps([list(words), str(folder), dict(env)]).encode()
                    self._ask(asked, [stdin.fileno(), out.fileno(), err.fileno(), told])
                finally:
                    os.close(told)
                return self._code(answer, words, patience), _text(out), _text(err)

    def _code(self, answer: IO[bytes], words: Sequence[str], patience: float) -> int:
        process = int(answer.readline())
        late = threading.Timer(patience, os.kill, (process, signal.SIGKILL))
        late.start()
        try:
            code = int(answer.readline())
        finally:
            in_time = late.is_alive()
            late.cancel()
            late.join()
        if not in_time:
            raise subprocess.TimeoutExpired(list(words), patience)
        return code

    def _ask(self, asked: bytes, descriptors: list[int]) -> None:
        with self._asking:
            if self._socket is None:
                self._socket = self._started()
            size = len(asked).to_bytes(4, "big")
            socket.send_fds(self._socket, [size], descriptors)
            self._socket.sendall(asked)

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        env = {name: value for name, value in self._env.items() if not name.startswith("COVERAGE_")}
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

        def stop() -> None:
            ours.close()
            process.wait()

        atexit.register(stop)
        return ours


def _read_by_python(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(READ_BY_PYTHON)}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def forked(asked: socket.socket) -> None:
    """Return in a process that is to run the command, with `sys.argv` and all else set."""
    while True:
        size, descriptors, _, _ = socket.recv_fds(asked, 4, 4)
        if not size:
            os._exit(0)
        text = b""
        while len(text) < int.from_bytes(size, "big"):
            text += asked.recv(1_000_000)
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            *streams, told = descriptors
            _run_below(told)
            os.close(told)
            words, folder, env = json.loads(text)
            _become(words, folder, env, streams)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _run_below(told: int) -> None:
    """Return in a child of this process, which waits for that and tells its number and exit code."""
    child = os.fork()
    if child == 0:
        return
    os.write(told, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(words: list[str], folder: str, env: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = ["cxconfig", *words]
    if any(name.startswith("COVERAGE_") for name in env):
        import coverage

        coverage.process_startup()


def main() -> None:
    from cxconfig.cli import COMMANDS, main

    for module in (*NEEDED, *(f"cxconfig.cli.{name}" for name in COMMANDS if name != "sandbox")):
        importlib.import_module(module)
    assert threading.active_count() == 1
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    forked(socket.socket(fileno=int(sys.argv[1])))
    main()


if __name__ == "__main__":
    main()
