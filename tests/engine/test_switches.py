"""Every unknown of the live system, either way: up, second up empty, drift repaired, or a clear refusal.

Settings that cannot disturb each other are turned together; `CXCONFIG_TEST_CASES` (any number) also turns each alone.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import CLIENT, PASSWORD, Tenant, agent, as_seeded

SETTINGS: dict[str, list[Any]] = {
    "U1": ["empty", "json"],
    "U2": ["empty"],
    "U3": ["routing"],
    "U4": ["ignored", "404"],
    "U16": ["absent", "json"],
    "U36": ["lower", "number"],
    "U37": ["empty"],
    "U38": ["strings"],
    "U39": ["404"],
    "U40": ["400"],
    "U41": ["older"],
    "U43": ["429", "retry-after"],
    "U46": ["empty", "json"],
    "U47": ["short"],
    "U8": ["404"],
    "login-info": ["on"],
    "password-required": ["no"],
    "scim-case": ["ignored"],
    "scim-list": ["all", "page"],
    "scim-patch-paths": ["accepted"],
    "scim-put-photo": ["kept"],
    "scim-region": ["lost"],
    "token-lifetime": [2],
}
"""The settings other than the default with which everything below works; those of `OWN` have tests of their own."""
OWN = frozenset({"U5", "delete", "put-disabled", "rate-limit", "scim", "scim-rename"})
ALONE = [{name: setting} for name, settings in SETTINGS.items() for setting in settings]
TOGETHER: list[dict[str, Any]] = [
    {"U1": "empty", "U2": "empty", "U16": "absent", "U36": "lower", "U37": "empty", "U46": "empty", "login-info": "on"}
    | {"U38": "strings", "U39": "404", "U40": "400", "U41": "older", "scim-case": "ignored"},
    {"U1": "json", "U3": "routing", "U4": "404", "U16": "json", "U36": "number", "U46": "json", "U47": "short"}
    | {"scim-list": "all", "scim-patch-paths": "accepted", "scim-region": "lost", "U38": "strings"},
    {"U4": "ignored", "U8": "404", "token-lifetime": 2, "password-required": "no", "U43": "429", "rate-limit": 8}
    | {"scim-list": "page", "scim-put-photo": "kept", "U39": "404"},
    {"U43": "retry-after", "rate-limit": 8, "U41": "older"},
]
CASES = [*TOGETHER, *(ALONE if "CXCONFIG_TEST_CASES" in os.environ else [])]


def named(switches: dict[str, Any]) -> str:
    return " ".join(f"{name}={setting}" for name, setting in switches.items())


def test_every_switch_is_turned(tenant: Tenant) -> None:
    """A new switch or setting of the sandbox must be named here."""
    declared = tenant.box.simulator.switches.declared
    found = {n: set(s.settings) - {s.default} for n, s in declared.items() if n not in OWN}
    assert {n: {str(s) for s in settings} for n, settings in SETTINGS.items() if n != "token-lifetime"} == {
        name: settings for name, settings in found.items() if name != "token-lifetime"
    }
    together = {(name, str(setting)) for case in TOGETHER for name, setting in case.items()}
    assert together >= {(name, str(setting)) for case in ALONE for name, setting in case.items()}


@pytest.mark.parametrize("switches", CASES, ids=named)
def test_a_whole_life(make_tenant: MakeTenant, switches: dict[str, Any]) -> None:
    """Wrong credentials, create, adopt, unlock, refusal, drift, a revoked token, removal: all as with the defaults."""
    users = {f"a{n}": agent(n, unlock=True, extension=f"50{n}") for n in range(6)}
    users["a5"]["on_remove"] = "delete"
    live = as_seeded("a0", users["a0"] | {"skills": {"Spanish": 3}}, lockedOut=True)
    tenant = make_tenant(live, switches=switches)
    tenant.write(users)
    accounts = {
        "a1": {"title": "Lead"},
        **{f"solo{n}": {"first_name": "So", "last_name": "Lo", "email": "s@example.com"} for n in range(2)},
    }
    accounts["solo0"] |= {"region": "03", "city": "Oslo", "method": "put", "photo": "https://www.example.com/a.png"}
    (tenant.folder / "accounts.yaml").write_text(json.dumps({"onecloud": {"scim_accounts": accounts}}))
    refused = tenant.run("up", "--yes", ONECLOUD_CLIENT_SECRET="wrong")
    assert refused.code == 1, str(refused)
    assert "refused to hand out a token (401" in refused.said

    first = tenant.run("up", "--yes")
    assert first.code == 0, str(first)
    assert not tenant.box.is_locked("a0")
    assert [tenant.box.users[login]["skills"] for login in users] == [user["skills"] for user in users.values()]
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)

    tenant.box.change_user("a1", skills={"Spanish": 1}, changePassword=True, firstName="X", title="Boss")
    tenant.box.change_user("solo0", city="Bergen", roles=["Agent"])
    tenant.box.change_user("a2", disabled=True, lockedOut=True)
    tenant.box.delete_user("a3")
    del users["a4"], users["a5"]
    tenant.write({**users, "taken": agent(7, extension="500")})
    tenant.box.fault("revoke_token", method="GET", path="/configapi/v2/user/a1", nth=2)
    second = tenant.fresh().run("up", "--yes")
    assert second.code == 1, str(second)
    assert "create user taken acme/people.yaml" in second.said
    assert "POST /configapi/v2/user" in second.said and "409" in second.said
    assert set(tenant.box.users) == {"a0", "a1", "a2", "a3", "a4", "solo0", "solo1"}
    assert tenant.box.users["a4"]["disabled"]
    assert tenant.box.users["a1"]["skills"] == users["a1"]["skills"]
    assert tenant.box.users["a1"]["firstName"] == users["a1"]["first_name"]
    assert tenant.box.users["solo0"]["roles"] == ["Agent"], "PUT keeps what is not managed"
    assert not tenant.box.users["a2"]["disabled"] and not tenant.box.is_locked("a2")
    assert tenant.box.password_matches("a3", PASSWORD)

    tenant.box.clear_faults()
    tenant.write(users)
    third = tenant.fresh().run("up", "--yes")
    assert (third.code, tenant.writes()) == (0, 0), str(third)
    assert tenant.run("audit").code == 0


def test_skills_that_are_only_added(make_tenant: MakeTenant) -> None:
    """U5=merge: adding and changing skills works; a removal is told as what the contact centre did not do."""
    tenant = make_tenant(switches={"U5": "merge"})
    users = {"a0": agent(0, skills={"English": 1, "Spanish": 2}), "a1": agent(1, skills={"English": 1})}
    tenant.write(users)
    tenant.settled()
    users["a1"]["skills"] = {"English": 9, "Products": 5}
    tenant.write(users)
    assert tenant.run("up", "--yes").code == 0
    assert tenant.box.users["a1"]["skills"] == {"English": 9, "Products": 5}

    users["a0"]["skills"] = {"English": 7}
    users["a1"]["skills"] = {"English": 8, "Products": 5}
    tenant.write(users)
    refused = tenant.run("up", "--yes")
    assert refused.code == 1, str(refused)
    assert "It kept the skills Spanish: this contact centre adds skills and does not remove them" in refused.said
    assert "update user a0 acme/people.yaml:" in refused.said
    assert tenant.box.users["a1"]["skills"] == {"English": 8, "Products": 5}
    asked = tenant.run("preview", "--format", "json")
    assert [(step["key"], step["differences"][0]["live"]) for step in asked.json()["steps"]] == [
        ("a0", {"English": 7, "Spanish": 2})
    ]
    tenant.box.change_user("a0", skills={"English": 7})
    settled = tenant.fresh().run("up", "--yes")
    assert (settled.code, tenant.writes()) == (0, 0), str(settled)


@pytest.mark.parametrize("setting", ["400", "404", "ignored"])
def test_a_skill_that_does_not_exist(make_tenant: MakeTenant, setting: str) -> None:
    """U4: refused with the vendor's text, or taken without a word and found missing by reading; never called done."""
    tenant = make_tenant(switches={"U4": setting})
    users = {"a0": agent(0), "a1": agent(1)}
    tenant.write(users)
    tenant.settled()
    users["a0"]["skills"] = {"English": 5, "Klingon": 7}
    users["a1"]["skills"] = {"English": 6}
    tenant.write({**users, "a2": agent(2, skills={"Elvish": 1})})
    for _ in range(2):
        refused = tenant.run("up", "--yes", "--format", "json")
        assert refused.code == 1, str(refused)
        errors = {o["key"]: o["error"] for o in refused.json()["outcomes"] if o["error"]}
        assert set(errors) == {"a0", "a2"}
        if setting == "ignored":
            assert "It does not have Klingon: create the skill" in errors["a0"]["what"]
            assert "It does not have Elvish: create the skill" in errors["a2"]["what"]
        else:
            assert [(e["status"], e["said"]) for e in errors.values()] == [(int(setting), "skill not found")] * 2
        assert all(
            error["place"]["file"].endswith("people.yaml") and error["place"]["line"] for error in errors.values()
        )
    assert tenant.box.users["a1"]["skills"] == {"English": 6}
    tenant.write({login: user | {"skills": {"English": 5}} for login, user in {**users, "a2": agent(2)}.items()})
    assert tenant.run("up", "--yes").code == 0
    assert [user["skills"] for user in tenant.box.users.values()] == [{"English": 5}] * 3


