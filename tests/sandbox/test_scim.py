"""SCIM users as the wire document tells, over real HTTP; the switches are those of test_scim_switches."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from cxconfig.sandbox import Sandbox
from tests.sandbox.support import BASE, NEW, PASSWORD, SEED, USER, running

SCIM = f"{BASE}/scim/users"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

LEAST: dict[str, Any] = {
    "schemas": [CORE],
    "userName": "new",
    "name": {"familyName": "New", "givenName": "Nora"},
    "emails": [{"value": "nora@example.com"}],
}
"""The least that creates a user."""
FULL = LEAST | {
    "nickName": "Nono",
    "title": "Team lead",
    "timezone": "America/Los_Angeles",
    "active": False,
    "addresses": [{"locality": "Hollywood", "region": "CA", "country": "US"}],
    "phoneNumbers": [
        {"type": "work", "value": "5550000001"},
        {"type": "mobile", "value": "5550000002"},
        {"type": "extension", "value": "7001"},
        {"type": "default", "value": "5550000003"},
    ],
    "roles": [{"value": "Agent"}, {"value": "Supervisor"}],
    "password": PASSWORD,
    "photos": [{"value": "https://example.com/nora.png", "type": "photo"}],
}
PROFILE = {
    "nickName": "Nono",
    "title": "Team lead",
    "timezone": "America/Los_Angeles",
    "country": "US",
    "city": "Hollywood",
    "region": "CA",
    "defaultPhone": "5550000003",
    "photo": "https://example.com/nora.png",
}


def look_up(client: httpx.Client, login: str) -> httpx.Response:
    """Ask for a login by filter, quoted as RFC 7644 has it."""
    return client.get(SCIM, params={"filter": f"userName eq {json.dumps(login)}"})


def id_of(client: httpx.Client, login: str) -> str:
    found: list[dict[str, str]] = look_up(client, login).json()["Resources"]
    return found[0]["id"]


def patch(client: httpx.Client, id_: str, **values: Any) -> httpx.Response:
    """Replace whole attributes."""
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return client.patch(f"{SCIM}/{id_}", json={"schemas": [PATCH_OP], "Operations": operations})


def put(client: httpx.Client, id_: str, body: dict[str, Any]) -> httpx.Response:
    return client.put(f"{SCIM}/{id_}", json=body)


def test_a_user_is_shown_by_id_and_by_filter() -> None:
    """The resource has the order of the vendor's examples, no unset text, no password and no photo."""
    with running() as (box, client):
        box.change_user("jdoe", title="Lead", workPhone="12", region="CA", photo="http://example.com/x")
        found = look_up(client, "jdoe")
        assert (found.status_code, found.headers["content-type"]) == (200, "application/scim+json")
        assert found.headers["access-control-allow-origin"] == "*"
        content = found.json()
        assert list(content) == ["schemas", "totalResults", "Resources"]
        assert content["totalResults"] == 1
        one = client.get(f"{SCIM}/{content['Resources'][0]['id']}")
        assert one.json() == content["Resources"][0]
        shown = one.json()
        assert shown["id"] == shown["id"].upper() and len(shown["id"]) == 36
        assert shown.pop("id") == shown["meta"]["location"].rpartition("/")[2]
        assert shown.pop("meta")["resourceType"] == "USER"
        assert json.dumps(shown) == json.dumps(
            {
                "schemas": [CORE],
                "userName": "jdoe",
                "name": {"familyName": "Doe", "givenName": "Jane"},
                "title": "Lead",
                "active": True,
                "emails": [{"value": "jdoe@acme.example.com", "primary": True}],
                "phoneNumbers": [{"type": "work", "value": "12"}, {"type": "extension", "value": "1001"}],
                "addresses": [{"region": "CA"}],
                "roles": [{"value": "Agent"}],
                "groups": [{"value": "F4ED90FA-5A49-4D76-9487-4E41B24CA45F", "display": "Sales"}],
            }
        )


