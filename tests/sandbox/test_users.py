"""Users, teams, phones and statistics as the wire document tells, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.support import BASE, NEW, PASSWORD, SECRET, SEED, TOKEN, USER, anonymous, ask_token, running


def test_get_user_has_the_vendors_order_and_leaves_unset_texts_out() -> None:
    """The keys stand in the order of the vendor's example; no phone, no password; compact JSON."""
    with running() as (_, client):
        answer = client.get(f"{USER}/jdoe")
        assert answer.headers["content-type"] == "application/json"
        assert answer.text == (
            '{"disabled":false,"changePassword":false,"skills":{"English":90,"Billing":50},"loginId":"jdoe",'
            '"firstName":"Jane","lastName":"Doe","team":"Sales","extension":"1001",'
            '"email":"jdoe@acme.example.com","roles":["Agent"]}'
        )
        assert client.get(f"{USER}/locked").json()["skills"] == {}


def test_create_makes_a_user_with_an_extension() -> None:
    """A created user reads back with all its fields and a free extension; a second one gets another."""
    full = NEW | {"workPhone": "12", "mobilePhone": "34", "disabled": "true", "skills": {"English": 1}, "roles": ["A"]}
    with running() as (box, client):
        answer = client.post(USER, json=full)
        assert (answer.status_code, answer.content) == (200, b"OK")
        assert answer.headers["content-type"] == "application/json"
        read = client.get(f"{USER}/new").json()
        assert read == {k: v for k, v in full.items() if k != "password"} | {
            "disabled": True,
            "changePassword": False,
            "extension": "1002",
        }
        assert box.password_matches("new", PASSWORD) and not box.password_matches("new", "other")
        client.post(USER, json=NEW | {"loginId": "newer"}).raise_for_status()
        assert client.get(f"{USER}/newer").json()["extension"] == "1003"


@pytest.mark.parametrize("name", ["loginId", "password", "firstName", "lastName", "team"])
@pytest.mark.parametrize("value", [None, " "])
def test_create_refuses_a_missing_required_field(name: str, value: str | None) -> None:
    """Each required field is missed by name, also when it is null or blank, and nothing is created."""
    with running() as (box, client):
        answer = client.post(USER, json=NEW | {name: value})
        assert (answer.status_code, answer.text) == (400, f"missing required field: {name}")
        assert box.user("new") is None


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"loginId": "jdoe"}, 409, "user with this login already exists"),
        ({"extension": "1001"}, 409, "extension is already in use"),
        ({"extension": "8000"}, 409, "extension is already in use"),
        ({"team": "Nowhere"}, 404, "user team not found"),
        ({"password": "short"}, 400, "password does not comply with the security policy: at least 8 characters"),
        ({"skills": {"English": 101}}, 400, "level of skill English must be a whole number from 0 to 100"),
        ({"skills": {"English": True}}, 400, "level of skill English must be a whole number from 0 to 100"),
        ({"skills": ["English"]}, 400, "skills must be an object of names and levels"),
        ({"roles": "Agent"}, 400, "roles must be an array of strings"),
        ({"disabled": "perhaps"}, 400, "disabled must be true or false"),
        ({"extension": 1005}, 400, "extension must be a string"),
    ],
)
def test_create_refuses_what_the_tenant_does_not_allow(changes: dict[str, Any], status: int, text: str) -> None:
    """Each broken rule has its status and text, and nothing is created."""
    with running() as (box, client):
        before = box.users
        answer = client.post(USER, json=NEW | changes)
        assert (answer.status_code, answer.text) == (status, text)
        assert box.users == before


def test_a_role_that_does_not_exist_is_missed() -> None:
    """With the roles listed in the seed, another one is 404 at creation."""
    with running(seed=SEED | {"roles": ["Agent"]}) as (_, client):
        answer = client.post(USER, json=NEW | {"roles": ["Agent", "Wizard"]})
        assert (answer.status_code, answer.text) == (404, "user role not found")
        assert client.post(USER, json=NEW | {"roles": ["Agent"]}).status_code == 200


