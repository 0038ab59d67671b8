"""Have a Pulumi engine: use the one that is there, else install one into the user's cache folder.

Ways, in this order: what `cxconfig.engine.locate` finds (CXCONFIG_PULUMI, PATH, cache folder), the official release
archive, a build with Go. An install is made in a folder of its own beside its place and moved there in one step, under
a lock: one that fails, is interrupted or killed leaves nothing behind that could be taken for an engine, and the next
run removes its remains. `CXCONFIG_PULUMI_RELEASES` may name a mirror of the official archives.

Exit code 0 with a usable engine, 1 without, 130 when interrupted.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from cxconfig.engine.locate import MANIFEST, OVERRIDE, WAY_OUT, Engine, cache_folder, locate, version_of
from cxconfig.errors import EngineMissing
from tools.engine import ways
from tools.engine.ways import VERSION, Say, WayClosed

LOCK = ".lock"
PART = ".part-"
OLD = ".old-"


def obtain(environ: Mapping[str, str], say: Say) -> Engine:
    """The engine to use, installed first when there is none; raises `EngineMissing` with what was tried."""
    try:
        return _refreshed(locate(environ, plain=True), environ, say)
    except EngineMissing as missing:
        say(missing.what)
        if environ.get(OVERRIDE):
            raise EngineMissing(
                f"{OVERRIDE} is set, and what it names is not usable",
                way_out=f"Set {OVERRIDE} to a pulumi binary with its helpers, or unset it.",
            ) from missing
    folder = cache_folder(environ)
    with _alone(folder, say):
        _sweep(folder)
        try:
            # Another run may have installed it while this one waited for the lock.
            return locate(environ, plain=True)
        except EngineMissing:
            _install(folder, environ, say)
    return locate(environ, plain=True)


def _refreshed(engine: Engine, environ: Mapping[str, str], say: Say) -> Engine:
    """A built engine in the cache has the helpers of the version that built it; renew them when ours differ."""
    folder = engine.binary.parent
    if engine.source != "cache" or json.loads((folder / MANIFEST).read_text("utf-8")).get("made") != "go":
        return engine
    if not ways.stale_helpers(folder):
        return engine
    with _alone(cache_folder(environ), say):
        if changed := ways.copy_helpers(folder):
            say(f"renewed {', '.join(changed)}")
    return engine


def _install(folder: Path, environ: Mapping[str, str], say: Say) -> None:
    tried = []
    for name, made, way in (
        ("official release archive", "official", ways.from_release),
        ("build with Go", "go", ways.from_go),
    ):
        started = time.monotonic()
        part = Path(tempfile.mkdtemp(prefix=PART, dir=folder))
        try:
            way(part, environ, say)
            _check(part)
            _publish(part, folder / VERSION, made)
        except WayClosed as closed:
            say(f"{name}: {closed} ({time.monotonic() - started:.1f} s)")
            tried.append(f"{name}: {closed}")
        else:
            say(f"{name}: installed Pulumi {VERSION} in {folder / VERSION} ({time.monotonic() - started:.1f} s)")
            return
        finally:
            shutil.rmtree(part, ignore_errors=True)
    lines = "".join(f"\n  - {line}" for line in tried)
    raise EngineMissing(f"no Pulumi engine could be obtained; tried:{lines}", way_out=WAY_OUT)


def _check(part: Path) -> None:
    try:
        version = version_of(part / "pulumi")
    except EngineMissing as error:
        raise WayClosed(f"the new binary does not work: {error.what}") from error
    if version != VERSION:
        raise WayClosed(f"the new binary says that it is version {version}, not {VERSION}")


def _publish(part: Path, place: Path, made: str) -> None:
    """Move a complete install to its place; what lies there is unusable, or it would have been taken."""
    manifest = {"version": VERSION, "made": made, "files": {"pulumi": (part / "pulumi").stat().st_size}}
    (part / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    part.chmod(0o755)
    if place.exists():
        place.rename(place.with_name(f"{OLD}{os.getpid()}"))
    part.rename(place)
    _sweep(place.parent)


def _sweep(folder: Path) -> None:
    """Remove what dead runs left; only for the holder of the lock, as a living run holds it too."""
    for entry in folder.iterdir():
        if entry.name.startswith((PART, OLD)):
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    """Hold the lock of the cache folder; the system drops it when its holder dies, however that happens."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    except OSError as error:
        raise EngineMissing(
            f"the cache folder {folder} cannot be written ({error.strerror})",
            way_out="Set XDG_CACHE_HOME to a folder that you may write to, or install Pulumi.",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is installing the engine; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    sys.stdout.write(f"engine: {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run `obtain` and say what was chosen and why."""
    signal.signal(signal.SIGTERM, _stop)
    started = time.monotonic()
    try:
        engine = obtain(os.environ, _say)
    except EngineMissing as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("interrupted; nothing was installed")
        return 130
    for entry in engine.looked_at:
        _say(str(entry))
    _say(f"using Pulumi {engine.version}: {engine.binary} ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
