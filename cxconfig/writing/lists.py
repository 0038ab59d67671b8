"""Edits of a list in block style, item by item: items that stay keep their lines and comments."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TypeAlias

from cxconfig.language.layers import REMOVE
from cxconfig.language.nodes import NULLS, MappingNode, Node, SequenceNode
from cxconfig.writing.cuts import Cut, lines_above, lines_out
from cxconfig.writing.emission import Style, item_lines, typed
from cxconfig.writing.spans import Layout, SequenceSpan, node_at

_Mark: TypeAlias = "tuple[str, object]"


def list_cuts(layout: Layout, span: SequenceSpan, node: SequenceNode, style: Style) -> list[Cut] | None:
    """Cuts that make a list say what `node` says; None where no item would stay, or an alias uses a part of it."""
    used = any(span.start <= alias.target.start and alias.target.end <= span.end for alias in layout.aliases)
    old = [_mark(node_at(item)) for item in span.items]
    new = _wanted(old, node)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    if span.flow or used or not any(tag == "equal" for tag, *_ in codes):
        return None
    made: list[Cut] = []
    for tag, start, end, new_start, new_end in codes:
        if tag == "equal":
            continue
        lines: list[str] = []
        for item in node.items[new_start:new_end]:
            lines += item_lines(item, span.column, style)
        if start < end:
            made.append(_replaced(layout, span, start, end, lines))
        elif start < len(span.dashes):
            place = lines_above(layout, span.dashes[start], span.column)
            made.append(Cut(place, place, "".join(line + layout.newline for line in lines)))
        else:
            place = layout.comments_below(span.end, span.column)
            made.append(Cut(place, place, "".join(layout.newline + line for line in lines)))
    return made


def kept_items(current: SequenceNode, node: SequenceNode) -> SequenceNode:
    """The wanted list, with the items that are there already as they are written."""
    result = SequenceNode(0, 0)
    result.items.extend(node.items)
    old = [_mark(item) for item in current.items]
    matcher = SequenceMatcher(None, old, _wanted(old, node), autojunk=False)
    for start, new, size in matcher.get_matching_blocks():
        result.items[new : new + size] = current.items[start : start + size]
    return result


def _replaced(layout: Layout, span: SequenceSpan, start: int, end: int, lines: list[str]) -> Cut:
    """Lines in the place of some items; the comments above and behind those go with them."""
    first = lines_above(layout, span.dashes[start], span.column)
    last = layout.comments_below(max(span.items[end - 1].end, span.dashes[end - 1] + 1), span.column + 1)
    if not lines:
        return lines_out(layout, first, last)
    return Cut(first, last, layout.newline.join(lines))


def _wanted(old: list[_Mark], node: SequenceNode) -> list[_Mark]:
    """Marks of wanted items. A wanted text of digits may stand there without quotes already."""
    found: list[_Mark] = []
    for item in node.items:
        mark = _mark(item)
        if mark not in old and mark[0] == "text" and ("typed", mark[1]) in old and mark[1] not in (*NULLS, REMOVE):
            mark = ("typed", mark[1])
        found.append(mark)
    return found


def _mark(node: Node) -> _Mark:
    """What is the same for items that say the same."""
    if isinstance(node, MappingNode):
        return "mapping", tuple(sorted((name, _mark(value)) for name, (_, value) in node.entries.items()))
    if isinstance(node, SequenceNode):
        return "list", tuple(map(_mark, node.items))
    if node.null:
        return "typed", ""
    return "typed" if node.plain and typed(node.text) else "text", node.text
