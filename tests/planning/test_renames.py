"""Objects that had another key: what is live and recorded, under the old one or the new, decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.engine.steps import behind, catching_up, expected, ghosts, handed_steps, resources_for
from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Action, Cause, Declared, OnRemove, SecretRef
from cxconfig.planning.compare import compare
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import Digester, candidate, record_of
from cxconfig.planning.renames import followed, settled, successors, unsettled
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import beside, desired_object
from tests.planning.fakes import BADGES, MEMBERS, REGISTRY

DIGESTER = Digester("correct horse", "acme")
PLACE = Place("people.yaml", 3, 5)
OLD: Key = (MEMBERS, "old")
NEW: Key = (MEMBERS, "new")
ANN: Mapping[str, Any] = {"name": "Ann", "room": "12", "phone": "555", "disabled": False}
FIELDS: Mapping[str, Any] = {"name": "Ann", "phone": "555", "password": SecretRef("env", "P")}


def declared(key: str = "new", was: str = "old", kind: str = MEMBERS, **values: Any) -> Declared:
    return Declared(kind, key, values or (FIELDS if kind == MEMBERS else {}), PLACE, was=was)


def held(key: str, urn: str = "urn:x", *, password: str = "secret-1", was: str = "", **values: Any) -> Recorded:
    """A member as recorded under this key."""
    desired = desired_object(REGISTRY[MEMBERS], declared(key, **{**FIELDS, **values}), KindSettings())
    inputs = record_of(REGISTRY[MEMBERS], desired, {"password": password}, DIGESTER)
    return Recorded(MEMBERS, key, inputs, urn, was=was)


def world(
    live: Mapping[str, Any],
    *recorded: Recorded,
    one: Declared | None = None,
    untouchable: Mapping[Key, str] | None = None,
    audit: bool = False,
    **more: Any,
) -> World:
    """`live`: by key; who is not named is absent."""
    one = one or declared()
    seen = {(MEMBERS, key): live.get(key) for key in ("old", "new", one.was, one.key)}
    found = World(
        "acme",
        {(MEMBERS, one.key): desired_object(REGISTRY[MEMBERS], one, KindSettings())},
        seen,
        recorded=None if audit else {(r.kind, r.key): r for r in recorded},
        secrets={} if audit else {(MEMBERS, one.key): {"password": "secret-1"}},
        digester=None if audit else DIGESTER,
        untouchable=untouchable or {},
        **more,
    )
    return followed(REGISTRY, found)


def only(plan: Plan) -> Step:
    (step,) = plan.steps
    return step


def planned(live: Mapping[str, Any], *recorded: Recorded, **more: Any) -> Step:
    return only(compare(REGISTRY, world(live, *recorded, **more)))


def test_an_object_that_is_live_under_its_old_key_is_renamed_in_one_step() -> None:
    """Nothing is removed and nothing created; the same secret under the old key is no difference."""
    step = planned({"old": ANN}, held("old"))
    assert (step.action, step.key, step.was, step.cause) == (Action.RENAME, "new", "old", Cause.EDIT)
    assert (step.recorded, step.exists, step.differences, step.problems) == (True, True, (), ())
    assert step.call == "MOVE /members/old to new"


def test_further_differences_are_written_in_the_same_step_each_with_its_cause() -> None:
    """Edits and drift are told apart by the record under the old key, private and secret values too."""
    one = declared(name="Anna", phone="777", password=SecretRef("env", "P"))
    step = planned({"old": {**ANN, "disabled": True}}, held("old", password="secret-0"), one=one)
    causes = {d.field: d.cause for d in step.differences}
    assert causes == {"name": Cause.EDIT, "phone": Cause.EDIT, "password": Cause.EDIT, "disabled": Cause.DRIFT}
    assert (step.action, step.cause) == (Action.RENAME, Cause.BOTH)
    drift = planned({"old": {**ANN, "phone": "777"}}, held("old"))
    assert [(d.field, d.cause) for d in drift.differences] == [("phone", Cause.DRIFT)]


def test_one_that_is_not_recorded_is_taken_over_with_its_new_key() -> None:
    """Its secret is left as it is, as at any adoption; the engine sees a creation."""
    found = world({"old": ANN})
    plan = compare(REGISTRY, found)
    assert (only(plan).action, only(plan).cause, only(plan).recorded) == (Action.RENAME, Cause.NEW, False)
    assert "password: left as it is live" in only(plan).notes[0]
    assert list(expected(plan, "p", "s").values()) == [{"create"}]
    assert [r.was for r in resources_for(REGISTRY, found, [NEW])] == [""]


def test_one_that_was_renamed_already_takes_its_record_along() -> None:
    """By hand, or by a run that was killed: nothing is written, the record follows, and `was` can go."""
    found = world({"new": ANN}, held("old"))
    plan = compare(REGISTRY, found)
    assert (only(plan).action, only(plan).differences) == (Action.RECORD, ())
    assert "`was: old` can be removed" in only(plan).notes[0] and only(plan).spent == "old"
    assert list(expected(plan, "p", "s").values()) == [{"update"}]
    assert [(r.key, r.was) for r in resources_for(REGISTRY, found, [NEW])] == [("new", "old")]
    handed = handed_steps(plan, found, REGISTRY)[NEW]
    assert (handed.action, handed.was, handed.fields) == (Action.RECORD, "old", ())


def test_a_second_run_has_nothing_to_do() -> None:
    """With the record under the new key only the note is left."""
    step = planned({"new": ANN}, held("new"))
    assert (step.action, step.differences, step.problems) == (Action.NONE, (), ())
    assert step.notes


def test_two_that_are_live_are_never_made_one() -> None:
    """A rename onto an existing key is refused, whatever is recorded."""
    for records in ((), (held("old"),), (held("new"),), (held("old"), held("new"))):
        plan = compare(REGISTRY, world({"old": ANN, "new": ANN}, *records))
        assert [step.key for step in plan.problems] == ["new"]
        assert "both 'old' and 'new' exist" in plan.problems[0].problems[0]
        assert not [s for s in plan.steps if s.action in (Action.DISABLE, Action.DELETE, Action.RENAME)]


def test_a_mistyped_old_key_never_makes_a_second_object() -> None:
    """Nobody is live or recorded under either: that is a mistake, not a creation."""
    assert "neither 'old' nor 'new'" in planned({}).problems[0]
    gone = planned({}, held("old"))
    assert (gone.action, gone.cause, gone.recorded, gone.problems) == (Action.CREATE, Cause.DRIFT, True, ())


def test_the_api_user_is_never_renamed() -> None:
    """Nor is anybody else that the system must not lose."""
    step = planned({"old": ANN}, held("old"), untouchable={OLD: "the API user"})
    assert "'old' is the API user" in step.problems[0]
    assert step.action is not Action.RENAME


def test_what_the_engine_knows_under_both_keys_is_only_forgotten_under_the_old_one() -> None:
    """The old record is never a removal."""
    plan = compare(REGISTRY, world({"old": ANN}, held("old"), held("new")))
    assert {step.key: step.action for step in plan.steps} == {"new": Action.RENAME, "old": Action.FORGET}
    assert "left to 'new'" in next(s for s in plan.steps if s.key == "old").notes[0]


def test_a_candidate_for_removal_is_taken_over() -> None:
    """Recorded only to be removed is as good as never recorded; the engine's entry follows."""
    step = planned({"old": ANN}, Recorded(MEMBERS, "old", candidate("old"), "urn:x"))
    assert (step.action, step.cause, step.recorded) == (Action.RENAME, Cause.NEW, True)