@pytest.mark.parametrize(
    "login", ["jdoe", 'a "quoted" one', "back\\slash", "tab\tbed", "Łucja+1%&=é", "a/b", "emoji \U0001f600", "x eq y"]
)
def test_a_filter_is_a_json_string(login: str) -> None:
    """Names with quotes, backslashes, controls and Unicode are found when quoted rightly, in either escaped form."""
    with running(seed=SEED | {"users": [SEED["users"][0] | {"loginId": login}]}) as (_, client):
        assert look_up(client, login).json()["Resources"][0]["userName"] == login
        raw = json.dumps(login, ensure_ascii=False)
        answer = client.get(SCIM, params={"filter": f"USERNAME EQ {raw}"})
        assert answer.json()["totalResults"] == 1
        assert look_up(client, login + "x").json() == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0,
            "Resources": [],
        }


@pytest.mark.parametrize(
    "text",
    [
        "",
        'userName eq "a"b"',
        "userName eq jdoe",
        "userName eq 'jdoe'",
        'userName eq "jdoe',
        'userName eq "\\x"',
        'userName sw "j"',
        'emails eq "x"',
        'userName eq "a" or userName eq "b"',
        'userName eq "a\tb"',
    ],
)
def test_another_filter_is_refused(text: str) -> None:
    """Only userName eq with a whole JSON string is served."""
    with running() as (_, client):
        answer = client.get(SCIM, params={"filter": text})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain")


def test_create_makes_the_same_person_behind_both_doors() -> None:
    """Everything that was sent is there, by either door; the answer has Location and no dates."""
    with running(seed=SEED | {"scim_default_team": "Sales"}) as (box, client):
        answer = client.post(SCIM, json=FULL)
        assert answer.status_code == 201
        created = answer.json()
        assert list(created)[:4] == ["schemas", "id", "externalId", "meta"]
        assert created["externalId"] == ""
        assert created["meta"].keys() == {"resourceType", "location"}
        assert answer.headers["location"] == f"http://localhost:8080{SCIM}/{created['id']}"
        read = client.get(f"{SCIM}/{created['id']}").json()
        assert "externalId" not in read
        assert read | {"externalId": "", "meta": created["meta"]} == created
        asked = {name: value for name, value in FULL.items() if name not in {"password", "photos", "emails"}}
        assert read | asked == read
        assert client.get(f"{USER}/new").json() == {
            "disabled": True,
            "changePassword": False,
            "skills": {},
            "loginId": "new",
            "firstName": "Nora",
            "lastName": "New",
            "team": "Sales",
            "extension": "7001",
            "workPhone": "5550000001",
            "mobilePhone": "5550000002",
            "email": "nora@example.com",
            "roles": ["Agent", "Supervisor"],
        }
        assert box.password_matches("new", PASSWORD)
        assert PROFILE.items() <= (box.person("new") or {}).items()


