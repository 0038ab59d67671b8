"""What is live of a kind, with what cannot be read apart from the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import (
    AuthenticationFailed,
    LiveError,
    PermissionDenied,
    Refused,
    SettingsError,
    UnexpectedAnswer,
    Unreachable,
)
from cxconfig.export import reading
from cxconfig.export.reading import Seen, read_kind, read_tenant
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Values
from cxconfig.language import load
from tests.export.fakes import AGENTS, REGISTRY, Connected, DeskHandler, Live, Silent, written

KIND = REGISTRY[AGENTS]


def handler(**agents: dict[str, Any]) -> DeskHandler:
    live: Live = {AGENTS: agents}
    return DeskHandler(live, AGENTS)


def read(source: DeskHandler, declared: dict[str, Values] | None = None, settings: KindSettings | None = None) -> Seen:
    return read_kind(KIND, source, declared or {}, settings or KindSettings(), Silent())


def test_everything_that_is_listed_or_declared_is_read_once() -> None:
    """In the order of the names, whatever the order of the list; progress counts each."""
    source, watch = handler(zoe={}, Bob={}, ann={}), Silent()
    seen = read_kind(KIND, source, {"bob2": {}, "ann": {}}, KindSettings(), watch)
    assert (list(seen.objects), seen.gone, source.calls) == (["ann", "Bob", "zoe"], ("bob2",), 4)
    assert watch.phases == [("Listing desk agents", 0), ("Reading desk agents", 4)] and watch.count == 4


def test_excluded_names_are_not_even_read() -> None:
    seen = read(source := handler(svc_a={}, ann={}), settings=KindSettings(exclude=("SVC_*",)))
    assert (list(seen.objects), source.calls) == (["ann"], 1)


def test_who_is_yet_to_be_renamed_is_read_under_the_old_key() -> None:
    """He is neither gone nor somebody new; where both exist nobody can tell."""
    former = {"eve": "ann", "rob": "bob", "sid": "cid", "old": "badge"}
    source = handler(eve={"first_name": "Ann"}, bob={}, sid={}, cid={}, old={}, zoe={})
    declared: dict[str, Values] = {"ann": {}, "bob": {}, "cid": {}}
    seen = read_kind(KIND, source, declared, KindSettings(), Silent(), former)
    assert (list(seen.objects), seen.gone) == (["ann", "badge", "bob", "cid", "zoe"], ())
    assert seen.objects["ann"]["first_name"] == "Ann"
    assert seen.unreadable == {"sid": "cid says `was: sid`, and both exist"}


def test_without_a_list_only_what_is_declared_is_read() -> None:
    source = handler(ann={}, bob={})
    source.lists = False
    seen = read(source, {"ann": {}, "x": {}})
    assert (list(seen.objects), seen.gone, seen.listed) == (["ann"], ("x",), False)


def test_what_is_listed_and_answers_that_it_is_not_there_is_unreadable() -> None:
    """It is not taken for gone, declared or not."""
    source = handler(ann={}, bob={})
    source.hidden = {"ann", "bob"}
    seen = read(source, {"ann": {}})
    assert (seen.objects, seen.gone, set(seen.unreadable)) == ({}, (), {"ann", "bob"})


@pytest.mark.parametrize("error", [Refused("no: 423"), UnexpectedAnswer("strange"), PermissionDenied("not yours")])
def test_one_refusal_leaves_one_object_out(error: LiveError, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are read all the same; only those that were asked for together are read again."""
    monkeypatch.setattr(reading, "AT_ONCE", 3)
    source = handler(**{f"a{n}": {} for n in range(9)})
    source.refusals = {"a4": error}
    seen = read(source)
    assert set(seen.objects) == {f"a{n}" for n in range(9)} - {"a4"}
    assert dict(seen.unreadable) == {"a4": error.what}
    assert source.calls == 9 + 2


@pytest.mark.parametrize("error", [Unreachable("down"), AuthenticationFailed("who?")])
def test_an_outage_ends_the_export(error: LiveError) -> None:
    source = handler(ann={}, bob={})
    source.refusals = {"bob": error}
    with pytest.raises(type(error)):
        read(source)


def test_when_nothing_can_be_read_the_first_reason_is_told() -> None:
    source = handler(ann={}, bob={})
    source.refusals = {key: PermissionDenied(f"no {key}") for key in ("ann", "bob")}
    with pytest.raises(PermissionDenied, match="no ann"):
        read(source)


def test_a_list_that_is_refused_names_the_privilege_and_the_way_out() -> None:
    source = handler(ann={})
    source.list_error = PermissionDenied("GET /phone/user answered 403", endpoint="GET /phone/user", status=403)
    with pytest.raises(PermissionDenied) as raised:
        read(source)
    assert "list of desk agents" in raised.value.what and raised.value.status == 403
    assert "Administrator" in raised.value.way_out and "--kind" in raised.value.way_out


def test_of_names_that_differ_only_by_case_one_is_kept() -> None:
    """The declared one, else the first; the other is named with the reason."""
    seen = read(handler(Ann={}, ann={}))
    assert (list(seen.objects), dict(seen.unreadable)) == (
        ["Ann"],
        {"ann": "it differs only by case from Ann, and files hold one of the two"},
    )
    assert list(read(handler(Ann={}, ann={}), {"ann": {}}).objects) == ["ann"]


def test_ten_thousand() -> None:
    seen = read(source := handler(**{f"agent{n}": {} for n in range(10_000)}))
    assert (len(seen.objects), source.calls) == (10_000, 10_000)


def test_a_kind_of_a_system_that_is_not_configured(tmp_path: Path) -> None:
    """Says so, and reads nothing."""
    connected = Connected({AGENTS: {"ann": {}}})
    tenant = load(written(tmp_path, {}), REGISTRY)
    with pytest.raises(SettingsError, match=r"desk\.agents is of the system desk"):
        read_tenant(replace(tenant, systems={}), REGISTRY, connected, Silent(), [AGENTS])
    assert connected.handlers[AGENTS].calls == 0
