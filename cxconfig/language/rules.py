"""Pydantic's findings in the words of someone who writes YAML and has never heard of pydantic."""

from __future__ import annotations

from typing import Any


def plain(error: Any) -> str:
    """The rule behind one of pydantic's errors (an `ErrorDetails`); never shows the value."""
    context = error.get("ctx") or {}
    kind = error["type"]
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", "")) or "the value is not allowed"
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        return f"must be {words} {context[name]}"
    if kind in _LENGTHS:
        words, name, unit = _LENGTHS[kind]
        count = context[name]
        return f"must have at {words} {count} {unit if count == 1 else _PLURALS[unit]}"
    if kind in ("enum", "literal_error"):
        return f"must be one of {str(context['expected']).replace(chr(39), '`')}"
    if kind == "string_pattern_mismatch":
        return f"must have the form {context['pattern']}"
    if kind == "missing":
        return "this field is required"
    return _lowered(str(error["msg"]))


_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_LENGTHS = {
    "string_too_short": ("least", "min_length", "character"),
    "string_too_long": ("most", "max_length", "character"),
    "too_short": ("least", "min_length", "entry"),
    "too_long": ("most", "max_length", "entry"),
}
_PLURALS = {"character": "characters", "entry": "entries"}


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
