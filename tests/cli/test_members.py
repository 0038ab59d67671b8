"""Members of teams on the command line, without the engine: what an audit finds, in every form of output."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import Tenant, agent, as_seeded
from tests.engine.test_members import declare

pytestmark = pytest.mark.measured

DIRECTORY = "/configapi/v2/phone/user"


@pytest.fixture
def closed(make_tenant: MakeTenant) -> Tenant:
    """Two members of an exclusive team, and besides them one stray user in it and the API user."""
    people = [as_seeded(login, agent(1, team="Sales")) for login in ("ann", "bob", "stray", "tests", "svc-x")]
    tenant = make_tenant(*people)
    declare(tenant, {"Sales": ["ann"]}, {"bob": agent(1, team="Sales")}, membership="exclusive")
    return tenant


def test_who_else_is_in_an_exclusive_team(closed: Tenant) -> None:
    """One list and one read of each user; as data, as SARIF and for GitHub with the reason."""
    note = "in the team 'Sales', whose `members` are exclusive: list it there, or give it another `team`"
    ran = closed.run("audit", "--format", "json")
    assert ran.code == 2 and closed.box.count("GET", DIRECTORY) == 1 and closed.reads() == 5, str(ran)
    steps: list[dict[str, Any]] = ran.json()["steps"]
    found = {s["key"]: (s["action"], s["cause"], s["notes"]) for s in steps if s["kind"] == "onecloud.users"}
    assert found == {login: ("none", "not declared", [note]) for login in ("stray", "svc-x")}
    results = json.loads(closed.run("audit", "--format", "sarif").out)["runs"][0]["results"]
    texts = [result["message"]["text"] for result in results]
    assert texts == [f"2 users are live and not declared: stray, svc-x ({note})"]
    assert "exclusive" in closed.run("audit", "--format", "github").out


def test_who_is_excluded_is_in_no_list(closed: Tenant) -> None:
    """Neither read nor reported."""
    text = (closed.folder / "tenant.yaml").read_text("utf-8")
    kinds = "    kinds:\n      users: {exclude: [svc-*, stray]}\n"
    (closed.folder / "tenant.yaml").write_text(text + kinds, "utf-8")
    assert closed.run("audit").code == 0 and closed.reads() == 3


def test_without_the_list_of_all_users_nobody_is_called_a_stranger(closed: Tenant) -> None:
    """The privilege is named, and what to write to do without."""
    closed.box.fault({"status": 403}, path=DIRECTORY)
    ran = closed.run("audit")
    assert ran.code == 1 and "an exclusive list needs the list of all users" in ran.said, str(ran)
    assert "write `additive` in the place of `exclusive`" in ran.said
