"""A small system with three kinds, so that the language is tested without any product kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cxconfig.kinds import (
    Declared,
    Desired,
    Difference,
    Extent,
    FieldSpec,
    Handler,
    Kind,
    OnRemove,
    Owning,
    Registry,
    System,
    SystemSettings,
    Values,
    specs_of,
)

TENANT = """\
api_version: cxconfig/v1
tenant: acme
systems:
  desk:
    url: https://desk.example.com
    client_secret: ${env:DESK_SECRET}
"""


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    members: Annotated[list[Annotated[str, Field(min_length=1)]], FieldSpec(setting=True)] = Field(default_factory=list)
    membership: Annotated[Extent, FieldSpec(setting=True)] = Extent.ADDITIVE


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    city: str
    floor: int = 0


class Agent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: str = ""
    last_name: str = ""
    group: Annotated[str, FieldSpec(refers_to="groups")] = ""
    deputies: Annotated[list[str], FieldSpec(refers_to="desk.agents")] = Field(default_factory=list)
    phone: Annotated[str | None, FieldSpec(private=True), Field(max_length=16)] = None
    extension: Annotated[str, Field(pattern="^[0-9]*$")] = ""
    priority: Annotated[int | None, Field(ge=0, le=10)] = None
    skills: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    roles: Annotated[list[Annotated[str, Field(min_length=2)]], Field(max_length=3)] = Field(default_factory=list)
    shift: Literal["day", "night"] = "day"
    disabled: bool = False
    address: Address | None = None
    password: Annotated[str, FieldSpec(secret=True)] = ""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True)] = OnRemove.DISABLE

    @field_validator("last_name")
    @classmethod
    def _no_digits(cls, value: str) -> str:
        if any(c.isdigit() for c in value):
            raise ValueError("a last name has no digits")
        return value


class _Kind(Kind):
    system = "desk"
    privilege = "Administrator"
    listable = True

    def desire(self, declared: Declared) -> Desired:
        return Desired(self.id, declared.key, {**self.defaults, **declared.values})

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return []

    def creation(self, desired: Desired) -> str:
        return ""

    def handler(self, connection: Any) -> Handler:
        raise NotImplementedError


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    given_name: str = ""
    active: bool = True
    nick_name: str = ""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True)] = OnRemove.DISABLE


class Groups(_Kind):
    name = "groups"
    singular = "group"
    model = Group
    specs = specs_of(Group)
    removals = (OnRemove.RETAIN,)
    owning = Owning(names="members", extent="membership", kind="agents", field="group")


class Agents(_Kind):
    name = "agents"
    singular = "agent"
    model = Agent
    specs = specs_of(Agent)
    removals = (OnRemove.DISABLE, OnRemove.DELETE)
    renames = True
    twin = "logins"
    leads = True
    defaults: ClassVar[Mapping[str, Any]] = {"disabled": False}


class Logins(_Kind):
    """The other door to an agent."""

    name = "logins"
    singular = "login"
    model = Login
    specs = specs_of(Login)
    removals = (OnRemove.DISABLE, OnRemove.DELETE)
    renames = True
    twin = "agents"
    twin_fields: ClassVar[Mapping[str, str]] = {"given_name": "first_name", "active": "disabled"}
    defaults: ClassVar[Mapping[str, Any]] = {"active": True}


class DeskSettings(SystemSettings):
    client_secret: str
    pages: Annotated[int, Field(ge=1)] = 10
    region: str = Field(default="eu", min_length=2)


class Desk(System):
    name = "desk"
    settings = DeskSettings
    secret_settings = frozenset({"client_secret"})
    kinds: ClassVar[tuple[Kind, ...]] = (Groups(), Agents(), Logins())

    def connect(self, settings: Any) -> Any:
        return settings


REGISTRY = Registry([Desk()])


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a tenant's folder; tenant.yaml is `TENANT` unless it is given."""
    for name, text in {"tenant.yaml": TENANT, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def agents(text: str) -> dict[str, str]:
    """One file of agents: `text` holds their entries, indented by four blanks."""
    return {"agents.yaml": f"desk:\n  agents:\n{text}"}
