"""`cxconfig explain` and `cxconfig show` as data and as lines: effective values, where they come from, what is live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from enum import StrEnum
from typing import Any

from cxconfig.cells import columns, pad, safe, wrap
from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings, Limit
from cxconfig.kinds import Declared, Kind, OnRemove, Registry, SecretRef, Values
from cxconfig.language import API_VERSION, SystemEntry, Tenant
from cxconfig.language.keywords import IGNORE, PROTECT
from cxconfig.language.origins import Origin
from cxconfig.planning.record import ON_REMOVE
from cxconfig.reports.blocks import place_text
from cxconfig.reports.palette import Palette
from cxconfig.reports.values import masked, shown
from cxconfig.schema.fields import FieldHelp, KindHelp, Settable, default_of
from cxconfig.schema.vocabulary import WordHelp

HIDDEN = "(not shown)"
NOT_MANAGED = "not listed, so it is not managed"
NOT_SAID = "not said here"
BY_ITSELF = "not listed; managed all the same"


@dataclass(frozen=True, slots=True)
class Explained:
    """One field of one declared object, or with a second part of `path` one entry of it.

    `value` is the effective one, None when the field is not managed; `live` is set when it was asked for. `otherwise`:
    of a setting or a keyword what holds when the object does not say it.
    """

    help: FieldHelp | WordHelp | None
    key: str
    path: tuple[str, ...]
    value: Any
    managed: bool
    origins: tuple[Origin, ...]
    live: Any = None
    looked: bool = False
    exists: bool = True
    otherwise: str = ""

    @property
    def name(self) -> str:
        return self.path[0]


def visible(kind: Kind, name: str, value: Any, reveal: bool = False) -> Any:
    """A field's value as it may be shown: references as they stand, personal data masked unless `reveal`."""
    if isinstance(value, SecretRef):
        return str(value)
    spec = kind.specs.get(name)
    return masked(value) if spec is not None and spec.private and not reveal else value


def effective(tenant: Tenant, registry: Registry, *, reveal: bool = False) -> dict[str, Any]:
    """The document that a run works from: every layer merged, in the form of the files; no secret is in it.

    With `reveal` it reads as the same tenant again. What stands only in another object's list stands only there.
    """
    document: dict[str, Any] = {"api_version": API_VERSION, "tenant": tenant.name}
    document["systems"] = {name: _system(entry) for name, entry in tenant.systems.items()}
    for system in registry.systems():
        kinds = {
            kind.name: {key: _object(kind, d, reveal) for key, d in tenant.objects[kind.id].items() if not d.implicit}
            for kind in registry.of_system(system).values()
        }
        if any(kinds.values()):
            document[system] = {name: objects for name, objects in kinds.items() if objects}
    return document


def _system(entry: SystemEntry) -> dict[str, Any]:
    settings: dict[str, Any] = {name: _setting(value) for name, value in entry.values.items()}
    kinds = {name: said for name, kind in entry.kinds.items() if (said := _kind_settings(kind))}
    return {**settings, "kinds": kinds} if kinds else settings


def _kind_settings(settings: KindSettings) -> dict[str, Any]:
    """What differs from the defaults."""
    said: dict[str, Any] = {}
    default = KindSettings()
    for field in dataclass_fields(settings):
        value = getattr(settings, field.name)
        if value != getattr(default, field.name):
            said[field.name] = sorted(value) if isinstance(value, (tuple, frozenset)) else value
    if settings.limits:
        said["limits"] = {action.value: _limit(limit) for action, limit in settings.limits.items()}
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in said.items()}


def _limit(limit: Limit) -> Any:
    if limit.count is None or limit.percent is None:
        return limit.count if limit.percent is None else f"{limit.percent}%"
    return {"count": limit.count, "percent": limit.percent}


def _setting(value: Any) -> Any:
    return str(value) if isinstance(value, SecretRef) else value


