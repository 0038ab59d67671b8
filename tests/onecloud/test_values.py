"""OneCloud's forms of values: in and out, what counts as equal, and the sentences of what the API cannot do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from cxconfig.errors import UnexpectedAnswer
from cxconfig.kinds import Difference
from providers.onecloud.scim_accounts import ScimAccount, ScimAccounts
from providers.onecloud.users import User, Users
from providers.onecloud.values import (
    canonical,
    folded,
    from_vendor,
    live_spelling,
    lost_by_replacing,
    not_taken,
    plain_login,
    to_vendor,
    truth,
    unaddressable,
)

SPECS = Users.specs
TEXTS = ("first_name", "last_name", "email", "team", "extension", "work_phone", "mobile_phone")
READ = {*TEXTS, "disabled", "change_password", "skills", "roles"}
LEVELS = st.integers(0, 100)
WORDS = st.text(min_size=1, max_size=8).filter(lambda text: text == text.strip() and text != "")
SKILLS = st.dictionaries(WORDS, LEVELS, max_size=5).filter(lambda s: len({folded(n) for n in s}) == len(s))
USERS = st.fixed_dictionaries(
    dict.fromkeys(TEXTS, st.text(max_size=12))
    | {"disabled": st.booleans(), "change_password": st.booleans(), "skills": SKILLS, "roles": st.lists(WORDS)}
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False), ("TRUE", True), (" False ", False), (None, False)],
)
def test_truth_in_every_form_that_the_vendor_has(given_value: Any, expected: bool) -> None:
    """Booleans, the words, and nothing at all, which is false."""
    assert truth(given_value) is expected


@pytest.mark.parametrize("value", ["", "yes", "1", 1, 0, [], {}, 1.0])
def test_truth_is_not_guessed(value: Any) -> None:
    """A form that no document shows is no boolean."""
    with pytest.raises(ValueError):
        truth(value)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("skills", {"English": 90, "Billing": 50}, {"billing": 50, " ENGLISH ": 90}),
        ("skills", {}, None),
        ("skills", {"STRASSE": 1}, {"Straße": 1}),
        ("roles", ["Agent", "Supervisor"], ["Supervisor ", "Agent", "Agent"]),
        ("roles", [], None),
        ("first_name", "Jane", " Jane "),
        ("email", "", None),
        ("work_phone", "+1 (555) 010-9999", "15550109999"),
        ("mobile_phone", None, " - "),
        ("disabled", False, None),
    ],
)
def test_what_counts_as_equal(name: str, left: Any, right: Any) -> None:
    """Order, case and blanks of skills, order of roles, blanks around texts, punctuation of phones, absent = empty."""
    assert Users().equal(name, left, right)
    assert Users().equal(name, right, left)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("skills", {"English": 90}, {"English": 91}),
        ("skills", {"English": 0}, {}),
        ("skills", {"English": 1}, {"English": 1, "Spanish": 0}),
        ("roles", ["Agent"], ["agent"]),
        ("first_name", "Jane", "jane"),
        ("team", "Night Shift", "Nightshift"),
        ("work_phone", "+1 555 010 9999", "+1 555 010 9998"),
        ("work_phone", "5550 x12", "5550 12"),
        ("disabled", True, None),
    ],
)
def test_what_counts_as_different(name: str, left: Any, right: Any) -> None:
    """A level of 0 is not the absence of the skill; case matters everywhere but in skills."""
    assert not Users().equal(name, left, right)
    assert not Users().equal(name, right, left)


@given(USERS)
def test_the_canonical_form_is_canonical(user: dict[str, Any]) -> None:
    """Taking it twice changes nothing."""
    for name, value in user.items():
        once = canonical(name, value)
        assert canonical(name, once) == once


@given(USERS)
def test_what_is_written_reads_back_as_the_same(user: dict[str, Any]) -> None:
    """Through the vendor's names and back nothing differs, and an empty text is not sent."""
    body = to_vendor(SPECS, user)
    assert "" not in body.values()
    back = from_vendor(SPECS, body)
    assert set(back) == READ
    assert [name for name in user if not Users().equal(name, back[name], user[name])] == []


