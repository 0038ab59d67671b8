"""A made-up version 2 of the language, all the way: what it renames and moves, and what it leaves byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.language import versions
from cxconfig.writing import migrations
from cxconfig.writing.editor import Editor
from cxconfig.writing.files import write
from cxconfig.writing.migrations import Migration, planned


def people_first(editor: Editor) -> None:
    """Version 2 made up: `first_name` is `given_name`, `onecloud.users` is `people.users`."""
    for name in editor.keys(("onecloud", "users")):
        editor.rename(("onecloud", "users", name, "first_name"), "given_name")
    editor.move(("onecloud", "users"), ("people", "users"))


V2 = (Migration("cxconfig/v1", "cxconfig/v2", people_first),)
V3 = (*V2, Migration("cxconfig/v2", "cxconfig/v3", lambda editor: editor.rename(("people",), "persons")))

TENANT = "# our tenant\r\napi_version:   cxconfig/v1   # the first\r\ntenant: acme\r\n"
PEOPLE = """\
# people of acme
onecloud:
  teams:
    Sales: {}   # asserted

  # everybody
  users:  # all of them
    # Jane
    jdoe:
      first_name:   "Jane"   # her name
      # a note
      skills: {English: 90,   Billing: 50}

    joe: {last_name: 'Roe', first_name: Joe}
  # the end
"""
PEOPLE_2 = """\
# people of acme
onecloud:
  teams:
    Sales: {}   # asserted

  # the end
people:
  # everybody
  users:  # all of them
    # Jane
    jdoe:
      given_name:   "Jane"   # her name
      # a note
      skills: {English: 90,   Billing: 50}

    joe: {last_name: 'Roe', given_name: Joe}
"""


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    (tmp_path / "tenant.yaml").write_bytes(TENANT.encode())
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "a.yaml").write_text(PEOPLE)
    overlay = tmp_path / "environments" / "prod"
    overlay.mkdir(parents=True)
    (overlay / "b.yaml").write_text("api_version: cxconfig/v1\nonecloud: {users: {jdoe: {first_name: J}}}  # prod\n")
    (tmp_path / "c.yaml").write_text("onecloud:\n  teams: {A: {}}\n")
    return tmp_path


def test_every_file_is_brought_to_version_2(tenant: Path) -> None:
    """Renamed and moved with all comments; environments too; what has nothing of it is not touched."""
    plan = planned(tenant, V2, "cxconfig/v2")
    assert plan.version == "cxconfig/v1"
    assert {change.path.relative_to(tenant).as_posix() for change in plan.changes} == {
        "tenant.yaml",
        "people/a.yaml",
        "environments/prod/b.yaml",
    }
    write(plan.changes)
    assert (tenant / "tenant.yaml").read_bytes() == TENANT.replace("v1", "v2").encode()
    assert (tenant / "people" / "a.yaml").read_text() == PEOPLE_2
    overlay = (tenant / "environments" / "prod" / "b.yaml").read_text()
    assert overlay == (
        "api_version: cxconfig/v2\nonecloud: {}  # prod\npeople:\n  users:\n    jdoe: {given_name: J}\n"
    ), overlay
    assert planned(tenant, V2, "cxconfig/v2").changes == []


def test_versions_are_passed_one_after_the_other(tenant: Path) -> None:
    """From 1 to 3 over 2, and a file that is of version 2 already from there."""
    (tenant / "d.yaml").write_text("api_version: cxconfig/v2\npeople: {}\n")
    changes = {change.path.name: change.after for change in planned(tenant, V3, "cxconfig/v3").changes}
    assert changes["a.yaml"] == PEOPLE_2.replace("people:\n", "persons:\n")
    assert changes["d.yaml"] == "api_version: cxconfig/v3\npersons: {}\n"


@pytest.mark.parametrize(
    ("version", "way_out"),
    [
        (
            "cxconfig/v9",
            "Install a cxconfig that knows it, or write cxconfig/v2 if the files are of that version.",
        ),
        ("v1", "Write cxconfig/v2."),
        ("cxconfig/v0", "Write cxconfig/v2."),
    ],
)
def test_a_version_that_nothing_leads_away_from(tenant: Path, version: str, way_out: str) -> None:
    """Nothing is planned; the error names the file, both versions and the ways out."""
    (tenant / "tenant.yaml").write_text(TENANT.replace("cxconfig/v1", version))
    with pytest.raises(SettingsError) as caught:
        planned(tenant, V2, "cxconfig/v2")
    assert f'tenant.yaml: api_version is "{version}", and this cxconfig knows cxconfig/v2' in caught.value.what
    assert "it migrates from cxconfig/v1" in caught.value.what and caught.value.way_out == way_out


def test_files_that_cannot_be_read_are_told_at_once(tenant: Path) -> None:
    """And a tenant.yaml without a version."""
    (tenant / "tenant.yaml").write_text("tenant: acme\n")
    with pytest.raises(SettingsError, match="api_version is missing"):
        planned(tenant, V2, "cxconfig/v2")
    (tenant / "x.yaml").write_text("a: [\n")
    (tenant / "y.yaml").write_text("a: {\n")
    with pytest.raises(InputErrors) as caught:
        planned(tenant, V2, "cxconfig/v2")
    assert len(caught.value.errors) == 2
    (tenant / "z.yaml").write_bytes(b"\xff")
    with pytest.raises(InputErrors, match="not UTF-8"):
        planned(tenant, V2, "cxconfig/v2")


def test_the_language_knows_which_versions_can_be_migrated() -> None:
    """`load` names `cxconfig migrate` for just the versions that there is a way from."""
    sources = {step.source for step in migrations.MIGRATIONS}
    assert {version for version in sources if version != versions.API_VERSION} == versions.OLDER
    for version in versions.OLDER:
        assert migrations.steps(version, migrations.MIGRATIONS, versions.API_VERSION, "x")
    way_out = versions.other_version("cxconfig/v1", "cxconfig/v2", frozenset({"cxconfig/v1"}))
    assert way_out == "run `cxconfig migrate`, which brings the files to cxconfig/v2"
