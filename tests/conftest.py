"""What every test stands on."""

from __future__ import annotations

import signal
from itertools import groupby

import pytest

LONG = ("bench", "engine", "docs", "cli")
"""Folders of tests that wait for commands, the longest first."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, each begins with some modules of long ones and ends with short ones, so
    that none works on long ones when the others have no more. The tests of a module stay together."""
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers == 1:
        return
    modules = [list(group) for _, group in groupby(items, lambda item: item.path)]
    long = sorted((m for m in modules if _length(m)), key=_length)
    short = [item for m in modules if not _length(m) for item in m]
    shares = [[item for m in long[number::workers] for item in m] for number in range(workers)]
    left = len(items)
    for number, share in enumerate(shares):  # as xdist deals them out
        size = left // (workers - number)
        left -= size
        lacking = max(0, size - len(share))
        share += short[:lacking]
        del short[:lacking]
    items[:] = [item for share in shares for item in share] + short


def _length(module: list[pytest.Item]) -> int:
    """The place of its folder among those of long tests; 0 when it is of none."""
    folder = module[0].path.parent.name
    return LONG.index(folder) + 1 if folder in LONG else 0


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> None:
    """No test starts deaf to Ctrl-C, nor do the processes that it starts: a command that ended with an error in this
    process leaves it so, and a shell that starts the tests in the background does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