def _object(kind: Kind, declared: Declared, reveal: bool) -> dict[str, Any]:
    fields = {name: visible(kind, name, value, reveal) for name, value in declared.values.items()}
    if declared.ignore:
        fields["ignore"] = sorted(declared.ignore)
    if declared.protect is not None:
        fields["protect"] = declared.protect
    if declared.was:
        fields["was"] = declared.was
    return fields


def otherwise(kind: Kind, declared: Declared, name: str, settings: KindSettings) -> str:
    """What holds of a setting or a keyword that a declared object does not say; "" for nothing."""
    if name == ON_REMOVE and declared.implicit:
        return OnRemove.RETAIN.value
    said = {ON_REMOVE: settings.on_remove, IGNORE: settings.ignore, PROTECT: settings.protect}.get(name)
    if said:
        value = "true" if said is True else ", ".join(sorted(said)) if isinstance(said, frozenset) else said
        return f"{value}, as systems.{kind.system}.kinds.{kind.name}.{name} says"
    if name == ON_REMOVE:
        return kind.removals[0].value
    if name == PROTECT:
        return "false"
    spec = kind.specs.get(name)
    return default_of(kind.model, name) if spec is not None and spec.setting else ""


def field_lines(found: Explained, kind: Kind, palette: Palette, width: int) -> Iterator[str]:
    """One field: its value, every layer that says something of it, what is live, what it means."""
    head = ".".join([kind.id, safe(found.key), *map(safe, found.path)])
    yield f"{palette.bold(head)}: {_value(found, kind)}"
    yield from _layers(found, kind, palette)
    yield ""
    if isinstance(found.help, FieldHelp):
        yield from field_help_lines(found.help, palette, width)
    elif found.help is not None:
        yield from _word_lines(found.help, palette, width)


def object_lines(fields: Sequence[Explained], kind: Kind, declared: Declared, palette: Palette) -> Iterator[str]:
    """All listed fields of one object, each with its value and the place that it comes from."""
    yield f"{palette.bold(f'{kind.id}.{safe(declared.key)}')}  {palette.dim(place_text(declared.place))}"
    room = max((len(found.name) for found in fields), default=0)
    for found in fields:
        top = found.origins[0] if found.origins else None
        where = f"  {palette.dim(f'{place_text(top.place)}, {top.label}')}" if top else ""
        yield f"  {pad(found.name, room)}  {_value(found, kind)}{where}"
        if found.looked and not same(found, kind):
            yield f"  {pad('', room)}  {palette.yellow('live: ' + _live(found, kind))}"
    if not fields:
        yield "  no field is listed"


def same(found: Explained, kind: Kind) -> bool:
    """Is the live value the declared one? What cannot be read is taken as it is."""
    spec = kind.specs.get(found.name)
    if spec is None or spec.unread or spec.setting:
        return True
    if found.path[1:]:
        return found.exists and bool(found.live == found.value)
    return found.exists and kind.equal(found.name, found.live, found.value)


def _value(found: Explained, kind: Kind) -> str:
    if not found.managed:
        spec = kind.specs.get(found.name)
        if spec is not None and not spec.setting:
            return NOT_MANAGED
        return f"{NOT_SAID}, so {found.otherwise}" if found.otherwise else NOT_SAID
    text = shown(visible(kind, found.name, found.value)) if not isinstance(found.value, SecretRef) else str(found.value)
    return text if found.origins else f"{text} ({BY_ITSELF})"


def _live(found: Explained, kind: Kind) -> str:
    if not found.exists:
        return "the object does not exist live"
    spec = kind.specs.get(found.name)
    if spec is not None and (spec.unread or spec.setting):
        return "cannot be read" if spec.unread else "is never sent"
    return shown(visible(kind, found.name, found.live))


