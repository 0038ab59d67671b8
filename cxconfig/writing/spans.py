"""The text of one YAML file -> where each of its values stands, in characters.

Marks of the parser lead to the next token for what is empty and for the end of blocks; here every span ends where its
own last character does.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode

BREAK = re.compile("\r\n|\r|\n")
_HEADER = re.compile(r"[|>][-+0-9]*")
_LAST_BREAK = re.compile("(\r\n|\r|\n)\\Z")
_INK = re.compile(r"[^ \t\r\n]")
_BLANK = " \t"
_SPACE = " \t\r\n"


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for garbage, which takes most of the time while hundreds of thousands of spans are made."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Span:
    """One value: `start`..`end` with its anchor, `body`..`end` without. Its `end` is behind its last character.

    `column` is that of the keys or dashes of a block; `flow` says that a collection is written in brackets.
    """

    __slots__ = ("anchor", "body", "column", "end", "entry", "flow", "parent", "start", "style")

    def __init__(self, start: int, end: int, parent: Collection | None) -> None:
        self.start = self.body = start
        self.end = end
        self.parent = parent
        self.entry: Entry | None = None
        self.anchor: str | None = None
        self.flow = False
        self.style = ""
        self.column = 0


class ScalarSpan(Span):
    """`style`: empty (plain), `'`, `"`, `|` or `>`; `empty`: nothing is written."""

    __slots__ = ("text",)

    def __init__(self, start: int, end: int, parent: Collection | None, text: str) -> None:
        super().__init__(start, end, parent)
        self.text = text

    @property
    def empty(self) -> bool:
        return self.body == self.end


class AliasSpan(Span):
    """`target` is the value that stands here."""

    __slots__ = ("target",)

    def __init__(self, start: int, end: int, parent: Collection | None, target: Span) -> None:
        super().__init__(start, end, parent)
        self.target = target


class SequenceSpan(Span):
    """`dashes` holds where the `-` of each item stands, in block style."""

    __slots__ = ("dashes", "items")

    def __init__(self, start: int, end: int, parent: Collection | None) -> None:
        super().__init__(start, end, parent)
        self.items: list[Span] = []
        self.dashes: list[int] = []


class Entry:
    """`start` is the key's place, or that of its `?`; `colon` is -1 where none is written."""

    __slots__ = ("colon", "key", "start", "value")

    def __init__(self, key: ScalarSpan, start: int, colon: int, value: Span) -> None:
        self.key = key
        self.start = start
        self.colon = colon
        self.value = value

    @property
    def merge(self) -> bool:
        return self.key.text == "<<" and not self.key.style

    @property
    def end(self) -> int:
        return max(self.value.end, self.colon + 1, self.key.end)


class MappingSpan(Span):
    """`entries`: its keys; `rows`: all that is written, merge keys (`<<`) too."""

    __slots__ = ("entries", "rows")

    def __init__(self, start: int, end: int, parent: Collection | None) -> None:
        super().__init__(start, end, parent)
        self.entries: dict[str, Entry] = {}
        self.rows: list[Entry] = []

    @property
    def merges(self) -> list[Entry]:
        return [row for row in self.rows if row.merge] if len(self.rows) > len(self.entries) else []


Collection = MappingSpan | SequenceSpan


