"""Somebody is deleted, and perhaps created again, by hand right before a write: the same login, another person.

The write goes to the id that was read, so it is refused; nobody is created, and the new person is left alone. Nor is an
answer believed that shows the account of somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import ChangedSincePreview, LiveError, ObjectError, UnexpectedAnswer
from cxconfig.kinds import Action, Desired
from cxconfig.sandbox import Sandbox
from providers.onecloud.scim_handler import ScimAccountsHandler
from tests.onecloud import support, test_users
from tests.onecloud.scim_support import KIND, LOGIN, SECRETS, accounts, read, wanted
from tests.onecloud.support import JDOE, desired, handled

NEW = "jane.doe"
GONE, ANEW = "is gone since", "was deleted and created again since"
fates = pytest.mark.parametrize("said", [GONE, ANEW], ids=["gone", "anew"])


def by_hand(box: Sandbox, said: str) -> None:
    """What became of the person."""
    before = box.dump()["users"][0]["id"]
    box.delete_user(LOGIN)
    if said == ANEW:
        box.add_user(**JDOE | {"id": "0A0A0A0A-1111-2222-3333-444444444444"})
        assert box.dump()["users"][0]["id"] != before


def updated(handler: ScimAccountsHandler, account: Desired) -> Callable[[], Any]:
    live = read(handler, account)
    return lambda: handler.update(account, live, KIND.compare(account, live), {})


def renamed(handler: ScimAccountsHandler, account: Desired) -> Callable[[], Any]:
    live, other = read(handler, account), replace(account, key=NEW)
    return lambda: handler.rename(LOGIN, other, live, KIND.compare(other, live), {})


@fates
@pytest.mark.parametrize("absent", ["200", "404"])
@pytest.mark.parametrize("method", ["patch", "put"])
@pytest.mark.parametrize("work", [updated, renamed], ids=["update", "rename"])
def test_a_change_of_an_account(said: str, absent: str, method: str, work: Any) -> None:
    """Told as what it is, after one attempt; also where a look-up answers 404."""
    with accounts("newer", U39=absent) as (box, handler):
        handler.create(wanted(method), SECRETS)
        write = work(handler, wanted(method, title="Boss"))
        by_hand(box, said)
        left = box.dump()["users"]
        box.clear_log()
        with pytest.raises(ChangedSincePreview, match=f"'{LOGIN}' {said}") as told:
            write()
        assert "Run again" in told.value.way_out
        assert (box.dump()["users"], [e.method for e in box.log(write=True)]) == (left, [method.upper()])


@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
def test_a_removal_of_an_account(action: Action) -> None:
    """The new person stays, and stays enabled. Who is gone is done, as ever."""
    with accounts("newer") as (box, handler):
        handler.create(wanted(), SECRETS)
        live = read(handler, wanted())
        by_hand(box, ANEW)
        with pytest.raises(ChangedSincePreview, match=ANEW):
            handler.remove(LOGIN, live, action)
        assert box.users[LOGIN]["disabled"] is False
        box.delete_user(LOGIN)
        handler.remove(LOGIN, live, action)
        assert box.count("POST", changed=True) == 1 and box.users == {}


@fates
@pytest.mark.parametrize("login", [LOGIN, NEW], ids=["update", "rename"])
def test_a_change_of_a_user(monkeypatch: pytest.MonkeyPatch, said: str, login: str) -> None:
    """Between the look-up of the account's id and the PATCH to it; what PUT would change is not tried any more."""
    with handled(JDOE) as (box, handler):
        account = desired(login, title=None, first_name="Janet", team="Support")
        live = test_users.read(handler, desired())
        patch = handler.client.scim.patch

        def meanwhile(*given: Any) -> Any:
            by_hand(box, said)
            return patch(*given)

        monkeypatch.setattr(handler.client.scim, "patch", meanwhile)
        differences = support.KIND.compare(account, live)
        with pytest.raises(ChangedSincePreview, match=f"'{LOGIN}' {said}"):
            if login == LOGIN:
                handler.update(account, live, differences, {})
            else:
                handler.rename(LOGIN, account, live, differences, {})
        assert test_users.writes(box) == ["PATCH"]
        assert [user["team"] for user in box.users.values()] == ["Sales"] * (said == ANEW)


def test_a_404_about_something_else_is_the_vendors_own_word() -> None:
    """A role that does not exist answers 404 as well, and the account is the one that was read."""
    with accounts("newer") as (_, handler):
        handler.create(wanted(), SECRETS)
        with pytest.raises(LiveError, match="Role not found"):
            updated(handler, wanted(roles=["Nobody"]))()


ID = "0B0B0B0B-1111-2222-3333-444444444444"


def somebody(**values: Any) -> str:
    """The resource of another person, as an answer's body."""
    name = {"givenName": "Victor", "familyName": "Im"}
    whole = {"id": ID, "userName": "victim", "name": name, "emails": [{"value": "victim@example.com"}], "active": False}
    return json.dumps({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "title": "Boss", **whole, **values})


def as_somebody(box: Sandbox, method: str, **values: Any) -> None:
    """The next write is answered with another person's account, and not carried out."""
    status = 201 if method == "POST" else 200
    box.fault({"status": status, "body": somebody(**values)}, method=method, path="/configapi/v2/scim/**", count=1)


