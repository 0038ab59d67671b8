"""Every setting of every switch of SCIM, by its effect on real answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.support import SEED, USER, running
from tests.sandbox.test_scim import FULL, LEAST, SCIM, id_of, look_up, patch, put

MISSING = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("setting", "statuses"), [("on", [200, 201]), ("404", [404, 404]), ("403", [403, 403]), ("no-account", [200, 400])]
)
def test_a_tenant_without_scim(setting: str, statuses: list[int]) -> None:
    """No such API, no right to it, or nobody to create for; users are there in any case."""
    with running() as (box, client):
        id_ = id_of(client, "jdoe")
        box.set_switch("scim", setting)
        answers = [look_up(client, "jdoe"), client.post(SCIM, json=LEAST)]
        assert [answer.status_code for answer in answers] == statuses
        rest = (
            client.get(f"{SCIM}/{id_}"),
            patch(client, id_, title="x"),
            put(client, id_, LEAST | {"userName": "jdoe"}),
        )
        assert {answer.status_code for answer in rest} == {statuses[0]}
        assert client.delete(f"{SCIM}/{id_}").status_code == {200: 204}.get(statuses[0], statuses[0])
        texts = {"404": "HTTP 404 Not Found", "403": "User authenticated but does not have sufficient privileges"}
        assert answers[0].text == texts.get(setting, answers[0].text)
        assert client.get(f"{USER}/locked").status_code == 200


@pytest.mark.parametrize("setting", ["objects", "strings"])
def test_u38_roles(setting: str) -> None:
    """Roles as objects with groups, or as strings without; what is sent may have either form."""
    with running(switches={"U38": setting}) as (_, client):
        shown = patch(client, id_of(client, "jdoe"), roles=["A", {"value": "B"}]).json()
        assert shown["roles"] == (["A", "B"] if setting == "strings" else [{"value": "A"}, {"value": "B"}])
        assert ("groups" in shown) == (setting == "objects")


@pytest.mark.parametrize("setting", ["200", "404"])
def test_u39_no_match(setting: str) -> None:
    """An empty list, or not found."""
    with running(switches={"U39": setting}) as (_, client):
        answer = look_up(client, "nobody")
        assert answer.status_code == int(setting)
        assert answer.text == "user not found" if setting == "404" else answer.json()["totalResults"] == 0


@pytest.mark.parametrize("setting", ["409", "400"])
def test_u40_extension_used(setting: str) -> None:
    """The status of an extension that another user has, at creation and at a change; the own one is no conflict."""
    taken, own = ([{"type": "extension", "value": value}] for value in ("1001", "1000"))
    with running(switches={"U40": setting}) as (_, client):
        id_ = id_of(client, "locked")
        answers = [
            client.post(SCIM, json=LEAST | {"phoneNumbers": taken}),
            patch(client, id_, phoneNumbers=taken),
            put(client, id_, LEAST | {"phoneNumbers": taken}),
        ]
        assert [(a.status_code, a.text) for a in answers] == [(int(setting), "extension is already in use")] * 3
        assert patch(client, id_, phoneNumbers=own).status_code == 200


@pytest.mark.parametrize(
    ("setting", "kind", "dates", "form", "written"),
    [
        ("newer", "application/scim+json", {"lastModified"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", []),
        ("older", "application/json", {"created", "lastModified"}, r"\d\d-\d\d-\d{4}T\d\d:\d\d:\d\d", [{}]),
    ],
)
def test_u41_forms(setting: str, kind: str, dates: set[str], form: str, written: list[Any]) -> None:
    """Media type, dates and empty addresses have the forms of 2022 or of 2020."""
    with running(switches={"U41": setting}) as (_, client):
        id_ = id_of(client, "jdoe")
        before = client.get(f"{SCIM}/{id_}").json()["meta"].keys() - {"resourceType", "location"}
        assert before == (dates if setting == "newer" else {"created"})
        answer = patch(client, id_, title="x")
        assert answer.headers["content-type"] == kind
        assert ("access-control-allow-origin" in answer.headers) == (setting == "newer")
        assert answer.json()["addresses"] == written
        read = client.get(f"{SCIM}/{id_}").json()
        assert read["addresses"] == [{}]
        assert dates | {"resourceType", "location"} == read["meta"].keys()
        assert all(re.fullmatch(form, read["meta"][name]) for name in dates)


@pytest.mark.parametrize("setting", ["text", "empty", "json"])
@pytest.mark.parametrize("forms", ["newer", "older"])
def test_u46_bodies(setting: str, forms: str) -> None:
    """U46 shapes 400, 404 and 409 of SCIM too; JSON is the Error of RFC 7644."""
    texts = {404: "user not found", 409: "user with this login already exists", 400: "title must be a string"}
    types = {409: "uniqueness", 400: "invalidValue"}
    with running(switches={"U46": setting, "U41": forms}) as (_, client):
        answers = [
            client.get(f"{SCIM}/{MISSING}"),
            client.post(SCIM, json=LEAST | {"userName": "jdoe"}),
            client.post(SCIM, json=LEAST | {"title": 5}),
        ]
        assert [answer.status_code for answer in answers] == [404, 409, 400]
        for answer in answers:
            status = answer.status_code
            if setting != "json":
                assert answer.text == (texts[status] if setting == "text" else "")
                continue
            json_type = "application/scim+json" if forms == "newer" else "application/json"
            assert answer.headers["content-type"] == json_type
            kind = {"scimType": types[status]} if status in types else {}
            assert answer.json() == {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": str(status),
                "detail": texts[status],
                **kind,
            }


@pytest.mark.parametrize("setting", ["allowed", "refused"])
def test_scim_rename(setting: str) -> None:
    """Another login is 403 with a text where it is not enabled; the same one is no rename."""
    with running(switches={"scim-rename": setting}) as (box, client):
        id_ = id_of(client, "jdoe")
        assert patch(client, id_, userName="jdoe", title="x").status_code == 200
        answer = patch(client, id_, userName="jane", title="y")
        assert answer.status_code == (200 if setting == "allowed" else 403)
        assert answer.text and ("jane" in box.users) == (setting == "allowed")
        assert client.get(f"{SCIM}/{id_}").json()["title"] == ("y" if setting == "allowed" else "x")


@pytest.mark.parametrize("setting", ["refused", "accepted"])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ('phoneNumbers[type eq "work"].value', "workPhone"),
        ('phoneNumbers[type eq "default"]', "defaultPhone"),
        ("emails[primary eq true].value", "email"),
    ],
)
def test_scim_patch_paths(setting: str, path: str, field: str) -> None:
    """A path that chooses among values is refused, or changes just that one."""
    with running(switches={"scim-patch-paths": setting}) as (box, client):
        box.change_user("jdoe", mobilePhone="5")
        before = box.person("jdoe") or {}
        answer = patch(client, id_of(client, "jdoe"), **{path: "42"})
        assert answer.status_code == (200 if setting == "accepted" else 400)
        assert box.person("jdoe") == (before | {field: "42"} if setting == "accepted" else before)


def test_scim_patch_paths_have_limits() -> None:
    """Another type or attribute is refused even where paths may choose."""
    with running(switches={"scim-patch-paths": "accepted"}) as (_, client):
        for path in (
            'phoneNumbers[type eq "fax"].value',
            'emails[type eq "work"].value',
            "phoneNumbers[primary eq true]",
        ):
            assert patch(client, id_of(client, "jdoe"), **{path: "x"}).status_code == 400


@pytest.mark.parametrize(("setting", "shown"), [("refused", 0), ("all", 102), ("page", 100)])
def test_scim_list(setting: str, shown: int) -> None:
    """Without a filter: refused, everybody, or a first page that says how many there are."""
    users = [SEED["users"][1] | {"loginId": f"u{number}"} for number in range(102)]
    with running(seed=SEED | {"users": users}, switches={"scim-list": setting}) as (_, client):
        answer = client.get(SCIM)
        assert answer.status_code == (200 if shown else 400)
        if shown:
            logins = [resource["userName"] for resource in answer.json()["Resources"]]
            assert (answer.json()["totalResults"], logins) == (102, [f"u{number}" for number in range(shown)])


@pytest.mark.parametrize(("setting", "found"), [("exact", ["Same"]), ("ignored", ["same", "Same"])])
def test_scim_case(setting: str, found: list[str]) -> None:
    """The case of a login in a filter counts, or several may be found."""
    users = [SEED["users"][1] | {"loginId": login} for login in ("same", "Same")]
    with running(seed=SEED | {"users": users}, switches={"scim-case": setting}) as (_, client):
        assert [resource["userName"] for resource in look_up(client, "Same").json()["Resources"]] == found


@pytest.mark.parametrize("setting", ["cleared", "kept"])
def test_scim_put_photo(setting: str) -> None:
    """PUT without a photo clears it or keeps it; an empty list clears it in any case."""
    with running(switches={"scim-put-photo": setting}) as (box, client):
        id_ = client.post(SCIM, json=FULL).json()["id"]
        put(client, id_, LEAST).raise_for_status()
        assert ("photo" in (box.person("new") or {})) == (setting == "kept")
        put(client, id_, LEAST | {"photos": []}).raise_for_status()
        assert "photo" not in (box.person("new") or {})


@pytest.mark.parametrize("setting", ["kept", "lost"])
def test_scim_region(setting: str) -> None:
    """The region may be lost at creation; a change has it."""
    with running(switches={"scim-region": setting}) as (_, client):
        made = client.post(SCIM, json=FULL).json()
        assert ("region" in made["addresses"][0]) == (setting == "kept")
        assert patch(client, made["id"], addresses=FULL["addresses"]).json()["addresses"] == FULL["addresses"]
