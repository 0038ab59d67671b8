"""What the engine announces, held against the plan."""

from __future__ import annotations

import re

import pytest

from cxconfig.engine.steps import hold_against
from cxconfig.errors import AnnouncementMismatch
from cxconfig.kinds import Action
from cxconfig.planning.plan import Plan, Step
from tests.engine.test_runs import JDOE, URN, USERS


@pytest.mark.parametrize(
    ("announced", "said"),
    [
        ({URN: "delete"}, r"the engine would delete onecloud users jdoe, the comparison says update"),
        ({}, r"the comparison says update for onecloud users jdoe, the engine nothing"),
        ({URN: "update", URN + "2": "update"}, r"the engine would update onecloud users jdoe2, the comparison says no"),
    ],
)
def test_an_engine_that_announces_something_else_is_stopped(announced: dict[str, str], said: str) -> None:
    """The message names each object on which the two differ."""
    plan = Plan("acme", (Step(*JDOE, Action.UPDATE, recorded=True),), {USERS: 1})
    hold_against({URN: "update"}, plan, "cxconfig", "acme", full=False)
    with pytest.raises(AnnouncementMismatch, match=re.compile(said)):
        hold_against(announced, plan, "cxconfig", "acme", full=False)


def test_a_mismatch_of_many_objects_is_shortened() -> None:
    """Ten are named, the others counted."""
    announced = {f"{URN}{number}": "delete" for number in range(25)}
    with pytest.raises(AnnouncementMismatch, match="and 15 more"):
        hold_against(announced, Plan("acme", (), {}), "cxconfig", "acme", full=False)
