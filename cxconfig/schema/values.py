"""What may stand in the YAML for one value of a model, as JSON Schema.

Our reader keeps the text of every plain scalar, and editors parse it: `0123` is a number to them, `yes` may be a flag.
So a text takes every scalar. Two texts may stand for any value: `$remove`, and one with `${var:NAME}` in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

JsonSchema = dict[str, Any]

VARIABLE = r"\$\{var:[A-Za-z_][A-Za-z0-9_]*\}"
REMOVED = r"^\$remove$"
STAND_IN = rf"{REMOVED}|{VARIABLE}"
"""A text that may stand where a number, a flag or a choice is wanted."""
NO_REFERENCE = r"^(?![\s\S]*\$\{(?!var:))"
"""No reference but to variables."""
REFERENCE = (
    r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$"
    r"|^\$\{file:[^\s{}](?:[^{}]*[^\s{}])?\}$"
    r"|^\$\{pulumi:[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?\}$"
    rf"|^\$\{{(?:env|file|pulumi):[\s\S]*{VARIABLE}[\s\S]*\}}$"
)
GENERATED = rf"^\$\{{generate:(?:1[2-9]|[2-9][0-9]|1[01][0-9]|12[0-8])\}}$|^\$\{{generate:[\s\S]*{VARIABLE}[\s\S]*\}}$"
SECRET = rf"{REFERENCE}|{REMOVED}"

SCALARS = ["string", "number", "boolean", "null"]
NOT_HERE = "Only ${var:NAME} may stand here: other references belong into secret fields and system settings."
NO_SECRET = "A secret must not stand in a file: write ${env:NAME}, ${file:PATH} or ${pulumi:KEY}."
NO_PASSWORD = "A secret must not stand in a file: write ${env:NAME}, ${file:PATH}, ${pulumi:KEY} or ${generate:20}."

NO_LIMITS: Mapping[str, Any] = {}

_KEPT = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_TEXTS = ("minLength", "maxLength", "pattern")
_LIKE_OTHERS = re.compile(r"[-+]?(?:[0-9]+|[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?)")


def value(prop: Mapping[str, Any]) -> JsonSchema:
    """What may stand for a value with this flat JSON Schema of pydantic's; references are for variables alone."""
    choices = prop.get("enum", [prop["const"]] if "const" in prop else None)
    if choices is not None:
        return choice(choices)
    kind = prop["type"]
    if kind == "string":
        return text(prop)
    if kind == "boolean":
        return flag()
    if kind == "integer":
        return number(prop)
    if kind == "array":
        return items(value(prop["items"]), prop)
    return record(prop) if "properties" in prop else mapping(value(entry_of(prop)))


def entry_of(prop: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a mapping's values."""
    found: Mapping[str, Any] = prop.get("additionalProperties") or next(iter(prop["patternProperties"].values()))
    return found


def text(prop: Mapping[str, Any], pattern: str = NO_REFERENCE, wrong: str = NOT_HERE) -> JsonSchema:
    """A text; the model's own limits hold for one without variables."""
    found: JsonSchema = {"type": SCALARS, "pattern": pattern, "patternErrorMessage": wrong}
    own = {name: prop[name] for name in _OF_TEXTS if name in prop}
    if "pattern" in own:
        own["patternErrorMessage"] = f"Must have the form {own['pattern']}."
    if own:
        found |= {"if": {"pattern": rf"{STAND_IN}|\$\{{"}, "else": own}
    return found


def flag() -> JsonSchema:
    return {"type": ["boolean", "string"], "pattern": STAND_IN, "patternErrorMessage": "Must be true or false."}


def number(prop: Mapping[str, Any]) -> JsonSchema:
    kept = {name: prop[name] for name in _KEPT if name in prop}
    wrong = "Must be a whole number, without quotes."
    return {"type": ["integer", "string"], **kept, "pattern": STAND_IN, "patternErrorMessage": wrong}


def choice(choices: Iterable[str]) -> JsonSchema:
    """One of several texts, or what stands for it."""
    return {"anyOf": [{"enum": [as_parsed for one in choices for as_parsed in _parsed(one)]}, stand_in()]}


def _parsed(word: str) -> list[Any]:
    """A text, and what a YAML parser may make of it when it is plain."""
    if word in ("", "null", "~"):
        return [word, None]
    if word.casefold() in ("true", "false"):
        return [word, word.casefold() == "true"]
    return [word, float(word)] if _LIKE_OTHERS.fullmatch(word) else [word]


def stand_in() -> JsonSchema:
    return {"type": "string", "pattern": STAND_IN}


def secret() -> JsonSchema:
    """A reference, and never the secret itself."""
    return {"type": "string", "pattern": SECRET, "patternErrorMessage": NO_SECRET}


def secret_field() -> JsonSchema:
    """The same for a field of an object, for which a password may be generated."""
    return {"type": "string", "pattern": rf"{GENERATED}|{SECRET}", "patternErrorMessage": NO_PASSWORD}


def setting_text(prop: Mapping[str, Any]) -> JsonSchema:
    """A text that may also come from elsewhere as a whole."""
    return text(prop, rf"{REFERENCE}|{NO_REFERENCE}", "A reference must be the whole value; ${var:NAME} may be a part.")


def items(item: JsonSchema, prop: Mapping[str, Any] = NO_LIMITS) -> JsonSchema:
    """A list; nothing is an empty one."""
    kept = {name: prop[name] for name in ("minItems", "maxItems", "uniqueItems") if name in prop}
    return {"type": ["array", "null", "string"], "items": item, **kept, **_only_removed("a list")}


def _only_removed(what: str) -> JsonSchema:
    return {"pattern": REMOVED, "patternErrorMessage": f"Must be {what}."}


def mapping(entry: JsonSchema) -> JsonSchema:
    """A mapping field: by names of the user's; nothing is an empty one."""
    found = layered({}, "a mapping of names to values")
    return {**found, "additionalProperties": entry, "propertyNames": {"pattern": r"^(?![\s\S]*\$\{)"}}


def record(prop: Mapping[str, Any]) -> JsonSchema:
    """A nested model: no entry is required, as a layer below may have it."""
    return layered({name: value(inner) for name, inner in prop["properties"].items()}, "a mapping")


def layered(properties: Mapping[str, JsonSchema], what: str) -> JsonSchema:
    """A mapping with these keys and no others, which may lie over another: it may replace or be taken out."""
    return {
        "type": ["object", "null", "string"],
        "properties": {**properties, "$replace": {"$ref": "#/definitions/$replace"}},
        "additionalProperties": False,
        **_only_removed(what),
    }


def closed(properties: Mapping[str, JsonSchema]) -> JsonSchema:
    """A mapping with these keys and no others, or nothing."""
    return {"type": ["object", "null"], "properties": dict(properties), "additionalProperties": False}
