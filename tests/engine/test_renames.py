"""Logins that get another name and users that are replaced, killed in the middle: nobody twice, nobody lost."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.engine.harness import NAME, PASSWORD, Tenant, agent, wait_until
from tests.engine.test_recovery import assert_nothing_left, converge, kill

SCIM = "/configapi/v2/scim/users/*"
USER = "/configapi/v2/user/*"


def declare(tenant: Tenant, login: str, **values: Any) -> None:
    """One person, through both doors."""
    tenant.write({login: agent(0, **values)})
    content = {"onecloud": {"scim_accounts": {login: {"title": "Lead"}}}}
    (tenant.folder / "accounts.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def people(tenant: Tenant) -> dict[str, dict[str, Any]]:
    return {user["loginId"]: user for user in tenant.box.dump()["users"]}


def killed(tenant: Tenant, method: str, path: str, when: str) -> None:
    """An up that is killed right before or right after the contact centre took a write."""
    rule = tenant.box.fault({"delay_ms": 30_000, "when": when}, method=method, path=path)
    process = tenant.start("up", "--yes")
    arrived = {"changed": True} if when == "after" else {}
    wait_until(lambda: bool(tenant.box.count(method, path, **arrived)), f"the {method} is on its way")
    kill(process)
    tenant.box.clear_faults(rule)
    assert_nothing_left(tenant)


@pytest.mark.parametrize(
    ("method", "path", "when"),
    [("PATCH", SCIM, "before"), ("PATCH", SCIM, "after"), ("PUT", USER, "after")],
)
def test_a_rename_that_was_killed(tenant: Tenant, method: str, path: str, when: str) -> None:
    """At every write: one rename in all, the same person, the other changes made, then nothing to do."""
    declare(tenant, "a0")
    tenant.settled()
    before = people(tenant)["a0"]
    declare(tenant, "b0", was="a0", first_name="Other", team="Support")
    killed(tenant.fresh(), method, path, when)
    converge(tenant)
    now = people(tenant)
    assert set(now) == {"b0"}
    assert [now["b0"][name] for name in ("id", "firstName", "team", "title")] == [
        *(before["id"], "Other", "Support", "Lead"),
    ]
    assert tenant.box.password_matches("b0", PASSWORD)
    assert tenant.box.count("POST", "/configapi/v2/user") == tenant.box.count("DELETE") == 0
    assert {name for name in tenant.state() if not name.startswith("teams/")} == {"users/b0", "scim_accounts/b0"}
    declare(tenant, "b0", first_name="Other", team="Support")
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_a_login_that_somebody_has_is_refused_in_the_preview(tenant: Tenant) -> None:
    """And one that nobody ever had; by our commands and by plain pulumi, and nothing is written."""
    tenant.write({"a0": agent(0), "a1": agent(1)})
    tenant.settled()
    for users, said in (
        ({"a1": agent(1, was="a0")}, "both 'a0' and 'a1' exist live"),
        ({"b0": agent(0, was="ao"), "a1": agent(1)}, "neither 'ao' nor 'b0' exists live"),
    ):
        tenant.write(users)
        tenant.fresh()
        for run in (tenant.run("preview"), tenant.run("up", "--yes"), tenant.plain("preview", check=False)):
            assert run.code not in (0, 2) and said in run.text and tenant.writes() == 0, str(run)
    assert set(tenant.box.users) == {"a0", "a1"}
    assert not any(user["disabled"] for user in tenant.box.users.values())


@pytest.mark.parametrize(
    ("method", "path", "when"), [("DELETE", USER, "after"), ("POST", "/configapi/v2/user", "after")]
)
def test_a_replacement_that_was_killed(tenant: Tenant, method: str, path: str, when: str) -> None:
    """After the deletion or the creation: the user is there in the end, as declared, with all that was to be carried
    over, of which no output and no other file has the values."""
    phone = "+47 555 010 4477"
    tenant.write({"a0": agent(0), "a1": agent(1)})
    tenant.settled()
    tenant.box.change_user("a0", workPhone=phone, roles=["Agent"])
    tenant.box.set_switch("scim", "404")
    tenant.write({"a0": agent(0, first_name="Other", allow_replace=True), "a1": agent(1)})
    killed(tenant.fresh(), method, path, when)
    (kept,) = (tenant.folder / ".cxconfig" / "replacements" / NAME).iterdir()
    assert (kept.stat().st_mode & 0o777, tenant.holding(phone)) == (0o600, [f"{kept}: {phone}"])
    if method == "DELETE":
        shown = tenant.run("preview")
        assert "kept from the replacement that was interrupted on" in shown.said, str(shown)
        assert "set again: extension, roles, work_phone" in shown.said
        kept.chmod(0o644)
        refused = tenant.run("preview")
        assert refused.code == 1 and "others can read or write it" in refused.said, str(refused)
        kept.chmod(0o600)
    done = converge(tenant)
    assert ("user a0 exists again, and is left as it is" in done.said) == (method == "POST"), str(done)
    assert tenant.box.users["a0"]["firstName"] == "Other" and set(tenant.box.users) == {"a0", "a1"}
    assert (tenant.box.users["a0"]["workPhone"], tenant.box.users["a0"]["roles"]) == (phone, ["Agent"])
    assert tenant.box.count("DELETE", USER, changed=True) <= 1
    assert not kept.exists() and tenant.holding(phone) == []
