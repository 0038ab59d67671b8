"""Every endpoint of the client, against the sandbox and against servers that answer what no document shows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cxconfig.errors import (
    AuthenticationFailed,
    CxconfigError,
    LiveError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    UnexpectedAnswer,
    Unreachable,
)
from providers.onecloud.client import BASE, OneCloudClient
from providers.onecloud.system import OneCloud, OneCloudSettings
from tests.onecloud.support import JDOE, ODD_LOGINS, PASSWORD, SEED, USER, answered, client_of, sandboxed
from tests.providers.loopback import Reply, Seen, reply

PAGE = Reply(200, b"<!DOCTYPE html><html><title>Sign in</title></html>", {"Content-Type": "text/html"})
NEW = {"loginId": "new", "password": PASSWORD, "firstName": "Nora", "lastName": "New", "team": "Sales"}

Call = Callable[[OneCloudClient], Any]
READS: dict[str, Call] = {
    "user": lambda client: client.user("jdoe"),
    "locked": lambda client: client.locked("jdoe"),
    "team_names": lambda client: client.team_names(),
    "logins": lambda client: client.logins(),
}
WRITES: dict[str, Call] = {
    "create": lambda client: client.create_user(NEW, (PASSWORD,)),
    "update": lambda client: client.update_user("jdoe", {"password": PASSWORD}, (PASSWORD,)),
    "delete": lambda client: client.delete_user("jdoe"),
    "unlock": lambda client: client.unlock("jdoe"),
}
every_read = pytest.mark.parametrize("call", READS.values(), ids=READS)
every_write = pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)


def test_a_user_from_creation_to_deletion() -> None:
    """Each call does what it says, with one request."""
    with sandboxed() as (box, client):
        assert client.user("new") is None
        client.create_user(NEW | {"skills": {"English": 5}})
        found = client.user("new")
        assert found is not None and (found["firstName"], found["skills"]) == ("Nora", {"English": 5})
        client.update_user("new", {"disabled": True, "skills": {}})
        assert (box.users["new"]["disabled"], box.users["new"]["skills"]) == (True, {})
        assert client.locked("new") is False
        box.lock_user("new")
        assert client.locked("new") is True
        client.unlock("new")
        assert not box.is_locked("new")
        client.delete_user("new")
        assert client.user("new") is None
        assert [(e.method, e.path.removeprefix(BASE)) for e in box.log()][1:] == [
            ("GET", "/user/new"),
            ("POST", "/user"),
            ("GET", "/user/new"),
            ("PUT", "/user/new"),
            ("GET", "/user/lock/new"),
            ("GET", "/user/lock/new"),
            ("PUT", "/user/lock/new"),
            ("DELETE", "/user/new"),
            ("GET", "/user/new"),
        ]


def test_lists_are_read_once_by_however_many_threads() -> None:
    """Names, ids and logins: one request each for the life of a client."""
    with sandboxed(JDOE) as (box, client):
        barrier = threading.Barrier(8)
        found: list[Any] = []

        def read() -> None:
            barrier.wait(10)
            found.append((sorted(client.team_names()), client.team_ids(), client.logins()))

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [(sorted(SEED["teams"]), box.teams, frozenset({"jdoe"}))] * 8
        assert box.counts()["by_call"] == {
            "POST /configapi/v2/oauth/token": 1,
            "GET /configapi/v2/team": 1,
            "GET /statsapi/cfg/teams": 1,
            "GET /configapi/v2/phone/user": 1,
        }
        assert client.warnings() == []


def test_a_list_that_could_not_be_read_is_read_again() -> None:
    """A failure is not kept as if it were the list."""
    with sandboxed() as (box, client):
        box.fault({"status": 400}, path="/configapi/v2/team", first=1)
        with pytest.raises(Refused):
            client.team_names()
        assert set(client.team_names()) == set(SEED["teams"])


@pytest.mark.parametrize("login", ODD_LOGINS)
def test_logins_are_encoded_once(login: str) -> None:
    """The user with exactly this login is read, changed, unlocked and deleted, and no other."""
    other = {**JDOE, "loginId": "a", "extension": "7000"}
    with sandboxed({**JDOE, "loginId": login}, other) as (box, client):
        found = client.user(login)
        assert found is not None and found["loginId"] == login
        client.update_user(login, {"team": "Support"})
        box.lock_user(login)
        assert client.locked(login)
        client.unlock(login)
        assert not box.is_locked(login)
        assert (box.users[login]["team"], box.users["a"]["team"]) == ("Support", "Sales")
        client.delete_user(login)
        assert set(box.users) == {"a"}


@pytest.mark.parametrize("login", ["", ".", "..", "\ud800"])
def test_a_login_that_would_be_another_address_is_not_called(login: str) -> None:
    """Refused before any request, in reads and writes alike."""
    with answered(Reply()) as (server, client):
        for call in (client.user, client.locked, client.unlock, client.delete_user):
            with pytest.raises(CxconfigError):
                call(login)
        with pytest.raises(CxconfigError):
            client.update_user(login, {})
        assert server.seen == []


@pytest.mark.parametrize("switches", [{"U46": "empty", "U16": "absent"}, {"U46": "json"}, {"U16": "json"}, {}])
def test_absent_in_every_form(switches: dict[str, str]) -> None:
    """A 404 of the API is an absent user, with text, JSON or nothing in it."""
    with sandboxed(switches=switches) as (_, client):
        assert client.user("nobody") is None
        with pytest.raises(Refused) as caught:
            client.delete_user("nobody")
        assert (caught.value.status, caught.value.endpoint) == (404, "DELETE /configapi/v2/user/nobody")


@pytest.mark.parametrize(
    "body", [b"<html><body>nginx</body></html>", b"\n<!DOCTYPE HTML>\n<title>404 Not Found</title>", PAGE.body]
)
def test_a_404_of_a_web_server_is_no_absence(body: bytes) -> None:
    """Or a wrong address would create every user again."""
    with answered(Reply(404, body)) as (_, client), pytest.raises(UnexpectedAnswer) as caught:
        client.user("jdoe")
    assert caught.value.status == 404
    assert "nothing was taken for absent" in caught.value.way_out


@every_read
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (PAGE, UnexpectedAnswer),
        (Reply(200, b""), UnexpectedAnswer),
        (Reply(200, b"OK"), UnexpectedAnswer),
        (Reply(200, b"null"), UnexpectedAnswer),
        (Reply(200, b"17"), UnexpectedAnswer),
        (Reply(200, b'"jdoe"'), UnexpectedAnswer),
        (Reply(200, b"\xff\xfe\x00"), UnexpectedAnswer),
        (Reply(200, b'{"loginId": "jdoe"', {"Content-Type": "application/json"}), UnexpectedAnswer),
        (Reply(200, b'[{"name": "Sales"}, null]'), UnexpectedAnswer),
        (Reply(200, b'[["Sales"]]'), UnexpectedAnswer),
        (Reply(200, b"[{}]"), UnexpectedAnswer),
        (Reply(200, b'{"error": "x", "error_description": "y"}'), UnexpectedAnswer),
        (Reply(204, b""), UnexpectedAnswer),
        (Reply(206, b"[]"), UnexpectedAnswer),
        (Reply(302, b"", {"Location": "http://elsewhere.example/login"}), UnexpectedAnswer),
        (Reply(302, b"", {"Location": "/configapi/v2/team"}), UnexpectedAnswer),
        (Reply(304, b""), UnexpectedAnswer),
        (Reply(400, b"bad"), Refused),
        (Reply(401, b"Session is not authenticated"), AuthenticationFailed),
        (Reply(403, b"no privilege"), PermissionDenied),
        (Reply(405, b"Method Not Allowed"), Refused),
        (Reply(409, b"?"), Refused),
        (Reply(500, b"boom"), UnexpectedAnswer),
        (Reply(502, PAGE.body), Unreachable),
        (Reply(503, b""), Unreachable),
        (Reply(200, b'{"loginId": "jdoe", "lockedOut": true}', cut=5), Unreachable),
        (Reply(drop=True), Unreachable),
        (Reply(429, b"", {"Retry-After": "500"}), Refused),
    ],
)
def test_odd_answers_to_reads(call: Call, answer: Reply, error: type[LiveError]) -> None:
    """None of them is taken for data, for an absence or for an empty list; the error names system, call and status."""
    with answered(answer) as (_, client), pytest.raises(error) as caught:
        call(client)
    assert caught.value.system == "onecloud"
    assert caught.value.endpoint.startswith("GET /configapi/v2/")
    assert caught.value.status == (0 if answer.drop or answer.cut else answer.status)
    assert caught.value.way_out or error is Refused


@pytest.mark.parametrize("body", [{}, {"loginId": None}, {"loginId": "other"}, {"loginId": 7}, [JDOE], {"users": []}])
def test_an_answer_about_another_user_is_refused(body: Any) -> None:
    """An object that does not say whose it is would be compared as an empty user."""
    with answered(reply(body)) as (_, client), pytest.raises(UnexpectedAnswer, match="did not answer with"):
        client.user("jdoe")


@pytest.mark.parametrize("given", ["jdoe", "JDoe", " jdoe "])
def test_a_login_in_another_case_is_the_same(given: str) -> None:
    """The system decides what it found; what it sends in any content type is read."""
    body = json.dumps({"loginId": given, "skills": None, "new": [1]}).encode()
    with answered(Reply(200, body, {"Content-Type": "text/plain"})) as (_, client):
        assert client.user("jdoe") == {"loginId": given, "skills": None, "new": [1]}


def test_a_login_of_digits_may_come_as_a_number() -> None:
    """As may any text of digits."""
    with answered(reply({"loginId": 1001})) as (_, client):
        assert client.user("1001") == {"loginId": 1001}


@pytest.mark.parametrize(("given", "expected"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_the_lock_as_boolean_or_text(given: Any, expected: bool) -> None:
    """The two forms that the vendor has for booleans."""
    with answered(reply({"lockedOut": given, "loginId": "jdoe"})) as (_, client):
        assert client.locked("jdoe") is expected


@pytest.mark.parametrize("given", [None, 1, [], "maybe", ""])
def test_a_lock_in_no_known_form_is_refused(given: Any) -> None:
    """A lock is neither guessed nor taken for open, and no exception of the language comes out."""
    with answered(reply({"lockedOut": given})) as (_, client), pytest.raises(UnexpectedAnswer, match="lockedOut"):
        client.locked("jdoe")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed_by_reads(status: int) -> None:
    """As servers do for a missing slash."""

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/team"):
            return Reply(status, b"", {"Location": f"{seen.path}/"})
        return reply([{"name": "Sales", "more": 1}])

    with answered(answer) as (server, client):
        assert client.team_names() == ("Sales",)
        assert len(server.seen) == 2


@every_write
@pytest.mark.parametrize("answer", [Reply(200, b"OK"), Reply(200, b""), Reply(201, b"{}"), Reply(204, b"")])
def test_forms_of_success(call: Call, answer: Reply) -> None:
    """`OK`, nothing, JSON: a write that was carried out is sent once and its body is not needed."""
    with answered(answer) as (server, client):
        call(client)
        assert len(server.seen) == 1


@every_write
@pytest.mark.parametrize(
    "answer",
    [
        PAGE,
        Reply(200, b'{"error": "server_error", "error_description": "no"}'),
        Reply(202, b""),
        Reply(302, b"", {"Location": "/login"}),
        Reply(307, b"", {"Location": "/configapi/v2/user/jdoe/"}),
        Reply(500, b"boom"),
        Reply(502, PAGE.body),
        Reply(503, b"", {"Retry-After": "1"}),
        Reply(504, b""),
        Reply(200, b"OK", cut=1),
        Reply(drop=True),
    ],
)
def test_a_write_of_which_nobody_knows_is_sent_once(call: Call, answer: Reply) -> None:
    """Whatever does not prove that it was refused leaves the outcome unknown, and nothing is sent again."""
    with answered(answer) as (server, client):
        with pytest.raises(OutcomeUnknown) as caught:
            call(client)
        assert len(server.seen) == 1
    assert "whether the change was made is unknown" in caught.value.what
    assert "reads what is live" in caught.value.way_out


@every_write
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Reply(400, b"not supported by the API: firstName"), Refused),
        (Reply(403, b"User authenticated but does not have sufficient privileges"), PermissionDenied),
        (Reply(404, b"user team not found"), Refused),
        (Reply(404, PAGE.body), Refused),
        (Reply(409, b"", {"Content-Type": "application/json"}), Refused),
        (Reply(415, b"HTTP 415 Unsupported Media Type"), Refused),
        (Reply(400, b"cut off here", cut=4), Refused),
        (Reply(401, b"Session is not authenticated"), AuthenticationFailed),
    ],
)
def test_a_refused_write_keeps_the_vendors_words(call: Call, answer: Reply, error: type[LiveError]) -> None:
    """Status, text and call, once; a status of 4xx proves that nothing was done, however its body ends."""
    with answered(answer) as (server, client):
        with pytest.raises(error) as caught:
            call(client)
        assert len(server.seen) == 1
    found = caught.value
    assert (found.status, found.endpoint.split()[0]) == (answer.status, server.seen[0].method)
    assert answer.cut or answer.body == PAGE.body or found.said == answer.body.decode()


@every_write
def test_a_write_that_was_turned_away_for_its_speed_is_sent_again(call: Call) -> None:
    """429 proves that it was not carried out."""
    seen: list[Seen] = []

    def answer(request: Seen) -> Reply:
        seen.append(request)
        return Reply(429, b"", {"Retry-After": "2"}) if len(seen) < 4 else Reply(200, b"OK")

    with answered(answer) as (_, client):
        call(client)
    assert len(seen) == 4
    assert len({(request.method, request.path, request.body) for request in seen}) == 1


@pytest.mark.parametrize("status", [400, 409, 500])
def test_a_password_that_is_repeated_to_us_is_masked(status: int) -> None:
    """In the error's text and in what the vendor said."""
    with answered(Reply(status, f'the password "{PASSWORD}" is too old'.encode())) as (_, client):
        for call in (WRITES["create"], WRITES["update"]):
            with pytest.raises(LiveError) as caught:
                call(client)
            assert PASSWORD not in str(caught.value) + caught.value.said
            assert '"***" is too old' in caught.value.what


