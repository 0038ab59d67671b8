"""The folder of each run: its handover and its journal, and what journals of unfinished runs say.

A run's folder is removed when the engine has written its state and every step has a known end. One that is left belongs
to a run that is still going on, was killed, or lost sight of an object (a write without an answer); what it did is laid
over what the state records, so that nothing it created is forgotten.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxconfig.journal import Entry, Event, Journal, damaged
from cxconfig.kinds import Action, Registry
from cxconfig.planning.handover import ENVIRONMENT, Handover
from cxconfig.planning.plan import Fate, Outcome, Recorded
from cxconfig.planning.record import unfit

OWNER = "owner.json"
HANDOVER = "handover.json"
JOURNAL = "journal.jsonl"
UNNAMED = ".beginning-"
"""Start of the name of a run's folder until it is complete."""
TAKEN_ON = frozenset({Action.CREATE, Action.ADOPT, Action.REPLACE})
"""Steps after which an object is ours."""
GONE = frozenset({Action.DISABLE, Action.DELETE, Action.FORGET})
CERTAIN = frozenset({"ChangedSincePreview", "SettingsError"})
"""Errors after which an object is as it was."""
REFUSALS = frozenset({"Refused", "PermissionDenied"})
"""The same, when it was a write that was refused and not the read that should tell what became of one."""
UNSURE = ""
"""Recorded in place of a secret of which nobody knows whether it was written: no digest, so whatever is declared
differs."""
STALE_SECONDS = 3600.0
"""Age at which a folder that never got its name is removed."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Owner:
    """The process of a run. `started`: in ticks after the boot `boot`; both empty where the system does not tell."""

    host: str
    pid: int
    boot: str = ""
    started: str = ""

    @classmethod
    def current(cls) -> Owner:
        return cls(socket.gethostname(), os.getpid(), _boot(), _stat(os.getpid())[1])

    @classmethod
    def read(cls, path: Path) -> Owner | None:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(str(data["host"]), int(data["pid"]), str(data.get("boot", "")), str(data.get("started", "")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def exists(self) -> bool:
        """Is it still there, and not another process that was given its number? Clocks play no part."""
        if self.boot and self.boot != _boot():
            return False
        return process_exists(self.pid) and self.started in ("", _stat(self.pid)[1])


class Run:
    """One run's folder, readable by its user only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / JOURNAL)

    @classmethod
    def begin(cls, parent: Path) -> Run:
        """Make the folder; it gets its name when it is complete, so that nobody takes it for a dead run's."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S-%f}-{os.getpid()}"
        parent.mkdir(parents=True, exist_ok=True)
        unnamed = parent / f"{UNNAMED}{name}"
        unnamed.mkdir(mode=0o700)
        _write(unnamed / OWNER, json.dumps(Owner.current().__dict__))
        unnamed.rename(parent / name)
        return cls(parent / name)

    def hand_over(self, handover: Handover) -> Path:
        path = self.folder / HANDOVER
        _write(path, handover.dump())
        return path

    def end(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def alive(self, busy: Container[str] = ()) -> bool:
        """Is the run still going on? `busy`: other hosts that hold the stack's lock.

        One of another host that has begun to write and holds no lock is over, or dead; before that it may be about to.
        """
        owner = Owner.read(self.folder / OWNER)
        if owner is None:
            return False
        if owner.host != socket.gethostname():
            return owner.host in busy or not self.began()
        return owner.exists()

    def end_hosts(self) -> None:
        """Kill the dynamic hosts that a killed run left behind, so that they do not write any more."""
        for folder in Path("/proc").glob("[0-9]*"):
            if _is_host_of(folder, self.folder / HANDOVER):
                with suppress(ProcessLookupError):
                    os.kill(int(folder.name), signal.SIGKILL)

    def began(self) -> bool:
        """Was anything begun that the next run must know?"""
        return any(entry.event is Event.BEGUN for entry in self.journal.entries())

    def written(self) -> float:
        """When the last entry was written, in seconds since 1970; 0 without one."""
        path = self.journal.path
        return path.stat().st_mtime if path.exists() else 0.0

    def keep_open(self, entries: Iterable[Entry]) -> bool:
        """Replace the journal by what is still open, the rest being in the state; False when nothing is."""
        journal = Journal(self.folder / f"{JOURNAL}.new")
        for entry in entries:
            journal.write(entry)
        if not journal.path.exists():
            return False
        journal.path.replace(self.journal.path)
        return True


def unfinished_runs(parent: Path, busy: Container[str] = (), *, reading: bool = False) -> list[Run]:
    """Runs whose process is gone and that began something, oldest first; folders of those that did not are removed.

    What they left running is ended, unless we are only `reading`. `busy`: see `Run.alive`.
    """
    if not parent.is_dir():
        return []
    folders = [folder for folder in sorted(parent.iterdir()) if folder.is_dir()]
    dead = [run for run in map(Run, _named(folders)) if not run.alive(busy)]
    for run in dead:
        if not reading:
            run.end_hosts()
        if not run.began():
            run.end()
    return [run for run in dead if run.began()]


def _named(folders: Iterable[Path]) -> Iterator[Path]:
    """The complete folders; what a kill left of an incomplete one is removed after a while."""
    for folder in folders:
        if not folder.name.startswith(UNNAMED):
            yield folder
        elif folder.stat().st_mtime < time.time() - STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def lay_over(
    recorded: Iterable[Recorded], runs: Iterable[Run], registry: Registry, saved: float = 0.0
) -> dict[Key, Recorded]:
    """What is recorded, and what unfinished runs had done besides.

    A create or an adoption that was begun counts as done: whether the object exists is then read. A secret of which it
    is not known whether it was written is recorded as `UNSURE`, so that it is written again. `saved`: when the state
    was written, in seconds since 1970; of what the state knows, it is right about everything but secrets that it cannot
    read. What was begun to be renamed stands here under both keys until it is read which of them is live (see
    `renames.settled`).
    """
    found = {(r.kind, r.key): r for r in recorded}
    for run in runs:
        known = {where for where, r in found.items() if r.urn} if run.written() < saved else set()
        for where, entry, end in _steps(run.journal):
            if entry.kind not in registry:
                raise damaged(run.journal.path, f"it speaks of {entry.kind!r}, which this version does not know")
            if entry.action in GONE or _surely_undone(end):
                continue
            if problem := unfit(registry[entry.kind], entry.record):
                raise damaged(run.journal.path, f"{entry.kind} {entry.key}: {problem}")
            held = found.get(where)
            done = end is not None and end.event is Event.DONE
            if entry.was and not (held is not None and held.urn):
                made = entry.action in (Action.CREATE, Action.REPLACE)
                unsure = _secrets_unsure(registry, entry) if made else _with_unsure(entry.record, entry.unread)
                inputs = entry.record if done else unsure
                found[where] = Recorded(*where, inputs, was=entry.was)
            elif held is not None and (where in known or not (done or entry.action == Action.CREATE)):
                found[where] = replace(held, inputs=_unsure(registry, entry, held))
            elif done:
                found[where] = Recorded(*where, entry.record, held.urn if held is not None else "")
            elif entry.action in TAKEN_ON:
                # An adoption leaves secrets as they are; of a create nobody knows whether it came to set them.
                inputs = entry.record if entry.action == Action.ADOPT else _secrets_unsure(registry, entry)
                found[where] = Recorded(*where, inputs, held.urn if held is not None else "")
    return found


def _secrets_unsure(registry: Registry, entry: Entry) -> dict[str, Any]:
    specs = registry[entry.kind].specs
    return _with_unsure(entry.record, {name for name in entry.record if name in specs and specs[name].unread})


def _with_unsure(record: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
    return {name: UNSURE if name in names else value for name, value in record.items()}


def _unsure(registry: Registry, entry: Entry, held: Recorded) -> Mapping[str, Any]:
    """What is recorded of an object, with doubt about the secrets that a step may have written over.

    One that was not recorded at all is written again as it is, unless it was never to be written (a generated one).
    """
    specs = registry[entry.kind].specs
    over = {name for name in entry.record if name in specs and specs[name].unread}
    return _with_unsure(held.inputs, {name for name in over if entry.record[name] != held.inputs.get(name)})


def _steps(journal: Journal) -> Iterator[tuple[Key, Entry, Entry | None]]:
    """Every step that was begun, with its end: done, failed, or none."""
    begun: dict[Key, Entry] = {}
    ends: dict[Key, Entry] = {}
    for entry in journal.entries():
        where = (entry.kind, entry.key)
        if entry.event is Event.BEGUN:
            begun[where] = entry
            ends.pop(where, None)
        elif where in begun:
            ends[where] = entry
    for where, entry in begun.items():
        yield where, entry, ends.get(where)


def _surely_undone(end: Entry | None) -> bool:
    """Did a step end with an error after which nothing was changed?"""
    return end is not None and end.event is Event.FAILED and surely_undone(end.error)


def surely_undone(error: Mapping[str, Any]) -> bool:
    """Is it an error, as data, after which nothing was changed?"""
    read = str(error.get("endpoint", "")).startswith("GET ")
    return error.get("type") in CERTAIN or (error.get("type") in REFUSALS and not read)


def still_open(
    run: Run, outcomes: Iterable[Outcome], recorded: Mapping[Key, Recorded], behind: Container[Key], registry: Registry
) -> Iterator[Entry]:
    """What the next run must know although the state is written: objects of ours that the state does not hold, and
    secrets of which nobody knows whether they were written.

    `recorded`: what was laid over the state before this run; `behind`: where that differs from the state.
    """
    tried = {where: (entry, end) for where, entry, end in _steps(run.journal)}
    for outcome in outcomes:
        where = (outcome.step.kind, outcome.step.key)
        begun, end = tried.get(where, (None, None))
        held = recorded.get(where)
        if outcome.fate is Fate.DONE or outcome.step.action in GONE:
            continue
        if begun is not None and (begun.action in TAKEN_ON or begun.was) and not _surely_undone(end):
            yield Entry(Event.BEGUN, *where, begun.action, begun.record, was=begun.was, unread=begun.unread)
        elif held is not None and held.was and where in behind:
            yield Entry(Event.BEGUN, *where, Action.RENAME, held.inputs, was=held.was)
            yield Entry(Event.DONE, *where, Action.RENAME)
        elif held is not None:
            unsure = begun is not None and not _surely_undone(end)
            inputs = _unsure(registry, begun, held) if begun is not None and unsure else held.inputs
            if not held.urn:
                yield Entry(Event.BEGUN, *where, Action.CREATE, inputs)
                yield Entry(Event.DONE, *where, Action.CREATE)
            elif unsure or where in behind:
                yield Entry(Event.BEGUN, *where, Action.UPDATE, inputs)


def process_exists(pid: int) -> bool:
    """Is there a process? One that waits to be reaped is not."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _stat(pid)[0] != "Z"


def started(pid: int) -> float:
    """When a process started, in seconds since 1970 by this host's clock; 0 where the system does not tell."""
    ticks = _stat(pid)[1]
    if not ticks:
        return 0.0
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + int(ticks) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[str, str]:
    """A process's state letter and its start in ticks after the boot; ("", "") where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _is_host_of(process: Path, handover: Path) -> bool:
    """Is it a dynamic host that was started with this handover? `process`: its folder in /proc."""
    try:
        command = (process / "cmdline").read_bytes()
        environ = (process / "environ").read_bytes()
    except OSError:
        return False
    return b"pulumi.dynamic" in command and f"{ENVIRONMENT}={handover}".encode() in environ.split(b"\0")


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
