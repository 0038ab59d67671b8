"""The demo for real: what it shows, what it leaves behind, and how it ends when it is stopped or something is wrong."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import demo

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(ROOT / "tools" / "demo.py")]
SECONDS = 120.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run without a terminal, in a temporary folder of its own."""
    command = [*COMMAND, str(tmp_path_factory.mktemp("demo"))]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=SECONDS)


def environment() -> dict[str, str]:
    """The environment of CI."""
    return {**os.environ, "CI": "true"}


def folder_of(shown: str) -> Path:
    """The folder that the demo's last lines name."""
    found = re.search(r"The demo's folder is (\S+)$", shown, re.MULTILINE)
    assert found is not None, shown
    return Path(found[1])


def test_every_step_gives_what_is_told(shown: subprocess.CompletedProcess[str]) -> None:
    """The demo ends with 0 and shows the exit codes and the writes of all eight commands."""
    assert (shown.returncode, shown.stderr) == (0, "")
    told = re.findall(r"Exit code (\d): .*counted (\d+) writes", shown.stdout)
    assert [int(code) for code, _ in told] == [2, 0, 0, 2, 0, 0, 0, 1]
    assert [int(writes) for _, writes in told] == [0, 40, 0, 0, 4, 0, 2, 0]


def test_it_fits_two_screens(shown: subprocess.CompletedProcess[str]) -> None:
    """Two screens of sixty-five lines and a hundred columns, and no colour without a terminal."""
    lines = shown.stdout.splitlines()
    assert len(lines) <= 130
    named = str(folder_of(shown.stdout))
    assert [line for line in lines if len(line) > 100 and named not in line] == []
    assert "\x1b" not in shown.stdout


def test_what_is_left_out_can_be_read(shown: subprocess.CompletedProcess[str]) -> None:
    """Each mark names a file that holds the whole output, of which the shown lines are a part."""
    marks = re.findall(r"\[\.\.\. (\d+) lines are left out here; all are in (\S+) \.\.\.\]", shown.stdout)
    assert len(marks) == 3
    for count, name in marks:
        whole = (folder_of(shown.stdout) / name).read_text("utf-8").splitlines()
        assert len(whole) > int(count)
        assert f"  {whole[-1]}" in shown.stdout.splitlines()


def test_the_next_commands_work_when_they_are_pasted(shown: subprocess.CompletedProcess[str]) -> None:
    """A fresh shell runs the printed lines as they stand: audit clean, eight agents to disable, then disabled."""
    lines = shown.stdout.partition("To go on there:")[2].splitlines()
    pasted = [line.strip() for line in lines if line.startswith("  ")]
    assert len(pasted) == 5
    script = "\n".join(["set -m", *pasted, 'echo "last exit code $?"', "kill %1; wait"])
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    answer = subprocess.run(
        ["bash", "-c", script], env={**bare, "CI": "true"}, capture_output=True, text=True, timeout=SECONDS
    )
    assert "No drift: 45 objects are as declared." in answer.stdout, answer.stderr
    assert "8 to disable" in answer.stdout
    assert "8 users disabled" in answer.stdout
    assert "last exit code 0" in answer.stdout


def test_the_settings_hold_no_secret_but_the_sandbox_s(shown: subprocess.CompletedProcess[str]) -> None:
    """settings.sh exports the made-up settings of the sandbox and nothing of the user's own environment."""
    text = (folder_of(shown.stdout) / "settings.sh").read_text("utf-8")
    assert set(re.findall(r"^export (\w+)=", text, re.MULTILINE)) == {"ONECLOUD_URL", "PATH", *demo.SETTINGS}


def test_nothing_of_it_still_runs(shown: subprocess.CompletedProcess[str]) -> None:
    """No process works in the demo's folder once it has ended."""
    assert working_in(folder_of(shown.stdout)) == []


def working_in(folder: Path) -> list[str]:
    """The command lines of the processes whose working directory lies in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, RuntimeError):
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_ends_its_processes(number: signal.Signals, tmp_path: Path) -> None:
    """Stopped in the middle of its second step it ends with 128 + the signal, and so does all that it started."""
    with subprocess.Popen([*COMMAND, str(tmp_path)], env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("$ cxconfig up"):
                assert working_in(tmp_path) != []
                process.send_signal(number)
                break
        rest = process.stdout.read()
        assert process.wait(SECONDS) == 128 + number, rest
    assert working_in(tmp_path) == []


def test_an_unexpected_exit_code_fails_the_demo(tmp_path: Path) -> None:
    """A command that ends otherwise than told ends the demo with 1, its whole output shown."""
    env = environment() | {"CXCONFIG_PULUMI": str(tmp_path / "nowhere")}
    answer = subprocess.run([*COMMAND, str(tmp_path)], env=env, capture_output=True, text=True, timeout=SECONDS)
    assert answer.returncode == 1
    assert "`cxconfig preview acme` ended with exit code 1, expected was 2" in answer.stderr
    assert "CXCONFIG_PULUMI" in answer.stdout
    assert working_in(tmp_path) == []


def test_on_a_terminal_it_is_in_colour(tmp_path: Path) -> None:
    """With a terminal to write on the commands paint their output, as they do for a person."""
    env = environment() | {"TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    reader, writer = pty.openpty()
    with subprocess.Popen([*COMMAND, str(tmp_path)], env=env, stdout=writer, stderr=writer) as process:
        os.close(writer)
        text = b"".join(chunks(reader, process)).decode("utf-8", "replace")
        assert process.wait(SECONDS) == 0, text
    os.close(reader)
    assert "\x1b[32m+ create" in text
    assert re.search(r"\x1b\[[0-9;]+m.*Plan: 1 to create, 3 to update", text)


def chunks(reader: int, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What arrives on a terminal until its other side is closed."""
    while True:
        ready, _, _ = select.select([reader], [], [], SECONDS)
        assert ready, "nothing was written for too long"
        try:
            yield os.read(reader, 65536)
        except OSError:
            return
