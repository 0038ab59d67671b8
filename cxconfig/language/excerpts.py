"""The line of a mistake, as it may be shown beside it.

The file is read again when there is a mistake, not kept for the case that there might be one; a file that is gone or
has changed meanwhile gives no line, or the line as it is now. Secrets are masked from what is read here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from cxconfig.cells import underline, window
from cxconfig.errors import CxconfigError, Excerpt, InputError, InputErrors
from cxconfig.kinds import Registry
from cxconfig.language.folder import Instead
from cxconfig.language.lines import ShownLine
from cxconfig.language.masking import LONG_LINE, MOST_PARSED, Masker
from cxconfig.language.names import Names
from cxconfig.language.reader import LINE_BREAK, MAX_BYTES
from cxconfig.language.rows import RowMasker

MOST_EXCERPTS = 1000
"""So many mistakes of one reading are shown with their line."""
YAML = (".yaml", ".yml", ".json")
"""Endings of what is read as YAML; all other files that mistakes are found in are tables."""
FEW_FROM, MOST_OF_LONG = 10_000, 10
"""Of a line with so many characters, so many mistakes are shown with what stands around them."""
ROOM = 100
"""Longer lines are cut around the caret."""


def attach(error: CxconfigError, registry: Registry, instead: Instead | None = None) -> None:
    """Give every mistake of `error` that names a line, and has no excerpt yet, that line.

    `instead`: what files hold in place of what is on the disk.
    """
    mistakes = error.errors if isinstance(error, InputErrors) else (error,) if isinstance(error, InputError) else ()
    open_ = (m for m in mistakes if m.excerpt is None and m.place is not None and m.place.line > 0)
    by_file: dict[str, list[InputError]] = {}
    for mistake in islice(open_, MOST_EXCERPTS):
        if mistake.place is not None:
            by_file.setdefault(mistake.place.file, []).append(mistake)
    names = Names(registry) if by_file else None
    left = MOST_PARSED
    for file, group in by_file.items():
        if names is not None:
            lines = _lines(Path(file), instead or {})
            _of_file(file, lines, group, names, left)
            left = max(left - sum(map(len, lines)), 0)


def _of_file(file: str, lines: Sequence[str], mistakes: Iterable[InputError], names: Names, left: int) -> None:
    """`left`: so many characters of YAML may still be parsed again, of all files together."""
    by_line: dict[int, list[InputError]] = {}
    for mistake in mistakes:
        if mistake.place is not None and mistake.place.line <= len(lines):
            by_line.setdefault(mistake.place.line - 1, []).append(mistake)
    if not by_line:
        return
    yaml = file.lower().endswith(YAML)
    masker = Masker(lines, list(by_line), names, left) if yaml else RowMasker(lines, names)
    for number, group in by_line.items():
        long = len(lines[number])
        shown: ShownLine | None = None
        for mistake in group[: MOST_OF_LONG if long > FEW_FROM else None]:
            if mistake.place is not None:
                if shown is None or long > LONG_LINE:
                    shown = masker.line(number, mistake.place.column)
                mistake.excerpt = _excerpt(shown, mistake.place.column)


def _excerpt(shown: ShownLine, column: int) -> Excerpt | None:
    """None for a line on which nothing stands."""
    start, length = shown.caret(max(column - 1, 0))
    text, start, length = window(shown.text.rstrip(), start, length, ROOM)
    return Excerpt(text, start + 1, length, underline(text, start, length)) if text.strip() else None


def _lines(path: Path, instead: Instead) -> Sequence[str]:
    """The lines of a file, counted as YAML counts them; none when it cannot be read."""
    try:
        data = instead.get(os.path.abspath(path)) if instead else None
        if data is None and path.is_file():
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):  # gone, or a place that names no file
        return ()
    if data is None:
        return ()
    return LINE_BREAK.split(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
