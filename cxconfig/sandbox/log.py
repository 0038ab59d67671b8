"""The request log: what was called, in which order and with which answer. Secrets never enter it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any

from cxconfig.sandbox.http import Call
from cxconfig.sandbox.paths import fits

CAPACITY = 200_000
"""Entries kept; the oldest go first. Counts are taken from what is kept."""
MASKED = frozenset({"password", "workPhone", "mobilePhone", "client_secret"})
MASK = "***"
_PHONES = "phoneNumbers"
_PUBLIC_PHONE = "extension"


@dataclass(slots=True)
class Entry:
    """One request. `number` counts from 1 in order of arrival.

    `route`: the template of the endpoint, empty for an unknown path. `status`: 0 while none was sent, which stays so
    for a dropped connection. `write`: the endpoint changes things; `changed`: it did. `fault`: what was done to it.
    `client`: whose token it was. `sent`: the JSON body of a write with secrets and phone numbers masked.
    """

    number: int
    method: str
    path: str
    route: str = ""
    status: int = 0
    write: bool = False
    changed: bool = False
    fault: str = ""
    client: str = ""
    sent: Any = None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def masked(value: Any) -> Any:
    """A copy of a JSON body that is fit for the log."""
    if isinstance(value, dict):
        return {name: _masked_at(name, inner, value) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value


def _masked_at(name: str, inner: Any, around: dict[str, Any]) -> Any:
    """A value in an object; a PATCH of SCIM names beside its value which attribute that is."""
    path = around.get("path")
    if name == "value" and isinstance(path, str):
        name = path
    if name in MASKED:
        return MASK
    if name.startswith(_PHONES):
        return _phones(inner)
    return masked(inner)


def _phones(value: Any) -> Any:
    """Phone numbers of SCIM: the form stays, so that it can be checked, and so does an extension."""
    if isinstance(value, list):
        return [_phones(entry) for entry in value]
    if isinstance(value, dict):
        public = value.get("type") == _PUBLIC_PHONE
        return {name: MASK if name == "value" and not public else inner for name, inner in value.items()}
    return MASK


class RequestLog:
    """All requests since the start or the last `clear`. Thread-safe."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._entries: deque[Entry] = deque(maxlen=CAPACITY)
        self._number = 0
        self._in_flight = 0
        self._peak = 0

    def opened(self, call: Call) -> Entry:
        """Note that a request arrived."""
        with self._lock:
            self._number += 1
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            entry = Entry(self._number, call.method, call.path)
            self._entries.append(entry)
            return entry

    def closed(self) -> None:
        """Note that a request is over, answered or not."""
        with self._lock:
            self._in_flight -= 1

    def clear(self) -> None:
        """Forget all requests; numbers start at 1 again."""
        with self._lock:
            self._entries.clear()
            self._number = 0
            self._peak = self._in_flight

    def entries(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        write: bool | None = None,
        changed: bool | None = None,
        since: int = 0,
    ) -> list[Entry]:
        """Requests in order of arrival; `path` is a pattern (`paths.fits`), `since` a number that they are above."""
        wanted = {"method": method and method.upper(), "status": status, "write": write, "changed": changed}
        exact = [(name, value) for name, value in wanted.items() if value is not None]
        with self._lock:
            return list(_filtered(self._entries, exact, path, since))

    def counts(self, **filters: Any) -> dict[str, Any]:
        """Numbers over `entries(**filters)`, and the highest number of requests that were open at one moment."""
        found = self.entries(**filters)
        return {
            "total": len(found),
            "writes": sum(entry.write for entry in found),
            "changes": sum(entry.changed for entry in found),
            "faults": dict(Counter(entry.fault for entry in found if entry.fault)),
            "by_call": dict(Counter(f"{entry.method} {entry.route or entry.path}" for entry in found)),
            "by_status": {str(status): n for status, n in sorted(Counter(entry.status for entry in found).items())},
            "peak_in_flight": self._peak,
        }


def _filtered(entries: deque[Entry], exact: list[tuple[str, Any]], path: str | None, since: int) -> Iterator[Entry]:
    for entry in entries:
        same = all(getattr(entry, name) == value for name, value in exact)
        if same and entry.number > since and fits(path, entry.path):
            yield entry
