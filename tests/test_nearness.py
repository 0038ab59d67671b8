"""Names for "did you mean"."""

from __future__ import annotations

import pytest

from cxconfig.nearness import did_you_mean, near


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("agnets", ["agents"]),
        ("AGENTS ", ["agents"]),
        ("grops", ["groups", "group"]),
        ("zzz", []),
        ("", []),
    ],
)
def test_near_names_come_closest_first(name: str, expected: list[str]) -> None:
    """Case and outer spaces decide alone; what is far is not named."""
    assert near(name, ["agents", "group", "groups"]) == expected


def test_many_candidates_are_searched_too() -> None:
    """Above a thousand names the like ones are still found."""
    names = [f"agent-{number:05}" for number in range(3000)]
    assert near("agnet-01234", names)[0] == "agent-01234"


def test_the_question() -> None:
    """It names all near ones, or nothing is asked."""
    assert did_you_mean("grops", ["group", "groups"]) == "did you mean `groups` or `group`?"
    assert did_you_mean("zzz", ["group"]) == ""
