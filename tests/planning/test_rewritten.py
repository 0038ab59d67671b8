"""What a call writes besides what differs, and nobody can read: the plan says so before it is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, Declared
from cxconfig.planning.compare import compare
from cxconfig.planning.plan import Recorded, Step
from cxconfig.planning.record import Digester
from cxconfig.planning.world import World
from cxconfig.tenancy import desired_object
from providers.onecloud.scim_accounts import CREATE_FIELDS
from providers.registry import REGISTRY

ACCOUNTS = REGISTRY["onecloud.scim_accounts"]
PHOTO = "https://www.example.com/a.png"


def step(
    live: Mapping[str, Any] | None,
    *,
    ignore: frozenset[str] = frozenset(),
    record: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Step:
    """An account that is taken over, or created where there is none. `record`: what is recorded of it."""
    held = {(ACCOUNTS.id, "ann"): Recorded(ACCOUNTS.id, "ann", {"key": "ann", **record}, "urn:x")} if record else {}
    declared = Declared(ACCOUNTS.id, "ann", {"title": "Lead", **fields}, Place("a.yaml", 3, 5), ignore=ignore)
    where = (ACCOUNTS.id, "ann")
    desired = {where: desired_object(ACCOUNTS, declared, KindSettings())}
    seen = {where: None if live is None else {"title": "", "active": True, **live}}
    (found,) = compare(REGISTRY, World("acme", desired, seen, recorded=held, digester=Digester("pass", "acme"))).steps
    return found


@pytest.mark.parametrize("photo", [PHOTO, ""])
def test_a_put_writes_the_photo_too(photo: str) -> None:
    """It is said for a step that makes a PUT, and for no other."""
    found = step({}, method="put", photo=photo)
    assert found.action is Action.ADOPT
    assert found.notes == (
        "photo: written as declared with the rest, whatever it is live, for PUT /scim/users sends all",
    )
    (left,) = step({"title": "Lead"}, method="put", photo=photo).notes
    assert left.startswith("photo: left as it is live")


def test_a_photo_that_is_set_anyway_is_no_news() -> None:
    """It stands among the changes then."""
    found = step({}, record={"title": "", "photo": "hmac:1:2"}, method="put", photo=PHOTO)
    assert {d.field for d in found.differences} == {"title", "photo"} and found.notes == ()


def test_a_patch_leaves_it() -> None:
    (left,) = step({}, photo=PHOTO).notes
    assert left.startswith("photo: left as it is live")


def test_a_photo_that_is_ignored_would_be_cleared() -> None:
    """So nothing else is changed by PUT either, and the preview is where that is told."""
    found = step({}, method="put", photo=PHOTO, ignore=frozenset({"photo"}))
    assert found.problems == (
        "SCIM account ann: `method: put` would clear the photo, which is not compared. Take `photo` out of `ignore`, or"
        " write `method: patch`.",
    )
    assert step({}, photo=PHOTO, ignore=frozenset({"photo"})).problems == ()
    unchanged = step({"title": "Lead"}, method="put", photo=PHOTO, ignore=frozenset({"photo"}))
    assert unchanged.problems == ()
    whole: dict[str, Any] = dict.fromkeys(CREATE_FIELDS, "a@b.example")
    new = step(None, method="put", photo=PHOTO, ignore=frozenset({"photo"}), **whole)
    assert (new.action, new.problems) == (Action.CREATE, ()), "a creation clears nothing"
