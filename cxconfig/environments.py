"""The environments of a run, as the variable and the stack's setting name them; `--env` names them one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxconfig.errors import SettingsError

VARIABLE = "CXCONFIG_ENV"
"""Environment variable: the names of the environments of a run, `prod` or `prod,eu`."""
SEPARATOR = ","


def environment_names(text: str, source: str) -> tuple[str, ...]:
    """The environments that a variable or a stack's setting names; a `SettingsError` for an empty name among them."""
    names = tuple(name.strip() for name in text.split(SEPARATOR))
    if text.strip() and not all(names):
        raise SettingsError(
            f"{source} holds an empty name",
            way_out=f"Write the names of environments, like prod{SEPARATOR}eu.",
        )
    return names if text.strip() else ()


def plain_environments(configured: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environments of a plain pulumi run: what the stack's settings say, else the variable.

    Raises `SettingsError` when both say something and not the same: one of them is meant for another stack.
    """
    said = environment_names(configured or "", "the stack's setting cxconfig:env")
    named = environment_names(environ.get(VARIABLE, ""), VARIABLE)
    if said and named and said != named:
        raise SettingsError(
            f"the stack's setting cxconfig:env says {joined(said)}, and {VARIABLE} says {joined(named)}",
            way_out=f"Unset {VARIABLE}, or select the stack of that environment.",
        )
    return said or named


def joined(names: Sequence[str]) -> str:
    """The environments as the variable and the stack's setting have them."""
    return SEPARATOR.join(names)
