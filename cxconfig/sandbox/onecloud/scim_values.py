"""Reading what a SCIM client sends: bodies and filters become changes by the fields of `state.User`. Nothing of the
tenant is looked at. Raises `ScimRefusal`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from cxconfig.sandbox.http import Call
from cxconfig.sandbox.onecloud import values
from cxconfig.sandbox.onecloud.answers import ScimRefusal, UserRefusal

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

PHONES = {"work": "workPhone", "mobile": "mobilePhone", "extension": "extension", "default": "defaultPhone"}
ADDRESS = {"locality": "city", "region": "region", "country": "country"}
NAME = {"familyName": "lastName", "givenName": "firstName"}
REQUIRED = {"loginId": "userName", "lastName": "name.familyName", "firstName": "name.givenName"}

Changes = dict[str, Any]

_FILTER = re.compile(r'(?i:username) +(?i:eq) +("(?:[^"\\]|\\.)*")')
_CHOSEN = re.compile(r'(phoneNumbers|emails)\[(type|primary) (?i:eq) (?:"([^"]*)"|true)\](?:\.value)?')


def login_of(text: str) -> str:
    """The login of the one filter that is served, `userName eq "x"`, a JSON string as RFC 7644 has it."""
    found = _FILTER.fullmatch(text)
    try:
        return str(json.loads(found[1])) if found else _refuse_filter()
    except ValueError:
        return _refuse_filter()


def _refuse_filter() -> str:
    raise ScimRefusal(400, "the filter is not supported", "invalidFilter")


def body_of(call: Call, schema: str) -> dict[str, Any]:
    """The JSON object that was sent, which must name its schema."""
    try:
        content = values.body_of(call)
    except UserRefusal as refusal:
        raise ScimRefusal(refusal.status, refusal.text, "invalidSyntax") from None
    schemas = content.get("schemas")
    if not isinstance(schemas, list) or schema not in schemas:
        raise ScimRefusal(400, f"missing required attribute: schemas with {schema}", "invalidValue")
    return content


def created(body: Mapping[str, Any]) -> Changes:
    """The fields that POST sets."""
    changes = _read(body)
    _check_required(changes, REQUIRED | {"email": "emails.value"})
    return changes


def replaced(body: Mapping[str, Any], *, photo_stays: bool) -> Changes:
    """The fields that PUT sets: what is not sent is cleared, apart from the extension and the password."""
    changes = _CLEARED | _read(body)
    if photo_stays and "photos" not in body:
        del changes["photo"]
    _check_required(changes, REQUIRED)
    return changes


def patched(body: Mapping[str, Any], *, chosen: bool) -> Changes:
    """The fields that PATCH sets. `chosen`: a path may choose among values, as in `phoneNumbers[type eq "work"]`."""
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise ScimRefusal(400, "missing required attribute: Operations", "invalidSyntax")
    changes: Changes = {}
    for operation in operations:
        changes |= _operation(operation, chosen)
    _check_required(changes, {name: path for name, path in REQUIRED.items() if name in changes})
    return changes


def _operation(operation: Any, chosen: bool) -> Changes:
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
        raise ScimRefusal(400, "an operation is an object with op, path and value", "invalidSyntax")
    if operation["op"].lower() != "replace":
        raise ScimRefusal(400, f"operation {operation['op']} is not supported", "invalidSyntax")
    if "value" not in operation:
        raise ScimRefusal(400, "missing required attribute: value", "invalidValue")
    path, value = operation.get("path"), operation["value"]
    if path is None:
        if not isinstance(value, dict):
            raise ScimRefusal(400, "an operation without path needs an object", "invalidSyntax")
        return _read(value, partial=True)
    if not isinstance(path, str):
        raise ScimRefusal(400, "path must be a string", "invalidPath")
    return _at(path, value, chosen)


def _at(path: str, value: Any, chosen: bool) -> Changes:
    whole, _, part = path.partition(".")
    if whole == "name" and part in NAME:
        return {NAME[part]: _text(path, value)}
    if path in _READERS:
        return _READERS[path](value)
    found = _CHOSEN.fullmatch(path) if chosen else None
    if found and (found[1], found[2]) == ("phoneNumbers", "type") and found[3] in PHONES:
        return {PHONES[found[3]]: _text(path, value)}
    if found and (found[1], found[2], found[3]) == ("emails", "primary", None):
        return {"email": _text(path, value)}
    raise ScimRefusal(400, f"path {path} is not supported", "invalidPath")


def _read(body: Mapping[str, Any], *, partial: bool = False) -> Changes:
    """The known attributes of a resource; null is the same as not sent, which in a PATCH (`partial`) clears."""
    changes: Changes = {}
    for name, value in body.items():
        if name in _READERS and (partial or value is not None):
            changes |= _READERS[name](value)
    return changes


def _check_required(changes: Changes, required: Mapping[str, str]) -> None:
    missing = [path for name, path in required.items() if not changes.get(name, "").strip()]
    if missing:
        raise ScimRefusal(400, f"missing required attribute: {', '.join(missing)}", "invalidValue")


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ScimRefusal(400, f"{name} must be a string", "invalidValue")
    return value


def _entries(name: str, value: Any) -> list[dict[str, Any]]:
    """The objects of a multi-valued attribute, the primary one first."""
    entries = [] if value is None else value
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ScimRefusal(400, f"{name} must be an array of objects", "invalidValue")
    return sorted(entries, key=lambda entry: entry.get("primary") is not True)


def _name(value: Any) -> Changes:
    if not isinstance(value, dict):
        raise ScimRefusal(400, "name must be an object", "invalidValue")
    return {field: _text(f"name.{part}", value[part]) for part, field in NAME.items() if part in value}


def _active(value: Any) -> Changes:
    if not isinstance(value, bool):
        raise ScimRefusal(400, "active must be true or false", "invalidValue")
    return {"disabled": not value}


def _emails(value: Any) -> Changes:
    entries = _entries("emails", value)
    return {"email": _text("emails.value", entries[0].get("value")) if entries else ""}


def _phones(value: Any) -> Changes:
    """Phones of a type that is not sent are cleared; an extension stays, as everybody has one."""
    changes: Changes = {"workPhone": "", "mobilePhone": "", "defaultPhone": ""}
    for entry in reversed(_entries("phoneNumbers", value)):
        field = PHONES.get(_text("phoneNumbers.type", entry.get("type")))
        if field:
            changes[field] = _text("phoneNumbers.value", entry.get("value"))
    return changes


def _addresses(value: Any) -> Changes:
    entries = _entries("addresses", value)
    first = entries[0] if entries else {}
    return {field: _text(f"addresses.{part}", first.get(part)) for part, field in ADDRESS.items()}


def _photos(value: Any) -> Changes:
    """The place of the photo. Nothing is fetched: every place has an image but those whose path ends in /missing."""
    entries = [entry for entry in _entries("photos", value) if _is_photo(entry)]
    if not entries:
        return {"photo": ""}
    place = _text("photos.value", entries[0].get("value"))
    try:
        parts = urlsplit(place)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not place.isascii() or not place.isprintable() or " " in place:
        raise ScimRefusal(400, "bad URL", "invalidValue")
    if parts.path.endswith("/missing"):
        raise ScimRefusal(404, "image not found")
    return {"photo": place}


def _is_photo(entry: Mapping[str, Any]) -> bool:
    return _text("photos.type", entry.get("type")) in {"", "photo", "thumbnail"}


def _roles(value: Any) -> Changes:
    """Names, or objects with a name as their value."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    names = [entry.get("value") if isinstance(entry, dict) else entry for entry in entries]
    if not all(isinstance(name, str) for name in names):
        raise ScimRefusal(400, "roles must be an array of names, or of objects with a value", "invalidValue")
    return {"roles": names}


