"""SCIM users: /configapi/v2/scim/users (wire document, section 12). The people are those of /configapi/v2/user."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from cxconfig.sandbox.http import JSON, SCIM_JSON, Answer, Call, Endpoint, Refusal
from cxconfig.sandbox.onecloud import scim_values
from cxconfig.sandbox.onecloud.answers import DELETION, SCIM_FORMS, ScimRefusal, scim_answer
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.gate import NO_PRIVILEGE, NOT_FOUND
from cxconfig.sandbox.onecloud.scim_values import ADDRESS, LIST, NAME, PATCH, PHONES, USER, Changes
from cxconfig.sandbox.onecloud.seed import MANAGE_TEAMS, MANAGE_USERS, UserSeed
from cxconfig.sandbox.onecloud.state import User, fresh_id
from cxconfig.sandbox.switches import Switch

SERVED = Switch(
    "scim",
    "whether the tenant has SCIM",
    "on",
    {
        "on": "it has",
        "404": "no such API",
        "403": "refused for lack of privileges",
        "no-account": "no SCIM integration account: creating is 400, the rest works",
    },
)
ROLES = Switch(
    "U38",
    "SCIM roles and groups",
    "objects",
    {"objects": "roles as objects, the team as a group", "strings": "roles as strings, no groups"},
)
NO_MATCH = Switch(
    "U39",
    "SCIM filter without a match",
    "200",
    {"200": "an empty list", "404": "not found"},
)
EXTENSION_USED = Switch(
    "U40",
    "SCIM extension that another user has",
    "409",
    {"409": "conflict", "400": "bad request"},
)
RENAME = Switch(
    "scim-rename",
    "change of userName",
    "allowed",
    {"allowed": "carried out", "refused": "403, as where the service provider did not enable it"},
)
PATHS = Switch(
    "scim-patch-paths",
    "PATCH with a path that chooses among values",
    "refused",
    {"refused": "400", "accepted": "carried out for phones by type and the primary e-mail address"},
)
LISTING = Switch(
    "scim-list",
    "SCIM users without a filter",
    "refused",
    {"refused": "400", "all": "every user", "page": "the first 100, totalResults counts all"},
)
CASE = Switch(
    "scim-case",
    "case of userName in a filter",
    "exact",
    {"exact": "it counts", "ignored": "it does not, several users may be found"},
)
PHOTO = Switch(
    "scim-put-photo",
    "PUT without a photo",
    "cleared",
    {"cleared": "the photo goes", "kept": "it stays"},
)
REGION = Switch(
    "scim-region",
    "region of the address at creation",
    "kept",
    {"kept": "stored", "lost": "left out, as in the vendor's example"},
)
SWITCHES = (SERVED, ROLES, NO_MATCH, EXTENSION_USED, RENAME, PATHS, LISTING, CASE, PHOTO, REGION)

BASE = "/configapi/v2/scim/users"
INTERNAL = "http://localhost:8080"
"""The host in Location, which a client cannot reach."""
PAGE = 100


class ScimRoom(Room):
    """Finds, creates, shows, changes, renames and deletes users."""

    def endpoints(self) -> list[Endpoint]:
        one = f"{BASE}/{{}}"
        rights = frozenset({MANAGE_USERS, MANAGE_TEAMS})
        kinds = (JSON, SCIM_JSON)
        return [
            Endpoint("GET", BASE, self.find, rights, every=True),
            Endpoint("POST", BASE, self.post, rights, kinds, every=True, write=True),
            Endpoint("GET", one, self.get, rights, every=True),
            Endpoint("PUT", one, self.put, rights, kinds, every=True, write=True),
            Endpoint("PATCH", one, self.patch, rights, kinds, every=True, write=True),
            Endpoint("DELETE", one, self.delete, rights, every=True, write=True),
        ]

    def find(self, call: Call) -> Answer:
        self._check_served()
        asked = call.query_values.get("filter")
        if asked is None:
            return self._all()
        found = self._named(scim_values.login_of(asked[0]))
        if not found and self.switches[NO_MATCH] == "404":
            raise ScimRefusal(404, "user not found")
        return self._listed(found, len(found))

    def get(self, call: Call) -> Answer:
        return scim_answer(200, self._shown(self._user(call)), self.switches)

    def post(self, call: Call) -> Answer:
        self._check_served()
        if self.switches[SERVED] == "no-account":
            raise ScimRefusal(400, "SCIM integration account is not configured")
        content = scim_values.created(scim_values.body_of(call, USER))
        if content["loginId"] in self.tenant.users:
            raise ScimRefusal(409, "user with this login already exists", "uniqueness")
        self._check(content)
        if self.switches[REGION] == "lost":
            content.pop("region", None)
        user = self.tenant.add(UserSeed.model_validate(self._defaults() | content | {"id": fresh_id()}))
        shown = self._shown(user, wrote=True)
        # The creation shows an empty externalId behind the id, and no dates.
        shown = {"schemas": shown["schemas"], "id": user.id, "externalId": ""} | shown
        shown["meta"] = {name: value for name, value in shown["meta"].items() if name in {"resourceType", "location"}}
        return scim_answer(201, shown, self.switches, (("Location", f"{INTERNAL}{BASE}/{user.id}"),))

    def put(self, call: Call) -> Answer:
        user = self._user(call)
        stays = self.switches[PHOTO] == "kept"
        return self._write(user, scim_values.replaced(scim_values.body_of(call, USER), photo_stays=stays))

    def patch(self, call: Call) -> Answer:
        user = self._user(call)
        chosen = self.switches[PATHS] == "accepted"
        return self._write(user, scim_values.patched(scim_values.body_of(call, PATCH), chosen=chosen))

    def delete(self, call: Call) -> Answer:
        user = self._user(call)
        if self.switches[DELETION] == "done":
            self.tenant.remove(user.values["loginId"])
        return Answer(204, b"", None)

    def _check_served(self) -> None:
        setting = self.switches[SERVED]
        if setting in {"404", "403"}:
            raise Refusal(int(setting), NOT_FOUND if setting == "404" else NO_PRIVILEGE)

    def _user(self, call: Call) -> User:
        self._check_served()
        login = self.tenant.ids.get(call.parameters[0])
        if login is None:
            raise ScimRefusal(404, "user not found")
        return self.tenant.users[login]

    def _named(self, login: str) -> list[User]:
        if self.switches[CASE] == "ignored":
            return [user for name, user in self.tenant.users.items() if name.casefold() == login.casefold()]
        return [self.tenant.users[login]] if login in self.tenant.users else []

    def _all(self) -> Answer:
        setting, users = self.switches[LISTING], list(self.tenant.users.values())
        if setting == "refused":
            raise ScimRefusal(400, "missing required parameter: filter", "invalidFilter")
        return self._listed(users if setting == "all" else users[:PAGE], len(users))

    def _listed(self, users: Collection[User], total: int) -> Answer:
        content = {"schemas": [LIST], "totalResults": total, "Resources": [self._shown(user) for user in users]}
        return scim_answer(200, content, self.switches)

    def _defaults(self) -> Changes:
        """What a new user has who is told nothing of it; without a password one is made up that nobody knows."""
        seed, teams = self.tenant.seed, self.tenant.teams
        team = seed.scim_default_team or next(iter(teams), "")
        if team not in teams:
            raise ScimRefusal(400, "SCIM integration account has no default team")
        role = seed.scim_default_role or next(iter(seed.roles or ()), "Agent")
        return {"team": team, "roles": [role], "password": secrets.token_urlsafe(24)}

    def _write(self, user: User, changes: Changes) -> Answer:
        login = user.values["loginId"]
        now = changes.get("loginId", login)
        if now != login and self.switches[RENAME] == "refused":
            raise Refusal(403, "changing of username is not allowed by the service provider")
        if now != login and now in self.tenant.users:
            raise ScimRefusal(409, "user with this login already exists", "uniqueness")
        self._check(changes, login)
        self.tenant.change(login, changes)
        return scim_answer(200, self._shown(user, wrote=True), self.switches)

    def _check(self, changes: Changes, login: str = "") -> None:
        """Refuse what the tenant does not allow; an empty login is that of a new user."""
        lowest = self.tenant.seed.password_min_length
        if changes.get("password") and len(changes["password"]) < lowest:
            text = f"password does not comply with the security policy: at least {lowest} characters"
            raise ScimRefusal(400, text, "invalidValue")
        known = self.tenant.seed.roles
        if known is not None and not set(changes.get("roles", ())) <= set(known):
            raise ScimRefusal(404, "Role not found")
        if changes.get("extension", "-") == "":
            raise ScimRefusal(400, "an extension cannot be empty", "invalidValue")
        owner = self.tenant.extensions.get(changes.get("extension", ""))
        if owner is not None and (not owner or owner != login):
            raise ScimRefusal(int(self.switches[EXTENSION_USED]), "extension is already in use", "uniqueness")

    def _shown(self, user: User, *, wrote: bool = False) -> dict[str, Any]:
        """The resource as the vendor's examples show it: unset texts are left out."""
        values = user.values
        texts = {name: values[name] for name in ("nickName", "title", "timezone") if values[name]}
        address = {part: values[field] for part, field in ADDRESS.items() if values[field]}
        bare = wrote and self.switches[SCIM_FORMS] == "newer"
        shown: dict[str, Any] = {
            "schemas": [USER],
            "id": user.id,
            "meta": self._meta(user),
            "userName": values["loginId"],
            **{name: texts[name] for name in ("nickName",) if name in texts},
            "name": {part: values[field] for part, field in NAME.items()},
            **{name: texts[name] for name in ("title", "timezone") if name in texts},
            "active": not values["disabled"],
            "emails": [{"value": values["email"], "primary": True}] if values["email"] else [],
            "phoneNumbers": [{"type": type_, "value": values[f]} for type_, f in PHONES.items() if values[f]],
            "addresses": [address] if address or not bare else [],
        }
        if self.switches[ROLES] == "strings":
            return shown | {"roles": list(values["roles"])}
        return shown | {"roles": [{"value": name} for name in values["roles"]], "groups": self._groups(values["team"])}

    def _groups(self, team: str) -> list[dict[str, str]]:
        id_ = self.tenant.teams.get(team)
        return [{"value": id_, "display": team}] if id_ else []

    def _meta(self, user: User) -> dict[str, str]:
        host = self.tenant.seed.tenant or "tenant.cx.onecloud.com"
        location = f"http://{host}{BASE}/{user.id}"
        if self.switches[SCIM_FORMS] == "newer":
            changed = user.changed or user.created
            return {"resourceType": "USER", "lastModified": _when(changed, "%Y-%m-%d"), "location": location}
        dates = {"created": _when(user.created, "%d-%m-%Y")}
        if user.changed:
            dates["lastModified"] = _when(user.changed, "%d-%m-%Y")
        return {"resourceType": "USER", **dates, "location": location}


def _when(moment: datetime, day: str) -> str:
    return moment.strftime(f"{day}T%H:%M:%S")
