"""Users who are deleted and created again: what is carried over is kept from before the deletion until it is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import (
    ChangedSincePreview,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    SettingsError,
)
from cxconfig.kinds import Desired
from cxconfig.sandbox import Sandbox
from providers.onecloud.users_handler import UsersHandler
from tests.onecloud.support import JDOE, KIND, PASSWORD, USER, Noting, desired, handled, skills_of
from tests.onecloud.test_users import LOST, NOT_MADE, SECRETS, kind_of, read, writes

ONE = f"{USER}/*"
SCIM = "/configapi/v2/scim/users"
LIVE = JDOE | {"workPhone": "12", "roles": ["Agent"], "extension": "1007", "changePassword": True}
OFF = {"scim": "404"}
WANTED = desired(last_name="Roe", skills=None)
CARRIED = {
    "email": "",
    "extension": "1007",
    "work_phone": "12",
    "mobile_phone": "",
    "change_password": True,
    "skills": {"English": 90},
    "roles": ["Agent"],
}
"""What is live, can be read, and is not declared."""


def replaced(box: Sandbox, handler: UsersHandler, wanted: Desired = WANTED) -> Noting:
    """Replace jdoe, as a run does."""
    live, keeper = read(handler, wanted), Noting(box)
    handler.replace(wanted, live, KIND.compare(wanted, live), SECRETS, keeper)
    return keeper


def failed(box: Sandbox, handler: UsersHandler, error: type[Exception], text: str) -> tuple[Noting, Any]:
    """The same, which ends with an error."""
    live, keeper = read(handler, WANTED), Noting(box)
    with pytest.raises(error, match=text) as caught:
        handler.replace(WANTED, live, [], SECRETS, keeper)
    return keeper, caught.value


def test_a_replacement_carries_over_what_can_be_read() -> None:
    """Deleted and created with what is declared, and with the live values of what is not, which are kept until then."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        handler.replace(WANTED, live, KIND.compare(WANTED, live), SECRETS, keeper)
        assert writes(box) == ["DELETE", "POST"]
        now = box.users["jdoe"]
        assert (now["lastName"], now["workPhone"], now["extension"]) == ("Roe", "12", "1007")
        assert (now["roles"], now["skills"], now["changePassword"]) == (["Agent"], {"English": 90}, True)
        assert box.password_matches("jdoe", PASSWORD)
        assert (keeper.ever, keeper.said) == (CARRIED, ["keep", "forget"])
        assert box.count("GET", ONE) == 3, "read before, after the deletion, and read back once"


def test_what_is_ignored_or_nobodys_is_carried_over() -> None:
    """As it is live: a disabled person stays disabled, in the team and with the skills that others gave."""
    live = LIVE | {"disabled": True, "team": "Support", "skills": {"Billing": 3}, "mobilePhone": "34"}
    ignoring = desired(last_name="Roe", mobile_phone="56", work_phone="78")
    ignoring = replace(ignoring, ignore=frozenset({"disabled", "team", "skills", "mobile_phone", "password"}))
    followed = replace(WANTED, fields={n: v for n, v in WANTED.fields.items() if n not in {"disabled", "team"}})
    for wanted, phones in ((ignoring, ("78", "34")), (followed, ("12", "34"))):
        with handled(live, switches=OFF) as (box, handler):
            before = read(handler, wanted)
            allowing = replace(wanted.compared(), options={"allow_replace": True})
            said = KIND.problems(allowing, before, handler.supporting())
            assert ["`password`" in one for one in said] == ([] if wanted is ignoring else [True])
            replaced(box, handler, wanted)
            now = box.users["jdoe"]
            assert (now["lastName"], now["disabled"], now["team"]) == ("Roe", True, "Support")
            assert (now["skills"], (now["workPhone"], now["mobilePhone"])) == ({"Billing": 3}, phones)
    with handled(live, switches=OFF) as (_, handler):
        compared = KIND.compare(WANTED, read(handler, WANTED))
        assert {"disabled", "team"} < {one.field for one in compared}, "managed, and so announced"