def _layers(found: Explained, kind: Kind, palette: Palette) -> Iterator[str]:
    rows = []
    hidden = False
    for origin in found.origins:
        text = "$remove" if origin.removed else safe(origin.text) or HIDDEN
        note = "overridden" if hidden else "taken out here" if origin.removed else ""
        rows.append((safe(str(origin.place)), origin.label, text, note))
        hidden = hidden or not origin.merged
    if found.looked:
        rows.append(("live", "", _live(found, kind), "" if same(found, kind) else "differs"))
    widths = [max((columns(row[i]) for row in rows), default=0) for i in range(3)]
    for place, label, text, note in rows:
        line = f"  {pad(place, widths[0])}  {pad(label, widths[1])}  {pad(text, widths[2])}"
        mark = palette.yellow(note) if note == "differs" else palette.dim(note)
        yield f"{line}  {mark}".rstrip() if note else line.rstrip()


def field_help_lines(told: FieldHelp, palette: Palette, width: int) -> Iterator[str]:
    """The meaning of a field, as the reference page has it."""
    if told.meaning:
        yield from wrap(plain(told.meaning), width)
    rows = [
        ("type", "; ".join([told.type, *told.limits])),
        ("default", told.default),
        ("may be set", told.settable.value),
        ("set by", told.set_by),
        ("changed by", told.changed_by or ("nothing" if told.settable is Settable.CREATION else "")),
        ("privilege", told.privilege),
        (told.kind.partition(".")[0], told.vendor),
        ("refers to", told.refers_to),
        ("example", f"{told.name}: {told.example}" if told.example else ""),
    ]
    yield from _rows(rows, palette, width)


def word_help_lines(told: WordHelp, palette: Palette, width: int) -> Iterator[str]:
    """What a keyword or a setting means, and where it is written."""
    yield palette.bold(told.id)
    yield from _word_lines(told, palette, width)


def _word_lines(told: WordHelp, palette: Palette, width: int) -> Iterator[str]:
    yield from wrap(plain(told.meaning), width)
    example = f"{told.name}: {told.example}" if told.example else ""
    yield from _rows(
        [("stands", told.stands), ("example", example), ("see also", ", ".join(told.also))], palette, width
    )


def _rows(rows: Iterable[tuple[str, str]], palette: Palette, width: int) -> Iterator[str]:
    for name, text in rows:
        if text:
            first, *rest = wrap(plain(text), max(width - 14, 20))
            yield f"  {palette.dim(pad(name, 10))}  {first}"
            yield from (f"  {'':<10}  {line}" for line in rest)


def kind_help_lines(told: KindHelp, palette: Palette, width: int) -> Iterator[str]:
    """What a kind is, and its fields with their types."""
    yield palette.bold(told.id)
    yield from wrap(plain(told.meaning), width)
    yield ""
    rows = [
        ("created by", told.created_by or "nothing; the API cannot create one"),
        ("privilege", told.privilege),
        ("removed", "; ".join(f"{word}: {what}" for word, what in told.removals.items())),
    ]
    for name, text in rows:
        first, *rest = wrap(text, max(width - 14, 20))
        yield f"  {palette.dim(pad(name, 10))}  {first}"
        yield from (f"  {'':<10}  {line}" for line in rest)
    if told.fields:
        yield ""
    room = max((len(field.name) for field in told.fields), default=0)
    for field in told.fields:
        yield f"  {pad(field.name, room)}  {plain(field.type)}  {palette.dim(field.settable.value)}"


def plain(text: str) -> str:
    """A help text without the backquotes of its page."""
    return text.replace("`", "")


def field_json(found: Explained, kind: Kind) -> dict[str, Any]:
    """One field as data."""
    data: dict[str, Any] = {
        "field": ".".join(found.path),
        "managed": found.managed,
        "value": visible(kind, found.name, found.value),
        "origins": [
            {
                "layer": origin.label,
                **_place_json(origin.place),
                "text": None if origin.removed else origin.text,
                "removed": origin.removed,
            }
            for origin in found.origins
        ],
    }
    if found.looked:
        data["live"] = visible(kind, found.name, found.live)
        data["exists"] = found.exists
        data["differs"] = not same(found, kind)
    return data


def _place_json(place: Place) -> Mapping[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def entry_at(fields: Values, path: Sequence[str]) -> Any:
    """The value of a field, or of one entry of it; None when there is none."""
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
