"""What is live of one kind: every object that its system lists, and every declared one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from cxconfig.errors import LiveError, PermissionDenied, Refused, SettingsError, Unavailable, UnexpectedAnswer
from cxconfig.export.values import ordered, target_of, texts_in, unusable
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Handler, Kind, Registry, Values, folded
from cxconfig.language import Tenant
from cxconfig.live import Watch
from cxconfig.tenancy import desired_object

AT_ONCE = 1_000
"""So many objects are asked for together: one that cannot be read makes no more than these be read again."""
THREADS = 16

OneObject = (Refused, UnexpectedAnswer, PermissionDenied)
"""What may be wrong with one object; everything else is an outage."""

NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Seen:
    """One kind as it is live.

    `objects`: key -> live object, in stable order. `gone`: declared keys that do not exist live. `unreadable`: key ->
    why it is left out, without its values. `listed`: False when the API lists no such objects, so that only declared
    ones were read. `left_out`: why nothing was read, of a kind that nobody asked for.
    """

    objects: Mapping[str, Values] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    listed: bool = True
    left_out: str = ""


class Connected(Protocol):
    """Who has the handlers; `live.Live` is one."""

    read: int

    def handler(self, kind: Kind) -> Handler: ...


def read_tenant(
    tenant: Tenant, registry: Registry, live: Connected, watch: Watch, kinds: Collection[str]
) -> tuple[dict[str, Seen], dict[str, set[str]]]:
    """Every kind of `kinds` (none = all) that tenant.yaml says how to reach, and what else they refer to.

    The second result has, for each kind that is read only because others refer to it, the keys that they name: where
    one object of a kind is declared, every one that is referred to has to be.
    """
    seen: dict[str, Seen] = {}
    only: dict[str, set[str]] = {}
    for kind_id in kinds:
        if (system := registry[kind_id].system) not in tenant.systems:
            raise SettingsError(
                f"--kind: {kind_id} is of the system {system}, and tenant.yaml does not say how to reach that",
                way_out=f"Add systems.{system} with its url and credentials to tenant.yaml.",
            )
    known = [kind for kind in registry.all() if kind.system in tenant.systems]
    wanted = [kind for kind in known if not kinds or kind.id in kinds]
    for kind in wanted:
        live.handler(kind)  # every setting that is missing is told before the first call
    for kind in wanted:
        try:
            seen[kind.id] = _read_beside(tenant, registry, kind, live, watch, kinds, seen)
        except Unavailable as off:
            if kind.id in kinds or not kind.optional:
                raise
            seen[kind.id] = Seen(left_out=f"{off.what}. {off.way_out}".strip())
    for kind in known:
        names = _referred(kind, wanted, seen) - set(tenant.objects[kind.id]) if tenant.objects[kind.id] else set()
        if kind.id not in seen and names:
            seen[kind.id] = _read(tenant, kind, live, watch)
            only[kind.id] = names
    return seen, only


def _read_beside(
    tenant: Tenant,
    registry: Registry,
    kind: Kind,
    live: Connected,
    watch: Watch,
    kinds: Collection[str],
    seen: Mapping[str, Seen],
) -> Seen:
    """A kind; one that another leads only as far as that is of use."""
    leader = None if kind.leads or kind.id in kinds else registry.twin(kind)
    leading = seen.get(leader.id) if leader is not None else None
    if leader is None or leading is None or tenant.objects[kind.id]:
        return _read(tenant, kind, live, watch)
    if why := _unreachable(live.handler(kind), leading):
        return Seen(left_out=why)
    return _read(tenant, kind, live, watch, _settings(tenant, leader))


def _unreachable(handler: Handler, leading: Seen) -> str:
    """Why the other door to the same objects cannot be used: one of them is tried before all are asked for."""
    for key in list(leading.objects)[:1]:
        try:
            handler.observe({key: {}})
        except OneObject as error:
            return f"{error.what}. {error.way_out}".strip()
    return ""


def _settings(tenant: Tenant, kind: Kind) -> KindSettings:
    return tenant.systems[kind.system].kinds.get(kind.name) or KindSettings()


def _read(tenant: Tenant, kind: Kind, live: Connected, watch: Watch, spared: KindSettings | None = None) -> Seen:
    """`spared`: the settings of the kind that leads this one; what they exclude is left alone through both doors."""
    settings = _settings(tenant, kind)
    if spared is not None:
        settings = replace(settings, exclude=(*settings.exclude, *spared.exclude))
    declared = {key: desired_object(kind, d, settings).fields for key, d in tenant.objects[kind.id].items()}
    seen = read_kind(kind, live.handler(kind), declared, settings, watch, _former(tenant, kind))
    live.read += len(seen.objects)
    return seen


def _former(tenant: Tenant, kind: Kind) -> dict[str, str]:
    """Old key -> new key of what says `was`, at whichever door."""
    doors = (kind.id, *((f"{kind.system}.{kind.twin}",) if kind.twin else ()))
    return {one.was: key for door in doors for key, one in tenant.objects.get(door, {}).items() if one.was}


def _referred(kind: Kind, by: Iterable[Kind], seen: Mapping[str, Seen]) -> set[str]:
    """The names of a kind's objects that live objects of other kinds hold."""
    found: set[str] = set()
    for other in by:
        fields = [name for name in other.specs if target_of(other, name) == kind.id]
        for values in seen[other.id].objects.values() if fields else ():
            found |= {text.strip() for name in fields for text in texts_in(values.get(name))}
    return found