def test_create_fills_in_what_was_not_sent() -> None:
    """The default team and role, a free extension, a password that nobody knows; active."""
    with running(seed=SEED | {"roles": ["Agent", "Admin"]}) as (box, client):
        shown = client.post(SCIM, json=LEAST).json()
        assert (shown["active"], shown["roles"], shown["groups"][0]["display"]) == (
            True,
            [{"value": "Agent"}],
            "Support",
        )
        assert shown["phoneNumbers"] == [{"type": "extension", "value": "1002"}]
        assert not box.password_matches("new", "")
        assert (box.person("new") or {})["passwordHash"]


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"schemas": None}, 400, f"missing required attribute: schemas with {CORE}"),
        ({"schemas": [PATCH_OP]}, 400, f"missing required attribute: schemas with {CORE}"),
        ({"userName": " "}, 400, "missing required attribute: userName"),
        ({"name": {"givenName": "x"}}, 400, "missing required attribute: name.familyName"),
        ({"name": "x"}, 400, "name must be an object"),
        ({"emails": []}, 400, "missing required attribute: emails.value"),
        ({"emails": ["a@b.example"]}, 400, "emails must be an array of objects"),
        ({"active": "true"}, 400, "active must be true or false"),
        ({"title": 5}, 400, "title must be a string"),
        ({"timezone": "Mars/Olympus"}, 400, "unknown time zone: Mars/Olympus"),
        ({"roles": [{"display": "Agent"}]}, 400, "roles must be an array of names, or of objects with a value"),
        ({"roles": ["Agent", "Wizard"]}, 404, "Role not found"),
        ({"password": "short"}, 400, "password does not comply with the security policy: at least 8 characters"),
        ({"userName": "jdoe"}, 409, "user with this login already exists"),
        ({"phoneNumbers": [{"type": "extension", "value": "1001"}]}, 409, "extension is already in use"),
        ({"phoneNumbers": [{"type": "extension", "value": "8000"}]}, 409, "extension is already in use"),
        ({"phoneNumbers": [{"type": "extension", "value": ""}]}, 400, "an extension cannot be empty"),
        ({"photos": [{"value": "nora.png"}]}, 400, "bad URL"),
        ({"photos": [{"value": "ftp://example.com/x"}]}, 400, "bad URL"),
        ({"photos": [{"value": "https://example.com:port/x"}]}, 400, "bad URL"),
        ({"photos": [{"value": "https://example.com/a b"}]}, 400, "bad URL"),
        ({"photos": [{"value": "https://example.com/missing"}]}, 404, "image not found"),
    ],
)
def test_create_refuses_what_is_wrong(changes: dict[str, Any], status: int, text: str) -> None:
    """Each broken rule has its status and text, and nobody is created."""
    with running(seed=SEED | {"roles": ["Agent"]}) as (box, client):
        before = box.users
        answer = client.post(SCIM, json=LEAST | changes)
        assert (answer.status_code, answer.text) == (status, text)
        assert box.users == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"userName":"\\ud800"}'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Malformed JSON, another type, bytes that are no text."""
    with running() as (box, client):
        kind = {"Content-Type": "application/scim+json"}
        one = f"{SCIM}/{id_of(client, 'jdoe')}"
        before = box.dump()
        for method, path in (("POST", SCIM), ("PUT", one), ("PATCH", one)):
            assert client.request(method, path, content=body, headers=kind).status_code == 400
        assert box.dump() == before


def test_unknown_and_read_only_attributes_are_ignored() -> None:
    """externalId, id, groups, meta and what the vendor does not map change nothing."""
    ignored = {
        "externalId": "7",
        "id": "x",
        "groups": [{"value": "y"}],
        "meta": {},
        "userType": "z",
        "displayName": "q",
    }
    with running() as (_, client):
        shown = client.post(SCIM, json=LEAST | ignored).json()
        assert shown["externalId"] == "" and shown["id"] != "x"
        assert not {"userType", "displayName"} & shown.keys()
        assert put(client, shown["id"], LEAST | ignored).json()["groups"] == shown["groups"]


def test_the_primary_one_of_several_counts_else_the_first() -> None:
    """E-mail addresses, addresses and photos; a phone of an unknown type is left out."""
    with running() as (box, client):
        several = {
            "emails": [{"value": "a@x.example"}, {"value": "b@x.example", "primary": True}],
            "addresses": [{"country": "US"}, {"country": "DE", "primary": False}],
            "photos": [{"value": "https://example.com/1"}, {"value": "https://example.com/2", "primary": True}],
            "phoneNumbers": [{"type": "fax", "value": "1"}, {"type": "work", "value": "2"}],
        }
        shown = client.post(SCIM, json=LEAST | several).json()
        assert shown["emails"] == [{"value": "b@x.example", "primary": True}]
        assert shown["addresses"] == [{"country": "US"}]
        assert [phone["type"] for phone in shown["phoneNumbers"]] == ["work", "extension"]
        assert (box.person("new") or {})["photo"] == "https://example.com/2"


