"""SCIM's forms of an account's values: a resource in, attributes, PATCH operations and whole resources out. Pure.

Source: the vendor's "Users SCIM Provisioning" (2020 and 2022 forms), RFC 7643 and RFC 7644. Of several addresses and
e-mail addresses the primary one counts, else the first. Everything that is sent is valid SCIM 2.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cxconfig.errors import CxconfigError
from cxconfig.kinds import folded
from providers.onecloud.values import role_name, roles_read, truth, undocumented

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

ID = "scim_id"
"""Beside the fields of a live account: the id that its calls are addressed by."""
RESOURCE = "resource"
"""Beside the fields of a live account: the resource as it was read, which changes are merged into."""

PLACES: Mapping[str, tuple[str, str]] = {
    "first_name": ("name", "givenName"),
    "last_name": ("name", "familyName"),
    "email": ("emails", "value"),
    "nick_name": ("nickName", ""),
    "title": ("title", ""),
    "timezone": ("timezone", ""),
    "country": ("addresses", "country"),
    "city": ("addresses", "locality"),
    "region": ("addresses", "region"),
    "work_phone": ("phoneNumbers", "work"),
    "mobile_phone": ("phoneNumbers", "mobile"),
    "default_phone": ("phoneNumbers", "default"),
    "extension": ("phoneNumbers", "extension"),
    "roles": ("roles", ""),
    "active": ("active", ""),
    "photo": ("photos", "value"),
    "password": ("password", ""),
}
"""Field -> its attribute, and what of that attribute it is: a sub-attribute, or the type of a phone number."""
SHARED = ("first_name", "last_name", "email", "work_phone", "mobile_phone", "extension", "roles", "password")
"""Fields that a user has by the same name."""
UNREAD = frozenset({"photo", "password"})
"""Fields that no answer shows."""
_READ_ONLY = frozenset({"id", "meta", "groups", "externalId", "password"})
"""What a PUT leaves out of the resource that was read."""
_SAYS_NOTHING = frozenset({"type", "primary"})
"""What an address may have and still hold no address."""


def folded_login(login: str) -> str:
    """Equal for spellings of one login."""
    return folded(login.strip())


def same_id(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Are two resources the same person's? A login may be another person's by now, an id never is."""
    return str(one["id"]).casefold() == str(other["id"]).casefold()


def filter_of(login: str) -> str:
    """The query that finds a login: the value is a JSON string (RFC 7644, section 3.4.2.2), the whole of it encoded."""
    try:
        return "filter=" + quote(f"userName eq {json.dumps(login, ensure_ascii=False)}", safe="")
    except UnicodeEncodeError:
        raise CxconfigError(f"{login!r} is not valid Unicode", way_out="Write the name anew.") from None


