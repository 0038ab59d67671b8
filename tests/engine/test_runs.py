"""The folders and journals of runs, locks, and what the next run makes of an unfinished one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.engine_run import in_groups
from cxconfig.engine.locate import Engine
from cxconfig.engine.locks import held_lock, lock_in, remove_stale
from cxconfig.engine.runs import OWNER, Run, lay_over, process_exists, still_open, unfinished_runs
from cxconfig.engine.stack import Stack
from cxconfig.engine.steps import behind, catching_up, ghosts
from cxconfig.errors import (
    ChangedSincePreview,
    CxconfigError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    SettingsError,
    Unreachable,
)
from cxconfig.journal import Entry, Event, Journal, error_from_data, error_to_data
from cxconfig.kinds import Action, Cause, Desired
from cxconfig.planning.compare import Key, World
from cxconfig.planning.plan import Fate, Outcome, Plan, Recorded, Step
from providers.registry import REGISTRY

USERS = "onecloud.users"
JDOE: Key = (USERS, "jdoe")
URN = "urn:pulumi:acme::cxconfig::pulumi-python:dynamic/onecloud:users::jdoe"
OLD = {"key": "jdoe", "team": "Sales", "password": "hmac:k:old"}
NEW = {"key": "jdoe", "team": "Support", "password": "hmac:k:new"}
UNSURE = {**NEW, "password": ""}
"""`NEW`, of which nobody knows whether the password was set."""
REFUSED = Refused("400 PUT", endpoint="PUT /user/jdoe", status=400)
REFUSED_READ = Refused("500 GET", endpoint="GET /user/jdoe", status=500)
LOST = OutcomeUnknown("no answer", endpoint="PUT /user/jdoe")


@pytest.fixture
def dead() -> int:
    """The id of a process that was there."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.fixture
def zombie() -> Iterator[int]:
    """The id of a process that has ended and that nobody has reaped."""
    read, write = os.pipe()
    with subprocess.Popen([sys.executable, "-c", ""], stdout=write) as process:
        os.close(write)
        with os.fdopen(read) as pipe:
            pipe.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        yield process.pid


def owned_by(run: Run, pid: int, host: str = "") -> Run:
    owner = {"host": host or socket.gethostname(), "pid": pid}
    (run.folder / OWNER).write_text(json.dumps(owner), encoding="utf-8")
    return run


def begun(action: Action, record: Mapping[str, Any] = NEW) -> Entry:
    return Entry(Event.BEGUN, *JDOE, action, record)


def done(action: Action) -> Entry:
    return Entry(Event.DONE, *JDOE, action)


def failed(action: Action, error: CxconfigError) -> Entry:
    return Entry(Event.FAILED, *JDOE, action, error=error_to_data(error))


def run_with(parent: Path, *entries: Entry) -> Run:
    run = Run.begin(parent)
    for entry in entries:
        run.journal.write(entry)
    return run


def laid(parent: Path, entries: Sequence[Entry], inputs: Mapping[str, Any] | None, saved: float = 0.0) -> Any:
    """What is known of jdoe after a run with these entries; `inputs`: what the state holds."""
    recorded = [Recorded(*JDOE, inputs, URN)] if inputs is not None else []
    return lay_over(recorded, [run_with(parent, *entries)], REGISTRY, saved).get(JDOE)


def test_a_run_begins_with_an_owner_and_ends_without_a_trace(tmp_path: Path) -> None:
    """Its folder is its user's alone, and names host and process."""
    run = Run.begin(tmp_path / "runs")
    assert run.folder.stat().st_mode & 0o777 == 0o700
    assert run.alive()
    assert unfinished_runs(tmp_path / "runs") == []
    run.end()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_dead_run_that_began_something_is_found(tmp_path: Path, dead: int) -> None:
    """The oldest comes first."""
    runs = [owned_by(run_with(tmp_path, begun(Action.CREATE)), dead) for _ in range(3)]
    assert [run.folder for run in unfinished_runs(tmp_path)] == [run.folder for run in runs]