def test_put_changes_what_the_api_can_change() -> None:
    """skills, disabled (as a string), password, changePassword and team; null fields are left alone."""
    sent = {
        "skills": {"Spanish": 10},
        "disabled": "true",
        "password": "another one 2",
        "changePassword": True,
        "team": None,
    }
    with running() as (box, client):
        answer = client.put(f"{USER}/jdoe", json=sent)
        assert (answer.status_code, answer.content) == (200, b"OK")
        read = client.get(f"{USER}/jdoe").json()
        assert (read["skills"], read["disabled"], read["changePassword"], read["team"]) == (
            {"Spanish": 10},
            True,
            True,
            "Sales",
        )
        assert box.password_matches("jdoe", "another one 2") and not box.password_matches("jdoe", PASSWORD)
        client.put(f"{USER}/jdoe", json={"team": "Support", "disabled": False}).raise_for_status()
        assert client.get(f"{USER}/jdoe").json() | read == read | {"team": "Sales", "disabled": True}
        assert (box.users["jdoe"]["team"], box.users["jdoe"]["disabled"]) == ("Support", False)


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"team": "Nowhere", "disabled": True}, 404), ({"password": "short", "disabled": True}, 400)],
)
def test_a_refused_put_changes_nothing(sent: dict[str, Any], status: int) -> None:
    """A PUT with one bad value leaves the others unwritten."""
    with running() as (box, client):
        before = box.users
        assert client.put(f"{USER}/jdoe", json=sent).status_code == status
        assert box.users == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"skills":{"\\ud800":1}}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    """Anything but a JSON object is 400, however broken."""
    with running() as (_, client):
        answer = client.put(f"{USER}/jdoe", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400


def test_delete_frees_login_and_extension() -> None:
    """A deleted user is gone for GET, PUT and DELETE, and its login and extension can be used again."""
    with running() as (_, client):
        assert client.delete(f"{USER}/jdoe").content == b"OK"
        answers = [client.get(f"{USER}/jdoe"), client.put(f"{USER}/jdoe", json={}), client.delete(f"{USER}/jdoe")]
        assert [(answer.status_code, answer.text) for answer in answers] == [(404, "user not found")] * 3
        client.post(USER, json=NEW | {"loginId": "jdoe", "extension": "1001"}).raise_for_status()


def test_lock_state_is_shown_and_cleared() -> None:
    """GET shows the lock in 18 bytes, PUT without a body clears it, an unknown user is 404."""
    with running() as (box, client):
        assert client.get(f"{USER}/lock/locked").content == b'{"lockedOut":true}'
        assert client.put(f"{USER}/lock/locked").content == b'{"lockedOut":false}'
        assert client.get(f"{USER}/lock/locked").content == b'{"lockedOut":false}'
        assert not box.is_locked("locked")
        assert client.get(f"{USER}/lock/nobody").status_code == 404


def test_teams_are_names_in_order() -> None:
    """GET team has names only, sorted."""
    with running() as (_, client):
        assert client.get(f"{BASE}/team").content == b'[{"name":"Sales"},{"name":"Support"}]'


def test_the_directory_is_sorted_by_extension() -> None:
    """GET phone/user lists everyone in the order of the numbers; `external` only where there is one."""
    with running() as (box, client):
        box.change_user("locked", extension="999", external="16505555555", voiceMail=True)
        assert client.get(f"{BASE}/phone/user").json() == [
            {
                "extension": "999",
                "loginId": "locked",
                "firstName": "Lou",
                "lastName": "Locked",
                "external": "16505555555",
                "voiceMail": True,
                "greeting": False,
            },
            {
                "extension": "1001",
                "loginId": "jdoe",
                "firstName": "Jane",
                "lastName": "Doe",
                "voiceMail": False,
                "greeting": False,
            },
        ]
        assert client.get(f"{BASE}/phone/ext").json() == [
            {"number": "8000", "media": "voice_text", "type": "scenario", "scenario": "Main menu"}
        ]


def test_statistics_show_supervised_teams_with_ids() -> None:
    """An API user that supervises one team sees the id of that one only; ids are UUIDs."""
    sales = {"id": "F4ED90FA-5A49-4D76-9487-4E41B24CA45F", "name": "Sales"}
    with running("boss") as (_, client):
        assert client.get("/statsapi/cfg/teams").json() == [sales]
    with running() as (box, client):
        assert client.get("/statsapi/cfg/teams").json() == [sales, {"id": box.teams["Support"], "name": "Support"}]
        assert len(box.teams["Support"]) == 36


def test_dispositions_are_filtered() -> None:
    """Without a filter all names come, with inbound=1 those for inbound."""
    with running() as (_, client):
        assert client.get("/statsapi/cfg/dispositions").json() == ["Sale", "Callback"]
        assert client.get("/statsapi/cfg/dispositions?inbound=1&preview=1").json() == ["Sale"]


def test_a_token_is_issued_as_in_the_vendors_example() -> None:
    """64 upper-case hexadecimal digits, Bearer, the life as a string, the scope echoed."""
    with running() as (_, client):
        answer = ask_token(client).json()
        assert len(answer["access_token"]) == 64 and set(answer["access_token"]) <= set("0123456789ABCDEF")
        assert answer | {"access_token": ""} == {
            "access_token": "",
            "token_type": "Bearer",
            "expires_in": "3600",
            "scope": "acme.example.com",
        }


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_secret": "wrong"},
        {"grant_type": "password"},
        {"scope": "other.example.com"},
        {"scope": ""},
    ],
)
def test_a_token_is_refused(changes: dict[str, str]) -> None:
    """Every wrong part of the request is 401 with the vendor's spelling."""
    with running() as (_, client):
        answer = ask_token(client, **changes)
        assert (answer.status_code, answer.text) == (401, "Authentification failed")