def read_kind(
    kind: Kind,
    handler: Handler,
    declared: Mapping[str, Values],
    settings: KindSettings,
    watch: Watch,
    former: Mapping[str, str] = NOBODY,
) -> Seen:
    """Read a kind. `declared`: key -> managed fields of the declared objects. `former`: old key -> new key of those
    that are yet to be renamed: what is live under the old one is theirs.

    Raises a `LiveError` when the system cannot be reached or nothing of the kind can be read.
    """
    watch.phase(f"Listing {kind.system} {kind.plural}")
    listed = _listed(kind, handler)
    wanted, unreadable = _wanted(kind, [k for k in listed or () if not settings.excludes(k)], declared)
    wanted |= {old: declared.get(new, {}) for old, new in former.items()}
    watch.phase(f"Reading {kind.system} {kind.plural}", len(wanted))
    found, failed = _observe(handler, wanted, watch.advance)
    watch.done()
    unreadable |= {key: _why(error) for key, error in failed.items()}
    known = set(listed or ())
    for old, new in former.items():
        live = found.pop(old, None)
        if live is not None and found.get(new) is not None:
            unreadable[old] = f"{new} says `was: {old}`, and both exist"
        elif live is not None:
            found[new] = live
    gone = []
    for key, live in found.items():
        if live is None and key in known:
            unreadable[key] = f"{kind.system} lists it, and answers that it does not exist when it is asked for it"
        elif live is None:
            gone.append(key)
    objects = {key: live for key, live in found.items() if live is not None}
    return Seen({key: objects[key] for key in ordered(objects)}, tuple(gone), unreadable, listed is not None)


def _listed(kind: Kind, handler: Handler) -> Sequence[str] | None:
    try:
        return handler.enumerate()
    except PermissionDenied as error:
        raise PermissionDenied(
            f"the list of {kind.system} {kind.plural} cannot be read: {error.what}",
            system=error.system,
            endpoint=error.endpoint,
            status=error.status,
            said=error.said,
            request_id=error.request_id,
            way_out=f"Give the API user the privilege {kind.privilege}, or name other kinds with --kind.",
        ) from error


def _wanted(
    kind: Kind, listed: Iterable[str], declared: Mapping[str, Values]
) -> tuple[dict[str, Values], dict[str, str]]:
    """What is to be read, and what no file can name beside the others. A declared spelling goes before a listed one."""
    wanted: dict[str, Values] = dict(declared)
    spelt = {folded(key): key for key in declared}
    unreadable: dict[str, str] = {}
    for key in ordered(listed):
        if key in wanted:
            continue
        other = spelt.setdefault(folded(key), key)
        problem = unusable(kind, key)
        if problem:
            unreadable[key] = problem
        elif other != key:
            unreadable[key] = f"it differs only by case from {other}, and files hold one of the two"
        else:
            wanted[key] = {}
    return wanted, unreadable


def _observe(
    handler: Handler, wanted: Mapping[str, Values], tick: Callable[[], None]
) -> tuple[dict[str, Values | None], dict[str, LiveError]]:
    """Every object, with what cannot be read by itself apart from the others."""
    found: dict[str, Values | None] = {}
    failed: dict[str, LiveError] = {}
    keys = list(wanted)
    for start in range(0, len(keys), AT_ONCE):
        some = {key: wanted[key] for key in keys[start : start + AT_ONCE]}
        try:
            found |= handler.observe(some, tick)
        except Unavailable:
            raise
        except OneObject:
            _one_by_one(handler, some, found, failed)
    if failed and not found:
        raise next(iter(failed.values()))
    return found, failed


def _one_by_one(
    handler: Handler, wanted: Mapping[str, Values], found: dict[str, Values | None], failed: dict[str, LiveError]
) -> None:
    def read(key: str) -> Any:
        try:
            return handler.observe({key: wanted[key]})[key]
        except OneObject as error:
            return error

    pool = ThreadPoolExecutor(THREADS)
    try:
        for key, result in zip(wanted, pool.map(read, wanted), strict=True):
            if isinstance(result, LiveError):
                failed[key] = result
            else:
                found[key] = result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _why(error: LiveError) -> str:
    return error.what
