"""One live object, two doors: kinds that are twins, and objects that had another key. Pure, over all declared objects.

The same key in both of two twins is the same live object: what both list would be written twice, and it leaves once,
as the leader says. A key after `was` is
an object's old one: it cannot be that of another object at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxconfig.errors import InputError, Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, Kind, OnRemove, Registry
from cxconfig.language.keywords import PROTECT, WAS
from cxconfig.language.mistakes import dotted, shown

ON_REMOVE = "on_remove"

Found = Mapping[str, Mapping[str, Declared]]
"""Every declared object by kind id and key."""


def crossings(objects: Found, registry: Registry, settings: Mapping[str, KindSettings]) -> Iterator[InputError]:
    """Every mistake of both sorts, each with its places."""
    for kind in registry.all():
        yield from _renamed(kind, objects, registry, settings.get(kind.id, KindSettings()))
    for kind in registry.all():
        other = registry.twin(kind)
        if other is not None and not kind.leads:
            yield from _twins(kind, other, objects, settings.get(other.id, KindSettings()))


def _twins(kind: Kind, leader: Kind, objects: Found, settings: KindSettings) -> Iterator[InputError]:
    """`kind` follows: its entry is the one to be changed. `settings`: what is said of the leader."""
    leading = objects.get(leader.id, {})
    spellings = {leader.identity(key): key for key in leading}
    for key, declared in objects.get(kind.id, {}).items():
        other = leading.get(spellings.get(kind.identity(key), ""))
        if other is None:
            continue
        if other.key != key:
            yield _mistake(
                kind,
                key,
                f"the {leader.singular} {shown(other.key)} ({other.place}) may be the same and is written otherwise",
                declared.place,
                f"write {shown(other.key)} here as well",
                other.place,
            )
        yield from _shared(kind, leader, declared, other)
        if not other.implicit:
            yield from _leaving(kind, leader, declared, other, settings)


def _shared(kind: Kind, leader: Kind, declared: Declared, other: Declared) -> Iterator[InputError]:
    for name, its in kind.twin_fields.items():
        if name in declared.values and its in other.values:
            place, also = _place(declared, name), _place(other, its)
            rule = f"the {leader.singular} of the same key lists it as well, as `{its}` ({also})"
            yield _mistake(kind, declared.key, rule, place, "keep one of the two", also, field=name)
    if declared.was and other.was and kind.identity(declared.was) != kind.identity(other.was):
        also = _place(other, WAS)
        rule = f"the {leader.singular} of the same key was {shown(other.was)} ({also})"
        yield _mistake(kind, declared.key, rule, _place(declared, WAS), "keep the right one", also, field=WAS)


def _leaving(
    kind: Kind, leader: Kind, declared: Declared, other: Declared, settings: KindSettings
) -> Iterator[InputError]:
    """How it leaves is the leader's to say, and so is what does not protect it: this entry may only say the same."""
    way_out = f"remove the line, or write `{{}}` in {dotted((leader.system, leader.name, other.key))}"
    own, its = declared.values.get(ON_REMOVE), other.values.get(ON_REMOVE)
    if own in kind.removals and (its in leader.removals or ON_REMOVE not in other.places):
        counts = OnRemove(its or settings.on_remove or leader.removals[0])
        if own != counts:
            place, also = _place(declared, ON_REMOVE), _place(other, ON_REMOVE)
            rule = f"the {leader.singular} of the same key, which decides, has `on_remove: {counts}` ({also})"
            way = way_out.format(f"on_remove: {own}")
            yield _mistake(kind, declared.key, rule, place, way, also, field=ON_REMOVE)
    effective = settings.protect if other.protect is None and PROTECT not in other.places else other.protect
    said = declared.protect
    if (said is False and effective) or (said and other.protect is False):
        place, also = _place(declared, PROTECT), _place(other, PROTECT)
        rule = f"the {leader.singular} of the same key has `protect: {str(not said).lower()}` ({also})"
        way = way_out.format(f"protect: {str(said).lower()}")
        yield _mistake(kind, declared.key, rule, place, way, also, field=PROTECT)


def _renamed(kind: Kind, objects: Found, registry: Registry, settings: KindSettings) -> Iterator[InputError]:
    own = objects.get(kind.id, {})
    renamed = [declared for declared in own.values() if declared.was]
    if not renamed:
        return
    twin = registry.twin(kind)
    both = [(k, objects.get(k.id, {})) for k in (kind, twin) if k is not None]
    declared_as = {k.identity(key): (k, other) for k, held in reversed(both) for key, other in held.items()}
    taken: dict[str, Declared] = {}
    for _, held in both:
        for other in held.values():
            if other.was:
                taken.setdefault(kind.identity(other.was), other)
    for declared in renamed:
        was = kind.identity(declared.was)
        place = _place(declared, WAS)
        first = taken[was]
        if was == kind.identity(declared.key):
            rule, way_out = f"{shown(declared.was)} is its own key, as far as can be told", "remove the line"
            yield _mistake(kind, declared.key, rule, place, way_out, field=WAS)
        elif was in declared_as:
            k, other = declared_as[was]
            rule = f"the {k.singular} {shown(other.key)} is still declared ({other.place})"
            way_out = f"take {shown(other.key)} out: this entry goes on with it; or remove the line"
            yield _mistake(kind, declared.key, rule, place, way_out, other.place, field=WAS)
        elif kind.identity(first.key) != kind.identity(declared.key):
            rule = f"{shown(first.key)} was {shown(declared.was)} as well ({_place(first, WAS)})"
            way_out = "keep it on the one that is renamed"
            yield _mistake(kind, declared.key, rule, place, way_out, _place(first, WAS), field=WAS)
        if (pattern := settings.excluding(declared.was)) is not None:
            rule = f"`exclude` of the {kind.name} ({shown(pattern)}) says to leave {shown(declared.was)} alone"
            way_out = f"remove the line, or the pattern from systems.{kind.system}.kinds.{kind.name}.exclude"
            yield _mistake(kind, declared.key, rule, place, way_out, field=WAS)


def _place(declared: Declared, name: str) -> Place:
    return declared.places.get(name, declared.place)


def _mistake(
    kind: Kind, key: str, rule: str, place: Place, way_out: str, also: Place | None = None, *, field: str = ""
) -> InputError:
    path = (kind.system, kind.name, key, *((field,) if field else ()))
    return InputError(rule, place=place, path=dotted(path), way_out=way_out, also=(also,) if also else ())
