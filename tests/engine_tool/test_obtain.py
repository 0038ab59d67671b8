"""Obtaining an engine: each way, and what an interrupted, a failed and a concurrent run leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxconfig.engine.locate import LANGUAGE_HOST, OVERRIDE, RESOURCE_HOST, cache_folder, locate
from cxconfig.errors import EngineMissing
from tests.engine_tool.support import LIMIT, Mirror, archive, pulumi, script, serving
from tools.engine import ways
from tools.engine.obtain import obtain
from tools.engine.ways import HELPER_NAMES, HELPERS, MIRROR, OFFICIAL_NAMES, VERSION, WayClosed, from_go, from_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A mirror with a sound archive."""
    with serving(Mirror(archive())) as mirror:
        yield mirror


def world(tmp_path: Path, mirror: Mirror | None = None, **more: str) -> dict[str, str]:
    """An environment without an engine and without Go; with no mirror the official way is closed at once."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    releases = mirror.url if mirror else "http://example.invalid"
    base = {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return coverage | base | {MIRROR: releases} | more


def start(environ: dict[str, str]) -> subprocess.Popen[str]:
    """The tool as `make engine` runs it."""
    command = [sys.executable, "-m", "tools.engine.obtain"]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def names_in(environ: dict[str, str]) -> set[str]:
    """What lies in the engine's cache folder, without the lock."""
    folder = cache_folder(environ)
    return {entry.name for entry in folder.iterdir()} - {".lock"} if folder.is_dir() else set()


def fake_go(tmp_path: Path, *, version: str = "go1.26.8", toolchain: str = "auto", build: str = "") -> Path:
    """A `go` that answers `env`; as `build` it notes how it was called and writes a `pulumi` that knows its version."""
    modules = tmp_path / "home-go"
    build = build or f'printf \'#!/bin/sh\\necho v{VERSION}\\n\' > "$out"; /bin/chmod 755 "$out"'
    return script(
        tmp_path / "bin" / "go",
        f'if [ "$1" = env ]; then echo {version}; echo {toolchain}; echo {modules}; exit 0; fi',
        f'echo "$GOMODCACHE|$GOFLAGS|$CGO_ENABLED|$PWD|$XDG_CONFIG_HOME|$GOENV|$*" > {tmp_path / "called"}',
        'while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done',
        build,
    )


def test_the_official_archive_is_verified_and_installed(tmp_path: Path, mirror: Mirror) -> None:
    """Only the wanted executables are taken, under their bare names, and the next run uses them at once."""
    environ = world(tmp_path, mirror)
    said: list[str] = []
    engine = obtain(environ, said.append)
    assert (engine.version, engine.source, engine.plain) == (VERSION, "cache", True)
    assert {path.name for path in engine.binary.parent.iterdir()} == {*OFFICIAL_NAMES, "manifest.json"}
    assert names_in(environ) == {VERSION}
    assert any("installed Pulumi" in line for line in said)
    asked = len(mirror.asked)
    assert obtain(environ, said.append).binary == engine.binary
    assert len(mirror.asked) == asked


@pytest.mark.parametrize(
    ("mirror", "reason"),
    [
        (Mirror(archive(), checksum="0" * 64), "does not have its published SHA-256"),
        (Mirror(archive(), checksum="no checksum"), "has no SHA-256 of"),
        (Mirror(archive(version="3.258.0")), "says that it is version 3.258.0"),
        (Mirror(archive(without=RESOURCE_HOST)), f"the archive lacks {RESOURCE_HOST}"),
        (Mirror(b"not an archive"), "could not be stored or unpacked"),
    ],
    ids=["other checksum", "no checksum", "other version", "incomplete", "no archive"],
)
def test_a_wrong_archive_is_refused_and_leaves_nothing(tmp_path: Path, mirror: Mirror, reason: str) -> None:
    """Whatever is wrong with it is told, and the cache folder stays empty."""
    with serving(mirror):
        environ = world(tmp_path, mirror)
        with pytest.raises(EngineMissing) as caught:
            obtain(environ, lambda line: None)
    assert reason in str(caught.value)
    assert "go is not on PATH" in str(caught.value)
    assert names_in(environ) == set()


def test_a_truncated_download_is_refused(tmp_path: Path, mirror: Mirror) -> None:
    """A connection that ends early is not taken for the whole archive."""
    mirror.truncated = True
    with pytest.raises(WayClosed):
        from_release(tmp_path, world(tmp_path, mirror), lambda line: None)


