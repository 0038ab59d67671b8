"""One command as a process of its own, and what it and everything it started took: time, CPU and memory from /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools.demo import started

PROC = Path("/proc")
EVERY_S = 0.2
"""How often memory is looked at: often enough for runs of seconds, and too seldom to slow them down."""
ENGINE = "pulumi"
"""The engine's binary; every other process of a command is a Python of ours."""
KIB = 1024
MB = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took. `ours`: the Python processes (command, dynamic host), `engine`: the Go processes.

    CPU in seconds. Memory is the highest sum at one moment in bytes, pages that processes share counted once.
    """

    seconds: float
    cpu_ours: float
    cpu_engine: float
    memory_ours: int
    memory_engine: int
    memory_both: int


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str
    taken: Taken


def run(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> Ended:
    """`python WORDS...` in a process group of its own, to its end; ended when we are interrupted."""
    began = time.perf_counter()
    with started(
        [sys.executable, *words],
        signal.SIGTERM,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        with Sampler(process.pid) as sampler:
            out, err = process.communicate()
        taken = sampler.taken(time.perf_counter() - began)
    return Ended(process.returncode, out, err, taken)


class Sampler:
    """Looks at a process and its descendants until the block ends."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._cpu: dict[int, tuple[bool, float]] = {}
        self._peak = [0, 0, 0]

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def taken(self, seconds: float) -> Taken:
        cpu = [sum(spent for engine, spent in self._cpu.values() if engine is which) for which in (False, True)]
        return Taken(seconds, cpu[0], cpu[1], *self._peak)

    def _watch(self) -> None:
        while not self._over.wait(EVERY_S):
            sums = [0, 0]
            for pid, spent in descendants(self._pid):
                # A process that has ended and was not waited for yet does not tell any more what it was.
                engine = self._cpu.get(pid, (False, 0.0))[0] or _is_engine(pid)
                self._cpu[pid] = (engine, spent)
                sums[engine] += memory(pid)
            self._peak = [max(old, new) for old, new in zip(self._peak, [*sums, sum(sums)], strict=True)]


def descendants(top: int) -> Iterator[tuple[int, float]]:
    """A process and all that it started, directly or not, each with the CPU seconds it has spent so far."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for folder in PROC.glob("[0-9]*"):
        fields = _stat(folder)
        if fields:
            pid = int(folder.name)
            children.setdefault(int(fields[1]), []).append(pid)
            spent[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    waiting = [top]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if pid in spent:
            yield pid, spent[pid]


def cpu_seconds(pid: int) -> float:
    """What one process has spent so far; 0 where the system does not tell."""
    fields = _stat(PROC / str(pid))
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def memory(pid: int) -> int:
    """A process's memory with its share of what it shares (PSS), in bytes; 0 when it is gone."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KIB
    return 0


def _is_engine(pid: int) -> bool:
    with suppress(OSError):
        return (PROC / str(pid) / "exe").readlink().name == ENGINE
    return False


def _stat(folder: Path) -> list[str]:
    """The fields of a process from its state letter on; nothing when it is gone."""
    try:
        return (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