def test_a_role_that_does_not_exist(tenant: Tenant) -> None:
    """An unknown role is refused at creation with the vendor's text and the user's place."""
    tenant.write({"a0": agent(0, roles=["Wizard"]), "a1": agent(1, roles=["Agent"])})
    refused = tenant.run("up", "--yes")
    assert refused.code == 1, str(refused)
    assert "create user a0 acme/people.yaml" in refused.said and "user role not found" in refused.said
    assert set(tenant.box.users) == {"a1"}


def test_logins_that_cannot_be_addressed(make_tenant: MakeTenant) -> None:
    """U8=404: a login that needs encoding is refused with the reason as soon as it can be known; the others work."""
    odd = "d e"
    tenant = make_tenant(as_seeded(odd, agent(0)), switches={"U8": "404"})
    tenant.write({odd: agent(0), "a1": agent(1)})
    refused = tenant.run("up", "--yes")
    assert (refused.code, tenant.writes()) == (1, 0), str(refused)
    assert "OneCloud lists a user 'd e' and answers 404 when it is asked for it" in refused.said
    assert "Give the user a plain login, or take it out of the YAML" in refused.said
    tenant.write({"f/g": agent(2), "a1": agent(1)})
    refused = tenant.run("up", "--yes")
    assert refused.code == 1, str(refused)
    assert "OneCloud lists a user 'f/g'" in refused.said
    assert "a1" in tenant.box.users
    tenant.write({"a1": agent(1)})
    settled = tenant.fresh().run("up", "--yes")
    assert (settled.code, tenant.writes()) == (0, 0), str(settled)


