"""What plain pulumi's program counts against the limits, before the sandbox: twelve users, of whom one may go."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.engine import plain, plain_limits
from cxconfig.engine import stack as engine_stack
from cxconfig.errors import SettingsError
from cxconfig.language import Secrets, Tenant, load
from cxconfig.live import Live
from cxconfig.planning.compare import compare
from cxconfig.planning.limits import VARIABLE, exceeded, parsed
from cxconfig.planning.plan import Exceeded, Recorded
from cxconfig.planning.renames import followed
from cxconfig.planning.world import World
from cxconfig.tenancy import desired_objects, digester_of, kind_settings, secrets_of
from providers.registry import REGISTRY
from tests.onecloud.support import JDOE
from tests.providers.stack import Stack

USERS, ACCOUNTS = "onecloud.users", "onecloud.scim_accounts"
LOGINS = [f"u{number:02}" for number in range(12)]
PERSON: Mapping[str, Any] = {"first_name": "Jane", "last_name": "Doe", "team": "Sales"}
PASSWORD = {"password": "${env:ONECLOUD_CLIENT_SECRET}"}
WHOLE: Mapping[str, Any] = {"first_name": "Jane", "last_name": "Doe", "email": "j@example.com", **PASSWORD}
"""All that is needed to create a user, but for the team, or an account."""


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


def account(login: str, **inputs: Any) -> Recorded:
    return Recorded(ACCOUNTS, login, {"key": login, "active": True, **inputs}, f"urn:account {login}")


def counts(
    stack: Stack,
    accounts: Mapping[str, Any],
    limits: Mapping[str, int] | None = None,
    **users: Mapping[str, Any] | None,
) -> list[tuple[str, int]]:
    """The kinds whose limit is exceeded, with how many. `limits`: those of users; `users`: what else a user says, None
    for one who is not declared."""
    return [(one.kind, sum(one.counts.values())) for one in judged(stack, accounts, limits, **users).exceeded]


def judged(
    stack: Stack,
    accounts: Mapping[str, Any],
    limits: Mapping[str, int] | None = None,
    **users: Mapping[str, Any] | None,
) -> plain_limits.Judged:
    said = {login: {**PERSON, **(users.get(login) or {})} for login in LOGINS if users.get(login, {}) is not None}
    stack.write(
        {"teams": {"Sales": {}}, "users": said, "scim_accounts": dict(accounts)}, users={"limits": dict(limits or {})}
    )
    with opened(stack) as (tenant, world, live):
        return plain_limits.judged(tenant, world, live, REGISTRY, {})


@contextmanager
def opened(stack: Stack) -> Iterator[tuple[Tenant, World, Live]]:
    """The files of the stack, as the program reads them."""
    tenant = load(stack.folder, REGISTRY, ())
    resolver = Secrets(os.environ, stack.folder, lambda _: None)
    live = Live(tenant, REGISTRY, plain.Silent(), resolver)
    secrets = secrets_of(tenant, REGISTRY, resolver)
    try:
        desired = desired_objects(tenant, REGISTRY)
        yield tenant, World("acme", desired, {}, secrets=secrets, digester=digester_of("acme")), live
    finally:
        live.close()


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


@pytest.mark.parametrize("on_remove", [{}, {"on_remove": "delete"}])
def test_a_protected_account_is_refused_as_a_user_is(twelve: Stack, on_remove: Mapping[str, str]) -> None:
    """Before anything is registered: one of its own, and one whose user goes as well or stays unprotected; not one that
    is gone or disabled already."""
    twelve.box.add_user(**JDOE | {"loginId": "solo"})
    users = list(twelve.recorded)
    for login, without in (("solo", {}), ("solo", {"u00": None}), ("u00", {"u00": None})):
        twelve.recorded = [*users, account(login, protect=True, **on_remove)]
        (text,) = judged(twelve, {}, **without).refused
        assert f"SCIM account {login}: it is protected (`protect: true`)" in text
        assert "put it back with `protect: false`" in text
    twelve.recorded = [*users, account("u00", protect=True, **on_remove)]
    (text,) = judged(twelve, {}).refused
    assert "SCIM account u00: it is protected, and the user 'u00', which is the same, is not" in text
    assert judged(twelve, {}, u00={"protect": True}).refused == ()
    twelve.recorded = [*users, account("solo", protect=True, **on_remove), account("gone", protect=True)]
    twelve.box.change_user("solo", disabled=True)
    assert len(judged(twelve, {}).refused) == len(on_remove)


def test_accounts_of_their_own_are_counted(twelve: Stack) -> None:
    """One may go, and not two; and they are looked at before anybody is refused."""
    for login in ("solo", "second"):
        twelve.box.add_user(**JDOE | {"loginId": login})
    users = list(twelve.recorded)
    twelve.recorded = [*users, account("solo")]
    assert counts(twelve, {}) == []
    twelve.recorded = [*users, account("solo"), account("second")]
    assert counts(twelve, {}) == [(USERS, 2)]
    twelve.box.change_user("solo", disabled=True)
    assert counts(twelve, {}) == []


def mixed(
    stack: Stack,
    users: Mapping[str, Any],
    accounts: Mapping[str, Any],
    limits: Mapping[str, Mapping[str, int]] | None = None,
    *,
    raised: str = "",
) -> list[Exceeded]:
    """What plain pulumi's program says of these files, which is what our commands say who read everything.

    `limits`: by kind."""
    kinds = {name: {"limits": dict(said)} for name, said in (limits or {}).items()}
    stack.write({"teams": {"Sales": {}}, "users": dict(users), "scim_accounts": dict(accounts)}, **kinds)
    with opened(stack) as (tenant, declared, live):
        found = plain_limits.judged(tenant, declared, live, REGISTRY, {VARIABLE: raised})
        held = {(one.kind, one.key): one for one in stack.recorded}
        seen = live.observe(declared.desired, stack.recorded)
        supporting = live.supporting(declared.desired, seen)
        world = replace(declared, live=seen, supporting=supporting, recorded=held, settings=kind_settings(tenant))
        world = followed(REGISTRY, live.untouchable(world))
        flags = parsed(filter(None, raised.split(",")), REGISTRY, VARIABLE)
        plan = compare(REGISTRY, world)
        ours = exceeded(REGISTRY, world, plan, flags, said=VARIABLE)
        assert [(one.what, one.way_out) for one in found.exceeded] == [(one.what, one.way_out) for one in ours]
        assert [*found.refused] == [text for step in plan.steps if not step.declared for text in step.problems]
        assert stack.writes() == []
        return list(ours)


MANY = [f"m{number:02}" for number in range(29)]


@pytest.mark.parametrize("door", ["users", "both", "accounts"])
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("gone", [2, 3])
def test_who_is_renamed_is_one_person(twelve: Stack, door: str, gone: int, done: bool) -> None:
    """Of 29 two may go, also when one more has another login; through either door, and when he has it already."""
    for login in MANY:
        twelve.box.add_user(**JDOE | {"loginId": "new" if done and login == "m28" else login})
    twelve.recorded = [recorded(login) for login in MANY] if door != "accounts" else []
    twelve.recorded += [account(login) for login in MANY] if door != "users" else []
    names = [*MANY[gone:-1], "new"]
    users: dict[str, Any] = {} if door == "accounts" else dict.fromkeys(names, PERSON)
    accounts: dict[str, Any] = {} if door == "users" else {name: {} for name in names}
    renamed = {"was": "m28"}
    for objects in (users, accounts):
        if objects:
            objects["new"] = {**objects["new"], **renamed}
            renamed = {}
    found = mixed(twelve, users, accounts)
    kind = ACCOUNTS if door == "accounts" else USERS
    assert [(one.kind, one.base, sum(one.counts.values()), one.allowed) for one in found] == (
        [(kind, 29, 3, 2)] if gone == 3 else []
    )
    if gone == 3:
        assert mixed(twelve, users, accounts, raised=f"{kind}.disable=3") == []


def test_who_is_renamed_and_disabled_is_disabled_once(twelve: Stack) -> None:
    """Beside one who goes it is two of twelve; and not when he is disabled already."""
    users = dict.fromkeys(LOGINS[2:], PERSON)
    users["new"] = {**PERSON, "was": "u01", "disabled": True}
    (one,) = mixed(twelve, users, {})
    assert (one.base, set(one.keys)) == (12, {"u00", "new"})
    twelve.box.change_user("u01", disabled=True)
    assert mixed(twelve, users, {}) == []


def test_who_is_there_and_not_recorded_is_counted(twelve: Stack) -> None:
    """Of five who are recorded all might go, of twelve who are known only one; whoever is to be created is none."""
    everybody, twelve.recorded = twelve.recorded, twelve.recorded[:5]
    users: dict[str, Any] = dict.fromkeys(LOGINS[2:], PERSON)
    (one,) = mixed(twelve, users, {})
    assert (one.base, one.allowed) == (12, 1)
    assert mixed(twelve, dict.fromkeys([*LOGINS[2:5], *MANY], PERSON), {}) == []
    twelve.recorded = everybody
    new = dict.fromkeys(MANY, PERSON)
    (one,) = mixed(twelve, {**users, **new}, {})
    assert (one.base, one.allowed) == (12, 1)
    assert mixed(twelve, {**users, **new}, {}, raised=f"{USERS}.disable=2") == []


@pytest.mark.parametrize("kind", ["users", "scim_accounts"])
@pytest.mark.parametrize("action", ["create", "update", "rename"])
def test_every_limit_that_somebody_wrote_is_kept(twelve: Stack, kind: str, action: str) -> None:
    """Two of each are too many where one is allowed; and the variable raises it."""
    if kind == "scim_accounts":
        twelve.recorded = [account(login) for login in LOGINS]
    objects: dict[str, Any] = {login: PERSON if kind == "users" else {} for login in LOGINS}
    changes: dict[str, dict[str, Any]] = {
        "create": {"n1": WHOLE, "n2": WHOLE},
        "update": dict.fromkeys(LOGINS[:2], {**PERSON, "last_name": "Roe"} if kind == "users" else {"title": "Lead"}),
        "rename": {"n1": {**objects["u00"], "was": "u00"}, "n2": {**objects["u01"], "was": "u01"}},
    }
    changed = changes[action]
    if action == "rename":
        objects = {login: said for login, said in objects.items() if login not in LOGINS[:2]}
    both = {kind: {**objects, **changed}}

    def found(number: int, raised: str = "") -> list[Exceeded]:
        limits = {kind: {action: number}}
        return mixed(twelve, both.get("users", {}), both.get("scim_accounts", {}), limits, raised=raised)

    (one,) = found(1)
    assert (one.kind, one.counts, set(one.keys)) == (f"onecloud.{kind}", {action: 2}, set(changed))
    assert f"CXCONFIG_RAISE_LIMIT=onecloud.{kind}.{action}=2" in one.way_out
    assert found(2) == found(1, f"onecloud.{kind}.{action}=2") == []


def test_what_somebody_did_by_hand_counts_to_the_limits_of_changes(twelve: Stack) -> None:
    """Who is gone is created again, and what was changed is changed back; who is taken over as he is is neither."""
    never = {"users": {"create": 0, "update": 0, "rename": 0}}
    twelve.recorded = twelve.recorded[1:]
    users = dict.fromkeys(LOGINS, PERSON)
    assert mixed(twelve, users, {}, never) == []
    twelve.box.change_user("u00", lastName="Roe")
    twelve.box.change_user("u03", lastName="Roe")
    twelve.box.delete_user("u04")
    found = mixed(twelve, users, {}, never)
    assert [(one.counts, set(one.keys)) for one in found] == [({"create": 1}, {"u04"}), ({"update": 2}, {"u00", "u03"})]
    accounts: dict[str, Any] = {"u05": {"title": "Lead"}, "u07": {"title": "Lead"}}
    (one,) = mixed(twelve, users, accounts, {"scim_accounts": {"update": 1}})
    assert set(one.keys) == {"u05", "u07"}


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_mixed(twelve: Stack, seed: int) -> None:
    """People who leave, are renamed, disabled or protected, through either door, known or not, under some limits."""
    chance = random.Random(seed)
    twelve.recorded = []
    people: dict[str, dict[str, Any]] = {USERS: {}, ACCOUNTS: {}}
    for login in LOGINS[: chance.choice([7, 10, 12])]:
        key, was = (f"new-{login}", {"was": login}) if chance.random() < 0.15 else (login, {})
        if chance.random() < 0.2:
            twelve.box.change_user(login, disabled=True)
        if chance.random() < 0.1:
            twelve.box.delete_user(login)
        for part, made in ((0.7, recorded), (0.5, account)):
            own: dict[str, Any] = {"on_remove": "delete"} if chance.random() < 0.3 else {}
            own |= {"protect": True} if chance.random() < 0.15 else {}
            twelve.recorded += [made(login, **own)] if chance.random() < part else []
        doors = chance.choice([[], [USERS], [USERS], [ACCOUNTS], [USERS, ACCOUNTS]])
        off = chance.random() < 0.15
        if USERS in doors:
            people[USERS][key] = {**PERSON, **was, **({"disabled": True} if off else {})}
        if ACCOUNTS in doors:
            said = {**was, **({"active": False} if off else {})} if USERS not in doors else {}
            people[ACCOUNTS][key] = said
    actions = ["create", "update", "rename", "disable", "delete"]
    limits = {
        kind: {action: chance.choice([0, 1, 2, 5]) for action in chance.sample(actions, 2)}
        for kind in ("users", "scim_accounts")
        if chance.random() < 0.4
    }
    raised = f"{USERS}.disable=5" if chance.random() < 0.3 else ""
    mixed(twelve, people[USERS], people[ACCOUNTS], limits, raised=raised)


def test_without_an_answer_of_the_engine_nobody_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for an empty stack it would be one of which nobody is removed."""
    monkeypatch.setattr(engine_stack, "asked_within", lambda *words: None)
    with pytest.raises(SettingsError, match="nobody knows what this run would remove"):
        engine_stack.recorded_here("acme", REGISTRY)
