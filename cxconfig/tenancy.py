"""From a tenant's document to what a run needs: desired objects, resolved secrets, policies, the state's place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from urllib.parse import quote, unquote

from cxconfig.errors import InputError, InputErrors, SettingsError
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, Desired, Extent, Kind, OnRemove, Registry, SecretRef
from cxconfig.language import Secrets, SystemEntry, Tenant
from cxconfig.language.references import PULUMI
from cxconfig.passphrase import PREVIOUS_VARIABLE, passphrase
from cxconfig.planning.compare import Key
from cxconfig.planning.membership import like_a_mere_member
from cxconfig.planning.record import ON_REMOVE, Digester

_FILE = "file://"
_SPECIAL = re.compile(r"[%?#\x00-\x1f\x7f]")


def desired_objects(tenant: Tenant, registry: Registry) -> dict[Key, Desired]:
    """Every declared object as it should be, kind by kind."""
    settings = kind_settings(tenant)
    found = {}
    for kind in registry.all():
        twin = registry.twin(kind)
        others = tenant.objects.get(twin.id, {}) if twin is not None else {}
        for key, declared in tenant.objects.get(kind.id, {}).items():
            desired = desired_object(kind, declared, settings.get(kind.id, KindSettings()))
            if twin is not None and (other := others.get(key)) is not None:
                desired = beside(kind, twin, desired, declared, other)
            found[kind.id, key] = replace(desired, entry=like_a_mere_member(registry, kind, desired))
    return found


def desired_object(kind: Kind, declared: Declared, settings: KindSettings) -> Desired:
    """One declared object as it should be, with what it and its kind's settings say of ignoring and protecting.

    Of one that stands only in another object's list, that alone is managed; when it leaves the list it is forgotten.
    """
    desired = kind.desire(declared)
    if declared.implicit:
        fields = {name: value for name, value in desired.fields.items() if name in declared.implied}
        desired = replace(desired, fields=fields, on_remove=OnRemove.RETAIN, implicit=True)
    apart = {ON_REMOVE}
    if kind.owning is not None:
        apart |= {kind.owning.names, kind.owning.extent}
        desired = replace(desired, exclusive=declared.values.get(kind.owning.extent) == Extent.EXCLUSIVE)
    ignore = (declared.ignore | settings.ignore) & desired.fields.keys()
    said = {name: v for name, v in declared.values.items() if kind.specs[name].setting and name not in apart}
    return replace(desired, ignore=frozenset(ignore), protect=declared.protect, was=declared.was, options=said)


def beside(kind: Kind, twin: Kind, desired: Desired, declared: Declared, other: Declared) -> Desired:
    """A desired object that is declared through the other door, too (`other`): what nobody lists is the leader's, and
    not even its own where the other lists it; a key that one of them had, both had."""
    pairs = {theirs: own for own, theirs in twin.twin_fields.items()} | dict(kind.twin_fields)
    unlisted = kind.defaults.keys() - declared.values.keys()
    follows = not kind.leads and not other.implicit
    dropped = {name for name in unlisted if follows or pairs.get(name) in other.values}
    fields = {name: value for name, value in desired.fields.items() if name not in dropped}
    return replace(desired, fields=fields, ignore=desired.ignore & fields.keys(), was=declared.was or other.was)


def secrets_of(tenant: Tenant, registry: Registry, secrets: Secrets) -> dict[Key, dict[str, str]]:
    """The declared secrets' values by object; every one that cannot be resolved is a placed mistake."""
    found: dict[Key, dict[str, str]] = {}
    mistakes: list[InputError] = []
    for kind in registry.all():
        names = [name for name, spec in kind.specs.items() if spec.secret]
        for key, declared in tenant.objects.get(kind.id, {}).items():
            for name in names:
                if name not in declared.values:
                    continue
                place = declared.places.get(name, declared.place)
                path = f"{kind.id}.{key}.{name}"
                try:
                    value = secrets.resolve(declared.values[name], place=place, path=path)
                except InputError as mistake:
                    mistakes.append(mistake)
                else:
                    found.setdefault((kind.id, key), {})[name] = value
    if mistakes:
        raise InputErrors(mistakes)
    return found


def stack_references(tenant: Tenant) -> Iterator[SecretRef]:
    """Every `${pulumi:KEY}` that the tenant's files use, as often as they use it."""
    settings = (value for entry in tenant.systems.values() for value in entry.values.values())
    fields = (
        value
        for objects in tenant.objects.values()
        for declared in objects.values()
        for value in declared.values.values()
    )
    for value in chain(settings, fields):
        if isinstance(value, SecretRef) and value.scheme == PULUMI:
            yield value


def digester_of(tenant: str) -> Digester:
    """What makes and checks the digests of a tenant's record, with the passphrases of the environment."""
    return Digester(passphrase(os.environ), tenant, os.environ.get(PREVIOUS_VARIABLE))


def kind_settings(tenant: Tenant) -> dict[str, KindSettings]:
    """What tenant.yaml says of kinds, by kind id; only those that it names."""
    return {f"{name}.{kind}": said for name, entry in tenant.systems.items() for kind, said in entry.kinds.items()}


def system_entry(systems: Mapping[str, SystemEntry], name: str) -> SystemEntry:
    """The system's settings; an error when recorded objects need a system that tenant.yaml no longer has."""
    if name not in systems:
        raise SettingsError(
            f"tenant.yaml says nothing of the system {name}, and objects of it are recorded",
            way_out=f"Keep `systems.{name}` until `cxconfig destroy`, or an up without its objects, has removed them.",
        )
    return systems[name]


def backend_of(tenant: Tenant) -> str | None:
    """The Pulumi backend URL, its reference resolved; a relative file backend is relative to the tenant's folder.

    It is no secret of the stack, which could only be read when the backend is known.
    """
    backend = tenant.backend
    if isinstance(backend, SecretRef):
        backend = Secrets(os.environ, tenant.folder).resolve(backend, place=tenant.backend_place, path="state.backend")
    if backend is not None and (written := folder_of(backend)) is not None:
        path = written.expanduser()
        _, mark, options = backend.partition("?")
        return folder_url(path if path.is_absolute() else (tenant.folder / path).resolve()) + mark + options
    return backend


def folder_url(folder: Path) -> str:
    """The backend URL of a folder: to the engine it is a URL, so `%`, `?` and `#` must be quoted."""
    return _FILE + _SPECIAL.sub(lambda found: quote(found[0]), str(folder))


def folder_of(backend: str) -> Path | None:
    """The folder of a file backend; None for every other."""
    if not backend.startswith(_FILE):
        return None
    return Path(unquote(backend.removeprefix(_FILE).partition("?")[0]))
