"""What an up of plain pulumi would do to more objects than it may, and who must stay, before anything is registered.

Whom it disables or deletes is looked at only where that may be too many. Of a kind that has a limit on what else a run
does, everything is looked at and compared, as our commands do. Only a program runs in a preview and an up and not in a
destroy, which asks for what it does in so many words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cxconfig.engine.stack import recorded_here
from cxconfig.kinds import Action, Desired, Difference, Kind, Registry, Values
from cxconfig.language import Tenant
from cxconfig.live import Live
from cxconfig.planning.compare import declared_steps
from cxconfig.planning.limits import (
    DEFAULT,
    FEWEST,
    NOT_RAISED,
    TOGETHER,
    VARIABLE,
    Raised,
    counted,
    exceeded,
    parsed,
    unneeded,
)
from cxconfig.planning.plan import Exceeded, Plan, Recorded, Step
from cxconfig.planning.removed import removed
from cxconfig.planning.renames import followed
from cxconfig.planning.twins import leader_id, once, twin_id
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import kind_settings

_CHANGES = frozenset(Action) - {action for group in TOGETHER for action in group}
"""What has a limit only where somebody wrote one."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The limits that an up would not keep, why somebody must not be removed, and what is to be said of limits that
    were raised. `recorded`: what the stack holds."""

    exceeded: tuple[Exceeded, ...]
    refused: tuple[str, ...]
    warnings: tuple[str, ...]
    recorded: Mapping[Key, Recorded]


def judged(
    tenant: Tenant, declared: World, live: Live, registry: Registry, environ: Mapping[str, str], project: str = ""
) -> Judged:
    """What it would remove, whom it would disable as the files say, also those whom somebody enabled live, and what
    else it would do that has a limit.

    `declared`: what the files say, with the secrets. `project`: that of the stack, where it is known.
    """
    desired = declared.desired
    said = [text for text in environ.get(VARIABLE, "").split(",") if text.strip()]
    raised = parsed(said, registry, VARIABLE)
    recorded = {(r.kind, r.key): r for r in recorded_here(tenant.name, registry, project)}
    going = {where: held for where, held in recorded.items() if where not in desired}
    turned = {where: one for where, one in desired.items() if _disabling(registry[one.kind], one)}
    known = replace(declared, recorded=recorded, settings=kind_settings(tenant))
    whole = {kind.id for kind in registry.all() if known.settings_of(kind).limits.keys() & _CHANGES}

    def held_against(
        world: World, raised: Raised, whole: Collection[str] = ()
    ) -> tuple[World, Plan, tuple[Exceeded, ...]]:
        world = followed(registry, live.untouchable(world))
        plan = _plan(registry, world, turned, whole)
        return world, plan, exceeded(registry, world, plan, raised, said=VARIABLE)

    # As if all of these were there and enabled; only if that may be too much they are looked at.
    assumed: dict[Key, Values | None] = {where: _enabled(registry[where[0]]) for where in (*going, *turned)}
    world, plan, found = held_against(replace(known, live=assumed), raised)
    others = {where: _enabled(registry[where[0]]) for where in desired if where not in (world.recorded or {})}
    *_, more = held_against(replace(known, live={**assumed, **others}), NOT_RAISED)
    kinds = _doors(registry, (one.kind for one in (*found, *more))) | _few(registry, world, plan)
    if kinds or whole or _refused(plan):
        every = {where: one for where, one in desired.items() if where[0] in whole}
        some = {w: one for w, one in desired.items() if w[0] in kinds and (w in turned or w in others)}
        seen = {**assumed, **live.observe({**some, **every}, going.values())}
        supporting = live.supporting(every, seen)
        world = replace(known, live=seen, supporting=supporting, off=dict(live.off))
        world, plan, found = held_against(world, raised, whole)
    return Judged(found, _refused(plan), tuple(unneeded(registry, world, plan, raised, said=VARIABLE)), recorded)


def _doors(registry: Registry, kinds: Iterable[str]) -> set[str]:
    return {one for kind in kinds for one in (kind, twin_id(registry[kind])) if one}


def _few(registry: Registry, world: World, plan: Plan) -> set[str]:
    """Kinds of which so few are recorded that no default holds, and more would go than one: with those who are live and
    not recorded yet they may be enough."""
    leaving: dict[str, set[str]] = {}
    for step in plan.steps:
        if counted(registry[step.kind], step).intersection(TOGETHER[0]):
            leaving.setdefault(leader_id(registry[step.kind]) or step.kind, set()).add(step.key)
    kinds = _doors(registry, (kind for kind, keys in leaving.items() if len(keys) > DEFAULT.allows(FEWEST)))
    held = [kind for kind, _ in world.recorded or ()]
    return {kind for kind in kinds if sum(map(held.count, _doors(registry, [kind]))) < FEWEST}


def _refused(plan: Plan) -> tuple[str, ...]:
    """Why our commands would not begin, as far as the removals go. What could not be read is told by the refresh."""
    going = (step for step in plan.steps if not step.declared and not step.unread)
    return tuple(problem for step in going for problem in step.problems)


def _plan(registry: Registry, world: World, turned: Mapping[Key, Desired], whole: Collection[str]) -> Plan:
    """`whole`: the kinds of which all is known, so that all is compared."""
    steps: list[Step] = []
    for kind in registry.all():
        disabling = (one for one in turned.values() if one.kind == kind.id)
        steps += declared_steps(registry, kind, world) if kind.id in whole else _disabled(kind, world, disabling)
        steps += removed(kind, world)
    return Plan(world.tenant, tuple(once(registry, world, steps)), {})


def _enabled(kind: Kind) -> Values:
    """What is seen of an object that is there and enabled; nothing at all would be a disabled one to some kinds."""
    return {name: not value for name, value in kind.disabling.items()}


def _disabling(kind: Kind, one: Desired) -> bool:
    """Do the files say that it is disabled?"""
    fields = one.compared().fields
    return any(fields.get(name) == value for name, value in kind.disabling.items())


def _disabled(kind: Kind, world: World, turned: Iterable[Desired]) -> Iterator[Step]:
    """Who is there and enabled, as far as `world` says."""
    for one in turned:
        live = world.live.get((one.kind, one.key))
        if live is None:
            continue
        fields = {name: value for name, value in one.compared().fields.items() if name in kind.disabling}
        differences: tuple[Difference, ...] = tuple(Difference(n, None, v) for n, v in fields.items())
        if live:
            differences = tuple(kind.compare(replace(one, fields=fields), live))
        if not differences:
            continue
        yield Step(one.kind, one.key, Action.UPDATE, differences=differences, place=one.place, exists=True)
