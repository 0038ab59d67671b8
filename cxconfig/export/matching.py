"""Declared against live: the edits that bring what is declared to what is live. Pure.

An edit names a file, a path of keys in it, and the value; how the file then looks is the editor's business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Final, Protocol, TypeAlias

from cxconfig.export.values import fields_of_interest, is_default, target_of, writable
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, Kind, Values, folded
from cxconfig.language.layers import REMOVE, REPLACE
from cxconfig.tenancy import desired_object


class Gone(Enum):
    """Stands for the value of a key that is taken out."""

    GONE = "gone"


GONE: Final = Gone.GONE
Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Edit:
    """One cut into a file: `value` for the key at `path`, or `GONE`."""

    file: str
    path: tuple[str, ...]
    value: Value


class What(StrEnum):
    """What an export finds about one object."""

    ADD = "add"
    """Live and not declared: it is added to a file."""
    UPDATE = "update"
    """Declared with other values: those are brought to the live ones."""
    REMOVE = "remove"
    """Declared and not live: it is taken out of its file, because that was asked for."""
    GONE = "gone"
    """Declared and not live: it is left as it stands."""
    UNSAID = "unsaid"
    """Some of its fields hold what no file can say: they are not listed, so not managed."""
    LEFT = "left"
    """It differs still: what stands in the files cannot be changed to say what is live."""
    UNREADABLE = "unreadable"
    """It exists, or may exist, and could not be read: nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that an export has something to do or to say about.

    `fields`: those that are written or left out. `why`: for what is left, without values.
    """

    kind: str
    key: str
    what: What
    file: str = ""
    fields: tuple[str, ...] = ()
    why: str = ""


class Own(Protocol):
    """What an object's own entry in the file says, without what it inherits."""

    def keys(self, path: tuple[str, ...]) -> list[str]: ...
    def has(self, path: tuple[str, ...]) -> bool: ...


@dataclass
class Changes:
    """What becomes of one object: its edits, the fields that they are about, and why other fields cannot be said."""

    edits: list[Edit] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    unsaid: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class References:
    """The names that each kind will have: kind id -> names. A kind without any is not checked."""

    names: Mapping[str, Collection[str]]

    def settle(self, kind: Kind, values: dict[str, Any]) -> dict[str, str]:
        """Spell every reference in `values` as what it refers to is spelt; take out those that lead nowhere.

        Returns the fields that were taken out, with the reason.
        """
        lost: dict[str, str] = {}
        for name in kind.specs:
            target = target_of(kind, name)
            known = self.names.get(target) or ()
            if not known or name not in values:
                continue
            found = _spelt(kind, name, values[name], known)
            if found is None:
                lost[name] = f"it names {target} that cannot be declared here, or that do not exist"
                del values[name]
            else:
                values[name] = found
        return lost


def _spelt(kind: Kind, name: str, value: Any, known: Collection[str]) -> Any:
    """The value in the spelling of the names that it refers to; None when one is not known."""
    if not isinstance(value, (list, tuple)):
        return _one(kind, name, value, known) if value else value
    parts = [_one(kind, name, part, known) for part in value]
    return None if None in parts else parts


def _one(kind: Kind, name: str, value: str, known: Collection[str]) -> str | None:
    if value in known:
        return value
    return next((other for other in known if kind.equal(name, value, other)), None)


def differing(kind: Kind, declared: Declared, live: Values, ignored: Collection[str], *, every: bool) -> dict[str, Any]:
    """Field -> live value, of the managed fields that differ; with `every` also of those that are not listed and not
    as when left out."""
    desired = desired_object(kind, declared, KindSettings())
    names = fields_of_interest(kind, ignored)
    found = {difference.field.split(".")[0] for difference in kind.compare(desired, live)}
    values = {name: live.get(name) for name in names if name in found}
    if every:
        more = [name for name in names if name in live and name not in desired.fields]
        values |= {name: live[name] for name in more if not is_default(kind, name, live[name])}
    return values


def update(
    kind: Kind, declared: Declared, values: Mapping[str, Any], file: str, own: Own, references: References
) -> Changes:
    """The edits that give a declared object these live values, in its own entry in `file`.

    A field that no file can hold is no longer listed, so that it is not managed: its reason is in `unsaid`.
    """
    changes = Changes()
    top = (kind.system, kind.name, declared.key)
    good, changes.unsaid = writable(kind, values)
    changes.unsaid |= references.settle(kind, good)
    for name in values:
        path = (*top, name)
        if name in changes.unsaid:
            if own.has(path):
                changes.edits.append(Edit(file, path, GONE))
            elif name in declared.values:
                changes.edits.append(Edit(file, path, REMOVE))
            continue
        changes.fields.append(name)
        changes.edits += _value(kind, name, declared.values.get(name), good[name], Edit(file, path, None), own)
    return changes


def _value(kind: Kind, name: str, before: Any, live: Any, at: Edit, own: Own) -> list[Edit]:
    if isinstance(live, Mapping) and live and isinstance(before, Mapping):
        return _entries(kind, name, before, live, at, own)
    if isinstance(live, (list, tuple)):
        return [Edit(at.file, at.path, _ordered(kind, name, before or [], live))]
    return [Edit(at.file, at.path, live)]


def _entries(
    kind: Kind, name: str, before: Mapping[str, Any], live: Mapping[str, Any], at: Edit, own: Own
) -> list[Edit]:
    """Entry by entry, so that the others stay as they stand. `before` is what comes of the own entries and of what is
    inherited: an entry that is inherited is taken out by a mark."""
    edits: list[Edit] = []
    mine = set(own.keys(at.path)) - {REPLACE}
    left = dict(live)
    for key, value in before.items():
        other = _same_entry(kind, name, key, left)
        if other is None:
            edits.append(Edit(at.file, (*at.path, key), GONE if key in mine else REMOVE))
        elif not kind.equal(name, {key: value}, {key: left[other]}):
            edits.append(Edit(at.file, (*at.path, key), left[other]))
        left.pop(other or "", None)
    edits += [Edit(at.file, (*at.path, key), value) for key, value in left.items()]
    if mine and mine == {edit.path[-1] for edit in edits if edit.value is GONE} and len(edits) == len(mine):
        return [Edit(at.file, at.path, GONE)]  # an empty mapping would empty what is inherited, too
    return edits


def _same_entry(kind: Kind, name: str, key: str, live: Mapping[str, Any]) -> str | None:
    """The live entry of this name, in whatever spelling the vendor takes for the same."""
    if key in live:
        return key
    plain = folded(key.strip())
    return next(
        (k for k in live if folded(k.strip()) == plain and kind.equal(name, {key: live[k]}, {k: live[k]})), None
    )


def _ordered(kind: Kind, name: str, before: Any, live: Any) -> list[Any]:
    """The live elements, those that were there before in their order and spelling."""
    left = list(live)
    found = []
    for value in before:
        other = next((v for v in left if v == value or kind.equal(name, [value], [v])), None)
        if other is not None:
            left.remove(other)
            found.append(value)
    return found + left
