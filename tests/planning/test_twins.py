"""Two doors to one live object: defaults, order, creation, removal; and what nothing but a replacement reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.steps import dependents, expected, handed_steps, needs_of, resources_for
from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings, Limit, Manage
from cxconfig.kinds import Action, Declared, Desired, OnRemove
from cxconfig.language import Tenant
from cxconfig.planning.compare import compare
from cxconfig.planning.handover import HandedStep, Handover
from cxconfig.planning.limits import exceeded
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import Digester
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import desired_objects
from providers.registry import REGISTRY as REAL
from tests.planning.fakes import BADGES, MEMBERS, REGISTRY

DIGESTER = Digester("correct horse", "acme")
PLACE = Place("people.yaml", 3, 5)
TEAMS, USERS, ACCOUNTS = "onecloud.teams", "onecloud.users", "onecloud.scim_accounts"
FEW = {
    MEMBERS: KindSettings(limits={Action.DISABLE: Limit(1), Action.DELETE: Limit(1)}),
    BADGES: KindSettings(limits={Action.DISABLE: Limit(0), Action.DELETE: Limit(0)}),
}
ANN: Mapping[str, Any] = {"name": "Ann", "room": "12", "disabled": False, "active": True, "colour": "red"}


def desired(members: Mapping[str, Any], badges: Mapping[str, Any]) -> dict[Key, Desired]:
    """Of the declared values by key, at both doors."""
    objects = {
        kind: {key: Declared(kind, key, values, PLACE) for key, values in found.items()}
        for kind, found in ((MEMBERS, members), (BADGES, badges))
    }
    return desired_objects(Tenant("acme", Path(), {}, objects), REGISTRY)


def held(kind: str, key: str = "ann", urn: str = "urn:x", **inputs: Any) -> Recorded:
    return Recorded(kind, key, {"key": key, **inputs}, urn)


def world(
    wanted: Mapping[Key, Desired], live: Mapping[str, Any] | None, *recorded: Recorded, key: str = "ann", **more: Any
) -> World:
    seen = {(kind, key): live for kind in (MEMBERS, BADGES)}
    records = {(r.kind, r.key): r for r in recorded}
    return World("acme", wanted, seen, recorded=records, digester=DIGESTER, **more)


def by_kind(plan: Plan) -> dict[str, Step]:
    return {step.kind: step for step in plan.steps}


@pytest.mark.parametrize(
    ("members", "badges", "managed"),
    [
        ({"ann": {}}, {}, {MEMBERS: {"disabled"}}),
        ({}, {"ann": {}}, {BADGES: {"active"}}),
        ({"ann": {}}, {"ann": {}}, {MEMBERS: {"disabled"}, BADGES: set()}),
        ({"ann": {}}, {"ann": {"active": False}}, {MEMBERS: set(), BADGES: {"active"}}),
        ({"ann": {"disabled": True}}, {"ann": {}}, {MEMBERS: {"disabled"}, BADGES: set()}),
    ],
)
def test_a_default_counts_at_one_door_only(
    members: Mapping[str, Any], badges: Mapping[str, Any], managed: Mapping[str, set[str]]
) -> None:
    """It is the leader's, unless the other door lists what it is about; so the two never fight."""
    assert {kind: set(one.fields) for (kind, _), one in desired(members, badges).items()} == managed


def test_the_leader_comes_first() -> None:
    """A real dependency, and the follower is registered with its leader so that the engine does not miss it."""
    wanted = desired({"ann": {}}, {"ann": {}})
    assert needs_of(REGISTRY, wanted, wanted[BADGES, "ann"]) == ((MEMBERS, "ann"),)
    assert needs_of(REGISTRY, wanted, wanted[MEMBERS, "ann"]) == ()
    found = world(wanted, ANN, held(MEMBERS), held(BADGES))
    assert [(r.kind, r.needs) for r in resources_for(REGISTRY, found, [(MEMBERS, "ann")])] == [
        (MEMBERS, ()),
        (BADGES, ((MEMBERS, "ann"),)),
    ]


