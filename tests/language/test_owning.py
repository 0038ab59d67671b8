"""Members of a group: the list gives them their group, and stands alone for those who are declared nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.kinds import Declared, Desired, OnRemove
from cxconfig.language import load
from cxconfig.language.document import load_with_sources
from cxconfig.language.origins import listed, origins
from cxconfig.reports.explained import effective
from cxconfig.tenancy import desired_objects
from tests.language.fakes import REGISTRY, Agents, written

MEMBERS = {
    "a.yaml": """\
desk:
  groups:
    Sales: {members: [ann, ghost], membership: exclusive}
    Support: {members: [sid]}
  agents:
    ann: {first_name: Ann, shift: night}
    sid: {group: Support}
    free: {group: Sales}
"""
}


def test_a_member_has_the_group_as_its_own(tmp_path: Path) -> None:
    """With the place of the entry; nothing else about it changes, and one that says the same says it in vain."""
    agents = load(written(tmp_path, MEMBERS), REGISTRY).objects["desk.agents"]
    ann = agents["ann"]
    assert list(ann.values.items()) == [("first_name", "Ann"), ("group", "Sales"), ("shift", "night")]
    assert (ann.place.line, ann.places["group"].line, ann.places["group"].column) == (6, 3, 23)
    assert (ann.places["shift"].line, set(ann.places)) == (6, {"first_name", "shift", "group"})
    assert ann.implied == {"group"} and not ann.implicit
    assert (agents["sid"].values, agents["sid"].places["group"].line) == ({"group": "Support"}, 7)
    assert agents["sid"].implied == {"group"} and not agents["free"].implied


def test_a_member_that_is_declared_nowhere_else(tmp_path: Path) -> None:
    """Only its group is managed, and when it leaves the list it is forgotten; the group itself has no values."""
    tenant = load(written(tmp_path, MEMBERS), REGISTRY)
    ghost = tenant.objects["desk.agents"]["ghost"]
    assert (ghost.values, ghost.implicit, ghost.place.line, ghost.place.column) == ({"group": "Sales"}, True, 3, 28)
    desired = desired_objects(tenant, REGISTRY)
    one = desired["desk.agents", "ghost"]
    assert (one.fields, one.on_remove, one.implicit) == ({"group": "Sales"}, OnRemove.RETAIN, True)
    assert desired["desk.agents", "ann"].on_remove is None
    assert [key for (_, key), d in desired.items() if d.exclusive] == ["Sales"]


def test_a_kind_manages_no_default_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declared agent may be an enabled one; of a mere member nothing of that kind is said."""
    plain = Agents.desire

    def desire(self: Agents, declared: Declared) -> Desired:
        found = plain(self, declared)
        return Desired(found.kind, found.key, {"disabled": False, **found.fields})

    monkeypatch.setattr(Agents, "desire", desire)
    desired = desired_objects(load(written(tmp_path, MEMBERS), REGISTRY), REGISTRY)
    assert desired["desk.agents", "ghost"].fields == {"group": "Sales"}
    assert desired["desk.agents", "ann"].fields["disabled"] is False


def test_the_effective_document_reads_as_the_same_tenant(tmp_path: Path) -> None:
    """So a mere member stands in the list alone: as an agent of its own more of it would be managed."""
    document = effective(load(written(tmp_path, MEMBERS), REGISTRY), REGISTRY, reveal=True)
    assert document["desk"]["groups"]["Sales"] == {"members": ["ann", "ghost"], "membership": "exclusive"}
    assert list(document["desk"]["agents"]) == ["ann", "sid", "free"]
    assert document["desk"]["agents"]["ann"]["group"] == "Sales"
    alone = written(tmp_path / "alone", {"a.yaml": "desk:\n  groups:\n    Sales: {members: [ghost]}\n"})
    assert list(effective(load(alone, REGISTRY), REGISTRY)["desk"]) == ["groups"]


def test_where_the_group_comes_from(tmp_path: Path) -> None:
    """The list is above everything that the object itself may say."""
    _, found = load_with_sources(written(tmp_path, MEMBERS), REGISTRY)
    kind = REGISTRY["desk.agents"]
    (ann,) = origins(found, kind, "ann", ("group",))
    assert (ann.label, ann.text, ann.place.line) == ("`members` of groups Sales", "Sales", 3)
    assert [o.place.line for o in origins(found, kind, "sid", ("group",))] == [4, 7]
    assert (listed(found, kind, "ghost"), listed(found, kind, "ann")) == (["group"], ["first_name", "group", "shift"])
    assert origins(found, kind, "ghost", ("shift",)) == []


def test_lists_are_merged_over_layers_first(tmp_path: Path) -> None:
    """An environment's list is the list, and its entries have their places there."""
    files = {**MEMBERS, "environments/prod/a.yaml": "desk:\n  groups:\n    Sales: {members: [ghost]}\n"}
    agents = load(written(tmp_path, files), REGISTRY, ["prod"]).objects["desk.agents"]
    assert "group" not in agents["ann"].values
    assert agents["ghost"].place.file.endswith("prod/a.yaml")


def test_a_member_that_is_excluded(tmp_path: Path) -> None:
    """To manage it and to leave it alone cannot both be meant; the place is that of the entry."""
    tenant = (
        "api_version: cxconfig/v1\ntenant: acme\nsystems:\n  desk:\n    url: https://desk.example.com\n"
        "    client_secret: ${env:S}\n    kinds: {agents: {exclude: ['gh*']}}\n"
    )
    with pytest.raises(InputErrors, match="says to leave it alone") as caught:
        load(written(tmp_path, {**MEMBERS, "tenant.yaml": tenant}), REGISTRY)
    (error,) = caught.value.errors
    assert error.place is not None and (error.place.line, error.place.column) == (3, 28)


def test_a_spelling_that_is_declared_otherwise(tmp_path: Path) -> None:
    """It would be the same agent live, so it is not made a second one."""
    files = {"a.yaml": "desk:\n  groups: {Sales: {members: [Ann]}}\n  agents: {ann: {}}\n"}
    with pytest.raises(InputErrors, match='differs only by case from "ann"') as caught:
        load(written(tmp_path, files), REGISTRY)
    assert 'write "ann" here' in str(caught.value)
