"""Edits of one value as cuts into the text: the smallest that leave every other line as it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from cxconfig.language.nodes import MappingNode, Node
from cxconfig.writing.emission import WIDTH, Emitted, Style, emit, entry_lines, inline, key_text, mapping_lines
from cxconfig.writing.spans import BREAK, Entry, Layout, MappingSpan, ScalarSpan, SequenceSpan, Span

_LITERAL = re.compile(r"\|-?$")
_COMMA = re.compile(r"[ \t]*,")


class Cut(NamedTuple):
    """`text` takes the place of the characters `start`..`end`."""

    start: int
    end: int
    text: str


def cut_out(text: str, cuts: list[Cut]) -> str:
    """The text with the cuts made. They are sorted and do not overlap."""
    parts: list[str] = []
    place = 0
    for cut in cuts:
        parts += [text[place : cut.start], cut.text]
        place = cut.end
    return "".join([*parts, text[place:]])


# --- the value of a key -------------------------------------------------------------------------------------------


def value_cuts(layout: Layout, span: Span, node: Node, style: Style, anchor: str = "") -> list[Cut]:
    """Let `node` stand where `span` does, with `anchor` (`&name`) before it."""
    parent, entry = span.parent, span.entry
    if parent is None:
        return root_cuts(layout, node, style)
    if entry is None or parent.flow:
        head = inline(node, True)
        return [_one_line(span, entry, f"{anchor} {head}" if anchor else head)]
    if entry.colon < 0:
        place = layout.line_end(entry.key.end)
        return [Cut(place, place, f"{layout.newline}{' ' * parent.column}: {inline(node)}")]
    return _block_value(layout, parent.column, entry, node, style, anchor)


def _one_line(span: Span, entry: Entry | None, head: str) -> Cut:
    if not (isinstance(span, ScalarSpan) and span.empty):
        return Cut(span.body, span.end, head)
    if entry is not None and entry.colon < 0:
        return Cut(entry.key.end, entry.key.end, f": {head}")
    return Cut(span.end, span.end, f" {head}")


def _block_value(layout: Layout, column: int, entry: Entry, node: Node, style: Style, anchor: str) -> list[Cut]:
    span = entry.value
    behind, old = entry.colon + 1, span.start
    if span.anchor is not None and layout.same_line(behind, old):
        behind, old = old + 1 + len(span.anchor), span.body
    empty = isinstance(span, ScalarSpan) and span.empty
    end = max(span.end, behind)
    tail = layout.line_end(end) if not empty else layout.comments_below(end, column + 1)
    used = layout.column(behind) + (len(anchor) + 1 if anchor else 0)
    new = _safe(layout, tail, emit(node, column, used, style, block=_blocks(span)), node)
    head = " ".join(filter(None, [anchor, new.head]))
    below = "".join(layout.newline + line for line in new.lines)
    if empty:
        place = layout.line_end(behind) if new.head and below else tail
        return _cuts(Cut(behind, behind, f" {head}" if head else ""), Cut(place, place, below))
    if layout.same_line(behind, old):
        comment = _header_comment(layout, span)
        first = Cut(old, span.end, head + comment) if head else Cut(behind, span.end, comment)
        return _cuts(first, Cut(tail, tail, below))
    if not below and not _is_block(span):
        return [Cut(old, span.end, head)]
    tail = layout.comments_below(end, column + 1)
    return _cuts(Cut(behind, behind, f" {head}" if head else ""), Cut(layout.line_end(behind), tail, below))


def _cuts(*cuts: Cut) -> list[Cut]:
    return [cut for cut in cuts if cut.start != cut.end or cut.text]


def _blocks(span: Span) -> bool:
    """A mapping in block style stays one."""
    return isinstance(span, MappingSpan) and not span.flow


def _is_block(span: Span) -> bool:
    if isinstance(span, ScalarSpan):
        return bool(span.style) and span.style in "|>"
    return isinstance(span, (MappingSpan, SequenceSpan)) and not span.flow


def _header_comment(layout: Layout, span: Span) -> str:
    """The comment on the line of a `|` or `>`, with the blanks before it."""
    if not (isinstance(span, ScalarSpan) and span.style and span.style in "|>"):
        return ""
    line = layout.text[span.body : layout.line_end(span.body)]
    return line[len(line[: line.find("#")].rstrip()) :] if "#" in line else ""


def _safe(layout: Layout, tail: int, new: Emitted, node: Node) -> Emitted:
    """No `|` above a comment that would become part of its text."""
    if any(_LITERAL.search(line) for line in (new.head, *new.lines)):
        following = layout.skip_blank_lines(tail)
        if layout.text.startswith("#", following) and layout.column(following) > 0:
            return Emitted(inline(node))
    return new


# --- a new key ----------------------------------------------------------------------------------------------------


def insertion(layout: Layout, mapping: MappingSpan, name: str, node: Node, style: Style) -> list[Cut]:
    """A new key behind the last one of a mapping that has some, in the mapping's own style."""
    last = mapping.rows[-1]
    if mapping.flow:
        return _flow_insertion(layout, mapping, last, f"{key_text(name, True)}: {inline(node, True)}")
    place = layout.comments_below(last.end, mapping.column)
    block = isinstance(node, MappingNode) and _siblings_are_blocks(mapping)
    lines = entry_lines(name, node, mapping.column, style, block=block)
    if any(_LITERAL.search(line) for line in lines):
        following = layout.skip_blank_lines(place)
        if layout.text.startswith("#", following) and layout.column(following) > mapping.column:
            lines = [f"{' ' * mapping.column}{key_text(name)}: {inline(node)}"]
    gap = [""] if _spaced(layout, mapping, last) else []
    return [Cut(place, place, "".join(layout.newline + line for line in [*gap, *lines]))]