def test_the_engine_hears_of_what_is_needed_by_what_is_needed() -> None:
    """In that order: what it has not heard of it puts behind, and a state with a dependency behind it is unreadable."""
    sales, lead = {"team": "Sales"}, {"title": "Lead"}
    people: tuple[tuple[str, str, dict[str, str]], ...] = (
        (TEAMS, "Sales", {}),
        (USERS, "ann", sales),
        (USERS, "bob", sales),
        (ACCOUNTS, "ann", lead),
    )
    wanted = {(kind, key): Desired(kind, key, fields) for kind, key, fields in people}
    recorded = {(ACCOUNTS, "ann"): Recorded(ACCOUNTS, "ann", {"key": "ann"}, "urn:x")}
    found = World("acme", wanted, {}, recorded=recorded, digester=DIGESTER)
    whole = [(TEAMS, "Sales"), (USERS, "ann"), (ACCOUNTS, "ann")]
    for target in ([(ACCOUNTS, "ann")], [(USERS, "ann")]):
        assert [(r.kind, r.key) for r in resources_for(REAL, found, target)] == whole
    assert [(r.kind, r.key) for r in resources_for(REAL, found, [(TEAMS, "Sales")])] == whole[:1]


def test_the_leader_creates_and_the_follower_writes_the_rest() -> None:
    """Nothing is demanded of the follower then, and its step is announced as what it is."""
    wanted = desired({"ann": {"name": "Ann"}}, {"ann": {"colour": "red"}})
    found = world(wanted, None)
    plan = compare(REGISTRY, found)
    steps = by_kind(plan)
    assert [s.action for s in plan.steps] == [Action.CREATE, Action.CREATE]
    assert (steps[MEMBERS].call, steps[BADGES].call) == ("POST /members", "PUT /badges/ann after POST /members")
    assert not plan.problems
    handed = handed_steps(plan, found, REGISTRY)
    assert (handed[MEMBERS, "ann"].joins, handed[BADGES, "ann"].joins) == (False, True)
    alone = by_kind(compare(REGISTRY, world(desired({}, {"ann": {"colour": "red"}}), None)))
    assert (alone[BADGES].call, "needs a name" in alone[BADGES].problems[0]) == ("POST /badges", True)


def test_a_handed_step_survives_the_file(tmp_path: Path) -> None:
    """With the old key, the joining and the successors."""
    steps = {(MEMBERS, "new"): HandedStep(Action.RENAME, {"key": "new"}, ("name",), {"id": 1}, "old", True)}
    handover = Handover("acme", "/t", "/j", {}, {}, steps, (), successors={(MEMBERS, "old"): "new"})
    file = tmp_path / "handover.json"
    file.write_text(handover.dump())
    assert Handover.load(file) == handover


def test_who_is_still_declared_through_the_other_door_is_only_forgotten() -> None:
    """At either door; the engine hears that the follower no longer hangs on its leader."""
    found = world(desired({}, {"ann": {}}), ANN, held(MEMBERS, disabled=False), held(BADGES, active=True))
    steps = by_kind(compare(REGISTRY, found))
    assert steps.keys() == {MEMBERS}
    assert (steps[MEMBERS].action, steps[MEMBERS].call) == (Action.FORGET, "")
    assert "still declared as the badge 'ann'" in steps[MEMBERS].notes[0]
    assert dependents(REGISTRY, found, [steps[MEMBERS]]) == [(BADGES, "ann")]
    assert list(expected(compare(REGISTRY, found), "p", "s").values()) == [{"delete"}]
    found = world(desired({"ann": {}}, {}), ANN, held(MEMBERS, disabled=False), held(BADGES, active=True))
    assert by_kind(compare(REGISTRY, found))[BADGES].action is Action.FORGET


def test_no_protection_is_lifted_by_the_other_door() -> None:
    """Its own word at one door, and nothing at the other."""
    found = world(desired({"ann": {}}, {}), ANN, held(MEMBERS, disabled=False), held(BADGES, protect=True))
    assert "write `protect: true` there, too" in by_kind(compare(REGISTRY, found))[BADGES].problems[0]