def test_a_dead_run_that_began_nothing_is_removed(tmp_path: Path, dead: int) -> None:
    """A killed preview leaves no folder behind for good."""
    owned_by(Run.begin(tmp_path), dead)
    (owned_by(Run.begin(tmp_path), dead).folder / OWNER).unlink()
    assert unfinished_runs(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_just_beginning_is_nobodys_dead_run(tmp_path: Path) -> None:
    """Its folder has another name until it says whose it is."""
    (tmp_path / ".beginning-20260101T000000-000000-1").mkdir()
    assert unfinished_runs(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1


def test_a_run_of_another_host_that_holds_the_lock_is_alive(tmp_path: Path, dead: int) -> None:
    """Whether its process lives cannot be seen from here; its lock can."""
    run = owned_by(run_with(tmp_path, begun(Action.CREATE)), dead, "elsewhere.example")
    assert run.alive({"elsewhere.example"})
    assert unfinished_runs(tmp_path, {"elsewhere.example"}) == []


def test_what_a_run_of_another_host_did_is_not_forgotten(tmp_path: Path, dead: int) -> None:
    """In CI every run has a host of its own: without a lock, one that began to write is over."""
    run = owned_by(run_with(tmp_path, begun(Action.CREATE)), dead, "elsewhere.example")
    assert [found.folder for found in unfinished_runs(tmp_path)] == [run.folder]


def test_a_run_of_another_host_that_has_not_begun_is_left_alone(tmp_path: Path, dead: int) -> None:
    """It may be about to take the lock."""
    run = owned_by(Run.begin(tmp_path), dead, "elsewhere.example")
    assert unfinished_runs(tmp_path) == []
    assert run.folder.is_dir()


def test_a_process_that_waits_to_be_reaped_is_dead(zombie: int) -> None:
    """A container without an init keeps the ids of dead processes."""
    os.kill(zombie, 0)
    assert not process_exists(zombie)


@pytest.mark.parametrize("changed", [{"started": "1"}, {"boot": "another"}])
def test_an_id_that_was_used_again_is_another_process(tmp_path: Path, changed: dict[str, str]) -> None:
    """The process's start and the boot tell; the times of files do not, as clocks differ."""
    run = run_with(tmp_path, begun(Action.CREATE))
    os.utime(run.folder / OWNER, (1_000_000_000, 1_000_000_000))
    assert run.alive()
    owner = json.loads((run.folder / OWNER).read_text())
    (run.folder / OWNER).write_text(json.dumps(owner | changed))
    assert not run.alive()


ODD = (
    '"record": 5',
    '"record": []',
    '"key": 5',
    '"error": 7',
    '"error": {"type": []}',
    '"kind": ["x"]',
    '"action": {}',
)


@pytest.mark.parametrize(
    "line",
    [
        *("5", "[]", '{"event": "else"}', '{"event": "begun", "more": 1}', "{}"),
        *(f'{{"event": "failed", {part}}}' for part in ODD),
    ],
)
def test_a_journal_that_is_none_is_not_passed_over(tmp_path: Path, line: str) -> None:
    """It could know of objects that nobody else knows: the message names the file and the way out."""
    run = run_with(tmp_path, begun(Action.CREATE))
    with run.journal.path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(SettingsError, match=r"journal\.jsonl, cannot be used: line 2"):
        list(run.journal.entries())


@pytest.mark.parametrize("record", [{}, {"key": ""}, {"key": "x", "skills": "abc"}, {"key": "x", "on_remove": "nuke"}])
def test_a_journal_with_a_record_that_no_kind_has(tmp_path: Path, record: dict[str, Any]) -> None:
    """The message names the file and the object."""
    run = run_with(tmp_path, Entry(Event.BEGUN, USERS, "x", Action.CREATE, record))
    with pytest.raises(SettingsError, match=r"journal\.jsonl, cannot be used: onecloud\.users x: "):
        lay_over([], [run], REGISTRY)


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    """What it was to tell was not begun."""
    run = run_with(tmp_path, begun(Action.CREATE))
    with run.journal.path.open("a") as file:
        file.write('{"event": "beg')
    assert len(list(run.journal.entries())) == 1


def test_a_journal_of_a_kind_that_is_not_known(tmp_path: Path) -> None:
    """A newer version wrote it: nothing is done without what it knows."""
    run = run_with(tmp_path, Entry(Event.BEGUN, "onecloud.ghosts", "x", Action.CREATE, {"key": "x"}))
    with pytest.raises(SettingsError, match=r"onecloud\.ghosts"):
        lay_over([], [run], REGISTRY)


def test_an_old_folder_that_never_got_its_name_is_removed(tmp_path: Path) -> None:
    """A kill at the very beginning leaves nothing for good."""
    folder = tmp_path / ".beginning-20260101T000000-000000-1"
    folder.mkdir()
    os.utime(folder, (1_000_000_000, 1_000_000_000))
    assert unfinished_runs(tmp_path) == []
    assert not folder.exists()


@pytest.mark.parametrize("pid", [0, -1])
def test_ids_that_are_none_are_no_process(pid: int) -> None:
    """Signals to them would mean whole groups."""
    assert not process_exists(pid)


def test_a_host_of_a_dead_run_is_killed_and_no_other(tmp_path: Path) -> None:
    """It is known by the handover that it was started with."""
    run, other = Run.begin(tmp_path), Run.begin(tmp_path)
    wait = [sys.executable, "-c", "import sys; sys.stdin.read()  # pulumi.dynamic"]
    hosts = [
        subprocess.Popen(
            wait,
            stdin=subprocess.PIPE,
            env={**os.environ, "CXCONFIG_HANDOVER": str(one.folder / "handover.json")},
        )
        for one in (run, other)
    ]
    try:
        run.end_hosts()
        assert hosts[0].wait(10) == -9
        assert hosts[1].poll() is None
    finally:
        for host in hosts:
            host.communicate()


def test_a_create_that_was_begun_counts_as_done(tmp_path: Path) -> None:
    """Its answer is lost: whether the object is there is read, and it is ours; its password is set again."""
    assert laid(tmp_path, [begun(Action.CREATE)], None) == Recorded(*JDOE, UNSURE)


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (Refused("404", endpoint="POST /user", status=404), False),
        (PermissionDenied("403", endpoint="POST /user", status=403), False),
        (ChangedSincePreview("appeared", kind=USERS, key="jdoe"), False),
        (LOST, True),
        (REFUSED_READ, True),
        (Unreachable("no answer", endpoint="GET /user/jdoe"), True),
        (ObjectError("accepted and not all of it made", kind=USERS, key="jdoe"), True),
    ],
)
def test_a_create_that_failed_is_forgotten_only_when_it_surely_was_none(
    tmp_path: Path, error: CxconfigError, known: bool
) -> None:
    """After a refusal of the write there is nothing of ours; after anything else there may be."""
    found = laid(tmp_path, [begun(Action.CREATE), failed(Action.CREATE, error)], None)
    assert (found is not None) is known


