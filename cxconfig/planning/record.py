"""The form in which an object stands in the Pulumi state: managed fields, and keyed digests of what must not be there.

A record is `{"key": ..., field: value, ...}`. Secrets and personal data are replaced by a digest `hmac:<key id>:<mac>`;
`key id` tells under which passphrase it was made, so that a changed passphrase never looks like changed secrets. What
is written and never read has a digest as well: only the record tells whether it changed. `on_remove` and `protect` are
recorded only where the object itself says them, as are its other settings, `ignore` only where there is something to
ignore: the fields that were written at creation and are never compared afterwards.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from cxconfig.kinds import Desired, Kind, OnRemove, Values

ITERATIONS = 300_000
PREFIX = "hmac:"
KEY = "key"
ON_REMOVE = "on_remove"
IGNORE = "ignore"
PROTECT = "protect"
UNDECLARED = "undeclared"
"""True for an object that was never declared and is recorded only so that the engine can remove it."""
ENTRY = "entry"
"""True for an object with an entry of its own, whose record would otherwise be that of one that has none and only
stands in another object's list."""
BESIDE = frozenset({KEY, ON_REMOVE, IGNORE, PROTECT, UNDECLARED, ENTRY})
"""What a record holds beside the managed fields; no kind may have a field of such a name, but for `on_remove`."""
ORIGIN = "origin"
"""Beside the record: a mark of the live tenant that the object is in."""
REFRESHED = "refreshed"
"""Beside the record: the fields whose recorded values were read by a refresh, and not applied."""


