"""A deletion is not believed, whatever its answer: whoever is deleted is looked for, once, through either door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from cxconfig.errors import ObjectError, OutcomeUnknown
from cxconfig.kinds import Action
from cxconfig.sandbox import Sandbox
from tests.onecloud import scim_support, test_users
from tests.onecloud.scim_support import PEOPLE
from tests.onecloud.support import JDOE, USER, desired, handled

Remove = Callable[[], None]
Door = Callable[..., AbstractContextManager[tuple[Sandbox, Remove]]]


@contextmanager
def a_user(**switches: str) -> Iterator[tuple[Sandbox, Remove]]:
    with handled(JDOE, switches=switches) as (box, handler):
        live = test_users.read(handler, desired())
        box.clear_log()
        yield box, lambda: handler.remove("jdoe", live, Action.DELETE)


@contextmanager
def an_account(**switches: str) -> Iterator[tuple[Sandbox, Remove]]:
    with scim_support.accounts("newer", **switches) as (box, handler):
        box.add_user(**JDOE)
        live = scim_support.read(handler, scim_support.wanted())
        box.clear_log()
        yield box, lambda: handler.remove("jdoe", live, Action.DELETE)


doors = pytest.mark.parametrize("door", [a_user, an_account])
LOOKS: dict[Any, dict[str, str]] = {
    a_user: {"method": "GET", "path": f"{USER}/*"},
    an_account: {"method": "GET", "path": f"{PEOPLE}*"},
}
"""How the person is looked for through each door."""


@doors
def test_a_deletion_is_seen_to_be_done(door: Door) -> None:
    """One read after it, as the record goes with it and nobody would look again."""
    with door() as (box, remove):
        remove()
        assert ([e.method for e in box.log()], box.users) == (["DELETE", "GET"], {})
    with door(U39="404") as (box, remove):
        remove()
        assert box.count(write=True) == 1


@doors
def test_a_deletion_that_was_answered_and_not_done(door: Door) -> None:
    """An error with the way out, after one attempt: `OK` and 204 do not say that anybody is gone."""
    with door(delete="kept") as (box, remove):
        said = "OneCloud accepted that jdoe is deleted, and the .* is still there"
        with pytest.raises(ObjectError, match=said) as told:
            remove()
        assert "Run again" in told.value.way_out and box.count("DELETE") == 1
        box.set_switch("delete", "done")
        remove()
        assert box.users == {}


@doors
@pytest.mark.parametrize("fault", [400, 403, 500, 503, "drop_before"])
def test_a_look_after_a_deletion_that_fails(door: Door, fault: int | str) -> None:
    """Nobody knows, and the error says what was done before, also where nobody answers any more."""
    with door() as (box, remove):
        box.fault(fault if isinstance(fault, str) else {"status": fault, "body": "no"}, **LOOKS[door])
        with pytest.raises(OutcomeUnknown, match="the deletion of jdoe was accepted before that") as told:
            remove()
        assert "Run the command again" in told.value.way_out and box.users == {}
        box.clear_faults()
        remove()
        assert box.count("DELETE", changed=True) == 1


@doors
def test_a_lost_answer_needs_no_second_look(door: Door) -> None:
    """The read that settles it has told."""
    with door() as (box, remove):
        box.fault("drop_after", method="DELETE")
        remove()
        assert [e.method for e in box.log()] == ["DELETE", "GET"]
