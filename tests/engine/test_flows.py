"""What a run does to users and teams, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Ran, Tenant, agent, agents, as_seeded

pytestmark = pytest.mark.measured

BY_HAND: dict[str, dict[str, Any]] = {
    "a0": {"skills": {"English": 99, "Spanish": 5}},
    "a1": {"disabled": True},
    "a2": {"team": "Support"},
    "a3": {"changePassword": True},
    "a4": {"skills": {}, "disabled": True, "team": "Sales"},
}
"""Drift that PUT can repair, by login; the teams are others than those of `drifting`."""
FIXED: dict[str, dict[str, Any]] = {
    "b0": {"firstName": "Zed"},
    "b1": {"lastName": "Zed"},
    "b2": {"email": "zed@acme.example.com"},
    "b3": {"extension": "7777"},
    "b4": {"workPhone": "+1 555 010 9999"},
    "b5": {"mobilePhone": "+1 555 010 9999"},
    "b6": {"roles": ["Admin"]},
}
"""Drift that only SCIM can repair, by login."""


def drifting() -> dict[str, dict[str, Any]]:
    """Users that list every field that PUT changes."""
    return {f"a{n}": agent(n, team="Billing", change_password=False, disabled=False) for n in range(7)}


def differences(ran: Ran) -> dict[str, set[str]]:
    """The differing fields by key, of a run with `--format json`."""
    return {step["key"]: {d["field"] for d in step["differences"]} for step in ran.json()["steps"]}


def calls(tenant: Tenant) -> list[tuple[str, str]]:
    """The writes since the log was cleared: method and last part of the path, sorted."""
    return sorted((entry.method, entry.path.rpartition("/")[2]) for entry in tenant.box.log(write=True))


def test_create_then_nothing(tenant: Tenant) -> None:
    """A first up creates every user; a second makes no write, and one read of each user and of each list."""
    users = agents(5)
    tenant.write(users)
    asked = tenant.run("preview")
    assert (asked.code, tenant.writes(), tenant.box.users) == (2, 0, {}), str(asked)
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert set(tenant.box.users) == set(users)
    assert calls(tenant) == [("POST", "user")] * 5
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    again = tenant.fresh().run("up", "--yes")
    assert again.code == 0, str(again)
    assert tenant.box.counts()["by_call"] == {
        "POST /configapi/v2/oauth/token": 1,
        "GET /configapi/v2/team": 1,
        "GET /statsapi/cfg/teams": 1,
        "GET /configapi/v2/user/*": 5,
    }


def test_a_create_asks_for_nothing_that_is_known(tenant: Tenant) -> None:
    """A new user costs one read and one POST, and one more read when a skill was never seen live in this run."""
    tenant.write({"a0": agent(0, skills=None)})
    assert tenant.run("up", "--yes").code == 0
    assert (tenant.reads(), calls(tenant)) == (1, [("POST", "user")])
    tenant.write({"a0": agent(0, skills=None), "a1": agent(1)})
    assert tenant.fresh().run("up", "--yes").code == 0
    assert (tenant.reads(), calls(tenant)) == (3, [("POST", "user")])


def test_edit(tenant: Tenant) -> None:
    """An edit is one PUT of the changed fields alone, for the changed users alone."""
    users = agents(6)
    tenant.write(users)
    tenant.settled()
    users["a1"]["skills"] = {"English": 55}
    users["a2"]["team"] = "Support"
    users["a3"] |= {"disabled": True, "change_password": True}
    tenant.write(users)
    asked = tenant.fresh().run("preview", "--format", "json")
    assert (asked.code, tenant.writes(), tenant.reads()) == (2, 0, 6), str(asked)
    assert differences(asked) == {"a1": {"skills"}, "a2": {"team"}, "a3": {"disabled", "change_password"}}
    assert {d["cause"] for step in asked.json()["steps"] for d in step["differences"]} == {"edit"}
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert tenant.reads() == 6 + 3 + 1, "who was disabled is read back"
    assert {e.path.rpartition("/")[2]: e.sent for e in tenant.box.log(write=True)} == {
        "a1": {"skills": {"English": 55}},
        "a2": {"team": "Support"},
        "a3": {"disabled": True, "changePassword": True},
    }
    assert tenant.state()["users/a1"]["skills"] == {"English": 55}
    assert tenant.fresh().run("preview").code == 0


def test_drift_is_shown_and_repaired(tenant: Tenant) -> None:
    """Drift in every field that PUT changes, and a user deleted live, are shown as drift and repaired."""
    users = drifting()
    tenant.write(users)
    tenant.settled()
    right, recorded = tenant.box.users, tenant.state()
    for login, values in BY_HAND.items():
        tenant.box.change_user(login, **values)
    tenant.box.delete_user("a5")
    asked = tenant.fresh().run("preview", "--format", "json")
    assert (asked.code, tenant.writes(), tenant.reads()) == (2, 0, 7), str(asked)
    found = differences(asked)
    assert {login: found[login] for login in BY_HAND} == {
        "a0": {"skills"},
        "a1": {"disabled"},
        "a2": {"team"},
        "a3": {"change_password"},
        "a4": {"skills", "disabled", "team"},
    }
    assert {step["key"]: step["action"] for step in asked.json()["steps"]} == {
        **dict.fromkeys(BY_HAND, "update"),
        "a5": "create",
    }
    assert {step["cause"] for step in asked.json()["steps"]} == {"drift"}
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert calls(tenant) == [("POST", "user"), *(("PUT", login) for login in sorted(BY_HAND))]
    # One more for each change, one for each who is enabled again; and at the most one for each of the first new skills
    # and of the first removed ones.
    assert 7 + 5 + 2 <= tenant.reads() <= 7 + 5 + 2 + 3
    extension = {"a5": {"extension": tenant.box.users["a5"]["extension"]}}
    assert tenant.box.users == {login: user | extension.get(login, {}) for login, user in right.items()}
    assert tenant.box.password_matches("a5", PASSWORD)
    assert tenant.state() == recorded
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_what_put_cannot_change_goes_through_scim(tenant: Tenant) -> None:
    """Drift in fields that PUT /user does not change is repaired by a PATCH, beside a PUT for the others."""
    users = {
        login: agent(n, extension=f"200{n}", work_phone="+1 555 010 1111", mobile_phone="555-2222", roles=["Agent"])
        for n, login in enumerate(["x", "both", *FIXED])
    }
    tenant.write(users)
    tenant.settled()
    right, recorded = tenant.box.users, tenant.state()
    for login, values in {**FIXED, "both": {"disabled": True, "lastName": "Zed"}}.items():
        tenant.box.change_user(login, **values)
    shown = tenant.run("preview", "--format", "json")
    names = ["first_name", "last_name", "email", "extension", "work_phone", "mobile_phone", "roles"]
    assert differences(shown) == dict(zip(FIXED, ({name} for name in names), strict=True)) | {
        "both": {"disabled", "last_name"}
    }
    assert "010 9999" not in shown.text
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert [method for method, _ in calls(tenant)] == ["PATCH"] * 8 + ["PUT"]
    assert (tenant.box.users, tenant.state()) == (right, recorded)
    again = tenant.fresh().run("up", "--yes", "--full")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_without_scim_such_a_change_needs_a_replacement(tenant: Tenant) -> None:
    """An edit, and a field that is listed for the first time: told with what would be lost, and nothing is written."""
    tenant.write({"a0": agent(0, email=None), "a1": agent(1)})
    tenant.settled()
    tenant.write({"a0": agent(0, first_name="Other", email="new@acme.example.com"), "a1": agent(1, disabled=True)})
    for setting in ("404", "403"):
        tenant.box.set_switch("scim", setting)
        for full in ((), ("--full",)):
            refused = tenant.fresh().run("up", "--yes", "--format", "json", *full)
            assert (refused.code, tenant.writes()) == (1, 0), str(refused)
            assert differences(refused)["a0"] == {"first_name", "email"}
            (problem,) = refused.json()["problems"]
            assert problem["key"] == "a0" and "needs replacement: SCIM is off" in problem["problem"], str(refused)
            assert "`first_name` and `email`" in problem["problem"] and "allow_replace: true" in problem["problem"]
    assert tenant.state()["users/a0"]["first_name"] == "First0"


def test_adopting_three_hundred(make_tenant: MakeTenant) -> None:
    """300 users that exist and are as declared are taken over in one up, without a write and without a duplicate."""
    users = agents(300)
    tenant = make_tenant(*(as_seeded(login, fields) for login, fields in users.items()))
    tenant.write(users)
    live = tenant.box.users
    asked = tenant.run("preview", "--format", "json")
    assert (asked.code, asked.json()["exit_code"]) == (0, 0), str(asked)
    assert asked.json()["counts"]["onecloud.users"]["adopt"] == 300
    done = tenant.fresh().run("up", "--yes", "--format", "json")
    assert done.code == 0, str(done)
    assert (tenant.writes(), tenant.reads(), tenant.box.users) == (0, 300, live)
    assert done.json()["counts"]["onecloud.users"]["adopt"] == 300
    assert len([key for key in tenant.state() if key.startswith("users/")]) == 300
    assert tenant.fresh().run("preview").code == 0
    assert (tenant.writes(), tenant.reads()) == (0, 300)


def test_adopting_writes_what_differs(make_tenant: MakeTenant) -> None:
    """An existing login is taken over: what differs is shown and written, its password and the rest are left."""
    live = as_seeded("a0", agent(0, skills={"Spanish": 1}), password="Their-own-1", disabled=True, workPhone="555-1")
    tenant = make_tenant(live, as_seeded("a1", agent(1)))
    tenant.write(agents(2))
    assert tenant.run("preview").code == 2
    tenant.write(agents(3))
    asked = tenant.run("preview", "--format", "json")
    assert {s["key"]: s["action"] for s in asked.json()["steps"] if s["kind"] == "onecloud.users"} == {
        "a0": "adopt",
        "a1": "adopt",
        "a2": "create",
    }
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert calls(tenant) == [("POST", "user"), ("PUT", "a0")]
    found = tenant.box.users["a0"]
    assert (found["skills"], found["disabled"], found["workPhone"]) == ({"English": 0}, False, "555-1")
    assert tenant.box.password_matches("a0", "Their-own-1")
    assert "password: left as it is live" in done.said
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_skills_compare_without_order_case_or_blanks(tenant: Tenant) -> None:
    """A skill that is spelt otherwise, or stands in another order, is the same; only a level or a name differs."""
    users = {"a0": agent(0, skills={"English": 90, "Spanish": 50})}
    tenant.write(users)
    tenant.settled()
    tenant.write({"a0": agent(0, skills={"spanish": 50, "ENGLISH": 90})})
    done = tenant.fresh().run("preview")
    assert (done.code, tenant.writes()) == (0, 0), str(done)


def test_unmanaged_fields_are_not_touched(tenant: Tenant) -> None:
    """What is not listed is never compared or written; what is listed empty is emptied."""
    tenant.write({"a0": agent(0, skills={"English": 10})})
    tenant.settled()
    tenant.write({"a0": {"team": "Sales"}})
    tenant.box.change_user("a0", skills={"Products": 7}, firstName="Zoe", changePassword=True)
    done = tenant.fresh().run("up", "--yes")
    assert (done.code, tenant.writes()) == (0, 0), str(done)
    assert set(tenant.state()["users/a0"]) == {"key", "team", "disabled"}
    tenant.write({"a0": {"team": "Sales", "skills": {}}})
    assert tenant.fresh().run("up", "--yes").code == 0
    assert [e.sent for e in tenant.box.log(write=True)] == [{"skills": {}}]
    assert (tenant.box.users["a0"]["skills"], tenant.box.users["a0"]["firstName"]) == ({}, "Zoe")


def test_removed_users_are_disabled_and_enabled_on_return(tenant: Tenant) -> None:
    """Taken out of the YAML: disabled, unless already so or gone; back in it: enabled, with nothing else changed."""
    users = agents(4)
    tenant.write(users)
    tenant.settled()
    tenant.box.change_user("a1", disabled=True)
    tenant.box.delete_user("a2")
    tenant.write({"a3": users["a3"]})
    asked = tenant.run("preview", "--format", "json")
    assert {s["key"]: s["action"] for s in asked.json()["steps"]} == {"a0": "disable", "a1": "forget", "a2": "forget"}
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert [(e.method, e.path[-2:], e.sent) for e in tenant.box.log(write=True)] == [("PUT", "a0", {"disabled": True})]
    assert "1 user disabled: a0" in done.said and tenant.box.users["a0"]["disabled"], str(done)
    assert [key for key in tenant.state() if key.startswith("users/")] == ["users/a3"]
    tenant.write({name: users[name] for name in ("a0", "a3")})
    back = tenant.fresh().run("up", "--yes")
    assert back.code == 0, str(back)
    assert [e.sent for e in tenant.box.log(write=True)] == [{"disabled": False}]
    assert tenant.box.password_matches("a0", PASSWORD)


def test_on_remove(tenant: Tenant) -> None:
    """A user's own `on_remove` goes before the kind's in tenant.yaml, and that before the default."""
    users = agents(4)
    users["a1"]["on_remove"] = "retain"
    users["a2"]["on_remove"] = "disable"
    tenant.write(users)
    tenant.settled()
    tenant.write({"a3": users["a3"]}, kinds={"users": {"on_remove": "delete"}})
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert calls(tenant) == [("DELETE", "a0"), ("PUT", "a2")]
    assert {login: user["disabled"] for login, user in tenant.box.users.items()} == {
        "a1": False,
        "a2": True,
        "a3": False,
    }
    tenant.write({"a3": {**users["a3"], "on_remove": "delete"}})
    assert tenant.fresh().run("up", "--yes").code == 0
    assert tenant.writes() == 0
    tenant.write({})
    tenant.box.set_switch("delete", "kept")
    untaken = tenant.fresh().run("up", "--yes")
    assert untaken.code == 1 and "accepted that a3 is deleted, and the user is still there" in untaken.said, str(
        untaken
    )
    assert "users/a3" in tenant.state() and "a3" in tenant.box.users
    tenant.box.set_switch("delete", "done")
    assert tenant.fresh().run("up", "--yes").code == 0
    assert (calls(tenant), "a3" in tenant.box.users) == ([("DELETE", "a3")], False)


def test_missing_team(tenant: Tenant) -> None:
    """A team that does not exist live fails the preview with the near names, for itself and for its users."""
    tenant.write({"a0": agent(0), "a1": agent(1, team="Nigth Shift")}, teams=("Sales", "Nigth Shift"))
    for command in (["preview"], ["up", "--yes"]):
        refused = tenant.run(*command)
        assert (refused.code, tenant.writes()) == (1, 0), str(refused)
        assert "the team 'Nigth Shift' does not exist in OneCloud" in refused.said
        assert "did you mean 'Night Shift'?" in refused.said
        assert "! team Nigth Shift acme/people.yaml" in refused.said
        assert "! user a1 acme/people.yaml" in refused.said
    assert tenant.box.users == {}


def test_teams_record_their_id_and_are_only_forgotten(tenant: Tenant) -> None:
    """A team's statistics id is recorded; out of the YAML it is forgotten, and its users keep what they have."""
    users = agents(2)
    tenant.write(users)
    tenant.settled()
    outputs = {r["id"]: r["outputs"] for r in tenant.export()["deployment"]["resources"] if r.get("id")}
    assert outputs["Sales"]["statsapi_id"] == tenant.box.teams["Sales"]
    tenant.write({login: {"first_name": user["first_name"]} for login, user in users.items()}, teams=("Billing",))
    live = tenant.box.users
    done = tenant.fresh().run("up", "--yes")
    assert (done.code, tenant.writes(), tenant.box.users) == (0, 0, live), str(done)
    assert sorted(tenant.state()) == ["teams/Billing", "users/a0", "users/a1"]
    assert tenant.run("preview").code == 0


