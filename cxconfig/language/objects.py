"""The objects of all layers: each merged over its templates and defaults, validated by its kind, references checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cxconfig.errors import InputError
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, Kind, Registry, folded
from cxconfig.language.fields import Fields, Part, Use
from cxconfig.language.inheritance import Inheritance
from cxconfig.language.keywords import EXTENDS, extended
from cxconfig.language.layers import Idle, finished, merge, merged, removes
from cxconfig.language.mistakes import Mistakes, Sheet, dotted, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, is_null
from cxconfig.language.owning import Claim, Owned
from cxconfig.language.sections import DEFAULTS, TEMPLATES, Entry, Layer, other_case
from cxconfig.language.shape import Spot

MOST_MERGED = 2_000_000
"""So many values may come of merging objects with their layers: 100,000 objects of 20 values each."""

Layers = list[tuple[Layer, Entry]]
"""An object's entries, layer by layer; there is at least one."""


class Objects:
    """`found`: kind id -> key -> object. `whole`: every file could be read; `marked`: some hold `$remove` or such.

    `implied`: kind id and key -> field -> the entry of another object's list that gives it its value. `faulty`: like
    `found`, those that have mistakes of their own, with what is good of them.
    """

    def __init__(
        self,
        registry: Registry,
        mistakes: Mistakes,
        layers: Sequence[Layer],
        settings: Mapping[str, KindSettings],
        *,
        whole: bool,
        marked: bool,
    ) -> None:
        self.found: dict[str, dict[str, Declared]] = {kind.id: {} for kind in registry.all()}
        self.inheritances = {kind.id: Inheritance(kind, layers, Sheet("", mistakes), whole) for kind in registry.all()}
        self.faulty: dict[str, dict[str, Declared]] = {}
        self.owned: dict[str, dict[str, Layers]] = {}
        self.implied: dict[tuple[str, str], dict[str, Claim]] = {}
        self._registry = registry
        self._mistakes = mistakes
        self._sheet = Sheet("", mistakes)
        self._layers = layers
        self._settings = settings
        self._whole = whole
        self._marked = marked
        self._uses: list[Use] = []
        self._claims: dict[str, list[Claim]] = {}
        self._merged = 0
        self._full = False

    def read(self) -> None:
        """Validate everything, kind by kind; then what refers to what."""
        for kind in self._registry.all():
            fields = Fields(kind, self._settings.get(kind.id, KindSettings()))
            self._inherited(kind, fields)
            self._kind(kind, fields)
            self._uses += fields.uses
            self._claims[kind.id] = fields.claims
            self.faulty[kind.id] = fields.faulty
        self._give()
        if self._whole:
            self._check_references()

    def readable(self) -> dict[str, dict[str, Declared]]:
        """Every object, with what is good of the faulty ones: for mistakes of two of them."""
        if not any(self.faulty.values()):
            return self.found
        whole = {}
        for kind_id, found in self.found.items():
            both = {**self.faulty[kind_id], **found}
            listed = [key for key in self.owned[kind_id] if key in both]
            whole[kind_id] = {key: both[key] for key in (*listed, *found)}
        return whole

    def _give(self) -> None:
        """Let the lists of objects give other objects their fields."""
        for owner in self._registry.all():
            if owner.owning is None or not self._claims[owner.id]:
                continue
            kind = self._registry[f"{owner.system}.{owner.owning.kind}"]
            objects = Owned(owner, kind, self._mistakes)
            objects.give(self._claims[owner.id], self.found[kind.id], self.owned[kind.id], self.faulty[kind.id])
            for key, claim in objects.implied.items():
                self.implied.setdefault((kind.id, key), {})[owner.owning.field] = claim

    def _inherited(self, kind: Kind, fields: Fields) -> None:
        """The mistakes of defaults and templates, at their own places and whether they are used or not."""
        inheritance = self.inheritances[kind.id]
        path = (kind.system, DEFAULTS, kind.name)
        for source in inheritance.defaults:
            if isinstance(source.node, MappingNode) and EXTENDS in source.node.entries:
                at = source.node.entries[EXTENDS][0]
                self._sheet.add(at, "defaults extend nothing: they are below every template", "remove it", path=path)
            key = ScalarNode(kind.name, True, source.node.line, source.node.column)
            self._part(fields, key, source.node, path, Part.SHARED)
        for name, sources in inheritance.templates.items():
            spot = Spot(self._sheet, (kind.system, TEMPLATES, kind.name, name))
            inheritance.chain(inheritance.template(name), spot)
            for source in sources:
                self._part(fields, inheritance.keys[name], source.node, spot.path, Part.SHARED)

    def _part(self, fields: Fields, key: ScalarNode, node: Node, path: tuple[str, ...], part: Part) -> None:
        if isinstance(node, MappingNode) and EXTENDS in node.entries:
            extended(node.entries[EXTENDS][1], Spot(self._sheet, path))
        if not is_null(node):
            fields.read(key, finished(node), Spot(self._sheet, path), part)

    def _kind(self, kind: Kind, fields: Fields) -> None:
        """The objects. What a later layer covers or takes out has its mistakes told all the same: they would come up
        in another environment, and editors mark them."""
        covered: list[Entry] = []
        owned = self.owned[kind.id] = self._assembled(kind, covered)
        for entry in covered:
            path = (kind.system, kind.name, entry.key.text)
            self._part(fields, entry.key, entry.value, path, Part.COVERED)
        inheritance, found = self.inheritances[kind.id], self.found[kind.id]
        for name, entries in owned.items():
            key = entries[0][1].key
            spot = Spot(Sheet(key.file, self._mistakes), (kind.system, kind.name, name))
            if self._fit(entries, spot, fields):
                declared = fields.read(key, self._effective(entries, inheritance, spot), spot)
                if declared is not None:
                    found[name] = declared

    def _assembled(self, kind: Kind, covered: list[Entry]) -> dict[str, Layers]:
        """The entries of each object over all layers, without those that a later layer takes out. `covered` gets those
        that have another layer's over them."""
        names: dict[str, str] = {}
        found: dict[str, Layers] = {}
        for layer in self._layers:
            for name, entry in layer.objects[kind.id].items():
                first = names.get(folded(name))
                path = (kind.system, kind.name, name)
                if removes(entry.value):
                    if first is None and self._whole:
                        rule = f"there is no {kind.singular} {shown(name)} below this that could be taken out"
                        hint = self._mistakes.hint(name, found) if layer.name else ""
                        way_out = "remove the line" if layer.name else "`$remove` stands in an environment's files"
                        self._sheet.add(entry.value, rule, hint or way_out, path=path)
                    elif first is not None:
                        covered.append(found[first][-1][1])
                        del names[folded(name)], found[first]
                elif first is not None and first != name:
                    rule, way_out = other_case(kind, first, self._sheet.place(found[first][0][1].key))
                    self._sheet.add(entry.key, rule, way_out, path=path)
                else:
                    if first is not None:
                        covered.append(found[first][-1][1])
                    names.setdefault(folded(name), name)
                    found.setdefault(name, []).append((layer, entry))
        return found

    def _fit(self, entries: Layers, spot: Spot, fields: Fields) -> bool:
        """An object's entry is a mapping, or nothing."""
        unfit = [e for _, e in entries if not isinstance(e.value, MappingNode) and not is_null(e.value)]
        for entry in unfit:
            fields.read(entry.key, entry.value, spot)
        return not unfit

    def _effective(self, entries: Layers, inheritance: Inheritance, spot: Spot) -> Node:
        """The object over its templates and the defaults."""
        nodes: list[Node] = [e.value for _, e in entries if isinstance(e.value, MappingNode) and e.value.entries]
        key = entries[0][1].key
        own = merged(nodes) if nodes else MappingNode(key.line, key.column, key.file)
        below = inheritance.below(inheritance.chain(own, spot))
        if below is None and not self._marked and len(nodes) < 2:
            return own
        node = below
        for layer in nodes:
            node = merge(node, layer, self._idle(spot))
        return self._bounded(finished(node if node is not None else own), key, spot)

    def _bounded(self, node: Node, key: ScalarNode, spot: Spot) -> Node:
        """Few lines must not become more values than a machine holds: templates multiply."""
        if isinstance(node, MappingNode):
            values = (value for _, value in node.entries.values())
            self._merged += sum(len(v.entries) if isinstance(v, MappingNode) else 1 for v in values)
        if self._merged > MOST_MERGED and not self._full:
            self._full = True
            rule = f"templates and defaults make more than {MOST_MERGED:,} values of all objects together"
            self._sheet.add(key, rule, "let fewer objects extend the largest templates", path=spot.path)
        return MappingNode(key.line, key.column, key.file) if self._full else node

    def _idle(self, spot: Spot) -> Idle:
        def idle(node: Node, path: tuple[str, ...], names: Collection[str]) -> None:
            if self._whole:
                rule = "there is nothing below this that could be taken out"
                hint = self._mistakes.hint(path[-1], names) if path and names else ""
                self._sheet.add(node, rule, hint or "remove the line", path=(*spot.path, *path))

        return idle

    def _check_references(self) -> None:
        """Every reference must name a declared object, if any object of that kind is declared at all."""
        hints: dict[tuple[str, str], str] = {}
        for use in self._uses:
            known = self.owned[use.target]
            if not known or use.name in known:
                continue
            case = (use.target, use.name)
            if case not in hints:
                hints[case] = self._mistakes.hint(use.name, known)
            kind = self._registry[use.target]
            rule = f"the {kind.singular} {shown(use.name)} is not declared"
            way_out = f"{hints[case]} otherwise declare it under {use.target} as `{_as_key(use.name)}: {{}}`".strip()
            way_out = way_out if hints[case] else way_out.removeprefix("otherwise ")
            self._mistakes.add(InputError(rule, place=use.place, path=dotted(use.path), way_out=way_out))


def _as_key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "").replace(" ", "").isalnum()
    return name if plain and shown(name) == f'"{name}"' else shown(name)
