"""A tenant larger than the SDK's own resource classes can bear: 1,200 users of one kind in one stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import mean
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, TEAMS, Ran, Tenant, agent, as_seeded

COUNT = 1_200
"""Above a thousand, at which the SDK's pickling ends in a recursion error."""
EXISTING = 300
DRIFTED = 30
OTHER = "Elsewhere"
"""The team of those that drifted, which is not declared."""
PLAIN_USER_BYTES = 1_024
"""What a user with name, team and password may take in a state, as compact JSON."""
FULL_USER_BYTES = 1_200
"""The same for one with e-mail address and a skill as well."""
ONE_STATE_FOR_ALL = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Plain pulumi would write the whole state after each of 1,200 steps, which takes minutes here."""

UPS: dict[str, Callable[[Tenant], Ran]] = {
    "commands": lambda tenant: tenant.run("up", "--yes"),
    "plain": lambda tenant: tenant.plain("up"),
}

FEW = [f"a{n}" for n in range(EXISTING, COUNT, 45)]
"""Twenty of those who are created: their password is another one, which may be refused."""
USERS = {f"a{n}": agent(n) if n % 2 else agent(n, email=None, skills=None) for n in range(COUNT)}
"""Every other one with e-mail address and skill."""
USERS |= {login: {**USERS[login], "password": "${env:FEW_PASSWORD}"} for login in FEW}
LIVE_ALREADY = list(USERS)[:EXISTING]
TO_CREATE = list(USERS)[EXISTING:]
TO_CHANGE = LIVE_ALREADY[:DRIFTED]


def existing() -> list[dict[str, Any]]:
    """The users that are live before: as declared, but for some who are in another team."""
    moved = {login: {**USERS[login], "team": OTHER} for login in TO_CHANGE}
    return [as_seeded(login, moved.get(login, USERS[login])) for login in LIVE_ALREADY]


def writes(tenant: Tenant) -> dict[str, list[str]]:
    """The logins written to since the log was cleared, by method; one that was written twice stands there twice."""
    found: dict[str, list[str]] = {}
    for entry in tenant.box.log(write=True):
        login = (entry.sent or {}).get("loginId") or entry.path.rpartition("/")[2]
        found.setdefault(entry.method, []).append(login)
    return {method: sorted(logins) for method, logins in found.items()}


def sizes(tenant: Tenant) -> dict[str, list[int]]:
    """How many bytes each user takes in the state as compact JSON: `full` with e-mail address and skill, or `plain`."""
    found: dict[str, list[int]] = {"plain": [], "full": []}
    for resource in tenant.export()["deployment"]["resources"]:
        if resource["type"] == "pulumi-python:dynamic/onecloud:users":
            size = len(json.dumps(resource, separators=(",", ":"), ensure_ascii=False).encode())
            found["full" if "skills" in resource["inputs"] else "plain"].append(size)
    return found


@pytest.mark.parametrize("way", list(UPS))
def test_twelve_hundred_users(make_tenant: MakeTenant, way: str) -> None:
    """One up adopts 300 and creates 900, each once; after it neither way has anything to do, and the state is small.

    Twenty that are refused stop nobody else: the run says so with their places, and the next one tries just them.
    """
    tenant = make_tenant(*existing(), teams=(*TEAMS, OTHER))
    tenant.env |= {**ONE_STATE_FOR_ALL, "FEW_PASSWORD": PASSWORD}
    tenant.write(USERS)
    if way == "commands":
        tenant.env["FEW_PASSWORD"] = "short"
        refused = tenant.run("up", "--yes", "--format", "json")
        outcomes = refused.json()["outcomes"]
        failed = [o for o in outcomes if o["fate"] != "done"]
        assert (refused.code, [o["key"] for o in failed], len(outcomes)) == (1, FEW, COUNT + len(TEAMS))
        assert all(o["place"]["line"] and "security policy" in o["error"]["said"] for o in failed)
        assert tenant.box.users.keys() == USERS.keys() - set(FEW)
        tenant.env["FEW_PASSWORD"] = PASSWORD
    done = UPS[way](tenant)
    assert done.code == 0, str(done)[-4_000:]
    tried = [*TO_CREATE, *(FEW if way == "commands" else ())]
    assert writes(tenant) == {"POST": sorted(tried), "PUT": sorted(TO_CHANGE)}
    assert {login: user["team"] for login, user in tenant.box.users.items()} == {n: u["team"] for n, u in USERS.items()}
    assert all(tenant.box.password_matches(login, PASSWORD) for login in USERS)
    for again in UPS.values():
        done = again(tenant.fresh())
        assert (done.code, tenant.writes()) == (0, 0), str(done)[-4_000:]
    found = sizes(tenant)
    measured = {name: f"{mean(taken):.0f} bytes on average, {max(taken)} at most" for name, taken in found.items()}
    assert {name: len(taken) for name, taken in found.items()} == {"plain": COUNT // 2, "full": COUNT // 2}
    assert max(found["plain"]) <= PLAIN_USER_BYTES and max(found["full"]) <= FULL_USER_BYTES, measured
