"""Merging located nodes: an overlay over its base, an object over its templates over the defaults. Pure.

One rule everywhere. Mappings merge key by key; every other value replaces what is below it; an empty mapping or list
replaces too (emptied). `$remove` as a value takes out what is below, `$replace: true` inside a mapping makes it replace
instead of merge. `merge` is associative: what an upper layer removes or replaces stays marked until `finished`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import reduce

from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode

REMOVE = "$remove"
REPLACE = "$replace"
MARKERS = b"$re"
"""Bytes without which a file holds neither."""

Path = tuple[str, ...]
Idle = Callable[[Node, Path, Collection[str]], None]
"""Told of a `$remove` with nothing below it: where it stands, and the names that are there."""


def removes(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.text == REMOVE and node.plain


def replaces(node: MappingNode) -> bool:
    """Does this mapping replace what is below it?"""
    return not node.entries or REPLACE in node.entries


def half_set(node: Node) -> Iterator[Node]:
    """What every `$replace` below a node says that does not say `true`: neither meaning may be guessed."""
    seen: set[int] = set()
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            nodes += reversed(node.items)
        elif isinstance(node, MappingNode):
            if REPLACE in node.entries:
                value = node.entries[REPLACE][1]
                if not (isinstance(value, ScalarNode) and value.plain and value.text == "true"):
                    yield value
            nodes += reversed([value for _, value in node.entries.values()])


def merge(
    lower: Node | None, upper: Node, idle: Idle | None = None, path: Path = (), names: Collection[str] = ()
) -> Node:
    """`upper` over `lower`; neither is changed. None = there is nothing below.

    `path` and `names`: where `upper` stands, and what is beside it, for `idle`.
    """
    if removes(upper) and idle is not None and (lower is None or removes(lower)):
        idle(upper, path, names)
    if not isinstance(upper, MappingNode):
        return upper
    if lower is None:
        if idle is not None:
            _look_for_idle(upper, idle, path)
        return upper
    if replaces(upper):
        return upper
    if not isinstance(lower, MappingNode):
        return _replacing(upper)
    merged = MappingNode(upper.line, upper.column, upper.file)
    if replaces(lower) and REPLACE not in lower.entries:
        _mark(merged)
    entries = merged.entries
    entries.update(lower.entries)
    for name, (key, value) in upper.entries.items():
        below = entries.get(name)
        inner = (*path, name) if idle is not None else path
        entries[name] = (key, merge(below[1] if below else None, value, idle, inner, lower.entries))
    return merged


def merged(nodes: Iterable[Node], idle: Idle | None = None) -> Node:
    """Several layers, the lowest first; there is at least one."""
    return reduce(lambda lower, upper: merge(lower, upper, idle), nodes)


def finished(node: Node) -> Node:
    """Without marks: what was removed is gone. The node itself when it holds none."""
    if not isinstance(node, MappingNode):
        return node
    changed = False
    entries = {}
    for name, (key, value) in node.entries.items():
        if name == REPLACE or removes(value):
            changed = True
            continue
        done = finished(value)
        changed = changed or done is not value
        entries[name] = (key, done)
    if not changed:
        return node
    clean = MappingNode(node.line, node.column, node.file)
    clean.entries.update(entries)
    return clean


def _replacing(node: MappingNode) -> MappingNode:
    """The same mapping, marked: there was something else below."""
    marked = MappingNode(node.line, node.column, node.file)
    _mark(marked)
    marked.entries.update(node.entries)
    return marked


def _mark(node: MappingNode) -> None:
    word = ScalarNode(REPLACE, True, node.line, node.column, node.file)
    node.entries[REPLACE] = (word, ScalarNode("true", True, node.line, node.column, node.file))


def _look_for_idle(node: MappingNode, idle: Idle, path: Path) -> None:
    for name, (_, value) in node.entries.items():
        if removes(value):
            idle(value, (*path, name), ())
        elif isinstance(value, MappingNode):
            _look_for_idle(value, idle, (*path, name))
