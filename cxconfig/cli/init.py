"""`cxconfig init`: a new tenant's folder, up to a first preview."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxconfig.ci import in_ci
from cxconfig.cli.common import ask, folder_argument, progress, show_result

if TYPE_CHECKING:
    from cxconfig.kinds import Registry
    from cxconfig.starting import Start


class InitCommand(click.Command):
    """The options of the settings are made from the systems' models when they are needed."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx)[:-1], *_setting_options(), super().get_params(ctx)[-1]]


def _setting_options() -> Iterator[click.Option]:
    from cxconfig.starting import settings
    from providers.registry import REGISTRY

    seen: set[str] = set()
    for system in REGISTRY.systems():
        for setting in settings(REGISTRY, system):
            if setting.type == "text" and not setting.secret and setting.name not in seen:
                seen.add(setting.name)
                yield click.Option(
                    [f"--{setting.name.replace('_', '-')}", f"setting_{setting.name}"],
                    metavar="TEXT",
                    help=setting.meaning.replace("`", ""),
                )


@click.command("init", cls=InitCommand)
@folder_argument
@click.option("--name", metavar="TEXT", help="The tenant's name.  [default: the folder's]")
@click.option("--system", metavar="SYSTEM", help="The live system.  [default: the only one there is]")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not given is taken from the environment.")
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@click.option("--export", is_flag=True, help="Fill the folder with what is live, too.")
def command(
    folder: Path, name: str | None, system: str | None, yes: bool, force: bool, export: bool, **given: str | None
) -> int:
    """Make the folder of a new tenant in FOLDER (default: here): tenant.yaml, a first file for people, .gitignore and
    the stack settings of plain pulumi. Ends with a preview, when what that needs is known.

    No secret is written to a file. Exit code: 0 done, 1 an error, 130 interrupted.
    """
    from cxconfig.language import load
    from providers.registry import REGISTRY

    settings = {key.removeprefix("setting_"): value for key, value in given.items() if value is not None}
    _refuse_existing(folder, force)
    talk = not yes and not in_ci(os.environ) and sys.stdin.isatty()
    start = _start(folder, REGISTRY, name, system, settings, talk)
    for text in _write(folder, start, REGISTRY, force):
        click.echo(text)
    load(folder, REGISTRY)
    missing = [variable for variable in _variables(start) if variable not in os.environ]
    if missing and talk:
        missing = _asked(missing, start, REGISTRY)
    if missing:
        _tell(folder, missing, export)
        return 0
    if export or (talk and ask("Fill the files with what is live now?")):
        _export(folder, REGISTRY)
    return _preview(folder, REGISTRY)


def _refuse_existing(folder: Path, force: bool) -> None:
    from cxconfig.errors import SettingsError
    from cxconfig.language.folder import TENANT_FILE
    from cxconfig.starting import PEOPLE_FILE

    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is not a folder", way_out="Name the folder that the tenant is to live in.")
    names = [TENANT_FILE, PEOPLE_FILE, "Pulumi.yaml", "__main__.py"]
    there = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not force:
        raise SettingsError(
            f"{folder} holds {', '.join(there)} already; nothing was written",
            way_out="Name another folder, or overwrite these with --force.",
        )


def _start(
    folder: Path, registry: Registry, name: str | None, system: str | None, given: dict[str, str], talk: bool
) -> Start:
    """What is given, what is asked, and for the rest the variables of the environment."""
    from cxconfig.starting import Start, asked, settings, tenant_name, variable

    system = _system(registry, system, talk)
    default = tenant_name(folder.resolve().name)
    tenant = _name(name if name is not None or not talk else _ask("Name of the tenant", default), default)
    known = [setting.name for setting in settings(registry, system)]
    values = {key: value for key, value in given.items() if key in known}
    for setting in asked(registry, system):
        reference = variable(system, setting.name)
        if setting.secret or setting.name in values:
            values.setdefault(setting.name, reference)
        else:
            told = f"{setting.meaning.replace('`', '').rstrip('.')} ({setting.name})"
            values[setting.name] = _ask(told, reference) if talk else reference
    _check(values)
    return Start(tenant, system, {key: values[key] for key in known if key in values})


def _ask(text: str, default: str) -> str:
    answer: str = click.prompt(text, default=default)
    return answer.strip()


