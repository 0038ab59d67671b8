"""What an up of plain pulumi would disable or delete, before anything is registered: how many, and who must stay.

Only a program runs in a preview and an up and not in a destroy, which asks for what it does in so many words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cxconfig.engine.stack import recorded_here
from cxconfig.kinds import Action, Desired, Difference, Kind, Registry, Values
from cxconfig.language import Tenant
from cxconfig.live import Live
from cxconfig.planning.limits import VARIABLE, exceeded, parsed, unneeded
from cxconfig.planning.plan import Exceeded, Plan, Recorded, Step
from cxconfig.planning.removed import removed
from cxconfig.planning.twins import once, twin_id
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import kind_settings


@dataclass(frozen=True, slots=True)
class Judged:
    """The limits that an up would not keep, why somebody must not be removed, and what is to be said of limits that
    were raised. `recorded`: what the stack holds."""

    exceeded: tuple[Exceeded, ...]
    refused: tuple[str, ...]
    warnings: tuple[str, ...]
    recorded: Mapping[Key, Recorded]


def judged(
    tenant: Tenant,
    desired: Mapping[Key, Desired],
    live: Live,
    registry: Registry,
    environ: Mapping[str, str],
    project: str = "",
) -> Judged:
    """What it would remove, and whom it would disable as the files say, also those whom somebody enabled live.

    `project`: that of the stack, where it is known.
    """
    said = [text for text in environ.get(VARIABLE, "").split(",") if text.strip()]
    raised = parsed(said, registry, VARIABLE)
    recorded = {(r.kind, r.key): r for r in recorded_here(tenant.name, registry, project)}
    going = {where: held for where, held in recorded.items() if where not in desired}
    turned = {where: one for where, one in desired.items() if _disabling(registry[one.kind], one)}
    # As if all of these were there and enabled; only if that is too much they are looked at.
    assumed: dict[Key, Values | None] = {where: _enabled(registry[where[0]]) for where in (*going, *turned)}
    world = World(tenant.name, desired, assumed, recorded=recorded, settings=kind_settings(tenant))
    world = live.untouchable(world)
    plan = _plan(registry, world, turned)
    found = exceeded(registry, world, plan, raised, said=VARIABLE)
    refused = _refused(plan)
    if refused and not found:
        seen = live.observe({}, going.values())
        refused = _refused(_plan(registry, replace(world, live=seen, off=live.off), {}))
    elif found:
        kinds = {one for kind in found for one in (kind.kind, twin_id(registry[kind.kind]))}
        unknown = {w: one for w, one in desired.items() if w[0] in kinds and (w in turned or w not in recorded)}
        seen = live.observe(unknown, going.values())
        for where, one in unknown.items():
            if seen[where] is None and one.was:
                seen[where] = seen.get((one.kind, one.was))
        world = replace(world, live=seen, off=live.off)
        plan = _plan(registry, world, turned)
        found, refused = exceeded(registry, world, plan, raised, said=VARIABLE), _refused(plan)
    return Judged(found, refused, tuple(unneeded(registry, world, plan, raised, said=VARIABLE)), recorded)


def _refused(plan: Plan) -> tuple[str, ...]:
    """Why our commands would not begin, as far as the removals go. What could not be read is told by the refresh."""
    return tuple(problem for step in plan.steps if not step.unread for problem in step.problems)


def _plan(registry: Registry, world: World, turned: Mapping[Key, Desired]) -> Plan:
    steps = (step for kind in registry.all() for step in removed(kind, world))
    return Plan(world.tenant, (*once(registry, world, steps), *_disabled(registry, world, turned.values())), {})


def _enabled(kind: Kind) -> Values:
    """What is seen of an object that is there and enabled; nothing at all would be a disabled one to some kinds."""
    return {name: not value for name, value in kind.disabling.items()}


def _disabling(kind: Kind, one: Desired) -> bool:
    """Do the files say that it is disabled?"""
    fields = one.compared().fields
    return any(fields.get(name) == value for name, value in kind.disabling.items())


def _disabled(registry: Registry, world: World, turned: Iterable[Desired]) -> Iterator[Step]:
    """Who is there and enabled, as far as `world` says."""
    for one in turned:
        kind, live = registry[one.kind], world.live.get((one.kind, one.key))
        if live is None:
            continue
        fields = {name: value for name, value in one.compared().fields.items() if name in kind.disabling}
        differences: tuple[Difference, ...] = tuple(Difference(n, None, v) for n, v in fields.items())
        if live:
            differences = tuple(kind.compare(replace(one, fields=fields), live))
        if not differences:
            continue
        yield Step(one.kind, one.key, Action.UPDATE, differences=differences, place=one.place, exists=True)
