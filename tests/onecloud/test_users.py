"""The handler of users on plain values, against the sandbox: every switch, odd logins, lost answers, other people."""

from __future__ import annotations

from typing import Any

import pytest

from cxconfig.errors import (
    AuthenticationFailed,
    ChangedSincePreview,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    UnexpectedAnswer,
    Unreachable,
)
from cxconfig.kinds import Action, Desired, Difference, OnRemove, Values
from cxconfig.sandbox import Sandbox
from providers.onecloud.users import CREATE_FIELDS
from providers.onecloud.users_handler import UsersHandler
from providers.onecloud.values import PUT_FIELDS, SCIM_FIELDS
from tests.onecloud.support import JDOE, KIND, ODD_LOGINS, PASSWORD, SEED, USER, answered, desired, handled
from tests.providers.loopback import Reply, Seen, reply

ONE = f"{USER}/*"
SECRETS = {"password": PASSWORD}
NEXT = {"password": "Bandicoot-3388-second"}
DECLARED = Sandbox().simulator.switches.declared
SETTINGS = [
    (name, setting)
    for name, switch in DECLARED.items()
    for setting in switch.settings or ("3",)
    if (name, setting) not in {("put-disabled", "kept"), ("delete", "kept")}
]
"""Every setting of every switch with which everything works; of the numbers, one that is felt."""

LOST: list[dict[str, Any]] = [
    {"drop_after": None},
    {"drop_after": None, "reset": True},
    {"truncate": None},
    {"status": 500, "when": "after"},
    {"status": 503, "body": "try later", "when": "after"},
    {"html": 502, "when": "after"},
    {"html": 200, "when": "after"},
]
"""The change was made and nobody was told."""
NOT_MADE: list[dict[str, Any]] = [
    {"drop_before": None},
    {"drop_before": None, "reset": True},
    {"status": 500},
    {"status": 504},
    {"html": 502},
    {"html": 200},
]
"""The change was not made, and the answer does not prove it."""


