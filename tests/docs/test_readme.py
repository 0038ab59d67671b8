"""The README, run: its files are written and its commands are run as they stand, against a sandbox and the engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cxconfig.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- test: (?P<mark>[^>]*) -->\n)?```(?P<form>\w*)\n(?P<text>.*?)```\n", re.DOTALL)
SECONDS = 120.0
SEED = {
    "tenant": "acme.example.com",
    "clients": [{"client_id": "api-user", "client_secret": "api-secret"}],
    "teams": ["Sales", "Support"],
    "users": [
        {
            "loginId": "jdoe",
            "firstName": "Jane",
            "lastName": "Doe",
            "email": "jane@example.com",
            "team": "Support",
            "skills": {"English": 90},
        }
    ],
}


@dataclass(frozen=True)
class Block:
    """One fenced block: `mark` says what a test does with it."""

    mark: str
    form: str
    text: str


@dataclass(frozen=True)
class Ran:
    """One line of a block, its exit code and what it wrote."""

    line: str
    code: int
    output: str


def blocks() -> list[Block]:
    """The fenced blocks of the README, in order."""
    text = (ROOT / "README.md").read_text("utf-8")
    return [Block(m["mark"] or "", m["form"], m["text"]) for m in BLOCK.finditer(text)]


def test_every_block_is_tested() -> None:
    """No block of commands or YAML without a mark, and none of a form that no test knows."""
    assert len(blocks()) >= 9
    known = re.compile(r"sh: (run|settings|dry run)|yaml: file [\w./-]+")
    assert [block for block in blocks() if not known.fullmatch(f"{block.form}: {block.mark}")] == []


def test_the_first_two_commands_exist() -> None:
    """`make demo` and `make test` name targets of the Makefile, each with its set-up."""
    (block,) = [block for block in blocks() if block.mark == "dry run"]
    assert block.text.split() == ["make", "demo", "make", "test"]
    for line in block.text.splitlines():
        answer = subprocess.run(["make", "-n", *line.split()[1:]], cwd=ROOT, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
        assert "tools.engine.obtain" in answer.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ran]]:
    """All blocks in order, in one shell, in a folder that looks like a clone of the repository."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    committed = contents(folder / "stacks")
    shutil.copy(ROOT / ".gitignore", folder)
    env = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME", "PYTHONPATH") if name in os.environ}
    env |= {f"GIT_{who}_{what}": "me@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for words in ("init --quiet", "add .gitignore stacks", "commit --quiet --message A-clone"):
        subprocess.run(["git", *words.split()], cwd=folder, env=env, check=True)
    env |= {"CI": "true", "PULUMI_HOME": str(folder / "pulumi-home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with Sandbox(seed=SEED) as box:
        values = {"ONECLOUD_URL": box.url, "ONECLOUD_CLIENT_ID": box.client_id}
        values |= {"ONECLOUD_CLIENT_SECRET": box.client_secret, "INITIAL_PASSWORD": "Welcome-2-Acme"}
        values |= {"PULUMI_CONFIG_PASSPHRASE": "a passphrase"}
        answer = subprocess.run(
            ["bash", "-c", script(values)], cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS
        )
    parts = re.split(r"^@@ (\d+) (.*)\n", answer.stdout, flags=re.MULTILINE)
    assert len(parts) > 1, answer.stderr
    assert {name: text for name, text in contents(folder / "stacks").items() if name in committed} == committed
    outputs, codes, lines = parts[0::3], parts[1::3], parts[2::3]
    yield [Ran(*found) for found in zip(lines, map(int, codes), outputs, strict=False)]


def contents(folder: Path) -> dict[str, str]:
    """The files of a folder by name: what is committed there must outlive the README's commands."""
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def script(values: dict[str, str]) -> str:
    """The blocks as one shell script that writes `@@ CODE LINE` after each line."""
    lines = ["exec 2>&1"]
    for block in blocks():
        if block.mark.startswith("file "):
            lines += [f"cat > {block.mark.removeprefix('file ')} <<'END'", block.text + "END"]
        elif block.mark == "settings":
            names = re.findall(r"^export (\w+)=\S+$", block.text, re.MULTILINE)
            assert len(names) == len(block.text.splitlines()) and set(names) == set(values)
            lines += [f"export {name}='{values[name]}'" for name in names]
        elif block.mark == "run":
            for line in block.text.splitlines():
                lines += [line, f"printf '@@ %s %s\\n' $? '{line.replace(chr(39), '')}'"]
    return "\n".join(lines)


def test_every_command_ends_as_told(ran: list[Ran]) -> None:
    """Exit code 0, or the one that stands in the line's comment."""
    expected = [int(found[1]) if (found := re.search(r"exit code (\d)", r.line)) else 0 for r in ran]
    assert [r.code for r in ran] == expected, "\n".join(f"{r.code} {r.line}\n{r.output}" for r in ran)
    assert len(ran) == sum(len(block.text.splitlines()) for block in blocks() if block.mark == "run")


def output_of(ran: list[Ran], command: str) -> str:
    """What the only line that begins so wrote."""
    (found,) = [r for r in ran if r.line.startswith(command)]
    return found.output


def test_the_first_start_shows_what_the_text_says(ran: list[Ran]) -> None:
    """The existing user is taken over with what differs, and nothing is left to do afterwards."""
    assert "1 onecloud team, 1 onecloud user; no mistakes" in output_of(ran, "cxconfig validate")
    preview = output_of(ran, "cxconfig preview my-tenant   ")
    assert "adopt jdoe (exists live, differs)" in preview
    assert "Support -> Sales" in preview
    assert "Done: 2 adopted" in output_of(ran, "cxconfig up my-tenant   ")
    assert "No drift" in output_of(ran, "cxconfig audit my-tenant   ")


def test_plain_pulumi_works_on_the_same_state(ran: list[Ran]) -> None:
    """It finds what cxconfig recorded and has nothing to do, in a preview, an up and a refresh."""
    for command in ("pulumi preview", "pulumi up", "CXCONFIG_TENANT="):
        output = output_of(ran, command)
        assert "4 unchanged" in output
        assert "create" not in output and "delete" not in output


def test_the_links_lead_somewhere() -> None:
    """Every relative link of the README and of the documents names a file that is there."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"
