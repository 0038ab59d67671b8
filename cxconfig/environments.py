"""The environments of a run, as the variable and the stack's setting name them; `--env` names them one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cxconfig.errors import SettingsError

VARIABLE = "CXCONFIG_ENV"
"""Environment variable: the names of the environments of a run, `prod` or `prod,eu`."""
SEPARATOR = ","

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


def environment_names(text: str, source: str) -> tuple[str, ...]:
    """The environments that a variable or a stack's setting names; see `checked`."""
    return checked([name.strip() for name in text.split(SEPARATOR)] if text.strip() else [], source)


def checked(names: Sequence[str], source: str) -> tuple[str, ...]:
    """The names; a `SettingsError` when one is empty, cannot be part of a stack's name, or comes twice."""
    for number, name in enumerate(names):
        if not _NAME.fullmatch(name):
            what = f"{name!r}, which cannot be the name of an environment" if name else "an empty name"
            raise SettingsError(
                f"{source} holds {what}", way_out="Names have letters, digits, `-` and `_`; several stand like prod,eu."
            )
        if name in names[:number]:
            raise SettingsError(f"{source} names the environment {name} twice", way_out="Name it once.")
    return tuple(names)


def plain_environments(configured: str | None, environ: Mapping[str, str], *, told: bool = True) -> tuple[str, ...]:
    """The environments of a plain pulumi run: what the stack's settings say.

    `told`: the settings are known to be those of the stack; without them the variable counts. Otherwise it may only say
    the same, or `SettingsError`: the engine hands the settings of the last up to a refresh, but no variable of then.
    """
    said = environment_names(configured or "", "the stack's setting cxconfig:env")
    named = environment_names(environ.get(VARIABLE, ""), VARIABLE)
    if told and named and said != named:
        raise SettingsError(
            f"{VARIABLE} says {joined(named)}, and the stack's setting cxconfig:env {joined(said) or 'nothing'}",
            way_out=f"Unset {VARIABLE}, or select the stack of that environment; in a new one, say"
            f" pulumi config set cxconfig:env {joined(named)}",
        )
    return said or named


def joined(names: Sequence[str]) -> str:
    """The environments as the variable and the stack's setting have them."""
    return SEPARATOR.join(names)
