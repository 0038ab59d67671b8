"""The files with what replacements carry over: ours alone, whole or not there, and nobody else's values."""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import SettingsError
from cxconfig.kept_files import FileKeeper, KeptFiles
from cxconfig.planning.plan import Kept
from providers.registry import REGISTRY

USERS = "onecloud.users"
PHONE = "+47 555 010 4477"
VALUES = {"work_phone": PHONE, "skills": {"English": 90}, "roles": ["Agent"], "change_password": True}
JDOE = Kept(USERS, "jdoe", "here", "2026-11-25T18:01:02.000003+00:00", VALUES)


def files(folder: Path, tenant: str = "acme") -> KeptFiles:
    return KeptFiles(folder, tenant)


def everything(folder: Path, tenant: str = "acme", origin: str | None = "here") -> list[Kept]:
    return files(folder, tenant).all(REGISTRY, lambda _: origin)


def only(folder: Path) -> Path:
    (path,) = (folder / ".cxconfig" / "replacements" / "acme").iterdir()
    return path


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    """By its object and in the list of all; once it is forgotten nothing is left but the folder."""
    assert everything(tmp_path) == [] and files(tmp_path).find(REGISTRY, USERS, "jdoe", "here") is None
    others = [replace(JDOE, key=key) for key in ("ü/..", "JDOE", "\udc80")]
    for kept in (JDOE, *others):
        files(tmp_path).put(kept)
    assert sorted(everything(tmp_path), key=lambda k: k.key) == sorted((JDOE, *others), key=lambda k: k.key)
    for kept in (JDOE, *others):
        assert files(tmp_path).find(REGISTRY, USERS, kept.key, "here") == kept
        files(tmp_path).forget(kept, REGISTRY)
    assert everything(tmp_path) == [] and not list((tmp_path / ".cxconfig" / "replacements" / "acme").iterdir())


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Nor does git take it, and no text of it names a value; in a folder that is there already, too."""
    before = os.umask(0)
    try:
        (tmp_path / ".cxconfig" / "replacements").mkdir(mode=0o755, parents=True)
        files(tmp_path).put(JDOE)
    finally:
        os.umask(before)
    path = only(tmp_path)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert (path.parent.parent / ".gitignore").read_text("utf-8") == "*\n"
    assert "jdoe" not in path.name and PHONE not in repr(JDOE)


def test_it_is_on_the_disk_before_anything_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with all of it, then its folder; until it has its name there is none."""
    flushed: list[tuple[bool, int]] = []

    def fsync(handle: int) -> None:
        info = os.fstat(handle)
        named = list((tmp_path / ".cxconfig" / "replacements" / "acme").glob("*.json"))
        flushed.append((stat.S_ISDIR(info.st_mode), info.st_size if not stat.S_ISDIR(info.st_mode) else len(named)))

    files(tmp_path).put(replace(JDOE, key="other"))
    monkeypatch.setattr(os, "fsync", fsync)
    files(tmp_path).put(JDOE)
    size = max(path.stat().st_size for path in only_folder(tmp_path).iterdir())
    assert [folder for folder, _ in flushed] == [False, True] and flushed[1][1] == 2
    assert 0 < flushed[0][1] <= size


def only_folder(folder: Path) -> Path:
    return folder / ".cxconfig" / "replacements" / "acme"


def test_a_write_that_fails_is_an_error(tmp_path: Path) -> None:
    """With the way out, and without a value; what was kept before is still there."""
    keeper = FileKeeper(files(tmp_path), REGISTRY, USERS, "jdoe", "here")
    (tmp_path / ".cxconfig").write_text("", "utf-8")
    with pytest.raises(SettingsError, match="so nothing was deleted") as caught:
        keeper.keep(VALUES)
    assert PHONE not in str(caught.value) and caught.value.way_out and keeper.kept is None


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """A kill while it was written: it has no name yet, is written anew, and is swept away."""
    files(tmp_path).put(JDOE)
    half = only(tmp_path).with_name(only(tmp_path).name + ".new")
    half.write_text('{"kind": "onecl', "utf-8")
    half.chmod(0o666)
    assert everything(tmp_path) == [JDOE]
    newer = replace(JDOE, time="2026-11-26T18:01:02+00:00")
    files(tmp_path).put(newer)
    assert everything(tmp_path) == [newer] and stat.S_IMODE(only(tmp_path).stat().st_mode) == 0o600
    half.write_text("", "utf-8")
    files(tmp_path).tidy()
    assert only(tmp_path) != half and everything(tmp_path) == [newer]
    files(tmp_path / "nowhere").tidy()


