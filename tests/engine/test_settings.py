"""What a user reads when a command cannot begin its work: every message names what is wrong and the way out.

Passphrases, locks and a machine without an engine are in test_recovery_locks.py and test_guards.py.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.harness import Ran, Tenant, agent, ours

CLOSED = "127.0.0.1:1"
"""Nothing answers there."""
WITHIN_S = 30.0
"""How long a backend that does not answer may keep a user waiting, on a busy machine too."""
AWS = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "Dingo-6604-made-up",
    "AWS_EC2_METADATA_DISABLED": "true",
}
S3 = f"s3://states?endpoint={CLOSED}&region=us-east-1&s3ForcePathStyle=true&disableSSL=true"


@pytest.fixture
def declared(tenant: Tenant) -> Tenant:
    """A tenant with a user that is not there yet, so that a run which goes on would write."""
    tenant.write({"a0": agent(0)}, state={"backend": "${env:STATE_URL}"})
    tenant.env["STATE_URL"] = tenant.backend
    return tenant


def called(tenant: Tenant, *words: str) -> Ran:
    """`cxconfig` with exactly these words, in the folder above the tenant's."""
    return tenant._kept(ours(words, tenant.folder.parent, tenant.env))


def assert_said(tenant: Tenant, ran: Ran, *texts: str) -> None:
    """An error on standard error, nothing on standard output, no call that writes."""
    assert (ran.code, ran.out, tenant.writes()) == (1, "", 0), str(ran)
    for text in texts:
        assert text in ran.said, str(ran)


def assert_said_as_json(tenant: Tenant, ran: Ran, *texts: str) -> dict[str, Any]:
    """The same as one document on standard output; its error."""
    assert (ran.code, tenant.writes()) == (1, 0), str(ran)
    document = json.loads(ran.out)
    (error,) = document["errors"]
    assert document["exit_code"] == 1
    said = " ".join(f"{error['what']} {error['way_out']}".split())
    for text in texts:
        assert text in said, str(ran)
    assert error["way_out"], str(ran)
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["upp", "acme"], ["there is no command 'upp'. Did you mean 'up'?"]),
        (["frobnicate", "acme"], ["there is no command 'frobnicate'", "--help"]),
        (["up", "acme", "--yess"], ["No such option '--yess'. Did you mean '--yes'?"]),
        (["audit", "acme", "--yes"], ["No such option '--yes'", "--help"]),
        (["preview", "acme", "more"], ["unexpected extra argument (more)", "--help"]),
    ],
    ids=lambda value: "-".join(value) if "acme" in value else "",
)
def test_a_mistyped_command_line(declared: Tenant, words: list[str], says: list[str]) -> None:
    """Exit code 1, as for every error: 2 would say that there are changes."""
    assert_said(declared, called(declared, *words), *says)
    error = assert_said_as_json(declared, called(declared, *words, "--format", "json"), *says)
    assert error["type"] == "SettingsError"
    assert not (declared.folder / ".cxconfig").exists()


def test_a_form_that_does_not_exist(declared: Tenant) -> None:
    """The forms that exist are named."""
    assert_said(declared, called(declared, "up", "acme", "--format", "xml"), "'xml' is not one of 'text', 'json'")
    assert_said(declared, called(declared, "up", "acme", "--format"), "'--format' requires an argument")


@pytest.mark.parametrize("verb", ["validate", "preview", "up", "audit", "refresh", "destroy"])
def test_a_folder_that_is_no_tenant(declared: Tenant, verb: str) -> None:
    """Not there, without tenant.yaml, or a file: every command says the same, and makes no folder."""
    for words, says in (
        (["acne"], ["the folder acne does not exist", "the folder that holds tenant.yaml"]),
        (["."], ["the folder . holds no tenant.yaml", "did you mean acme?"]),
        (["acme/tenant.yaml"], ["acme/tenant.yaml is not a folder", "not a file"]),
    ):
        assert_said(declared, called(declared, verb, *words), *says)
    assert_said_as_json(declared, called(declared, verb, "acne", "--format=json"), "the folder acne does not exist")
    assert [path.name for path in declared.folder.parent.iterdir()] == ["acme"]


