"""A state is read where it lies, and says what the engine would say of it; what is not as it is known is the engine's
to answer. One on the real engine, the others on files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.stack import PROJECT
from cxconfig.engine.state_file import NOTHING, exported_from
from tests.engine.harness import NAME, PASSWORD, Tenant, agents

WHOLE: dict[str, Any] = {
    "version": 3,
    "checkpoint": {
        "stack": f"organization/{PROJECT}/{NAME}",
        "latest": {
            "manifest": {"time": "2026-11-25T21:26:46.937374807Z"},
            "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:x"}},
            "resources": [{"urn": "urn:a", "type": "t", "inputs": {"key": "a"}}],
        },
    },
}


@pytest.mark.parametrize("packed", ["true", "false"])
def test_it_says_what_the_engine_says(tenant: Tenant, packed: str) -> None:
    """Both forms in which the engine writes it, a secret of the stack's and a stack that is not there included."""
    tenant.env["PULUMI_DIY_BACKEND_GZIP"] = packed
    tenant.write(agents(2))
    assert exported_from(tenant.backend, PROJECT, NAME) is None, "the folder is not there yet"
    (tenant.folder / ".cxconfig").mkdir()
    assert exported_from(tenant.backend, PROJECT, NAME) == NOTHING
    tenant.run("secret", "set", "FIRST", given=PASSWORD)
    assert tenant.run("up", "--yes").code == 0
    said = json.loads(tenant.pulumi("stack", "export", "--stack", NAME).out)
    assert exported_from(tenant.backend, PROJECT, NAME) == said
    assert len(said["deployment"]["resources"]) > 2
    assert exported_from(tenant.backend, PROJECT, "other") == NOTHING
    assert tenant.pulumi("stack", "export", "--stack", "other", check=False).code != 0


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A backend with a state, as the engine lays it out."""
    (tmp_path / ".pulumi" / "stacks" / PROJECT).mkdir(parents=True)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    _write(tmp_path, json.dumps(WHOLE))
    return tmp_path


def _write(backend: Path, text: str, name: str = f"{NAME}.json") -> None:
    path = backend / ".pulumi" / "stacks" / PROJECT / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


def _only(backend: Path, name: str) -> None:
    """Under another name."""
    folder = backend / ".pulumi" / "stacks" / PROJECT
    (folder / f"{NAME}.json").rename(folder / name)


def _pack(backend: Path, more: bytes) -> None:
    """With something behind it."""
    path = backend / ".pulumi" / "stacks" / PROJECT / f"{NAME}.json"
    path.write_bytes(gzip.compress(path.read_bytes()) + more)


def _with(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def write(backend: Path) -> None:
        whole = json.loads(json.dumps(WHOLE))
        change(whole)
        _write(backend, json.dumps(whole))

    return write


def _of(backend: Path, url: str = "file://{}") -> Mapping[str, Any] | None:
    return exported_from(url.format(backend), PROJECT, NAME)


def test_what_is_known_is_read(backend: Path) -> None:
    expected = {"version": 3, "deployment": WHOLE["checkpoint"]["latest"]}
    _write(backend, "{", f"{NAME}.json.bak")
    _write(backend, "{", f"{NAME}.json.attrs")
    _write(backend, "{", f"{NAME}-2.json")
    assert _of(backend) == expected
    folder = backend / ".pulumi" / "stacks" / PROJECT
    (folder / f"{NAME}.json").unlink()
    assert _of(backend) is None, "it may be about to be written"
    for end in ("bak", "attrs"):
        (folder / f"{NAME}.json.{end}").unlink()
    assert _of(backend) == NOTHING
    _write(backend, json.dumps(WHOLE), f"{NAME}.json.gz")
    assert _of(backend) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda backend: _write(backend, json.dumps(WHOLE)[:-5]),
        lambda backend: _write(backend, "[" * 100_000),
        lambda backend: _write(backend, json.dumps(WHOLE), f"{NAME}.json.gz"),
        lambda backend: _write(backend, json.dumps(WHOLE), f"{NAME}.json.1795642006943786116"),
        lambda backend: _only(backend, f"{NAME}.json.json.gz"),
        lambda backend: _only(backend, f"{NAME}.json.old.json"),
        lambda backend: _only(backend, f"{NAME}.json.bak"),
        lambda backend: _pack(backend, bytes(512)),
        lambda backend: _pack(backend, gzip.compress(b" ")),
        lambda backend: (backend / ".pulumi" / "meta.yaml").write_text("version: 2\n"),
        lambda backend: (backend / ".pulumi" / "meta.yaml").unlink(),
        _with(lambda whole: whole.update(version=4)),
        _with(lambda whole: whole["checkpoint"].update(latest=None)),
        _with(lambda whole: whole["checkpoint"]["latest"].update(manifest=[1])),
        _with(lambda whole: whole["checkpoint"]["latest"].update(secrets_providers={"state": "x"})),
        _with(lambda whole: whole["checkpoint"]["latest"].update(resources={"a": 1})),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"].append("x")),
        _with(lambda whole: whole["checkpoint"]["latest"].update(resources={})),
        _with(lambda whole: whole["checkpoint"]["latest"].update(resources="")),
        _with(lambda whole: whole["checkpoint"]["latest"].update(pending_operations={"a": 1})),
        _with(lambda whole: whole["checkpoint"]["latest"].update(pending_operations=[{"resource": {"urn": 1}}])),
        _with(lambda whole: whole["checkpoint"]["latest"]["manifest"].update(time="yesterday")),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"][0].update(id=1)),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"][0].update(custom="yes")),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"][0]["inputs"].update(a=float("nan"))),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"][0].pop("type")),
        _with(lambda whole: whole["checkpoint"]["latest"]["resources"][0].update(inputs="x")),
    ],
)
def test_anything_else_is_asked_of_the_engine(backend: Path, change: Callable[[Path], Any]) -> None:
    change(backend)
    assert _of(backend) is None


def test_a_packed_state_that_breaks_off_is_asked_of_the_engine(backend: Path) -> None:
    path = backend / ".pulumi" / "stacks" / PROJECT / f"{NAME}.json"
    path.write_bytes(gzip.compress(path.read_bytes())[:60])
    assert _of(backend) is None


@pytest.mark.parametrize(
    "url", ["s3://bucket", "https://api.pulumi.com", "file://~", "file://./state", "file://{}?a=b"]
)
def test_a_backend_that_is_not_simply_a_folder_is_asked_of_the_engine(backend: Path, url: str) -> None:
    assert _of(backend, url) is None
