"""A 404 that comes with a web page, and a directory that the API user may not read: what is absent then."""

from __future__ import annotations

import pytest

from cxconfig.errors import LiveError, ObjectError, OutcomeUnknown, UnexpectedAnswer, Unreachable
from cxconfig.kinds import Action, Values
from tests.onecloud.support import JDOE, KIND, USER, answered, desired, handled, sandboxed
from tests.onecloud.test_users import ONE, SECRETS, read
from tests.providers.loopback import Reply, Seen, reply

DIRECTORY = "/configapi/v2/phone/user"
TEAM = "/configapi/v2/team"
PAGE = Reply(404, b"<!doctype html><html><title>404 Not Found</title></html>", {"Content-Type": "text/html"})
"""What a web framework's own 404 looks like."""


def test_the_directory_settles_a_page() -> None:
    """One call for any number of absent users."""
    with handled(JDOE) as (box, handler):
        box.fault({"html": 404}, path=f"{USER}/a*")
        wanted: dict[str, Values] = {f"a{number}": {} for number in range(20)}
        assert handler.observe(wanted) == dict.fromkeys(wanted)
        handler.confirm_gone(list(wanted))
        assert (box.count("GET", DIRECTORY), box.count("GET", TEAM)) == (1, 0)


def test_a_listed_user_is_not_absent_whatever_a_page_says() -> None:
    """However the login is spelt."""
    with sandboxed(JDOE) as (box, client):
        box.fault({"html": 404}, path=ONE)
        for login in ("jdoe", "JDoe"):
            with pytest.raises(UnexpectedAnswer, match=f"lists the user '{login}'") as caught:
                client.user(login)
            assert (caught.value.status, caught.value.endpoint) == (404, f"GET {USER}/{login}")


@pytest.mark.parametrize("status", [403, 404, 400])
def test_without_the_directory_the_team_list_settles_a_page(status: int) -> None:
    """It answers as the API does, so the page is the API's own; asked once for all."""
    with handled() as (box, handler):
        box.fault({"html": 404}, path=ONE)
        box.fault({"status": status}, path=DIRECTORY)
        assert handler.observe({"a": {}, "b": {}, "c": {}}) == {"a": None, "b": None, "c": None}
        assert (box.count("GET", DIRECTORY), box.count("GET", TEAM)) == (1, 1)


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        (DIRECTORY, Reply(200, b"<html>Log in</html>"), UnexpectedAnswer),
        (DIRECTORY, reply({"users": []}), UnexpectedAnswer),
        (TEAM, Reply(200, b"<html>Log in</html>"), UnexpectedAnswer),
        (TEAM, Reply(403, b"no"), UnexpectedAnswer),
        (DIRECTORY, Reply(503), Unreachable),
    ],
)
def test_a_server_that_is_not_the_api_settles_nothing(path: str, answer: Reply, error: type[LiveError]) -> None:
    """Everything else answers with the same page."""
    with answered(lambda seen: answer if seen.path == path else PAGE) as (_, client):
        with pytest.raises(error) as caught:
            client.user("jdoe")
        if error is UnexpectedAnswer:
            assert "nothing was taken for absent" in caught.value.way_out
            assert caught.value.endpoint == f"GET {USER}/jdoe"


def test_a_deletion_is_seen_through_pages() -> None:
    """Two users are deleted without an answer: the directory is read anew for the one that it listed before."""
    users = {"a", "b"}

    def answer(seen: Seen) -> Reply:
        login = seen.path.rpartition("/")[2]
        if seen.path == DIRECTORY:
            return reply([{"loginId": name} for name in sorted(users)])
        if seen.method == "DELETE":
            users.discard(login)
            return Reply(drop=True)
        return reply({"loginId": login}) if login in users else PAGE

    with answered(answer) as (server, client):
        handler = KIND.handler(client)
        for login in ("a", "b"):
            handler.remove(login, read(handler, desired(login)), Action.DELETE)
        assert (users, server.count(DIRECTORY)) == (set(), 2)


@pytest.mark.parametrize("status", [403, 404])
def test_a_login_that_needs_quoting_without_the_directory(status: int) -> None:
    """Nothing speaks against its creation beforehand; after it the user is read back."""
    new = desired("jane@example.com", password="${env:X}")
    for setting in ("decoded", "404"):
        with handled(switches={"U8": setting}) as (box, handler):
            box.fault({"status": status}, path=DIRECTORY)
            assert handler.observe({new.key: {}}) == {new.key: None}
            assert KIND.problems(new, None, handler.supporting()) == []
            if setting == "decoded":
                assert handler.create(desired(new.key), SECRETS)["team"] == "Sales"
            else:
                with pytest.raises(ObjectError, match="answers 404"):
                    handler.create(desired(new.key), SECRETS)
            assert new.key in box.users


def test_an_outage_of_the_directory_is_no_answer() -> None:
    """It settles nothing for a login that needs quoting either."""
    with handled() as (box, handler):
        box.fault({"status": 503}, path=DIRECTORY)
        with pytest.raises((Unreachable, OutcomeUnknown)):
            KIND.problems(desired("jane@example.com"), None, handler.supporting())
