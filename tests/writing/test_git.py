"""What git does not hold yet is not overwritten."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cxconfig.errors import SettingsError
from cxconfig.writing import git
from cxconfig.writing.git import refuse_unclean


def run(folder: Path, *words: str) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    name = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *words], cwd=folder, env=os.environ | settings, check=True, capture_output=True)


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    """A committed tenant beside another folder of the same repository."""
    folder = tmp_path / "acme"
    (folder / "people").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    for path in ("acme/tenant.yaml", "acme/people/a b.yaml", "other/x.yaml"):
        (tmp_path / path).write_text("a: 1\n")
    (tmp_path / ".gitignore").write_text(".cxconfig\n")
    run(tmp_path, "init", "-q")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "-q", "-m", "x")
    return folder


def test_what_a_killed_run_left_is_no_change(tenant: Path) -> None:
    (tenant / f".tenant.yaml.{'0a' * 8}.tmp").write_text("x")
    refuse_unclean(tenant)
    (tenant / ".tenant.yaml.tmp").write_text("x")
    with pytest.raises(SettingsError, match=r"\.tenant\.yaml\.tmp"):
        refuse_unclean(tenant)


def test_a_clean_folder_may_be_written_to(tenant: Path) -> None:
    """Whatever happens elsewhere in the repository, and what git ignores."""
    (tenant.parent / "other" / "x.yaml").write_text("a: 2\n")
    (tenant / ".cxconfig").mkdir()
    (tenant / ".cxconfig" / "state").write_text("x")
    refuse_unclean(tenant, [tenant / "tenant.yaml", tenant / "new.yaml"])
    refuse_unclean(tenant / "not-there-yet")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("modified", "people/a b.yaml (modified)"),
        ("staged", "people/a b.yaml (modified)"),
        ("untracked", "new.yaml (not in git yet)"),
        ("deleted", "people/a b.yaml (deleted)"),
        ("renamed", "people/c.yaml (renamed)"),
    ],
)
def test_an_unclean_folder_is_refused(tenant: Path, change: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the files and both ways out; --force writes."""
    monkeypatch.chdir(tenant)
    file = tenant / "people" / "a b.yaml"
    if change in ("modified", "staged"):
        file.write_text("a: 2\n")
    if change == "staged":
        run(tenant, "add", ".")
    if change == "untracked":
        (tenant / "new.yaml").write_text("")
    if change == "deleted":
        file.unlink()
    if change == "renamed":
        run(tenant, "mv", "people/a b.yaml", "people/c.yaml")
    with pytest.raises(SettingsError) as caught:
        refuse_unclean(tenant)
    assert caught.value.what == f"there are changes that are not committed, so nothing was written: {said}"
    assert caught.value.way_out == "Commit or stash them first, so that nothing can be lost, or add --force."
    refuse_unclean(tenant, force=True)


def test_many_files_are_counted(tenant: Path) -> None:
    """Five are named."""
    for number in range(9):
        (tenant / f"n{number}.yaml").write_text("")
    with pytest.raises(SettingsError, match=r"(?m)n4\.yaml \(not in git yet\) and 4 more$"):
        refuse_unclean(tenant)


def test_a_file_that_a_link_leads_to_counts(tenant: Path) -> None:
    """It lies outside of the tenant's folder."""
    real = tenant.parent / "other" / "x.yaml"
    (tenant / "link.yaml").symlink_to(real)
    run(tenant, "add", ".")
    run(tenant, "commit", "-q", "-m", "link")
    refuse_unclean(tenant, [tenant / "link.yaml"])
    real.write_text("a: 2\n")
    with pytest.raises(SettingsError, match=r"other/x\.yaml \(modified\)"):
        refuse_unclean(tenant, [tenant / "link.yaml"])


def test_in_a_hook_the_folder_counts_and_not_the_hooks_repository(
    tenant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git sets GIT_DIR for hooks."""
    monkeypatch.setenv("GIT_DIR", "nowhere")
    refuse_unclean(tenant)


def test_without_git_or_a_repository_nothing_is_held_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of its own; no executable."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.yaml").write_text("")
    refuse_unclean(tmp_path, [tmp_path / "a.yaml"])
    monkeypatch.setenv("PATH", str(tmp_path))
    refuse_unclean(tmp_path)


def test_what_git_cannot_tell_is_refused(tenant: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken repository, and a git that does not answer."""
    (tenant / "new.yaml").write_text("")
    monkeypatch.setattr(git, "SECONDS", 0)
    with pytest.raises(SettingsError, match=r"git cannot tell whether the files in .*: no answer in 0 s"):
        refuse_unclean(tenant)
    monkeypatch.undo()
    (tenant.parent / ".git" / "index").write_bytes(b"broken")
    with pytest.raises(SettingsError, match="git cannot tell") as caught:
        refuse_unclean(tenant)
    assert "--force" in caught.value.way_out
    refuse_unclean(tenant, force=True)
