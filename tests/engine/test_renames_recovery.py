"""What follows a rename that was killed or got no answer, and a rename of one target: one login, the same person."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.engine.harness import NAME, Tenant, agent, wait_until
from tests.engine.test_recovery import assert_nothing_left, converge, kill

pytestmark = pytest.mark.measured


def declare(tenant: Tenant, login: str, was: str = "", *, number: int = 0) -> None:
    """One person through both doors; another `number` changes what PATCH, PUT and the other door's PATCH write."""
    values = {"was": was} if was else {}
    tenant.write({login: agent(number, **values)} if login else {})
    accounts = {login: {"title": f"Lead {number}"}} if login else {}
    content = yaml.safe_dump({"onecloud": {"scim_accounts": accounts}}, sort_keys=False)
    (tenant.folder / "accounts.yaml").write_text(content, encoding="utf-8")


def people(tenant: Tenant) -> dict[str, Any]:
    return {user["loginId"]: user for user in tenant.box.dump()["users"]}


def recorded(tenant: Tenant) -> set[str]:
    return {name for name in tenant.state() if not name.startswith("teams/")}


def both(login: str) -> set[str]:
    return {f"users/{login}", f"scim_accounts/{login}"}


def killed(tenant: Tenant, nth: int) -> None:
    """Kill a run when its `nth` write was carried out, and its answer is still to come."""
    rule = tenant.fresh().box.fault({"delay_ms": 30_000, "when": "after"}, write=True, nth=nth)
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.box.count(write=True, changed=True) >= nth, f"{nth} writes were carried out")
    kill(process)
    tenant.box.clear_faults(rule)
    assert_nothing_left(tenant)


def test_what_the_files_say_after_a_killed_rename(tenant: Tenant) -> None:
    """The same, `was` no longer, or nobody: the person is found under his new login, and the record with him."""
    declare(tenant, "a0")
    tenant.settled()
    (person,) = (user["id"] for user in people(tenant).values())
    declare(tenant, "b0", "a0", number=1)
    killed(tenant, 3)
    tenant.fresh()
    done = converge(tenant)
    assert tenant.writes() == 0, f"all was written, and the password is nobody's business\n{done}"
    now = people(tenant)
    assert [(name, user["id"], user["title"]) for name, user in now.items()] == [("b0", person, "Lead 1")], str(done)
    assert recorded(tenant) == both("b0")
    declare(tenant, "c0", "b0", number=1)
    killed(tenant, 1)
    declare(tenant, "c0", number=1)
    converge(tenant)
    assert (set(people(tenant)), recorded(tenant)) == ({"c0"}, both("c0"))
    declare(tenant, "d0", "c0", number=1)
    killed(tenant, 1)
    declare(tenant, "")
    shown = tenant.run("preview")
    assert shown.code == 2 and "d0" in shown.said and "disable" in shown.said, str(shown)
    done = converge(tenant)
    assert [(name, user["disabled"]) for name, user in people(tenant).items()] == [("d0", True)], str(done)
    assert recorded(tenant) == set()


def test_a_rename_without_an_answer(tenant: Tenant) -> None:
    """Settled by reading; where that fails too, the next run finds it, by our commands and by plain pulumi."""
    declare(tenant, "a0")
    tenant.settled()
    declare(tenant, "b0", "a0")
    lost = tenant.fresh().box.fault("drop_after", method="PATCH")
    done = tenant.run("up", "--yes")
    tenant.box.clear_faults(lost)
    assert (done.code, set(people(tenant)), recorded(tenant)) == (0, {"b0"}, both("b0")), str(done)
    methods = [entry.method for entry in tenant.box.log() if entry.method != "POST"]
    before = methods.index("PATCH")
    for was, login in (("b0", "c0"), ("c0", "d0")):
        declare(tenant, login, was)
        lost = tenant.fresh().box.fault("drop_after", method="PATCH")
        blind = tenant.box.fault({"status": 500}, method="GET", after=before)
        failed = tenant.run("up", "--yes")
        for rule in (lost, blind):
            tenant.box.clear_faults(rule)
        assert (failed.code, set(people(tenant))) == (1, {login}), str(failed)
        assert recorded(tenant) == both(was), str(failed)
        if login == "c0":
            shown = tenant.run("refresh")
            assert shown.code == 0, str(shown)
            assert recorded(tenant) == both(was), "a refresh loses nobody who has his new login"
            converge(tenant)
        else:
            tenant.plain("up")
            again = tenant.fresh().run("up", "--yes")
            assert (again.code, tenant.writes()) == (0, 0), str(again)
        assert (set(people(tenant)), recorded(tenant)) == ({login}, both(login))


def test_plain_pulumi_renames_a_target_alone(tenant: Tenant) -> None:
    """Nothing else is touched; a refresh leaves who is still to be renamed, and a destroy takes everybody out."""
    tenant.write({"a0": agent(0), "a1": agent(1), "a2": agent(2)})
    tenant.settled()
    tenant.write({"a0": agent(0), "b1": agent(1, was="a1"), "b2": agent(2, was="a2")})
    urn = f"urn:pulumi:{NAME}::cxconfig::pulumi-python:dynamic/onecloud:users::b1"
    # A refresh knows no target that the state does not hold yet.
    tenant.fresh().plain("up", "--refresh=false", "--target", urn)
    assert (set(people(tenant)), tenant.box.count(write=True)) == ({"a0", "b1", "a2"}, 1)
    tenant.plain("refresh")
    assert recorded(tenant) == {"users/a0", "users/b1", "users/a2"}
    tenant.fresh().plain("up")
    assert [entry.method for entry in tenant.box.log(write=True)] == ["PATCH"]
    assert tenant.run("audit").code == 0
    tenant.plain("destroy")
    assert {name for name, user in people(tenant).items() if user["disabled"]} == {"a0", "b1", "b2"}
