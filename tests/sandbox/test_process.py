"""The simulator as a process of its own: readiness line, TLS, signals, options and their mistakes."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cxconfig.cli.sandbox import command
from cxconfig.errors import CxconfigError, SettingsError
from cxconfig.sandbox import Sandbox
from tests.sandbox.support import SEED, TOKEN, anonymous

ROOT = Path(__file__).resolve().parents[2]
READY = "cxconfig sandbox ready "


@contextmanager
def process(*options: str | Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running sandbox and the values of its readiness line."""
    words = [sys.executable, "-m", "cxconfig.cli", "sandbox", *map(str, options)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            line = child.stdout.readline()
            assert line.startswith(READY), line or (child.stderr and child.stderr.read())
            values = dict(word.split("=", 1) for word in shlex.split(line.removeprefix(READY)))
            yield child, values
        finally:
            child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_and_saves(tmp_path: Path, number: signal.Signals) -> None:
    """After the readiness line nothing is printed; a signal is an ordinary end that writes the save file."""
    seed, save = tmp_path / "seed.json", tmp_path / "save.json"
    seed.write_text(json.dumps(SEED))
    with process("--seed", seed, "--save", save, "--switch", "U37=empty") as (child, values):
        with httpx.Client(base_url=values["url"], trust_env=False) as client:
            assert client.get("/_sandbox/switches").json()["U37"] == "empty"
            assert client.patch("/_sandbox/users/jdoe", json={"firstName": "Joan"}).status_code == 200
            # The connection stays open: a client that keeps it must not hold up the end.
            child.send_signal(number)
            out, err = child.communicate(timeout=10)
        assert (child.returncode, out, err) == (0, "", "")
    assert json.loads(save.read_text())["users"][0]["firstName"] == "Joan"


def test_tls_with_its_own_authority(tmp_path: Path) -> None:
    """A client that trusts the named bundle connects by every loopback name; the files go at the end."""
    with process("--tls") as (child, values):
        bundle = Path(values["ca_bundle"])
        assert values["url"].startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(bundle))
        for name in ("127.0.0.1", "localhost"):
            url = values["url"].replace("127.0.0.1", name)
            assert httpx.get(f"{url}/_sandbox/counts", verify=context, trust_env=False).status_code == 200
        assert bundle.with_name("server-key.pem").stat().st_mode & 0o077 == 0
        child.terminate()
        assert child.communicate(timeout=10) == ("", "")
    assert not bundle.exists()


def test_tls_in_the_own_process() -> None:
    """HTTPS works against the bundle, not without it and not for other names."""
    with Sandbox(tls=True) as box:
        assert box.ca_bundle
        with anonymous(box) as client:
            assert client.post(TOKEN).status_code == 415
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(box.url, trust_env=False)
        context = ssl.create_default_context(cafile=str(box.ca_bundle))
        port = int(box.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        ):
            context.wrap_socket(plain, server_hostname="acme.example.com")
        bundle = box.ca_bundle
    assert not bundle.exists()


def test_options_reach_the_simulator(tmp_path: Path) -> None:
    """Faults from a file and latency are at work from the first request on."""
    rules = tmp_path / "faults.yaml"
    rules.write_text("- {match: {path: /configapi/v2/team}, do: {status: 503, body: closed}}\n")
    with (
        process("--faults", rules, "--latency-ms", "1") as (_, values),
        httpx.Client(base_url=values["url"], trust_env=False) as client,
    ):
        answer = client.get("/configapi/v2/team")
        assert (answer.status_code, answer.text) == (503, "closed")
        assert client.get("/_sandbox/counts").json()["faults"] == {"status": 1}


def test_answers_are_not_held_back() -> None:
    """Nagle's algorithm is off: small answers in turn take no 40 ms each."""
    with Sandbox() as box, anonymous(box) as client:
        began = time.monotonic()
        for _ in range(50):
            client.get("/configapi/v2/team")
        assert time.monotonic() - began < 1.5


def test_switches_are_listed() -> None:
    """`--list-switches` shows each switch and ends without a server."""
    result = CliRunner().invoke(command, ["--list-switches"])
    assert result.exit_code == 0
    assert re.search(r"^U5: skills in PUT user\n    replace .*\(default\)\n    merge ", result.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--switch", "U5"], "--switch U5 sets nothing"),
        (["--switch", "U5=x"], "switch U5 has no setting 'x'"),
        (["--switch", "U6=x"], "there is no switch 'U6'"),
        (["--seed", "missing.yaml"], "cannot read the seed missing.yaml"),
        (["--save", "missing/x.yaml"], "cannot save to missing/x.yaml"),
        (["--faults", "missing.yaml"], "cannot read fault rules"),
        (["--faults", "mapping.yaml"], "holds no list of fault rules"),
    ],
)
def test_wrong_options_are_errors_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    """Each mistake is one error that says what to do, and no server is started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.yaml").write_text("a: b")
    with pytest.raises(CxconfigError) as caught:
        command.main(options, standalone_mode=False)
    assert said in caught.value.what
    assert caught.value.way_out


def test_a_port_that_is_taken() -> None:
    """The second sandbox on a port is told so."""
    with Sandbox() as box:
        port = int(box.url.rpartition(":")[2])
        with pytest.raises(SettingsError, match=f"cannot listen on port {port}"):
            Sandbox(port=port).start()
        with pytest.raises(SettingsError, match="cannot listen"):
            command.main(["--port", str(port)], standalone_mode=False)


def test_a_mistake_shows_no_traceback() -> None:
    """As a process, a wrong switch is a short message and exit code 1."""
    words = [sys.executable, "-m", "cxconfig.cli", "sandbox", "--switch", "U5=x"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "switch U5 has no setting 'x'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sandbox_knows_nothing_of_the_clients() -> None:
    """No module of the product's clients or kinds is loaded with the simulator."""
    code = "import cxconfig.sandbox, sys; print([m for m in sys.modules if m.split('.')[0] in "
    code += "('providers', 'httpx', 'pulumi') or m == 'cxconfig.kinds'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_command_loads_no_server_for_its_help() -> None:
    """Importing the command is cheap."""
    code = "import cxconfig.cli.sandbox, sys; print({'uvicorn', 'starlette', 'yaml', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_sandbox_can_be_started_again() -> None:
    """Stopping twice is harmless, and state survives a stop."""
    box = Sandbox(SEED)
    box.start()
    first = box.url
    box.change_user("jdoe", firstName="Joan")
    box.stop()
    box.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(first, trust_env=False)
    with box, anonymous(box) as client:
        assert client.get("/_sandbox/users").json()["jdoe"]["firstName"] == "Joan"