@pytest.mark.parametrize(
    ("leading", "following", "action", "note"),
    [
        ({}, {}, Action.DISABLE, "disabled as the member 'ann'"),
        ({"on_remove": "delete"}, {}, Action.DELETE, "deleted as the member 'ann'"),
        ({}, {"on_remove": "delete"}, Action.DISABLE, "disabled as the member 'ann'"),
        ({"on_remove": "retain"}, {}, Action.FORGET, "left as it is live as the member 'ann'"),
        ({"on_remove": "retain"}, {"on_remove": "delete"}, Action.FORGET, "left as it is live as the member 'ann'"),
        ({"on_remove": "delete"}, {"on_remove": "retain"}, Action.DELETE, "deleted as the member 'ann'"),
    ],
)
def test_a_leaver_is_removed_once(
    leading: Mapping[str, Any], following: Mapping[str, Any], action: Action, note: str
) -> None:
    """As the leader says, whatever the other door would do: a state from before may hold two words."""
    found = world({}, ANN, held(MEMBERS, **leading), held(BADGES, **following))
    plan = compare(REGISTRY, found)
    assert [step.action for step in plan.steps] == [action, Action.FORGET]
    assert (plan.steps[1].notes, plan.blocked, plan.steps[1].call) == ((note,), False, "")
    assert exceeded(REGISTRY, world({}, ANN, *two_doors(leading, following), settings=FEW), plan) == ()


def two_doors(leading: Mapping[str, Any], following: Mapping[str, Any]) -> tuple[Recorded, Recorded]:
    return held(MEMBERS, **leading), held(BADGES, **following)


def test_kinds_that_disagree_leave_as_the_leader_says() -> None:
    """So do those that are excluded at the leading door; and a sweep that would undo it the next time is told."""
    keep, delete = KindSettings(on_remove=OnRemove.RETAIN), KindSettings(on_remove=OnRemove.DELETE)
    for said in (keep, KindSettings(exclude=("a*",))):
        plan = compare(REGISTRY, world({}, ANN, *two_doors({}, {}), settings={MEMBERS: said, BADGES: delete}))
        assert [step.action for step in plan.steps] == [Action.FORGET, Action.FORGET]
    sweep = {BADGES: KindSettings(manage=Manage.ALL, on_remove=OnRemove.DELETE)}
    others = desired({}, {"eve": {}})
    found = world(others, ANN, *two_doors({"on_remove": "retain"}, {}), settings=sweep)
    found = World(**{**vars(found), "live": {**found.live, (BADGES, "eve"): ANN}})
    (text,) = by_kind(compare(REGISTRY, found))[BADGES].problems or ("",)
    assert "it says `on_remove: retain`" in text


def test_who_leaves_through_the_leading_door_is_no_stranger_at_the_other() -> None:
    """Never declared there, and of a kind of which all are managed."""
    sweep = {BADGES: KindSettings(manage=Manage.ALL, on_remove=OnRemove.DELETE)}
    others = desired({}, {"eve": {}})
    found = world(others, ANN, held(MEMBERS), settings=sweep, listed={BADGES: ["ann", "eve"]})
    found = World(**{**vars(found), "live": {**found.live, (BADGES, "eve"): ANN}})
    going = [(s.kind, s.action) for s in compare(REGISTRY, found).steps if not s.declared]
    assert going == [(MEMBERS, Action.DISABLE)]


@pytest.mark.parametrize(
    ("members", "badges", "recorded", "expected"),
    [
        (None, OnRemove.DELETE, False, [(BADGES, Action.DELETE)]),
        (OnRemove.DELETE, None, False, [(MEMBERS, Action.DELETE)]),
        (None, None, False, [(MEMBERS, Action.NONE), (BADGES, Action.NONE)]),
        (None, None, True, [(BADGES, Action.DISABLE)]),
        (OnRemove.DELETE, None, True, [(MEMBERS, Action.DELETE), (BADGES, Action.FORGET)]),
    ],
)
def test_a_leader_who_is_only_reported_decides_nothing(
    members: OnRemove | None, badges: OnRemove | None, recorded: bool, expected: list[tuple[str, Action]]
) -> None:
    """All are managed at both doors, and he is declared at none. `recorded`: he was, at the following one. Who is
    removed through one is not called left as he is at the other."""
    said = {
        kind: KindSettings(manage=Manage.ALL, on_remove=on_remove)
        for kind, on_remove in ((MEMBERS, members), (BADGES, badges))
    }
    records = [held(BADGES)] if recorded else []
    found = world(
        desired({"eve": {}}, {"bob": {}}), ANN, *records, settings=said, listed={kind: ["ann"] for kind in said}
    )
    found = World(**{**vars(found), "live": {**found.live, (MEMBERS, "eve"): ANN, (BADGES, "bob"): ANN}})
    assert [(s.kind, s.action) for s in compare(REGISTRY, found).steps if not s.declared] == expected