def test_an_update_that_was_done_is_laid_over_the_state(tmp_path: Path) -> None:
    """The killed engine had not written it."""
    assert laid(tmp_path, [begun(Action.UPDATE), done(Action.UPDATE)], OLD) == Recorded(*JDOE, NEW, URN)


@pytest.mark.parametrize("end", [[], [failed(Action.UPDATE, LOST)], [failed(Action.UPDATE, REFUSED_READ)]])
def test_a_secret_of_an_update_without_an_end_counts_as_not_recorded(tmp_path: Path, end: list[Entry]) -> None:
    """Nobody knows which of the two passwords it is, so the declared one is written again."""
    found = laid(tmp_path, [begun(Action.UPDATE), *end], OLD)
    assert found.inputs == {**OLD, "password": ""}


def test_an_update_without_an_end_that_wrote_the_same_secret_leaves_it_recorded(tmp_path: Path) -> None:
    """Then either way it is that one."""
    found = laid(tmp_path, [begun(Action.UPDATE, {**OLD, "team": "Support"})], OLD)
    assert found.inputs == OLD


def test_a_secret_that_was_not_recorded_before_an_update_is_not_after_it(tmp_path: Path) -> None:
    """From a variable it is written as nothing is recorded; generated, it was not to be, and is not in the next run."""
    without = {"key": "jdoe", "team": "Sales"}
    assert laid(tmp_path / "1", [begun(Action.UPDATE)], without).inputs == without
    lost = [begun(Action.UPDATE), failed(Action.UPDATE, LOST)]
    assert opened(tmp_path / "2", lost, Fate.FAILED, Recorded(*JDOE, without, URN), state=without) == Recorded(
        *JDOE, without, URN
    )


