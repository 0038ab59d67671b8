"""What the kinds of users and of SCIM accounts have in common: both are about the same persons. Pure."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from cxconfig.kinds import Action, Declared, Desired, Difference, Kind, OnRemove, Values
from providers.onecloud.values import canonical


class Person(Kind):
    """A person whom one of two doors leads to, found by login."""

    system = "onecloud"
    removals = (OnRemove.DISABLE, OnRemove.DELETE, OnRemove.RETAIN)
    example = "jdoe"
    listable = True

    def desire(self, declared: Declared) -> Desired:
        listed = {name: value for name, value in declared.values.items() if not self.specs[name].setting}
        on_remove = declared.values.get("on_remove")
        policy = OnRemove(on_remove) if on_remove is not None else None
        return Desired(self.id, declared.key, {**self.defaults, **listed}, policy, declared.place)

    @abstractmethod
    def is_disabled(self, live: Values) -> bool: ...

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return [
            self.difference(desired, name, live.get(name))
            for name, declared in desired.fields.items()
            if not self.specs[name].unread and not self.equal(name, live.get(name), declared)
        ]

    def difference(self, desired: Desired, name: str, live: Any) -> Difference:
        """One field that differs, with the call that changes it."""
        return Difference(name, live, desired.fields[name], self.change_call(desired.key, name))

    def equal(self, name: str, left: Any, right: Any) -> bool:
        return bool(canonical(name, left) == canonical(name, right))

    def normal(self, name: str, value: str) -> str:
        return str(canonical(name, value))

    def removal(self, on_remove: OnRemove, live: Values | None) -> Action:
        if live is not None and on_remove is OnRemove.DISABLE and self.is_disabled(live):
            return Action.FORGET
        return super().removal(on_remove, live)

    def untouchable(self, key: str, settings: Any) -> str:
        if self.identity(key) != self.identity(settings.client_id):
            return ""
        return "the API user (`client_id`) that cxconfig itself signs in with"
