"""The objects of all files: each validated by its kind, each identity once, references among them checked."""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple

from cxconfig.errors import InputError, Place
from cxconfig.kinds import Declared, FieldSpec, Kind, OnRemove, Registry, SecretRef
from cxconfig.language import references
from cxconfig.language.mistakes import Mistakes, Path, Sheet, dotted, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null
from cxconfig.language.shape import BAD, Bad, Shape, Spot, fields_of, note, validated

MAX_KEY = 255


class _Use(NamedTuple):
    """A field that names another object."""

    target: str
    name: str
    place: Place
    path: Path


class Objects:
    """Takes the sections of the files in order. `found`: kind id -> key -> object."""

    def __init__(self, registry: Registry, mistakes: Mistakes) -> None:
        self.found: dict[str, dict[str, Declared]] = {kind.id: {} for kind in registry.all()}
        self._registry = registry
        self._mistakes = mistakes
        self._names: dict[str, dict[str, tuple[str, Place]]] = {kind.id: {} for kind in registry.all()}
        self._uses: list[_Use] = []

    def read(self, system: str, node: Node, sheet: Sheet) -> None:
        """The section of one system in one file."""
        kinds = self._registry.of_system(system)
        if is_null(node):
            return
        if not isinstance(node, MappingNode):
            way_out = f"write one of {', '.join(f'{name}:' for name in kinds)} below it"
            sheet.add(node, f"must be a mapping of kinds, not {described(node)}", way_out, path=(system,))
            return
        for name, (key, value) in node.entries.items():
            if name in kinds:
                self._kind(kinds[name], value, sheet, (system, name))
            else:
                sheet.unknown(key, name, kinds, path=(system,), what="kind")

    def _kind(self, kind: Kind, node: Node, sheet: Sheet, path: Path) -> None:
        if is_null(node):
            return
        if not isinstance(node, MappingNode):
            rule = f"must be a mapping of {kind.name} by name, not {described(node)}"
            sheet.add(node, rule, f"write one `name:` line per {kind.singular} below it, without `-`", path=path)
            return
        reader = _Fields(kind)
        for name, (key, value) in node.entries.items():
            spot = Spot(sheet, (*path, name))
            if not _usable(key, kind, spot) or not self._first(kind, key, spot):
                continue
            declared = reader.read(key, value, spot)
            if declared is not None:
                self.found[kind.id][name] = declared
        self._uses.extend(reader.uses)

    def _first(self, kind: Kind, key: ScalarNode, spot: Spot) -> bool:
        """Notes a mistake when the same object, or one that differs only by case, is declared already."""
        names = self._names[kind.id]
        folded = unicodedata.normalize("NFC", key.text).casefold()
        place = spot.sheet.place(key)
        other, first = names.setdefault(folded, (key.text, place))
        if first is place:
            return True
        if other == key.text:
            rule, way_out = f"this {kind.singular} is declared twice: here and at {first}", "keep one of the two"
        else:
            rule = f"this {kind.singular} differs only by case from {shown(other)} at {first}"
            way_out = "give it another name, or keep one of the two"
        spot.sheet.add(key, rule, way_out, path=spot.path, also=[first])
        return False

    def check_references(self) -> None:
        """Every reference must name a declared object, if any object of that kind is declared at all."""
        hints: dict[tuple[str, str], str] = {}
        known = {target: [name for name, _ in names.values()] for target, names in self._names.items()}
        for use in self._uses:
            if not known.get(use.target) or use.name in self.found[use.target] or self._declared(use):
                continue
            case = (use.target, use.name)
            if case not in hints:
                hints[case] = self._mistakes.hint(use.name, known[use.target])
            kind = self._registry[use.target]
            rule = f"the {kind.singular} {shown(use.name)} is not declared"
            way_out = f"{hints[case]} otherwise declare it under {use.target} as `{_as_key(use.name)}: {{}}`".strip()
            way_out = way_out if hints[case] else way_out.removeprefix("otherwise ")
            error = InputError(rule, place=use.place, path=dotted(use.path), way_out=way_out)
            self._mistakes.errors.append(error)

    def _declared(self, use: _Use) -> bool:
        """An object whose own fields are wrong is declared all the same."""
        named = self._names[use.target].get(unicodedata.normalize("NFC", use.name).casefold())
        return named is not None and named[0] == use.name


