"""A write whose answer is lost, and whose repeat is refused: nobody may say that nothing was changed."""

from __future__ import annotations

from typing import Any

import pytest

from cxconfig.errors import OutcomeUnknown, PermissionDenied, Refused
from cxconfig.kinds import Action
from tests.onecloud.support import JDOE, PASSWORD, USER, desired, handled
from tests.onecloud.test_users import NEXT, ONE, SECRETS, change, read, writes

REFUSALS: list[tuple[int, Any]] = [
    (400, {"status": 400, "body": "password was used before"}),
    (403, {"status": 403, "body": "User authenticated but does not have sufficient privileges"}),
    (404, {"status": 404, "body": "user team not found"}),
    (429, {"rate_limit": {"retry_after": 999}}),
]
"""The last one: longer than any call may take."""
refusals = pytest.mark.parametrize(("status", "do"), REFUSALS)


@refusals
def test_a_password_that_was_written_and_then_refused(status: int, do: Any) -> None:
    """The first PUT was carried out: told as unknown, with the status and the vendor's words of the second."""
    with handled(JDOE) as (box, handler):
        box.fault("drop_after", method="PUT", path=ONE, nth=1)
        box.fault(do, method="PUT", path=ONE, after=1)
        with pytest.raises(OutcomeUnknown, match="an earlier attempt was lost") as caught:
            change(handler, desired(), NEXT)
        assert (caught.value.status, caught.value.said) == (status, do.get("body", caught.value.said))
        assert (caught.value.endpoint, bool(caught.value.way_out)) == (f"PUT {USER}/jdoe", True)
        assert box.password_matches("jdoe", NEXT["password"])


@refusals
def test_a_password_that_is_refused_at_once_is_as_it_was(status: int, do: Any) -> None:
    """A refusal alone proves that nothing was changed."""
    with handled(JDOE) as (box, handler):
        box.fault(do, method="PUT", path=ONE)
        with pytest.raises(PermissionDenied if status == 403 else Refused):
            change(handler, desired(), NEXT)
        assert box.password_matches("jdoe", PASSWORD)


@refusals
def test_a_user_that_was_created_and_whose_password_is_then_refused(status: int, do: Any) -> None:
    """The user is there: the refusal of the second call is none of the creation."""
    with handled() as (box, handler):
        box.fault("drop_after", method="POST", path=USER, nth=1)
        box.fault(do, method="PUT", path=ONE)
        with pytest.raises(OutcomeUnknown) as caught:
            handler.create(desired(), SECRETS)
        assert (caught.value.status, caught.value.said) == (status, do.get("body", caught.value.said))
        assert "jdoe" in box.users


@pytest.mark.parametrize(("status", "do"), [*REFUSALS, (409, {"status": 409, "body": "extension is already in use"})])
def test_a_creation_that_is_sent_again_and_then_refused(status: int, do: Any) -> None:
    """The first one may still be carried out."""
    with handled() as (box, handler):
        box.fault("drop_before", method="POST", path=USER, nth=1)
        box.fault(do, method="POST", path=USER, after=1)
        with pytest.raises(OutcomeUnknown) as caught:
            handler.create(desired(), SECRETS)
        assert (caught.value.status, writes(box)) == (status, ["POST", "POST"])


@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
def test_a_removal_that_is_sent_again_and_then_refused(action: Action) -> None:
    """A user that is there still, and may be gone in a moment."""
    with handled(JDOE) as (box, handler):
        box.fault("drop_before", write=True, nth=1)
        box.fault({"status": 400}, write=True, after=1)
        with pytest.raises(OutcomeUnknown):
            handler.remove("jdoe", read(handler, desired()), action)
        assert len(writes(box)) == 2


@pytest.mark.parametrize("status", [400, 403])
def test_an_unlock_before_a_refusal_is_told(status: int) -> None:
    """Two calls: after the first one the user is not as it was, whatever becomes of the second."""
    with handled(JDOE | {"lockedOut": True}) as (box, handler):
        box.fault({"status": status}, method="PUT", path=ONE)
        with pytest.raises(OutcomeUnknown, match="the lock was cleared before") as caught:
            change(handler, desired(unlock=True, team="Support"))
        assert (caught.value.status, box.is_locked("jdoe")) == (status, False)


def test_an_unlock_that_is_lost_and_then_refused() -> None:
    """The user may be unlocked: nothing else is tried."""
    with handled(JDOE | {"lockedOut": True}) as (box, handler):
        lock: dict[str, Any] = {"method": "PUT", "path": f"{USER}/lock/*"}
        box.fault("drop_before", **lock, nth=1)
        box.fault({"status": 403}, **lock, after=1)
        with pytest.raises(OutcomeUnknown):
            change(handler, desired(unlock=True, team="Support"))
        assert {entry.path for entry in box.log(write=True)} == {f"{USER}/lock/jdoe"}
