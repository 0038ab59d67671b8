"""Lines of a CSV file as they may be shown beside a mistake: each cell as its column's name allows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from cxconfig.cells import safe
from cxconfig.language.lines import Piece, ShownLine, blind_pieces, key_piece, value_piece
from cxconfig.language.names import Names, Verdict

DELIMITERS = (",", ";", "\t", "|")


class RowMasker:
    """Shows lines of one file. A row that is not as long as the header, or has several lines, is masked."""

    def __init__(self, lines: Sequence[str], names: Names) -> None:
        self._lines = lines
        self._names = names
        self._head = next((number for number, line in enumerate(lines) if line.strip()), 0)
        head = lines[self._head]
        self._delimiter = max(DELIMITERS, key=head.count)
        self._columns = [head[start:end].strip().strip('"').strip() for start, end in _cells(head, self._delimiter)]
        self._single = set(_single_lines(lines, self._delimiter))

    def line(self, number: int, column: int) -> ShownLine:
        """One line, counted from 0."""
        text = self._lines[number]
        cells = list(_cells(text, self._delimiter))
        if number == self._head:
            return ShownLine(text, list(self._pieces(text, cells, None)))
        if len(cells) != len(self._columns) or number not in self._single:
            return ShownLine(text, list(blind_pieces(text, 0, len(text), self._names)))
        verdicts = [self._names.of_path(name.split(".")) for name in self._columns]
        return ShownLine(text, list(self._pieces(text, cells, verdicts)))

    def _pieces(
        self, text: str, cells: Sequence[tuple[int, int]], verdicts: Sequence[Verdict] | None
    ) -> Iterator[Piece]:
        """Those of the header when there are no verdicts."""
        at = 0
        for index, (start, end) in enumerate(cells):
            if at < start:
                yield Piece(at, start, safe(text[at:start]))
            if verdicts is None:
                yield key_piece(text, start, end, Verdict.OPEN)
            else:
                yield value_piece(text, start, end, verdicts[index], self._names)
            at = end


def _cells(line: str, delimiter: str) -> Iterator[tuple[int, int]]:
    """Where each cell begins and ends."""
    start, quoted = 0, False
    for index, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            yield start, index
            start = index + 1
    yield start, len(line)


def _single_lines(lines: Sequence[str], delimiter: str) -> Iterator[int]:
    """The lines that are a row by themselves, as far as the file can be read."""
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for _ in reader:
            if reader.line_num == before + 1:
                yield before
            before = reader.line_num
    except csv.Error:
        return