def test_an_update_that_was_refused_leaves_the_record(tmp_path: Path) -> None:
    """The system said no, so everything is as it was."""
    assert laid(tmp_path, [begun(Action.UPDATE), failed(Action.UPDATE, REFUSED)], OLD).inputs == OLD


@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE, Action.FORGET])
def test_removals_of_a_killed_run_are_read_again(tmp_path: Path, action: Action) -> None:
    """What is live tells whether they were carried out."""
    assert laid(tmp_path, [begun(action, OLD), done(action)], OLD) == Recorded(*JDOE, OLD, URN)
    assert laid(tmp_path, [begun(action, OLD)], None) is None


def test_an_adoption_without_an_end_is_ours(tmp_path: Path) -> None:
    """It may have enabled the user: taken out of the YAML, that is shown as disabled again."""
    assert laid(tmp_path, [begun(Action.ADOPT)], None) == Recorded(*JDOE, NEW)
    assert laid(tmp_path, [begun(Action.ADOPT), done(Action.ADOPT)], None) == Recorded(*JDOE, NEW)


def test_a_state_that_was_written_later_is_right_about_all_but_secrets(tmp_path: Path) -> None:
    """Somebody went on with plain pulumi after the kill; a refresh there cannot read a password."""
    entries = [begun(Action.UPDATE), done(Action.UPDATE)]
    found = laid(tmp_path, entries, OLD, saved=9_999_999_999.0)
    assert found.inputs == {**OLD, "password": ""}
    assert laid(tmp_path, [begun(Action.CREATE)], None, saved=9_999_999_999.0) == Recorded(*JDOE, UNSURE)


RENAMED: Key = (USERS, "jsmith")


def renaming(action: Action = Action.RENAME, *ends: Event, unread: Sequence[str] = ("password",)) -> list[Entry]:
    """The step that makes jsmith of jdoe, begun and with these ends."""
    return [
        Entry(Event.BEGUN, *RENAMED, action, {**NEW, "key": "jsmith"}, was="jdoe", unread=unread),
        *(Entry(end, *RENAMED, action) for end in ends),
    ]


def test_a_rename_without_an_end_stands_under_both_keys_until_it_is_read(tmp_path: Path) -> None:
    """A secret that it may have set counts as not recorded; one that is done, or sets none, is known whole."""
    state = [Recorded(*JDOE, OLD, URN)]
    found = lay_over(state, [run_with(tmp_path, *renaming())], REGISTRY)
    assert found == {
        JDOE: Recorded(*JDOE, OLD, URN),
        RENAMED: Recorded(*RENAMED, {**UNSURE, "key": "jsmith"}, was="jdoe"),
    }
    for whole in (renaming(Action.RENAME, Event.DONE), renaming(unread=())):
        found = lay_over(state, [run_with(tmp_path, *whole)], REGISTRY)
        assert found[RENAMED] == Recorded(*RENAMED, {**NEW, "key": "jsmith"}, was="jdoe")


def test_a_rename_that_the_state_knows_or_that_was_refused_is_none_any_more(tmp_path: Path) -> None:
    """The engine has written it, or the system said no."""
    known = Recorded(*RENAMED, {**NEW, "key": "jsmith"}, URN.replace("jdoe", "jsmith"))
    assert lay_over([known], [run_with(tmp_path, *renaming())], REGISTRY).keys() == {RENAMED}
    refused = [*renaming(), Entry(Event.FAILED, *RENAMED, Action.RENAME, error=error_to_data(REFUSED))]
    assert lay_over([Recorded(*JDOE, OLD, URN)], [run_with(tmp_path, *refused)], REGISTRY).keys() == {JDOE}


