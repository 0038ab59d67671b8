"""The handler of SCIM accounts against the sandbox: every switch, look-ups, lost answers, SCIM that is off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cxconfig.errors import (
    ChangedSincePreview,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    Place,
    Unavailable,
    UnexpectedAnswer,
)
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, Declared, Desired, Difference, OnRemove, Values
from cxconfig.sandbox import Sandbox
from cxconfig.tenancy import desired_object
from providers.onecloud.scim_accounts import ScimAccounts
from providers.onecloud.scim_client import PATH, ScimOff
from providers.onecloud.scim_handler import ScimAccountsHandler
from providers.onecloud.scim_values import RESOURCE
from tests.onecloud.support import JDOE, PASSWORD, sandboxed
from tests.onecloud.test_users import DECLARED, LOST, NOT_MADE, SETTINGS, kind_of

KIND = ScimAccounts()
ONE = f"{PATH}/*"
SECRETS = {"password": PASSWORD}
NEXT = {"password": "Bandicoot-3388-second"}
PHOTO = "https://www.example.com/jane.png"
OFF = ("404", "403")
EVERYTHING: dict[str, Any] = {
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@example.com",
    "nick_name": "Janie",
    "title": "Lead",
    "timezone": "Europe/Oslo",
    "country": "NO",
    "city": "Oslo",
    "region": "03",
    "work_phone": "+47 555 0100",
    "mobile_phone": "+47 555 0101",
    "default_phone": "0102",
    "extension": "1007",
    "roles": ["Agent"],
}
CHANGED: dict[str, Any] = {
    "first_name": "Janet",
    "last_name": "Roe",
    "email": "janet@example.com",
    "nick_name": "",
    "title": "Boss",
    "timezone": "America/New_York",
    "country": "US",
    "city": "",
    "region": "NY",
    "work_phone": "",
    "mobile_phone": "+1 555 0199",
    "default_phone": "77",
    "extension": "1008",
    "roles": ["Supervisor", "Agent"],
}
lost = pytest.mark.parametrize("fault", LOST, ids=kind_of)
not_made = pytest.mark.parametrize("fault", NOT_MADE, ids=kind_of)
each_method = pytest.mark.parametrize("method", ["patch", "put"])


@contextmanager
def handled(*users: dict[str, Any], switches: Any = None, **seed: Any) -> Iterator[tuple[Sandbox, ScimAccountsHandler]]:
    with sandboxed(*users, switches=switches, **seed) as (box, client):
        yield box, KIND.handler(client)


def desired(login: str = "jdoe", **values: Any) -> Desired:
    return desired_object(KIND, Declared(KIND.id, login, values, Place("people.yaml", 3, 5)), KindSettings())


def read(handler: ScimAccountsHandler, login: str = "jdoe") -> Values:
    live = handler.observe({login: {}})[login]
    assert live is not None
    return live


def change(handler: ScimAccountsHandler, wanted: Desired, secrets: dict[str, str] | None = None) -> Values:
    """Bring an account from what is live to what is wanted, as a run does: exactly the differences."""
    live = read(handler, wanted.key)
    unread = [*(secrets or {}), *({"photo"} & wanted.fields.keys())]
    differences = [*KIND.compare(wanted, live), *(Difference(name, None, None) for name in unread)]
    assert differences, "there is something to do"
    return handler.update(wanted, live, differences, secrets or {})


def people(box: Sandbox) -> dict[str, dict[str, Any]]:
    """Everything of everybody, by login."""
    users = box.dump()["users"]
    return {user["loginId"]: user for user in users}


def writes(box: Sandbox) -> list[str]:
    return [entry.method for entry in box.log(write=True)]


@pytest.mark.parametrize(("name", "setting"), [(n, s) for n, s in SETTINGS if (n, s) not in {("scim", o) for o in OFF}])
def test_a_life_under_every_setting_of_every_switch(name: str, setting: str) -> None:
    """Absent, created, every attribute changed and drifted and repaired, disabled, deleted: whatever is unknown."""
    limited = {"U43": "retry-after"} if name == "rate-limit" else {}
    with handled(JDOE, switches={**limited, name: setting}) as (box, handler):
        new = desired("new", **EVERYTHING, photo=PHOTO)
        assert handler.observe({"new": {}}) == {"new": None}
        if (name, setting) == ("scim", "no-account"):
            with pytest.raises(LiveError, match="SCIM integration account"):
                handler.create(new, SECRETS)
            return
        created = handler.create(new, SECRETS)
        assert KIND.compare(new, created) == [] == KIND.compare(new, read(handler, "new"))
        assert box.password_matches("new", PASSWORD) and people(box)["new"]["photo"] == PHOTO
        for method in ("patch", "put"):
            for values in (CHANGED, EVERYTHING):
                wanted = desired("new", **values, photo=f"{PHOTO}?{method}", method=method)
                after = change(handler, wanted, NEXT)
                assert KIND.compare(wanted, after) == [] == KIND.compare(wanted, read(handler, "new"))
                assert people(box)["new"]["photo"] == f"{PHOTO}?{method}"
        assert box.password_matches("new", NEXT["password"])
        handler.remove("new", read(handler, "new"), Action.DISABLE)
        assert box.users["new"]["disabled"] is True
        assert [d.field for d in KIND.compare(new, read(handler, "new"))] == ["active"]
        change(handler, desired("new"))
        assert box.users["new"]["disabled"] is False
        handler.remove("new", read(handler, "new"), Action.DELETE)
        assert handler.observe({"new": {}}) == {"new": None}
        made = [entry.method for entry in box.log(changed=True)]
        fixed = ["PATCH"] if (name, setting) == ("scim-region", "lost") else []
        assert made == ["POST", *fixed, "PATCH", "PATCH", "PUT", "PUT", "PATCH", "PATCH", "DELETE"]


@each_method
def test_what_is_not_managed_stays(method: str) -> None:
    """One field changes, and every other attribute of the person is as before; the photo is sent with a PUT."""
    everything = {"photo": PHOTO, "nickName": "J", "title": "T", "timezone": "Europe/Oslo", "country": "NO"}
    others = {"city": "Oslo", "region": "03", "workPhone": "1", "mobilePhone": "2", "defaultPhone": "3"}
    with handled(JDOE | everything | others | {"roles": ["Agent"], "email": "j@example.com"}) as (box, handler):
        before = people(box)["jdoe"]
        photo = {"photo": PHOTO} if method == "put" else {}
        wanted = desired(mobile_phone="22", method=method, **photo)
        handler.update(wanted, read(handler), KIND.compare(wanted, read(handler)), {})
        assert people(box)["jdoe"] == before | {"mobilePhone": "22"}
        (call,) = box.log(write=True)
        assert call.method == method.upper()


def test_a_patch_sends_what_changed_and_no_more() -> None:
    """One operation for each attribute that differs."""
    with handled(JDOE | {"workPhone": "1"}) as (box, handler):
        change(handler, desired(mobile_phone="2", work_phone="1", title="Lead", first_name="Jane"))
        (call,) = box.log(write=True)
        assert sorted(operation["path"] for operation in call.sent["Operations"]) == ["phoneNumbers", "title"]


@pytest.mark.parametrize("setting", ["refused", "all", "page"])
@pytest.mark.parametrize("count", [2, 40, 120])
def test_many_are_read_with_one_list_call_where_there_is_one(setting: str, count: int) -> None:
    """Whole lists are used, and who is missing in one is asked for; every other list costs one call and no trust."""
    people = [JDOE | {"loginId": f"u{n}", "extension": str(5000 + n)} for n in range(count)]
    with handled(*people, switches={"scim-list": setting}) as (box, handler):
        wanted: dict[str, Values] = {login: {} for login in [*(f"u{n}" for n in range(count)), "nobody"]}
        found = handler.observe(wanted)
        assert list(found) == list(wanted)
        assert found["nobody"] is None
        extensions = [live["extension"] for live in found.values() if live is not None]
        assert extensions == [str(5000 + n) for n in range(count)]
        whole = setting == "all" or (setting == "page" and count < 100)
        assert box.count("GET", PATH) == (2 if whole else count + 2)
        handler.observe(wanted)
        assert box.count("GET", PATH) == (4 if whole else 2 * count + 3)


@pytest.mark.parametrize("setting", ["200", "404"])
@pytest.mark.parametrize("listing", ["refused", "all"])
def test_absent_is_told_from_scim_that_is_off(setting: str, listing: str) -> None:
    """U39: an empty list says it; a 404 is held against the user and against what else SCIM answers."""
    with handled(JDOE, switches={"U39": setting, "scim-list": listing}) as (box, handler):
        assert handler.observe({"nobody": {}}) == {"nobody": None}
        assert handler.observe({"nobody": {}, "jdoe": {}})["jdoe"] is not None
        assert box.count("GET", "/configapi/v2/user/*") == (2 if setting == "404" else 0)


def test_one_look_up_that_fails_does_not_tell_that_it_is_off() -> None:
    """After that of the absent one, and the list, the look-up of who is known to exist: it is made once more."""
    with handled(JDOE, switches={"U39": "404"}) as (box, handler):
        box.fault({"status": 404, "body": "for a moment"}, method="GET", path=PATH, after=1, count=2)
        assert handler.observe({"nobody": {}}) == {"nobody": None}
        assert box.count("GET", PATH) == 4


@pytest.mark.parametrize("setting", OFF)
@pytest.mark.parametrize("login", ["jdoe", "nobody"])
def test_scim_that_is_off_is_one_clear_error(setting: str, login: str) -> None:
    """Nothing is taken for absent, whether the login exists or not."""
    with handled(JDOE, switches={"scim": setting}) as (box, handler):
        with pytest.raises(ScimOff, match="SCIM is off for this contact centre") as caught:
            handler.observe({login: {}})
        assert "SCIM integration account" in caught.value.way_out
        with pytest.raises(ScimOff):
            handler.observe({login: {}, "a": {}, "b": {}})
        assert writes(box) == []


@pytest.mark.parametrize("setting", OFF)
def test_that_it_is_off_is_found_out_once(setting: str) -> None:
    """However many ask at the same time, and whichever kind: what it costs does not grow."""
    with handled(JDOE, switches={"scim": setting}) as (box, handler):
        with pytest.raises(ScimOff):
            handler.observe({f"a{number}": {} for number in range(40)})
        asked = box.count("GET", PATH)
        assert asked <= 4
        assert handler.client.scim.off("jdoe") is not None
        with pytest.raises(ScimOff) as first:
            handler.observe({"jdoe": {}})
        with pytest.raises(ScimOff) as second:
            handler.observe({"jdoe": {}})
        assert box.count("GET", PATH) == asked
        assert first.value is not second.value, "each gets the place of its own object"


def test_an_empty_contact_centre_that_answers_404_to_everything_is_not_guessed_about() -> None:
    """Nobody is known whose look-up would tell."""
    with handled(switches={"scim": "404"}) as (_, handler), pytest.raises(Unavailable, match="nobody is known"):
        handler.observe({"nobody": {}})


def test_a_contradiction_is_an_error() -> None:
    """A user who exists, and whom SCIM does not find although it finds others."""
    with handled(JDOE, JDOE | {"loginId": "b", "extension": "9"}, switches={"U39": "404"}) as (box, handler):
        assert read(handler) is not None
        box.fault({"status": 404}, method="GET", path=PATH)
        with pytest.raises(UnexpectedAnswer, match="the user 'b' exists"):
            handler.observe({"b": {}})


@pytest.mark.parametrize("setting", ["exact", "ignored"])
def test_logins_that_differ_by_case(setting: str) -> None:
    """The very spelling goes before another one; which of two others is meant is not guessed."""
    two = (JDOE, JDOE | {"loginId": "JDOE", "extension": "9"})
    with handled(*two, switches={"scim-case": setting, "scim-list": "all"}) as (_, handler):
        assert read(handler, "JDOE")["extension"] == "9" != read(handler)["extension"]
        if setting == "exact":
            assert handler.observe({"Jdoe": {}}) == {"Jdoe": None}
        else:
            with pytest.raises(UnexpectedAnswer, match="2 accounts"):
                handler.observe({"Jdoe": {}})


@pytest.mark.parametrize(
    "login", ['a "quoted" one', "back\\slash", "Łucja+1%&=é#", "a/b", "emoji \U0001f600", "x eq y"]
)
def test_logins_that_need_quoting(login: str) -> None:
    """Created, found, changed and deleted like any other."""
    with handled() as (box, handler):
        new = desired(login, **EVERYTHING)
        assert handler.observe({login: {}}) == {login: None}
        handler.create(new, {})
        change(handler, desired(login, title="Boss"))
        assert people(box)[login]["title"] == "Boss"
        handler.remove(login, read(handler, login), Action.DELETE)
        assert handler.observe({login: {}}) == {login: None}


@lost
@each_method
def test_a_lost_answer_to_a_change(fault: dict[str, Any], method: str) -> None:
    """Settled by reading; what cannot be read is sent again."""
    for secrets in ({}, NEXT):
        with handled(JDOE | {"photo": PHOTO}) as (box, handler):
            live = read(handler)
            wanted = desired(title="Lead", photo=PHOTO, method=method)
            differences = [*KIND.compare(wanted, live), *(Difference(name, None, None) for name in secrets)]
            box.fault(fault, method=method.upper(), path=ONE, nth=1)
            after = handler.update(wanted, live, differences, secrets)
            assert (after["title"], people(box)["jdoe"]["title"]) == ("Lead", "Lead")
            assert box.count(method.upper(), ONE) == (2 if secrets else 1)


@not_made
@each_method
def test_a_change_that_was_not_made(fault: dict[str, Any], method: str) -> None:
    """Made once more when reading shows that it was not."""
    with handled(JDOE | {"photo": PHOTO}) as (box, handler):
        live = read(handler)
        wanted = desired(title="Lead", photo=PHOTO, method=method)
        box.fault(fault, method=method.upper(), path=ONE, nth=1)
        handler.update(wanted, live, KIND.compare(wanted, live), {})
        assert people(box)["jdoe"]["title"] == "Lead"


@lost
def test_a_lost_answer_to_a_creation(fault: dict[str, Any]) -> None:
    """Found by reading; the password and the photo are sent again by a PATCH, as nobody can tell."""
    for secrets, made in (({}, ["POST"]), (SECRETS, ["POST", "PATCH"])):
        with handled() as (box, handler):
            box.fault(fault, method="POST", path=PATH, nth=1)
            created = handler.create(desired("new", **EVERYTHING), secrets)
            assert (created["title"], writes(box)) == ("Lead", made)
            assert box.password_matches("new", PASSWORD) is bool(secrets)


@not_made
def test_a_creation_that_was_not_made(fault: dict[str, Any]) -> None:
    """Made once more."""
    with handled() as (box, handler):
        box.fault(fault, method="POST", path=PATH, nth=1)
        handler.create(desired("new", **EVERYTHING), SECRETS)
        assert box.password_matches("new", PASSWORD) and len(box.users) == 1


@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
def test_a_lost_answer_to_a_removal(fault: dict[str, Any], action: Action) -> None:
    """Settled by reading; done is done."""
    with handled(JDOE) as (box, handler):
        live = read(handler)
        box.fault(fault, path=ONE, nth=1)
        handler.remove("jdoe", live, action)
        assert box.users.get("jdoe", {"disabled": True})["disabled"] is True


def test_gone_is_deleted() -> None:
    """Somebody was faster."""
    with handled(JDOE) as (box, handler):
        live = read(handler)
        box.delete_user("jdoe")
        handler.remove("jdoe", live, Action.DELETE)
        handler.remove("jdoe", live, Action.DISABLE)


def test_a_login_that_appeared_since_the_preview() -> None:
    """Taken over only when it is just as declared, and no password would have to be set."""
    with handled(JDOE | {"email": "jane@example.com"}) as (box, handler):
        same = desired(first_name="Jane", last_name="Doe", email="jane@example.com")
        assert handler.create(same, {})["first_name"] == "Jane"
        for other, secrets in ((desired(**EVERYTHING), {}), (same, SECRETS)):
            with pytest.raises(ChangedSincePreview, match="the SCIM account appeared since the preview"):
                handler.create(other, secrets)
        assert box.count(changed=True) == 0


@pytest.mark.parametrize("setting", ["400", "409"])
@pytest.mark.parametrize("body", DECLARED["U46"].settings)
def test_an_extension_that_somebody_has(setting: str, body: str) -> None:
    """U40: the vendor's refusal, whatever its status; the login was free, so nobody is taken over."""
    with handled(JDOE | {"extension": "1007"}, switches={"U40": setting, "U46": body}) as (box, handler):
        with pytest.raises(LiveError) as caught:
            handler.create(desired("new", **EVERYTHING), {})
        assert caught.value.status == int(setting)
        assert list(box.users) == ["jdoe"]


