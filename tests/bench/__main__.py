"""Measure, and show the result with every goal.

All cases of a round run one after another on the same tenant, so that what disturbs the machine disturbs all of them;
medians are taken over the rounds. Exit codes: 0 measured (whatever was reached), 1 a command did not do what it should,
128 + the signal's number when stopped.
"""

from __future__ import annotations

import argparse
import json
import pstats
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.goals import Size
from tests.bench.stage import BY_ID, CASES, Case, Failed, staged
from tests.bench.tables import as_json, as_markdown, as_text, machine
from tools.demo import SIGNALS, STOP

ENTRIES = 15
"""How many functions a profile shows."""


def arguments_of(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=count, nargs="+", default=[1000, 5000], metavar="N", help="sizes")
    parser.add_argument("--rounds", type=count, default=3, metavar="N")
    parser.add_argument("--latency-ms", type=float, default=50.0, metavar="MS", help="of every call to the sandbox")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown")
    cases = {case.id: case for case in sorted(CASES, key=lambda case: case.id)}
    parser.add_argument("--profile", choices=cases, help="run this case alone, once, under a profile")
    return parser.parse_args(words)


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def main(words: Sequence[str] | None = None) -> int:
    given = arguments_of(words)
    for number in SIGNALS:
        signal.signal(number, STOP)
    try:
        with tempfile.TemporaryDirectory(prefix="cxconfig-bench-", ignore_cleanup_errors=True) as name:
            if given.profile:
                for users in given.users:
                    profile(Path(name), users, given.latency_ms, BY_ID[given.profile])
            else:
                measure(Path(name), given)
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def measure(scratch: Path, given: argparse.Namespace) -> None:
    """Every size in turn; what is done is shown and written after each, so that a long run is never for nothing."""
    about = machine()
    sizes: list[Size] = []
    for users in given.users:
        size = Size(users, given.latency_ms)
        for number in range(1, given.rounds + 1):
            one_round(scratch, size, f"{users:,} users, round {number} of {given.rounds}")
        sizes.append(size)
        sys.stdout.write(f"{as_text(size)}\n")
        sys.stdout.flush()
        if given.json:
            given.json.write_text(json.dumps(as_json(sizes, about), indent=1) + "\n", "utf-8")
        if given.markdown:
            given.markdown.write_text(as_markdown(sizes, about), "utf-8")


def one_round(scratch: Path, size: Size, title: str) -> None:
    """Every case once, on a fresh tenant."""
    with staged(scratch, size.users, size.latency_ms) as stage:
        for case in CASES:
            measured = stage.measure(case)
            size.runs.setdefault(case.id, []).append(measured)
            _told(f"{title}: ({case.id}) {case.title}: {measured.taken.seconds:.2f} s")


def profile(scratch: Path, users: int, latency_ms: float, case: Case) -> None:
    """What one run of a case spends its CPU time on, by function."""
    file = scratch / "profile"
    with staged(scratch, users, latency_ms) as stage:
        measured = stage.measure(case, file)
    taken = measured.taken
    sys.stdout.write(
        f"({case.id}) {case.title}, {users:,} users, under a profile: {taken.seconds:.2f} s; CPU"
        f" {taken.cpu_ours:.1f} s ours, {taken.cpu_engine:.1f} s engine, {measured.cpu_sandbox:.1f} s sandbox.\n"
        f"CPU time of the command's own process, all threads, by function without what it calls:\n"
    )
    stats = pstats.Stats(str(file)).strip_dirs()
    stats.files = []  # type: ignore[attr-defined]  # it would tell the name of a file that is gone by then
    stats.sort_stats("tottime").print_stats(ENTRIES)
    sys.stdout.flush()


def _told(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
