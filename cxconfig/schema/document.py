"""The JSON Schema of every file in a tenant's folder, from the registry and its models.

Draft-07: what yaml-language-server implements in full. One schema serves tenant.yaml, the other files and those of
environments, since editors choose it by a line in the file; so nothing is required: what is missing here may stand in
another file or layer. Whatever the schema refuses, `cxconfig validate` refuses too; it knows more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from cxconfig.kind_settings import Manage
from cxconfig.kinds import Action, Kind, Registry, System
from cxconfig.language.document import BACKENDS
from cxconfig.language.keywords import EXTENDS, IGNORE, MEANINGS, PROTECT, WAS, comparable, keywords_of
from cxconfig.language.limits import COUNT, MOST_PERCENT, PERCENT
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.reader import read
from cxconfig.language.references import MARK
from cxconfig.language.sections import BESIDE_KINDS, MAX_KEY
from cxconfig.language.shape import Spot, fields_of
from cxconfig.language.systems import is_url
from cxconfig.language.tables import DELIMITERS
from cxconfig.language.versions import API_VERSION
from cxconfig.schema import meanings, values
from cxconfig.schema.fields import FieldHelp, Settable, kind_help, settings_help
from cxconfig.schema.values import JsonSchema
from cxconfig.schema.words import properties

DRAFT = "http://json-schema.org/draft-07/schema#"
FILE = "cxconfig-v1.json"
"""The file's name in docs/schema."""

NAME: JsonSchema = {
    "pattern": r"^(?!\.{1,2}$)(?!\s)(?![\s\S]*(?:\s$|\$\{|[*\x00-\x1f]))[\s\S]+$",
    "maxLength": MAX_KEY,
    "patternErrorMessage": "A name has no `*`, no `${`, and no blanks around it.",
}
"""What may name an object or a template."""
TEXTS = ["string", "number", "boolean"]


def schema(registry: Registry, plain_secrets: Collection[str] = ()) -> JsonSchema:
    """The whole schema. `plain_secrets`: ids of secret fields (`onecloud.users.password`) that may stand as text."""
    systems = [registry.system(name) for name in registry.systems()]
    return {
        "$schema": DRAFT,
        "$comment": "Made by `cxconfig schema` from the models; do not edit.",
        "title": "cxconfig: a file of a tenant's folder",
        **_top(systems),
        "definitions": {
            "$replace": {"const": True, **_description(meanings.REPLACE)},
            **{name: found for system in systems for name, found in _of_system(system, plain_secrets).items()},
        },
    }


def text(registry: Registry, plain_secrets: Collection[str] = ()) -> str:
    """The same as the text of a file."""
    return json.dumps(schema(registry, plain_secrets), indent=1, ensure_ascii=False) + "\n"


def secret_fields(registry: Registry) -> list[str]:
    """The ids of all secret fields."""
    return [f"{kind.id}.{name}" for kind in registry.all() for name, spec in kind.specs.items() if spec.secret]


def _top(systems: Iterable[System]) -> JsonSchema:
    own = {
        "api_version": {"enum": [API_VERSION]},
        "tenant": _scalar(r"^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, `-` and `_`."),
        "manage": values.choice(list(Manage)),
        "systems": values.layered({s.name: _ref(f"systems.{s.name}") for s in systems}, "a mapping of systems"),
        "state": values.layered(_described(_state(), meanings.STATE), "a mapping"),
        "vars": _variables(),
    }
    sections = {system.name: _ref(system.name) for system in systems}
    return values.closed({**_described(own, meanings.TOP), **sections})


def _variables() -> JsonSchema:
    names = {"pattern": r"^[A-Za-z_][A-Za-z0-9_]{0,63}$", "patternErrorMessage": "Letters, digits and _, at most 64."}
    entry = {"type": values.SCALARS, "pattern": r"^(?![\s\S]*\$\{)"}
    return {**values.closed({}), "propertyNames": names, "additionalProperties": entry}


def _scalar(pattern: str, wrong: str) -> JsonSchema:
    return {"type": TEXTS, "pattern": rf"{pattern}|{values.STAND_IN}", "patternErrorMessage": wrong}


