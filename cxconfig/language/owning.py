"""Lists in which objects name objects of another kind, whose field is then theirs (see `kinds.Owning`)."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

from cxconfig.errors import Place
from cxconfig.kinds import Declared, Kind, Owning, folded
from cxconfig.language.mistakes import Mistakes, Path, Sheet, shown
from cxconfig.language.nodes import ScalarNode
from cxconfig.language.sections import other_case, usable
from cxconfig.language.shape import Spot


class Claim(NamedTuple):
    """One entry of such a list: the object `owner` names another one, `name`."""

    owner: str
    name: ScalarNode
    place: Place
    path: Path


class Owned:
    """The objects of one kind, with the field that the lists of another kind's objects own.

    `implied`: key -> the entry that gives the object its field.
    """

    def __init__(self, owner: Kind, kind: Kind, mistakes: Mistakes) -> None:
        self.implied: dict[str, Claim] = {}
        assert owner.owning is not None
        self._owning: Owning = owner.owning
        self._owner = owner
        self._kind = kind
        self._mistakes = mistakes

    def give(
        self,
        claims: Iterable[Claim],
        found: dict[str, Declared],
        entered: Collection[str],
        faulty: Mapping[str, Declared],
    ) -> None:
        """Give every object that is named its owner, and make those that stand nowhere else.

        `entered`: the keys of all entries of the kind in the files, the faulty ones too; of these `faulty` has what is
        good of them.
        """
        spelt = {folded(key): key for key in entered}
        for claim in self._single(claims):
            key = claim.name.text
            other = spelt.get(folded(key), key)
            if other != key:
                if (entry := found.get(other, faulty.get(other))) is not None:
                    self._other_case(claim, other, entry.place)
                continue
            declared = found.get(key)
            if declared is None and key in entered:
                if key in faulty:
                    self._free(claim, faulty[key])
                continue  # its own mistakes are told
            if declared is None:
                found[key] = self._made(claim)
            elif self._free(claim, declared):
                found[key] = self._owned(claim, declared)
            else:
                continue
            self.implied[key] = claim

    def _single(self, claims: Iterable[Claim]) -> Iterable[Claim]:
        """The claims without those that contradict an earlier one; a name that cannot be one is a mistake."""
        first: dict[str, Claim] = {}
        for claim in claims:
            if not usable(claim.name, self._kind, Spot(self._sheet(claim), claim.path)):
                continue
            other = first.setdefault(folded(claim.name.text), claim)
            if other is claim:
                yield claim
            elif other.name.text != claim.name.text:
                self._other_case(claim, other.name.text, other.place)
            else:
                self._twice(claim, other)

    def _twice(self, claim: Claim, other: Claim) -> None:
        if claim.owner == other.owner:
            rule = f"{shown(claim.name.text)} stands in this list twice: here and at {other.place}"
            way_out = "keep one of the two"
        else:
            name, owner = shown(claim.name.text), self._owner.singular
            rule = f"{name} stands in `{self._owning.names}` of the {owner} {shown(other.owner)}, too, at {other.place}"
            way_out = f"there is one `{self._owning.field}` for each {self._kind.singular}: keep one of the two"
        self._add(claim, rule, way_out, other.place)

    def _other_case(self, claim: Claim, name: str, place: Place) -> None:
        rule, _ = other_case(self._kind, name, place)
        self._add(claim, rule, f"write {shown(name)} here, too", place)

    def _free(self, claim: Claim, declared: Declared) -> bool:
        """Does the object say nothing of the field itself, or the same?"""
        field = self._owning.field
        own = declared.values.get(field)
        if field not in declared.values or self._kind.equal(field, own, claim.owner):
            return True
        place = declared.places.get(field, declared.place)
        rule = (
            f"the {self._kind.singular} {shown(claim.name.text)} has `{field}: {own}` at {place}, and stands in"
            f" `{self._owning.names}` of the {self._owner.singular} {shown(claim.owner)}"
        )
        self._add(claim, rule, f"remove this entry, or the `{field}` there", place)
        return False

    def _owned(self, claim: Claim, declared: Declared) -> Declared:
        field = self._owning.field
        implied = declared.implied | {field}
        if field in declared.values:
            return replace(declared, implied=implied)
        values = {**declared.values, field: claim.owner}
        values = {name: values[name] for name in self._kind.specs if name in values}
        places = cast(Mapping[str, Place], ChainMap({field: claim.place}, cast(Any, declared.places)))
        return replace(declared, values=values, places=places, implied=implied)

    def _made(self, claim: Claim) -> Declared:
        """Of whom nothing else is declared, nothing else is managed."""
        field = self._owning.field
        places, implied = {field: claim.place}, frozenset({field})
        values = {field: claim.owner}
        return Declared(self._kind.id, claim.name.text, values, claim.place, places, implied=implied, implicit=True)

    def _sheet(self, claim: Claim) -> Sheet:
        return Sheet(claim.place.file, self._mistakes)

    def _add(self, claim: Claim, rule: str, way_out: str, also: Place) -> None:
        self._sheet(claim).add_at(claim.place, rule, way_out, path=claim.path, also=[also])
