"""`python -m tests.bench.hostile`: files made to cost as much as possible, each read in a process of its own.

Goals for each: at most 2 seconds and 500 MB, and an outcome that a user can read.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.people import TENANT
from tests.bench.reading import ROOT

SECONDS, MEGABYTES = 2.0, 500.0
USERS = "onecloud:\n  users:\n"
TEMPLATES = "onecloud:\n  templates:\n    users:\n"


def _joined(count: int, form: str) -> str:
    return "".join(form.replace("#", str(number)) for number in range(count))


def _lines(count: int, form: str) -> str:
    return _joined(count, form + "\n")


def _bomb(n: int) -> str:
    rows = [f"b{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, n // 100 + 2)]
    return "a: &a0 [x, x]\n" + "".join(rows)


def _shared(n: int) -> str:
    return f"x: &u {{skills: {{{_joined(n // 100, 's#: 1, ')}}}}}\n{USERS}" + _lines(n, "    u#: *u")


def _wide(n: int) -> str:
    users = _lines(n // 50, "    u#: {extends: t}")
    return f"{TEMPLATES}      t: {{skills: {{{_joined(n // 50, 's#: 1, ')}}}}}\n  users:\n{users}"


def _chain(n: int) -> str:
    lower = "".join(f"      t{i}: {{extends: t{i - 1}}}\n" for i in range(1, n // 10))
    return f"{TEMPLATES}      t0: {{team: A}}\n{lower}  users:\n    a: {{extends: t{n // 10 - 1}}}\n"


def _diamonds(n: int) -> str:
    lower = "".join(f"      t{i}: {{extends: [t{i - 1}, t{i - 1}]}}\n" for i in range(1, min(n, 30)))
    return f"{TEMPLATES}      t0: {{team: A}}\n{lower}  users:\n    a: {{extends: t{min(n, 30) - 1}}}\n"


def _varied(n: int) -> str:
    users = _lines(n // 100, f'    u#: {{first_name: "{"${var:A}" * 100}"}}')
    return f"vars: {{A: {'x' * n}}}\n{USERS}{users}"


CASES: Mapping[str, Callable[[int], str]] = {
    "unknown keys": lambda n: USERS + "    a:\n" + _lines(n, "      k#: 1"),
    "unknown fields": lambda n: USERS + _lines(n, "    u#: {frist_name: a}"),
    "one long line": lambda n: f"{USERS}    a: {{{_joined(n, 'k#: 1, ')}}}\n",
    "one key again and again": lambda n: f"{USERS}    a: {{{_joined(n, 'k: 1, ')}}}\n",
    "aliases of aliases": _bomb,
    "one value for all": _shared,
    "a wide template": _wide,
    "a chain of templates": _chain,
    "templates in diamonds": _diamonds,
    "deep in a line": lambda n: "[" * n,
    "deep in lines": lambda n: "[\n" * n,
    "a long text": lambda n: f'{USERS}    a: {{first_name: "{"x" * n * 100}"}}\n',
    "long variables": _varied,
    "tabs": lambda n: "\t" * n * 10,
    "quotes": lambda n: "'" * n * 10,
    "unknown references": lambda n: "onecloud:\n  teams: {A: {}}\n  users:\n" + _lines(n, "    u#: {team: T#}"),
    "anchors": lambda n: _lines(n, "a#: &a# x"),
    "unknown aliases": lambda n: _lines(n, "a#: *b#"),
}


def child(name: str, count: int) -> None:
    from cxconfig.errors import InputErrors
    from cxconfig.language import load
    from providers.registry import REGISTRY

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tenant.yaml").write_text(TENANT, "utf-8")
        Path(folder, "x.yaml").write_text(CASES[name](count), "utf-8")
        began = time.perf_counter()
        try:
            load(Path(folder), REGISTRY)
            outcome = "read"
        except InputErrors as errors:
            outcome = f"{len(errors.errors):,} mistakes, {len(str(errors)):,} characters"
    taken = time.perf_counter() - began
    sys.stdout.write(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, outcome]))


def main(words: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if words is None else words)
    if given[:1] == ["--child"]:
        child(given[1], int(given[2]))
        return 0
    count = int(given[0]) if given else 10_000
    sys.stdout.write(f"| case, {count:,} of them | s | MB | outcome | verdict |\n|---|---:|---:|---|---|\n")
    for name in CASES:
        command = [sys.executable, "-m", "tests.bench.hostile", "--child", name, str(count)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        seconds, megabytes, outcome = json.loads(done.stdout)
        verdict = "reached" if seconds <= SECONDS and megabytes <= MEGABYTES else "short"
        sys.stdout.write(f"| {name} | {seconds:.2f} | {megabytes:.0f} | {outcome} | {verdict} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
