"""The two ways to get an engine that is not there yet: the official release archive, and a build with Go.

Each way writes the executables into a folder that the caller made, and raises `WayClosed` when it cannot.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import platform
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from cxconfig.engine import locate

VERSION = "3.259.0"
ARCHIVES = "https://get.pulumi.com/releases/sdk"
CHECKSUMS = f"https://github.com/pulumi/pulumi/releases/download/v{VERSION}"
MIRROR = "CXCONFIG_PULUMI_RELEASES"
"""The environment variable with the address of a mirror that holds the archives and the checksum file."""

TIMEOUT = 8.0
"""Seconds without an answer, or between two parts of one, after which a download is given up."""
BLOCK = 1 << 20
CHECKSUMS_LIMIT = 1 << 20
HEARTBEAT = 30.0
"""Seconds between two lines while Go builds."""
LOWEST_GO = (1, 26)
SWITCHING_GO = (1, 21)
"""Since this version Go fetches by itself the newer Go that a module asks for, unless GOTOOLCHAIN=local."""
MODULE = Path(__file__).resolve().parent
HELPERS = MODULE / "helpers"
HELPER_NAMES = (locate.RESOURCE_HOST, locate.LANGUAGE_HOST, "language_host.py")
OFFICIAL_NAMES = ("pulumi", locate.RESOURCE_HOST, locate.LANGUAGE_HOST, f"{locate.LANGUAGE_HOST}-exec")

Say = Callable[[str], None]


class WayClosed(Exception):
    """This way does not lead to an engine on this machine; the text says why."""


def from_release(target: Path, environ: Mapping[str, str], say: Say) -> None:
    """Fetch the official archive, verify its published SHA-256 and unpack what a Python program needs."""
    archive = f"pulumi-v{VERSION}-{_platform()}.tar.gz"
    archives, checksums = _sources(environ)
    try:
        expected = _checksum(f"{checksums}/pulumi-{VERSION}-checksums.txt", archive)
        say(f"downloading {archives}/{archive}")
        with tempfile.TemporaryFile(dir=target) as file:
            actual = hashlib.sha256()
            with _open(f"{archives}/{archive}") as answer:
                while block := answer.read(BLOCK):
                    actual.update(block)
                    file.write(block)
            if actual.hexdigest() != expected:
                raise WayClosed(f"{archive} does not have its published SHA-256; it was thrown away")
            file.seek(0)
            _unpack(file, target)
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise WayClosed(f"not reachable ({getattr(error, 'reason', None) or error})") from error
    except (OSError, tarfile.TarError, EOFError) as error:
        raise WayClosed(f"{archive} could not be stored or unpacked ({error})") from error


def from_go(target: Path, environ: Mapping[str, str], say: Say) -> None:
    """Build the command line of the Go module beside this file, and put our own helpers beside it."""
    go = shutil.which("go", path=environ.get("PATH", os.defpath))
    if not go:
        raise WayClosed("go is not on PATH")
    environ = {**environ, **_go_folders(target, environ)}
    settings = _go_settings(go, target, environ)
    say(f"building with {settings['GOVERSION']} ({go}); the first build takes about 4 minutes")
    env = {**environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    private = target / "modules"
    if not (Path(settings["GOMODCACHE"]) / "cache" / "download").is_dir():
        # Go would make a module cache in the home folder of a user who has none; ours goes when the build is done.
        env |= {"GOMODCACHE": str(private), "GOFLAGS": f"{environ.get('GOFLAGS', '')} -modcacherw".strip()}
    stamp = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"
    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", "osusergo,grpcnotrace"]
    command += ["-ldflags", f"-s -w {stamp}", "-o", str(target / "pulumi")]
    command += ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"]
    try:
        _run_go(command, env, target / "build.log", say)
        copy_helpers(target)
    finally:
        shutil.rmtree(private, ignore_errors=True)
        shutil.rmtree(target / "config", ignore_errors=True)
        (target / "build.log").unlink(missing_ok=True)


def copy_helpers(target: Path) -> list[str]:
    """Put our helpers into `target`, each in one step; returns the names of those that were not the same before."""
    changed = stale_helpers(target)
    for name in changed:
        part = target / f".{name}.{os.getpid()}"
        part.write_bytes((HELPERS / name).read_bytes())
        part.chmod(0o644 if name.endswith(".py") else 0o755)
        part.replace(target / name)
    return changed


def stale_helpers(target: Path) -> list[str]:
    """The names of our helpers that `target` lacks or has in another version."""
    return [name for name in HELPER_NAMES if _bytes(target / name) != (HELPERS / name).read_bytes()]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _platform() -> str:
    systems = {"Linux": "linux", "Darwin": "darwin"}
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    system, machine = systems.get(platform.system()), machines.get(platform.machine().lower())
    if not system or not machine:
        raise WayClosed(f"there is no archive for {platform.system()} on {platform.machine()}")
    return f"{system}-{machine}"


def _sources(environ: Mapping[str, str]) -> tuple[str, str]:
    mirror = environ.get(MIRROR, "").rstrip("/")
    if not mirror:
        return ARCHIVES, CHECKSUMS
    parts = urllib.parse.urlsplit(mirror)
    # Over plain HTTP whoever sits in between could exchange the archive and its checksum together.
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        raise WayClosed(f"{MIRROR} must be an https address")
    return mirror, mirror


def _open(url: str) -> urllib.response.addinfourl:
    answer: urllib.response.addinfourl = urllib.request.urlopen(url, timeout=TIMEOUT)
    return answer


def _checksum(url: str, archive: str) -> str:
    with _open(url) as answer:
        text = answer.read(CHECKSUMS_LIMIT).decode("utf-8", "replace")
    match = re.search(rf"^([0-9a-f]{{64}})\s+\*?{re.escape(archive)}$", text, re.MULTILINE)
    if not match:
        raise WayClosed(f"{url} has no SHA-256 of {archive}")
    return match[1]


def _unpack(file: IO[bytes], target: Path) -> None:
    """Only the wanted regular files, under their bare names: no path of the archive decides where one lands."""
    with tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in archive:
            name = Path(member.name).name
            source = archive.extractfile(member) if member.isfile() and name in OFFICIAL_NAMES else None
            if source is None:
                continue
            with source, (target / name).open("wb") as out:
                shutil.copyfileobj(source, out)
            (target / name).chmod(0o755)
    missing = [name for name in OFFICIAL_NAMES if not (target / name).is_file()]
    if missing:
        raise WayClosed(f"the archive lacks {', '.join(missing)}")


def _go_folders(target: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Go keeps counters in the user's configuration folder; give it another one, and still the user's settings."""
    if platform.system() != "Linux":
        return {}
    config = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME") or Path.home(), ".config")
    settings = environ.get("GOENV") or os.path.join(config, "go", "env")
    return {"GOENV": settings, "XDG_CONFIG_HOME": str(target / "config")}


