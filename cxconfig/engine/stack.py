"""One Pulumi stack through the Automation API: where its state is, what it records, and the runs of the engine."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cxconfig.engine.locate import Engine, asked_within, cache_folder, environment, without_options
from cxconfig.engine.stack_file import configuration_in, configure, replace_file, settings_in
from cxconfig.engine.stack_secrets import (
    ENVIRONMENT_SETTING,
    NO_STACK,
    SHOWN,
    TENANT_SETTING,
    Setting,
    settings_from,
)
from cxconfig.engine.state_file import NOTHING, exported_from
from cxconfig.environments import joined
from cxconfig.errors import EngineFailed, SettingsError
from cxconfig.kinds import Registry
from cxconfig.planning.plan import Recorded
from cxconfig.planning.record import BESIDE, KEY, ORIGIN, REFRESHED, plain, unfit
from cxconfig.private_files import keep_from_git
from cxconfig.tenancy import backend_of, folder_of, folder_url

if TYPE_CHECKING:
    from cxconfig.engine.command import PulumiCommand, QuietStack
    from cxconfig.language import Tenant

PROJECT = "cxconfig"
STATE_FOLDER = ".cxconfig"
REPAIR = "state repair"
"""The engine's command for a state that is out of order, which it names itself."""
ENGINES_OWN = "pulumi:"
"""Begin of the types of what every run of a program records, also when nothing comes of it: stack and provider."""
LOG_SECONDS = 86_400.0
"""How long the engine's logs are kept."""
MAX_TARGETS = 1_000_000
"""Bytes of targets (some ten thousand) above which a run registers everything: a command line has an end."""