def test_a_mirror_must_be_https(tmp_path: Path) -> None:
    """Plain HTTP is for loopback alone: archive and checksum could be exchanged together."""
    with pytest.raises(WayClosed, match="must be an https address"):
        from_release(tmp_path, world(tmp_path), lambda line: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_install_leaves_nothing_half_done(
    tmp_path: Path, mirror: Mirror, number: signal.Signals
) -> None:
    """Stopped in the middle of the download, by any signal, there is no engine; the next run cleans up and installs."""
    mirror.held = True
    environ = world(tmp_path, mirror)
    with start(environ) as process:
        assert mirror.halfway.wait(LIMIT)
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    assert err == ""
    if number is not signal.SIGKILL:
        assert (process.returncode, names_in(environ)) == (130, set())
        assert "interrupted; nothing was installed" in out
    with pytest.raises(EngineMissing):
        locate(environ)
    mirror.held = False
    assert obtain(environ, lambda line: None).version == VERSION
    assert names_in(environ) == {VERSION}


def test_two_runs_at_once_install_once(tmp_path: Path, mirror: Mirror) -> None:
    """The second run waits for the first, and then uses what that one installed."""
    mirror.held = True
    environ = world(tmp_path, mirror)
    with start(environ) as first:
        assert mirror.halfway.wait(LIMIT)
        with start(environ) as second:
            assert second.stdout
            assert any("waiting for it" in line for line in iter(second.stdout.readline, ""))
            mirror.go_on.set()
            ends = [process.communicate(timeout=LIMIT) for process in (first, second)]
    assert [(first.returncode, ends[0][1]), (second.returncode, ends[1][1])] == [(0, ""), (0, "")]
    assert len([name for name in mirror.asked if name.endswith(".tar.gz")]) == 1
    assert names_in(environ) == {VERSION}


def test_a_damaged_install_is_replaced(tmp_path: Path, mirror: Mirror) -> None:
    """What lies in the engine's place without being one makes room for one."""
    environ = world(tmp_path, mirror)
    damaged = obtain(environ, lambda line: None).binary
    damaged.write_bytes(b"#!")
    assert obtain(environ, lambda line: None).binary == damaged
    assert damaged.stat().st_size > 2
    assert names_in(environ) == {VERSION}


def test_without_the_archive_go_builds(tmp_path: Path) -> None:
    """The build writes nothing to the user's home, and our helpers lie beside the binary."""
    fake_go(tmp_path)
    environ = world(tmp_path)
    said: list[str] = []
    engine = obtain(environ, said.append)
    modules, flags, cgo, folder, config, settings, arguments = (
        (tmp_path / "called").read_text("utf-8").strip().split("|")
    )
    assert engine.plain and engine.version == VERSION
    assert {path.name for path in engine.binary.parent.iterdir()} == {"pulumi", "manifest.json", *HELPER_NAMES}
    assert (flags, cgo, Path(folder)) == ("-modcacherw", "0", ROOT / "tools" / "engine")
    assert Path(modules).is_relative_to(cache_folder(environ)) and not Path(modules).exists()
    assert not Path(config).exists() and settings == str(tmp_path / ".config" / "go" / "env")
    assert "-trimpath" in arguments and "-tags osusergo,grpcnotrace" in arguments
    assert [line.split(":")[0] for line in said[-3:]] == [
        "official release archive",
        said[-2].split(":")[0],
        "build with Go",
    ]
    assert "about 4 minutes" in said[-2]


def test_the_module_cache_of_a_go_user_is_used(tmp_path: Path) -> None:
    """Who has one already need not fetch everything again."""
    fake_go(tmp_path)
    (tmp_path / "home-go" / "cache" / "download").mkdir(parents=True)
    obtain(world(tmp_path), lambda line: None)
    assert (tmp_path / "called").read_text("utf-8").split("|")[:2] == ["", ""]


def test_a_failing_build_shows_its_last_lines_and_leaves_nothing(tmp_path: Path) -> None:
    """The compiler's own words reach the user."""
    fake_go(tmp_path, build="echo no space left >&2; exit 2")
    environ = world(tmp_path)
    with pytest.raises(EngineMissing) as caught:
        obtain(environ, lambda line: None)
    assert "go build ended with exit code 2:\n    no space left" in str(caught.value)
    assert "make engine" in str(caught.value).splitlines()[-1]
    assert names_in(environ) == set()


def test_a_long_build_tells_that_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line now and then, with the number of modules fetched, until the build ends."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    fake_go(tmp_path, build=f'echo "go: downloading x" >&2; read line < {gate}; printf "#!/bin/sh\n" > "$out"')
    monkeypatch.setattr(ways, "HEARTBEAT", 0.01)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "(1 modules fetched)" in line and not gate.with_suffix(".open").exists():
            gate.with_suffix(".open").touch()
            gate.write_text("go on\n", "utf-8")

    (tmp_path / "target").mkdir()
    from_go(tmp_path / "target", world(tmp_path), say)
    assert any(line.startswith("still building after 0 s") for line in said)


def test_an_interrupted_build_ends_the_compiler(tmp_path: Path) -> None:
    """Ctrl-C leaves neither a part of an engine nor a compiler at work."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    fake_go(tmp_path, build=f"read line < {gate}")
    environ = world(tmp_path)
    with start(environ) as process, gate.open("wb", buffering=0) as held:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
        with pytest.raises(BrokenPipeError):
            held.write(b"too late")
    assert (process.returncode, err, names_in(environ)) == (130, "", set())
    assert "interrupted; nothing was installed" in out


@pytest.mark.parametrize(("version", "toolchain"), [("go1.20.14", "auto"), ("go1.25.3", "local"), ("devel", "auto")])
def test_a_go_that_cannot_build_it_is_refused_first(tmp_path: Path, version: str, toolchain: str) -> None:
    """Too old, or forbidden to fetch the Go that the module needs: told before anything is built."""
    fake_go(tmp_path, version=version, toolchain=toolchain)
    with pytest.raises(WayClosed, match=r"too old|did not tell its version"):
        from_go(tmp_path, world(tmp_path), lambda line: None)
    assert not (tmp_path / "called").exists()


def test_a_go_that_fetches_a_newer_one_is_accepted(tmp_path: Path) -> None:
    """Since 1.21 Go fetches by itself the version that a module asks for."""
    fake_go(tmp_path, version="go1.22.0")
    target = tmp_path / "target"
    target.mkdir()
    from_go(target, world(tmp_path), lambda line: None)
    assert (target / "pulumi").is_file()


def test_helpers_of_an_older_version_are_renewed(tmp_path: Path) -> None:
    """An engine built once serves all versions of cxconfig; its helpers follow the version at hand."""
    fake_go(tmp_path)
    environ = world(tmp_path)
    folder = obtain(environ, lambda line: None).binary.parent
    (folder / LANGUAGE_HOST).write_text("#!/bin/sh\n", "utf-8")
    said: list[str] = []
    obtain(environ, said.append)
    assert said == [f"renewed {LANGUAGE_HOST}"]
    assert (folder / LANGUAGE_HOST).read_bytes() == (HELPERS / LANGUAGE_HOST).read_bytes()
    assert os.access(folder / LANGUAGE_HOST, os.X_OK)


def test_an_unusable_named_binary_installs_nothing(tmp_path: Path, mirror: Mirror) -> None:
    """Who names a binary wants that one: the tool says so instead of taking another."""
    environ = world(tmp_path, mirror, **{OVERRIDE: str(tmp_path / "nowhere")})
    with pytest.raises(EngineMissing, match=OVERRIDE):
        obtain(environ, lambda line: None)
    assert mirror.asked == [] and names_in(environ) == set()


def test_the_tool_says_what_it_chose(tmp_path: Path) -> None:
    """One line for each thing looked at, and the last one names the engine."""
    binary = pulumi(tmp_path / "bin", "3.260.0", RESOURCE_HOST, LANGUAGE_HOST)
    with start(world(tmp_path)) as process:
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[0] == f"engine: pulumi on PATH ({binary}): version 3.260.0, taken"
    assert out.splitlines()[-1].startswith(f"engine: using Pulumi 3.260.0: {binary} (")


def test_without_any_way_the_tool_ends_with_the_way_out(tmp_path: Path) -> None:
    """No engine, no archive, no Go: exit code 1, every reason, and no traceback."""
    with start(world(tmp_path)) as process:
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (1, "")
    assert "go is not on PATH" in out and "install Pulumi" in out.splitlines()[-1]


def test_a_cache_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the cache folder should be is a message, not a traceback."""
    (tmp_path / "cache").write_text("", "utf-8")
    with pytest.raises(EngineMissing, match="cannot be written"):
        obtain(world(tmp_path), lambda line: None)
