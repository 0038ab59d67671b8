"""Which Pulumi engine is used, decided from what is on this machine; nothing is installed here.

Looked at, in this order, and the first usable one is taken:

1. the binary that `CXCONFIG_PULUMI` names; when it is set, nothing else is looked at,
2. `pulumi` on PATH,
3. the cache folder, `$XDG_CACHE_HOME/cxconfig/engine/<version>/` (default `~/.cache`), newest version first.

An engine is usable when its version is at least 3.259 and below 4, and `pulumi-resource-pulumi-python` (the host of
dynamic providers) lies beside it or on PATH. Plain `pulumi` commands also need `pulumi-language-python`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cxconfig.errors import EngineMissing

OVERRIDE = "CXCONFIG_PULUMI"
"""The environment variable with the path of the `pulumi` binary to use."""

LOWEST = (3, 259, 0)
BELOW = (4, 0, 0)
RESOURCE_HOST = "pulumi-resource-pulumi-python"
LANGUAGE_HOST = "pulumi-language-python"
MANIFEST = "manifest.json"
VERSION_TIMEOUT = 20.0
"""Seconds that `pulumi version` may take."""

WAY_OUT = (
    "Run `make engine` in the cxconfig repository, or install Pulumi (https://www.pulumi.com/docs/install/), "
    f"or set {OVERRIDE} to the path of a pulumi binary."
)

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Looked:
    """One place that was looked at, and what was found: `found` says why it was taken or why not."""

    where: str
    found: str
    taken: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.found}"


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that is used.

    `source` says where it comes from (`environment`, `PATH` or `cache`), `looked_at` everything that was looked at,
    this engine last. `plain` is true when plain `pulumi` commands work too, that is when `language_host` is there.
    """

    binary: Path
    version: str
    source: str
    looked_at: tuple[Looked, ...]
    plain: bool
    resource_host: Path | None = None
    language_host: Path | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: str
    where: str
    binary: Path | None
    version: str = ""
    problem: str = ""


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of the user's cache that holds one folder per engine version."""
    environ = os.environ if environ is None else environ
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification tells to ignore a relative path.
    root = Path(base) if os.path.isabs(base) else Path(environ.get("HOME") or Path.home()) / ".cache"
    return root / "cxconfig" / "engine"


def locate(environ: Mapping[str, str] | None = None, *, plain: bool = False) -> Engine:
    """The engine to use; `plain` accepts only one with which plain `pulumi` commands work too.

    Raises `EngineMissing` that lists everything looked at, with the reason why it was not taken.
    """
    environ = os.environ if environ is None else environ
    looked: list[Looked] = []
    for candidate in _candidates(environ):
        engine = _judged(candidate, environ, looked, plain=plain)
        if engine:
            return engine
    lines = "".join(f"\n  - {entry}" for entry in looked)
    raise EngineMissing(f"no usable Pulumi engine was found; looked at:{lines}", way_out=WAY_OUT)