def test_a_rename_whose_answer_was_lost_is_told_to_the_next_run(tmp_path: Path) -> None:
    """And so is one that an earlier run made and that the engine does not know yet; a refused one is not."""
    step = Step(*RENAMED, Action.RENAME, Cause.EDIT, was="jdoe", recorded=True)
    lost = run_with(
        tmp_path / "lost", *renaming(), Entry(Event.FAILED, *RENAMED, Action.RENAME, error=error_to_data(LOST))
    )
    held = {RENAMED: Recorded(*RENAMED, NEW, URN, was="jdoe")}
    (left,) = still_open(lost, [Outcome(step, Fate.FAILED)], held, frozenset(), REGISTRY)
    assert (left.event, left.action, left.was, left.unread) == (Event.BEGUN, Action.RENAME, "jdoe", ["password"])
    none = run_with(tmp_path / "none")
    told = list(still_open(none, [Outcome(step, Fate.NOT_TRIED)], held, {RENAMED}, REGISTRY))
    assert [(one.event, one.was) for one in told] == [(Event.BEGUN, "jdoe"), (Event.DONE, "")]
    assert list(still_open(none, [Outcome(step, Fate.NOT_TRIED)], held, frozenset(), REGISTRY)) == []


def test_later_runs_are_laid_over_earlier_ones(tmp_path: Path) -> None:
    """A create, then an update of it, both killed before the state was written."""
    first = run_with(tmp_path, begun(Action.CREATE, OLD))
    second = run_with(tmp_path, begun(Action.UPDATE), done(Action.UPDATE))
    assert lay_over([], [first, second], REGISTRY) == {JDOE: Recorded(*JDOE, NEW)}


def test_a_journal_cut_short_by_a_kill_is_read_up_to_there(tmp_path: Path) -> None:
    """The last line counts as not written."""
    run = run_with(tmp_path, begun(Action.CREATE))
    with run.journal.path.open("ab") as file:
        file.write(b'{"event": "done", "kind": "onecl')
    assert [entry.event for entry in run.journal.entries()] == [Event.BEGUN]


def opened(
    parent: Path,
    entries: Sequence[Entry],
    fate: Fate,
    held: Recorded | None,
    *,
    behind: bool = False,
    state: Mapping[str, Any] = OLD,
) -> Recorded | None:
    """What the run after the next knows of jdoe, when a run wrote its state and ended his step like this."""
    run = run_with(parent, *entries)
    recorded = {JDOE: held} if held is not None else {}
    outcomes = [Outcome(Step(*JDOE, Action.UPDATE if held else Action.CREATE), fate)]
    kept = run.keep_open(list(still_open(run, outcomes, recorded, {JDOE} if behind else set(), REGISTRY)))
    if not kept:
        return None
    known = [Recorded(*JDOE, state, URN)] if held is not None and held.urn else []
    return lay_over(known, [run], REGISTRY)[JDOE]


def test_what_was_done_and_written_is_not_kept(tmp_path: Path) -> None:
    """The state holds it."""
    assert opened(tmp_path, [begun(Action.CREATE), done(Action.CREATE)], Fate.DONE, None) is None


def test_a_create_whose_answer_was_lost_is_kept_though_the_state_is_written(tmp_path: Path) -> None:
    """The engine counts it as failed and forgets it; if it was made, it is ours to remove."""
    entries = [begun(Action.CREATE), failed(Action.CREATE, LOST)]
    assert opened(tmp_path, entries, Fate.FAILED, None) == Recorded(*JDOE, UNSURE)


def test_a_create_that_was_refused_is_not_kept(tmp_path: Path) -> None:
    """There is nothing of ours."""
    refused = Refused("404", endpoint="POST /user", status=404)
    assert opened(tmp_path, [begun(Action.CREATE), failed(Action.CREATE, refused)], Fate.FAILED, None) is None


