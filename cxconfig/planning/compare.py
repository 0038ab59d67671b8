"""Declared against live against recorded: the comparison behind preview, up and audit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cxconfig.kinds import Action, Cause, Desired, Difference, Kind, OnRemove, Registry, Values
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import (
    Digester,
    differing,
    is_digest,
    record_of,
    record_value,
    recorded_on_remove,
)

Key = tuple[str, str]
"""Kind id and natural key."""


@dataclass(frozen=True)
class World:
    """Everything one comparison looks at.

    `live`: by kind and key, for every declared and every recorded object. `supporting`: by kind, what its handler
    read for `Kind.problems`. `secrets`: the resolved secret fields by object. `recorded`: what the state holds; None
    in an audit, which knows no state. `on_remove`: the kind's setting in tenant.yaml by kind.
    """

    tenant: str
    desired: Mapping[Key, Desired]
    live: Mapping[Key, Values | None]
    supporting: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recorded: Mapping[Key, Recorded] | None = None
    secrets: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    on_remove: Mapping[str, OnRemove] = field(default_factory=dict)
    digester: Digester | None = None


def compare(registry: Registry, world: World) -> Plan:
    """The plan that brings the live systems and the record to what is declared."""
    steps: list[Step] = []
    for kind in registry.all():
        steps += [s for s in _declared(kind, world) if s.action is not Action.NONE or s.problems or s.notes]
        steps += _removed(kind, world)
    declared: dict[str, int] = {}
    for kind_id, _ in world.desired:
        declared[kind_id] = declared.get(kind_id, 0) + 1
    return Plan(world.tenant, tuple(steps), declared)


def _declared(kind: Kind, world: World) -> Iterator[Step]:
    for (kind_id, key), desired in world.desired.items():
        if kind_id == kind.id:
            yield _step(kind, key, desired, world)


def _step(kind: Kind, key: str, desired: Desired, world: World) -> Step:
    live = world.live[kind.id, key]
    recorded = (world.recorded or {}).get((kind.id, key))
    step = Step(
        kind.id,
        key,
        Action.NONE,
        place=desired.place,
        recorded=recorded is not None and bool(recorded.urn),
        exists=live is not None,
    )
    record = _record(kind, desired, world)
    if live is None:
        return _missing(kind, step, desired, recorded, record, world)
    differences = kind.compare(desired, live)
    if recorded is not None:
        differences += _secret_differences(kind, desired, recorded.inputs, world)
    problems = tuple(f"{kind.singular} {key}: {d.problem}" for d in differences if d.problem)
    if differences:
        supporting = world.supporting.get(kind.id, {})
        problems += tuple(f"{kind.singular} {key}: {p}" for p in kind.problems(desired, live, supporting))
    caused = tuple(d.because(_cause(kind, key, d, recorded, record, world)) for d in differences)
    action, cause = _present(kind, caused, recorded, record, world)
    return replace(
        step,
        action=action,
        cause=cause,
        differences=caused,
        problems=problems,
        notes=_notes(kind, desired, action),
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
        return Action.UPDATE, causes.pop() if len(causes) == 1 else Cause.BOTH
    if not recorded.urn or recorded.inputs.keys() != record.keys() or differing(kind, recorded.inputs, record):
        return Action.RECORD, Cause.EDIT
    if any(is_digest(v) and v != record[n] for n, v in recorded.inputs.items()):
        return Action.RECORD, Cause.EDIT
    return Action.NONE, None


def _missing(kind: Kind, step: Step, desired: Desired, recorded: Recorded | None, record: Values, world: World) -> Step:
    call = kind.creation(desired)
    supporting = world.supporting.get(kind.id, {})
    problems = tuple(f"{kind.singular} {step.key}: {p}" for p in kind.problems(desired, None, supporting))
    cause = None
    if world.recorded is not None:
        cause = Cause.NEW
        if recorded is not None:
            cause = Cause.BOTH if differing(kind, recorded.inputs, record) else Cause.DRIFT
    differences = tuple(
        Difference(name, None, None if kind.specs[name].secret else value, call, cause=cause)
        for name, value in desired.fields.items()
    )
    return replace(step, action=Action.CREATE, cause=cause, differences=differences, problems=problems, call=call)


def _record(kind: Kind, desired: Desired, world: World) -> dict[str, Any]:
    if world.digester is None:
        return {}
    return record_of(kind, desired, world.secrets.get((kind.id, desired.key), {}), world.digester)


def _secret_differences(kind: Kind, desired: Desired, recorded: Values, world: World) -> list[Difference]:
    """Secrets cannot be read: they differ when the recorded digest is not theirs; a new one is an edit."""
    if world.digester is None:
        return []
    return [
        Difference(name, None, None, kind.change_call(desired.key, name))
        for name, value in world.secrets.get((kind.id, desired.key), {}).items()
        if name not in recorded or not world.digester.agrees(kind, desired.key, name, value, str(recorded[name]))
    ]


def _cause(
    kind: Kind, key: str, difference: Difference, recorded: Recorded | None, record: Values, world: World
) -> Cause:
    name = difference.field
    if recorded is None or world.digester is None:
        return Cause.NEW if world.recorded is not None else Cause.DRIFT
    if name not in recorded.inputs or kind.specs[name].secret:
        return Cause.EDIT
    before = {name: recorded.inputs[name]}
    if not differing(kind, before, {name: record[name]}):
        return Cause.DRIFT
    seen = record_value(kind, key, name, difference.live if difference.live is not None else "", world.digester)
    return Cause.BOTH if differing(kind, before, {name: seen}) else Cause.EDIT


def _notes(kind: Kind, desired: Desired, action: Action) -> tuple[str, ...]:
    secrets = [name for name in desired.fields if kind.specs[name].secret]
    if action is Action.ADOPT and secrets:
        return (f"{', '.join(secrets)}: left as it is live, and set when the secret changes after this",)
    return ()


def _removed(kind: Kind, world: World) -> Iterator[Step]:
    """Recorded and no longer declared: what the object's own `on_remove` says, else the kind's, else the default.

    One that is declared in another case may be the very same object live: it is only forgotten.
    """
    renamed = {key.casefold(): key for kind_id, key in world.desired if kind_id == kind.id}
    for (kind_id, key), recorded in sorted((world.recorded or {}).items(), key=lambda item: item[0]):
        if kind_id != kind.id or (kind_id, key) in world.desired:
            continue
        live = world.live.get((kind_id, key))
        policy = recorded_on_remove(recorded.inputs) or world.on_remove.get(kind.id) or kind.removals[0]
        action = kind.removal(policy, live)
        notes: tuple[str, ...] = ()
        if key.casefold() in renamed and action is not Action.FORGET:
            action = Action.FORGET
            notes = (f"left as it is: {renamed[key.casefold()]!r} differs only in case and may be the same",)
        yield Step(
            kind.id,
            key,
            action,
            Cause.REMOVED,
            call=kind.removal_call(key, action),
            recorded=bool(recorded.urn),
            notes=notes,
            exists=live is not None,
        )
