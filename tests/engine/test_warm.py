"""A command that is forked says and ends as one that is started: see warm.py."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.engine.harness import PROGRAM, ours
from tests.engine.warm import Warm

TENANT = """\
api_version: cxconfig/v1
tenant: acme
systems: {onecloud: {url: "${env:GIVEN_URL}", scope: acme.example.com, client_id: a, client_secret: "${env:GIVEN}"}}
"""


@pytest.mark.parametrize("words", [["--version"], ["upp"], ["validate", "."], ["audit", "."], ["fmt", "elsewhere"]])
def test_it_says_what_a_started_one_says(tmp_path: Path, words: list[str]) -> None:
    """Its folder, its environment and its streams are its own, also right after another one's."""
    (tmp_path / "tenant.yaml").write_text(TENANT)
    env = {**os.environ, "GIVEN_URL": "http://not-https.example.com", "COLUMNS": "77"}
    env.pop("GIVEN", None)
    started = subprocess.run(
        [*PROGRAM, *words], cwd=tmp_path, env=env, input="", capture_output=True, text=True, check=False
    )
    for _ in range(2):
        ran = ours(words, tmp_path, env)
        assert (ran.code, ran.out, ran.err) == (started.returncode, started.stdout, started.stderr)
        assert ours(words, tmp_path.parent, {**env, "COLUMNS": "33"}).text


def test_one_that_hangs_is_killed(tmp_path: Path) -> None:
    """The tests go on with the next one."""
    warm = Warm()
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["sandbox", "--port", "0"], tmp_path, os.environ, "", 1.5)
    assert warm.run(["--version"], tmp_path, os.environ, "", 60)[0] == 0


def test_variables_that_python_reads_when_it_starts_are_for_one_that_is_started() -> None:
    assert Warm().fits(os.environ)
    assert not Warm().fits({**os.environ, "PYTHONHASHSEED": "1"})