def test_an_object_of_a_killed_run_stays_known_until_it_is_recorded(tmp_path: Path) -> None:
    """The second run failed on it, or did not come to it."""
    ghost = Recorded(*JDOE, OLD)
    assert opened(tmp_path / "1", [], Fate.NOT_TRIED, ghost) == ghost
    entries = [begun(Action.UPDATE), failed(Action.UPDATE, LOST)]
    unsure = {**OLD, "password": ""}
    assert opened(tmp_path / "2", entries, Fate.FAILED, ghost) == Recorded(*JDOE, unsure)
    entries = [begun(Action.UPDATE), failed(Action.UPDATE, REFUSED)]
    assert opened(tmp_path / "3", entries, Fate.FAILED, ghost) == ghost


def test_a_secret_stays_unsure_until_it_is_written(tmp_path: Path) -> None:
    """Also when the step that should have written it was not tried or refused."""
    unsure = {**OLD, "password": ""}
    held = Recorded(*JDOE, unsure, URN)
    entries = [begun(Action.UPDATE), failed(Action.UPDATE, REFUSED)]
    for number, tried in enumerate([[], entries]):
        found = opened(tmp_path / str(number), tried, Fate.FAILED, held, behind=True)
        assert found == held
    entries = [begun(Action.UPDATE), failed(Action.UPDATE, LOST)]
    assert opened(tmp_path / "lost", entries, Fate.FAILED, Recorded(*JDOE, OLD, URN)) == held


def test_errors_survive_the_journal(tmp_path: Path) -> None:
    """Type, text, way out and the vendor's answer, with the place from this side."""
    journal = Journal(tmp_path / "journal.jsonl")
    error = Refused("no", system="onecloud", endpoint="PUT /user/jdoe", status=400, said="bad", way_out="do this")
    journal.write(failed(Action.UPDATE, error))
    (entry,) = journal.entries()
    found = error_from_data(entry.error, *JDOE, None)
    assert isinstance(found, Refused)
    assert (found.what, found.way_out, found.status, found.said) == ("no", "do this", 400, "bad")
    assert journal.path.stat().st_mode & 0o777 == 0o600


def stack_with_lock(folder: Path, **lock: Any) -> Stack:
    stack = Stack("acme", folder, None, Engine(Path("pulumi"), "3.259.0", "cache", (), True))
    locks = folder / ".cxconfig" / ".pulumi" / "locks" / "organization" / "cxconfig" / "acme"
    locks.mkdir(parents=True)
    (locks / "one.json").write_text(json.dumps({"username": "sam", **lock}), encoding="utf-8")
    return stack


def test_a_lock_of_a_dead_process_is_stale(tmp_path: Path, dead: int) -> None:
    """The message says so, and how to go on."""
    lock = held_lock(stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=dead))
    assert lock is not None and lock.stale and "--unlock" in str(lock)


def test_a_lock_of_a_process_that_waits_to_be_reaped_is_stale(tmp_path: Path, zombie: int) -> None:
    """As in a container without an init."""
    lock = held_lock(stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=zombie))
    assert lock is not None and lock.stale


def test_a_lock_of_a_living_process_is_not_stale(tmp_path: Path) -> None:
    """The message names the process and its host."""
    lock = held_lock(stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=os.getpid()))
    assert lock is not None and not lock.stale
    assert str(os.getpid()) in str(lock) and socket.gethostname() in str(lock)


def test_a_lock_whose_number_another_process_was_given_is_stale(tmp_path: Path) -> None:
    """One that started after the lock was made and is no engine."""
    stack = stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=os.getpid())
    (path,) = tmp_path.rglob("one.json")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    lock = held_lock(stack)
    assert lock is not None and lock.stale


def test_a_lock_of_another_host_is_never_stale(tmp_path: Path, dead: int) -> None:
    """Nobody here can tell whether that process lives."""
    lock = held_lock(stack_with_lock(tmp_path, hostname="elsewhere.example", pid=dead))
    assert lock is not None and not lock.stale and "elsewhere.example" in str(lock)


def test_a_lock_that_cannot_be_read_is_not_stale(tmp_path: Path) -> None:
    """It may be one that is just being written."""
    stack = stack_with_lock(tmp_path)
    (path,) = tmp_path.rglob("one.json")
    path.write_text("{", encoding="utf-8")
    lock = held_lock(stack)
    assert lock is not None and not lock.stale


