"""The request log, the admin API and the Python side of them."""

from __future__ import annotations

import json

import httpx
import pytest

from cxconfig.errors import SettingsError
from cxconfig.sandbox import Sandbox
from tests.sandbox.support import BASE, NEW, PASSWORD, SECRET, SEED, USER, anonymous, ask_token, running


def test_the_log_holds_calls_in_order() -> None:
    """Number, method, path, route, status, write, change and API user of each call."""
    with running() as (box, client):
        client.get(f"{USER}/jdoe")
        client.put(f"{USER}/jdoe", json={"disabled": True})
        client.put(f"{USER}/nobody", json={})
        client.get("/elsewhere")
        assert [(e.number, e.method, e.path, e.route, e.status, e.write, e.changed, e.client) for e in box.log()] == [
            (1, "GET", f"{USER}/jdoe", f"{USER}/*", 200, False, False, "api"),
            (2, "PUT", f"{USER}/jdoe", f"{USER}/*", 200, True, True, "api"),
            (3, "PUT", f"{USER}/nobody", f"{USER}/*", 404, True, False, "api"),
            (4, "GET", "/elsewhere", "", 404, False, False, "api"),
        ]
        assert box.log()[1].sent == {"disabled": True}


def test_the_log_is_filtered_and_counted() -> None:
    """Filters by method, path pattern, status, write and number; counts over the same."""
    with running() as (box, client):
        client.get(f"{USER}/jdoe")
        client.get(f"{USER}/lock/jdoe")
        client.put(f"{USER}/jdoe", json={})
        assert box.count() == 3
        assert box.count("get") == 2
        assert box.count("GET", "/configapi/v2/user/*") == 1
        assert box.count("GET", "/configapi/v2/user/**") == 2
        assert box.count(write=True) == box.count(changed=True) == 1
        assert box.count(since=2) == 1
        assert box.count(status=404) == 0
        assert box.counts() == {
            "total": 3,
            "writes": 1,
            "changes": 1,
            "faults": {},
            "by_call": {f"GET {USER}/*": 1, f"GET {USER}/lock/*": 1, f"PUT {USER}/*": 1},
            "by_status": {"200": 3},
            "peak_in_flight": 1,
        }
        box.clear_log()
        assert box.count() == 0


def test_secrets_never_enter_the_log() -> None:
    """No secret of the API user, token, password or phone number stands anywhere in the log."""
    with running() as (box, client):
        token = ask_token(client).json()["access_token"]
        client.post(USER, json=NEW | {"workPhone": "5551234567"})
        client.put(f"{USER}/jdoe", json={"password": "another one 2"})
        shown = client.get("/_sandbox/log").text
        assert len(json.loads(shown)) == 3
        for secret in (SECRET, token, PASSWORD, "another one 2", "5551234567", client.headers["Authorization"]):
            assert secret not in shown
        assert box.log("POST", USER)[0].sent["password"] == "***"
        assert box.log("POST", USER)[0].sent["loginId"] == "new"


def test_the_admin_api_needs_no_token_and_leaves_no_trace() -> None:
    """The log, with filters, and the counts come without a token, and admin calls are not in the log."""
    with running() as (box, client), anonymous(box) as admin:
        client.get(f"{USER}/jdoe")
        client.put(f"{USER}/jdoe", json={})
        found = admin.get("/_sandbox/log", params={"method": "PUT", "path": "/configapi/v2/user/*"}).json()
        assert [entry["number"] for entry in found] == [2]
        assert admin.get("/_sandbox/log?write=false").json()[0]["method"] == "GET"
        assert admin.get("/_sandbox/counts").json() == box.counts()
        assert admin.get("/_sandbox/counts?status=200&since=1").json()["total"] == 1
        assert admin.delete("/_sandbox/log").status_code == 200
        assert box.count() == 0
        assert admin.get("/_sandbox/log?colour=1").status_code == 400
        assert admin.get("/_sandbox/log?since=x").status_code == 400


