"""What a run must never do: write what was not shown, lose a secret, or make of an outage an absence."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import CLIENT_SECRET, PASSPHRASE, PASSWORD, Tenant, agent, agents, as_seeded, wait_until

pytestmark = pytest.mark.measured

QUESTION = "Apply these changes?"
PHONE = "+1 555 010 4477"
OTHER_PHONE = "(555) 010-8866"
NEXT_PASSWORD = "Bandicoot-3388-second"


def answering(text: str, work: Callable[[], object]) -> dict[str, Callable[[], str]]:
    """Do `work` while the question stands, then type `text`."""

    def answer() -> str:
        work()
        return f"{text}\n"

    return {QUESTION: answer}


def test_a_user_that_changed_since_the_preview_is_left_alone(tenant: Tenant) -> None:
    """What changes live while the question stands is refused, object by object; the rest is applied."""
    users = agents(7)
    tenant.write(users)
    tenant.settled()
    for login in ("a0", "a1", "a2"):
        users[login]["skills"] = {"Products": 5}
    users["new"] = agent(8)
    users["same"] = agent(9)
    del users["a3"], users["a4"], users["a5"]
    tenant.write(users)

    def meddle() -> None:
        tenant.box.clear_log()
        tenant.box.change_user("a0", skills={"Spanish": 77})
        tenant.box.delete_user("a1")
        tenant.box.change_user("a2", email="not@managed.example.com", voiceMail=True)
        tenant.box.change_user("a3", team="Billing")
        tenant.box.delete_user("a4")
        tenant.box.add_user(**as_seeded("new", agent(8, skills={"Spanish": 1})))
        tenant.box.add_user(**as_seeded("same", agent(9)))

    done = tenant.talk("up", answers=answering("y", meddle))
    assert done.code == 1, str(done)
    written = {(entry.method, entry.path.rpartition("/")[2]) for entry in tenant.box.log(changed=True)}
    assert written == {("PUT", "a3"), ("PUT", "a5")}, str(done)
    assert tenant.box.users["a3"]["disabled"], "it was shown to be disabled, whatever else changed of it"
    assert tenant.box.users["a0"]["skills"] == {"Spanish": 77}
    assert "a1" not in tenant.box.users
    assert tenant.box.users["new"]["skills"] == {"Spanish": 1}
    for failed in ("update user a0", "update user a1", "update user a2", "create user new"):
        assert f"! {failed}" in done.said, str(done)
    assert "user a0: not what the preview showed (other values of skills)" in done.said
    assert "user a1: not what the preview showed (it is gone)" in done.said
    assert "appeared since the preview" in done.said
    settled = tenant.run("up", "--yes")
    assert settled.code == 0, str(settled)
    assert tenant.box.users["a2"]["email"] == users["a2"]["email"]
    assert tenant.run("audit").code == 0


def test_an_answer_of_no_applies_nothing(tenant: Tenant) -> None:
    """`n`, and the end of input, leave everything as it is."""
    tenant.write(agents(1))
    for typed in ("n\n", "\x04"):
        done = tenant.talk("up", answers={QUESTION: lambda typed=typed: typed})  # type: ignore[misc]
        assert done.code == 130, str(done)
        assert tenant.writes() == 0


def test_an_announcement_that_differs_stops_before_the_first_write(tenant: Tenant) -> None:
    """A state that is exchanged under a run makes the engine announce other steps: nothing is written."""
    users = agents(3)
    tenant.write(users)
    tenant.settled()
    users["a0"]["skills"] = {"Products": 1}
    users["a1"]["skills"] = {"Products": 2}
    tenant.write(users)
    live = tenant.box.users

    def tamper() -> None:
        exported = tenant.export()
        resources = exported["deployment"]["resources"]
        exported["deployment"]["resources"] = [r for r in resources if not r["urn"].endswith("::a1")]
        tenant.pulumi("stack", "import", "--stack", "acme", given=json.dumps(exported))
        tenant.box.clear_log()

    stopped = tenant.talk("up", answers=answering("y", tamper))
    assert (stopped.code, tenant.writes(), tenant.box.users) == (1, 0, live), str(stopped)
    assert "the engine would create onecloud users a1, the comparison says update" in stopped.said
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert {login: user["skills"] for login, user in tenant.box.users.items()} == {
        "a0": {"Products": 1},
        "a1": {"Products": 2},
        "a2": {"English": 20},
    }


def test_secrets_are_nowhere(make_tenant: MakeTenant) -> None:
    """Passwords, secrets and phone numbers are in no file of ours and no output, also while a run is going on."""
    phones = {"work_phone": PHONE, "mobile_phone": OTHER_PHONE}
    tenant = make_tenant(as_seeded("a2", agent(2, **phones)))
    users = {f"a{n}": agent(n, **phones) for n in range(3)}
    tenant.write(users)
    secret = (PASSWORD, NEXT_PASSWORD, CLIENT_SECRET, PASSPHRASE)
    phone = (PHONE, OTHER_PHONE, "15550104477", "5550108866", "010 4477", "010-8866")

    def held() -> list[str]:
        return [found for found in tenant.holding(*secret, *phone) if "people.yaml" not in found]

    tenant.box.fault({"delay_ms": 1500}, method="POST", path="/configapi/v2/user")
    process = tenant.start("up", "--yes", "--verbose")
    runs = tenant.folder / ".cxconfig" / "runs"
    wait_until(lambda: tenant.box.count("POST", "/configapi/v2/user") > 0, "a user is being created")
    assert len(list(runs.rglob("handover.json"))) == 1
    assert [path for path in runs.rglob("*.json*") if path.stat().st_mode & 0o77] == []
    assert held() == []
    assert tenant.finish(process).code == 0
    tenant.box.clear_faults()
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    assert [tenant.box.users[login]["workPhone"] for login in users] == [PHONE] * 3

    # A refused password, a refused phone number, lost answers and drift in phones: everything that talks about them.
    tenant.box.change_user("a0", workPhone="+1 555 999 1234")
    assert tenant.run("preview", "--verbose").code == 2
    assert tenant.run("audit", "--format", "json").code == 2
    assert tenant.run("refresh", "--verbose").code == 2
    assert "999 1234" not in "".join(ran.text for ran in tenant.ran)
    tenant.box.change_user("a0", workPhone=PHONE)
    tenant.box.fault({"status": 400, "body": f"the password {NEXT_PASSWORD} was used before"}, method="PUT")
    refused = tenant.run("up", "--yes", "--format", "json", INITIAL_PASSWORD=NEXT_PASSWORD)
    assert refused.code == 1, str(refused)
    tenant.box.clear_faults()
    assert tenant.run("up", "--yes", INITIAL_PASSWORD=NEXT_PASSWORD).code == 0
    assert all(tenant.box.password_matches(login, NEXT_PASSWORD) for login in users)
    assert tenant.run("preview", INITIAL_PASSWORD=NEXT_PASSWORD).code == 0
    assert held() == []


def test_a_changed_secret_is_one_write_for_each_user(tenant: Tenant) -> None:
    """Another password in the environment is noticed by its digest and set, once; another passphrase is no change."""
    tenant.write({**agents(2), "a2": agent(2, password="${env:SECOND}")})
    assert tenant.run("up", "--yes", SECOND="Their-own-22").code == 0
    asked = tenant.fresh().run("preview", "--format", "json", SECOND="Their-own-22", INITIAL_PASSWORD=NEXT_PASSWORD)
    assert {s["key"]: [d["field"] for d in s["differences"]] for s in asked.json()["steps"]} == {
        "a0": ["password"],
        "a1": ["password"],
    }
    assert tenant.run("up", "--yes", SECOND="Their-own-22", INITIAL_PASSWORD=NEXT_PASSWORD).code == 0
    assert {e.path.rpartition("/")[2]: e.sent for e in tenant.box.log(write=True)} == {
        "a0": {"password": "***"},
        "a1": {"password": "***"},
    }
    assert tenant.reads() == 3 + 3 + 2
    assert tenant.box.password_matches("a0", NEXT_PASSWORD)
    assert tenant.box.password_matches("a2", "Their-own-22")
    again = tenant.fresh().run("up", "--yes", SECOND="Their-own-22", INITIAL_PASSWORD=NEXT_PASSWORD)
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_a_missing_secret_stops_everything_with_its_place(tenant: Tenant) -> None:
    """An unset variable is told with every place that wants it, before any call."""
    tenant.write(agents(2))
    refused = tenant.run("up", "--yes", INITIAL_PASSWORD=None, ONECLOUD_CLIENT_SECRET=None)
    assert (refused.code, tenant.box.log()) == (1, []), str(refused)
    assert refused.said.count("the environment variable INITIAL_PASSWORD is not set") == 2
    assert "the environment variable ONECLOUD_CLIENT_SECRET is not set" in refused.said
    refused = tenant.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE=None)
    assert (refused.code, tenant.box.log()) == (1, []), str(refused)
    assert "export PULUMI_CONFIG_PASSPHRASE=" in refused.said


def test_another_passphrase_is_refused(tenant: Tenant) -> None:
    """A stack that exists is not opened with another passphrase, and nothing is written."""
    tenant.write(agents(1))
    tenant.settled()
    tenant.write(agents(2))
    refused = tenant.fresh().run("up", "--yes", PULUMI_CONFIG_PASSPHRASE="another one")
    assert (refused.code, tenant.writes()) == (1, 0), str(refused)
    assert "recorded under another passphrase" in refused.said and "CXCONFIG_PREVIOUS_PASSPHRASE" in refused.said
    refused = tenant.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE="another one", CXCONFIG_PREVIOUS_PASSPHRASE=PASSPHRASE)
    assert (refused.code, tenant.writes()) == (1, 0), str(refused)
    assert "it was made with (PULUMI_CONFIG_PASSPHRASE" in refused.said


def test_a_404_alone_makes_nobody_gone(tenant: Tenant) -> None:
    """Who is taken out of the YAML and answers 404 once, while the directory lists them, is neither forgotten nor lost.

    Our commands, `--full` and plain pulumi: each ends with an error, and disables the user when asked again.
    """
    users = agents(2)
    absent = {"status": 404, "body": "no Route matched with those values"}
    for number, command in enumerate(("preview", "up", "up --full", "refresh", "destroy", "plain")):
        login = f"gone{number}"
        tenant.write({**users, login: agent(9)})
        assert tenant.run("up", "--yes").code == 0
        tenant.write({} if command == "destroy" else users)
        tenant.box.fault(absent, method="GET", path=f"/configapi/v2/user/{login}")
        if command == "plain":
            refused = tenant.fresh().plain("up", check=False)
        else:
            agreed = [] if command in ("preview", "refresh") else ["--yes"]
            refused = tenant.fresh().run(*command.split(), *agreed)
        assert (refused.code != 0, tenant.writes()) == (True, 0), str(refused)
        assert f"the phone directory lists the user '{login}'" in refused.said, str(refused)
        tenant.box.clear_faults()
        done = tenant.run("up", "--yes")
        assert done.code == 0 and tenant.box.users[login]["disabled"], str(done)