def test_the_old_key_is_no_stranger_where_all_are_managed() -> None:
    """Listed live, and declared under its new key."""
    said = {MEMBERS: KindSettings(manage=Manage.ALL, on_remove=OnRemove.DELETE)}
    plan = compare(REGISTRY, world({"old": ANN}, held("old"), settings=said, listed={MEMBERS: ["old"]}))
    assert only(plan).action is Action.RENAME


def test_an_audit_tells_the_old_key_and_knows_no_record() -> None:
    """Renamed: nothing to say. Neither there: missing, like any other."""
    assert (planned({"old": ANN}, audit=True).action, planned({"old": ANN}, audit=True).was) == (Action.RENAME, "old")
    assert compare(REGISTRY, world({"new": ANN}, audit=True)).steps == ()
    missing = planned({}, audit=True)
    assert (missing.action, missing.problems) == (Action.CREATE, ())
    assert planned({"old": ANN, "new": ANN}, audit=True).problems


def test_the_handover_names_the_old_key_and_what_was_seen_under_it() -> None:
    """The observed record stands under the new key, as what is read again will."""
    found = world({"old": {**ANN, "name": "Eve"}}, held("old"))
    handed = handed_steps(compare(REGISTRY, found), found, REGISTRY)[NEW]
    assert (handed.was, handed.fields) == ("old", ("name",))
    assert handed.observed is not None
    assert (handed.observed["key"], handed.observed["name"]) == ("new", "Eve")
    assert handed.observed["phone"] == DIGESTER(REGISTRY[MEMBERS], "new", "phone", "555")
    assert [(r.key, r.was) for r in resources_for(REGISTRY, found, [NEW])] == [("new", "old")]


