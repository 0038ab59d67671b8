"""Who leaves under plain pulumi, before the sandbox: through one door and through both, and who is read meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cxconfig.errors import ObjectError
from cxconfig.planning.kept import mark
from cxconfig.planning.plan import Kept
from providers.host import Found, Host
from tests.providers.stack import Stack

USERS, ACCOUNTS = "onecloud.users", "onecloud.scim_accounts"
LEAVER: Mapping[str, Any] = {"key": "jdoe", "first_name": "Jane", "disabled": False}
ACCOUNT: Mapping[str, Any] = {"key": "jdoe", "title": "Lead"}
LISTED: Mapping[str, Any] = {"key": "jdoe", "team": "Sales", "on_remove": "retain"}
"""As one is recorded who stands only in a team's list."""


def test_the_account_leaves_it_to_the_user(stack: Stack) -> None:
    """Whatever its own door would do: the step of the user comes after it, and says how both leave."""
    host = stack.holding(users=LEAVER, scim_accounts=ACCOUNT).host(scim_accounts={"on_remove": "delete"})
    host.delete(ACCOUNTS, dict(ACCOUNT))
    assert stack.writes() == []
    host.delete(USERS, dict(LEAVER))
    assert (len(stack.writes()), stack.box.users["jdoe"]["disabled"]) == (1, True)


@pytest.mark.parametrize("how", ["not recorded", "undeclared", "in a list"])
def test_an_account_without_a_user_who_decides_leaves_itself(stack: Stack, how: str) -> None:
    """Who was never in `users`, is recorded there by an up that was to sweep, or stands only in a team's list."""
    users = {"not recorded": None, "undeclared": {**LEAVER, "undeclared": True}, "in a list": LISTED}[how]
    stack.holding(scim_accounts=ACCOUNT, **({"users": users} if users else {}))
    stack.host().delete(ACCOUNTS, dict(ACCOUNT))
    assert (len(stack.writes()), stack.box.users["jdoe"]["disabled"]) == (1, True)


def test_what_this_process_has_seen_leave_counts_before_what_is_recorded(stack: Stack) -> None:
    """The user's step came first, in whichever order the engine goes: the stack may not hold him any more."""
    host = stack.holding(scim_accounts=ACCOUNT).host(scim_accounts={"on_remove": "delete"})
    host.delete(USERS, dict(LEAVER))
    host.delete(ACCOUNTS, dict(ACCOUNT))
    assert set(stack.box.users) == {"jdoe"} and len(stack.writes()) == 1


def test_what_protects_the_account_protects_the_user(stack: Stack) -> None:
    """Unless he is to stay as he is: retained by his own word or his kind's, or excluded there."""
    held = {**ACCOUNT, "protect": True}
    retained = stack.holding(users={**LEAVER, "on_remove": "retain"}, scim_accounts=held)
    retained.host().delete(ACCOUNTS, held)
    stack.holding(users=LEAVER, scim_accounts=held)
    for said in ({"on_remove": "retain"}, {"exclude": ["jd*"]}):
        stack.host(users=said).delete(ACCOUNTS, held)
    with pytest.raises(ObjectError, match="protect"):
        stack.host().delete(ACCOUNTS, held)
    assert stack.writes() == []


def interrupted(host: Host, record: Mapping[str, Any]) -> None:
    """As a replacement of that record leaves it that was killed after the deletion."""
    origin = host.site.origin("onecloud")
    values = {"work_phone": "12"}
    kept = Kept(USERS, "jdoe", origin, "2026-11-25T18:01:02+00:00", values, recorded=mark(record))
    host.site.kept_files().put(kept)


@pytest.mark.parametrize("login", ["jdoe", "JDoe"])
def test_a_refresh_leaves_the_record_of_who_is_being_replaced(stack: Stack, login: str) -> None:
    """It tells whose the kept values are. Of anybody else, and of who is declared no longer, it goes."""
    stack.box.delete_user("jdoe")
    person = {"first_name": "Jane", "last_name": "Doe", "team": "Sales", "password": "${env:ONECLOUD_CLIENT_SECRET}"}
    declared = {"teams": {"Sales": {}}, "users": {login: person}}
    host = stack.host(declared)
    interrupted(host, LEAVER)
    assert host.read(USERS, dict(LEAVER)) == Found(dict(LEAVER), dict(LEAVER))
    assert host.read(USERS, {**LEAVER, "first_name": "Other"}) is None
    assert stack.host().read(USERS, dict(LEAVER)) is None