def test_only_what_was_seen_is_removed(tmp_path: Path) -> None:
    """A run that went on meanwhile may have kept newer values under the same name."""
    newer = replace(JDOE, time="2026-11-26T18:01:02+00:00")
    files(tmp_path).put(newer)
    files(tmp_path).forget(JDOE, REGISTRY)
    files(tmp_path).forget(replace(JDOE, key="nobody"), REGISTRY)
    assert everything(tmp_path) == [newer]


def test_stacks_and_live_tenants_do_not_mix(tmp_path: Path) -> None:
    """The same login in two environments of one folder, and behind another address."""
    files(tmp_path, "acme").put(JDOE)
    files(tmp_path, "acme-prod").put(replace(JDOE, values={"work_phone": "1"}))
    files(tmp_path, "acme").put(replace(JDOE, origin="there", values={"work_phone": "2"}))
    assert everything(tmp_path) == [JDOE]
    assert [kept.values["work_phone"] for kept in everything(tmp_path, "acme-prod")] == ["1"]
    assert [kept.values["work_phone"] for kept in everything(tmp_path, "acme", "there")] == ["2"]
    assert everything(tmp_path, "acme", None) == []
    assert files(tmp_path).find(REGISTRY, USERS, "jdoe", "elsewhere") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_can_read_or_write_is_refused(mode: int, tmp_path: Path) -> None:
    """Whoever can write it could give a user anything."""
    files(tmp_path).put(JDOE)
    only(tmp_path).chmod(mode)
    for read in (everything, lambda folder: files(folder).find(REGISTRY, USERS, "jdoe", "here")):
        with pytest.raises(SettingsError, match=f"others can read or write it \\(mode 0{mode:o}\\)") as caught:
            read(tmp_path)
        assert str(only(tmp_path)) in caught.value.what and "its other values are lost" in caught.value.way_out
    files(tmp_path).forget(JDOE, REGISTRY)
    assert only(tmp_path).exists(), "what is not trusted is not removed either"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a file away")
def test_somebody_elses_file_is_refused(tmp_path: Path) -> None:
    """Although it can be read."""
    files(tmp_path).put(JDOE)
    os.chown(only(tmp_path), 12345, -1)
    with pytest.raises(SettingsError, match="not a file of yours"):
        everything(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    """Nobody can have another file read in its place."""
    files(tmp_path).put(JDOE)
    path = only(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="cannot be read"):
        everything(tmp_path)
    files(tmp_path).put(JDOE)
    assert everything(tmp_path) == [JDOE] and not path.is_symlink()


def test_what_an_object_lacks_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    """With the time of the replacement; a file that does not say `made` is of one that was not created again."""
    keeper = FileKeeper(files(tmp_path), REGISTRY, USERS, "jdoe", "here")
    keeper.lacks(VALUES)
    assert everything(tmp_path) == [], "nothing was kept"
    keeper.keep(VALUES)
    path, (before,) = only(tmp_path), everything(tmp_path)
    keeper.lacks({"roles": ["Agent"]})
    assert everything(tmp_path) == [replace(before, values={"roles": ["Agent"]}, made=True)] == [keeper.kept]
    assert (files(tmp_path).path(before), stat.S_IMODE(path.stat().st_mode)) == (path, 0o600)
    keeper.forget()
    assert everything(tmp_path) == []
    files(tmp_path).put(JDOE)
    only(tmp_path).write_text(changed(), "utf-8")
    assert everything(tmp_path) == [JDOE] and not JDOE.made


def changed(**values: Any) -> str:
    return json.dumps({name: getattr(JDOE, name) for name in ("kind", "key", "origin", "time", "values")} | values)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "damaged"),
        (changed()[:-9], "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        (changed(more=1), "damaged"),
        (changed(time="yesterday"), "damaged"),
        (changed(time=7), "damaged"),
        (changed(key=["jdoe"]), "damaged"),
        (changed(values=["12"]), "damaged"),
        (changed(made="yes"), "damaged"),
        (changed(recorded=7), "damaged"),
        (changed(key="mallory"), "damaged"),
        (changed(origin="there"), "damaged"),
        (changed(values={"password": "x"}), "does not hold what this version"),
        (changed(values={"on_remove": "delete"}), "does not hold what this version"),
        (changed(values={"nonsense": "x"}), "does not hold what this version"),
        (changed(values={"skills": {"English": "high"}}), "does not hold what this version"),
        (changed(values={"work_phone": [PHONE]}), "does not hold what this version"),
        ("[" * 200_000, "damaged"),
        (" " * 1_100_000, "too large"),
    ],
)
def test_a_damaged_file_is_refused(content: str, said: str, tmp_path: Path) -> None:
    """Taking it for empty would lose the values in silence; no text of it is told."""
    files(tmp_path).put(JDOE)
    only(tmp_path).write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=said) as caught:
        everything(tmp_path)
    assert PHONE not in str(caught.value) and "English" not in str(caught.value)
    assert "remove it" in caught.value.way_out