def test_a_disabling_that_is_accepted_and_not_made_is_told() -> None:
    """The record goes with it, so nobody would look again."""
    with handled(JDOE) as (box, handler):
        shown = read(handler)[RESOURCE]
        box.fault({"status": 200, "body": json.dumps(shown)}, method="PATCH", path=ONE)
        with pytest.raises(ObjectError, match="the SCIM account is still enabled"):
            handler.remove("jdoe", read(handler), Action.DISABLE)


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_creation_that_lacks_something_which_is_then_refused_is_a_creation(status: int) -> None:
    """The account is there, with the password that was sent: it is neither somebody else's nor "not made"."""
    with handled(JDOE, switches={"scim-region": "lost"}) as (box, handler):
        box.fault({"status": status, "body": "no"}, method="PATCH", path=ONE)
        with pytest.raises(ObjectError, match="the account was created, and lacks region") as told:
            handler.create(desired("new", **EVERYTHING), {"password": PASSWORD})
        assert not isinstance(told.value, ChangedSincePreview)
        assert box.password_matches("new", PASSWORD)


@pytest.mark.parametrize("values", [{"roles": ["Boss"]}, {"photo": "http://a.example/missing"}])
def test_what_the_vendor_refuses_is_told(values: dict[str, Any]) -> None:
    """An unknown role, a photo that is not there: at creation and later, and nothing is retried."""
    with handled(JDOE) as (box, handler):
        with pytest.raises(LiveError) as at_change:
            change(handler, desired(**values))
        with pytest.raises(LiveError) as at_creation:
            handler.create(desired("new", **EVERYTHING | values), {})
        assert (at_change.value.status, at_creation.value.status) == (404, 404)
        assert len(writes(box)) == 2


