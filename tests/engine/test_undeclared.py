"""`manage: all`: who is live and not declared is reported, and removed where the kind's `on_remove` says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Tenant, agent, agents, as_seeded, wait_until
from tests.engine.test_recovery import assert_nothing_left, converge, kill

DIRECTORY = "/configapi/v2/phone/user"
QUESTION = "Apply these changes?"
DISABLE: dict[str, Any] = {"users": {"manage": "all", "on_remove": "disable"}}
DELETE: dict[str, Any] = {"users": {"manage": "all", "on_remove": "delete"}}


def stranger(login: str, number: int = 7, **fields: Any) -> dict[str, Any]:
    return as_seeded(login, agent(number, **fields))


@pytest.fixture
def peopled(make_tenant: MakeTenant) -> Tenant:
    """Two users that are declared and applied, and live besides: three strangers, a service login and the API user."""
    tenant = make_tenant(
        *(stranger(f"u{n}") for n in range(3)), stranger("u-off", disabled=True), stranger("svc-x"), stranger("Tests")
    )
    tenant.write(agents(2))
    tenant.settled()
    return tenant.fresh()


def enabled(tenant: Tenant) -> set[str]:
    return {login for login, user in tenant.box.users.items() if not user["disabled"]}


def settle(tenant: Tenant) -> None:
    """After an up nothing is to be done, nothing is found, and nothing of it stays in the state."""
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0) and "Nothing to do" in again.said, str(again)
    assert tenant.run("preview").code == tenant.run("audit").code == 0
    assert {key for key in tenant.state() if key.startswith("users/")} == {"users/a0", "users/a1"}


def test_without_it_nobody_is_looked_for(peopled: Tenant) -> None:
    """Not one call for the directory, and not a word."""
    peopled.write(agents(2), kinds={"users": {"on_remove": "delete"}})
    for words in (["preview"], ["up", "--yes"], ["audit"]):
        ran = peopled.run(*words)
        assert ran.code == 0 and "eclared:" not in ran.said and "u0" not in ran.said, str(ran)
    assert peopled.box.count("GET", DIRECTORY) == 0


@pytest.mark.parametrize("policy", [{}, {"on_remove": "retain"}], ids=["unsaid", "retain"])
def test_reported_only(peopled: Tenant, policy: dict[str, Any]) -> None:
    """Named in preview, up and audit, each with its exit code; excluded ones are not; nothing is written."""
    peopled.write(
        agents(2), kinds={"users": {"manage": "all", "exclude": ["svc-*"], **policy}, "teams": {"manage": "all"}}
    )
    peopled.box.add_team("Backoffice")
    for words, code in ((["preview"], 0), (["up", "--yes"], 0), (["audit"], 2), (["refresh"], 0)):
        ran = peopled.run(*words)
        assert ran.code == code, str(ran)
        if words != ["refresh"]:
            assert "Not declared" in ran.said and "4 users: u-off, u0, u1, u2" in ran.said, str(ran)
            assert "1 team: Backoffice" in ran.said and "5 live objects are not declared" in ran.said
            assert "svc-x" not in ran.said
    asked = peopled.run("preview", "--format", "json").json()
    users = asked["counts"]["onecloud.users"]
    assert (users["undeclared"], users["declared"], users["unchanged"], users["disable"]) == (4, 2, 2, 0)
    found = [s for s in asked["steps"] if s["cause"] == "not declared" and s["kind"] == "onecloud.users"]
    assert [(s["key"], s["action"], s["place"]) for s in found] == [
        (login, "none", None) for login in ("u-off", "u0", "u1", "u2")
    ]
    assert (peopled.writes(), peopled.reads()) == (0, 2 * 5), "strangers that stay are not read one by one"


@pytest.mark.parametrize("kinds", [DISABLE, DELETE], ids=["disable", "delete"])
def test_removed_where_the_kind_says_so(peopled: Tenant, kinds: dict[str, Any]) -> None:
    """Shown with their cause; an up does it, once; who is disabled already is left, and so is the API user."""
    verb = kinds["users"]["on_remove"]
    peopled.write(agents(2), kinds={"users": {**kinds["users"], "exclude": ["SVC-?"]}})
    going = {"u0", "u1", "u2"} | ({"u-off"} if verb == "delete" else set())
    shown = peopled.run("preview")
    assert shown.code == 2 and peopled.writes() == 0, str(shown)
    assert f"{verb} {len(going)} users (not declared)" in shown.said, str(shown)
    assert "user Tests: not declared, and never disabled or deleted: it is the API user" in shown.said, str(shown)
    assert peopled.run("audit").code == 2
    assert peopled.state().keys() & {"users/u0"} == set()
    done = peopled.fresh().run("up", "--yes", "--format", "json")
    assert done.code == 0, str(done)
    assert {(o["key"], o["action"], o["fate"]) for o in done.json()["outcomes"]} == {(u, verb, "done") for u in going}
    assert {s["cause"] for s in done.json()["steps"] if s["action"] != "none"} == {"not declared"}
    assert peopled.writes() == len(going)
    assert enabled(peopled) == {"a0", "a1", "svc-x", "Tests"}
    assert ("u0" in peopled.box.users) is (verb == "disable")
    settle(peopled)


def test_together_with_everything_else(peopled: Tenant) -> None:
    """Created, changed, taken out and never declared in one up, --full as well."""
    peopled.write(
        {"a0": agent(0, skills={"Billing": 9}), "u1": agent(7, password=None), "new": agent(3)},
        kinds={"users": {**DISABLE["users"], "exclude": ["svc-x"]}},
    )
    done = peopled.run("up", "--yes", "--full")
    assert done.code == 0, str(done)
    assert enabled(peopled) == {"a0", "u1", "new", "svc-x", "Tests"}, str(done)
    again = peopled.fresh().run("up", "--yes", "--full")
    assert (again.code, peopled.writes()) == (0, 0), str(again)


def test_spelling_does_not_make_a_stranger(make_tenant: MakeTenant) -> None:
    """A login that differs only in case from a declared one is the same person."""
    tenant = make_tenant(stranger("JDoe", 0), stranger("x"))
    tenant.write({"jdoe": agent(0)}, kinds=DELETE)
    asked = tenant.run("audit", "--format", "json").json()
    assert [s["key"] for s in asked["steps"] if s["cause"] == "not declared"] == ["x"]


def test_settings_that_spare_them(peopled: Tenant) -> None:
    """A protected kind, one of which nothing is declared, and a destroy: nobody who was never declared is touched."""
    protected = {"users": {**DELETE["users"], "protect": True}}
    for users, kinds in ((agents(2), protected), ({}, DISABLE)):
        peopled.write(users, kinds=kinds)
        shown = peopled.run("preview")
        assert shown.code == (0 if users else 2) and "Not declared" in shown.said, str(shown)
    done = peopled.run("up", "--yes")
    assert done.code == 0 and enabled(peopled) == {"u0", "u1", "u2", "svc-x", "Tests"}, str(done)
    peopled.write(agents(2), kinds=DELETE)
    assert peopled.run("destroy", "--yes").code == 0
    assert {"u0", "u1", "u2", "svc-x", "Tests", "u-off"} <= set(peopled.box.users)


def test_an_own_on_remove_that_would_be_undone(peopled: Tenant) -> None:
    """`retain` of a user who is taken out, where the kind would remove him the next time: told, nothing is done."""
    peopled.write({**agents(2), "kept": agent(4, on_remove="retain")})
    assert peopled.run("up", "--yes").code == 0
    kinds = {"users": {**DISABLE["users"], "exclude": ["u*", "svc*"]}}
    peopled.write(agents(2), kinds=kinds)
    refused = peopled.fresh().run("up", "--yes")
    assert (refused.code, peopled.writes()) == (1, 0), str(refused)
    assert "it says `on_remove: retain`" in refused.said, str(refused)
    peopled.write(agents(2), kinds={"users": {**DISABLE["users"], "exclude": ["u*", "svc*", "kept"]}})
    assert peopled.run("up", "--yes").code == 0
    assert "kept" in enabled(peopled)
    settle(peopled)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"status": 403}, "`manage: all` needs the list of all users: give the API user the privilege"),
        ({"status": 200, "body": "[]"}, "the list of all users lacks 'a0' and 1 more, which exists"),
        (
            {"status": 200, "body": json.dumps([{"loginId": "a0", "extension": "1"}, {"loginId": "u0"}])},
            "the list of all users lacks 'a1', which exists",
        ),
        ({"status": 200, "body": "{}"}, "did not answer with a JSON list"),
    ],
    ids=["refused", "empty", "short", "odd"],
)
def test_a_listing_that_cannot_be_trusted_removes_nobody(peopled: Tenant, fault: dict[str, Any], says: str) -> None:
    """Refused, empty or short: an error before any write, in every command that looks."""
    peopled.write({**agents(2), "a2": agent(2)}, kinds=DELETE)
    peopled.box.fault(fault, method="GET", path=DIRECTORY)
    for words in (["preview"], ["up", "--yes"], ["audit"]):
        refused = peopled.run(*words)
        assert (refused.code, peopled.writes()) == (1, 0), str(refused)
        assert says in refused.said, str(refused)


def test_what_changes_while_the_question_stands(peopled: Tenant) -> None:
    """Each is read again right before: gone or disabled meanwhile is no write; who appears waits for the next run."""
    peopled.write(agents(2), kinds={"users": {**DISABLE["users"], "exclude": ["svc-x"]}})

    def meddle() -> str:
        peopled.box.clear_log()
        peopled.box.delete_user("u0")
        peopled.box.change_user("u1", disabled=True)
        peopled.box.add_user(**stranger("late"))
        return "y\n"

    done = peopled.talk("up", answers={QUESTION: meddle})
    assert done.code == 0, str(done)
    assert [(e.method, e.path.rpartition("/")[2]) for e in peopled.box.log(write=True)] == [("PUT", "u2")]
    assert "late" in enabled(peopled)
    assert peopled.run("up", "--yes").code == 0
    settle(peopled)


def test_declared_after_all(peopled: Tenant) -> None:
    """A stranger who is put into the YAML is adopted."""
    peopled.write(
        {**agents(2), "u0": agent(7)}, kinds={"users": {**DELETE["users"], "exclude": ["u1", "u2", "u-*", "s*"]}}
    )
    done = peopled.run("up", "--yes")
    assert (done.code, peopled.writes()) == (0, 0) and "adopted" in done.said, str(done)


def killed_on_the_way(tenant: Tenant, kinds: dict[str, Any]) -> set[str]:
    """Kill an up when it has recorded the strangers and removed u0, and no other; who is still there."""
    tenant.write(agents(2), kinds=kinds)
    tenant.box.fault({"delay_ms": 30_000, "when": "after"}, write=True, path="/configapi/v2/user/u0")
    tenant.box.fault({"status": 503}, write=True, path="/configapi/v2/user/*")
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.box.count(write=True, changed=True) >= 1, "the first one was removed")
    kill(process)
    assert_nothing_left(tenant)
    tenant.box.clear_faults()
    assert tenant.state()["users/u0"] == {"key": "u0", "undeclared": True}
    return enabled(tenant) & {"u0", "u1", "u2", "svc-x"}


@pytest.mark.parametrize("kinds", [DISABLE, DELETE], ids=["disable", "delete"])
def test_killed_between_record_and_removal(peopled: Tenant, kinds: dict[str, Any]) -> None:
    """The next run goes on."""
    assert killed_on_the_way(peopled, kinds)
    converge(peopled)
    assert enabled(peopled) == {"a0", "a1", "Tests"}
    settle(peopled)


@pytest.mark.parametrize("then", ["listed", "destroy", "plain", "plain destroy", "declared"])
def test_killed_and_then_otherwise(peopled: Tenant, then: str) -> None:
    """Who was recorded only to be removed is let go when that is no longer wanted, and in any destroy."""
    left = killed_on_the_way(peopled, DELETE)
    assert left
    if then == "listed":
        peopled.write(agents(2), kinds={"users": {"on_remove": "delete"}})
        converge(peopled)
    elif then == "declared":
        kinds = {"users": {"on_remove": "delete"}}
        peopled.write({**agents(2), **{u: agent(7, team=None, email=None) for u in left}}, kinds=kinds)
        converge(peopled, INITIAL_PASSWORD="Bilby-4410-second")
        assert all(peopled.box.password_matches(login, PASSWORD) for login in left)
        return
    elif then == "destroy":
        done = peopled.run("destroy", "--yes", "--unlock")
        assert done.code == 0, str(done)
    else:
        assert peopled.run("preview", "--format", "json").code == 2
        peopled.run("refresh", "--unlock")
        peopled.plain(then.partition(" ")[2] or "up")
    assert left <= enabled(peopled)
    assert not {key for key in peopled.state() if key.startswith(("users/u", "users/s"))}


def test_killed_while_they_are_recorded(peopled: Tenant) -> None:
    """Before the state holds them."""
    peopled.write(agents(2), kinds=DISABLE)
    runs = peopled.folder / ".cxconfig" / "runs" / "acme"
    process = peopled.start("up", "--yes")
    wait_until(
        lambda: any('"record"' in path.read_text("utf-8") for path in runs.glob("*/journal.jsonl")), "one is recorded"
    )
    kill(process)
    assert_nothing_left(peopled)
    converge(peopled)
    assert enabled(peopled) == {"a0", "a1", "Tests"}
    settle(peopled)


def test_plain_pulumi_says_that_it_cannot(peopled: Tenant) -> None:
    """A warning, and nobody is touched."""
    peopled.write(agents(2), kinds=DELETE)
    for verb in ("preview", "up"):
        ran = peopled.plain(verb)
        assert "manage: all of onecloud.users: plain pulumi neither sees nor removes" in ran.said, str(ran)
    assert (peopled.writes(), peopled.box.count("GET", DIRECTORY)) == (0, 0)


def test_many_are_removed_in_one_up(make_tenant: MakeTenant) -> None:
    """Five hundred strangers: a short report, one write each, and then nothing."""
    logins = [f"u{n:03}" for n in range(500)]
    tenant = make_tenant(*(as_seeded(login, agent(0)) for login in logins))
    tenant.write(agents(1), kinds={"users": {"manage": "all"}})
    tenant.settled()
    shown = tenant.run("preview")
    assert "500 users:" in shown.said and "and 490 more" in shown.said and len(shown.out.splitlines()) < 15, str(shown)
    tenant.write(agents(1), kinds=DELETE)
    refused = tenant.fresh().run("up", "--yes")
    assert (refused.code, tenant.writes()) == (1, 0), str(refused)
    assert "onecloud.users: 500 of 501 would be deleted, and a run may do that to 50 at the most" in refused.said
    done = tenant.run("up", "--yes", "--raise-limit", "onecloud.users.delete=500")
    assert (done.code, tenant.writes(), set(tenant.box.users)) == (0, 500, {"a0"}), str(done)
    assert len(done.out.splitlines()) < 30, str(done)
    assert tenant.run("preview").code == 0