def test_only_the_lock_of_a_dead_process_is_removed(tmp_path: Path, dead: int) -> None:
    """One that may be held stays, and is the one that is told."""
    stack = stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=dead)
    (path,) = tmp_path.rglob("one.json")
    other = path.with_name("two.json")
    other.write_text(json.dumps({"username": "sam", "hostname": "elsewhere.example", "pid": dead}), encoding="utf-8")
    remove_stale(stack)
    assert not path.exists() and other.exists()
    lock = held_lock(stack)
    assert lock is not None and lock.host == "elsewhere.example"


def test_a_lock_that_may_be_held_comes_first(tmp_path: Path, dead: int) -> None:
    """With a dead one beside it, there is still somebody to wait for."""
    stack = stack_with_lock(tmp_path, hostname=socket.gethostname(), pid=dead)
    (path,) = tmp_path.rglob("one.json")
    content = {"username": "sam", "hostname": "elsewhere.example", "pid": dead}
    path.with_name("two.json").write_text(json.dumps(content), encoding="utf-8")
    lock = held_lock(stack)
    assert lock is not None and not lock.stale


def test_the_engines_own_words_about_a_lock_are_understood() -> None:
    """A lock that was taken after we looked."""
    text = (
        "error: the stack is currently locked by 1 lock(s). Either wait. created by sam@elsewhere (pid 4711) at 10:00"
    )
    lock = lock_in(text)
    assert lock is not None and (lock.host, lock.pid, lock.stale) == ("elsewhere", 4711, False)
    assert lock_in("error: something else") is None


def test_what_a_killed_run_left_unrecorded_is_caught_up() -> None:
    """Live is as declared, the record is not, and the next run must not find that again."""
    state = [Recorded(*JDOE, OLD, URN)]
    held = {JDOE: Recorded(*JDOE, NEW, URN)}
    world = World("acme", {JDOE: Desired(*JDOE, {"team": "Support"})}, {JDOE: {}}, recorded=held)
    plan = Plan("acme", (), {USERS: 1})
    late = behind(state, held)
    assert late == {JDOE}
    (step,) = catching_up(plan, world, late)
    assert (step.action, step.recorded, step.exists) == (Action.RECORD, True, True)
    stepped = Plan("acme", (Step(*JDOE, Action.UPDATE),), {USERS: 1})
    assert catching_up(stepped, world, late) == []
    assert behind(state, {JDOE: state[0]}) == frozenset()


def test_an_object_of_a_killed_run_that_is_not_declared_any_more_is_a_ghost() -> None:
    """The engine has never heard of it and must be told before it can remove it."""
    removal = Plan("acme", (Step(*JDOE, Action.DISABLE, Cause.REMOVED),), {})
    unknown, known = Recorded(*JDOE, OLD), Recorded(*JDOE, OLD, URN)
    assert ghosts({JDOE: unknown}, removal) == [unknown]
    assert ghosts({JDOE: known}, removal) == []
    assert ghosts({JDOE: unknown}, Plan("acme", (Step(*JDOE, Action.RECORD),), {})) == []


def test_objects_that_are_too_many_for_one_command_line_come_in_groups() -> None:
    """In order, none twice, each group within the bound; one that is larger by itself stands alone."""
    words = ["aa", "b", "cccc", "d", "ee", "ffffffff", "g"]
    groups = list(in_groups(words, len, 4))
    assert groups == [["aa", "b"], ["cccc"], ["d", "ee"], ["ffffffff"], ["g"]]
    assert list(in_groups([], len, 4)) == []


def test_who_was_never_declared_must_be_made_known_before_he_can_go() -> None:
    """Only for what is to be done, and once: reported ones stay unknown."""
    going = Step(*JDOE, Action.DELETE, Cause.UNDECLARED, exists=True)
    stays = Step("onecloud.users", "other", Action.NONE, Cause.UNDECLARED, exists=True)
    plan = Plan("acme", (going, stays), {})
    (unknown,) = ghosts({}, plan)
    assert unknown == Recorded(*JDOE, {"key": JDOE[1], "undeclared": True})
    assert ghosts({JDOE: Recorded(*JDOE, unknown.inputs, "urn:x")}, plan) == []
