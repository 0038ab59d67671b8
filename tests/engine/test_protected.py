"""`protect` and `exclude`: what must never be disabled or deleted, and what is none of our business."""

from __future__ import annotations

import pytest

from tests.engine.harness import Tenant, agent, agents

PROTECTED = "it is protected (`protect: true`)"
WAY_OUT = "put it back with `protect: false`, run `cxconfig up`, then take it out"


def up(tenant: Tenant) -> None:
    ran = tenant.run("up", "--yes")
    assert ran.code == 0, str(ran)


def untouched(tenant: Tenant) -> bool:
    """No write, and everybody enabled."""
    return tenant.writes() == 0 and not any(user["disabled"] for user in tenant.box.users.values())


@pytest.mark.parametrize("how", ["object", "kind"])
def test_a_protected_user_blocks_the_whole_plan(tenant: Tenant, how: str) -> None:
    """Taken out, or destroyed: nothing at all is applied, and the message names the user and the way out."""
    users = agents(3)
    kinds = {"users": {"protect": True, "on_remove": "delete"}} if how == "kind" else None
    if how == "object":
        users["a0"] |= {"protect": True, "on_remove": "delete"}
        users["a1"] |= {"protect": False}
    tenant.write(users, kinds=kinds)
    tenant.settled()
    state = tenant.state()
    assert [state[f"users/a{n}"].get("protect") for n in range(3)] == (
        [True, False, None] if how == "object" else [None] * 3
    )
    tenant.write({"a2": agent(2, skills={"Billing": 9})}, kinds=kinds)
    tenant.fresh()
    for words in (["preview"], ["up", "--yes"], ["up", "--yes", "--full"], ["destroy", "--yes"]):
        refused = tenant.run(*words)
        assert refused.code == 1 and untouched(tenant), str(refused)
        assert (
            "it is protected (`protect: true`)" in refused.said
            or "`systems.onecloud.kinds.users.protect`" in refused.said
        )
        assert "a0" in refused.said and WAY_OUT in refused.said, str(refused)
    asked = tenant.run("preview", "--format", "json").json()
    assert {p["key"] for p in asked["problems"]} == ({"a0"} if how == "object" else {"a0", "a1"})
    assert tenant.run("audit").code == 2

    # The way out that the message tells.
    tenant.write(
        {**users, "a0": {**users["a0"], "protect": False}, "a1": {**users["a1"], "protect": False}}, kinds=kinds
    )
    up(tenant.fresh())
    assert tenant.writes() == 0
    assert tenant.state()["users/a0"]["protect"] is False
    tenant.write({"a2": users["a2"]}, kinds=kinds)
    up(tenant.fresh())
    assert tenant.writes() == 2 and "a0" not in tenant.box.users
    assert tenant.run("preview").code == 0


def test_plain_pulumi_refuses_as_well(tenant: Tenant) -> None:
    """Before any write, in the preview already; a destroy spares them, also through their accounts."""
    kinds = {"users": {"on_remove": "delete"}}
    tenant.write({"a0": agent(0, protect=True), "a1": agent(1), "a2": agent(2)}, kinds=kinds)
    accounts = tenant.folder / "accounts.yaml"
    solo = "{first_name: S, last_name: Olo, email: solo@example.com, protect: true}"
    accounts.write_text(f"onecloud: {{scim_accounts: {{a0: {{title: Lead}}, solo: {solo}}}}}\n", encoding="utf-8")
    tenant.settled(plain=True)
    tenant.write({"a1": agent(1), "a2": agent(2, skills={"Billing": 9})}, kinds=kinds)
    accounts.unlink()
    for verb in ("preview", "up", "destroy"):
        refused = tenant.plain(verb, check=False)
        assert refused.code != 0 and "a0" in tenant.box.users, str(refused)
        assert verb == "destroy" or untouched(tenant), str(refused)
        told = [who in refused.said for who in (f"user a0: {PROTECTED}", f"SCIM account solo: {PROTECTED}")]
        # At a destroy the engine may end with the first of its errors.
        assert (any if verb == "destroy" else all)(told) and WAY_OUT in refused.said, str(refused)
        assert {"users/a0", "scim_accounts/solo"} <= tenant.state().keys()
    assert not tenant.box.users["a0"]["disabled"] and not tenant.box.users["solo"]["disabled"]


