"""Generated passwords: how they are made, and the file in which they are handed out."""

from __future__ import annotations

import csv
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cxconfig.errors import SettingsError
from cxconfig.handed_out import CLASSES, COLUMNS, UNCLEAR, HandedOut, file_for, made, told, waiting
from cxconfig.planning.plan import PasswordFile


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("length", [12, 20, 128])
def test_a_password_has_every_class_of_characters(length: int) -> None:
    """A letter first, none that are taken for one another, and never the same."""
    found = [made(length) for _ in range(200)]
    assert {len(password) for password in found} == {length}
    assert len(set(found)) == len(found)
    for password in found:
        assert all(set(password) & set(characters) for characters in CLASSES)
        assert password[0].isalpha() and not set(password) & UNCLEAR
        assert not set(password) - {c for characters in CLASSES for c in characters}


def test_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    """Made with the first password, in a folder that git ignores; a key is quoted as CSV wants it."""
    path = file_for(tmp_path, "acme")
    assert path.parent == tmp_path / ".cxconfig" / "passwords"
    before = os.umask(0)
    try:
        HandedOut(path).add("onecloud", "users", 'o"brien, pat', "secret-1")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text("utf-8") == "*\n"
    head, row = rows(path)
    assert tuple(head) == COLUMNS
    assert row[:4] == ["onecloud", "users", 'o"brien, pat', "secret-1"] and row[4].endswith("+00:00")


def test_a_line_is_on_the_disk_before_anything_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`add` returns when the line was flushed."""
    flushed: list[os.stat_result] = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle)))
    path = file_for(tmp_path, "acme")
    HandedOut(path).add("onecloud", "users", "a", "secret-1")
    HandedOut(path).add("onecloud", "users", "b", "secret-2")
    sizes = [info.st_size for info in flushed if stat.S_ISREG(info.st_mode)]
    assert 0 < sizes[0] < sizes[1] == path.stat().st_size, "the file with its whole line, each time"


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """With the way out, and without the password."""
    (tmp_path / ".cxconfig").write_text("", "utf-8")
    with pytest.raises(SettingsError) as caught:
        HandedOut(file_for(tmp_path, "acme")).add("onecloud", "users", "a", "secret-1")
    assert "none was set" in caught.value.what and caught.value.way_out and "secret-1" not in str(caught.value)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nobody can have the passwords put elsewhere."""
    path = file_for(tmp_path, "acme")
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError):
        HandedOut(path).add("onecloud", "users", "a", "secret-1")
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_not_set_is_taken_out_again(tmp_path: Path) -> None:
    """That line alone; with the last one the file goes."""
    path = file_for(tmp_path, "acme")
    file = HandedOut(path)
    for key, password in (("a", "secret-1"), ("a", "secret-2"), ("b", "secret-3")):
        file.add("onecloud", "users", key, password)
    file.take_out("onecloud", "users", "a", "secret-1")
    assert [row[3] for row in rows(path)[1:]] == ["secret-2", "secret-3"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.take_out("onecloud", "users", "a", "secret-2")
    file.take_out("onecloud", "users", "b", "secret-3")
    assert [found.name for found in path.parent.iterdir()] == [".gitignore"]
    file.take_out("onecloud", "users", "b", "secret-3")


def test_many_at_a_time(tmp_path: Path) -> None:
    """Whole lines, one head, whatever is taken out between."""
    path = file_for(tmp_path, "acme")
    file = HandedOut(path)

    def one(number: int) -> None:
        file.add("onecloud", "users", f"u{number}", f"secret-{number}")
        if number % 3 == 0:
            file.take_out("onecloud", "users", f"u{number}", f"secret-{number}")

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(120)))
    head, *found = rows(path)
    assert tuple(head) == COLUMNS
    assert sorted(row[2] for row in found) == sorted(f"u{number}" for number in range(120) if number % 3)


def test_what_waits_to_be_handed_out(tmp_path: Path) -> None:
    """The files of this stack, oldest first; not those of an environment's, and nothing where there is none."""
    assert waiting(tmp_path, "acme") == ()
    folder = tmp_path / ".cxconfig" / "passwords"
    folder.mkdir(parents=True)
    for name, lines in (
        ("acme-20261125T140000-7.csv", 2),
        ("acme-20261124T140000-9.csv", 1),
        ("acme-prod-20261125T140000-7.csv", 5),
        ("acme-20261125T140000-7.csv.new", 5),
    ):
        (folder / name).write_text("\n".join([",".join(COLUMNS), *["a,b,c,d,e"] * lines]) + "\n", "utf-8")
    found = waiting(tmp_path, "acme")
    assert [(Path(one.path).name, one.count) for one in found] == [
        ("acme-20261124T140000-9.csv", 1),
        ("acme-20261125T140000-7.csv", 2),
    ]
    assert told(found[0]) == f"1 generated password stands in {folder / 'acme-20261124T140000-9.csv'}, " + REST
    assert told(PasswordFile("x.csv", 2_000)) == "2,000 generated passwords stand in x.csv, " + REST


REST = "which you alone can read: hand them out, then delete the file"


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    """No password goes where somebody has put a link, and that place stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    elsewhere.chmod(0o755)
    path = file_for(tmp_path, "acme")
    path.parent.parent.mkdir()
    path.parent.symlink_to(elsewhere)
    with pytest.raises(SettingsError, match="is a link, and nothing private"):
        HandedOut(path).add("onecloud", "users", "jdoe", "secret")
    assert list(elsewhere.iterdir()) == [] and elsewhere.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_a_spreadsheet_has_saved(tmp_path: Path, encoding: str) -> None:
    """It is named all the same, beside others, and nothing is taken out of it."""
    first, second = file_for(tmp_path, "acme"), file_for(tmp_path, "acme").with_name("acme-20991231T000000-1.csv")
    for path in (first, second):
        HandedOut(path).add("onecloud", "users", "Zoë", "secret-1")
        HandedOut(path).add("onecloud", "users", "b", "secret-2")
    first.write_text(first.read_text("utf-8"), encoding)
    assert waiting(tmp_path, "acme") == (PasswordFile(str(first), 2), PasswordFile(str(second), 2))
    HandedOut(first).take_out("onecloud", "users", "b", "secret-2")
    assert "secret-2" in first.read_text(encoding)


def test_a_file_that_cannot_be_counted_is_named(tmp_path: Path) -> None:
    """A line longer than the reader takes, and what is no file at all."""
    path = file_for(tmp_path, "acme")
    HandedOut(path).add("onecloud", "users", "a" * (csv.field_size_limit() + 1), "secret-1")
    folder = path.with_name("acme-20991231T000000-1.csv")
    folder.mkdir()
    assert waiting(tmp_path, "acme") == (PasswordFile(str(path), 1), PasswordFile(str(folder), 0))
    assert told(PasswordFile("x", 0)).startswith("some generated passwords stand in x, ")
