"""Two kinds that are two doors to one person, so that planning is tested without any product kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from cxconfig.kinds import (
    Declared,
    Desired,
    Difference,
    FieldSpec,
    Handler,
    Kind,
    OnRemove,
    Registry,
    System,
    SystemSettings,
    Values,
    specs_of,
)

MEMBERS, BADGES = "club.members", "club.badges"


class Member(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    room: str = ""
    phone: Annotated[str, FieldSpec(private=True)] = ""
    password: Annotated[str, FieldSpec(secret=True)] = ""
    disabled: bool = False
    on_remove: Annotated[OnRemove, FieldSpec(setting=True)] = OnRemove.DISABLE


class Badge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    colour: str = ""
    active: bool = True
    on_remove: Annotated[OnRemove, FieldSpec(setting=True)] = OnRemove.DISABLE


class _Kind(Kind):
    system = "club"
    privilege = ""
    listable = True
    renames = True
    removals = (OnRemove.DISABLE, OnRemove.DELETE, OnRemove.RETAIN)

    def desire(self, declared: Declared) -> Desired:
        listed = {n: v for n, v in declared.values.items() if not self.specs[n].setting}
        said = declared.values.get("on_remove")
        return Desired(
            self.id, declared.key, {**self.defaults, **listed}, OnRemove(said) if said else None, declared.place
        )

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return [
            Difference(n, live.get(n), v, self.change_call(desired.key, n))
            for n, v in desired.fields.items()
            if not self.specs[n].unread and live.get(n) != v
        ]

    def change_call(self, key: str, name: str) -> str:
        return f"PUT /{self.name}/{key}"

    def creation(self, desired: Desired) -> str:
        return f"POST /{self.name}"

    def rename_call(self, was: str, key: str) -> str:
        return f"MOVE /{self.name}/{was} to {key}"

    def removal_call(self, key: str, action: Any) -> str:
        return f"{action} /{self.name}/{key}"

    def handler(self, client: Any) -> Handler:
        raise NotImplementedError


class Members(_Kind):
    """Of a member in the attic nothing but a new one changes the room."""

    name = "members"
    singular = "member"
    model = Member
    specs = specs_of(Member)
    defaults: ClassVar[Mapping[str, Any]] = {"disabled": False}
    twin = "badges"
    leads = True

    def replacement(
        self, desired: Desired, live: Values, differences: Sequence[Difference], supporting: Mapping[str, Any]
    ) -> str:
        return "the locker" if live.get("room") == "attic" and any(d.field == "room" for d in differences) else ""


class Badges(_Kind):
    """A badge cannot be made without a name."""

    name = "badges"
    singular = "badge"
    model = Badge
    specs = specs_of(Badge)
    defaults: ClassVar[Mapping[str, Any]] = {"active": True}
    twin = "members"
    twin_fields: ClassVar[Mapping[str, str]] = {"name": "name", "active": "disabled"}

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        return ["a badge needs a name"] if live is None and not desired.fields.get("name") else []


class Club(System):
    name = "club"
    settings = SystemSettings
    secret_settings = frozenset[str]()
    kinds = (Members(), Badges())

    def connect(self, settings: Any) -> Any:
        return settings


REGISTRY = Registry([Club()])
