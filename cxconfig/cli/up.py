"""`cxconfig up`: bring the live systems to what the YAML says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from cxconfig.cli.common import (
    confirmation,
    env_option,
    folder_argument,
    format_option,
    full_option,
    progress,
    raise_option,
    show_result,
    unlock_option,
    verbose_option,
    yes_option,
)


@click.command("up")
@folder_argument
@env_option
@yes_option
@unlock_option
@raise_option
@full_option
@verbose_option
@format_option
def command(
    folder: Path,
    environments: tuple[str, ...],
    yes: bool,
    unlock: bool,
    raises: tuple[str, ...],
    full: bool,
    verbose: bool,
    form: str,
) -> int:
    """Apply the YAML of the tenant in FOLDER (default: here) to the live systems; shows the plan and asks.

    With --yes, or in CI (environment variable CI), nothing is asked. Exit code: 0 everything is now as declared,
    1 an error, 130 interrupted.
    """
    from cxconfig.engine.session import Session
    from cxconfig.errors import about
    from cxconfig.planning.limits import parsed
    from providers.registry import REGISTRY

    raised = parsed(raises, REGISTRY)
    opened = Session(folder, REGISTRY, progress(), environments=environments, full=full, raised=raised)
    with closing(opened) as session, about(session.tenant.name):
        if unlock and (text := session.unlock()):
            click.echo(text, err=True)
        to = f" to {session.tenant.name}" if environments else ""
        confirm = confirmation(yes, form, verbose, f"Apply these changes{to}?")
        return show_result(session.up(confirm), form, verbose)
