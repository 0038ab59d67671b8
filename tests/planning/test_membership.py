"""Exclusive members of a team: who is in it live and should not be is reported, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Action, Cause, Declared, Desired, OnRemove
from cxconfig.language import Tenant
from cxconfig.planning.compare import compare
from cxconfig.planning.membership import in_lists_alone
from cxconfig.planning.plan import Plan, Recorded, Result
from cxconfig.planning.record import Digester, record_of
from cxconfig.planning.renames import followed
from cxconfig.planning.world import Key, World
from cxconfig.reports.findings import of_result
from cxconfig.tenancy import beside, desired_object, desired_objects
from providers.registry import REGISTRY

USERS, TEAMS, ACCOUNTS = "onecloud.users", "onecloud.teams", "onecloud.scim_accounts"
PLACE = Place("a.yaml", 3, 4)
DIGESTER = Digester("correct horse", "acme")
NOTE = "in the team 'Sales', whose `members` are exclusive: list it there, or give it another `team`"
KNOWN = {"teams": ("Sales", "Support"), "unaddressable": lambda login: False, "scim_off": lambda login: None}


def person(key: str, *, implicit: bool = False, **values: Any) -> Declared:
    implied = frozenset({"team"} if implicit else ())
    return Declared(USERS, key, values, PLACE, implied=implied, implicit=implicit)


def member(key: str, team: str = "Sales") -> Declared:
    return person(key, implicit=True, team=team)


def team(name: str, membership: str = "exclusive") -> Declared:
    return Declared(TEAMS, name, {"membership": membership}, PLACE)


def planned(
    *declared: Declared,
    live: Mapping[str, str | None],
    held: tuple[str, ...] = (),
    audit: bool = False,
    untouchable: str = "",
    **settings: Any,
) -> Plan:
    """`live`: login -> team; `held`: recorded members that are no longer declared."""
    said = {USERS: KindSettings(**settings)}
    desired = {(d.kind, d.key): desired_object(REGISTRY[d.kind], d, KindSettings()) for d in declared}
    seen: dict[Key, Any] = {
        (USERS, key): None if name is None else {"team": name, "disabled": False} for key, name in live.items()
    }
    seen |= {where: {} for where in desired if where[0] == TEAMS}
    recorded = {
        where: Recorded(*where, record_of(REGISTRY[where[0]], d, {}, DIGESTER), "urn:x") for where, d in desired.items()
    }
    gone = {
        (USERS, key): Recorded(USERS, key, {"key": key, "team": "Sales", "on_remove": "retain"}, "u") for key in held
    }
    supporting: dict[str, Any] = {USERS: KNOWN}
    return compare(
        REGISTRY,
        World(
            "acme",
            desired,
            seen,
            supporting,
            None if audit else {**recorded, **gone},
            settings=said,
            digester=None if audit else DIGESTER,
            rosters={USERS: sorted(live)},
            untouchable={(USERS, untouchable): "the API user"} if untouchable else {},
        ),
    )


def found(plan: Plan) -> dict[str, tuple[Action, Cause | None, tuple[str, ...]]]:
    return {step.key: (step.action, step.cause, step.notes) for step in plan.steps}


def test_who_is_not_listed_is_reported() -> None:
    """Members, those declared with the team, those in other teams and those who are excluded are not."""
    people = {"m": "Sales", "own": "Sales", "stray": "Sales", "else": "Support", "svc-1": "Sales", "api": "Sales"}
    plan = planned(
        team("Sales"), member("m"), person("own", team="Sales"), live=people, exclude=("svc-*",), untouchable="api"
    )
    assert found(plan) == {"stray": (Action.NONE, Cause.UNDECLARED, (NOTE,))}
    assert Result("preview", plan).exit_code == 0
    shown = planned(team("Sales"), member("m"), live={"m": "Sales", "stray": "Sales"}, audit=True)
    assert Result("audit", shown).exit_code == 2
    (finding,) = of_result(Result("audit", shown), REGISTRY)
    assert finding.message == f"1 user is live and not declared: stray ({NOTE})"


def test_an_additive_list_reports_nobody() -> None:
    """Nor does an exclusive one report those in a team of another name."""
    people = {"m": "Sales", "stray": "Sales"}
    assert found(planned(team("Sales", "additive"), member("m"), live=people)) == {}
    assert found(planned(team("Support"), member("m"), live=people)) == {}


def test_who_is_moved_away_by_this_plan_is_not_reported() -> None:
    """The update brings it to another team; so does one whose team the YAML gives."""
    plan = planned(team("Sales"), team("Support"), member("m", "Support"), live={"m": "Sales"})
    assert found(plan) == {"m": (Action.UPDATE, Cause.DRIFT, ())}


@pytest.mark.parametrize(("one", "note"), [(member("u04x"), ""), (person("u04x", email="a@x"), NOTE)])
def test_who_is_to_be_renamed_is_one_person(one: Declared, note: str) -> None:
    """Under the new name, which is listed; one that is not is told of under that alone."""
    wanted = {(USERS, "u04x"): replace(desired_object(REGISTRY[USERS], one, KindSettings()), was="u04")}
    wanted[TEAMS, "Sales"] = desired_object(REGISTRY[TEAMS], team("Sales"), KindSettings())
    live: dict[Key, Any] = {(USERS, "u04"): {"team": "Sales", "email": "a@x", "disabled": False}, (USERS, "u04x"): None}
    live[TEAMS, "Sales"] = {}
    held = Recorded(USERS, "u04", {"key": "u04", "team": "Sales", "on_remove": "retain"}, "u")
    rosters = {USERS: ["u04"]}
    world = World(
        "acme", wanted, live, {USERS: KNOWN}, {(USERS, "u04"): held}, digester=DIGESTER, rosters=rosters, listed=rosters
    )
    (step,) = [step for step in compare(REGISTRY, followed(REGISTRY, world)).steps if step.kind == USERS]
    assert (step.key, step.action, step.was, "".join(step.notes)) == ("u04x", Action.RENAME, "u04", note)


def test_a_declared_user_without_a_team() -> None:
    """Its own step says it, or one that does nothing; a team that it ignores is not managed, but declared."""
    plan = planned(team("Sales"), person("a"), person("b", email="b@x"), live={"a": "Sales", "b": "Sales"})
    assert found(plan) == {"a": (Action.NONE, None, (NOTE,)), "b": (Action.UPDATE, Cause.DRIFT, (NOTE,))}


def test_a_member_that_leaves_the_list() -> None:
    """It is forgotten and stays in the team; one that is gone live is only forgotten."""
    plan = planned(team("Sales"), live={"m": "Sales"}, held=("m",))
    assert found(plan) == {"m": (Action.FORGET, Cause.REMOVED, (NOTE,))}
    plan = planned(team("Sales"), live={"m": None}, held=("m",))
    assert found(plan) == {"m": (Action.FORGET, Cause.REMOVED, ())}
    plan = planned(team("Sales"), live={"m": "Support"}, held=("m",))
    assert found(plan) == {"m": (Action.FORGET, Cause.REMOVED, ())}


def test_a_member_that_does_not_exist() -> None:
    """It is not created from a name alone: the problem names what is declared and the way out."""
    plan = planned(team("Sales"), member("m"), live={"m": None})
    (step,) = plan.steps
    assert step.action is Action.CREATE and step.place == PLACE
    assert step.problems == (
        "user m: it does not exist, and nothing but its `team` is declared: declare it under `onecloud.users` with what"
        " its creation needs, or correct the name",
    )


def test_a_member_that_is_only_an_account_besides() -> None:
    """One problem, at the entry of the list, that says what is lacking, and where."""
    where = ("onecloud.scim_accounts", "m")
    account = desired_object(
        REGISTRY[where[0]], Declared(*where, {"title": "Lead"}, Place("accounts.yaml", 4, 5)), KindSettings()
    )
    mere = desired_object(REGISTRY[USERS], member("m"), KindSettings())
    live: dict[Key, Any] = {(USERS, "m"): None, where: None}
    both = {(USERS, "m"): mere, where: account}
    plan = compare(REGISTRY, World("acme", both, live, {USERS: KNOWN}, {}, digester=DIGESTER))
    (step,) = plan.problems
    assert (step.kind, step.place) == (USERS, PLACE)
    assert step.problems == (
        "user m: it does not exist, and is declared only under `onecloud.scim_accounts` (accounts.yaml:4:5) and in a"
        " list that gives it its `team`: to be created so it needs an entry under `onecloud.users` with what its"
        " creation needs (first_name, last_name, password), of which nothing may stand in both; add that, or take it"
        " out of the list, or correct the name",
    )


def test_a_leaver_who_is_still_in_a_list() -> None:
    """It is not disabled as one that stands nowhere is, which is said before it happens."""
    before = desired_object(REGISTRY[USERS], person("m", email="m@x"), KindSettings())
    held = Recorded(USERS, "m", record_of(REGISTRY[USERS], before, {}, DIGESTER), "urn:x")
    desired = desired_object(REGISTRY[USERS], member("m"), KindSettings())
    live: dict[Key, Any] = {(USERS, "m"): {"team": "Sales", "email": "m@x", "disabled": False}}
    (step,) = compare(
        REGISTRY, World("acme", {(USERS, "m"): desired}, live, {}, {(USERS, "m"): held}, digester=DIGESTER)
    ).steps
    assert step.action is Action.RECORD and "Take it out of the list, too, if it is to go" in step.notes[0]


def test_members_alone_sweep_nobody() -> None:
    """With `manage: all` a missing file of users must not disable everybody who is in no list."""
    settings = {USERS: KindSettings(OnRemove.DISABLE, Manage.ALL)}
    live: dict[Key, Any] = {(USERS, key): {"team": "Sales", "disabled": False} for key in ("m", "other")}
    desired = {(USERS, "m"): desired_object(REGISTRY[USERS], member("m"), settings[USERS])}
    plan = compare(
        REGISTRY,
        World("acme", desired, live, {}, {}, settings=settings, digester=DIGESTER, listed={USERS: ["m", "other"]}),
    )
    assert {step.key: step.action for step in plan.steps} == {"m": Action.ADOPT, "other": Action.NONE}


def test_what_becomes_of_a_member_is_its_team_alone() -> None:
    """A disabled member stays disabled, and nobody disables or enables who leaves."""
    desired = desired_object(REGISTRY[USERS], member("m"), KindSettings(on_remove=OnRemove.DELETE, protect=True))
    record = record_of(REGISTRY[USERS], desired, {}, DIGESTER)
    owner = desired_object(REGISTRY[TEAMS], team("Sales"), KindSettings())
    assert record_of(REGISTRY[TEAMS], owner, {}, DIGESTER) == {"key": "Sales"}, "a list is no part of its object"
    assert record == {"key": "m", "team": "Sales", "on_remove": "retain"}
    plan = planned(live={"m": "Sales"}, held=("m",), on_remove=OnRemove.DELETE, protect=True)
    assert found(plan) == {"m": (Action.FORGET, Cause.REMOVED, ())}


def leaving(record: Mapping[str, Any]) -> tuple[dict[str, Action], bool]:
    """What becomes of somebody recorded as a user like this and as an account that is active; and is it a mere
    member?"""
    live = {"team": "Sales", "disabled": False, "active": True}
    held = {
        (USERS, "m"): Recorded(USERS, "m", {"key": "m", **record}, "u"),
        (ACCOUNTS, "m"): Recorded(ACCOUNTS, "m", {"key": "m", "active": True}, "u"),
    }
    plan = compare(REGISTRY, World("acme", {}, dict.fromkeys(held, live), {}, held, digester=DIGESTER))
    return {step.kind: step.action for step in plan.steps}, in_lists_alone(REGISTRY, REGISTRY[USERS], record)


def entered(user: Declared) -> Desired:
    """A user who is an account that is active as well."""
    account = Declared(ACCOUNTS, "m", {"active": True}, PLACE)
    return desired_objects(Tenant("acme", Path(), {}, {USERS: {"m": user}, ACCOUNTS: {"m": account}}), REGISTRY)[
        USERS, "m"
    ]


def test_who_has_an_entry_with_nothing_but_a_team_is_no_mere_member() -> None:
    """An account with `active`: the user's own entry still says how he leaves, and that of a mere member does not."""
    user = person("m", team="Sales", on_remove="retain")
    records = {one.implicit: record_of(REGISTRY[USERS], entered(one), {}, DIGESTER) for one in (user, member("m"))}
    assert records[False] == {"key": "m", "team": "Sales", "on_remove": "retain", "entry": True}
    assert records[True] == {"key": "m", "team": "Sales", "on_remove": "retain"}
    assert leaving(records[False]) == ({USERS: Action.FORGET, ACCOUNTS: Action.FORGET}, False)
    assert leaving(records[True]) == ({USERS: Action.FORGET, ACCOUNTS: Action.DISABLE}, True)
    protected = {"key": "m", "team": "Sales", "on_remove": "retain", "protect": False}
    assert leaving(protected) == leaving(records[False]), "only an entry says whether it is protected"
    live: dict[Key, Any] = {(USERS, "m"): {"team": "Sales", "disabled": False}}
    desired = {(USERS, "m"): desired_object(REGISTRY[USERS], member("m"), KindSettings())}
    held = {(USERS, "m"): Recorded(USERS, "m", records[False], "urn:x")}
    (step,) = compare(REGISTRY, World("acme", desired, live, {}, held, digester=DIGESTER)).steps
    assert step.action is Action.RECORD and "Take it out of the list, too, if it is to go" in step.notes[0]


@pytest.mark.parametrize(
    "more", [{"email": "m@x"}, {"protect": False}, {"allow_replace": True}, {"on_remove": "disable"}]
)
def test_only_what_could_be_taken_for_a_mere_member_says_that_it_is_none(more: dict[str, Any]) -> None:
    """No record of others changes for it."""
    protect = more.get("protect")
    more = {name: value for name, value in more.items() if name != "protect"}
    user = person("m", **{"team": "Sales", "on_remove": "retain", **more})
    assert not entered(replace(user, protect=protect)).entry


def test_a_mere_member_does_not_lead_its_other_door() -> None:
    """A SCIM account is an active one, also where all that is said of the user is its team."""
    users, accounts = REGISTRY[USERS], REGISTRY["onecloud.scim_accounts"]
    account = Declared(accounts.id, "m", {"title": "Chief"}, PLACE)
    for one, active in ((member("m"), True), (person("m"), False)):
        found = beside(accounts, users, desired_object(accounts, account, KindSettings()), account, one)
        assert ("active" in found.fields) is active