def test_put_clears_what_is_not_sent() -> None:
    """The extension, the password, the team and the skills stay; everything else is as sent or gone."""
    with running() as (box, client):
        made = client.post(SCIM, json=FULL).json()
        client.put(f"{USER}/new", json={"skills": {"English": 5}, "team": "Sales"})
        answer = put(client, made["id"], {**LEAST, "emails": []})
        assert (answer.status_code, answer.json()["roles"], answer.json()["active"]) == (200, [], True)
        assert box.person("new") == {
            "disabled": False,
            "changePassword": False,
            "skills": {"English": 5},
            "loginId": "new",
            "firstName": "Nora",
            "lastName": "New",
            "team": "Sales",
            "extension": "7001",
            "roles": [],
            "id": made["id"],
            "passwordHash": (box.person("new") or {})["passwordHash"],
        }
        assert box.password_matches("new", PASSWORD)


def test_put_of_what_was_read_changes_nothing() -> None:
    """A resource as GET shows it is a resource to PUT, with the photo as the only loss."""
    with running() as (box, client):
        made = client.post(SCIM, json=FULL).json()
        before = box.person("new") or {}
        answer = put(client, made["id"], client.get(f"{SCIM}/{made['id']}").json())
        assert answer.status_code == 200
        assert box.person("new") == {name: value for name, value in before.items() if name != "photo"}


@pytest.mark.parametrize("missing", ["schemas", "userName", "name"])
def test_put_needs_who_it_is(missing: str) -> None:
    """Without its schema, login or name a replacement is refused and nothing changes."""
    with running() as (box, client):
        before = box.dump()
        body = {name: value for name, value in FULL.items() if name != missing}
        assert put(client, id_of(client, "jdoe"), body).status_code == 400
        assert box.dump() == before


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("active", False, {"disabled": True}),
        ("userName", "janedoe", {"loginId": "janedoe"}),
        ("name", {"givenName": "Joan"}, {"firstName": "Joan"}),
        ("name.familyName", "Roe", {"lastName": "Roe"}),
        ("nickName", "JJ", {"nickName": "JJ"}),
        ("title", "Boss", {"title": "Boss"}),
        ("timezone", "Europe/Berlin", {"timezone": "Europe/Berlin"}),
        ("emails", [{"value": "new@example.com"}], {"email": "new@example.com"}),
        ("emails", None, {"email": None}),
        ("addresses", [{"locality": "Rome"}], {"city": "Rome", "region": None}),
        (
            "phoneNumbers",
            [{"type": "work", "value": "9"}],
            {"workPhone": "9", "mobilePhone": None, "extension": "1001"},
        ),
        (
            "phoneNumbers",
            [{"type": "extension", "value": "1999"}],
            {"extension": "1999", "workPhone": None, "mobilePhone": None},
        ),
        ("roles", ["A", {"value": "B"}], {"roles": ["A", "B"]}),
        ("roles", [], {"roles": []}),
        ("photos", [{"value": "http://example.com/p", "type": "thumbnail"}], {"photo": "http://example.com/p"}),
    ],
)
def test_patch_replaces_one_attribute(path: str, value: Any, expected: dict[str, Any]) -> None:
    """What the path names changes as a whole, nothing else does, and the answer is the whole resource."""
    with running() as (box, client):
        box.change_user("jdoe", region="CA", mobilePhone="5", workPhone="6", title="Clerk")
        before, id_ = box.person("jdoe") or {}, id_of(client, "jdoe")
        answer = patch(client, id_, **{path: value})
        login = expected.get("loginId", "jdoe")
        assert answer.status_code == 200
        assert answer.json()["addresses"] == client.get(f"{SCIM}/{id_}").json()["addresses"]
        changed = {name: value for name, value in (before | expected).items() if value is not None}
        assert box.person(login) == changed
        assert answer.json()["userName"] == login


