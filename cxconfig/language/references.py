"""References to values outside the files: `${env:NAME}`, `${file:PATH}` and `${pulumi:KEY}`, as the whole of a value;
and `${generate:LENGTH}`, for one that is made when it is needed.

`${var:NAME}` is none of these: a variable is replaced by its text before a value gets here (see `variables`).
"""

from __future__ import annotations

import re

from cxconfig.kinds import SecretRef

MARK = "${"
ENV, FILE, PULUMI, VAR, GENERATE = "env", "file", "pulumi", "var", "generate"

_PARTS = re.compile(r"\$\{([^:{}]*):([^{}]*)\}")
_NAMES = {
    ENV: re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    FILE: re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?"),
    PULUMI: re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?)"),
    GENERATE: re.compile(r"1[2-9]|[2-9][0-9]|1[01][0-9]|12[0-8]"),
}
_NAMELESS = {
    ENV: "the reference names no environment variable",
    FILE: "the reference names no file",
    PULUMI: "the reference names no secret of the stack",
    GENERATE: "the reference does not say how long the password is to be",
}
_UNFIT = {
    ENV: "this is not the name of an environment variable (letters, digits and _)",
    FILE: "this is not the path of a file: it begins or ends with a blank, or holds a control character",
    PULUMI: "this is not the name of a secret of the stack (letters, digits, `_`, `-` and `.`)",
    GENERATE: "a generated password has 12 to 128 characters",
}

FORM = "write ${env:NAME}, ${file:PATH} or ${pulumi:KEY}, as the whole value"
"""The way out where a secret is wanted."""
FIELD_FORM = (
    "write ${env:NAME}, ${file:PATH} or ${pulumi:KEY}, or ${generate:20} for one that is made, as the whole value"
)
"""The same in a secret field of an object."""
KINDS = (
    "there are ${env:NAME}, ${file:PATH} and ${pulumi:KEY}, as the whole value of a secret field or of a system's"
    " setting, ${generate:LENGTH}, as that of a secret field, and ${var:NAME}, in every value that is not secret"
)
"""The way out for what is no kind of reference at all."""
GENERATE_FORM = "write ${generate:20}, or another length"
NOT_HERE = "a password is generated for a secret field of an object, and for nothing else"
"""The rule where `${generate:LENGTH}` stands elsewhere."""


def parsed(text: str) -> SecretRef | None:
    """The reference to a secret that `text` is as a whole, or None."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    scheme, name = parts.groups()
    return SecretRef(scheme, name) if scheme in _NAMES and _NAMES[scheme].fullmatch(name) else None


def pulumi_key(name: str) -> str | None:
    """A key of a stack's settings as the user writes it, or None when it cannot be one."""
    return name if _NAMES[PULUMI].fullmatch(name) else None


def malformed(text: str) -> tuple[str, str]:
    """Why a text with `${` in it is no reference to a secret: the rule and the way out. Never shows the text itself."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        if text.startswith(MARK) and "}" not in text:
            return "the reference has no closing `}`", FORM
        if text.startswith(MARK) and text.endswith("}") and ":" not in text:
            return "the reference does not say where its value comes from", KINDS
        return "a reference must be the whole value, without text around it", FORM
    scheme, name = parts.groups()
    if scheme == VAR:
        return "a variable does not stand here: its value is not secret", FORM
    if scheme not in _NAMES:
        meant = scheme.strip().casefold()
        if meant in (*_NAMES, VAR):
            return f"`{meant}` is written in small letters and without spaces", KINDS
        return "unknown kind of reference", KINDS
    return (_UNFIT if name else _NAMELESS)[scheme], GENERATE_FORM if scheme == GENERATE else FORM
