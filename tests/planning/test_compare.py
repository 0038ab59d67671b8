"""Declared against live against recorded."""

from __future__ import annotations

from typing import Any

import pytest

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, Cause, Declared, OnRemove, SecretRef
from cxconfig.planning.compare import Key, World, compare
from cxconfig.planning.plan import Plan, Recorded, Step
from cxconfig.planning.record import Digester, record_of
from providers.registry import REGISTRY

USERS = "onecloud.users"
DIGESTER = Digester("correct horse", "acme")
SUPPORTING: dict[str, Any] = {
    "onecloud.users": {
        "teams": ("Sales", "Support"),
        "unaddressable": lambda login: False,
        "scim_off": lambda login: None,
    },
    "onecloud.teams": {"teams": ("Sales", "Support")},
}
ABSENT: dict[str, Any] | None = None


def live_user(**changed: Any) -> dict[str, Any]:
    user = {
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "jane@example.com",
        "team": "Sales",
        "extension": "2001",
        "work_phone": "+1 555 0100",
        "mobile_phone": "",
        "disabled": False,
        "change_password": False,
        "skills": {"English": 90},
        "roles": ["Agent"],
    }
    return {**user, **changed}


def planned(
    values: dict[str, Any] | None,
    live: dict[str, Any] | None,
    recorded: dict[str, Any] | None = None,
    *,
    password: str = "",
    kind_policy: OnRemove | None = None,
    audit: bool = False,
    refreshed: frozenset[str] = frozenset(),
) -> Plan:
    """The plan for the one user jdoe; `recorded`: the values as applied before."""
    kind = REGISTRY[USERS]
    where: Key = (USERS, "jdoe")
    desired = {}
    if values is not None:
        if password:
            values = {**values, "password": SecretRef("env", "PASSWORD")}
        desired[where] = kind.desire(Declared(USERS, "jdoe", values, Place("people.yaml", 3, 5)))
    records: dict[Key, Recorded] = {}
    if recorded is not None:
        before = dict(recorded)
        secrets = {"password": before.pop("password")} if "password" in before else {}
        was = kind.desire(Declared(USERS, "jdoe", before, Place("people.yaml", 3, 5)))
        records[where] = Recorded(USERS, "jdoe", record_of(kind, was, secrets, DIGESTER), "urn:x", "", refreshed)
    world = World(
        "acme",
        desired,
        {where: live},
        SUPPORTING,
        None if audit else records,
        {where: {"password": password}} if password else {},
        {USERS: KindSettings(on_remove=kind_policy)} if kind_policy else {},
        None if audit else DIGESTER,
    )
    return compare(REGISTRY, world)


def only(plan: Plan) -> Step:
    assert len(plan.steps) == 1
    return plan.steps[0]


def test_nothing_to_do_when_declared_recorded_and_live_agree() -> None:
    """An unchanged object makes no step."""
    assert planned({"team": "Sales"}, live_user(), {"team": "Sales"}).steps == ()


def test_an_omitted_field_is_not_managed() -> None:
    """What is not listed may differ."""
    assert planned({"team": "Sales"}, live_user(email="other@example.com"), {"team": "Sales"}).steps == ()


def test_a_declared_user_is_an_enabled_user() -> None:
    """`disabled` has a managed default."""
    step = only(planned({"team": "Sales"}, live_user(disabled=True), {"team": "Sales"}))
    assert (step.action, step.cause) == (Action.UPDATE, Cause.DRIFT)
    assert [(d.field, d.live, d.declared) for d in step.differences] == [("disabled", True, False)]


def test_drift_edit_and_both_are_told_apart() -> None:
    """The recorded value decides whether the file or the live system moved."""
    drift = only(planned({"team": "Sales"}, live_user(team="Support"), {"team": "Sales"}))
    edit = only(planned({"team": "Support"}, live_user(team="Sales"), {"team": "Sales"}))
    both = only(planned({"team": "Support"}, live_user(team="Night"), {"team": "Sales"}))
    assert [drift.cause, edit.cause, both.cause] == [Cause.DRIFT, Cause.EDIT, Cause.BOTH]


def test_what_a_refresh_recorded_tells_no_reason() -> None:
    """Neither an edit nor both, as what was applied is not known; drift from what is declared is still drift."""
    team = frozenset({"team"})
    sales: dict[str, Any] = {"team": "Sales"}
    same = only(planned(sales, live_user(team="Support"), {"team": "Support"}, refreshed=team))
    moved = only(planned(sales, live_user(team="Night"), {"team": "Support"}, refreshed=team))
    drift = only(planned(sales, live_user(team="Night"), sales, refreshed=team))
    other = only(planned(sales, live_user(team="Support"), {"team": "Support"}, refreshed=frozenset({"skills"})))
    assert [s.cause for s in (same, moved, drift, other)] == [Cause.UNKNOWN, Cause.UNKNOWN, Cause.DRIFT, Cause.EDIT]
    gone = only(planned(sales, None, {"team": "Support"}, refreshed=team))
    back = only(planned(sales, live_user(team="Sales"), {"team": "Support"}, refreshed=team))
    assert (gone.action, gone.cause) == (Action.CREATE, Cause.DRIFT)
    assert (back.action, back.cause) == (Action.RECORD, Cause.UNKNOWN)


