"""The default run, `--full` and plain pulumi end alike, over random tenants, edits and drifts.

`CXCONFIG_TEST_CASES=200` tries that many instead of the few that every run of the suite does.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import ROLES, SKILLS, TEAMS, Tenant, as_seeded

CASES = int(os.environ.get("CXCONFIG_TEST_CASES", "2"))
LOGINS = ["a0", "a1", "b.c", "d e", "f/g", "élan", "H0", "i+j"]
"""Also such as must be encoded in a path."""
WAYS: dict[str, Callable[[Tenant], Any]] = {
    "default": lambda tenant: tenant.run("up", "--yes"),
    "full": lambda tenant: tenant.run("up", "--yes", "--full"),
    "plain": lambda tenant: tenant.plain("up", check=False),
}


def random_user(draw: random.Random) -> dict[str, Any]:
    """A user of the YAML that could be created, some fields not managed."""
    found: dict[str, Any] = {
        "first_name": draw.choice(["Ann", "Bo", "Zoë"]),
        "last_name": draw.choice(["Lee", "O'Neil"]),
        "team": draw.choice(TEAMS),
        "password": "${env:INITIAL_PASSWORD}",
    }
    optional: dict[str, Any] = {
        "email": draw.choice(["", "x@acme.example.com"]),
        "work_phone": draw.choice(["", "+1 (555) 010-4477", "555 010 8866"]),
        "disabled": draw.random() < 0.3,
        "change_password": draw.random() < 0.3,
        "skills": random_skills(draw),
        "roles": draw.sample(ROLES, draw.randint(0, 2)),
        "unlock": True,
        "on_remove": draw.choice(["disable", "delete", "retain"]),
    }
    return found | {name: value for name, value in optional.items() if draw.random() < 0.5}


def random_skills(draw: random.Random) -> dict[str, int]:
    return {name: draw.randint(0, 100) for name in draw.sample(SKILLS, draw.randint(0, 3))}


def edited(draw: random.Random, users: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The users after an edit: some removed, some changed where PUT can, some new."""
    after = {}
    for login, user in users.items():
        if draw.random() < 0.2:
            continue
        changes = {
            "team": draw.choice(TEAMS),
            "skills": random_skills(draw),
            "disabled": draw.random() < 0.5,
            "change_password": draw.random() < 0.5,
            "on_remove": draw.choice(["disable", "delete", "retain"]),
        }
        after[login] = user | {name: value for name, value in changes.items() if draw.random() < 0.25}
    for login in LOGINS:
        if login not in users and draw.random() < 0.5:
            after[login] = random_user(draw)
    return after


def drifted(draw: random.Random, logins: list[str]) -> list[tuple[str, dict[str, Any] | None]]:
    """Changes by hand: login and the vendor's fields, None = deleted."""
    found: list[tuple[str, dict[str, Any] | None]] = []
    for login in logins:
        if draw.random() < 0.1:
            found.append((login, None))
        elif draw.random() < 0.5:
            changes = {
                "team": draw.choice(TEAMS),
                "skills": random_skills(draw),
                "disabled": draw.random() < 0.5,
                "changePassword": draw.random() < 0.5,
                "lockedOut": True,
            }
            found.append((login, {name: value for name, value in changes.items() if draw.random() < 0.4}))
    return found


def lived(tenant: Tenant) -> dict[str, Any]:
    """The live users, without the extensions that creation hands out in order of arrival."""
    users = {login: {**user, "extension": ""} for login, user in tenant.box.users.items()}
    return {login: {**user, "locked": tenant.box.is_locked(login)} for login, user in users.items()}


@pytest.mark.parametrize("case", range(CASES))
def test_three_ways_one_result(make_tenant: MakeTenant, case: int) -> None:
    """Each way brings the same live state and the same recorded inputs about, and leaves the others nothing to do."""
    draw = random.Random(f"cxconfig {case}")
    before = {login: random_user(draw) for login in draw.sample(LOGINS, draw.randint(2, 6))}
    existing = [login for login in before if draw.random() < 0.3]
    after, drift = edited(draw, before), drifted(draw, sorted(before))
    ends: dict[str, tuple[Any, Any]] = {}
    for way, up in WAYS.items():
        tenant = make_tenant(*(as_seeded(login, before[login], disabled=False) for login in existing))
        tenant.write(before)
        first = up(tenant)
        assert first.code == 0, f"{way}\n{first}"
        for login, values in drift:
            if values is None:
                tenant.box.delete_user(login)
            else:
                tenant.box.change_user(login, **values)
        tenant.write(after)
        second = up(tenant)
        assert second.code == 0, f"{way}\n{second}"
        ends[way] = (lived(tenant), tenant.state())
        third = tenant.fresh().run("up", "--yes")
        assert (third.code, tenant.writes()) == (0, 0), f"{way}\n{third}"
    assert ends["full"] == ends["default"]
    assert ends["plain"] == ends["default"]