@pytest.mark.parametrize("change", [{"disabled": True}, {"lockedOut": True}])
def test_a_disabled_or_locked_api_user_gets_no_token(change: dict[str, bool]) -> None:
    """An API user that is also a user must be enabled and unlocked."""
    seed = SEED | {"clients": [{"client_id": "jdoe", "client_secret": SECRET}]}
    with running("jdoe", seed) as (box, client):
        box.change_user("jdoe", **change)
        assert ask_token(client, "jdoe").status_code == 401


def test_a_privilege_is_needed() -> None:
    """A valid token without the privilege is 403 everywhere, before the body is looked at."""
    with running("weak") as (_, client):
        paths = [f"{USER}/jdoe", f"{BASE}/team", f"{BASE}/phone/user", "/statsapi/cfg/teams"]
        answers = [*(client.get(path) for path in paths), client.post(USER, content=b"{")]
        text = "User authenticated but does not have sufficient privileges"
        assert [(answer.status_code, answer.text) for answer in answers] == [(403, text)] * 5


def test_a_junk_token_is_refused() -> None:
    """A token that was never issued is 401 with the observed text."""
    with running() as (_, client):
        answer = client.get(f"{USER}/jdoe", headers={"Authorization": "Bearer junk"})
        assert (answer.status_code, answer.text) == (401, "Session is not authenticated")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_wrong_media_type_is_415(kind: str | None) -> None:
    """Creating and changing a user wants JSON, whatever the charset; the token endpoint wants a form."""
    headers = {"Content-Type": kind} if kind else {}
    with running() as (_, client):
        body = json.dumps(NEW).encode()
        assert client.post(USER, content=body, headers=headers).status_code == 415
        assert client.put(f"{USER}/jdoe", content=b"{}", headers=headers).status_code == 415
        typed = {"Content-Type": "application/json; charset=utf-8"}
        assert client.post(USER, content=body, headers=typed).status_code == 200
        assert client.post(TOKEN, content=b"{}", headers=typed).status_code == 415


def test_unknown_paths_and_methods() -> None:
    """An unknown path is 404 and a known one with another method 405, each with its text."""
    with running() as (_, client):
        answers = [client.get(f"{BASE}/nothing"), client.get(f"{USER}/a/b/c"), client.get("/elsewhere")]
        assert [(a.status_code, a.text) for a in answers] == [(404, "HTTP 404 Not Found")] * 3
        answers = [client.get(USER), client.delete(f"{BASE}/team"), client.post(f"{USER}/jdoe", content=b"{")]
        assert [(a.status_code, a.text) for a in answers] == [(405, "HTTP 405 Method Not Allowed")] * 3


def test_doubled_slashes_are_accepted() -> None:
    """Doubled and trailing slashes do not change what a path means."""
    with running() as (box, client):
        answer = httpx.get(f"{box.url}//configapi//v2//user//jdoe/", headers=client.headers, trust_env=False)
        assert answer.json()["loginId"] == "jdoe"


def test_a_user_may_be_called_lock() -> None:
    """A login that is also a segment of another path is found."""
    with running() as (_, client):
        client.post(USER, json=NEW | {"loginId": "lock"}).raise_for_status()
        assert client.get(f"{USER}/lock").json()["loginId"] == "lock"


def test_a_token_of_another_sandbox_is_unknown() -> None:
    """Two sandboxes share nothing."""
    with running() as (_, client), running() as (other, _), anonymous(other) as stranger:
        assert stranger.get(f"{USER}/jdoe", headers=client.headers).status_code == 401