def kind_of(fault: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" if value is not None else name for name, value in fault.items())


lost = pytest.mark.parametrize("fault", LOST, ids=kind_of)
not_made = pytest.mark.parametrize("fault", NOT_MADE, ids=kind_of)


def read(handler: UsersHandler, wanted: Desired) -> Values:
    live = handler.observe({wanted.key: wanted.fields})[wanted.key]
    assert live is not None
    return live


def change(handler: UsersHandler, wanted: Desired, secrets: dict[str, str] | None = None) -> Values:
    """Bring a user from what is live to what is wanted, as a run does: exactly the differences."""
    live = read(handler, wanted)
    differences = KIND.compare(wanted, live)
    assert [d.field for d in differences if d.problem] == []
    assert differences or secrets, "there is something to do"
    all_of_them = [*differences, *(Difference(name, None, None) for name in secrets or {})]
    return handler.update(wanted, live, all_of_them, secrets or {})


def writes(box: Sandbox) -> list[str]:
    return [entry.method for entry in box.log(write=True)]


@pytest.mark.parametrize(("name", "setting"), SETTINGS)
def test_a_life_under_every_setting_of_every_switch(name: str, setting: str) -> None:
    """Absent, created, read, changed, unlocked, disabled, enabled, deleted, gone: the same whatever is unknown."""
    limited = {"U43": "retry-after"} if name == "rate-limit" else {}
    with handled(switches={**limited, name: setting}) as (box, handler):
        new = desired(extension="1007", unlock=True, roles=["Agent"], email="j@acme.example.com")
        assert handler.observe({"jdoe": new.fields}) == {"jdoe": None}
        created = handler.create(new, SECRETS)
        assert KIND.compare(new, created) == [] == KIND.compare(new, read(handler, new))
        assert box.password_matches("jdoe", PASSWORD)
        box.lock_user("jdoe")
        wanted = desired(
            extension="1007", unlock=True, team="Support", change_password=True, skills={"ENGLISH": 5, "Spanish": 1}
        )
        after = change(handler, wanted, NEXT)
        assert KIND.compare(wanted, after) == [] == KIND.compare(wanted, read(handler, wanted))
        assert box.users["jdoe"]["skills"] == {"English": 5, "Spanish": 1}
        assert (box.is_locked("jdoe"), box.password_matches("jdoe", NEXT["password"])) == (False, True)
        for action, expected in ((Action.DISABLE, True), (Action.RECORD, True)):
            handler.remove("jdoe", read(handler, wanted), action)
            assert box.users["jdoe"]["disabled"] is expected
        assert [d.field for d in KIND.compare(wanted, read(handler, wanted))] == ["disabled"]
        change(handler, wanted)
        assert box.users["jdoe"]["disabled"] is False
        handler.remove("jdoe", read(handler, wanted), Action.DELETE)
        assert handler.observe({"jdoe": {}}) == {"jdoe": None}
        made = [entry.method for entry in box.log(changed=True)]
        assert made == ["POST", "PUT", "PUT", "PUT", "PUT", "DELETE"]


@pytest.mark.parametrize("setting", ["replace", "merge"])
def test_a_skill_that_is_taken_away(setting: str) -> None:
    """U5: gone, or told as what this contact centre does not do; what could be written is written either way."""
    with handled(JDOE | {"skills": {"English": 1, "Spanish": 2}}, switches={"U5": setting}) as (box, handler):
        wanted = desired(skills={"English": 7})
        if setting == "replace":
            assert change(handler, wanted)["skills"] == {"English": 7}
            return
        with pytest.raises(ObjectError, match="It kept the skills Spanish") as caught:
            change(handler, wanted)
        assert caught.value.place == wanted.place
        assert box.users["jdoe"]["skills"] == {"English": 7, "Spanish": 2}


@pytest.mark.parametrize("setting", ["400", "404", "ignored"])
def test_a_skill_that_does_not_exist(setting: str) -> None:
    """U4: the vendor's refusal, or found missing by reading; at creation and later."""
    error = ObjectError if setting == "ignored" else Refused
    with handled(JDOE, switches={"U4": setting}) as (box, handler):
        with pytest.raises(error, match="Klingon" if setting == "ignored" else "skill not found"):
            change(handler, desired(skills={"Klingon": 1}))
        with pytest.raises(error):
            handler.create(desired("new", skills={"Klingon": 1}), SECRETS)
        assert ("new" in box.users) is (setting == "ignored")


@pytest.mark.parametrize("setting", ["decoded", "404"])
@pytest.mark.parametrize("login", ODD_LOGINS)
def test_logins_that_need_encoding(login: str, setting: str) -> None:
    """U8: a whole life, or told as a login that this server cannot address; never taken for another user."""
    other = {**JDOE, "loginId": "a", "extension": "7000"}
    with handled(other, switches={"U8": setting}) as (box, handler):
        new = desired(login, unlock=True)
        assert handler.observe({login: new.fields, "a": {}})[login] is None
        if setting == "decoded":
            handler.create(new, SECRETS)
            change(handler, desired(login, skills={"English": 3}))
            handler.remove(login, read(handler, new), Action.DISABLE)
            assert (box.users[login]["disabled"], box.users["a"]["disabled"]) == (True, False)
            handler.remove(login, read(handler, new), Action.DELETE)
            assert set(box.users) == {"a"}
            return
        with pytest.raises(ObjectError, match="answers 404"):
            handler.create(new, SECRETS)
        with pytest.raises(ObjectError, match="cannot address logins"):
            handler.create(new, SECRETS)  # 409 now
        assert writes(box) == ["POST", "POST"]
    with handled({**JDOE, "loginId": login}, switches={"U8": setting}) as (_, handler):
        assert handler.supporting()["unaddressable"](login) is True
        assert KIND.problems(new, None, handler.supporting())[-1].startswith("OneCloud lists a user")


def test_many_are_read_with_one_request_each() -> None:
    """And one more for the lock of those that ask for it; a missing one is None; every one is told to the tick."""
    users = [{**JDOE, "loginId": f"a{n}", "extension": f"2{n:03}"} for n in range(40)]
    with handled(*users) as (box, handler):
        ticks: list[int] = []
        wanted: dict[str, Any] = {f"a{n}": {"unlock": True} if n < 3 else {} for n in range(42)}
        found = handler.observe(wanted, lambda: ticks.append(1))
        assert list(found) == list(wanted)
        assert [key for key, live in found.items() if live is None] == ["a40", "a41"]
        assert [found["a0"]["unlock"], "unlock" in (found["a5"] or {})] == [True, False]  # type: ignore[index]
        assert (len(ticks), box.count("GET", ONE), box.count("GET", f"{USER}/lock/*")) == (42, 42, 3)


@pytest.mark.parametrize(
    ("do", "error"),
    [
        ({"status": 400, "body": "no"}, Refused),
        ({"status": 403, "body": "no"}, PermissionDenied),
        ({"status": 500}, UnexpectedAnswer),
        ({"status": 503}, Unreachable),
        ({"html": 404}, UnexpectedAnswer),
        ({"html": 200}, UnexpectedAnswer),
        ({"html": 502}, Unreachable),
        ("drop_before", Unreachable),
        ("truncate", Unreachable),
        ("revoke_token", AuthenticationFailed),
    ],
)
def test_an_outage_is_never_an_absence(do: Any, error: type[LiveError]) -> None:
    """One user that cannot be read fails the reading of all."""
    users = [{**JDOE, "loginId": f"a{n}", "extension": f"2{n:03}"} for n in range(5)]
    with handled(*users) as (box, handler):
        box.fault(do, path=f"{USER}/a3")
        with pytest.raises(error):
            handler.observe({f"a{n}": {} for n in range(5)})


def test_a_passing_outage_of_reads_is_not_felt() -> None:
    """Reads are repeated."""
    with handled(JDOE) as (box, handler):
        faults: list[Any] = [{"status": 500}, {"html": 503}, "drop_before", {"rate_limit": {"retry_after": 9}}]
        for number, do in enumerate(faults, 1):
            box.fault(do, method="GET", path=ONE, nth=number)
        assert read(handler, desired())["team"] == "Sales"
        assert box.count("GET", ONE) == 5


@pytest.mark.parametrize(
    "body",
    [
        {"skills": {"English": "high"}},
        {"skills": "English"},
        {"roles": [7]},
        {"disabled": "perhaps"},
        {"team": ["Sales"]},
        {"firstName": {"x": 1}},
    ],
)
def test_a_user_in_no_known_form_is_refused(body: dict[str, Any]) -> None:
    """Rather than compared as if the field were empty; also when a lost write is settled by reading."""

    def answer(seen: Seen) -> Reply:
        return reply({"loginId": "jdoe", **body}) if seen.method == "GET" else Reply(503)

    with answered(answer) as (server, client):
        handler = KIND.handler(client)
        with pytest.raises(UnexpectedAnswer, match="in a form that the vendor does not document"):
            handler.observe({"jdoe": {}})
        with pytest.raises(UnexpectedAnswer):
            handler.remove("jdoe", {}, Action.DISABLE)
        assert [seen.method for seen in server.seen].count("PUT") == 1


def test_odd_but_understood_forms_differ_in_nothing() -> None:
    """Null and absent fields, numbers as texts, texts as numbers, unknown keys."""
    body = {
        "loginId": "jdoe",
        "firstName": "Jane",
        "lastName": " Doe ",
        "team": "Sales",
        "extension": 1001,
        "skills": {"english": "90"},
        "roles": None,
        "disabled": "false",
        "loginInfo": {},
        "more": [1, {"x": None}],
    }
    with answered(reply(body)) as (_, client):
        wanted = desired(extension="1001", email="", roles=[], change_password=False)
        assert KIND.compare(wanted, read(KIND.handler(client), wanted)) == []
    with answered(reply({"loginId": "jdoe", "skills": None})) as (_, client):
        assert read(KIND.handler(client), desired())["skills"] == {}


@lost
def test_a_create_that_was_made_and_not_answered(fault: dict[str, Any]) -> None:
    """Found by reading: one POST, one user, and the password is set because it cannot be read."""
    with handled() as (box, handler):
        box.fault(fault, method="POST", path=USER, nth=1)
        live = handler.create(desired(), SECRETS)
        assert KIND.compare(desired(), live) == []
        assert writes(box) == ["POST", "PUT"]
        assert box.log("PUT")[0].sent == {"password": "***"}
        assert box.password_matches("jdoe", PASSWORD)


@not_made
def test_a_create_that_was_not_made_and_not_answered(fault: dict[str, Any]) -> None:
    """Seen to be missing by reading, and made again; the second one is proven, so its password is not set again."""
    with handled() as (box, handler):
        box.fault(fault, method="POST", path=USER, nth=1)
        handler.create(desired(), SECRETS)
        assert writes(box) == ["POST", "POST"]
        assert box.log("POST", USER, changed=True)[0].number > box.log("GET", ONE)[0].number
        assert box.password_matches("jdoe", PASSWORD)


@pytest.mark.parametrize("do", ["drop_before", {"status": 503}])
def test_a_create_that_is_never_made_ends(do: Any) -> None:
    """After three tries with a read between them the outcome is told as unknown."""
    with handled() as (box, handler):
        box.fault(do, method="POST", path=USER)
        with pytest.raises(OutcomeUnknown):
            handler.create(desired(), SECRETS)
        assert [e.method for e in box.log(path=f"{USER}/**")] == ["GET"] * 3
        assert writes(box) == ["POST"] * 3
        assert box.users == {}


def test_a_create_that_is_carried_out_late() -> None:
    """Its first read comes too early: the second POST meets our own user, which is no stranger's."""
    with handled() as (box, handler):
        box.fault("drop_after", method="POST", path=USER, nth=1)
        box.fault({"status": 404, "body": "user not found"}, method="GET", path=ONE, nth=1)
        handler.create(desired(), SECRETS)
        assert writes(box) == ["POST", "POST", "PUT"]
        assert box.password_matches("jdoe", PASSWORD)


def test_a_lost_create_that_cannot_be_read_either() -> None:
    """Nothing is sent again; the next run reads."""
    with handled() as (box, handler):
        box.fault("drop_after", method="POST", path=USER)
        box.fault({"status": 503}, method="GET", path=ONE)
        with pytest.raises(Unreachable):
            handler.create(desired(), SECRETS)
        assert writes(box) == ["POST"]


def test_somebody_else_made_the_user_meanwhile() -> None:
    """A 409 is looked at: the same without a password is taken over, anything else is left alone."""
    with handled(JDOE | {"password": "their own one"}, switches={"password-required": "no"}) as (box, handler):
        assert handler.create(desired(), {})["team"] == "Sales"
        for fields, secrets, named in (
            ({}, SECRETS, "password"),
            ({"team": "Support"}, {}, "team"),
            ({"team": "Support", "skills": {}}, SECRETS, "team, skills, password"),
        ):
            with pytest.raises(ChangedSincePreview, match=f"appeared since the preview, and {named} may differ") as e:
                handler.create(desired(**fields), secrets)
            assert (e.value.place, e.value.key) == (desired().place, "jdoe")
        assert writes(box) == ["POST"] * 4
        assert box.password_matches("jdoe", "their own one")
        assert box.users["jdoe"]["team"] == "Sales"


def test_a_conflict_about_something_else_keeps_its_words() -> None:
    """An extension that is taken is no user that appeared."""
    with handled({**JDOE, "extension": "1001"}) as (box, handler):
        with pytest.raises(Refused, match="409: extension is already in use"):
            handler.create(desired("new", extension="1001"), SECRETS)
        assert writes(box) == ["POST"]
        assert set(box.users) == {"jdoe"}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"team": "Nobody"}, 404, "user team not found"),
        ({"roles": ["Wizard"]}, 404, "user role not found"),
        ({"skills": {"Klingon": 1}}, 400, "skill not found"),
        ({"skills": {"English": 101}}, 400, "level of skill English"),
        ({"last_name": None}, 400, "missing required field: lastName"),
    ],
)
def test_a_create_that_is_refused(fields: dict[str, Any], status: int, said: str) -> None:
    """Once, with the vendor's words, and nothing is there."""
    with handled() as (box, handler):
        with pytest.raises(Refused) as caught:
            handler.create(desired(**fields), SECRETS)
        assert (caught.value.status, caught.value.endpoint) == (status, f"POST {USER}")
        assert said in caught.value.said
        assert (writes(box), box.users) == (["POST"], {})


