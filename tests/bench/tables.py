"""The result as text, as Markdown and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxconfig.engine.locate import locate
from tests.bench.goals import Goal, Size, goals_of
from tests.bench.stage import CASES

Rows = Sequence[Sequence[str]]
LEFT = 2
"""So many columns are texts; the others are numbers."""


def machine() -> dict[str, Any]:
    """What a reader must know of the machine, and nothing that tells whose it is."""
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "engine": locate().version,
        "load_before": [round(number, 1) for number in os.getloadavg()],
    }


def as_text(size: Size) -> str:
    title = f"{size.users:,} users, {size.latency_ms:g} ms a call, medians of {_rounds(size)}"
    lines = [title, "=" * len(title), *_plain(_cases(size)), "", *_plain(_goals(size)), "", *_notes(size)]
    return "\n".join(lines) + "\n"


def as_markdown(sizes: Sequence[Size], about: Mapping[str, Any]) -> str:
    load = " ".join(map(str, about["load_before"]))
    lines = [
        f"{about['cpus']} CPUs, {about['system']}, Python {about['python']}, engine {about['engine']};"
        f" load before the run: {load}."
    ]
    for size in sizes:
        lines += ["", f"### {size.users:,} users, {size.latency_ms:g} ms a call, medians of {_rounds(size)}", ""]
        lines += [*_marked(_cases(size)), "", *_marked(_goals(size)), "", *_notes(size)]
    return "\n".join(lines) + "\n"


def as_json(sizes: Sequence[Size], about: Mapping[str, Any]) -> dict[str, Any]:
    return {"machine": dict(about), "sizes": [_size_as_json(size) for size in sizes]}


def _size_as_json(size: Size) -> dict[str, Any]:
    runs = {
        case: [
            {
                "seconds": run.taken.seconds,
                "reads": run.reads,
                "writes": run.writes,
                "tokens": run.tokens,
                "cpu_ours": run.taken.cpu_ours,
                "cpu_engine": run.taken.cpu_engine,
                "cpu_sandbox": run.cpu_sandbox,
                "memory_ours": run.taken.memory_ours,
                "memory_engine": run.taken.memory_engine,
                "memory_both": run.taken.memory_both,
            }
            for run in found
        ]
        for case, found in size.runs.items()
    }
    goals = [
        {
            "what": goal.what,
            "allowed": goal.allowed,
            "limit": goal.limit,
            "actual": goal.actual,
            "unit": goal.unit,
            "reached": goal.reached,
        }
        for goal in goals_of(size)
    ]
    return {
        "users": size.users,
        "changed": size.changed,
        "latency_ms": size.latency_ms,
        "seconds": {case: size.seconds(case) for case in size.runs},
        "runs": runs,
        "goals": goals,
    }


def _cases(size: Size) -> Rows:
    head = ["case", "what", "s", "min - max", "/ (b)", "reads", "writes", "tokens"]
    head += ["CPU s ours", "engine", "sandbox", "MB ours", "engine", "both"]
    return [head, *(_case(size, case.id, case.title) for case in sorted(CASES, key=lambda case: case.id))]


def _case(size: Size, case: str, title: str) -> Sequence[str]:
    low, high = size.spread(case)
    calls = [lambda run: run.reads, lambda run: run.writes, lambda run: run.tokens]
    spent = [lambda run: run.taken.cpu_ours, lambda run: run.taken.cpu_engine, lambda run: run.cpu_sandbox]
    return (
        f"({case})",
        title,
        f"{size.seconds(case):.2f}",
        f"{low:.2f} - {high:.2f}",
        f"{size.seconds(case) / size.seconds('b'):.2f}",
        *(f"{size.median_of(case, value):,.0f}" for value in calls),
        *(f"{size.median_of(case, value):.1f}" for value in spent),
        *(f"{peak:,.0f}" for peak in size.memory_mb(case)),
    )


def _goals(size: Size) -> Rows:
    return [("goal", "allowed", "at most", "measured", "verdict"), *(_goal(goal) for goal in goals_of(size))]


def _goal(goal: Goal) -> Sequence[str]:
    limit, actual = (f"{value:,.{goal.digits}f} {goal.unit}".rstrip() for value in (goal.limit, goal.actual))
    return goal.what, goal.allowed, limit, actual, goal.verdict


def _notes(size: Size) -> Iterator[str]:
    yield (
        f"If only round trips took time: the reads of the bare loop {size.ideal_reads_s:.1f} s,"
        f" the writes of the first up 4 at a time {size.ideal_writes_s:.1f} s."
    )
    share = size.seconds("f") / size.seconds("a3")
    yield f"The first up, with its reads and writes, takes {share:.2f} times what the engine alone takes (a3)."


def _rounds(size: Size) -> str:
    number = max(len(found) for found in size.runs.values())
    return f"{number} round{'s' if number > 1 else ''}"


def _plain(rows: Rows) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if column < LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _marked(rows: Rows) -> Iterator[str]:
    head, *body = rows
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if column < LEFT else '---:' for column in range(len(head)))}|"
    for row in body:
        yield f"| {' | '.join(row)} |"
