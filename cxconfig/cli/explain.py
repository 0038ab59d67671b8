"""`cxconfig explain`: what a field means, what its value is, where that comes from, and what is live."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxconfig.cli import completing
from cxconfig.cli.common import colour, data_option, env_option, folder_argument, width
from cxconfig.errors import SettingsError

if TYPE_CHECKING:
    from cxconfig.kind_settings import KindSettings
    from cxconfig.kinds import Declared, Kind, Values
    from cxconfig.language import Tenant
    from cxconfig.language.objects import Objects
    from cxconfig.reports.explained import Explained


@click.command("explain")
@click.argument("target", shell_complete=completing.targets)
@folder_argument
@env_option
@click.option("--live", "look", is_flag=True, help="Read the object live as well.")
@data_option
def command(target: str, folder: Path, environments: tuple[str, ...], look: bool, form: str) -> int:
    """Explain TARGET: a kind (onecloud.users), a field (onecloud.users.team), a keyword (onecloud.users.was), a
    setting (limits, systems.onecloud.url), a declared object (onecloud.users.jdoe) or one of its fields
    (onecloud.users.jdoe.team) of the tenant in FOLDER (default: here).

    Of an object's field it tells the value, the file and line that it comes from, what it overrides, and what the
    field means; with --live also what is live. Exit code: 0, or 1 when there is a mistake.
    """
    from cxconfig.language.folder import TENANT_FILE
    from cxconfig.schema.fields import describe
    from cxconfig.schema.vocabulary import elsewhere, word_of
    from providers.registry import REGISTRY

    if (told := elsewhere(REGISTRY, target)) is not None:
        return _help(told, form)
    kind, rest = _kind(target)
    if rest and (folder / TENANT_FILE).exists():
        from cxconfig.language.document import load_with_sources

        tenant, found = load_with_sources(folder, REGISTRY, environments)
        key, name = _split(rest, found.found[kind.id])
        if key:
            return _object(tenant, found, kind, key, name, look, form)
        if (name := rest.partition(".")[0]) not in kind.specs and word_of(kind, name) is None:
            raise _unknown(kind, rest, found)
    name = rest.partition(".")[0]
    word = None if name in kind.specs else word_of(kind, name)
    return _help(word or describe(REGISTRY, target), form)


def _kind(target: str) -> tuple[Kind, str]:
    """The kind that a target begins with, and the rest."""
    from cxconfig.schema.fields import describe
    from providers.registry import REGISTRY

    system, _, after = target.strip().partition(".")
    name, _, rest = after.partition(".")
    describe(REGISTRY, f"{system}.{name}" if name else system)
    return REGISTRY[f"{system}.{name}"], rest


def _split(rest: str, declared: Any) -> tuple[str, str]:
    """The longest beginning of `rest` that is the name of an object (names have dots), and the field after it."""
    if rest[:1] == '"':
        key, _, name = rest[1:].partition('"')
        return (key, name.lstrip(".")) if key in declared else ("", "")
    parts = rest.split(".")
    for count in range(len(parts), 0, -1):
        key = ".".join(parts[:count])
        if key in declared:
            return key, ".".join(parts[count:])
    return "", ""


def _unknown(kind: Kind, rest: str, found: Objects) -> SettingsError:
    from cxconfig.language.keywords import keywords_of
    from cxconfig.nearness import near
    from cxconfig.schema.meanings import KIND_SETTINGS

    others = [other for other, objects in found.found.items() if other != kind.id and _split(rest, objects)[0]]
    if others:
        key = _split(rest, found.found[others[0]])[0]
        return SettingsError(
            f"{key!r} is not declared under {kind.id}, but under {', '.join(others)}",
            way_out=f"Ask for {' or '.join(f'{other}.{rest}' for other in others)}.",
        )
    names = [*found.found[kind.id], *kind.specs, *keywords_of(kind), *KIND_SETTINGS]
    close = near(rest, names) or near(rest.partition(".")[0], names)
    hint = f"Did you mean {' or '.join(f'{kind.id}.{word}' for word in close)}?" if close else ""
    return SettingsError(
        f"there is neither a {kind.singular} nor a field {rest!r} of {kind.id}",
        way_out=hint or f"`cxconfig explain {kind.id}` lists the fields, `cxconfig show` the declared objects.",
    )


def _object(tenant: Tenant, found: Objects, kind: Kind, key: str, path: str, look: bool, form: str) -> int:
    from cxconfig.cells import safe, wrap
    from cxconfig.kind_settings import KindSettings
    from cxconfig.language.origins import listed, standing
    from cxconfig.reports.explained import field_json, field_lines, object_lines
    from cxconfig.reports.palette import Palette
    from cxconfig.tenancy import kind_settings

    name, _, entry = path.partition(".")
    if name and name not in kind.specs:
        _known_field(kind, name)
    declared = tenant.objects[kind.id][key]
    live = _live(tenant, kind, declared) if look else None
    names = [name] if name else listed(found, kind, key)
    paths = [(name, entry)] if entry else [(field,) for field in names]
    settings = kind_settings(tenant).get(kind.id, KindSettings())
    fields = [_explained(found, kind, declared, p, live, look, settings) for p in paths]
    palette = Palette(colour(sys.stdout))
    note = standing(found, kind, key)
    if form == "json":
        data: dict[str, Any] = {"object": f"{kind.id}.{key}", "fields": [field_json(field, kind) for field in fields]}
        data |= {"note": note} if note else {}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return 0
    lines = field_lines(fields[0], kind, palette, width()) if name else object_lines(fields, kind, declared, palette)
    for line in (*lines, *(["", *wrap(safe(note), width())] if note else [])):
        click.echo(line, color=True)
    return 0


def _known_field(kind: Kind, name: str) -> None:
    from cxconfig.language.keywords import keywords_of
    from cxconfig.nearness import did_you_mean

    known = [*kind.specs, *keywords_of(kind)]
    if name not in known:
        hint = did_you_mean(name, known)
        raise SettingsError(
            f"{kind.id} has no field {name!r}",
            way_out=hint[:1].upper() + hint[1:] or f"Its fields: {', '.join(known)}.",
        )


def _explained(
    found: Objects,
    kind: Kind,
    declared: Declared,
    path: tuple[str, ...],
    live: Values | None,
    looked: bool,
    settings: KindSettings,
) -> Explained:
    """One field, or with a second part of the path one entry of it."""
    from cxconfig.kind_settings import KindSettings
    from cxconfig.language.keywords import EXTENDS
    from cxconfig.language.origins import origins
    from cxconfig.reports.explained import Explained, entry_at, otherwise
    from cxconfig.schema.fields import field_help
    from cxconfig.schema.vocabulary import word_of
    from cxconfig.tenancy import desired_object

    name = path[0]
    said = tuple(origins(found, kind, declared.key, path))
    fields = {**desired_object(kind, declared, KindSettings()).fields, **declared.values, **_keywords(declared)}
    if name == EXTENDS and said:
        fields[name] = said[0].text
    value = entry_at(fields, path)
    return Explained(
        field_help(kind, name) if name in kind.specs else word_of(kind, name),
        declared.key,
        path,
        value,
        value is not None,
        said,
        entry_at(live or {}, path),
        looked,
        live is not None,
        otherwise(kind, declared, name, settings),
    )


def _keywords(declared: Declared) -> dict[str, Any]:
    said: dict[str, Any] = {"ignore": sorted(declared.ignore)} if declared.ignore else {}
    said |= {} if declared.protect is None else {"protect": declared.protect}
    return {**said, "was": declared.was} if declared.was else said


def _live(tenant: Tenant, kind: Kind, declared: Declared) -> Values | None:
    from contextlib import closing

    from cxconfig.cli.common import progress
    from cxconfig.engine.stack_secrets import resolver
    from cxconfig.kind_settings import KindSettings
    from cxconfig.live import Live
    from cxconfig.tenancy import desired_object
    from providers.registry import REGISTRY

    watch = progress()
    with closing(Live(tenant, REGISTRY, watch, resolver(tenant))) as live:
        live.check_settings()
        wanted = {(kind.id, declared.key): desired_object(kind, declared, KindSettings())}
        seen = live.observe(wanted)
        live.refuse_off(wanted)
        watch.done()
        return seen[kind.id, declared.key]


def _help(told: Any, form: str) -> int:
    from cxconfig.reports.explained import field_help_lines, kind_help_lines, word_help_lines
    from cxconfig.reports.palette import Palette
    from cxconfig.schema.fields import FieldHelp
    from cxconfig.schema.vocabulary import WordHelp

    if form == "json":
        from dataclasses import asdict

        click.echo(json.dumps(asdict(told), indent=2, ensure_ascii=False))
        return 0
    palette = Palette(colour(sys.stdout))
    if isinstance(told, FieldHelp):
        click.echo(palette.bold(told.id), color=True)
        lines = field_help_lines(told, palette, width())
    elif isinstance(told, WordHelp):
        lines = word_help_lines(told, palette, width())
    else:
        lines = kind_help_lines(told, palette, width())
    for line in lines:
        click.echo(line, color=True)
    return 0
