"""One tenant, its sandbox in a process of its own, and the cases that are run on them."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import people
from tests.bench.processes import Ended, Taken, cpu_seconds, run
from tools.demo import started

ROOT = Path(__file__).resolve().parents[2]
READY = "cxconfig sandbox ready "
START_S = 60.0
OURS = ("PULUMI_", "CXCONFIG_", "ONECLOUD_", "CI", "FORCE_COLOR", "NO_COLOR")
"""Variables of the caller that must not steer a run."""
KEPT = ("CXCONFIG_PULUMI",)
TOKEN_CALL = "POST /configapi/v2/oauth/token"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured. `words`: its command, with FOLDER and COUNT to be filled in; `exits`: its exit code.

    `applied`: the tenant must have been applied before; `drifted`: and one in a hundred users changed by hand since.
    `switches`: settings of the sandbox.
    """

    id: str
    title: str
    words: tuple[str, ...]
    exits: int = 0
    applied: bool = False
    drifted: bool = False
    switches: Mapping[str, str] = field(default_factory=dict)

    @property
    def product(self) -> bool:
        return self.words[0] == "cxconfig.cli"

    @property
    def first(self) -> bool:
        """Is it the one that applies a fresh tenant?"""
        return self.words[1] == "up" and not self.applied

    @property
    def repairs(self) -> bool:
        return self.words[1] == "up" and self.drifted


CASES = (
    Case("a1", "engine's floor, SDK classes", ("tests.bench.floor", "sdk", "COUNT", "FOLDER")),
    Case("a2", "engine's floor, monitor", ("tests.bench.floor", "monitor", "COUNT", "FOLDER")),
    Case("a3", "the same with a preview before", ("tests.bench.floor", "twice", "COUNT", "FOLDER")),
    Case("f", "first up", ("cxconfig.cli", "up", "FOLDER", "--yes")),
    Case("b", "bare loop", ("tests.bench.bare", "COUNT"), applied=True),
    Case("c", "preview, no changes", ("cxconfig.cli", "preview", "FOLDER"), applied=True),
    Case("e", "audit, no drift", ("cxconfig.cli", "audit", "FOLDER"), applied=True),
    Case("d", "preview, 1 % drift", ("cxconfig.cli", "preview", "FOLDER"), 2, applied=True, drifted=True),
    Case("g", "up of 1 % drift", ("cxconfig.cli", "up", "FOLDER", "--yes"), applied=True, drifted=True),
)
"""In the order of a round: each finds what the ones before it left."""
BY_ID = {case.id: case for case in CASES}


@dataclass(frozen=True, slots=True)
class Tenant:
    """What is measured: how its files are written, and what is changed of a user by hand, by the vendor's names."""

    write: Callable[[Path, int], None]
    drift: Callable[[int], Mapping[str, Any]]


USERS = Tenant(people.write_tenant, lambda number: {"team": people.drifted_team(number)})


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a case: what it took, and which calls the sandbox counted (token calls are no reads)."""

    taken: Taken
    reads: int
    writes: int
    tokens: int
    cpu_sandbox: float


class Failed(Exception):
    """A command ended otherwise than it should; the text is for the user."""


class Stage:
    """A fresh tenant of `count` users and a sandbox that has none of them."""

    def __init__(self, folder: Path, count: int, box: SandboxProcess, tenant: Tenant = USERS) -> None:
        self.folder = folder
        self.count = count
        self.box = box
        self._tenant = tenant
        self._applied = False
        self._drifted = False
        tenant.write(folder / "tenant", count)

    def measure(self, case: Case, profile: Path | None = None) -> Measured:
        """Run a case once. `profile`: write one of its process there."""
        self._prepare(case)
        self.box.ask("DELETE", "log")
        before = cpu_seconds(self.box.pid)
        ended = self._run(case, profile)
        spent = cpu_seconds(self.box.pid) - before
        self._applied |= case.first
        self._drifted &= not case.repairs
        counts = self.box.ask("GET", "counts")
        tokens = counts["by_call"].get(TOKEN_CALL, 0)
        return Measured(ended.taken, counts["total"] - counts["writes"] - tokens, counts["writes"], tokens, spent)

    def _prepare(self, case: Case) -> None:
        if case.applied and not self._applied:
            self._run(BY_ID["f"])
            self._applied = True
        if case.drifted and not self._drifted:
            for number in people.changed(self.count):
                self.box.ask("PATCH", f"users/{people.login(number)}", self._tenant.drift(number))
            self._drifted = True
        if case.switches:
            self.box.ask("POST", "switches", case.switches)

    def _run(self, case: Case, profile: Path | None = None) -> Ended:
        folder = self.folder / "tenant" if case.product else Path(tempfile.mkdtemp(dir=self.folder))
        filled = {"FOLDER": str(folder), "COUNT": str(self.count)}
        words = [filled.get(word, word) for word in case.words]
        wrapped = ["-m", "tests.bench.profiled", str(profile), *words] if profile else ["-m", *words]
        ended = run(wrapped, self.folder, environment(self.box.url))
        if ended.code != case.exits or (not case.product and ended.out.strip() != str(self.count)):
            told = "\n".join([*ended.out.splitlines()[-20:], *ended.err.splitlines()[-20:]])
            raise Failed(f"({case.id}) `{shlex.join(words)}` ended with exit code {ended.code}:\n{told}")
        return ended


@dataclass(frozen=True, slots=True)
class SandboxProcess:
    url: str
    pid: int

    def ask(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Any:
        """A call of the admin API."""
        body = json.dumps(values).encode() if values is not None else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", body, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=START_S) as answer:
            return json.load(answer)


@contextmanager
def staged(scratch: Path, count: int, latency_ms: float, tenant: Tenant = USERS) -> Iterator[Stage]:
    """A stage for as long as the block runs; raises `Failed` when the sandbox does not start."""
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        people.write_seed(folder / "seed.json")
        words = ["sandbox", "--seed", str(folder / "seed.json"), "--latency-ms", str(latency_ms)]
        with (
            (folder / "sandbox.log").open("wb") as log,
            started(
                [sys.executable, "-m", "cxconfig.cli", *words],
                signal.SIGTERM,
                cwd=folder,
                env=environment(""),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            with process.stdout:
                line = process.stdout.readline() if select.select([process.stdout], [], [], START_S)[0] else ""
                if not line.startswith(READY):
                    told = (folder / "sandbox.log").read_text("utf-8", "replace")
                    raise Failed(f"the sandbox did not start:\n{told}")
                url = dict(word.split("=", 1) for word in shlex.split(line.removeprefix(READY)))["url"]
                yield Stage(folder, count, SandboxProcess(url, process.pid), tenant)


def environment(url: str) -> dict[str, str]:
    """The environment of every command: the caller's without what steers ours, and the tenant's settings."""
    env = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(OURS)}
    return env | {
        "PYTHONPATH": str(ROOT),
        "ONECLOUD_URL": url,
        "ONECLOUD_CLIENT_ID": people.CLIENT_ID,
        "ONECLOUD_CLIENT_SECRET": people.CLIENT_SECRET,
        "INITIAL_PASSWORD": "Quokka-7731-first",
        "PULUMI_CONFIG_PASSPHRASE": "Wombat-5512-passphrase",
        "COLUMNS": "120",
        # The product sets it before it loads the SDK; the floor has to be told.
        "GRPC_ENABLE_FORK_SUPPORT": "0",
    }
