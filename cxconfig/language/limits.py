"""`limits` of a kind in tenant.yaml: action -> a count, a percentage, or both as `{count: 5, percent: 10}`."""

from __future__ import annotations

import re
from typing import Any

from cxconfig.kind_settings import Limit
from cxconfig.kinds import Action, Kind
from cxconfig.language import references, scalars
from cxconfig.language.mistakes import shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, described, is_null
from cxconfig.language.shape import BAD, NumberShape, Spot

COUNT, PERCENT = "count", "percent"
MOST_PERCENT = 100

_PERCENTAGE = re.compile(r"(0|[1-9][0-9]{0,2})%")
_RULE = "must be a number, a percentage like 10%, or both as {count: 5, percent: 10}"


def read_limits(kind: Kind, node: Node, spot: Spot) -> Any:
    """The limits by action, or BAD with every mistake noted: a limit that is not understood must not be none."""
    if not isinstance(node, MappingNode):
        got = "" if is_null(node) else f", not {described(node)}"
        return spot.add(node, f"must be a mapping of actions{got}", "write {disable: 10%}, or remove the line")
    known = {action.value: action for action in kind.limitable}
    found: dict[Action, Limit] = {}
    good = True
    for name, (key, value) in node.entries.items():
        below = spot.below(name)
        limit: Any = BAD
        if name in known:
            limit = _limit(value, below)
        elif known:
            spot.sheet.unknown(key, name, known, path=spot.path, what="action")
        else:
            rule = f"there is nothing to limit: {kind.system} lets nobody create, change or remove {kind.plural}"
            spot.sheet.add(key, rule, "remove the line", path=spot.path)
        if limit is BAD:
            good = False
        elif known[name] is Action.CREATE and limit.percent is not None:
            below.add(value, "there is nothing that a percentage of new objects could be taken of", "write a number")
            good = False
        else:
            found[known[name]] = limit
    return found if good else BAD


def _limit(node: Node, spot: Spot) -> Any:
    if isinstance(node, MappingNode):
        return _both(node, spot)
    if not isinstance(node, ScalarNode) or node.null:
        return spot.add(node, _RULE, "write a number like 5, or a percentage like 10%")
    if references.MARK not in node.text and (percentage := _PERCENTAGE.fullmatch(node.text)):
        return _limited(None, int(percentage[1]), node, spot)
    if node.text.strip().endswith("%"):
        return spot.add(node, "must be a percentage in whole numbers, like 10%", "write 10%", shown(node.text))
    count = NumberShape().convert(node, spot)
    return BAD if count is BAD else _limited(count, None, node, spot)


def _both(node: MappingNode, spot: Spot) -> Any:
    values: dict[str, int] = {}
    good = True
    for name, (key, value) in node.entries.items():
        if name not in (COUNT, PERCENT):
            spot.sheet.unknown(key, name, (COUNT, PERCENT), path=spot.path)
            good = False
            continue
        number = _number(value, name, spot.below(name))
        if number is BAD:
            good = False
        else:
            values[name] = number
    if good and not values:
        return spot.add(node, "says neither `count` nor `percent`", "write {count: 5, percent: 10}, or one of the two")
    return _limited(values.get(COUNT), values.get(PERCENT), node, spot) if good else BAD


def _number(node: Node, name: str, spot: Spot) -> Any:
    if name == PERCENT and isinstance(node, ScalarNode) and (percentage := _PERCENTAGE.fullmatch(node.text)):
        return int(percentage[1])
    if not isinstance(node, ScalarNode):
        return spot.add(node, "must be a whole number", "write a number like 5")
    try:
        return scalars.number(node)
    except scalars.Unfit as unfit:
        return spot.add(node, unfit.rule, unfit.way_out, unfit.got)


def _limited(count: int | None, percent: int | None, node: Node, spot: Spot) -> Any:
    if count is not None and count < 0:
        return spot.add(node, "a limit is not less than 0", "write 0 to allow none")
    if percent is not None and not 0 <= percent <= MOST_PERCENT:
        return spot.add(node, f"a percentage is from 0 to {MOST_PERCENT}", "write 10%, or 100% for no limit")
    return Limit(count, percent)
