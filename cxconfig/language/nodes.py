"""Located nodes: what a YAML file says, with the place of every key and value and without any guess at types.

`file` is the file's displayed name; nodes of several files meet in one mapping when layers are merged.
"""

from __future__ import annotations

from typing import TypeAlias


class ScalarNode:
    """The text of one scalar. `plain`: written without quotes, and not as a block (`|`, `>`)."""

    __slots__ = ("column", "file", "line", "plain", "text")

    def __init__(self, text: str, plain: bool, line: int, column: int, file: str = "") -> None:
        self.file = file
        self.text = text
        self.plain = plain
        self.line = line
        self.column = column

    @property
    def null(self) -> bool:
        """Nothing, `~` or `null`."""
        return self.plain and self.text in NULLS


class SequenceNode:
    """The items of a list."""

    __slots__ = ("column", "file", "items", "line")

    def __init__(self, line: int, column: int, file: str = "") -> None:
        self.file = file
        self.items: list[Node] = []
        self.line = line
        self.column = column


class MappingNode:
    """The entries of a mapping: text of the key -> the key with its place, and the value."""

    __slots__ = ("column", "entries", "file", "line")

    def __init__(self, line: int, column: int, file: str = "") -> None:
        self.file = file
        self.entries: dict[str, tuple[ScalarNode, Node]] = {}
        self.line = line
        self.column = column


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode

NULLS = frozenset({"", "~", "null"})


def described(node: Node) -> str:
    """What a node is, for sentences: `a list`, `a mapping`, `a text`, `nothing`."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    return "nothing" if node.null else "a text"


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.null
