"""The values behind references: where each kind is looked for, what is refused, and that no message shows a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cxconfig.errors import InputError, Place
from cxconfig.kinds import PlainSecret, SecretRef
from cxconfig.language import Secrets, load
from cxconfig.language.secrets import MAX_FILE, Unusable
from tests.language.fakes import REGISTRY, TENANT, agents, written

PLACE = Place("a.yaml", 3, 9)
VALUE = "hunter2"


def kept(folder: Path, content: bytes | str, mode: int = 0o600, name: str = "key") -> Path:
    """A file in the tenant's folder."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def refused(secrets: Secrets, ref: SecretRef) -> InputError:
    """The error, which names the place and the path and shows no value."""
    with pytest.raises(InputError) as caught:
        secrets.resolve(ref, place=PLACE, path="desk.agents.ann.password")
    error = caught.value
    assert (error.place, error.path) == (PLACE, "desk.agents.ann.password")
    assert error.way_out and VALUE not in f"{error}{error!r}{error.__context__!r}{error.__cause__!r}"
    return error


def from_file(folder: Path, name: str = "key") -> str:
    return Secrets({}, folder).resolve(SecretRef("file", name), place=PLACE, path="x")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "is not set"),
        ("", "is set but empty"),
        (f"{VALUE}\n", "holds a line break or another control character"),
        (f"{VALUE}\x00", "holds a line break or another control character"),
        (f"{VALUE}\udcff", "is not UTF-8"),
    ],
)
def test_a_variable_that_cannot_be_used(tmp_path: Path, value: str | None, problem: str) -> None:
    """The message names the variable and how to set it."""
    error = refused(Secrets({} if value is None else {"PW": value}, tmp_path), SecretRef("env", "PW"))
    assert error.rule == f"the environment variable PW {problem}"
    assert "export PW=..." in error.way_out


def test_a_variable_is_taken_as_it_is(tmp_path: Path) -> None:
    """Spaces, quotes and braces are part of it."""
    secrets = Secrets({"PW": " a'${b} "}, tmp_path)
    assert secrets.resolve(SecretRef("env", "PW"), place=None, path="x") == " a'${b} "


@pytest.mark.parametrize("content", [VALUE, f"{VALUE}\n", f"{VALUE}\r\n"], ids=["bare", "newline", "crlf"])
def test_a_file_without_its_last_newline(tmp_path: Path, content: str) -> None:
    """As editors write it."""
    kept(tmp_path, content)
    assert from_file(tmp_path) == VALUE


def test_a_file_by_its_path(tmp_path: Path) -> None:
    """Relative to the tenant's folder whatever the current one is, absolute, with blanks, and through links."""
    tenant, elsewhere = tmp_path / "acme", tmp_path / "my keys"
    for made in (tenant, elsewhere):
        made.mkdir()
    path = kept(elsewhere, " a b ", name="api key.txt")
    assert from_file(tenant, "../my keys/api key.txt") == " a b "
    assert from_file(tenant, str(path)) == " a b "
    (tenant / "link").symlink_to(path)
    assert from_file(tenant, "link") == " a b "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777], ids=oct)
def test_a_file_that_others_can_reach(tmp_path: Path, mode: int) -> None:
    """Is refused, with its mode and the command that closes it; a link does not hide it."""
    path = kept(tmp_path, VALUE, mode)
    error = refused(Secrets({}, tmp_path), SecretRef("file", "key"))
    assert error.rule == f"the file key can be read or written by others (mode {mode:04o})"
    assert error.way_out == f"run: chmod 600 {path}"
    (tmp_path / "link").symlink_to(path)
    assert "by others" in refused(Secrets({}, tmp_path), SecretRef("file", "link")).rule


