"""SCIM's forms of values: every form that comes in, what goes out, and what must not be lost in between."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cxconfig.errors import CxconfigError, UnexpectedAnswer
from providers.onecloud.scim_accounts import CREATE_FIELDS, ScimAccount, ScimAccounts
from providers.onecloud.scim_values import (
    ID,
    PATCH_SCHEMA,
    PLACES,
    RESOURCE,
    UNREAD,
    USER_SCHEMA,
    attributes,
    creation,
    filter_of,
    folded_login,
    from_scim,
    patch,
    replacement,
)

KIND = ScimAccounts()
OLDER: dict[str, Any] = {
    "schemas": [USER_SCHEMA],
    "id": "5974D6AE-66BD-4B2A-A9D6-1AEADD18F669",
    "meta": {"resourceType": "USER", "created": "06-03-2020T10:04:30", "location": "http://inner:8080/x"},
    "userName": "elizabeth",
    "name": {"familyName": "Smith", "givenName": "Liza"},
    "active": True,
    "emails": [{"value": "liza@smith.com", "primary": True}],
    "phoneNumbers": [{"type": "extension", "value": "2064"}],
    "addresses": [{}],
    "roles": ["Supervisor", "Agent"],
}
NEWER: dict[str, Any] = {
    **OLDER,
    "externalId": "",
    "meta": {"resourceType": "USER", "lastModified": "2022-04-01T01:07:15"},
    "timezone": "America/Los_Angeles",
    "nickName": "Liz",
    "title": "Lead",
    "addresses": [{"locality": "Oslo", "type": "home"}, {"primary": True, "region": "CA", "country": "US", "zip": "9"}],
    "emails": [{"value": "other@x.org"}, {"value": "liza@smith.com", "primary": "true"}],
    "phoneNumbers": [
        {"type": "work", "value": "+1 555 0100"},
        {"type": "fax", "value": "77"},
        {"type": "Mobile", "value": 15550101},
        {"type": "extension", "value": "2064"},
        {"type": "default", "value": "9"},
    ],
    "roles": [{"value": "Supervisor", "display": "Boss"}, {"value": "Agent"}],
    "groups": [{"value": "84FB1AD4", "display": "Support"}],
}
"""The forms of both of the vendor's documents, with everything that may stand in them."""
READABLE = PLACES.keys() - UNREAD
TEXTS = sorted(READABLE - {"roles", "active"})
WORDS = st.text(min_size=1, max_size=8).filter(lambda text: text.strip() == text)
ACCOUNTS = st.fixed_dictionaries(
    dict.fromkeys(TEXTS, WORDS) | {"active": st.booleans(), "roles": st.lists(WORDS, unique=True)}
)


def test_the_older_and_the_newer_forms_are_read() -> None:
    """Roles as names or objects, no address or several, numbers, missing attributes: one plain form."""
    older, newer = from_scim(OLDER), from_scim(NEWER)
    assert older.keys() == newer.keys() == READABLE | {ID, RESOURCE}
    assert {n: older[n] for n in ("first_name", "last_name", "email", "extension", "roles", "active", ID)} == {
        "first_name": "Liza",
        "last_name": "Smith",
        "email": "liza@smith.com",
        "extension": "2064",
        "roles": ["Supervisor", "Agent"],
        "active": True,
        ID: OLDER["id"],
    }
    assert all(older[name] == "" for name in ("nick_name", "timezone", "country", "city", "region", "work_phone"))
    assert (newer["country"], newer["city"], newer["region"]) == ("US", "", "CA")
    assert (newer["email"], newer["mobile_phone"], newer["default_phone"]) == ("liza@smith.com", "15550101", "9")
    assert newer["roles"] == older["roles"]
    assert (newer["nick_name"], newer["title"], newer["timezone"]) == ("Liz", "Lead", "America/Los_Angeles")


