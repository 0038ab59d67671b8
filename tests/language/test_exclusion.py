"""Kinds of which not all objects can be listed, and objects that are declared and excluded at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Registry
from cxconfig.language import load
from tests.language.fakes import REGISTRY, TENANT, Agents, Desk, Groups


class Unlisted(Agents):
    listable = False


class HalfListed(Desk):
    kinds = (Groups(), Unlisted())


def test_all_of_a_kind_that_has_no_list(tmp_path: Path) -> None:
    """Asked for by name it is a mistake; as the tenant's default it holds for the others."""
    registry = Registry([HalfListed()])
    (tmp_path / "tenant.yaml").write_text(TENANT + "    kinds: {agents: {manage: all}}\n", "utf-8")
    with pytest.raises(InputErrors, match="desk has no list of its agents, so what is not declared") as caught:
        load(tmp_path, registry)
    (error,) = caught.value.errors
    assert (error.path, error.place and error.place.line) == ("systems.desk.kinds.agents.manage", 7)
    assert "write listed, or remove the line" in error.way_out
    (tmp_path / "tenant.yaml").write_text(TENANT + "manage: all\n", "utf-8")
    assert load(tmp_path, registry).systems["desk"].kinds == {"groups": KindSettings(manage=Manage.ALL)}


def test_declared_and_excluded(tmp_path: Path) -> None:
    """Each such object with its place and the pattern, case and the form of accents aside."""
    kinds = "    kinds:\n      agents: {exclude: ['SVC-*', 'e\u0301lan', '[xy]?']}\n      groups: {exclude: [old]}\n"
    (tmp_path / "tenant.yaml").write_text(TENANT + kinds, "utf-8")
    agents = "  agents:\n    ann: {}\n    svc-1: {}\n    \u00c9lan: {}\n    X1: {}\n"
    text = f"desk:\n  groups:\n    young: {{}}\n    old: {{}}\n{agents}"
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    with pytest.raises(InputErrors) as caught:
        load(tmp_path, REGISTRY)
    found = {error.path: (error.place and error.place.line, error.rule) for error in caught.value.errors}
    assert {path: line for path, (line, _) in found.items()} == {
        "desk.groups.old": 4,
        "desk.agents.svc-1": 7,
        "desk.agents.\u00c9lan": 8,
        "desk.agents.X1": 9,
    }
    assert "SVC-*" in found["desk.agents.svc-1"][1] and "says to leave it alone" in found["desk.agents.svc-1"][1]
    assert all("exclude in tenant.yaml" in error.way_out for error in caught.value.errors)
