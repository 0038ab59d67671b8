"""What there is to say of a kind and of each of its fields, as plain data.

describe(REGISTRY, "onecloud.users")       -> KindHelp
describe(REGISTRY, "onecloud.users.team")  -> FieldHelp
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from cxconfig.errors import Place, SettingsError
from cxconfig.kinds import Declared, Desired, FieldSpec, Kind, OnRemove, Registry, specs_of
from cxconfig.language.keywords import keywords_of
from cxconfig.nearness import did_you_mean
from cxconfig.schema.meanings import KIND_SETTINGS
from cxconfig.schema.words import docstrings, limits, properties, type_words

KEY = "<name>"
"""Stands for the object's name in calls."""


class Settable(StrEnum):
    """Who may set a field, and when."""

    CREATION = "at creation only"
    ANY_TIME = "at any time"
    SECRET = "at any time; a secret that is written and never read"
    WRITE_ONLY = "at any time; written and never read"
    STEERS = "at any time; steers cxconfig and is never sent"
    NEVER = "never through the API"


REMOVALS: Mapping[OnRemove, str] = {
    OnRemove.DISABLE: "disabled live",
    OnRemove.DELETE: "deleted live",
    OnRemove.RETAIN: "left as it is live and forgotten",
}
"""What becomes of an object that is taken out of the YAML."""


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """One field: `id` is `onecloud.users.team`.

    `set_by` and `changed_by` are API calls, "" when none does it; `type`, `limits` and `default` are words for a user,
    with values in backquotes; `default` is "" when a field that is left out is not managed; `example` is a value as it
    stands in the YAML.
    `refers_to` is the id of the kind whose names the value is one of.
    """

    id: str
    kind: str
    name: str
    type: str
    default: str
    meaning: str
    settable: Settable
    set_by: str
    changed_by: str
    privilege: str
    limits: tuple[str, ...]
    vendor: str
    example: str
    needed: bool
    secret: bool
    private: bool
    refers_to: str


@dataclass(frozen=True, slots=True)
class KindHelp:
    """One kind. `created_by` is "" when the API cannot create one; `removals`: what `on_remove` may say, the default
    first, with what it does."""

    id: str
    singular: str
    meaning: str
    fields: tuple[FieldHelp, ...]
    created_by: str
    privilege: str
    removals: Mapping[str, str]
    example: str

    def field(self, name: str) -> FieldHelp:
        return next(field for field in self.fields if field.name == name)


def describe(registry: Registry, target: str) -> FieldHelp | KindHelp:
    """The help for a kind (`onecloud.users`) or one of its fields (`onecloud.users.team`; what follows the field's
    name, like the `English` of `skills.English`, is left aside).

    Raises `SettingsError` with the near names when there is none.
    """
    system, _, rest = target.strip().partition(".")
    name, _, path = rest.partition(".")
    kinds = registry.of_system(system)
    if name not in kinds:
        raise _no_kind(registry, f"{system}.{name}" if name else system)
    kind = kinds[name]
    if not path:
        return kind_help(kind)
    field = path.partition(".")[0]
    if field in kind.specs:
        return field_help(kind, field)
    hint = did_you_mean(field, [*kind.specs, *keywords_of(kind), *KIND_SETTINGS])
    rest = f"Its fields: {', '.join(kind.specs)}." if kind.specs else f"A {kind.singular} has no fields."
    raise SettingsError(f"{kind.id} has no field {field!r}", way_out=hint[:1].upper() + hint[1:] or rest)


def _no_kind(registry: Registry, name: str) -> SettingsError:
    ids = [kind.id for kind in registry.all()]
    hint = did_you_mean(name, ids)
    return SettingsError(
        f"there is no kind {name!r}", way_out=hint[:1].upper() + hint[1:] or f"There is: {', '.join(ids)}."
    )


def kind_help(kind: Kind) -> KindHelp:
    """What there is to say of a kind and all its fields."""
    return KindHelp(
        id=kind.id,
        singular=kind.singular,
        meaning=" ".join((kind.model.__doc__ or "").split()),
        fields=tuple(field_help(kind, name) for name in kind.specs),
        created_by=kind.creation(Desired(kind.id, KEY, {})),
        privilege=kind.privilege,
        removals={removal.value: REMOVALS[removal] for removal in kind.removals},
        example=example(kind),
    )


