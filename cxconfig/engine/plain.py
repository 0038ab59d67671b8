"""The program behind plain pulumi: everything is registered, and what can be refused early is refused early."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pulumi

from cxconfig.engine.program import register
from cxconfig.engine.steps import resources_for
from cxconfig.errors import CxconfigError
from cxconfig.live import Live
from cxconfig.planning.compare import World
from cxconfig.tenancy import desired_objects, digester_of, secrets_of
from providers.registry import REGISTRY


def program(configured: str | None) -> Coroutine[Any, Any, int]:
    """Read the tenant and return the coroutine that registers it; a mistake ends the program with its message.

    `configured`: the tenant's folder as the stack's configuration names it, if it does.
    """
    from cxconfig.language import load
    from providers.host import tenant_folder

    try:
        tenant = load(tenant_folder(configured), REGISTRY)
        desired = desired_objects(tenant, REGISTRY)
        secrets = secrets_of(tenant, REGISTRY)
        digester = digester_of(tenant.name)
        _assert_existing(Live(tenant, REGISTRY, Silent()), desired)
    except CxconfigError as error:
        raise pulumi.RunError(str(error)) from None
    world = World(tenant.name, desired, {}, secrets=secrets, digester=digester)
    return register(resources_for(REGISTRY, world, list(desired)))


class Silent:
    """The program's output is the engine's, so it tells nothing."""

    def phase(self, name: str, total: int = 0) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def done(self) -> None: ...


def _assert_existing(live: Live, desired: Any) -> None:
    """Objects that the API cannot create must be there; they come in lists, so looking costs a call or two."""
    asserted = {where: d for where, d in desired.items() if not REGISTRY[where[0]].creation(d)}
    live.check_settings()
    seen = live.observe(asserted)
    missing = {where: d for where, d in asserted.items() if seen[where] is None}
    if missing:
        supporting = live.supporting(missing, seen)
        kinds = {where: REGISTRY[where[0]] for where in missing}
        texts = [
            f"{d.place}: {kinds[where].singular} {where[1]}: {text}"
            for where, d in missing.items()
            for text in kinds[where].problems(d, None, supporting[where[0]])
        ]
        raise CxconfigError("\n".join(texts))
    live.close()
