"""Changes of files: all are written, or none as far as a disk allows; each file is old or new, never half."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cxconfig.errors import SettingsError
from cxconfig.language.folder import displayed
from cxconfig.private_files import flush

BESIDE = re.compile(r"\.(.+)\.[0-9a-f]{16}\.tmp", re.DOTALL)
"""The name of a new content beside its file; a killed process leaves it behind."""
STALE_SECONDS = 600
"""No process is at work on one for longer."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's text before and after. `before` None: the file is new; `after` None: it is removed."""

    path: Path
    before: str | None
    after: str | None

    @property
    def empty(self) -> bool:
        return self.before == self.after


@dataclass(slots=True)
class _Step:
    """`real`: the file itself, where the path is a link; `ready`: its new content, beside it."""

    change: FileChange
    real: Path
    ready: Path | None = None
    done: bool = False


def read_text(path: Path) -> str | None:
    """A file's text with its byte order mark and line ends as they are; None when there is no such file."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{displayed(path)}: the byte 0x{error.object[error.start]:02X} is not UTF-8",
            way_out="Save the file as UTF-8.",
        ) from None


def write(changes: Sequence[FileChange]) -> None:
    """Carry out the changes that are none on disk yet.

    Every new content is written beside its file and flushed before the first file is replaced; mode and owner stay,
    and a link stays a link. Raises `SettingsError` when a file is no longer as it was `before`; `OSError` when a file
    cannot be written, with what was replaced until then put back.
    """
    steps = [_Step(change, Path(os.path.realpath(change.path))) for change in changes if not change.empty]
    for step in steps:
        if read_text(step.change.path) != step.change.before:
            raise SettingsError(
                f"{displayed(step.change.path)} was changed meanwhile, so nothing was written",
                way_out="Run the command again.",
            )
    made: list[Path] = []
    finished = False
    try:
        for step in steps:
            made += _folders(step.real.parent)
            if step.change.after is not None:
                step.ready = _beside(step.real, step.change.after)
        for step in steps:
            _put(step)
        finished = True
    finally:
        if not finished:
            _undo(steps)
        for step in steps:
            if step.ready is not None:
                step.ready.unlink(missing_ok=True)
        if not finished:
            for folder in reversed(made):
                with suppress(OSError):
                    folder.rmdir()
    prefixes: dict[Path, set[str]] = {}
    for step in steps:
        prefixes.setdefault(step.real.parent, set()).add(_prefix(step.real))
    for parent, those in prefixes.items():
        _sweep(parent, those)
        _flush(parent)


def _folders(folder: Path) -> list[Path]:
    """Make a folder and those above it that are missing; the outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return list(reversed(missing))


def _beside(real: Path, text: str) -> Path:
    """A flushed file with the text, and the mode and owner of `real`, in its folder; hidden: nobody reads it."""
    if real.exists() and not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(real))
    path = real.with_name(f".{_prefix(real)}.{secrets.token_hex(8)}.tmp")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            _like(path, real.stat())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _prefix(real: Path) -> str:
    return real.name[:100]


def _sweep(folder: Path, prefixes: set[str]) -> None:
    """Take away what killed processes left beside these files."""
    oldest = time.time() - STALE_SECONDS
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            found = BESIDE.fullmatch(entry.name)
            stale = found is not None and found[1] in prefixes and entry.is_file(follow_symlinks=False)
            if stale and entry.stat(follow_symlinks=False).st_mtime < oldest:
                os.unlink(entry.path)


def _like(path: Path, old: os.stat_result) -> None:
    mine = path.stat()
    if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):  # only the superuser may; the file is then ours
            os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))


def _put(step: _Step) -> None:
    if step.ready is None:
        step.real.unlink()
    else:
        os.replace(step.ready, step.real)
        step.ready = None
    step.done = True


def _undo(steps: Sequence[_Step]) -> None:
    """Put back what was replaced. What cannot be is left as it is: the error that led here is the one to tell."""
    for step in steps:
        if step.done:
            with suppress(OSError):
                if step.change.before is None:
                    step.real.unlink()
                else:
                    os.replace(_beside(step.real, step.change.before), step.real)


def _flush(folder: Path) -> None:
    """The names in a folder reach the disk too, where the system can do that."""
    with suppress(OSError):
        flush(folder)
