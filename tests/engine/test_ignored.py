"""`ignore`: written at creation, and never compared afterwards; by our commands and by plain pulumi."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Tenant, agent, agents, as_seeded

OTHER = "Bilby-4410-second"
SKILLS = {"Spanish": 77}
BOTH = ("ours", "plain")


def up(tenant: Tenant, how: str, **env: str) -> None:
    """An up that must succeed, by our command or by plain pulumi."""
    if how == "plain":
        before = tenant.env
        tenant.env = {**before, **env}
        tenant.plain("up")
        tenant.env = before
        return
    ran = tenant.run("up", "--yes", **env)
    assert ran.code == 0, str(ran)


def assert_nothing(tenant: Tenant, *, thorough: bool = False, **env: str) -> None:
    """Nothing is found to do, and nothing written. `thorough`: nor by the engine when it goes over everything."""
    tenant.fresh()
    for words in (["preview"], ["audit"], *([["refresh"], ["up", "--yes", "--full"]] if thorough else [])):
        ran = tenant.run(*words, **env)
        assert ran.code == 0, str(ran)
        assert "Nothing to do" in ran.said or "No drift" in ran.said, str(ran)
    if thorough:
        before = tenant.env
        tenant.env = {**before, **env}
        shown = tenant.plain("preview")
        tenant.env = before
        assert "to update" not in shown.said and "to create" not in shown.said, str(shown)
    assert tenant.writes() == 0


@pytest.mark.parametrize(("how", "where"), [("ours", "kind"), ("plain", "object")])
def test_written_once(tenant: Tenant, how: str, where: str) -> None:
    """Every ignored field is sent at creation; drift and edits of it are nothing, and a recreation sends it again."""
    fields = ["skills", "password", "disabled", "first_name", "work_phone"]
    own: dict[str, Any] = {"ignore": fields} if where == "object" else {}
    kinds = {"users": {"ignore": fields}} if where == "kind" else None
    user = agent(0, work_phone="+1 555 010 4477", **own)
    tenant.write({"a0": user}, kinds=kinds)
    up(tenant, how)
    live = tenant.box.users["a0"]
    assert (live["skills"], live["firstName"], live["workPhone"]) == ({"English": 0}, "First0", "+1 555 010 4477")
    assert tenant.box.password_matches("a0", PASSWORD)
    assert tenant.state()["users/a0"]["ignore"] == sorted(fields)

    tenant.box.change_user(
        "a0", skills=SKILLS, disabled=True, firstName="Jane", workPhone="1", password="Quoll-1120-own"
    )
    tenant.write(
        {"a0": {**user, "skills": {"Billing": 3}, "first_name": "Joan", "work_phone": "+1 555 2"}}, kinds=kinds
    )
    assert_nothing(tenant, thorough=True, INITIAL_PASSWORD=OTHER)
    up(tenant, how, INITIAL_PASSWORD=OTHER)
    live = tenant.box.users["a0"]
    assert (live["skills"], live["disabled"], live["firstName"]) == (SKILLS, True, "Jane")
    assert tenant.box.password_matches("a0", "Quoll-1120-own")

    # What is not ignored is changed, and nothing else is sent; a recreation takes what is declared then.
    tenant.write({"a0": {**user, "team": "Support", "skills": {"Billing": 3}, "first_name": "Joan"}}, kinds=kinds)
    up(tenant.fresh(), how, INITIAL_PASSWORD=OTHER)
    assert [entry.sent for entry in tenant.box.log(write=True)] == [{"team": "Support"}]
    tenant.box.delete_user("a0")
    up(tenant.fresh(), how, INITIAL_PASSWORD=OTHER)
    live = tenant.box.users["a0"]
    assert (live["skills"], live["firstName"], live["disabled"]) == ({"Billing": 3}, "Joan", False)
    assert tenant.box.password_matches("a0", OTHER)
    assert tenant.writes() == 1
    assert_nothing(tenant, INITIAL_PASSWORD=OTHER)


@pytest.mark.parametrize("how", BOTH)
def test_the_list_alone_writes_nothing(tenant: Tenant, how: str) -> None:
    """Ignored from now on, a drifted field stays; compared again, it is repaired, and a secret waits for its change."""
    user = agent(0)
    tenant.write({"a0": user})
    up(tenant, how)
    tenant.box.change_user("a0", skills=SKILLS)
    tenant.write({"a0": {**user, "ignore": ["skills", "password"]}})
    up(tenant.fresh(), how, INITIAL_PASSWORD=OTHER)
    assert (tenant.writes(), tenant.box.users["a0"]["skills"]) == (0, SKILLS)
    assert tenant.state()["users/a0"]["ignore"] == ["password", "skills"]
    assert_nothing(tenant, INITIAL_PASSWORD=OTHER)
    tenant.write({"a0": user})
    up(tenant.fresh(), how, INITIAL_PASSWORD=OTHER)
    assert [entry.sent for entry in tenant.box.log(write=True)] == [{"skills": {"English": 0}}]
    assert tenant.box.password_matches("a0", PASSWORD)
    assert "ignore" not in tenant.state()["users/a0"]
    assert_nothing(tenant, INITIAL_PASSWORD=OTHER)
    up(tenant.fresh(), how, INITIAL_PASSWORD=PASSWORD)
    assert [entry.sent for entry in tenant.box.log(write=True)] == [{"password": "***"}]


def test_a_secret_that_is_compared_again_is_told(tenant: Tenant) -> None:
    """The preview says that the password is left until it changes."""
    tenant.write({"a0": agent(0, ignore=["password"])})
    up(tenant, "ours")
    tenant.write({"a0": agent(0)})
    shown = tenant.run("preview", INITIAL_PASSWORD=OTHER)
    assert "password: left as it is live, and set when the secret changes after this" in shown.said, str(shown)


@pytest.mark.parametrize("how", BOTH)
def test_adopted_as_it_is(make_tenant: MakeTenant, how: str) -> None:
    """Somebody who exists is taken over without a look at what is ignored."""
    tenant = make_tenant(as_seeded("a0", agent(0, skills=SKILLS, disabled=True), firstName="Jane"))
    tenant.write({"a0": agent(0, ignore=["skills", "disabled", "first_name"])})
    shown = tenant.run("preview", "--format", "json").json()
    assert [(s["key"], s["action"], s["differences"]) for s in shown["steps"] if s["kind"] == "onecloud.users"] == [
        ("a0", "adopt", [])
    ]
    up(tenant.fresh(), how)
    assert tenant.writes() == 0
    assert_nothing(tenant)


def test_a_changed_passphrase(tenant: Tenant) -> None:
    """What is ignored needs no previous passphrase."""
    users = {"a0": agent(0, ignore=["password"])}
    tenant.write(users)
    up(tenant, "ours")
    ran = tenant.run("preview", PULUMI_CONFIG_PASSPHRASE="another one", CXCONFIG_PREVIOUS_PASSPHRASE=None)
    assert "recorded under another passphrase" not in ran.said, str(ran)


def test_creation_still_needs_what_the_api_demands(tenant: Tenant) -> None:
    """To ignore a field is not to leave it out."""
    tenant.write({"a0": agent(0, last_name=None)}, kinds={"users": {"ignore": ["last_name", "team"]}})
    ran = tenant.run("up", "--yes")
    assert (ran.code, tenant.writes()) == (1, 0)
    assert "OneCloud demands `last_name`" in ran.said, str(ran)


def test_kind_and_object_add_up(tenant: Tenant) -> None:
    """Both lists are ignored; the record names only what is listed on the object."""
    tenant.write({**agents(1), "a1": agent(1, ignore=["team"])}, kinds={"users": {"ignore": ["skills", "email"]}})
    up(tenant, "ours")
    state = tenant.state()
    assert state["users/a0"]["ignore"] == ["email", "skills"]
    assert state["users/a1"]["ignore"] == ["email", "skills", "team"]
    tenant.box.change_user("a1", team="Billing", skills=SKILLS, email="x@acme.example.com")
    assert_nothing(tenant)