def test_what_is_empty_is_no_demand() -> None:
    """An extension that the contact centre gives; nor does an empty name that is ignored take the declared one away."""
    with handled(LIVE, switches=OFF) as (box, handler):
        box.change_user("jdoe", extension="")
        wanted = replace(WANTED, ignore=frozenset({"last_name"}))
        live, keeper = {**read(handler, wanted), "last_name": ""}, Noting(box)
        handler.replace(wanted, live, [], SECRETS, keeper)
        assert keeper.said == ["keep", "forget"] and box.users["jdoe"]["extension"]
        assert box.users["jdoe"]["lastName"] == "Roe"


def test_who_was_created_again_and_is_not_found_is_told() -> None:
    """With the values kept, as nobody has seen them."""
    with handled(LIVE, switches=OFF) as (box, handler):
        box.fault({"status": 404}, method="GET", path=ONE, after=2)
        keeper, _ = failed(box, handler, ObjectError, "answers 404 when it is asked for the user 'jdoe'")
        assert (keeper.said, keeper.kept) == (["keep"], CARRIED)


@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_lost_answer_to_a_replacement(fault: dict[str, Any], method: str) -> None:
    """Settled by reading, each of the two."""
    with handled(LIVE, switches=OFF) as (box, handler):
        box.fault(fault, method=method, nth=1, path=USER if method == "POST" else ONE)
        keeper = replaced(box, handler)
        assert box.users["jdoe"]["lastName"] == "Roe" and box.password_matches("jdoe", PASSWORD)
        assert (box.users["jdoe"]["workPhone"], keeper.said) == ("12", ["keep", "forget"])


def test_without_a_password_nothing_is_kept_or_deleted() -> None:
    """A creation demands it."""
    with handled(LIVE, switches=OFF) as (box, handler):
        keeper = Noting(box)
        with pytest.raises(ObjectError, match="needs the password"):
            handler.replace(WANTED, read(handler, WANTED), [], {}, keeper)
        assert (box.count(write=True), keeper.said) == (0, [])


def test_what_cannot_be_kept_is_not_deleted() -> None:
    """A full disk, for one."""
    with handled(LIVE, switches=OFF) as (box, handler):
        keeper = Noting(box, SettingsError("no space left"))
        with pytest.raises(SettingsError, match="no space left"):
            handler.replace(WANTED, read(handler, WANTED), [], SECRETS, keeper)
        assert (box.count(write=True), set(box.users)) == (0, {"jdoe"})


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("refused", [0, 1])
def test_scim_that_answers_again_stops_the_deletion(status: int, refused: int) -> None:
    """It was off in the preview; asked again right before, one refused answer is not believed."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        assert handler.client.scim.off("jdoe") is not None
        box.set_switch("scim", "on")
        if refused:
            box.fault({"status": status}, method="GET", path=SCIM, count=1)
        with pytest.raises(ChangedSincePreview, match="and answers now, so no replacement") as caught:
            handler.replace(WANTED, live, KIND.compare(WANTED, live), SECRETS, keeper)
        assert "Run again" in caught.value.way_out
        assert (box.count(write=True), keeper.said, set(box.users)) == (0, [], {"jdoe"})
        assert handler.client.scim.off("jdoe") is None


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("after", [0, 1])
def test_a_look_up_that_fails_stops_the_deletion(status: int, after: int) -> None:
    """The first or the second: nobody knows whether SCIM is off, so nobody is deleted."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        box.fault({"status": status, "body": "no"}, method="GET", path=SCIM, after=after)
        with pytest.raises(LiveError):
            handler.replace(WANTED, live, [], SECRETS, keeper)
        assert (box.count(write=True), keeper.said) == (0, [])


