"""`python -m tests.bench.profiled FILE MODULE ARGUMENTS...`: run a module and write a profile of its process.

CPU time of every thread, so that waiting for answers does not hide what is worked on meanwhile.
"""

from __future__ import annotations

import cProfile
import pstats
import runpy
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_profiles: list[cProfile.Profile] = []
_run = threading.Thread.run


@contextmanager
def _profiling() -> Iterator[None]:
    profile = cProfile.Profile(time.thread_time)
    try:
        profile.enable()
    except ValueError:  # from Python 3.12 on one profile sees all threads
        yield
        return
    try:
        yield
    finally:
        profile.disable()
        _profiles.append(profile)


def _profiled_run(thread: threading.Thread) -> None:
    with _profiling():
        _run(thread)


def main(file: str, module: str, arguments: list[str]) -> None:
    sys.argv = [module, *arguments]
    threading.Thread.run = _profiled_run  # type: ignore[assignment, method-assign]
    try:
        with _profiling():
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        first, *others = _profiles
        stats = pstats.Stats(first)
        for other in others:
            stats.add(other)
        stats.dump_stats(file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