def test_a_field_listed_for_the_first_time_is_an_edit() -> None:
    """Newly managed fields are the file's doing."""
    step = only(planned({"skills": {"English": 10}}, live_user(), {}))
    assert step.differences[0].cause is Cause.EDIT


def test_skills_compare_without_order_and_case() -> None:
    """Spelling and order of skills are no difference; a level is."""
    live = live_user(skills={"English": 90, "Billing": 50})
    assert (
        planned({"skills": {"billing": 50, "ENGLISH": 90}}, live, {"skills": {"billing": 50, "ENGLISH": 90}}).steps
        == ()
    )
    step = only(planned({"skills": {"English": 91, "Billing": 50}}, live, {"skills": {"English": 91, "Billing": 50}}))
    assert step.differences[0].call == "PUT /user/jdoe"


def test_empty_skills_empty_them() -> None:
    """Listed and empty is managed and emptied."""
    step = only(planned({"skills": {}}, live_user(), {"skills": {}}))
    assert (step.differences[0].live, step.differences[0].declared) == ({"English": 90}, {})


def test_a_field_that_no_call_changes_is_a_problem() -> None:
    """The preview fails and says what to do, and never replaces the user."""
    plan = planned({"extension": ""}, live_user() | {"extension": "77"}, {"extension": "77"})
    assert plan.problems and "`extension` cannot be emptied" in plan.problems[0].problems[0]
    assert only(plan).action is Action.UPDATE


def test_a_changed_name_goes_through_scim() -> None:
    """The user API cannot change it, the same person's SCIM account can."""
    step = only(planned({"first_name": "Janet"}, live_user(), {"first_name": "Jane"}))
    assert (step.problems, [d.call for d in step.differences]) == ((), ["PATCH /scim/users"])


def test_a_phone_is_compared_in_the_vendors_form() -> None:
    """Private values too, though the record has digests of them."""
    assert planned({"work_phone": "15550100"}, live_user(), {"work_phone": "+1-555-0100"}).problems == ()
    assert len(only(planned({"work_phone": "+15550199"}, live_user(), {"work_phone": "+15550100"})).differences) == 1


def test_an_unknown_live_user_is_adopted_with_its_differences() -> None:
    """Not recorded and there: taken over, showing what will change; the password stays."""
    step = only(planned({"team": "Support"}, live_user(), password="secret-1"))
    assert (step.action, step.cause) == (Action.ADOPT, Cause.NEW)
    assert [d.field for d in step.differences] == ["team"]
    assert "password" in step.notes[0]


def test_a_missing_user_is_created_and_needs_what_the_api_demands() -> None:
    """All that POST /user demands is named at once."""
    step = only(planned({"team": "Sales", "first_name": "Jane"}, ABSENT))
    assert step.action is Action.CREATE
    assert "`last_name` and `password`" in step.problems[0]
    whole = {"team": "Sales", "first_name": "Jane", "last_name": "Doe"}
    assert only(planned(whole, ABSENT, password="secret-1")).problems == ()


def test_a_recorded_user_deleted_live_is_created_again_as_drift() -> None:
    """Gone live, declared, recorded: create, because of drift."""
    whole = {"team": "Sales", "first_name": "Jane", "last_name": "Doe"}
    step = only(planned(whole, ABSENT, {**whole, "password": "secret-1"}, password="secret-1"))
    assert (step.action, step.cause, step.recorded) == (Action.CREATE, Cause.DRIFT, True)


def test_a_team_that_does_not_exist_is_a_problem_with_near_names() -> None:
    """Moving to a missing team fails the preview."""
    plan = planned({"team": "Suport"}, live_user(), {"team": "Sales"})
    assert "did you mean 'Support'" in plan.problems[0].problems[0]


def test_a_changed_secret_is_noticed_by_its_digest() -> None:
    """Same secret: nothing; another one: an update of the password alone."""
    before = {"password": "secret-1"}
    assert planned({}, live_user(), before, password="secret-1").steps == ()
    step = only(planned({}, live_user(), before, password="secret-2"))
    assert [(d.field, d.live, d.declared, d.cause) for d in step.differences] == [("password", None, None, Cause.EDIT)]


