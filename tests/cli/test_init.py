"""`cxconfig init` as a user has it: the folder, the questions, and the preview at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxconfig.language import load
from providers.registry import REGISTRY
from tests.engine.conftest import MakeTenant
from tests.engine.harness import CLIENT_SECRET, PASSPHRASE, Ran, Tenant, agents, as_seeded

pytestmark = pytest.mark.measured

FILES = [
    *(".gitignore", "Pulumi.acme.yaml", "Pulumi.yaml", "__main__.py", "cxconfig.schema.json", "people.yaml"),
    "tenant.yaml",
]
EXPORTS = [
    "export ONECLOUD_URL=...",
    "export ONECLOUD_CLIENT_ID=...",
    "export ONECLOUD_CLIENT_SECRET=...",
    "export PULUMI_CONFIG_PASSPHRASE=...",
]
NOTHING = dict.fromkeys(("ONECLOUD_URL", "ONECLOUD_CLIENT_ID", "ONECLOUD_CLIENT_SECRET"))


@pytest.fixture
def live(make_tenant: MakeTenant) -> Tenant:
    """Six users live and an empty folder."""
    return make_tenant(*(as_seeded(key, fields) for key, fields in agents(6).items()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".cxconfig")


def bare(folder: Path, *words: str) -> Ran:
    """A run that knows no setting."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "cxconfig.cli", *words]
    done = subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def test_without_settings_it_tells_exactly_how_to_go_on(tmp_path: Path) -> None:
    """The folder is made, it has no mistakes, and what is missing stands there to be copied."""
    ran = bare(tmp_path, "init", "my tenants/acme", "--yes")
    folder = tmp_path / "my tenants/acme"
    assert (ran.code, names(folder)) == (0, FILES), str(ran)
    assert ran.out.splitlines()[-5:] == [*EXPORTS, "cxconfig preview 'my tenants/acme'"]
    assert bare(folder, "validate").out == "acme: no objects; no mistakes.\n"
    assert (folder / ".gitignore").read_text().splitlines()[-1] == ".cxconfig/"
    text = (folder / "tenant.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=cxconfig.schema.json\n")
    assert "client_secret: ${env:ONECLOUD_CLIENT_SECRET}" in text
    with_export = bare(tmp_path, "init", "b", "--export")
    assert with_export.out.splitlines()[-2:] == ["cxconfig export b", "cxconfig preview b"]


def test_the_example_of_the_first_file_is_right(tmp_path: Path) -> None:
    """Without the `#` it is a tenant with a user."""
    assert bare(tmp_path, "init", "--name", "acme", "--yes").code == 0
    lines = (tmp_path / "people.yaml").read_text().splitlines()
    start = lines.index("#") + 1
    (tmp_path / "people.yaml").write_text("\n".join(line.removeprefix("#   ") for line in lines[start:]) + "\n")
    assert load(tmp_path, REGISTRY).declared_counts() == {"onecloud.teams": 1, "onecloud.users": 1}


def test_everything_by_options(tmp_path: Path) -> None:
    """Odd texts are quoted."""
    words = (
        "--name",
        "acme-prod",
        "--url",
        "https://cc.example.com/",
        "--client-id",
        "api: user #1",
        "--scope",
        "0123",
    )
    assert bare(tmp_path, "init", "x", *words).code == 0
    tenant = load(tmp_path / "x", REGISTRY)
    assert tenant.name == "acme-prod" and (tmp_path / "x/Pulumi.acme-prod.yaml").exists()
    values = dict(tenant.systems["onecloud"].values)
    assert (values["url"], values["client_id"], values["scope"]) == ("https://cc.example.com/", "api: user #1", "0123")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--url", "ftp://x"), "--url"),
        (("--name", "a b"), "tenant's name"),
        (("--system", "onecluod"), "onecloud"),
    ],
)
def test_wrong_options_write_nothing(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = bare(tmp_path, "init", "x", "--yes", *words)
    assert ran.code == 1 and said in ran.said and not (tmp_path / "x").exists(), str(ran)


def test_files_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    """Without --force; an own .gitignore is kept and gets its line in either case."""
    (tmp_path / "people.yaml").write_text("onecloud: {teams: {Mine: {}}}\n")
    (tmp_path / ".gitignore").write_text("secrets.txt")
    refused = bare(tmp_path, "init", "--yes")
    assert refused.code == 1 and "people.yaml" in refused.said and "--force" in refused.said
    assert names(tmp_path) == [".gitignore", "people.yaml"]
    assert bare(tmp_path, "init", "--yes", "--force").code == 0
    assert "Mine" not in (tmp_path / "people.yaml").read_text()
    assert (tmp_path / ".gitignore").read_text() == "secrets.txt\n.cxconfig/\n"
    (tmp_path / "file").write_text("")
    assert bare(tmp_path, "init", "file", "--yes").code == 1


def test_it_ends_with_a_preview_when_everything_is_known(live: Tenant) -> None:
    """From the environment; with --export the folder is full, and nothing would change."""
    ran = live.run("init", "--yes", "--scope", "acme.example.com")
    assert ran.code == 0 and "Nothing to do: no object is declared." in ran.out, str(ran)
    full = live.run("init", "--yes", "--force", "--scope", "acme.example.com", "--export")
    assert full.code == 0, str(full)
    assert "Written: 5 files; 4 teams, 6 users, 6 SCIM accounts live." in full.said
    assert "Nothing would change live; 10 objects exist as declared and are not recorded yet" in full.said
    assert live.run("up", "--yes").code == 0 and live.writes() == 0


def test_a_preview_that_fails_is_an_error(live: Tenant) -> None:
    """The folder is there all the same."""
    ran = live.run("init", "--yes", "--scope", "other.example.com", "--export")
    assert ran.code == 1 and names(live.folder) == FILES, str(ran)


def test_the_questions_on_a_terminal(live: Tenant) -> None:
    """Four and the secrets, which are not shown; what is given by an option or the environment is not asked."""
    told = live.talk(
        "init",
        "--scope",
        "acme.example.com",
        answers={
            "Name of the tenant": lambda: "\n",
            "(url)": lambda: f"{live.box.url}\n",
            "(client_id)": lambda: f"{live.box.client_id}\n",
            "ONECLOUD_CLIENT_SECRET": lambda: f"{CLIENT_SECRET}\n",
            "a passphrase of your choice": lambda: f"{PASSPHRASE}\n",
            "Fill the files": lambda: "y\n",
        },
        PULUMI_CONFIG_PASSPHRASE=None,
        **NOTHING,
    )
    assert told.code == 0, str(told)
    assert "export ONECLOUD_CLIENT_SECRET=..., export PULUMI_CONFIG_PASSPHRASE=..." in told.said
    assert "Nothing would change live" in told.said
    assert live.holding(CLIENT_SECRET, PASSPHRASE) == []


def test_an_empty_secret_ends_with_the_lines_to_copy(live: Tenant) -> None:
    """And the end of the input at a question ends with 130."""
    answers = {"Name of the tenant": lambda: "\n", "(url)": lambda: "\n", "(client_id)": lambda: "\n"}
    told = live.talk(
        "init", answers={**answers, "ONECLOUD_URL:": lambda: "\n"}, PULUMI_CONFIG_PASSPHRASE=None, **NOTHING
    )
    assert told.code == 0 and all(line in told.out for line in EXPORTS), str(told)
    stopped = live.talk("init", "--force", answers={"Name of the tenant": lambda: "\x04"})
    assert stopped.code == 130, str(stopped)
