"""`make demo`: a sample contact centre is previewed, applied, changed by hand behind its back, found out and repaired.

Works in a fresh folder below `.demo`, or below the folder given as its argument, against a sandbox on loopback. Every
command that is shown is run as it is shown, and its exit code is held against the expected one. Exit code: 0 everything
went as told, 1 something did not, 128 + the signal's number when stopped. The processes that it starts end with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100
INDENT = "  "
READY = "cxconfig sandbox ready url="
START_SECONDS = 30.0
END_SECONDS = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SETTINGS = {
    "ONECLOUD_CLIENT_ID": "cxconfig",
    "ONECLOUD_CLIENT_SECRET": "sandbox-api-secret",
    "INITIAL_PASSWORD": "Welcome-2-Acme",
    "PULUMI_CONFIG_PASSPHRASE": "a passphrase for the demo",
}
"""What the sample tenant takes from the environment, besides the address; made up, and good for the sandbox alone."""

MISTAKES = (("team: Sales\n", "team: Sale\n"), ("first_name: Bilal\n", "firstname: Bilal\n"))
BY_HAND: tuple[tuple[str, str, dict[str, Any] | None, str], ...] = (
    ("PATCH", "crossi", {"team": "Support"}, "moved to another team"),
    ("PATCH", "dvolkov", {"skills": {"English": 20, "Products": 40}}, "skills changed"),
    ("PATCH", "qdubois", {"disabled": True}, "disabled"),
    ("DELETE", "gcosta", None, "deleted"),
)
"""The drift: method, login, body and what it means."""


RENAMED = (
    ("    crossi:\n", "    cbianchi:\n      was: crossi\n"),
    ("last_name: Rossi\n", "last_name: Bianchi\n"),
    ("email: crossi@", "email: cbianchi@"),
)
"""Chiara Rossi marries: another login, name and address for the same agent."""
LEAVER = "    fnasser:\n"


class Unexpected(Exception):
    """A step gave something else than it should; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command gave: exit code, standard output, standard error (empty when it went to a terminal)."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One command. `head` and `tail`: how many lines of a long output are shown, 0 and 0 = all.

    `writes`: how many calls that change something the sandbox must have had because of it.
    """

    title: str
    command: str
    exits: int
    means: str
    writes: int = 0
    head: int = 0
    tail: int = 0


class SandboxProcess:
    """A running `cxconfig sandbox`: what somebody does in it, and what it counts."""

    def __init__(self, url: str) -> None:
        self.url = url

    def change(self, method: str, login: str, values: Mapping[str, Any] | None) -> None:
        """Change a user by hand, as somebody in the contact centre's administration would."""
        self._ask(method, f"users/{login}", values)

    def writes(self) -> int:
        """How many calls that change something the sandbox has had so far."""
        return len(self._ask("GET", "log?write=true"))

    def _ask(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Any:
        body = json.dumps(values).encode() if values is not None else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", body, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=START_SECONDS) as answer:
            return json.load(answer)


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def environment(url: str) -> dict[str, str]:
    """The environment of every command: ours, the sandbox's settings, and the `cxconfig` of this Python."""
    columns = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns) - len(INDENT)
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    return {**os.environ, **SETTINGS, "ONECLOUD_URL": url, "COLUMNS": str(columns), "PATH": path}


class Stop:
    """The handler of the signals that end the demo: through every `finally`, and only once."""

    def __init__(self) -> None:
        self._holding = False
        self._came = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # what is cleaned up then must not be interrupted again
        self._came = number
        if not self._holding:
            raise SystemExit(128 + number)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """A signal within the block takes effect at its end."""
        self._holding = True
        yield
        self._holding = False
        if self._came:
            raise SystemExit(128 + self._came)


STOP = Stop()


