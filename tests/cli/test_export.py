"""`cxconfig export` as a user has it, against the sandbox: what it asks, writes, refuses and shows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Ran, Tenant, agent, agents, as_seeded, seed

pytestmark = pytest.mark.measured

QUESTION = "Write these files?"
PHONE = "+15551234567"


def tenant_alone(tenant: Tenant) -> Tenant:
    """The folder with its tenant.yaml and nothing else."""
    tenant.write({}, teams=())
    (tenant.folder / "people.yaml").unlink()
    return tenant


@pytest.fixture
def live(make_tenant: MakeTenant) -> Tenant:
    """Six users live, with phone numbers; nothing is declared."""
    users = {key: {**fields, "work_phone": PHONE} for key, fields in agents(6).items()}
    return tenant_alone(make_tenant(*(as_seeded(key, fields) for key, fields in users.items())))


def files(tenant: Tenant) -> dict[str, str]:
    """Every YAML file below the folder but tenant.yaml."""
    found = sorted(tenant.folder.rglob("*.yaml"))
    return {path.relative_to(tenant.folder).as_posix(): path.read_text("utf-8") for path in found[:-1]}


def test_a_folder_with_nothing_but_a_tenant_file_is_filled(live: Tenant) -> None:
    """Reads only; the files hold the phone numbers, and no output does."""
    ran = live.run("export", "--yes")
    assert ran.code == 0, str(ran)
    assert (live.writes(), live.reads()) == (0, 6)
    assert set(files(live)) == {
        "onecloud/teams/teams.yaml",
        *(f"onecloud/users/{name}.yaml" for name in ("billing", "night-shift", "sales", "support")),
    }
    assert files(live)["onecloud/users/sales.yaml"].startswith(
        "onecloud:\n  users:\n    a0:\n      first_name: First0\n      last_name: Last0\n"
        "      email: agent0@acme.example.com\n      team: Sales\n"
    )
    assert PHONE in files(live)["onecloud/users/sales.yaml"] and "555" not in ran.text
    assert (
        "onecloud users: 6 to add" in ran.out
        and "Written: 5 files; 4 teams, 6 users, 6 SCIM accounts live." in ran.said
    )
    assert "Reading onecloud users" in ran.err
    assert live.holding(PASSWORD) == []


def test_a_second_export_writes_nothing(live: Tenant) -> None:
    """And asks nothing, with or without a terminal."""
    assert live.run("export", "--yes").code == 0
    before = files(live)
    for again in (live.run("export", "--yes"), live.talk("export")):
        assert again.code == 0 and "Nothing to write" in again.said, str(again)
        assert QUESTION not in again.out
    assert live.run("export", "--check").code == 0
    assert live.run("fmt", "--check").code == 0
    assert files(live) == before


def test_only_the_changed_line_changes(live: Tenant) -> None:
    """Comments, quotes and order of a file that a user wrote stay."""
    text = (
        "# our people\nonecloud:\n  users:\n"
        "    a1:   # team lead\n      team: 'Support'\n\n      skills: {Spanish: 5}\n"
        "    a0: {first_name: First0}   # short\n"
    )
    (live.folder / "people.yaml").write_text(text)
    ran = live.run("export", "--yes", "--format", "json")
    assert ran.code == 0, str(ran)
    found = {item["key"]: item for item in ran.json()["objects"]}
    assert (found["a1"]["what"], found["a1"]["fields"], "a0" in found) == ("update", ["skills"], False)
    written = (live.folder / "people.yaml").read_text()
    assert written == text.replace("Spanish: 5", "English: 10") or written.startswith(
        text.replace("Spanish: 5", "English: 10").rstrip("\n")
    )
    assert "555" not in ran.text and ran.json()["written"] is True


def test_the_question(live: Tenant) -> None:
    """Asked after the diff; no writes nothing and ends with 130, yes writes."""
    refused = live.talk("export", answers={QUESTION: lambda: "n\n"})
    assert (refused.code, files(live)) == (130, {}), str(refused)
    assert refused.said.index("first_name: First0") < refused.said.index(QUESTION) and "555" not in refused.text
    agreed = live.talk("export", answers={QUESTION: lambda: "y\n"})
    assert agreed.code == 0 and len(files(live)) == 5, str(agreed)


@pytest.mark.parametrize(("words", "env"), [((), {}), (("--format", "json"), {}), ((), {"CI": "true"})])
def test_nobody_to_ask_is_an_error_that_names_yes(live: Tenant, words: tuple[str, ...], env: dict[str, str]) -> None:
    """Before anything is read."""
    ran = live.talk("export", *words, answers=None, **env) if env else live.run("export", *words)
    assert (ran.code, files(live), live.reads()) == (1, {}, 0), str(ran)
    assert "--yes" in ran.said


def test_a_dry_run_writes_nothing_and_tells_by_its_exit_code(live: Tenant) -> None:
    """By either name, without a question; as data too."""
    for word in ("--dry-run", "--check"):
        ran = live.run("export", word)
        assert (ran.code, files(live)) == (2, {}) and "Would write 5 files" in ran.said, str(ran)
    document = live.run("export", "--check", "--format", "json").json()
    assert (document["command"], document["exit_code"], document["written"]) == ("export", 2, False)
    counts = {"onecloud.teams": 4, "onecloud.users": 6, "onecloud.scim_accounts": 6}
    assert len(document["files"]) == 5 and document["live"] == counts


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_what_is_not_committed_is_not_overwritten(live: Tenant) -> None:
    """New files overwrite nothing; a changed one is refused, unless --force is given or it is committed."""
    git(live.folder, "init", "-q")
    assert live.run("export", "--yes").code == 0
    git(live.folder, "add", "-A")
    git(live.folder, "commit", "-qm", "one")
    sales = live.folder / "onecloud/users/sales.yaml"
    sales.write_text(sales.read_text() + "# mine\n")
    live.box.change_user("a0", skills={"English": 77})
    refused = live.run("export", "--yes")
    assert refused.code == 1 and "--force" in refused.said and "77" not in sales.read_text(), str(refused)
    assert live.run("export", "--check").code == 2
    assert live.run("export", "--yes", "--force").code == 0
    assert "77" in sales.read_text() and "# mine" in sales.read_text()
    git(live.folder, "commit", "-qam", "two")
    live.box.change_user("a0", skills={"English": 78})
    assert live.run("export", "--yes").code == 0


def test_one_kind(live: Tenant) -> None:
    """And a kind that there is not, with the near name."""
    assert live.run("export", "--yes", "--kind", "onecloud.teams").code == 0
    assert set(files(live)) == {"onecloud/teams/teams.yaml"} and live.reads() == 0
    wrong = live.run("export", "--yes", "--kind", "onecloud.user")
    assert wrong.code == 1 and "onecloud.users" in wrong.said


def test_gone_and_pruned(live: Tenant) -> None:
    """What is gone live is named and left, until it is asked to be taken out."""
    assert live.run("export", "--yes").code == 0
    live.box.delete_user("a2")
    kept = live.run("export", "--yes")
    assert kept.code == 0 and "a2" in kept.out and "--prune" in kept.said, str(kept)
    assert "a2:" in files(live)["onecloud/users/billing.yaml"]
    pruned = live.run("export", "--yes", "--prune")
    assert pruned.code == 0 and "a2:" not in files(live)["onecloud/users/billing.yaml"], str(pruned)


def test_exclude_and_ignore(make_tenant: MakeTenant) -> None:
    """As tenant.yaml says of the kind."""
    people = (as_seeded("a0", agent(0)), as_seeded("svc-1", agent(1)))
    tenant = make_tenant(*people)
    tenant.write({}, teams=(), kinds={"users": {"exclude": ["svc-*"], "ignore": ["extension", "skills"]}})
    assert tenant.run("export", "--yes").code == 0
    text = "".join(files(tenant).values())
    assert "a0:" in text and "svc-1" not in text and "extension" not in text and "skills" not in text


def test_odd_names(make_tenant: MakeTenant) -> None:
    """Blanks, slashes, what YAML reads as something else, other scripts: written so that they read back."""
    keys = [
        "jürgen müller",
        "a/b",
        "No",
        "null",
        "1e3",
        "0123",
        "~x",
        "a: b",
        "#1",
        "- x",
        "営業",
        "o'neil",
        'q"q',
        "é",
    ]
    tenant = tenant_alone(make_tenant(*(as_seeded(key, agent(n)) for n, key in enumerate(keys))))
    assert tenant.run("export", "--yes").code == 0
    shown = tenant.run("audit", "--format", "json")
    assert (shown.code, shown.json()["counts"]["onecloud.users"]["declared"]) == (0, len(keys)), str(shown)
    assert tenant.run("export", "--check").code == 0


def test_what_cannot_be_addressed_is_named_and_left_out(make_tenant: MakeTenant) -> None:
    """The directory lists it, and the server answers 404; so with a single refusal."""
    people = [as_seeded(key, agent(n)) for n, key in enumerate(["a0", "jürgen müller", "a2"])]
    tenant = tenant_alone(make_tenant(*people, switches={"U8": "404"}))
    tenant.box.fault({"status": 423, "body": "record is locked"}, path="/configapi/v2/user/a2")
    ran = tenant.run("export", "--yes")
    assert ran.code == 0 and "jürgen müller" in ran.out and "a2" in ran.out, str(ran)
    assert "2 not read" in ran.out and "423" in ran.said
    text = "".join(files(tenant).values())
    assert "a0:" in text and "jürgen" not in text and "a2" not in text


def test_a_directory_without_the_privilege(make_tenant: MakeTenant) -> None:
    """Says which privilege, and the way out."""
    client = {"client_id": "tests", "client_secret": "Numbat-9924-client", "privileges": ["Access Realtime Stats API"]}
    tenant = tenant_alone(make_tenant(as_seeded("a0", agent(0)), clients=[client]))
    ran = tenant.run("export", "--yes", "--kind", "onecloud.users")
    assert (ran.code, files(tenant)) == (1, {}), str(ran)
    assert "Manage users" in ran.said and "--kind" in ran.said


def test_missing_settings_are_told_at_once(live: Tenant) -> None:
    """Before any call."""
    ran = live.run("export", "--yes", ONECLOUD_CLIENT_ID=None, ONECLOUD_CLIENT_SECRET=None)
    assert ran.code == 1 and "ONECLOUD_CLIENT_ID" in ran.said and "ONECLOUD_CLIENT_SECRET" in ran.said
    assert live.box.log() == []


def test_a_mistake_in_the_folder_stops_it(live: Tenant) -> None:
    (live.folder / "x.yaml").write_text("onecloud: {users: {a0: {emial: x}}}\n")
    ran = live.run("export", "--yes")
    assert ran.code == 1 and "x.yaml:1" in ran.said and live.box.log() == []
    assert "1 error in the configuration; nothing was written" in ran.said


def test_an_environment(live: Tenant) -> None:
    """Its own folder gets what differs there."""
    base = "onecloud:\n  users:\n    a0: {first_name: First0, team: Support}\n"
    (live.folder / "people.yaml").write_text(base)
    (live.folder / "environments/prod").mkdir(parents=True)
    ran = live.run("export", "--yes", "--env", "prod")
    assert ran.code == 0, str(ran)
    assert (live.folder / "people.yaml").read_text() == base
    assert live.run("export", "--check", "--env", "prod").code == 0
    overlay = "".join(path.read_text() for path in (live.folder / "environments/prod").rglob("*.yaml"))
    assert "    a0:\n      team: Sales\n" in overlay and "    a5:\n      first_name: First5\n" in overlay


def test_many(make_tenant: MakeTenant) -> None:
    """Thousands of users: read once each, written, shown in part, and nothing to write after that."""
    count = 3_000
    tenant = make_tenant()
    people: list[Any] = [as_seeded(f"agent{n:05}", agent(n, skills={"English": n % 100})) for n in range(count)]
    tenant.box.load(seed(*({**user, "extension": str(10_000 + n)} for n, user in enumerate(people))))
    tenant_alone(tenant)
    ran: Ran = tenant.run("export", "--yes")
    assert ran.code == 0 and tenant.reads() == count, str(ran)[:2000]
    assert len(ran.out.splitlines()) < 300
    again = tenant.fresh().run("export", "--check", "--format", "json")
    assert (again.code, json.loads(again.out)["live"]["onecloud.users"]) == (0, count)