def _state() -> JsonSchema:
    return {"backend": _backend(), "settings": {"type": values.SCALARS, "pattern": values.NO_REFERENCE}}


def _backend() -> JsonSchema:
    pattern = rf"{values.REFERENCE}|{values.STAND_IN}|^(?:{'|'.join(BACKENDS)})://"
    wrong = f"Must begin with one of {', '.join(f'{backend}://' for backend in BACKENDS)}, or be a reference."
    return {"type": "string", "pattern": pattern, "patternErrorMessage": wrong}


def _of_system(system: System, plain_secrets: Collection[str]) -> dict[str, JsonSchema]:
    """The definitions of one system: its settings, its section, and those of its kinds."""
    found = {f"systems.{system.name}": _settings(system), system.name: _section(system)}
    for kind in system.kinds:
        found |= _of_kind(kind, plain_secrets)
    return found


def _settings(system: System) -> JsonSchema:
    helps = settings_help(system.settings, system.name, system.secret_settings)
    flat = properties(system.settings)
    found = {
        one.name: {**_setting(one, flat[one.name]), **_told(one), **_examples(system.settings, one)} for one in helps
    }
    kinds = {kind.name: _ref(f"systems.{system.name}.kinds.{kind.name}") for kind in system.kinds}
    found |= _described({"kinds": values.layered(kinds, "a mapping of kinds")}, meanings.SYSTEM)
    told = f"How {system.name} is reached, and the settings of its kinds."
    return {**values.layered(found, "a mapping of settings"), "type": ["object", "string"], **_description(told)}


def _setting(one: FieldHelp, prop: Mapping[str, Any]) -> JsonSchema:
    if one.secret:
        return values.secret()
    if prop.get("type") != "string":
        return values.value(prop)
    if is_url(one.name):
        pattern = rf"{values.REFERENCE}|{values.STAND_IN}|^https?://[^\s?#@]+$"
        wrong = "An address like https://host.example.com, without user, `?` and `#`."
        return {"type": "string", "pattern": pattern, "patternErrorMessage": wrong}
    return values.setting_text(prop)


def _section(system: System) -> JsonSchema:
    def of_each(suffix: str) -> JsonSchema:
        return values.closed({kind.name: _ref(f"{kind.id}{suffix}") for kind in system.kinds})

    beside = {name: of_each(f":{name}") for name in BESIDE_KINDS}
    found = of_each("")
    found["properties"].update(_described(beside, meanings.SECTION))
    return {**found, **_description(f"Objects of the system {system.name}, by kind and name.")}


def _of_kind(kind: Kind, plain_secrets: Collection[str]) -> dict[str, JsonSchema]:
    """Its objects by name, one of them, each field, what stands beside, and its settings in tenant.yaml."""
    fields = _fields(kind, plain_secrets)
    refs = {name: _ref(f"{kind.id}.{name}") for name in fields}
    words = _words(kind)
    told = _description(kind_help(kind).meaning)
    what = f"a mapping of the {kind.singular}'s fields"
    by_name = {**values.closed({}), "propertyNames": NAME, "additionalProperties": _ref(f"{kind.id}:object")}
    shared = {name: word for name, word in words.items() if name != WAS}
    no_extends = {name: word for name, word in shared.items() if name != EXTENDS}
    return {
        kind.id: {**by_name, **told},
        f"{kind.id}:object": {**values.layered({**refs, **words}, what), **told},
        **{f"{kind.id}.{name}": field for name, field in fields.items()},
        f"{kind.id}:defaults": values.layered({**refs, **no_extends}, what),
        f"{kind.id}:templates": by_name,
        f"{kind.id}:tables": _tables(),
        f"systems.{kind.system}.kinds.{kind.name}": _kind_settings(kind),
    }


def _fields(kind: Kind, plain_secrets: Collection[str]) -> dict[str, JsonSchema]:
    flat = properties(kind.model)
    found = {}
    for one in kind_help(kind).fields:
        if one.secret and one.id not in plain_secrets:
            own = values.secret_field()
        elif one.name == "on_remove":
            own = values.choice(list(kind.removals))
        else:
            own = values.value(flat[one.name])
        found[one.name] = {**own, **_told(one), **_examples(kind.model, one)}
    return found


