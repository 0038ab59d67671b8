"""The phone directory and the access numbers: /configapi/v2/phone (wire document, section 11)."""

from __future__ import annotations

from typing import Any

from cxconfig.sandbox.http import Answer, Call, Endpoint
from cxconfig.sandbox.onecloud.answers import shown
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.seed import MANAGE_PHONES, MANAGE_USERS
from cxconfig.sandbox.onecloud.state import User


class PhoneRoom(Room):
    """Shows who has which extension, and which numbers lead to which scenario."""

    def endpoints(self) -> list[Endpoint]:
        # The vendor asks for a user "authorized to manage users and/or phones".
        allowed = frozenset({MANAGE_PHONES, MANAGE_USERS})
        return [
            Endpoint("GET", "/configapi/v2/phone/user", self.get_users, allowed),
            Endpoint("GET", "/configapi/v2/phone/ext", self.get_numbers, allowed),
        ]

    def get_users(self, call: Call) -> Answer:
        return shown([_entry(user) for user in sorted(self.tenant.users.values(), key=_by_extension)])

    def get_numbers(self, call: Call) -> Answer:
        return shown([number.model_dump() for number in self.tenant.access_numbers])


def _by_extension(user: User) -> tuple[int, str]:
    """Numbers in the order of their size, which for texts is that of length and then of the text."""
    extension: str = user.values["extension"]
    return len(extension), extension


def _entry(user: User) -> dict[str, Any]:
    entry: dict[str, Any] = {name: user.values[name] for name in ("extension", "loginId", "firstName", "lastName")}
    if user.external:
        entry["external"] = user.external
    return entry | {"voiceMail": user.voice_mail, "greeting": user.greeting}