@pytest.mark.parametrize("empty", [[], [{}], None, "absent"])
def test_nothing_is_nothing_in_every_form(empty: Any) -> None:
    """`[]`, `[{}]`, null and a missing attribute."""
    raw = {**OLDER, "addresses": empty, "emails": empty, "phoneNumbers": empty if empty != [{}] else []}
    if empty == "absent":
        raw = {name: value for name, value in raw.items() if value != "absent"}
    live = from_scim(raw)
    assert [live[name] for name in ("country", "email", "extension")] == ["", "", ""]
    assert attributes(raw, {"city": "Oslo"}) == {"addresses": [{"locality": "Oslo"}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Liza Smith"),
        ("emails", "liza@smith.com"),
        ("emails", ["liza@smith.com"]),
        ("addresses", {"country": "US"}),
        ("addresses", [{"country": {"code": "US"}}]),
        ("phoneNumbers", [["work", "1"]]),
        ("roles", "Agent"),
        ("roles", [{"display": "Agent"}]),
        ("roles", [1]),
        ("active", None),
        ("active", "yes"),
        ("title", ["Lead"]),
        ("timezone", True),
    ],
)
def test_a_form_that_nobody_documents_is_not_guessed(name: str, value: Any) -> None:
    """Taking it for empty would write over it."""
    with pytest.raises(UnexpectedAnswer, match=f"'elizabeth' came with `{name}` in a form"):
        from_scim({**OLDER, name: value})


@given(ACCOUNTS)
def test_what_is_created_is_read_back_the_same(values: dict[str, Any]) -> None:
    """Every field has its place, and takes none of another's."""
    body = creation("jdoe", values)
    assert (body["schemas"], body["userName"]) == ([USER_SCHEMA], "jdoe")
    live = from_scim({"roles": [], **body, "id": "1"})
    assert {name: live[name] for name in READABLE} == values


@given(ACCOUNTS, st.sets(st.sampled_from(sorted(READABLE))), st.sampled_from([OLDER, NEWER]))
def test_a_change_changes_nothing_else(values: dict[str, Any], names: set[str], raw: dict[str, Any]) -> None:
    """Merged into what was read, whether it is sent by PATCH or by PUT."""
    changes = {name: values[name] for name in names}
    before = from_scim(raw)
    operations = patch(raw, changes)["Operations"]
    assert {operation["op"] for operation in operations} <= {"replace"}
    patched = {**raw, **{operation["path"]: operation["value"] for operation in operations}}
    put = {**replacement(raw, changes), "id": raw["id"]}
    for after in (from_scim(patched), from_scim({"roles": [], **put})):
        assert {n: after[n] for n in READABLE} == {n: changes.get(n, before[n]) for n in READABLE}
    assert not put.keys() & {"meta", "groups", "externalId", "password", "photos"}


def test_what_is_not_managed_stays_in_an_attribute_that_changes() -> None:
    """Other addresses, other phone numbers, the rest of an address, the objects of roles that stay."""
    sent = attributes(NEWER, {"work_phone": "1", "city": "Rome", "email": "l@x.org", "roles": ["Supervisor", "New"]})
    assert {"type": "fax", "value": "77"} in sent["phoneNumbers"] and len(sent["phoneNumbers"]) == 5
    assert sent["addresses"][0] == NEWER["addresses"][0]
    assert sent["addresses"][1] == {**NEWER["addresses"][1], "locality": "Rome"}
    assert sent["emails"] == [NEWER["emails"][0], {"value": "l@x.org", "primary": "true"}]
    assert sent["roles"] == [{"value": "Supervisor", "display": "Boss"}, {"value": "New"}]


def test_emptied_fields_leave_their_attribute() -> None:
    """A phone number goes, the others stay; the last part of an address takes the address with it."""
    sent = attributes(NEWER, {"work_phone": "", "title": "", "region": "", "country": ""})
    assert [row["type"] for row in sent["phoneNumbers"]] == ["fax", "Mobile", "extension", "default"]
    assert sent["title"] == ""
    assert sent["addresses"] == [NEWER["addresses"][0], {"primary": True, "zip": "9"}]
    assert attributes({**OLDER, "addresses": [{"country": "US"}]}, {"country": ""}) == {"addresses": []}
    assert "title" not in replacement(NEWER, {"title": ""})


