"""What the dynamic host of one run knows of its tenant, each thing found on first use: the files, the settings, the
secrets, the connections. Knows no Pulumi.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cxconfig.engine.stack import recorded_here
from cxconfig.engine.stack_secrets import Setting, asked_here, full_key, secret_in
from cxconfig.errors import Place, SettingsError
from cxconfig.handed_out import HandedOut, file_for
from cxconfig.kept_files import KeptFiles
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Handler, Kind, SecretRef
from cxconfig.language import Secrets, SystemEntry, Tenant, load
from cxconfig.planning.handover import Handover
from cxconfig.planning.plan import Recorded
from cxconfig.planning.record import KEY, ORIGIN, Digester, origin_mark
from cxconfig.tenancy import digester_of, kind_settings, system_entry
from providers.handing_out import HandingOut
from providers.registry import REGISTRY


class Site:
    """Thread-safe. `handover`: what our commands hand over, None under plain pulumi. `given`: see `Host`."""

    def __init__(
        self, folder: Path, handover: Handover | None, environments: Sequence[str], given: Callable[[str], Any]
    ) -> None:
        self._folder = folder
        self._handover = handover
        self._environments = handover.environments if handover else tuple(environments)
        self._given = given
        self.secrets = Secrets(os.environ, folder, self.stack_secret)
        self._lock = threading.RLock()
        self._settings: Mapping[str, Setting] | None = None
        self._document: Tenant | None = None
        self._handlers: dict[str, Handler] = {}
        self._connections: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self._of_systems: dict[str, Any] = {}
        self._digester: Digester | None = None
        self._passwords: HandedOut | None = None
        self._recorded: Mapping[tuple[str, str], Recorded] | None = None

    def tenant(self) -> Tenant:
        with self._lock:
            if self._document is None:
                self._document = load(self._folder, REGISTRY, self._environments)
            return self._document

    def stack_secret(self, key: str) -> str | None:
        """A secret of the stack's settings as they are now, else as the engine was last given it."""
        with self._lock:
            if self._settings is None:
                self._settings = asked_here(self._handover.tenant if self._handover else self.tenant().name) or {}
        value = secret_in(self._settings, key)
        return value if value is not None else self._given(full_key(key))

    def recorded(self) -> Mapping[tuple[str, str], Recorded]:
        """Under plain pulumi: what the stack holds as this process asks for it first."""
        with self._lock:
            if self._recorded is None:
                self._recorded = {(r.kind, r.key): r for r in recorded_here(self.tenant().name, REGISTRY)}
            return self._recorded

    def kind_settings(self, kind: Kind) -> KindSettings:
        known = self._handover.settings if self._handover is not None else kind_settings(self.tenant())
        return known.get(kind.id, KindSettings())

    def digests(self) -> Digester:
        with self._lock:
            if self._digester is None:
                name = self._handover.tenant if self._handover else self.tenant().name
                self._digester = digester_of(name)
            return self._digester

    def origin(self, system: str) -> str:
        with self._lock:
            if system not in self._origins:
                origin = REGISTRY.system(system).origin(self.system_settings(system))
                self._origins[system] = origin_mark(origin)
            return self._origins[system]

    def system_settings(self, system: str) -> Any:
        with self._lock:
            if system not in self._of_systems:
                self._of_systems[system] = self._entry(system).resolve(REGISTRY.system(system), self.secrets)
            return self._of_systems[system]

    def same_origin(self, kind_id: str, props: Mapping[str, Any]) -> None:
        """Under plain pulumi: an object that was applied to another live tenant is not looked for in this one."""
        kind, recorded = REGISTRY[kind_id], props.get(ORIGIN)
        if self._handover is None and recorded and recorded != self.origin(kind.system):
            raise SettingsError(
                f"{kind.singular} {props[KEY]} was applied to another live system than tenant.yaml names now",
                way_out="Set url and scope as they were; for one that has moved, run `cxconfig refresh --moved` once.",
            )

    def handler(self, kind: Kind) -> Handler:
        with self._lock:
            if kind.id not in self._handlers:
                if kind.system not in self._connections:
                    self._connections[kind.system] = self._connect(kind.system)
                handler = kind.handler(self._connections[kind.system])
                self._handlers[kind.id] = HandingOut(handler, kind, self._handed_out())
            return self._handlers[kind.id]

    def _handed_out(self) -> HandedOut:
        """The file for the passwords that this process makes."""
        if self._passwords is None:
            handed = self._handover.passwords if self._handover is not None else ""
            if handed:
                self._passwords = HandedOut(Path(handed))
            else:
                self._passwords = HandedOut(file_for(self._folder, self.tenant().name), _say)
        return self._passwords

    def kept_files(self) -> KeptFiles:
        """Where this stack's replacements keep what they carry over."""
        return KeptFiles(self._folder, self._handover.tenant if self._handover else self.tenant().name)

    def _connect(self, system: str) -> Any:
        return REGISTRY.system(system).connect(self.system_settings(system))

    def _entry(self, system: str) -> SystemEntry:
        if self._handover is not None and system in self._handover.systems:
            values = self._handover.systems[system]
            place = Place("tenant.yaml")
            return SystemEntry(system, values, place, dict.fromkeys(values, place), self._folder, {})
        return system_entry(self.tenant().systems, system)

    def system_place(self, system: str) -> Place:
        return self._entry(system).place

    def implicit(self, kind_id: str, key: str) -> bool:
        """Does it stand only in another object's list?"""
        declared = self.tenant().objects.get(kind_id, {}).get(key)
        return declared is not None and declared.implicit

    def generated(self, kind_id: str, key: str, name: str) -> bool:
        """Is this field of an object made when it is set?"""
        declared = self.tenant().objects.get(kind_id, {}).get(key)
        value = declared.values.get(name) if declared is not None else None
        return isinstance(value, SecretRef) and value.generated

    def other_door(self, kind: Kind, key: str) -> tuple[str, Place | None] | None:
        """The kind through which an object is declared as well, and where."""
        twin = REGISTRY.twin(kind)
        declared = self.tenant().objects.get(twin.id, {}).get(key) if twin is not None else None
        return None if declared is None else (declared.kind, declared.place)

    def place(self, kind_id: str, key: str, name: str = "") -> Place | None:
        """The place of an object, or of a field of it. Our commands know it themselves; under plain pulumi the message
        must carry it."""
        if self._handover is not None:
            return None
        declared = self.tenant().objects.get(kind_id, {}).get(key)
        return declared.places.get(name, declared.place) if declared else None


def _say(text: str) -> None:
    """Under plain pulumi: the engine shows it, also in a run that fails, whose program it ends before that can tell
    anything."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
