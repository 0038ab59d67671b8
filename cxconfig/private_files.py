"""Files that nobody else may read: of mode 0600, in a folder that git ignores, and on the disk before one goes on."""

from __future__ import annotations

import os
from pathlib import Path

NEW = ".new"
"""Ends the name of a file that is not whole yet."""


def make_folder(folder: Path, top: Path) -> None:
    """Nobody else's, and out of git whatever the folders above it say. `top`: the outermost one of its purpose."""
    new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    top.chmod(0o700)
    keep_from_git(top)
    if new:
        flush(top)


def keep_from_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


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
