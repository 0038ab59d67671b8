"""From a plan to what the engine is given, and from what the engine announces back to the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cxconfig.engine.resources import Resource, urn_of
from cxconfig.errors import AnnouncementMismatch
from cxconfig.kinds import Action, Cause, Desired, Difference, Registry
from cxconfig.planning.compare import Key, World
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.kept import kept_for, needed
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import candidate, differing, observed_record, record_of
from cxconfig.planning.twins import joins, leader_id, twin_id

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
        joined = step.action is Action.CREATE and joins(kind, step.key, world.desired, world.live)
        facts = kind.facts(live) if live else {}
        kept = _kept(registry, world, where) if live is None else ""
        steps[where] = HandedStep(step.action, observed, fields, facts, _was(world, where), joined, kept)
    return steps


def _kept(registry: Registry, world: World, where: Key) -> str:
    """The key under which values are kept of an object that is to be created."""
    desired = world.desired.get(where)
    kept = kept_for(registry[where[0]], world, desired) if desired is not None else None
    return kept.key if kept is not None else ""


def _was(world: World, where: Key) -> str:
    """The key under which an object is live or recorded, if that is another one."""
    former, held = world.former.get(where), (world.recorded or {}).get(where)
    return former.was if former is not None and former.pending else held.was if held is not None else ""


def record_for(registry: Registry, world: World, where: Key) -> dict[str, Any]:
    """The record of a declared object, or what is recorded of one that is not, or is to be so that it can go."""
    desired = world.desired.get(where)
    if desired is None or world.digester is None:
        held = (world.recorded or {}).get(where)
        return dict(held.inputs) if held is not None else candidate(where[1])
    return record_of(registry[where[0]], desired, world.secrets.get(where, {}), world.digester)


def resources_for(registry: Registry, world: World, keys: Sequence[Key]) -> list[Resource]:
    """The objects to register: the declared ones among `keys` and what they need, in order of dependency.

    Also what those need: of a run with targets the engine puts whatever it has not heard of behind what it has, and a
    dependency that stands behind makes its whole state unreadable.
    """
    wanted: set[Key] = set()
    waiting = [key for key in keys if key in world.desired]
    waiting += [follower for key in waiting for follower in _followers(registry, world, key)]
    while waiting:
        if (key := waiting.pop()) not in wanted:
            wanted.add(key)
            waiting += needs_of(registry, world.desired, world.desired[key])
    order = {kind.id: number for number, kind in enumerate(registry.all())}
    return [
        Resource(
            kind, key, record_for(registry, world, (kind, key)), needs_of(registry, world.desired, d), _alias(world, d)
        )
        for (kind, key), d in sorted(world.desired.items(), key=lambda item: order[item[0][0]])
        if (kind, key) in wanted
    ]


def _alias(world: World, desired: Desired) -> str:
    """The key under which the engine may know an object still; where nobody knows the state, it knows itself."""
    if world.recorded is None:
        return desired.was
    held = world.recorded.get((desired.kind, desired.key))
    return held.was if held is not None and held.urn else ""


def _followers(registry: Registry, world: World, leading: Key) -> Iterator[Key]:
    """Who is recorded to need a leader: of a run with targets, the engine must hear that he is not gone."""
    kind = registry[leading[0]]
    where = (twin_id(kind), leading[1])
    held = (world.recorded or {}).get(where)
    if kind.leads and where in world.desired and held is not None and held.urn:
        yield where


def needs_of(registry: Registry, desired: Mapping[Key, Desired], one: Desired) -> tuple[Key, ...]:
    """The declared objects that come before this one."""
    kind = registry[one.kind]
    needed = []
    for name, spec in kind.specs.items():
        if spec.refers_to and one.fields.get(name):
            other = (f"{kind.system}.{spec.refers_to}", str(one.fields[name]))
            if other in desired:
                needed.append(other)
    if (leading := (leader_id(kind), one.key)) in desired:
        needed.append(leading)
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
        ties = {(f"{kind.system}.{to}", held.inputs.get(name)) for name, to in fields} if held is not None else set()
        if held is not None and not removed.isdisjoint(ties | {(leader_id(kind), where[1])}):
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
    waiting = needed(registry, world)
    for where, held in (world.recorded or {}).items():
        if not held.urn:
            continue
        kind, desired = registry[held.kind], world.desired.get(where)
        live = world.live.get((held.kind, world.successors.get(where, held.key)))
        common: dict[str, Any] = {"recorded": True, "place": desired.place if desired else None}
        if live is None and where in waiting:
            continue  # its record tells that it is the one whose replacement was interrupted
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
    before = {(r.kind, r.key): r.inputs for r in recorded}
    known = {where: r for where, r in held.items() if r.urn}
    return frozenset(w for w, r in known.items() if r.was or before.get(w) != r.inputs)


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
    """Objects that the engine must hear of before it can take them out: what a killed run created or renamed and is no
    longer declared, and what was never declared and is to be removed."""
    unknown = []
    for step in plan.changes:
        where = (step.kind, step.key)
        held = recorded.get(where) or Recorded(*where, candidate(step.key))
        if not step.declared and not held.known:
            unknown.append(held)
    return unknown