def test_patch_carries_out_all_operations_or_none() -> None:
    """Several at once, op in any case, one without a path; one bad value leaves the others unwritten."""
    with running() as (box, client):
        id_ = id_of(client, "jdoe")
        operations = [
            {"op": "Replace", "value": {"title": "Boss", "name": {"givenName": "Joan"}, "nickName": None}},
            {"op": "REPLACE", "path": "active", "value": False},
            {"op": "replace", "path": "password", "value": "another one 2"},
        ]
        body = {"schemas": [PATCH_OP], "Operations": operations}
        answer = client.patch(f"{SCIM}/{id_}", json=body)
        assert (answer.json()["title"], answer.json()["active"]) == ("Boss", False)
        assert answer.json()["name"] == {"familyName": "Doe", "givenName": "Joan"}
        assert box.password_matches("jdoe", "another one 2")
        before = box.dump()
        body["Operations"] = [*operations[:2], {"op": "replace", "path": "password", "value": "short"}]
        assert client.patch(f"{SCIM}/{id_}", json=body).status_code == 400
        assert box.dump() == before


@pytest.mark.parametrize(
    "operations",
    [
        None,
        [],
        ["x"],
        [{"op": "add", "path": "title", "value": "x"}],
        [{"op": "remove", "path": "title"}],
        [{"op": "replace", "path": "title"}],
        [{"op": "replace", "value": "x"}],
        [{"op": "replace", "path": 5, "value": "x"}],
        [{"op": "replace", "path": "id", "value": "x"}],
        [{"op": "replace", "path": "groups", "value": []}],
        [{"op": "replace", "path": "name.middleName", "value": "x"}],
        [{"op": "replace", "path": 'phoneNumbers[type eq "work"].value', "value": "1"}],
        [{"op": "replace", "path": "userName", "value": None}],
        [{"op": "replace", "path": "name.givenName", "value": ""}],
        [{"op": "replace", "value": {"name": {"givenName": " "}}}],
    ],
)
def test_patch_refuses_other_operations(operations: Any) -> None:
    """Only replace, only writable attributes, and never a person without a name."""
    with running() as (box, client):
        before = box.dump()
        body = {"schemas": [PATCH_OP], "Operations": operations}
        assert client.patch(f"{SCIM}/{id_of(client, 'jdoe')}", json=body).status_code == 400
        assert client.patch(f"{SCIM}/{id_of(client, 'jdoe')}", json=body | {"schemas": [CORE]}).status_code == 400
        assert box.dump() == before


def test_a_rename_keeps_the_person() -> None:
    """The id, the extension and the place among the users stay, by PATCH, by PUT and by hand; a taken login is 409."""
    with running() as (box, client):
        id_ = id_of(client, "jdoe")
        assert patch(client, id_, userName="locked").status_code == 409
        assert patch(client, id_, userName="jane").json()["userName"] == "jane"
        assert list(box.users) == ["jane", "locked"]
        assert client.get(f"{USER}/jdoe").status_code == 404
        assert client.get(f"{USER}/jane").json()["extension"] == "1001"
        assert put(client, id_, LEAST | {"userName": "joan"}).json()["id"] == id_
        box.change_user("joan", loginId="jill")
        assert id_of(client, "jill") == id_
        box.add_user(**NEW | {"loginId": "jdoe"})
        assert id_of(client, "jdoe") != id_
        assert Sandbox(box.dump()).dump() == box.dump()
        client.delete(f"{USER}/jill").raise_for_status()
        assert client.get(f"{SCIM}/{id_}").status_code == 404


def test_delete_is_for_both_doors() -> None:
    """204 without a body, then 404; who is created again under the login is another one."""
    with running() as (box, client):
        id_ = client.post(SCIM, json=LEAST).json()["id"]
        answer = client.delete(f"{SCIM}/{id_}")
        assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (204, b"", None)
        assert box.user("new") is None
        assert client.delete(f"{SCIM}/{id_}").status_code == 404
        client.post(USER, json=NEW).raise_for_status()
        again = id_of(client, "new")
        assert again != id_
        assert Sandbox(box.dump()).person("new") == box.person("new")


