"""One person through `users` and `scim_accounts` on the real engine: who leaves, who is killed, and the password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.engine.harness import PASSWORD, Tenant, agent, wait_until
from tests.engine.test_recovery import OTHER_PASSWORD, assert_nothing_left, converge, kill

ACCOUNT: Mapping[str, Any] = {"title": "Lead", "city": "Oslo"}
ACCOUNTS_GO: Mapping[str, Any] = {"scim_accounts": {"on_remove": "delete"}}
"""Of those who are in `users` as well, it is not for the accounts to say."""


def declare(
    tenant: Tenant, *, users: tuple[str, ...], accounts: tuple[str, ...], bare: str = "", **values: Any
) -> None:
    """People by login, through each of the doors. Those whose login begins with a k are kept when they leave. `bare`:
    of whom the user's entry says nothing but the team and that, and the account whether he is active."""
    people = {login: agent(int(login[1:]), **values) for login in users}
    for login in users:
        people[login] |= {"on_remove": "retain"} if login.startswith("k") else {}
    found = {login: dict(ACCOUNT) for login in accounts}
    if bare:
        people[bare] = {name: people[bare][name] for name in ("team", "on_remove")}
        found[bare]["active"] = True
    tenant.write(people, kinds=ACCOUNTS_GO)
    content = {"onecloud": {"scim_accounts": found}} if accounts else {}
    (tenant.folder / "accounts.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def calls(tenant: Tenant) -> list[str]:
    """The writes that were carried out, in order."""
    return [entry.method for entry in tenant.box.log(write=True, changed=True)]


def persons(tenant: Tenant) -> set[str]:
    """The keys in the state, without the teams."""
    return {name for name in tenant.state() if not name.startswith("teams/")}


def killed(tenant: Tenant, write: int, when: str) -> None:
    """Run until the write of this number is about to be carried out, or was and is not answered, and kill."""
    rule = tenant.fresh().box.fault({"delay_ms": 60_000, "when": when}, write=True, nth=write)
    process = tenant.start("up", "--yes")
    made = write if when == "after" else write - 1
    wait_until(lambda: tenant.writes() >= write and len(calls(tenant)) >= made, f"write {write} ({when})")
    kill(process)
    tenant.box.clear_faults(rule)
    assert_nothing_left(tenant)


def disabled(tenant: Tenant) -> set[str]:
    return {login for login, user in tenant.box.users.items() if user["disabled"]}


def test_a_person_leaves_through_one_door_and_through_both(tenant: Tenant) -> None:
    """Through one: only forgotten. Through both: once, and as the user says. The same by plain pulumi."""
    logins = ("a0", "a1", "a2", "a3", "k0", "k1")
    declare(tenant, users=logins, accounts=logins)
    tenant.settled()
    declare(tenant, users=("a0", "a1", "k1"), accounts=("a0", "a2", "k1"), bare="k1")
    done = tenant.fresh().run("up", "--yes")
    assert (done.code, calls(tenant), disabled(tenant)) == (0, ["PUT"], {"a3"}), str(done)
    assert done.said.count("still declared as") >= 2, str(done)
    assert "left as it is live as the user 'k0'" in done.said, str(done)
    left = {"users/a0", "users/a1", "scim_accounts/a0", "scim_accounts/a2", "users/k1", "scim_accounts/k1"}
    assert persons(tenant) == left
    assert {tenant.box.person(login)["title"] for login in logins} == {"Lead"}  # type: ignore[index]
    for run in (tenant.fresh().run("up", "--yes"), tenant.plain("up")):
        assert (run.code, calls(tenant)) == (0, []), str(run)
    assert tenant.state()["users/k1"] == {"key": "k1", "team": "Support", "on_remove": "retain", "entry": True}
    # Plain pulumi knows of one removal at a time: that of the account, which is the first, leaves it to the user's.
    declare(tenant, users=("a1",), accounts=("a2",))
    done = tenant.plain("up")
    assert (len(calls(tenant)), disabled(tenant)) == (1, {"a0", "a3"}), str(done)
    declare(tenant, users=("a1", "a2"), accounts=())
    done = tenant.fresh().plain("up")
    assert (disabled(tenant), persons(tenant)) == ({"a0", "a3"}, {"users/a1", "users/a2"}), str(done)
    assert not {"POST", "DELETE"} & set(calls(tenant))
    assert tenant.box.users.keys() >= set(logins), "nobody was deleted"


def test_killed_between_the_two_doors(tenant: Tenant) -> None:
    """Created by the first, and killed before the second has written: the person is not made twice, and is whole."""
    declare(tenant, users=("a0",), accounts=("a0",))
    killed(tenant, 2, "before")
    assert calls(tenant) == ["POST"]
    done = converge(tenant)
    assert calls(tenant) == ["POST", "PATCH"], str(done)
    found = tenant.box.person("a0")
    assert found is not None and (found["title"], found["city"]) == ("Lead", "Oslo")
    assert tenant.box.password_matches("a0", PASSWORD)
    assert persons(tenant) == {"users/a0", "scim_accounts/a0"}


def test_the_password_of_who_gets_another_login(tenant: Tenant) -> None:
    """Never set by a rename, killed or not, as it may be another by now; a new one is set once. Destroyed, disabled."""
    declare(tenant, users=("a0",), accounts=("a0",))
    tenant.settled()
    tenant.box.change_user("a0", password=OTHER_PASSWORD)
    declare(tenant, users=("b0",), accounts=("b0",), was="a0")
    killed(tenant, 1, "after")
    converge(tenant)
    declare(tenant, users=("b0",), accounts=("b0",))
    assert [tenant.run("up", "--yes").code, tenant.plain("up").code] == [0, 0]
    assert (calls(tenant), tenant.box.password_matches("b0", OTHER_PASSWORD)) == (["PATCH"], True)
    done = tenant.fresh().run("up", "--yes", INITIAL_PASSWORD="Potoroo-6628-third")
    assert (done.code, calls(tenant)) == (0, ["PUT"]), str(done)
    assert tenant.box.password_matches("b0", "Potoroo-6628-third")
    declare(tenant, users=("c0",), accounts=("c0",), was="b0")
    killed(tenant, 1, "after")
    done = tenant.run("destroy", "--yes", "--unlock")
    assert (done.code, persons(tenant)) == (0, set()), str(done)
    assert (set(tenant.box.users), disabled(tenant)) == ({"c0"}, {"c0"})
