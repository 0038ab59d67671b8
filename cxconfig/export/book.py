"""The files of a folder under edits: read when they are first needed; nothing is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxconfig.errors import EditRefused
from cxconfig.export.matching import GONE, Edit
from cxconfig.language.folder import displayed
from cxconfig.language.layers import REMOVE
from cxconfig.language.nodes import ScalarNode
from cxconfig.writing.editor import Editor, document
from cxconfig.writing.files import FileChange, read_text


class Book:
    """Holds an editor for each file that edits are about. A file is named by its path, from here or absolute."""

    def __init__(self) -> None:
        self._editors: dict[str, Editor] = {}
        self._fresh: dict[str, str] = {}
        """The texts of new files that nobody has edited yet."""
        self._before: dict[str, str | None] = {}
        self._paths: dict[str, Path] = {}

    def keys(self, file: str, path: tuple[str, ...]) -> list[str]:
        return self._editor(file).keys(path)

    def has(self, file: str, path: tuple[str, ...]) -> bool:
        return self._editor(file).has(path)

    def is_new(self, file: str) -> bool:
        return os.path.abspath(file) not in self._before and not Path(file).exists()

    def make(self, edits: Sequence[Edit]) -> list[tuple[Edit, str]]:
        """Make edits in order: all of those of one object, or none. Returns the first edit of each object that was
        refused, with the reason."""
        fresh: dict[str, dict[str, Any]] = {}
        known: dict[str, dict[tuple[str, ...], list[Edit]]] = {}
        for edit in edits:
            if edit.file in fresh or self.is_new(edit.file):
                _put(fresh.setdefault(edit.file, {}), edit)
            else:
                known.setdefault(edit.file, {}).setdefault(edit.path[:3], []).append(edit)
        refused = [one for file, objects in known.items() for one in self._made(file, list(objects.values()))]
        for file, content in fresh.items():
            where = self._known(file, None)
            self._fresh[where] = document(content)
        return refused

    def changes(self) -> list[FileChange]:
        """The files whose text is another now, by path."""
        found = []
        for where, before in sorted(self._before.items()):
            text = self._fresh[where] if where in self._fresh else self._editors[where].text
            if text != (before or ""):
                found.append(FileChange(self._paths[where], before, text))
        return found

    def forget_empty(self, file: str, path: tuple[str, ...]) -> None:
        """Let go of a file that would be new, and in which nothing stands below `path` any more."""
        where = os.path.abspath(file)
        if self._before.get(where, "") is None and not self.keys(file, path):
            for held in (self._fresh, self._editors, self._before, self._paths):
                held.pop(where, None)

    def contents(self) -> Mapping[str, bytes]:
        """What the files would hold, for reading the folder as it would be."""
        return {os.path.abspath(change.path): (change.after or "").encode("utf-8") for change in self.changes()}

    def _made(self, file: str, objects: Sequence[Sequence[Edit]]) -> list[tuple[Edit, str]]:
        """Make the edits of several objects at once; where that is refused half of them, down to the one at fault."""
        editor = self._editor(file)
        before = editor.text
        try:
            for edit in (edit for several in objects for edit in several):
                if edit.value is GONE:
                    editor.remove(edit.path)
                else:
                    editor.set(edit.path, _value(edit))
            editor.settle()
        except EditRefused as error:
            self._editors[os.path.abspath(file)] = Editor(before, displayed(Path(file)))
            half = len(objects) // 2
            if half:
                return [*self._made(file, objects[:half]), *self._made(file, objects[half:])]
            return [(objects[0][0], error.what)]
        return []

    def _editor(self, file: str) -> Editor:
        where = os.path.abspath(file)
        if where not in self._editors:
            text = self._fresh.pop(where, None)
            if text is None:
                text = read_text(Path(file))
                self._known(file, text)
            self._editors[where] = Editor(text or "", displayed(Path(file)))
        return self._editors[where]

    def _known(self, file: str, before: str | None) -> str:
        where = os.path.abspath(file)
        self._before[where], self._paths[where] = before, Path(file)
        return where


class OwnEntries:
    """`matching.Own` over one file of a book."""

    def __init__(self, book: Book, file: str) -> None:
        self._book = book
        self._file = file

    def keys(self, path: tuple[str, ...]) -> list[str]:
        return self._book.keys(self._file, path)

    def has(self, path: tuple[str, ...]) -> bool:
        return self._book.has(self._file, path)


def _put(content: dict[str, Any], edit: Edit) -> None:
    *above, last = edit.path
    for key in above:
        content = content.setdefault(key, {})
    content[last] = _value(edit)


def _value(edit: Edit) -> Any:
    """The mark that takes out what is below is a word without quotes; with them it would be a text."""
    return ScalarNode(REMOVE, True, 0, 0) if edit.value == REMOVE else edit.value
