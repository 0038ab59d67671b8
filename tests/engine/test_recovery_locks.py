"""Locks: a living or a foreign one is never removed, a dead one is explained and removed on request."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.locate import locate
from tests.engine.harness import PASSPHRASE, Tenant, agent, agents, wait_until
from tests.engine.test_recovery import USER, assert_nothing_left, created, hosts_of, kill

pytestmark = pytest.mark.measured

ELSEWHERE = "elsewhere.example"


def lock(tenant: Tenant, **content: Any) -> Path:
    """Put a lock into the tenant's state, as the engine writes it."""
    folder = tenant.folder / ".cxconfig" / ".pulumi" / "locks" / "organization" / "cxconfig" / "acme"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "0b9ce9f1-0000-4000-8000-000000000000.json"
    found = {"pid": os.getpid(), "username": "sam", "hostname": socket.gethostname(), **content}
    path.write_text(json.dumps({**found, "timestamp": "2026-01-01T00:00:00Z"}), encoding="utf-8")
    return path


@pytest.fixture
def dead() -> int:
    """The id of a process that was there."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@contextmanager
def held_up(processes: list[int]) -> Iterator[None]:
    """Processes that do not go on for a while."""
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("unlock", [(), ("--unlock",)], ids=["plain", "unlock"])
@pytest.mark.parametrize("host", [socket.gethostname(), ELSEWHERE], ids=["living", "foreign"])
def test_a_lock_that_may_be_held_stays(tenant: Tenant, dead: int, host: str, unlock: tuple[str, ...]) -> None:
    """The message names host and process, nothing is written, and the lock is still there."""
    tenant.write({"a0": agent(0)})
    pid = dead if host == ELSEWHERE else os.getpid()
    path = lock(tenant, hostname=host, pid=pid)
    refused = tenant.run("up", "--yes", *unlock)
    assert refused.code == 1, str(refused)
    assert host in refused.said and str(pid) in refused.said and "sam" in refused.said
    assert path.exists()
    assert tenant.writes() == 0


def test_a_lock_of_a_dead_process(tenant: Tenant, dead: int) -> None:
    """Without --unlock it is explained and stays; with it, the run says that it is removed and does its work."""
    tenant.write({"a0": agent(0)})
    path = lock(tenant, pid=dead)
    for verb in ("up", "destroy"):
        refused = tenant.run(verb, "--yes")
        assert refused.code == 1, str(refused)
        assert "which is dead" in refused.said and "--unlock" in refused.said
    assert path.exists() and tenant.box.log() == [], "a lock is told before anything is read"
    shown = tenant.run("preview")
    assert shown.code == 2 and path.exists(), str(shown)
    assert f"a run that was killed left its lock (process {dead}): the next `cxconfig up` needs --unlock" in shown.said
    done = tenant.run("up", "--yes", "--unlock")
    assert done.code == 0, str(done)
    assert f"Removed the lock of process {dead}" in done.said
    assert not path.exists()
    assert set(tenant.box.users) == {"a0"}


def test_unlock_without_a_lock_is_nothing_special(tenant: Tenant) -> None:
    """It may stand in a script for good."""
    tenant.write({"a0": agent(0)})
    done = tenant.run("up", "--yes", "--unlock")
    assert done.code == 0, str(done)
    assert "lock" not in done.said


def test_a_preview_needs_no_lock(tenant: Tenant) -> None:
    """It writes nothing, so a colleague may look while a run is going on."""
    tenant.write({"a0": agent(0)})
    tenant.settled()
    tenant.write(agents(2))
    path = lock(tenant, hostname=ELSEWHERE)
    shown = tenant.run("preview")
    assert shown.code == 2 and "lock" not in shown.said, str(shown)
    assert path.exists()


def test_two_runs_at_once(tenant: Tenant) -> None:
    """One works, the other ends with a clear message, and nothing is made twice."""
    tenant.write(agents(10))
    tenant.box.fault({"delay_ms": 1_000}, method="POST", path=USER)
    first = tenant.start("up", "--yes")
    wait_until(lambda: bool(tenant.writes()), "the first run applies")
    with held_up(hosts_of(tenant)):
        second = tenant.run("up", "--yes", "--unlock")
    tenant.box.clear_faults()
    done = tenant.finish(first)
    assert done.code == 0, str(done)
    assert second.code == 1, str(second)
    assert "another run is going on" in second.said, str(second)
    assert sorted(created(tenant)) == sorted(agents(10))
    assert tenant.run("up", "--yes").code == 0


def test_two_runs_that_begin_together(tenant: Tenant) -> None:
    """Whatever the moment: nothing is made twice, who did not work says why, and the next run has nothing to do."""
    tenant.write(agents(10))
    ended = [tenant.finish(process) for process in [tenant.start("up", "--yes"), tenant.start("up", "--yes")]]
    assert 0 in {ran.code for ran in ended}, "\n".join(map(str, ended))
    for ran in ended:
        assert ran.code == 0 or "error: " in ran.said, str(ran)
    assert sorted(created(tenant)) == sorted(agents(10))
    again = tenant.run("up", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out, str(again)


def test_no_passphrase(tenant: Tenant) -> None:
    """The message says which variable to set."""
    tenant.write({"a0": agent(0)})
    refused = tenant.run("up", "--yes", PULUMI_CONFIG_PASSPHRASE=None)
    assert refused.code == 1, str(refused)
    assert "PULUMI_CONFIG_PASSPHRASE" in refused.said


def test_a_wrong_passphrase(tenant: Tenant) -> None:
    """A state that was made with another one is not touched."""
    tenant.write({"a0": agent(0)})
    tenant.settled()
    tenant.write({"a0": agent(0, skills={"Spanish": 5})})
    for verb, options in (("preview", ()), ("up", ("--yes",)), ("destroy", ("--yes",))):
        refused = tenant.fresh().run(verb, *options, PULUMI_CONFIG_PASSPHRASE="another one")
        assert refused.code == 1, str(refused)
        assert "passphrase" in refused.said and "PULUMI_CONFIG_PASSPHRASE" in refused.said, str(refused)
        assert "another one" not in refused.text
        assert tenant.writes() == 0


def test_a_passphrase_in_a_file(tenant: Tenant, tmp_path: Path) -> None:
    """The variable with a path does the same as the one with the text; a missing file is named."""
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n", encoding="utf-8")
    tenant.write({"a0": agent(0)})
    by_file = {"PULUMI_CONFIG_PASSPHRASE": None, "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    done = tenant.run("up", "--yes", **by_file)
    assert done.code == 0, str(done)
    again = tenant.run("up", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out, str(again)
    file.unlink()
    refused = tenant.run("up", "--yes", **by_file)
    assert refused.code == 1 and "PULUMI_CONFIG_PASSPHRASE_FILE" in refused.said, str(refused)


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_backend_that_cannot_be_reached(tenant: Tenant, verb: str) -> None:
    """The message names the backend without its password."""
    tenant.write({"a0": agent(0)}, state={"backend": "${env:STATE_URL}"})
    url = "postgres://sam:Echidna-31@127.0.0.1:1/state?sslmode=disable"
    refused = tenant.run(verb, "--yes" if verb == "up" else "--verbose", STATE_URL=url)
    assert refused.code == 1, str(refused)
    assert "the state could not be read" in refused.said and "127.0.0.1:1" in refused.said, str(refused)
    assert "Echidna-31" not in refused.text
    assert tenant.writes() == 0


def test_no_engine(tenant: Tenant, tmp_path: Path) -> None:
    """The message lists what was looked at and how to have one; reading alone needs none."""
    tenant.write({"a0": agent(0)})
    bare = {"PATH": os.path.dirname(sys.executable), "XDG_CACHE_HOME": str(tmp_path / "empty"), "CXCONFIG_PULUMI": None}
    if shutil.which("pulumi", path=bare["PATH"]):
        pytest.skip("the engine lies beside this Python")
    refused = tenant.run("up", "--yes", **bare)
    assert refused.code == 1, str(refused)
    assert "make engine" in refused.said and "PATH" in refused.said, str(refused)
    assert tenant.run("audit", **bare).code == 2
    assert tenant.run("validate", **bare).code == 0


def test_a_run_that_was_killed_leaves_its_lock(tenant: Tenant) -> None:
    """The next run without --unlock says what happened and how to go on, and writes nothing."""
    tenant.write(agents(5))
    rule = tenant.box.fault({"delay_ms": 30_000, "when": "after"}, method="POST", path=USER)
    process = tenant.start("up", "--yes")
    wait_until(lambda: bool(created(tenant)), "the first user is created")
    kill(process)
    tenant.box.clear_faults(rule)
    assert_nothing_left(tenant)
    refused = tenant.fresh().run("up", "--yes")
    assert refused.code == 1, str(refused)
    assert "a run was killed" in refused.said and "--unlock" in refused.said
    assert tenant.writes() == 0
    assert locate(tenant.env).version in tenant.run("doctor").out
