"""The program behind plain pulumi: everything is registered, and what can be refused early is refused early."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import pulumi

from cxconfig.engine.plain_limits import Judged, judged
from cxconfig.engine.plain_new import impossible
from cxconfig.engine.program import register
from cxconfig.engine.resources import Resource
from cxconfig.engine.stack_secrets import Setting, full_key, secret_in
from cxconfig.engine.steps import resources_for
from cxconfig.environments import plain_environments
from cxconfig.errors import CxconfigError, SettingsError
from cxconfig.handed_out import told, waiting
from cxconfig.kept_files import KeptFiles
from cxconfig.kind_settings import Manage
from cxconfig.kinds import Desired
from cxconfig.language import Secrets, Tenant, load
from cxconfig.language.excerpts import attach
from cxconfig.live import Live
from cxconfig.planning.compare import Key, World
from cxconfig.planning.kept import dropped, fields, named, needed, needless, owed, spoilt
from cxconfig.planning.plan import Recorded
from cxconfig.tenancy import desired_objects, digester_of, kind_settings, secrets_of
from providers.registry import REGISTRY
from providers.starting import tenant_folder

ONLY_OURS = (
    "plain pulumi neither sees nor removes objects that are not declared; `cxconfig preview`, `cxconfig up` and"
    " `cxconfig audit` do"
)


def program(configured: str | None) -> Coroutine[Any, Any, int]:
    """Read the tenant and return the coroutine that registers it; a mistake ends the program with its message.

    `configured`: the tenant's folder as the stack's settings name it, if they do. The environments are those of the
    stack's setting `cxconfig:env`.
    """
    try:
        environments = plain_environments(pulumi.Config("cxconfig").get("env"), os.environ)
        tenant = load(tenant_folder(configured), REGISTRY, environments)
        _refuse_another_stack(tenant)
        desired = desired_objects(tenant, REGISTRY)
        resolver = Secrets(os.environ, tenant.folder, stack_secret)
        secrets = secrets_of(tenant, REGISTRY, resolver)
        digester = digester_of(tenant.name)
        live = Live(tenant, REGISTRY, Silent(), resolver)
        _assert_existing(live, desired)
        _assert_offered(live, desired)
        world = World(tenant.name, desired, {}, secrets=secrets, digester=digester)
        limits = judged(tenant, world, live, REGISTRY, os.environ, pulumi.get_project())
        _assert_allowed(limits, impossible(tenant.name, desired, live, REGISTRY, limits.recorded))
        left = _left(tenant, desired, live, limits.recorded)
        live.close()
    except CxconfigError as error:
        attach(error, REGISTRY)
        raise pulumi.RunError(str(error)) from None
    for text in limits.warnings:
        pulumi.log.warn(text)
    for name in [kind for kind, said in kind_settings(tenant).items() if said.manage is Manage.ALL]:
        pulumi.log.warn(f"manage: all of {name}: {ONLY_OURS}")
    for text in left:
        pulumi.log.warn(text)
    return _registered(resources_for(REGISTRY, world, list(desired)), tenant)


async def _registered(resources: Sequence[Resource], tenant: Tenant) -> int:
    """Every registration waits for its object, so at the end all passwords are made that were to be."""
    try:
        return await register(resources)
    finally:
        for file in waiting(tenant.folder, tenant.name):
            pulumi.log.warn(told(file))


def stack_secret(key: str) -> str | None:
    """A secret of the stack's settings, which the engine hands to its program decrypted."""
    full = full_key(key)
    value = pulumi.runtime.get_config(full)
    return None if value is None else secret_in({full: Setting(value, pulumi.runtime.is_config_secret(full))}, key)


def _refuse_another_stack(tenant: Tenant) -> None:
    """Another tenant's or environment's stack would disable what it does not find declared here."""
    if tenant.name == pulumi.get_stack():
        return
    where = f" in the environment {', '.join(tenant.environments)}" if tenant.environments else ""
    raise SettingsError(
        f"this is the stack {pulumi.get_stack()}, and the tenant{where} is {tenant.name}",
        way_out=f"Select the stack {tenant.name}, or name the environment: pulumi config set cxconfig:env NAME",
    )


def _left(tenant: Tenant, desired: Mapping[Key, Desired], live: Live, recorded: Mapping[Key, Recorded]) -> list[str]:
    """What is to be said of what interrupted replacements kept: an up removes what nobody needs here, too, and leaves
    what somebody lacks who was created again.

    Raises `SettingsError` when somebody needs it: plain pulumi replaces nobody, and cannot show what is set again.
    """
    files = KeptFiles(tenant.folder, tenant.name)
    kept = files.all(REGISTRY, lambda name: _origin(name, tenant, live))
    if not kept:
        return []
    names = {(one.kind, REGISTRY[one.kind].identity(one.key)) for one in kept}
    meant = {
        where: one
        for where, one in desired.items()
        if any((where[0], REGISTRY[where[0]].identity(key)) in names for key in (one.key, one.was))
    }
    held = {(one.kind, one.key): one for one in kept}
    seen = live.observe(meant)
    world = World(tenant.name, meant, seen, recorded=recorded, kept=held, spoilt=spoilt(kept, recorded.values()))
    for one in needed(REGISTRY, world).values():
        raise SettingsError(
            f"{named(REGISTRY, one)}: its replacement was interrupted on {one.when}, and plain pulumi does not finish"
            f" it; kept for it: {fields(one)}",
            way_out="Run `cxconfig preview` and `cxconfig up`, which show what is set again, and set it.",
        )
    if not pulumi.runtime.is_dry_run():
        for one in needless(REGISTRY, world).values():
            files.forget(one, REGISTRY)
    return [*dropped(REGISTRY, world), *owed(REGISTRY, world, files.path)]


def _origin(system: str, tenant: Tenant, live: Live) -> str | None:
    return live.origin(system) if system in tenant.systems else None


def _assert_allowed(limits: Judged, impossible: Sequence[str]) -> None:
    """Refused here and not at the object, which an up would only come to when it has written all the rest."""
    if limits.exceeded or limits.refused or impossible:
        what = "\n".join((*impossible, *limits.refused, *(one.what for one in limits.exceeded)))
        raise SettingsError(what, way_out="\n".join(dict.fromkeys(one.way_out for one in limits.exceeded)))


class Silent:
    """The program's output is the engine's, so it tells nothing."""

    def phase(self, name: str, total: int = 0) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def done(self) -> None: ...


def _assert_offered(live: Live, desired: Any) -> None:
    """Of a kind that the live tenant may be without, one object is looked at: the engine would tell it of each."""
    for kind in REGISTRY.all():
        first = next((where for where in desired if where[0] == kind.id), None)
        if kind.optional and first is not None:
            live.observe({first: desired[first]})
    live.refuse_off(desired)


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
