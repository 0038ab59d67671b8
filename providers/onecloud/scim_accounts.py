"""OneCloud SCIM accounts: the same persons as its users, with the attributes that only SCIM has.

Source: the vendor's "Users SCIM Provisioning" and RFC 7643. A new account goes to the default team of the contact
centre's SCIM integration account; team, skills and locks are the users' business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cxconfig.kinds import Action, Desired, Difference, FieldSpec, OnRemove, Values, specs_of
from cxconfig.nearness import near
from providers.onecloud import entries
from providers.onecloud.person import Person
from providers.onecloud.scim_handler import PHOTO_CLEARED, PHOTO_LEFT, ScimAccountsHandler
from providers.onecloud.scim_values import ID, SHARED
from providers.onecloud.values import an_email, listed

NOT_EMPTY = "not empty"


class Method(StrEnum):
    """The call that changes an account."""

    PATCH = "patch"
    PUT = "put"


class ScimAccount(BaseModel):
    """A person's account as identity providers see it (SCIM 2.0), found by its `userName`, which is the login.

    A listed field is managed, an empty one managed and emptied. Team and skills belong to `users`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: Annotated[str, FieldSpec(vendor="name.givenName", needed=True, limits=NOT_EMPTY, example="Jane")] = ""
    """The given name."""
    last_name: Annotated[str, FieldSpec(vendor="name.familyName", needed=True, limits=NOT_EMPTY, example="Doe")] = ""
    """The family name."""
    email: Annotated[
        str, FieldSpec(vendor="emails.value", needed=True, limits="an e-mail address", example="jane@example.com")
    ] = ""
    """The e-mail address; of several live, the primary one."""
    nick_name: Annotated[str, FieldSpec(vendor="nickName", example="Janie")] = ""
    """The name that customers see in chats."""
    title: Annotated[str, FieldSpec(vendor="title", example="Team lead")] = ""
    """The job title."""
    timezone: Annotated[
        str, FieldSpec(vendor="timezone", limits="a name of the IANA time zone database", example="America/New_York")
    ] = ""
    """The time zone."""
    country: Annotated[str, FieldSpec(vendor="addresses.country", example="US")] = ""
    """The country of the address; of several live, the primary one."""
    city: Annotated[str, FieldSpec(vendor="addresses.locality", example="Springfield")] = ""
    """The city."""
    region: Annotated[str, FieldSpec(vendor="addresses.region", example="IL")] = ""
    """The state or province."""
    work_phone: Annotated[str, FieldSpec(vendor="phoneNumbers.work", private=True, example="+15550100")] = ""
    """The phone number at work."""
    mobile_phone: Annotated[str, FieldSpec(vendor="phoneNumbers.mobile", private=True, example="+15550101")] = ""
    """The mobile phone number."""
    default_phone: Annotated[str, FieldSpec(vendor="phoneNumbers.default", private=True, example="+15550102")] = ""
    """The number of the hardphone that is used by default."""
    extension: Annotated[
        str, FieldSpec(vendor="phoneNumbers.extension", limits=f"{NOT_EMPTY}; unique", example="0123")
    ] = ""
    """The internal phone number. Assigned by the system when it is not given at creation."""
    roles: Annotated[
        list[str], FieldSpec(vendor="roles", limits="existing roles, none twice", example="[Agent, Supervisor]")
    ] = Field(default_factory=list)
    """Names of roles; their order does not matter."""
    active: Annotated[bool, FieldSpec(vendor="active", example="true")] = True
    """May the person sign in? Managed even when it is not listed: a declared account is an active one."""
    photo: Annotated[
        str,
        FieldSpec(
            vendor="photos.value",
            write_only=True,
            limits="an http or https address that the contact centre can fetch; empty only with `method: put`",
            example="https://www.example.com/jane.png",
        ),
    ] = ""
    """Where the contact centre fetches the photo from: at creation, and again when the address changes; never read.
    Empty, there is to be none."""
    password: Annotated[
        str,
        FieldSpec(
            vendor="password",
            secret=True,
            limits=f"{NOT_EMPTY}; the contact centre's security policy",
            example="${env:INITIAL_PASSWORD}",
        ),
    ] = ""
    """Set at creation, and again when the secret changes; never read. `${generate:20}` makes one for each account that
    is created; one that exists keeps its own, and gets a new one when the number changes after an up: `${generate:21}`.
    Without any the system makes one up that nobody knows."""
    method: Annotated[
        Method,
        FieldSpec(
            setting=True,
            limits="`put` needs `photo` (empty if there is to be none), which it would clear otherwise",
            example="patch",
        ),
    ] = Method.PATCH
    """The call for changes: `patch` sends the changed attributes, `put` all of them with the live values of those that
    are not managed."""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True, example="retain")] = OnRemove.DISABLE
    """What happens to the live account when the entry is taken out of the YAML; goes before the kind's setting."""

    @field_validator("first_name", "last_name", "email", "extension", "password")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty: OneCloud demands it of every SCIM account, or keeps the one it has")
        return value

    @field_validator("email")
    @classmethod
    def _an_email(cls, value: str) -> str:
        return an_email(value)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zones = _zones()
        if value and zones and value not in zones:
            close = near(value, zones)
            hint = f"; did you mean {' or '.join(close)}?" if close else ", like Europe/Berlin"
            raise ValueError(f"must be a name of the IANA time zone database{hint}")
        return value

    @field_validator("photo")
    @classmethod
    def _fetchable(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        except ValueError:
            fine = False
        if value and not value.strip():
            raise ValueError(
                "must not be blank: write an http or https address, or an empty text with `method: put` if there is to"
                " be none"
            )
        if value and (not fine or value != value.strip() or not value.isprintable() or " " in value):
            raise ValueError("must be an http or https address without credentials and blanks")
        return value

    @field_validator("roles", mode="wrap")
    @classmethod
    def _named(cls, value: Any, validate: Any) -> list[str]:
        return entries.roles(value, validate)

    @model_validator(mode="after")
    def _put_with_photo(self) -> Self:
        listed = "photo" in self.model_fields_set
        if self.method is Method.PUT and not listed:
            raise ValueError(
                "`method: put` needs `photo`: PUT clears what is not sent, and a photo cannot be read; list it (empty"
                " if there is to be none), or write `method: patch`"
            )
        if self.method is Method.PATCH and listed and not self.photo:
            raise ValueError(
                "an empty `photo` needs `method: put`: PUT clears what is not sent, and the vendor does not say whether"
                " a PATCH can take a photo away, which nobody could see afterwards; write `method: put`, or leave"
                " `photo` out"
            )
        return self


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """The time zones of this computer's database; empty where there is none, and then any name may stand."""
    return frozenset(available_timezones())


CREATE_FIELDS = tuple(name for name, spec in specs_of(ScimAccount).items() if spec.needed)
"""What POST demands."""


class ScimAccounts(Person):
    name = "scim_accounts"
    singular = "SCIM account"
    model = ScimAccount
    specs = specs_of(ScimAccount)
    privilege = "Manage users and Manage all teams"
    renames = True
    optional = True
    defaults: ClassVar[Mapping[str, Any]] = {"active": True}
    disabling: ClassVar[Mapping[str, Any]] = {"active": False}
    twin = "users"
    twin_fields: ClassVar[Mapping[str, str]] = {**{name: name for name in SHARED}, "active": "disabled"}

    def is_disabled(self, live: Values) -> bool:
        return not live.get("active")

    def rewritten(self, desired: Desired) -> Collection[str]:
        return ("photo",) if self._puts(desired) and "photo" in desired.fields else ()

    def _puts(self, desired: Desired) -> bool:
        return desired.options.get("method") == Method.PUT

    def difference(self, desired: Desired, name: str, live: Any) -> Difference:
        method = str(desired.options.get("method", Method.PATCH))
        return replace(super().difference(desired, name, live), call=f"{method.upper()} /scim/users")

    def change_call(self, key: str, name: str) -> str:
        return "" if self.specs[name].setting else "PATCH /scim/users"

    def rename_call(self, was: str, key: str) -> str:
        return "PATCH /scim/users"

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        missing = [name for name in CREATE_FIELDS if not desired.fields.get(name)] if live is None else []
        if not missing:
            cleared = live is not None and "photo" not in desired.fields and self._puts(desired)
            return [f"{PHOTO_CLEARED}. {PHOTO_LEFT}"] if cleared else []
        return [
            f"the account does not exist and is to be created, for which OneCloud demands {listed(missing)};"
            f" add {'it' if len(missing) == 1 else 'them'}, or correct the login if the account should exist"
        ]

    def creation(self, desired: Desired) -> str:
        return "POST /scim/users"

    def removal_call(self, key: str, action: Action) -> str:
        return {Action.DISABLE: "PATCH /scim/users", Action.DELETE: "DELETE /scim/users"}.get(action, "")

    def facts(self, live: Values) -> dict[str, Any]:
        return {ID: live[ID]} if live.get(ID) else {}

    def handler(self, client: Any) -> ScimAccountsHandler:
        return ScimAccountsHandler(client, self)
