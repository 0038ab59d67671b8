"""Everything that is sent to SCIM is valid SCIM 2.0, held against scim2-models, which shares no code with the client or
with the sandbox: the bodies that the sandbox's log has after a walk over all operations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
import scim2_models
from pydantic import ValidationError
from scim2_models import Context, SCIMException

from cxconfig.kinds import Action, Desired
from cxconfig.sandbox.log import Entry
from providers.onecloud.scim_values import PATCH_SCHEMA as PATCH
from providers.onecloud.scim_values import USER_SCHEMA as USER
from providers.onecloud.scim_values import filter_of
from providers.onecloud.users_handler import UsersHandler
from providers.onecloud.values import SCIM_FIELDS
from tests.onecloud.scim_support import (
    DIALECTS,
    FIELDS,
    KIND,
    LOGIN,
    PEOPLE,
    READ,
    SECRETS,
    accounts,
    another,
    change,
    declared,
    dialects,
    example,
    methods,
    read,
    wanted,
)
from tests.onecloud.support import JDOE, ODD_LOGINS, desired, sandboxed
from tests.onecloud.support import KIND as USERS

Resource: Any = scim2_models.User
Patch: Any = scim2_models.PatchOp[Resource]
Search: Any = scim2_models.SearchRequest[Resource]
EMPTIED = [name for name in READ if isinstance(example(name), (str, list))]


def check(entry: Entry) -> None:
    """A body is valid, and nothing in it is unknown, read-only or of another type: all of it arrives as it was sent."""
    if entry.method == "POST":
        _check_resource(entry.sent, Context.RESOURCE_CREATION_REQUEST)
    elif entry.method == "PUT":
        _check_resource(entry.sent, Context.RESOURCE_REPLACEMENT_REQUEST)
    elif entry.method == "PATCH":
        _check_patch(entry.sent)
    else:
        assert (entry.method, entry.sent) == ("DELETE", None)


def _check_resource(sent: dict[str, Any], context: Context) -> None:
    assert Resource.model_validate(sent, scim_ctx=context).model_dump(scim_ctx=context) == sent


def _check_patch(sent: dict[str, Any]) -> None:
    context = Context.RESOURCE_PATCH_REQUEST
    parsed = Patch.model_validate(sent, scim_ctx=context)
    assert parsed.model_dump(scim_ctx=context) == sent
    # A value is held against its type only when it becomes somebody's.
    person = Resource(user_name="x", name=scim2_models.Name(family_name="x", given_name="x"))
    parsed.patch(person)
    held = person.model_dump()
    for operation in sent["Operations"]:
        value = operation["value"]
        assert held.get(operation["path"], type(value)()) == value


@dialects
@methods
def test_a_walk_over_all_operations_sends_nothing_else(dialect: str, method: str) -> None:
    """Created with everything and with the least, every attribute changed and emptied, renamed, disabled, deleted."""
    with accounts(dialect) as (box, handler):
        account = wanted(method)
        handler.create(account, SECRETS)
        for name in READ:
            changed = wanted(method, **{name: another(name)})
            change(handler, changed)
            change(handler, account)
        change(handler, account, [name for name in FIELDS if name not in READ])
        for name in EMPTIED:
            if name not in {"first_name", "last_name", "email", "extension"}:  # the model refuses to empty these
                change(handler, wanted(method, **{name: type(example(name))()}))
        other = replace(account, key="j.doe@acme.example.com")
        live = read(handler, account)
        handler.rename(LOGIN, other, live, KIND.compare(other, live), {})
        handler.remove(other.key, read(handler, other), Action.DISABLE)
        handler.remove(other.key, read(handler, other), Action.DELETE)
        least = {name: value for name, value in account.fields.items() if KIND.specs[name].needed}
        handler.create(declared("least", least), {})
        sent = box.log(path=f"{PEOPLE}**", write=True)
        assert {entry.method for entry in sent} == {"POST", method.upper(), "PATCH", "DELETE"}
        assert {entry.status for entry in sent} <= {200, 201, 204}
        for entry in sent:
            check(entry)


@dialects
def test_what_users_change_through_scim_is_valid_too(dialect: str) -> None:
    """Every attribute that the user API itself does not change, and a new login."""
    with sandboxed(JDOE | {"email": "jane@example.com"}, switches=DIALECTS[dialect]) as (box, client):
        handler = USERS.handler(client)
        values: dict[str, Any] = {}
        for name in sorted(SCIM_FIELDS):
            values[name] = another(name)
            _apply(handler, desired(**values), LOGIN)
        values["first_name"] = "Joan"
        _apply(handler, desired("joan", **values), LOGIN)
        sent = box.log(path=f"{PEOPLE}**", write=True)
        assert [entry.method for entry in sent] == ["PATCH"] * (len(SCIM_FIELDS) + 1)
        for entry in sent:
            check(entry)
        live = handler.observe({"joan": {}})["joan"] or {}
        assert {name: live.get(name) for name in values} == values


def _apply(handler: UsersHandler, user: Desired, login: str) -> None:
    live = handler.observe({login: user.fields})[login]
    assert live is not None
    differences = USERS.compare(user, live)
    if user.key == login:
        handler.update(user, live, differences, {})
    else:
        handler.rename(login, user, live, differences, {})


@pytest.mark.parametrize("login", [*ODD_LOGINS, 'a "quoted" one', "back\\slash", 'x" or userName eq "y', "Łucja", "🙂"])
def test_a_filter_finds_its_login_alone(login: str) -> None:
    """Whatever is in a login, its filter is one of RFC 7644 that matches that login and no other."""
    text = unquote(filter_of(login).removeprefix("filter="))
    found = Search(filter=text).filter
    assert found is not None
    assert [found.match(Resource(user_name=name)) for name in (login, "y", f"{login}x")] == [True, False, False]


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("POST", {"userName": "x", "locale": 5}),
        ("POST", {"userName": "x", "nonsense": "x"}),
        ("POST", {"userName": "x", "roles": ["Agent"]}),
        ("POST", {"userName": "x", "active": "true"}),
        ("POST", {"userName": "x", "groups": [{"value": "x"}]}),
        ("POST", {"name": {"givenName": "x"}}),
        ("PUT", {"userName": "x", "meta": {"resourceType": "USER"}}),
        ("PUT", {"userName": "x", "photos": [{"url": "http://x.example"}]}),
        ("PATCH", {"op": "replace", "path": "roles", "value": ["Agent"]}),
        ("PATCH", {"op": "replace", "path": "active", "value": "disabled"}),
        ("PATCH", {"op": "replace", "path": "active", "value": "true"}),
        ("PATCH", {"op": "replace", "path": "id", "value": "x"}),
        ("PATCH", {"op": "replace", "path": "nonsense", "value": "x"}),
        ("PATCH", {"op": "set", "path": "title", "value": "x"}),
        ("DELETE", {}),
    ],
)
def test_the_check_sees_what_is_no_scim(method: str, sent: dict[str, Any]) -> None:
    """Unknown and read-only attributes, other types, other operations."""
    body = {"schemas": [PATCH], "Operations": [sent]} if method == "PATCH" else {"schemas": [USER], **sent}
    with pytest.raises((ValidationError, SCIMException, AssertionError)):
        check(Entry(1, method, PEOPLE, sent=body))