@lost
def test_an_update_that_was_made_and_not_answered(fault: dict[str, Any]) -> None:
    """Settled by reading: one PUT."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PUT", path=ONE)
        change(handler, desired(team="Support", skills={"Spanish": 1}))
        assert writes(box) == ["PUT"]
        assert (box.users["jdoe"]["team"], box.users["jdoe"]["skills"]) == ("Support", {"Spanish": 1})


@not_made
def test_an_update_that_was_not_made_and_not_answered(fault: dict[str, Any]) -> None:
    """Seen by reading, and made once more."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PUT", path=ONE, nth=1)
        change(handler, desired(team="Support", change_password=True))
        assert writes(box) == ["PUT", "PUT"]
        assert (box.users["jdoe"]["team"], box.users["jdoe"]["changePassword"]) == ("Support", True)


@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
def test_a_password_whose_answer_is_lost_is_sent_again(fault: dict[str, Any]) -> None:
    """It cannot be read and is absolute: once more, whether the first was carried out or not."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, method="PUT", path=ONE, nth=1)
        change(handler, desired(), NEXT)
        assert writes(box) == ["PUT", "PUT"]
        assert box.password_matches("jdoe", NEXT["password"])


@pytest.mark.parametrize("do", ["drop_after", "drop_before"])
def test_an_update_that_never_gets_an_answer_ends(do: str) -> None:
    """Made: proven by one read. Not made, or a password: three tries, then unknown."""
    with handled(JDOE) as (box, handler):
        box.fault(do, method="PUT", path=ONE)
        if do == "drop_after":
            change(handler, desired(team="Support"))
            assert writes(box) == ["PUT"]
        else:
            with pytest.raises(OutcomeUnknown):
                change(handler, desired(team="Support"))
            assert writes(box) == ["PUT"] * 3
        box.clear_log()
        with pytest.raises(OutcomeUnknown):
            change(handler, desired(team=box.users["jdoe"]["team"]), NEXT)
        assert writes(box) == ["PUT"] * 3


def test_an_update_sends_what_differs_and_nothing_else() -> None:
    """The body holds the vendor's names of the differing fields, skills in the live spelling."""
    with handled(JDOE | {"skills": {"English": 1, "Spanish": 2}}) as (box, handler):
        change(handler, desired(team="Support", skills={"ENGLISH": 5, "spanish": 2}))
        assert [e.sent for e in box.log(write=True)] == [{"team": "Support", "skills": {"English": 5, "Spanish": 2}}]


