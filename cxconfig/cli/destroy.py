"""`cxconfig destroy`: take everything that was applied out again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from cxconfig.cli.common import (
    confirmation,
    env_option,
    folder_argument,
    format_option,
    progress,
    show_result,
    unlock_option,
    verbose_option,
    yes_option,
)


@click.command("destroy")
@folder_argument
@env_option
@yes_option
@unlock_option
@verbose_option
@format_option
def command(folder: Path, environments: tuple[str, ...], yes: bool, unlock: bool, verbose: bool, form: str) -> int:
    """Take every object that `up` recorded for the tenant in FOLDER out again: users are disabled, teams forgotten.

    An object is deleted only where its `on_remove`, or its kind's in tenant.yaml, says so. Exit code: 0 done,
    1 an error, 130 interrupted.
    """
    from cxconfig.engine.session import Session
    from cxconfig.errors import about
    from providers.registry import REGISTRY

    opened = Session(folder, REGISTRY, progress(), environments=environments)
    with closing(opened) as session, about(session.tenant.name):
        if unlock and (text := session.unlock()):
            click.echo(text, err=True)
        of = f" of {session.tenant.name}" if environments else ""
        confirm = confirmation(yes, form, verbose, f"Take all of this out{of}?", "destroy")
        return show_result(session.destroy(confirm), form, verbose)
