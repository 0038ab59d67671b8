"""Exclusive lists (see `kinds.Owning`): which live objects have what such a list gives, and are not in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cxconfig.errors import Place
from cxconfig.kinds import Action, Cause, Desired, Kind, OnRemove, Registry, Values
from cxconfig.planning.plan import Step
from cxconfig.planning.record import BESIDE, ENTRY, PROTECT, recorded_on_remove
from cxconfig.planning.removed import REMOVALS
from cxconfig.planning.world import Key, World

_OF_ENTRIES = frozenset({ENTRY, PROTECT})
"""What only a record of an object with an entry of its own has."""


def closed(registry: Registry, desired: Mapping[Key, Desired]) -> dict[str, list[tuple[Kind, str]]]:
    """Kind id -> the objects whose list says of it who alone may have them: their kind and their key."""
    found: dict[str, list[tuple[Kind, str]]] = {}
    for (kind_id, key), one in desired.items():
        owner = registry[kind_id]
        if one.exclusive and owner.owning is not None:
            found.setdefault(f"{owner.system}.{owner.owning.kind}", []).append((owner, key))
    return found


def not_there(kind: Kind, desired: Desired, other: tuple[str, Place | None] | None = None) -> str:
    """Why an object that stands only in another object's list cannot be created.

    `other`: the kind through which it is declared as well, and where.
    """
    names = ", ".join(f"`{name}`" for name in desired.fields)
    if other is not None:
        door, place = other
        lacking = [name for name, spec in kind.specs.items() if spec.needed and name not in desired.fields]
        needs = f" ({', '.join(lacking)})" if lacking else ""
        return (
            f"it does not exist, and is declared only under `{door}` ({place}) and in a list that gives it its {names}:"
            f" to be created so it needs an entry under `{kind.id}` with what its creation needs{needs}, of which"
            f" nothing may stand in both; add that, or take it out of the list, or correct the name"
        )
    return (
        f"it does not exist, and nothing but its {names} is declared: declare it under `{kind.id}` with what its"
        " creation needs, or correct the name"
    )


def demoted(kind: Kind, desired: Desired, recorded: Values) -> str:
    """What is to be said of an object that had an entry of its own, and now stands only in another object's list: who
    took it out to have it removed forgot the list."""
    more = (recorded.keys() - BESIDE - desired.fields.keys()).intersection(kind.specs)
    if not desired.implicit or not (more or recorded.keys() & _OF_ENTRIES):
        return ""
    names = ", ".join(f"`{name}`" for name in desired.fields)
    return (
        f"taken out of `{kind.id}`, and still in a list that gives it its {names}: nothing else of it is managed from"
        " now on, and it is not removed. Take it out of the list, too, if it is to go"
    )


def in_lists_alone(registry: Registry, kind: Kind, record: Values) -> bool:
    """Is it recorded as one that stands in other objects' lists, and nowhere else?"""
    if recorded_on_remove(record) is not OnRemove.RETAIN or record.keys() & _OF_ENTRIES:
        return False
    fields = (record.keys() - BESIDE) & kind.specs.keys()
    return bool(fields) and fields <= _owned(registry, kind)


def like_a_mere_member(registry: Registry, kind: Kind, desired: Desired) -> bool:
    """Has it an entry of its own, and would be recorded as if it had none?"""
    if desired.implicit or desired.on_remove is not OnRemove.RETAIN or desired.protect is not None or desired.options:
        return False
    return bool(desired.fields) and desired.fields.keys() <= _owned(registry, kind)


def _owned(registry: Registry, kind: Kind) -> set[str]:
    """The fields of the kind that lists of other objects may own."""
    owning = (one.owning for one in registry.all() if one.owning is not None and one.system == kind.system)
    return {one.field for one in owning if one.kind == kind.name}


def with_intruders(kind: Kind, steps: Sequence[Step], registry: Registry, world: World) -> list[Step]:
    """The steps of a kind, and a note for each object that has what others own exclusively, and is not in their list.

    It is only reported: there may be nothing that it could have in its place.
    """
    notes = dict(_intruders(kind, registry, world))
    found = []
    for step in steps:
        note = "" if step.action in REMOVALS else notes.pop(step.key, "")
        found.append(replace(step, notes=(*step.notes, note)) if note else step)
    going = {step.key for step in steps if step.action in REMOVALS}
    for key, note in notes.items():
        desired = world.desired.get((kind.id, key))
        cause, place = (None, desired.place) if desired else (Cause.UNDECLARED, None)
        if key not in going:
            found.append(Step(kind.id, key, Action.NONE, cause, notes=(note,), place=place, exists=True))
    return found


def _intruders(kind: Kind, registry: Registry, world: World) -> Iterator[tuple[str, str]]:
    """Key and note of each; nobody whose field is declared, as that is brought to what it should be."""
    owners = closed(registry, world.desired).get(kind.id, [])
    settings = world.settings_of(kind)
    declared = [key for kind_id, key in world.desired if kind_id == kind.id] if owners else []
    covered = {kind.identity(key) for key in declared}
    # Who is to be renamed is looked at under the new key.
    covered |= {
        kind.identity(one.was) for (kind_id, _), one in world.former.items() if kind_id == kind.id and one.pending
    }
    others = (key for key in world.rosters.get(kind.id, ()) if kind.identity(key) not in covered)
    for key in (*declared, *others) if owners else ():
        where = (kind.id, key)
        live = world.live.get(where)
        if live is None or settings.excludes(key) or where in world.untouchable:
            continue
        if where not in world.desired and kind.removal(OnRemove.DISABLE, live) is Action.FORGET:
            continue  # who has left and is disabled stays where it was
        for owner, name in owners:
            assert owner.owning is not None
            field = owner.owning.field
            managed = where in world.desired and field in world.desired[where].fields
            if not managed and kind.equal(field, live.get(field), name):
                yield key, _note(owner, name, field)


def _note(owner: Kind, name: str, field: str) -> str:
    assert owner.owning is not None
    return (
        f"in the {owner.singular} {name!r}, whose `{owner.owning.names}` are exclusive: list it there, or give it"
        f" another `{field}`"
    )
