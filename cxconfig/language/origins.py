"""Where the value of a field comes from: every layer that says something about it, the highest first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cxconfig.errors import Place
from cxconfig.kinds import FieldSpec, Kind
from cxconfig.language import references
from cxconfig.language.inheritance import Source
from cxconfig.language.layers import REPLACE, removes, replaces
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from cxconfig.language.objects import Objects
from cxconfig.language.shape import Spot
from cxconfig.language.variables import VariedNode


@dataclass(frozen=True, slots=True)
class Origin:
    """What one layer says of a field.

    `label`: the layer in words; `text`: the value as it stands there, in one line, "" when it is not to be shown;
    `removed`: it takes the field out; `merged`: it is a mapping that adds to what is below it.
    """

    label: str
    place: Place
    text: str
    removed: bool = False
    merged: bool = False


def origins(found: Objects, kind: Kind, key: str, path: Sequence[str], *, reveal: bool = False) -> list[Origin]:
    """The layers that list a field of a declared object, or an entry of it (`path`: `skills`, `English`), the highest
    first, down to one that replaces the rest. What another object's list gives it is above them all.

    Personal data and texts in secret fields are left out unless `reveal`; references are always shown.
    """
    spec = kind.specs.get(path[0], FieldSpec(name=path[0]))
    hidden = (spec.private or spec.secret) and not reveal
    said = _given(found, kind, key, path)
    for source in reversed(sources(found, kind, key)):
        node, last = _at(source.node, path)
        if node is not None:
            said.append(_origin(source.label, node, hidden))
        if last:
            break
    return said


def _given(found: Objects, kind: Kind, key: str, path: Sequence[str]) -> list[Origin]:
    claim = found.implied.get((kind.id, key), {}).get(path[0])
    if claim is None:
        return []
    *_, owners, owner, names, _index = claim.path
    return [Origin(f"`{names}` of {owners} {owner}", claim.place, claim.owner)]


def standing(found: Objects, kind: Kind, key: str) -> str:
    """Of an object that stands in the files only in other objects' lists: where, and what that means; else ""."""
    if not found.found[kind.id][key].implicit:
        return ""
    claims = found.implied[kind.id, key]
    lists = " and ".join(f"{_given(found, kind, key, (name,))[0].label} ({c.place})" for name, c in claims.items())
    names = " and ".join(f"`{name}`" for name in claims)
    return (
        f"It has no entry of its own and stands only in {lists}. Nothing but its {names} is managed: it must exist"
        " live, and taken out of the list it is only forgotten and stays as it is live."
    )


def _at(node: Node, path: Sequence[str]) -> tuple[Node | None, bool]:
    """What a layer says at a path, None for nothing, and whether it hides what is below it."""
    for depth, name in enumerate(path):
        if not isinstance(node, MappingNode):
            return node, False
        if name not in node.entries:
            return None, REPLACE in node.entries or (depth > 0 and not node.entries)
        hides = REPLACE in node.entries
        node = node.entries[name][1]
        if hides:
            return node, True
    return node, False


def listed(found: Objects, kind: Kind, key: str) -> list[str]:
    """The names of all fields that any layer of an object lists, in the kind's order, then the keywords."""
    names: set[str] = set(found.implied.get((kind.id, key), ()))
    for source in sources(found, kind, key):
        if isinstance(source.node, MappingNode):
            names.update(source.node.entries)
    names.discard(REPLACE)
    return [*(n for n in kind.specs if n in names), *sorted(names - kind.specs.keys())]


def sources(found: Objects, kind: Kind, key: str) -> Sequence[Source]:
    """All layers of a declared object, the lowest first."""
    owned = found.owned[kind.id].get(key)
    if owned is None:
        return []
    inheritance = found.inheritances[kind.id]
    spot = Spot(Sheet("", Mistakes()), (kind.system, kind.name, key))
    chain: tuple[str, ...] = ()
    for _, entry in owned:
        chain = inheritance.chain(entry.value, spot) or chain
    own = [Source(f"environment {layer.name}" if layer.name else "the object", entry.value) for layer, entry in owned]
    return [*inheritance.sources(chain), *own]


def _origin(label: str, node: Node, hidden: bool) -> Origin:
    place = Place(node.file, node.line, node.column)
    if removes(node):
        return Origin(label, place, "", removed=True)
    return Origin(label, place, _inline(node, hidden), merged=_merged(node))


def _merged(node: Node) -> bool:
    return isinstance(node, MappingNode) and not replaces(node)


def _inline(node: Node, hidden: bool) -> str:
    if isinstance(node, MappingNode):
        return "{" + ", ".join(f"{name}: {_inline(value, hidden)}" for name, (_, value) in node.entries.items()) + "}"
    if isinstance(node, SequenceNode):
        return "[" + ", ".join(_inline(item, hidden) for item in node.items) + "]"
    return _text(node, hidden)


def _text(node: ScalarNode, hidden: bool) -> str:
    text = node.written if isinstance(node, VariedNode) else node.text
    if references.parsed(text) is not None or not hidden:
        return text
    return ""