def _siblings_are_blocks(mapping: MappingSpan) -> bool:
    for entry in reversed(mapping.entries.values()):
        if isinstance(entry.value, MappingSpan) and entry.value.entries:
            return not entry.value.flow
    return False


def _spaced(layout: Layout, mapping: MappingSpan, last: Entry) -> bool:
    """Whether an empty line stands between the last two keys."""
    if len(mapping.rows) < 2:
        return False
    behind = layout.next_line(mapping.rows[-2].end)
    return behind < last.start and not layout.text[behind : layout.line_end(behind)].strip()


def _flow_insertion(layout: Layout, mapping: MappingSpan, last: Entry, entry: str) -> list[Cut]:
    text, end = layout.text, last.end
    comma = _COMMA.match(text, layout.skip(end))
    first_of_line = layout.text[layout.line_start(last.start) : last.start].isspace() or not layout.column(last.start)
    if first_of_line and not layout.same_line(end, mapping.end - 1):
        tail = layout.line_end(comma.end() if comma else end)
        line = f"{layout.newline}{' ' * layout.column(last.start)}{entry}"
        if comma:
            return [Cut(tail, tail, line + ",")]
        return [Cut(end, end, ","), Cut(tail, tail, line)]
    blank = " " if isinstance(last.value, ScalarSpan) and last.value.empty and last.colon == end - 1 else ""
    between = layout.newline + " " * layout.column(mapping.rows[0].start)
    fits = layout.line_end(end) - layout.line_start(end) + len(entry) + 2 <= WIDTH
    if comma:
        return [Cut(comma.end(), comma.end(), f" {entry}" if fits else between + entry)]
    return [Cut(end, end, f"{blank}, {entry}" if fits else f"{blank},{between}{entry}")]


# --- the top of a file --------------------------------------------------------------------------------------------


def root_cuts(layout: Layout, node: Node, style: Style) -> list[Cut]:
    """The first keys of a file that has none."""
    assert isinstance(node, MappingNode)
    lines = layout.newline.join(mapping_lines(node, 0, style))
    root = layout.root
    if root is None or (isinstance(root, ScalarSpan) and root.empty):
        return [_at_the_end(layout, lines)]
    line = layout.text[layout.line_start(root.body) : layout.line_end(root.end)]
    if line.strip() == layout.text[root.body : root.end]:
        return [Cut(layout.line_start(root.body), root.end, lines)]
    end = layout.line_end(root.end)
    rest = layout.text[root.end : end].lstrip()
    return [Cut(root.body, end, rest), Cut(end, end, layout.newline + lines)]


def _at_the_end(layout: Layout, lines: str) -> Cut:
    text, nl = layout.text, layout.newline
    place = len(text) if layout.explicit_end is None else layout.line_start(layout.explicit_end)
    before = text[:place]
    gap = nl if before and not before.endswith(("\n", "\r")) else ""
    if "#" in before and not layout.explicit_start and not before.endswith((nl * 2, nl + nl)):
        gap += nl
    return Cut(place, place, f"{gap}{lines}{nl}")


def filling(layout: Layout, mapping: MappingSpan, node: Node, style: Style) -> list[Cut]:
    """The first keys of an empty `{}`. Comments inside it stay."""
    inner = layout.text[mapping.body + 1 : mapping.end - 1]
    if inner.strip():
        return [Cut(mapping.end - 1, mapping.end - 1, inline(node, True)[1:-1])]
    return value_cuts(layout, mapping, node, style)


