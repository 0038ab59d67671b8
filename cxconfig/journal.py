"""The journal of one run: what was begun and what became of it, a JSON line each, appended atomically.

It is how the host's results reach our commands, and what the next run knows of a run that was killed before the
engine wrote its state. It holds records (managed fields and keyed digests, see `planning.record`), never a secret.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from cxconfig.errors import (
    AuthenticationFailed,
    ChangedSincePreview,
    CxconfigError,
    InputErrors,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Place,
    Refused,
    SettingsError,
    UnexpectedAnswer,
    Unreachable,
)


class Event(StrEnum):
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """`action`: create, update, adopt, disable, delete, ...; `record`: what the state should hold afterwards.

    `was`: the key under which the object was recorded before; `unread`: of such a step, what it
    writes and nobody can read.
    """

    event: Event
    kind: str = ""
    key: str = ""
    action: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)
    was: str = ""
    unread: Sequence[str] = ()

    def sound(self) -> bool:
        """Are its parts of their types?"""
        texts = (
            self.kind,
            self.key,
            self.action,
            self.was,
            self.error.get("type", "") if isinstance(self.error, dict) else None,
            *(self.unread if isinstance(self.unread, (list, tuple)) else (None,)),
        )
        return all(isinstance(text, str) for text in texts) and isinstance(self.record, Mapping)


class Journal:
    """Appends entries; safe for threads and processes, since each entry is one write in append mode."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, entry: Entry) -> None:
        line = json.dumps({name: getattr(entry, name) for name in Entry.__dataclass_fields__ if getattr(entry, name)})
        whole = line.encode() + b"\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(handle, whole) != len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        finally:
            os.close(handle)

    def entries(self) -> Iterator[Entry]:
        """What was written so far, without a line that a kill or a full disk cut short: what it told was not begun.

        Raises `SettingsError` for anything else that is no entry.
        """
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().splitlines(), 1):
            try:
                data = json.loads(line)
            except ValueError:
                continue
            try:
                entry = Entry(**{**data, "event": Event(data["event"])})
                if not entry.sound():
                    raise ValueError
            except (ValueError, TypeError, KeyError):
                raise damaged(self.path, f"line {number} is no entry of this version") from None
            yield entry


def damaged(path: Path, what: str) -> SettingsError:
    return SettingsError(
        f"the journal of an unfinished run, {path}, cannot be used: {what}",
        way_out=(
            "It may know of objects that the state does not hold, so nothing is done without it. Restore it; or remove"
            " its folder, and look with `cxconfig audit` for what that run did."
        ),
    )


_TYPES: dict[str, type[CxconfigError]] = {
    cls.__name__: cls
    for cls in (
        AuthenticationFailed,
        PermissionDenied,
        Refused,
        Unreachable,
        UnexpectedAnswer,
        OutcomeUnknown,
        ChangedSincePreview,
        ObjectError,
        SettingsError,
    )
}


def error_to_data(error: CxconfigError) -> dict[str, Any]:
    """An error as plain values, for another process."""
    what = str(error) if isinstance(error, InputErrors) else error.what
    data: dict[str, Any] = {"type": type(error).__name__, "what": what, "way_out": error.way_out}
    if error.field:
        data["field"] = error.field
    if isinstance(error, LiveError):
        data |= {n: getattr(error, n) for n in ("system", "endpoint", "status", "said", "request_id")}
    return data


def error_from_data(data: Mapping[str, Any], kind: str, key: str, place: Place | None) -> CxconfigError:
    """The error again, with the place in the YAML of the object, or of the field that it is about."""
    error = _from_data(data, kind, key, place)
    error.field = str(data.get("field", ""))
    return error


def _from_data(data: Mapping[str, Any], kind: str, key: str, place: Place | None) -> CxconfigError:
    cls = _TYPES.get(str(data.get("type")), CxconfigError)
    common: dict[str, Any] = {"way_out": data.get("way_out", ""), "place": place}
    if issubclass(cls, ObjectError):
        return cls(data["what"], kind=kind, key=key, **common)
    if issubclass(cls, LiveError):
        names = ("system", "endpoint", "status", "said", "request_id")
        return cls(data["what"], **{n: data[n] for n in names if n in data}, **common)
    return cls(str(data.get("what", "")), **common)
