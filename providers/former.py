"""What the dynamic host knows of keys that objects had before (`was`), and of the other door of an object.

Our commands have worked it out and hand it over; under plain pulumi it is read from the tenant's files and live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cxconfig.errors import ObjectError
from cxconfig.kinds import Declared, Kind, SecretRef, Values
from cxconfig.planning.handover import Handover
from cxconfig.planning.record import KEY, is_digest
from cxconfig.planning.renames import nobody, rekeyed, taken
from cxconfig.planning.twins import leader_id
from providers.registry import REGISTRY
from providers.site import Site


class Former:
    """Thread-safe, as the site is."""

    def __init__(self, site: Site, handover: Handover | None) -> None:
        self._site = site
        self._handover = handover

    def was(self, kind: Kind, key: str) -> str:
        """Under plain pulumi: the key that a declared object had, as one of its doors says, if its own step renames."""
        if self._handover is not None or not kind.renames or self.follows(kind, key):
            return ""
        return self._declared_was(kind, key)

    def follows(self, kind: Kind, key: str) -> bool:
        """Under plain pulumi: is it declared for its leader as well, which creates and renames it?"""
        return self._handover is None and key in self._objects(leader_id(kind))

    def successor(self, kind: Kind, key: str) -> str:
        """The new key of what is recorded under this one, if there is one to look under."""
        if self._handover is not None:
            return self._handover.successors.get((kind.id, key), "")
        if key in self._objects(kind.id) or not kind.renames:
            return ""
        return next((new for new in self._objects(kind.id) if _same(kind, self._declared_was(kind, new), key)), "")

    def declared(self, kind: Kind, key: str) -> bool:
        """Does it stand in the files, in whichever spelling, or as the key that an object had?"""
        names = (name for new, one in self._objects(kind.id).items() for name in (new, one.was) if name)
        return kind.identity(key) in {kind.identity(name) for name in names}

    def elsewhere(self, kind: Kind, key: str) -> bool:
        """Under plain pulumi: is it declared through the other door alone, and so only to be forgotten here?"""
        twin = REGISTRY.twin(kind)
        if twin is None or key in self._objects(kind.id):
            return False
        names = (name for new, one in self._objects(twin.id).items() for name in (new, one.was) if name)
        return kind.identity(key) in {kind.identity(name) for name in names}

    def refusal(self, kind: Kind, key: str, *, known: bool) -> str:
        """Under plain pulumi: why a declared object cannot have its new key; "" when it can, or says no `was`.

        `known`: it is recorded.
        """
        was = self._declared_was(kind, key) if self._handover is None and kind.renames else ""
        if not was:
            return ""
        if reason := kind.untouchable(was, self._site.system_settings(kind.system)):
            return f"{was!r} is {reason}, so it is never renamed: remove `was`"
        found = self._site.handler(kind).observe({key: {}, was: {}})
        if found[key] is not None and found[was] is not None:
            return taken(was, key)
        return "" if known or any(live is not None for live in found.values()) else nobody(was, key)

    def guard(self, kind: Kind, key: str, live: Values | None) -> bool:
        """Under plain pulumi, of what is to be removed: is it the old entry of a renamed object, and gone?

        Raises `ObjectError` when it is one that is live still.
        """
        new = self.successor(kind, key) if self._handover is None else ""
        if new and live is not None:
            what = f"{kind.singular} {key}: {new!r} says `was: {key}`, and it has not been renamed"
            raise ObjectError(
                f"{what}, so it is not removed",
                kind=kind.id,
                key=key,
                way_out="Run `cxconfig up`, which renames it; or take `was` out.",
            )
        return bool(new)

    def rekeyed(self, kind: Kind, held: Mapping[str, Any], key: str) -> dict[str, Any]:
        """A record of another key under this one, with the digests of what is declared made anew."""
        if held[KEY] == key:
            return dict(held)
        declared = self._objects(kind.id).get(key)
        names = [n for n, value in held.items() if is_digest(value) and declared and n in declared.values]
        values = {name: [self._value(kind, declared, name)] for name in names if declared is not None}
        return rekeyed(kind, held, held[KEY], key, values, self._site.digests())

    def _value(self, kind: Kind, declared: Declared, name: str) -> Any:
        value = declared.values[name]
        if not isinstance(value, SecretRef):
            return value
        place = declared.places.get(name, declared.place)
        return self._site.secrets.resolve(value, place=place, path=f"{kind.id}.{declared.key}.{name}")

    def _declared_was(self, kind: Kind, key: str) -> str:
        twin = REGISTRY.twin(kind)
        doors = (self._objects(kind.id), self._objects(twin.id) if twin is not None else {})
        return next((one.was for objects in doors if (one := objects.get(key)) is not None and one.was), "")

    def _objects(self, kind_id: str) -> Mapping[str, Declared]:
        return self._site.tenant().objects.get(kind_id, {})


def _same(kind: Kind, was: str, key: str) -> bool:
    return bool(was) and kind.identity(was) == kind.identity(key)
