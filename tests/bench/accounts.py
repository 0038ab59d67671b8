"""`python -m tests.bench.accounts`: what SCIM accounts cost, with one list of all of them and with one look-up each.

The cases of a round run one after another on the same tenant, each as a fresh process. Both ways are held against a
bare loop of one look-up each, and their calls against what they must be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.bench import people
from tests.bench.stage import Case, Failed, Measured, Tenant, staged
from tests.bench.tables import machine

ACCOUNTS = Tenant(people.write_accounts, lambda number: {"title": "Clerk"})
EACH = {"scim-list": "refused"}
LIST = {"scim-list": "all"}
PREVIEW = ("cxconfig.cli", "preview", "FOLDER")
AUDIT = ("cxconfig.cli", "audit", "FOLDER")
UP = ("cxconfig.cli", "up", "FOLDER", "--yes")
CASES = (
    Case("first-each", "first up, one look-up each", UP, switches=EACH),
    Case("bare", "bare loop, one look-up each", ("tests.bench.bare", "COUNT", "scim"), applied=True, switches=EACH),
    Case("preview-each", "preview, no changes, one look-up each", PREVIEW, applied=True, switches=EACH),
    Case("preview-list", "preview, no changes, one list", PREVIEW, applied=True, switches=LIST),
    Case("audit-each", "audit, no drift, one look-up each", AUDIT, applied=True, switches=EACH),
    Case("audit-list", "audit, no drift, one list", AUDIT, applied=True, switches=LIST),
    Case("up-each", "up of 1 % drift, one look-up each", UP, applied=True, drifted=True, switches=EACH),
    Case("up-list", "up of 1 % drift, one list", UP, applied=True, drifted=True, switches=LIST),
)
"""In the order of a round: each finds what the ones before it left."""
NEAR = 1.2
"""Look-ups of a comparison take at most so many times the bare loop."""
Runs = Mapping[str, Sequence[Measured]]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accounts", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--latency-ms", type=float, default=50.0, metavar="MS")
    given = parser.parse_args(words)
    runs: dict[str, list[Measured]] = {case.id: [] for case in CASES}
    try:
        with tempfile.TemporaryDirectory(prefix="cxconfig-bench-", ignore_cleanup_errors=True) as name:
            for number in range(given.rounds):
                with staged(Path(name), given.accounts, given.latency_ms, ACCOUNTS) as stage:
                    for case in CASES:
                        runs[case.id].append(stage.measure(case))
                        took = runs[case.id][-1].taken.seconds
                        sys.stderr.write(f"round {number + 1} of {given.rounds}: {case.title}: {took:.2f} s\n")
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join([_about(), "", *_cases(runs), "", *_goals(runs, given.accounts)]) + "\n")
    return 0


def _about() -> str:
    about = machine()
    load = " ".join(map(str, about["load_before"]))
    return f"{about['cpus']} CPUs, Python {about['python']}, engine {about['engine']}; load after the run: {load}."


def expected(case: str, count: int) -> tuple[int, int]:
    """The reads and the writes of a case.

    Without a list, that it is refused is one more read; who drifted is read again right before the change.
    """
    drifted = len(people.changed(count))
    return {
        "first-each": (count + 1, count),
        "bare": (count, 0),
        "preview-each": (count + 1, 0),
        "preview-list": (1, 0),
        "audit-each": (count + 1, 0),
        "audit-list": (1, 0),
        "up-each": (count + 1 + drifted, drifted),
        "up-list": (1 + drifted, drifted),
    }[case]


def _seconds(runs: Runs, case: str) -> float:
    return median(run.taken.seconds for run in runs[case])


def _cases(runs: Runs) -> Iterator[str]:
    yield "| case | s | / bare | reads | writes | tokens | MB ours |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for case in CASES:
        found, seconds = runs[case.id], _seconds(runs, case.id)
        calls = (max(getattr(run, name) for run in found) for name in ("reads", "writes", "tokens"))
        memory = max(run.taken.memory_ours for run in found) / 1e6
        numbers = " | ".join(f"{number:,}" for number in calls)
        yield f"| {case.title} | {seconds:.2f} | {seconds / _seconds(runs, 'bare'):.2f} | {numbers} | {memory:.0f} |"


def _goals(runs: Runs, count: int) -> Iterator[str]:
    yield "| goal | at most | measured | verdict |"
    yield "|---|---:|---:|---|"
    for case in CASES:
        right = expected(case.id, count)
        found = next((made for made in map(_calls, runs[case.id]) if made != right), right)
        verdict = "reached" if found == right else "wrong"
        yield f"| {case.title}: reads and writes | {_both(right)} | {_both(found)} | {verdict} |"
    for name in ("preview-each", "audit-each"):
        yield _time(runs, name, NEAR)
    for name, each in (("preview-list", "preview-each"), ("audit-list", "audit-each")):
        yield _time(runs, name, _seconds(runs, each) / _seconds(runs, "bare"))


def _calls(run: Measured) -> tuple[int, int]:
    return run.reads, run.writes


def _both(calls: tuple[int, int]) -> str:
    return f"{calls[0]:,} + {calls[1]:,}"


def _time(runs: Runs, name: str, most: float) -> str:
    measured = _seconds(runs, name) / _seconds(runs, "bare")
    title = next(case.title for case in CASES if case.id == name)
    return f"| {title}: time / bare | {most:.2f} | {measured:.2f} | {'reached' if measured <= most else 'short'} |"


if __name__ == "__main__":
    sys.exit(main())