def test_roles_are_sent_as_objects() -> None:
    """Also where the contact centre shows names: SCIM 2.0 has no other form."""
    assert attributes(OLDER, {"roles": ["Agent", "New"]}) == {"roles": [{"value": "Agent"}, {"value": "New"}]}
    assert attributes(NEWER, {"roles": ["New"]}) == {"roles": [{"value": "New"}]}
    assert attributes({}, {"roles": ["New"]}) == {"roles": [{"value": "New"}]}


def test_a_patch_has_one_operation_for_each_attribute_and_the_new_login_first() -> None:
    """Three fields of one attribute are one operation."""
    body = patch(OLDER, {"country": "NO", "city": "Oslo", "active": False}, "liza")
    assert body == {
        "schemas": [PATCH_SCHEMA],
        "Operations": [
            {"op": "replace", "path": "userName", "value": "liza"},
            {"op": "replace", "path": "addresses", "value": [{"country": "NO", "locality": "Oslo"}]},
            {"op": "replace", "path": "active", "value": False},
        ],
    }


@pytest.mark.parametrize(
    "login", ["jdoe", 'a "quoted" one', "back\\slash", "tab\tbed", "Łucja+1%&=é#", "a/b", "emoji \U0001f600", "x eq y"]
)
def test_a_login_is_quoted_for_the_filter_and_the_filter_for_the_address(login: str) -> None:
    """A JSON string, percent-encoded as a whole, without the `+` for a blank that not every server knows."""
    query = filter_of(login)
    assert query.isascii() and "+" not in query and " " not in query
    (text,) = parse_qs(query, strict_parsing=True)["filter"]
    assert text.startswith("userName eq ")
    assert json.loads(text.removeprefix("userName eq ")) == login


def test_a_login_that_is_no_unicode_is_refused() -> None:
    """A lone surrogate cannot be sent."""
    with pytest.raises(CxconfigError, match="is not valid Unicode"):
        filter_of("a\ud800")


def test_what_counts_as_the_same() -> None:
    """Outer blanks, the order of roles, how a phone number is written, the case of a login."""
    assert KIND.equal("title", " Lead ", "Lead") and not KIND.equal("title", "lead", "Lead")
    assert KIND.equal("roles", ["b", " a"], ["a", "b"]) and not KIND.equal("roles", ["a"], [])
    for phone in ("work_phone", "mobile_phone", "default_phone", "extension"):
        assert KIND.equal(phone, "+1 (555) 0100", "15550100")
    assert KIND.equal("active", True, True) and not KIND.equal("active", True, False)
    assert folded_login("JDoe ") == folded_login("jdoe") and folded_login("e\u0301") == folded_login("É")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("timezone", "America/New_Yrok", "did you mean America/New_York"),
        ("timezone", "PST8", "IANA time zone"),
        ("photo", "ftp://example.com/a.png", "http or https"),
        ("photo", "https://user:secret@example.com/a.png", "without credentials"),
        ("photo", "https://exa mple.com/a", "http or https"),
        ("photo", " ", "must not be blank: write an http or https address"),
        ("email", " ", "must not be empty"),
        ("email", "jane at example.com", "must be an e-mail address"),
        ("first_name", "", "must not be empty"),
        ("extension", "", "must not be empty"),
        ("roles", ["Agent", " "], "a role needs a name"),
        ("method", "put", "`method: put` needs `photo`"),
        ("method", "post", "patch"),
    ],
)
def test_values_that_the_vendor_would_refuse(field: str, value: Any, text: str) -> None:
    """Refused before any call, with the way out."""
    with pytest.raises(ValidationError, match=text):
        ScimAccount(**{field: value})


def test_put_may_be_chosen_where_a_photo_is_listed() -> None:
    """It is sent with every PUT, as nobody can read it."""
    assert ScimAccount.model_validate({"method": "put", "photo": "https://example.com/a.png"}).method == "put"
    assert ScimAccount(timezone="Europe/Berlin", title="", roles=[]).timezone == "Europe/Berlin"


def test_the_fields_that_a_creation_needs_are_those_of_the_vendor() -> None:
    """Every field but the settings has its attribute."""
    assert CREATE_FIELDS == ("first_name", "last_name", "email")
    assert {name for name, spec in KIND.specs.items() if not spec.setting} == PLACES.keys()
    assert {name for name, spec in KIND.specs.items() if spec.unread} == UNREAD
