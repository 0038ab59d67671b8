"""OneCloud users (agents and supervisors).

Source: the vendor's "Users" and "Users SCIM Provisioning" chapters. POST creates with every attribute; PUT changes
skills, disabled, password, changePassword and team only, the others change through the same person's SCIM account. What
PUT does to skills that are left out (merged or replaced) and to unknown skills
(ignored or refused) is not documented: whatever a write could hide is read back before it is called done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cxconfig.kinds import (
    Action,
    Desired,
    Difference,
    FieldSpec,
    OnRemove,
    Values,
    specs_of,
)
from providers.onecloud import entries
from providers.onecloud.person import Person
from providers.onecloud.scim_values import SHARED
from providers.onecloud.teams import missing_team
from providers.onecloud.users_handler import UsersHandler
from providers.onecloud.values import (
    LOGIN,
    NO_EXTENSION,
    PUT_FIELDS,
    SCIM_FIELDS,
    an_email,
    listed,
    lost_by_replacing,
    unaddressable,
    unnamed_by_scim,
)

HIGHEST_LEVEL = 2**31 - 1
NOT_EMPTY = "not empty"
TEAM = f"{NOT_EMPTY}; an existing team"


class User(BaseModel):
    """A user of the contact centre, found by login. A listed field is managed, an empty one managed and emptied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: Annotated[str, FieldSpec(vendor="firstName", needed=True, limits=NOT_EMPTY, example="Jane")] = ""
    """The given name."""
    last_name: Annotated[str, FieldSpec(vendor="lastName", needed=True, limits=NOT_EMPTY, example="Doe")] = ""
    """The family name."""
    email: Annotated[str, FieldSpec(vendor="email", limits="an e-mail address", example="jane@example.com")] = ""
    """The e-mail address."""
    team: Annotated[str, FieldSpec(vendor="team", refers_to="teams", needed=True, limits=TEAM, example="Sales")] = ""
    """The one team that the user belongs to."""
    extension: Annotated[str, FieldSpec(vendor="extension", limits="unique", example="0123")] = ""
    """The internal phone number. Assigned by the system when it is not given at creation."""
    work_phone: Annotated[str, FieldSpec(vendor="workPhone", private=True, example="+15550100")] = ""
    """The phone number at work."""
    mobile_phone: Annotated[str, FieldSpec(vendor="mobilePhone", private=True, example="+15550101")] = ""
    """The mobile phone number."""
    disabled: Annotated[bool, FieldSpec(vendor="disabled", example="false")] = False
    """Is the account disabled? Managed even when it is not listed: a declared user is an enabled user."""
    change_password: Annotated[bool, FieldSpec(vendor="changePassword", example="true")] = False
    """Must the user change the password at the next login?"""
    skills: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=HIGHEST_LEVEL)]],
        FieldSpec(
            vendor="skills",
            limits="names differ in more than case and blanks",
            example="{English: 90, Billing: 50}",
        ),
    ] = Field(default_factory=dict)
    """Skill name -> level. Listed, they are the whole truth: a live skill that is not listed is removed."""
    roles: Annotated[
        list[str], FieldSpec(vendor="roles", limits="existing roles, none twice", example="[Agent, Supervisor]")
    ] = Field(default_factory=list)
    """Names of roles; their order does not matter."""
    password: Annotated[
        str,
        FieldSpec(
            vendor="password",
            secret=True,
            needed=True,
            limits=f"{NOT_EMPTY}; the contact centre's security policy",
            example="${env:INITIAL_PASSWORD}",
        ),
    ] = ""
    """Set at creation, and again when the secret changes; never read. `${generate:20}` makes one for each user who is
    created; one who exists keeps his, and gets a new one when the number changes after an up: `${generate:21}`."""
    allow_replace: Annotated[
        bool, FieldSpec(setting=True, limits="needs `password`, as it is a creation", example="false")
    ] = False
    """May the user be deleted and created again where SCIM is off and nothing else makes a change? What that loses is
    shown before."""
    unlock: Annotated[
        bool,
        FieldSpec(limits="only `true` means something", example="true", states=("locked", "unlocked")),
    ] = False
    """`true` clears the lock that too many failed logins set."""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True, example="retain")] = OnRemove.DISABLE
    """What happens to the live user when the entry is taken out of the YAML; goes before the kind's setting."""

    @field_validator("skills", mode="wrap")
    @classmethod
    def _one_spelling(cls, value: Any, validate: Any) -> dict[str, int]:
        return entries.skills(value, validate)

    @field_validator("roles", mode="wrap")
    @classmethod
    def _named(cls, value: Any, validate: Any) -> list[str]:
        return entries.roles(value, validate)

    @field_validator("password", "first_name", "last_name", "team")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty: OneCloud demands it of every user")
        return value

    @field_validator("email")
    @classmethod
    def _an_email(cls, value: str) -> str:
        return an_email(value)

    @field_validator("unlock")
    @classmethod
    def _only_unlock(cls, value: bool) -> bool:
        if not value:
            raise ValueError("only `true` means something here: the API can clear a lock and cannot set one")
        return value


