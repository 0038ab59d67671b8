"""States that earlier versions recorded are read by this one, and refer to what docs/persisted.md promises to keep."""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.resources import provider_type, urn_of
from cxconfig.engine.stack import PROJECT
from cxconfig.planning.record import Digester
from providers import dynamic
from providers.registry import REGISTRY
from tests.engine.conftest import MakeTenant
from tests.engine.data import DATA, FOLDER, PASSPHRASE, PASSWORD, TEAM, USERS
from tests.engine.harness import NAME, Tenant, as_seeded

OTHER_PASSWORD = "Bilby-4410-second"
PROVIDERS = {
    "pulumi-python:dynamic/onecloud:teams": (
        "providers.dynamic.OnecloudTeams",
        "gAJjcHJvdmlkZXJzLmR5bmFtaWMKT25lY2xvdWRUZWFtcwopgS4=",
    ),
    "pulumi-python:dynamic/onecloud:users": (
        "providers.dynamic.OnecloudUsers",
        "gAJjcHJvdmlkZXJzLmR5bmFtaWMKT25lY2xvdWRVc2VycwopgS4=",
    ),
}
"""Class and `__provider` by type token. They stand in states that exist: never change one."""
DIGESTED = {"jdoe": {"password": PASSWORD, "work_phone": "15550104477"}, "élan": {"password": PASSWORD}}
"""What stands in the record as a digest, in the form that the digest is made of."""
DIGEST = re.compile(r"hmac:[\w-]{4}:[\w-]{16}")

each_state = pytest.mark.parametrize("state", sorted(DATA.glob("state-*.json")), ids=lambda path: path.stem)
Install = Callable[[Tenant, Path], None]


def copied(tenant: Tenant, state: Path) -> None:
    """The engine's file of the stack, put where a new backend has it."""
    backend = tenant.folder / ".cxconfig" / ".pulumi"
    (backend / "stacks" / "cxconfig").mkdir(parents=True)
    (backend / "meta.yaml").write_text("version: 1\n", encoding="utf-8")
    (backend / "stacks" / "cxconfig" / f"{NAME}.json").write_bytes(state.read_bytes())


def imported(tenant: Tenant, state: Path) -> None:
    """The same with `pulumi stack import`, into a stack that was made for it."""
    deployment = json.loads(state.read_text("utf-8"))["checkpoint"]["latest"]
    tenant.plain("preview")
    tenant.pulumi("stack", "import", "--stack", NAME, given=json.dumps({"version": 3, "deployment": deployment}))


each_install = pytest.mark.parametrize("install", [copied, imported])


def with_state(make_tenant: MakeTenant, install: Install, state: Path) -> Tenant:
    """The tenant in a new folder, its objects live as they were applied, with the recorded state."""
    live = [as_seeded(login, fields, password=PASSWORD) for login, fields in USERS.items()]
    tenant = make_tenant(*live)
    tenant.env |= {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "INITIAL_PASSWORD": PASSWORD}
    tenant.env["CXCONFIG_TENANT"] = str(tenant.folder)  # for plain pulumi: the recorded folder is not there
    tenant.write(USERS, teams=(TEAM,))
    install(tenant, state)
    return tenant.fresh()


def resources(state: Path) -> list[dict[str, Any]]:
    """The recorded resources of our kinds."""
    found = json.loads(state.read_text("utf-8"))["checkpoint"]["latest"]["resources"]
    return [resource for resource in found if resource["type"].startswith("pulumi-python:dynamic/")]


@each_state
@each_install
def test_nothing_to_do(make_tenant: MakeTenant, install: Install, state: Path) -> None:
    """Neither our commands nor plain pulumi find a difference, also when the engine goes over everything."""
    tenant = with_state(make_tenant, install, state)
    for args in (("preview",), ("preview", "--full"), ("refresh",), ("up", "--yes")):
        ran = tenant.run(*args)
        assert ran.code == 0, str(ran)
    shown = tenant.plain("preview")
    assert re.search(r"Resources: \d+ unchanged", shown.said), str(shown)
    assert tenant.writes() == 0


@each_state
def test_edits_and_removals(make_tenant: MakeTenant, state: Path) -> None:
    """An edit and a changed secret are one PUT each, what is taken out is disabled or deleted as its record says."""
    tenant = with_state(make_tenant, copied, state)
    jdoe = {**USERS["jdoe"], "skills": {"English": 10}}
    tenant.write({**USERS, "jdoe": jdoe}, teams=(TEAM,))
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert [(e.method, e.sent) for e in tenant.box.log(write=True)] == [("PUT", {"skills": {"English": 10}})]
    tenant.write({"jdoe": jdoe}, teams=(TEAM,))
    done = tenant.fresh().run("up", "--yes", INITIAL_PASSWORD=OTHER_PASSWORD)
    assert done.code == 0, str(done)
    assert (tenant.writes(), set(tenant.box.users)) == (2, {"jdoe"}), str(done)
    assert tenant.box.password_matches("jdoe", OTHER_PASSWORD)
    tenant.write({}, teams=())
    done = tenant.fresh().run("up", "--yes")
    assert (done.code, tenant.writes(), tenant.box.users["jdoe"]["disabled"]) == (0, 1, True), str(done)
    assert tenant.state() == {}


