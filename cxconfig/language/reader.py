"""Bytes of one YAML 1.2 file -> located nodes, over the event stream of ruamel.yaml's C parser.

Every scalar keeps its text: the schema decides what it is, so `NO`, `0123` and `+15551234567` stay what was written.
Bounded: size of the file, nesting, and the number of values after aliases are followed.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from cxconfig.errors import Place
from cxconfig.language.mistakes import Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described
from cxconfig.language.syntax import explain

MAX_BYTES = 32 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_DEPTH = 64

FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters
    "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"  # line separators, text direction, byte order mark
    "\ufffe\uffff"
    "]"
)
LINE_BREAK = re.compile("\r\n|\r|\n")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class _Stop(Exception):
    """The rest of this file cannot be read; its mistake is already noted."""


class _Anchored(NamedTuple):
    node: Node
    size: int
    height: int


def read(data: bytes, sheet: Sheet) -> Node | None:
    """The document in `data`, or None when the file is empty or cannot be read (then `sheet` took a mistake)."""
    text = decoded(data, sheet)
    if text is None:
        return None
    try:
        return _Builder(CParser(text), sheet).document()
    except _Stop:
        return None
    except YAMLError as error:
        problem = explain(error, LINE_BREAK.split(text))
        place = Place(sheet.file, problem.line, problem.column)
        sheet.add_at(place, problem.rule, problem.way_out)
        return None


def decoded(data: bytes, sheet: Sheet) -> str | None:
    """The text without its byte order mark; None, with a mistake noted, when it is too large or not clean UTF-8."""
    whole = Place(sheet.file)
    if len(data) > MAX_BYTES:
        limit = f"a file may have at most {MAX_BYTES // (1024 * 1024)} MiB"
        sheet.add_at(whole, f"the file is too large: {limit}", "split it into several files of the same folder")
        return None
    if data.startswith(_WIDE) or b"\x00" in data[:4]:
        sheet.add_at(whole, "the file is not UTF-8 (it looks like UTF-16 or UTF-32)", "save it as UTF-8")
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(sheet.file, data[: error.start].decode("utf-8"))
        rule = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        sheet.add_at(place, rule, "save the file as UTF-8; most editors offer it under the name of the encoding")
        return None
    found = FORBIDDEN.search(text)
    if found is not None:
        place = _place(sheet.file, text[: found.start()])
        rule = f"the invisible character U+{ord(found[0]):04X} is not allowed"
        sheet.add_at(place, rule, "remove it; it is often pasted along with other text")
        return None
    return text


def _place(file: str, before: str) -> Place:
    """The place just after the text `before`, lines counted as YAML counts them."""
    lines = LINE_BREAK.split(before)
    return Place(file, len(lines), len(lines[-1]) + 1)


class _Builder:
    """Follows the events of one file. Mistakes of structure are noted and the reading goes on."""

    def __init__(self, parser: Any, sheet: Sheet) -> None:
        self._next = parser.get_event
        self._sheet = sheet
        self._file = sheet.file
        self._anchors: dict[str, _Anchored | None] = {}
        self._count = 0
        self._deepest = 0

    def document(self) -> Node | None:
        self._next()
        event = self._next()
        if type(event) is StreamEndEvent:
            return None
        self._directives(event)
        node = self._node(self._next(), 1)
        self._next()
        after = self._next()
        if type(after) is DocumentStartEvent:
            rule = "a second document begins here (`---`); a file holds one"
            self._at(after, rule, "move it to a file of its own, or remove the `---`")
        return None if isinstance(node, ScalarNode) and node.plain and not node.text else node

    def _directives(self, event: Any) -> None:
        if event.version not in (None, (1, 2)):
            rule = f"`%YAML {'.'.join(map(str, event.version))}` is not supported: files are read as YAML 1.2"
            self._at(event, rule, "remove the line")

    def _child(self, event: Any, depth: int) -> Node:
        """A node in a collection: most are plain scalars, for which this is the short way."""
        if (
            type(event) is ScalarEvent
            and event.anchor is None
            and event.ctag is None
            and event.style != '"'
            and depth <= self._deepest
            and self._count < MAX_NODES
        ):
            self._count += 1
            mark = event.start_mark
            return ScalarNode(event.value, not event.style, mark.line + 1, mark.column + 1, self._file)
        return self._node(event, depth)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event, depth)
        self._grow(event, 1, depth)
        if event.tag is not None:
            rule = "tags (`!...`) are not allowed: the schema decides what a value is"
            self._at(event, rule, "remove the tag; quote the value if it begins with `!`")
        if event.anchor is None:
            return self._content(event, kind, depth)
        return self._anchored(event, kind, depth)

    def _content(self, event: Any, kind: type, depth: int) -> Node:
        if kind is ScalarEvent:
            return self._scalar(event)
        return self._mapping(event, depth) if kind is MappingStartEvent else self._sequence(event, depth)

    def _anchored(self, event: Any, kind: type, depth: int) -> Node:
        before, outer = self._count, self._deepest
        self._deepest = depth
        self._anchors[event.anchor] = None
        node = self._content(event, kind, depth)
        self._anchors[event.anchor] = _Anchored(node, self._count - before + 1, self._deepest - depth)
        self._deepest = max(outer, self._deepest)
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        name = event.anchor
        target = self._anchors.get(name)
        if target is None:
            self._at(event, *self._no_target(name))
            return self._empty(event)
        self._grow(event, target.size, depth + target.height)
        return target.node

    def _no_target(self, name: str) -> tuple[str, str]:
        if name in self._anchors:
            return f"the alias `*{name}` stands inside its own anchor", "write the value out"
        hint = self._sheet.mistakes.hint(name, self._anchors)
        return "no anchor with the name of this alias stands above", f"{hint} quote a text that begins with `*`".strip()

    def _grow(self, event: Any, size: int, depth: int) -> None:
        self._count += size
        if depth > self._deepest:
            self._deepest = depth
        if depth > MAX_DEPTH:
            self._at(event, f"values are nested more than {MAX_DEPTH} deep", "write the file flatter")
            raise _Stop
        if self._count > MAX_NODES:
            rule = f"the file holds more than {MAX_NODES:,} values, those repeated by aliases counted each time"
            self._at(event, rule, "split it into several files, and use fewer aliases")
            raise _Stop

    def _scalar(self, event: Any) -> ScalarNode:
        mark = event.start_mark
        node = ScalarNode(event.value, not event.style, mark.line + 1, mark.column + 1, self._file)
        if event.style == '"':
            found = FORBIDDEN.search(node.text)
            if found is not None:
                rule = f"the invisible character U+{ord(found[0]):04X} is not allowed, nor its escape"
                self._sheet.add(node, rule, "remove it")
                node.text = FORBIDDEN.sub("", node.text)
        return node

    def _empty(self, event: Any) -> ScalarNode:
        return ScalarNode("", True, event.start_mark.line + 1, event.start_mark.column + 1, self._file)

    def _sequence(self, event: Any, depth: int) -> SequenceNode:
        node = SequenceNode(event.start_mark.line + 1, event.start_mark.column + 1, self._file)
        following = self._next
        while type(event := following()) is not SequenceEndEvent:
            node.items.append(self._child(event, depth + 1))
        return node

    def _mapping(self, event: Any, depth: int) -> MappingNode:
        node = MappingNode(event.start_mark.line + 1, event.start_mark.column + 1, self._file)
        entries = node.entries
        merged: list[Node] = []
        following, child, below = self._next, self._child, depth + 1
        while type(event := following()) is not MappingEndEvent:
            key = child(event, below)
            value = child(following(), below)
            if type(key) is not ScalarNode or type(event) is AliasEvent:
                self._at(event, "a key must be a plain or quoted text", "write the key out as text")
                continue
            name = key.text
            if name in entries:
                self._duplicate(key, entries[name][0])
            elif name == "<<" and key.plain:
                merged.append(value)
            elif type(value) is ScalarNode and not value.text and value.plain:
                entries[name] = (key, ScalarNode("", True, key.line, key.column, self._file))
            else:
                entries[name] = (key, value)
        for value in merged:
            self._merge(node, value)
        return node

    def _merge(self, node: MappingNode, value: Node) -> None:
        """`<<: *other` or `<<: [*one, *two]`: what the mapping does not say itself, the first of several."""
        for other in value.items if isinstance(value, SequenceNode) else [value]:
            if isinstance(other, MappingNode):
                for name, entry in other.entries.items():
                    node.entries.setdefault(name, entry)
            else:
                rule = f"a merge key (`<<`) takes a mapping, not {described(other)}"
                self._sheet.add(other, rule, "write <<: *name, with &name at a mapping above")

    def _duplicate(self, key: ScalarNode, first: ScalarNode) -> None:
        place = self._sheet.place(first)
        rule = f"the key {shown(key.text)} stands twice in this mapping: here and at {place}"
        self._sheet.add(key, rule, "keep one of the two", also=[place])

    def _at(self, event: Any, rule: str, way_out: str) -> None:
        mark = event.start_mark
        self._sheet.add_at(Place(self._sheet.file, mark.line + 1, mark.column + 1), rule, way_out)
