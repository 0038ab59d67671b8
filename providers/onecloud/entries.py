"""The rules for the entries of a list or mapping (roles, skills): every mistake, each at its own entry. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from providers.onecloud.values import folded

Fault = tuple[tuple[int | str, ...], str]
"""Where in a field something is wrong, as pydantic says it, and what."""
EntriesT = TypeVar("EntriesT")


def roles(value: Any, validate: Callable[[Any], list[str]]) -> list[str]:
    """Wraps the validation of roles: none without a name, and none twice."""
    return _checked(value, validate, _faults_of_roles(value) if isinstance(value, list) else ())


def skills(value: Any, validate: Callable[[Any], dict[str, int]]) -> dict[str, int]:
    """Wraps the validation of skills: none without a name, and none in two spellings."""
    return _checked(value, validate, _faults_of_skills(value) if isinstance(value, dict) else ())


def _faults_of_roles(value: list[Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, role in enumerate(value):
        name = str(role).strip()
        if not name:
            yield (index,), "a role needs a name"
        elif name in seen:
            yield (index,), f"the role {name!r} stands there twice"
        seen.add(name)


def _faults_of_skills(value: Iterable[Any]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name in map(str, value):
        if not name.strip():
            yield (name, "[key]"), "a skill needs a name"
        elif (other := seen.setdefault(folded(name), name)) != name:
            yield (name, "[key]"), f"the skills {other!r} and {name!r} differ only in case or blanks"


def _checked(value: Any, validate: Callable[[Any], EntriesT], faults: Iterable[Fault]) -> EntriesT:
    """What `validate` makes of it. Raises pydantic's error with what that finds and with all `faults`."""
    found: list[InitErrorDetails] = []
    valid = None
    try:
        valid = validate(value)
    except ValidationError as error:
        found += [
            InitErrorDetails(type=one["type"], loc=one["loc"], input=one["input"], ctx=one.get("ctx", {}))
            for one in error.errors()
        ]
    for loc, rule in faults:
        text = PydanticCustomError("value_error", "{error}", {"error": rule})
        found.append(InitErrorDetails(type=text, loc=loc, input=value))
    if valid is None or found:
        raise ValidationError.from_exception_data("entries", found)
    return valid
