"""`cxconfig refresh`: bring the recorded state in line with the live systems."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from cxconfig.cli.common import (
    env_option,
    folder_argument,
    format_option,
    full_option,
    progress,
    show_result,
    unlock_option,
    verbose_option,
)


@click.command("refresh")
@folder_argument
@env_option
@unlock_option
@full_option
@click.option("--moved", is_flag=True, help="The contact centre has a new address or domain: keep what is recorded.")
@verbose_option
@format_option
def command(
    folder: Path, environments: tuple[str, ...], unlock: bool, full: bool, moved: bool, verbose: bool, form: str
) -> int:
    """Record what is live for the tenant in FOLDER (default: here); writes nothing to the live systems.

    `preview` and `up` look at the live systems themselves: this is for a state that others read. Exit code:
    0 the record was right, 2 it was changed, 1 an error.
    """
    from cxconfig.engine.session import Session
    from cxconfig.errors import about
    from providers.registry import REGISTRY

    opened = Session(folder, REGISTRY, progress(), environments=environments, full=full, moved=moved)
    with closing(opened) as session, about(session.tenant.name):
        if unlock and (text := session.unlock()):
            click.echo(text, err=True)
        return show_result(session.refresh(), form, verbose)