@each_state
@pytest.mark.parametrize("plain", [False, True], ids=["ours", "plain"])
def test_what_stands_in_a_record_beside_the_fields(make_tenant: MakeTenant, state: Path, plain: bool) -> None:
    """`ignore` and `protect` hold as they were recorded; who was recorded only to be removed is let go."""
    more = {"ignore": ["skills"], "protect": True}
    candidate = {"key": "stranger", "undeclared": True}
    with_more = json.loads(state.read_text("utf-8"))
    recorded = with_more["checkpoint"]["latest"]["resources"]
    (jdoe,) = [r for r in recorded if r.get("id") == "jdoe"]
    text = jdoe["inputs"]["__provider"]
    stranger = json.loads(json.dumps(jdoe).replace("jdoe", "stranger"))
    stranger |= {"dependencies": [], "propertyDependencies": {}, "inputs": {**candidate, "__provider": text}}
    recorded.append(stranger | {"outputs": {**stranger["inputs"], "origin": jdoe["outputs"].get("origin", "")}})
    for side in ("inputs", "outputs"):
        jdoe[side] |= more
    edited = make_tenant(*(as_seeded(u, f, password=PASSWORD) for u, f in {**USERS, "stranger": USERS["jdoe"]}.items()))
    edited.env |= {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "INITIAL_PASSWORD": PASSWORD}
    edited.env["CXCONFIG_TENANT"] = str(edited.folder)
    edited.write({**USERS, "jdoe": {**USERS["jdoe"], **more}}, teams=(TEAM,))
    path = edited.folder / state.name
    path.write_text(json.dumps(with_more), "utf-8")
    imported(edited, path) if plain else copied(edited, path)
    path.unlink()
    edited.box.change_user("jdoe", skills={"Spanish": 1})
    edited.fresh()
    if plain:
        edited.plain("up")
    else:
        done = edited.run("up", "--yes")
        assert done.code == 0 and ". forget stranger (not declared, kept live)" in done.said, str(done)
    assert edited.writes() == 0
    assert edited.state().keys() == {f"teams/{TEAM}", *(f"users/{login}" for login in USERS)}
    assert {name: edited.state()["users/jdoe"][name] for name in more} == more
    edited.write({"élan": USERS["élan"]}, teams=(TEAM,))
    refused = edited.plain("up", check=False) if plain else edited.run("up", "--yes")
    assert refused.code != 0 and "it is protected (`protect: true`)" in refused.said, str(refused)
    assert edited.writes() == 0


@each_state
def test_plain_refresh_and_destroy(make_tenant: MakeTenant, state: Path) -> None:
    """No program runs in either: the recorded `__provider` alone says whose the objects are."""
    tenant = with_state(make_tenant, imported, state)
    tenant.box.change_user("jdoe", skills={"English": 10})
    tenant.plain("refresh")
    assert tenant.state()["users/jdoe"]["skills"] == {"English": 10}
    assert tenant.writes() == 0
    done = tenant.plain("destroy")
    assert (tenant.writes(), set(tenant.box.users)) == (2, {"jdoe"}), str(done)
    assert tenant.box.users["jdoe"]["disabled"]
    assert tenant.state() == {}


@each_state
def test_what_a_state_refers_to(state: Path) -> None:
    """Type tokens, names, URNs and providers are those of the documents, and the code makes the same."""
    assert {(r["type"], r["id"]) for r in resources(state)} == {
        ("pulumi-python:dynamic/onecloud:teams", TEAM),
        *(("pulumi-python:dynamic/onecloud:users", login) for login in USERS),
    }
    for resource in resources(state):
        kind = resource["type"].removeprefix("pulumi-python:dynamic/").replace(":", ".")
        _, text = PROVIDERS[resource["type"]]
        assert resource["urn"] == urn_of(PROJECT, NAME, kind, resource["id"])
        assert resource["urn"] == f"urn:pulumi:acme::cxconfig::{resource['type']}::{resource['id']}"
        assert resource["inputs"]["__provider"] == resource["outputs"]["__provider"] == text
        assert dynamic.provider_text(kind) == text
        assert provider_type(kind) == resource["type"]


@pytest.mark.parametrize(("name", "text"), PROVIDERS.values())
def test_a_recorded_provider_is_loaded(name: str, text: str) -> None:
    """It names a class, which is importable, and holds nothing besides."""
    provider = pickle.loads(base64.b64decode(text))
    assert f"{type(provider).__module__}.{type(provider).__qualname__}" == name
    assert vars(provider) == {}
    assert isinstance(provider, dynamic.KindProvider)


@each_state
def test_what_a_record_holds(state: Path) -> None:
    """The key, and each managed field with its value or, for a secret or a phone number, its digest; and the facts."""
    digester = Digester(PASSPHRASE, NAME)
    users = REGISTRY["onecloud.users"]
    for resource in resources(state):
        inputs = {name: value for name, value in resource["inputs"].items() if name != "__provider"}
        facts = set(resource["outputs"]) - set(resource["inputs"])
        if resource["id"] == TEAM:
            assert (inputs, facts) == ({"key": TEAM}, {"statsapi_id"})
            continue
        login = resource["id"]
        digests = {name: digester(users, login, name, value) for name, value in DIGESTED[login].items()}
        assert inputs == {"key": login, "disabled": False} | USERS[login] | digests
        assert all(DIGEST.fullmatch(value) for value in digests.values())
        assert facts == set()


@each_state
def test_nothing_of_a_machine_is_recorded(state: Path) -> None:
    """Paths were taken out when it was recorded; that it is read all the same is shown above."""
    texts = re.findall(r'"((?:[^"\\]|\\.)*)"', state.read_text("utf-8"))
    assert {text for text in texts if text.startswith("/") or ".." in text or "site-packages" in text} == {FOLDER}
    assert not {PASSWORD, PASSPHRASE, USERS["jdoe"]["work_phone"]} & set(texts)
