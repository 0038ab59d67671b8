"""The record and reality apart: another live tenant, another passphrase, a state that could not be written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from cxconfig.sandbox import Sandbox
from tests.engine.harness import NAME, PASSPHRASE, Tenant, agent, agents, as_seeded, seed, wait_until
from tests.engine.test_recovery import USER, created

OTHER_PASSPHRASE = "Echidna-3170-passphrase"
PHONE = "+47 555 010 4477"


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """Another contact centre, with users of the same names."""
    users = (as_seeded(login, fields) for login, fields in agents(3).items())
    with Sandbox(seed=seed(*users)) as box:
        yield box


def elsewhere(tenant: Tenant, box: Sandbox) -> dict[str, str]:
    """The settings that lead to the other contact centre: another host name for loopback."""
    return {"ONECLOUD_URL": box.url.replace("127.0.0.1", "localhost")}


def test_another_contact_centre_is_never_touched(tenant: Tenant, other: Sandbox) -> None:
    """What was applied to one is not looked for in another: no command writes there, and plain pulumi neither."""
    tenant.write(agents(3))
    tenant.settled()
    tenant.write(agents(2))
    for command in (["preview"], ["up", "--yes"], ["destroy", "--yes"], ["refresh"]):
        refused = tenant.run(*command, **elsewhere(tenant, other))
        assert refused.code == 1, str(refused)
        assert "applied to another live system" in refused.said and "refresh --moved" in refused.said
    tenant.env.update(elsewhere(tenant, other))
    refused = tenant.plain("up", check=False)
    assert refused.code != 0 and "applied to another live system" in refused.said, str(refused)
    assert other.log(write=True) == []
    assert not any(user["disabled"] for user in other.users.values())


def test_a_contact_centre_that_has_moved(tenant: Tenant) -> None:
    """Said once with `refresh --moved`, everything goes on as before under the new address."""
    tenant.write(agents(3))
    tenant.settled()
    tenant.env.update(elsewhere(tenant, tenant.box))
    assert tenant.run("up", "--yes").code == 1
    assert tenant.run("refresh", "--moved").code == 2
    assert tenant.fresh().run("preview").code == 0
    tenant.write(agents(2))
    assert tenant.run("up", "--yes").code == 0
    assert [login for login, user in tenant.box.users.items() if user["disabled"]] == ["a2"]


def test_a_new_passphrase(tenant: Tenant) -> None:
    """With the old one at hand for one run: no password is set, and the next run needs the new one alone.

    Also of who gets another login in that run, which every digest has in it.
    """
    tenant.write({"a0": agent(0), "a1": agent(1, work_phone=PHONE)})
    tenant.settled()
    tenant.write({"a0": agent(0), "b1": agent(1, work_phone=PHONE, was="a1")})
    new = {"PULUMI_CONFIG_PASSPHRASE": OTHER_PASSPHRASE}
    tenant.pulumi(
        "stack",
        "change-secrets-provider",
        "passphrase",
        "--stack",
        NAME,
        folder=tenant.folder / ".cxconfig" / "project",
        given=f"{OTHER_PASSPHRASE}\n{OTHER_PASSPHRASE}\n",
    )
    assert tenant.fresh().run("preview", **new).code == 1
    changed = tenant.run("up", "--yes", **new, CXCONFIG_PREVIOUS_PASSPHRASE=PASSPHRASE)
    operations = [entry.sent["Operations"] for entry in tenant.box.log(write=True)]
    assert (changed.code, operations) == (0, [[{"op": "replace", "path": "userName", "value": "b1"}]]), str(changed)
    again = tenant.run("up", "--yes", **new)
    assert again.code == 0 and "Nothing to do" in again.out, str(again)
    noticed = tenant.run("preview", "--format", "json", **new, INITIAL_PASSWORD="Bilby-4410-second")
    assert [s["key"] for s in noticed.json()["steps"]] == ["a0", "b1"], "their digests can be compared"


def test_a_state_that_could_not_be_written(tenant: Tenant) -> None:
    """What was created meanwhile is known to the next run, which disables it when it is no longer declared."""
    tenant.write({"a0": agent(0)})
    tenant.settled()
    tenant.write(agents(2))
    states = tenant.folder / ".cxconfig" / ".pulumi" / "stacks" / "cxconfig"
    away = states.with_name("away")
    tenant.box.fault({"delay_ms": 1_500, "when": "after"}, method="POST", path=USER)
    process = tenant.start("up", "--yes")
    wait_until(lambda: "a1" in created(tenant), "the second user is created")
    states.rename(away)
    states.write_text("no folder")
    failed = tenant.finish(process)
    assert failed.code == 1, str(failed)
    states.unlink()
    away.rename(states)
    shutil.rmtree(states.with_name("cxconfig.tmp"), ignore_errors=True)
    tenant.write({"a0": agent(0)})
    done = tenant.fresh().run("up", "--yes")
    assert done.code == 0, str(done)
    assert tenant.box.users["a1"]["disabled"]
    assert "Nothing to do" in tenant.run("up", "--yes").out


def test_a_login_in_another_case_is_not_taken_out(tenant: Tenant) -> None:
    """It may be the very same user: the old spelling is forgotten, and nobody is disabled."""
    tenant.write({"Dana": agent(1)})
    tenant.settled()
    tenant.write({"dana": agent(1)})
    shown = tenant.run("preview")
    assert "differs only in case" in shown.out, str(shown)
    assert tenant.run("up", "--yes").code == 0
    assert not any(user["disabled"] for user in tenant.box.users.values())
