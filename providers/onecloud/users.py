"""OneCloud users (agents and supervisors): what a user writes, and how it is compared.

Source: the vendor's "Users" chapter. POST creates with every attribute; PUT changes skills, disabled, password,
changePassword and team only. The calls themselves are in `users_handler`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cxconfig.kinds import (
    Action,
    Declared,
    Desired,
    Difference,
    FieldSpec,
    Kind,
    OnRemove,
    Values,
    specs_of,
)
from providers.onecloud.teams import missing_team

PUT_FIELDS = frozenset({"skills", "disabled", "password", "change_password", "team"})
"""What PUT /user/<login> changes."""
CREATE_FIELDS = ("password", "first_name", "last_name", "team")
"""What POST /user demands."""


class User(BaseModel):
    """A user of the contact centre, found by login. A listed field is managed, an empty one managed and emptied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: Annotated[str, FieldSpec(vendor="firstName")] = ""
    last_name: Annotated[str, FieldSpec(vendor="lastName")] = ""
    email: Annotated[str, FieldSpec(vendor="email")] = ""
    team: Annotated[str, FieldSpec(vendor="team", refers_to="teams")] = ""
    extension: Annotated[str, FieldSpec(vendor="extension")] = ""
    """Assigned by the system when it is not given at creation."""
    work_phone: Annotated[str, FieldSpec(vendor="workPhone", private=True)] = ""
    mobile_phone: Annotated[str, FieldSpec(vendor="mobilePhone", private=True)] = ""
    disabled: Annotated[bool, FieldSpec(vendor="disabled")] = False
    """Managed even when it is not listed: a declared user is an enabled user."""
    change_password: Annotated[bool, FieldSpec(vendor="changePassword")] = False
    """Must the user change the password at the next login?"""
    skills: Annotated[dict[str, Annotated[int, Field(ge=0)]], FieldSpec(vendor="skills")] = Field(default_factory=dict)
    """Skill name -> level."""
    roles: Annotated[list[str], FieldSpec(vendor="roles")] = Field(default_factory=list)
    password: Annotated[str, FieldSpec(vendor="password", secret=True)] = ""
    """Set at creation, and again when the secret changes; never read."""
    unlock: Annotated[bool, FieldSpec()] = False
    """`true` clears the lock that too many failed logins set."""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True)] = OnRemove.DISABLE

    @field_validator("skills")
    @classmethod
    def _one_spelling(cls, skills: dict[str, int]) -> dict[str, int]:
        seen: dict[str, str] = {}
        for name in skills:
            if not name.strip():
                raise ValueError("a skill needs a name")
            other = seen.setdefault(folded(name), name)
            if other != name:
                raise ValueError(f"the skills {other!r} and {name!r} differ only in case or blanks")
        return skills

    @field_validator("password", "first_name", "last_name", "team")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty: OneCloud demands it of every user")
        return value

    @field_validator("unlock")
    @classmethod
    def _only_unlock(cls, value: bool) -> bool:
        if not value:
            raise ValueError("only `true` means something here: the API can clear a lock and cannot set one")
        return value


class Users(Kind):
    system = "onecloud"
    name = "users"
    singular = "user"
    model = User
    specs = specs_of(User)
    removals = (OnRemove.DISABLE, OnRemove.DELETE, OnRemove.RETAIN)
    privilege = "Manage users (and Manage all teams)"

    def desire(self, declared: Declared) -> Desired:
        fields = {"disabled": False, **{k: v for k, v in declared.values.items() if k != "on_remove"}}
        on_remove = declared.values.get("on_remove")
        return Desired(
            self.id, declared.key, fields, OnRemove(on_remove) if on_remove is not None else None, declared.place
        )

    def equal(self, name: str, left: Any, right: Any) -> bool:
        return bool(canonical(name, left) == canonical(name, right))

    def normal(self, name: str, value: str) -> str:
        return str(canonical(name, value))

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return [
            self._difference(desired.key, name, live.get(name), declared)
            for name, declared in desired.fields.items()
            if not self.specs[name].secret and not self.equal(name, live.get(name), declared)
        ]

    def _difference(self, login: str, name: str, live: Any, declared: Any) -> Difference:
        call = self.change_call(login, name)
        return Difference(name, live, declared, call, "" if call else unchangeable(name))

    def change_call(self, key: str, name: str) -> str:
        if name == "unlock":
            return f"PUT /user/lock/{key}"
        return f"PUT /user/{key}" if name in PUT_FIELDS else ""

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        found = []
        team = desired.fields.get("team")
        moved = live is None or not self.equal("team", live.get("team"), team)
        if team and moved and not _known(team, supporting["teams"]):
            found.append(missing_team(team, supporting["teams"]))
        if live is None:
            missing = [name for name in CREATE_FIELDS if not desired.fields.get(name)]
            if missing:
                found.append(
                    f"the user does not exist and is to be created, for which OneCloud demands {_listed(missing)};"
                    f" add {'it' if len(missing) == 1 else 'them'}, or correct the login if the user should exist"
                )
            if supporting["unaddressable"](desired.key):
                found.append(unaddressable(desired.key))
        return found

    def creation(self, desired: Desired) -> str:
        return "POST /user"

    def removal(self, on_remove: OnRemove, live: Values | None) -> Action:
        if live is not None and on_remove is OnRemove.DISABLE and live.get("disabled"):
            return Action.FORGET
        return super().removal(on_remove, live)

    def removal_call(self, key: str, action: Action) -> str:
        return {Action.DISABLE: f"PUT /user/{key}", Action.DELETE: f"DELETE /user/{key}"}.get(action, "")

    def handler(self, client: Any) -> Any:
        from providers.onecloud.users_handler import UsersHandler

        return UsersHandler(client, self)


def folded(name: str) -> str:
    """Skills that differ only in case or outer blanks are one."""
    return name.strip().casefold()


def canonical(name: str, value: Any) -> Any:
    """The form in which two values of a field are the same to OneCloud: blank = absent, no order, no case of skills."""
    if name == "skills":
        return {folded(skill): int(level) for skill, level in (value or {}).items()}
    if name == "roles":
        return sorted({role.strip() for role in value or []})
    if name in ("disabled", "change_password", "unlock"):
        return bool(value)
    text = (value or "").strip()
    if name in ("work_phone", "mobile_phone"):
        return "".join(c for c in text if c.isalnum())
    return text


def unchangeable(name: str) -> str:
    """The sentence for a field that only POST can set."""
    return (
        f"`{name}` cannot be changed after creation: OneCloud's user API changes only skills, disabled, password,"
        " change_password and team. Change it by hand in the contact centre administrator, write the live value"
        f" here, or remove `{name}` from this user so that it is not managed"
    )


def unaddressable(login: str) -> str:
    """The sentence for a login that the directory lists and that GET /user/<login> does not find."""
    return (
        f"OneCloud lists a user {login!r} and answers 404 when it is asked for it: this server cannot address logins"
        " with blanks, slashes or letters outside ASCII. Give the user a plain login, or take it out of the YAML"
    )


def _known(team: str, names: Any) -> bool:
    return team.strip() in {name.strip() for name in names}


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:-1]) + (" and " if names[1:] else "") + f"`{names[-1]}`"
