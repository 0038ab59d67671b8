"""What tenant.yaml says of a system's kinds: `systems.<system>.kinds.<kind>`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Kind, OnRemove
from cxconfig.language.limits import read_limits
from cxconfig.language.mistakes import Path, Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, described, is_null
from cxconfig.language.shape import BAD, FlagShape, ListShape, Spot, TextShape


def read_kinds(
    node: Node | None, path: Path, sheet: Sheet, kinds: Mapping[str, Kind], manage: Manage
) -> dict[str, KindSettings]:
    """The settings of each kind that is named, by its keyword; of every kind that can be listed as well when `manage`,
    the tenant's default, is `all`."""
    defaults = {name: KindSettings(manage=manage if kind.listable else Manage.LISTED) for name, kind in kinds.items()}
    found = {name: default for name, default in defaults.items() if default.manage is Manage.ALL}
    if node is None:
        return found
    if not isinstance(node, MappingNode):
        if not is_null(node):
            sheet.add(node, "must be a mapping of kinds", f"write {next(iter(kinds))}: below it", path=path)
        return found
    for name, (key, value) in node.entries.items():
        if name not in kinds:
            sheet.unknown(key, name, kinds, path=path, what="kind")
        elif isinstance(value, MappingNode):
            found[name] = _read(kinds[name], value, Spot(sheet, (*path, name)), defaults[name])
        elif not is_null(value):
            rule = f"must be a mapping, not {described(value)}"
            sheet.add(value, rule, "write on_remove: or another setting below it", path=(*path, name))
    return found


def _read(kind: Kind, node: MappingNode, spot: Spot, default: KindSettings) -> KindSettings:
    values: dict[str, Any] = {}
    for name, (key, value) in node.entries.items():
        reader = READERS.get(name)
        if reader is None:
            spot.sheet.unknown(key, name, READERS, path=spot.path, what="setting")
            continue
        read = reader(kind, value, spot.below(name))
        if read is not BAD:
            values[name] = read
    return replace(default, **values)


def choice(node: Node, choices: list[str], spot: Spot) -> Any:
    """One of some words, or BAD with a mistake noted."""
    if isinstance(node, ScalarNode) and node.text in choices:
        return node.text
    got = shown(node.text) if isinstance(node, ScalarNode) and not node.null else ""
    return spot.add(node, f"must be {' or '.join(f'`{choice}`' for choice in choices)}", f"write {choices[0]}", got)


def _on_remove(kind: Kind, node: Node, spot: Spot) -> Any:
    value = choice(node, [choice.value for choice in kind.removals], spot)
    return BAD if value is BAD else OnRemove(value)


def _manage(kind: Kind, node: Node, spot: Spot) -> Any:
    value = choice(node, [choice.value for choice in Manage], spot)
    if value == Manage.ALL and not kind.listable:
        rule = f"{kind.system} has no list of its {kind.plural}, so what is not declared cannot be found"
        return spot.add(node, rule, f"write {Manage.LISTED}, or remove the line")
    return BAD if value is BAD else Manage(value)


def _exclude(kind: Kind, node: Node, spot: Spot) -> Any:
    values = ListShape(TextShape()).convert(node, spot)
    if values is BAD:
        return BAD
    if not all(pattern.strip() for pattern in values):
        return spot.add(node, "a pattern must not be empty", "write a name, or a pattern like svc-*")
    return tuple(values)


def _fields(kind: Kind, node: Node, spot: Spot, secret: bool) -> Any:
    """Names of the kind's fields, or of its secret ones alone."""
    if not isinstance(values := ListShape(TextShape()).convert(node, spot), list):
        return BAD
    known = [name for name, spec in kind.specs.items() if not spec.setting and (spec.secret or not secret)]
    for index, name in enumerate(values):
        if name not in known:
            at = node.items[index] if not isinstance(node, (ScalarNode, MappingNode)) else node
            what = "secret field" if secret else "field"
            spot.sheet.unknown(at, name, known, path=(*spot.path, f"[{index}]"), what=what)
    return frozenset(values)


READERS: Mapping[str, Callable[[Kind, Node, Spot], Any]] = {
    "on_remove": _on_remove,
    "manage": _manage,
    "exclude": _exclude,
    "ignore": lambda kind, node, spot: _fields(kind, node, spot, secret=False),
    "protect": lambda _, node, spot: FlagShape().convert(node, spot),
    "limits": read_limits,
    "plain_secrets": lambda kind, node, spot: _fields(kind, node, spot, secret=True),
}
"""The settings that a kind may have in tenant.yaml."""
