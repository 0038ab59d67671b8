"""What becomes of objects that are recorded and no longer declared: policy, protection, exclusion. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Action, Cause, Kind, OnRemove, Values
from cxconfig.planning.plan import Recorded, Step
from cxconfig.planning.record import is_candidate, recorded_on_remove, recorded_protect
from cxconfig.planning.world import World, former_keys

REMOVALS = frozenset({Action.DISABLE, Action.DELETE})
EXCLUDED = "left as it is: `exclude` names it now"


def policy_of(kind: Kind, record: Values, settings: KindSettings) -> OnRemove:
    """What the object's own `on_remove` says, else the kind's, else the default."""
    return recorded_on_remove(record) or settings.on_remove or kind.removals[0]


def protection(kind: Kind, record: Values, settings: KindSettings, untouchable: str = "") -> str:
    """Why a recorded object must not be disabled or deleted, with the way out; "" when it may be.

    `untouchable`: see `Kind.untouchable`.
    """
    setting = f"systems.{kind.system}.kinds.{kind.name}"
    leave = f"or add it to `{setting}.exclude` to leave it as it is live"
    if untouchable:
        return f"it is {untouchable}, so it is never disabled or deleted: put it back, {leave}"
    back = f"put it back with `protect: false`, run `cxconfig up`, then take it out; {leave}"
    own = recorded_protect(record)
    if own:
        return f"it is protected (`protect: true`), so it is never disabled or deleted: {back}"
    if own is None and settings.protect:
        return f"`{setting}.protect` in tenant.yaml protects it, so it is never disabled or deleted: {back}"
    return ""


def sweeping(kind: Kind, world: World) -> OnRemove | None:
    """What becomes of live objects of the kind that were never declared; None: nothing, they are only reported.

    It takes `manage: all` and an `on_remove` of the kind that says so. Where the kind is protected, or not one of its
    objects is declared other than in another object's list (a file that is missing rather than a wish), nothing is
    removed.
    """
    settings = world.settings_of(kind)
    declared = any(kind_id == kind.id and not one.implicit for (kind_id, _), one in world.desired.items())
    if settings.manage is not Manage.ALL or settings.protect or not declared:
        return None
    return None if settings.on_remove is OnRemove.RETAIN else settings.on_remove


def removed(kind: Kind, world: World) -> Iterator[Step]:
    """Every object of the kind that was declared before and no longer is.

    One that is declared in another spelling may be the very same object live, and one that is excluded is none of our
    business any more: both are only forgotten.
    """
    spelt = {kind.identity(key): key for kind_id, key in world.desired if kind_id == kind.id}
    renamed = {kind.identity(was): key for was, key in former_keys(kind, world.desired)}
    for (kind_id, key), recorded in sorted((world.recorded or {}).items(), key=lambda item: item[0]):
        if kind_id == kind.id and (kind_id, key) not in world.desired and not is_candidate(recorded.inputs):
            step = _step(kind, recorded, spelt.get(kind.identity(key), ""), world)
            new = renamed.get(kind.identity(key), "")
            yield _left(step, new) if new else step


def _left(step: Step, key: str) -> Step:
    """The engine knows the object under both keys: what is recorded under the old one is nobody's any more."""
    note = f"left to {key!r}, which was {step.key!r}"
    return replace(step, action=Action.FORGET, call="", problems=(), notes=(note,) if step.exists else ())


def _step(kind: Kind, recorded: Recorded, spelt: str, world: World) -> Step:
    """`spelt`: how it, or one that may be the same, is declared."""
    key, settings = recorded.key, world.settings_of(kind)
    live = world.live.get((kind.id, key))
    off, policy = world.off.get(kind.id), policy_of(kind, recorded.inputs, settings)
    action = kind.removal(policy, live) if off is None or policy is OnRemove.RETAIN else Action(policy.value)
    note, problem, unread = "", "", False
    if settings.excludes(key):
        action, note = Action.FORGET, EXCLUDED
    elif spelt and action is not Action.FORGET:
        action, note = Action.FORGET, f"left as it is: {spelt!r} differs only in case and may be the same"
        own = world.desired[kind.id, spelt].protect
        if protection(kind, recorded.inputs, settings) and not (settings.protect if own is None else own):
            problem = f"it is protected, and {spelt!r}, which may be the same, is not: write `protect: true` there, too"
    elif action in REMOVALS:
        problem = protection(kind, recorded.inputs, settings, world.untouchable.get((kind.id, key), ""))
        if off is not None and not problem:
            problem, unread = str(off), True
    if not problem and not spelt:
        problem = undone(kind, key, recorded_on_remove(recorded.inputs), live, world)
    return Step(
        kind.id,
        key,
        action,
        Cause.REMOVED,
        problems=(f"{kind.singular} {key}: {problem}",) if problem else (),
        call=kind.removal_call(key, action),
        place=off.place if off is not None and unread else None,
        recorded=recorded.known,
        notes=(note,) if note else (),
        exists=live is not None,
        unread=unread,
    )


def undone(kind: Kind, key: str, own: OnRemove | None, live: Values | None, world: World) -> str:
    """Its own `on_remove` would spare it now, and `manage: all` would remove it the next time: not what it says."""
    then = sweeping(kind, world)
    if own is None or then is None or world.settings_of(kind).excludes(key):
        return ""
    spares = own is OnRemove.RETAIN or (own is OnRemove.DISABLE and then is OnRemove.DELETE)
    if not spares or kind.removal(then, live) not in REMOVALS:
        return ""
    setting = f"systems.{kind.system}.kinds.{kind.name}"
    return (
        f"it says `on_remove: {own}`, and `manage: all` with `on_remove: {then}` would {then} it the next time, as it"
        f" would not be declared any more: add it to `{setting}.exclude`, or put it back"
    )
