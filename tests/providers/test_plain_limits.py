"""What plain pulumi's program counts against the limits, before the sandbox: twelve users, of whom one may go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from cxconfig.engine import plain, plain_limits
from cxconfig.engine import stack as engine_stack
from cxconfig.errors import SettingsError
from cxconfig.language import Secrets, load
from cxconfig.live import Live
from cxconfig.planning.plan import Recorded
from cxconfig.tenancy import desired_objects
from providers.registry import REGISTRY
from tests.onecloud.support import JDOE
from tests.providers.stack import Stack

USERS, ACCOUNTS = "onecloud.users", "onecloud.scim_accounts"
LOGINS = [f"u{number:02}" for number in range(12)]
PERSON: Mapping[str, Any] = {"first_name": "Jane", "last_name": "Doe", "team": "Sales"}


@pytest.fixture
def twelve(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Recorded as enabled users, and live so."""
    monkeypatch.setattr(plain_limits, "recorded_here", lambda *which: stack.recorded)
    for login in LOGINS:
        stack.box.add_user(**JDOE | {"loginId": login})
    stack.recorded = [recorded(login) for login in LOGINS]
    return stack


def recorded(login: str, **inputs: Any) -> Recorded:
    return Recorded(USERS, login, {"key": login, **PERSON, "disabled": False, **inputs}, f"urn:{login}")


def counts(
    stack: Stack,
    accounts: Mapping[str, Any],
    limits: Mapping[str, int] | None = None,
    **users: Mapping[str, Any] | None,
) -> list[tuple[str, int]]:
    """The kinds whose limit is exceeded, with how many. `limits`: those of users; `users`: what else a user says, None
    for one who is not declared."""
    said = {login: {**PERSON, **(users.get(login) or {})} for login in LOGINS if users.get(login, {}) is not None}
    stack.write(
        {"teams": {"Sales": {}}, "users": said, "scim_accounts": dict(accounts)}, users={"limits": dict(limits or {})}
    )
    tenant = load(stack.folder, REGISTRY, ())
    live = Live(tenant, REGISTRY, plain.Silent(), Secrets(os.environ, stack.folder, lambda _: None))
    try:
        found = plain_limits.judged(tenant, desired_objects(tenant, REGISTRY), live, REGISTRY, {}).exceeded
    finally:
        live.close()
    return [(one.kind, sum(one.counts.values())) for one in found]


def test_who_is_taken_out(twelve: Stack) -> None:
    """One may go, two may not; and who is an account still goes nowhere."""
    assert counts(twelve, {}, u00=None) == []
    assert counts(twelve, {}, u00=None, u01=None) == [(USERS, 2)]
    assert counts(twelve, {"u00": {}, "u01": {}}, u00=None, u01=None) == []


def test_who_is_disabled_already_is_not_disabled(twelve: Stack) -> None:
    """Through either door, whatever is recorded; who was enabled by hand is, though the record says otherwise."""
    inactive, disabled = {login: {"active": False} for login in LOGINS[:2]}, {"disabled": True}
    twelve.recorded = [recorded(login, disabled=login in LOGINS[:2]) for login in LOGINS]
    assert counts(twelve, inactive) == [(USERS, 2)]
    assert counts(twelve, {}, u00=disabled, u01=disabled) == [(USERS, 2)]
    for login in LOGINS[:2]:
        twelve.box.change_user(login, disabled=True)
    assert counts(twelve, inactive) == []
    assert counts(twelve, {}, u00=disabled, u01=disabled) == []
    assert counts(twelve, {}, {"update": 0, "disable": 0}, u00=disabled, u01=disabled) == []


def test_without_an_answer_of_the_engine_nobody_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for an empty stack it would be one of which nobody is removed."""
    monkeypatch.setattr(engine_stack, "asked_within", lambda *words: None)
    with pytest.raises(SettingsError, match="nobody knows what this run would remove"):
        engine_stack.recorded_here("acme", REGISTRY)
