"""`cxconfig migrate`: shown, asked, checked, written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cxconfig.cli import main
from cxconfig.language import load
from cxconfig.writing import migrations
from cxconfig.writing.editor import Editor
from cxconfig.writing.migrations import Migration
from providers.registry import REGISTRY

TENANT = """\
# acme
api_version: cxconfig/v0  # old
tenant: acme
systems:
  onecloud: {url: "https://acme.example.com", client_id: x, client_secret: "${env:SECRET}"}
"""
PEOPLE = """\
onecloud:
  teams:
    Sales: {}
# everybody
persons:
  # Jane
  jdoe:  # first
    given: Jane  # her
"""
MIGRATED = """\
onecloud:
  teams:
    Sales: {}
  # everybody
  users:
    # Jane
    jdoe:  # first
      first_name: Jane  # her
"""


def older(editor: Editor) -> None:
    """A version before the first, made up: `persons` for the users, and `given` for the first name."""
    for name in editor.keys(("persons",)):
        editor.rename(("persons", name, "given"), "first_name")
    editor.move(("persons",), ("onecloud", "users"))


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(migrations, "MIGRATIONS", (Migration("cxconfig/v0", "cxconfig/v1", older),))
    (tmp_path / "tenant.yaml").write_text(TENANT)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["migrate", *words])
    return int(str(caught.value.code))


def test_an_older_tenant_becomes_one_that_loads(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The changes are shown; comments are where they were; afterwards there is nothing to do."""
    assert run("--yes") == 0
    out = capsys.readouterr().out
    assert "people.yaml  (+5 -5)\n" in out
    assert "- api_version: cxconfig/v0  # old\n+ api_version: cxconfig/v1  # old\n" in out
    assert out.endswith(".: cxconfig/v0 became cxconfig/v1.\n")
    assert (tenant / "tenant.yaml").read_text() == TENANT.replace("v0", "v1")
    assert (tenant / "people.yaml").read_text() == MIGRATED
    assert load(tenant, REGISTRY).objects["onecloud.users"]["jdoe"].values["first_name"] == "Jane"
    assert run() == 0
    assert capsys.readouterr().out == ".: the files are of the current version, cxconfig/v1.\n"


def test_without_a_terminal_it_takes_yes(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written without an answer."""
    assert run() == 1
    assert "Add --yes to write without a question." in capsys.readouterr().err
    assert (tenant / "people.yaml").read_text() == PEOPLE


def test_the_answer_counts(tenant: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """No: nothing is written, and the exit code is 130. Yes: it is."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda question, **_: "n")
    assert run() == 130
    assert "nothing was written" in capsys.readouterr().err and (tenant / "people.yaml").read_text() == PEOPLE
    asked: list[str] = []

    def yes(question: str, **_: object) -> str:
        asked.append(question)
        return "y"

    monkeypatch.setattr("click.prompt", yes)
    assert run() == 0
    assert asked == ["Migrate 2 files from cxconfig/v0 to cxconfig/v1? [y/N]"]
    assert (tenant / "people.yaml").read_text() == MIGRATED


def test_what_would_not_load_is_not_written(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The outcome is checked first, with every environment."""
    overlay = tenant / "environments" / "prod"
    overlay.mkdir(parents=True)
    (overlay / "a.yaml").write_text("persons: {jdoe: {fist_name: J}}\n")
    assert run("--yes") == 1
    assert "fist_name" in capsys.readouterr().err and (tenant / "people.yaml").read_text() == PEOPLE


def test_an_unclean_folder_and_an_unknown_version(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both ways out are named."""
    subprocess.run(["git", "init", "-q", str(tenant)], check=True, capture_output=True)
    assert run("--yes") == 1
    assert "or add --force" in capsys.readouterr().err and (tenant / "people.yaml").read_text() == PEOPLE
    assert run("--yes", "--force") == 0
    (tenant / "tenant.yaml").write_text(TENANT.replace("v0", "v7"))
    assert run("--yes") == 1
    assert "Install a cxconfig that knows it, or write cxconfig/v1" in " ".join(capsys.readouterr().err.split())