def test_an_update_of_a_gone_user_is_refused() -> None:
    """It is not made anew behind the preview's back."""
    with handled(JDOE) as (box, handler):
        live = read(handler, desired())
        box.delete_user("jdoe")
        wanted = desired(team="Support")
        with pytest.raises(Refused, match="user not found"):
            handler.update(wanted, live, KIND.compare(wanted, live), {})
        assert box.users == {}


@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
def test_a_removal_whose_answer_is_lost(action: Action, fault: dict[str, Any]) -> None:
    """Settled by reading; made once more only when it was not made."""
    with handled(JDOE) as (box, handler):
        box.fault(fault, write=True, nth=1)
        handler.remove("jdoe", read(handler, desired()), action)
        assert len(writes(box)) == (1 if fault in LOST else 2)
        if action is Action.DELETE:
            assert box.users == {}
        else:
            assert box.users["jdoe"]["disabled"] is True


@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
def test_removing_a_gone_user_is_done(action: Action) -> None:
    """One write that meets a 404, and a read that confirms it."""
    with handled(JDOE) as (box, handler):
        live = read(handler, desired())
        box.delete_user("jdoe")
        box.clear_log()
        handler.remove("jdoe", live, action)
        assert [e.method for e in box.log()] == ["DELETE" if action is Action.DELETE else "PUT", "GET"]


