"""What a replacement was to carry over and did not come to, as it was killed or refused halfway. Pure.

Such values are in a file (see `cxconfig.kept_files`) and nowhere else: the object is gone. They are set when it is
created again; when it is there again without that, or declared no longer, they are nobody's, and an up removes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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


def needless(registry: Registry, world: World) -> dict[Key, Kept]:
    """What is kept of objects that are there again and lack nothing that is owed them, or are declared no longer."""
    gone = [desired for where, desired in world.desired.items() if world.live.get(where) is None]
    wanted = [*(kept_for(world, desired) for desired in gone), *(kept for kept, _ in _lacking(registry, world))]
    return {where: kept for where, kept in world.kept.items() if not any(kept is one for one in wanted)}


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
        live, kept = world.live.get((kind_id, key)), kept_for(world, desired)
        if live is None or kept is None or not kept.made:
            continue
        kind, rest = registry[kind_id], kept.rest(desired).items()
        unlike = (name for name, value in rest if value != "" and not kind.equal(name, live.get(name), value))
        if names := sorted(unlike):
            yield kept, names


def owed(registry: Registry, world: World, file: Callable[[Kept], object]) -> Iterator[str]:
    """The sentences for those. `file`: where something is kept."""
    for kept, names in _lacking(registry, world):
        what = f"{registry[kept.kind].singular} {kept.key}: deleted and created again on {kept.when}"
        yield f"{what}. {lacking_with(names, file(kept))}"


def dropped(registry: Registry, world: World) -> Iterator[str]:
    """The sentences for those."""
    for (kind_id, key), kept in sorted(needless(registry, world).items()):
        declared = any(key in (one.key, one.was) for where, one in world.desired.items() if where[0] == kind_id)
        if declared and kept.made:
            continue  # it has all of it by now
        why = "exists again, and is left as it is" if declared else "is not declared any more"
        yield (
            f"{registry[kind_id].singular} {key} {why}: the values kept from the replacement that was interrupted on"
            f" {kept.when} are not set, and `cxconfig up` removes them"
        )