def test_a_kind_of_another_version_is_refused(tmp_path: Path) -> None:
    """Nobody here knows its fields."""
    files(tmp_path).put(replace(JDOE, kind="onecloud.robots"))
    with pytest.raises(SettingsError, match="another version"):
        everything(tmp_path)


def test_a_keeper_keeps_and_forgets(tmp_path: Path) -> None:
    """And says what it has."""
    keeper = FileKeeper(files(tmp_path), REGISTRY, USERS, "jdoe", "here")
    keeper.forget()
    keeper.keep(VALUES)
    assert everything(tmp_path) == [keeper.kept] and keeper.kept is not None and keeper.kept.values == VALUES
    keeper.forget()
    assert everything(tmp_path) == [] and keeper.kept is None


@pytest.mark.parametrize("name", ["replacements", "replacements/acme"])
def test_a_folder_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    """To write as to read: nothing private goes through a link, and nothing beyond it is changed."""
    files(tmp_path).put(JDOE)
    only(tmp_path).with_suffix(".json.new").write_text("somebody else's, for all we know", "utf-8")
    folder = tmp_path / ".cxconfig" / name
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    elsewhere.chmod(0o755)
    folder.symlink_to(elsewhere)
    before = {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")}
    for work in (
        lambda: everything(tmp_path),
        lambda: files(tmp_path).find(REGISTRY, USERS, "jdoe", "here"),
        lambda: files(tmp_path).put(replace(JDOE, key="other")),
    ):
        with pytest.raises(SettingsError, match="is a link, and nothing private"):
            work()
    files(tmp_path).forget(JDOE, REGISTRY)
    files(tmp_path).tidy()
    assert {path: path.stat().st_mtime_ns for path in elsewhere.rglob("*")} == before
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


def test_a_lock_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    """A file would be made, or locked, wherever it leads."""
    files(tmp_path).put(JDOE)
    lock = tmp_path / ".cxconfig" / "replacements" / "acme.lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="so nothing was deleted"):
        files(tmp_path).put(replace(JDOE, key="other"))
    ignore = lock.with_name(".gitignore")
    for one in (lock, ignore):
        one.unlink()
    ignore.symlink_to(tmp_path / "elsewhere")
    files(tmp_path).put(JDOE)
    assert everything(tmp_path) == [JDOE] and not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a folder away")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    """It would be his to read."""
    files(tmp_path).put(JDOE)
    os.chown(only(tmp_path).parent, 12345, -1)
    for work in (lambda: everything(tmp_path), lambda: files(tmp_path).put(replace(JDOE, key="other"))):
        with pytest.raises(SettingsError, match="belongs to somebody else"):
            work()


def test_what_another_run_is_writing_is_not_tidied_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with nothing to do holds no lock of the stack; it waits for who is between a file and its name."""
    files(tmp_path).put(replace(JDOE, key="other"))
    (other,) = everything(tmp_path)
    runs: list[threading.Thread] = []
    original = Path.replace

    def renaming(path: Path, target: Path) -> Path:
        for work in (files(tmp_path).tidy, lambda: files(tmp_path).forget(other, REGISTRY)):
            runs.append(threading.Thread(target=work))
            runs[-1].start()
            runs[-1].join(0.2)
            assert runs[-1].is_alive()
        return original(path, target)

    monkeypatch.setattr(Path, "replace", renaming)
    files(tmp_path).put(JDOE)
    for run in runs:
        run.join()
    assert everything(tmp_path) == [JDOE]
