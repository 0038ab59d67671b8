"""The benchmark of reading measures what it says: every case runs, on tenants that are good."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.language import load
from providers.registry import REGISTRY
from tests.bench.reading import LEVELS, STARTS, main, write


@pytest.mark.parametrize("level", LEVELS[1:])
def test_every_measured_tenant_is_good(level: str, tmp_path: Path) -> None:
    """As many users as asked for, in files, layers or tables."""
    folder = write(tmp_path / "t", 20, 4, level)
    tenant = load(folder, REGISTRY, ["prod"] if level == "layered" else [])
    assert tenant.declared_counts()["onecloud.users"] == 20


def test_every_case_is_measured_and_every_goal_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """With the smallest sizes; the figures mean nothing then, and a missed goal is no failure."""
    assert main(["--users", "20", "--files", "2", "--large", "40", "--rounds", "1"]) == 0
    shown = capsys.readouterr().out
    assert all(shown.count(f"| {level} |") == 2 for level in LEVELS)
    assert all(f"| {case} |" in shown for case in STARTS)
    assert shown.count("| reached |") + shown.count("| short |") == len(STARTS) + 2
