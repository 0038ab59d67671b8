"""Declared against live against recorded: the comparison behind preview, up and audit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cxconfig.kinds import Action, Cause, Desired, Difference, Kind, Registry, SecretRef, Values
from cxconfig.planning.kept import kept_for, set_again
from cxconfig.planning.membership import demoted, not_there, with_intruders
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import differing, ignored, is_candidate, is_digest, record_of, record_value
from cxconfig.planning.removed import removed
from cxconfig.planning.renames import with_former
from cxconfig.planning.twins import joins, once, twin_id
from cxconfig.planning.undeclared import undeclared
from cxconfig.planning.world import Key as Key
from cxconfig.planning.world import Off
from cxconfig.planning.world import World as World

LIFT = "undo the change that needs it, or make it by hand"


def compare(registry: Registry, world: World) -> Plan:
    """The plan that brings the live systems and the record to what is declared.

    Where objects say `was`, `world` is one that `renames.followed` gave.
    """
    steps: list[Step] = []
    for kind in registry.all():
        found = [
            s for s in declared_steps(registry, kind, world) if s.action is not Action.NONE or s.problems or s.notes
        ]
        found += removed(kind, world)
        found += undeclared(kind, world)
        steps += with_intruders(kind, found, registry, world)
    steps = list(once(registry, world, steps))
    declared: dict[str, int] = {}
    for kind_id, _ in world.desired:
        declared[kind_id] = declared.get(kind_id, 0) + 1
    return Plan(world.tenant, tuple(steps), declared)


def declared_steps(registry: Registry, kind: Kind, world: World) -> Iterator[Step]:
    """A step for each declared object of the kind, whether there is something to do or not."""
    leader = None if kind.leads else registry.twin(kind)
    for (kind_id, key), desired in world.desired.items():
        if kind_id != kind.id:
            continue
        if (off := world.off.get(kind_id)) is not None:
            yield _unseen(kind, key, desired, off, world)
        else:
            step = _step(kind, key, desired, world)
            if leader is not None and step.action is Action.CREATE and joins(kind, key, world.desired, world.live):
                step = _joining(kind, leader, step, desired, world)
            yield with_former(kind, step, world.former.get((kind_id, key)))


def _unseen(kind: Kind, key: str, desired: Desired, off: Off, world: World) -> Step:
    """Of a kind that the live tenant does not offer: nobody knows what it is, so nothing can be done about it."""
    held = (world.recorded or {}).get((kind.id, key))
    known = held is not None and bool(held.urn)
    problems = (f"{kind.singular} {key}: {off}",)
    return Step(
        kind.id, key, Action.NONE, problems=problems, place=desired.place, recorded=known, was=desired.was, unread=True
    )


def _step(kind: Kind, key: str, desired: Desired, world: World) -> Step:
    live = world.live[kind.id, key]
    held = (world.recorded or {}).get((kind.id, key))
    # One that was only to be removed is as good as never recorded: it is taken over.
    recorded = None if held is not None and is_candidate(held.inputs) else held
    step = Step(
        kind.id,
        key,
        Action.NONE,
        place=desired.place,
        recorded=held is not None and bool(held.urn),
        exists=live is not None,
    )
    record = _record(kind, desired, world)
    if live is None:
        return _missing(kind, step, desired, recorded, record, world)
    differences = kind.compare(desired.compared(), live)
    if recorded is not None:
        differences += _unread_differences(kind, desired, recorded.inputs, world)
    problems = tuple(f"{kind.singular} {key}: {d.problem}" for d in differences if d.problem)
    former = world.former.get((kind.id, key))
    lost = ""
    if differences or (former is not None and former.pending):
        supporting = world.supporting.get(kind.id, {})
        problems += tuple(f"{kind.singular} {key}: {p}" for p in kind.problems(desired.compared(), live, supporting))
        lost = kind.replacement(desired.compared(), live, differences, supporting) if differences else ""
    caused = tuple(d.because(_cause(kind, key, d, recorded, record, world)) for d in differences)
    action, cause = _present(kind, caused, recorded, record, world)
    step = replace(
        step,
        action=action,
        cause=cause,
        differences=caused,
        problems=problems,
        notes=_notes(kind, desired, action, recorded, caused),
    )
    return _replaced(kind, step, desired, lost, world) if lost and world.recorded is not None else step


def _replaced(kind: Kind, step: Step, desired: Desired, lost: str, world: World) -> Step:
    """It is deleted and created again: what no longer is then is told, and protection holds against it."""
    problems = step.problems
    own = desired.protect
    if world.settings_of(kind).protect if own is None else own:
        text = f"{kind.singular} {step.key}: it is protected, and would be deleted and created again: {LIFT}"
        problems = (*problems, text)
    if reason := world.untouchable.get((kind.id, step.key)):
        problems = (*problems, f"{kind.singular} {step.key}: it is {reason}, so it is never replaced: {LIFT}")
    calls = f"{kind.removal_call(step.key, Action.DELETE)}, {kind.creation(desired)}"
    notes: tuple[str, ...] = (f"deleted and created again; lost: {lost}",)
    if names := sorted(name for name in desired.ignore if kind.specs[name].vendor and not kind.specs[name].unread):
        notes += (f"ignored, and therefore carried over as live: {', '.join(names)}",)
    return replace(step, action=Action.REPLACE, call=calls, problems=problems, notes=notes)


def _joining(kind: Kind, leader: Kind, step: Step, desired: Desired, world: World) -> Step:
    """Its leader creates it, and the step writes the rest: it exists by then, so nothing is demanded of it."""
    supporting = world.supporting.get(kind.id, {})
    problems = tuple(f"{kind.singular} {step.key}: {p}" for p in kind.problems(desired.compared(), {}, supporting))
    calls = list(dict.fromkeys(call for name in desired.fields if (call := kind.change_call(step.key, name))))
    call = f"{', '.join(calls) or 'nothing'} after {leader.creation(desired)}"
    return replace(
        step, call=call, problems=problems, differences=tuple(replace(d, call=call) for d in step.differences)
    )


def _present(
    kind: Kind, differences: tuple[Difference, ...], recorded: Recorded | None, record: Values, world: World
) -> tuple[Action, Cause | None]:
    """What is to be done about an object that exists live."""
    if world.recorded is None:
        return (Action.UPDATE, None) if differences else (Action.NONE, None)
    if recorded is None:
        return Action.ADOPT, Cause.NEW
    causes = {difference.cause for difference in differences}
    if differences:
        known = Cause.UNKNOWN if Cause.UNKNOWN in causes else Cause.BOTH
        return Action.UPDATE, causes.pop() if len(causes) == 1 else known
    others = differing(kind, recorded.inputs, record)
    if not recorded.known or recorded.inputs.keys() != record.keys() or others:
        return Action.RECORD, Cause.UNKNOWN if others and others <= recorded.refreshed else Cause.EDIT
    if any(is_digest(v) and v != record[n] for n, v in recorded.inputs.items() if n not in ignored(record)):
        return Action.RECORD, Cause.EDIT
    return Action.NONE, None


def _missing(kind: Kind, step: Step, desired: Desired, recorded: Recorded | None, record: Values, world: World) -> Step:
    call = kind.creation(desired)
    supporting = world.supporting.get(kind.id, {})
    kept = kept_for(kind, world, desired)
    whole = kept.added_to(desired) if kept is not None else desired
    others = kept.rest(desired) if kept is not None else {}
    said = [_unmade(kind, desired, world)] if desired.implicit else kind.problems(whole, None, supporting)
    problems = tuple(f"{kind.singular} {step.key}: {p}" for p in said)
    cause = None
    if world.recorded is not None:
        cause = Cause.NEW
        if recorded is not None:
            edited = differing(kind, recorded.inputs, record) - recorded.refreshed
            cause = Cause.BOTH if edited else Cause.DRIFT
    differences = tuple(
        Difference(name, None, None if kind.specs[name].secret else value, call, cause=cause)
        for name, value in desired.fields.items()
        if name not in others
    )
    note = set_again(kept, desired) if kept is not None else ""
    return replace(
        step,
        action=Action.CREATE,
        cause=cause,
        differences=differences,
        problems=problems,
        call=call,
        notes=(note,) if note else (),
    )


def _unmade(kind: Kind, desired: Desired, world: World) -> str:
    other = world.desired.get((twin_id(kind), desired.key))
    return not_there(kind, desired, None if other is None else (other.kind, other.place))


def _record(kind: Kind, desired: Desired, world: World) -> dict[str, Any]:
    if world.digester is None:
        return {}
    return record_of(kind, desired, world.secrets.get((kind.id, desired.key), {}), world.digester)


def _unread_differences(kind: Kind, desired: Desired, recorded: Values, world: World) -> list[Difference]:
    """What cannot be read differs when the recorded digest is not its own; a new one is an edit.

    What is ignored is not compared, and neither is what was until now: nobody knows what it is live, and as at an
    adoption it is left until it changes. So is what would be generated for somebody who is recorded without it.
    """
    if world.digester is None:
        return []
    secrets = world.secrets.get((kind.id, desired.key), {})
    written = {name: value for name, value in desired.fields.items() if kind.specs[name].write_only}
    values: dict[str, Any] = {**secrets, **written}
    return [
        Difference(name, None, None if name in secrets else value, kind.change_call(desired.key, name))
        for name, value in values.items()
        if name not in desired.ignore | ignored(recorded) | (_generated(desired) - recorded.keys())
        if name not in recorded or not world.digester.agrees(kind, desired.key, name, str(value), str(recorded[name]))
    ]


def _generated(desired: Desired) -> set[str]:
    return {n for n, value in desired.fields.items() if isinstance(value, SecretRef) and value.generated}


def _cause(
    kind: Kind, key: str, difference: Difference, recorded: Recorded | None, record: Values, world: World
) -> Cause:
    name = difference.field
    if recorded is None or world.digester is None:
        return Cause.NEW if world.recorded is not None else Cause.DRIFT
    if name not in recorded.inputs or kind.specs[name].unread:
        return Cause.EDIT
    before = {name: recorded.inputs[name]}
    if not differing(kind, before, {name: record[name]}):
        return Cause.DRIFT
    if name in recorded.refreshed:
        return Cause.UNKNOWN
    seen = record_value(kind, key, name, difference.live if difference.live is not None else "", world.digester)
    return Cause.BOTH if differing(kind, before, {name: seen}) else Cause.EDIT


def _notes(
    kind: Kind, desired: Desired, action: Action, recorded: Recorded | None, differences: Sequence[Difference]
) -> tuple[str, ...]:
    compared = desired.compared()
    unread = [name for name in compared.fields if kind.specs[name].unread]
    known = {difference.field for difference in differences}
    again = [name for name in kind.rewritten(compared) if name not in known] if differences else []
    notes: tuple[str, ...] = ()
    if again:
        call = differences[0].call
        notes = (f"{', '.join(again)}: written as declared with the rest, whatever it is live, for {call} sends all",)
    if action is not Action.ADOPT:
        held = recorded.inputs if recorded is not None else {}
        left = ignored(held) | (_generated(compared) - held.keys() if recorded is not None else set())
        unread = [name for name in unread if name in left]
    if unread := [name for name in unread if name not in again]:
        what = "the secret" if all(kind.specs[name].secret for name in unread) else "what is declared"
        what = "the length in its reference" if _generated(compared).issuperset(unread) else what
        return (*notes, f"{', '.join(unread)}: left as it is live, and set when {what} changes after this")
    if recorded is not None and (note := demoted(kind, desired, recorded.inputs)):
        return (*notes, note)
    return notes