def field_help(kind: Kind, name: str) -> FieldHelp:
    """What there is to say of one field; raises `KeyError` when the kind has no such field."""
    spec, prop = kind.specs[name], properties(kind.model)[name]
    creation = kind.creation(Desired(kind.id, KEY, {}))
    change = kind.change_call(KEY, name)
    return FieldHelp(
        id=f"{kind.id}.{name}",
        kind=kind.id,
        name=name,
        type=type_words(prop),
        default=_default(kind, name),
        meaning=docstrings(kind.model).get(name, ""),
        settable=_settable(spec, creation, change),
        set_by=creation if spec.vendor else change,
        changed_by=change,
        privilege="" if spec.setting else kind.privilege,
        limits=limits_of(spec, prop),
        vendor=spec.vendor,
        example=spec.example,
        needed=spec.needed,
        secret=spec.secret,
        private=spec.private,
        refers_to=target_of(kind, spec),
    )


def _settable(spec: FieldSpec, creation: str, change: str) -> Settable:
    if spec.setting:
        return Settable.STEERS
    if spec.secret:
        return Settable.SECRET
    if spec.write_only:
        return Settable.WRITE_ONLY
    if change:
        return Settable.ANY_TIME
    return Settable.CREATION if creation else Settable.NEVER


def target_of(kind: Kind, spec: FieldSpec) -> str:
    """The id of the kind that a field refers to, or ""."""
    return spec.refers_to if "." in spec.refers_to or not spec.refers_to else f"{kind.system}.{spec.refers_to}"


def limits_of(spec: FieldSpec, prop: Mapping[str, Any]) -> tuple[str, ...]:
    """What holds a value back, of the model and of the vendor."""
    return (*limits(prop), *([spec.limits] if spec.limits else []))


def _default(kind: Kind, name: str) -> str:
    """What holds when the field is left out: a setting's own default, or what the kind manages all the same."""
    if kind.specs[name].setting:
        return default_of(kind.model, name)
    managed = kind.desire(Declared(kind.id, KEY, {}, Place(""))).fields
    return written(managed[name]) if name in managed else ""


def default_of(model: type[BaseModel], name: str) -> str:
    """The model's default as it would stand in the YAML; "" for none and for a required field."""
    return written(model.model_fields[name].get_default())


def written(value: Any) -> str:
    """A plain scalar as it would stand in the YAML; "" for everything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(getattr(value, "value", value)) if isinstance(value, (str, int)) else ""


def settings_help(model: type[BaseModel], system: str, secret: Iterable[str]) -> tuple[FieldHelp, ...]:
    """The settings of a system in tenant.yaml, as fields of `systems.<system>`."""
    specs, told, owner = specs_of(model), docstrings(model), f"systems.{system}"
    return tuple(
        FieldHelp(
            id=f"{owner}.{name}",
            kind=owner,
            name=name,
            type=type_words(prop),
            default=default_of(model, name),
            meaning=told.get(name, ""),
            settable=Settable.STEERS,
            set_by="",
            changed_by="",
            privilege="",
            limits=limits_of(specs[name], prop),
            vendor=specs[name].vendor,
            example=specs[name].example,
            needed=model.model_fields[name].is_required(),
            secret=name in secret,
            private=False,
            refers_to="",
        )
        for name, prop in properties(model).items()
    )


def example(kind: Kind) -> str:
    """A complete example in YAML: one object with every field that has an example, and what it refers to."""
    lines = [f"{kind.system}:"]
    for target in dict.fromkeys(target_of(kind, spec) for spec in kind.specs.values() if spec.refers_to):
        names = [spec.example for spec in kind.specs.values() if target_of(kind, spec) == target and spec.example]
        system, _, keyword = target.partition(".")
        if system == kind.system and names and target != kind.id:
            lines += [f"  {keyword}:", *(f"    {name}: {{}}" for name in dict.fromkeys(names))]
    lines.append(f"  {kind.name}:")
    fields = [f"      {name}: {spec.example}" for name, spec in kind.specs.items() if spec.example]
    lines += [f"    {kind.example}:", *fields] if fields else [f"    {kind.example}: {{}}"]
    return "\n".join(lines) + "\n"