def test_a_creation_that_is_answered_with_somebody_else() -> None:
    """Who exists: nothing is written there, and nobody is said to be created."""
    with accounts("newer") as (box, handler):
        box.add_user(**JDOE | {"loginId": "victim", "id": ID})
        left = box.dump()["users"]
        as_somebody(box, "POST")
        with pytest.raises(UnexpectedAnswer, match="the account of 'jdoe', but with that of 'victim'") as told:
            handler.create(wanted(), SECRETS)
        assert "Run the command again" in told.value.way_out
        assert (box.dump()["users"], [e.method for e in box.log(write=True)]) == (left, ["POST"])
        as_somebody(box, "POST", id="", userName=LOGIN)  # no id: it is looked for, as after an empty answer
        with pytest.raises(ObjectError, match="has no SCIM account"):
            handler.create(wanted(), SECRETS)
        assert box.dump()["users"] == left


@pytest.mark.parametrize("method", ["patch", "put"])
@pytest.mark.parametrize("work", [updated, renamed], ids=["update", "rename"])
def test_a_change_that_is_answered_with_somebody_else(method: str, work: Any) -> None:
    """Also when that one has what was declared, or the very login: ids tell persons apart. Their case does not."""
    with accounts("newer") as (box, handler):
        handler.create(wanted(), SECRETS)
        left = box.dump()["users"]
        for login in ("victim", LOGIN, NEW):
            write = work(handler, wanted(method, title="Boss"))
            box.clear_log()
            as_somebody(box, method.upper(), userName=login)
            with pytest.raises(UnexpectedAnswer, match=f"but with that of '{login}'; whether the change"):
                write()
            assert (box.dump()["users"], box.count(write=True)) == (left, 1)
        whole = read(handler, wanted())["resource"] | {"title": "Boss", "id": left[0]["id"].lower()}
        whole |= {"userName": NEW} if work is renamed else {}
        box.fault({"status": 200, "body": json.dumps(whole)}, method=method.upper(), count=1)
        assert work(handler, wanted(method, title="Boss"))()["title"] == "Boss"


def test_a_disabling_that_is_answered_with_somebody_else() -> None:
    """Who is disabled."""
    with accounts("newer") as (box, handler):
        handler.create(wanted(), SECRETS)
        live = read(handler, wanted())
        as_somebody(box, "PATCH")
        with pytest.raises(UnexpectedAnswer, match="but with that of 'victim'"):
            handler.remove(LOGIN, live, Action.DISABLE)
        handler.remove(LOGIN, live, Action.DISABLE)
        assert box.users[LOGIN]["disabled"] and box.count("PATCH") == 2


def test_what_a_creation_lacks_is_not_written_to_somebody_else() -> None:
    """The PATCH after a POST that dropped a region: the account was created, and the error says so."""
    with accounts("newer", **{"scim-region": "lost"}) as (box, handler):
        as_somebody(box, "PATCH")
        with pytest.raises(ObjectError, match=r"created, and lacks region: .* with that of 'victim'"):
            handler.create(wanted(), SECRETS)
        assert set(box.users) == {LOGIN}


@pytest.mark.parametrize("login", [LOGIN, NEW], ids=["update", "rename"])
def test_a_users_change_that_is_answered_with_somebody_else(login: str) -> None:
    """What would go by PUT after it is not tried."""
    with handled(JDOE) as (box, handler):
        account = desired(login, title=None, first_name="Victor", team="Support")
        live = test_users.read(handler, desired())
        left = box.dump()["users"]
        differences = support.KIND.compare(account, live)
        as_somebody(box, "PATCH", active=True)
        with pytest.raises(UnexpectedAnswer, match="but with that of 'victim'"):
            if login == LOGIN:
                handler.update(account, live, differences, {})
            else:
                handler.rename(LOGIN, account, live, differences, {})
        assert (test_users.writes(box), box.dump()["users"]) == (["PATCH"], left)


def test_a_login_that_is_another_persons_after_an_empty_answer() -> None:
    """Read back by its login, it is not the account that was changed."""
    with accounts("newer") as (box, handler):
        handler.create(wanted(), SECRETS)
        write = updated(handler, wanted(title="Boss"))
        by_hand(box, ANEW)
        box.fault({"status": 204, "body": ""}, method="PATCH", count=1)
        with pytest.raises(ChangedSincePreview, match="is the login of another SCIM account since"):
            write()


@pytest.mark.parametrize("work", [updated, renamed], ids=["update", "rename"])
def test_a_change_that_is_answered_with_a_login_that_nobody_asked_for(work: Any) -> None:
    """By the very account: somebody else gave it that login meanwhile, and it is not told as kept or done."""
    with accounts("newer") as (box, handler):
        handler.create(wanted(), SECRETS)
        write = work(handler, wanted(title="Boss"))
        whole = read(handler, wanted())["resource"] | {"title": "Boss", "userName": "third"}
        box.fault({"status": 200, "body": json.dumps(whole)}, method="PATCH", count=1)
        with pytest.raises(ChangedSincePreview, match="the login of this account is 'third' now") as told:
            write()
        assert "Run again" in told.value.way_out


def test_a_creation_that_is_answered_with_the_login_and_another_id() -> None:
    """What the answer lacks is looked for under the login before anything is written to that id."""
    with accounts("newer") as (box, handler):
        box.add_user(**JDOE | {"loginId": "victim", "id": ID})
        box.fault(
            {"status": 201, "body": somebody(userName=LOGIN)}, method="POST", path="/configapi/v2/scim/**", count=1
        )
        with pytest.raises(ObjectError, match="has no SCIM account"):
            handler.create(wanted(), SECRETS)
        assert (set(box.users), box.count("PATCH")) == ({"victim"}, 0)
