"""Who leaves and who comes back, killed at every write: disabled or enabled in the end, by one write in all."""

from __future__ import annotations

import yaml

from tests.engine.harness import Tenant, agent, wait_until
from tests.engine.test_recovery import assert_nothing_left, converge, kill

BEYOND_THE_TEST_MS = 600_000
"""A write that is still to be carried out when its run is killed is never carried out."""
USERS, ACCOUNTS = ("u0", "u1", "u2"), ("s0", "s1", "s2")
LEAVERS = {"u0", "u1", "s0", "s1"}
"""Four, as the engine makes no more changes at one time."""


def declare(tenant: Tenant, *, without: set[str]) -> None:
    """Everybody else, each through one door; all have secrets, which nobody sets again."""
    tenant.write({login: agent(n) for n, login in enumerate(USERS) if login not in without})
    accounts = {
        login: {"first_name": "Ada", "last_name": "Byron", "email": f"{login}@example.com", "title": "Lead"}
        | {"password": "${env:INITIAL_PASSWORD}", "on_remove": "disable"}
        for login in ACCOUNTS
        if login not in without
    }
    (tenant.folder / "accounts.yaml").write_text(yaml.safe_dump({"onecloud": {"scim_accounts": accounts}}), "utf-8")


def addresses(tenant: Tenant) -> dict[str, str]:
    """Login -> where a change of that person is written: a PUT of the user, a PATCH of the account."""
    ids = {user["loginId"]: user["id"] for user in tenant.box.dump()["users"]}
    found = {login: f"/configapi/v2/user/{login}" for login in USERS}
    return found | {login: f"/configapi/v2/scim/users/{ids[login]}" for login in ACCOUNTS}


def written(tenant: Tenant) -> list[str]:
    """Whose write was carried out since the log was cleared."""
    logins = {path: login for login, path in addresses(tenant).items()}
    return sorted(logins[entry.path] for entry in tenant.box.log(write=True, changed=True))


def killed(tenant: Tenant, *logins: str, carried_out: set[str]) -> None:
    """Kill an up when the writes of `logins` are with the contact centre, which has made those of `carried_out`."""
    paths = addresses(tenant)
    for login in logins:
        when = "after" if login in carried_out else "before"
        tenant.box.fault({"delay_ms": BEYOND_THE_TEST_MS, "when": when}, write=True, path=paths[login])
    process = tenant.start("up", "--yes", "--unlock")
    wait_until(lambda: all(tenant.box.count(path=paths[login], write=True) for login in logins), "all are on their way")
    kill(process)
    assert all(tenant.box.count(path=paths[login], write=True) == 1 for login in logins), "each was sent once"
    tenant.box.clear_faults()
    assert_nothing_left(tenant)


def test_a_leaver_and_a_returner_killed_at_every_write(tenant: Tenant) -> None:
    """A user's PUT and an account's PATCH, right before the contact centre takes it and right after."""
    declare(tenant, without=set())
    tenant.settled()
    before = tenant.box.dump()["users"]

    declare(tenant, without=LEAVERS)
    killed(tenant.fresh(), *LEAVERS, carried_out={"u0", "s0"})
    assert written(tenant) == ["s0", "u0"]
    done = converge(tenant)
    assert written(tenant) == sorted(LEAVERS), str(done)
    assert {login for login, user in tenant.box.users.items() if user["disabled"]} == LEAVERS
    assert {name for name in tenant.state() if not name.startswith("teams/")} == {"users/u2", "scim_accounts/s2"}

    declare(tenant, without=set())
    killed(tenant.fresh(), "u0", "u1", carried_out={"u0"})  # the engine comes to accounts after the users
    killed(tenant, "s0", "s1", carried_out={"s0"})
    assert written(tenant) == ["s0", "u0", "u1"]
    done = converge(tenant)
    assert written(tenant) == sorted(LEAVERS), str(done)
    assert tenant.box.dump()["users"] == before, "everybody as before, the passwords too"
