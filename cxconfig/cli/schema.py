"""`cxconfig schema`: the JSON Schema of a tenant's files, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from cxconfig.errors import SettingsError


@click.command("schema")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it to FILE and not to standard output.",
)
@click.option(
    "--plain-secret",
    "plain_secrets",
    multiple=True,
    metavar="FIELD",
    help="A secret field that may stand as text, as plain_secrets says in tenant.yaml; like onecloud.users.password.",
)
def command(output: Path | None, plain_secrets: tuple[str, ...]) -> None:
    """Print the JSON Schema of the YAML files, for completion and checks in editors.

    A file names it in its first line: # yaml-language-server: $schema=FILE
    """
    from cxconfig.nearness import did_you_mean
    from cxconfig.schema.document import secret_fields, text
    from providers.registry import REGISTRY

    known = secret_fields(REGISTRY)
    for name in plain_secrets:
        if name not in known:
            hint = did_you_mean(name, known) or f"there is {', '.join(known)}"
            raise SettingsError(f"there is no secret field {name!r}", way_out=hint[:1].upper() + hint[1:])
    found = text(REGISTRY, plain_secrets)
    if output is None:
        click.echo(found, nl=False)
    else:
        output.write_text(found, "utf-8")
