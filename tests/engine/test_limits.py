"""Limits on the real engine: too many removals are refused before any write, until the run is told to do them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import Ran, Tenant, Users, agents, as_seeded

pytestmark = pytest.mark.measured

PEOPLE = agents(12)
RAISED = "onecloud.users.disable=3"
TOO_MUCH = "onecloud.users: 3 of 12 would be disabled, and a run may do that to 1 at the most (10 %, the default): a0"


def without(count: int) -> dict[str, Any]:
    return dict(list(PEOPLE.items())[count:])


def taken_over(make_tenant: MakeTenant, people: Users = PEOPLE) -> Tenant:
    """Twelve users that were live as declared and are recorded, so that nothing had to be created."""
    tenant = make_tenant(*(as_seeded(login, fields) for login, fields in people.items()))
    tenant.write(people)
    return tenant.settled()


def disabled(tenant: Tenant) -> set[str]:
    return {login for login, user in tenant.box.users.items() if user["disabled"]}


def refused(tenant: Tenant, ran: Ran, *texts: str) -> None:
    assert (ran.code, tenant.writes()) == (1, 0), str(ran)
    for text in texts:
        assert text in ran.said, str(ran)


def test_our_commands(make_tenant: MakeTenant) -> None:
    """Refused with everything that is needed, raised for one run, refused again the next time; `limits` and destroy."""
    tenant = taken_over(make_tenant)
    tenant.write(without(3))
    refused(tenant, tenant.run("preview"), TOO_MUCH, f"add --raise-limit {RAISED} for this run alone")
    refused(tenant, tenant.run("up", "--yes"), TOO_MUCH, "so nothing will be applied")
    refused(tenant, tenant.run("up", "--yes", "--full"), TOO_MUCH)
    asked = tenant.run("preview", "--format", "json")
    assert (asked.code, asked.json()["limits"][0]["keys"]) == (1, ["a0", "a1", "a2"]), str(asked)
    for words, says in (
        ("onecloud.users.disable=2", "and a run may do that to 2 at the most (for this run)"),
        ("onecloud.users.disable=0", "would lower the limit"),
        ("onecloud.users.disabel=3", "did you mean `disable`?"),
    ):
        refused(tenant, tenant.run("preview", "--raise-limit", words), says)
    again = tenant.run("preview", "--raise-limit", RAISED, "--raise-limit", "onecloud.users.delete=9")
    assert again.code == 2 and "Warning: --raise-limit onecloud.users.delete=9 is not needed" in again.said, str(again)
    assert tenant.run("audit").code == 0
    done = tenant.run("up", "--yes", "--raise-limit", RAISED)
    assert (done.code, tenant.writes(), disabled(tenant)) == (0, 3, {"a0", "a1", "a2"}), str(done)

    tenant.fresh().write(without(4), kinds={"users": {"limits": {"disable": 0}}})
    refused(tenant, tenant.run("up", "--yes"), "1 of 9 would be disabled, and a run may do that to none (`limits`")
    tenant.write({**PEOPLE, **{f"n{n}": PEOPLE["a0"] for n in range(2)}}, kinds={"users": {"limits": {"create": 1}}})
    refused(tenant, tenant.run("up", "--yes"), "2 would be created, and a run may do that to 1 at the most")
    tenant.write(PEOPLE, kinds={"users": {"limits": {"disable": 0}}})
    back = tenant.run("up", "--yes")
    assert (back.code, disabled(tenant)) == (0, set()), str(back)
    gone = tenant.fresh().run("destroy", "--yes")
    assert (gone.code, disabled(tenant)) == (0, set(PEOPLE)), str(gone)


def test_plain_pulumi(make_tenant: MakeTenant) -> None:
    """The program ends before anything is registered, in a preview as well; a destroy is what it says."""
    people = {**PEOPLE, "a0": {**PEOPLE["a0"], "disabled": True}}
    tenant = taken_over(make_tenant, people)
    tenant.box.change_user("a0", disabled=False)  # by hand, so that this is no edit
    tenant.write({**people, "a1": {**PEOPLE["a1"], "disabled": True}}, kinds={"users": {"limits": {"update": 1}}})
    ran = tenant.plain("up", check=False)
    assert (ran.code == 0, tenant.writes()) == (False, 0), str(ran)
    assert "2 of 12 would be disabled (2 by `disabled: true`), and a run may do that to 1" in ran.said, str(ran)
    assert "2 of 12 would be updated, and a run may do that to 1 at the most (`limits` says 1)" in ran.said, str(ran)
    tenant.write(without(3))
    for words in (("preview",), ("up", "--target", "**a7")):
        ran = tenant.plain(*words, check=False)
        assert (ran.code == 0, tenant.writes()) == (False, 0), str(ran)
        assert TOO_MUCH in ran.said and f"set CXCONFIG_RAISE_LIMIT={RAISED} for this run alone" in ran.said, str(ran)
    tenant.env["CXCONFIG_RAISE_LIMIT"] = "onecloud.users.disable=three"
    ran = tenant.plain("up", check=False)
    assert (ran.code == 0, tenant.writes()) == (False, 0) and "'three' is not a number" in ran.said, str(ran)
    tenant.env["CXCONFIG_RAISE_LIMIT"] = f"{RAISED},onecloud.users.delete=5"
    done = tenant.plain("up")
    assert "CXCONFIG_RAISE_LIMIT onecloud.users.delete=5 is not needed: none would be deleted" in done.said, str(done)
    assert (tenant.writes(), disabled(tenant)) == (3, {"a0", "a1", "a2"})
    del tenant.env["CXCONFIG_RAISE_LIMIT"]
    tenant.plain("destroy")
    assert disabled(tenant) == set(PEOPLE)
