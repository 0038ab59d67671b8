"""Somebody is deleted, and perhaps created again, by hand right before a write: the same login, another person.

The write goes to the id that was read, so it is refused; nobody is created, and the new person is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import ChangedSincePreview, LiveError
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