CREATE_FIELDS = tuple(name for name, spec in specs_of(User).items() if spec.needed)
"""What POST /user demands."""


class Users(Person):
    name = "users"
    singular = "user"
    model = User
    specs = specs_of(User)
    privilege = "Manage users (and Manage all teams)"
    defaults: ClassVar[Mapping[str, Any]] = {"disabled": False}
    disabling: ClassVar[Mapping[str, Any]] = {"disabled": True}
    twin = "scim_accounts"
    twin_fields: ClassVar[Mapping[str, str]] = {**{name: name for name in SHARED}, "disabled": "active"}
    leads = True
    renames = True

    def is_disabled(self, live: Values) -> bool:
        return bool(live.get("disabled"))

    def difference(self, desired: Desired, name: str, live: Any) -> Difference:
        found = super().difference(desired, name, live)
        emptied = name == "extension" and self.equal(name, found.declared, "")
        return replace(found, call="", problem=NO_EXTENSION) if emptied else found

    def change_call(self, key: str, name: str) -> str:
        if name == "unlock":
            return f"PUT /user/lock/{key}"
        return "" if self.specs[name].setting else f"PUT /user/{key}" if name in PUT_FIELDS else "PATCH /scim/users"

    def rename_call(self, was: str, key: str) -> str:
        return "PATCH /scim/users"

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
                    f"the user does not exist and is to be created, for which OneCloud demands {listed(missing)};"
                    f" add {'it' if len(missing) == 1 else 'them'}, or correct the login if the user should exist"
                )
            if supporting["unaddressable"](desired.key):
                found.append(unaddressable(desired.key))
            return found
        if self._to_rename(desired, live) and supporting["scim_off"](desired.was):
            found.append(f"it cannot be renamed: {unnamed_by_scim(desired.was)}")
        differences = self.compare(desired, live)
        if lost := self.replacement(desired, live, differences, supporting):
            found += _replaceable(desired, live, [d.field for d in differences if d.field in SCIM_FIELDS], lost)
        return found

    def _to_rename(self, desired: Desired, live: Values) -> bool:
        return bool(desired.was) and self.identity(str(live.get(LOGIN))) == self.identity(desired.was)

    def replacement(
        self, desired: Desired, live: Values, differences: Sequence[Difference], supporting: Mapping[str, Any]
    ) -> str:
        names = [d.field for d in differences if d.field in SCIM_FIELDS and not d.problem]
        if not names or not supporting["scim_off"](desired.key):
            return ""
        return lost_by_replacing(desired.fields)

    def creation(self, desired: Desired) -> str:
        return "POST /user"

    def removal_call(self, key: str, action: Action) -> str:
        return {Action.DISABLE: f"PUT /user/{key}", Action.DELETE: f"DELETE /user/{key}"}.get(action, "")

    def handler(self, client: Any) -> UsersHandler:
        return UsersHandler(client, self)


def _replaceable(desired: Desired, live: Values, names: list[str], lost: str) -> list[str]:
    """Why a replacement is not made."""
    if not desired.options.get("allow_replace"):
        return [
            "needs replacement: SCIM is off for this contact centre, and nothing else changes"
            f" {listed(names)} of a user who exists. Deleted and created again, the user would lose {lost}. Have SCIM"
            " enabled, which changes it in place; or allow the replacement with `allow_replace: true` and a `password`"
            " on this user; or write the live value here, or leave the field out"
        ]
    missing = [
        name for name in CREATE_FIELDS if not (desired.fields.get(name) or live.get(name) or name in desired.ignore)
    ]
    if not missing:
        return []
    them = "it" if len(missing) == 1 else "them"
    return [f"needs replacement, for which OneCloud demands {listed(missing)}; add {them}"]


def _known(team: str, names: Any) -> bool:
    return team.strip() in {name.strip() for name in names}
