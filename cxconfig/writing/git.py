"""What git says of the files that are about to be overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from cxconfig.errors import SettingsError
from cxconfig.language.folder import displayed
from cxconfig.writing.files import BESIDE

SECONDS = 30
SHOWN = 5
_STATES = {"?": "not in git yet", "A": "added", "D": "deleted", "R": "renamed", "C": "copied", "U": "in conflict"}
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Set while git runs a hook; they would lead away from the folder that is looked at."""


def refuse_unclean(folder: Path, files: Iterable[Path] = (), force: bool = False) -> None:
    """Raises `SettingsError` when git knows of anything below `folder`, or of one of `files`, that is not committed.

    Without git, or outside of a repository, there is nothing to hold the files against.
    """
    if force or shutil.which("git") is None:
        return
    top = _existing(folder.resolve())
    unclean = _unclean(top, top if folder.exists() else folder)
    for file in files:
        real = file.resolve()
        if not real.is_relative_to(top) and real.exists():
            unclean |= _unclean(real.parent, real)
    if not unclean:
        return
    named = [f"{displayed(path)} ({state})" for path, state in sorted(unclean.items())]
    more = f" and {len(named) - SHOWN:,} more" if len(named) > SHOWN else ""
    raise SettingsError(
        f"there are changes that are not committed, so nothing was written: {', '.join(named[:SHOWN])}{more}",
        way_out="Commit or stash them first, so that nothing can be lost, or add --force.",
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _unclean(folder: Path, path: Path) -> dict[Path, str]:
    """Path -> state of what is not committed at or below `path`."""
    inside = _git(folder, "rev-parse", "--show-toplevel")
    if inside.returncode:
        if "not a git repository" in inside.stderr.lower():
            return {}
        raise _failed(folder, inside.stderr)
    top = Path(inside.stdout.rstrip("\n"))
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=none")
    ran = _git(folder, "status", *options, "--", str(path))
    if ran.returncode:
        raise _failed(folder, ran.stderr)
    found: dict[Path, str] = {}
    parts = iter(ran.stdout.split("\0"))
    for part in parts:
        if len(part) > 3:
            states, name = part[:2], part[3:]
            if states == "??" and BESIDE.fullmatch(PurePosixPath(name).name):
                continue  # what a killed run of cxconfig left behind is nobody's work
            found[top / name] = next((_STATES[s] for s in states if s in _STATES), "modified")
            if "R" in states or "C" in states:
                next(parts, None)
    return found


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ: Mapping[str, str] = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    settings = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            command,
            env={**environ, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        said = f"no answer in {SECONDS} s" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        raise _failed(folder, said) from None


def _failed(folder: Path, said: str) -> SettingsError:
    lines = said.strip().splitlines()
    why = "".join(c if c.isprintable() else " " for c in lines[0]) if lines else "it gave no reason"
    return SettingsError(
        f"git cannot tell whether the files in {displayed(folder)} are committed, so nothing was written: {why}",
        way_out="Make `git status` work there, or add --force.",
    )
