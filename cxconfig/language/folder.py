"""The YAML files of a tenant's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cxconfig.errors import Place, SettingsError
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.reader import MAX_BYTES
from cxconfig.nearness import did_you_mean

TENANT_FILE = "tenant.yaml"
ENVIRONMENTS = "environments"
"""The folder in a tenant's folder that holds one folder of files for each environment."""
SUFFIXES = (".yaml", ".yml")

Instead = Mapping[str, bytes]
"""Absolute path -> content: what files would hold, or new files would, before they are written."""


class Source(NamedTuple):
    """One file: its sheet, its bytes, its path, and whether it is the tenant.yaml of its layer."""

    sheet: Sheet
    data: bytes
    path: Path
    main: bool

    @property
    def beside(self) -> Path:
        """The folder that it lies in."""
        return self.path.parent


def sources(folder: Path, mistakes: Mistakes, instead: Instead | None = None) -> Iterator[Source]:
    """Every `*.yaml` and `*.yml` file in and below `folder`, tenant.yaml first, then by path.

    Hidden files and folders, `environments/` and Pulumi's own files are left out; a folder that is reached twice
    through links is read once. A file that cannot be read is noted as a mistake. Raises `SettingsError` when there is
    no such folder or no tenant.yaml.
    """
    main = _main(folder)
    yield from _read(_files(folder, mistakes, folder / ENVIRONMENTS), folder, main, mistakes, instead or {})


def environment_sources(
    folder: Path, name: str, mistakes: Mistakes, instead: Instead | None = None
) -> Iterator[Source]:
    """The files of one environment. Raises `SettingsError` when it has no folder, with the near names."""
    root = folder / ENVIRONMENTS / name
    if name not in environments(folder):
        known = environments(folder)
        hint = did_you_mean(name, known) or (f"there are {', '.join(known)}" if known else "")
        raise SettingsError(
            f"there is no environment {name!r}: {displayed(root)} is not a folder",
            way_out=hint or f"make the folder {displayed(root)} and put into it what differs there",
        )
    yield from _read(_files(root, mistakes), root, root / TENANT_FILE, mistakes, instead or {})


def yaml_files(folder: Path, mistakes: Mistakes) -> Iterator[Source]:
    """Every YAML file of a tenant's folder, those of its environments too, in order: for commands that write.

    Raises `SettingsError` when there is no such folder or no tenant.yaml in it.
    """
    main = _main(folder)
    yield from _read(_files(folder, mistakes), folder, main, mistakes, {})


def environments(folder: Path) -> list[str]:
    """The names of a tenant's environments."""
    try:
        return sorted(path.name for path in (folder / ENVIRONMENTS).iterdir() if path.is_dir())
    except OSError:
        return []


def _read(paths: Sequence[Path], root: Path, main: Path, mistakes: Mistakes, instead: Instead) -> Iterator[Source]:
    found = [*paths, *_new(root, paths, instead)]
    for path in sorted(found, key=lambda p: (p != main, p.parts)):
        sheet = Sheet(displayed(path), mistakes)
        data = instead.get(os.path.abspath(path)) if instead else None
        if data is None:
            data = _bytes(path, sheet)
        if data is not None:
            yield Source(sheet, data, path, path == main)


def _new(root: Path, paths: Sequence[Path], instead: Instead) -> list[Path]:
    """The files of `instead` below `root` that are not there yet, but for those of environments below a tenant."""
    if not instead:
        return []
    top, there = os.path.abspath(root), {os.path.abspath(path) for path in paths}
    below = [Path(path).relative_to(top) for path in instead if path not in there and Path(path).is_relative_to(top)]
    return [root / path for path in below if path.parts[0] != ENVIRONMENTS]


def displayed(path: Path) -> str:
    """The path as a user would type it here: relative where it is below the current folder.

    It can be printed everywhere: bytes that are not UTF-8 and controls are escaped.
    """
    if path.is_absolute():
        path = _relative(path)
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text).replace(os.sep, "/")


def _relative(path: Path) -> Path:
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


def _main(folder: Path) -> Path:
    shown = displayed(folder)
    if not folder.exists():
        raise SettingsError(f"the folder {shown} does not exist", way_out="name the folder that holds tenant.yaml")
    if not folder.is_dir():
        raise SettingsError(f"{shown} is not a folder", way_out="name the folder that holds tenant.yaml, not a file")
    main = folder / TENANT_FILE
    if main.exists() or main.is_symlink():
        return main
    if (folder / "tenant.yml").exists():
        raise SettingsError(f"the folder {shown} holds tenant.yml", way_out=f"rename it to {TENANT_FILE}")
    below = sorted(path.parent for path in folder.glob(f"*/{TENANT_FILE}"))
    hint = f"; did you mean {displayed(below[0])}?" if below else ""
    way_out = f"name the folder of a tenant, or write its {TENANT_FILE} (api_version, tenant, systems){hint}"
    raise SettingsError(f"the folder {shown} holds no {TENANT_FILE}", way_out=way_out)


def _files(folder: Path, mistakes: Mistakes, without: Path | None = None) -> list[Path]:
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()

    def unreadable(error: OSError) -> None:
        place = Place(displayed(Path(error.filename or folder)))
        sheet = Sheet(place.file, mistakes)
        sheet.add_at(place, f"the folder cannot be read ({error.strerror})", "allow reading it, or move it elsewhere")

    for parent, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        info = os.stat(parent)
        if (info.st_dev, info.st_ino) in seen:
            folders.clear()
            continue
        seen.add((info.st_dev, info.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith(".") and Path(parent, name) != without)
        found.extend(Path(parent, name) for name in files if _ours(name))
    return found


def _ours(name: str) -> bool:
    return not name.startswith((".", "Pulumi.")) and name.lower().endswith(SUFFIXES)


def _bytes(path: Path, sheet: Sheet) -> bytes | None:
    place = Place(sheet.file)
    if not path.is_file():
        rule = "the link leads nowhere" if path.is_symlink() and not path.exists() else "this is not a regular file"
        sheet.add_at(place, rule, "remove it, or put the file itself here")
        return None
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        sheet.add_at(place, f"the file cannot be read ({error.strerror})", "allow reading it, or move it elsewhere")
        return None
