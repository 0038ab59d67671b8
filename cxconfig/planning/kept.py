"""What a replacement was to carry over and did not come to, as it was killed or refused halfway. Pure.

Such values are in a file (see `cxconfig.kept_files`) and nowhere else: the object is gone. They are set when it is
created again; when it is there again without that, or declared no longer, they are nobody's, and an up removes them.
So they are when the record is another one: somebody was taken out and a namesake came, on whichever machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cxconfig.kinds import Desired, Kind, Registry, Values
from cxconfig.planning.plan import Kept, Recorded
from cxconfig.planning.world import Key, World

LONGEST = timedelta(days=7)
"""So long they are those of an object that was not recorded when it was to be replaced: nothing else tells."""

THERE = "exists again, and is left as it is"


def mark(record: Values) -> str:
    """A short mark of a record, the same as long as nothing is recorded anew."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]


def spoilt(kept: Iterable[Kept], recorded: Iterable[Recorded], now: datetime | None = None) -> dict[Key, str]:
    """Of whom it cannot be said any more that they are the ones to be replaced, and why. `recorded`: by the engine."""
    marks = {(held.kind, held.key): mark(held.inputs) for held in recorded}
    found = {(one.kind, one.key): _spoilt(one, marks, now or datetime.now(UTC)) for one in kept}
    return {where: why for where, why in found.items() if why}


def _spoilt(kept: Kept, marks: Mapping[Key, str], now: datetime) -> str:
    if not kept.recorded:
        return f"is to be created after more than {LONGEST.days} days" if now - kept.moment > LONGEST else ""
    held = marks.get((kept.kind, kept.key))
    if held is None:
        return "is not recorded any more, so it may be another one"
    return "" if held == kept.recorded else "was recorded anew since then, so it may be another one"


def kept_for(kind: Kind, world: World, desired: Desired, *, spoilt: bool = False) -> Kept | None:
    """What is kept of an object, under the key that it has or the one that it had, in whichever spelling.

    `spoilt`: also what may be somebody else's, for who is there and is only told of it.
    """
    usable = {where: kept for where, kept in world.kept.items() if spoilt or where not in world.spoilt}
    for key in (desired.key, desired.was):
        where = (kind.id, key)
        if key and where in usable:
            return usable[where]
    names = {kind.identity(key) for key in (desired.key, desired.was) if key}
    spelt = [
        kept
        for where, kept in usable.items()
        if where[0] == kind.id and kind.identity(where[1]) in names and where not in world.desired
    ]
    return spelt[0] if len(spelt) == 1 else None


def set_again(kept: Kept, desired: Desired) -> str:
    """The sentence for a creation."""
    names = kept.named(desired)
    if not names:
        return ""
    values, are = ("value", "is") if len(names) == 1 else ("values", "are")
    return (
        f"{len(names)} {values} kept from the replacement that was interrupted on {kept.when} {are} set again:"
        f" {', '.join(names)}"
    )


def needless(registry: Registry, world: World) -> dict[Key, Kept]:
    """What is kept of objects that are there again and lack nothing that is owed them, are declared no longer, or may
    be others."""
    if not world.kept:
        return {}
    absent = [one for where, one in world.desired.items() if world.live.get(where) is None]
    wanted = [kept_for(registry[one.kind], world, one) for one in absent]
    wanted += [kept for kept, _ in _lacking(registry, world)]
    return {where: kept for where, kept in world.kept.items() if not any(kept is one for one in wanted)}


def needed(registry: Registry, world: World) -> dict[Key, Kept]:
    """What is kept of objects that are to be created with it."""
    absent = [one for where, one in world.desired.items() if world.live.get(where) is None] if world.kept else []
    wanted = [kept_for(registry[one.kind], world, one) for one in absent]
    return {where: kept for where, kept in world.kept.items() if any(kept is one for one in wanted)}


def refused_with(names: Sequence[str]) -> str:
    """The sentence for a creation that was refused, about what was to be carried over; "" when there is nothing."""
    if not names:
        return ""
    return (
        f"Kept for the next run, which sets them as they were: {', '.join(names)}. If one of them is what is refused,"
        " declare it with another value, and see that `ignore` does not name it."
    )


def lacking_with(names: Sequence[str], file: object) -> str:
    """The sentence for an object that was created again and lacks something, about what was to be carried over."""
    return (
        f"To be carried over, and not seen live: {', '.join(names)}. Declare it with a value that is possible, or set"
        f" it by hand. Until then each run tells it, and the value is in {file}; remove that to leave it as it is."
    )


def _lacking(registry: Registry, world: World) -> Iterator[tuple[Kept, list[str]]]:
    """What was kept of objects that a replacement created again without it, and what of it they lack still."""
    for (kind_id, key), desired in world.desired.items():
        live, kept = world.live.get((kind_id, key)), kept_for(registry[kind_id], world, desired, spoilt=True)
        if live is None or kept is None or not kept.made:
            continue
        kind, rest = registry[kind_id], kept.rest(desired).items()
        unlike = (name for name, value in rest if value != "" and not kind.equal(name, live.get(name), value))
        if names := sorted(unlike):
            yield kept, names


def owed(registry: Registry, world: World, file: Callable[[Kept], object]) -> Iterator[str]:
    """The sentences for those. `file`: where something is kept."""
    for kept, names in _lacking(registry, world):
        what = f"{named(registry, kept)}: deleted and created again on {kept.when}"
        yield f"{what}. {lacking_with(names, file(kept))}"


def dropped(registry: Registry, world: World) -> Iterator[str]:
    """The sentences for what is needless."""
    for where, kept in sorted(needless(registry, world).items()):
        why = _why_not(registry[kept.kind], where, world)
        if why == THERE and kept.made:
            continue  # it has all of it by now
        yield (
            f"{named(registry, kept)} {why}: what was kept from the replacement"
            f" that was interrupted on {kept.when} is not set ({fields(kept)}), and up removes it"
        )


def named(registry: Registry, kept: Kept) -> str:
    return f"{registry[kept.kind].singular} {kept.key}"


def fields(kept: Kept) -> str:
    """The names of what is kept, without what is empty."""
    return ", ".join(sorted(name for name, value in kept.values.items() if value)) or "nothing"


def _why_not(kind: Kind, where: Key, world: World) -> str:
    mine = [(other, one) for other, one in world.desired.items() if other[0] == kind.id]
    names = {kind.identity(key): other for other, one in mine for key in (one.was, one.key) if key}
    declared = names.get(kind.identity(where[1]))
    if declared is None:
        return "is not declared any more"
    there = world.live.get(declared) is not None
    return world.spoilt[where] if where in world.spoilt and not there else THERE