class _Fields:
    """Reads the objects of one kind."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._shapes = fields_of(kind.model)
        self._targets = {
            name: spec.refers_to if "." in spec.refers_to else f"{kind.system}.{spec.refers_to}"
            for name, spec in kind.specs.items()
            if spec.refers_to
        }
        self.uses: list[_Use] = []
        """What the fields of all objects refer to, those of faulty objects too."""

    def read(self, key: ScalarNode, node: Node, spot: Spot) -> Declared | None:
        """The object, or None with at least one mistake noted."""
        if is_null(node):
            node = MappingNode(key.line, key.column, key.file)
        if not isinstance(node, MappingNode):
            rule = f"must be a mapping of fields, not {described(node)}"
            example = next(iter(self._shapes), "")
            way_out = f"write {example}: ... below it, or {{}} for none" if example else "write {}"
            spot.add(node, rule, way_out)
            return None
        values: dict[str, Any] = {}
        secrets: dict[str, SecretRef] = {}
        bad: set[str] = set()
        for name, (name_key, value) in node.entries.items():
            shape = self._shapes.get(name)
            if shape is None:
                spot.sheet.unknown(name_key, name, self._shapes, path=spot.path, what="field")
                bad.add(name)
                continue
            before = len(spot.sheet.mistakes.errors)
            plain = self._value(shape, self._kind.specs[name], value, spot)
            if len(spot.sheet.mistakes.errors) > before:
                bad.add(name)
            if plain is BAD:
                continue
            if isinstance(plain, SecretRef):
                secrets[name], values[name] = plain, str(plain)
            else:
                values[name] = plain
                if name in self._targets:
                    self._use(name, plain, value, spot)
        return self._validated(key, node, values, secrets, bad, spot)

    def _use(self, name: str, value: Any, node: Node, spot: Spot) -> None:
        """An empty value refers to nothing."""
        one_by_one = zip(value, node.items, strict=True) if isinstance(node, SequenceNode) else [(value, node)]
        for target, at in one_by_one:
            if target:
                place = spot.sheet.place(at)
                self.uses.append(_Use(self._targets[name], str(target), place, (*spot.path, name)))

    def _value(self, shape: Shape, spec: FieldSpec, node: Node, spot: Spot) -> Any:
        below = Spot(spot.sheet, (*spot.path, spec.name), masked=spec.secret or spec.private)
        return _secret(node, below) if spec.secret else shape.convert(node, below)

    def _validated(
        self,
        key: ScalarNode,
        node: MappingNode,
        values: dict[str, Any],
        secrets: dict[str, SecretRef],
        bad: set[str],
        spot: Spot,
    ) -> Declared | None:
        model, found = validated(self._kind.model, values, bad)
        for error in found:
            spec = self._kind.specs.get(str(error["loc"][0])) if error["loc"] else None
            masked = spec is not None and (spec.secret or spec.private)
            note(error, key, node, Spot(spot.sheet, spot.path, masked))
        if model is None or bad or not self._removable(values, node, spot):
            return None
        plain = {**model.model_dump(mode="json", exclude_unset=True), **secrets}
        places = {name: spot.sheet.place(value) for name, (_, value) in node.entries.items()}
        return Declared(self._kind.id, key.text, plain, spot.sheet.place(key), places)

    def _removable(self, values: dict[str, Any], node: MappingNode, spot: Spot) -> bool:
        """`on_remove` may say only what the kind can do."""
        wanted = values.get("on_remove")
        if wanted is None or OnRemove(wanted) in self._kind.removals:
            return True
        choices = " or ".join(f"`{choice.value}`" for choice in self._kind.removals)
        rule = f"must be {choices} for {self._kind.name}, not {shown(str(wanted))}"
        spot.below("on_remove").add(node.entries["on_remove"][1], rule, f"write {self._kind.removals[0].value}")
        return False


def _usable(key: ScalarNode, kind: Kind, spot: Spot) -> bool:
    """Is this text fit to name an object?"""
    name = key.text
    if references.MARK in name:
        spot.sheet.add(key, "a name cannot be a reference", "write the name itself", path=spot.path)
    elif not name.strip():
        rule = f"the {kind.singular} has no name"
        spot.sheet.add(key, rule, "write its name before the `:`", path=spot.path[:-1])
    elif name != name.strip():
        spot.sheet.add(key, "the name begins or ends with a space", "remove the space", path=spot.path)
    elif not all(c.isprintable() for c in name):
        spot.sheet.add(key, "the name holds a line break or another invisible character", "remove it", path=spot.path)
    elif name in (".", "..") or "*" in name:
        rule = f"no {kind.singular} can have this name: it would stand for others, too"
        spot.sheet.add(key, rule, "write the name of one object", path=spot.path)
    elif len(name) > MAX_KEY:
        rule = f"the {kind.singular}'s name has more than {MAX_KEY} characters"
        spot.sheet.add(key, rule, "shorten it", path=spot.path[:-1])
    else:
        return True
    return False


def _secret(node: Node, spot: Spot) -> SecretRef | Bad:
    """The reference in a secret field; plain text there is a mistake, and is never shown."""
    if isinstance(node, ScalarNode) and references.MARK in node.text:
        found = references.parsed(node.text)
        return found if found is not None else spot.add(node, *references.malformed(node.text))
    if isinstance(node, ScalarNode) and not node.null and node.text:
        way_out = f"{references.FORM}; change the secret if this file was ever shared"
        return spot.add(node, "a secret must not stand in a file", way_out)
    return spot.add(node, "must be a reference", f"{references.FORM}, or remove the line")


def _as_key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").replace(" ", "").isalnum() else shown(name)
