"""What the files of one layer (the base, or one environment) say, collected and not yet validated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cxconfig.errors import Place
from cxconfig.kinds import Kind, Registry, folded
from cxconfig.language import references
from cxconfig.language.mistakes import Path as NodePath
from cxconfig.language.mistakes import Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, described, is_null
from cxconfig.language.shape import Spot
from cxconfig.language.tables import read_tables

MAX_KEY = 255
DEFAULTS = "defaults"
TEMPLATES = "templates"
TABLES = "tables"
BESIDE_KINDS = (DEFAULTS, TEMPLATES, TABLES)
"""Keywords of a system's section beside its kinds."""


class Entry(NamedTuple):
    """A named mapping in a file: an object, a template, or (with its kind's keyword as key) the defaults of a kind."""

    key: ScalarNode
    value: Node


class Layer:
    """One layer; `name` is "" for the base. Everything by kind id, objects and templates then by name.

    `main`: what a tenant.yaml says beside objects (tenant, systems, state, manage).
    """

    def __init__(self, name: str, registry: Registry) -> None:
        self.name = name
        self.objects: dict[str, dict[str, Entry]] = {kind.id: {} for kind in registry.all()}
        self.templates: dict[str, dict[str, Entry]] = {kind.id: {} for kind in registry.all()}
        self.defaults: dict[str, Entry] = {}
        self.variables: dict[str, tuple[ScalarNode, ScalarNode]] = {}
        self.main: dict[str, Entry] = {}
        self.sections: dict[str, ScalarNode] = {}
        """The systems with a section, and where the first one stands."""
        self._folded: dict[str, dict[str, ScalarNode]] = {kind.id: {} for kind in registry.all()}
        self._registry = registry

    def read(self, system: str, node: Node, sheet: Sheet, beside: Path) -> None:
        """The section of one system in one file that lies in the folder `beside`."""
        kinds = self._registry.of_system(system)
        path = (system,)
        for name, (key, value) in _entries(node, path, sheet, f"{', '.join(f'{kind}:' for kind in kinds)}").items():
            if name in kinds:
                self._objects(kinds[name], value, (system, name), sheet)
            elif name in BESIDE_KINDS:
                self._beside(name, value, kinds, (system, name), sheet, beside)
            else:
                sheet.unknown(key, name, [*kinds, *BESIDE_KINDS], path=path, what="kind")

    def _beside(
        self, section: str, node: Node, kinds: Mapping[str, Kind], path: NodePath, sheet: Sheet, beside: Path
    ) -> None:
        """`defaults`, `templates` or `tables`: below it the kinds."""
        for name, (key, value) in _entries(node, path, sheet, f"{next(iter(kinds))}:").items():
            kind = kinds.get(name)
            if kind is None:
                sheet.unknown(key, name, kinds, path=path, what="kind")
            elif section == DEFAULTS:
                self._defaults(kind, key, value, (*path, name), sheet)
            elif section == TEMPLATES:
                self._templates(kind, value, (*path, name), sheet)
            else:
                for row in read_tables(kind, value, Spot(sheet, (*path, name)), beside):
                    self._take(kind, row.key, row.value, (path[0], name), sheet)

    def _objects(self, kind: Kind, node: Node, path: NodePath, sheet: Sheet) -> None:
        if is_null(node):
            return
        if not isinstance(node, MappingNode):
            rule = f"must be a mapping of {kind.name} by name, not {described(node)}"
            sheet.add(node, rule, f"write one `name:` line per {kind.singular} below it, without `-`", path=path)
            return
        for key, value in node.entries.values():
            self._take(kind, key, value, path, sheet)

    def _take(self, kind: Kind, key: ScalarNode, value: Node, path: NodePath, sheet: Sheet) -> None:
        """One object, unless its name is unfit or stands in this layer already."""
        spot = Spot(sheet, (*path, key.text))
        if not usable(key, kind, spot):
            return
        first = self._folded[kind.id].setdefault(folded(key.text), key)
        if first is key:
            self.objects[kind.id][key.text] = Entry(key, value)
            return
        place = sheet.place(first)
        if first.text == key.text:
            rule, way_out = f"this {kind.singular} is declared twice: here and at {place}", "keep one of the two"
        else:
            rule, way_out = other_case(kind, first.text, place)
        spot.sheet.add(key, rule, way_out, path=spot.path, also=[place])

    def _templates(self, kind: Kind, node: Node, path: NodePath, sheet: Sheet) -> None:
        found = self.templates[kind.id]
        for name, (key, value) in _entries(node, path, sheet, "name:").items():
            if name in found:
                _twice(f"the template {shown(name)} is defined", key, found[name].key, (*path, name), sheet)
            elif usable(key, kind, Spot(sheet, (*path, name)), "template"):
                found[name] = Entry(key, value)

    def _defaults(self, kind: Kind, key: ScalarNode, node: Node, path: NodePath, sheet: Sheet) -> None:
        if kind.id in self.defaults:
            _twice(f"the defaults of {kind.name} stand", key, self.defaults[kind.id].key, path, sheet)
        else:
            self.defaults[kind.id] = Entry(key, node)


def other_case(kind: Kind, other: str, place: Place) -> tuple[str, str]:
    """Rule and way out for a name that differs only by case from another."""
    rule = f"this {kind.singular} differs only by case from {shown(other)} at {place}"
    return rule, "give it another name, or keep one of the two"


def _twice(what: str, key: ScalarNode, first: ScalarNode, path: NodePath, sheet: Sheet) -> None:
    place = sheet.place(first)
    sheet.add(key, f"{what} twice: here and at {place}", "keep one of the two", path=path, also=[place])


def _entries(node: Node, path: NodePath, sheet: Sheet, example: str) -> Mapping[str, tuple[ScalarNode, Node]]:
    """The entries of a mapping; nothing for nothing, and a mistake for anything else."""
    if isinstance(node, MappingNode):
        return node.entries
    if not is_null(node):
        what = "kinds" if len(path) < 3 else "templates"
        rule = f"must be a mapping of {what}, not {described(node)}"
        one = "one of " if ", " in example else ""
        sheet.add(node, rule, f"write {one}{example} below it", path=path)
    return {}


def usable(key: ScalarNode, kind: Kind, spot: Spot, noun: str = "") -> bool:
    """Is this text fit to name an object, or a template?"""
    name, noun = key.text, noun or kind.singular
    if references.MARK in name:
        spot.sheet.add(key, "a name cannot be a reference", "write the name itself", path=spot.path)
    elif not name.strip():
        rule = f"the {noun} has no name"
        spot.sheet.add(key, rule, "write its name before the `:`", path=spot.path[:-1])
    elif name != name.strip():
        spot.sheet.add(key, "the name begins or ends with a space", "remove the space", path=spot.path)
    elif not name.isprintable():
        spot.sheet.add(key, "the name holds a line break or another invisible character", "remove it", path=spot.path)
    elif name in (".", "..") or "*" in name:
        rule = f"no {noun} can have this name: it would stand for others, too"
        spot.sheet.add(key, rule, "write the name of one object", path=spot.path)
    elif len(name) > MAX_KEY:
        rule = f"the {noun}'s name has more than {MAX_KEY} characters"
        spot.sheet.add(key, rule, "shorten it", path=spot.path[:-1])
    else:
        return True
    return False
