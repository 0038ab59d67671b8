"""The folder of each run: its handover and its journal, and what journals of killed runs say.

A run's folder is removed when the engine has written its state. One that is left belongs to a run that is still going
on or was killed; what a killed one did is laid over what the state records, so that nothing it created is forgotten.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from cxconfig.journal import Event, Journal
from cxconfig.kinds import Action
from cxconfig.planning.handover import Handover
from cxconfig.planning.plan import Recorded

OWNER = "owner.json"
HANDOVER = "handover.json"
JOURNAL = "journal.jsonl"
GONE = frozenset({Action.DISABLE, Action.DELETE, Action.FORGET})


class Run:
    """One run's folder, readable by its user only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / JOURNAL)

    @classmethod
    def begin(cls, parent: Path) -> Run:
        parent.mkdir(parents=True, exist_ok=True)
        folder = (
            parent / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{time.time_ns() % 1_000_000:06}-{os.getpid()}"
        )
        folder.mkdir(mode=0o700)
        _write(folder / OWNER, json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
        return cls(folder)

    def hand_over(self, handover: Handover) -> Path:
        path = self.folder / HANDOVER
        _write(path, handover.dump())
        return path

    def end(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def alive(self) -> bool:
        """Is the run's process on this host still there? Unknown (another host, unreadable) counts as alive."""
        try:
            owner = json.loads((self.folder / OWNER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return owner.get("host") != socket.gethostname() or process_exists(int(owner.get("pid", 0)))

    def end_hosts(self) -> None:
        """Kill dynamic hosts that a killed run left behind, so that they do not write any more."""
        for entry in self.journal.entries():
            if entry.event is Event.HOST and _is_dynamic_host(int(entry.key)):
                os.kill(int(entry.key), signal.SIGKILL)


def killed_runs(parent: Path) -> list[Run]:
    """Runs whose process is gone and whose folder is still there, oldest first."""
    if not parent.is_dir():
        return []
    runs = [Run(folder) for folder in sorted(parent.iterdir()) if folder.is_dir()]
    return [run for run in runs if not run.alive()]


def lay_over(recorded: Iterable[Recorded], runs: Iterable[Run]) -> dict[tuple[str, str], Recorded]:
    """What is recorded, and what killed runs had done besides; a create that was begun counts as done."""
    found = {(r.kind, r.key): r for r in recorded}
    for run in runs:
        begun: dict[tuple[str, str], Mapping[str, object]] = {}
        for entry in run.journal.entries():
            where = (entry.kind, entry.key)
            if entry.event is Event.BEGUN and entry.action not in GONE:
                begun[where] = entry.record
                if entry.action != Action.CREATE:
                    continue
            if entry.event is Event.FAILED:
                begun.pop(where, None)
                if entry.action == Action.CREATE and where in found and not found[where].urn:
                    del found[where]
            elif where in begun:
                urn = found[where].urn if where in found else ""
                found[where] = Recorded(entry.kind, entry.key, begun[where], urn)
    return found


def process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def _is_dynamic_host(pid: int) -> bool:
    """Only a process that runs `-m pulumi.dynamic` is one of ours; ids are used again."""
    try:
        return b"pulumi.dynamic" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
