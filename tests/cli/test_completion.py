"""What a shell offers: by a real bash with the script, and by the protocol of all three shells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cxconfig.cli import COMMANDS, cli, completing
from providers.names import KINDS, LIMITABLE
from providers.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pulumi", "httpx", "grpc", "pydantic", "rich", "starlette")
TENANT = "api_version: cxconfig/v1\ntenant: acme\nsystems: {onecloud: }\n"
PEOPLE = """\
onecloud:
  templates: {users: {sales: {team: Sales}}}
  users:
    jdoe: {team: Sales, skills: {English: 5}}
    &b asmith: {team: "Sales"}
    j.dot:
    "two words": {}
    jroe:
      roles: [a, {b: c}]
      *b : x
"""
USERS = KINDS["onecloud.users"][1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tenant with objects in several files, one of them broken, and two environments."""
    files = {
        "acme/tenant.yaml": TENANT,
        "acme/people.yaml": PEOPLE,
        "acme/sub/broken.yaml": "onecloud:\n  users:\n    before: {}\n  bad: [\n",
        "acme/sub/.hidden.yaml": "onecloud: {users: {hidden: }}",
        "acme/environments/prod/people.yaml": "onecloud: {users: {only_prod: {}}}",
        "acme/environments/pre/x.yaml": "",
        "acme/environments/.git/x.yaml": "",
        "other/people.yaml": "onecloud: {users: {stranger: }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def asked(line: str, cwd: Path, shell: str = "bash", **more: str) -> subprocess.CompletedProcess[str]:
    """What the program answers a shell's script; the cursor is at the end of the line."""
    words = line.split(" ")
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_CXCONFIG_COMPLETE": f"{shell}_complete"}
    return subprocess.run(
        [sys.executable, "-m", "cxconfig.cli"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def offered(line: str, cwd: Path) -> list[str]:
    """The values that a bash is offered."""
    done = asked(line, cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return [item.partition(",")[2] for item in done.stdout.splitlines() if item]


def test_commands_and_options(tmp_path: Path) -> None:
    """Every command at first, then the options of the one that is named."""
    assert offered("cxconfig ", tmp_path) == list(COMMANDS)
    assert offered("cxconfig pre", tmp_path) == ["preview"]
    assert offered("cxconfig --ver", tmp_path) == ["--version"]
    assert {"--format", "--verbose", "--full", "--help"} <= set(offered("cxconfig preview --", tmp_path))
    assert offered("cxconfig validate --format j", tmp_path) == ["json"]
    assert offered("cxconfig completion ", tmp_path) == ["bash", "zsh", "fish"]
    limits = ["onecloud.users.disable=", "onecloud.users.delete="]
    assert offered("cxconfig up --raise-limit onecloud.users.d", tmp_path) == limits


@pytest.mark.parametrize("command", ["validate", "show", "preview", "up", "audit", "refresh", "destroy", "doctor"])
def test_a_folder_is_left_to_the_shell(command: str, tmp_path: Path) -> None:
    """The shell lists folders itself, as it knows how to quote them."""
    assert asked(f"cxconfig {command} a", tmp_path).stdout == "dir,a\n"


def test_what_can_be_explained(folder: Path) -> None:
    """Kinds; then fields, and the objects of the tenant in the current folder; then the fields of an object."""
    here = folder / "acme"
    assert offered("cxconfig explain ", here) == list(KINDS)
    assert offered("cxconfig explain onecloud.u", here) == ["onecloud.users"]
    names = ["asmith", "before", "jdoe", "jroe", "only_prod"]
    assert offered("cxconfig explain onecloud.users.", here) == [f"onecloud.users.{name}" for name in (*USERS, *names)]
    assert offered("cxconfig explain onecloud.users.j", here) == ["onecloud.users.jdoe", "onecloud.users.jroe"]
    assert offered("cxconfig explain onecloud.users.jdoe.te", here) == ["onecloud.users.jdoe.team"]
    assert offered("cxconfig explain onecloud.users.skills.", here) == []
    assert offered("cxconfig explain nothing.", here) == []


def test_a_folder_without_a_tenant_offers_no_names(folder: Path) -> None:
    """It is not searched: it may be a home folder. Only the kinds and their fields are known there."""
    assert offered("cxconfig explain onecloud.users.", folder / "other") == [f"onecloud.users.{one}" for one in USERS]
    assert offered("cxconfig explain onecloud.users.", folder) == [f"onecloud.users.{one}" for one in USERS]


def test_environments_of_the_named_folder(folder: Path) -> None:
    """The folders below environments/, hidden ones left out; nothing when there are none."""
    assert offered("cxconfig show --env p", folder / "acme") == ["pre", "prod"]
    assert offered("cxconfig show acme --env ", folder) == ["pre", "prod"]
    assert offered("cxconfig show other --env ", folder) == []
    (folder / "second" / "environments" / "eu").mkdir(parents=True)
    (folder / "second" / "tenant.yaml").write_text(TENANT, "utf-8")
    assert offered("cxconfig show ../second --env ", folder / "acme") == ["eu"]
    assert offered("cxconfig show --env eu ../second --env ", folder / "acme") == ["eu"]
    assert offered("cxconfig show nowhere --env ", folder) == []


def test_nothing_is_written_and_nothing_raised(folder: Path) -> None:
    """An unreadable tenant, a wrong variable, a line that is no command: silence, and no new file."""
    here = folder / "acme"
    (here / "bytes.yaml").write_bytes(b"onecloud:\n  users:\n    \xff\xfe: {}\n    after: {}\n")
    (here / "dangling.yaml").symlink_to(here / "gone.yaml")
    (here / "loop").symlink_to(here)
    before = sorted(path for path in folder.rglob("*"))
    for line in (
        "cxconfig explain onecloud.users.",
        "cxconfig nonsense ",
        "cxconfig explain --env ",
        'cxconfig explain "',
        "cxconfig show --env",
        "cxconfig preview --form",
    ):
        done = asked(line, here, CXCONFIG_ENV=",,")
        assert (done.returncode, done.stderr) == (0, ""), (line, done.stderr)
    assert sorted(path for path in folder.rglob("*")) == before
    assert "after" in completing.declared(here, "onecloud.users")


def test_a_large_tenant_is_read_within_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind the budget is not offered; what lies before it is."""
    (tmp_path / "tenant.yaml").write_text("", "utf-8")
    lines = [f"    u{number:05}: {{}}\n" for number in range(1000)]
    (tmp_path / "a.yaml").write_text("onecloud:\n  users:\n" + "".join(lines), "utf-8")
    (tmp_path / "b.yaml").write_text("onecloud: {users: {z: }}", "utf-8")
    monkeypatch.setattr(completing, "MAX_BYTES", 3000)
    found = completing.declared(tmp_path, "onecloud.users")
    assert found[0] == "u00000" and 100 < len(found) < 300 and "z" not in found
    context = click.Context(cli)
    context.params["folder"] = tmp_path
    monkeypatch.setattr(completing, "MAX_ITEMS", 7)
    assert len(completing.targets(context, click.Argument(["x"]), "onecloud.users.u0")) == 7


def test_kinds_for_other_commands() -> None:
    """Completers that any command may attach."""
    context, parameter = click.Context(cli), click.Argument(["x"])
    assert [item.value for item in completing.kinds(context, parameter, "one")] == list(KINDS)
    assert [item.value for item in completing.singulars(context, parameter, "u")] == ["user"]
    assert [(item.value, item.type) for item in completing.files(context, parameter, "x")] == [("x", "file")]


def test_the_names_are_those_of_the_registry() -> None:
    """The generated module says what the models say."""
    assert {kind.id: (kind.singular, tuple(kind.specs)) for kind in REGISTRY.all()} == KINDS
    assert {kind.id: tuple(action.value for action in kind.limitable) for kind in REGISTRY.all()} == LIMITABLE


@pytest.mark.parametrize(
    "line", ["cxconfig ", "cxconfig explain onecloud.users.", "cxconfig show --env ", "cxconfig up -"]
)
def test_completion_imports_no_model(line: str, folder: Path) -> None:
    """At every <Tab>: neither the SDK nor HTTP nor a model."""
    program = (
        "import sys\n"
        "from cxconfig.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_CXCONFIG_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder / "acme",
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout
    assert done.stderr.strip() == "[]"


def test_zsh_and_fish(folder: Path) -> None:
    """By their own forms: zsh gets type, value and help on lines of their own, fish on one."""
    done = asked("cxconfig va", folder, "zsh")
    assert done.stdout == f"plain\nvalidate\n{COMMANDS['validate']}\n"
    line = {"COMP_WORDS": "cxconfig explain onecloud.users.jd", "COMP_CWORD": "onecloud.users.jd"}
    assert asked("cxconfig", folder / "acme", "fish", **line).stdout == "plain,onecloud.users.jdoe\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_calls_the_program_that_wrote_it(shell: str) -> None:
    """It sets the variable that the program looks for, and starts no shell to be printed."""
    done = subprocess.run(
        [sys.executable, "-m", "cxconfig.cli", "completion", shell],
        cwd=ROOT,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"_CXCONFIG_COMPLETE={shell}_complete" in done.stdout
    assert re.search(r"\bcxconfig\b", done.stdout)
    assert done.stderr == ""


BASH = """\
eval "$(cxconfig completion bash)"
declare -F _cxconfig_completion >/dev/null || exit 9
tab() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _cxconfig_completion cxconfig "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
    printf '%s|' "${COMPREPLY[@]}"
    echo
}
complete -p cxconfig
tab cxconfig va
tab cxconfig explain onecloud.users.jd
tab cxconfig explain onecloud.users.jdoe.te
tab cxconfig show --env pro
tab cxconfig completion ""
"""


def test_a_real_bash(folder: Path) -> None:
    """The script is evaluated by bash, and its function fills what bash would offer."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    program = bin_folder / "cxconfig"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cxconfig.cli "$@"\n', "utf-8")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        cwd=folder / "acme",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    registered, *answers = done.stdout.splitlines()
    assert "-F _cxconfig_completion cxconfig" in registered
    assert answers == [
        "validate|",
        "onecloud.users.jdoe|",
        "onecloud.users.jdoe.team|",
        "prod|",
        "bash|zsh|fish|",
    ]
