"""Values -> YAML text that cxconfig reads back as the same values.

Small mappings and lists are written in flow style (`{English: 90}`) where they fit the line, all else in block style.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from cxconfig.errors import EditRefused
from cxconfig.language.mistakes import shown
from cxconfig.language.nodes import NULLS, MappingNode, Node, ScalarNode, SequenceNode

Plain: TypeAlias = "str | int | bool | Sequence[Plain] | Mapping[str, Plain] | Node"
"""A node says how it is to be written: `$remove` without quotes is a mark, with them a text."""

WIDTH = 100
MAX_KEY = 900
"""A key is written on one line, and the parser reads at most 1,024 characters of it."""

_TYPED = re.compile(r"true|false|\$remove|-?(0|[1-9][0-9]*)")
_LOOKS_TYPED = re.compile(
    r"~|null|\$remove|true|false|yes|no|on|off|[-+]?\.(inf|nan)"
    r"|[-+]?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.[0-9]+(e[-+]?[0-9]+)?|0[xob][0-9a-f]+"
    r"|[0-9]+(:[0-9]+)+(\.[0-9]+)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|=|<<",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN_START = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]")
_NOT_PLAIN = re.compile(r": |:$| #|\s$|\t|^\.\.\.")
_FLOW = re.compile(r"[,\[\]{}:?]")
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\xa0": "\\_"}


class Emitted(NamedTuple):
    """What follows `key:`: `head` on the same line (may be empty) and `lines` below it, with their indentation."""

    head: str
    lines: tuple[str, ...] = ()


class Style(NamedTuple):
    """`step`: columns that a nested mapping is indented; `dash`: columns that the `-` of a list is."""

    step: int = 2
    dash: int = 2


def node_of(value: Plain, path: tuple[str, ...] = ()) -> Node:
    """The node that reading `value` back gives. Raises `EditRefused` for a text that no file may hold."""
    if isinstance(value, (ScalarNode, MappingNode, SequenceNode)):
        return value
    if isinstance(value, bool):
        return ScalarNode("true" if value else "false", True, 0, 0)
    if isinstance(value, int):
        return ScalarNode(str(value), True, 0, 0)
    if isinstance(value, str):
        _writable(value, path)
        return ScalarNode(value, False, 0, 0)
    if isinstance(value, Mapping):
        node = MappingNode(0, 0)
        for key, item in value.items():
            node.entries[key] = (key_node(key, path), node_of(item, (*path, key)))
        return node
    sequence = SequenceNode(0, 0)
    sequence.items.extend(node_of(item, path) for item in value)
    return sequence


def plain_of(node: Node) -> Plain | None:
    """The value of a node by its looks: what has no quotes and looks like a flag or number is one. None: nothing."""
    if isinstance(node, MappingNode):
        return {name: plain_of(value) for name, (_, value) in node.entries.items()}  # type: ignore[misc]
    if isinstance(node, SequenceNode):
        return [plain_of(item) for item in node.items]  # type: ignore[misc]
    if node.null:
        return None
    if node.plain and _TYPED.fullmatch(node.text) and node.text != "$remove":
        return node.text == "true" if node.text in ("true", "false") else int(node.text)
    return node.text


def key_node(key: str, path: tuple[str, ...]) -> ScalarNode:
    _writable(key, path)
    if len(key) > MAX_KEY:
        raise EditRefused(
            f"the name {shown(key)} has {len(key):,} characters", way_out=f"a name in a file has at most {MAX_KEY}"
        )
    return ScalarNode(key, False, 0, 0)


def _writable(text: str, path: tuple[str, ...]) -> None:
    found = _UNWRITABLE.search(text)
    if found:
        where = f"{'.'.join(path)}: " if path else ""
        raise EditRefused(
            f"{where}the invisible character U+{ord(found[0]):04X} cannot be written to a file",
            way_out="remove it from the value where it comes from",
        )


def typed(text: str) -> bool:
    """Whether `text` without quotes is nothing, a flag, a number or `$remove`, and with quotes a text."""
    return text in NULLS or _TYPED.fullmatch(text) is not None


def same(one: Node | None, other: Node | None) -> bool:
    """Whether two nodes say the same, whatever their style and place and the order of keys."""
    if one is None or other is None or one is other:
        return one is other
    if isinstance(one, ScalarNode):
        if not isinstance(other, ScalarNode):
            return False
        if one.null or other.null:
            return one.null and other.null
        return one.text == other.text and (one.plain == other.plain or not typed(one.text))
    if isinstance(one, SequenceNode):
        return (
            isinstance(other, SequenceNode)
            and len(one.items) == len(other.items)
            and all(map(same, one.items, other.items))
        )
    return (
        isinstance(other, MappingNode)
        and one.entries.keys() == other.entries.keys()
        and all(same(value, other.entries[name][1]) for name, (_, value) in one.entries.items())
    )


def inline(node: Node, flow: bool = False) -> str:
    """The node on one line; `flow`: it stands inside `[ ]` or `{ }`."""
    if isinstance(node, ScalarNode):
        return scalar(node, flow)
    if isinstance(node, SequenceNode):
        return f"[{', '.join(inline(item, True) for item in node.items)}]"
    entries = (f"{key_text(name, True)}: {inline(value, True)}" for name, (_, value) in node.entries.items())
    return f"{{{', '.join(entries)}}}"


def scalar(node: ScalarNode, flow: bool = False) -> str:
    """One scalar on one line. One that was read without quotes stays so where the syntax allows it."""
    text = node.text
    if node.null:
        return text or "null"
    if node.plain and typed(text):
        return text
    looks = not node.plain and _LOOKS_TYPED.fullmatch(text)
    return text if _plain(text, flow) and not looks else quoted(text)


def key_text(name: str, flow: bool = False) -> str:
    """A key, in quotes like a value: other YAML tools take `007` or `yes` for no text there either."""
    return scalar(ScalarNode(name, False, 0, 0), flow)


def quoted(text: str) -> str:
    if ('"' in text or "\\" in text) and "'" not in text and all(c.isprintable() for c in text):
        return f"'{text}'"
    return '"' + "".join(_ESCAPES.get(c, c) if c.isprintable() or c in _ESCAPES else _escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _plain(text: str, flow: bool) -> bool:
    return (
        _PLAIN_START.match(text) is not None
        and _NOT_PLAIN.search(text) is None
        and text.isprintable()
        and not (flow and _FLOW.search(text))
    )


def emit(node: Node, column: int, used: int, style: Style, *, block: bool = False) -> Emitted:
    """The value of a key in block style.

    `column` is that of the key, `used` the length of its line up to and with the colon; `block` forbids flow style at
    the top of `node`.
    """
    if isinstance(node, ScalarNode):
        return _literal(node.text, column + style.step) or Emitted(scalar(node))
    if _flat(node) and not (block and _filled(node)):
        line = inline(node)
        if used + 1 + len(line) <= WIDTH or not _filled(node):
            return Emitted(line)
    if isinstance(node, SequenceNode):
        return Emitted("", tuple(sequence_lines(node, column + style.dash, style)))
    return Emitted("", tuple(mapping_lines(node, column + style.step, style)))


def _filled(node: Node) -> bool:
    return not isinstance(node, ScalarNode) and bool(node.entries if isinstance(node, MappingNode) else node.items)


def _flat(node: MappingNode | SequenceNode) -> bool:
    """Holds one-line scalars alone."""
    values = node.items if isinstance(node, SequenceNode) else [value for _, value in node.entries.values()]
    return all(isinstance(value, ScalarNode) and "\n" not in value.text for value in values)


def mapping_lines(node: MappingNode, column: int, style: Style, *, top: bool = False) -> list[str]:
    """The entries in block style. Mappings beside each other are all in flow style, or none is; `top`: none is."""
    block = top or any(
        isinstance(value, MappingNode) and emit(value, column, _used(name, column), style).lines
        for name, (_, value) in node.entries.items()
    )
    lines: list[str] = []
    for name, (_, value) in node.entries.items():
        lines += entry_lines(name, value, column, style, block=block and isinstance(value, MappingNode))
    return lines


def entry_lines(name: str, value: Node, column: int, style: Style, *, block: bool = False) -> list[str]:
    """`name: value` in block style, its lines with their indentation."""
    emitted = emit(value, column, _used(name, column), style, block=block)
    first = f"{' ' * column}{key_text(name)}:"
    return [f"{first} {emitted.head}" if emitted.head else first, *emitted.lines]


def _used(name: str, column: int) -> int:
    return column + len(key_text(name)) + 1


def sequence_lines(node: SequenceNode, column: int, style: Style) -> list[str]:
    lines: list[str] = []
    for item in node.items:
        lines += item_lines(item, column, style)
    return lines


def item_lines(item: Node, column: int, style: Style) -> list[str]:
    """`- value` in block style."""
    dash = " " * column + "- "
    if isinstance(item, ScalarNode) or not _filled(item):
        emitted = _literal(item.text, column + 2) if isinstance(item, ScalarNode) else None
        emitted = emitted or Emitted(inline(item))
        return [dash + emitted.head, *emitted.lines]
    if _flat(item) and len(line := dash + inline(item)) <= WIDTH:
        return [line]
    if isinstance(item, SequenceNode):
        nested = sequence_lines(item, column + 2, style)
    else:
        nested = mapping_lines(item, column + 2, style)
    return [dash + nested[0].lstrip(" "), *nested[1:]]


def _literal(text: str, column: int) -> Emitted | None:
    """A text of several lines as `|`, where nothing in it needs an escape or is lost."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if "\n" not in text or not body or body[0] in " \n" or body.endswith("\n"):
        return None
    if not all(line.isprintable() and not line.endswith(" ") for line in lines):
        return None
    indent = " " * column
    return Emitted("|" if text != body else "|-", tuple(indent + line if line else "" for line in lines))
