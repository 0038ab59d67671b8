"""Files that nobody else may read: of mode 0600, in a folder that git ignores, and on the disk before one goes on."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NEW = ".new"
"""Ends the name of a file that is not whole yet."""


def make_folder(folder: Path, top: Path) -> None:
    """Nobody else's, and out of git whatever the folders above it say. `top`: the outermost one of its purpose.

    Raises `OSError`, with what is wrong, for a link or a folder of somebody else: what is private goes nowhere else.
    """
    top.parent.mkdir(parents=True, exist_ok=True)
    for one in _down_to(folder, top):
        with suppress(FileExistsError):
            one.mkdir(mode=0o700)
            flush(one.parent)
        _refuse_foreign(one)
    top.chmod(0o700)
    keep_from_git(top)


def refuse_foreign(folder: Path, top: Path) -> None:
    """Raise `OSError` when one of these folders leads elsewhere, or is somebody else's; one that is not there does
    neither."""
    for one in _down_to(folder, top):
        with suppress(FileNotFoundError, NotADirectoryError):
            _refuse_foreign(one)


def keep_from_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not os.path.lexists(ignore):
        ignore.write_text("*\n", encoding="utf-8")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone among all processes that do the same with this file, which is made."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append(path: Path, text: str) -> None:
    """Down to the disk, the file's name as well when it is new."""
    new = not path.exists()
    _write(path, text, os.O_APPEND)
    if new:
        flush(path.parent)


def put(path: Path, text: str) -> None:
    """The same; whoever looks finds the old file or the new one, and each of them is whole."""
    other = path.with_name(path.name + NEW)
    other.unlink(missing_ok=True)
    _write(other, text, os.O_EXCL)
    other.replace(path)
    flush(path.parent)


def flush(folder: Path) -> None:
    """The names in a folder reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, text: str, how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | how, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _down_to(folder: Path, top: Path) -> list[Path]:
    return [one for one in (*reversed(folder.parents), folder) if one == top or top in one.parents]


def _refuse_foreign(folder: Path) -> None:
    info = folder.lstat()
    if stat.S_ISLNK(info.st_mode):
        raise OSError(errno.ELOOP, f"{folder} is a link, and nothing private is read or written through one")
    if not stat.S_ISDIR(info.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, f"{folder} is no folder")
    if info.st_uid != os.geteuid():
        raise OSError(errno.EPERM, f"the folder {folder} belongs to somebody else")