@pytest.mark.parametrize("status", [403, 404])
def test_one_refused_look_up_makes_no_replacement(status: int) -> None:
    """It may be of that one call; a second one tells, once for all users."""
    with handled(LIVE) as (box, handler):
        box.fault({"status": status, "body": "nope"}, method="GET", path=SCIM, count=1)
        live, supporting = read(handler, WANTED), handler.supporting()
        assert KIND.replacement(WANTED, live, KIND.compare(WANTED, live), supporting) == ""
        assert KIND.problems(WANTED, live, supporting) == []
        assert box.count("GET", SCIM) == 2
    with handled(LIVE, switches={"scim": str(status)}) as (box, handler):
        box.fault({"status": 400, "body": "try later"}, method="GET", path=SCIM, after=1)
        with pytest.raises(Refused, match="try later"):
            handler.supporting()["scim_off"]("jdoe")
    with handled(LIVE, switches={"scim": str(status)}) as (box, handler):
        scim_off = handler.supporting()["scim_off"]
        assert all(scim_off(login) for login in ("jdoe", "jdoe", "other")) and box.count("GET", SCIM) == 2


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (403, PermissionDenied)])
def test_a_deletion_that_is_refused(status: int, error: type[LiveError]) -> None:
    """Nobody was deleted, so nothing is kept."""
    with handled(LIVE, switches=OFF) as (box, handler):
        box.fault({"status": status, "body": "no"}, method="DELETE")
        keeper, _ = failed(box, handler, error, "no")
        assert (keeper.said, set(box.users)) == (["keep", "forget"], {"jdoe"})


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_deletion_of_which_nobody_knows(status: int) -> None:
    """The answer is lost, and the read that should tell fails: it may have been deleted, so its values stay kept."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        box.fault("drop_after", method="DELETE")
        box.fault({"status": status, "body": "no"}, method="GET", path=ONE)
        with pytest.raises(LiveError):
            handler.replace(WANTED, live, [], SECRETS, keeper)
        assert (keeper.said, keeper.kept, box.users) == (["keep"], CARRIED, {})


def test_a_replacement_that_stops_halfway_says_so() -> None:
    """Deleted and refused: the values stay kept, and the next run creates the user."""
    with handled(LIVE, switches=OFF) as (box, handler):
        box.fault({"status": 400, "body": "password is too weak"}, method="POST", path=USER)
        keeper, error = failed(box, handler, ObjectError, "was deleted and could not be created again")
        assert "password is too weak" in error.what
        assert "Run again: the user is created as declared." in error.way_out
        assert (box.users, keeper.said, keeper.kept) == ({}, ["keep"], CARRIED)


def test_a_creation_of_which_nobody_knows() -> None:
    """Neither written nor read for certain: the values stay kept until somebody knows."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        box.fault("drop_after", method="POST", path=USER)
        # The first read is the one that tells that the deletion was made; of the creation nobody can tell.
        box.fault({"status": 500}, method="GET", path=ONE, after=1)
        with pytest.raises(ObjectError, match="whether the user was created again with all") as caught:
            handler.replace(WANTED, live, [], SECRETS, keeper)
        assert isinstance(caught.value.__cause__, OutcomeUnknown | LiveError)
        assert (keeper.said, keeper.kept) == (["keep", "lacks"], CARRIED)


