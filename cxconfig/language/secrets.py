"""The values behind references: the one place that knows where each kind of secret is kept.

    secrets = Secrets(os.environ, tenant.folder, stack_secret)
    secrets.resolve(SecretRef("file", "keys/api"), place=place, path="systems.onecloud.client_secret")

A value is read when it is first asked for and kept for the run. It is never shown, logged or written anywhere.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from cxconfig.errors import InputError, Place
from cxconfig.kinds import PlainSecret, SecretRef
from cxconfig.language.references import ENV, FILE, GENERATE, PULUMI

MAX_FILE = 64 * 1024
"""Bytes that a secret's file may have."""

StackSecret = Callable[[str], str | None]
"""The secret of a key in the stack's settings, None when there is none. May raise `Unusable`."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Generated(str):
    """Stands for a password that is made when it is set: the reference itself, so that it is the same in every run.

    It is never sent; `providers.handing_out` puts a real one in its place.
    """

    __slots__ = ()

    def __str__(self) -> Generated:
        return self

    @property
    def length(self) -> int:
        return int(self.removesuffix("}").rpartition(":")[2])


class Unusable(Exception):
    """A secret cannot be had: `rule` and `way_out`, without its value."""

    def __init__(self, rule: str, way_out: str) -> None:
        self.rule = rule
        self.way_out = way_out
        super().__init__(rule)


class Secrets:
    """Resolves references of one tenant; thread-safe. `folder`: the tenant's.

    `stack_secret`: how `${pulumi:KEY}` is read; None where that is not possible.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path, stack_secret: StackSecret | None = None) -> None:
        self.environ = environ
        self._folder = folder
        self._stack_secret = stack_secret
        self._known: dict[SecretRef, str | Unusable] = {}

    def resolve(self, ref: SecretRef, *, place: Place | None, path: str) -> str:
        """The value behind `ref`. `path` is the dotted path of the field that wants it, for the error.

        Raises `InputError` when it is not there, or is what no setting may hold (nothing at all, a line break, a
        control character, bytes that are not UTF-8); what the engine says against it as it is. Never shows the value.
        """
        if ref not in self._known:
            try:
                self._known[ref] = self._read(ref)
            except Unusable as unusable:
                self._known[ref] = unusable
        found = self._known[ref]
        if isinstance(found, Unusable):
            raise InputError(found.rule, place=place or Place(""), path=path, way_out=found.way_out)
        return found

    def _read(self, ref: SecretRef) -> str:
        if isinstance(ref, PlainSecret):
            return _usable(ref.value, described(ref), "correct it, or write a reference such as ${env:NAME}")
        if ref.scheme == GENERATE:
            return Generated(f"{ref}")
        readers = {ENV: self._variable, FILE: self._file, PULUMI: self._stack}
        return readers[ref.scheme](ref.name)

    def _variable(self, name: str) -> str:
        what = described(SecretRef(ENV, name))
        way_out = f"set it before you start cxconfig, for example: export {name}=..."
        value = self.environ.get(name)
        if not value:
            raise Unusable(f"{what} is {'not set' if value is None else 'set but empty'}", way_out)
        return _usable(value, what, way_out)

    def _file(self, name: str) -> str:
        what = described(SecretRef(FILE, name))
        way_out = "let it hold the secret alone; the path is absolute, or relative to the tenant's folder"
        text = _text(self._folder / name, what, way_out)
        if text.startswith("\ufeff"):
            raise Unusable(f"{what} begins with a byte order mark", "save it as UTF-8 without one")
        return _usable(text.removesuffix("\n").removesuffix("\r"), what, way_out)

    def _stack(self, key: str) -> str:
        if self._stack_secret is None:
            raise Unusable(
                "a secret of the stack cannot stand here: it is read when it is known where the state is",
                "write ${env:NAME} or ${file:PATH}",
            )
        way_out = f"set it with `cxconfig secret set {key}`, with the same FOLDER and --env"
        value = self._stack_secret(key)
        if value is None:
            raise Unusable(f"the stack has no secret {key}", way_out)
        return _usable(value, described(SecretRef(PULUMI, key)), way_out)


def described(ref: SecretRef) -> str:
    """What a reference leads to, for a sentence."""
    nouns = {ENV: "the environment variable", FILE: "the file", PULUMI: "the stack's secret"}
    nouns[GENERATE] = "a password of the length"
    return f"{nouns[ref.scheme]} {ref.name}" if ref.scheme in nouns else "the text in the file"


def _usable(value: str, what: str, way_out: str) -> str:
    """The value, if a setting may hold it."""
    if problem := unfit(value):
        raise Unusable(f"{what} {problem}", way_out)
    return value


def unfit(value: str) -> str:
    """Why a text cannot be a secret, as the end of a sentence; empty when it can."""
    if not value:
        return "is empty"
    if _CONTROL.search(value):
        return "holds a line break or another control character"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "is not UTF-8"
    return ""


def _text(path: Path, what: str, way_out: str) -> str:
    """What a secret's file holds, if nobody else can read it. Judged is what was opened, wherever a link leads."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _refuse(os.fstat(descriptor), path, what, way_out)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(MAX_FILE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unusable(f"{what} cannot be read ({error.strerror})", way_out) from None
    if len(data) > MAX_FILE:
        raise Unusable(f"{what} is larger than {MAX_FILE // 1024} KiB", way_out)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unusable(f"{what} is not UTF-8", way_out) from None


def _refuse(info: os.stat_result, path: Path, what: str, way_out: str) -> None:
    """Raises `Unusable` when an opened file is none, or somebody else can read or change it."""
    if not stat.S_ISREG(info.st_mode):
        raise Unusable(f"{what} is not a regular file", way_out)
    if info.st_uid not in (os.geteuid(), 0):
        raise Unusable(f"{what} belongs to another user", "let it belong to the user who runs cxconfig, or to root")
    if info.st_mode & 0o077:
        mode = f"{info.st_mode & 0o777:04o}"
        raise Unusable(f"{what} can be read or written by others (mode {mode})", f"run: chmod 600 {path}")
