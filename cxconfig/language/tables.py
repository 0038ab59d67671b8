"""Many similar objects from a CSV file: `tables.<kind>` names the file, each row becomes an object.

The header names fields (`first_name`, or `skills.English` for one entry of a mapping); an empty cell is a field that
is not listed; the entries of a list stand in one cell, with `;` between them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cxconfig.errors import Place
from cxconfig.kinds import Kind
from cxconfig.language.folder import displayed
from cxconfig.language.keywords import EXTENDS, keywords_of
from cxconfig.language.layers import removes
from cxconfig.language.mistakes import Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described
from cxconfig.language.reader import decoded
from cxconfig.language.scalars import text
from cxconfig.language.shape import ListShape, MapShape, RecordShape, Shape, Spot, fields_of

SETTINGS = ("file", "key", "extends", "columns", "delimiter")
DELIMITERS = (",", ";", "\t", "|")
IN_LISTS = ";"
"""Between the entries of a list in one cell."""


class Row(NamedTuple):
    """One object of a table: its key and its fields."""

    key: ScalarNode
    value: MappingNode


class _Column(NamedTuple):
    """Where a cell goes: a field, or one entry of a mapping field; nowhere when `field` is empty. `head` stands at the
    header's cell."""

    field: str
    entry: str
    head: ScalarNode
    shape: Shape | None


def read_tables(kind: Kind, node: Node, spot: Spot, beside: Path) -> Iterator[Row]:
    """The rows of every table in the list `tables.<kind>` of a file that lies in the folder `beside`."""
    items = node.items if isinstance(node, SequenceNode) else [node]
    for index, item in enumerate(items):
        below = spot.below(f"[{index}]") if isinstance(node, SequenceNode) else spot
        if isinstance(item, MappingNode):
            yield from _Table(kind, item, below, beside).rows()
        else:
            below.add(item, f"must be a mapping, not {described(item)}", "write `- file: agents.csv` and `key: login`")


