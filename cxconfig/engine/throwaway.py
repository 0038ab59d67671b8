"""Stacks that are not the tenant's own: one to preview on while there is nothing recorded, one to try a passphrase.

The engine binds a stack to the passphrase that it is made with. So a preview makes none, and a stack that holds nothing
yet is made anew when another passphrase is given: what was typed wrong once must not stick.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cxconfig.engine.runs import UNNAMED
from cxconfig.engine.stack import Stack, state_way_out
from cxconfig.engine.stack_file import replace_file
from cxconfig.errors import EngineFailed, SettingsError

WRONG = "incorrect passphrase"
"""Said by the engine of a stack, or of its settings, that were made with another one."""
_SALT = re.compile(r"^encryptionsalt:[ \t]*(?P<salt>\S+)[ \t]*\n?", re.MULTILINE)


@contextmanager
def throwaway(stack: Stack, parent: Path) -> Iterator[Stack]:
    """A stack of the same name that holds nothing and is gone afterwards.

    `parent`: the folder of the runs, where what a kill left of it is tidied up with what it left of those.
    """
    with _unmade(stack, parent) as other:
        other.ensure()
        yield other


def passphrase_fits(stack: Stack, parent: Path) -> bool:
    """Does the engine take the passphrase of the environment for that of the stack and its settings?"""
    salts = dict.fromkeys(filter(None, (_salt(stack), stack.salt)))
    return all(_fits(stack, parent, salt) for salt in salts)


def bind_anew(stack: Stack) -> None:
    """Make a stack that holds nothing with the passphrase of the environment, whatever it was made with before."""
    if stack.exists:
        stack.remove()
    path = stack.file
    if path.exists():
        replace_file(path, _SALT.sub("", path.read_text(encoding="utf-8")))
    stack.ensure()


def other_passphrase(stack: Stack) -> SettingsError:
    return SettingsError(
        "the passphrase is not the one that the state was made with; nothing is changed",
        way_out=state_way_out(stack, [WRONG]),
    )


@contextmanager
def _unmade(stack: Stack, parent: Path) -> Iterator[Stack]:
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent, prefix=f"{UNNAMED}stack-") as folder:
        other = Stack(stack.name, Path(folder), None, stack.engine)
        other.prepare()
        yield other


def _fits(stack: Stack, parent: Path, salt: str) -> bool:
    with _unmade(stack, parent) as other:
        settings = other.file.read_text(encoding="utf-8")
        other.file.write_text(f"encryptionsalt: {salt}\n{settings}", encoding="utf-8")
        try:
            other.ensure()
        except EngineFailed as failure:
            if WRONG in str(failure):
                return False
            raise
        return True


def _salt(stack: Stack) -> str:
    """The salt in the settings, with which the engine also tells whether a passphrase is right."""
    found = _SALT.search(stack.file.read_text(encoding="utf-8")) if stack.file.exists() else None
    return found["salt"].strip("\"'") if found else ""
