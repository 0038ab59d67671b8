"""From a plan to what the engine is given, and from what the engine announces back to the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cxconfig.engine.program import Resource, urn_of
from cxconfig.errors import AnnouncementMismatch
from cxconfig.kinds import Action, Cause, Desired, Difference, Registry
from cxconfig.planning.compare import Key, World
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import candidate, differing, observed_record, record_of

QUIET = frozenset({"same", "refresh", "read"})
"""Engine steps that change nothing."""


def handed_steps(plan: Plan, world: World, registry: Registry) -> dict[Key, HandedStep]:
    """What the host may do, and what was observed of it."""
    steps = {}
    assert world.digester is not None
    for step in plan.changes:
        kind, where = registry[step.kind], (step.kind, step.key)
        live = world.live.get(where)
        observed = None
        if live is not None:
            record = record_for(registry, world, where)
            held = (world.recorded or {}).get(where)
            if held is not None:
                unread = {n for n, spec in kind.specs.items() if spec.unread}
                record = {n: v for n, v in record.items() if n not in unread} | {
                    n: v for n, v in held.inputs.items() if n in unread
                }
            observed = observed_record(kind, step.key, record, live, world.digester)
        fields = () if step.action is Action.CREATE else tuple(d.field for d in step.differences)
        steps[where] = HandedStep(step.action, observed, fields, kind.facts(live) if live else {})
    return steps


def record_for(registry: Registry, world: World, where: Key) -> dict[str, Any]:
    """The record of a declared object, or what is recorded of one that is not, or is to be so that it can go."""
    desired = world.desired.get(where)
    if desired is None or world.digester is None:
        held = (world.recorded or {}).get(where)
        return dict(held.inputs) if held is not None else candidate(where[1])
    return record_of(registry[where[0]], desired, world.secrets.get(where, {}), world.digester)


def resources_for(registry: Registry, world: World, keys: Sequence[Key]) -> list[Resource]:
    """The objects to register: the declared ones among `keys` and what they need, in order of dependency."""
    wanted = {key for key in keys if key in world.desired}
    for key in list(wanted):
        wanted.update(needs_of(registry, world.desired, world.desired[key]))
    order = {kind.id: number for number, kind in enumerate(registry.all())}
    return [
        Resource(kind, key, record_for(registry, world, (kind, key)), needs_of(registry, world.desired, d))
        for (kind, key), d in sorted(world.desired.items(), key=lambda item: order[item[0][0]])
        if (kind, key) in wanted
    ]


def needs_of(registry: Registry, desired: Mapping[Key, Desired], one: Desired) -> tuple[Key, ...]:
    """The declared objects that come before this one."""
    kind = registry[one.kind]
    needed = []
    for name, spec in kind.specs.items():
        if spec.refers_to and one.fields.get(name):
            other = (f"{kind.system}.{spec.refers_to}", str(one.fields[name]))
            if other in desired:
                needed.append(other)
    return tuple(needed)


def dependents(registry: Registry, world: World, steps: Sequence[Step]) -> list[Key]:
    """Declared objects that the record still ties to a removed one: the engine must hear that they no longer are."""
    removed = {(s.kind, s.key) for s in steps if not s.declared}
    if not removed:
        return []
    stepped = {(s.kind, s.key) for s in steps}
    found = []
    for where in world.desired.keys() - stepped:
        kind, held = registry[where[0]], (world.recorded or {}).get(where)
        fields = [(name, spec.refers_to) for name, spec in kind.specs.items() if spec.refers_to]
        if held is not None and any((f"{kind.system}.{to}", held.inputs.get(name)) in removed for name, to in fields):
            found.append(where)
    return sorted(found)


def expected(plan: Plan, project: str, stack: str) -> dict[str, frozenset[str]]:
    """The engine's steps that a plan stands for, by URN: the engine speaks of its record, the plan of what is live."""
    steps = {}
    for step in plan.changes:
        urn = urn_of(project, stack, step.kind, step.key)
        if not step.declared:
            steps[urn] = frozenset({"delete"})
        else:
            steps[urn] = frozenset({"update"}) if step.recorded else frozenset({"create"})
    return steps


