"""Live values as the values of a file: without defaults and secrets, and only what reads back as what it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from cxconfig.kinds import Kind, Values, folded
from cxconfig.language import references, rules
from cxconfig.language.layers import REMOVE, REPLACE
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import ScalarNode
from cxconfig.language.sections import usable
from cxconfig.language.shape import ListShape, MapShape, RecordShape, Spot, TextShape, fields_of, validated

_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)

__all__ = [
    "exportable",
    "fields_of_interest",
    "folded",
    "is_default",
    "ordered",
    "target_of",
    "texts_in",
    "unusable",
    "writable",
]


def ordered(keys: Iterable[str]) -> list[str]:
    """Keys in the order in which files hold them, on every machine."""
    return sorted(keys, key=lambda key: (key.casefold(), key))


def unusable(kind: Kind, key: str) -> str:
    """Why no file can name an object so, or ""."""
    if _UNWRITABLE.search(key):
        return "its name holds an invisible character, which no file may hold"
    mistakes = Mistakes()
    usable(ScalarNode(key, False, 1, 1), kind, Spot(Sheet("", mistakes), (kind.name, key)))
    return mistakes.errors[0].rule if mistakes.errors else ""


def fields_of_interest(kind: Kind, without: Collection[str]) -> list[str]:
    """The fields that can be read: nothing that is only written, no settings, and none of `without`."""
    return [n for n, spec in kind.specs.items() if not (spec.unread or spec.setting) and n not in without]


def target_of(kind: Kind, name: str) -> str:
    """The id of the kind whose keys a field names, or ""."""
    target = kind.specs[name].refers_to
    return target if not target or "." in target else f"{kind.system}.{target}"


def is_default(kind: Kind, name: str, value: Any) -> bool:
    """Is this what the model has for a field that is left out?"""
    default = kind.model.model_fields[name].get_default(call_default_factory=True)
    return value is None or kind.equal(name, value, default)


def exportable(kind: Kind, live: Values, without: Collection[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of a new object, in the order of the model, and the fields that no file can hold with the reason.

    `without`: fields that are ignored.
    """
    names = [name for name in fields_of_interest(kind, without) if name in live]
    values = {name: live[name] for name in names if not is_default(kind, name, live[name])}
    return writable(kind, values)


def writable(kind: Kind, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that a file can hold, and for every other field why not; the reasons never show a value."""
    values = {name: _empty(kind, name) if value is None else value for name, value in values.items()}
    bad = {name: problem for name, value in values.items() if (problem := _problem(value))}
    good = {name: value for name, value in values.items() if name not in bad}
    _, found = validated(kind.model, good, ())
    for error in found:
        name = str(error["loc"][0]) if error["loc"] else ""
        if name in good:
            bad[name] = rules.plain(error)
            del good[name]
    return good, bad


def _empty(kind: Kind, name: str) -> Any:
    """How a file says that there is nothing; None where it cannot."""
    shape = fields_of(kind.model)[name]
    if isinstance(shape, TextShape):
        return ""
    return [] if isinstance(shape, ListShape) else {} if isinstance(shape, (MapShape, RecordShape)) else None


def _problem(value: Any) -> str:
    """Why `value` would not be read back as itself, or ""."""
    if value is None:
        return "it has no value live, which no file can say"
    for text in texts_in(value):
        if references.MARK in text:
            return "it holds `${`, which begins a reference in a file"
        if text in (REMOVE, REPLACE):
            return f"{text} has a meaning of its own in a file"
        if _UNWRITABLE.search(text):
            return "it holds an invisible character, which no file may hold"
    return ""


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from texts_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts_in(inner)
