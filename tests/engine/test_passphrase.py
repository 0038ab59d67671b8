"""The passphrase: bound by what is recorded and not by looking, and a wrong one is refused before anything is shown."""

from __future__ import annotations

import pytest

from tests.engine.harness import PASSPHRASE, Tenant, agent, agents, as_seeded

pytestmark = pytest.mark.measured

OTHER = {"PULUMI_CONFIG_PASSPHRASE": "another one"}
NOT_THE_ONE = "the passphrase is not the one that the state was made with"


def made(tenant: Tenant) -> list[str]:
    """The stacks and the salts in the tenant's state."""
    home = tenant.folder / ".cxconfig"
    salted = [path for path in home.glob("project/Pulumi.*.yaml") if "encryptionsalt" in path.read_text("utf-8")]
    return [path.name for path in [*home.glob(".pulumi/stacks/*/*"), *salted]]


def left(tenant: Tenant) -> list[str]:
    """What is left of runs, finished or not."""
    return [path.name for path in tenant.folder.glob(".cxconfig/runs/*/*")]


def test_a_preview_binds_no_passphrase(tenant: Tenant) -> None:
    """A typo in it does not stick: neither a stack nor a salt is made, and what is typed right afterwards holds."""
    tenant.write(agents(2))
    for passphrase in ("", "a typo"):
        for words in (("preview",), ("preview", "--full")):
            shown = tenant.run(*words, PULUMI_CONFIG_PASSPHRASE=passphrase)
            assert shown.code == 2 and "2 to create" in shown.said, str(shown)
            assert (made(tenant), left(tenant)) == ([], [])
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert made(tenant) and not left(tenant)
    assert tenant.run("preview").code == 0
    assert tenant.run("preview", **OTHER).code == 1


def test_a_stack_that_holds_nothing_takes_any_passphrase(tenant: Tenant) -> None:
    """After an up of which nothing came, and after a destroy."""
    tenant.write({"a0": agent(0)}, teams=())
    rule = tenant.box.fault({"status": 400, "body": "no"}, method="POST", path="/configapi/v2/user")
    assert tenant.run("up", "--yes", **OTHER).code == 1
    tenant.box.clear_faults(rule)
    for verb, code in (("preview", 2), ("up", 0), ("destroy", 0)):
        ran = tenant.run(verb, *(() if verb == "preview" else ("--yes",)))
        assert ran.code == code, str(ran)
    again = tenant.run("up", "--yes", **OTHER)
    assert again.code == 0, str(again)
    assert not tenant.box.users["a0"]["disabled"]
    assert tenant.run("preview", **OTHER).code == 0


@pytest.mark.parametrize("password", ["${env:INITIAL_PASSWORD}", None], ids=["digest", "no digest"])
def test_a_wrong_passphrase_is_refused_before_anything_is_shown(tenant: Tenant, password: str | None) -> None:
    """Also when no digest in the record can tell, and by a destroy, which compares none."""
    tenant.box.add_user(**as_seeded("a0", agent(0)))
    tenant.write({"a0": agent(0, password=password)})
    tenant.settled()
    tenant.write({"a0": agent(0, password=password, skills={"Spanish": 5})})
    tenant.box.change_user("a0", team="Billing")
    for verb in ("preview", "up", "refresh", "destroy"):
        agreed = ["--yes"] if verb in ("up", "destroy") else []
        refused = tenant.fresh().run(verb, *agreed, **OTHER)
        assert (refused.code, refused.out, tenant.writes()) == (1, "", 0), str(refused)
        assert "passphrase" in refused.said and "PULUMI_CONFIG_PASSPHRASE" in refused.said
        assert "incorrect passphrase" not in refused.said, "that is the engine's"
        if verb == "destroy" or password is None:
            assert NOT_THE_ONE in refused.said, str(refused)
    assert left(tenant) == []
    assert tenant.run("destroy", "--yes", PULUMI_CONFIG_PASSPHRASE=PASSPHRASE).code == 0
