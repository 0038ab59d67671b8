"""Which file a new object belongs to: one folder for each kind, split so that a file stays readable. Pure.

    onecloud/teams/teams.yaml      a kind that refers to nothing: one file
    onecloud/users/sales.yaml      a kind that refers to another one: a file for each object that is referred to

Where objects of the same group are declared already, in whatever file, new ones are put beside them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from cxconfig.kinds import Kind

MAX_NAME = 60
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""Names that some systems keep for devices, whatever their suffix."""
_GAPS = re.compile(r"[\W_]+")


def group_of(kind: Kind, values: Mapping[str, Any]) -> str:
    """What an object is filed under: the name in the first field that refers to one other object, else ""."""
    for name, spec in kind.specs.items():
        if spec.refers_to and isinstance(values.get(name), str):
            return str(values[name]).strip()
    return ""


def file_of(kind: Kind, group: str) -> PurePosixPath:
    """The file of a group, below the tenant's folder."""
    return PurePosixPath(kind.system, kind.name, f"{file_name(group) if group else kind.name}.yaml")


def file_name(group: str) -> str:
    """A name that every file system takes: small letters and digits, joined by `-`. Names that differ only in what is
    lost share a file."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", group.casefold()) if not unicodedata.combining(c))
    name = _GAPS.sub("-", unicodedata.normalize("NFC", plain)).strip("-")[:MAX_NAME].strip("-")
    while len(name.encode("utf-8")) > 3 * MAX_NAME:
        name = name[:-1]
    if not name:
        return f"group-{hashlib.sha256(group.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"group-{name}" if RESERVED.fullmatch(name) else name


class Shelf:
    """Where the objects of a kind stand, by group: a new one goes to the file that holds the most of its group."""

    def __init__(self, kind: Kind, declared: Iterable[tuple[Mapping[str, Any], str]]) -> None:
        """`declared`: the values and the file of each declared object that new ones may be put beside."""
        self._kind = kind
        self._files: dict[str, Counter[str]] = {}
        self.all: Counter[str] = Counter()
        for values, file in declared:
            self._files.setdefault(group_of(kind, values), Counter())[file] += 1
            self.all[file] += 1

    def place(self, values: Mapping[str, Any]) -> str:
        """The file that holds the most of the object's group, or "" when none does; of equals the first by name."""
        return _most(self._files.get(group_of(self._kind, values)))

    def fullest(self) -> str:
        """The file that holds the most objects of the kind, or ""."""
        return _most(self.all)


def _most(counts: Counter[str] | None) -> str:
    return min(counts, key=lambda file: (-counts[file], file)) if counts else ""