@pytest.mark.parametrize("do", [{"status": 404, "body": "user team not found"}, {"html": 404}, {"status": 400}])
@pytest.mark.parametrize("action", [Action.DISABLE, Action.DELETE])
def test_a_refusal_is_no_removal(action: Action, do: Any) -> None:
    """A 404 while the user is still there is a refusal like any other."""
    with handled(JDOE) as (box, handler):
        box.fault(do, write=True)
        with pytest.raises(Refused):
            handler.remove("jdoe", read(handler, desired()), action)
        assert len(writes(box)) == 1


@pytest.mark.parametrize("fault", [*LOST, *NOT_MADE], ids=kind_of)
def test_an_unlock_whose_answer_is_lost(fault: dict[str, Any]) -> None:
    """Settled by reading the lock; nothing else of the user is written."""
    with handled(JDOE | {"lockedOut": True}) as (box, handler):
        box.fault(fault, write=True, nth=1)
        assert change(handler, desired(unlock=True))["unlock"] is True
        assert {(e.method, e.path) for e in box.log(write=True)} == {("PUT", f"{USER}/lock/jdoe")}
        assert len(writes(box)) == (1 if fault in LOST else 2)
        assert not box.is_locked("jdoe")


def test_a_lock_is_only_looked_at_where_it_is_managed() -> None:
    """Without `unlock` there is no call and no difference."""
    with handled(JDOE | {"lockedOut": True}) as (box, handler):
        assert KIND.compare(desired(), read(handler, desired())) == []
        assert box.count("GET", f"{USER}/lock/*") == 0
        (difference,) = KIND.compare(desired(unlock=True), read(handler, desired(unlock=True)))
        assert (difference.field, difference.live, difference.call) == ("unlock", False, "PUT /user/lock/jdoe")


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("declared", [True, False, None])
def test_a_declared_user_is_an_enabled_user(declared: bool | None, live: bool) -> None:
    """Omitted counts as false, the one field with a default; a declared value is as it stands."""
    with handled(JDOE | {"disabled": live}) as (_, handler):
        wanted = desired(disabled=declared)
        assert bool(KIND.compare(wanted, read(handler, wanted))) is (live is not bool(declared))


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        ({"Spanish": 0, "English": 90}, True),
        ({"english ": 90, "SPANISH": 0}, True),
        ({"English": 90}, False),
        ({"English": 90, "Spanish": 1}, False),
        ({"English": 90, "Spanish": 0, "Billing": 0}, False),
        ({}, False),
    ],
)
def test_skills_compare_without_order_or_case_and_a_level_of_zero_counts(declared: dict[str, int], same: bool) -> None:
    """A skill at level 0 is a skill."""
    with handled(JDOE | {"skills": {"English": 90, "Spanish": 0}}) as (box, handler):
        wanted = desired(skills=declared)
        assert (KIND.compare(wanted, read(handler, wanted)) == []) is same
        if not same:
            change(handler, wanted)
            assert box.users["jdoe"]["skills"] == declared


