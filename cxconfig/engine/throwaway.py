"""Stacks that are not the tenant's own: one to preview on while there is nothing recorded, one to try a passphrase.

The engine binds a stack to the passphrase that it is made with. So a preview makes none, and a stack that holds nothing
yet is made anew when another passphrase is given: what was typed wrong once must not stick.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from cxconfig.engine.runs import UNNAMED
from cxconfig.engine.stack import Stack, state_way_out
from cxconfig.engine.stack_file import replace_file
from cxconfig.errors import EngineFailed, SettingsError

WRONG = "incorrect passphrase"
"""Said by the engine of a stack, or of its settings, that were made with another one."""
_SALT = re.compile(r"^encryptionsalt:[ \t]*(?P<salt>\S+)[ \t]*\n?", re.MULTILINE)


def throwaway(stack: Stack, folder: Path) -> Stack:
    """A stack of the same name that holds nothing, for one run. `folder`: the run's, with which it goes."""
    other = _unmade(stack, folder)
    other.ensure()
    return other


def passphrase_fits(stack: Stack, parent: Path) -> bool:
    """Does the engine take the passphrase of the environment for that of the stack and its settings?

    `parent`: the folder of the runs, where what a kill left of this is tidied up later.
    """
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


def _unmade(stack: Stack, folder: Path) -> Stack:
    other = Stack(stack.name, folder, None, stack.engine)
    other.prepare()
    return other


def _fits(stack: Stack, parent: Path, salt: str) -> bool:
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent, prefix=f"{UNNAMED}stack-") as folder:
        other = _unmade(stack, Path(folder))
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
