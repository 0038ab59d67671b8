"""After an export the first preview is empty: of every kind, on the real engine, and of a folder that was there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from cxconfig.engine.locate import locate
from providers.registry import REGISTRY
from tests.engine.conftest import MakeTenant
from tests.engine.harness import ROOT, Tenant, agent, agents, as_seeded

pytestmark = pytest.mark.measured

PEOPLE = {
    **{key: {**fields, "roles": ["Agent"], "extension": f"0{key[1:]}"} for key, fields in agents(8).items()},
    "locked": {"first_name": "L", "last_name": "O", "team": "Sales", "lockedOut": True},
    "off": {"first_name": "null", "last_name": "0123", "team": "Support", "disabled": True, "change_password": True},
    "jürgen müller": {
        "first_name": "yes",
        "last_name": "# x",
        "team": "Night Shift",
        "work_phone": "+1 (555) 123-4567",
    },
    "nobody": {"first_name": " ", "last_name": "N", "team": "Sales", "mobile_phone": "5551234567", "skills": {}},
}


@pytest.fixture
def live(make_tenant: MakeTenant) -> Tenant:
    """Users of every sort, and a folder with nothing but a tenant.yaml."""
    tenant = make_tenant(*(as_seeded(key, fields) for key, fields in PEOPLE.items()))
    tenant.write({}, teams=())
    (tenant.folder / "people.yaml").unlink()
    return tenant


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_the_first_preview_after_an_export_is_empty(live: Tenant, kind: object) -> None:
    """Of each kind alone: everything of it is declared, nothing would change live, and an up only records."""
    kind_id = str(getattr(kind, "id", ""))
    done = live.run("export", "--yes", "--kind", kind_id, "--format", "json")
    count = done.json()["live"][kind_id]
    assert done.code == 0 and count > 0, str(done)
    asked = live.run("preview", "--format", "json")
    assert asked.code == 0, str(asked)
    counts = asked.json()["counts"][kind_id]
    assert (counts["declared"], counts["adopt"], counts["problems"]) == (count, count, 0)
    assert all(step["action"] == "adopt" and not step["differences"] for step in asked.json()["steps"])
    shown = live.run("preview")
    assert "Nothing would change live" in shown.said and "`cxconfig up` records them" in shown.said


def test_persons_with_what_only_scim_shows(make_tenant: MakeTenant) -> None:
    """Each value through one door; the preview after it is empty, and so is the run after the up. A tenant without SCIM
    is exported without it, and says so."""
    more = {"nickName": "Annie", "city": "Oslo", "country": "NO", "defaultPhone": "+15557654321"}
    tenant = make_tenant(
        as_seeded("ann", agent(1, work_phone="+15551112222"), **more),
        as_seeded("bob", agent(2)),
        as_seeded("off", agent(3, disabled=True), title="Retired"),
    )
    tenant.write({}, teams=())
    (tenant.folder / "people.yaml").unlink()
    done = tenant.run("export", "--yes", "--format", "json")
    assert done.code == 0 and "7654321" not in done.out, str(done)
    added = {(f["kind"], f["key"]): f["fields"] for f in done.json()["objects"] if f["what"] == "add"}
    shown = {key: fields for (kind, key), fields in added.items() if kind == "onecloud.scim_accounts"}
    assert shown == {"ann": ["nick_name", "country", "city", "default_phone"], "off": ["title"]}
    assert {key for kind, key in added if kind == "onecloud.users"} == {"ann", "bob", "off"}
    asked = tenant.run("preview", "--format", "json")
    assert asked.code == 0, str(asked)
    assert all(step["action"] == "adopt" and not step["differences"] for step in asked.json()["steps"])
    assert tenant.run("up", "--yes").code == 0 and tenant.writes() == 0
    assert "Nothing to do" in tenant.run("up", "--yes").said and tenant.run("export", "--check").code == 0
    tenant.box.change_user("ann", city="Bergen")
    assert tenant.run("export", "--yes").code == 0 and tenant.run("audit").code == 0
    assert "city: Bergen" in (tenant.folder / "onecloud/scim_accounts/scim_accounts.yaml").read_text("utf-8")
    both = tenant.folder / "both.yaml"
    tenant.box.add_user(**as_seeded("solo", agent(4)))
    alone = {"solo": {"first_name": "First4", "last_name": "Last4", "password": "${env:INITIAL_PASSWORD}"}}
    twice = {"defaults": {"users": {"password": "${generate:20}"}}, "scim_accounts": alone}
    both.write_text(yaml.safe_dump({"onecloud": twice}), encoding="utf-8")
    asked = tenant.run("export", "--check")
    assert asked.code == 0 and "the SCIM account lists `password`, which the defaults" in asked.said, str(asked)
    assert "Nothing to write" in asked.said
    assert tenant.run("validate").code == 0
    both.unlink()
    tenant.box.delete_user("solo")
    tenant.box.set_switch("scim", "404")
    tenant.box.change_user("bob", team="Billing")
    off = tenant.run("export", "--yes")
    assert off.code == 0 and "left out, and what is declared stays as it is: SCIM is off" in off.said, str(off)
    assert "nothing would change" not in off.said
    assert "city: Bergen" in (tenant.folder / "onecloud/scim_accounts/scim_accounts.yaml").read_text("utf-8")
    asked = tenant.run("export", "--yes", "--kind", "onecloud.scim_accounts")
    assert asked.code == 1 and "SCIM is off" in asked.said, str(asked)
    for path in (tenant.folder / "onecloud").rglob("*.yaml"):
        path.unlink()
    off = tenant.fresh().run("export", "--yes")
    assert off.code == 0 and "the SCIM accounts of onecloud are left out" in off.said, str(off)
    assert tenant.box.count(path="/configapi/v2/scim/**") <= 2 and tenant.run("audit").code == 0


def test_export_up_drift_export(live: Tenant) -> None:
    """What was exported is recorded without a write; drift that is exported is no drift any more."""
    assert live.run("export", "--yes").code == 0
    before = live.box.users
    done = live.run("up", "--yes")
    assert (done.code, live.writes(), live.box.users) == (0, 0, before), str(done)
    assert len(live.state()) == len(PEOPLE) + 4
    asked = live.run("preview")
    assert asked.code == 0 and "Nothing to do" in asked.said
    live.box.change_user("a1", skills={"Spanish": 3}, team="Sales")
    live.box.change_user("off", disabled=False, firstName="New")
    live.box.delete_user("a7")
    live.box.add_user(loginId="new", firstName="N", lastName="W", team="Billing")
    assert live.run("audit").code == 2
    assert live.run("export", "--yes", "--prune").code == 0
    assert live.run("audit").code == 0
    asked = live.fresh().run("preview", "--format", "json")
    actions = {step["key"]: step["action"] for step in asked.json()["steps"]}
    assert actions == {"a1": "record", "off": "record", "a7": "forget", "new": "adopt"}, str(asked)
    assert live.run("up", "--yes").code == 0 and live.writes() == 0
    assert live.run("preview").code == 0
    assert live.holding("5551234567")  # it is in the files,
    state = live.folder / ".cxconfig"
    assert not [hit for hit in live.holding("5551234567", "123-4567") if str(state) in hit or hit.startswith("output")]


def test_plain_pulumi_in_a_folder_of_init(live: Tenant) -> None:
    """The project and the stack's settings that init writes: `pulumi preview` within the folder finds nothing to do."""
    done = live.run("init", "--force", "--yes", "--scope", "acme.example.com", "--export")
    assert done.code == 0 and live.run("up", "--yes").code == 0, str(done)
    engine = locate(live.env)
    python = os.path.dirname(sys.executable)
    env = live.engine_env() | {"PATH": f"{python}:{engine.binary.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def pulumi(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(engine.binary), *words, "--non-interactive"],
            cwd=live.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    selected = pulumi("stack", "select", "--create", "acme", "--secrets-provider", "passphrase")
    assert selected.returncode == 0, selected.stderr
    asked = pulumi("preview", "--color", "never")
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "unchanged" in asked.stdout and "create" not in asked.stdout.replace("Previewing", "")
    assert "cxconfig:tenant: ." in (live.folder / "Pulumi.acme.yaml").read_text()
    assert "encryptionsalt: " in (live.folder / "Pulumi.acme.yaml").read_text()
    assert live.run("preview").code == 0
