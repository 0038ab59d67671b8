"""Defaults and templates of one kind: which layers stand below an object, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cxconfig.kinds import Kind
from cxconfig.language.keywords import EXTENDS, extended
from cxconfig.language.layers import merged
from cxconfig.language.mistakes import Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode
from cxconfig.language.sections import TEMPLATES, Layer
from cxconfig.language.shape import Spot

DEEPEST = 32
"""So many templates may stand above each other."""


class Source(NamedTuple):
    """One layer of an object: what it is in words (`defaults`, `template sales`, `environment prod`), and the node."""

    label: str
    node: Node


class Inheritance:
    """Of one kind, over all layers. `whole`: every file could be read, so that an unknown template is a mistake."""

    def __init__(self, kind: Kind, layers: Sequence[Layer], sheet: Sheet, whole: bool) -> None:
        self._kind = kind
        self._sheet = sheet
        self._whole = whole
        self.defaults = [
            Source(_label("defaults", layer), layer.defaults[kind.id].value)
            for layer in layers
            if kind.id in layer.defaults
        ]
        self.templates: dict[str, list[Source]] = {}
        self.keys: dict[str, ScalarNode] = {}
        for layer in layers:
            for name, entry in layer.templates[kind.id].items():
                self.keys.setdefault(name, entry.key)
                self.templates.setdefault(name, []).append(Source(_label(f"template {name}", layer), entry.value))
        self._below: dict[tuple[str, ...], Node | None] = {}
        self._own: dict[str, MappingNode] = {}
        self._chains: dict[str, tuple[str, ...]] = {}

    def path(self, *names: str) -> tuple[str, ...]:
        return (self._kind.system, *names)

    def chain(self, own: Node, spot: Spot) -> tuple[str, ...]:
        """The templates below an object, the lowest first; each once."""
        names = extended(_extends(own), spot)
        return self._joined(names, spot, ()) if names else ()

    def below(self, chain: tuple[str, ...]) -> Node | None:
        """The defaults and these templates, merged once for all the objects that share them."""
        if chain not in self._below:
            nodes = _stacked(self.sources(chain))
            self._below[chain] = _without_extends(merged(nodes)) if nodes else None
        return self._below[chain]

    def sources(self, chain: tuple[str, ...]) -> list[Source]:
        """The defaults and these templates, layer by layer, the lowest first."""
        return [*self.defaults, *(source for name in chain for source in self.templates[name])]

    def _joined(self, names: Sequence[ScalarNode], spot: Spot, trail: tuple[str, ...]) -> tuple[str, ...]:
        """The chains of several templates, one after another; what stands in more than one is met once."""
        return tuple(dict.fromkeys(found for name in names for found in self._expanded(name, spot, trail)))

    def _expanded(self, name: ScalarNode, spot: Spot, trail: tuple[str, ...]) -> tuple[str, ...]:
        """One template after those that it extends itself. Made once for each, and mistakes are told then."""
        if name.text not in self.templates:
            if self._whole:
                self._unknown(name, spot)
            return ()
        if name.text in trail:
            self._endless(name, trail)
            return ()
        if name.text not in self._chains:
            if len(trail) == DEEPEST:
                self._deep(name, spot)
                return ()
            lower = extended(_extends(self.template(name.text)), spot)
            chain = (*self._joined(lower, spot, (*trail, name.text)), name.text)
            if len(chain) > DEEPEST:
                self._deep(name, spot)
                chain = (name.text,)
            self._chains[name.text] = chain
        return self._chains[name.text]

    def _endless(self, name: ScalarNode, trail: tuple[str, ...]) -> None:
        path = self.path(TEMPLATES, self._kind.name, trail[-1])
        way = " -> ".join([*trail[trail.index(name.text) :], name.text])
        rule = f"the template {shown(name.text)} extends itself: {way}"
        self._sheet.add(name, rule, "break the circle", path=path)

    def _deep(self, name: ScalarNode, spot: Spot) -> None:
        rule = f"more than {DEEPEST} templates stand above each other here"
        self._sheet.add(name, rule, "let it extend fewer templates", path=(*spot.path, EXTENDS))

    def template(self, name: str) -> MappingNode:
        """A template's own fields, over all layers."""
        if name not in self._own:
            nodes = _stacked(self.templates[name])
            node = merged(nodes) if nodes else None
            self._own[name] = node if isinstance(node, MappingNode) else MappingNode(0, 0)
        return self._own[name]

    def _unknown(self, name: ScalarNode, spot: Spot) -> None:
        hint = self._sheet.mistakes.hint(name.text, self.templates)
        way_out = hint or f"define it below {self._kind.system}.{TEMPLATES}.{self._kind.name}"
        self._sheet.add(name, f"there is no template {shown(name.text)}", way_out, path=(*spot.path, EXTENDS))


def _stacked(sources: Sequence[Source]) -> list[Node]:
    """The nodes that say something: an empty one in this place empties nothing."""
    return [source.node for source in sources if isinstance(source.node, MappingNode) and source.node.entries]


def _extends(node: Node) -> Node | None:
    return node.entries[EXTENDS][1] if isinstance(node, MappingNode) and EXTENDS in node.entries else None


def _without_extends(node: Node) -> Node:
    if not isinstance(node, MappingNode) or EXTENDS not in node.entries:
        return node
    copy = MappingNode(node.line, node.column, node.file)
    copy.entries.update((name, entry) for name, entry in node.entries.items() if name != EXTENDS)
    return copy


def _label(what: str, layer: Layer) -> str:
    return f"{what} of environment {layer.name}" if layer.name else what