@contextlib.contextmanager
def started(command: Sequence[str], number: int, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process for as long as the block runs, then ended with the signal `number` if it still runs.

    It has a process group of its own: an interrupt reaches it once, from here, and it may finish its call in flight.
    """
    process: subprocess.Popen[Any] | None = None
    try:
        # Stopped in the middle of a start, the demo would not know what it has started.
        with STOP.held():
            process = subprocess.Popen(command, process_group=0, **options)
        yield process
    finally:
        if process is not None:
            ended(process, number)


def ended(process: subprocess.Popen[Any], number: int) -> None:
    """Make a process end, first kindly, then with everything in its group."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def sandbox(folder: Path, seed: Path, save: Path) -> Iterator[SandboxProcess]:
    """A sandbox on a free port for as long as the block runs, ended with SIGTERM so that it saves its state.

    Raises `Unexpected` when it does not start.
    """
    command = ["cxconfig", "sandbox", "--port", "0", "--seed", str(seed), "--save", str(save)]
    options = {"cwd": folder, "env": environment(""), "stdout": subprocess.PIPE, "text": True}
    with (
        (folder / "sandbox.log").open("w+", encoding="utf-8") as log,
        started(command, signal.SIGTERM, stderr=log, **options) as process,
    ):
        assert process.stdout is not None
        with process.stdout:
            ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
            line = process.stdout.readline().strip() if ready else ""
            if not line.startswith(READY):
                told = (folder / "sandbox.log").read_text("utf-8").strip()
                raise Unexpected(f"the sandbox did not start within {START_SECONDS:.0f} s. {told}")
            yield SandboxProcess(line.removeprefix(READY).split()[0])


def run(command: str, folder: Path, env: Mapping[str, str], *, terminal: bool) -> Finished:
    """Run a command to its end. `terminal`: give it a terminal to write on, so that it uses colour."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    live = terminal and sys.stderr.isatty()
    with (
        tempfile.TemporaryFile() as errors,
        os.fdopen(reader, "rb", buffering=0) as stream,
        os.fdopen(writer, "wb", buffering=0) as sink,
        started(
            shlex.split(command),
            signal.SIGINT,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=None if live else errors,
        ) as process,
    ):
        sink.close()
        output = b"".join(_chunks(stream.fileno()))
        code = process.wait()
        errors.seek(0)
        told = errors.read().decode("utf-8", "replace")
    return Finished(code, output.decode("utf-8", "replace").replace("\r\n", "\n"), told)


def _chunks(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # how a terminal says that its last writer is gone
            return
        if not chunk:
            return
        yield chunk


class Demo:
    """One showing, in `folder`."""

    def __init__(self, folder: Path, box: SandboxProcess) -> None:
        self.folder = folder
        self.box = box
        self.terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.number = 0
        (folder / "output").mkdir()

    def show(self, scene: Scene) -> None:
        """Run one command, show its output and hold its exit code against the expected one."""
        self.title(scene.title)
        say(self.painted("1", f"$ {scene.command}"))
        before = self.box.writes()
        done = run(scene.command, self.folder, environment(self.box.url), terminal=self.terminal)
        writes = self.box.writes() - before
        lines = (done.output or done.errors).rstrip("\n").split("\n")
        kept = self.folder / "output" / f"{self.number}-{shlex.split(scene.command)[1]}.txt"
        kept.write_text("\n".join(lines) + "\n", "utf-8")
        if done.code != scene.exits:
            for line in [*lines, *(done.errors.splitlines() if done.output else [])]:
                say(f"{INDENT}{line}")
            raise Unexpected(f"`{scene.command}` ended with exit code {done.code}, expected was {scene.exits}")
        for line in self.shortened(lines, scene, kept):
            say(f"{INDENT}{line}" if line else "")
        say(self.painted("2", f"{INDENT}Exit code {done.code}: {scene.means} The sandbox counted {writes} writes."))
        if writes != scene.writes:
            raise Unexpected(f"`{scene.command}` made {writes} writes, expected were {scene.writes}")

    def shortened(self, lines: Sequence[str], scene: Scene, kept: Path) -> list[str]:
        """The lines that are shown, with a mark that tells what is left out and where it stands."""
        left = len(lines) - scene.head - scene.tail
        if left <= 1 or not scene.head + scene.tail:
            return list(lines)
        mark = f"[... {left} lines are left out here; all are in {kept.relative_to(self.folder)} ...]"
        return [*lines[: scene.head], self.painted("2", mark), *lines[len(lines) - scene.tail :]]

    def title(self, text: str) -> None:
        self.number += 1
        say()
        say(self.painted("1;36", f"{self.number}. {text}"))

    def painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.terminal else text

    def change_by_hand(self) -> None:
        """Drift: what somebody does in the contact centre itself, behind the YAML's back."""
        self.title("Somebody changes four agents by hand, in the contact centre itself:")
        for method, login, values, meaning in BY_HAND:
            self.box.change(method, login, values)
            request = " ".join([method, f"/_sandbox/users/{login}", *([json.dumps(values)] if values else [])])
            say(f"{INDENT}{request}  {self.painted('2', f'({meaning})')}")

    def change_staff(self) -> None:
        """The YAML's own changes: one agent gets another login, another one is taken out."""
        self.title("An agent marries and another one leaves, in people/sales.yaml:")
        path = self.folder / "acme" / "people" / "sales.yaml"
        text = path.read_text("utf-8")
        for before, after in RENAMED:
            text = replaced(path, text, before, after)
        kept, found, rest = text.partition(LEAVER)
        if not found:
            raise Unexpected(f"{path} does not hold {LEAVER.strip()!r}")
        path.write_text(kept + re.sub(r"\A(?: {6}.*\n)+", "", rest), "utf-8")
        say(f"{INDENT}crossi:  ->  cbianchi: with `was: crossi`, and the new name and address")
        say(f"{INDENT}fnasser:  taken out")

    @contextlib.contextmanager
    def mistakes(self) -> Iterator[None]:
        """Two mistakes in people/sales.yaml for as long as the block runs."""
        path = self.folder / "acme" / "people" / "sales.yaml"
        right = path.read_text("utf-8")
        wrong = right
        for good, bad in MISTAKES:
            wrong = replaced(path, wrong, good, bad)
        path.write_text(wrong, "utf-8")
        yield
        path.write_text(right, "utf-8")


def replaced(path: Path, text: str, before: str, after: str) -> str:
    """The text with the first `before` changed; `Unexpected` when the sample tenant holds none."""
    if before not in text:
        raise Unexpected(f"{path} does not hold {before.strip()!r}")
    return text.replace(before, after, 1)


PREVIEW = Scene(
    "What would change? Four agents exist already and are taken over, the others are new.",
    "cxconfig preview acme",
    2,
    "there are changes (0 would mean none, 1 an error).",
    head=6,
    tail=8,
)
UP = Scene(
    "Apply it. (The plan is shown again first.)",
    "cxconfig up acme --yes",
    0,
    "everything is as declared.",
    writes=40,
    tail=9,
)
AGAIN = Scene("Apply it once more: nothing is left to do.", "cxconfig up acme --yes", 0, "everything is as declared.")
DRIFT = Scene("The next preview finds them.", "cxconfig preview acme", 2, "there are changes.")
REPAIR = Scene(
    "Repair: up brings back what the YAML says.",
    "cxconfig up acme --yes",
    0,
    "everything is as declared.",
    writes=4,
    tail=5,
)
AUDIT = Scene("Audit: live against YAML, without any state.", "cxconfig audit acme", 0, "there is no drift.")
STAFF = Scene(
    "One rename, never a deletion and a new agent; who left is disabled, and kept.",
    "cxconfig up acme --yes",
    0,
    "everything is as declared.",
    writes=2,
)
MISTAKEN = Scene(
    "Two slips of the pen in people/sales.yaml: each is told with its place, and nothing is called.",
    "cxconfig preview acme",
    1,
    "an error.",
)


def perform(folder: Path, box: SandboxProcess) -> None:
    """The whole showing."""
    demo = Demo(folder, box)
    for scene in (PREVIEW, UP, AGAIN):
        demo.show(scene)
    demo.change_by_hand()
    for scene in (DRIFT, REPAIR, AUDIT):
        demo.show(scene)
    demo.change_staff()
    demo.show(STAFF)
    with demo.mistakes():
        demo.show(MISTAKEN)


def prepared(parent: Path) -> Path:
    """A fresh folder with a copy of the sample tenant, without any state of an earlier run."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="acme-", dir=parent))
    shutil.copytree(ROOT / "examples" / "acme", folder / "acme", ignore=shutil.ignore_patterns(".*"))
    return folder


def write_settings(folder: Path, url: str) -> None:
    """`settings.sh`: everything that the next commands need, to be sourced by a shell."""
    lines = ["# Made by `make demo`, for its sandbox; nothing in here is a real secret."]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in {"ONECLOUD_URL": url, **SETTINGS}.items()]
    lines.append(f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')
    (folder / "settings.sh").write_text("\n".join(lines) + "\n", "utf-8")


def next_commands(folder: Path, url: str) -> list[str]:
    """How to go on: two lines that set up a shell, then three to try."""
    port = url.rpartition(":")[2]
    return [
        f"cd {shlex.quote(str(folder))} && . ./settings.sh",
        f"cxconfig sandbox --port {port} --seed live.yaml --save live.yaml & sleep 2",
        "cxconfig audit acme",
        "rm acme/people/night-shift.yaml; cxconfig preview acme   # too many at once: refused",
        "cxconfig up acme --raise-limit onecloud.users.disable=8   # disabled, not deleted; asks first",
    ]


def main(arguments: Sequence[str] = ()) -> int:
    for number in SIGNALS:
        signal.signal(number, STOP)
    began = time.monotonic()
    folder = prepared(Path(arguments[0]) if arguments else ROOT / ".demo")
    try:
        with sandbox(folder, ROOT / "examples" / "sandbox" / "acme.yaml", folder / "live.yaml") as box:
            write_settings(folder, box.url)
            say("A contact centre of 5 teams and 40 agents, described in examples/acme.")
            say(f"A sandbox plays its live system: {box.url}")
            perform(folder, box)
            url = box.url
    except Unexpected as error:
        sys.stderr.write(f"\nThe demo did not go as it should: {error}\nIts folder is {folder}.\n")
        return 1
    commands = next_commands(folder, url)
    say(f"\nAll as expected, in {time.monotonic() - began:.0f} s. The demo's folder is {folder}")
    say("To go on there:")
    for line in commands[:2]:
        say(f"{INDENT}{line}")
    say("Then try, for example:")
    for line in commands[2:]:
        say(f"{INDENT}{line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
