"""`python -m tests.bench.reading`: what reading and checking YAML costs, and how fast the command line starts.

Each case is a fresh process, and the cases of a round run one after another. Reading is held against a bare pass of the
C parser over the same bytes in the same round; starting against `python -c 'import click'`.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.people import TEAMS, TENANT, login, user
from tests.bench.tables import machine

ROOT = Path(__file__).resolve().parents[2]
USERS, FILES, LARGE = 10_000, 50, 100_000
LEVELS = ("bare", "load", "layered", "table")
READING = 5.0
"""`load` takes at most so many times the bare pass."""
LINEAR = 1.3
"""Ten times as many objects take at most so many times ten times as long."""
STARTS = {"import click": 1.0, "cxconfig --help": 1.6, "cxconfig validate": 3.0}


class Taken(NamedTuple):
    seconds: float
    megabytes: float


def write(folder: Path, users: int, files: int, level: str) -> Path:
    """A tenant of `users` in `files` files: whole users, users over templates and an environment, or rows of tables."""
    folder.mkdir(parents=True)
    (folder / "tenant.yaml").write_text(TENANT, "utf-8")
    teams = "".join(f"    {name}: {{}}\n" for name in TEAMS)
    layers = "  templates:\n    users:\n      base: {skills: {English: 1}, roles: [Agent]}\n"
    layers += "".join(f"      {name.split()[0]}: {{extends: base, team: {name}}}\n" for name in TEAMS)
    (folder / "teams.yaml").write_text(f"onecloud:\n  teams:\n{teams}{layers}", "utf-8")
    share = users // files
    for number in range(files):
        mine = range(number * share, (number + 1) * share)
        if level == "table":
            _table(folder, number, mine)
        else:
            text = "".join((_short if level == "layered" else _whole)(n) for n in mine)
            (folder / f"users-{number:03}.yaml").write_text(f"onecloud:\n  users:\n{text}", "utf-8")
    if level == "layered":
        over = folder / "environments" / "prod"
        over.mkdir(parents=True)
        changed = "".join(f"    {login(n)}: {{skills: {{Billing: 7}}}}\n" for n in range(0, users, 10))
        (over / "users.yaml").write_text(f"onecloud:\n  users:\n{changed}", "utf-8")
    return folder


def _whole(number: int) -> str:
    lines = [f"      {name}: {json.dumps(value)}\n" for name, value in user(number).items()]
    return f"    {login(number)}:\n{''.join(lines)}      password: ${{env:INITIAL_PASSWORD}}\n"


def _short(number: int) -> str:
    told = user(number)
    name = f"first_name: {told['first_name']}, last_name: {told['last_name']}, email: {told['email']}"
    return f"    {login(number)}: {{extends: {told['team'].split()[0]}, {name}}}\n"


def _table(folder: Path, number: int, mine: range) -> None:
    rows = [f"{login(n)},First{n},Last{n},{login(n)}@acme.example.com,{n % 100}" for n in mine]
    header = "login,first_name,last_name,email,skills.English"
    (folder / f"users-{number:03}.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    text = f"onecloud:\n  tables:\n    users: [{{file: users-{number:03}.csv, key: login, extends: base}}]\n"
    (folder / f"users-{number:03}.yaml").write_text(text, "utf-8")


def child(case: str, folder: Path) -> None:
    """In a process of its own: do one case and print what it took."""
    if case == "bare":
        from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
        from ruamel.yaml.events import StreamEndEvent

        began = time.perf_counter()
        for path in sorted(folder.glob("*.yaml")):
            parser = CParser(path.read_text("utf-8"))
            while type(parser.get_event()) is not StreamEndEvent:
                pass
    else:
        from cxconfig.language import load
        from providers.registry import REGISTRY

        began = time.perf_counter()
        load(folder, REGISTRY, ("prod",) if case == "layered" else ())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([seconds, peak]))


def taken(case: str, folder: Path) -> Taken:
    words = [sys.executable, "-m", "tests.bench.reading", "--child", case, str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return Taken(*json.loads(done.stdout))


def started(case: str, folder: Path) -> float:
    """Seconds of a whole process."""
    words = {
        "import click": [sys.executable, "-c", "import click"],
        "cxconfig --help": [sys.executable, "-m", "cxconfig.cli", "--help"],
        "cxconfig validate": [sys.executable, "-m", "cxconfig.cli", "validate", str(folder)],
    }[case]
    began = time.perf_counter()
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def reading(folder: Path, users: int, files: int, rounds: int) -> dict[str, Taken]:
    """Medians of every level."""
    whole = write(folder / f"whole-{users}", users, files, "load")
    places = {"bare": whole, "load": whole}
    places |= {level: write(folder / f"{level}-{users}", users, files, level) for level in LEVELS[2:]}
    found: dict[str, list[Taken]] = {level: [] for level in LEVELS}
    for _ in range(rounds):
        for level in LEVELS:
            found[level].append(taken(level, places[level]))
    return {
        level: Taken(statistics.median(t.seconds for t in times), max(t.megabytes for t in times))
        for level, times in found.items()
    }


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reading", description=__doc__)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--large", type=int, default=LARGE, help="objects of the large tenant; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=2, metavar=("CASE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.child:
        child(given.child[0], Path(given.child[1]))
        return 0
    with tempfile.TemporaryDirectory(prefix="cxconfig-bench-") as name:
        for line in _measured(Path(name), given):
            sys.stdout.write(f"{line}\n")
    return 0


def _measured(folder: Path, given: argparse.Namespace) -> list[str]:
    about = machine()
    lines = [f"{about['cpus']} CPUs, Python {about['python']}, load before the run {about['load_before']}", ""]
    small = reading(folder, given.users, given.files, given.rounds)
    lines += _table_of(given.users, given.files, small)
    ratio = small["load"].seconds / small["bare"].seconds
    goals = [("load / bare", ratio, READING)]
    if given.large:
        large = reading(folder, given.large, given.files, max(given.rounds // 2, 1))
        lines += ["", *_table_of(given.large, given.files, large)]
        growth = large["load"].seconds / small["load"].seconds / (given.large / given.users)
        goals.append((f"growth from {given.users:,} to {given.large:,}, per object", growth, LINEAR))
    tiny = write(folder / "tiny", 5, 1, "load")
    times: dict[str, list[float]] = {case: [] for case in STARTS}
    for _ in range(given.rounds * 3):
        for case in STARTS:
            times[case].append(started(case, tiny))
    medians = {case: statistics.median(found) for case, found in times.items()}
    lines += ["", "| start | ms | / import click |", "|---|---:|---:|"]
    lines += [f"| {c} | {s * 1000:.0f} | {s / medians['import click']:.2f} |" for c, s in medians.items()]
    goals += [(f"{c} / import click", medians[c] / medians["import click"], most) for c, most in STARTS.items()]
    lines += ["", "| goal | at most | measured | verdict |", "|---|---:|---:|---|"]
    for what, measured, most in goals:
        lines.append(f"| {what} | {most:.1f} | {measured:.2f} | {'reached' if measured <= most else 'short'} |")
    return lines


def _table_of(users: int, files: int, found: dict[str, Taken]) -> list[str]:
    bare = found["bare"].seconds
    lines = [f"{users:,} users in {files} files", "", "| case | s | / bare | peak MB |", "|---|---:|---:|---:|"]
    return lines + [f"| {c} | {t.seconds:.2f} | {t.seconds / bare:.2f} | {t.megabytes:.0f} |" for c, t in found.items()]


if __name__ == "__main__":
    sys.exit(main())