def hold_against(announced: Mapping[str, str], plan: Plan, project: str, stack: str, *, full: bool) -> None:
    """Raise `AnnouncementMismatch` when the engine would do other things than the plan says.

    A full run refreshes first, after which the engine may find a step unnecessary or call it a create.
    """
    wanted = expected(plan, project, stack)
    wrong = []
    for urn, op in announced.items():
        allowed = wanted.get(urn, frozenset())
        if full and allowed and allowed <= {"create", "update"}:
            allowed = frozenset({"create", "update"})
        if op not in allowed:
            wrong.append(f"the engine would {op} {_name(urn)}, the comparison {_said(allowed)}")
    if not full:
        wrong += [
            f"the comparison {_said(ops)} for {_name(urn)}, the engine nothing"
            for urn, ops in wanted.items()
            if urn not in announced
        ]
    if wrong:
        more = f"\n  and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise AnnouncementMismatch(
            "the engine announced other steps than the comparison; nothing was written:\n  "
            + "\n  ".join(wrong[:10])
            + more,
            way_out="Run again. If it stays, run with --full, and report it: one of the two is wrong.",
        )


def _name(urn: str) -> str:
    kind, _, key = urn.split("::", 2)[2].partition("::")
    return f"{kind.removeprefix('pulumi-python:dynamic/').replace(':', ' ')} {key}"


def _said(ops: frozenset[str]) -> str:
    return f"says {' or '.join(sorted(ops))}" if ops else "says nothing of it"


def refresh_steps(registry: Registry, world: World, *, moved: bool = False) -> list[Step]:
    """What a refresh changes in the record: recorded values that are no longer live, objects that are gone.

    `moved`: whatever is live is also recorded as being in the live tenant of today.
    """
    steps = []
    assert world.digester is not None
    for where, held in (world.recorded or {}).items():
        if not held.urn:
            continue
        kind, live = registry[held.kind], world.live[where]
        desired = world.desired.get(where)
        common: dict[str, Any] = {"recorded": True, "place": desired.place if desired else None}
        if live is None:
            steps.append(Step(held.kind, held.key, Action.FORGET, Cause.DRIFT, **common))
            continue
        seen = observed_record(kind, held.key, held.inputs, live, world.digester)
        names = sorted(differing(kind, held.inputs, seen))
        if names or moved:
            differences = tuple(Difference(n, held.inputs.get(n), seen.get(n), cause=Cause.DRIFT) for n in names)
            steps.append(Step(held.kind, held.key, Action.RECORD, Cause.DRIFT, differences, exists=True, **common))
    return steps


def behind(recorded: Iterable[Recorded], held: Mapping[Key, Recorded]) -> frozenset[Key]:
    """Objects that the engine knows otherwise than a killed run left them; `held`: the record with that laid over."""
    return frozenset((r.kind, r.key) for r in recorded if held[r.kind, r.key].inputs != r.inputs)


def catching_up(plan: Plan, world: World, behind: Iterable[Key]) -> list[Step]:
    """Objects that a killed run brought to what is declared, and that the engine has yet to record so."""
    stepped = {(s.kind, s.key) for s in plan.changes}
    return [
        Step(
            where[0],
            where[1],
            Action.RECORD,
            Cause.EDIT,
            place=world.desired[where].place,
            recorded=True,
            exists=True,
        )
        for where in sorted(behind)
        if where in world.desired and where not in stepped
    ]


def ghosts(recorded: Mapping[Key, Recorded], plan: Plan) -> list[Recorded]:
    """Objects that the engine must hear of before it can take them out: what a killed run created and is no longer
    declared, and what was never declared and is to be removed."""
    unknown = []
    for step in plan.changes:
        where = (step.kind, step.key)
        held = recorded.get(where) or Recorded(*where, candidate(step.key))
        if not step.declared and not held.urn:
            unknown.append(held)
    return unknown