def test_unlock(tenant: Tenant) -> None:
    """`unlock: true` clears a lock with the lock's own call; without it a lock is not even looked at."""
    users = {"a0": agent(0, unlock=True), "a1": agent(1)}
    tenant.write(users)
    tenant.settled()
    tenant.box.lock_user("a0")
    tenant.box.lock_user("a1")
    asked = tenant.fresh().run("preview", "--format", "json")
    assert (asked.code, differences(asked)) == (2, {"a0": {"unlock"}}), str(asked)
    assert tenant.box.count("GET", "/configapi/v2/user/lock/*") == 1
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert [(e.method, e.path) for e in tenant.box.log(write=True)] == [("PUT", "/configapi/v2/user/lock/a0")]
    assert (tenant.box.is_locked("a0"), tenant.box.is_locked("a1")) == (False, True)
    assert tenant.fresh().run("preview").code == 0


def test_audit_finds_what_a_preview_finds_without_any_state(make_tenant: MakeTenant) -> None:
    """Audit reads and says the same, needs neither state nor passphrase nor the users' secrets, and writes nothing."""
    users = drifting()
    tenant = make_tenant(*(as_seeded(login, fields) for login, fields in users.items()))
    tenant.write({**users, "missing": agent(9)})
    for login, values in BY_HAND.items():
        tenant.box.change_user(login, **values)
    audited = tenant.run("audit", "--format", "json", PULUMI_CONFIG_PASSPHRASE=None, INITIAL_PASSWORD=None)
    assert (audited.code, tenant.reads(), tenant.writes()) == (2, 8, 0), str(audited)
    assert not (tenant.folder / ".cxconfig").exists()
    previewed = tenant.run("preview", "--format", "json")
    found = {key: fields for key, fields in differences(previewed).items() if fields}
    assert differences(audited) == found
    assert set(found) == {*BY_HAND, "missing"}
    assert tenant.run("up", "--yes").code == 0
    clean = tenant.fresh().run("audit")
    assert (clean.code, tenant.writes()) == (0, 0), str(clean)


