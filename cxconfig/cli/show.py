"""`cxconfig show`: the document that the files make."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cxconfig.cli.common import env_option, folder_argument


@click.command("show")
@folder_argument
@env_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="Form of the output.",
)
@click.option("--reveal", is_flag=True, help="Show phone numbers in full; secrets are never shown.")
def command(folder: Path, environments: tuple[str, ...], form: str, reveal: bool) -> int:
    """Print the effective document of the tenant in FOLDER (default: here): overlays, templates, defaults, tables and
    variables merged, as a run sees it. Secrets stand as references, phone numbers are masked.

    Exit code: 0, or 1 when there is a mistake.
    """
    from cxconfig.language import load
    from cxconfig.reports.explained import effective
    from providers.registry import REGISTRY

    tenant = load(folder, REGISTRY, environments)
    found = effective(tenant, REGISTRY, reveal=reveal)
    if form == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        from cxconfig.writing.editor import document

        layers = f" with {', '.join(tenant.environments)}" if tenant.environments else ""
        click.echo(document(found, f"The effective document of {folder}{layers}."), nl=False)
    return 0
