"""Two kinds, one live object: who leads, who follows, and what is removed only once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cxconfig.kinds import Action, Cause, Desired, Kind, OnRemove, Registry, Values
from cxconfig.planning.membership import in_lists_alone
from cxconfig.planning.plan import Step
from cxconfig.planning.record import recorded_on_remove, recorded_protect
from cxconfig.planning.removed import REMOVALS, protection, undone
from cxconfig.planning.world import Key, World


def leader_id(kind: Kind) -> str:
    """The kind that leads this one, "" when none does."""
    return f"{kind.system}.{kind.twin}" if kind.twin and not kind.leads else ""


def twin_id(kind: Kind) -> str:
    """The kind of whose objects those of the same key are the same ones, "" when there is none."""
    return f"{kind.system}.{kind.twin}" if kind.twin else ""


def joins(kind: Kind, key: str, desired: Mapping[Key, Desired], live: Mapping[Key, Values | None]) -> bool:
    """Is it its leader that creates the object, so that a creation finds it there?"""
    where = (leader_id(kind), key)
    return where in desired and live.get(where) is None and live.get((kind.id, key)) is None


def through_twin(kind: Kind, desired: Mapping[Key, Desired]) -> dict[str, str]:
    """What is declared through the other door: by identity of its key, and of the one that it had, its key."""
    twin = twin_id(kind)
    found: dict[str, str] = {}
    for (kind_id, key), one in desired.items() if twin else ():
        if kind_id == twin:
            found |= {kind.identity(name): key for name in (key, one.was) if name}
    return found


def once(registry: Registry, world: World, steps: Iterable[Step]) -> Iterator[Step]:
    """The steps, in which nobody is removed who is still declared through the other door, and nobody twice: who leaves
    through both leaves as the leader says. Nor is anybody said to be left as he is who is removed through the other."""
    steps = list(steps)
    leaving = (Cause.REMOVED, Cause.UNDECLARED)
    going = {(s.kind, s.key): s for s in steps if s.cause in leaving and decides(registry, s.kind, s.key, world)}
    removed = {(s.kind, s.key) for s in steps if s.action in REMOVALS and not s.problems}
    doors = {kind.id: through_twin(kind, world.desired) for kind in registry.all() if kind.twin}
    for step in steps:
        kind = registry[step.kind]
        twin = registry.twin(kind)
        if step.cause not in leaving or twin is None:
            yield step
            continue
        leading = going.get((twin.id, step.key)) if twin.leads else None
        if step.cause is Cause.UNDECLARED:
            if step.action is Action.NONE and (twin.id, step.key) in removed:
                continue
            if leading is None or step.action not in REMOVALS or not _known(leading):
                yield step
            continue
        other = doors[kind.id].get(kind.identity(step.key))
        if other is not None:
            yield _kept(kind, twin, step, other, world)
        elif leading is not None and _known(leading):
            yield _goes_with(kind, twin, step, leading, world)
        elif step.unread and _seen_gone(twin, step, world):
            yield replace(step, action=Action.FORGET, call="", problems=(), place=None, unread=False)
        else:
            yield step


def decides(registry: Registry, kind_id: str, key: str, world: World) -> bool:
    """Does what is recorded of an object say how it leaves? Who stands only in another object's list says nothing."""
    held = (world.recorded or {}).get((kind_id, key))
    return held is None or not in_lists_alone(registry, registry[kind_id], held.inputs)


def _known(leading: Step) -> bool:
    """Is something decided about it, rather than only reported?"""
    return leading.cause is Cause.REMOVED or leading.action in REMOVALS


def _kept(kind: Kind, twin: Kind, step: Step, other: str, world: World) -> Step:
    """Still declared through the other door: only forgotten. That lifts no protection."""
    held = (world.recorded or {}).get((step.kind, step.key))
    here, there = world.settings_of(kind).protect, world.settings_of(twin).protect
    said = recorded_protect(held.inputs) if held is not None else None
    own = world.desired[twin.id, other].protect
    protected = here if said is None else said
    problems: tuple[str, ...] = ()
    if protected and not (there if own is None else own) and step.exists:
        text = f"it is protected, and the {twin.singular} {other!r}, which is the same, is not: write `protect: true`"
        problems = (f"{kind.singular} {step.key}: {text} there, too",)
    notes = (f"left as it is: still declared as the {twin.singular} {other!r}",) if step.exists else ()
    return replace(step, action=Action.FORGET, call="", notes=notes, problems=problems, place=None, unread=False)


def _seen_gone(twin: Kind, step: Step, world: World) -> bool:
    """Does the other door show that what is to be done is done already?"""
    where = (twin.id, step.key)
    if where not in world.live or twin.id in world.off or step.action not in (Action.DISABLE, Action.DELETE):
        return False
    return twin.removal(OnRemove(step.action.value), world.live[where]) is Action.FORGET


def _goes_with(kind: Kind, twin: Kind, step: Step, leading: Step, world: World) -> Step:
    """It leaves as the leader does, whatever its own door would do; what protects either protects both."""
    recorded = world.recorded or {}
    own, theirs = recorded.get((step.kind, step.key)), recorded.get((leading.kind, leading.key))
    problem = ""
    if own is not None and leading.action in REMOVALS:
        problem = protection(kind, own.inputs, world.settings_of(kind))
    if not problem and theirs is not None:
        says = recorded_on_remove(theirs.inputs)
        problem = undone(kind, step.key, says, world.live.get((step.kind, step.key)), world)
    done = f"{leading.action.value}d" if leading.action in REMOVALS else "left as it is live"
    return replace(
        step,
        action=Action.FORGET,
        call="",
        notes=(f"{done} as the {twin.singular} {leading.key!r}",) if step.exists or step.unread else (),
        problems=(f"{kind.singular} {step.key}: {problem}",) if problem else (),
        place=None,
        unread=False,
    )
