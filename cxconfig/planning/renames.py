"""Objects that had another key (`was`): found under the old one or the new, live and in the record. Pure.

The old record is the object's record, and what is live under the old key is the object, until it is renamed. So both
are looked at under the new key, and the rest of a comparison is that of any other object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cxconfig.kinds import Action, Cause, Desired, Kind, Registry, Values
from cxconfig.nearness import did_you_mean
from cxconfig.planning.plan import Recorded, Step
from cxconfig.planning.record import KEY, Digester, is_digest
from cxconfig.planning.twins import leader_id
from cxconfig.planning.world import Former, Key, World


def followed(registry: Registry, world: World) -> World:
    """The world in which every object that says `was` is found under its new key."""
    if not any(desired.was for desired in world.desired.values()):
        return world
    live, found = dict(world.live), dict[Key, Former]()
    spelt = {(kind_id, registry[kind_id].identity(key)): key for kind_id, key in world.recorded or ()}
    recorded = None if world.recorded is None else dict(world.recorded)
    for where, desired in world.desired.items():
        if not desired.was:
            continue
        old = (where[0], desired.was)
        former = _former(registry[where[0]], desired, world, spelt)
        found[where] = former
        if former.pending:
            live[where] = world.live.get(old)
        held = (recorded or {}).get(old)
        if recorded is not None and held is not None and where not in recorded:
            del recorded[old]
            recorded[where] = _carried(registry[where[0]], desired, held, live.get(where), world)
    return replace(world, live=live, recorded=recorded, former=found)


def _former(kind: Kind, desired: Desired, world: World, spelt: Mapping[Key, str]) -> Former:
    """`spelt`: what is recorded, by kind and identity."""
    key, was = desired.key, desired.was
    here, there = world.live.get((kind.id, key)), world.live.get((kind.id, was))
    leader = leader_id(kind)
    former = Former(was, own=not leader or (leader, key) not in world.desired)
    if reason := world.untouchable.get((kind.id, was)):
        return replace(former, problem=f"{was!r} is {reason}, so it is never renamed: remove `was`")
    other = spelt.get((kind.id, kind.identity(was)), was)
    if other not in (was, key) and (kind.id, was) not in (world.recorded or {}):
        text = f"it was {was!r}, and recorded is {other!r}, which may be the same: write `was: {other}`"
        return replace(former, problem=text)
    if there is not None:
        if here is None:
            return replace(former, pending=True)
        return replace(former, problem=taken(was, key))
    if here is not None:
        return former if world.recorded is None or not former.own else replace(former, note=done(was))
    keys = [(one, k) for one in (kind.id, f"{kind.system}.{kind.twin}") for k in (key, was)]
    if world.recorded is None or any(where in world.recorded for where in keys):
        return former
    gone = (k for kind_id, k in world.recorded if kind_id == kind.id and (kind_id, k) not in world.desired)
    return replace(former, problem=nobody(was, key, did_you_mean(was, gone)))


def taken(was: str, key: str) -> str:
    return (
        f"it was {was!r}, and both {was!r} and {key!r} exist live, so it is not renamed: remove `was` if they are two,"
        f" or give the one that has {key!r} another key first"
    )


def nobody(was: str, key: str, hint: str = "") -> str:
    return (
        f"it was {was!r}, and neither {was!r} nor {key!r} exists live or is recorded, so there is nothing to rename:"
        f" correct `was`{f' ({hint})' if hint else ''}, or remove it to have it created"
    )


def done(was: str) -> str:
    return f"it has its new key: `was: {was}` can be removed"


def _carried(kind: Kind, desired: Desired, held: Recorded, live: Values | None, world: World) -> Recorded:
    """The old record under the new key."""
    values: dict[str, list[Any]] = {name: [value] for name, value in desired.fields.items()}
    for name, value in world.secrets.get((kind.id, desired.key), {}).items():
        values[name] = [value]
    for name, value in (live or {}).items():
        values.setdefault(name, []).append(value)
    inputs = dict(held.inputs)
    if world.digester is not None:
        inputs = rekeyed(kind, held.inputs, held.key, desired.key, values, world.digester)
    return replace(held, key=desired.key, inputs={**inputs, KEY: desired.key}, was=held.was or held.key)


def rekeyed(
    kind: Kind, record: Values, was: str, key: str, values: Mapping[str, list[Any]], digester: Digester
) -> dict[str, Any]:
    """A record under another key. A digest holds its key, so one is made anew where it is that of a known value
    (`values`: by field); any other stays, and agrees with nothing."""
    found = {**record, KEY: key}
    for name, digest in record.items():
        if name in kind.specs and is_digest(digest):
            for value in values.get(name, ()):
                text = kind.normal(name, value) if kind.specs[name].private and isinstance(value, str) else value
                if isinstance(text, str) and digester.agrees(kind, was, name, text, digest):
                    found[name] = digester(kind, key, name, text)
    return found


def with_former(kind: Kind, step: Step, former: Former | None) -> Step:
    """A declared object's step, with what `was` adds to it."""
    if former is None:
        return step
    notes = (*step.notes, former.note) if former.note else step.notes
    # Whatever else may be wrong follows from that.
    problems = (f"{kind.singular} {step.key}: {former.problem}",) if former.problem else step.problems
    step = replace(step, notes=notes, problems=problems, spent=former.was if former.note else "")
    if not former.pending:
        return step
    step = replace(step, was=former.was)
    if not former.own:
        return replace(step, follows=leader_id(kind))
    if step.action is Action.REPLACE:
        text = "it is to be renamed, and its other changes need a replacement: make one of the two first"
        step = replace(step, problems=(*step.problems, f"{kind.singular} {step.key}: {text}"), notes=())
    if step.action is Action.ADOPT:
        cause = Cause.NEW
    else:
        cause = Cause.BOTH if any(d.cause in (Cause.DRIFT, Cause.BOTH) for d in step.differences) else Cause.EDIT
    return replace(step, action=Action.RENAME, cause=cause, call=kind.rename_call(former.was, step.key))


def settled(held: Mapping[Key, Recorded], live: Mapping[Key, Values | None]) -> dict[Key, Recorded]:
    """The record, in which what an unfinished run may have renamed stands where it is live.

    Of that `held` has both: the old record, and one of the new key that names the old one and that the engine does not
    know.
    """
    found = dict(held)
    for where, new in held.items():
        if not new.was or new.urn:
            continue
        del found[where]
        old = (where[0], new.was)
        if live.get(where) is not None and live.get(old) is None:
            before = found.pop(old, None)
            known = before is not None and bool(before.urn)
            found[where] = replace(
                new,
                urn=before.urn if before is not None else "",
                origin=before.origin if before is not None else "",
                was=(before.was or before.key) if before is not None and known else "",
            )
    return found


def unsettled(held: Mapping[Key, Recorded]) -> dict[Key, Recorded]:
    """The record as the engine has it, for a refresh."""
    return {where: record for where, record in held.items() if record.urn or not record.was}


def successors(
    desired: Mapping[Key, Desired], held: Mapping[Key, Recorded], live: Mapping[Key, Values | None]
) -> dict[Key, str]:
    """What is recorded under an old key, and is live under a new one alone: that key, by the old one."""
    pairs = {(kind, one.was): key for (kind, key), one in desired.items() if one.was}
    pairs |= {(kind, record.was): key for (kind, key), record in held.items() if record.was}
    return {old: new for old, new in pairs.items() if live.get(old) is None and live.get((old[0], new)) is not None}