def test_without_knowing_the_state_the_engine_is_told_the_old_key_always() -> None:
    """Plain pulumi: it takes the entry with the old name if there is one."""
    desired = {NEW: desired_object(REGISTRY[MEMBERS], declared(name="Ann"), KindSettings())}
    found = World("acme", desired, {}, digester=DIGESTER)
    assert [r.was for r in resources_for(REGISTRY, found, [NEW])] == ["old"]


# What a killed run leaves.

BOTH = {OLD: held("old"), NEW: held("new", "", was="old")}


@pytest.mark.parametrize(
    ("live", "keys"),
    [({NEW: ANN}, {NEW}), ({OLD: ANN}, {OLD}), ({OLD: ANN, NEW: ANN}, {OLD}), ({}, {OLD})],
)
def test_what_may_have_been_renamed_stands_where_it_is_live(live: Mapping[Key, Any], keys: set[Key]) -> None:
    """The engine's entry goes with it."""
    found = settled(BOTH, live)
    assert found.keys() == keys
    assert all(r.urn for r in found.values())
    assert [r.was for r in found.values()] == (["old"] if NEW in keys else [""])


def test_one_that_was_never_recorded_is_ours_once_it_has_its_new_key() -> None:
    """Taken over and renamed by a run that was killed before the engine knew it."""
    found = settled({NEW: BOTH[NEW]}, {NEW: ANN})
    assert (found[NEW].urn, found[NEW].was) == ("", "")
    assert settled({NEW: BOTH[NEW]}, {OLD: ANN}) == {}


def test_the_engine_catches_up_with_what_a_killed_run_renamed_though_was_is_gone_by_now() -> None:
    """Its entry gets the new key in a step that only records."""
    found = world({"new": ANN}, *settled(BOTH, {NEW: ANN}).values(), one=declared(was=""))
    plan = compare(REGISTRY, found)
    assert (only(plan).action, only(plan).recorded) == (Action.RECORD, True)
    assert [r.was for r in resources_for(REGISTRY, found, [NEW])] == ["old"]
    left = behind([BOTH[OLD]], found.recorded or {})
    assert left == {NEW}
    assert catching_up(plan, found, left) == []


def test_one_that_a_killed_run_renamed_and_that_left_the_files_is_removed_under_its_new_key() -> None:
    """The engine is told of it before it can take it out."""
    records = settled(BOTH, {NEW: ANN})
    plan = compare(REGISTRY, World("acme", {}, {NEW: ANN}, recorded=records, digester=DIGESTER))
    assert (only(plan).action, only(plan).key, only(plan).recorded) == (Action.DISABLE, "new", False)
    assert [(r.key, r.was) for r in ghosts(records, plan)] == [("new", "old")]


def test_a_refresh_looks_under_the_new_key_and_leaves_the_record_where_it_is() -> None:
    """It records what is live, and the engine has it under the old key still."""
    desired = world({"new": ANN}).desired
    assert successors(desired, {OLD: held("old")}, {NEW: ANN, OLD: None}) == {OLD: "new"}
    assert successors({}, BOTH, {NEW: ANN, OLD: None}) == {OLD: "new"}
    assert successors(desired, BOTH, {NEW: ANN, OLD: ANN}) == {}
    assert unsettled(BOTH).keys() == {OLD}


