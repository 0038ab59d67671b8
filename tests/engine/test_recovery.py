"""Killed at any moment, the next run converges: nothing lost, nothing twice, passwords right.

The suite kills a run at three moments; `CXCONFIG_KILLS=20` makes it twenty, `CXCONFIG_KILL_SEED` other ones.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import PASSWORD, Ran, Tenant, agent, agents, wait_until

pytestmark = pytest.mark.measured

KILLS = int(os.environ.get("CXCONFIG_KILLS", "3"))
SEED = int(os.environ.get("CXCONFIG_KILL_SEED", "1"))
USERS = 100
OTHER_PASSWORD = "Bilby-4410-second"
HOSTS_END_WITHIN_S = 5.0
USER = "/configapi/v2/user"
ONE = "/configapi/v2/user/*"


def kill(process: subprocess.Popen[str]) -> None:
    """Kill -9 of the whole process group of a run."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def helpers(tenant: Tenant) -> list[int]:
    """The processes (engine, dynamic hosts) that were started for a run of this tenant and are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, environ = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"pulumi" in command and str(tenant.folder).encode() in environ:
            found.append(int(folder.name))
    return found


def assert_nothing_left(tenant: Tenant) -> None:
    """Engine and hosts of a killed run end by themselves."""
    began = time.monotonic()
    wait_until(lambda: not helpers(tenant), "the hosts of the killed run have ended")
    assert time.monotonic() - began < HOSTS_END_WITHIN_S


def hosts_of(tenant: Tenant) -> list[int]:
    return [pid for pid in helpers(tenant) if any(b"pulumi.dynamic" in word for word in _command(pid))]


def engines_of(tenant: Tenant, verb: str) -> list[int]:
    """Engines that work on `verb` (preview, up)."""
    words = (b"--non-interactive", verb.encode())
    return [pid for pid in helpers(tenant) if set(words) <= set(_command(pid))]


def _command(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def killed_in_mid_apply(tenant: Tenant, *args: str, posts: int = 3, path: str = USER, **env: str) -> None:
    """Run until so many writes were carried out whose answers are still on their way, then kill."""
    tenant.box.clear_log()
    rule = tenant.box.fault({"delay_ms": 30_000, "when": "after"}, write=True, path=path)
    process = tenant.start("up", "--yes", *args, **env)
    wait_until(lambda: tenant.box.count(write=True, changed=True) >= posts, f"{posts} writes were carried out")
    kill(process)
    tenant.box.clear_faults(rule)
    assert_nothing_left(tenant)


def converge(tenant: Tenant, **env: str) -> Ran:
    """The next run succeeds, and the one after it has nothing to do."""
    done = tenant.run("up", "--yes", "--unlock", **env)
    assert done.code == 0, str(done)
    writes = tenant.writes()
    again = tenant.run("up", "--yes", **env)
    assert (again.code, tenant.writes()) == (0, writes), str(again)
    assert "Nothing to do" in again.out, str(again)
    assert list((tenant.folder / ".cxconfig" / "runs" / "acme").iterdir()) == []
    return done


def created(tenant: Tenant) -> list[str]:
    """The logins of every POST that made a user, whatever its answer."""
    return [str(entry.sent["loginId"]) for entry in tenant.box.log("POST", USER, changed=True)]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a run is killed: so many seconds after it had read so many users, or had created so many."""

    read: int
    written: int
    later_s: float

    def __str__(self) -> str:
        return f"{f'{self.written}-written' if self.written else f'{self.read}-read'}-{self.later_s:.2f}s-later"


def moments(count: int) -> list[Moment]:
    """So many moments of a run, one in each part of it: a fifth before the first write and a fifth after the last."""
    chance = random.Random(SEED)
    found = []
    for number in range(count):
        part = (number + chance.random()) / count
        if part < 0.2:
            found.append(Moment(1 + int(part / 0.2 * USERS), 0, chance.uniform(0, 2)))
        elif part < 0.8:
            found.append(Moment(0, 1 + int((part - 0.2) / 0.6 * USERS), chance.uniform(0, 0.05)))
        else:
            found.append(Moment(0, USERS, chance.uniform(0, 0.3)))
    return found


