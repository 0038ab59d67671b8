"""The benchmark of SCIM accounts runs, and makes exactly the calls that each case needs."""

from __future__ import annotations

import pytest

from cxconfig.engine.locate import locate
from tests.bench.accounts import CASES, main


def test_every_case_makes_the_right_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """One list, or one look-up each and the list that is refused; how long it takes is not held against anything."""
    locate()
    assert main(["--accounts", "12", "--rounds", "1", "--latency-ms", "0"]) == 0
    shown = capsys.readouterr().out
    assert "| wrong |" not in shown
    for case in CASES:
        assert f"| {case.title} | " in shown and f"| {case.title}: reads and writes | " in shown
