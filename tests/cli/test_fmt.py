"""`cxconfig fmt`: what is written, what is only told, and the exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cxconfig.cli import main

UNTIDY = "onecloud:\n    teams:\n        Sales:   {}  # asserted\n"
TIDY = "onecloud:\n  teams:\n    Sales: {}  # asserted\n"


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tenant.yaml").write_text("api_version: cxconfig/v1\ntenant: acme\n")
    overlay = tmp_path / "environments" / "prod"
    overlay.mkdir(parents=True)
    for path in (tmp_path / "a.yaml", overlay / "b.yml"):
        path.write_text(UNTIDY)
    (tmp_path / "table.csv").write_text("a,  b  \n")
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["fmt", *words])
    return int(str(caught.value.code))


def test_files_are_laid_out(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of environments too, and nothing else; the second time there is nothing to do."""
    assert run() == 0
    assert capsys.readouterr().out == (
        "laid out: a.yaml\nlaid out: environments/prod/b.yml\n3 files: 2 laid out, 1 is as it should be.\n"
    )
    assert (tenant / "a.yaml").read_text() == (tenant / "environments" / "prod" / "b.yml").read_text() == TIDY
    assert (tenant / "table.csv").read_text() == "a,  b  \n"
    assert run() == 0
    assert capsys.readouterr().out == "3 files: 3 are as they should be.\n"


def test_check_and_diff_write_nothing(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check names the files and ends with 1; --diff shows the lines."""
    assert run("--check") == 1
    assert capsys.readouterr().out == (
        "would be laid out: a.yaml\nwould be laid out: environments/prod/b.yml\n"
        "3 files: 2 would change, 1 is as it should be.\n"
    )
    assert run("--diff", "a.yaml") == 0
    out = capsys.readouterr().out
    assert "a.yaml  (+2 -2)\n" in out and "-     teams:\n" in out and "+   teams:\n" in out and "b.yml" not in out
    assert run("--check", "--diff", "environments") == 1
    assert (tenant / "a.yaml").read_text() == UNTIDY
    capsys.readouterr()
    assert run("--check", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "command": "fmt",
        "files": 3,
        "changed": ["a.yaml", "environments/prod/b.yml"],
        "written": False,
    }
    assert run("a.yaml") == run("--check", "a.yaml") == 0


def test_annotations_and_findings(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file at the first line that would change."""
    assert run("--check", "--format", "github") == 1
    assert capsys.readouterr().out.splitlines() == [
        "::error file=a.yaml,line=2,title=cxconfig fmt%3A layout::The file is not laid out. Run `cxconfig fmt`.",
        "::error file=environments/prod/b.yml,line=2,title=cxconfig fmt%3A layout::"
        "The file is not laid out. Run `cxconfig fmt`.",
        "::notice title=cxconfig fmt::3 files: 2 would change, 1 is as it should be.",
    ]
    assert run("--check", "--format", "sarif") == 1
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["layout", "layout"]
    assert run("--format", "sarif") == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


def test_mistakes_stop_everything(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them are told, with their lines, and no file is written."""
    (tenant / "x.yaml").write_text("a: [\n")
    (tenant / "y.yaml").write_text("a: 1\na: 2\n")
    assert run() == 1
    error = capsys.readouterr().err
    assert "x.yaml:" in error and "y.yaml:2:1" in error and "2 errors" in error
    assert (tenant / "a.yaml").read_text() == UNTIDY


def test_only_files_of_a_tenant_are_touched(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other YAML may have another layout for a reason."""
    (tenant / "tenant.yaml").unlink()
    assert run() == 1
    assert "holds no tenant.yaml" in capsys.readouterr().err
    (tenant / "put.sh").write_text("ls\n")
    for name in ("a.yaml", "put.sh"):
        assert run(name) == 1
        error = capsys.readouterr().err
        assert f"{name} is no YAML file of a tenant" in error and "lays out the YAML files" in error
    (tenant / "tenant.yaml").write_text("tenant: acme\n")
    assert run("table.csv") == 1
    assert "table.csv is no YAML file of a tenant" in capsys.readouterr().err


def test_what_git_does_not_hold_is_not_overwritten(tenant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--force does; --check asks nothing of git."""
    subprocess.run(["git", "init", "-q", str(tenant)], check=True, capture_output=True)
    assert run("--check") == 1
    assert run() == 1
    assert "a.yaml (not in git yet)" in capsys.readouterr().err and (tenant / "a.yaml").read_text() == UNTIDY
    assert run("--force") == 0
    assert (tenant / "a.yaml").read_text() == TIDY
