"""Passwords that cxconfig makes: how they are made, and the file in which they are handed out, once.

A file of mode 0600 for each run, in a folder that git ignores. A line is on the disk before the call that sets its
password is made, so that no account ever has one that nobody knows; one that was surely not set is taken out again.
Of two lines for one object, in whichever files, the later one holds.
"""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
import string
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cxconfig import private_files
from cxconfig.errors import SettingsError
from cxconfig.planning.plan import PasswordFile

FOLDER = Path(".cxconfig", "passwords")
"""Beside tenant.yaml."""
COLUMNS = ("system", "kind", "key", "password", "time")
UNCLEAR = frozenset("0O1lI")
"""Characters that people take for one another."""
SYMBOLS = "-_.!?"
"""What no shell, spreadsheet or form makes something else of, except as the first character."""
LETTERS = [c for c in string.ascii_letters if c not in UNCLEAR]
CLASSES: tuple[Sequence[str], ...] = (
    [c for c in LETTERS if c.islower()],
    [c for c in LETTERS if c.isupper()],
    [c for c in string.digits if c not in UNCLEAR],
    SYMBOLS,
)

HAND_OUT = "which you alone can read: hand them out, then delete the file"

_LOCK = threading.Lock()


def made(length: int) -> str:
    """A new password: each class of characters is in it, and a letter begins it."""
    everything = [c for characters in CLASSES for c in characters]
    rest = [secrets.choice(characters) for characters in CLASSES]
    rest += [secrets.choice(everything) for _ in range(length - len(rest) - 1)]
    secrets.SystemRandom().shuffle(rest)
    return "".join([secrets.choice(LETTERS), *rest])


def file_for(folder: Path, tenant: str) -> Path:
    """A file for the passwords of one run. `folder`: the tenant's; `tenant`: the name of its stack."""
    return folder / FOLDER / f"{tenant}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.csv"


def waiting(folder: Path, tenant: str) -> tuple[PasswordFile, ...]:
    """The files of a stack that nobody has deleted yet, oldest first."""
    name = re.compile(rf"{re.escape(tenant)}-\d{{8}}T\d{{6}}-\d+\.csv")
    try:
        found = sorted(path for path in (folder / FOLDER).iterdir() if name.fullmatch(path.name))
    except OSError:
        return ()
    return tuple(PasswordFile(str(path), _count(path)) for path in found)


def told(file: PasswordFile) -> str:
    """What a run says of it."""
    count = f"{f'{file.count:,}' if file.count else 'some'} generated password{'' if file.count == 1 else 's'}"
    stand = "stands" if file.count == 1 else "stand"
    return f"{count} {stand} in {file.path}, {HAND_OUT}"


class HandedOut:
    """One run's file; thread-safe. It is made with the first password.

    `tell`: is told of the file as soon as the first password has been set, for a run that may not come to its end.
    """

    def __init__(self, path: Path, tell: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._tell = tell

    def add(self, system: str, kind: str, key: str, password: str) -> None:
        """Write a line, down to the disk. Raises `SettingsError` when that cannot be done: then nothing may be set."""
        row = (system, kind, key, password, datetime.now(UTC).isoformat(timespec="seconds"))
        with _LOCK:
            try:
                new = not self.path.exists()
                private_files.make_folder(self.path.parent, self.path.parent)
                private_files.append(self.path, _text([COLUMNS, row] if new else [row]))
            except OSError as error:
                raise SettingsError(
                    f"{self.path}: {error.strerror}: no generated password could be written there, so none was set",
                    way_out="See that there is space and that you may write there, then run again.",
                ) from None

    def stays(self) -> None:
        """A password that is written here was set, or may have been."""
        with _LOCK:
            tell, self._tell = self._tell, None
        if tell is not None:
            tell(f"generated passwords are written to {self.path}, {HAND_OUT}")

    def take_out(self, system: str, kind: str, key: str, password: str) -> None:
        """The line of a password that was surely not set. What cannot be taken out stays: it only says too much."""
        with _LOCK:
            try:
                rows = [row for row in _rows(self.path) if tuple(row[:4]) != (system, kind, key, password)]
                if not rows:
                    self.path.unlink()
                    return
                private_files.put(self.path, _text([COLUMNS, *rows]))
            except _UNREADABLE:
                return


_UNREADABLE = (OSError, UnicodeError, csv.Error)
"""Of a file that somebody else has, too: a spreadsheet saves it in its own way."""


def _count(path: Path) -> int:
    """How many passwords stand in it, as far as that can be told."""
    try:
        return len(_rows(path))
    except (UnicodeError, csv.Error):
        return max(0, path.read_bytes().count(b"\n") - 1)
    except OSError:
        return 0


def _rows(path: Path) -> list[list[str]]:
    """The lines below the head."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def _text(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
