"""A kind that the live tenant does not offer: each object has its problem, and all the rest is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, OnRemove
from cxconfig.planning.compare import compare
from cxconfig.planning.plan import Plan, Recorded, Result
from cxconfig.planning.renames import followed
from cxconfig.planning.world import Off, World
from tests.planning.fakes import BADGES, MEMBERS, REGISTRY
from tests.planning.test_twins import ANN, DIGESTER, PLACE, by_kind, desired, held

SYSTEM = Place("tenant.yaml", 4, 3)
OFF = {BADGES: Off("badges are off", "Have them enabled.", SYSTEM)}
SAID = "badge ann: badges are off. Have them enabled."


def planned(
    members: Mapping[str, Any],
    badges: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    *recorded: Recorded,
    audit: bool = False,
    settings: Mapping[str, KindSettings] | None = None,
) -> Plan:
    """`live`: the member ann, as the door that is open shows her."""
    wanted = desired(members, badges)
    keys = {*wanted, *((r.kind, r.key) for r in recorded)}
    seen = {where: {} if where[0] == BADGES else live for where in keys}
    records = None if audit else {(r.kind, r.key): r for r in recorded}
    world = World("acme", wanted, seen, recorded=records, digester=DIGESTER, settings=settings or {}, off=OFF)
    return compare(REGISTRY, followed(REGISTRY, world))


@pytest.mark.parametrize("recorded", [(), (held(BADGES, colour="red", active=True),)])
def test_what_is_declared_is_a_problem_and_the_rest_is_planned(recorded: tuple[Recorded, ...]) -> None:
    """It is neither created nor updated nor unchanged, whatever it says; the other kind's plan is whole."""
    plan = planned({"ann": {"room": "13"}}, {"ann": {"colour": "blue", "active": False}}, ANN, *recorded)
    step = by_kind(plan)[BADGES]
    assert (step.problems, step.place, step.action, step.unread) == ((SAID,), PLACE, Action.NONE, True)
    assert [d.field for d in by_kind(plan)[MEMBERS].differences] == ["room"]
    assert plan.blocked and plan.unchanged == 0
    assert Result("preview", plan).exit_code == Result("up", plan).exit_code == 1


def test_an_audit_that_cannot_read_is_no_audit_without_drift() -> None:
    plan = planned({"ann": {"room": "12"}}, {"ann": {"colour": "blue"}}, ANN, audit=True)
    assert (list(by_kind(plan)), plan.unchanged) == ([BADGES], 1)
    assert Result("audit", plan).exit_code == 1


def test_a_rename_has_the_one_problem() -> None:
    """Nobody knows which of the two keys is live, so nothing is said of that."""
    wanted = {where: replace(one, was="anna") for where, one in desired({}, {"ann": {}}).items()}
    seen: dict[tuple[str, str], Any] = {(BADGES, "ann"): {}, (BADGES, "anna"): {}}
    record = {(BADGES, "anna"): held(BADGES, "anna", active=True)}
    world = followed(REGISTRY, World("acme", wanted, seen, recorded=record, digester=DIGESTER, off=OFF))
    (step,) = compare(REGISTRY, world).steps
    assert (step.key, step.problems, step.action) == ("ann", (SAID,), Action.NONE)


@pytest.mark.parametrize("policy", ["disable", "delete"])
def test_what_is_to_be_removed_is_a_problem_where_the_system_stands(policy: str) -> None:
    """Nobody knows that it is disabled already."""
    plan = planned({}, {}, None, held(BADGES, on_remove=policy))
    (step,) = plan.steps
    assert (step.action.value, step.problems, step.place) == (policy, (SAID,), SYSTEM)


@pytest.mark.parametrize(
    ("recorded", "settings"),
    [
        (held(BADGES, on_remove="retain"), KindSettings()),
        (held(BADGES), KindSettings(on_remove=OnRemove.RETAIN)),
        (held(BADGES), KindSettings(exclude=("a*",))),
    ],
)
def test_what_is_only_forgotten_needs_nobody(recorded: Recorded, settings: KindSettings) -> None:
    plan = planned({}, {}, None, recorded, settings={BADGES: settings})
    (step,) = plan.steps
    assert (step.action, step.problems, step.unread, step.exists) == (Action.FORGET, (), False, True)


@pytest.mark.parametrize("policy", ["disable", "delete"])
@pytest.mark.parametrize("live", [{**ANN, "disabled": False}, {**ANN, "disabled": True}, None])
def test_the_other_door_does_it_or_has_done_it(policy: str, live: Mapping[str, Any] | None) -> None:
    """Whoever leaves through both is removed through the one that is open; whoever stays at that is only forgotten."""
    badge = held(BADGES, on_remove=policy)
    for plan in (
        planned({}, {}, live, badge, held(MEMBERS, on_remove=policy)),
        planned({"ann": {"name": "Ann", "disabled": True}}, {}, live, badge),
    ):
        step = by_kind(plan)[BADGES]
        assert (step.action, step.problems, step.unread, step.place) == (Action.FORGET, (), False, None)
    if live is not None and policy == "delete":
        plan = planned({}, {}, live, badge, held(MEMBERS, on_remove="retain"))
        assert not plan.blocked, "the leader decides, whatever the other door would do"


def test_a_protected_one_says_that_it_is_protected() -> None:
    plan = planned({}, {}, None, held(BADGES), settings={BADGES: KindSettings(protect=True)})
    (text,) = plan.steps[0].problems
    assert "protects it" in text and not plan.steps[0].unread