def without_options(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without Pulumi's options in it: what a run targets or skips is for our commands to say."""
    return {name: value for name, value in environ.items() if not name.startswith("PULUMI_OPTION_")}


def environment(engine: Engine, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment variables for running `engine`: `base` (default: this process's) plus what it needs.

    The engine's folder and its helpers' folders come first on PATH, providers and programs run with this Python, and
    the engine neither looks for updates nor downloads plugins nor advertises anything.
    """
    env = dict(os.environ if base is None else base)
    helpers = [path for path in (engine.resource_host, engine.language_host) if path]
    folders = [str(folder) for folder in (_folders(engine.binary)[0], *(path.parent for path in helpers))]
    rest = [entry for entry in env.get("PATH", os.defpath).split(os.pathsep) if entry and entry not in folders]
    env |= {
        "PATH": os.pathsep.join([*dict.fromkeys(folders), *rest]),
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
    }
    # A virtual environment that some other project's run left here would decide the providers' interpreter.
    env.pop("PULUMI_RUNTIME_VIRTUALENV", None)
    return env


def asked_within(*arguments: str) -> str | None:
    """What the engine of this machine answers within one of its own processes, whose environment says which state and
    project are meant; None without an answer."""
    try:
        answer = subprocess.run(
            [str(locate().binary), *arguments, "--non-interactive"],
            env={**without_options(os.environ), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (EngineMissing, OSError):
        return None
    return answer.stdout if answer.returncode == 0 else None


def version_of(binary: Path) -> str:
    """What `binary version` prints, such as `3.259.0`; raises `EngineMissing` when it does not run."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [binary, "version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=VERSION_TIMEOUT,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineMissing(f"`pulumi version` gave no answer in {VERSION_TIMEOUT:.0f} s") from None
    except OSError as error:
        raise EngineMissing(f"does not start ({error.strerror})") from error
    if answer.returncode:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        raise EngineMissing(f"`pulumi version` failed ({said[0] if said else f'exit code {answer.returncode}'})")
    return answer.stdout.strip().removeprefix("v")


def parse_version(text: str) -> Version | None:
    """`3.259.0` (a suffix such as `-alpha.1` is ignored) as numbers, or None."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _candidates(environ: Mapping[str, str]) -> Iterator[_Candidate]:
    if named := environ.get(OVERRIDE):
        yield _named(Path(named).expanduser())
        return
    yield _on_path(environ)
    yield from _cached(cache_folder(environ))


def _named(binary: Path) -> _Candidate:
    where = f"{OVERRIDE} ({binary})"
    if not _executable(binary):
        return _Candidate("environment", where, None, problem="not an executable file")
    return _asked("environment", where, binary)


def _on_path(environ: Mapping[str, str]) -> _Candidate:
    found = shutil.which("pulumi", path=environ.get("PATH", os.defpath))
    if not found:
        return _Candidate("PATH", "pulumi on PATH", None, problem="not there")
    return _asked("PATH", f"pulumi on PATH ({found})", Path(found))


def _asked(source: str, where: str, binary: Path) -> _Candidate:
    try:
        return _Candidate(source, where, binary, version_of(binary))
    except EngineMissing as error:
        return _Candidate(source, where, None, problem=error.what)


def _cached(folder: Path) -> Iterator[_Candidate]:
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_dir() and parse_version(entry.name)]
    except OSError:
        names = []
    if not names:
        yield _Candidate("cache", f"cache folder ({folder})", None, problem="no engine there")
    for name in sorted(names, key=lambda name: parse_version(name) or LOWEST, reverse=True):
        yield _installed(folder / name)


def _installed(folder: Path) -> _Candidate:
    """An engine in the cache, judged by its manifest and the sizes of its files, without running it."""
    where = f"cache folder ({folder})"
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        version, files = str(manifest["version"]), dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return _Candidate("cache", where, None, problem=f"incomplete, {MANIFEST} is missing or unreadable")
    for name, size in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            return _Candidate("cache", where, None, problem=f"damaged, {name} is missing or has another size")
    binary = folder / "pulumi"
    if not _executable(binary):
        return _Candidate("cache", where, None, problem="incomplete, no executable pulumi in it")
    return _Candidate("cache", where, binary, version)


def _judged(candidate: _Candidate, environ: Mapping[str, str], looked: list[Looked], *, plain: bool) -> Engine | None:
    """The engine when `candidate` is usable; appends to `looked` what was found."""
    if candidate.binary is None:
        looked.append(Looked(candidate.where, candidate.problem))
        return None
    version = parse_version(candidate.version)
    if version is None or not LOWEST <= version < BELOW:
        said = candidate.version or "unknown"
        looked.append(Looked(candidate.where, f"version {said} does not fit (needs >= 3.259, < 4)"))
        return None
    resource_host = _helper(RESOURCE_HOST, candidate.binary, environ)
    language_host = _helper(LANGUAGE_HOST, candidate.binary, environ)
    needed = {RESOURCE_HOST: resource_host, **({LANGUAGE_HOST: language_host} if plain else {})}
    missing = [name for name, path in needed.items() if path is None]
    if missing:
        looked.append(
            Looked(
                candidate.where,
                f"version {candidate.version}, but {' and '.join(missing)} neither beside it nor on PATH",
            )
        )
        return None
    note = "" if language_host else f" (plain pulumi commands will not work: no {LANGUAGE_HOST})"
    looked.append(Looked(candidate.where, f"version {candidate.version}, taken{note}", taken=True))
    return Engine(
        binary=candidate.binary,
        version=candidate.version,
        source=candidate.source,
        looked_at=tuple(looked),
        plain=language_host is not None,
        resource_host=resource_host,
        language_host=language_host,
    )


def _helper(name: str, binary: Path, environ: Mapping[str, str]) -> Path | None:
    """The engine's own search: PATH, then beside the binary; ours prefers what came with the binary."""
    for folder in _folders(binary):
        if _executable(folder / name):
            return folder / name
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


def _folders(binary: Path) -> list[Path]:
    """Where a binary lies, the target of a link first: the engine itself looks there, and warns about other places."""
    target = binary.resolve()
    # Some package managers link every command to one launcher, beside which there is no engine.
    return [target.parent, binary.parent] if target.name == binary.name else [binary.parent]


def _executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
