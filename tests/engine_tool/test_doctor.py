"""What `cxconfig doctor` shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cxconfig import __version__
from cxconfig.cli.doctor import Finding, command, examine
from cxconfig.engine.locate import LANGUAGE_HOST, RESOURCE_HOST
from tests.engine_tool.support import pulumi

SETTINGS = """\
api_version: cxconfig/v1
tenant: acme
systems:
  onecloud: {url: "${env:URL}", client_id: api, client_secret: "${env:SECRET}"}
state: {backend: "file://states"}
"""


def world(tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment with nothing in it but a folder on PATH."""
    return {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)} | more


def finding(name: str, environ: dict[str, str], folder: Path | None = None) -> Finding:
    """The finding of that name."""
    return next(found for found in examine(environ, folder) if found.name == name)


def test_the_engine_is_shown_with_the_reason(tmp_path: Path) -> None:
    """Version, where it comes from, its helpers and everything that was looked at."""
    binary = pulumi(tmp_path / "bin", "3.270.0", RESOURCE_HOST, LANGUAGE_HOST)
    engine = finding("engine", world(tmp_path))
    assert (engine.status, engine.says) == ("ok", f"Pulumi 3.270.0 from PATH ({binary})")
    assert engine.more == (f"looked at pulumi on PATH ({binary}): version 3.270.0, taken",)
    assert finding("resources", world(tmp_path)).says.endswith(str(binary.parent / RESOURCE_HOST))
    assert finding("programs", world(tmp_path)).status == "ok"


def test_an_engine_for_our_commands_alone_is_usable(tmp_path: Path) -> None:
    """Without a language host plain pulumi does not work; that is said and is no failure."""
    pulumi(tmp_path / "bin", "3.270.0", RESOURCE_HOST)
    assert finding("programs", world(tmp_path)).status == "note"


def test_without_an_engine_the_way_out_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, what was looked at, and what to do."""
    for name, value in world(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CXCONFIG_PULUMI", raising=False)
    answer = CliRunner().invoke(command, [])
    assert answer.exit_code == 1
    assert "pulumi on PATH: not there" in answer.output and "make engine" in answer.output
    assert answer.output.splitlines()[0] == f"cxconfig {__version__}"


def test_json_is_for_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same findings, and whether cxconfig is usable as one value."""
    pulumi(tmp_path / "bin", "3.270.0", RESOURCE_HOST)
    for name, value in world(tmp_path, PULUMI_CONFIG_PASSPHRASE="quite secret").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CXCONFIG_PULUMI", raising=False)
    answer = CliRunner().invoke(command, ["--format", "json"])
    document = json.loads(answer.output)
    assert (answer.exit_code, document["usable"], document["cxconfig"]) == (0, True, __version__)
    assert {found["name"] for found in document["findings"]} >= {"python", "engine", "passphrase", "cache"}


def test_the_passphrase_is_named_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is set is shown, its value and the content of its file are not."""
    for name, value in world(tmp_path, PULUMI_CONFIG_PASSPHRASE="quite secret").items():
        monkeypatch.setenv(name, value)
    assert "quite secret" not in CliRunner().invoke(command, []).output
    file = tmp_path / "phrase"
    file.write_text("quite secret", "utf-8")
    by_file = finding("passphrase", world(tmp_path, PULUMI_CONFIG_PASSPHRASE_FILE=str(file)))
    assert (by_file.status, by_file.says) == ("ok", f"PULUMI_CONFIG_PASSPHRASE_FILE is set ({file})")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "note"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, "ok"),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/nonexistent/phrase"}, "missing"),
    ],
    ids=["unset", "empty", "no such file"],
)
def test_the_state_of_the_passphrase(tmp_path: Path, more: dict[str, str], status: str) -> None:
    """Unset is a note, as `validate` and `audit` need none; empty is allowed; a file that is not there is an error."""
    assert finding("passphrase", world(tmp_path, **more)).status == status


def test_a_tenant_folder_is_examined(tmp_path: Path) -> None:
    """A folder is a tenant's when it holds tenant.yaml; its mistakes are for `validate` to tell."""
    assert finding("tenant", world(tmp_path), tmp_path / "gone").says.startswith(f"{tmp_path / 'gone'} is not a folder")
    assert finding("tenant", world(tmp_path), tmp_path).status == "missing"
    (tmp_path / "tenant.yaml").write_text("tenant: acme\n", "utf-8")
    assert "cxconfig validate" in finding("tenant", world(tmp_path), tmp_path).says


def test_the_settings_of_a_tenant_are_shown(tmp_path: Path) -> None:
    """Where it would connect to and keep its state; never a secret, and what is not set makes it unusable."""
    (tmp_path / "tenant.yaml").write_text(SETTINGS, "utf-8")
    environ = {**world(tmp_path), "URL": "https://acme.example.com", "SECRET": "Quokka-7781"}
    assert finding("tenant", environ, tmp_path).says == f"acme, in {tmp_path}"
    found = finding("onecloud", environ, tmp_path)
    assert (found.status, found.says, found.more) == ("ok", "https://acme.example.com", ("client_id: api",))
    assert finding("state", environ, tmp_path).says == f"file://{tmp_path}/states"
    del environ["SECRET"]
    unset = finding("onecloud", environ, tmp_path)
    assert unset.status == "missing" and "SECRET is not set" in unset.more[0]