@given(st.dictionaries(st.sampled_from([spec.vendor for spec in SPECS.values() if spec.vendor]), JSON))
def test_any_answer_is_read_or_refused(raw: dict[str, Any]) -> None:
    """Values of the promised types come out, or an error that names the field; never another exception."""
    try:
        live = from_vendor(SPECS, raw)
    except UnexpectedAnswer as error:
        assert any(f"`{name}`" in error.what for name in raw)
        return
    assert User.model_construct(**live) is not None
    assert all(isinstance(live[name], str) for name in TEXTS)
    assert type(live["disabled"]) is type(live["change_password"]) is bool
    assert all(type(level) is int for level in live["skills"].values())
    assert all(isinstance(role, str) for role in live["roles"])


@example(2**60 + 1)
@given(st.integers())
def test_a_number_in_place_of_a_text_keeps_every_digit(number: int) -> None:
    """An extension or a phone that comes as a JSON number, however long."""
    assert from_vendor(SPECS, {"extension": number, "workPhone": number})["work_phone"] == str(number)


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        ({"skills": None}, "skills", {}),
        ({"skills": []}, "skills", {}),
        ({"skills": {"English": "90"}}, "skills", {"English": 90}),
        ({"skills": {"English": 90.0}}, "skills", {"English": 90}),
        ({"roles": None}, "roles", []),
        ({"roles": [{"value": "Agent"}, "Admin"]}, "roles", ["Agent", "Admin"]),
        ({"disabled": "true"}, "disabled", True),
        ({"disabled": None}, "disabled", False),
        ({"extension": 1001}, "extension", "1001"),
        ({"extension": 1001.0}, "extension", "1001"),
        ({"email": None}, "email", ""),
        ({"loginInfo": {"isLoggedIn": True}, "password": "x"}, "email", ""),
    ],
)
def test_forms_that_are_understood(raw: dict[str, Any], name: str, expected: Any) -> None:
    """Null, absent, numbers as texts and texts as numbers, roles as in SCIM; unknown keys are passed over."""
    assert from_vendor(SPECS, {"loginId": "jdoe", **raw})[name] == expected
    assert "password" not in from_vendor(SPECS, raw)


@pytest.mark.parametrize(
    "raw",
    [
        {"skills": "English"},
        {"skills": ["English"]},
        {"skills": {"English": None}},
        {"skills": {"English": "high"}},
        {"skills": {"English": 1.5}},
        {"skills": {"English": True}},
        {"skills": {"English": float("inf")}},
        {"roles": "Agent"},
        {"roles": {"value": "Agent"}},
        {"roles": [None]},
        {"roles": [{"name": "Agent"}]},
        {"disabled": "yes"},
        {"disabled": 1},
        {"changePassword": []},
        {"team": {"name": "Sales"}},
        {"team": True},
        {"extension": 10.5},
        {"email": ["a@b"]},
    ],
)
def test_forms_that_are_refused(raw: dict[str, Any]) -> None:
    """The error names the user and the field, and no value: it may be somebody's number."""
    (field,) = raw
    with pytest.raises(UnexpectedAnswer) as caught:
        from_vendor(SPECS, {"loginId": "jdoe", **raw})
    assert f"the user 'jdoe' came with `{field}` in a form" in caught.value.what
    assert "Nothing was taken for absent" in caught.value.way_out


def test_what_is_sent_has_the_vendors_names() -> None:
    """Settings and empty texts are left out; an empty list or mapping and `false` are sent."""
    sent = to_vendor(
        SPECS,
        {
            "first_name": "Jane",
            "email": "",
            "disabled": False,
            "skills": {},
            "roles": [],
            "unlock": True,
            "on_remove": "delete",
            "password": "made up",
            "unknown": 1,
        },
    )
    assert sent == {"firstName": "Jane", "disabled": False, "skills": {}, "roles": [], "password": "made up"}


def test_roles_are_sent_without_outer_blanks() -> None:
    """As they are compared, and as the other door sends them."""
    assert to_vendor(SPECS, {"roles": [" Agent", "Supervisor\t"]}) == {"roles": ["Agent", "Supervisor"]}


@pytest.mark.parametrize("model", [User, ScimAccount])
@pytest.mark.parametrize(
    ("roles", "text"),
    [(["Agent", " "], "a role needs a name"), (["Agent", "Agent "], "the role 'Agent' stands there twice")],
)
def test_roles_that_are_none_are_refused(model: type[BaseModel], roles: list[str], text: str) -> None:
    """Through either door."""
    with pytest.raises(ValidationError, match=text):
        model.model_validate({"roles": roles})
    assert model.model_validate({"roles": ["Agent", "Supervisor"]})