# --- a key less ---------------------------------------------------------------------------------------------------


def removal(layout: Layout, mapping: MappingSpan, entry: Entry, style: Style) -> list[Cut]:
    """Take out a key with its value and the comments that belong to it."""
    if mapping.flow:
        return [_flow_removal(layout, mapping, entry)]
    start, end = removed(layout, mapping, entry)
    if len(mapping.rows) == 1 and mapping.parent is not None:
        return value_cuts(layout, mapping, MappingNode(0, 0), style)
    cut = lines_out(layout, start, end)
    before = layout.text[layout.line_above(start) : start].strip() if start else ""
    if cut.start == start and (not before or (entry is mapping.rows[0] and not before.startswith("#"))):
        return [cut._replace(end=max(layout.line_start(layout.skip_blank_lines(cut.end)), cut.end))]
    return [cut]


def lines_out(layout: Layout, start: int, end: int) -> Cut:
    """Take out whole lines, with the line end behind them, or the one before them where the file has no more lines."""
    following = layout.next_line(end)
    if following == end and start:
        return Cut(layout.line_end(layout.line_above(start)), end, "")
    return Cut(start, following, "")


def removed(layout: Layout, mapping: MappingSpan, entry: Entry) -> tuple[int, int]:
    """Start of the first line and end of the last line of what goes with a key of a block."""
    start = lines_above(layout, entry.start, mapping.column)
    return start, layout.comments_below(entry.end, mapping.column + 1)


def lines_above(layout: Layout, place: int, column: int) -> int:
    """The start of the line of `place`, or of the comment lines in its column that stand directly above it."""
    start = layout.line_start(place)
    while start:
        above = layout.line_above(start)
        line = layout.text[above:start]
        own = line.lstrip(" ").startswith("#") and len(line) - len(line.lstrip(" ")) == column
        if not own or not above:  # the comment at the very top is that of the file
            break
        start = above
    return start


def _flow_removal(layout: Layout, mapping: MappingSpan, entry: Entry) -> Cut:
    text = layout.text
    entries = mapping.rows
    index = entries.index(entry)
    comma = _COMMA.match(text, layout.skip(entry.end))
    end = comma.end() if comma else entry.end
    line, behind = layout.line_start(entry.start), layout.line_end(end)
    if not text[line : entry.start].strip() and layout.skip(end) >= behind and line > mapping.body:
        return Cut(line, layout.next_line(end), "")
    if index + 1 < len(entries):
        return Cut(entry.start, entries[index + 1].start, "")
    if index and "#" not in text[entries[index - 1].end : entry.start]:
        return Cut(entries[index - 1].end, end, "")
    return Cut(entry.start, end, "")


# --- a key elsewhere ----------------------------------------------------------------------------------------------


def transplant(layout: Layout, entry: Entry, name: str, target: Span, style: Style) -> list[Cut] | None:
    """Move the lines of a key of a block, comments and all, to the end of another; None where that is not possible.

    `target` is a mapping in block style, or an empty value that becomes one.
    """
    mapping = entry.value.parent
    column = _column_of_keys(target, style)
    if not isinstance(mapping, MappingSpan) or mapping.flow or column is None or entry.start != entry.key.start:
        return None
    start, end = removed(layout, mapping, entry)
    key = entry.key
    text = f"{layout.text[start : key.start]}{key_text(name)}{layout.text[key.end : end]}"
    lines = [shifted(line, column - mapping.column) for line in BREAK.split(text)]
    below = "".join(layout.newline + line for line in lines)
    return [*removal(layout, mapping, entry, style), *_under(layout, target, below)]


def _column_of_keys(target: Span, style: Style) -> int | None:
    if isinstance(target, MappingSpan) and target.rows:
        return None if target.flow else target.column
    above = target.parent
    if not isinstance(above, MappingSpan) or above.flow:
        return None
    return above.column + style.step


def _under(layout: Layout, target: Span, below: str) -> list[Cut]:
    if isinstance(target, MappingSpan) and target.rows:
        place = layout.comments_below(target.rows[-1].end, target.column)
        return [Cut(place, place, below)]
    entry = target.entry
    assert entry is not None
    behind = entry.colon + 1 if target.anchor is None else target.start + 1 + len(target.anchor)
    place = layout.line_end(max(target.end, behind))
    return _cuts(Cut(behind, max(target.end, behind), ""), Cut(place, place, below))


def shifted(line: str, columns: int) -> str:
    """A line that begins so many columns later."""
    bare = line.lstrip(" ")
    return " " * max(len(line) - len(bare) + columns, 0) + bare if bare else line
