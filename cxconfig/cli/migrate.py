"""`cxconfig migrate`: files of an older version of the language become files of this one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from cxconfig.cli.common import ask_to_write, folder_argument, force_option, show_diff, write_option


@click.command("migrate")
@folder_argument
@write_option
@force_option
def command(folder: Path, yes: bool, force: bool) -> int:
    """Bring the YAML files of the tenant in FOLDER (default: here) to the current `api_version`.

    Shows every change and asks before anything is written. Comments, order and layout stay. No live system is read.

    Exit code: 0 done or nothing to do, 1 an error, 130 when you answer no.
    """
    from cxconfig.language import versions
    from cxconfig.language.folder import displayed
    from cxconfig.writing import migrations
    from cxconfig.writing.files import write
    from cxconfig.writing.git import refuse_unclean

    plan = migrations.planned(folder, migrations.MIGRATIONS, versions.API_VERSION)
    if not plan.changes:
        click.echo(f"{displayed(folder)}: the files are of the current version, {versions.API_VERSION}.")
        return 0
    refuse_unclean(folder, [change.path for change in plan.changes], force)
    check(folder, {str(change.path.absolute()): (change.after or "").encode() for change in plan.changes})
    show_diff(plan.changes)
    ask_to_write(yes, f"Migrate {len(plan.changes):,} files from {plan.version} to {versions.API_VERSION}?")
    write(plan.changes)
    click.echo(f"{displayed(folder)}: {plan.version} became {versions.API_VERSION}.")
    return 0


def check(folder: Path, instead: Mapping[str, bytes]) -> None:
    """Hold the migrated files against the language, in every environment. Raises `InputErrors`."""
    from cxconfig.language.document import load_with_sources
    from cxconfig.language.folder import environments
    from providers.registry import REGISTRY

    for names in [(), *((name,) for name in environments(folder))]:
        load_with_sources(folder, REGISTRY, names, instead)
