"""`cxconfig preview`: what `up` would change."""

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
    raise_option,
    show_result,
    verbose_option,
)


@click.command("preview")
@folder_argument
@env_option
@raise_option
@full_option
@verbose_option
@format_option
def command(
    folder: Path, environments: tuple[str, ...], raises: tuple[str, ...], full: bool, verbose: bool, form: str
) -> int:
    """Show what `up` would change for the tenant in FOLDER (default: here); reads the live systems, writes nothing.

    Exit code: 0 nothing would change live (an object that exists as declared and is not recorded yet is no change),
    2 there are changes, 1 an error.
    """
    from cxconfig.engine.session import Session
    from cxconfig.errors import about
    from cxconfig.planning.limits import parsed
    from providers.registry import REGISTRY

    raised = parsed(raises, REGISTRY)
    opened = Session(folder, REGISTRY, progress(), environments=environments, full=full, raised=raised)
    with closing(opened) as session, about(session.tenant.name):
        return show_result(session.preview(), form, verbose)
