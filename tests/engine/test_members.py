"""Members of teams, with the real engine: a move is one write, an exclusive team reports, a killed move converges."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.engine.conftest import MakeTenant
from tests.engine.harness import TEAMS, Tenant, agent, as_seeded, wait_until
from tests.engine.test_recovery import assert_nothing_left, converge, kill

USER = "/configapi/v2/user/*"
DIRECTORY = "/configapi/v2/phone/user"


def declare(tenant: Tenant, members: dict[str, list[str]], users: dict[str, Any] | None = None, **team: Any) -> None:
    """Teams with members, and users with entries of their own. `team`: what every team with members says besides."""
    tenant.write(users or {}, teams=())
    teams = {name: {"members": members[name], **team} if name in members else {} for name in TEAMS}
    (tenant.folder / "teams.yaml").write_text(yaml.safe_dump({"onecloud": {"teams": teams}}), "utf-8")


def teams_of(tenant: Tenant) -> dict[str, str]:
    return {login: user["team"] for login, user in tenant.box.users.items()}


@pytest.fixture
def staffed(make_tenant: MakeTenant) -> Tenant:
    """Three live users in Sales: `own` has an entry of its own as well, `off` is disabled."""
    people = {"own": agent(1, team="Sales"), "mere": agent(2, team="Sales"), "off": agent(3, team="Sales")}
    tenant = make_tenant(
        *(as_seeded(login, {**fields, "disabled": login == "off"}) for login, fields in people.items())
    )
    declare(tenant, {"Sales": ["own", "mere", "off"]}, {"own": agent(1, team=None)})
    return tenant


def test_members_over_their_life(staffed: Tenant) -> None:
    """Taken over without a write; a move is one PUT; a disabled member stays so; who leaves is forgotten."""
    assert (staffed.run("preview").code, staffed.run("up", "--yes").code, staffed.writes()) == (0, 0, 0)
    assert staffed.state()["users/mere"] == {"key": "mere", "team": "Sales", "on_remove": "retain"}
    assert staffed.state()["teams/Sales"] == {"key": "Sales"}

    declare(staffed, {"Sales": ["off"], "Support": ["mere", "own"]}, {"own": agent(1, team=None)})
    shown = staffed.run("preview")
    assert shown.code == 2 and "2 to update" in shown.said and "Sales -> Support" in shown.said, str(shown)
    step = next(s for s in staffed.run("preview", "--format", "json").json()["steps"] if s["key"] == "mere")
    assert step["place"]["file"].endswith("teams.yaml")
    moved = staffed.fresh().run("up", "--yes")
    assert (moved.code, staffed.writes(), staffed.box.count("PUT", USER)) == (0, 2, 2), str(moved)
    assert all(entry.sent == {"team": "Support"} for entry in staffed.box.log("PUT", USER))
    again = staffed.fresh().run("up", "--yes")
    assert "Nothing to do" in again.said and staffed.writes() == 0, str(again)

    staffed.box.change_user("mere", team="Billing")
    audit = staffed.run("audit")
    assert audit.code == 2 and "live Billing, expected Support" in audit.said, str(audit)
    declare(staffed, {"Support": ["mere", "own"]}, {"own": agent(1, team=None)})
    assert staffed.fresh().run("up", "--yes").code == 0
    assert (staffed.writes(), teams_of(staffed)) == (1, {"own": "Support", "mere": "Support", "off": "Sales"})
    assert staffed.box.users["off"]["disabled"] and "users/off" not in staffed.state()


def test_an_exclusive_team(staffed: Tenant) -> None:
    """Whoever else is in it live is named, and nobody is written to; without it nobody is looked for."""
    declare(staffed, {"Sales": ["own", "mere"]})
    assert staffed.run("audit").code == 0, "who is disabled has left"
    staffed.box.change_user("off", disabled=False)
    assert staffed.run("audit").code == 0 and staffed.box.count("GET", DIRECTORY) == 0
    declare(staffed, {"Sales": ["own", "mere"]}, membership="exclusive")
    note = "off: in the team 'Sales', whose `members` are exclusive"
    for words, code in ((["preview"], 0), (["up", "--yes"], 0), (["audit"], 2)):
        ran = staffed.run(*words)
        assert ran.code == code and "1 user: off" in ran.said and note in ran.said, str(ran)
    assert staffed.writes() == 0
    declare(staffed, {"Sales": ["own", "mere"], "Support": ["off"]}, membership="exclusive")
    done = staffed.run("up", "--yes")
    assert "exclusive" not in done.said and staffed.writes() == 1, str(done)
    assert staffed.run("audit").code == 0


def test_plain_pulumi_moves_members_too(staffed: Tenant) -> None:
    """One PUT for each, nothing the second time, and our commands have nothing to add; a login that is none is told
    by the preview, beside a user who cannot be created."""
    staffed.plain("up")
    assert staffed.writes() == 0
    declare(staffed, {"Sales": ["off"], "Support": ["mere", "own"]}, {"own": agent(1, team=None)})
    staffed.plain("up")
    assert staffed.writes() == staffed.box.count("PUT", USER) == 2
    assert teams_of(staffed) == {"own": "Support", "mere": "Support", "off": "Sales"}
    staffed.fresh().plain("up")
    assert staffed.writes() == 0 and "Nothing to do" in staffed.run("up", "--yes").said
    users = {"own": agent(1, team=None), "new": agent(9, password=None)}
    declare(staffed, {"Sales": ["off", "nobody"], "Support": ["mere", "own"]}, users)
    failed = staffed.plain("preview", check=False)
    assert failed.code != 0 and "nothing but its `team` is declared" in failed.said, str(failed)
    assert "user new: the user does not exist and is to be created, for which OneCloud demands `pass" in failed.said
    shown = staffed.run("preview")
    assert shown.code == 1 and "nothing but its `team` is declared" in shown.said, str(shown)
    assert staffed.writes() == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_members_move(staffed: Tenant, when: str) -> None:
    """Before or after the contact centre took the write: the next run does what is missing, once."""
    staffed.settled()
    declare(staffed, {"Support": ["mere", "own", "off"]}, {"own": agent(1, team=None)})
    staffed.fresh()
    rule = staffed.box.fault({"delay_ms": 30_000, "when": when}, write=True, path=USER)
    process = staffed.start("up", "--yes")
    arrived = {"changed": True} if when == "after" else {}
    wait_until(lambda: bool(staffed.box.count("PUT", USER, **arrived)), "the move is on its way")
    kill(process)
    staffed.box.clear_faults(rule)
    assert_nothing_left(staffed)
    converge(staffed)
    assert set(teams_of(staffed).values()) == {"Support"}
    assert len(staffed.box.log("PUT", USER, changed=True)) == 3
    assert staffed.box.users["off"]["disabled"]