@pytest.mark.parametrize(
    ("held", "action", "written"),
    [
        ({}, Action.RECORD, []),
        ({"team": "Support"}, Action.UPDATE, ["team"]),
        ({"password": "Their-own-1"}, Action.UPDATE, ["password"]),
        ({"password": "${generate:24}"}, Action.UPDATE, ["password"]),
    ],
)
def test_a_password_is_generated_for_nobody_who_is_recorded_without(
    held: dict[str, Any], action: Action, written: list[str]
) -> None:
    """He has one that nobody here knows; it is said how he gets another. Recorded, it is another one that counts."""
    where: Key = (USERS, "jdoe")
    values = {"team": "Sales", "password": SecretRef("generate", "20")}
    desired = REGISTRY[USERS].desire(Declared(USERS, "jdoe", values, Place("people.yaml", 3, 5)))
    secrets = {where: {"password": "${generate:20}"}}
    live = live_user(team=held.get("team", "Sales"))

    def step(record: dict[str, Any]) -> Step | None:
        records = {where: Recorded(USERS, "jdoe", record, "urn:x")}
        world = World("acme", {where: desired}, {where: live}, SUPPORTING, records, secrets, digester=DIGESTER)
        return next(iter(compare(REGISTRY, world).steps), None)

    before = {"key": "jdoe", "team": "Sales", "disabled": False, **held}
    if "password" in held:
        before["password"] = DIGESTER(REGISTRY[USERS], "jdoe", "password", held["password"])
    found = step(before)
    assert found is not None and (found.action, [d.field for d in found.differences]) == (action, written)
    said = "password: left as it is live, and set when the length in its reference changes after this"
    assert (said in found.notes) is ("password" not in held)
    assert step({**before, "password": ""}) is not None, "of whom nobody knows whether it was written"
    live = live_user()
    assert step(record_of(REGISTRY[USERS], desired, secrets[where], DIGESTER)) is None


@pytest.mark.parametrize(("password", "differs"), [("secret-1", []), ("secret-2", ["password"])])
def test_a_changed_passphrase_changes_no_password(password: str, differs: list[str]) -> None:
    """With the previous passphrase at hand digests are compared under it and recorded under the new one."""
    kind, where = REGISTRY[USERS], (USERS, "jdoe")
    declared = Declared(USERS, "jdoe", {"password": SecretRef("env", "PASSWORD")}, Place("people.yaml", 3, 5))
    desired = kind.desire(declared)
    old = record_of(kind, desired, {"password": "secret-1"}, Digester("the old one", "acme"))
    world = World(
        "acme",
        {where: desired},
        {where: live_user()},
        SUPPORTING,
        {where: Recorded(USERS, "jdoe", old, "urn:x")},
        {where: {"password": password}},
        digester=Digester("the new one", "acme", "the old one"),
    )
    step = only(compare(REGISTRY, world))
    assert step.action is (Action.UPDATE if differs else Action.RECORD)
    assert [difference.field for difference in step.differences] == differs


def test_a_removed_user_is_disabled_and_deleted_only_when_told() -> None:
    """The entry's own on_remove, then the kind's, then disable."""
    assert only(planned(None, live_user(), {})).action is Action.DISABLE
    assert only(planned(None, live_user(), {}, kind_policy=OnRemove.DELETE)).action is Action.DELETE
    own = {"on_remove": "retain"}
    assert only(planned(None, live_user(), own, kind_policy=OnRemove.DELETE)).action is Action.FORGET
    assert only(planned(None, live_user(), {"on_remove": "delete"})).action is Action.DELETE


def test_removing_what_is_gone_or_disabled_only_forgets() -> None:
    """No write for an object that is already as its removal would leave it."""
    assert only(planned(None, ABSENT, {})).action is Action.FORGET
    assert only(planned(None, live_user(disabled=True), {})).action is Action.FORGET


def test_a_record_that_is_behind_is_renewed_without_a_write() -> None:
    """Live is as declared, only the record is old."""
    step = only(planned({"team": "Support"}, live_user(team="Support"), {"team": "Sales"}))
    assert (step.action, step.differences) == (Action.RECORD, ())


def test_an_audit_knows_no_state() -> None:
    """Live against the file only: a difference or a missing object, nothing to adopt or forget."""
    assert planned({"team": "Sales"}, live_user(), audit=True).steps == ()
    assert only(planned({"team": "Support"}, live_user(), audit=True)).action is Action.UPDATE
    assert only(planned({"team": "Sales"}, ABSENT, audit=True)).action is Action.CREATE


def test_a_team_is_asserted_and_only_forgotten() -> None:
    """A missing team fails the preview; a removed one changes nothing live."""
    where: Key = ("onecloud.teams", "Suport")
    kind = REGISTRY["onecloud.teams"]
    desired = kind.desire(Declared("onecloud.teams", "Suport", {}, Place("teams.yaml", 3, 5)))
    world = World("acme", {where: desired}, {where: None}, SUPPORTING, {}, digester=DIGESTER)
    assert "did you mean 'Support'" in only(compare(REGISTRY, world)).problems[0]
    record = Recorded("onecloud.teams", "Old", {"key": "Old"}, "urn:y")
    gone: Key = ("onecloud.teams", "Old")
    world = World("acme", {}, {gone: {"statsapi_id": ""}}, SUPPORTING, {gone: record}, digester=DIGESTER)
    assert only(compare(REGISTRY, world)).action is Action.FORGET
