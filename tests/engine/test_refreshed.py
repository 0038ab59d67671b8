"""What a refresh overwrites in the record is no longer known, so no reason is given that might not be true."""

from __future__ import annotations

import pytest

from tests.engine.harness import Tenant, agents


def held_back(tenant: Tenant) -> dict[str, list[str]]:
    """The facts about refreshed fields in the state, by login."""
    found = {r["id"]: r["outputs"].get("refreshed") for r in tenant.export()["deployment"]["resources"] if r.get("id")}
    return {login: names for login, names in found.items() if names}


@pytest.mark.parametrize("by", ["cxconfig", "pulumi"])
def test_the_reason_after_a_refresh_is_true(tenant: Tenant, by: str) -> None:
    """Changes by hand are neither an edit nor new, whoever refreshed; an edit of another field still is one."""
    users = agents(4)
    tenant.write(users)
    tenant.settled()
    tenant.box.change_user("a0", skills={"Spanish": 7})
    tenant.box.delete_user("a1")
    assert tenant.run("refresh").code == 2 if by == "cxconfig" else tenant.plain("refresh").code == 0
    assert held_back(tenant) == {"a0": ["skills"]}
    users["a2"]["skills"] = {"Billing": 3}
    tenant.write(users)
    shown = tenant.run("preview")
    assert shown.code == 2
    for line in ("~ update a0 (differs)", "+ create a1 (not live)", "~ update a2 (edited)"):
        assert line in shown.said, str(shown)
    causes = {s["key"]: s["cause"] for s in tenant.run("preview", "--format", "json").json()["steps"]}
    assert causes == {"a0": "unknown", "a1": "new", "a2": "edit"}
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert held_back(tenant) == {}
    tenant.box.change_user("a0", skills={"Spanish": 7})
    assert "~ update a0 (drift)" in tenant.run("preview").said