def test_who_only_stood_in_a_list_decides_nothing() -> None:
    """A user whom only a team named stays as he is live; the account of the same login is removed as it says. Not so
    one who was declared, and of whom nothing but the team was managed."""
    users, accounts = "onecloud.users", "onecloud.scim_accounts"
    live = {"active": True, "disabled": False, "team": "Sales"}
    listed = held(users, team="Sales", on_remove="retain")
    found = world({}, live, listed, held(accounts, title="Lead"))
    found = replace(found, live=dict.fromkeys([(users, "ann"), (accounts, "ann")], live))
    steps = by_kind(compare(REAL, found))
    assert (steps[users].action, steps[accounts].action) == (Action.FORGET, Action.DISABLE)
    declared = {**(found.recorded or {}), (users, "ann"): held(users, team="Sales")}
    steps = by_kind(compare(REAL, replace(found, recorded=declared)))
    assert (steps[users].action, steps[accounts].action) == (Action.DISABLE, Action.FORGET)


@pytest.mark.parametrize("policy", ["disable", "delete", "retain"])
def test_what_protects_either_door_protects_both(policy: str) -> None:
    """It is the same object; and who stays is in no danger."""
    leading, kept = {"on_remove": policy}, policy == "retain"
    for following in ({"protect": True}, {"protect": True, "on_remove": "retain"}):
        plan = compare(REGISTRY, world({}, ANN, *two_doors(leading, following)))
        assert [step.kind for step in plan.problems] == ([] if kept else [BADGES])
    said = {BADGES: KindSettings(protect=True)}
    assert compare(REGISTRY, world({}, ANN, *two_doors(leading, {}), settings=said)).blocked is not kept
    assert compare(REGISTRY, world({}, ANN, *two_doors({**leading, "protect": True}, {}))).blocked is not kept


def test_who_is_declared_through_the_other_door_is_no_stranger() -> None:
    """Where all objects of a kind are managed."""
    said = {BADGES: KindSettings(manage=Manage.ALL, on_remove=OnRemove.DELETE)}
    found = world(
        desired({"ann": {}}, {"eve": {}}),
        ANN,
        held(MEMBERS, disabled=False),
        settings=said,
        listed={BADGES: ["ann", "bob"]},
    )
    live = {**found.live, (BADGES, "eve"): ANN, (BADGES, "bob"): ANN}
    plan = compare(REGISTRY, World(**{**vars(found), "live": live}))
    assert [(s.key, s.action) for s in plan.steps if not s.declared] == [("bob", Action.DELETE)]


# What nothing but a replacement reaches.


def test_a_replacement_is_a_step_of_its_own_and_tells_what_is_lost() -> None:
    """The engine updates; the host deletes and creates."""
    found = world(desired({"ann": {"room": "14"}}, {}), {**ANN, "room": "attic"}, held(MEMBERS, room="attic"))
    plan = compare(REGISTRY, found)
    (step,) = plan.steps
    assert (step.action, step.problems) == (Action.REPLACE, ())
    assert step.notes == ("deleted and created again; lost: the locker",)
    assert step.call == "delete /members/ann, POST /members"
    assert handed_steps(plan, found, REGISTRY)[MEMBERS, "ann"].action is Action.REPLACE
    assert list(expected(plan, "p", "s").values()) == [{"update"}]


def test_protection_holds_against_a_replacement() -> None:
    """Its own, its kind's, and that of the API user."""
    attic, wanted = {**ANN, "room": "attic"}, desired({"ann": {"room": "14"}}, {})
    said = {MEMBERS: KindSettings(protect=True)}
    for more in ({"settings": said}, {"untouchable": {(MEMBERS, "ann"): "the API user"}}):
        assert compare(REGISTRY, world(wanted, attic, held(MEMBERS), **more)).problems


def test_nothing_is_replaced_in_an_audit() -> None:
    """There it differs, as anything else."""
    found = world(desired({"ann": {"room": "14"}}, {}), {**ANN, "room": "attic"})
    (step,) = compare(REGISTRY, World(**{**vars(found), "recorded": None, "digester": None})).steps
    assert step.action is Action.UPDATE
