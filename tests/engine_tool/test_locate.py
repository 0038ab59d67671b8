"""Which engine is taken from what is on the machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cxconfig.engine.locate import (
    LANGUAGE_HOST,
    MANIFEST,
    OVERRIDE,
    RESOURCE_HOST,
    Engine,
    cache_folder,
    environment,
    locate,
    parse_version,
)
from cxconfig.errors import EngineMissing
from tests.engine_tool.support import pulumi, script


def world(tmp_path: Path, **more: str) -> dict[str, str]:
    """An environment in which nothing but what a test makes can be found."""
    return {"PATH": str(tmp_path / "bin"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)} | more


def cached(tmp_path: Path, version: str = "3.259.0", *helpers: str) -> Path:
    """An installed engine in the cache folder."""
    folder = tmp_path / "cache" / "cxconfig" / "engine" / version
    binary = pulumi(folder, version, *helpers)
    manifest = {"version": version, "made": "go", "files": {"pulumi": binary.stat().st_size}}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return folder


def refusal(environ: dict[str, str], *, plain: bool = False) -> str:
    """The text of the error that `locate` ends with."""
    with pytest.raises(EngineMissing) as caught:
        locate(environ, plain=plain)
    return str(caught.value)


def test_a_fitting_pulumi_on_path_is_taken_before_the_cache(tmp_path: Path) -> None:
    """What the user installed comes first when its version and helpers fit."""
    binary = pulumi(tmp_path / "bin", "3.300.1", RESOURCE_HOST, LANGUAGE_HOST)
    cached(tmp_path, "3.259.0", RESOURCE_HOST, LANGUAGE_HOST)
    engine = locate(world(tmp_path))
    assert (engine.binary, engine.version, engine.source, engine.plain) == (binary, "3.300.1", "PATH", True)
    assert [entry.taken for entry in engine.looked_at] == [True]


@pytest.mark.parametrize("version", ["3.258.9", "4.0.0", "", "unreleased"])
def test_a_version_that_does_not_fit_is_passed_over(tmp_path: Path, version: str) -> None:
    """Older, newer and unknown versions on PATH are named and the cache is used."""
    pulumi(tmp_path / "bin", version, RESOURCE_HOST, LANGUAGE_HOST)
    folder = cached(tmp_path, "3.259.0", RESOURCE_HOST, LANGUAGE_HOST)
    engine = locate(world(tmp_path))
    assert (engine.binary, engine.source) == (folder / "pulumi", "cache")
    assert "does not fit (needs >= 3.259, < 4)" in engine.looked_at[0].found


def test_a_pulumi_without_the_host_of_providers_is_passed_over(tmp_path: Path) -> None:
    """Without it no dynamic resource can be created, so such an engine is no use."""
    pulumi(tmp_path / "bin", "3.260.0", LANGUAGE_HOST)
    text = refusal(world(tmp_path))
    assert f"version 3.260.0, but {RESOURCE_HOST} neither beside it nor on PATH" in text


def test_a_helper_elsewhere_on_path_is_enough(tmp_path: Path) -> None:
    """The engine finds its helpers on PATH as well as beside it."""
    pulumi(tmp_path / "one", "3.260.0")
    helper = script(tmp_path / "two" / RESOURCE_HOST, "exit 0")
    engine = locate(world(tmp_path, PATH=f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}"))
    assert (engine.resource_host, engine.plain) == (helper, False)
    assert "plain pulumi commands will not work" in engine.looked_at[-1].found


def test_helpers_beside_the_target_of_a_link_are_found(tmp_path: Path) -> None:
    """Package managers link only `pulumi` itself into PATH."""
    pulumi(tmp_path / "opt", "3.260.0", RESOURCE_HOST, LANGUAGE_HOST)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(tmp_path / "opt" / "pulumi")
    assert locate(world(tmp_path), plain=True).language_host == tmp_path / "opt" / LANGUAGE_HOST


def test_plain_commands_need_the_language_host(tmp_path: Path) -> None:
    """An engine without it is taken for our own commands and refused for plain ones."""
    pulumi(tmp_path / "bin", "3.260.0", RESOURCE_HOST)
    assert not locate(world(tmp_path)).plain
    assert LANGUAGE_HOST in refusal(world(tmp_path), plain=True)


def test_the_newest_engine_of_the_cache_is_taken(tmp_path: Path) -> None:
    """Versions are compared as numbers, and one that does not fit is passed over."""
    for version in ("3.259.0", "3.1000.0", "3.300.0", "4.1.0"):
        cached(tmp_path, version, RESOURCE_HOST)
    assert locate(world(tmp_path)).version == "3.1000.0"


def test_the_cache_is_judged_without_running_anything(tmp_path: Path) -> None:
    """The manifest tells the version, so a start costs no process."""
    folder = cached(tmp_path, "3.259.0", RESOURCE_HOST)
    ran = tmp_path / "ran"
    binary = script(folder / "pulumi", f"echo run > {ran}")
    manifest = {"version": "3.259.0", "made": "go", "files": {"pulumi": binary.stat().st_size}}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert locate(world(tmp_path)).version == "3.259.0"
    assert not ran.exists()


@pytest.mark.parametrize("damage", ["no manifest", "no JSON", "shorter", "gone", "not executable"])
def test_a_damaged_engine_in_the_cache_is_not_taken(tmp_path: Path, damage: str) -> None:
    """A missing or unreadable manifest, a missing, truncated or plain file: each is told and refused."""
    folder = cached(tmp_path, "3.259.0", RESOURCE_HOST)
    if damage == "no manifest":
        (folder / MANIFEST).unlink()
    elif damage == "no JSON":
        (folder / MANIFEST).write_text("[1, 2", "utf-8")
    elif damage == "shorter":
        (folder / "pulumi").write_bytes(b"#!")
    elif damage == "gone":
        (folder / "pulumi").unlink()
    else:
        (folder / "pulumi").chmod(0o644)
    text = refusal(world(tmp_path))
    assert "incomplete" in text or "damaged" in text


def test_the_variable_decides_alone(tmp_path: Path) -> None:
    """A named binary is taken before PATH, and when it is unusable nothing else is taken in silence."""
    pulumi(tmp_path / "bin", "3.300.0", RESOURCE_HOST)
    named = pulumi(tmp_path / "own", "3.270.0", RESOURCE_HOST)
    engine = locate(world(tmp_path, **{OVERRIDE: str(named)}))
    assert (engine.binary, engine.source) == (named, "environment")
    text = refusal(world(tmp_path, **{OVERRIDE: str(tmp_path / "nowhere")}))
    assert "not an executable file" in text and "on PATH (" not in text


@pytest.mark.parametrize(
    ("lines", "reason"),
    [(("echo broken >&2", "exit 3"), "failed (broken)"), (("exit 3",), "failed (exit code 3)")],
)
def test_a_pulumi_that_fails_is_told_with_its_own_words(tmp_path: Path, lines: tuple[str, ...], reason: str) -> None:
    """The first line that it printed is the reason."""
    script(tmp_path / "bin" / "pulumi", *lines)
    assert reason in refusal(world(tmp_path))


def test_a_file_that_is_no_program_is_told(tmp_path: Path) -> None:
    """An executable file of the wrong format is a reason, not a traceback."""
    path = script(tmp_path / "bin" / "pulumi")
    path.write_bytes(b"\x00\x01")
    assert "does not start" in refusal(world(tmp_path))


def test_the_refusal_lists_everything_and_ends_with_the_way_out(tmp_path: Path) -> None:
    """A user reads what was looked at, why nothing was taken, and what to do."""
    lines = refusal(world(tmp_path)).splitlines()
    assert lines[0] == "no usable Pulumi engine was found; looked at:"
    assert lines[1].strip() == "- pulumi on PATH: not there"
    assert lines[2].strip() == f"- cache folder ({cache_folder(world(tmp_path))}): no engine there"
    assert "make engine" in lines[-1] and "install Pulumi" in lines[-1]


def test_the_cache_folder_follows_the_standard(tmp_path: Path) -> None:
    """An absolute XDG_CACHE_HOME is used, a relative or empty one is not."""
    assert cache_folder({"XDG_CACHE_HOME": "/x", "HOME": "/h"}) == Path("/x/cxconfig/engine")
    assert cache_folder({"XDG_CACHE_HOME": "x", "HOME": "/h"}) == Path("/h/.cache/cxconfig/engine")
    assert cache_folder({"HOME": "/h"}) == Path("/h/.cache/cxconfig/engine")


def test_the_environment_of_a_run(tmp_path: Path) -> None:
    """The engine comes first on PATH once, this Python runs the providers, and nothing is fetched or advertised."""
    folder = tmp_path / "e"
    engine = Engine(folder / "pulumi", "3.259.0", "cache", (), True, folder / RESOURCE_HOST, tmp_path / "l" / "host")
    base = {"PATH": f"/usr/bin{os.pathsep}{folder}", "PULUMI_RUNTIME_VIRTUALENV": "other", "KEEP": "1"}
    env = environment(engine, base)
    assert env["PATH"].split(os.pathsep) == [str(folder), str(tmp_path / "l"), "/usr/bin"]
    assert (env["PULUMI_PYTHON_CMD"], env["KEEP"]) == (sys.executable, "1")
    assert env["PULUMI_SKIP_UPDATE_CHECK"] == env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert "PULUMI_RUNTIME_VIRTUALENV" not in env and "PULUMI_RUNTIME_VIRTUALENV" in base


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3.259.0", (3, 259, 0)), ("v3.260.1-alpha.2", (3, 260, 1)), ("", None), ("3.2", None), ("next", None)],
)
def test_versions_are_read(text: str, numbers: tuple[int, int, int] | None) -> None:
    """A leading v and a suffix do not matter; what is no version is none."""
    assert parse_version(text) == numbers
