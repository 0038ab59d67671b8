"""`cxconfig export`: what is live, into the files of a tenant's folder."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxconfig.ci import in_ci
from cxconfig.cli import completing
from cxconfig.cli.common import (
    ask,
    colour,
    data_option,
    env_option,
    folder_argument,
    force_option,
    progress,
    verbose_option,
    width,
    write_option,
)
from cxconfig.errors import before_writing

if TYPE_CHECKING:
    from cxconfig.export.proposal import Folder, Options, Proposal
    from cxconfig.kinds import Registry
    from cxconfig.reports.progress import Progress


@click.command("export")
@folder_argument
@env_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    shell_complete=completing.kinds,
    help="Only this kind, like onecloud.users; repeatable.",
)
@click.option(
    "--fields",
    type=click.Choice(["listed", "all"]),
    default="listed",
    show_default=True,
    help="Of objects that are declared already: bring only the fields that they list up to date, or list all.",
)
@click.option("--prune", is_flag=True, help="Take declared objects that do not exist live out of the files.")
@write_option
@force_option
@click.option("--dry-run", "--check", "dry_run", is_flag=True, help="Write nothing; exit code 2 if anything differs.")
@verbose_option
@data_option
@before_writing()
def command(
    folder: Path,
    environments: tuple[str, ...],
    kinds: tuple[str, ...],
    fields: str,
    prune: bool,
    yes: bool,
    force: bool,
    dry_run: bool,
    verbose: bool,
    form: str,
) -> int:
    """Read the live systems of the tenant in FOLDER (default: here) into its files; FOLDER may hold nothing but a
    tenant.yaml. Shows the changes and asks.

    Files that are there already are changed in place: what is not touched stays as it stands. Exit code: 0 written,
    or nothing to write; 2 with --dry-run when there is something to write, 1 an error, 130 when the answer was no.
    """
    from cxconfig.errors import Interrupted
    from cxconfig.export.proposal import Folder, Options
    from cxconfig.writing.files import write
    from providers.registry import REGISTRY

    _refuse_unknown(kinds, REGISTRY)
    _refuse_silence(yes or dry_run, form)
    try:
        found = Folder(folder, REGISTRY, environments)
        proposal = proposed(found, kinds, Options(fields == "all", prune), progress())
    except KeyboardInterrupt:
        raise Interrupted("interrupted: nothing was written") from None
    if proposal.files and not dry_run:
        _refuse_unclean(folder, proposal, force)
    code = 2 if dry_run and proposal.files else 0
    if form == "text":
        _show(proposal, REGISTRY, verbose)
    if proposal.files and not dry_run:
        if not (yes or ask("Write these files?")):
            raise Interrupted("Nothing was written.")
        write(proposal.files)
    _close(proposal, REGISTRY, form, code, written=bool(proposal.files) and not dry_run)
    return code


def proposed(folder: Folder, kinds: tuple[str, ...], options: Options, watch: Progress) -> Proposal:
    """Read the live systems; what would be written."""
    from dataclasses import replace

    from cxconfig.engine.stack_secrets import resolver
    from cxconfig.export.proposal import propose
    from cxconfig.export.reading import read_tenant
    from cxconfig.live import Live

    with closing(Live(folder.tenant, folder.registry, watch, resolver(folder.tenant))) as live:
        seen, only = read_tenant(folder.tenant, folder.registry, live, watch, kinds)
        watch.phase("Comparing with the files")
        proposal = propose(folder, seen, options, only)
        watch.done()
        return replace(proposal, warnings=tuple(dict.fromkeys([*live.warnings(), *proposal.warnings])))


def _refuse_unclean(folder: Path, proposal: Proposal, force: bool) -> None:
    """What git has not seen is not overwritten; a new file overwrites nothing."""
    from cxconfig.writing.git import refuse_unclean

    overwritten = [change.path for change in proposal.files if change.before is not None]
    if overwritten:
        refuse_unclean(folder, overwritten, force)


def _show(proposal: Proposal, registry: Registry, verbose: bool) -> None:
    from cxconfig.export.report import lines

    for line in lines(proposal, registry, width=width(), colour=colour(sys.stdout), verbose=verbose):
        click.echo(line, color=True)


def _close(proposal: Proposal, registry: Registry, form: str, code: int, *, written: bool) -> None:
    from cxconfig.export.report import closing as last_lines
    from cxconfig.export.report import to_json

    if form == "json":
        click.echo(json.dumps(to_json(proposal, registry, written=written, exit_code=code), indent=2))
        return
    for line in last_lines(proposal, registry, written):
        click.echo(line)


def _refuse_silence(decided: bool, form: str) -> None:
    """Nobody can be asked in CI, without a terminal, or between the lines of JSON."""
    from cxconfig.errors import SettingsError

    if not decided and (in_ci(os.environ) or form == "json" or not sys.stdin.isatty()):
        raise SettingsError(
            "there is nobody to ask whether the files are to be written",
            way_out="Add --yes to write without a question, or --dry-run to see what would be written.",
        )


def _refuse_unknown(kinds: tuple[str, ...], registry: Registry) -> None:
    from cxconfig.errors import SettingsError
    from cxconfig.nearness import did_you_mean

    known = [kind.id for kind in registry.all()]
    for name in kinds:
        if name not in known:
            hint = did_you_mean(name, known)
            raise SettingsError(
                f"--kind: there is no kind {name!r}", way_out=hint[:1].upper() + hint[1:] or f"There is {known}."
            )
