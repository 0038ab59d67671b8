"""What users change through their SCIM accounts: names, roles, another login; and replacements where SCIM is off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import ChangedSincePreview, LiveError, ObjectError, OutcomeUnknown, PermissionDenied
from cxconfig.kinds import Desired, Difference, Values
from cxconfig.sandbox import Sandbox
from providers.onecloud.users_handler import UsersHandler
from tests.onecloud.support import JDOE, KIND, desired, handled
from tests.onecloud.test_users import LOST, NEXT, NOT_MADE, change, kind_of, read, writes

SCIM = "/configapi/v2/scim/users"
ACCOUNT = f"{SCIM}/*"
NAMES: dict[str, Any] = {
    "first_name": "Janet",
    "last_name": "Roe",
    "email": "janet@example.com",
    "extension": "1099",
    "work_phone": "+47 555 0100",
    "mobile_phone": "",
    "roles": ["Supervisor"],
}
OTHERS: dict[str, Any] = {
    "nickName": "J",
    "title": "T",
    "country": "NO",
    "defaultPhone": "3",
    "photo": "http://a.example/p",
}
lost = pytest.mark.parametrize("fault", LOST, ids=kind_of)
not_made = pytest.mark.parametrize("fault", NOT_MADE, ids=kind_of)


def people(box: Sandbox) -> dict[str, dict[str, Any]]:
    return {user["loginId"]: user for user in box.dump()["users"]}


def renamed(handler: UsersHandler, wanted: Desired, secrets: dict[str, str] | None = None) -> Values:
    """Rename jdoe, as a run does: exactly the differences between what is live and what is wanted."""
    live = read(handler, replace(wanted, key="jdoe"))
    differences = [*KIND.compare(wanted, live), *(Difference(name, None, None) for name in secrets or {})]
    return handler.rename("jdoe", wanted, live, differences, secrets or {})


@pytest.mark.parametrize("roles", ["objects", "strings"])
def test_every_field_that_put_does_not_change(roles: str) -> None:
    """One PATCH for all of them, a PUT for the others, and nothing that only SCIM shows is touched."""
    with handled(JDOE | OTHERS | {"mobilePhone": "1", "roles": ["Agent"]}, switches={"U38": roles}) as (box, handler):
        wanted = desired(**NAMES, team="Support")
        after = change(handler, wanted, NEXT)
        assert KIND.compare(wanted, after) == [] == KIND.compare(wanted, read(handler, wanted))
        assert writes(box) == ["PATCH", "PUT"]
        assert {name: people(box)["jdoe"][name] for name in OTHERS} == OTHERS
        assert box.password_matches("jdoe", NEXT["password"])


@lost
def test_a_lost_answer_to_the_patch(fault: dict[str, Any]) -> None:
    """Settled by reading, and the PUT follows."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PATCH", path=ACCOUNT, nth=1)
        change(handler, desired(**NAMES, team="Support"))
        assert writes(box) == ["PATCH", "PUT"]
        assert (box.users["jdoe"]["firstName"], box.users["jdoe"]["team"]) == ("Janet", "Support")


@not_made
def test_a_patch_that_was_not_made(fault: dict[str, Any]) -> None:
    """Made once more."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PATCH", path=ACCOUNT, nth=1)
        change(handler, desired(first_name="Janet"))
        assert box.users["jdoe"]["firstName"] == "Janet"


def test_a_refusal_after_the_patch_says_what_was_done() -> None:
    """The PUT was refused; the names are changed."""
    with handled(JDOE) as (box, handler):
        box.fault({"status": 400, "body": "no"}, method="PUT")
        with pytest.raises(OutcomeUnknown, match="first_name went through SCIM before that"):
            change(handler, desired(first_name="Janet", team="Support"))
        assert box.users["jdoe"]["firstName"] == "Janet"


def test_an_unknown_role_is_refused() -> None:
    """Nothing is written."""
    with handled(JDOE) as (box, handler):
        with pytest.raises(LiveError, match="Role not found"):
            change(handler, desired(roles=["Nobody"], team="Support"))
        assert box.count(changed=True) == 0


def test_another_login_and_more_in_one_call() -> None:
    """The PATCH has the login and what goes through SCIM, the PUT goes to the new login; the identity stays."""
    with handled(JDOE | OTHERS) as (box, handler):
        before = people(box)["jdoe"]
        wanted = desired("jane.roe", last_name="Roe", team="Support")
        after = renamed(handler, wanted, NEXT)
        assert KIND.compare(wanted, after) == []
        assert set(box.users) == {"jane.roe"}
        now = people(box)["jane.roe"]
        assert (now["id"], now["lastName"], now["team"]) == (before["id"], "Roe", "Support")
        assert {name: now[name] for name in OTHERS} == OTHERS and box.password_matches("jane.roe", NEXT["password"])
        assert [(e.method, e.path.rpartition("/")[2]) for e in box.log(write=True)] == [
            ("PATCH", before["id"]),
            ("PUT", "jane.roe"),
        ]


@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
def test_a_lost_answer_to_a_rename(fault: dict[str, Any]) -> None:
    """Settled by reading the new login; made again when it is not there."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PATCH", path=ACCOUNT, nth=1)
        assert renamed(handler, desired("jane"))["first_name"] == "Jane"
        assert set(box.users) == {"jane"}


