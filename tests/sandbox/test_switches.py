"""Every setting of every switch, by its effect on real answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cxconfig.errors import SettingsError
from cxconfig.sandbox import Sandbox
from cxconfig.sandbox.onecloud import OneCloud
from cxconfig.sandbox.switches import listing
from tests.sandbox.support import BASE, NEW, SEED, USER, anonymous, ask_token, running, sign_in


@pytest.mark.parametrize(
    ("setting", "kind", "body"),
    [
        ("text", "text/plain", "Authentification failed"),
        ("empty", "text/plain", ""),
        ("json", "application/json", '{"error":"unauthorized","error_description":"Authentification failed"}'),
    ],
)
def test_u1_token_error(setting: str, kind: str, body: str) -> None:
    """U1 shapes the body of a refused token request."""
    with running(switches={"U1": setting}) as (_, client):
        answer = ask_token(client, client_secret="wrong")
        assert (answer.status_code, answer.headers["content-type"], answer.text) == (401, kind, body)


@pytest.mark.parametrize(("setting", "body"), [("text", "Session is not authenticated"), ("empty", "")])
def test_u2_missing_and_expired_token(setting: str, body: str) -> None:
    """U2 shapes the 401 without a header and for an expired token; a junk or revoked one keeps its text."""
    with running(switches={"U2": setting}) as (box, client), anonymous(box) as stranger:
        answers = [stranger.get(f"{USER}/jdoe")]
        box.end_tokens(expired=True)
        answers.append(client.get(f"{USER}/jdoe"))
        assert [(answer.status_code, answer.text) for answer in answers] == [(401, body)] * 2
        sign_in(client)
        box.end_tokens()
        assert client.get(f"{USER}/jdoe").text == "Session is not authenticated"


def test_a_token_ends_by_time() -> None:
    """A token is good until its life is over."""
    now = [0.0]
    with running(switches={"token-lifetime": 60, "U2": "empty"}, clock=lambda: now[0]) as (_, client):
        now[0] = 59.9
        assert client.get(f"{USER}/jdoe").status_code == 200
        now[0] = 60.0
        answer = client.get(f"{USER}/jdoe")
        assert (answer.status_code, answer.text) == (401, "")


@pytest.mark.parametrize(("setting", "statuses"), [("authentication", [401, 401]), ("routing", [404, 405])])
def test_u3_order_of_checks(setting: str, statuses: list[int]) -> None:
    """U3 decides whether 401 or the routing comes first; a token and a known call never depend on it."""
    with running(switches={"U3": setting}) as (box, client), anonymous(box) as stranger:
        asked = [stranger.get(f"{BASE}/nothing"), stranger.get(USER)]
        assert [answer.status_code for answer in asked] == statuses
        assert stranger.get(f"{USER}/jdoe").status_code == 401
        assert client.get(f"{USER}/jdoe").status_code == 200


@pytest.mark.parametrize(
    ("setting", "field", "skill", "text"),
    [
        ("ignored", 200, 200, ""),
        ("400", 400, 400, "not supported by the API: firstName"),
        ("404", 200, 404, ""),
    ],
)
def test_u4_unsupported(setting: str, field: int, skill: int, text: str) -> None:
    """U4 decides about unsupported fields and unknown skills in PUT, and about unknown skills at creation."""
    with running(switches={"U4": setting}) as (box, client):
        answer = client.put(f"{USER}/jdoe", json={"firstName": "Joan", "team": "Support"})
        assert answer.status_code == field
        if text:
            assert answer.text == text
        assert box.users["jdoe"]["firstName"] == "Jane"
        assert box.users["jdoe"]["team"] == ("Support" if field == 200 else "Sales")
        answer = client.put(f"{USER}/jdoe", json={"skills": {"Klingon": 1, "English": 5}})
        assert answer.status_code == skill
        kept = {"English": 5} if skill == 200 else {"English": 90, "Billing": 50}
        assert box.users["jdoe"]["skills"] == kept
        assert client.post(USER, json=NEW | {"skills": {"Klingon": 1}}).status_code == skill
        assert (box.user("new") or {}).get("skills") == ({} if skill == 200 else None)


@pytest.mark.parametrize(("setting", "skills"), [("replace", {"English": 1}), ("merge", {"English": 1, "Billing": 50})])
def test_u5_skills(setting: str, skills: dict[str, int]) -> None:
    """U5 decides whether the skills of a PUT replace the others."""
    with running(switches={"U5": setting}) as (_, client):
        client.put(f"{USER}/jdoe", json={"skills": {"English": 1}}).raise_for_status()
        assert client.get(f"{USER}/jdoe").json()["skills"] == skills


@pytest.mark.parametrize(("setting", "disabled"), [("changed", True), ("kept", False)])
def test_disabled_in_put(setting: str, disabled: bool) -> None:
    """`put-disabled` decides whether a PUT changes it; the answer is the same, and the other fields are changed."""
    with running(switches={"put-disabled": setting}) as (box, client):
        answer = client.put(f"{USER}/jdoe", json={"disabled": True, "changePassword": True})
        assert (answer.status_code, answer.text) == (200, "OK")
        assert (box.users["jdoe"]["disabled"], box.users["jdoe"]["changePassword"]) == (disabled, True)


@pytest.mark.parametrize(("setting", "left"), [("done", set()), ("kept", {"jdoe", "asmith"})])
def test_a_delete_that_is_carried_out_or_not(setting: str, left: set[str]) -> None:
    """`delete` decides through both doors; the answers are the same."""
    with running(switches={"delete": setting}) as (box, client):
        box.add_user(loginId="asmith", firstName="A", lastName="S", team="Sales")
        ids = {user["loginId"]: user["id"] for user in box.dump()["users"]}
        answers = [client.delete(f"{USER}/jdoe"), client.delete(f"{BASE}/scim/users/{ids['asmith']}")]
        assert [(answer.status_code, answer.text) for answer in answers] == [(200, "OK"), (204, "")]
        assert {"jdoe", "asmith"} & set(box.users) == left


@pytest.mark.parametrize(("setting", "status"), [("decoded", 200), ("404", 404)])
@pytest.mark.parametrize(("login", "path"), [("jané doe", "jan%C3%A9%20doe"), ("a/b", "a%2Fb"), ("5%41", "5%2541")])
def test_u8_encoded_names(setting: str, status: int, login: str, path: str) -> None:
    """U8 decides whether names with blanks, letters beyond ASCII and slashes are decoded (once) or not found."""
    with running(switches={"U8": setting}) as (_, client):
        client.post(USER, json=NEW | {"loginId": login}).raise_for_status()
        answer = client.get(f"{USER}/{path}")
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["loginId"] == login
        assert client.get(f"{USER}/jdoe").status_code == 200


@pytest.mark.parametrize(("setting", "kind"), [("text", "text/plain"), ("absent", None), ("json", "application/json")])
def test_u16_type_of_errors(setting: str, kind: str | None) -> None:
    """U16 decides the Content-Type of refusals; the body stays a plain text."""
    with running(switches={"U16": setting}) as (_, client):
        answer = client.get(f"{USER}/nobody")
        assert (answer.status_code, answer.text, answer.headers.get("content-type")) == (404, "user not found", kind)


@pytest.mark.parametrize(("setting", "value"), [("string", "3600"), ("lower", "3480"), ("number", 3600)])
def test_u36_life_of_a_token(setting: str, value: str | int) -> None:
    """U36 decides the form of expires_in."""
    with running(switches={"U36": setting}) as (_, client):
        assert ask_token(client).json()["expires_in"] == value


@pytest.mark.parametrize(("setting", "body"), [("ok", b"OK"), ("empty", b"")])
def test_u37_body_of_writes(setting: str, body: bytes) -> None:
    """U37 decides the body of create, update and delete, not that of the lock state."""
    with running(switches={"U37": setting}) as (_, client):
        answers = [client.post(USER, json=NEW), client.put(f"{USER}/new", json={}), client.delete(f"{USER}/new")]
        assert [(answer.status_code, answer.content) for answer in answers] == [(200, body)] * 3
        assert client.put(f"{USER}/lock/locked").content == b'{"lockedOut":false}'


@pytest.mark.parametrize(
    ("setting", "limited", "header"), [("none", 0, None), ("429", 2, None), ("retry-after", 2, "1")]
)
def test_u43_rate_limit(setting: str, limited: int, header: str | None) -> None:
    """U43 refuses what comes above the rate, without a change, with or without Retry-After."""
    now = [0.0]
    with running(clock=lambda: now[0]) as (box, client):
        box.simulator.switches.update({"U43": setting, "rate-limit": 1})
        answers = [client.post(USER, json=NEW | {"loginId": f"u{i}"}) for i in range(3)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) == limited
        assert len(box.users) == len(SEED["users"]) + 3 - limited
        assert {answer.headers.get("retry-after") for answer in refused} == ({header} if refused else set())
        now[0] += 1
        assert client.post(USER, json=NEW | {"loginId": "later"}).status_code == 200


@pytest.mark.parametrize("setting", ["text", "empty", "json"])
def test_u46_bodies_of_user_errors(setting: str) -> None:
    """U46 shapes 400, 404 and 409 on users; 401, 405 and unknown paths keep their texts."""
    texts = {404: "user not found", 409: "user with this login already exists", 400: "malformed JSON"}
    names = {404: "not_found", 409: "conflict", 400: "bad_request"}
    with running(switches={"U46": setting}) as (_, client):
        typed = {"Content-Type": "application/json"}
        answers = [
            client.get(f"{USER}/nobody"),
            client.post(USER, json=NEW | {"loginId": "jdoe"}),
            client.post(USER, content=b"{", headers=typed),
        ]
        assert [answer.status_code for answer in answers] == [404, 409, 400]
        for answer in answers:
            text = texts[answer.status_code]
            error = json.dumps({"error": names[answer.status_code], "error_description": text}, separators=(",", ":"))
            assert answer.text == {"text": text, "empty": "", "json": error}[setting]
            assert answer.headers["content-type"] == ("application/json" if setting == "json" else "text/plain")
        assert client.get(f"{BASE}/nothing").text == "HTTP 404 Not Found"
        assert client.get(USER).text == "HTTP 405 Method Not Allowed"


@pytest.mark.parametrize(
    ("setting", "text"), [("full", "HTTP 405 Method Not Allowed"), ("short", "Method Not Allowed")]
)
def test_u47_text_of_405(setting: str, text: str) -> None:
    """U47 decides the full text of 405."""
    with running(switches={"U47": setting}) as (_, client):
        assert client.get(USER).text == text


@pytest.mark.parametrize(("setting", "status"), [("yes", 400), ("no", 200)])
def test_password_required(setting: str, status: int) -> None:
    """Creating a user without a password is a matter of the switch."""
    with running(switches={"password-required": setting}) as (box, client):
        sent = {name: value for name, value in NEW.items() if name != "password"}
        assert client.post(USER, json=sent).status_code == status
        assert ("new" in box.users) == (status == 200)
        assert status == 400 or not box.password_matches("new", "")


@pytest.mark.parametrize(("setting", "present"), [("on", True), ("off", False)])
def test_login_info(setting: str, present: bool) -> None:
    """Newer builds send loginInfo behind the other keys."""
    with running(switches={"login-info": setting}) as (_, client):
        keys = list(client.get(f"{USER}/jdoe").json())
        assert keys[-1] == ("loginInfo" if present else "roles")


def test_a_switch_is_turned_while_running() -> None:
    """A setting counts from the next request on."""
    with running() as (box, client):
        box.set_switch("u37", "empty")
        assert client.put(f"{USER}/jdoe", json={}).content == b""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("U99", "x", "there is no switch 'U99'"),
        ("U5", "both", "switch U5 has no setting 'both'\n  use one of: replace, merge"),
        ("rate-limit", "-1", "switch rate-limit has no setting '-1'\n  use one of: a whole number from 0 on"),
        ("passwordrequired", "no", "did you mean password-required?"),
    ],
)
def test_an_unknown_switch_or_setting_is_an_error(name: str, value: str, said: str) -> None:
    """The error names what is wrong and what would be right, and nothing is set."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        Sandbox(switches={"U37": "empty", name: value})


def test_the_documentation_has_every_switch_and_setting() -> None:
    """The table of docs/sandbox.md is complete, and right about the defaults."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    rows = {cells[1].strip(): cells for line in text.splitlines() if len(cells := line.split("|")) == 6}
    for switch in OneCloud.switches:
        assert f"**{switch.default}**" in rows[switch.name][3]
        assert all(re.search(rf"\b{re.escape(name)}\b", rows[switch.name][3]) for name in switch.settings)


def test_every_switch_is_listed_with_its_default() -> None:
    """The listing has each switch once, with one marked default among at least two settings."""
    lines = listing(OneCloud.switches)
    names = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    assert names == [switch.name for switch in OneCloud.switches]
    assert len(set(names)) == len(names)
    assert sum("(default" in line for line in lines) == len(names)
    for switch in OneCloud.switches:
        assert not switch.settings or (switch.default in switch.settings and len(switch.settings) > 1)
    numbers = {1, 2, 3, 4, 5, 8, 16, 36, 37, 43, 46, 47}
    assert {f"U{number}" for number in numbers} <= set(names)