def test_an_unknown_id_is_404() -> None:
    """By every method."""
    with running() as (_, client):
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": True}]}
        one = f"{SCIM}/00000000-0000-0000-0000-000000000000"
        answers = [client.get(one), client.put(one, json=LEAST), client.patch(one, json=body), client.delete(one)]
        assert [(answer.status_code, answer.text) for answer in answers] == [(404, "user not found")] * 4


@pytest.mark.parametrize("missing", ["Manage users", "Manage all teams"])
def test_both_privileges_are_needed(missing: str) -> None:
    """One of the two is not enough, for reading either."""
    rights = [{"Manage users": "Manage all teams", "Manage all teams": "Manage users"}[missing], "Manage phones"]
    clients = [SEED["clients"][0] | {"privileges": rights}]
    with running(seed=SEED | {"clients": clients}) as (_, client):
        for answer in (look_up(client, "jdoe"), client.post(SCIM, json=LEAST), client.delete(f"{SCIM}/x")):
            assert answer.status_code == 403
            assert answer.text == "User authenticated but does not have sufficient privileges"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 201), ("application/scim+json; charset=utf-8", 201), ("text/plain", 415), (None, 415)],
)
def test_two_media_types_are_taken(kind: str | None, status: int) -> None:
    """JSON and SCIM's own, nothing else."""
    with running() as (_, client):
        headers = {"Content-Type": kind} if kind else {}
        assert client.post(SCIM, content=json.dumps(LEAST).encode(), headers=headers).status_code == status


def test_the_log_has_the_calls_without_secrets_and_phones() -> None:
    """Bodies keep their form, passwords and phone numbers are masked wherever they stand, extensions are not."""
    with running() as (box, client):
        id_ = client.post(SCIM, json=FULL).json()["id"]
        patch(client, id_, phoneNumbers=FULL["phoneNumbers"], password="another one 2")
        patch(client, id_, **{'phoneNumbers[type eq "work"].value': "5550000009"})
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": FULL}]}
        client.patch(f"{SCIM}/{id_}", json=body)
        entries = box.log()
        assert {entry.route for entry in entries} == {SCIM, f"{SCIM}/*"}
        assert [entry.changed for entry in entries] == [True, True, False, True]
        assert entries[0].sent["phoneNumbers"] == [
            {"type": "work", "value": "***"},
            {"type": "mobile", "value": "***"},
            {"type": "extension", "value": "7001"},
            {"type": "default", "value": "***"},
        ]
        shown = client.get("/_sandbox/log").text
        for secret in (PASSWORD, "another one 2", "55500"):
            assert secret not in shown


def test_faults_hit_scim_as_every_call() -> None:
    """An answer that is lost after the change leaves the change."""
    with running() as (box, client):
        id_ = id_of(client, "jdoe")
        box.fault("drop_after", method="PATCH", path=f"{SCIM}/*", nth=1)
        with pytest.raises(httpx.RemoteProtocolError):
            patch(client, id_, title="Boss")
        assert client.get(f"{SCIM}/{id_}").json()["title"] == "Boss"


def test_every_attribute_is_seeded_set_by_hand_and_saved() -> None:
    """A seed has them, the admin API sets and shows them, and a dump holds them."""
    with running(seed=SEED | {"users": [NEW | PROFILE | {"id": "A-1"}]}) as (box, client):
        assert client.get(f"{SCIM}/A-1").json()["userName"] == "new"
        assert PROFILE.items() <= (box.person("new") or {}).items()
        for name, value in PROFILE.items():
            client.patch("/_sandbox/users/new", json={name: f"{value}0"}).raise_for_status()
        shown = client.get("/_sandbox/users").json()["new"]
        assert {name: shown[name] for name in PROFILE} == {name: f"{value}0" for name, value in PROFILE.items()}
        assert Sandbox(box.dump()).person("new") == shown