def _system(registry: Registry, system: str | None, talk: bool) -> str:
    from cxconfig.errors import SettingsError
    from cxconfig.nearness import did_you_mean

    known = list(registry.systems())
    if system is None and talk and known[1:]:
        system = click.prompt("Live system", type=click.Choice(known), default=known[0])
    system = system or known[0]
    if system not in known:
        hint = did_you_mean(system, known)
        raise SettingsError(f"--system: there is no system {system!r}", way_out=hint or f"There is {', '.join(known)}.")
    return system


def _name(name: str | None, default: str) -> str:
    from cxconfig.errors import SettingsError
    from cxconfig.starting import TENANT_NAME

    name = default if name is None else name
    if not TENANT_NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} cannot be a tenant's name", way_out="Take 1 to 64 letters, digits, `-` and `_`, like acme-prod."
        )
    return name


def _check(values: dict[str, str]) -> None:
    """An address that cannot be one is told now; everything else by the check of the written file."""
    from cxconfig.errors import SettingsError
    from cxconfig.language.systems import is_url, url_problem

    for name, value in values.items():
        problem = url_problem(value) if is_url(name) and "${" not in value else None
        if problem:
            raise SettingsError(f"--{name.replace('_', '-')}: {problem[0]}", way_out=f"{problem[1]}.")


def _write(folder: Path, start: Start, registry: Registry, force: bool) -> list[str]:
    """Write the files; returns what is to be said of each."""
    from cxconfig.starting import IGNORE_FILE, files, with_state_ignored
    from cxconfig.writing.files import FileChange, write

    changes, said = [], []
    for name, text in files(start, registry).items():
        path = folder / name
        before = path.read_text("utf-8") if path.is_file() else None
        if name == IGNORE_FILE and before is not None:
            text = with_state_ignored(before)
        elif before is not None and not force:
            said.append(f"{path} is there already and was left as it is.")
            continue
        if text != before:
            changes.append(FileChange(path, before, text))
            said.append(f"{'Wrote' if before is None else 'Changed'} {path}.")
    folder.mkdir(parents=True, exist_ok=True)
    write(changes)
    return said


def _variables(start: Start) -> list[str]:
    """Every variable that a preview needs; a passphrase in a file is one, too."""
    from cxconfig.passphrase import FILE_VARIABLE, VARIABLE

    return [*start.variables(), *([] if os.environ.get(FILE_VARIABLE) else [VARIABLE])]


def _asked(missing: list[str], start: Start, registry: Registry) -> list[str]:
    """Ask for values for this run alone; returns the variables that were left open."""
    from cxconfig.passphrase import VARIABLE

    secret = {variable for variable in missing if variable == VARIABLE}
    settings = registry.system(start.system).secret_settings
    secret |= {v for n, text in start.settings.items() if n in settings for v in missing if text == f"${{env:{v}}}"}
    click.echo("For the first preview these are needed, for this run alone; leave one empty to stop here.")
    for variable in missing:
        what = "a passphrase of your choice for the recorded state; keep it" if variable == VARIABLE else variable
        value = click.prompt(what, default="", show_default=False, hide_input=variable in secret)
        if not value:
            return missing
        os.environ[variable] = value
    click.echo(f"Set them for the next commands: {', '.join(f'export {variable}=...' for variable in missing)}")
    return []


def _tell(folder: Path, missing: list[str], export: bool) -> None:
    """How to go on, in lines to copy."""
    click.echo("Set these, then go on:\n")
    for variable in missing:
        click.echo(f"export {variable}=...")
    where = shlex.quote(str(folder))
    if export:
        click.echo(f"cxconfig export {where}")
    click.echo(f"cxconfig preview {where}")


def _export(folder: Path, registry: Registry) -> None:
    from cxconfig.cli.export import proposed
    from cxconfig.export.proposal import Folder, Options
    from cxconfig.export.report import closing as last_lines
    from cxconfig.export.report import lines
    from cxconfig.writing.files import write

    proposal = proposed(Folder(folder, registry, ()), (), Options(), progress())
    write(proposal.files)
    for line in lines(proposal, registry, width=100, colour=False, verbose=False, written=True):
        click.echo(line)
    click.echo(last_lines(proposal, registry, written=bool(proposal.files))[0])


def _preview(folder: Path, registry: Registry) -> int:
    from cxconfig.engine.session import Session

    with _interruptible(), closing(Session(folder, registry, progress())) as session:
        return 1 if show_result(session.preview(), "text") == 1 else 0


@contextmanager
def _interruptible() -> Iterator[Any]:
    """After Ctrl-C the files are there all the same."""
    from cxconfig.errors import Interrupted

    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        raise Interrupted("interrupted: the files are written, the preview was not finished") from None