def _timezone(value: Any) -> Changes:
    name = _text("timezone", value)
    if name and _zones() and name not in _zones():
        raise ScimRefusal(400, f"unknown time zone: {name}", "invalidValue")
    return {"timezone": name}


@cache
def _zones() -> frozenset[str]:
    """The IANA names, none on a machine without them."""
    return frozenset(available_timezones())


def _plain(name: str, field: str) -> Callable[[Any], Changes]:
    return lambda value: {field: _text(name, value)}


_READERS: Mapping[str, Callable[[Any], Changes]] = {
    "userName": _plain("userName", "loginId"),
    "name": _name,
    "nickName": _plain("nickName", "nickName"),
    "title": _plain("title", "title"),
    "timezone": _timezone,
    "active": _active,
    "password": _plain("password", "password"),
    "emails": _emails,
    "phoneNumbers": _phones,
    "addresses": _addresses,
    "photos": _photos,
    "roles": _roles,
}
"""Every attribute that is known; others are ignored."""
_CLEARED: Changes = {
    **dict.fromkeys(("firstName", "lastName", "nickName", "title", "timezone", "country", "city", "region"), ""),
    **dict.fromkeys(("email", "workPhone", "mobilePhone", "defaultPhone", "photo"), ""),
    "roles": [],
    "disabled": False,
}
