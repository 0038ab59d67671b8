"""The command line itself: help, version, options, exit codes, and that `--help` is quick."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cxconfig import __version__
from cxconfig.cli import COMMANDS
from tests.engine.harness import ROOT, Ran, Tenant, agent

pytestmark = pytest.mark.measured

OPTIONS = {
    "init": {
        *("--name", "--system", "--yes", "--force", "--export"),
        *("--url", "--ca-bundle", "--client-id", "--scope"),
    },
    "validate": {"--env", "--format"},
    "show": {"--env", "--format", "--reveal"},
    "explain": {"--env", "--live", "--format"},
    "preview": {"--env", "--raise-limit", "--full", "--verbose", "--format"},
    "up": {"--env", "--yes", "--unlock", "--raise-limit", "--full", "--verbose", "--format"},
    "audit": {"--env", "--verbose", "--format"},
    "export": {
        *("--env", "--kind", "--fields", "--prune", "--yes", "--force", "--dry-run", "--verbose", "--format"),
    },
    "add": set(),
    "refresh": {"--env", "--unlock", "--full", "--moved", "--verbose", "--format"},
    "destroy": {"--env", "--yes", "--unlock", "--verbose", "--format"},
    "secret": set(),
    "fmt": {"--check", "--diff", "--force", "--format"},
    "migrate": {"--yes", "--force"},
    "schema": {"--output", "--plain-secret"},
    "completion": set(),
    "doctor": {"--env", "--format"},
    "sandbox": {"--port", "--seed", "--save", "--switch", "--list-switches", "--faults", "--latency-ms", "--tls"},
}
WITHOUT_FOLDER = ("schema", "completion", "sandbox")
HEAVY = ("pulumi", "httpx", "grpc", "pydantic", "rich", "ruamel", "starlette")


def cxconfig(*words: str, cwd: Path = ROOT) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "cxconfig.cli", *words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)], ids=" ".join)
def test_help_names_every_command(words: tuple[str, ...]) -> None:
    """With its one line, in the order of use; shown as an error when nothing was asked for."""
    shown = cxconfig(*words)
    assert (shown.code, bool(shown.out), bool(shown.err)) == ((0, True, False) if words else (1, False, True))
    found = [line.split()[0] for line in shown.text.splitlines() if line.split()[:1] and line.split()[0] in COMMANDS]
    assert found == list(COMMANDS) == list(OPTIONS)
    assert all(text in shown.said for text in COMMANDS.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command: str) -> None:
    """Says what it does, how it is called, every option, and its exit codes; on standard output, with 0."""
    for word in ("--help", "-h"):
        shown = cxconfig(command, word)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith("Usage: ") and f" {command} [OPTIONS]" in shown.out.splitlines()[0]
        assert set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", shown.out, re.MULTILINE)) - {"--help"} == OPTIONS[command]
        assert max(map(len, shown.out.splitlines())) <= 100
    if command not in ("validate", *WITHOUT_FOLDER):
        assert "xit code" in shown.said
    assert ("FOLDER" in shown.out) is (command not in WITHOUT_FOLDER)


@pytest.mark.parametrize(
    ("verb", "options"), [("set", {"--env"}), ("list", {"--env", "--format"}), ("remove", {"--env"})]
)
def test_help_of_the_secret_commands(verb: str, options: set[str]) -> None:
    """Each says what it takes; none takes a value."""
    shown = cxconfig("secret", verb, "--help")
    words = "[OPTIONS] [FOLDER]" if verb == "list" else "[OPTIONS] KEY [FOLDER]"
    assert (shown.code, shown.out.splitlines()[0]) == (0, f"Usage: cxconfig secret {verb} {words}")
    assert set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", shown.out, re.MULTILINE)) - {"--help"} == options


def test_the_version() -> None:
    """One line."""
    shown = cxconfig("--version")
    assert (shown.code, shown.out) == (0, f"cxconfig, version {__version__}\n")


def test_help_imports_nothing_heavy() -> None:
    """Neither the engine's SDK nor HTTP nor a model is loaded to show help."""
    program = (
        "import sys\n"
        "from cxconfig.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "finally:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_the_folder_is_the_current_one_unless_named(tenant: Tenant) -> None:
    """`cxconfig validate` within a tenant's folder, or with any path to it."""
    tenant.write({"a0": agent(0)})
    here = cxconfig("validate", cwd=tenant.folder)
    assert (here.code, here.out) == (0, "acme: 4 onecloud teams, 1 onecloud user; no mistakes.\n"), str(here)
    for path in ("acme", "./acme/", "acme/../acme", str(tenant.folder)):
        assert cxconfig("validate", path, cwd=tenant.folder.parent).out == here.out
    (tenant.folder / "people.yaml").unlink()
    assert cxconfig("validate", cwd=tenant.folder).out == "acme: no objects; no mistakes.\n"


def test_a_folder_whose_name_begins_with_a_dash(tenant: Tenant) -> None:
    """After `--`, as everywhere."""
    tenant.write({})
    tenant.folder.rename(tenant.folder.with_name("-acme"))
    assert cxconfig("validate", "--", "-acme", cwd=tenant.folder.parent).code == 0
    assert cxconfig("validate", "-acme", cwd=tenant.folder.parent).code == 1


def test_exit_codes(tenant: Tenant) -> None:
    """0 nothing to do or done, 2 changes or drift, 1 an error: of each command."""
    tenant.write({"a0": agent(0)})

    def codes(*verbs: str) -> dict[str, int]:
        return {verb: tenant.run(*verb.split()).code for verb in verbs}

    assert codes("validate", "preview", "audit", "refresh") == {"validate": 0, "preview": 2, "audit": 2, "refresh": 0}
    assert codes("up --yes", "preview", "audit", "refresh") == {"up --yes": 0, "preview": 0, "audit": 0, "refresh": 0}
    tenant.box.change_user("a0", disabled=True)
    assert codes("preview", "audit", "refresh", "up --yes") == {"preview": 2, "audit": 2, "refresh": 2, "up --yes": 0}
    tenant.box.fault({"status": 403, "body": "no"}, path="/configapi/v2/user/a0")
    wrong = codes("preview", "audit", "refresh", "up --yes", "destroy --yes")
    assert wrong == dict.fromkeys(wrong, 1)
    tenant.box.clear_faults()
    assert codes("destroy --yes", "destroy --yes", "validate") == {"destroy --yes": 0, "validate": 0}


def test_output_that_nobody_reads_any_more(tenant: Tenant) -> None:
    """A reader that goes away (`| head`) is no traceback."""
    tenant.write({f"a{n}": agent(n) for n in range(50)})
    command = [sys.executable, "-m", "cxconfig.cli", "audit", str(tenant.folder), "--verbose"]
    process = subprocess.Popen(command, env=tenant.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert "Traceback" not in said and "Exception" not in said
