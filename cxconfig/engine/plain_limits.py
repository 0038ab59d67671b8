"""The limits under plain pulumi: what an up would remove is counted before anything is registered.

Only a program runs in a preview and an up and not in a destroy, which asks for what it does in so many words.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace

from cxconfig.engine.locate import locate, without_options
from cxconfig.engine.stack import recorded_in
from cxconfig.errors import EngineMissing, SettingsError
from cxconfig.kinds import Desired, Registry
from cxconfig.language import Tenant
from cxconfig.live import Live
from cxconfig.planning.limits import VARIABLE, Raised, exceeded, parsed
from cxconfig.planning.plan import Exceeded, Plan, Recorded
from cxconfig.planning.removed import removed
from cxconfig.planning.twins import once
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import kind_settings


def too_much(
    tenant: Tenant, desired: Mapping[Key, Desired], live: Live, registry: Registry, environ: Mapping[str, str]
) -> tuple[Exceeded, ...]:
    """The limits that an up would not keep with what it removes."""
    said = [text for text in environ.get(VARIABLE, "").split(",") if text.strip()]
    raised = parsed(said, registry, VARIABLE)
    recorded = {(r.kind, r.key): r for r in _recorded_here(tenant.name, registry)}
    going = {where: held for where, held in recorded.items() if where not in desired}
    # As if all were there and enabled; only if that is too much they are looked at.
    world = World(tenant.name, desired, {where: {} for where in going}, recorded=recorded)
    found = _held(registry, tenant, world, raised)
    if found:
        seen = live.observe({}, going.values())
        found = _held(registry, tenant, replace(world, live=seen, off=live.off), raised)
    return found


def _held(registry: Registry, tenant: Tenant, world: World, raised: Raised) -> tuple[Exceeded, ...]:
    world = replace(world, settings=kind_settings(tenant))
    steps = tuple(once(registry, world, (step for kind in registry.all() for step in removed(kind, world))))
    return exceeded(registry, world, Plan(tenant.name, steps, {}), raised, said=VARIABLE)


def _recorded_here(name: str, registry: Registry) -> list[Recorded]:
    """What the stack holds that an engine works on, asked from within its program; an answer is needed."""
    try:
        command = [str(locate().binary), "stack", "export", "--stack", name, "--non-interactive"]
        answer = subprocess.run(
            command,
            env={**without_options(os.environ), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (EngineMissing, OSError):
        answer = None
    if answer is None or answer.returncode:
        raise SettingsError(
            "the state could not be read, so nobody knows how many objects this run would remove",
            way_out="Run `cxconfig doctor`: it says which engine is asked, and why; or use `cxconfig up`.",
        )
    return recorded_in(json.loads(answer.stdout), registry)