def _go_settings(go: str, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """GOVERSION, GOTOOLCHAIN and GOMODCACHE as Go itself sees them outside of the module; checks the version."""
    names = ("GOVERSION", "GOTOOLCHAIN", "GOMODCACHE")
    try:
        answer = subprocess.run(
            [go, "env", *names], capture_output=True, text=True, timeout=60, cwd=folder, env=dict(environ), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WayClosed(f"{go} does not run ({error})") from error
    settings = dict(zip(names, answer.stdout.splitlines(), strict=False))
    match = re.match(r"go(\d+)\.(\d+)", settings.get("GOVERSION", ""))
    if answer.returncode or len(settings) < len(names) or not match:
        raise WayClosed(f"`{go} env` did not tell its version")
    version = (int(match[1]), int(match[2]))
    if version < SWITCHING_GO or (version < LOWEST_GO and settings["GOTOOLCHAIN"].startswith("local")):
        raise WayClosed(f"{settings['GOVERSION']} ({go}) is too old, needs go{LOWEST_GO[0]}.{LOWEST_GO[1]} or newer")
    return settings


def _run_go(command: list[str], env: dict[str, str], log: Path, say: Say) -> None:
    with log.open("wb") as output, ExitStack() as ending:
        with _signals_later():
            process = subprocess.Popen(command, cwd=MODULE, env=env, stdout=output, stderr=output)
            ending.callback(_end, process)
        waited = 0.0
        while True:
            try:
                status = process.wait(HEARTBEAT)
                break
            except subprocess.TimeoutExpired:
                waited += HEARTBEAT
                fetched = log.read_text("utf-8", "replace").count("go: downloading")
                say(f"still building after {waited:.0f} s" + (f" ({fetched} modules fetched)" if fetched else ""))
    if status:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-15:]
        raise WayClosed("\n    ".join([f"go build ended with exit code {status}:", *last]))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait()


@contextmanager
def _signals_later() -> Iterator[None]:
    """Deliver SIGINT and SIGTERM after the block: between the start of a process and its note nobody would end it."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda n, _: held.append(n)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for came in held:
        signal.raise_signal(came)
