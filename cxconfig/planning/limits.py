"""How much one run may do: the limits of each kind, held against a plan. Pure.

A limit that nobody wrote is `DEFAULT`: of the removals (disabled and deleted together) and of the replacements of a
kind, once it has `FEWEST` objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cxconfig.errors import SettingsError
from cxconfig.kinds import Action, Kind, Limit, Registry
from cxconfig.nearness import did_you_mean
from cxconfig.planning.plan import Exceeded, Plan, Step
from cxconfig.planning.record import is_candidate
from cxconfig.planning.undeclared import strangers
from cxconfig.planning.world import World

DEFAULT = Limit(percent=10)
FEWEST = 10
"""Of fewer objects a percentage says nothing, unless somebody wrote it."""
TOGETHER = ((Action.DISABLE, Action.DELETE), (Action.REPLACE,))
"""What has a limit that nobody wrote; actions of one group count together."""
OPTION = "--raise-limit"
VARIABLE = "CXCONFIG_RAISE_LIMIT"
"""Environment variable of plain pulumi: the same as the option, with commas between several."""
MOST_NAMES = 10
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.RENAME: "renamed",
    Action.REPLACE: "replaced",
    Action.DISABLE: "disabled",
    Action.DELETE: "deleted",
}

Raised = Mapping[tuple[str, Action], int]
"""By kind id and action: the limit of this run alone."""
NOT_RAISED: Raised = {}

_FORM = re.compile(r"([^.=]+\.[^.=]+)\.([^.=]+)=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")


def exceeded(
    registry: Registry, world: World, plan: Plan, raised: Raised = NOT_RAISED, *, said: str = OPTION
) -> tuple[Exceeded, ...]:
    """What the plan would do to more objects than one run may.

    `said`: where `raised` comes from, for the way out. Raises `SettingsError` when that lowers a limit, or raises none.
    """
    found = []
    for kind in registry.all():
        base = len(_known(kind, world))
        for rule in _rules(kind, world, raised, base, said):
            steps = [step for step in plan.steps if step.kind == kind.id and _counted(step) in rule.actions]
            if len(steps) > rule.allowed:
                found.append(_exceeded(kind, rule, steps, base, said))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Rule:
    """`told`: where the limit comes from, for the sentence."""

    actions: tuple[Action, ...]
    allowed: int
    told: str


def _known(kind: Kind, world: World) -> set[str]:
    """The objects that a percentage is taken of: recorded ones, and with `manage: all` those that are not declared."""
    recorded = (world.recorded or {}).items()
    known = {key for (kind_id, key), held in recorded if kind_id == kind.id and not is_candidate(held.inputs)}
    return known | set(strangers(kind, world))


def _live(kind: Kind, world: World) -> int:
    """How many declared objects are live."""
    return sum(1 for where in world.desired if where[0] == kind.id and world.live.get(where) is not None)


def _rules(kind: Kind, world: World, raised: Raised, base: int, said: str) -> Iterator[_Rule]:
    limits = world.settings_of(kind).limits
    for action in kind.limitable:
        limit, more = limits.get(action), raised.get((kind.id, action))
        if limit is not None:
            yield _raised(kind, _Rule((action,), limit.allows(base), f"`limits` says {limit}"), more, said)
        elif more is not None and action not in {one for group in TOGETHER for one in group}:
            raise SettingsError(
                f"{said}: there is no limit on how many {kind.name} are {DONE[action]}, so none can be raised",
                way_out=f"Leave it out, or write the limit: systems.{kind.system}.kinds.{kind.name}.limits.",
            )
    for group in TOGETHER:
        # Who is replaced may be live and not recorded yet.
        base = max(base, _live(kind, world)) if Action.REPLACE in group else base
        if base < FEWEST:
            continue
        rest = tuple(one for one in group if one in kind.limitable and one not in limits)
        rule = _Rule(rest, DEFAULT.allows(base), f"{DEFAULT}, the default")
        for action in rest:
            if (more := raised.get((kind.id, action))) is not None:
                yield _raised(kind, _Rule((action,), rule.allowed, rule.told), more, said)
        yield _Rule(tuple(one for one in rest if (kind.id, one) not in raised), rule.allowed, rule.told)


def _raised(kind: Kind, rule: _Rule, more: int | None, said: str) -> _Rule:
    if more is None:
        return rule
    if more < rule.allowed:
        action = rule.actions[0]
        raise SettingsError(
            f"{said}: {kind.id}.{action}={more} would lower the limit, which is {rule.allowed:,} here ({rule.told})",
            way_out=f"Leave it out; a lower limit stands in systems.{kind.system}.kinds.{kind.name}.limits.",
        )
    return _Rule(rule.actions, more, "for this run")


def _counted(step: Step) -> Action:
    """Taken over with changes is changed."""
    return Action.UPDATE if step.action is Action.ADOPT and step.differences else step.action


def _exceeded(kind: Kind, rule: _Rule, steps: Sequence[Step], base: int, said: str) -> Exceeded:
    counts = {action: sum(1 for s in steps if _counted(s) is action) for action in rule.actions}
    counts = {action: count for action, count in counts.items() if count}
    of = f" of {base:,}" if base and Action.CREATE not in counts else ""
    parts = [f"{count:,}{'' if number else of} would be {DONE[a]}" for number, (a, count) in enumerate(counts.items())]
    keys = tuple(step.key for step in steps)
    most = f"a run may do that to {rule.allowed:,} at the most" if rule.allowed else "a run may do that to none"
    flags = [f"{kind.id}.{action}={count}" for action, count in counts.items()]
    way = f"set {said}={','.join(flags)}" if said == VARIABLE else "add " + " ".join(f"{said} {f}" for f in flags)
    return Exceeded(
        kind.id,
        counts,
        rule.allowed,
        base,
        keys,
        f"{kind.id}: {' and '.join(parts)}, and {most} ({rule.told}): {_names(keys)}",
        f"If this is meant, {way} for this run alone; otherwise look in the files for what is missing or wrong.",
    )


def _names(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MOST_NAMES:,} more" if len(keys) > MOST_NAMES else ""
    return ", ".join(keys[:MOST_NAMES]) + more


def parsed(texts: Iterable[str], registry: Registry, said: str = OPTION) -> Raised:
    """What `KIND.ACTION=N` texts say; raises `SettingsError` for what is not understood."""
    found: dict[tuple[str, Action], int] = {}
    for text in texts:
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise SettingsError(f"{said}: {text!r} is not of the form KIND.ACTION=N", way_out=_example(registry))
        kind_id, word, number = form.groups()
        if kind_id not in registry:
            hint = did_you_mean(kind_id, [one.id for one in registry.all() if one.limitable])
            raise SettingsError(f"{said}: there is no kind {kind_id!r}", way_out=hint or _example(registry))
        actions = {action.value: action for action in registry[kind_id].limitable}
        if word not in actions:
            known = f"Known here: {', '.join(actions)}." if actions else "Nothing is ever done to them: leave it out."
            hint = did_you_mean(word, actions)
            raise SettingsError(f"{said}: {kind_id} has no action {word!r} to limit", way_out=hint or known)
        if not _NUMBER.fullmatch(number):
            raise SettingsError(
                f"{said}: {number!r} is not a number of objects",
                way_out=f"Write the number that the preview tells, like {kind_id}.{word}=30.",
            )
        where = (kind_id, actions[word])
        if found.setdefault(where, int(number)) != int(number):
            raise SettingsError(f"{said}: {kind_id}.{word} is given twice", way_out="Give one number.")
    return found


def _example(registry: Registry) -> str:
    able = [kind for kind in registry.all() if kind.limitable]
    return f"Write it like {able[-1].id}.{able[-1].limitable[-1]}=30." if able else "Leave it out."