def test_a_put_that_changes_more_is_told() -> None:
    """Somebody changed the person between our read and our PUT, which wrote over it."""
    with handled(JDOE | {"photo": PHOTO}) as (box, handler):
        live = {**read(handler), "title": "seen otherwise"}
        wanted = desired(city="Oslo", method="put", photo=PHOTO)
        with pytest.raises(ObjectError, match="the PUT changed title besides"):
            handler.update(wanted, live, KIND.compare(wanted, live), {})
        assert people(box)["jdoe"]["city"] == "Oslo"


def test_a_put_without_the_photo_is_not_made() -> None:
    """Ignored, its address is not known to be the live one."""
    with handled(JDOE) as (box, handler):
        wanted = desired(city="Oslo", method="put")
        with pytest.raises(ObjectError, match="would clear the photo"):
            change(handler, wanted)
        assert writes(box) == []


def test_no_private_value_is_in_an_error() -> None:
    """The vendor may echo what was sent."""
    with handled(JDOE | {"workPhone": "+15550123456"}) as (box, handler):
        live = read(handler)
        body = f"bad: +15550123456 15550987654 {PASSWORD}"
        box.fault({"status": 400, "body": body}, method="PATCH", path=ONE)
        wanted = desired(mobile_phone="15550987654")
        with pytest.raises(LiveError) as caught:
            handler.update(wanted, live, [*KIND.compare(wanted, live), Difference("password", None, None)], SECRETS)
        assert "5550123456" not in str(caught.value) and "5550987654" not in str(caught.value)
        assert PASSWORD not in str(caught.value)


