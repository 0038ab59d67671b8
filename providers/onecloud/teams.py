"""OneCloud teams: names that users belong to. The API only lists them, so a declared team is asserted to exist.

Source: the vendor's "Get Teams" (names), and the statistics API's `cfg/teams` (ids of the supervised ones).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cxconfig.errors import ObjectError
from cxconfig.kinds import (
    Action,
    Declared,
    Desired,
    Difference,
    Extent,
    FieldSpec,
    Handler,
    Kind,
    OnRemove,
    Owning,
    Tick,
    Values,
    specs_of,
    untold,
)
from cxconfig.nearness import near


class Team(BaseModel):
    """A team that must exist: the API cannot create or change one. It may list its members, whose `team` it then is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        FieldSpec(setting=True, limits="each user in one team only", example="[jdoe, jroe]"),
    ] = Field(default_factory=list)
    """The logins of users whose `team` this is, in the place of a `team` of their own. Of a user who is not declared in
    `users` nothing else is managed."""
    membership: Annotated[Extent, FieldSpec(setting=True, example="exclusive")] = Extent.ADDITIVE
    """May others be in the team, too? `exclusive`: whoever is in it live, and neither in `members` nor declared with
    this `team`, is reported."""


class Teams(Kind):
    system = "onecloud"
    name = "teams"
    singular = "team"
    model = Team
    specs = specs_of(Team)
    removals = (OnRemove.RETAIN,)
    privilege = "Manage users"
    example = "Sales"
    listable = True
    owning = Owning(names="members", extent="membership", kind="users", field="team")

    def desire(self, declared: Declared) -> Desired:
        return Desired(self.id, declared.key, {}, place=declared.place)

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return []

    def creation(self, desired: Desired) -> str:
        return ""

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        return [] if live is not None else [missing_team(desired.key, supporting["teams"])]

    def facts(self, live: Values) -> dict[str, Any]:
        return {"statsapi_id": live["statsapi_id"]} if live.get("statsapi_id") else {}

    def handler(self, client: Any) -> TeamsHandler:
        return TeamsHandler(client)


class TeamsHandler(Handler):
    """Reads two lists, once each; writes nothing."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        names = set(self.client.team_names())
        ids = self.client.team_ids() if names.intersection(wanted) else {}
        return {key: {"statsapi_id": ids.get(key, "")} if key in names else None for key in wanted}

    def enumerate(self) -> Sequence[str]:
        return sorted(set(self.client.team_names()))

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        live = self.observe({desired.key: {}})[desired.key]
        if live is None:
            text = missing_team(desired.key, self.client.team_names())
            raise ObjectError(text, kind=desired.kind, key=desired.key, place=desired.place)
        return live

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        return live

    def remove(self, key: str, live: Values, action: Action) -> None:
        """A team cannot be removed through the API: it is only forgotten."""

    def supporting(self) -> Mapping[str, Any]:
        return {"teams": self.client.team_names()}


def missing_team(name: str, existing: Sequence[str]) -> str:
    """The sentence for a team that is declared or referred to and does not exist live."""
    close = near(name, existing)
    hint = f"did you mean {' or '.join(map(repr, close))}? Otherwise create" if close else "create"
    return (
        f"the team {name!r} does not exist in OneCloud, and the API cannot create teams; {hint} it on the"
        " Users & Teams pages of the contact centre administrator, or correct the name"
    )
