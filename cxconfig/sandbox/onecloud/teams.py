"""GET /configapi/v2/team: names only, sorted (wire document, section 10)."""

from __future__ import annotations

from cxconfig.sandbox.http import Answer, Call, Endpoint
from cxconfig.sandbox.onecloud.answers import shown
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.seed import MANAGE_USERS


class TeamRoom(Room):
    """Lists teams; the API cannot create or change one."""

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint("GET", "/configapi/v2/team", self.get, frozenset({MANAGE_USERS}))]

    def get(self, call: Call) -> Answer:
        return shown([{"name": name} for name in sorted(self.tenant.teams)])
