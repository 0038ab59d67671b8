"""Plain `pulumi` in a copy of stacks/: the same work with the same result, and few lines about a mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.engine.harness import NAME, PASSWORD, TEAMS, Tenant, agent, agents

pytestmark = pytest.mark.measured

OTHER_PASSWORD = "Bilby-4410-second"


@pytest.fixture
def applied(tenant: Tenant) -> Tenant:
    """A tenant of four users that plain pulumi has applied."""
    tenant.write(agents(4))
    tenant.settled(plain=True)
    assert set(tenant.box.users) == set(agents(4))
    return tenant


def disabled(tenant: Tenant) -> set[str]:
    return {login for login, user in tenant.box.users.items() if user["disabled"]}


def refused(tenant: Tenant, *texts: str, verb: str = "up") -> str:
    """A run that must fail without a write and without a traceback, saying `texts`; what it said."""
    tenant.box.clear_log()
    ran = tenant.plain(verb, check=False)
    assert ran.code != 0, str(ran)
    assert tenant.writes() == 0
    for text in texts:
        assert text in ran.said, str(ran)
    assert "Traceback" not in ran.text and 'File "' not in ran.text, str(ran)
    assert PASSWORD not in ran.text
    return ran.said


def test_the_life_of_users(applied: Tenant) -> None:
    """Second up empty, drift repaired, a gone user made again, one taken out disabled, all destroyed."""
    applied.plain("up")
    assert applied.writes() == 0
    applied.box.change_user("a0", skills={"Spanish": 1}, disabled=True)
    applied.box.delete_user("a1")
    shown = applied.plain("preview")
    assert applied.writes() == 0
    assert "1 to create" in shown.said and "1 to update" in shown.said, str(shown)
    applied.plain("up")
    assert applied.writes() == 2
    user = applied.box.user("a0")
    assert user is not None and (user["skills"], user["disabled"]) == ({"English": 0}, False)
    assert applied.box.password_matches("a1", PASSWORD)
    applied.write(agents(3))
    applied.fresh().plain("up")
    assert (applied.writes(), disabled(applied)) == (1, {"a3"})
    applied.plain("destroy")
    assert disabled(applied) == set(agents(4))
    assert applied.state() == {}


def test_a_changed_secret(applied: Tenant) -> None:
    """The password is set again, once."""
    applied.env["INITIAL_PASSWORD"] = OTHER_PASSWORD
    applied.plain("up")
    assert applied.writes() == 4
    assert all(applied.box.password_matches(login, OTHER_PASSWORD) for login in agents(4))
    applied.fresh().plain("up")
    assert applied.writes() == 0


def test_plain_pulumi_and_our_commands_take_turns(applied: Tenant) -> None:
    """On one state, neither finds anything to do after the other."""
    for number in range(2):
        applied.fresh()
        assert "Nothing to do" in applied.run("up", "--yes").out
        applied.plain("up")
        assert applied.writes() == 0
        applied.write({login: {**f, "skills": {"Spanish": number + 1}} for login, f in agents(4).items()})
        assert applied.run("up", "--yes").code == 0
        assert applied.writes() == 4
        shown = applied.fresh().plain("preview")
        assert "9 unchanged" in shown.said, str(shown)
        applied.write({login: {**f, "skills": {"English": number + 5}} for login, f in agents(4).items()})
        applied.plain("up")
        assert applied.writes() == 4
        assert applied.run("preview").code == 0
        assert applied.run("refresh").code == 0


def test_destroyed_by_our_command_and_made_again_by_plain_pulumi(applied: Tenant) -> None:
    """The users are found, enabled again, and not made twice."""
    assert applied.run("destroy", "--yes").code == 0
    assert disabled(applied) == set(agents(4))
    applied.fresh().plain("up")
    assert (applied.writes(), disabled(applied)) == (4, set())
    assert applied.box.count("POST", "/configapi/v2/user") == 0
    assert applied.run("preview").code == 0


def test_a_field_that_cannot_be_changed(applied: Tenant) -> None:
    """The preview fails and names the object, the field, file and line, and the way out."""
    applied.write({**agents(4), "a0": agent(0, extension="")})
    for verb in ("preview", "up"):
        refused(applied, "user a0: `extension` cannot be emptied", "people.yaml:", "Write a number", verb=verb)


def test_a_name_that_changes(applied: Tenant) -> None:
    """Through SCIM; where that is off the preview says so already, and nothing is ever deleted and created again."""
    applied.write({**agents(4), "a0": agent(0, first_name="Other")})
    applied.box.set_switch("scim", "404")
    never = "it would have to be deleted and created again, and plain pulumi never does that"
    for verb in ("preview", "up"):
        refused(applied, f"user a0: for first_name {never}", "people.yaml:", "Run `cxconfig preview`", verb=verb)
    applied.box.set_switch("scim", "on")
    applied.fresh().plain("up")
    assert (applied.writes(), applied.box.users["a0"]["firstName"]) == (1, "Other")
    assert applied.run("preview").code == 0


def test_a_team_that_does_not_exist(applied: Tenant) -> None:
    """The program ends before anything is registered, with the place."""
    applied.write({**agents(4), "a0": agent(0, team="Sails")}, teams=(*TEAMS, "Sails"))
    refused(applied, "the team 'Sails' does not exist", "people.yaml:")


@pytest.mark.parametrize("first", [True, False], ids=["first-up", "later"])
def test_a_mistake_in_the_yaml(tenant: Tenant, first: bool) -> None:
    """Its place and the way out, said once in full, however many objects there are."""
    tenant.write(agents(20))
    if not first:
        tenant.plain("up")
    tenant.write({**agents(20), "a0": {"frist_name": "x"}})
    said = refused(tenant, 'unknown field "frist_name"', "people.yaml:", "did you mean `first_name`")
    assert said.count('unknown field "frist_name"') <= 3


def test_a_missing_variable(applied: Tenant) -> None:
    """Which one, where it is asked for, and how to set it."""
    del applied.env["ONECLOUD_CLIENT_ID"]
    said = refused(applied, "tenant.yaml:", "the environment variable ONECLOUD_CLIENT_ID is not set")
    assert said.count("ONECLOUD_CLIENT_ID is not set") <= 3


def test_wrong_credentials(tenant: Tenant) -> None:
    """Said in full once for twenty objects, and asked for one token, so that no account is locked out."""
    tenant.write(agents(20))
    tenant.plain("up")
    tenant.env["ONECLOUD_CLIENT_SECRET"] = "wrong"
    said = refused(tenant, "the system refused to hand out a token", "client_secret")
    assert said.count("refused to hand out a token") <= 3
    assert tenant.box.count("POST") == 1


def test_no_tenant_in_the_stack(tenant: Tenant) -> None:
    """The stack's configuration does not say which folder: the message names the setting."""
    tenant.write(agents(2))
    tenant.plain("preview")
    tenant.pulumi("config", "rm", "cxconfig:tenant", "--stack", NAME, folder=tenant.plain_folder)
    refused(tenant, "cxconfig:tenant", "the stack does not say which tenant it is", "export CXCONFIG_TENANT=")
    tenant.env["CXCONFIG_TENANT"] = str(tenant.folder.with_name("nowhere"))
    refused(tenant, "CXCONFIG_TENANT names the tenant in", "which is not there")
    tenant.env["CXCONFIG_TENANT"] = str(tenant.folder)
    tenant.plain("up")
    assert len(tenant.box.users) == 2


