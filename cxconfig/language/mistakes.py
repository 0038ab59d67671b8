"""Collecting every mistake of one reading, and showing the user's own text in a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from cxconfig.errors import InputError, Place
from cxconfig.language.nodes import Node
from cxconfig.language.sensitive import cut as without_secret
from cxconfig.nearness import did_you_mean

COMPARISONS = 100_000
"""So many names are compared for "did you mean" in one reading, then no more: it is the slow part of a mistake."""
HINTS = 300
"""So many mistakes of one reading have a "did you mean"."""
MOST = 10_000
"""So many mistakes of one reading are kept: nobody reads more, and a hostile file must not take memory for each."""

_SIMPLE = re.compile(r"[^\s.\"'`\[\]]+")

Path = tuple[str, ...]


class Mistakes:
    """The mistakes found so far, in all files.

    One that is met again (a template that many objects extend, a column of many rows) is kept once; `count` counts it.
    """

    def __init__(self) -> None:
        self.errors: list[InputError] = []
        self.count = 0
        self._seen: set[tuple[Place | None, str]] = set()
        self._closed: set[Place] = set()
        self._comparisons = 0
        self._hints = 0

    def add(self, error: InputError) -> None:
        self.count += 1
        if (error.place, error.rule) not in self._seen and error.place not in self._closed and not self.full:
            self._seen.add((error.place, error.rule))
            self.errors.append(error)

    @property
    def full(self) -> bool:
        """Are there so many that no further one is kept?"""
        return len(self.errors) >= MOST

    def close(self, place: Place) -> None:
        """Nothing more is said of what stands there: its value could not be made."""
        self._closed.add(place)

    def hint(self, name: str, candidates: Collection[str]) -> str:
        """`did you mean ...?`, or nothing."""
        self._comparisons += len(candidates)
        self._hints += 1
        enough = self._comparisons > COMPARISONS or self._hints > HINTS
        return "" if enough else did_you_mean(name, candidates)


class Sheet:
    """One file while it is read: gives places and takes mistakes."""

    def __init__(self, file: str, mistakes: Mistakes) -> None:
        self.file = file
        self.mistakes = mistakes

    def place(self, node: Node) -> Place:
        return Place(node.file or self.file, node.line, node.column)

    def add(self, node: Node, rule: str, way_out: str = "", *, path: Path = (), also: Sequence[Place] = ()) -> None:
        self.add_at(self.place(node), rule, way_out, path=path, also=also)

    def add_at(
        self, place: Place, rule: str, way_out: str = "", *, path: Path = (), also: Sequence[Place] = ()
    ) -> None:
        if self.mistakes.full:
            self.mistakes.count += 1
            return
        self.mistakes.add(InputError(rule, place=place, path=dotted(path), way_out=way_out, also=also))

    def unknown(self, key: Node, name: str, known: Iterable[str], *, path: Path, what: str = "key") -> None:
        """An unknown key: the near names, or all that there are."""
        if self.mistakes.full:
            self.mistakes.count += 1
            return
        names = list(known)
        hint = self.mistakes.hint(name, names)
        rest = f"known here: {', '.join(names)}" if names else "nothing can be set here; remove it"
        self.add(key, f"unknown {what} {shown(name)}", hint or rest, path=path)


def dotted(path: Path) -> str:
    """`onecloud.users.jdoe.roles[0]`; a part with dots or blanks stands in quotes."""
    text = ""
    for part in path:
        if part.startswith("[") and part.endswith("]"):
            text += part
            continue
        part = without_secret(part)
        name = part if _SIMPLE.fullmatch(part) and part.isprintable() else shown(part)
        text += f".{name}" if text else name
    return text


def shown(text: str, limit: int = 60) -> str:
    """The user's text in quotes, shortened, with invisible characters made visible."""
    text = without_secret(text)
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return '"' + "".join(c if c.isprintable() and c != '"' else repr(c)[1:-1] for c in cut) + '"'