# The other door.


def two(live: Any, *recorded: Recorded, member_was: str = "old", badge_was: str = "") -> World:
    """A member and a badge `new`, of which one was `old`; `live` of both is the same."""
    kinds = REGISTRY[MEMBERS], REGISTRY[BADGES]
    one, other = declared(was=member_was), declared(kind=BADGES, was=badge_was, colour="red")
    desired = {
        NEW: beside(*kinds, desired_object(kinds[0], one, KindSettings()), one, other),
        (BADGES, "new"): beside(kinds[1], kinds[0], desired_object(kinds[1], other, KindSettings()), other, one),
    }
    seen = {(kind, key): live.get(key) for kind in (MEMBERS, BADGES) for key in ("old", "new")}
    secrets = {NEW: {"password": "secret-1"}}
    records = {(r.kind, r.key): r for r in recorded}
    return followed(REGISTRY, World("acme", desired, seen, recorded=records, secrets=secrets, digester=DIGESTER))


BADGE = Recorded(BADGES, "old", {"key": "old", "colour": "red"}, "urn:y")


@pytest.mark.parametrize(("member_was", "badge_was"), [("old", ""), ("", "old"), ("old", "old")])
def test_was_at_one_door_counts_for_both(member_was: str, badge_was: str) -> None:
    """The leader renames, the record of the other follows it."""
    live = {"old": {**ANN, "colour": "red"}}
    found = two(live, held("old"), BADGE, member_was=member_was, badge_was=badge_was)
    steps = {s.kind: s for s in compare(REGISTRY, found).steps}
    assert (steps[MEMBERS].action, steps[BADGES].action) == (Action.RENAME, Action.RECORD)
    assert (steps[BADGES].was, steps[BADGES].follows, steps[MEMBERS].follows) == ("old", MEMBERS, "")
    resources = {r.kind: r for r in resources_for(REGISTRY, found, [NEW, (BADGES, "new")])}
    assert (resources[BADGES].was, resources[BADGES].needs) == ("old", (NEW,))


def test_what_differs_at_the_other_door_is_written_there_after_the_rename() -> None:
    """An update, and of one that is not recorded an adoption."""
    found = two({"old": {**ANN, "colour": "blue"}}, held("old"), BADGE)
    steps = {s.kind: s for s in compare(REGISTRY, found).steps}
    assert (steps[MEMBERS].action, steps[BADGES].action) == (Action.RENAME, Action.UPDATE)
    found = two({"old": {**ANN, "colour": "blue"}}, held("old"))
    assert {s.kind: s.action for s in compare(REGISTRY, found).steps}[BADGES] is Action.ADOPT


def test_that_was_can_go_is_said_of_the_one_that_was_renamed() -> None:
    """And not of its other door as well: there is one line to remove."""
    found = two({"new": {**ANN, "colour": "red"}}, held("new"), replace(BADGE, key="new", inputs={"key": "new"}))
    assert {s.kind: s.spent for s in compare(REGISTRY, found).steps} == {MEMBERS: "old", BADGES: ""}


def test_a_was_in_another_spelling_is_refused_and_removes_nobody() -> None:
    """What is recorded may be the very same person: neither renamed past the record nor removed besides."""
    one = declared(was="OLD", name="Ann")
    for live in ({"OLD": ANN, "old": ANN}, {"old": ANN}):
        plan = compare(REGISTRY, followed(REGISTRY, world(live, held("old"), one=one)))
        found = {step.key: step for step in plan.steps}
        assert "write `was: old`" in found["new"].problems[0] and len(found["new"].problems) == 1
        assert [step.action for step in plan.steps if step.key == "old"] in ([], [Action.FORGET])


def test_a_mistyped_was_names_the_near_one() -> None:
    """Which the same plan would remove."""
    plan = compare(REGISTRY, followed(REGISTRY, world({"old": ANN}, held("old"), one=declared(was="olda", name="Ann"))))
    problems = [step.problems for step in plan.steps if step.key == "new"]
    assert len(problems[0]) == 1 and "(did you mean `old`?)" in problems[0][0]
