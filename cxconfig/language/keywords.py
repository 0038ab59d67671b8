"""What an object may say beside its kind's fields: `extends`, `ignore`, `protect`, `was`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxconfig.kinds import Kind, OnRemove
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_null
from cxconfig.language.shape import BAD, FlagShape, ListShape, Spot, TextShape

EXTENDS = "extends"
IGNORE = "ignore"
PROTECT = "protect"
WAS = "was"

MEANINGS: Mapping[str, str] = {
    EXTENDS: "The template, or list of templates, whose fields the object has where it does not list them itself.",
    IGNORE: "Fields that are written at creation and never compared afterwards.",
    PROTECT: "`true`: never disabled and never deleted, not by `cxconfig destroy` either.",
    WAS: "The key that the object had before: where it still lives under that, it is renamed, never made anew.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """The keywords of one object."""

    ignore: frozenset[str] = frozenset()
    protect: bool | None = None
    was: str = ""


def keywords_of(kind: Kind) -> tuple[str, ...]:
    """The keywords that mean something for a kind."""
    words = [EXTENDS]
    if comparable(kind):
        words += [IGNORE]
    if any(choice is not OnRemove.RETAIN for choice in kind.removals):
        words += [PROTECT]
    if kind.renames:
        words += [WAS]
    return tuple(words)


def comparable(kind: Kind) -> list[str]:
    """The fields that `ignore` may name."""
    return [name for name, spec in kind.specs.items() if not spec.setting]


def read_keywords(kind: Kind, node: MappingNode, spot: Spot, *, shared: bool = False) -> Said:
    """What an object's own and inherited keywords say; `extends` is followed elsewhere.

    `shared`: these are those of defaults or of a template, which are not one object's.
    """
    ignore: Any = frozenset()
    protect: Any = None
    was: Any = ""
    if IGNORE in node.entries:
        ignore = _ignore(kind, node.entries[IGNORE][1], spot.below(IGNORE))
    if PROTECT in node.entries:
        protect = FlagShape().convert(node.entries[PROTECT][1], spot.below(PROTECT))
    if WAS in node.entries:
        was = _was(kind, *node.entries[WAS], spot, shared=shared)
    return Said(
        frozenset() if ignore is BAD else ignore, None if protect is BAD else protect, "" if was is BAD else was
    )


def _was(kind: Kind, key: Node, node: Node, spot: Spot, *, shared: bool) -> Any:
    if shared:
        rule = f"`was` says which one {kind.singular} is meant, so it is not for defaults and templates"
        return spot.add(key, rule, f"write it in the {kind.singular}'s own entry")
    below = spot.below(WAS)
    name = TextShape().convert(node, below)
    if name is not BAD and not name.strip():
        return below.add(node, "must not be empty", f"write the key that the {kind.singular} had, or remove the line")
    return name


def _ignore(kind: Kind, node: Node, spot: Spot) -> Any:
    names = ListShape(TextShape()).convert(node, spot)
    if names is BAD:
        return BAD
    known = comparable(kind)
    for index, name in enumerate(names):
        if name not in known and isinstance(node, SequenceNode):
            spot.sheet.unknown(node.items[index], name, known, path=(*spot.path, f"[{index}]"), what="field")
    return frozenset(names)


def extended(node: Node | None, spot: Spot) -> list[ScalarNode]:
    """The names after `extends`: one, a list of them, or nothing."""
    if node is None or is_null(node):
        return []
    if isinstance(node, ScalarNode):
        return [node]
    if isinstance(node, SequenceNode):
        names = [item for item in node.items if isinstance(item, ScalarNode) and not item.null]
        if len(names) == len(node.items):
            return names
    spot.below(EXTENDS).add(node, "must be the name of a template, or a list of names", "write extends: [name, name]")
    return []
