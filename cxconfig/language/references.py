"""References to values outside the files: `${env:NAME}`, as the whole of a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxconfig.errors import InputError, Place
from cxconfig.kinds import SecretRef

MARK = "${"

_WHOLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_PARTS = re.compile(r"\$\{([^:{}]*):([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

FORM = "write it as ${env:NAME}, with the name of an environment variable (letters, digits and _)"


def parsed(text: str) -> SecretRef | None:
    """The reference that `text` is as a whole, or None."""
    found = _WHOLE.fullmatch(text)
    return SecretRef("env", found[1]) if found else None


def malformed(text: str) -> tuple[str, str]:
    """Why a text with `${` in it is no reference: the rule and the way out. Never shows the text itself."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        if text.startswith(MARK) and "}" not in text:
            return "the reference has no closing `}`", FORM
        if text.startswith(MARK) and text.endswith("}") and ":" not in text:
            return "the reference does not say where its value comes from", FORM
        return "a reference must be the whole value, without text around it", FORM
    scheme, name = parts.groups()
    if scheme != "env":
        same = scheme.strip().casefold() == "env"
        rule = "`env` is written in small letters and without spaces" if same else "unknown kind of reference"
        return rule, FORM if same else f"only `env` is known; {FORM}"
    if not name:
        return "the reference names no environment variable", FORM
    return "this is not the name of an environment variable", FORM


def resolve_secret(ref: SecretRef, environ: Mapping[str, str], *, place: Place | None, path: str) -> str:
    """The value behind `ref`. `path` is the dotted path of the field that wants it, for the error.

    Raises `InputError` when the variable is not set, is empty, or holds what no setting may (a line break, a control
    character, bytes that are not UTF-8). The value never appears in it.
    """
    value = environ.get(ref.name)
    problem = "is not set" if value is None else _unusable(value)
    if problem:
        raise InputError(
            f"the environment variable {ref.name} {problem}",
            place=place or Place(""),
            path=path,
            way_out=f"set it before you start cxconfig, for example: export {ref.name}=...",
        )
    return value or ""


def _unusable(value: str) -> str:
    if not value:
        return "is set but empty"
    if _CONTROL.search(value):
        return "holds a line break or another control character"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "is not UTF-8"
    return ""
