"""Wrong input: every command shows all mistakes at once, each with its place and way out, and asks no system anything.

What the language refuses, and in which words, stands in tests/corpus.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.harness import CLIENT_SECRET, PASSWORD, Ran, Tenant, agent, agents

COMMANDS: dict[str, tuple[str, ...]] = {
    "validate": (),
    "preview": (),
    "preview --full": (),
    "audit": (),
    "refresh": (),
    "up": ("--yes",),
    "up --full --unlock": ("--yes",),
    "destroy": ("--yes",),
}
SALES = """onecloud:
  users:
    jdoe:
      first_name: Jane
      lastname: Doe
      skills: {English: high, Billing: -1}
      disabled: maybe
    rroe:
      team: Slaes
      password: in-clear
"""
SUPPORT = """onecloud:
  teams:
    Sales: {}
  users:
    rroe: {first_name: Rita}
    mmoe:
      on_remove: forget
      unlock: false
  user:
    x: {}
"""
SAID = (
    'acme/sales.yaml:5:7: onecloud.users.jdoe: unknown field "lastname"',
    'acme/sales.yaml:6:25: onecloud.users.jdoe.skills.English: must be a whole number, not "high"',
    "acme/sales.yaml:6:40: onecloud.users.jdoe.skills.Billing: must be at least 0",
    "acme/sales.yaml:7:17: onecloud.users.jdoe.disabled: must be true or false",
    'acme/sales.yaml:9:13: onecloud.users.rroe.team: the team "Slaes" is not declared',
    "acme/sales.yaml:10:17: onecloud.users.rroe.password: a secret must not stand in a file",
    "acme/support.yaml:3:5: onecloud.teams.Sales: this team is declared twice",
    "acme/support.yaml:5:5: onecloud.users.rroe: this user is declared twice",
    "acme/support.yaml:7:18: onecloud.users.mmoe.on_remove: must be one of `disable`, `delete` or `retain`",
    "acme/support.yaml:8:15: onecloud.users.mmoe.unlock: only `true` means something here",
    'acme/support.yaml:9:3: onecloud: unknown kind "user"',
)
"""How each line of a mistake begins, in the order of the places."""


def asked(tenant: Tenant, command: str, *more: str, **env: str | None) -> Ran:
    words = command.split()
    return tenant.run(*words, *COMMANDS[command], *more, **env)


def mistakes(ran: Ran) -> list[str]:
    """The lines that begin with a place."""
    return [line for line in ran.err.splitlines() if line.startswith("acme/")]


@pytest.fixture
def wrong(tenant: Tenant) -> Tenant:
    """A tenant with eleven mistakes in two files."""
    tenant.write({"fine": agent(0)})
    (tenant.folder / "sales.yaml").write_text(SALES, "utf-8")
    (tenant.folder / "support.yaml").write_text(SUPPORT, "utf-8")
    return tenant


def untouched(tenant: Tenant) -> bool:
    """No call of any kind, not even for a token, and no folder made."""
    return tenant.box.log() == [] and not (tenant.folder / ".cxconfig").exists()


def test_every_command_shows_every_mistake_in_the_same_words(wrong: Tenant) -> None:
    """File, line and column of each, in order, on standard error; exit code 1; nothing asked, nothing applied."""
    texts = set()
    for command in COMMANDS:
        ran = asked(wrong, command)
        assert (ran.code, ran.out) == (1, ""), str(ran)
        found = mistakes(ran)
        assert len(found) == len(SAID), str(ran)
        assert all(line.startswith(start) for line, start in zip(found, SAID, strict=True)), str(ran)
        assert ran.err.rstrip().endswith(f"{len(SAID)} errors in the configuration; nothing was applied")
        texts.add(ran.err)
    assert len(texts) == 1
    assert untouched(wrong)
    assert "in-clear" not in texts.pop()


def test_near_names_and_ways_out_are_shown(wrong: Tenant) -> None:
    """An unknown field, kind and team propose what exists; a second declaration names the first."""
    said = asked(wrong, "preview").said
    assert "did you mean `last_name` or `first_name`?" in said
    assert "did you mean `users`?" in said
    assert "did you mean `Sales`?" in said
    assert "also at acme/sales.yaml:8:5" in said, "where rroe was declared first"
    assert "${env:" in said, "how a secret is written"


def test_every_command_gives_the_mistakes_as_data(wrong: Tenant) -> None:
    """The same places in JSON, alone on standard output."""
    documents = []
    for command in COMMANDS:
        ran = asked(wrong, command, "--format", "json")
        assert (ran.code, ran.err) == (1, ""), str(ran)
        document = ran.json()
        assert document["exit_code"] == 1
        documents.append(document["errors"])
    errors: list[dict[str, Any]] = documents[0]
    assert all(found == errors for found in documents)
    places = [(error["place"]["file"], error["place"]["line"], error["place"]["column"]) for error in errors]
    assert [f"{file}:{line}:{column}" for file, line, column in places] == [start.split(": ")[0] for start in SAID]
    assert {error["type"] for error in errors} == {"InputError"}
    assert all(error["rule"] and error["way_out"] for error in errors), json.dumps(errors, indent=1)
    assert untouched(wrong)


def test_a_mistake_after_an_up_changes_nothing(tenant: Tenant) -> None:
    """One wrong word stops a destroy as well as an up; what was applied stays as it is, live and recorded."""
    tenant.write(agents(2))
    tenant.settled()
    live, recorded = tenant.box.users, tenant.export()
    tenant.write({"a0": agent(0, team="Support"), "a1": agent(1, emial="x@acme.example.com")})
    tenant.fresh()
    for command in ("up", "destroy", "refresh"):
        ran = asked(tenant, command)
        assert (ran.code, tenant.box.log(), tenant.box.users) == (1, [], live), str(ran)
        assert 'onecloud.users.a1: unknown field "emial"' in ran.said and "did you mean `email`?" in ran.said
    assert tenant.export() == recorded


def test_what_is_missing_in_the_environment_is_told_with_all_its_places(tenant: Tenant) -> None:
    """Settings and secrets together, unset and empty, before any call; `validate` needs neither."""
    tenant.write({"a0": agent(0, password="${env:FIRST}"), "a1": agent(1, password="${env:SECOND}"), "a2": agent(2)})
    env: dict[str, str | None] = {"ONECLOUD_CLIENT_ID": None, "ONECLOUD_CLIENT_SECRET": "", "SECOND": ""}
    for command in ("preview", "up"):
        ran = asked(tenant, command, **env)
        assert ran.code == 1, str(ran)
        found = mistakes(ran)
        assert [line.split(":")[0] for line in found] == ["acme/people.yaml"] * 2 + ["acme/tenant.yaml"] * 2
        assert all(name in ran.said for name in ("FIRST", "SECOND", "ONECLOUD_CLIENT_ID", "ONECLOUD_CLIENT_SECRET"))
        assert "4 errors in the configuration; nothing was applied" in ran.said
    audited = asked(tenant, "audit", **env)
    assert audited.code == 1
    assert [line.split(":")[0] for line in mistakes(audited)] == ["acme/tenant.yaml"] * 2, "it needs no password"
    assert tenant.box.log() == []
    valid = asked(tenant, "validate", ONECLOUD_URL=None, **env)
    assert (valid.code, valid.out) == (0, "acme: 4 onecloud teams, 3 onecloud users; no mistakes.\n"), str(valid)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ONECLOUD_URL", "http://acme.example.com", "https"),
        ("ONECLOUD_URL", "acme.example.com", "ONECLOUD_URL"),
        ("ONECLOUD_URL", "https://user:hidden@acme.example.com", "ONECLOUD_URL"),
    ],
)
def test_an_address_from_the_environment_that_cannot_be_used(tenant: Tenant, name: str, value: str, says: str) -> None:
    """The variable and its place are named, and not what is in it."""
    tenant.write({"a0": agent(0)})
    for command in ("preview", "audit", "up"):
        ran = asked(tenant, command, **{name: value})
        assert (ran.code, ran.out) == (1, ""), str(ran)
        assert "acme/tenant.yaml:5:10: systems.onecloud.url" in ran.said
        assert says in ran.said and "hidden" not in ran.text


def test_a_removal_that_a_kind_does_not_know(tenant: Tenant) -> None:
    """`delete` for teams, and a word that is none, are refused with what may stand there."""
    tenant.write({"a0": agent(0)}, kinds={"teams": {"on_remove": "delete"}, "users": {"on_remove": "remove"}})
    ran = asked(tenant, "up")
    assert (ran.code, tenant.box.log()) == (1, []), str(ran)
    assert "systems.onecloud.kinds.teams.on_remove" in ran.said and "`retain`" in ran.said
    assert "systems.onecloud.kinds.users.on_remove" in ran.said and "`disable`" in ran.said
    tenant.write({"a0": agent(0)}, kinds={"users": {"on_remove": "delete"}})
    assert asked(tenant, "validate").code == 0


def test_files_that_are_no_yaml_stop_every_command(tenant: Tenant) -> None:
    """A broken file and a mistake in another are shown together."""
    tenant.write({"a0": agent(0, team=7, first_name=["x"])})
    (tenant.folder / "broken.yaml").write_text("onecloud:\n  users: [\n", "utf-8")
    (tenant.folder / "latin.yml").write_bytes("# fünf\n".encode("latin-1"))
    for command in ("validate", "up", "audit"):
        ran = asked(tenant, command)
        assert (ran.code, tenant.box.log()) == (1, []), str(ran)
        files = [line.split(":")[0] for line in mistakes(ran)]
        assert files[0] == "acme/broken.yaml" and "acme/latin.yml" in files and "acme/people.yaml" in files, str(ran)


def test_secrets_in_clear_are_refused_and_not_repeated(tenant: Tenant) -> None:
    """Neither a password nor the client's secret may stand in a file, and the message does not show it."""
    tenant.write({"a0": agent(0, password=PASSWORD)})
    path = tenant.folder / "tenant.yaml"
    path.write_text(path.read_text("utf-8").replace("${env:ONECLOUD_CLIENT_SECRET}", CLIENT_SECRET), "utf-8")
    for command in COMMANDS:
        ran = asked(tenant, command)  # `run` itself looks for the secrets
        assert (ran.code, tenant.box.log(), len(mistakes(ran))) == (1, [], 2), str(ran)