def test_a_protected_user_may_be_disabled_by_its_own_declaration(tenant: Tenant) -> None:
    """`disabled: true` is what the user says; gone or retained, a protected user is forgotten."""
    tenant.write({"a0": agent(0, protect=True), "a1": agent(1, protect=True, on_remove="retain"), "a2": agent(2)})
    tenant.settled()
    tenant.write({"a0": agent(0, protect=True, disabled=True), "a2": agent(2)})
    up(tenant.fresh())
    assert [(e.path[-2:], e.sent) for e in tenant.box.log(write=True)] == [("a0", {"disabled": True})]
    assert not tenant.box.users["a1"]["disabled"]
    assert [key for key in tenant.state() if key.startswith("users/")] == ["users/a0", "users/a2"]


def test_the_api_user_is_never_taken_out(tenant: Tenant) -> None:
    """Disabling the user that cxconfig signs in with would lock it out; `exclude` lets it go."""
    tenant.write({"Tests": agent(0), "a1": agent(1)})
    tenant.settled()
    tenant.write({"a1": agent(1)})
    for words in (["up", "--yes"], ["destroy", "--yes"]):
        refused = tenant.fresh().run(*words)
        assert refused.code == 1 and untouched(tenant), str(refused)
        assert "it is the API user (`client_id`) that cxconfig itself signs in with" in refused.said, str(refused)
    plain = tenant.plain("up", check=False)
    assert plain.code != 0 and untouched(tenant), str(plain)
    assert "user Tests: it is the API user" in plain.said
    tenant.write({"a1": agent(1)}, kinds={"users": {"exclude": ["tests"]}})
    up(tenant.fresh())
    assert untouched(tenant)
    assert "users/Tests" not in tenant.state()


@pytest.mark.parametrize("how", ["ours", "plain", "destroy", "plain destroy"])
def test_what_is_excluded_is_let_go(tenant: Tenant, how: str) -> None:
    """A recorded user that `exclude` names now, and the YAML no more, loses its record and nothing else."""
    tenant.write({**agents(1), "svc-x": agent(5, on_remove="delete"), "SVC-y": agent(6, protect=True)})
    tenant.settled()
    tenant.write(agents(1), kinds={"users": {"exclude": ["svc-*"], "on_remove": "delete"}})
    tenant.fresh()
    if how == "ours":
        shown = tenant.run("preview")
        assert "left as it is: `exclude` names it now" in shown.said and "! " not in shown.said, str(shown)
        up(tenant)
        assert tenant.run("preview").code == 0
    elif how == "destroy":
        assert tenant.run("destroy", "--yes").code == 0
    else:
        tenant.plain(how.partition(" ")[2] or "up")
    removed = set() if how in ("ours", "plain") else {"a0"}
    assert set(tenant.box.users) == {"a0", "svc-x", "SVC-y"} - removed
    assert tenant.writes() == len(removed)
    assert not {"users/svc-x", "users/SVC-y"} & tenant.state().keys()


def test_declared_and_excluded_is_a_mistake(tenant: Tenant) -> None:
    """Told with the place of the object and the pattern, before any call, by every command and plain pulumi."""
    tenant.write({"a0": agent(0), "svc-x": agent(1)}, kinds={"users": {"exclude": ["root", "SVC-*"]}, "teams": {}})
    for words in (["validate"], ["up", "--yes"]):
        refused = tenant.run(*words)
        assert (refused.code, tenant.box.log()) == (1, []), str(refused)
        assert "people.yaml:" in refused.said and "onecloud.users.svc-x" in refused.said, str(refused)
        assert '("SVC-*")' in refused.said and "says to leave it alone" in refused.said, str(refused)
        assert "systems.onecloud.kinds.users.exclude" in refused.said
        assert "a0" not in refused.said
    plain = tenant.plain("preview", check=False)
    assert plain.code != 0 and "says to leave it alone" in plain.said, str(plain)
