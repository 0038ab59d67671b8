"""The hostile files are read to their end: small ones here, large ones in the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.language import load
from cxconfig.language.mistakes import MOST
from providers.registry import REGISTRY
from tests.bench.hostile import CASES, main
from tests.bench.people import TENANT

READ = {"a long text", "templates in diamonds"}
"""The cases in which nothing is wrong."""


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_is_read_or_has_placed_mistakes(case: str, tmp_path: Path) -> None:
    (tmp_path / "tenant.yaml").write_text(TENANT, "utf-8")
    (tmp_path / "x.yaml").write_text(CASES[case](400), "utf-8")
    if case in READ:
        assert load(tmp_path, REGISTRY).declared_counts()
        return
    try:
        load(tmp_path, REGISTRY)
    except InputErrors as errors:
        assert errors.errors and all(error.place and error.rule and error.way_out for error in errors.errors)


def test_more_mistakes_than_are_kept_are_told_to_be_more(tmp_path: Path) -> None:
    """A wrong column in a large table must not look as if it were wrong in the first rows only."""
    (tmp_path / "tenant.yaml").write_text(TENANT, "utf-8")
    (tmp_path / "x.yaml").write_text(CASES["unknown keys"](MOST + 10), "utf-8")
    with pytest.raises(InputErrors, match="more than 10,000 errors in the configuration") as caught:
        load(tmp_path, REGISTRY)
    assert len(caught.value.errors) == MOST


def test_every_case_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["100"]) == 0
    shown = capsys.readouterr().out
    assert [case for case in CASES if f"| {case} |" not in shown] == []
