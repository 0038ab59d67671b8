"""`cxconfig doctor`: whether this machine can run cxconfig, and with which engine."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cxconfig.cli import completing
from cxconfig.cli.common import env_option

if TYPE_CHECKING:
    from cxconfig.language import Secrets, SystemEntry, Tenant

Status = Literal["ok", "missing", "note"]
PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"
LOWEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined. `missing` makes cxconfig unusable, `note` does not; `more` holds further lines."""

    name: str
    status: Status
    says: str
    more: tuple[str, ...] = field(default=())


def examine(environ: Mapping[str, str], folder: Path | None = None, environments: Sequence[str] = ()) -> list[Finding]:
    """Everything that `doctor` shows; reads the machine and never shows a secret's value.

    It changes nothing, but for a tenant with a `${pulumi:KEY}`: to read that, it makes the stack if need be.
    """
    found = [_python(), *_engine(environ), _passphrase(environ), _cache(environ)]
    return found if folder is None else [*found, *_tenant(environ, folder, environments)]


@click.command("doctor")
@click.argument("folder", required=False, type=click.Path(path_type=Path), shell_complete=completing.folders)
@env_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(folder: Path | None, environments: tuple[str, ...], form: str) -> None:
    """Show what cxconfig runs with: Python, the Pulumi engine and why it was chosen, settings.

    With FOLDER, also the settings of that tenant. Exit code 0 when cxconfig is usable, else 1.
    """
    import os

    from cxconfig import __version__

    found = examine(os.environ, folder, environments)
    usable = all(finding.status != "missing" for finding in found)
    if form == "json":
        import json

        answer = {"cxconfig": __version__, "usable": usable, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        click.echo(f"cxconfig {__version__}")
        for finding in found:
            click.echo(f"{finding.name:<12} {finding.status:<8} {finding.says}")
            for line in finding.more:
                click.echo(f"{'':<22}{line}")
        click.echo(
            "cxconfig is usable on this machine." if usable else "cxconfig is not usable: see what is missing above."
        )
    sys.exit(0 if usable else 1)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info >= LOWEST_PYTHON
    return Finding(
        "python", "ok" if fits else "missing", f"{version} ({sys.executable})" + ("" if fits else ", needs >= 3.11")
    )


def _engine(environ: Mapping[str, str]) -> list[Finding]:
    from cxconfig.engine.locate import LANGUAGE_HOST, locate
    from cxconfig.errors import EngineMissing

    try:
        engine = locate(environ)
    except EngineMissing as error:
        first, *more = error.what.splitlines()
        return [Finding("engine", "missing", first, (*(line.strip() for line in more), error.way_out))]
    looked = tuple(f"looked at {entry}" for entry in engine.looked_at)
    return [
        Finding("engine", "ok", f"Pulumi {engine.version} from {engine.source} ({engine.binary})", looked),
        Finding("resources", "ok", f"dynamic providers are run by {engine.resource_host}"),
        Finding("programs", "ok", f"plain pulumi commands are run by {engine.language_host}")
        if engine.plain
        else Finding(
            "programs", "note", f"plain pulumi commands do not work: no {LANGUAGE_HOST}; `make engine` brings one"
        ),
    ]


def _passphrase(environ: Mapping[str, str]) -> Finding:
    if PASSPHRASE in environ:
        return Finding("passphrase", "ok", f"{PASSPHRASE} is set" + ("" if environ[PASSPHRASE] else ", and empty"))
    file = environ.get(f"{PASSPHRASE}_FILE")
    if not file:
        says = f"neither {PASSPHRASE} nor {PASSPHRASE}_FILE is set; preview, up, refresh and destroy need one of them"
        return Finding("passphrase", "note", says)
    if not Path(file).is_file():
        return Finding(
            "passphrase", "missing", f"{PASSPHRASE}_FILE names {file}, which is not a file; create or correct it"
        )
    return Finding("passphrase", "ok", f"{PASSPHRASE}_FILE is set ({file})")


def _cache(environ: Mapping[str, str]) -> Finding:
    from cxconfig.engine.locate import cache_folder

    folder = cache_folder(environ)
    return Finding(
        "cache", "ok" if folder.is_dir() else "note", f"{folder}" + ("" if folder.is_dir() else " (not there yet)")
    )


def _tenant(environ: Mapping[str, str], folder: Path, environments: Sequence[str]) -> list[Finding]:
    """The tenant's settings as they would be used, without secrets."""
    from cxconfig.engine.stack_secrets import resolver
    from cxconfig.errors import CxconfigError, SettingsError
    from cxconfig.language import load
    from providers.registry import REGISTRY

    if not (folder / "tenant.yaml").is_file():
        why = "has no tenant.yaml" if folder.is_dir() else "is not a folder"
        return [Finding("tenant", "missing", f"{folder} {why}; name the folder that holds tenant.yaml")]
    try:
        tenant = load(folder, REGISTRY, environments)
    except SettingsError as error:
        return [Finding("tenant", "missing", error.what, (error.way_out,))]
    except CxconfigError:
        words = " ".join(["cxconfig validate", str(folder), *(f"--env {name}" for name in environments)])
        return [Finding("tenant", "missing", f"{folder} has mistakes: `{words}` shows them")]
    secrets = resolver(tenant, environ=environ)
    systems = [_system(entry, secrets) for entry in tenant.systems.values()]
    return [Finding("tenant", "ok", f"{tenant.name}, in {folder}"), *systems, _state(tenant)]


def _system(entry: SystemEntry, secrets: Secrets) -> Finding:
    from cxconfig.errors import CxconfigError, InputErrors
    from providers.registry import REGISTRY

    system = REGISTRY.system(entry.name)
    try:
        settings = entry.resolve(system, secrets)
    except InputErrors as errors:
        return Finding(entry.name, "missing", "it cannot be connected to", tuple(e.what for e in errors.errors))
    except CxconfigError as error:
        return Finding(entry.name, "missing", "it cannot be connected to", (error.what, error.way_out))
    shown = {name: value for name, value in settings.model_dump().items() if name not in system.secret_settings}
    more = tuple(f"{name}: {value}" for name, value in shown.items() if value not in (None, False) and name != "url")
    return Finding(entry.name, "ok", settings.url, more)


def _state(tenant: Tenant) -> Finding:
    from urllib.parse import urlsplit

    from cxconfig.errors import CxconfigError
    from cxconfig.tenancy import backend_of, folder_url

    try:
        backend = urlsplit(backend_of(tenant) or folder_url(tenant.folder.resolve() / ".cxconfig"))
    except CxconfigError as error:
        return Finding("state", "missing", error.what)
    return Finding("state", "ok", f"{backend.scheme}://{backend.netloc.rpartition('@')[2]}{backend.path}")
