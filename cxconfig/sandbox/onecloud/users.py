"""Users and their lock state: /configapi/v2/user (wire document, section 10)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cxconfig.sandbox.http import JSON, Answer, Call, Endpoint
from cxconfig.sandbox.onecloud import values
from cxconfig.sandbox.onecloud.answers import DELETION, UserRefusal, shown, written
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.seed import MANAGE_USERS, UserSeed
from cxconfig.sandbox.onecloud.state import User, fresh_id
from cxconfig.sandbox.switches import Switch

UNSUPPORTED = Switch(
    "U4",
    "PUT user with a field that it does not change, and a skill that does not exist (create too)",
    "400",
    {
        "400": "refused, nothing is changed",
        "ignored": "left out without a word, the rest is changed",
        "404": "an unknown skill is 404, other fields are ignored",
    },
)
SKILLS = Switch(
    "U5",
    "skills in PUT user",
    "replace",
    {"replace": "exactly these skills remain", "merge": "these are added or changed, others stay"},
)
DISABLED = Switch(
    "put-disabled",
    "disabled in PUT user",
    "changed",
    {"changed": "carried out", "kept": "answered as if it were, and left as it is"},
)
PASSWORD_REQUIRED = Switch(
    "password-required",
    "whether creating a user needs a password",
    "yes",
    {"yes": "400 without one", "no": "a user without password is created"},
)
LOGIN_INFO = Switch(
    "login-info",
    "loginInfo in GET user, as newer builds send it",
    "off",
    {"off": "absent", "on": "present"},
)
SWITCHES = (UNSUPPORTED, SKILLS, DISABLED, PASSWORD_REQUIRED, LOGIN_INFO)

REQUIRED = ("loginId", "firstName", "lastName", "team")
CHANGEABLE = frozenset({"skills", "disabled", "password", "changePassword", "team"})
NO_LOGIN = {
    "isLoggedIn": False,
    **dict.fromkeys(("lastLogin", "lastLogout", "browser", "phoneMode", "os", "ipAddress"), ""),
    **dict.fromkeys(("userAgent", "adHelperVersion", "appType", "appVersion"), ""),
}
"""The keys of `loginInfo` for a user who never logged in; the values are assumed."""


class UserRoom(Room):
    """Creates, shows, changes, deletes and unlocks users."""

    def endpoints(self) -> list[Endpoint]:
        allowed = frozenset({MANAGE_USERS})
        base, one, lock = "/configapi/v2/user", "/configapi/v2/user/{}", "/configapi/v2/user/lock/{}"
        return [
            Endpoint("POST", base, self.post, allowed, media_types=(JSON,), write=True),
            Endpoint("GET", one, self.get, allowed),
            Endpoint("PUT", one, self.put, allowed, media_types=(JSON,), write=True),
            Endpoint("DELETE", one, self.delete, allowed, write=True),
            Endpoint("GET", lock, self.get_lock, allowed),
            Endpoint("PUT", lock, self.put_lock, allowed, write=True),
        ]

    def get(self, call: Call) -> Answer:
        user = self._user(call)
        if self.switches[LOGIN_INFO] == "on":
            return shown(user.shown() | {"loginInfo": NO_LOGIN})
        return Answer(200, user.body())

    def post(self, call: Call) -> Answer:
        content = values.read(values.body_of(call))
        needed = (*REQUIRED, "password") if self.switches[PASSWORD_REQUIRED] == "yes" else REQUIRED
        missing = [name for name in needed if not content.get(name, "").strip()]
        if missing:
            raise UserRefusal(400, f"missing required field: {', '.join(missing)}")
        self._check_password(content)
        if content["loginId"] in self.tenant.users:
            raise UserRefusal(409, "user with this login already exists")
        if content.get("extension") in self.tenant.extensions:
            raise UserRefusal(409, "extension is already in use")
        self._check_references(content)
        self.tenant.add(UserSeed.model_validate(content | {"id": fresh_id()}))
        return written(self.switches)

    def put(self, call: Call) -> Answer:
        user = self._user(call)
        sent = values.body_of(call)
        content = values.read(sent)
        unsupported = sorted(sent.keys() - CHANGEABLE)
        if unsupported and self.switches[UNSUPPORTED] == "400":
            raise UserRefusal(400, f"not supported by the API: {', '.join(unsupported)}")
        content = {name: value for name, value in content.items() if name in CHANGEABLE}
        self._check_password(content)
        self._check_references(content)
        if "skills" in content and self.switches[SKILLS] == "merge":
            content["skills"] = user.values["skills"] | content["skills"]
        if self.switches[DISABLED] == "kept":
            content.pop("disabled", None)
        self.tenant.change(call.parameters[0], content)
        return written(self.switches)

    def delete(self, call: Call) -> Answer:
        self._user(call)
        if self.switches[DELETION] == "done":
            self.tenant.remove(call.parameters[0])
        return written(self.switches)

    def get_lock(self, call: Call) -> Answer:
        return shown({"lockedOut": self._user(call).locked_out})

    def put_lock(self, call: Call) -> Answer:
        self._user(call).locked_out = False
        return shown({"lockedOut": False})

    def _user(self, call: Call) -> User:
        user = self.tenant.users.get(call.parameters[0])
        if user is None:
            raise UserRefusal(404, "user not found")
        return user

    def _check_password(self, content: dict[str, Any]) -> None:
        lowest = self.tenant.seed.password_min_length
        if "password" in content and len(content["password"]) < max(lowest, 1):
            raise UserRefusal(400, f"password does not comply with the security policy: at least {lowest} characters")

    def _check_references(self, content: dict[str, Any]) -> None:
        """Refuse names that do not exist; unknown skills are treated as switch U4 says."""
        if "team" in content and content["team"] not in self.tenant.teams:
            raise UserRefusal(404, "user team not found")
        if _unknown(content.get("roles", ()), self.tenant.seed.roles):
            raise UserRefusal(404, "user role not found")
        unknown = _unknown(content.get("skills", ()), self.tenant.seed.skills)
        if not unknown:
            return
        setting = self.switches[UNSUPPORTED]
        if setting != "ignored":
            raise UserRefusal(int(setting), "skill not found")
        content["skills"] = {name: level for name, level in content["skills"].items() if name not in unknown}


def _unknown(names: Collection[str], existing: list[str] | None) -> set[str]:
    return set() if existing is None else set(names) - set(existing)
