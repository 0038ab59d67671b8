"""OneCloud CX, simulated: token, users, lock state, SCIM, teams, phones and the names of the statistics API."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from cxconfig.sandbox.http import Answer, Call, Refusal
from cxconfig.sandbox.onecloud import answers, gate, scim, token, users
from cxconfig.sandbox.onecloud.base import Clock
from cxconfig.sandbox.onecloud.byhand import routes
from cxconfig.sandbox.onecloud.gate import Gate, bearer, too_many
from cxconfig.sandbox.onecloud.phones import PhoneRoom
from cxconfig.sandbox.onecloud.scim import ScimRoom
from cxconfig.sandbox.onecloud.seed import DEFAULT_SEED, parse_seed
from cxconfig.sandbox.onecloud.state import Tenant
from cxconfig.sandbox.onecloud.statistics import StatisticsRoom
from cxconfig.sandbox.onecloud.teams import TeamRoom
from cxconfig.sandbox.onecloud.token import TokenRoom
from cxconfig.sandbox.onecloud.users import UserRoom
from cxconfig.sandbox.switches import Switches
from cxconfig.sandbox.system import AdminRoute, System


class OneCloud(System):
    """A simulated tenant. `tenant` is its state; a new endpoint is one more room."""

    name = "onecloud"
    prefixes = ("configapi", "statsapi")
    switches = (*token.SWITCHES, *gate.SWITCHES, *users.SWITCHES, *scim.SWITCHES, *answers.SWITCHES)

    def __init__(self, switches: Switches, clock: Clock = time.monotonic) -> None:
        self._switches = switches
        self.tenant = Tenant.from_seed(parse_seed(DEFAULT_SEED, "the default seed"))
        rooms = (TokenRoom, UserRoom, ScimRoom, TeamRoom, PhoneRoom, StatisticsRoom)
        self._gate = Gate([room(lambda: self.tenant, switches, clock) for room in rooms])

    def answer(self, call: Call) -> Answer:
        try:
            return self._gate.admit(call).handle(call)
        except Refusal as refusal:
            return answers.refused(refusal, self._switches)

    def limited(self, retry_after: int | None) -> Answer:
        return answers.refused(too_many(retry_after), self._switches)

    def end_token(self, call: Call, *, expired: bool) -> None:
        (self.tenant.expire if expired else self.tenant.revoke)(bearer(call))

    def end_tokens(self, *, expired: bool) -> None:
        for text in list(self.tenant.tokens):
            (self.tenant.expire if expired else self.tenant.revoke)(text)

    def load(self, seed: Mapping[str, Any], source: str) -> None:
        # Tokens live on: a state set by hand is no restart of the live system.
        old, self.tenant = self.tenant, Tenant.from_seed(parse_seed(seed, source))
        self.tenant.tokens = {t: k for t, k in old.tokens.items() if k.client.client_id in self.tenant.clients}

    def dump(self) -> dict[str, Any]:
        return self.tenant.as_seed()

    def admin_routes(self) -> Sequence[AdminRoute]:
        return routes(lambda: self.tenant)
