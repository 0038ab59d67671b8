"""The one layout of a YAML file: indentation, spaces, blank lines, line ends. What it says and its comments stay.

Only blanks and line ends are changed, at the places that the parser's events give; what stands inside quotes, and the
text of `|` and `>`, is moved as a whole. The outcome is read again and must say the same, with the same comments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from cxconfig.errors import EditRefused, InputErrors
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import Node
from cxconfig.language.reader import read
from cxconfig.writing.cuts import Cut, cut_out
from cxconfig.writing.emission import same
from cxconfig.writing.spans import (
    BREAK,
    Entry,
    Layout,
    MappingSpan,
    ScalarSpan,
    SequenceSpan,
    Span,
    uncollected,
)

STEP = 2
_BLANKS = " \t"
_EXPLICIT = re.compile(r"[|>][-+]?([1-9])")


def tidied(text: str, file: str = "") -> str:
    """The text in the one layout. Raises `InputErrors` for a text that cannot be read."""
    with uncollected():
        return _tidied(text, file)


def _tidied(text: str, file: str) -> str:
    plain = BREAK.sub("\n", text.removeprefix("\ufeff"))
    before = _read(text.removeprefix("\ufeff"), file)
    layout = Layout(plain)
    result = _Tidier(layout).text()
    try:
        right = same(before, _read(result, file)) and comments(layout) == comments(Layout(result))
    except InputErrors:
        right = False
    if not right:
        raise EditRefused(
            f"{file}: the file cannot be laid out without changing what it says",
            way_out="The file was left as it is. This is a fault of cxconfig: please report it.",
        )
    return result


def _read(text: str, file: str) -> Node | None:
    mistakes = Mistakes()
    node = read(text.encode("utf-8", "surrogatepass"), Sheet(file, mistakes))
    if mistakes.errors:
        raise InputErrors(mistakes.errors)
    return node


def comments(layout: Layout) -> list[str]:
    """Every comment, in order, without the blanks at its end."""
    return [layout.text[start:end].rstrip() for start, end in comment_places(layout)]


def comment_places(layout: Layout) -> Iterator[tuple[int, int]]:
    """Start and end of every comment, in order."""
    place = 0
    for leaf in layout.leaves():
        yield from _in_gap(layout, place, leaf.start)
        place = max(place, leaf.end)
        if isinstance(leaf, ScalarSpan) and leaf.style and leaf.style in "|>":
            yield from _in_gap(layout, leaf.body, min(layout.line_end(leaf.body), leaf.end))
    yield from _in_gap(layout, place, len(layout.text))


def _in_gap(layout: Layout, place: int, end: int) -> Iterator[tuple[int, int]]:
    while (start := layout.text.find("#", place, end)) >= 0:
        place = layout.line_end(start)
        yield start, place


class _Block(NamedTuple):
    """A block collection around a place: its column in the text and in the layout."""

    old: int
    new: int
    outer: _Block | None


class _Mark(NamedTuple):
    """The start of a key, item or value. `empty`: nothing is written behind it."""

    place: int
    old: int
    new: int
    block: _Block
    empty: bool


class _Tidier:
    """Walks over the spans and notes the cuts; then goes over the lines."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._cuts: dict[int, Cut] = {}
        self._marks: list[_Mark] = []
        self._texts: list[tuple[int, int]] = []
        """Start and end of scalars of several lines."""
        self._brackets: list[tuple[int, int, int]] = []
        """Start and end of brackets over several lines, and the column of what they belong to."""

    def text(self) -> str:
        root = self._layout.root
        if isinstance(root, MappingSpan) and not root.flow:
            self._mapping(root, _Block(root.column, 0, None))
        elif root is not None:
            self._value(root, None, _Block(-STEP, -STEP, None))
        self._lines()
        made = cut_out(self._layout.text, sorted(self._cuts.values()))
        return made.rstrip("\n") + "\n" if made.strip() and not self._keeps_end() else made if made.strip() else ""

    def _keeps_end(self) -> bool:
        """Whether the file ends with a text that keeps its empty lines (`|+`)."""
        return bool(self._texts) and self._texts[-1][1] >= len(self._layout.text.rstrip()) + 1

    # --- cuts between the tokens of a line ---

    def _cut(self, start: int, end: int, text: str) -> None:
        if self._layout.text[start:end] != text:
            self._cuts[start] = Cut(start, end, text)

    def _gap(self, start: int, end: int, text: str) -> None:
        """The blanks between two tokens of one line."""
        if not self._layout.text[start:end].strip(_BLANKS):
            self._cut(start, end, text)

    def _first(self, place: int, column: int) -> bool:
        """Put the first token of a line into its column; False when it is not the first."""
        start = self._layout.line_start(place)
        if self._layout.text[start:place].strip(_BLANKS):
            return False
        self._cut(start, place, " " * column)
        return True

    def _mapping(self, span: MappingSpan, block: _Block) -> None:
        for row in span.rows:
            self._marks.append(_Mark(row.start, block.old, block.new, block, row.value.end <= row.colon + 1))
            self._first(row.start, block.new)
            self._key(row, block)
            self._value(row.value, row.colon + 1, block)

    def _key(self, row: Entry, block: _Block) -> None:
        if row.start < row.key.start:
            self._value(row.key, row.start + 1, block)
        if row.colon < 0:
            return
        if self._layout.same_line(row.key.end, row.colon):
            self._gap(row.key.end, row.colon, "")
        else:
            self._first(row.colon, block.new)

    def _sequence(self, span: SequenceSpan, block: _Block) -> None:
        for dash, item in zip(span.dashes, span.items, strict=True):
            self._marks.append(_Mark(dash, block.old, block.new, block, item.end <= dash + 1))
            self._first(dash, block.new)
            self._value(item, dash + 1, block)

    def _value(self, span: Span, behind: int | None, around: _Block) -> None:
        """`behind`: the end of the colon, dash or `?` before the value; `around`: the block that it stands in."""
        inner = around.new + STEP
        if behind is not None and span.end > behind:
            self._part(behind, span.start, inner, around)
        if span.anchor is not None and span.end > span.start + 1 + len(span.anchor):
            self._part(span.start + 1 + len(span.anchor), span.body, inner, around)
        if isinstance(span, (MappingSpan, SequenceSpan)) and span.flow:
            self._flow(span)
            if not self._layout.same_line(span.body, span.end):
                self._brackets.append((span.body, span.end, max(around.new, 0)))
        elif isinstance(span, MappingSpan):
            self._mapping(span, _Block(span.column, inner, around))
        elif isinstance(span, SequenceSpan):
            self._sequence(span, _Block(span.column, inner, around))
        elif isinstance(span, ScalarSpan):
            self._scalar(span, around)

    def _part(self, behind: int, start: int, column: int, around: _Block) -> None:
        if self._layout.same_line(behind, start):
            self._gap(behind, start, " ")
        elif self._first(start, column):
            self._marks.append(_Mark(start, self._layout.column(start), column, around, False))

    def _flow(self, span: MappingSpan | SequenceSpan) -> None:
        """Blanks inside brackets: one behind commas and colons, none elsewhere. Line breaks stay."""
        behind = span.body + 1
        inner = [(row.start, row.end, row) for row in span.rows] if isinstance(span, MappingSpan) else []
        items = [(item.start, item.end, item) for item in span.items] if isinstance(span, SequenceSpan) else []
        for number, (start, end, part) in enumerate([*inner, *items]):
            if number:
                behind = self._comma(behind)
            self._gap(behind, start, " " if number else "")
            for value in [part.key, part.value] if isinstance(part, Entry) else [part]:
                if isinstance(value, (MappingSpan, SequenceSpan)) and self._layout.text[value.body] in "[{":
                    self._flow(value)
                elif isinstance(value, ScalarSpan) and not self._layout.same_line(value.body, value.end):
                    self._texts.append((value.body, value.end))
            if isinstance(part, Entry) and part.colon >= 0:
                self._gap(part.key.end, part.colon, "")
                if part.value.end > part.colon + 1:
                    self._gap(part.colon + 1, part.value.start, " ")
            behind = end
        comma = self._layout.skip(behind)
        if self._layout.text.startswith(",", comma):
            behind = self._comma(behind)
        self._gap(behind, span.end - 1, "")

    def _comma(self, behind: int) -> int:
        comma = self._layout.skip(behind)
        self._gap(behind, comma, "")
        return comma + 1

    def _scalar(self, span: ScalarSpan, around: _Block) -> None:
        layout = self._layout
        if span.style and span.style in "|>":
            self._texts.append((layout.line_end(span.body), span.end))
            self._literal(span, around)
        elif not layout.same_line(span.body, span.end):
            self._texts.append((span.body, span.end))
            place = layout.next_line(span.body)
            while place < span.end:
                end = layout.line_end(place)
                line = layout.text[place:end]
                ink = place + len(line) - len(line.lstrip(_BLANKS))
                self._cut(place, ink, " " * (around.new + STEP) if line.strip(_BLANKS) else "")
                place = layout.next_line(end)

    def _literal(self, span: ScalarSpan, around: _Block) -> None:
        """Move the text of a `|` or `>` below its key."""
        layout, place = self._layout, self._layout.next_line(span.body)
        if span.end == len(layout.text) and span.text and not span.text.endswith("\n"):
            header = re.compile(r"([|>][0-9]?)[-+]?").match(layout.text, span.body)
            if header:  # the line end that the file gets is not one of the text
                self._cut(span.body, header.end(), f"{header[1]}-")
        lines: list[tuple[int, str]] = []
        while place < span.end:
            lines.append((place, layout.text[place : layout.line_end(place)]))
            place = layout.next_line(place)
        explicit = _EXPLICIT.match(layout.text, span.body) or re.match(r"[|>]([1-9])", layout.text[span.body :])
        filled = [line for _, line in lines if line.strip(" ")]
        if explicit:
            old, new = max(around.old, 0) + int(explicit[1]), max(around.new, 0) + int(explicit[1])
        elif filled:
            old, new = len(filled[0]) - len(filled[0].lstrip(" ")), around.new + STEP
        else:
            return
        for start, line in lines:
            indent = len(line) - len(line.lstrip(" "))
            self._cut(start, start + min(indent, old), " " * new if len(line) > old else "")

    # --- lines ---

    def _lines(self) -> None:
        """Comment lines, lines inside brackets, blanks at line ends, empty lines."""
        layout, text = self._layout, self._layout.text
        self._marks.sort()
        self._texts.sort()
        where = [mark.place for mark in self._marks]
        empty, place = True, 0
        while place < len(text):
            end = layout.line_end(place)
            line = text[place:end]
            if self._inside(place):
                empty = False
            elif not line.strip(_BLANKS):
                self._cut(place, layout.next_line(end) if empty else end, "")
                empty = True
            else:
                empty = False
                ink = place + len(line) - len(line.lstrip(_BLANKS))
                bracket = self._bracket(place)
                if bracket is not None:
                    least = bracket[2] if text[ink] in "]}" else bracket[2] + STEP
                    self._cut(place, ink, " " * max(ink - place + self._shift(bracket[0]), least))
                elif text[ink] == "#":
                    self._cut(place, ink, " " * self._comment_column(ink - place, ink, where))
            if not self._inside(end) and line.strip(_BLANKS):
                self._line_end(place, end)
            place = layout.next_line(end) if end < len(text) else end

    def _inside(self, place: int) -> bool:
        """Whether a line that begins or ends here does so inside a scalar of several lines."""
        at = bisect_right(self._texts, (place, -1)) - 1
        return at >= 0 and self._texts[at][0] < place <= self._texts[at][1]

    def _line_end(self, start: int, end: int) -> None:
        line = self._layout.text[start:end]
        self._cut(start + len(line.rstrip(_BLANKS)), end, "")

    def _bracket(self, place: int) -> tuple[int, int, int] | None:
        return next((b for b in self._brackets if b[0] < place < b[1]), None)

    def _shift(self, bracket: int) -> int:
        """How far the line of a bracket moves."""
        start = self._layout.line_start(bracket)
        line = self._layout.text[start:bracket]
        cut = self._cuts.get(start)
        return len(cut.text) - (len(line) - len(line.lstrip(_BLANKS))) if cut else 0

    def _comment_column(self, column: int, place: int, where: list[int]) -> int:
        """The column of the block that a comment line belongs to: that of what follows, or one that is open above."""
        at = bisect_right(where, place)
        found: list[tuple[int, int]] = []
        if at:
            before = self._marks[at - 1]
            if before.empty:
                found.append((before.old + 1, before.new + STEP))
            block: _Block | None = before.block
            while block is not None:
                found.append((block.old, block.new))
                block = block.outer
        if at < len(where):
            found.insert(0, (self._marks[at].old, self._marks[at].new))
        fitting = [pair for pair in found if pair[0] <= column]
        return max(max(fitting, key=lambda pair: pair[0])[1], 0) if fitting else 0