def test_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ours and root's are taken: whoever owns a file can change it."""
    path = kept(tmp_path, VALUE)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    if path.stat().st_uid == 0:
        assert from_file(tmp_path) == VALUE
        os.chown(path, 12345, -1)
    assert refused(Secrets({}, tmp_path), SecretRef("file", "key")).rule == "the file key belongs to another user"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (f"{VALUE}\n\n", "holds a line break or another control character"),
        (f"{VALUE}\nmore", "holds a line break or another control character"),
        (f"{VALUE}\x00", "holds a line break or another control character"),
        (VALUE.encode("utf-16"), "is not UTF-8"),
        (f"\ufeff{VALUE}", "begins with a byte order mark"),
        ("x" * (MAX_FILE + 1), "is larger than 64 KiB"),
    ],
    ids=["empty", "newline", "two-newlines", "lines", "nul", "utf-16", "mark", "large"],
)
def test_a_file_whose_content_is_no_secret(tmp_path: Path, content: bytes | str, problem: str) -> None:
    """The file is named, and its content is not shown."""
    kept(tmp_path, content)
    assert refused(Secrets({}, tmp_path), SecretRef("file", "key")).rule == f"the file key {problem}"


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    """A folder, a pipe (nobody waits for its writer), nothing at all, and a link that leads nowhere."""
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to("nowhere")
    secrets = Secrets({}, tmp_path)
    assert refused(secrets, SecretRef("file", "folder")).rule == "the file folder is not a regular file"
    assert refused(secrets, SecretRef("file", "pipe")).rule == "the file pipe is not a regular file"
    for name in ("nothing", "link"):
        rule = f"the file {name} cannot be read (No such file or directory)"
        assert refused(secrets, SecretRef("file", name)).rule == rule


def test_the_largest_file(tmp_path: Path) -> None:
    """64 KiB are taken."""
    kept(tmp_path, "x" * MAX_FILE)
    assert len(from_file(tmp_path)) == MAX_FILE


def test_a_secret_of_the_stack(tmp_path: Path) -> None:
    """Asked for once a key; a missing one says how it is set, one that stands in clear what to do."""
    asked: list[str] = []

    def stack(key: str) -> str | None:
        asked.append(key)
        if key == "open":
            raise Unusable("open stands in clear", "encrypt it")
        return {"KEY": VALUE, "lines": f"{VALUE}\nmore"}.get(key)

    secrets = Secrets({}, tmp_path, stack)
    for _ in range(2):
        assert secrets.resolve(SecretRef("pulumi", "KEY"), place=PLACE, path="x") == VALUE
        missing = refused(secrets, SecretRef("pulumi", "other:KEY"))
        assert missing.rule == "the stack has no secret other:KEY"
        assert "`cxconfig secret set other:KEY`" in missing.way_out
    assert asked == ["KEY", "other:KEY"]
    assert refused(secrets, SecretRef("pulumi", "open")).rule == "open stands in clear"
    assert refused(secrets, SecretRef("pulumi", "lines")).rule.startswith("the stack's secret lines holds a line break")


def test_no_stack_to_ask(tmp_path: Path) -> None:
    """Where the stack is not known yet, another kind is named."""
    error = refused(Secrets({}, tmp_path), SecretRef("pulumi", "KEY"))
    assert error.way_out == "write ${env:NAME} or ${file:PATH}"


def test_a_secret_that_stands_as_text(tmp_path: Path) -> None:
    """`plain_secrets` allows it; its text is the value, and no text form of the reference shows it."""
    tenant = f"{TENANT}    kinds: {{agents: {{plain_secrets: [password]}}}}\n"
    folder = written(tmp_path, {"tenant.yaml": tenant, **agents(f"    ann: {{password: {VALUE}}}\n")})
    found = load(folder, REGISTRY).objects["desk.agents"]["ann"]
    ref = found.values["password"]
    assert isinstance(ref, PlainSecret)
    assert Secrets({}, folder).resolve(ref, place=PLACE, path="x") == VALUE
    assert not any(VALUE in form(found) for form in (repr, str)) and VALUE not in f"{ref} {ref!r}"
    assert "line break" in refused(Secrets({}, folder), PlainSecret("text", "", f"{VALUE}\n")).rule


@pytest.mark.parametrize("unusable", [lambda p: kept(p, VALUE, 0o644), lambda p: None], ids=["open", "missing"])
def test_a_mistake_is_told_at_every_place(tmp_path: Path, unusable: Callable[[Path], object]) -> None:
    """A file is looked at once, and each field that wants it has its own place in the message."""
    unusable(tmp_path)
    secrets = Secrets({}, tmp_path)
    for place in (Place("a.yaml", 1, 1), Place("b.yaml", 2, 2)):
        with pytest.raises(InputError) as caught:
            secrets.resolve(SecretRef("file", "key"), place=place, path="x")
        assert caught.value.place == place