@pytest.mark.parametrize(
    ("answer", "doubts"),
    [
        (Reply(403, b"no"), 0),
        (Reply(404, b"HTTP 404 Not Found"), 0),
        (Reply(400, b"no"), 1),
        (Reply(500, b"boom"), 1),
        (Reply(503, b""), 1),
        (PAGE, 1),
        (Reply(200, b"{}"), 1),
        (Reply(200, b'[{"name": "Sales"}]'), 1),
        (Reply(200, b"[]"), 0),
    ],
)
def test_ids_that_cannot_be_read_are_unknown(answer: Reply, doubts: int) -> None:
    """Nothing depends on them: without the privilege or the API there are none, and a failure becomes one warning."""
    with answered(answer) as (_, client):
        assert client.team_ids() == client.team_ids() == {}
        assert len(client.warnings()) == doubts
        assert all("the ids of teams are not known" in text for text in client.warnings())


@pytest.mark.parametrize(
    ("answer", "error"), [(Reply(drop=True), Unreachable), (Reply(401, b""), AuthenticationFailed)]
)
def test_an_outage_while_ids_are_read_is_an_outage(answer: Reply, error: type[LiveError]) -> None:
    """A system that does not answer at all, or no longer accepts the credentials, is not passed over."""
    with answered(answer) as (_, client), pytest.raises(error):
        client.team_ids()