class Digester:
    """Digests keyed by the stack's passphrase and the tenant's name; the key is derived on first use.

    `previous`: the passphrase that digests may still be recorded under.
    """

    def __init__(self, passphrase: str, tenant: str, previous: str | None = None) -> None:
        self._passphrase = passphrase
        self._tenant = tenant
        self._derived = b""
        self._previous = None if previous is None else Digester(previous, tenant)

    def __call__(self, kind: Kind, key: str, name: str, value: str) -> str:
        text = "\0".join([kind.id, key, name, value])
        return f"{PREFIX}{self._key_id()}:{self._mac(text)[:16]}"

    @property
    def keyed(self) -> bool:
        return bool(self._passphrase)

    def knows(self, digest: str) -> bool:
        """Was a digest made under one of our passphrases?"""
        return self.made(digest) or (self._previous is not None and self._previous.knows(digest))

    def made(self, digest: str) -> bool:
        """Was a digest made under the passphrase of today?"""
        return digest.split(":")[1] == self._key_id()

    def agrees(self, kind: Kind, key: str, name: str, value: str, digest: str) -> bool:
        """Is this the digest of the value, under whichever of our passphrases it was made?"""
        own = self(kind, key, name, value) == digest
        return own or (self._previous is not None and self._previous.agrees(kind, key, name, value, digest))

    def _key_id(self) -> str:
        return self._mac("key id")[:4]

    def _mac(self, text: str) -> str:
        if not self._derived:
            salt = f"cxconfig/v1/{self._tenant}".encode()
            self._derived = hashlib.pbkdf2_hmac("sha256", self._passphrase.encode(), salt, ITERATIONS)
        mac = hmac.new(self._derived, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode()


def origin_mark(origin: str) -> str:
    """A short mark of a live tenant: two of them are told apart, nothing more."""
    return base64.urlsafe_b64encode(hashlib.sha256(origin.encode()).digest()).decode()[:8]


def unreadable(kind: Kind, record: Values, digester: Digester) -> list[str]:
    """The fields that cannot be read and were recorded under a passphrase that we do not have: whether they changed
    cannot be told."""
    return [
        name
        for name, value in record.items()
        if name in kind.specs and kind.specs[name].unread and is_digest(value) and not digester.knows(value)
        if name not in ignored(record)
    ]


def ignored(record: Values) -> frozenset[str]:
    """The fields that a record says are not compared."""
    return frozenset(record.get(IGNORE) or ())


def is_digest(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def same_key(left: Any, right: Any) -> bool:
    """Were two digests made under the same passphrase, so that they can be compared?"""
    return is_digest(left) and is_digest(right) and left.split(":")[1] == right.split(":")[1]


def record_value(kind: Kind, key: str, name: str, value: Any, digester: Digester) -> Any:
    """One field's value as recorded; a private one is brought to the vendor's canonical form first."""
    if kind.specs[name].unread:
        return digester(kind, key, name, str(value))
    if kind.specs[name].private:
        return digester(kind, key, name, kind.normal(name, value)) if value else ""
    return value


def record_of(kind: Kind, desired: Desired, secrets: Mapping[str, str], digester: Digester) -> dict[str, Any]:
    """What the state should hold of a declared object; `secrets`: the resolved secret fields."""
    fields = {**desired.fields, **secrets}
    record: dict[str, Any] = {KEY: desired.key}
    record |= {name: record_value(kind, desired.key, name, value, digester) for name, value in fields.items()}
    record |= desired.options
    if desired.on_remove is not None:
        record[ON_REMOVE] = desired.on_remove.value
    if desired.protect is not None:
        record[PROTECT] = desired.protect
    if desired.ignore:
        record[IGNORE] = sorted(desired.ignore)
    if desired.entry:
        record[ENTRY] = True
    return record


def compared(record: Values) -> dict[str, Any]:
    """A record without the fields that it ignores."""
    return {name: value for name, value in record.items() if name not in ignored(record)}


def candidate(key: str) -> dict[str, Any]:
    """The record of an object that was never declared and is to be removed."""
    return {KEY: key, UNDECLARED: True}


def observed_record(kind: Kind, key: str, managed: Values, live: Values, digester: Digester) -> dict[str, Any]:
    """The record `managed` with the live values in it.

    What cannot be read (secrets, settings) stays as recorded, and so does what is ignored and a value that is only
    spelt otherwise live.
    """
    seen = dict(managed)
    for name in managed.keys() - ignored(managed):
        spec = kind.specs.get(name)
        if spec is not None and not spec.unread and not spec.setting:
            value = record_value(kind, key, name, live[name] if live.get(name) is not None else "", digester)
            seen[name] = managed[name] if same(kind, name, managed[name], value) else value
    return seen


def differing(kind: Kind, left: Values, right: Values) -> set[str]:
    """The fields in which two records differ, without those that the right one, the new one, ignores.

    Digests under different passphrases cannot be compared and do not differ.
    """
    found = set()
    for name in (left.keys() | right.keys()) - ignored(right):
        ours, theirs = left.get(name), right.get(name)
        if is_digest(ours) and is_digest(theirs):
            if same_key(ours, theirs) and ours != theirs:
                found.add(name)
        elif name not in left or name not in right or not same(kind, name, ours, theirs):
            found.add(name)
    return found


def same(kind: Kind, name: str, left: Any, right: Any) -> bool:
    if name in kind.specs and not kind.specs[name].setting and not is_digest(left) and not is_digest(right):
        return kind.equal(name, left, right)
    return bool(left == right)


def options_in(kind: Kind, record: Values) -> dict[str, Any]:
    """The object's own settings in its record, but `on_remove`."""
    return {n: value for n, value in record.items() if n in kind.specs and kind.specs[n].setting and n != ON_REMOVE}


def recorded_on_remove(inputs: Values) -> OnRemove | None:
    value = inputs.get(ON_REMOVE)
    return OnRemove(value) if value else None


def recorded_protect(inputs: Values) -> bool | None:
    """What the object itself said of it; None when it said nothing."""
    value = inputs.get(PROTECT)
    return None if value is None else bool(value)


def is_candidate(inputs: Values) -> bool:
    """Is it recorded although it was never declared?"""
    return bool(inputs.get(UNDECLARED))


def unfit(kind: Kind, record: Values) -> str:
    """What is wrong with a record that stood in a file, "" when nothing is: its key and the types of its fields.

    Bounds and rules of the model are for what a user declares; a live value may have been recorded that breaks them.
    """
    if not isinstance(record.get(KEY), str) or not record[KEY]:
        return f"it has no `{KEY}`"
    fields = kind.model.model_fields
    bad = [
        n for n, value in record.items() if n in fields and n != ON_REMOVE and not _fits(fields[n].annotation, value)
    ]
    if record.get(ON_REMOVE) and record[ON_REMOVE] not in [policy.value for policy in OnRemove]:
        bad.append(ON_REMOVE)
    names = record.get(IGNORE) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        bad.append(IGNORE)
    bad += [name for name in (PROTECT, UNDECLARED, ENTRY) if not isinstance(record.get(name, False), bool)]
    return f"{', '.join(f'`{name}`' for name in bad)}: not in the form of a {kind.singular}" if bad else ""


def _fits(annotation: Any, value: Any) -> bool:
    """Is it a value of this type, empty, or a digest in place of one?"""
    if value is None or value == "" or is_digest(value):
        return True
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _fits(inner[0], value)
    if origin in (Union, UnionType):
        return any(_fits(one, value) for one in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(inner[1], one) for one in value.values())
    if origin is list:
        return isinstance(value, list) and all(_fits(inner[0], one) for one in value)
    if not isinstance(annotation, type) or issubclass(annotation, Enum):
        return isinstance(value, str)
    return isinstance(value, annotation) and (annotation is bool or not isinstance(value, bool))


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as they come through Pulumi: with its own among them, and every number a float."""
    return {name: _whole(value) for name, value in properties.items() if not name.startswith("__")}


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(inner) for inner in value]
    return value
