"""A folder as it would be after a write: read and checked before anything is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.language import Tenant
from cxconfig.language.document import load_with_sources
from tests.language.fakes import REGISTRY, agents, written


def loaded(folder: Path, files: dict[str, str], environments: Sequence[str] = ()) -> Tenant:
    instead = {os.path.abspath(folder / name): text.encode() for name, text in files.items()}
    return load_with_sources(folder, REGISTRY, environments, instead)[0]


def test_what_would_be_written_is_read(tmp_path: Path) -> None:
    """The new content of a file counts and its old one does not; a new file in a new folder counts as well."""
    folder = written(tmp_path, agents("    ann: {first_name: Ann}\n    bob: {}\n"))
    files = {
        "agents.yaml": "desk:\n  agents:\n    ann: {first_name: Anna}\n",
        "desk/agents/x.yaml": "desk: {agents: {zoe: {}}}",
    }
    found = loaded(folder, files).objects["desk.agents"]
    assert {key: dict(agent.values) for key, agent in found.items()} == {"ann": {"first_name": "Anna"}, "zoe": {}}
    assert not (folder / "desk").exists()


def test_it_is_checked_as_if_it_were_written(tmp_path: Path) -> None:
    """Mistakes stand at their places in the new content, also across files."""
    folder = written(tmp_path, agents("    ann: {}\n"))
    with pytest.raises(InputErrors) as raised:
        loaded(folder, {"new.yaml": "desk:\n  agents:\n    Ann: {}\n"})
    (error,) = raised.value.errors
    assert error.place is not None and (Path(error.place.file).name, error.place.line) == ("new.yaml", 3)


def test_a_relative_folder_and_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are matched whatever their form; a file of an environment counts there alone."""
    folder = written(tmp_path / "acme", agents("    ann: {}\n") | {"environments/prod/tenant.yaml": ""})
    monkeypatch.chdir(tmp_path)
    files = {"environments/prod/more.yaml": "desk: {agents: {zoe: {}}}", "agents.yaml": "desk: {agents: {eve: {}}}"}
    assert list(loaded(Path("acme"), files).objects["desk.agents"]) == ["eve"]
    assert list(loaded(Path("acme"), files, ["prod"]).objects["desk.agents"]) == ["eve", "zoe"]
    assert folder.is_dir()
