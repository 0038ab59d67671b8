"""Runs against a contact centre that stumbles: what passes is not felt, what stays is told, nothing is made twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Ran, Tenant, agent, agents, as_seeded

USER = "/configapi/v2/user"
TOKEN = "/configapi/v2/oauth/token"
OTHER_PASSWORD = "Potoroo-6126-second"
NO_PRIVILEGE = "User authenticated but does not have sufficient privileges"
PASSING: list[Any] = [
    {"status": 500},
    {"status": 502},
    {"status": 503, "body": "try later"},
    {"html": 503},
    {"delay_ms": 300},
    "drop_before",
    "drop_after",
    "truncate",
    "expire_token",
    "revoke_token",
    {"rate_limit": {"retry_after": 1}},
    {"rate_limit": {}},
]
"""What a read gets over, by repeating it."""
ON_WRITES: list[tuple[Any, int]] = [
    ({"status": 500}, 2),
    ({"status": 503}, 2),
    ({"html": 502}, 2),
    ({"html": 200}, 2),
    ("drop_before", 2),
    ({"rate_limit": {"retry_after": 1}}, 2),
    ({"status": 500, "when": "after"}, 1),
    ({"html": 502, "when": "after"}, 1),
    ({"html": 200, "when": "after"}, 1),
    ({"drop_after": None, "reset": True}, 1),
    ("drop_after", 1),
    ("truncate", 1),
    ({"delay_ms": 300}, 1),
    ({"delay_ms": 300, "when": "after"}, 1),
]
"""A fault that hits a write once, and how often the write is then sent: again only when it was not carried out."""


def sent(tenant: Tenant, method: str) -> dict[str, int]:
    """How often each user was written to with this method."""
    found: dict[str, int] = {}
    for entry in tenant.box.log(method, write=True):
        login = entry.path.rpartition("/")[2]
        found[login] = found.get(login, 0) + 1
    return found


def failed(ran: Ran) -> dict[str, dict[str, Any]]:
    """The errors of a run with `--format json` by key."""
    return {outcome["key"]: outcome["error"] for outcome in ran.json()["outcomes"] if outcome["fate"] == "failed"}


def settled(tenant: Tenant) -> None:
    """The next run finds nothing to do."""
    tenant.box.clear_faults()
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_what_passes_while_reading_is_not_felt(make_tenant: MakeTenant) -> None:
    """Every kind of fault on the reading of another user: each is read in the end, and nothing is made twice."""
    users = agents(len(PASSING) + 1)
    tenant = make_tenant(*(as_seeded(login, users[login]) for login in users if login != "a0"))
    tenant.write(users)
    for number, do in enumerate(PASSING, 1):
        tenant.box.fault(do, method="GET", path=f"{USER}/a{number}", nth=1)
    tenant.box.fault({"status": 400}, path="/statsapi/cfg/teams")
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert sent(tenant, "POST") == {"user": 1}
    assert sent(tenant, "PUT") == {}
    assert [rule["hits"] for rule in tenant.box.simulator.faults.listing()] == [1] * (len(PASSING) + 1)
    assert "the ids of teams are not known" in done.said
    settled(tenant)


@pytest.mark.parametrize(
    ("do", "status"),
    [({"html": 404}, 404), ({"html": 200}, 200), ({"status": 403, "body": NO_PRIVILEGE}, 403), ({"status": 503}, 503)],
)
def test_what_stays_while_reading_stops_before_any_write(make_tenant: MakeTenant, do: Any, status: int) -> None:
    """A user that cannot be read is not taken for absent: exit code 1, call and status, and no write for anybody."""
    users = agents(3)
    tenant = make_tenant(*(as_seeded(login, fields, disabled=True) for login, fields in users.items()))
    tenant.write(users)
    live = tenant.box.users
    tenant.box.fault(do, method="GET", path=f"{USER}/a1")
    for command in (["up", "--yes", "--format", "json"], *([["audit", "--format", "json"]] if status != 503 else [])):
        ran = tenant.run(*command)
        assert (ran.code, tenant.writes(), tenant.box.users) == (1, 0, live), str(ran)
        (error,) = ran.json()["errors"]
        assert (error["status"], error["endpoint"]) == (status, f"GET {USER}/a1")
        assert error["way_out"]
        assert status != 403 or error["said"] == NO_PRIVILEGE


def test_creates_that_are_lost_refused_or_late(tenant: Tenant) -> None:
    """Each user is made once with the right password; a create is sent again only after a read or a proof."""
    users = agents(12)
    tenant.write(users)
    not_made: list[Any] = ["drop_before", {"status": 503}]
    lost: list[Any] = ["drop_after", "truncate", {"html": 502, "when": "after"}, {"status": 500, "when": "after"}]
    for number, do in enumerate([*not_made, *lost, {"rate_limit": {"retry_after": 1}}, {"delay_ms": 300}], 1):
        tenant.box.fault(do, method="POST", path=USER, nth=number)
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert sent(tenant, "POST") == {"user": len(users) + len(not_made) + 1}
    assert tenant.box.count("POST", USER, changed=True) == 12
    assert [entry.sent for entry in tenant.box.log("PUT")] == [{"password": "***"}] * len(lost)
    assert set(tenant.box.users) == set(users)
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    settled(tenant)


def test_updates_and_removals_under_every_fault(tenant: Tenant) -> None:
    """Each write is made in the end, and sent twice only where the first one was not carried out."""
    kept = {f"k{n}": agent(n) for n in range(len(ON_WRITES))}
    gone = {f"g{n}": agent(n, on_remove="delete" if n % 2 else "disable") for n in range(len(ON_WRITES))}
    tenant.write(kept | gone)
    assert tenant.run("up", "--yes").code == 0
    changed = {login: {**user, "skills": {"Products": 7}} for login, user in kept.items()}
    tenant.write(changed, kinds={"users": {"limits": {"disable": "100%", "delete": "100%"}}})
    for number, (do, _) in enumerate(ON_WRITES):
        for login in (f"k{number}", f"g{number}"):
            tenant.box.fault(do, method=["PUT", "DELETE"], path=f"{USER}/{login}", nth=1)
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    wanted = {f"{prefix}{number}": times for prefix in "kg" for number, (_, times) in enumerate(ON_WRITES)}
    assert sent(tenant, "PUT") | sent(tenant, "DELETE") == wanted
    assert all(tenant.box.users[login]["skills"] == {"Products": 7} for login in kept)
    assert {login: login in tenant.box.users for login in gone} == {
        login: user["on_remove"] == "disable" for login, user in gone.items()
    }
    assert all(tenant.box.users[login]["disabled"] for login in gone if login in tenant.box.users)
    settled(tenant)


def test_a_refusal_for_one_user_keeps_the_vendors_words(tenant: Tenant) -> None:
    """Text, status, call and place are shown; the others go through; the next up repairs with one write."""
    users = agents(4)
    tenant.write(users)
    tenant.settled()
    for user in users.values():
        user["skills"] = {"Products": 3}
    tenant.write(users)
    number = tenant.box.fault({"status": 403, "body": NO_PRIVILEGE}, method="PUT", path=f"{USER}/a1")
    refused = tenant.fresh().run("up", "--yes")
    assert refused.code == 1, str(refused)
    line = (tenant.folder / "people.yaml").read_text("utf-8").split("\n").index("    a1:") + 1
    assert f"! update user a1 acme/people.yaml:{line}:5 " in refused.said
    assert f"PUT {USER}/a1 answered 403: {NO_PRIVILEGE}" in refused.said
    assert "Give the API user the privilege" in refused.said
    assert sent(tenant, "PUT") == dict.fromkeys(users, 1)
    done = {login for login, user in tenant.box.users.items() if user["skills"] == {"Products": 3}}
    assert done == set(users) - {"a1"}
    again = tenant.fresh().run("up", "--yes", "--format", "json")
    (error,) = failed(again).values()
    assert (again.code, error["type"], error["status"], error["said"]) == (1, "PermissionDenied", 403, NO_PRIVILEGE)
    assert (error["place"]["line"], error["endpoint"], sent(tenant, "PUT")) == (line, f"PUT {USER}/a1", {"a1": 1})
    tenant.box.clear_faults(number)
    repaired = tenant.fresh().run("up", "--yes")
    assert (repaired.code, sent(tenant, "PUT")) == (0, {"a1": 1}), str(repaired)
    settled(tenant)


def test_writes_that_never_get_through(tenant: Tenant) -> None:
    """A create and an update that are lost each time are told as unknown after three tries; the next up finds out."""
    tenant.write(agents(2))
    tenant.settled()
    tenant.write({**agents(2), "a0": agent(0, team="Billing"), "new": agent(5)})
    tenant.box.fault("drop_before", method="PUT", path=f"{USER}/a0")
    tenant.box.fault({"status": 500, "when": "after"}, method="POST", path=USER)
    tenant.box.fault({"status": 500, "when": "after"}, method="PUT", path=f"{USER}/new")
    ran = tenant.fresh().run("up", "--yes", "--format", "json")
    assert ran.code == 1, str(ran)
    assert {key: error["type"] for key, error in failed(ran).items()} == {
        "a0": "OutcomeUnknown",
        "new": "OutcomeUnknown",
    }
    assert (sent(tenant, "POST"), sent(tenant, "PUT")) == ({"user": 1}, {"a0": 3, "new": 3})
    assert all("Run the command again" in error["way_out"] for error in failed(ran).values())
    tenant.box.clear_faults()
    repaired = tenant.fresh().run("up", "--yes")
    assert (repaired.code, sent(tenant, "POST")) == (0, {}), str(repaired)
    assert tenant.box.users["a0"]["team"] == "Billing"
    assert tenant.box.password_matches("new", PASSWORD)
    settled(tenant)


@pytest.mark.parametrize("do", ["revoke_token", "expire_token"])
def test_a_token_that_ends_in_the_middle(tenant: Tenant, do: str) -> None:
    """While several writes are in flight: each is made once, with one token more."""
    users = agents(12)
    tenant.write(users)
    tenant.box.fault(do, method="POST", path=USER, nth=3)
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    made = tenant.box.log("POST", USER)
    assert [entry.status for entry in made if entry.status != 401] == [200] * len(users)
    assert (tenant.box.count("POST", TOKEN), tenant.box.count("PUT")) == (3, 0)
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    settled(tenant)


def test_credentials_that_end_in_the_middle(tenant: Tenant) -> None:
    """The token is revoked and no other is handed out: what was made is ours, the rest is told, and made next time."""
    users = agents(60)
    tenant.write(users)
    tenant.box.fault("revoke_token", method="POST", path=USER, nth=5)
    tenant.box.fault({"status": 401, "body": "Authentification failed"}, path=TOKEN, after=2)
    stopped = tenant.run("up", "--yes")
    assert stopped.code == 1, str(stopped)
    assert "refused to hand out a token (401: Authentification failed)" in stopped.said
    made = tenant.box.count("POST", USER, changed=True)
    assert 0 < made == len(tenant.box.users) < len(users)
    assert tenant.box.count("POST", TOKEN) <= 6, "a refused client is not tried for each object"
    assert "Not tried" in stopped.said
    tenant.box.clear_faults()
    out = next(iter(tenant.box.users))
    tenant.write({login: user for login, user in users.items() if login != out})
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert tenant.box.count("POST", USER) == len(users) - made
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    assert [login for login, user in tenant.box.users.items() if user["disabled"]] == [out], "it is one of ours"
    settled(tenant)


def test_a_password_that_was_written_and_refused_when_it_was_sent_again(tenant: Tenant) -> None:
    """Nobody knows which one is live, so the old one is not taken for it when it is declared again."""
    tenant.write({"a0": agent(0)})
    tenant.settled()
    tenant.box.fault("drop_after", method="PUT", path=f"{USER}/a0", nth=1)
    tenant.box.fault({"status": 400, "body": "used before"}, method="PUT", path=f"{USER}/a0", after=1)
    lost = tenant.fresh().run("up", "--yes", "--format", "json", INITIAL_PASSWORD=OTHER_PASSWORD)
    (error,) = failed(lost).values()
    assert (lost.code, error["type"], error["status"], error["said"]) == (1, "OutcomeUnknown", 400, "used before")
    assert tenant.box.password_matches("a0", OTHER_PASSWORD)
    tenant.box.clear_faults()
    back = tenant.fresh().run("up", "--yes")
    assert (back.code, sent(tenant, "PUT")) == (0, {"a0": 1}), str(back)
    assert tenant.box.password_matches("a0", PASSWORD)
    settled(tenant)
    assert tenant.holding(OTHER_PASSWORD) == []


def test_a_user_that_was_created_and_whose_password_was_refused_is_ours(tenant: Tenant) -> None:
    """Its login is live: taken out of the YAML, it is disabled."""
    tenant.write({"a0": agent(0), "new": agent(1)})
    tenant.box.fault("drop_after", method="POST", path=USER, nth=1)
    tenant.box.fault({"status": 400, "body": "used before"}, method="PUT")
    first = tenant.run("up", "--yes", "--format", "json")
    (key,) = failed(first)
    assert (first.code, key in tenant.box.users) == (1, True), str(first)
    tenant.box.clear_faults()
    tenant.write({login: agent(number) for number, login in enumerate(("a0", "new")) if login != key})
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert tenant.box.users[key]["disabled"]
    settled(tenant)
