"""Changes "by hand" behind the back of the API's clients. The API's rules (passwords, what PUT may change) do not
apply; only what the state itself needs is checked. Mistakes are `SettingsError`, an unknown login is a `KeyError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from cxconfig.errors import SettingsError
from cxconfig.nearness import did_you_mean
from cxconfig.sandbox.onecloud.seed import UserSeed
from cxconfig.sandbox.onecloud.state import BY_HAND, Tenant
from cxconfig.sandbox.system import AdminRoute, json_object


def change_user(tenant: Tenant, login: str, values: Mapping[str, Any]) -> None:
    """Set any fields of a user by the vendor's names, also `loginId`, `password` and `lockedOut`."""
    user = tenant.users[login]
    for name in values:
        if name not in BY_HAND:
            way_out = did_you_mean(name, BY_HAND) or f"use one of: {', '.join(sorted(BY_HAND))}"
            raise SettingsError(f"no field {name!r} of a user can be changed", way_out=way_out)
    checked = _checked(tenant, user.values | dict(values))
    if checked.login_id != login and checked.login_id in tenant.users:
        raise SettingsError(f"there is a user {checked.login_id!r} already", way_out="use another login")
    if tenant.extensions.get(checked.extension, login) != login:
        raise SettingsError(f"extension {checked.extension} is taken", way_out="use another one")
    by_alias = checked.model_dump(by_alias=True)
    tenant.change_by_hand(login, {name: by_alias[name] for name in values})


def add_user(tenant: Tenant, values: Mapping[str, Any]) -> None:
    """Add a user in the form of a seed."""
    checked = _checked(tenant, values)
    if checked.login_id in tenant.users:
        raise SettingsError(f"there is a user {checked.login_id!r} already", way_out="change that one")
    if checked.extension in tenant.extensions:
        raise SettingsError(f"extension {checked.extension} is taken", way_out="use another one")
    if checked.id in tenant.ids:
        raise SettingsError(f"there is a user with the id {checked.id} already", way_out="leave the id out")
    tenant.add(checked)


def _checked(tenant: Tenant, values: Mapping[str, Any]) -> UserSeed:
    try:
        checked = UserSeed.model_validate(dict(values))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in found["loc"])
        raise SettingsError(f"{name}: {found['msg']}", way_out="use the vendor's field names and types") from None
    if checked.team not in tenant.teams:
        way_out = did_you_mean(checked.team, tenant.teams) or f"use one of: {', '.join(tenant.teams)}"
        raise SettingsError(f"there is no team {checked.team!r}", way_out=way_out)
    return checked


def routes(tenant: Callable[[], Tenant]) -> list[AdminRoute]:
    """The admin routes of a tenant: users, lock state, teams and the check of a password."""

    def get_users(_: Mapping[str, str], __: Any) -> Any:
        return {login: user.as_seed() for login, user in tenant().users.items()}

    def post_user(_: Mapping[str, str], sent: Any) -> Any:
        add_user(tenant(), json_object(sent))

    def patch_user(at: Mapping[str, str], sent: Any) -> Any:
        change_user(tenant(), at["login"], json_object(sent))

    def delete_user(at: Mapping[str, str], _: Any) -> Any:
        tenant().remove(at["login"])

    def lock_user(at: Mapping[str, str], _: Any) -> Any:
        tenant().users[at["login"]].locked_out = True

    def check_password(_: Mapping[str, str], sent: Any) -> Any:
        sent = json_object(sent)
        return {"matches": tenant().users[sent["loginId"]].matches(sent["password"])}

    return [
        AdminRoute("GET", "/users", get_users),
        AdminRoute("POST", "/users", post_user),
        AdminRoute("POST", "/users/{login:path}/lock", lock_user),
        AdminRoute("PATCH", "/users/{login:path}", patch_user),
        AdminRoute("DELETE", "/users/{login:path}", delete_user),
        AdminRoute("POST", "/check-password", check_password),
    ]
