"""Files are replaced whole, all of them or none; modes and links stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cxconfig.errors import SettingsError
from cxconfig.writing.files import FileChange, read_text, write


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_changes_are_written(tmp_path: Path) -> None:
    """A new file in a new folder, a changed one, a removed one; what does not change is not touched."""
    old, gone, same = (tmp_path / name for name in ("old.yaml", "gone.yaml", "same.yaml"))
    for path in (old, gone, same):
        path.write_text("a: 1\r\n", newline="")
    old.chmod(0o640)
    before = same.stat()
    new = tmp_path / "sub" / "deep" / "new.yaml"
    write(
        [
            FileChange(old, "a: 1\r\n", "\ufeffa: ü\r\n"),
            FileChange(gone, "a: 1\r\n", None),
            FileChange(same, "a: 1\r\n", "a: 1\r\n"),
            FileChange(new, None, "b: 1\n"),
        ]
    )
    assert read_text(old) == "\ufeffa: ü\r\n" and old.stat().st_mode & 0o777 == 0o640
    assert read_text(gone) is None and read_text(new) == "b: 1\n"
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(tmp_path) == {"old.yaml", "same.yaml", "new.yaml"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that it leads to gets the new text."""
    real = tmp_path / "real" / "a.yaml"
    real.parent.mkdir()
    real.write_text("a: 1\n")
    link = tmp_path / "a.yaml"
    link.symlink_to(real)
    write([FileChange(link, "a: 1\n", "a: 2\n")])
    assert link.is_symlink() and real.read_text() == "a: 2\n" and names(tmp_path) == {"a.yaml"}


@pytest.mark.parametrize("on_disk", [None, "b: 1\n"])
def test_a_file_that_was_changed_meanwhile_stops_all(tmp_path: Path, on_disk: str | None) -> None:
    """Nothing is written when one file is not as it was read."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("a: 1\n")
    if on_disk is not None:
        second.write_text(on_disk)
    with pytest.raises(SettingsError, match=r"b\.yaml was changed meanwhile, so nothing was written"):
        write([FileChange(first, "a: 1\n", "a: 2\n"), FileChange(second, "x: 1\n", "x: 2\n")])
    assert first.read_text() == "a: 1\n" and read_text(second) == on_disk


def test_a_failure_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third file cannot be replaced: the first two are as before, the new folder is gone, no rest is left."""
    paths = [tmp_path / "a.yaml", tmp_path / "sub" / "b.yaml", tmp_path / "c.yaml"]
    for path in (paths[0], paths[2]):
        path.write_text("a: 1\n")
    real = os.replace
    replaced = []

    def failing(source: Path, target: Path) -> None:
        if target == paths[2]:
            raise OSError(28, "No space left on device", str(target))
        replaced.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    changes = [FileChange(p, None if p is paths[1] else "a: 1\n", "a: 2\n") for p in paths]
    with pytest.raises(OSError, match="No space"):
        write(changes)
    assert replaced[:2] == paths[:2]
    assert [read_text(path) for path in paths] == ["a: 1\n", None, "a: 1\n"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "c.yaml"]


def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new contents are all there before the first file is replaced; a file that is read-only is refused."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for path in (first, second):
        path.write_text("a: 1\n")
    monkeypatch.setattr(os, "access", lambda path, mode: path != second)
    with pytest.raises(PermissionError, match=r"b\.yaml"):
        write([FileChange(first, "a: 1\n", "a: 2\n"), FileChange(second, "a: 1\n", "a: 2\n")])
    assert first.read_text() == second.read_text() == "a: 1\n" and names(tmp_path) == {"a.yaml", "b.yaml"}


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """It names the byte."""
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(SettingsError, match="byte 0xFF is not UTF-8"):
        read_text(tmp_path / "a.yaml")


def test_what_a_killed_process_left_beside_a_file_is_taken_away(tmp_path: Path) -> None:
    """Not what another process may be writing now, and nothing of other files."""
    left, fresh, other, link = (
        tmp_path / f".{name}.tmp"
        for name in (f"p.yaml.{'0a' * 8}", f"p.yaml.{'1b' * 8}", f"q.yaml.{'0a' * 8}", f"p.yaml.{'2c' * 8}")
    )
    for path in (left, fresh, other):
        path.write_text("x")
    link.symlink_to(other)
    for path in (left, other):
        os.utime(path, (1, 1))
    write([FileChange(tmp_path / "p.yaml", None, "a: 1\n")])
    assert {path.name for path in tmp_path.iterdir()} == {"p.yaml", fresh.name, other.name, link.name}
