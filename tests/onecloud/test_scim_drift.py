"""Every attribute of a SCIM account, changed behind our back and repaired, over HTTP in both dialects.

A loop over the kind's own fields: a new one is tested without a word here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.onecloud.scim_support import (
    FIELDS,
    KIND,
    LOGIN,
    PEOPLE,
    READ,
    SECRETS,
    accounts,
    another,
    by_hand,
    change,
    dialects,
    example,
    methods,
    read,
    wanted,
)

UNREAD = sorted(set(FIELDS) - set(READ))
FILLED = {"first_name", "last_name", "extension", "active"}
"""Nobody can be without them."""
DRIFT = [
    *((name, another(name)) for name in READ),
    *((name, type(example(name))()) for name in READ if name not in FILLED),
]
"""Every attribute changed, and emptied."""


@dialects
@methods
@pytest.mark.parametrize(("name", "value"), DRIFT)
def test_drift_of_an_attribute_is_seen_and_repaired(dialect: str, method: str, name: str, value: object) -> None:
    """It alone differs, one call repairs it, everything else stays, and the second comparison is empty."""
    account = wanted(method)
    with accounts(dialect) as (box, handler):
        assert KIND.compare(account, handler.create(account, SECRETS)) == []
        before = box.person(LOGIN)
        box.change_user(LOGIN, **by_hand(name, value))
        assert box.person(LOGIN) != before
        drift = KIND.compare(account, read(handler, account))
        assert [(found.field, found.problem) for found in drift] == [(name, "")]
        box.clear_log()
        after = change(handler, account)
        assert KIND.compare(account, after) == KIND.compare(account, read(handler, account)) == []
        assert [entry.method for entry in box.log(write=True)] == [method.upper()]
        assert box.person(LOGIN) == before


@dialects
@methods
@pytest.mark.parametrize("name", UNREAD)
def test_an_attribute_that_is_never_shown(dialect: str, method: str, name: str) -> None:
    """It is never a difference; when the record tells that it changed it is sent, and nothing else changes."""
    account = wanted(method)
    with accounts(dialect) as (box, handler):
        handler.create(account, SECRETS)
        before = box.person(LOGIN) or {}
        box.change_user(LOGIN, **by_hand(name, "https://example.com/another.png"))
        assert KIND.compare(account, read(handler, account)) == []
        change(handler, account, [name])
        now = box.person(LOGIN) or {}
        hashes = ("passwordHash",)
        assert {k: v for k, v in now.items() if k not in hashes} == {k: v for k, v in before.items() if k not in hashes}
        assert box.password_matches(LOGIN, SECRETS["password"])


@dialects
@methods
@pytest.mark.parametrize("name", READ)
def test_what_is_not_managed_is_left_alone(dialect: str, method: str, name: str) -> None:
    """With one attribute listed (and what PUT needs), drift of that one is repaired and no other is touched."""
    account = wanted(method)
    alone = replace(account, fields={k: v for k, v in account.fields.items() if k in {name, "active", "photo"}})
    with accounts(dialect) as (box, handler):
        handler.create(account, SECRETS)
        for field in READ:
            box.change_user(LOGIN, **by_hand(field, another(field)))
        drifted = box.person(LOGIN) or {}
        change(handler, alone)
        repaired = {**by_hand(name, example(name)), **by_hand("active", True)}
        assert box.person(LOGIN) == drifted | repaired
        assert box.count(method, f"{PEOPLE}/*") == 1


@dialects
@methods
def test_a_rename_with_drift_is_one_call(dialect: str, method: str) -> None:
    """The new login and everything that drifted go together; the person, its id included, stays the same."""
    account = wanted(method)
    renamed = replace(account, key="j.doe@acme.example.com")
    with accounts(dialect) as (box, handler):
        handler.create(account, SECRETS)
        before = box.person(LOGIN) or {}
        for name in READ:
            box.change_user(LOGIN, **by_hand(name, another(name)))
        live = read(handler, account)
        box.clear_log()
        after = handler.rename(LOGIN, renamed, live, KIND.compare(renamed, live), {})
        assert KIND.compare(renamed, after) == KIND.compare(renamed, read(handler, renamed)) == []
        assert [entry.method for entry in box.log(write=True)] == [method.upper()]
        assert box.person(renamed.key) == before | {"loginId": renamed.key}
        assert box.person(LOGIN) is None
