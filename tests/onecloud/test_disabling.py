"""`OK` to a PUT of `disabled` is not believed: whoever is disabled or enabled is read back, once."""

from __future__ import annotations

import pytest

from cxconfig.errors import ObjectError
from cxconfig.kinds import Action
from tests.onecloud.support import JDOE, desired, handled
from tests.onecloud.test_users import ONE, SECRETS, change, read, writes


def test_a_disabling_is_seen_to_be_done() -> None:
    """One read after it: the record goes with it, so nobody would look again."""
    with handled(JDOE) as (box, handler):
        live = read(handler, desired())
        box.clear_log()
        handler.remove("jdoe", live, Action.DISABLE)
        assert [e.method for e in box.log()] == ["PUT", "GET"]
        box.change_user("jdoe", disabled=False)
        box.set_switch("put-disabled", "kept")
        with pytest.raises(ObjectError, match="OneCloud accepted that jdoe is disabled, and the user is still enabled"):
            handler.remove("jdoe", live, Action.DISABLE)


def test_who_is_gone_right_after_being_disabled_is_done() -> None:
    """Somebody deleted the user meanwhile."""
    with handled(JDOE) as (box, handler):
        live = read(handler, desired())
        box.fault({"status": 404, "body": "user not found"}, method="GET", path=ONE)
        handler.remove("jdoe", live, Action.DISABLE)
        assert writes(box) == ["PUT"]


@pytest.mark.parametrize("disabled", [True, False])
def test_a_change_of_disabled_is_seen_to_be_done(disabled: bool) -> None:
    """Either way, and every time; what is taken for proven of one user says nothing of the next."""
    with handled(JDOE, JDOE | {"loginId": "b", "extension": "9"}) as (box, handler):
        for login in ("jdoe", "b"):
            box.change_user(login, disabled=not disabled)
        change(handler, desired(disabled=disabled))
        box.set_switch("put-disabled", "kept")
        for others in ({}, {"team": "Support"}):
            with pytest.raises(ObjectError, match="did not make all of it: disabled read back different"):
                change(handler, desired("b", disabled=disabled, **others))
        box.clear_log()
        change(handler, desired("b", disabled=not disabled, change_password=True))
        assert [e.method for e in box.log()] == ["GET", "PUT"], "nothing that must be read back"


def test_who_is_created_disabled_is_read_back() -> None:
    """As `OK` says nothing of it; who is created enabled is not."""
    with handled() as (box, handler):
        for login, disabled, methods in (("a", False, ["POST"]), ("b", True, ["POST", "GET"])):
            box.clear_log()
            handler.create(desired(login, skills={}, disabled=disabled), SECRETS)
            assert [e.method for e in box.log() if not e.path.endswith("token")] == methods
