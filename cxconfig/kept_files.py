"""The files with what replacements carry over: written before the deletion, removed when the object is there again.

One of mode 0600 for each object, in a folder of its stack that git ignores: there may be phone numbers in it, so it is
no journal. It is whole or not there, and on the disk before the object is deleted. One that somebody else could have
read or written is refused, as is a folder that leads elsewhere. Who writes or removes one is alone at it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxconfig import private_files
from cxconfig.errors import SettingsError
from cxconfig.kinds import Keeper, Registry
from cxconfig.planning.plan import Kept
from cxconfig.planning.record import KEY, unfit

FOLDER = Path(".cxconfig", "replacements")
"""Beside tenant.yaml."""
LARGEST = 1024 * 1024


class KeptFiles:
    """Those of one stack; thread-safe. `folder`: the tenant's; `tenant`: the name of its stack."""

    def __init__(self, folder: Path, tenant: str) -> None:
        self.folder = folder / FOLDER / tenant

    def all(self, registry: Registry, origin: Callable[[str], str | None]) -> list[Kept]:
        """What is kept of a live tenant. `origin`: its mark, by system; None for one that is not set up.

        Raises `SettingsError` for a file that cannot be trusted.
        """
        try:
            private_files.refuse_foreign(self.folder, self.folder.parent)
            paths = sorted(path for path in self.folder.iterdir() if path.suffix == ".json")
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _unusable(self.folder, f"it cannot be read ({error.strerror})") from None
        found = [kept for path in paths if (kept := self._read(path, registry)) is not None]
        return [kept for kept in found if kept.origin == origin(registry[kept.kind].system)]

    def find(self, registry: Registry, kind: str, key: str, origin: str) -> Kept | None:
        """What is kept of one object."""
        return self._read(self._path(kind, key, origin), registry)

    def put(self, kept: Kept) -> None:
        """Write it, down to the disk. Raises `SettingsError` when that cannot be done: then nothing may be deleted."""
        path = self._path(kept.kind, kept.key, kept.origin)
        try:
            private_files.make_folder(self.folder, self.folder.parent)
            with self._alone():
                private_files.put(path, json.dumps(asdict(kept)))
        except OSError as error:
            raise SettingsError(
                f"{path}: {error.strerror}: what a replacement is to carry over could not be written there, so nothing"
                " was deleted",
                way_out="See that there is space and that you may write there, then run again.",
            ) from None

    def forget(self, kept: Kept, registry: Registry) -> None:
        """Remove it, if it is still this one. What cannot be removed stays, and the next run speaks of it."""
        path = self._path(kept.kind, kept.key, kept.origin)
        with suppress(OSError, SettingsError), self._alone():
            if self._read(path, registry) == kept:
                path.unlink()
                private_files.flush(self.folder)

    def tidy(self) -> None:
        """Remove what a kill left half written; nothing was deleted then."""
        with suppress(OSError), self._alone():
            for path in list(self.folder.glob(f"*{private_files.NEW}")):
                path.unlink(missing_ok=True)

    def _alone(self) -> AbstractContextManager[None]:
        """Runs that have nothing to do hold no lock of the stack: what another one is writing must not be taken for
        left behind. Raises `OSError` where nothing was ever written."""
        private_files.refuse_foreign(self.folder, self.folder.parent)
        return private_files.locked(self.folder.with_name(f"{self.folder.name}.lock"))

    def path(self, kept: Kept) -> Path:
        """Where it stands."""
        return self._path(kept.kind, kept.key, kept.origin)

    def _path(self, kind: str, key: str, origin: str) -> Path:
        name = hashlib.sha256("\0".join([origin, kind, key]).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.folder / f"{name}.json"

    def _read(self, path: Path, registry: Registry) -> Kept | None:
        try:
            private_files.refuse_foreign(self.folder, self.folder.parent)
            data = _private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, f"it cannot be read ({error.strerror})") from None
        try:
            kept = Kept(**json.loads(data))
            texts = (kept.kind, kept.key, kept.origin, kept.time, kept.recorded)
            typed = isinstance(kept.values, dict) and isinstance(kept.made, bool)
            sound = all(isinstance(text, str) for text in texts) and typed and bool(kept.when)
        except (ValueError, TypeError, RecursionError):
            sound = False
        if not sound or path != self._path(kept.kind, kept.key, kept.origin):
            raise _unusable(path, "it is damaged")
        if kept.kind not in registry:
            raise _unusable(path, "it is of another version of cxconfig")
        specs = registry[kept.kind].specs
        known = all(name in specs and not specs[name].unread and not specs[name].setting for name in kept.values)
        if not known or unfit(registry[kept.kind], {**kept.values, KEY: kept.key}):
            raise _unusable(path, "it does not hold what this version of cxconfig carries over")
        return kept


class FileKeeper(Keeper):
    """Keeps the values of one object. `recorded`: the mark of its record, "" when it has none."""

    def __init__(
        self,
        files: KeptFiles,
        registry: Registry,
        kind: str,
        key: str,
        origin: str,
        kept: Kept | None = None,
        recorded: str = "",
    ) -> None:
        self._files = files
        self._registry = registry
        self._of = (kind, key, origin)
        self._recorded = recorded
        self.kept = kept
        """Those that are kept now."""

    def keep(self, values: Mapping[str, Any]) -> None:
        kept = Kept(*self._of, datetime.now(UTC).isoformat(), dict(values), recorded=self._recorded)
        self._files.put(kept)
        self.kept = kept

    def forget(self) -> None:
        if self.kept is not None:
            self._files.forget(self.kept, self._registry)
            self.kept = None

    def lacks(self, values: Mapping[str, Any]) -> None:
        if self.kept is not None:
            self.kept = replace(self.kept, values=dict(values), made=True)
            with suppress(SettingsError):  # then it holds what was kept before, which is more
                self._files.put(self.kept)


def _private(path: Path) -> bytes:
    """What a file holds, if it is ours alone; raises `SettingsError` otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid():
            raise _unusable(path, "it is not a file of yours")
        if info.st_mode & 0o077:
            raise _unusable(path, f"others can read or write it (mode {info.st_mode & 0o777:04o})")
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _unusable(path, "it is too large")
    return data


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"{path}: {why}; it should hold what an interrupted replacement was to carry over, and nothing is done"
        " without it",
        way_out=(
            "Put it right (it must be yours, with mode 0600). Or remove it: then the object is created with what is"
            " declared alone, and its other values are lost."
        ),
    )