def _words(kind: Kind) -> dict[str, JsonSchema]:
    """What an object may say beside its fields."""
    made = {EXTENDS: _extends(), IGNORE: _subset(comparable(kind)), PROTECT: values.flag(), WAS: {"type": TEXTS}}
    return _described({word: made[word] for word in keywords_of(kind)}, MEANINGS)


def _extends() -> JsonSchema:
    return {"type": [*values.SCALARS, "array"], "items": {"type": TEXTS}}


def _tables() -> JsonSchema:
    own = {
        "file": {"type": TEXTS},
        "key": {"type": TEXTS},
        EXTENDS: _extends(),
        "columns": {"type": "object", "additionalProperties": {"type": TEXTS}},
        "delimiter": {"anyOf": [{"enum": list(DELIMITERS)}, values.stand_in()]},
    }
    table = {**values.closed(_described(own, meanings.TABLE)), "type": "object"}
    return {**table, "type": ["array", "object", "null"], "items": table}


def _kind_settings(kind: Kind) -> JsonSchema:
    names = comparable(kind)
    own = {
        "on_remove": values.choice(list(kind.removals)),
        "manage": values.choice(list(Manage)),
        "exclude": values.items({"type": TEXTS}),
        "ignore": _subset(names),
        "protect": values.flag(),
        "plain_secrets": _subset([name for name in names if kind.specs[name].secret]),
        "limits": _limits(kind),
    }
    found = values.layered(_described(own, meanings.KIND_SETTINGS), "a mapping of settings")
    return {**found, **_description(f"Settings of all {kind.name}.")}


def _limits(kind: Kind) -> JsonSchema:
    """By action: a number, a percentage, or both."""
    count = values.number({"minimum": 0})
    percent = values.number({"minimum": 0, "maximum": MOST_PERCENT})
    percentage = {"type": "string", "pattern": rf"^(?:[0-9]{{1,3}}%)$|{values.STAND_IN}"}
    both = values.layered({COUNT: count, PERCENT: {"anyOf": [percent, percentage]}}, "a mapping of count and percent")
    found = {
        action.value: {"anyOf": [count, both] if action is Action.CREATE else [count, percentage, both]}
        for action in kind.limitable
    }
    return values.layered(found, "a mapping of actions")


def _subset(names: list[str]) -> JsonSchema:
    return values.items(values.choice(names)) if names else {**values.items({}), "maxItems": 0}


def _described(found: Mapping[str, JsonSchema], told: Mapping[str, str]) -> dict[str, JsonSchema]:
    """With the meaning of each key; raises `KeyError` for one without."""
    return {name: {**given, **_description(told[name])} for name, given in found.items()}


def _description(text: str) -> JsonSchema:
    """For editors that show Markdown and for those that do not."""
    return {"description": text, **({"markdownDescription": text} if "`" in text else {})}


def _told(one: FieldHelp) -> JsonSchema:
    """The annotations of a field: its meaning, what it takes to set it, its default."""
    sentences = [one.meaning]
    if one.settable not in (Settable.STEERS, Settable.ANY_TIME):
        sentences.append(f"Set {one.settable}.")
    calls = dict.fromkeys(f"`{call}`" for call in (one.set_by, one.changed_by) if call)
    if calls:
        sentences.append(f"Calls: {', '.join(calls)}.")
    if one.needed:
        sentences.append("Required." if one.settable is Settable.STEERS else "Needed for a creation.")
    if one.limits:
        sentences.append(f"Limits: {'; '.join(one.limits)}.")
    if one.refers_to:
        sentences.append(f"A name declared under `{one.refers_to}`.")
    found = _description(" ".join(sentence for sentence in sentences if sentence))
    if one.default:
        found["default"] = {"true": True, "false": False}.get(one.default, one.default)
    return found


def _examples(model: type[BaseModel], one: FieldHelp) -> JsonSchema:
    """The field's example as a value, typed by the model as the reader does it."""
    sheet = Sheet("", Mistakes())
    node = read(one.example.encode(), sheet)
    if node is None or MARK in one.example:
        return {"examples": [one.example]} if one.example else {}
    return {"examples": [fields_of(model)[one.name].convert(node, Spot(sheet, ()))]}


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/definitions/{name}"}