class Layout:
    """The spans of a whole text. The text must be one that the project's reader takes without a mistake."""

    def __init__(self, text: str, newline: str = "\n") -> None:
        """`newline`: the line break to use where the text has none."""
        self.text = text
        found = BREAK.search(text)
        self.newline = found[0] if found else newline
        self.style: tuple[int, int] | None = None
        self.aliases: list[AliasSpan] = []
        self._anchors: dict[str, Span] = {}
        self._next = CParser(text).get_event
        self._next()
        event = self._next()
        self.explicit_start = False
        self.explicit_end: int | None = None
        self.root: Span | None = None
        if hasattr(event, "explicit"):
            self.explicit_start = bool(event.explicit)
            self.root = self._span(self._next(), None, event.end_mark.index)
            end = self._next()
            if end.explicit:
                self.explicit_end = end.start_mark.index

    def leaves(self, span: Span | None = None) -> Iterator[Span]:
        """Every key, scalar and alias, in order."""
        span = span or self.root
        if isinstance(span, MappingSpan):
            for row in span.rows:
                yield row.key
                yield from self.leaves(row.value)
        elif isinstance(span, SequenceSpan):
            for item in span.items:
                yield from self.leaves(item)
        elif span is not None:
            yield span

    def _span(self, event: Any, parent: Collection | None, after: int) -> Span:
        """`after` is where an empty value stands: behind the colon, dash or key before it."""
        start, end = event.start_mark.index, event.end_mark.index
        kind = type(event)
        if kind is AliasEvent:
            alias = AliasSpan(start, end, parent, self._anchors[event.anchor])
            self.aliases.append(alias)
            return alias
        span: Span
        if kind is ScalarEvent:
            span = ScalarSpan(start, end, parent, event.value)
            span.style = event.style or ""
        else:
            span = MappingSpan(start, end, parent) if kind is MappingStartEvent else SequenceSpan(start, end, parent)
            span.flow = bool(event.flow_style)
        self._anchor(span, event.anchor, after)
        if isinstance(span, MappingSpan):
            self._mapping(span)
        elif isinstance(span, SequenceSpan):
            self._sequence(span)
        elif span.style and span.style in "|>":
            span.end = self._block_end(span)
        if event.anchor is not None:
            self._anchors[event.anchor] = span  # as the reader has it: the outer of two that are nested
        return span

    def _anchor(self, span: Span, name: str | None, after: int) -> None:
        if name is not None:
            span.anchor = name
            self._anchors[name] = span
            behind = span.start + 1 + len(name)
            if isinstance(span, ScalarSpan) and not span.text and not span.style:
                span.body = span.end = behind
            else:
                span.body = self.skip(behind)
        elif isinstance(span, ScalarSpan) and span.start == span.end:
            span.start = span.body = span.end = after

    def _mapping(self, span: MappingSpan) -> None:
        end = span.body + span.flow
        while type(event := self._next()) is not MappingEndEvent:
            key = self._span(event, span, event.start_mark.index)
            start = self._entry_start(key, end)
            behind = self.skip(key.end)
            colon = behind if self.text.startswith(":", behind) else -1
            value = self._span(self._next(), span, max(key.end, colon + 1))
            assert isinstance(key, ScalarSpan)
            entry = value.entry = Entry(key, start, colon, value)
            if not span.rows:
                span.column = self.column(start)
            span.rows.append(entry)
            if not entry.merge:
                span.entries[key.text] = entry
            end = entry.end
        span.end = event.end_mark.index if span.flow else end

    def _sequence(self, span: SequenceSpan) -> None:
        end = span.body
        while type(event := self._next()) is not SequenceEndEvent:
            dash = end
            if not span.flow:
                dash = self.skip(end)
                span.dashes.append(dash)
                if not span.items:
                    span.column = self.column(dash)
            item = self._span(event, span, dash + 1)
            span.items.append(item)
            end = max(item.end, dash + 1)
        span.end = event.end_mark.index if span.flow else end

    def _entry_start(self, key: Span, end: int) -> int:
        """The `?` before a key, or the key; `end` is that of the entry before it."""
        place = self.skip(end)
        if self.text.startswith(",", place):
            place = self.skip(place + 1)
        return place if place < key.start and self.text[place] == "?" else key.start

    def _block_end(self, span: ScalarSpan) -> int:
        """The end of the last line of a `|` or `>` text; empty lines behind it belong to it only with `+`."""
        header = _HEADER.match(self.text, span.body)
        lines = self.text[span.body : span.end].splitlines(keepends=True)
        last = len(lines)
        if header and "+" not in header[0] and any(line.strip(_SPACE) for line in lines[1:]):
            first = next(line for line in lines[1:] if line.strip(_SPACE))
            indent = len(first) - len(first.lstrip(" "))
            while not (rest := lines[last - 1].rstrip("\r\n")).strip(" ") and len(rest) <= indent:
                last -= 1
        return span.body + len(_LAST_BREAK.sub("", "".join(lines[:last])))

    def skip(self, place: int) -> int:
        """The next character that is neither blank nor comment."""
        text = self.text
        while place < len(text):
            if text[place] == "#":
                place = self.line_end(place)
            elif text[place] in _SPACE:
                place += 1
            else:
                break
        return place

    def skip_blank_lines(self, place: int) -> int:
        """The first character of text behind `place`, the end of the text if there is none."""
        found = _INK.search(self.text, place)
        return found.start() if found else len(self.text)

    def comments_below(self, place: int, column: int) -> int:
        """The end of the line of `place`, or of the last comment line directly below it from `column` on."""
        end = self.line_end(place)
        while True:
            start = self.next_line(end)
            line = self.text[start : self.line_end(start)]
            if not line.lstrip(_BLANK).startswith("#") or len(line) - len(line.lstrip(_BLANK)) < column:
                return end
            end = start + len(line)

    def line_end(self, place: int) -> int:
        """Where the line of `place` ends, before its break."""
        found = BREAK.search(self.text, place)
        return found.start() if found else len(self.text)

    def next_line(self, place: int) -> int:
        """Where the line after that of `place` begins; the end of the text when there is none."""
        found = BREAK.search(self.text, place)
        return found.end() if found else len(self.text)

    def line_start(self, place: int) -> int:
        before = self.text.rfind("\n", 0, place) + 1
        return max(before, self.text.rfind("\r", before, place) + 1)

    def line_above(self, start: int) -> int:
        """The start of the line before the one that begins at `start`."""
        return self.line_start(start - (2 if self.text.endswith("\r\n", 0, start) else 1))

    def column(self, place: int) -> int:
        return place - self.line_start(place)

    def same_line(self, one: int, other: int) -> bool:
        return BREAK.search(self.text, min(one, other), max(one, other)) is None


def node_at(span: Span) -> Node:
    """What stands in a span, aliases followed."""
    if isinstance(span, AliasSpan):
        return node_at(span.target)
    if isinstance(span, ScalarSpan):
        return ScalarNode(span.text, not span.style, 0, 0)
    if isinstance(span, SequenceSpan):
        sequence = SequenceNode(0, 0)
        sequence.items.extend(map(node_at, span.items))
        return sequence
    assert isinstance(span, MappingSpan)
    node = MappingNode(0, 0)
    for name, entry in span.entries.items():
        node.entries[name] = (ScalarNode(name, not entry.key.style, 0, 0), node_at(entry.value))
    for row in span.merges:
        for name, found in merged(row).entries.items():
            node.entries.setdefault(name, found)
    return node


def merged(row: Entry) -> MappingNode:
    """The keys that a merge key brings: those of its mapping, or of several, the first of which wins."""
    node, brought = MappingNode(0, 0), node_at(row.value)
    for other in brought.items if isinstance(brought, SequenceNode) else [brought]:
        if isinstance(other, MappingNode):
            for name, found in other.entries.items():
                node.entries.setdefault(name, found)
    return node
