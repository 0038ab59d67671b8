"""What becomes of objects that are not declared: protected, excluded, never declared; and what is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Action, Cause, Declared, OnRemove, SecretRef
from cxconfig.planning.compare import compare
from cxconfig.planning.plan import Plan, Recorded, Result, Step
from cxconfig.planning.record import Digester, candidate, differing, observed_record, record_of, unreadable
from cxconfig.planning.removed import protection
from cxconfig.planning.undeclared import strangers
from cxconfig.planning.world import Key, World
from cxconfig.tenancy import desired_object
from providers.registry import REGISTRY

USERS = "onecloud.users"
KIND = REGISTRY[USERS]
DIGESTER = Digester("correct horse", "acme")
SUPPORTING: dict[str, Any] = {
    USERS: {"teams": ("Sales",), "unaddressable": lambda login: False, "scim_off": lambda login: None}
}
ENABLED, DISABLED = {"team": "Sales", "disabled": False}, {"team": "Sales", "disabled": True}
ALL = Manage.ALL


def user(key: str) -> Key:
    return (USERS, key)


def held(key: str, *, urn: str = "urn:x", **inputs: Any) -> Recorded:
    return Recorded(USERS, key, {"key": key, **inputs}, urn)


def world(
    declared: list[str],
    live: Mapping[str, dict[str, Any] | None],
    *recorded: Recorded,
    listed: list[str] | None = None,
    untouchable: dict[str, str] | None = None,
    audit: bool = False,
    **settings: Any,
) -> World:
    """`declared`: logins without fields of their own; `live`: everything that was read."""
    said = KindSettings(**settings)
    desired = {user(k): desired_object(KIND, Declared(USERS, k, {}, Place("a.yaml", 1, 1)), said) for k in declared}
    records = {r.key: r for r in recorded} | {
        k: held(k, disabled=False) for k in declared if k not in {r.key for r in recorded}
    }
    return World(
        "acme",
        desired,
        {user(k): seen for k, seen in {**dict.fromkeys(declared, ENABLED), **live}.items()},
        SUPPORTING,
        None if audit else {user(k): r for k, r in records.items()},
        settings={USERS: said},
        digester=None if audit else DIGESTER,
        listed={} if listed is None else {USERS: listed},
        untouchable={user(k): why for k, why in (untouchable or {}).items()},
    )


def planned(found: World) -> Plan:
    return compare(REGISTRY, found)


def actions(found: World) -> dict[str, tuple[Action, Cause | None]]:
    return {step.key: (step.action, step.cause) for step in planned(found).steps}


def only(found: World) -> Step:
    (step,) = planned(found).steps
    return step


# Protected.


@pytest.mark.parametrize("on_remove", [None, OnRemove.DISABLE, OnRemove.DELETE])
@pytest.mark.parametrize(
    ("record", "settings", "says"),
    [
        ({"protect": True}, {}, "it is protected (`protect: true`)"),
        ({"protect": True}, {"protect": False}, "it is protected (`protect: true`)"),
        ({}, {"protect": True}, "`systems.onecloud.kinds.users.protect` in tenant.yaml protects it"),
    ],
)
def test_what_is_protected_is_never_removed(
    record: dict[str, Any], settings: dict[str, Any], says: str, on_remove: OnRemove | None
) -> None:
    """A problem that names the object and the ways out; also when everything is taken out (destroy)."""
    for declared in (["a"], []):
        step = only(world(declared, {"x": ENABLED}, held("x", **record), on_remove=on_remove, **settings))
        assert step.key == "x"
        (problem,) = step.problems
        assert problem.startswith("user x: ") and says in problem
        assert "put it back with `protect: false`, run `cxconfig up`, then take it out" in problem
        assert "add it to `systems.onecloud.kinds.users.exclude`" in problem


def test_its_own_word_goes_before_the_kinds() -> None:
    """`protect: false` on the object lets it go although its kind is protected."""
    step = only(world(["a"], {"x": ENABLED}, held("x", protect=False), protect=True))
    assert (step.action, step.problems) == (Action.DISABLE, ())


@pytest.mark.parametrize("live", [None, DISABLED])
def test_a_protected_object_on_which_nothing_is_done_may_go(live: dict[str, Any] | None) -> None:
    """Gone or disabled live, or retained: only the record is dropped."""
    assert only(world(["a"], {"x": live}, held("x", protect=True))).action is Action.FORGET
    kept = only(world(["a"], {"x": ENABLED}, held("x", protect=True, on_remove="retain")))
    assert (kept.action, kept.problems) == (Action.FORGET, ())


def test_disabling_by_declaration_is_the_users_own_word() -> None:
    """`disabled: true` on a protected user is an update like any other."""
    declared = Declared(USERS, "x", {"disabled": True}, Place("a.yaml", 1, 1), protect=True)
    found = world([], {"x": ENABLED}, held("x", disabled=False, protect=True))
    step = only(World(**{**vars(found), "desired": {user("x"): desired_object(KIND, declared, KindSettings())}}))
    assert (step.action, step.problems) == (Action.UPDATE, ())


def test_the_user_that_we_sign_in_with_is_never_removed() -> None:
    """Whatever is recorded or set: it would lock us out."""
    step = only(world(["a"], {"x": ENABLED}, held("x", protect=False), untouchable={"x": "the API user"}))
    assert "user x: it is the API user, so it is never disabled or deleted" in step.problems[0]
    assert protection(KIND, {}, KindSettings()) == ""


# Excluded.


@pytest.mark.parametrize("record", [{}, {"protect": True}, {"on_remove": "delete"}])
def test_what_is_excluded_is_only_forgotten(record: dict[str, Any]) -> None:
    """Its record is dropped with a note, and nothing is done live."""
    found = world(["a"], {"SVC-x": ENABLED}, held("SVC-x", **record), exclude=("root", "svc-*"), on_remove="delete")
    step = only(found)
    assert (step.action, step.cause, step.problems, step.call) == (Action.FORGET, Cause.REMOVED, (), "")
    assert step.notes == ("left as it is: `exclude` names it now",)


# Never declared.


def test_nothing_is_looked_for_without_manage_all() -> None:
    """No listing, nothing to say."""
    assert planned(world(["a"], {}, on_remove=OnRemove.DELETE)).steps == ()


@pytest.mark.parametrize("on_remove", [None, OnRemove.RETAIN])
def test_undeclared_objects_are_reported_only(on_remove: OnRemove | None) -> None:
    """Without an `on_remove` that removes: a preview ends with 0, an audit with 2."""
    found = world(["Jdoe"], {}, listed=["jdoe", "x", "y", "svc-1"], manage=ALL, exclude=("svc*",), on_remove=on_remove)
    plan = planned(found)
    assert [(s.key, s.action, s.cause) for s in plan.steps] == [
        ("x", Action.NONE, Cause.UNDECLARED),
        ("y", Action.NONE, Cause.UNDECLARED),
    ]
    assert (plan.changes, plan.problems, [s.key for s in plan.undeclared]) == ((), (), ["x", "y"])
    assert [Result(name, plan).exit_code for name in ("preview", "up", "audit")] == [0, 0, 2]


@pytest.mark.parametrize("on_remove", [OnRemove.DISABLE, OnRemove.DELETE])
def test_undeclared_objects_are_removed_where_the_kind_says_so(on_remove: OnRemove) -> None:
    """With the call that would be made; one that is disabled already is as `disable` wants it."""
    found = world(["a"], {"x": ENABLED, "y": DISABLED}, listed=["a", "x", "y"], manage=ALL, on_remove=on_remove)
    action = Action.DISABLE if on_remove is OnRemove.DISABLE else Action.DELETE
    expected = {"x": (action, Cause.UNDECLARED)}
    if on_remove is OnRemove.DELETE:
        expected["y"] = (action, Cause.UNDECLARED)
    assert actions(found) == expected
    plan = planned(found)
    assert plan.steps[0].call == ("PUT /user/x" if on_remove is OnRemove.DISABLE else "DELETE /user/x")
    assert (plan.unchanged, Result("preview", plan).exit_code) == (1, 2)


def test_an_audit_reports_what_an_up_would_remove() -> None:
    """And says nothing of what is removed already."""
    live = {"x": ENABLED, "y": DISABLED}
    found = world(["a"], live, listed=["a", "x", "y"], manage=ALL, on_remove=OnRemove.DISABLE, audit=True)
    assert actions(found) == {"x": (Action.NONE, Cause.UNDECLARED)}


def test_nothing_is_removed_of_a_protected_kind_or_of_one_without_declared_objects() -> None:
    """A protected kind is only reported; so is one whose file is missing."""
    common: dict[str, Any] = {"listed": ["a", "x"], "manage": ALL, "on_remove": OnRemove.DELETE}
    assert actions(world(["a"], {"x": ENABLED}, protect=True, **common)) == {"x": (Action.NONE, Cause.UNDECLARED)}
    assert set(actions(world([], {}, **common)).values()) == {(Action.NONE, Cause.UNDECLARED)}


def test_what_is_recorded_is_not_undeclared() -> None:
    """It was declared before, and goes as its record says, whatever its spelling in the listing."""
    found = world(
        ["a"], {"x": ENABLED}, held("x", on_remove="delete"), listed=["a", "X"], manage=ALL, on_remove=OnRemove.DELETE
    )
    assert actions(found) == {"x": (Action.DELETE, Cause.REMOVED)}


def test_where_two_spellings_are_live_every_removal_is_announced_at_once() -> None:
    """While one of them is declared the other is reported and left; when it is taken out, both stand in the plan."""
    settings: dict[str, Any] = {"manage": ALL, "on_remove": OnRemove.DELETE}
    declared = world(["A0", "k"], {"a0": ENABLED}, listed=["A0", "a0", "k"], **settings)
    (step,) = compare(REGISTRY, declared).steps
    assert (step.key, step.action, step.cause) == ("a0", Action.NONE, Cause.UNDECLARED)
    assert "differs only in case from 'A0'" in step.notes[0]
    taken_out = world(["k"], {"A0": ENABLED, "a0": ENABLED}, held("A0"), listed=["A0", "a0", "k"], **settings)
    assert {s.key: s.action for s in compare(REGISTRY, taken_out).steps} == {
        "A0": Action.DELETE,
        "a0": Action.DELETE,
    }


def test_a_key_that_is_listed_in_another_spelling_covers_it() -> None:
    """A system that does not tell spellings apart lists its own: that is no other user."""
    settings: dict[str, Any] = {"manage": ALL, "on_remove": OnRemove.DELETE}
    assert strangers(KIND, world(["JDoe"], {}, listed=["jdoe"], **settings)) == []
    assert strangers(KIND, world(["k"], {"JDoe": ENABLED}, held("JDoe"), listed=["jdoe", "k"], **settings)) == []
    gone = world(["k"], {"A0": None, "a0": ENABLED}, held("A0"), listed=["a0", "k"], **settings)
    assert {s.key: s.action for s in compare(REGISTRY, gone).steps} == {"A0": Action.FORGET, "a0": Action.DELETE}


def test_a_respelling_does_not_lift_a_protection() -> None:
    """The new spelling may be the same user, who was never to be removed."""
    (step,) = [
        s for s in compare(REGISTRY, world(["A0"], {"a0": ENABLED}, held("a0", protect=True))).steps if s.key == "a0"
    ]
    assert step.action is Action.FORGET and "write `protect: true` there, too" in step.problems[0]


def test_a_listed_object_that_is_not_found_is_left_alone() -> None:
    """Two answers that contradict each other are no reason to remove anything."""
    step = only(world(["a"], {"x": None}, listed=["a", "x"], manage=ALL, on_remove=OnRemove.DELETE))
    assert (step.action, step.notes) == (Action.NONE, ("it is listed, and not found when asked for; left as it is",))


def test_our_own_login_is_a_note_and_no_finding() -> None:
    """Neither removed nor counted, so that an audit can be clean."""
    common: dict[str, Any] = {"listed": ["a", "api"], "manage": ALL, "untouchable": {"api": "the API user"}}
    for on_remove in (None, OnRemove.DISABLE):
        plan = planned(world(["a"], {"api": ENABLED}, on_remove=on_remove, **common))
        (step,) = plan.steps
        assert (step.action, plan.undeclared) == (Action.NONE, ())
        assert step.notes == ("not declared, and never disabled or deleted: it is the API user",)
        assert Result("audit", plan).exit_code == 0


@pytest.mark.parametrize(
    ("own", "kind", "contradict"),
    [
        ("retain", OnRemove.DISABLE, True),
        ("retain", OnRemove.DELETE, True),
        ("disable", OnRemove.DELETE, True),
        ("disable", OnRemove.DISABLE, False),
        ("delete", OnRemove.DISABLE, False),
        ("retain", OnRemove.RETAIN, False),
        ("retain", None, False),
    ],
)
def test_an_object_that_would_be_spared_now_and_removed_next_time(
    own: str, kind: OnRemove | None, contradict: bool
) -> None:
    """Taken out with a milder `on_remove` of its own: told before it happens, with the way out."""
    settings: dict[str, Any] = {"listed": ["a", "x"], "manage": ALL, "on_remove": kind}
    problems = only(world(["a"], {"x": ENABLED}, held("x", on_remove=own), **settings)).problems
    assert bool(problems) is contradict
    assert not contradict or "add it to `systems.onecloud.kinds.users.exclude`, or put it back" in problems[0]
    excluded = only(world(["a"], {"x": ENABLED}, held("x", on_remove=own), exclude=("x",), **settings))
    assert (excluded.action, excluded.problems) == (Action.FORGET, ())
    assert only(world([], {"x": ENABLED}, held("x", on_remove=own), manage=ALL, on_remove=kind)).problems == ()


# Recorded only to be removed: a run was killed in between.


def test_a_candidate_is_removed_as_undeclared_or_let_go() -> None:
    """While it is still to be removed it is; else, and in a destroy, only its record goes."""
    mark = held("x", undeclared=True)
    assert mark.inputs == candidate("x")
    going = world(["a"], {"x": ENABLED}, mark, listed=["a", "x"], manage=ALL, on_remove=OnRemove.DELETE)
    assert (only(going).action, only(going).cause, only(going).recorded) == (Action.DELETE, Cause.UNDECLARED, True)
    for kept in (
        world(["a"], {"x": ENABLED}, mark, on_remove=OnRemove.DELETE),
        world(["a"], {"x": ENABLED}, mark, listed=["a", "x"], manage=ALL, exclude=("x",), on_remove=OnRemove.DELETE),
        world(["a"], {"x": DISABLED}, mark, listed=["a", "x"], manage=ALL, on_remove=OnRemove.DISABLE),
        world([], {"x": ENABLED}, mark, manage=ALL, on_remove=OnRemove.DELETE),
        world(["a"], {"x": None}, mark),
    ):
        assert actions(kept) == {"x": (Action.FORGET, Cause.UNDECLARED)}
        assert planned(kept).problems == ()


def test_a_candidate_that_is_declared_now_is_taken_over() -> None:
    """As if it had never been recorded: its password is left as it is."""
    declared = Declared(USERS, "x", {"password": SecretRef("env", "P")}, Place("a.yaml", 1, 1))
    desired = {user("x"): desired_object(KIND, declared, KindSettings())}
    found = World(
        "acme",
        desired,
        {user("x"): ENABLED},
        SUPPORTING,
        {user("x"): held("x", undeclared=True)},
        {user("x"): {"password": "secret-1"}},
        digester=DIGESTER,
    )
    step = only(found)
    assert (step.action, step.cause, step.differences, step.recorded) == (Action.ADOPT, Cause.NEW, (), True)


def test_ten_thousand_undeclared_users_take_a_moment() -> None:
    """The comparison stays linear."""
    listed = [f"u{n}" for n in range(10_000)]
    found = world(listed[:5_000], {}, listed=listed, manage=ALL, exclude=("svc-*", "root"))
    assert len(strangers(KIND, found)) == len(planned(found).undeclared) == 5_000


# Ignored.


def test_a_record_ignores_what_it_says() -> None:
    """Neither compared nor read live, nor in the way of another passphrase."""
    declared = Declared(
        USERS,
        "x",
        {"team": "Sales", "skills": {"English": 1}, "password": SecretRef("env", "P")},
        Place("a.yaml", 1, 1),
        ignore=frozenset({"skills", "password"}),
    )
    desired = desired_object(KIND, declared, KindSettings(ignore=frozenset({"email", "skills"})))
    assert desired.ignore == {"skills", "password"}, "what is not listed needs no ignoring"
    assert set(desired.compared().fields) == {"team", "disabled"}
    record = record_of(KIND, desired, {"password": "secret-1"}, DIGESTER)
    assert record["ignore"] == ["password", "skills"]
    assert record["skills"] == {"English": 1} and record["password"].startswith("hmac:")
    seen = observed_record(KIND, "x", record, {"team": "Sales", "skills": {"Other": 5}, "disabled": False}, DIGESTER)
    assert seen == record
    other = {**record, "skills": {}, "password": DIGESTER(KIND, "x", "password", "secret-2"), "team": "Support"}
    assert differing(KIND, record, other) == {"team"}
    assert differing(KIND, {n: v for n, v in record.items() if n != "ignore"}, record) == {"ignore"}
    assert unreadable(KIND, record, Digester("another", "acme")) == []
    assert unreadable(KIND, {**record, "ignore": []}, Digester("another", "acme")) == ["password"]


def test_no_field_of_a_kind_bears_a_name_that_records_use() -> None:
    """`key`, `ignore`, `protect` and `undeclared` stand in a record beside the fields."""
    for kind in REGISTRY.all():
        assert not {"key", "ignore", "protect", "undeclared", "extends"} & kind.specs.keys()
