"""How an object that is declared through two doors leaves: what the other door says counts, as it is really said."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.language import load
from tests.language.fakes import REGISTRY, TENANT, written


def mistakes(folder: Path, agents: str, login: str, said: str = "", groups: str = "{}") -> list[str]:
    """The fields of the login ann that are wrong. `said`: what tenant.yaml says of agents."""
    text = f"desk:\n  groups: {groups}\n  agents: {agents}\n  logins:\n    ann: {login}\n"
    folder = written(folder, {"tenant.yaml": f"{TENANT}    kinds: {{agents: {{{said}}}}}\n", "a.yaml": text})
    try:
        load(folder, REGISTRY)
    except InputErrors as errors:
        return [one.path.rpartition(".")[2] for one in errors.errors]
    return []


@pytest.mark.parametrize(
    ("said", "login", "wrong"),
    [
        ("on_remove: delete", "{on_remove: delete}", []),
        ("on_remove: delete", "{on_remove: disable}", ["on_remove"]),
        ("protect: true", "{protect: true}", []),
        ("protect: true", "{protect: false}", ["protect"]),
        ("", "{on_remove: disable, protect: false}", []),
    ],
)
def test_what_the_kind_of_the_leader_says_counts(tmp_path: Path, said: str, login: str, wrong: list[str]) -> None:
    """The leader's own entry says nothing."""
    assert mistakes(tmp_path, "{ann: {}}", login, said) == wrong


def test_the_leaders_own_word_goes_before_that_of_its_kind(tmp_path: Path) -> None:
    """It lifts the protection, and so may the other door."""
    assert mistakes(tmp_path, "{ann: {protect: false}}", "{protect: false}", "protect: true") == []


def test_who_only_stands_in_a_list_decides_nothing(tmp_path: Path) -> None:
    """The login leaves as it says itself."""
    login = "{on_remove: delete, protect: false}"
    assert mistakes(tmp_path, "{}", login, "protect: true", "{Sales: {members: [ann]}}") == []
