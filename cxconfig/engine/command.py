"""Running the pulumi binary for the Automation API: it ends with us, and a Ctrl-C reaches it exactly once."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

from pulumi import automation
from pulumi.automation._cmd import CommandResult
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from cxconfig.engine.locate import Engine, without_options

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class PulumiCommand(automation.PulumiCommand):
    """The engine that was found, without asking it for its version again. `interrupted`: the user pressed Ctrl-C.

    `code`: the last run's exit code, negative when a signal ended it; `errors`: what it wrote to standard error.
    """

    def __init__(self, engine: Engine) -> None:
        self.command = str(engine.binary)
        self.version = VersionInfo.parse(engine.version)
        self.interrupted = False
        self.code = 0
        self.errors = ""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Run to the end and return what it printed; raises the SDK's `CommandError` when it fails.

        The engine has a process group of its own, so that a Ctrl-C at the terminal does not reach it besides ours
        (a second one makes it stop without writing its state), and is killed when we are.
        """
        with (
            self._forwarding() as watch,
            subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                cwd=cwd,
                env={**without_options(os.environ), **additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                errors="replace",
                process_group=0,
                preexec_fn=_end_with_parent if _libc else None,
            ) as process,
        ):
            watch(process)
            out, err = _drain(process, on_output, on_error)
        self.code, self.errors = process.returncode, err
        result = CommandResult(stdout=out, stderr=err, code=process.returncode)
        if result.code:
            raise create_command_error(result)
        return result

    @contextmanager
    def _forwarding(self) -> Iterator[Callable[[subprocess.Popen[str]], None]]:
        """While the engine runs, SIGINT and SIGTERM go to it: the first lets the calls in flight finish."""
        processes: list[subprocess.Popen[str]] = []

        def forward(number: int, frame: FrameType | None) -> None:
            self.interrupted = True
            for process in processes:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)

        def watch(process: subprocess.Popen[str]) -> None:
            processes.append(process)
            if self.interrupted:
                process.send_signal(signal.SIGINT)

        if threading.current_thread() is not threading.main_thread():
            yield watch
            return
        before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield watch
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class QuietStack(automation.Stack):
    """A stack that exists: no select before a run, and no output or history look-ups after it."""

    def __init__(self, name: str, workspace: automation.Workspace) -> None:
        self.name = name
        self.workspace = workspace
        self._mode = automation._stack.StackInitMode.SELECT

    def outputs(self) -> automation.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        return automation.UpdateSummary("update", datetime.now(), "", {}, {}, "succeeded")


def _end_with_parent() -> None:
    """Runs in the new process: be killed when the thread that started it ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _drain(
    process: subprocess.Popen[str], on_output: Callable[[str], Any] | None, on_error: Callable[[str], Any] | None
) -> tuple[str, str]:
    chunks: tuple[list[str], list[str]] = ([], [])

    def consume(stream: Any, callback: Callable[[str], Any] | None, into: list[str]) -> None:
        for line in stream:
            into.append(line.rstrip())
            if callback is not None:
                callback(line.rstrip())

    threads = [
        threading.Thread(target=consume, args=arguments)
        for arguments in ((process.stdout, on_output, chunks[0]), (process.stderr, on_error, chunks[1]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.wait()
    return "\n".join(chunks[0]), "\n".join(chunks[1])