def test_logins_that_need_encoding(make_tenant: MakeTenant) -> None:
    """U8=decoded: blanks, slashes, plus signs, percent signs and letters outside ASCII live a whole life."""
    odd = ["d e", "f/g", "élan", "i+j", "100%", "q?x=1#y", "a.b@acme.example.com", "a;b"]
    tenant = make_tenant(as_seeded(odd[0], agent(0, skills={"Spanish": 1})))
    tenant.write({login: agent(n, unlock=True) for n, login in enumerate(odd)})
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert set(tenant.box.users) == set(odd)
    for login in odd[::2]:
        tenant.box.change_user(login, disabled=True, lockedOut=True)
    tenant.write(
        {login: agent(n, unlock=True) for n, login in enumerate(odd[:4])}, kinds={"users": {"on_remove": "delete"}}
    )
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert {login: user["disabled"] for login, user in tenant.box.users.items()} == dict.fromkeys(odd[:4], False)
    assert tenant.fresh().run("up", "--yes").code == 0
    assert tenant.writes() == 0


def test_a_user_without_a_password(make_tenant: MakeTenant) -> None:
    """What the vendor demands for a creation is asked for before any write, whether the live system insists or not."""
    tenant = make_tenant(switches={"password-required": "no"})
    tenant.write({"a0": agent(0, password=None, last_name=None)})
    refused = tenant.run("up", "--yes")
    assert (refused.code, tenant.writes()) == (1, 0), str(refused)
    assert "for which OneCloud demands `last_name` and `password`; add them" in refused.said


def test_teams_that_the_statistics_do_not_show(make_tenant: MakeTenant) -> None:
    """Without the statistics privilege, or without supervising a team, its id is simply not recorded."""
    for rights in ({"privileges": ["Manage users"]}, {"supervises": ["Sales"]}):
        tenant = make_tenant(clients=[{**CLIENT, **rights}])
        tenant.write({"a0": agent(0)})
        done = tenant.run("up", "--yes")
        assert done.code == 0, str(done)
        outputs = {r["id"]: r["outputs"] for r in tenant.export()["deployment"]["resources"] if r.get("id")}
        assert "statsapi_id" not in outputs["Billing"]
        assert tenant.fresh().run("preview").code == 0
