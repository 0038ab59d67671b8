"""Reading the JSON body of a user call: types and bounds, nothing of the tenant. Raises `UserRefusal` 400."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cxconfig.sandbox.http import Call
from cxconfig.sandbox.onecloud.answers import UserRefusal

HIGHEST_LEVEL = 100


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object that was sent; null stands for a field that was not sent."""
    try:
        content = json.loads(call.body)
        json.dumps(content, ensure_ascii=False).encode()  # A lone surrogate could be stored and never be sent.
    except (ValueError, RecursionError):
        raise UserRefusal(400, "malformed JSON") from None
    call.json = content
    if not isinstance(content, dict):
        raise UserRefusal(400, "Expected BEGIN_OBJECT at line 1 column 2 path $")
    return {name: value for name, value in content.items() if value is not None}


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UserRefusal(400, f"{name} must be a string")
    return value


def flag(name: str, value: Any) -> bool:
    """A boolean, or the same as a string (the vendor's own example disables a user with `"true"`)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise UserRefusal(400, f"{name} must be true or false")


def levels(name: str, value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise UserRefusal(400, f"{name} must be an object of names and levels")
    for skill, level in value.items():
        if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= HIGHEST_LEVEL:
            raise UserRefusal(400, f"level of skill {skill} must be a whole number from 0 to {HIGHEST_LEVEL}")
    return value


def names(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserRefusal(400, f"{name} must be an array of strings")
    return value


READERS: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("loginId", "password", "firstName", "lastName", "team", "extension"), text),
    **dict.fromkeys(("workPhone", "mobilePhone", "email"), text),
    **dict.fromkeys(("disabled", "changePassword"), flag),
    "skills": levels,
    "roles": names,
}
"""Every field that a user call knows."""


def read(content: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields of a body, checked; others are left out."""
    return {name: READERS[name](name, value) for name, value in content.items() if name in READERS}
