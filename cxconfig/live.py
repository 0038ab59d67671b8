"""Connecting to the live systems of a tenant and reading what a comparison needs, once and with the fewest calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from cxconfig.errors import (
    CxconfigError,
    InputError,
    InputErrors,
    PermissionDenied,
    SettingsError,
    Unavailable,
    UnexpectedAnswer,
)
from cxconfig.kind_settings import Manage
from cxconfig.kinds import Client, Desired, Handler, Kind, Registry, Values
from cxconfig.language import Secrets, Tenant
from cxconfig.planning.membership import closed
from cxconfig.planning.plan import Recorded
from cxconfig.planning.record import origin_mark
from cxconfig.planning.removed import sweeping
from cxconfig.planning.undeclared import strangers
from cxconfig.planning.world import Key, Off, World
from cxconfig.tenancy import kind_settings, system_entry


class Watch(Protocol):
    """Who is told what is going on; `reports.progress.Progress` is one."""

    def phase(self, name: str, total: int = 0) -> None: ...
    def advance(self, n: int = 1) -> None: ...
    def done(self) -> None: ...


class Wish(NamedTuple):
    """Why all objects of a kind are to be listed, in the words of the files, and what to write to do without."""

    words: str
    other: str
    in_settings: bool = True

    def instead(self, kind: Kind) -> str:
        where = f" in systems.{kind.system}.kinds.{kind.name} of tenant.yaml" if self.in_settings else ""
        return f"write {self.other}{where}"


ALL = Wish("`manage: all`", "`manage: listed`")
EXCLUSIVE = Wish("an exclusive list", "`additive` in the place of `exclusive`", in_settings=False)


class Live:
    """The live side of one tenant. Connections are opened on first use and kept for the process."""

    def __init__(self, tenant: Tenant, registry: Registry, watch: Watch, secrets: Secrets) -> None:
        self._tenant = tenant
        self._secrets = secrets
        self._registry = registry
        self._watch = watch
        self._connections: dict[str, Client] = {}
        self._handlers: dict[str, Handler] = {}
        self.read = 0
        self.off: dict[str, Off] = {}
        """The kinds that the live tenant turned out not to offer."""

    def check_settings(self) -> None:
        """Resolve the settings of every system that has declared objects; all mistakes at once."""
        mistakes: list[InputError] = []
        for system in self._needed():
            try:
                self._settings(system)
            except InputErrors as errors:
                mistakes += errors.errors
        if mistakes:
            raise InputErrors(mistakes)

    def observe(self, desired: Mapping[Key, Desired], recorded: Iterable[Recorded] = ()) -> dict[Key, Values | None]:
        """Every declared and every recorded object, live; one that had another key also under that.

        One of a kind that is not offered (`off`) is there as far as anybody knows, with nothing to be seen of it.
        """
        found: dict[Key, Values | None] = {}
        held = list(recorded)
        for kind in self._registry.all():
            wanted: dict[str, Values] = {r.key: r.inputs for r in held if r.kind == kind.id}
            for (kind_id, key), one in desired.items():
                if kind_id == kind.id:
                    fields = one.compared().fields
                    wanted |= {key: fields, **({one.was: fields} if one.was else {})}
            if wanted and kind.id not in self.off:
                self._watch.phase(f"Reading {kind.system} {kind.plural}", len(wanted))
                try:
                    seen = self.handler(kind).observe(wanted, self._watch.advance)
                except Unavailable as error:
                    self.off[kind.id] = Off(error.what, error.way_out, self._tenant.systems[kind.system].place)
                else:
                    found |= {(kind.id, key): seen[key] for key in wanted}
                    self.read += len(wanted)
            if kind.id in self.off:
                found |= {(kind.id, key): {} for key in wanted}
        return found

    def refuse_off(self, desired: Mapping[Key, Desired]) -> None:
        """For who cannot do without an object that could not be read: raise, at the first one that is declared."""
        for kind_id, off in self.off.items():
            declared = (one.place for (kind, _), one in desired.items() if kind == kind_id)
            raise CxconfigError(off.what, way_out=off.way_out, place=next(declared, None) or off.place)

    def confirm_gone(self, absent: Iterable[Recorded]) -> None:
        """Ask once more about recorded objects that were not found: one wrong answer must not make us forget them."""
        keys: dict[str, list[str]] = {}
        for held in absent:
            keys.setdefault(held.kind, []).append(held.key)
        for kind_id, gone in keys.items():
            self.handler(self._registry[kind_id]).confirm_gone(gone)

    def stock(self, world: World) -> World:
        """The world with what is live of the kinds of which all objects are managed; the same one without such kinds.

        A listing that lacks an object which was just read is an error, as is one that fails: what is missing in a
        listing must never be taken for a reason to touch what is in it. Where undeclared objects are to be removed,
        each is read as well.
        """
        kinds = [k for k in self._registry.all() if world.settings_of(k).manage is Manage.ALL and k.id not in self.off]
        listed = {kind.id: self._keys(kind, world) for kind in kinds if self._configured(kind)}
        world = replace(world, listed=listed)
        unread: list[Recorded] = []
        for kind in kinds:
            if sweeping(kind, world) is not None:
                found = [(kind.id, key) for key in strangers(kind, world)]
                unread += [Recorded(*where, {}) for where in found if where not in world.live]
        return self._roster(replace(world, live={**world.live, **self.observe({}, unread)}))

    def _roster(self, world: World) -> World:
        """The world with every live object of the kinds of which somebody has an exclusive list."""
        rosters: dict[str, Sequence[str]] = {}
        unread: list[Recorded] = []
        for kind_id in closed(self._registry, world.desired):
            kind = self._registry[kind_id]
            rosters[kind_id] = world.listed.get(kind_id) or self._keys(kind, world, EXCLUSIVE)
            keys = (key for key in rosters[kind_id] if not world.settings_of(kind).excludes(key))
            unread += [Recorded(kind_id, key, {}) for key in keys if (kind_id, key) not in world.live]
        return replace(world, rosters=rosters, live={**world.live, **self.observe({}, unread)})

    def untouchable(self, world: World) -> World:
        """The world with the objects that must never be removed, of those that might be."""
        found: dict[Key, str] = {}
        settings: dict[str, Any] = {}
        listed = ((k, key) for keys_of in (world.listed, world.rosters) for k, keys in keys_of.items() for key in keys)
        for kind_id, key in {*world.live, *listed}:
            kind = self._registry[kind_id]
            if kind.system not in settings:
                settings[kind.system] = self._settings(kind.system)
            if reason := kind.untouchable(key, settings[kind.system]):
                found[kind_id, key] = reason
        return replace(world, untouchable=found)

    def _keys(self, kind: Kind, world: World, wish: Wish = ALL) -> Sequence[str]:
        self._watch.phase(f"Listing {kind.system} {kind.plural}")
        try:
            keys = self.handler(kind).enumerate()
        except PermissionDenied as denied:
            denied.way_out = (
                f"{wish.words} needs the list of all {kind.plural}: give the API user the privilege for it, or"
                f" {wish.instead(kind)}."
            )
            raise
        if keys is None:
            raise SettingsError(
                f"{kind.system} has no list of its {kind.plural}, so {wish.words} cannot be done for them",
                way_out=f"W{wish.instead(kind)[1:]}.",
            )
        known = {kind.identity(key) for key in keys}
        seen = [key for (kind_id, key), live in world.live.items() if kind_id == kind.id and live is not None]
        lacking = [key for key in seen if kind.identity(key) not in known]
        if lacking:
            more = f" and {len(lacking) - 1:,} more" if len(lacking) > 1 else ""
            raise UnexpectedAnswer(
                f"{kind.system}: the list of all {kind.plural} lacks {lacking[0]!r}{more}, which exists: what is not"
                " declared cannot be told from it; nothing was changed",
                system=kind.system,
                way_out=(
                    f"Run again. If it stays so, the credentials may not see all {kind.plural}: {wish.instead(kind)}."
                ),
            )
        return keys

    def supporting(
        self, desired: Mapping[Key, Desired], live: Mapping[Key, Values | None]
    ) -> dict[str, Mapping[str, Any]]:
        """What each kind needs to tell its problems, read only where something is to be done."""
        found: dict[str, Mapping[str, Any]] = {}
        for kind in self._registry.all():
            mine = [(key, d) for key, d in desired.items() if key[0] == kind.id]
            if kind.id in self.off:
                continue
            if any((seen := live[key]) is None or kind.compare(d.compared(), seen) for key, d in mine):
                found[kind.id] = self.handler(kind).supporting()
        return found

    def handler(self, kind: Kind) -> Handler:
        if kind.id not in self._handlers:
            if kind.system not in self._connections:
                system = self._registry.system(kind.system)
                self._connections[kind.system] = system.connect(self._settings(kind.system))
            self._handlers[kind.id] = kind.handler(self._connections[kind.system])
        return self._handlers[kind.id]

    def warnings(self) -> list[str]:
        """What every run must say about its connections (TLS that is not verified)."""
        return [text for client in self._connections.values() for text in client.warnings()]

    def close(self) -> None:
        for client in self._connections.values():
            client.close()

    def origin(self, system: str) -> str:
        """The mark of the live tenant that the settings name."""
        return origin_mark(self._registry.system(system).origin(self._settings(system)))

    def _configured(self, kind: Kind) -> bool:
        return kind.system in self._tenant.systems

    def _needed(self) -> list[str]:
        kinds = [self._registry[kind_id] for kind_id, objects in self._tenant.objects.items() if objects]
        kinds += [self._registry[k] for k, said in kind_settings(self._tenant).items() if said.manage is Manage.ALL]
        return list(dict.fromkeys(kind.system for kind in kinds))

    def _settings(self, system: str) -> Any:
        entry = system_entry(self._tenant.systems, system)
        return entry.resolve(self._registry.system(system), self._secrets)