def test_users_are_changed_by_hand() -> None:
    """PATCH, POST, DELETE and lock work behind the API's back, also on what the API cannot change."""
    with running() as (box, client), anonymous(box) as admin:
        client.get(f"{USER}/jdoe")
        patch = {"firstName": "Joan", "extension": "77", "password": "x", "lockedOut": True}
        assert admin.patch("/_sandbox/users/jdoe", json=patch).status_code == 200
        read = client.get(f"{USER}/jdoe").json()
        assert (read["firstName"], read["extension"]) == ("Joan", "77")
        assert box.is_locked("jdoe") and box.password_matches("jdoe", "x")
        sent = {"loginId": "a/b", "firstName": "A", "lastName": "B", "team": "Sales"}
        assert admin.post("/_sandbox/users", json=sent).status_code == 200
        assert admin.post("/_sandbox/users/a/b/lock").status_code == 200
        assert client.get(f"{USER}/lock/a%2Fb").json() == {"lockedOut": True}
        assert admin.delete("/_sandbox/users/a/b").status_code == 200
        assert list(admin.get("/_sandbox/users").json()) == list(box.users) == ["jdoe", "locked"]
        # The freed extension can be taken, the new one cannot.
        assert client.post(USER, json=NEW | {"extension": "77"}).status_code == 409
        assert client.post(USER, json=NEW | {"extension": "1001"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "said"),
    [
        ("PATCH", "users/nobody", {}, 404, "there is no 'nobody'"),
        ("DELETE", "users/nobody", None, 404, "there is no 'nobody'"),
        ("POST", "users/nobody/lock", None, 404, "there is no 'nobody'"),
        ("PATCH", "users/jdoe", {"firstname": "x"}, 400, "did you mean `firstName`?"),
        ("PATCH", "users/jdoe", {"loginId": "locked"}, 400, "there is a user 'locked' already"),
        ("PATCH", "users/jdoe", {"id": "x"}, 400, "no field 'id' of a user can be changed"),
        ("PATCH", "users/jdoe", {"disabled": []}, 400, "disabled"),
        ("PATCH", "users/jdoe", {"team": "Sale"}, 400, "did you mean `Sales`?"),
        ("PATCH", "users/jdoe", {"extension": "8000"}, 400, "extension 8000 is taken"),
        ("PATCH", "users/jdoe", None, 400, "not a JSON object"),
        ("POST", "users", NEW | {"loginId": "jdoe"}, 400, "there is a user 'jdoe' already"),
        ("POST", "users", NEW | {"extension": "1001"}, 400, "extension 1001 is taken"),
        ("POST", "switches", {"U5": "x"}, 400, "switch U5 has no setting 'x'"),
        ("POST", "faults", {"do": "x"}, 400, "not a fault rule"),
        ("DELETE", "faults/9", None, 404, "there is no 9"),
        ("POST", "latency", {"ms": -1}, 400, "no latency"),
        ("POST", "tokens/burn", None, 404, "there is no 'burn'"),
        ("PUT", "state", {"teams": 1}, 400, "teams"),
        ("PUT", "state", [], 400, "not a JSON object"),
        ("POST", "save", None, 400, "--save FILE"),
        ("GET", "nothing", None, 404, "Not Found"),
    ],
)
def test_the_admin_api_says_what_is_wrong(method: str, path: str, sent: object, status: int, said: str) -> None:
    """A mistake is 400 or 404 with its reason, and changes nothing."""
    with running() as (box, _), anonymous(box) as admin:
        before = box.dump()
        answer = admin.request(method, f"/_sandbox/{path}", json=sent if sent is not None else None)
        text = answer.json()["error"] if answer.headers["content-type"] == "application/json" else answer.text
        assert (answer.status_code, said in text) == (status, True), text
        assert box.dump() == before


def test_a_body_that_is_no_json() -> None:
    """The admin API refuses it with a reason."""
    with Sandbox() as box, anonymous(box) as admin:
        answer = admin.post("/_sandbox/faults", content=b"{")
        assert (answer.status_code, answer.json()["error"]) == (400, "the body is not JSON\n  send JSON")


def test_switches_faults_latency_and_tokens_over_http() -> None:
    """Everything that Python can set can be set over HTTP."""
    with running() as (box, client), anonymous(box) as admin:
        assert admin.post("/_sandbox/switches", json={"U37": "empty"}).json()["U37"] == "empty"
        assert admin.get("/_sandbox/switches").json()["U5"] == "replace"
        assert client.put(f"{USER}/jdoe", json={}).content == b""
        rules = [{"match": {"method": "GET"}, "do": {"status": 503}}, {"do": "truncate"}]
        assert admin.post("/_sandbox/faults", json=rules).json() == {"ids": [1, 2]}
        assert client.get(f"{USER}/jdoe").status_code == 503
        assert [rule["hits"] for rule in admin.get("/_sandbox/faults").json()] == [1, 0]
        assert admin.delete("/_sandbox/faults/1").status_code == 200
        assert admin.delete("/_sandbox/faults").status_code == 200
        assert client.get(f"{USER}/jdoe").status_code == 200
        assert admin.post("/_sandbox/latency", json={"ms": 1.5}).status_code == 200
        assert box.latency_ms == 1.5
        assert admin.post("/_sandbox/tokens/revoke").status_code == 200
        assert client.get(f"{USER}/jdoe").status_code == 401


def test_a_password_is_checked_over_http() -> None:
    """The test-only check tells whether a password is the user's."""
    with running() as (box, _), anonymous(box) as admin:
        matches = [
            admin.post("/_sandbox/check-password", json={"loginId": login, "password": password}).json()
            for login, password in [("jdoe", PASSWORD), ("jdoe", "wrong"), ("locked", "")]
        ]
        assert matches == [{"matches": True}, {"matches": False}, {"matches": False}]


def test_a_foreign_host_name_is_turned_away() -> None:
    """A browser page that resolves its own name to loopback gets nothing from the admin API."""
    with Sandbox() as box:
        answers = [
            httpx.get(f"{box.url}/_sandbox/state", headers={"Host": host}, trust_env=False)
            for host in ("evil.example.com", "localhost:1")
        ]
        assert [answer.status_code for answer in answers] == [403, 200]


def test_teams_come_and_go_by_hand() -> None:
    """A team added or removed by hand is seen by the API."""
    with running() as (box, client):
        box.add_team("Night")
        box.remove_team("Support")
        assert client.get(f"{BASE}/team").json() == [{"name": "Night"}, {"name": "Sales"}]


def test_a_state_is_replaced_while_running() -> None:
    """PUT state loads another seed; the tokens of API users that still exist stay good."""
    with running() as (box, client), anonymous(box) as admin:
        state = admin.get("/_sandbox/state").json()
        state["users"] = []
        assert admin.put("/_sandbox/state", json=state).status_code == 200
        assert client.get(f"{BASE}/phone/user").json() == []
        box.load(SEED)
        assert client.get(f"{USER}/jdoe").status_code == 200
        box.load({})
        assert client.get(f"{USER}/jdoe").status_code == 401
        assert box.user("jdoe") is None


def test_mistakes_by_hand_in_python() -> None:
    """The helpers raise as the admin API refuses."""
    box = Sandbox(SEED)
    with pytest.raises(KeyError):
        box.change_user("nobody", disabled=True)
    with pytest.raises(SettingsError, match="there is no team"):
        box.add_user(loginId="x", firstName="x", lastName="x", team="x")
    box.delete_user("jdoe")
    assert list(box.users) == ["locked"]
