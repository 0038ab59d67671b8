"""What an up of plain pulumi could not create, or not take over: objects that the stack does not hold yet.

The engine announces a creation for whatever it does not know. Only objects that could not be created are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from cxconfig.kinds import Desired, Registry, Values
from cxconfig.live import Live
from cxconfig.planning.compare import compare
from cxconfig.planning.plan import Recorded, Step
from cxconfig.planning.twins import leader_id, twin_id
from cxconfig.planning.world import Key, World


def impossible(
    tenant: str,
    desired: Mapping[Key, Desired],
    live: Live,
    registry: Registry,
    recorded: Mapping[Key, Recorded],
) -> tuple[str, ...]:
    """Why our commands would refuse them, with the places. Who is to be renamed is left to the engine's check."""
    renamed = {(door, one.key) for one in desired.values() if one.was for door in _doors(registry, one)}
    new = {
        where: one
        for where, one in desired.items()
        if where not in recorded and where not in renamed and registry[one.kind].creation(one)
    }
    leaders = {(leader_id(registry[kind]), key) for kind, key in new}
    meant = {**new, **{where: desired[where] for where in leaders if where in desired}}
    # As if nobody were there; only who could not be created is looked for.
    absent: dict[Key, Values | None] = dict.fromkeys(meant)
    supporting = live.supporting(meant, absent)
    world = World(tenant, meant, absent, supporting=supporting, recorded={}, off=live.off)
    suspects = {(step.kind, step.key) for step in compare(registry, world).steps if step.problems and not step.unread}
    leading = {(leader_id(registry[kind]), key) for kind, key in suspects}
    asked = {where: one for where, one in meant.items() if where in suspects | leading}
    if not asked:
        return ()
    seen = {**absent, **live.observe(asked)}
    world = World(tenant, meant, seen, supporting=supporting, recorded={}, off=live.off)
    found = (s for s in compare(registry, world).steps if (s.kind, s.key) in suspects & new.keys() and not s.unread)
    return tuple(_told(step, problem) for step in found for problem in step.problems)


def _doors(registry: Registry, one: Desired) -> tuple[str, ...]:
    return one.kind, twin_id(registry[one.kind])


def _told(step: Step, problem: str) -> str:
    return f"{step.place}: {problem}" if step.place else problem
