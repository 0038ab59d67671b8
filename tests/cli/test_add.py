"""`cxconfig add` as a user has it: options of every kind, one mistake or many, and the file that it goes to."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from cxconfig.language.keywords import keywords_of
from cxconfig.language.shape import FlagShape, fields_of
from cxconfig.schema.fields import field_help
from providers.registry import REGISTRY
from tests.engine.harness import Ran, ours

TENANT = """\
api_version: cxconfig/v1
tenant: acme
systems:
  onecloud: {url: 'https://acme.example.com', client_id: api, client_secret: '${env:SECRET}'}
"""
PEOPLE = """\
onecloud:
  teams: {Sales: {}, Support: {}}
  templates: {users: {sales: {team: Sales}}}
  users:
    # the boss
    boss: {first_name: B, team: Support}   # keep
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tenant.yaml").write_text(TENANT)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    return tmp_path


def cxconfig(folder: Path, *words: str) -> Ran:
    ran = ours(words, folder, os.environ)
    assert "Traceback" not in ran.err
    return ran


JANE = (
    *("jdoe", "--first-name", "Jane", "--last-name", "Doe", "--team", "Sales", "--skills", "English=90"),
    *("--skills", "Billing=5", "--roles", "Agent", "--roles", "Supervisor", "--password", "${env:INITIAL_PASSWORD}"),
    *("--extension", "0123", "--mobile-phone", "+15551234567", "--change-password", "--extends", "sales"),
)


def test_a_user(folder: Path) -> None:
    """Appended to the file of the others; the rest of it stays; the phone number is not on the screen."""
    ran = cxconfig(folder, "add", "user", *JANE)
    assert ran.code == 0, str(ran)
    assert (folder / "people.yaml").read_text() == PEOPLE + (
        "    jdoe:\n      extends: sales\n      first_name: Jane\n      last_name: Doe\n      team: Sales\n"
        '      extension: "0123"\n      mobile_phone: "+15551234567"\n      change_password: true\n'
        "      skills: {English: 90, Billing: 5}\n      roles: [Agent, Supervisor]\n"
        "      password: ${env:INITIAL_PASSWORD}\n"
    )
    assert "Added the user jdoe to people.yaml." in ran.out and "first_name: Jane" in ran.out
    assert "555" not in ran.text
    assert cxconfig(folder, "validate").out == "acme: 2 onecloud teams, 2 onecloud users; no mistakes.\n"


def test_from_elsewhere_and_to_a_named_file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """-C and --folder name the tenant, --file a file below it; the full name of the kind works as well."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    words = ("add", "onecloud.team", "Night Shift", "-C", str(folder), "--file", "more/teams.yaml")
    ran = cxconfig(elsewhere, *words)
    assert ran.code == 0, str(ran)
    assert (folder / "more/teams.yaml").read_text() == "onecloud:\n  teams:\n    Night Shift: {}\n"
    assert cxconfig(elsewhere, "add", "team", "night shift", "--folder", str(folder)).code == 1


def test_every_mistake_at_once_with_its_option(folder: Path) -> None:
    """Nothing is written, and the secret is not shown."""
    words = ("--team", "Sale", "--skills", "English=x", "--skills", "y", "--password", "hunter2", "--extends", "none")
    ran = cxconfig(folder, "add", "user", "jdoe", *words, "--no-unlock", "--on-remove", "never")
    assert ran.code == 1 and (folder / "people.yaml").read_text() == PEOPLE
    found = re.findall(r"^(--[\w-]+):", ran.err, re.MULTILINE)
    assert sorted(set(found)) == ["--extends", "--on-remove", "--password", "--skills", "--team", "--unlock"], str(ran)
    assert "hunter2" not in ran.text and "Sales" in ran.err


@pytest.mark.parametrize(("key", "said"), [("boss", "people.yaml:6"), ("BOSS", "differs only by case"), (" x", "KEY")])
def test_a_name_that_cannot_be_added(folder: Path, key: str, said: str) -> None:
    ran = cxconfig(folder, "add", "user", key)
    assert ran.code == 1 and said in ran.said and (folder / "people.yaml").read_text() == PEOPLE, str(ran)


def test_a_folder_with_mistakes_is_not_touched(folder: Path) -> None:
    (folder / "bad.yaml").write_text("onecloud: {users: {x: {emial: y}}}\n")
    ran = cxconfig(folder, "add", "user", "jdoe")
    assert ran.code == 1 and "bad.yaml:1" in ran.err and (folder / "people.yaml").read_text() == PEOPLE
    assert "1 error in the configuration; nothing was written" in ran.err


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_every_kind_has_its_fields_as_options(kind: object, folder: Path) -> None:
    """With the meaning of each, from the model; `add --help` names the kind."""
    from cxconfig.kinds import Kind

    assert isinstance(kind, Kind)
    shown = cxconfig(folder, "add", kind.singular, "--help")
    options = re.findall(r"^  (?:-\w, )?--([\w-]+)", shown.out, re.MULTILINE)
    expected = [name.replace("_", "-") for name in (*kind.specs, *keywords_of(kind))]
    assert options == [*expected, "folder", "file", "env", "help"]
    for name in kind.specs:
        assert field_help(kind, name).meaning.replace("`", "").split()[0] in shown.out
        option = f"--no-{name.replace('_', '-')}"
        assert (option in shown.out) is isinstance(fields_of(kind.model)[name], FlagShape)
    word = kind.singular.casefold().replace(" ", "_")
    assert re.search(rf"^  {word} ", cxconfig(folder, "add", "--help").out, re.MULTILINE)
    for other in (kind.singular.upper(), kind.name, kind.id, f"{kind.system}.{word}"):
        assert cxconfig(folder, "add", other, "--help").code == 0, other


def test_a_kind_that_there_is_not(folder: Path) -> None:
    ran = cxconfig(folder, "add", "usr", "jdoe")
    assert ran.code == 1 and "Did you mean 'user'?" in ran.said
    assert cxconfig(folder, "add", "user").code == 1
