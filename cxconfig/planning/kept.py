"""What a replacement was to carry over and did not come to, as it was killed or refused halfway. Pure.

Such values are in a file (see `cxconfig.kept_files`) and nowhere else: the object is gone. They are set when it is
created again; when it is there again without that, or declared no longer, they are nobody's, and an up removes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cxconfig.kinds import Desired, Registry
from cxconfig.planning.plan import Kept
from cxconfig.planning.world import Key, World


def kept_for(world: World, desired: Desired) -> Kept | None:
    """What is kept of an object, under the key that it has or the one that it had."""
    for key in (desired.key, desired.was):
        if key and (found := world.kept.get((desired.kind, key))) is not None:
            return found
    return None


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


def needless(world: World) -> dict[Key, Kept]:
    """What is kept of objects that are there again, or are declared no longer."""
    wanted = [kept_for(world, desired) for where, desired in world.desired.items() if world.live.get(where) is None]
    return {where: kept for where, kept in world.kept.items() if not any(kept is one for one in wanted)}


def refused_with(names: Sequence[str]) -> str:
    """The sentence for a creation that was refused, about what was to be carried over; "" when there is nothing."""
    if not names:
        return ""
    return (
        f"Kept for the next run, which sets them as they were: {', '.join(names)}. If one of them is what is refused,"
        " declare it with another value, and see that `ignore` does not name it."
    )


def dropped(registry: Registry, world: World) -> Iterator[str]:
    """The sentences for those."""
    for (kind_id, key), kept in sorted(needless(world).items()):
        declared = any(key in (one.key, one.was) for where, one in world.desired.items() if where[0] == kind_id)
        why = "exists again, and is left as it is" if declared else "is not declared any more"
        yield (
            f"{registry[kind_id].singular} {key} {why}: the values kept from the replacement that was interrupted on"
            f" {kept.when} are not set, and `cxconfig up` removes them"
        )
