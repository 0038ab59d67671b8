"""Whom plain pulumi's program finds that it could not create, before the sandbox: what our commands say, and as a rule
without a look at who can be created."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cxconfig.engine import plain
from cxconfig.engine.plain_new import impossible
from cxconfig.language import Secrets, load
from cxconfig.live import Live
from cxconfig.planning.plan import Recorded
from cxconfig.tenancy import desired_objects
from providers.registry import REGISTRY
from tests.providers.stack import Stack

USERS = "onecloud.users"
PASSWORD = {"password": "${env:ONECLOUD_CLIENT_SECRET}"}
PERSON: Mapping[str, Any] = {"first_name": "Jane", "last_name": "Doe", "team": "Sales"}
ACCOUNT: Mapping[str, Any] = {"first_name": "Jane", "last_name": "Doe", "email": "j@example.com"}


def told(stack: Stack, **objects: Mapping[str, Any]) -> list[str]:
    """What is said of them, by line of the file."""
    stack.write(objects)
    stack.box.clear_log()
    tenant = load(stack.folder, REGISTRY, ())
    live = Live(tenant, REGISTRY, plain.Silent(), Secrets(os.environ, stack.folder, lambda _: None))
    recorded = {(one.kind, one.key): one for one in stack.recorded}
    try:
        return list(impossible("acme", desired_objects(tenant, REGISTRY), live, REGISTRY, recorded))
    finally:
        live.close()
        assert stack.writes() == []


def reads(stack: Stack) -> int:
    return stack.box.count("GET", "/configapi/v2/user/*")


def test_a_user_who_lacks_what_a_creation_needs(stack: Stack) -> None:
    """Each with the place; who is there is taken over, and who is recorded or renamed is no creation."""
    renamed = {**PERSON, "was": "other"}
    stack.recorded = [Recorded(USERS, "old", {"key": "old"}, "urn:x")]
    users = {"a": PERSON, "b": {**PERSON, **PASSWORD}, "jdoe": PERSON, "new": renamed, "old": PERSON, "z": PERSON}
    found = told(stack, users=users)
    lines = (stack.folder / "people.yaml").read_text("utf-8").splitlines()
    for login, text in zip("az", found, strict=True):
        (line,) = (number for number, said in enumerate(lines, 1) if said.startswith(f"    {login}:"))
        assert f"people.yaml:{line}:5: user {login}: the user does not exist" in text
    assert all("is to be created, for which OneCloud demands `password`" in text for text in found)
    assert reads(stack) == 3, "those three who lack it are looked for"


def test_a_team_that_nobody_knows(stack: Stack) -> None:
    """Only of who is to be created, or moved there."""
    (text,) = told(stack, users={"a": {**PERSON, **PASSWORD, "team": "Salse"}, "b": {**PERSON, **PASSWORD}})
    assert "user a: " in text and "Salse" in text and reads(stack) == 1


def test_an_account_whose_user_creates_it_lacks_nothing(stack: Stack) -> None:
    whole, two = {"a": {**PERSON, **PASSWORD}}, {"a": {"title": "Lead"}}
    assert told(stack, users=whole, scim_accounts=two) == []
    (text,) = told(stack, users=whole, scim_accounts={**two, "b": {"title": "Lead"}, "c": ACCOUNT})
    assert "SCIM account b: the account does not exist and is to be created" in text
    assert told(stack, users={"jdoe": PERSON}, scim_accounts={"jdoe": {"title": "Lead"}}) == []


def test_a_member_of_a_list_who_is_nobody(stack: Stack) -> None:
    (text,) = told(stack, teams={"Sales": {"members": ["jdoe", "nobody"]}})
    assert "user nobody: it does not exist, and nothing but its `team` is declared" in text