def test_every_field_has_a_call_that_changes_it() -> None:
    """PUT for five, SCIM for the others; an extension can be changed and not taken away."""
    live: dict[str, Any] = {name: "x" for name, spec in KIND.specs.items() if spec.vendor and not spec.secret}
    live |= {"skills": {"A": 1}, "roles": ["A"], "disabled": True, "change_password": True}
    fields = dict.fromkeys(live, "y") | {"skills": {}, "roles": [], "disabled": False, "change_password": False}
    found = {d.field: d for d in KIND.compare(Desired(KIND.id, "jdoe", fields), live)}
    assert set(found) == set(live)
    assert {n for n, d in found.items() if d.call == "PUT /user/jdoe" and not d.problem} == PUT_FIELDS - {"password"}
    assert {n for n, d in found.items() if d.call == "PATCH /scim/users" and not d.problem} == SCIM_FIELDS
    assert PUT_FIELDS | SCIM_FIELDS | {"unlock"} == {name for name, spec in KIND.specs.items() if not spec.setting}
    (emptied,) = KIND.compare(Desired(KIND.id, "jdoe", {"extension": ""}), {"extension": "1"})
    assert "`extension` cannot be emptied" in emptied.problem and emptied.call == ""


def test_a_new_user_without_what_the_vendor_demands() -> None:
    """All that is missing is named at once; an existing user needs none of it."""
    supporting = {"teams": SEED["teams"], "unaddressable": lambda login: False, "scim_off": lambda login: None}
    (problem,) = KIND.problems(Desired(KIND.id, "jdoe", {}), None, supporting)
    assert all(f"`{name}`" in problem for name in CREATE_FIELDS)
    assert "correct the login if the user should exist" in problem
    assert KIND.problems(Desired(KIND.id, "jdoe", {}), {}, supporting) == []
    complete = Desired(KIND.id, "jdoe", {**desired().fields, "password": "${env:X}"})
    assert KIND.problems(complete, None, supporting) == []