def test_a_token_that_ends_between_two_calls() -> None:
    """By time or revoked: one fresh token, and the call is made."""
    with sandboxed(JDOE) as (box, client):
        for expired in (True, False):
            assert client.user("jdoe")
            box.end_tokens(expired=expired)
            client.update_user("jdoe", {"disabled": True})
        assert box.count("POST", "/configapi/v2/oauth/token") == 3
        assert box.count("PUT", USER + "/*", changed=True) == 2


def test_the_system_connects_with_its_settings() -> None:
    """From the settings of tenant.yaml to a first answer; the scope is the host where it is not given."""
    with sandboxed(JDOE, tenant="127.0.0.1") as (box, _):
        settings = OneCloudSettings(url=box.url, client_id=box.client_id, client_secret=box.client_secret)
        assert settings.domain() == "127.0.0.1"
        client = OneCloud().connect(settings)
        assert isinstance(client, OneCloudClient)
        assert client.user("jdoe")
        client.close()
        wrong = OneCloud().connect(settings.model_copy(update={"scope": "other.example.com"}))
        assert isinstance(wrong, OneCloudClient)
        with pytest.raises(AuthenticationFailed, match="refused to hand out a token"):
            wrong.user("jdoe")
        wrong.close()


def test_what_tells_two_live_tenants_apart() -> None:
    """Host and domain; not the port, the path or who asks."""
    given = {"client_id": "a", "client_secret": "made up"}
    one = OneCloudSettings(url="https://acme.example.com", **given)
    same = OneCloudSettings(
        url="https://ACME.example.com:8443/x", scope="acme.example.com", client_id="b", client_secret="other"
    )
    other = OneCloudSettings(url="https://acme.example.com", scope="beta.example.com", **given)
    assert OneCloud().origin(one) == OneCloud().origin(same) != OneCloud().origin(other)


def test_a_server_that_is_not_there() -> None:
    """Reads and writes alike are unreachable: nothing was sent, so nothing is unknown."""
    with answered(Reply()) as (server, _):
        url = server.url
    client = client_of(url)
    for call in (*READS.values(), *WRITES.values()):
        with pytest.raises(Unreachable, match="connection refused"):
            call(client)
    client.close()
