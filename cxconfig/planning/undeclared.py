"""Live objects that nobody declared, of kinds of which all objects are managed: reported, or removed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cxconfig.kinds import Action, Cause, Kind, OnRemove
from cxconfig.planning.plan import Recorded, Step
from cxconfig.planning.record import is_candidate
from cxconfig.planning.removed import REMOVALS, sweeping
from cxconfig.planning.twins import through_twin
from cxconfig.planning.world import World, former_keys

UNSURE = "it is listed, and not found when asked for; left as it is"
LEFT = "left as it is: it was only recorded to be removed"


def strangers(kind: Kind, world: World) -> list[str]:
    """The keys that are live, and neither declared nor excluded nor recorded, in the order of the listing.

    What was declared before and is recorded is removed as such. A key covers its other spellings only where it is not
    listed itself: a system that lists both tells them apart. One that is recorded must be live for that. Whoever is
    declared through the other door, or under the key that he gets, is declared.
    """
    listed = world.listed.get(kind.id, ())
    known = {key for kind_id, key in world.desired if kind_id == kind.id}
    covered = {kind.identity(key) for key in known.difference(listed)}
    covered |= {kind.identity(was) for was, _ in former_keys(kind, world.desired)}
    covered |= through_twin(kind, world.desired).keys()
    for (kind_id, key), held in (world.recorded or {}).items():
        if kind_id == kind.id and not is_candidate(held.inputs):
            known.add(key)
            if key not in listed and world.live.get((kind_id, key)) is not None:
                covered.add(kind.identity(key))
    settings = world.settings_of(kind)
    return [
        key for key in listed if key not in known and kind.identity(key) not in covered and not settings.excludes(key)
    ]


def undeclared(kind: Kind, world: World) -> Iterator[Step]:
    """A step for each of them that is to be reported or removed, and for what an earlier run recorded to remove."""
    going = set()
    policy = sweeping(kind, world)
    declared = {kind.identity(key): key for kind_id, key in world.desired if kind_id == kind.id}
    for key in strangers(kind, world):
        if (other := declared.get(kind.identity(key))) is not None and (kind.id, key) not in world.untouchable:
            note = f"not declared, and left as it is: it differs only in case from {other!r}, which is"
            yield Step(kind.id, key, Action.NONE, Cause.UNDECLARED, notes=(note,), exists=True)
            continue
        step = _stranger(kind, key, policy, world)
        if step is not None:
            going |= {key} if step.action in REMOVALS else set()
            yield step
    for where, held in (world.recorded or {}).items():
        if held.kind == kind.id and is_candidate(held.inputs) and where not in world.desired and held.key not in going:
            yield _let_go(held, exists=world.live.get(where) is not None)


def _stranger(kind: Kind, key: str, policy: OnRemove | None, world: World) -> Step | None:
    """None when nothing is to be done or said: it is removed as far as it would be."""
    reported = Step(kind.id, key, Action.NONE, Cause.UNDECLARED, exists=True)
    where = (kind.id, key)
    if reason := world.untouchable.get(where):
        note = f"not declared, and never disabled or deleted: it is {reason}"
        return Step(kind.id, key, Action.NONE, notes=(note,), exists=True)
    if policy is None:
        return reported
    live = world.live.get(where)
    if live is None:
        return Step(kind.id, key, Action.NONE, Cause.UNDECLARED, notes=(UNSURE,), exists=True)
    action = kind.removal(policy, live)
    if action not in REMOVALS:
        return None
    if world.recorded is None:  # an audit: it looks, and removes nothing
        return reported
    held = world.recorded.get(where)
    call, known = kind.removal_call(key, action), held is not None and bool(held.urn)
    return Step(kind.id, key, action, Cause.UNDECLARED, call=call, recorded=known, exists=True)


def _let_go(held: Recorded, *, exists: bool) -> Step:
    notes = (LEFT,) if exists else ()
    known = bool(held.urn)
    return Step(held.kind, held.key, Action.FORGET, Cause.UNDECLARED, notes=notes, recorded=known, exists=exists)