def test_a_rename_that_the_service_provider_did_not_enable() -> None:
    """Told as that, and nothing else is changed."""
    with handled(JDOE, switches={"scim-rename": "refused"}) as (box, handler):
        with pytest.raises(PermissionDenied, match="user jdoe was not renamed to jane") as caught:
            renamed(handler, desired("jane", team="Support"))
        assert "service provider must enable" in caught.value.way_out
        assert (set(box.users), box.count(changed=True)) == ({"jdoe"}, 0)


def test_a_rename_that_is_accepted_and_not_made() -> None:
    """The answer is held against what was sent."""
    with handled(JDOE) as (box, handler):
        box.fault({"status": 200, "body": ""}, method="PATCH", path=ACCOUNT)
        with pytest.raises(ObjectError, match="no SCIM account when it is asked for 'jane'"):
            renamed(handler, desired("jane"))


def test_a_login_that_is_taken_meanwhile() -> None:
    """Nobody is written to."""
    with handled(JDOE, JDOE | {"loginId": "jane", "extension": "9"}) as (box, handler):
        with pytest.raises(ChangedSincePreview, match="cannot be renamed to jane, which exists since the preview"):
            renamed(handler, desired("jane", team="Support"))
        assert box.count(changed=True) == 0


@pytest.mark.parametrize("setting", ["404", "403"])
def test_without_scim_nothing_is_renamed_or_changed(setting: str) -> None:
    """The preview says so; an up that nobody previewed does, too, and writes nothing."""
    with handled(JDOE, switches={"scim": setting}) as (box, handler):
        supporting = handler.supporting()
        wanted = replace(desired("jane"), was="jdoe")
        live = read(handler, desired())
        (problem,) = KIND.problems(wanted, live, supporting)
        assert "cannot be renamed: SCIM is off" in problem and "'jdoe'" in problem
        for new in (wanted, desired(first_name="Janet")):
            with pytest.raises(ObjectError, match="SCIM is off") as caught:
                renamed(handler, new) if new.was else change(handler, new)
            assert "plain pulumi never does" in caught.value.way_out
        assert writes(box) == []
        asked = box.count("GET", SCIM)
        assert KIND.problems(wanted, live, supporting) == [problem] and box.count("GET", SCIM) == asked


def test_with_scim_nothing_needs_a_replacement() -> None:
    """And whether SCIM is there is asked only where it matters, once."""
    with handled(JDOE) as (box, handler):
        supporting, live = handler.supporting(), read(handler, desired())
        assert KIND.problems(desired(team="Support"), live, supporting) == []
        assert box.count("GET", SCIM) == 0
        for name in ("first_name", "email"):
            wanted = desired(**{name: "other"})
            assert KIND.problems(wanted, live, supporting) == []
            assert KIND.replacement(wanted, live, KIND.compare(wanted, live), supporting) == ""
        assert box.count("GET", SCIM) == 1


def test_a_replacement_needs_leave_and_a_password() -> None:
    """Without leave the problem says what would be lost; with it what the creation demands."""
    with handled(JDOE, switches={"scim": "404"}) as (_, handler):
        supporting, live = handler.supporting(), read(handler, desired())
        wanted = desired(last_name="Roe", email="j@example.com")
        lost_ = KIND.replacement(wanted, live, KIND.compare(wanted, live), supporting)
        assert "recordings" in lost_
        (problem,) = KIND.problems(wanted, live, supporting)
        assert "nothing else changes `last_name` and `email`" in problem
        assert problem.startswith("needs replacement: SCIM is off") and "`allow_replace: true`" in problem
        allowed = replace(wanted, options={"allow_replace": True})
        (problem,) = KIND.problems(allowed, live, supporting)
        assert "OneCloud demands `password`; add it" in problem
        whole = replace(allowed, fields={**allowed.fields, "password": "${env:P}"})
        assert KIND.problems(whole, live, supporting) == []