def test_every_bad_entry_is_told_at_its_place() -> None:
    """Not only the first, and those of a level beside those of a name."""
    values = {
        "roles": ["Agent", " ", "Agent ", "B", "B"],
        "skills": {"English": 90, "english": 3, " ": 5, "Foo": -1, "foo ": 2**31},
    }
    with pytest.raises(ValidationError) as caught:
        User.model_validate(values)
    told = {error["loc"]: error["msg"] for error in caught.value.errors()}
    assert told == {
        ("roles", 1): "a role needs a name",
        ("roles", 2): "the role 'Agent' stands there twice",
        ("roles", 4): "the role 'B' stands there twice",
        ("skills", "english", "[key]"): "the skills 'English' and 'english' differ only in case or blanks",
        ("skills", " ", "[key]"): "a skill needs a name",
        ("skills", "Foo"): "Input should be greater than or equal to 0",
        ("skills", "foo ", "[key]"): "the skills 'Foo' and 'foo ' differ only in case or blanks",
        ("skills", "foo "): "Input should be less than or equal to 2147483647",
    }


@pytest.mark.parametrize("name", ["work_phone", "mobile_phone", "extension"])
def test_both_doors_compare_numbers_alike(name: str) -> None:
    """By their digits and letters."""
    for kind in (Users(), ScimAccounts()):
        assert kind.equal(name, "+1 (555) 01", "1555-01") and not kind.equal(name, "155501", "155502")


def test_skills_are_sent_as_the_system_spells_them() -> None:
    """A known skill in its live spelling, a new one as declared, and only the declared ones."""
    assert live_spelling({"ENGLISH": 1, "New": 2}, {"English": 9, "Spanish": 3}) == {"English": 1, "New": 2}


@given(SKILLS, SKILLS)
def test_another_spelling_is_the_same_skills(declared: dict[str, int], live: dict[str, int]) -> None:
    """Respelling changes neither the levels nor which skills there are."""
    assert canonical("skills", live_spelling(declared, live)) == canonical("skills", declared)


@pytest.mark.parametrize(
    ("login", "plain"),
    [("jdoe", True), ("j.doe-1_x~", True), ("a b", False), ("a/b", False), ("ü", False), ("a%2Fb", False), ("", True)],
)
def test_logins_that_need_no_encoding(login: str, plain: bool) -> None:
    """Those that stand in an address as they are."""
    assert plain_login(login) is plain


def test_the_sentences_say_what_to_do() -> None:
    """Each names its field or user and at least one way out."""
    assert "recordings" in lost_by_replacing({}) and "which becomes" not in lost_by_replacing({})
    assert "and the password, which becomes the declared one (" in lost_by_replacing({"password": "${env:A}"})
    assert "lists a user 'a b' and answers 404" in unaddressable("a b")
    assert "Give the user a plain login" in unaddressable("a b")
    assert "answers 404 when it is asked for the user 'jdoe'; run again" in unaddressable("jdoe")


def test_what_the_system_did_not_take_is_named() -> None:
    """The skills that it kept and the ones that it does not have, each with its way out; other fields by name."""
    skills = Difference("skills", {"Spanish": 1, "English": 9}, {"English": 9, "Klingon": 1})
    text = not_taken([skills, Difference("team", "Sales", "Support")], {"Spanish"})
    assert "skills, team read back different" in text
    assert "It kept the skills Spanish" in text and "Remove them by hand" in text
    assert "It does not have Klingon: create the skill" in text
    plain = not_taken([Difference("disabled", False, True)], frozenset())
    assert plain == "OneCloud accepted the change and did not make all of it: disabled read back different"


def test_live_skills_that_differ_only_in_case_are_a_difference() -> None:
    """One of them is too many, whatever their levels and order; the other one is left as it is spelt."""
    declared = {"English": 90}
    for live in ({"English": 90, "english": 50}, {"english": 50, "English": 90}, {"ENGLISH": 90, " English": 90}):
        assert canonical("skills", live) != canonical("skills", declared), live
    assert live_spelling(declared, {"English": 1, "english": 2}) == declared