@pytest.mark.parametrize(
    ("policy", "live", "action"),
    [
        (OnRemove.DISABLE, {"disabled": False}, Action.DISABLE),
        (OnRemove.DISABLE, {"disabled": True}, Action.FORGET),
        (OnRemove.DISABLE, None, Action.FORGET),
        (OnRemove.DELETE, {"disabled": True}, Action.DELETE),
        (OnRemove.DELETE, None, Action.FORGET),
        (OnRemove.RETAIN, {"disabled": False}, Action.FORGET),
    ],
)
def test_what_removal_does(policy: OnRemove, live: Values | None, action: Action) -> None:
    """Nothing where there is nothing to do."""
    assert KIND.removal(policy, live) is action


def test_a_known_skill_costs_no_read() -> None:
    """What was seen live once in a process need not be proven again; a new name is read back, once."""
    with handled(JDOE | {"skills": {"English": 1}}) as (box, handler):
        for level in (2, 3):
            change(handler, desired(skills={"English": level}))
        assert box.count("GET", ONE) == 2
        change(handler, desired(skills={"English": 3, "Billing": 1}))
        change(handler, desired(skills={"English": 3, "Billing": 2}))
        assert box.count("GET", ONE) == 5


@pytest.mark.parametrize("setting", DECLARED["U46"].settings)
def test_what_is_gone_is_confirmed_by_the_directory(setting: str) -> None:
    """One list for any number of users, asked for again before a user is called listed: we may have deleted it.

    One that is listed is not gone, however its login is spelt.
    """
    with handled(JDOE, switches={"U46": setting}) as (box, handler):
        handler.confirm_gone(["nobody", "no one"])
        with pytest.raises(UnexpectedAnswer, match="lists the user 'JDoe' and 1 more") as caught:
            handler.confirm_gone(["nobody", "JDoe", "jdoe"])
        assert (caught.value.status, caught.value.endpoint) == (404, f"GET {USER}/JDoe")
        assert [entry.path for entry in box.log("GET")] == ["/configapi/v2/phone/user"] * 2
        box.delete_user("jdoe")
        handler.confirm_gone(["jdoe"])


def test_without_the_directory_the_api_must_at_least_be_there() -> None:
    """The directory has a privilege of its own; a server that answers 404 to everything says nothing."""
    for status in (403, 404):
        with handled() as (box, handler):
            box.fault({"status": status}, path="/configapi/v2/phone/user")
            handler.confirm_gone(["nobody"])
            assert box.log()[-1].path == "/configapi/v2/team"
    with handled() as (box, handler):
        box.fault({"status": 404}, path="/configapi/v2/phone/**")
        box.fault({"status": 404}, path="/configapi/v2/team")
        with pytest.raises(Refused):
            handler.confirm_gone(["nobody"])
