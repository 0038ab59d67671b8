"""`${generate:20}` under plain pulumi, before the sandbox: for whom one is made, and for whom not."""

from __future__ import annotations

from typing import Any

import pytest

from cxconfig.language import load
from cxconfig.language.secrets import Generated
from cxconfig.planning.record import record_of
from cxconfig.tenancy import desired_objects, digester_of
from providers.registry import REGISTRY
from tests.onecloud.support import PASSWORD
from tests.providers.stack import Stack

USERS, ACCOUNTS = "onecloud.users", "onecloud.scim_accounts"


@pytest.mark.parametrize("kind", [USERS, ACCOUNTS])
@pytest.mark.parametrize("held", ["", "${generate:24}", "${env:ONECLOUD_CLIENT_SECRET}", "ignored"])
def test_for_whom_a_password_is_made(stack: Stack, kind: str, held: str) -> None:
    """For nobody who is recorded without one; for whom another reference is recorded. Either way this one is then."""
    person = {"first_name": "Jane", "password": "${generate:20}"}
    host = stack.host({kind.partition(".")[2]: {"jdoe": person}})
    desired = desired_objects(load(stack.folder, REGISTRY), REGISTRY)[kind, "jdoe"]
    news = record_of(REGISTRY[kind], desired, {"password": Generated("${generate:20}")}, digester_of("acme"))
    olds: dict[str, Any] = {name: value for name, value in news.items() if name != "password"}
    if held == "ignored":
        olds |= {"password": digester_of("acme")(REGISTRY[kind], "jdoe", "password", "x"), "ignore": ["password"]}
    elif held:
        olds["password"] = digester_of("acme")(REGISTRY[kind], "jdoe", "password", held)
    assert host.differs(kind, olds, news)
    outs = host.update(kind, olds, news)
    made = held.startswith("${")
    assert len(stack.writes()) == int(made)
    assert stack.box.password_matches("jdoe", PASSWORD) is not made
    assert outs["password"] == news["password"] and not host.differs(kind, outs, news)
    assert len(list((stack.folder / ".cxconfig" / "passwords").glob("*.csv"))) == int(made)


def test_a_secret_that_is_newly_declared_is_written(stack: Stack) -> None:
    """As nothing was recorded of it, this one is not what he has."""
    stack.write({"users": {"jdoe": {"password": "${env:ONECLOUD_CLIENT_SECRET}"}}})
    desired = desired_objects(load(stack.folder, REGISTRY), REGISTRY)[USERS, "jdoe"]
    news = record_of(REGISTRY[USERS], desired, {"password": stack.box.client_secret}, digester_of("acme"))
    host = stack.host({"users": {"jdoe": {"password": "${env:ONECLOUD_CLIENT_SECRET}"}}})
    host.update(USERS, {"key": "jdoe", "disabled": False}, news)
    assert stack.box.password_matches("jdoe", stack.box.client_secret)
