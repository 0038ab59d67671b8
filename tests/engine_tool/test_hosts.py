"""Plain `pulumi` commands with our own helpers, on the real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cxconfig.engine.locate import LANGUAGE_HOST, RESOURCE_HOST, Engine, environment, locate
from tests.engine_tool.support import LIMIT, script
from tools.engine.ways import HELPER_NAMES, HELPERS

THINGS = """
from pulumi import dynamic


class Things(dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return dynamic.CreateResult("id-" + props["name"], dict(props))


class Thing(dynamic.Resource):
    def __init__(self, name):
        super().__init__(Things(), name, {"name": name})
"""
PROGRAM = """
import os
import sys

import pulumi
from things import Thing

if os.environ.get("TINY") == "refuse":
    raise pulumi.RunError("the tenant has no users")
if os.environ.get("TINY") == "exit":
    sys.exit(3)
pulumi.export("id", Thing("one").id)
pulumi.export("python", sys.prefix)
"""
UP = ("up", "--yes", "--skip-preview", "--json")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine's binary with our helpers beside it, whichever helpers the machine has."""
    found = locate()
    folder = tmp_path_factory.mktemp("engine")
    # A link would make the engine look for its helpers beside the link's target.
    shutil.copy(found.binary.resolve(), folder / "pulumi")
    for name in HELPER_NAMES:
        shutil.copy(HELPERS / name, folder / name)
    return Engine(folder / "pulumi", found.version, "test", (), True, folder / RESOURCE_HOST, folder / LANGUAGE_HOST)


def project(tmp_path: Path, runtime: str) -> Path:
    """A program with one dynamic resource."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: tiny\nruntime: {runtime}\n", "utf-8")
    (folder / "things.py").write_text(THINGS, "utf-8")
    (folder / "__main__.py").write_text(PROGRAM, "utf-8")
    return folder


def plain(engine: Engine, folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `pulumi` as a user does, with state and home in the test's folder."""
    state = folder.parent / "state"
    state.mkdir(exist_ok=True)
    settings = {
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_HOME": str(folder.parent / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [engine.binary, *arguments, "--non-interactive", "--stack", "dev"],
        cwd=folder,
        env=environment(engine) | settings | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def counts(answer: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """What the last event of a `--json` run says that it did."""
    assert answer.returncode == 0, answer.stdout + answer.stderr
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    found: dict[str, int] = next(
        event["summaryEvent"]["resourceChanges"] for event in events if "summaryEvent" in event
    )
    return found


def outputs(engine: Engine, folder: Path) -> dict[str, str]:
    """The outputs of the stack."""
    found: dict[str, str] = json.loads(plain(engine, folder, "stack", "output", "--json").stdout)
    return found


def test_plain_up_creates_then_changes_nothing_then_destroys(engine: Engine, tmp_path: Path) -> None:
    """A whole life of a dynamic resource, with the Python that PULUMI_PYTHON_CMD names."""
    folder = project(tmp_path, "python")
    assert plain(engine, folder, "stack", "init").returncode == 0
    assert plain(engine, folder, "preview").returncode == 0
    assert counts(plain(engine, folder, *UP)) == {"create": 2}
    assert outputs(engine, folder) == {"id": "id-one", "python": sys.prefix}
    assert counts(plain(engine, folder, *UP)) == {"same": 2}
    assert counts(plain(engine, folder, "destroy", *UP[1:])) == {"delete": 2}


@pytest.mark.parametrize(
    "runtime",
    [
        "\n  name: python\n  options:\n    virtualenv: .venv  # made by hand",
        '{name: python, options: {virtualenv: ".venv"}}',
    ],
    ids=["block", "flow"],
)
def test_the_virtualenv_option_decides_the_python(engine: Engine, tmp_path: Path, runtime: str) -> None:
    """Program and provider run in the virtual environment of the project, whatever the environment names."""
    folder = project(tmp_path, runtime)
    (folder / ".venv").symlink_to(sys.prefix)
    assert plain(engine, folder, "stack", "init").returncode == 0
    up = plain(engine, folder, *UP, PULUMI_PYTHON_CMD="/nonexistent/python")
    assert counts(up) == {"create": 2}
    assert outputs(engine, folder)["python"] == str(folder / ".venv")


def test_a_missing_virtual_environment_is_told(engine: Engine, tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    folder = project(tmp_path, "{name: python, options: {virtualenv: gone}}")
    assert plain(engine, folder, "stack", "init").returncode == 0
    answer = plain(engine, folder, "preview")
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert f"names {folder / 'gone'}, which has no bin/python; create it" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("case", "message"), [("refuse", "the tenant has no users"), ("exit", "the program ended with exit code 3")]
)
def test_a_refusal_of_the_program_is_one_short_message(engine: Engine, tmp_path: Path, case: str, message: str) -> None:
    """A `pulumi.RunError` and an exit code reach the user once, without a traceback, and fail the command."""
    folder = project(tmp_path, "python")
    assert plain(engine, folder, "stack", "init").returncode == 0
    answer = plain(engine, folder, "preview", TINY=case)
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert f"error: {message}" in said and "Traceback" not in said
    assert [line.strip() for line in said.splitlines()].count(f"error: {message}") == 1


def test_a_folder_without_a_program_is_told(engine: Engine, tmp_path: Path) -> None:
    """The missing file is named."""
    folder = project(tmp_path, "python")
    (folder / "__main__.py").unlink()
    assert plain(engine, folder, "stack", "init").returncode == 0
    answer = plain(engine, folder, "preview")
    assert answer.returncode != 0
    assert "there is no __main__.py in" in answer.stdout + answer.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_language_host_stops_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and the engine's own way of ending it are both quiet."""
    environ = os.environ | {"PULUMI_PYTHON_CMD": sys.executable}
    command = [str(HELPERS / LANGUAGE_HOST), "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout
        assert int(host.stdout.readline()) > 0
        host.send_signal(number)
        _, err = host.communicate(timeout=LIMIT)
    assert (host.returncode, err) == (0, "")


def test_the_language_host_ends_with_its_engine(tmp_path: Path) -> None:
    """An engine that was killed leaves no language host behind: its output reaches its end."""
    environ = os.environ | {"PULUMI_PYTHON_CMD": sys.executable}
    parent = script(tmp_path / "parent", f'"{HELPERS / LANGUAGE_HOST}" 127.0.0.1:1 &', "read line")
    with subprocess.Popen(
        [parent], cwd=tmp_path, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stdout
        assert int(engine.stdout.readline()) > 0
        engine.kill()
        out, _ = engine.communicate(timeout=LIMIT)
    assert out == ""


def test_the_host_of_dynamic_providers_ends_with_its_engine(tmp_path: Path) -> None:
    """An engine that was killed before it asked for anything leaves no host behind."""
    environ = os.environ | {"PULUMI_PYTHON_CMD": sys.executable}
    parent = script(tmp_path / "parent", f'"{HELPERS / RESOURCE_HOST}" 127.0.0.1:1 &', "read line")
    with subprocess.Popen(
        [parent], cwd=tmp_path, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stdout
        assert int(engine.stdout.readline()) > 0
        engine.kill()
        out, _ = engine.communicate(timeout=LIMIT)
    assert out == ""


@pytest.mark.parametrize("name", [RESOURCE_HOST, LANGUAGE_HOST])
def test_a_python_without_pulumi_is_told(tmp_path: Path, name: str) -> None:
    """The text names the interpreter and the module that it lacks."""
    bare = script(tmp_path / "python", f'exec "{sys.executable}" -S -E "$@"')
    environ = os.environ | {"PULUMI_PYTHON_CMD": str(bare)}
    answer = subprocess.run(
        [HELPERS / name, "127.0.0.1:1"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr and "pulumi" in answer.stderr
