"""A tenant against a sandbox, worked on by the real commands and the real engine, each in a process of its own."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from cxconfig.engine.locate import cache_folder, locate
from cxconfig.engine.locate import environment as engine_environment
from cxconfig.engine.stack import PROJECT
from cxconfig.engine.state_file import exported_from
from cxconfig.sandbox import Sandbox
from tests.engine.warm import Warm

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
NAME = "acme"
PASSWORD = "Quokka-7731-first"
PASSPHRASE = "Wombat-5512-passphrase"
CLIENT_SECRET = "Numbat-9924-client"
CLIENT: Mapping[str, Any] = {"client_id": "tests", "client_secret": CLIENT_SECRET}
"""The API user, in the form of a seed."""
TEAMS = ("Sales", "Support", "Billing", "Night Shift")
SKILLS = ("English", "Spanish", "Billing", "Sales", "Products")
ROLES = ("Agent", "Supervisor", "Admin")
OURS = ("PULUMI_", "CXCONFIG_", "ONECLOUD_", "INITIAL_PASSWORD", "NO_COLOR", "CI", "FORCE_COLOR")
"""Variables of the caller that must not reach a run."""
KEPT = ("CXCONFIG_PULUMI",)
MEASURING = ("COVERAGE_",)
"""Variables that have a process measured, which costs it a quarter of its time."""

PROGRAM = (sys.executable, "-m", "cxconfig.cli")

_WARM = Warm()
_SETTLED: dict[str, tuple[Path, dict[Path, tuple[int, bytes]], Any]] = {}
"""What first runs left, by what they began with: the top folder, the files of the state, the live tenant."""

Fields = Mapping[str, Any]
Users = Mapping[str, Fields]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command gave: exit code, standard output, standard error (on a terminal both in `out`)."""

    code: int
    out: str
    err: str = ""

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def said(self) -> str:
        """Everything on one line without colours, so that a sentence is found however it was wrapped."""
        return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text))

    def json(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class Tenant:
    """A tenant's folder and the sandbox it describes; `run` is the command line as a user has it."""

    folder: Path
    box: Sandbox
    env: dict[str, str]
    plain_folder: Path
    ran: list[Ran] = field(default_factory=list)

    def write(
        self, users: Users, *, teams: tuple[str, ...] = TEAMS, kinds: Fields | None = None, state: Fields | None = None
    ) -> None:
        """Replace the tenant's files. `users`: as in the YAML; `kinds`: what tenant.yaml says of kinds."""
        system: dict[str, Any] = {
            "url": "${env:ONECLOUD_URL}",
            "scope": "acme.example.com",
            "client_id": "${env:ONECLOUD_CLIENT_ID}",
            "client_secret": "${env:ONECLOUD_CLIENT_SECRET}",
        }
        if kinds:
            system["kinds"] = kinds
        tenant = {"api_version": "cxconfig/v1", "tenant": NAME, "systems": {"onecloud": system}}
        if state:
            tenant["state"] = state
        self._dump("tenant.yaml", tenant)
        objects = {"teams": {name: {} for name in teams}, "users": dict(users)}
        self._dump("people.yaml", {"onecloud": {name: found for name, found in objects.items() if found}})

    def _dump(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def run(self, *args: str, given: str | None = None, **env: str | None) -> Ran:
        """`run("up", "--yes", CI="1")`: a command on this tenant; None takes a variable away.

        The folder comes after the first word unless it is among them. `given`: what stands on standard input.
        """
        words = self._command(args)[len(PROGRAM) :]
        return self._kept(ours(words, self.folder.parent, self._with(env), given or ""))

    def settled(self, *, plain: bool = False) -> Tenant:
        """What is written, live and recorded, as a first `up` leaves it, with the sandbox's log cleared.

        The engine does that once for all tests of a process that begin alike; the others get a copy of what it left.
        `plain`: by plain pulumi.
        """
        live, top, state = self.box.simulator.onecloud, self.folder.parent, self.folder / ".cxconfig"
        assert not state.exists(), "a tenant is settled before anything else is done with it"
        env = {name: value for name, value in self.env.items() if not name.startswith(("ONECLOUD_URL", *MEASURING))}
        files = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        begun = repr((files, live.dump(), self.box.simulator.switches.values(), sorted(env.items()), plain))
        if (left := _SETTLED.get(begun)) is None:
            done = self.plain("up") if plain else self.run("up", "--yes")
            assert done.code == 0, str(done)
            found = [path for folder in (state, self.plain_folder) for path in folder.rglob("*") if path.is_file()]
            kept = {path.relative_to(top): (path.stat().st_mode, path.read_bytes()) for path in found}
            _SETTLED[begun] = (top, kept, deepcopy(live.tenant))
        else:
            was, kept, tenant = left
            for name, (mode, content) in kept.items():
                (top / name).parent.mkdir(parents=True, exist_ok=True)
                (top / name).write_bytes(_moved(content, str(was).encode(), str(top).encode()))
                (top / name).chmod(mode)
            live.tenant = deepcopy(tenant)
        return self.fresh()

    def start(self, *args: str, **env: str | None) -> subprocess.Popen[str]:
        """The same without waiting, in a process group of its own; the caller ends it with `finish`."""
        return subprocess.Popen(
            self._command(args),
            cwd=self.folder.parent,
            env=self._with(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> Ran:
        out, err = process.communicate(timeout=PATIENCE_S)
        return self._kept(Ran(process.returncode, out, err))

    def talk(self, *args: str, answers: Mapping[str, Callable[[], str]] | None = None, **env: str | None) -> Ran:
        """The same on a terminal. `answers`: what the screen asks -> what is typed then, called at that moment."""
        waiting = dict(answers or {})
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self._command(args),
            cwd=self.folder.parent,
            env=self._with(env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        screen = ""
        try:
            while chunk := _chunk(ours):
                screen += chunk
                for question in [q for q in waiting if q in screen]:
                    os.write(ours, waiting.pop(question)().encode())
            process.wait(PATIENCE_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(ours)
        assert not waiting, f"never asked: {sorted(waiting)}\n{screen}"
        return self._kept(Ran(process.returncode, screen.replace("\r\n", "\n")))

    def _command(self, args: tuple[str, ...]) -> list[str]:
        folder = str(self.folder)
        words = args if folder in args else (args[0], folder, *args[1:])
        return [*PROGRAM, *words]

    def _with(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        env = {**self.env, **{name: value for name, value in changes.items() if value is not None}}
        return {name: value for name, value in env.items() if name not in changes or changes[name] is not None}

    def _kept(self, ran: Ran) -> Ran:
        """No output may ever hold a traceback or one of the secrets, whatever the command was."""
        self.ran.append(ran)
        assert "Traceback" not in ran.text, str(ran)
        for secret in (PASSWORD, PASSPHRASE, CLIENT_SECRET):
            assert secret not in ran.text, str(ran)
        return ran

    # The engine's own commands, on the same state.

    @property
    def backend(self) -> str:
        return "file://" + quote(str(self.folder / ".cxconfig"))

    def engine_env(self) -> dict[str, str]:
        """The environment in which plain pulumi works on this tenant's state."""
        home = str(cache_folder(self.env).parent / "pulumi-home")
        found = engine_environment(locate(self.env), self.env)
        return {**found, "PULUMI_BACKEND_URL": self.backend, "PULUMI_HOME": home, "PYTHONPATH": str(ROOT)}

    def pulumi(self, *args: str, folder: Path | None = None, check: bool = True, given: str | None = None) -> Ran:
        """A pulumi command in `folder`, default the project folder of the tenant's state, or that of `plain`."""
        env = self.engine_env()
        ours = self.folder / ".cxconfig" / "project"
        done = subprocess.run(
            [str(locate(self.env).binary), *args, "--non-interactive"],
            cwd=folder or (ours if ours.exists() else self.plain_folder),
            env=env,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert not check or ran.code == 0, str(ran)
        return ran

    def plain(self, verb: str, *args: str, check: bool = True) -> Ran:
        """`pulumi preview|up|destroy` in a copy of stacks/, on this tenant's stack (made when there is none)."""
        copy = self.plain_folder
        if not copy.exists():
            copy.mkdir()
            for name in ("Pulumi.yaml", "__main__.py"):
                shutil.copy(ROOT / "stacks" / name, copy / name)
            ours = self.folder / ".cxconfig" / "project" / f"Pulumi.{NAME}.yaml"
            if ours.exists():
                shutil.copy(ours, copy / ours.name)
            else:
                told = yaml.safe_dump({"config": {"cxconfig:tenant": str(self.folder)}})
                (copy / ours.name).write_text(told, encoding="utf-8")
            (self.folder / ".cxconfig").mkdir(exist_ok=True)
            if not exported_from(self.backend, PROJECT, NAME):
                self.pulumi("stack", "init", NAME, "--secrets-provider", "passphrase", folder=copy)
        yes = () if verb == "preview" else ("--yes", "--skip-preview")
        return self.pulumi(verb, "--stack", NAME, "--color", "never", *yes, *args, folder=copy, check=check)

    def export(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it, without the process that costs: see test_state_file.py.

        With the process where an engine that was killed left half a file beside the state.
        """
        found = exported_from(self.backend, PROJECT, NAME)
        if found is None:
            found = json.loads(self.pulumi("stack", "export", "--stack", NAME).out)
        assert found, "there is no state"
        resources = found["deployment"].get("resources") or []
        urns = [resource["urn"] for resource in resources]
        for number, resource in enumerate(resources):  # with one that comes after it the engine reads none of them
            assert set(resource.get("dependencies") or ()) <= set(urns[:number]), resource["urn"]
        return dict(found)

    def state(self) -> dict[str, dict[str, Any]]:
        """The recorded inputs of users and teams by `users/KEY` and `teams/KEY`, without the provider's text."""
        found = {}
        for resource in self.export()["deployment"].get("resources") or []:
            kind = resource["type"].removeprefix("pulumi-python:dynamic/onecloud:")
            if kind != resource["type"]:
                inputs = {name: value for name, value in resource["inputs"].items() if name != "__provider"}
                found[f"{kind}/{inputs['key']}"] = inputs
        return found

    # What the sandbox saw.

    def writes(self) -> int:
        """Write calls to the sandbox since its log was cleared, made or refused."""
        return self.box.count(write=True)

    def reads(self) -> int:
        """GETs of single users since the log was cleared."""
        return self.box.count("GET", "/configapi/v2/user/*")

    def fresh(self) -> Tenant:
        """Clear the sandbox's log."""
        self.box.clear_log()
        return self

    def holding(self, *texts: str) -> list[str]:
        """The files below the tenant's folder (state unpacked), and the outputs so far, that hold one of `texts`."""
        found = []
        for path in [p for top in (self.folder, self.plain_folder) for p in top.rglob("*") if p.is_file()]:
            content = path.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            found += [f"{path}: {text}" for text in texts if text.encode() in content]
        return found + [f"output: {text}" for ran in self.ran for text in texts if text in ran.text]


def ours(words: Sequence[str], folder: Path, env: Mapping[str, str], given: str = "") -> Ran:
    """`cxconfig` with exactly these words, in this folder and environment."""
    if _WARM.fits(env):
        return Ran(*_WARM.run(words, folder, env, given, PATIENCE_S))
    done = subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        env=env,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _moved(content: bytes, old: bytes, new: bytes) -> bytes:
    """A file of a state when the folder is another."""
    if content[:2] == b"\x1f\x8b":
        return gzip.compress(gzip.decompress(content).replace(old, new))
    return content.replace(old, new)


def environment(box: Sandbox, *, measured: bool = False) -> dict[str, str]:
    """The environment of every run: the caller's without what steers ours, and the tenant's settings.

    `measured`: the run takes part in the measuring of coverage, where that is on.
    """
    away = OURS if measured else (*OURS, *MEASURING)
    env = {n: v for n, v in os.environ.items() if n in KEPT or not n.startswith(away)}
    return env | {
        "ONECLOUD_URL": box.url,
        "ONECLOUD_CLIENT_ID": box.client_id,
        "ONECLOUD_CLIENT_SECRET": box.client_secret,
        "INITIAL_PASSWORD": PASSWORD,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "TERM": "xterm-256color",
        "COLUMNS": "120",
        "LINES": "50",
    }


def seed(*users: Fields, teams: tuple[str, ...] = TEAMS, **more: Any) -> dict[str, Any]:
    """A sandbox's seed with our teams, skills and roles; `users` in the vendor's field names."""
    return {
        "tenant": "acme.example.com",
        "clients": [CLIENT],
        "teams": list(teams),
        "skills": list(SKILLS),
        "roles": list(ROLES),
        "users": [dict(user) for user in users],
        **more,
    }


def agent(number: int, **fields: Any) -> dict[str, Any]:
    """A user as in the YAML; a field given as None is left out."""
    found = {
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"agent{number}@acme.example.com",
        "team": TEAMS[number % len(TEAMS)],
        "skills": {"English": 10 * (number % 10)},
        "password": "${env:INITIAL_PASSWORD}",
        **fields,
    }
    return {name: value for name, value in found.items() if value is not None}


def agents(count: int) -> dict[str, dict[str, Any]]:
    """`count` users as in the YAML, a0 to a<count - 1>."""
    return {f"a{number}": agent(number) for number in range(count)}


VENDOR = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "team": "team",
    "extension": "extension",
    "work_phone": "workPhone",
    "mobile_phone": "mobilePhone",
    "disabled": "disabled",
    "change_password": "changePassword",
    "skills": "skills",
    "roles": "roles",
}


def as_seeded(login: str, fields: Fields, **more: Any) -> dict[str, Any]:
    """A user of the YAML as a user of the seed: what exists live already."""
    values = {VENDOR[name]: value for name, value in fields.items() if name in VENDOR}
    return {"loginId": login, "password": PASSWORD, **values, **more}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look every few milliseconds until `condition` holds."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 200):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError(f"waited in vain until {what}")


def _chunk(descriptor: int) -> str:
    """What a terminal shows next; nothing when its last writer is gone."""
    ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
    assert ready, "the terminal stayed silent"
    try:
        return os.read(descriptor, 65536).decode("utf-8", "replace")
    except OSError:  # how a terminal says that its last writer is gone
        return ""