def test_a_write_answered_with_nonsense_is_settled_by_reading() -> None:
    """Status 200 with an error, without a body, with something else: what is live tells."""
    error = '{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"]}'
    for body in ("", "OK", "[]", '{"error": "no"}', error):
        with handled(JDOE) as (box, handler):
            box.fault({"status": 200, "body": body, "when": "after"}, method="PATCH", path=ONE)
            assert change(handler, desired(title="Lead"))["title"] == "Lead"
            assert box.count("PATCH") == 1


def test_a_change_that_is_accepted_and_not_made_is_told() -> None:
    """The answer is held against what was sent."""
    with handled(JDOE) as (box, handler):
        box.fault({"status": 200, "body": ""}, method="PATCH", path=ONE)
        with pytest.raises(ObjectError, match="did not make all of it: title"):
            change(handler, desired(title="Lead"))
        with pytest.raises((ObjectError, OutcomeUnknown)):
            box.fault({"status": 201, "body": ""}, method="POST", path=PATH)
            handler.create(desired("new", **EVERYTHING), {})


def test_the_list_of_all_is_the_contact_centres_or_the_directory() -> None:
    """For `manage: all` and export."""
    for setting in ("all", "refused"):
        with handled(JDOE, JDOE | {"loginId": "b", "extension": "7"}, switches={"scim-list": setting}) as (_, handler):
            assert handler.enumerate() == ["b", "jdoe"]


@pytest.mark.parametrize(
    ("policy", "live", "action"),
    [
        (OnRemove.DISABLE, {"active": True}, Action.DISABLE),
        (OnRemove.DISABLE, {"active": False}, Action.FORGET),
        (OnRemove.DELETE, {"active": False}, Action.DELETE),
        (OnRemove.RETAIN, {"active": True}, Action.FORGET),
        (OnRemove.DELETE, None, Action.FORGET),
    ],
)
def test_what_removal_does(policy: OnRemove, live: Values | None, action: Action) -> None:
    """Nothing where there is nothing to do."""
    assert KIND.removal(policy, live) is action


def test_what_a_creation_needs() -> None:
    """Told in the preview."""
    assert KIND.problems(desired(**EVERYTHING), None, {}) == []
    (problem,) = KIND.problems(desired(first_name="Jane"), None, {})
    assert "OneCloud demands `last_name` and `email`; add them" in problem
    assert KIND.problems(desired(), {"active": True}, {}) == []