def flaky(make_tenant: MakeTenant, number: int) -> Tenant:
    """A hundred users to create; one answer of seven to a write is lost after the write was carried out."""
    tenant = make_tenant(latency_ms=10)
    tenant.write(agents(USERS))
    tenant.box.fault("drop_after", write=True, path=USER, probability=0.15, seed=number)
    return tenant


def killed_at(tenant: Tenant, moment: Moment) -> None:
    """Run until the sandbox has seen so much, and kill; a run that was faster than that has ended by itself."""
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.reads() >= moment.read and len(created(tenant)) >= moment.written, str(moment))
    try:
        process.communicate(timeout=moment.later_s)
    except subprocess.TimeoutExpired:
        kill(process)
    assert_nothing_left(tenant)


@pytest.mark.parametrize("moment", moments(KILLS), ids=str)
def test_killed_at_a_random_moment(make_tenant: MakeTenant, moment: Moment) -> None:
    """No user twice, none lost, every password right, no process left, and then nothing to do."""
    tenant = flaky(make_tenant, moment.read + moment.written)
    killed_at(tenant, moment)
    posted = len(created(tenant))
    log = converge(tenant)
    assert sorted(created(tenant)) == sorted(agents(USERS)), f"{posted} had been created\n{log}"
    assert set(tenant.box.users) == set(agents(USERS))
    assert all(tenant.box.password_matches(login, PASSWORD) for login in tenant.box.users)
    assert tenant.state().keys() == {*(f"users/a{n}" for n in range(USERS)), *(f"teams/{t}" for t in tenant.box.teams)}
    writes = tenant.writes()
    assert [tenant.run("preview").code, tenant.run("audit").code, tenant.writes()] == [0, 0, writes]


def test_a_created_user_who_is_taken_out_of_the_yaml_is_disabled(tenant: Tenant) -> None:
    """The answer to the create was lost with the run; the user is one of ours all the same."""
    tenant.write(agents(6))
    killed_in_mid_apply(tenant)
    made = created(tenant)
    tenant.write({login: fields for login, fields in agents(6).items() if login not in made})
    done = converge(tenant)
    assert {login: user["disabled"] for login, user in tenant.box.users.items()} == {
        login: login in made for login in agents(6)
    }, str(done)


def test_a_created_user_who_is_taken_out_is_shown_as_disabled_in_a_preview(tenant: Tenant) -> None:
    """A preview knows what the killed run did, and writes nothing."""
    tenant.write({"a0": agent(0)})
    killed_in_mid_apply(tenant, posts=1)
    tenant.write({})
    tenant.box.clear_log()
    shown = tenant.run("preview")
    assert shown.code == 2, str(shown)
    assert "a0" in shown.out and "disable" in shown.out
    assert tenant.writes() == 0


def test_a_killed_run_and_then_destroy(tenant: Tenant) -> None:
    """Users whose creation nobody recorded are taken out as well."""
    tenant.write(agents(6))
    killed_in_mid_apply(tenant)
    done = tenant.run("destroy", "--yes", "--unlock")
    assert done.code == 0, str(done)
    assert created(tenant) and all(user["disabled"] for user in tenant.box.users.values())
    assert tenant.state() == {}


def test_a_secret_that_changes_after_a_killed_create(tenant: Tenant) -> None:
    """The user was made with the old password and gets the new one."""
    tenant.write(agents(6))
    killed_in_mid_apply(tenant)
    assert created(tenant)
    converge(tenant, INITIAL_PASSWORD=OTHER_PASSWORD)
    assert all(tenant.box.password_matches(login, OTHER_PASSWORD) for login in agents(6))


def test_a_secret_that_is_put_back_after_a_killed_update(tenant: Tenant) -> None:
    """The state still holds the old password and the system the new one: it is written again."""
    tenant.write(agents(6))
    tenant.settled()
    killed_in_mid_apply(tenant, path=ONE, INITIAL_PASSWORD=OTHER_PASSWORD)
    assert any(tenant.box.password_matches(login, OTHER_PASSWORD) for login in agents(6))
    converge(tenant)
    assert all(tenant.box.password_matches(login, PASSWORD) for login in agents(6))