def test_refresh_records_what_is_live(tenant: Tenant) -> None:
    """Refresh brings the record in line with what is live, writes nothing live, and a second one has nothing to do."""
    users = agents(4)
    tenant.write(users)
    tenant.settled()
    tenant.box.change_user("a1", disabled=True, skills={"Spanish": 3})
    tenant.box.delete_user("a2")
    done = tenant.fresh().run("refresh")
    assert (done.code, tenant.writes()) == (2, 0), str(done)
    recorded = tenant.state()
    assert (recorded["users/a1"]["disabled"], recorded["users/a1"]["skills"]) == (True, {"Spanish": 3})
    assert "users/a2" not in recorded
    again = tenant.run("refresh")
    assert (again.code, tenant.state()) == (0, recorded), str(again)
    assert tenant.run("up", "--yes").code == 0
    assert (tenant.box.users["a1"]["disabled"], set(tenant.box.users)) == (False, set(users))


def test_destroy(tenant: Tenant) -> None:
    """Destroy disables users, deletes those that say so and forgets teams; a second destroy has nothing to do."""
    users = agents(3)
    users["a2"]["on_remove"] = "delete"
    tenant.write(users)
    tenant.settled()
    tenant.box.add_user(loginId="other", firstName="Not", lastName="Ours", team="Sales")
    done = tenant.fresh().run("destroy", "--yes")
    assert done.code == 0, str(done)
    assert calls(tenant) == [("DELETE", "a2"), ("PUT", "a0"), ("PUT", "a1")]
    assert {login: user["disabled"] for login, user in tenant.box.users.items()} == {
        "a0": True,
        "a1": True,
        "other": False,
    }
    assert tenant.state() == {}
    again = tenant.fresh().run("destroy", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)
    assert tenant.fresh().run("up", "--yes").code == 0
    assert [user["disabled"] for user in tenant.box.users.values()] == [False, False, False, False]


def test_up_of_an_emptied_tenant_takes_everything_out(tenant: Tenant) -> None:
    """With nothing declared any more an up removes what was applied, as `on_remove` says."""
    tenant.write(agents(2))
    tenant.settled()
    tenant.write({}, teams=())
    asked = tenant.fresh().run("preview", "--format", "json")
    assert (asked.code, tenant.writes()) == (2, 0), str(asked)
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert calls(tenant) == [("PUT", "a0"), ("PUT", "a1")]
    assert tenant.state() == {}
    assert tenant.run("up", "--yes").code == 0