def test_the_tenant_has_moved(applied: Tenant) -> None:
    """A refresh runs with the folder of the last up; the message says how to name the new one, and that helps."""
    moved = applied.folder.with_name("moved")
    shutil.copytree(applied.folder, moved)
    for file in applied.folder.glob("*.yaml"):
        file.unlink()
    said = refused(applied, "CXCONFIG_TENANT", "which is not there")
    assert said.count("which is not there") <= 3
    applied.pulumi("config", "set", "cxconfig:tenant", str(moved), "--stack", NAME, folder=applied.plain_folder)
    applied.env["CXCONFIG_TENANT"] = str(moved)
    applied.fresh().plain("up")
    assert applied.writes() == 0


def test_the_project_folder_is_lost(tenant: Tenant, tmp_path: Path) -> None:
    """With the state elsewhere, our commands make it again, and find what is recorded."""
    backend = tmp_path / "elsewhere"
    tenant.write(agents(4), state={"backend": f"file://{backend}"})
    tenant.settled()
    shutil.rmtree(tenant.folder / ".cxconfig")
    again = tenant.fresh().run("up", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out, str(again)
    tenant.write(agents(3), state={"backend": f"file://{backend}"})
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert disabled(tenant) == {"a3"}
    assert tenant.run("preview").code == 0


def test_the_state_moves_to_another_backend(tenant: Tenant, tmp_path: Path) -> None:
    """Copied to another folder and named in tenant.yaml, it goes on as before."""
    tenant.write(agents(4))
    tenant.settled()
    backend = tmp_path / "elsewhere"
    backend.mkdir()
    shutil.move(tenant.folder / ".cxconfig" / ".pulumi", backend / ".pulumi")
    shutil.rmtree(tenant.folder / ".cxconfig")
    tenant.write(agents(3), state={"backend": f"file://{backend}"})
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert (tenant.writes(), disabled(tenant)) == (1, {"a3"})
    assert not (tenant.folder / ".cxconfig" / ".pulumi").exists()


def test_the_whole_folder_moves(tenant: Tenant) -> None:
    """State and all, to another place: nothing to do there."""
    tenant.write(agents(4))
    tenant.settled()
    moved = tenant.folder.with_name("moved")
    tenant.folder.rename(moved)
    tenant.folder = moved
    again = tenant.fresh().run("up", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out, str(again)
    tenant.write(agents(3))
    assert tenant.run("up", "--yes").code == 0
    assert disabled(tenant) == {"a3"}
