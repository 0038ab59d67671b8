"""Ctrl-C and SIGTERM: calls in flight finish, the run says what was done, and the next one converges."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.engine.harness import Ran, Tenant, agents, wait_until
from tests.engine.test_recovery import ONE, USER, created, engines_of, helpers

pytestmark = pytest.mark.measured

INTERRUPTED = 130
Send = Callable[[subprocess.Popen[str]], None]


def to_process(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def to_group(process: subprocess.Popen[str]) -> None:
    """As a terminal does it: every process of the foreground group gets it."""
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


each_signal = pytest.mark.parametrize("send", [to_process, to_group, terminate])


def assert_ended(tenant: Tenant, ended: Ran) -> None:
    """Exit code 130, its own sentence, no process and no lock left behind."""
    assert ended.code == INTERRUPTED, str(ended)
    assert "interrupted" in ended.said, str(ended)
    wait_until(lambda: not helpers(tenant), "the run's processes have ended")
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert set(tenant.box.users) == set(agents(30))
    assert len(created(tenant)) == 30
    assert list((tenant.folder / ".cxconfig" / "runs" / "acme").iterdir()) == []


@each_signal
def test_interrupted_while_reading(tenant: Tenant, send: Send) -> None:
    """Nothing was begun, and it says so."""
    tenant.write(agents(30))
    rule = tenant.box.fault({"delay_ms": 300}, method="GET", path=ONE)
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.reads() >= 3, "the first users are read")
    send(process)
    ended = tenant.finish(process)
    assert "nothing was" in ended.said, str(ended)
    assert tenant.reads() < 30
    tenant.box.clear_faults(rule)
    assert tenant.writes() == 0
    assert_ended(tenant, ended)


@each_signal
def test_interrupted_while_the_engine_previews(tenant: Tenant, send: Send) -> None:
    """Nothing was applied, and it says so."""
    tenant.write(agents(30))
    process = tenant.start("up", "--yes")
    wait_until(lambda: bool(engines_of(tenant, "preview")), "the engine previews")
    send(process)
    ended = tenant.finish(process)
    assert "nothing was" in ended.said, str(ended)
    assert tenant.writes() == 0
    assert_ended(tenant, ended)


@each_signal
def test_interrupted_while_applying(tenant: Tenant, send: Send) -> None:
    """The calls in flight finish and are recorded; the message counts what was done, and says where passwords are."""
    tenant.write({login: {**user, "password": "${generate:20}"} for login, user in agents(30).items()})
    rule = tenant.box.fault({"delay_ms": 500, "when": "after"}, method="POST", path=USER)
    process = tenant.start("up", "--yes")
    wait_until(lambda: bool(created(tenant)), "the first user is created")
    send(process)
    ended = tenant.finish(process)
    tenant.box.clear_faults(rule)
    made = created(tenant)
    assert 0 < len(made) < 30
    assert f"{len(made) + 4} of 34 steps were done" in ended.said, str(ended)
    assert f"{len(made)} generated password" in ended.said and "then delete the file" in ended.said, str(ended)
    assert {key for key in tenant.state() if key.startswith("users/")} == {f"users/{login}" for login in made}
    assert_ended(tenant, ended)


def test_no_answer_to_the_question(tenant: Tenant) -> None:
    """The input ends instead of an answer: nothing is applied."""
    tenant.write(agents(2))
    ended = tenant.talk("up", answers={"Apply these changes?": lambda: "\x04"})
    assert ended.code == INTERRUPTED, str(ended)
    assert "nothing was applied" in ended.said
    assert tenant.writes() == 0
