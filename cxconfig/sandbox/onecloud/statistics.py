"""Names that the statistics API lists: /statsapi/cfg (wire document, section 13)."""

from __future__ import annotations

from cxconfig.sandbox.http import Answer, Call, Endpoint
from cxconfig.sandbox.onecloud.answers import shown
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.seed import REALTIME_STATISTICS

FILTERS = {
    "agentCanSelect": "agent_can_select",
    "inbound": "inbound",
    "outbound": "outbound",
    "preview": "preview",
}
"""The vendor's URL parameters; each, when 1, keeps the dispositions that have the mark."""


class StatisticsRoom(Room):
    """Shows the supervised teams with their ids, and dispositions."""

    def endpoints(self) -> list[Endpoint]:
        allowed = frozenset({REALTIME_STATISTICS})
        return [
            Endpoint("GET", "/statsapi/cfg/teams", self.get_teams, allowed),
            Endpoint("GET", "/statsapi/cfg/dispositions", self.get_dispositions, allowed),
        ]

    def get_teams(self, call: Call) -> Answer:
        supervised = self.tenant.clients[call.client].supervises
        return shown(
            [
                {"id": id_, "name": name}
                for name, id_ in sorted(self.tenant.teams.items())
                if supervised is None or name in supervised
            ]
        )

    def get_dispositions(self, call: Call) -> Answer:
        asked = [mark for name, mark in FILTERS.items() if call.query_values.get(name) == ["1"]]
        return shown([d.name for d in self.tenant.dispositions if all(getattr(d, mark) for mark in asked)])