def test_an_edit_that_a_killed_run_made(tenant: Tenant) -> None:
    """Users that are already as declared are only recorded, and the run after that has nothing to do."""
    tenant.write(agents(6))
    tenant.settled()
    tenant.write({login: {**fields, "skills": {"Spanish": 40}} for login, fields in agents(6).items()})
    tenant.box.fault({"delay_ms": 300, "when": "after"}, write=True, path="/configapi/v2/user/a5")
    tenant.box.clear_log()
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.box.count(write=True, changed=True) >= 6, "all writes were carried out")
    kill(process)
    assert_nothing_left(tenant)
    tenant.box.clear_faults()
    converge(tenant)
    assert all(user["skills"] == {"Spanish": 40} for user in tenant.box.users.values())
    assert all(tenant.state()[f"users/{login}"]["skills"] == {"Spanish": 40} for login in agents(6))


def test_killed_twice(tenant: Tenant) -> None:
    """What the first run did is not forgotten when the second is killed as well."""
    tenant.write(agents(6))
    killed_in_mid_apply(tenant)
    first = created(tenant)
    killed_in_mid_apply(tenant, "--unlock", posts=1, INITIAL_PASSWORD=OTHER_PASSWORD)
    tenant.write({login: fields for login, fields in agents(6).items() if login not in first})
    converge(tenant)
    assert all(tenant.box.user(login)["disabled"] for login in first)  # type: ignore[index]
    assert all(tenant.box.password_matches(login, PASSWORD) for login in set(agents(6)) - set(first))


def test_killed_previews_leave_nothing_to_stumble_over(tenant: Tenant) -> None:
    """Their folders do not pile up, and no lock is left."""
    tenant.write(agents(3))
    runs = tenant.folder / ".cxconfig" / "runs" / "acme"
    for _ in range(2):
        process = tenant.start("preview")
        wait_until(lambda: any(runs.glob("*/handover.json")), "the engine is asked")
        kill(process)
        assert_nothing_left(tenant)
        assert len(list(runs.iterdir())) == 1
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert list(runs.iterdir()) == []


def test_the_engine_alone_is_killed(tenant: Tenant) -> None:
    """A clear message, and the next run converges."""
    tenant.write(agents(20))
    rule = tenant.box.fault({"delay_ms": 1_000, "when": "after"}, write=True)
    process = tenant.start("up", "--yes")
    wait_until(lambda: bool(tenant.writes()), "the first write")
    for pid in engines_of(tenant, "up"):
        os.kill(pid, signal.SIGKILL)
    ended = tenant.finish(process)
    assert ended.code == 1, str(ended)
    assert "the engine was killed" in ended.said and "--unlock" in ended.said, str(ended)
    assert_nothing_left(tenant)
    tenant.box.clear_faults(rule)
    converge(tenant)
    assert set(tenant.box.users) == set(agents(20))


def test_the_dynamic_host_alone_is_killed(tenant: Tenant) -> None:
    """The run says which objects it lost sight of; they are found again, also when they are no longer declared."""
    tenant.write(agents(20))
    rule = tenant.box.fault({"delay_ms": 30_000, "when": "after"}, write=True)
    process = tenant.start("up", "--yes")
    wait_until(lambda: tenant.box.count(write=True, changed=True) >= 4, "four writes were carried out")
    for pid in hosts_of(tenant):
        os.kill(pid, signal.SIGKILL)
    ended = tenant.finish(process)
    assert ended.code == 1, str(ended)
    assert "without saying what became of it" in ended.said, str(ended)
    assert_nothing_left(tenant)
    tenant.box.clear_faults(rule)
    made = created(tenant)
    left = {login: fields for login, fields in agents(20).items() if login not in made}
    tenant.write(left, kinds={"users": {"limits": {"disable": "100%"}}})
    converge(tenant)
    assert {login for login, user in tenant.box.users.items() if user["disabled"]} == set(made)


def test_a_create_whose_answer_and_whose_reading_fail(tenant: Tenant) -> None:
    """The engine counts it as failed. It was made: with the user taken out of the YAML it is disabled."""
    tenant.write({"a0": agent(0)})
    lost = tenant.box.fault("drop_after", method="POST", path=USER)
    blind = tenant.box.fault({"status": 500}, method="GET", path=ONE, after=1)
    failed = tenant.run("up", "--yes")
    assert failed.code == 1, str(failed)
    assert created(tenant) == ["a0"]
    tenant.box.clear_faults(lost)
    tenant.box.clear_faults(blind)
    tenant.write({})
    converge(tenant)
    user = tenant.box.user("a0")
    assert user is not None and user["disabled"]
