"""`cxconfig validate`: read and check the YAML; no call, no secret, no state."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cxconfig.cli.common import env_option, folder_argument, format_option
from cxconfig.cli.formats import TEXT, good_document


@click.command("validate")
@folder_argument
@env_option
@format_option
def command(folder: Path, environments: tuple[str, ...], form: str) -> int:
    """Check the YAML of the tenant in FOLDER (default: here). All mistakes are shown at once."""
    from cxconfig.language import load
    from providers.registry import REGISTRY

    tenant = load(folder, REGISTRY, environments)
    counts = {kind: count for kind, count in tenant.declared_counts().items() if count}
    if form == "json":
        click.echo(json.dumps({"tenant": tenant.name, "valid": True, "declared": counts}, indent=2))
        return 0
    names = {
        kind.id: f"{kind.system} {kind.singular if counts.get(kind.id) == 1 else kind.plural}"
        for kind in REGISTRY.all()
    }
    listed = ", ".join(f"{count:,} {names[kind]}" for kind, count in counts.items()) or "no objects"
    said = f"{tenant.name}: {listed}; no mistakes."
    click.echo(said if form == TEXT else good_document(form, "validate", said))
    return 0