@pytest.mark.parametrize("verb", ["preview", "up", "refresh", "destroy"])
def test_no_passphrase(declared: Tenant, verb: str) -> None:
    """Every command that opens the state says how to set one, before it asks a live system for anything."""
    del declared.env["PULUMI_CONFIG_PASSPHRASE"]
    says = ["no passphrase", "export PULUMI_CONFIG_PASSPHRASE=...", "PULUMI_CONFIG_PASSPHRASE_FILE"]
    assert_said(declared, declared.run(verb), *says)
    assert_said_as_json(declared, declared.run(verb, "--format", "json"), *says)
    assert declared.box.count() == 0


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["folder", "not-text"])
def test_a_passphrase_file_that_cannot_be_read(declared: Tenant, tmp_path: Path, content: bytes | None) -> None:
    """The variable and the path are named."""
    path = tmp_path / "passphrase"
    path.mkdir() if content is None else path.write_bytes(content)
    env = {"PULUMI_CONFIG_PASSPHRASE": None, "PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}
    says = [f"PULUMI_CONFIG_PASSPHRASE_FILE names {path}, which cannot be read"]
    assert_said(declared, declared.run("up", "--yes", COLUMNS="500", **env), *says)
    assert_said_as_json(declared, declared.run("up", "--yes", "--format", "json", **env), *says)


@pytest.mark.parametrize(
    "state", ["taken/state", "taken", "/sys/cxconfig"], ids=["below-a-file", "a-file", "read-only"]
)
def test_a_state_folder_that_cannot_be_written(declared: Tenant, tmp_path: Path, state: str) -> None:
    """The path is named, and what to look at."""
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    url = f"file://{tmp_path / state}"
    says = [str(tmp_path / state), "Check that this path is what you meant"]
    assert_said(declared, declared.run("up", "--yes", STATE_URL=url, COLUMNS="500"), *says)
    assert_said_as_json(declared, declared.run("preview", "--format", "json", STATE_URL=url), *says)


def test_the_folder_beside_the_yaml_cannot_be_made(declared: Tenant) -> None:
    """The same for `.cxconfig`; an audit does without it."""
    (declared.folder / ".cxconfig").write_text("a file", encoding="utf-8")
    says = [str(declared.folder / ".cxconfig"), "Check that this path is what you meant"]
    assert_said(declared, declared.run("up", "--yes", COLUMNS="500"), *says)
    assert declared.run("audit").code == 2


@pytest.mark.parametrize(
    ("url", "env", "says"),
    [
        (S3, AWS, "connection refused"),
        (f"https://{CLOSED}", {}, "PULUMI_ACCESS_TOKEN must be set"),
        (f"https://{CLOSED}", {"PULUMI_ACCESS_TOKEN": "made-up"}, "connection refused"),
    ],
    ids=["s3", "https-no-token", "https"],
)
def test_a_backend_that_does_not_answer(declared: Tenant, url: str, env: dict[str, str], says: str) -> None:
    """Told within seconds in the engine's own words, with the backend and where it is set; never its credentials."""
    began = time.monotonic()
    ran = declared.run("up", "--yes", STATE_URL=url, **env)
    assert time.monotonic() - began < WITHIN_S
    assert_said(declared, ran, "the state could not be read", says, f"{url.partition('?')[0]}", "`state.backend`")
    assert not any(value in ran.text for name, value in env.items() if "SECRET" in name), str(ran)
    ran = declared.run("preview", "--format", "json", STATE_URL=url, **env)
    assert_said_as_json(declared, ran, "the state could not be read", says, "`state.backend`")


def test_an_engine_that_is_named_and_not_there(declared: Tenant, tmp_path: Path) -> None:
    """No other is taken in its place, and the variable that names it is named."""
    named = str(tmp_path / "pulumi")
    says = ["no usable Pulumi engine", f"CXCONFIG_PULUMI ({named}): not an executable file", "make engine"]
    assert_said(declared, declared.run("up", "--yes", CXCONFIG_PULUMI=named, COLUMNS="500"), *says)
    assert_said_as_json(declared, declared.run("up", "--yes", "--format", "json", CXCONFIG_PULUMI=named), *says)


def test_a_damaged_state(declared: Tenant) -> None:
    """Nothing is written on its ground; the copy that the message names brings it back."""
    declared.settled()
    declared.write({"a0": agent(0, skills={"Spanish": 5})})
    assert declared.run("up", "--yes").code == 0
    (state,) = (declared.folder / ".cxconfig" / ".pulumi" / "stacks").rglob("acme.json.gz")
    state.write_bytes(state.read_bytes()[:100])
    says = ["the state could not be read", "failed to load checkpoint", str(state.parent), ".bak"]
    assert_said(declared.fresh(), declared.run("up", "--yes", COLUMNS="500"), *says)
    state.write_bytes(state.with_name("acme.json.gz.bak").read_bytes())
    done = declared.run("up", "--yes")
    assert (done.code, declared.writes()) == (0, 0), str(done)


def test_no_terminal_to_ask_on(declared: Tenant) -> None:
    """Without one, and without --yes, the plan is shown and nothing is applied."""
    ran = declared.run("up")
    assert (ran.code, declared.writes()) == (1, 0), str(ran)
    assert "there is no terminal to ask on" in ran.said and "Add --yes" in ran.said, str(ran)
    assert_said_as_json(declared, declared.run("up", "--format", "json"), "there is no terminal to ask on", "--yes")


@pytest.mark.parametrize("ci", ["no", "OFF", " false "])
def test_what_says_that_it_is_no_ci(declared: Tenant, ci: str) -> None:
    """`CI=no` is no consent: the same words count everywhere."""
    ran = declared.run("up", CI=ci)
    assert (ran.code, declared.writes()) == (1, 0), str(ran)
    assert "there is no terminal to ask on" in ran.said
