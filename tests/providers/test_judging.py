"""What plain pulumi refuses in its preview, before the sandbox and without the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import ObjectError
from cxconfig.language import Secrets, load
from cxconfig.planning.record import record_of
from cxconfig.sandbox import Sandbox
from cxconfig.tenancy import desired_objects, digester_of, secrets_of
from providers.host import Host
from providers.registry import REGISTRY
from tests.engine.harness import Tenant, agent, as_seeded, environment, seed

USERS = "onecloud.users"
NEVER = "it would have to be deleted and created again, and plain pulumi never does that; lost would be: the identity"
WAY_OUT = "Run `cxconfig preview` and `cxconfig up`, which show it and ask."
DECLARED = {
    "a0": agent(0, first_name="Other", skills={"Billing": 1}),
    "a1": agent(1),
    "a2": agent(2, skills={"Billing": 1}),
    "b3": agent(3, was="a3"),
    "a4": agent(4, last_name="New"),
    "new": agent(5),
}


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """Five users who are live; of the declared ones one has another login yet, and one is to be made."""
    with Sandbox(seed(*(as_seeded(f"a{n}", agent(n)) for n in range(5)))) as box:
        found = Tenant(tmp_path, box, environment(box), tmp_path / "plain")
        for name, value in found.env.items():
            monkeypatch.setenv(name, value)
        found.write(DECLARED)
        yield found


def records(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """What would be recorded of everybody who is declared."""
    document = load(tenant.folder, REGISTRY)
    secrets = secrets_of(document, REGISTRY, Secrets(os.environ, tenant.folder))
    found, digester = desired_objects(document, REGISTRY).items(), digester_of(document.name)
    return {
        where[1]: record_of(REGISTRY[USERS], one, secrets.get(where, {}), digester)
        for where, one in found
        if where[0] == USERS
    }


def refused(tenant: Tenant) -> dict[str, str]:
    """Login -> why, when a0 and a2 are recorded as they are live, and a3 as what b3 was."""
    host, news = Host(tenant.folder, None), records(tenant)
    live = {
        "a0": {**news["a0"], "first_name": "First0", "skills": {"English": 0}},
        "a2": {**news["a2"], "skills": {"English": 20}},
    }
    texts = {key: host.check(USERS, live.get(key, {}), record) for key, record in news.items()}
    return {key: "\n".join(found) for key, found in texts.items() if found}


def test_what_scim_that_is_off_makes_impossible(tenant: Tenant) -> None:
    """Told of who is recorded, is to be taken over or to be renamed, each with its place; of nobody else."""
    assert refused(tenant) == {}
    for setting in ("404", "403"):
        tenant.box.set_switch("scim", setting)
        found = refused(tenant.fresh())
        assert found.keys() == {"a0", "a4", "b3"}
        assert f"user a0: for first_name {NEVER}" in found["a0"] and found["a0"].endswith(WAY_OUT)
        assert f"user a4: for last_name {NEVER}" in found["a4"] and found["a4"].endswith(WAY_OUT)
        assert "user b3: it cannot be renamed: SCIM is off" in found["b3"] and "declare the old login" in found["b3"]
        lines = (tenant.folder / "people.yaml").read_text("utf-8").split("\n")
        for key, text in found.items():
            assert f"people.yaml:{lines.index(f'    {key}:') + 1}:5: user {key}: " in text
        assert tenant.writes() == 0 and tenant.box.count("GET", "/configapi/v2/scim/users") <= 4, "found out once"


def test_an_up_says_the_same(tenant: Tenant) -> None:
    """Also of what nobody asked about before, and nothing is written."""
    tenant.box.set_switch("scim", "404")
    host, news = Host(tenant.folder, None), records(tenant)
    with pytest.raises(ObjectError) as error:
        host.create(USERS, news["a4"])
    (checked,) = host.check(USERS, {}, news["a4"])
    assert f"{error.value.place}: {error.value.what}. {error.value.way_out}" == checked
    assert tenant.writes() == 0


def test_nobody_is_there_by_whom_to_tell(tenant: Tenant) -> None:
    """Then nothing is refused: a creation needs no SCIM."""
    tenant.write({"new": agent(5)})
    for login in list(tenant.box.users):
        tenant.box.delete_user(login)
    tenant.box.set_switch("scim", "404")
    assert Host(tenant.folder, None).check(USERS, {}, records(tenant)["new"]) == []


def test_a_move_to_a_team_that_nobody_knows(tenant: Tenant) -> None:
    """What our commands say of it is known before the vendor refuses it; of a team that is there, nothing."""
    tenant.write({**DECLARED, "a1": agent(1, team="Salse"), "a2": agent(2, team="Billing")}, teams=())
    host, news = Host(tenant.folder, None), records(tenant)
    assert host.check(USERS, {**news["a2"], "team": "Sales"}, news["a2"]) == []
    (text,) = host.check(USERS, {**news["a1"], "team": "Sales"}, news["a1"])
    assert "user a1: " in text and "Salse" in text
    assert host.check(USERS, {**news["a1"], "disabled": True}, news["a1"]) == [], "he is in it, as far as anybody knows"
