"""Kinds that are two doors to the same objects: each value is written through one of them, the leading one first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict

from cxconfig.errors import Refused, Unavailable
from cxconfig.export.matching import What
from cxconfig.export.proposal import Folder, Options, Proposal, propose
from cxconfig.export.reading import read_tenant
from cxconfig.kinds import Declared, Handler, Kind, OnRemove, Registry, specs_of
from cxconfig.language import load
from tests.export.fakes import Agents, DeskHandler, Groups, Live, Silent, _Comparing, wrote
from tests.language import fakes
from tests.language.fakes import TENANT, written


class Badge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    given: str = ""
    active: bool = True
    title: str = ""


class Badges(_Comparing, fakes._Kind):
    name = "badges"
    singular = "badge"
    model = Badge
    specs = specs_of(Badge)
    removals = (OnRemove.RETAIN,)
    optional = True
    twin = "agents"
    twin_fields: ClassVar[Mapping[str, str]] = {"given": "first_name", "active": "disabled"}

    def desire(self, declared: Declared) -> Any:
        found = super().desire(declared)
        return type(found)(found.kind, found.key, {"active": True, **found.fields}, place=found.place)

    def handler(self, connection: Any) -> Handler:
        return DeskHandler(connection, self.id)


class LeadingAgents(Agents):
    twin = "badges"
    twin_fields: ClassVar[Mapping[str, str]] = {"first_name": "given", "disabled": "active"}
    leads = True


class Desk(fakes.Desk):
    kinds = (Groups(), LeadingAgents(), Badges())


REGISTRY = Registry([Desk()])
AGENTS, BADGES = "desk.agents", "desk.badges"
LIVE: Live = {
    AGENTS: {"ann": {"first_name": "Ann"}, "Bob": {"first_name": "Bob", "disabled": True}, "svc-x": {}},
    BADGES: {
        "ann": {"given": "Ann", "active": True, "title": ""},
        "Bob": {"given": "Bob", "active": False, "title": "Chief"},
        "svc-x": {"given": "", "active": True, "title": "Robot"},
    },
}


class Connected:
    def __init__(self, live: Live) -> None:
        self.read = 0
        self.handlers = {kind.id: DeskHandler(live, kind.id) for kind in REGISTRY.all()}

    def handler(self, kind: Kind) -> Handler:
        return self.handlers[kind.id]


def exported(
    folder: Path, live: Live, connected: Connected | None = None, *kinds: str, every: bool = False
) -> Proposal:
    found = Folder(folder, REGISTRY, [])
    seen, only = read_tenant(found.tenant, REGISTRY, connected or Connected(live), Silent(), kinds)
    return propose(found, seen, Options(every=every), only)


def objects(folder: Path) -> dict[str, dict[str, Any]]:
    tenant = load(folder, REGISTRY)
    return {kind: {key: dict(d.values) for key, d in tenant.objects[kind].items()} for kind in (AGENTS, BADGES)}


def test_what_the_leading_door_says_is_not_said_again(tmp_path: Path) -> None:
    """Who has nothing else gets no second entry, and a second export has nothing to write."""
    folder = written(tmp_path, {})
    wrote(exported(folder, LIVE))
    assert objects(folder) == {
        AGENTS: {"ann": {"first_name": "Ann"}, "Bob": {"first_name": "Bob", "disabled": True}, "svc-x": {}},
        BADGES: {"Bob": {"title": "Chief"}, "svc-x": {"title": "Robot"}},
    }
    for every in (False, True):
        again = exported(folder, LIVE, every=every)
        assert (again.files, again.findings) == ((), ())


def test_who_is_declared_through_one_door_already(tmp_path: Path) -> None:
    """Its values stay there, and the other door gets the rest; nothing that was not listed is added to them."""
    text = "desk:\n  badges:\n    ann: {given: A, active: true}\n  agents:\n    Bob: {}\n"
    folder = written(tmp_path, {"a.yaml": text})
    wrote(exported(folder, LIVE))
    assert objects(folder) == {
        AGENTS: {"ann": {}, "Bob": {"disabled": True}, "svc-x": {}},
        BADGES: {"ann": {"given": "Ann", "active": True}, "Bob": {"title": "Chief"}, "svc-x": {"title": "Robot"}},
    }
    wrote(exported(folder, LIVE, every=True))
    assert objects(folder)[AGENTS]["Bob"] == {"first_name": "Bob", "disabled": True}
    assert objects(folder)[AGENTS]["ann"] == {} and objects(folder)[BADGES]["Bob"] == {"title": "Chief"}


def test_the_following_door_alone(tmp_path: Path) -> None:
    """Asked for by name it says everything itself, but of those that the other one declares."""
    folder = written(tmp_path, {"a.yaml": "desk:\n  agents:\n    ann: {}\n"})
    wrote(exported(folder, LIVE, None, BADGES))
    assert objects(folder)[BADGES] == {
        "Bob": {"given": "Bob", "active": False, "title": "Chief"},
        "svc-x": {"title": "Robot"},
    }


def test_the_spelling_of_the_leading_door_goes_before_that_of_the_other(tmp_path: Path) -> None:
    """Two that differ only by case would not be taken for the same."""
    live: Live = {AGENTS: {"Bob": {}}, BADGES: {"bob": {"title": "Chief"}}}
    wrote(exported(written(tmp_path, {}), live))
    assert objects(tmp_path) == {AGENTS: {"Bob": {}}, BADGES: {"Bob": {"title": "Chief"}}}


def test_who_is_excluded_is_left_alone_through_both(tmp_path: Path) -> None:
    """Else it would be managed after all."""
    folder = written(tmp_path, {"tenant.yaml": TENANT + "    kinds: {agents: {exclude: ['svc-*']}}\n"})
    wrote(exported(folder, LIVE))
    assert "svc-x" not in {**objects(folder)[AGENTS], **objects(folder)[BADGES]}


def test_who_cannot_be_read_through_the_leading_door(tmp_path: Path) -> None:
    """Named and left out, and not declared through the other one instead."""
    connected = Connected(LIVE)
    connected.handlers[AGENTS].refusals = {"Bob": Refused("no Bob")}
    proposal = exported(written(tmp_path, {}), LIVE, connected)
    assert [(f.kind, f.what) for f in proposal.findings if f.key == "Bob"] == [(AGENTS, What.UNREADABLE)]


def test_who_cannot_be_read_through_either_door_is_named_once(tmp_path: Path) -> None:
    """As an object of the leading one; where only the other is asked for, as one of that."""
    connected = Connected(LIVE)
    for kind in (AGENTS, BADGES):
        connected.handlers[kind].refusals = {"Bob": Refused("no Bob")}
    proposal = exported(written(tmp_path, {}), LIVE, connected)
    assert [(f.kind, f.what) for f in proposal.findings if f.key == "Bob"] == [(AGENTS, What.UNREADABLE)]
    alone = exported(tmp_path, LIVE, connected, BADGES)
    assert [(f.kind, f.what) for f in alone.findings if f.key == "Bob"] == [(BADGES, What.UNREADABLE)]


def test_a_door_that_is_closed(tmp_path: Path) -> None:
    """Where nobody asked for it, it is left out with a warning after one try; else it is an error."""
    connected = Connected(LIVE)
    shut = connected.handlers[BADGES]
    shut.refusals = dict.fromkeys(LIVE[BADGES], Refused("no badges here", way_out="Buy some."))
    proposal = exported(written(tmp_path, {}), LIVE, connected)
    assert proposal.warnings == ("the badges of desk are left out: no badges here. Buy some.",)
    assert shut.calls == 1 and BADGES not in proposal.counts
    assert {f.key for f in proposal.findings if f.what is What.ADD} == {"ann", "Bob", "svc-x"}
    for kinds in ((BADGES,), (AGENTS, BADGES)):
        with pytest.raises(Refused, match="no badges here"):
            exported(tmp_path, LIVE, connected, *kinds)


def test_what_the_tenant_is_without(tmp_path: Path) -> None:
    """Left out although it is declared, which stays as it is; an error where somebody asked for it, or for a kind that
    no tenant is without."""
    text = "desk:\n  badges:\n    ann: {title: Boss}\n"
    connected = Connected(LIVE)
    shut = connected.handlers[BADGES]
    shut.refusals = dict.fromkeys(LIVE[BADGES], Unavailable("no badges here", way_out="Buy some."))
    folder = written(tmp_path, {"a.yaml": text})
    proposal = exported(folder, LIVE, connected)
    said = "the badges of desk are left out, and what is declared stays as it is: no badges here. Buy some."
    assert (proposal.warnings, shut.calls, BADGES in proposal.counts) == ((said,), 1, False)
    wrote(proposal)
    assert objects(folder)[BADGES] == {"ann": {"title": "Boss"}} and "Bob" in objects(folder)[AGENTS]
    with pytest.raises(Unavailable, match="no badges here"):
        exported(folder, LIVE, connected, BADGES)
    agents = connected.handlers[AGENTS]
    agents.refusals = dict.fromkeys(LIVE[AGENTS], Unavailable("no agents here"))
    with pytest.raises(Unavailable, match="no agents here"):
        exported(folder, LIVE, connected)