@pytest.mark.parametrize("fault", ["drop_before", "token"])
def test_a_creation_that_may_have_been_made_is_not_told_as_refused(fault: str) -> None:
    """No answer at all, or made, and then no token for the look: the values stay kept as those of who may be there."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        if fault == "token":
            box.fault({"status": 401}, method="GET", path=ONE, after=1)
            box.fault({"status": 401}, method="POST", path="/configapi/v2/oauth/token")
        else:
            box.fault(fault, method="POST", path=USER)
        with pytest.raises(ObjectError, match="whether the user was created again with all"):
            handler.replace(WANTED, live, [], SECRETS, keeper)
        assert (keeper.said, keeper.kept, set(box.users)) == (
            *(["keep", "lacks"], CARRIED),
            {"jdoe"} if fault == "token" else set(),
        )


PHONE = "+47 555 010 4477"
TAUGHT = LIVE | {"workPhone": PHONE, "skills": {"English": 90, "Spanish": 4}}


@contextmanager
def without_spanish() -> Iterator[tuple[Sandbox, UsersHandler]]:
    """A user with a skill that the contact centre has no more, and leaves out without a word."""
    with handled(TAUGHT, switches={**OFF, "U4": "ignored"}) as (box, handler):
        skills_of(box).remove("Spanish")
        yield box, handler


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
def test_a_carried_value_that_the_creation_leaves_out_is_told(lost: bool) -> None:
    """It was live before, which proves nothing; nor is it a mistake in the YAML, which does not name it."""
    with without_spanish() as (box, handler):
        if lost:
            box.fault("drop_after", method="POST", path=USER)
        keeper, error = failed(box, handler, ObjectError, "created again, and is not all that it was to be")
        assert "Not declared, and other than before: skills (this contact centre took no Spanish)" in error.what
        assert "correct the name" not in str(error) and PHONE not in str(error) and "accepted" not in error.what
        assert (keeper.said, keeper.kept) == (["keep", "lacks"], {"skills": {"English": 90, "Spanish": 4}})
        assert (box.users["jdoe"]["skills"], box.users["jdoe"]["workPhone"]) == ({"English": 90}, PHONE)


def test_a_declared_value_that_the_creation_leaves_out_is_repaired_by_the_next_run() -> None:
    """The user was created, so nothing has to be kept; what is declared is compared again."""
    wanted = desired(last_name="Roe", skills={"English": 1, "Spanish": 3})
    with without_spanish() as (box, handler):
        live, keeper = read(handler, wanted), Noting(box)
        with pytest.raises(ObjectError, match="and is not all that it was to be") as caught:
            handler.replace(wanted, live, KIND.compare(wanted, live), SECRETS, keeper)
        assert "It does not have Spanish" in caught.value.what and "correct the name here" in caught.value.what
        assert "before" not in caught.value.what and "next preview shows" in caught.value.way_out
        assert keeper.said == ["keep", "forget"] and box.users["jdoe"]["workPhone"] == PHONE
        skills_of(box).append("Spanish")
        handler.update(wanted, now := read(handler, wanted), KIND.compare(wanted, now), {})
        assert KIND.compare(wanted, read(handler, wanted)) == []


def test_who_cannot_be_read_after_the_creation_is_not_called_gone() -> None:
    """Nobody knows whether all was set, so all stays kept until somebody does."""
    with handled(LIVE, switches=OFF) as (box, handler):
        live, keeper = read(handler, WANTED), Noting(box)
        box.fault({"status": 400, "body": "no"}, method="GET", path=ONE, after=1)
        with pytest.raises(ObjectError, match="whether the user was created again with all") as caught:
            handler.replace(WANTED, live, [], SECRETS, keeper)
        assert "could not be created" not in caught.value.what and set(box.users) == {"jdoe"}
        assert (keeper.said, keeper.kept) == (["keep", "lacks"], CARRIED)


def test_who_is_there_again_after_the_deletion_is_left_alone() -> None:
    """Somebody was faster: the read after the deletion found nobody."""
    with handled(LIVE, switches={**OFF, "delete": "kept"}) as (box, handler):
        box.fault({"status": 404, "body": "user not found"}, method="GET", path=ONE, after=1, count=1)
        keeper, error = failed(box, handler, ObjectError, "somebody of that login is there again")
        assert "nothing was changed" not in str(error) and type(error) is ObjectError
        assert (keeper.said, keeper.kept) == (["keep", "lacks"], CARRIED)
        assert box.users["jdoe"]["lastName"] == "Doe"
