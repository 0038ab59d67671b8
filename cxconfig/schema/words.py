"""A model's annotations in a user's words: docstrings, types and limits."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

TYPES = {"string": "text", "boolean": "`true` or `false`", "integer": "whole number"}


@cache
def docstrings(model: type[BaseModel]) -> Mapping[str, str]:
    """The texts below a model's fields, those of its base models too; nothing where there is no source to read."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            found.update(_own_docstrings(cls))
    return found


def _own_docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    try:
        (cls,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    except OSError:
        return
    assert isinstance(cls, ast.ClassDef)
    for field, text in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            yield field.target.id, " ".join(str(text.value.value).split())


@cache
def properties(model: type[BaseModel]) -> Mapping[str, Mapping[str, Any]]:
    """Pydantic's JSON Schema of each field, with references followed and None left out of optional ones."""
    schema = model.model_json_schema()
    return {name: flat(prop, schema.get("$defs", {})) for name, prop in schema.get("properties", {}).items()}


def flat(prop: Any, defs: Mapping[str, Any]) -> Any:
    """A JSON Schema without `$ref`, and without the `null` of an optional value."""
    if isinstance(prop, list):
        return [flat(item, defs) for item in prop]
    if not isinstance(prop, Mapping):
        return prop
    if "$ref" in prop:
        rest = {name: value for name, value in prop.items() if name != "$ref"}
        return flat({**defs[prop["$ref"].rpartition("/")[2]], **rest}, defs)
    if "anyOf" in prop:
        rest = {name: value for name, value in prop.items() if name != "anyOf"}
        (wanted,) = [option for option in prop["anyOf"] if option.get("type") != "null"]
        return flat({**rest, **wanted}, defs)
    return {name: flat(value, defs) for name, value in prop.items()}


def type_words(prop: Mapping[str, Any]) -> str:
    """A flat JSON Schema's type: `list of text`, `name: whole number`."""
    if "enum" in prop or "const" in prop:
        return " or ".join(f"`{value}`" for value in prop.get("enum", [prop.get("const")]))
    kind = prop["type"]
    if kind == "object" and "properties" in prop:
        return f"mapping of {', '.join(f'`{name}`' for name in prop['properties'])}"
    if kind == "object":
        return f"name: {type_words(prop['additionalProperties'])}"
    if kind == "array":
        return f"list of {type_words(prop['items'])}"
    return TYPES[kind]


def limits(prop: Mapping[str, Any]) -> Iterator[str]:
    """What a flat JSON Schema holds a value to, beyond its type."""
    yield from _bounds(prop)
    yield from _counts(prop, "Length", "character")
    yield from _counts(prop, "Items", "entry")
    yield from _counts(prop, "Properties", "entry")
    if "pattern" in prop:
        yield f"of the form `{prop['pattern']}`"
    if "multipleOf" in prop:
        yield f"a multiple of {prop['multipleOf']}"
    if prop.get("uniqueItems"):
        yield "no entry twice"
    for inner in (prop.get("items"), prop.get("additionalProperties")):
        if isinstance(inner, Mapping):
            yield from (f"each {limit}" for limit in limits(inner))


def _bounds(prop: Mapping[str, Any]) -> Iterator[str]:
    least, most = prop.get("minimum"), prop.get("maximum")
    if least is not None and most is not None:
        yield f"from {least:,} to {most:,}"
    elif least is not None or most is not None:
        yield f"at least {least:,}" if least is not None else f"at most {most:,}"
    if "exclusiveMinimum" in prop:
        yield f"more than {prop['exclusiveMinimum']:,}"
    if "exclusiveMaximum" in prop:
        yield f"less than {prop['exclusiveMaximum']:,}"


def _counts(prop: Mapping[str, Any], what: str, unit: str) -> Iterator[str]:
    units = {"character": "characters", "entry": "entries"}
    least, most = prop.get(f"min{what}"), prop.get(f"max{what}")
    if least is not None and most is not None:
        yield f"{least:,} to {most:,} {units[unit]}"
    elif least is not None or most is not None:
        count = least if least is not None else most
        yield f"at {'least' if least is not None else 'most'} {count:,} {unit if count == 1 else units[unit]}"