def from_scim(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A resource as plain values by field name, with `ID` and `RESOURCE`.

    Raises `UnexpectedAnswer` for a form that no document shows.
    """
    live: dict[str, Any] = {ID: raw["id"], RESOURCE: raw}
    for name, (attribute, part) in PLACES.items():
        if name in UNREAD:
            continue
        try:
            read: Callable[[Any, str], Any] = _READ.get(attribute, _plain)
            live[name] = read(raw.get(attribute), part)
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise undocumented(f"SCIM account {raw.get('userName')!r}", attribute) from None
    return live


def _plain(value: Any, _part: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError


def _active(value: Any, _part: str) -> bool:
    if value is None:
        raise ValueError
    return truth(value)


def _part_of(value: Any, part: str) -> str:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError
    return _plain((value or {}).get(part), part)


def _part_of_chosen(value: Any, part: str) -> str:
    rows = _rows(value)
    return _plain(rows[_chosen(rows)].get(part), part) if rows else ""


def _phone(value: Any, kind: str) -> str:
    return next((_plain(row.get("value"), kind) for row in _rows(value) if _type(row) == kind), "")


def _roles(value: Any, _part: str) -> list[str]:
    return roles_read(value)


def _rows(value: Any) -> list[dict[str, Any]]:
    """A multi-valued attribute as objects; absent is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise ValueError
    return [dict(row) for row in value]


def _chosen(rows: Sequence[Mapping[str, Any]]) -> int:
    """The one that counts: the primary one, else the first."""
    return next((n for n, row in enumerate(rows) if truth(row.get("primary"))), 0)


def _type(row: Mapping[str, Any]) -> str:
    return str(row.get("type") or "").strip().casefold()


_READ: Mapping[str, Callable[[Any, str], Any]] = {
    "name": _part_of,
    "emails": _part_of_chosen,
    "addresses": _part_of_chosen,
    "phoneNumbers": _phone,
    "roles": _roles,
    "active": _active,
}


def attributes(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The whole new value of every attribute that `changes` (by field name) touch, merged into the resource `raw`.

    An emptied text is "", an emptied list [].
    """
    found: dict[str, Any] = {}
    for name, value in changes.items():
        attribute, part = PLACES[name]
        held = found[attribute] if attribute in found else raw.get(attribute)
        found[attribute] = _WRITTEN.get(attribute, _as_it_is)(held, part, value)
    return found


def _as_it_is(_held: Any, _part: str, value: Any) -> Any:
    return value


def _named(held: Any, part: str, value: str) -> dict[str, Any]:
    return {**(held or {}), part: value}


def _mailed(held: Any, part: str, value: str) -> list[dict[str, Any]]:
    rows = _rows(held) or [{"primary": True}]
    at = _chosen(rows)
    rows[at][part] = value
    return [row for row in rows if row.get(part)]


def _addressed(held: Any, part: str, value: str) -> list[dict[str, Any]]:
    rows = _rows(held) or [{}]
    at = _chosen(rows)
    rows[at][part] = value
    rows[at] = {name: held for name, held in rows[at].items() if held not in ("", None)}
    return [row for row in rows if row.keys() - _SAYS_NOTHING]


def _called(held: Any, kind: str, value: str) -> list[dict[str, Any]]:
    rows = _rows(held)
    at = next((n for n, row in enumerate(rows) if _type(row) == kind), None)
    if at is None:
        return [*rows, {"type": kind, "value": value}] if value else rows
    changed = [{**rows[at], "value": value}] if value else []
    return rows[:at] + changed + rows[at + 1 :]


def _cast(held: Any, _part: str, names: Sequence[str]) -> list[Any]:
    """Roles as objects, the only form of SCIM 2.0, also where older contact centres show names; what an object of a
    role that stays has besides is kept."""
    before = {role_name(role).strip(): role for role in held or [] if isinstance(role, Mapping)}
    return [before.get(name.strip(), {"value": name.strip()}) for name in names]


def _pictured(_held: Any, part: str, url: str) -> list[dict[str, Any]]:
    return [{part: url, "type": "photo"}] if url else []


_WRITTEN: Mapping[str, Callable[[Any, str, Any], Any]] = {
    "name": _named,
    "emails": _mailed,
    "addresses": _addressed,
    "phoneNumbers": _called,
    "roles": _cast,
    "photos": _pictured,
}


def creation(login: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST: a resource without what is empty."""
    return {"schemas": [USER_SCHEMA], "userName": login, **_filled(attributes({}, values))}


def patch(raw: Mapping[str, Any], changes: Mapping[str, Any], login: str = "") -> dict[str, Any]:
    """The body of PATCH: one `replace` for each attribute that `changes` touch, and for a new `login`."""
    values = {**({"userName": login} if login else {}), **attributes(raw, changes)}
    operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
    return {"schemas": [PATCH_SCHEMA], "Operations": operations}


def replacement(raw: Mapping[str, Any], changes: Mapping[str, Any], login: str = "") -> dict[str, Any]:
    """The body of PUT: the resource as it was read, without what is read-only, with `changes` and a new `login`."""
    kept = {name: value for name, value in raw.items() if name not in _READ_ONLY}
    if "addresses" in kept:
        kept["addresses"] = [row for row in _rows(kept["addresses"]) if row.keys() - _SAYS_NOTHING]
    if "roles" in kept:
        kept["roles"] = _cast(kept["roles"], "", _roles(kept["roles"], ""))
    schemas = raw.get("schemas")
    body = {**kept, **attributes(raw, changes), **({"userName": login} if login else {})}
    return {**_filled(body), "schemas": schemas if isinstance(schemas, list) and schemas else [USER_SCHEMA]}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