class _Table:
    def __init__(self, kind: Kind, node: MappingNode, spot: Spot, beside: Path) -> None:
        self._kind = kind
        self._node = node
        self._spot = spot
        self._beside = beside
        self._shapes = fields_of(kind.model)
        self._names: dict[str, str] = {}

    def rows(self) -> Iterator[Row]:
        if not self._settings_fit():
            return
        path = self._path()
        sheet = None if path is None else Sheet(displayed(path), self._spot.sheet.mistakes)
        content = None if path is None or sheet is None else self._content(path, sheet)
        if content is not None and sheet is not None:
            yield from self._read(content, sheet)

    def _settings_fit(self) -> bool:
        good = True
        for name, (key, _) in self._node.entries.items():
            if name not in SETTINGS:
                self._spot.sheet.unknown(key, name, SETTINGS, path=self._spot.path, what="setting")
                good = False
        for name, example in (("file", "agents.csv"), ("key", "login")):
            if not self._text(name):
                self._spot.add(self._node, f"a table needs `{name}`", f"add `{name}: {example}`")
                good = False
        if self._text("delimiter", ",") not in DELIMITERS:
            rule = 'must be `,`, `;`, `|` or a tab ("\\t")'
            self._spot.below("delimiter").add(self._node.entries["delimiter"][1], rule, 'write delimiter: ";"')
            good = False
        return good and self._columns_fit()

    def _columns_fit(self) -> bool:
        node = self._node.entries.get("columns", (None, MappingNode(0, 0)))[1]
        spot = self._spot.below("columns")
        if not isinstance(node, MappingNode):
            spot.add(node, "must be a mapping", "write {Column of the file: field}")
            return False
        for header, (_, field) in node.entries.items():
            if not isinstance(field, ScalarNode) or field.null:
                spot.below(header).add(field, "must be the name of a field", "write {Column of the file: field}")
                return False
            self._names[header] = field.text
        return True

    def _text(self, name: str, default: str = "") -> str:
        value = self._node.entries.get(name, (None, None))[1]
        return text(value) if isinstance(value, ScalarNode) else default

    def _path(self) -> Path | None:
        named = Path(self._text("file"))
        spot = self._spot.below("file")
        at = self._node.entries["file"][1]
        if named.is_absolute() or ".." in named.parts:
            spot.add(at, "a table's file lies beside this file or below it", "write the file's name alone")
            return None
        path = self._beside / named
        if not path.is_file():
            spot.add(at, f"there is no file {displayed(path)}", "name a CSV file beside this one")
            return None
        return path

    def _content(self, path: Path, sheet: Sheet) -> str | None:
        try:
            return decoded(path.read_bytes(), sheet)
        except OSError as error:
            sheet.add_at(Place(sheet.file), f"the file cannot be read ({error.strerror})", "allow reading it")
            return None

    def _read(self, content: str, sheet: Sheet) -> Iterator[Row]:
        delimiter = self._text("delimiter", ",")
        lines = content.splitlines()
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        columns: list[_Column] | None = None
        try:
            for number, cells in _numbered(reader):
                if not any(cell.strip() for cell in cells):
                    continue
                starts = _starts(lines[number - 1] if number <= len(lines) else "", cells, delimiter)
                if columns is None:
                    columns = self._header(cells, starts, number, sheet)
                    if columns is None:
                        return
                elif len(cells) != len(columns):
                    rule = f"the row has {len(cells)} cells, and the header {len(columns)}"
                    sheet.add_at(Place(sheet.file, number, 1), rule, "quote a cell that holds the delimiter")
                else:
                    row = self._row(columns, cells, starts, number, sheet)
                    if row is not None:
                        yield row
        except csv.Error as error:
            place = Place(sheet.file, max(reader.line_num, 1), 1)
            sheet.add_at(place, f"this is not valid CSV ({error})", 'quote the cell, and write "" for a quote in it')
        if columns is None:
            sheet.add_at(Place(sheet.file, 1, 1), "the file has no header", "name the fields in the first line")

    def _header(self, cells: Sequence[str], starts: Sequence[int], number: int, sheet: Sheet) -> list[_Column] | None:
        columns: list[_Column] = []
        seen: dict[str, ScalarNode] = {}
        key = self._text("key")
        for cell, start in zip(cells, starts, strict=True):
            name = cell.strip()
            head = ScalarNode(name, True, number, start, sheet.file)
            if name in seen:
                sheet.add(head, f"two columns have the name {shown(name)}", "remove one of the two")
                return None
            seen[name] = head
            columns.append(self._column(name if name == key else self._names.get(name, name), head))
        self._unused(seen)
        if key not in seen:
            fields = [column.head.text for column in columns if column.field in self._shapes]
            rule = f"there is no column {shown(key)}, which `key` names"
            rule += f"; of the fields there are {', '.join(fields)}" if fields else "; the first line names no field"
            way_out = sheet.mistakes.hint(key, seen) or "name the columns in the first line of the file"
            self._spot.below("key").add(self._node.entries["key"][1], rule, way_out)
            return None
        return self._checked(columns, key, sheet)

    def _unused(self, seen: Mapping[str, ScalarNode]) -> None:
        """`columns` names headers of the file."""
        node = self._node.entries.get("columns", (None, MappingNode(0, 0)))[1]
        for header, (at, _) in node.entries.items() if isinstance(node, MappingNode) else ():
            if header not in seen:
                self._spot.sheet.unknown(at, header, seen, path=(*self._spot.path, "columns"), what="column")

    def _checked(self, columns: Sequence[_Column], key: str, sheet: Sheet) -> list[_Column]:
        """The columns; those that are mistakes are noted and their cells left out, so that the rows are read still."""
        known = [*self._shapes, *keywords_of(self._kind)]
        taken: dict[str, set[str]] = {}
        good = []
        for column in columns:
            held = taken.setdefault(column.field, set())
            if column.head.text == key:
                good.append(column)
                continue
            if column.field not in known:
                sheet.unknown(column.head, column.field, known, path=self._spot.path[:-1], what="field")
            elif column.entry in held or (held and "" in (*held, column.entry)):
                what = f"{column.field}.{column.entry}" if column.entry else column.field
                rule = f"another column before this one fills {shown(what)}"
                sheet.add(column.head, rule, "remove one of the two", path=self._spot.path[:-1])
            else:
                held.add(column.entry)
                good.append(column)
                continue
            good.append(column._replace(field=""))
        return good

    def _column(self, name: str, head: ScalarNode) -> _Column:
        field, _, entry = name.partition(".")
        shape = self._shapes.get(field)
        if entry and isinstance(shape, MapShape | RecordShape):
            return _Column(field, entry, head, shape)
        return _Column(name, "", head, self._shapes.get(name))

    def _row(
        self, columns: Sequence[_Column], cells: Sequence[str], starts: Sequence[int], number: int, sheet: Sheet
    ) -> Row | None:
        value = MappingNode(number, 1, sheet.file)
        key: ScalarNode | None = None
        for column, cell, start in zip(columns, cells, starts, strict=True):
            node = ScalarNode(cell.strip(), True, number, start, sheet.file)
            if column.head.text == self._text("key"):
                key = node
            elif node.text and column.field:
                _put(value, column, node)
        if key is None or not key.text:
            sheet.add_at(Place(sheet.file, number, 1), "the row names no object", f"fill {shown(self._text('key'))}")
            return None
        if EXTENDS in self._node.entries and EXTENDS not in value.entries:
            value.entries[EXTENDS] = self._node.entries[EXTENDS]
        return Row(key, value)


def _put(value: MappingNode, column: _Column, node: ScalarNode) -> None:
    if not removes(node) and (isinstance(column.shape, ListShape) or column.field == "ignore"):
        several = SequenceNode(node.line, node.column, node.file)
        words = [word.strip() for word in node.text.split(IN_LISTS)]
        several.items += [ScalarNode(w, True, node.line, node.column, node.file) for w in words if w]
        value.entries[column.field] = (column.head, several)
    elif column.entry:
        found = value.entries.get(column.field)
        inner = found[1] if found else MappingNode(node.line, node.column, node.file)
        assert isinstance(inner, MappingNode)
        inner.entries[column.entry] = (column.head, node)
        value.entries[column.field] = (column.head, inner)
    else:
        value.entries[column.field] = (column.head, node)


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line in which it begins."""
    before = 0
    for cells in reader:
        yield before + 1, cells
        before = reader.line_num  # type: ignore[attr-defined]


def _starts(line: str, cells: Sequence[str], delimiter: str) -> list[int]:
    """The column in which each cell begins, as far as the row's first line tells; 1 for the others."""
    starts = [1]
    quoted = False
    for index, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            starts.append(index + 2)
    return [starts[i] if i < len(starts) else 1 for i in range(len(cells))]