class Stack:
    """The stack of one tenant in one environment.

    `tenant`: its name with that of the environments; `folder`: the tenant's; `backend`: a Pulumi backend URL, default
    a folder in that; `shared`: the folder with the stack's settings file, default the project's own, which git ignores.
    """

    def __init__(
        self,
        tenant: str,
        folder: Path,
        backend: str | None,
        engine: Engine,
        environments: Sequence[str] = (),
        shared: Path | None = None,
    ) -> None:
        self.name = tenant
        self.engine = engine
        self.environments = joined(environments)
        self.home = folder / STATE_FOLDER
        self.backend = backend or folder_url(self.home)
        self.shared = shared
        # Environments may name folders of their own, so a project with one is a stack's alone.
        self.work_dir = self.home / "project" / (tenant if shared else "")
        self.exists = True
        self.blank = False
        """Does it hold nothing at all, or not exist yet?"""
        self.salt = ""
        """What the state keeps to know its passphrase again."""
        self.saved_at = 0.0
        """When the state that was last read had been written, in seconds since 1970; 0 when it does not say."""

    @property
    def local(self) -> Path | None:
        """The folder of a file backend; None for every other."""
        return folder_of(self.backend)

    def shown(self, text: str) -> str:
        """A text of the engine's without the credentials that a backend's URL may hold."""
        parts = urlsplit(self.backend)
        text = text.replace(parts.query, "...") if parts.query else text
        return text.replace(f":{parts.password}@", ":***@") if parts.password else text

    def prepare(self) -> None:
        """Make the folders and the project file that the engine wants."""
        _tidy(cache_folder().parent / "pulumi-home" / "logs")
        self.work_dir.mkdir(parents=True, exist_ok=True)
        keep_from_git(self.home)
        if self.local is not None:
            self.local.mkdir(parents=True, exist_ok=True)
        project = self.work_dir / "Pulumi.yaml"
        text = f"name: {PROJECT}\nruntime: python\n"
        if self.shared is not None:
            self.shared.mkdir(parents=True, exist_ok=True)
            text += f"stackConfigDir: {json.dumps(os.path.relpath(self.shared, self.work_dir))}\n"
        if not project.exists() or project.read_text(encoding="utf-8") != text:
            replace_file(project, text)
        self._configure()

    @property
    def file(self) -> Path:
        """The stack's settings, with its encrypted secrets."""
        return (self.shared or self.work_dir) / f"Pulumi.{self.name}.yaml"

    def _configure(self) -> None:
        """Tell the stack its tenant and environments, for plain pulumi: a refresh there has no program to say it.

        A shared file names no folder of this machine. Two environments never work on one stack.
        """
        said = configuration_in(self.file).get(ENVIRONMENT_SETTING)
        if said is not None and str(said) != self.environments:
            here = f"--env {self.environments}" if self.environments else "no --env"
            raise SettingsError(
                f"the stack {self.name} belongs to the environment {said}, and this is a run with {here}",
                way_out=f"Name the environment; if it was renamed, change `{ENVIRONMENT_SETTING}` in {self.file}.",
            )
        wanted = {} if self.shared is not None else {TENANT_SETTING: str(self.home.parent)}
        if self.environments:
            wanted[ENVIRONMENT_SETTING] = self.environments
        configure(self.file, wanted)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        env = {
            **environment(self.engine, without_options(os.environ)),
            "PULUMI_BACKEND_URL": self.backend,
            **(more or {}),
        }
        # A tenth of the size; plain pulumi reads either form.
        env.setdefault("PULUMI_DIY_BACKEND_GZIP", "true")
        # The engine writes logs into its home; the default one is outside of what a user expects us to touch.
        env.setdefault("PULUMI_HOME", str(cache_folder().parent / "pulumi-home"))
        return env

    def recorded(self, registry: Registry) -> list[Recorded]:
        """What the state holds of our kinds; nothing when the stack does not exist yet."""
        self.prepare()
        answered = self._exported()
        if not answered:
            self.exists, self.blank = False, True
            return []
        deployment = answered.get("deployment") or {}
        self.saved_at = _written(deployment)
        self.blank = not deployment.get("pending_operations") and all(
            str(r["type"]).startswith(ENGINES_OWN) for r in deployment.get("resources") or []
        )
        if told := _disordered(deployment.get("resources") or []):
            raise EngineFailed(f"the state cannot be used: {told}", way_out=state_way_out(self, [REPAIR]))
        self.salt = str(((deployment.get("secrets_providers") or {}).get("state") or {}).get("salt") or "")
        return recorded_in(answered, registry)

    def written_since(self, before: float) -> bool:
        """Has the state been written since then? Asked after an engine ended with an error."""
        try:
            return _written(self._exported().get("deployment") or {}) > before
        except EngineFailed:
            return False

    def _exported(self) -> Mapping[str, Any]:
        """What `pulumi stack export` answers, without asking where the file itself tells; nothing without a stack."""
        found = exported_from(self.backend, PROJECT, self.name)
        if found is not None:
            return found
        answer = self._run("stack", "export", "--stack", self.name)
        if answer.returncode and NO_STACK in answer.stderr:
            return NOTHING
        answered: Mapping[str, Any] = json.loads(self._succeeded(answer, "the state could not be read"))
        return answered

    def _lines(self, text: str) -> list[str]:
        return [line for line in self.shown(text).strip().splitlines() if line.strip()][-12:]

    def settings(self) -> dict[str, Setting]:
        """The stack's settings by full key, secrets decrypted; one that does not exist is made if any are shared."""
        self.prepare()
        if not self.holds_secrets():
            return {key: Setting(None, secret=False) for key in configuration_in(self.file)}
        answer = self._run(*SHOWN, "--stack", self.name)
        if NO_STACK in answer.stderr:
            self.ensure()
            answer = self._run(*SHOWN, "--stack", self.name)
        return settings_from(self._succeeded(answer, "the stack's secrets could not be read"))

    def secret_keys(self) -> list[str]:
        """The full keys of the stack's secrets; nothing is decrypted."""
        self.prepare()
        return sorted(key for key, value in configuration_in(self.file).items() if _encrypted(value))

    def set_secret(self, key: str, value: str) -> None:
        """Encrypt a value into the settings; the stack is made if it does not exist. `key`: a full key."""
        self.prepare()
        words = ("config", "set", "--secret", key, "--stack", self.name)
        answer = self._run(*words, given=value)
        if NO_STACK in answer.stderr:
            self.ensure()
            answer = self._run(*words, given=value)
        self._succeeded(answer, f"{key} could not be set")

    def remove_secret(self, key: str) -> None:
        """Take a secret out of the settings. `key`: a full key that is there."""
        answer = self._run("config", "rm", key, "--stack", self.name)
        self._succeeded(answer, f"{key} could not be removed")

    def holds_secrets(self) -> bool:
        """Does the file hold any, or name a place of the engine's that may (`environment`)?"""
        settings = settings_in(self.file)
        return "environment" in settings or any(map(_encrypted, (settings.get("config") or {}).values()))

    def _succeeded(self, answer: subprocess.CompletedProcess[str], what: str) -> str:
        if answer.returncode:
            lines = self._lines(answer.stderr)
            raise EngineFailed(what, details=lines, way_out=state_way_out(self, lines))
        return answer.stdout

    def _run(self, *args: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """The engine with these words; `given` is its standard input, so that no secret is a word of a command."""
        return subprocess.run(
            [str(self.engine.binary), *args, "--non-interactive"],
            cwd=self.work_dir,
            env=self.environment(),
            input=given or "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            process_group=0,  # a Ctrl-C at the terminal is ours to answer
        )

    def ensure(self) -> None:
        """Make the stack if it does not exist; called after `recorded` found none."""
        answer = self._run("stack", "init", self.name, "--secrets-provider", "passphrase", "--no-select")
        if answer.returncode and "already exists" not in answer.stderr:
            lines = self._lines(answer.stderr)
            raise EngineFailed("the stack could not be made", details=lines, way_out=state_way_out(self, lines))

    def remove(self) -> None:
        """Remove a stack that was just seen to be blank; its settings stay."""
        # Forced, as the engine takes its own entries for something that could be lost.
        answer = self._run("stack", "rm", self.name, "--yes", "--force", "--preserve-config")
        if answer.returncode:
            lines = self._lines(answer.stderr)
            raise EngineFailed("the stack could not be made anew", details=lines, way_out=state_way_out(self, lines))

    def open(self, program: Callable[[], Any], more: Mapping[str, str]) -> tuple[QuietStack, PulumiCommand]:
        """The stack for one run of the engine; it must exist."""
        from pulumi import automation

        from cxconfig.engine.command import PulumiCommand, QuietStack

        command = PulumiCommand(self.engine)
        workspace = automation.LocalWorkspace(
            work_dir=str(self.work_dir), program=program, env_vars=self.environment(more), pulumi_command=command
        )
        return QuietStack(self.name, workspace), command


def _tidy(logs: Path) -> None:
    """Remove the engine's old logs from the home that we give it: it writes some in every run and removes none."""
    for path in logs.glob("*.log") if logs.is_dir() else ():
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LOG_SECONDS:
                path.unlink()


def stack_of(tenant: Tenant, engine: Engine) -> Stack:
    """The stack of a tenant as its files and environments name it."""
    shared = tenant.settings.resolve() if tenant.settings is not None else None
    return Stack(tenant.name, tenant.folder.resolve(), backend_of(tenant), engine, tenant.environments, shared)


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value


def recorded_in(exported: Mapping[str, Any], registry: Registry) -> list[Recorded]:
    """The objects of our kinds in what `pulumi stack export` answered."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    return [found for resource in resources if (found := _recorded(resource, registry)) is not None]


def recorded_here(name: str, registry: Registry, project: str = "") -> list[Recorded]:
    """What the stack holds that an engine works on, asked from within one of its processes; an answer is needed.

    `project`: that of the stack, where it is known.
    """
    found = exported_from(os.environ.get("PULUMI_BACKEND_URL", ""), project, name) if project else None
    if found:
        return recorded_in(found, registry)
    answer = asked_within("stack", "export", "--stack", name)
    if answer is None:
        raise SettingsError(
            "the state could not be read, so nobody knows what this run would remove",
            way_out="Run `cxconfig doctor`: it says which engine is asked, and why; or use `cxconfig up`.",
        )
    return recorded_in(json.loads(answer), registry)


def _recorded(resource: Mapping[str, Any], registry: Registry) -> Recorded | None:
    system, _, name = str(resource["type"]).removeprefix("pulumi-python:dynamic/").partition(":")
    kind = f"{system}.{name}"
    if not str(resource["type"]).startswith("pulumi-python:dynamic/") or kind not in registry:
        return None
    inputs = plain(resource.get("inputs") or {})
    names = BESIDE | registry[kind].specs.keys()
    inputs = {n: v for n, v in inputs.items() if n in names}
    urn = str(resource.get("urn"))
    problem = unfit(registry[kind], inputs)
    if not problem and inputs[KEY] != urn.split("::", 3)[-1]:
        problem = f"its `{KEY}` is not the name in its URN"
    if problem:
        raise SettingsError(
            f"the state cannot be used: {urn}: {problem}",
            way_out=(
                "Somebody changed it. Restore a copy with `pulumi stack import`, or the .bak file beside it; or run"
                f" `pulumi state delete '{urn}'`: the next up takes over what is live."
            ),
        )
    outputs = resource.get("outputs") or {}
    origin, refreshed = str(outputs.get(ORIGIN) or ""), frozenset(map(str, outputs.get(REFRESHED) or ()))
    return Recorded(kind, inputs[KEY], inputs, urn, origin, refreshed)


def _disordered(resources: Sequence[Mapping[str, Any]]) -> str:
    """Which resource stands before one that it needs: then the engine takes the whole state for damaged."""
    known: set[str] = set()
    for resource in resources:
        known.add(str(resource.get("urn")))
        if behind := [str(urn) for urn in resource.get("dependencies") or () if urn not in known]:
            return f"{resource.get('urn')} needs {behind[0]}, which does not stand before it"
    return ""


def _written(deployment: Mapping[str, Any]) -> float:
    """When the engine wrote a state, in seconds since 1970; 0 when it does not say."""
    try:
        return datetime.fromisoformat(str((deployment.get("manifest") or {}).get("time"))).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def state_way_out(stack: Stack, said: Iterable[str]) -> str:
    """Where the state is, and what to do about what the engine said of it."""
    lines = list(said)
    where = f"The stack is {stack.name!r} in {stack.shown(stack.backend)}."
    if any("passphrase" in line for line in lines):
        where += (
            " Set the passphrase that it was made with (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE)."
        )
    elif any(REPAIR in line for line in lines):
        where += f" The engine reads none of it like that, and puts it in order again with `pulumi {REPAIR}`."
    elif stack.local is None:
        where += " Check `state.backend` in tenant.yaml, and the variables with which you sign in there."
    elif any("failed to load checkpoint" in line for line in lines):
        folder = stack.local / ".pulumi" / "stacks" / PROJECT
        where += (
            f" Its file in {folder} is damaged; the one before it is beside it and ends in .bak: copy that over it."
        )
    return where
