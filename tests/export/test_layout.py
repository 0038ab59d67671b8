"""Which file a new object belongs to."""

from __future__ import annotations

import pytest

from cxconfig.export.layout import Shelf, file_name, file_of, group_of
from tests.export.fakes import AGENTS, GROUPS, REGISTRY


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("Sales", "sales"),
        ("Night Shift", "night-shift"),
        ("Sales & Support / EMEA", "sales-support-emea"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("Écoute_1", "ecoute-1"),
        ("Straße", "strasse"),
        ("営業部", "営業部"),
        ("CON", "group-con"),
        ("com1", "group-com1"),
        ("a" * 300, "a" * 60),
        ("Pulumi.acme", "pulumi-acme"),
        ("tenant", "tenant"),
    ],
)
def test_a_group_as_a_file_name(group: str, name: str) -> None:
    assert file_name(group) == name


def test_names_of_marks_alone_are_told_apart() -> None:
    """Nothing of them can stand in a file's name."""
    names = {file_name(group) for group in ("***", "!!", "\U0001f600")}
    assert len(names) == 3 and all(name.startswith("group-") for name in names)


def test_long_names_fit_every_file_system() -> None:
    for letter in ("é", "営", "\U00020000"):
        assert len(f"{file_name(letter * 300)}.yaml".encode()) < 255


def test_the_files_of_kinds() -> None:
    agents, groups = REGISTRY[AGENTS], REGISTRY[GROUPS]
    assert (group_of(agents, {"group": " Sales "}), group_of(agents, {}), group_of(groups, {})) == ("Sales", "", "")
    assert str(file_of(agents, "Night Shift")) == "desk/agents/night-shift.yaml"
    assert str(file_of(agents, "")) == "desk/agents/agents.yaml"
    assert str(file_of(groups, "")) == "desk/groups/groups.yaml"


def test_beside_the_most_of_its_group() -> None:
    """Of two that hold as many, the first by name; nothing for a group that is nowhere."""
    sales, other = {"group": "Sales"}, {"group": "Support"}
    shelf = Shelf(REGISTRY[AGENTS], [(sales, "b"), (sales, "a"), (other, "a"), (other, "c"), (other, "c")])
    assert (shelf.place(sales), shelf.place(other), shelf.place({"group": "New"})) == ("a", "c", "")
    assert shelf.fullest() == "a"
    assert Shelf(REGISTRY[AGENTS], []).fullest() == ""
