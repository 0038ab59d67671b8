"""The stack's lock: whose it is, and removing one that a dead process of this host left behind."""

from __future__ import annotations

import json
import math
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from cxconfig.engine.runs import process_exists, started
from cxconfig.engine.stack import PROJECT, Stack
from cxconfig.errors import StackLocked

_HELD = re.compile(r"by (?P<who>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\)")


def locking_hosts(stack: Stack) -> frozenset[str]:
    """The hosts whose processes hold the stack's lock; none where that cannot be looked at."""
    return frozenset(lock.host for _, lock in _locks(stack) if not lock.stale)


def held_lock(stack: Stack) -> StackLocked | None:
    """The error that a run of the engine would end with; None when the stack is free or cannot be looked at.

    A lock that may be held comes before one of a dead process.
    """
    locks = sorted((lock for _, lock in _locks(stack)), key=lambda lock: lock.stale)
    return locks[0] if locks else None


def remove_stale(stack: Stack) -> None:
    """Remove the locks of dead processes, and no other: `pulumi cancel` takes all, and needs a stack."""
    for path, lock in _locks(stack):
        if lock.stale:
            path.unlink(missing_ok=True)


def _locks(stack: Stack) -> Iterator[tuple[Path, StackLocked]]:
    if stack.local is None:
        return
    folder = stack.local / ".pulumi" / "locks" / "organization" / PROJECT / stack.name
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        error = _from_file(path)
        if error is not None:
            yield path, error


def lock_in(text: str) -> StackLocked | None:
    """The same from what the engine says."""
    match = _HELD.search(text)
    return _locked(match["who"], match["host"], int(match["pid"])) if match else None


def _from_file(path: Path) -> StackLocked | None:
    try:
        data, since = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
        return _locked(str(data.get("username")), str(data.get("hostname")), int(data.get("pid") or 0), since)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError):
        return _locked("somebody", "an unknown host", 0)


def _locked(who: str, host: str, pid: int, since: float = math.inf) -> StackLocked:
    stale = host == socket.gethostname() and pid > 0 and not _holds(pid, since)
    if stale:
        what = f"the stack is locked by process {pid} of {who} on this host, which is dead: a run was killed"
        way_out = "Run again with --unlock: the lock is removed, and what the killed run did is taken into account."
    else:
        what = f"the stack is locked by process {pid} of {who} on {host}: another run is going on"
        way_out = "Wait for it. If that host is lost for good, `pulumi cancel` there removes its lock."
    return StackLocked(what, host=host, pid=pid, stale=stale, way_out=way_out)


def _holds(pid: int, since: float) -> bool:
    """May this process hold a lock that was written at `since` (seconds since 1970)?

    Only one that started later and is no engine is surely another one that was given the number: clocks may differ.
    """
    if not process_exists(pid):
        return False
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return True
    return not program or b"pulumi" in program or started(pid) <= since
