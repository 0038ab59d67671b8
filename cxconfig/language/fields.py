"""One object's located mapping -> `Declared`: its fields in the shapes of its kind's model, validated by that model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, FieldSpec, Kind, OnRemove, PlainSecret, SecretRef
from cxconfig.language import references
from cxconfig.language.keywords import keywords_of, read_keywords
from cxconfig.language.mistakes import Path, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null
from cxconfig.language.owning import Claim
from cxconfig.language.scalars import text
from cxconfig.language.shape import BAD, Bad, Shape, Spot, TextShape, fields_of, note, validated


class Part(Enum):
    """Of what a mapping is one, when it is not a whole object: it may leave out what an object needs. Its mistakes are
    noted, and nothing comes of it."""

    SHARED = "defaults or a template"
    COVERED = "an object's entry over which that of another layer lies"


class Use(NamedTuple):
    """A field that names another object."""

    target: str
    name: str
    place: Place
    path: Path


class Places(Mapping[str, Place]):
    """The place of each listed field, made when it is asked for: hardly ever is."""

    __slots__ = ("_entries", "_file")

    def __init__(self, entries: Mapping[str, tuple[ScalarNode, Node]], file: str) -> None:
        self._entries = entries
        self._file = file

    def __getitem__(self, name: str) -> Place:
        node = self._entries[name][1]
        return Place(node.file or self._file, node.line, node.column)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Fields:
    """Reads the objects of one kind. `uses`: what their fields refer to, `claims`: whom their lists name; both those of
    faulty objects, too. `faulty`: those, with what is good of them, for the mistakes that several objects make."""

    def __init__(self, kind: Kind, settings: KindSettings) -> None:
        self._kind = kind
        self._settings = settings
        self._shapes = fields_of(kind.model)
        self._keywords = keywords_of(kind)
        self._texts = frozenset(
            name for name, shape in self._shapes.items() if type(shape) is TextShape and not kind.specs[name].secret
        )
        self._targets = {
            name: spec.refers_to if "." in spec.refers_to else f"{kind.system}.{spec.refers_to}"
            for name, spec in kind.specs.items()
            if spec.refers_to
        }
        self.uses: list[Use] = []
        self.claims: list[Claim] = []
        self.faulty: dict[str, Declared] = {}
        self._claiming = kind.owning.names if kind.owning is not None else ""

    def read(self, key: ScalarNode, node: Node, spot: Spot, part: Part | None = None) -> Declared | None:
        """The object, or None for a part and with at least one mistake noted."""
        if not isinstance(node, MappingNode):
            rule = f"must be a mapping of fields, not {described(node)}"
            example = next(iter(self._shapes), "")
            way_out = f"write {example}: ... below it, or {{}} for none" if example else "write {}"
            spot.add(node, rule, way_out)
            if part is None:
                self.faulty[key.text] = Declared(self._kind.id, key.text, {}, spot.sheet.place(key))
            return None
        mistakes = spot.sheet.mistakes
        values: dict[str, Any] = {}
        secrets: dict[str, SecretRef] = {}
        bad: set[str] = set()
        for name, (name_key, value) in node.entries.items():
            shape = self._shapes.get(name)
            if shape is None:
                if name not in self._keywords:
                    known = [*self._shapes, *self._keywords]
                    if is_null(value) and self._awaits_secret(node):  # `{password: , hunter2}`: the value, not a field
                        spot.sheet.add(
                            name_key, "unknown field; its name is not shown here", "remove it", path=spot.path
                        )
                    else:
                        spot.sheet.unknown(name_key, name, known, path=spot.path, what="field")
                    bad.add(name)
                continue
            plain: Any
            if name in self._texts and type(value) is ScalarNode and references.MARK not in value.text:
                plain = text(value)  # most fields: no mistake is possible here
            else:
                before = mistakes.count
                plain = self._value(shape, self._kind.specs[name], value, spot)
                if mistakes.count > before:
                    bad.add(name)
            if plain is BAD:
                continue
            if isinstance(plain, SecretRef):
                secrets[name], values[name] = plain, str(plain)
            else:
                values[name] = plain
                if name in self._targets and part is not Part.COVERED:
                    self._use(name, plain, value, spot)
                elif name == self._claiming and part is None and isinstance(value, SequenceNode):
                    self._claim(key, value, spot.below(name))
        return self._validated(key, node, values, secrets, bad, spot, part)

    def _awaits_secret(self, node: MappingNode) -> bool:
        """Is a secret or private field without a value here?"""
        specs = self._kind.specs
        return any(
            n in specs and (specs[n].secret or specs[n].private) and is_null(v) for n, (_, v) in node.entries.items()
        )

    def _use(self, name: str, value: Any, node: Node, spot: Spot) -> None:
        """An empty value refers to nothing."""
        one_by_one = zip(value, node.items, strict=True) if isinstance(node, SequenceNode) else [(value, node)]
        for target, at in one_by_one:
            if target:
                place = spot.sheet.place(at)
                self.uses.append(Use(self._targets[name], str(target), place, (*spot.path, name)))

    def _claim(self, key: ScalarNode, node: SequenceNode, spot: Spot) -> None:
        for index, item in enumerate(node.items):
            if isinstance(item, ScalarNode) and item.text:
                path = (*spot.path, f"[{index}]")
                self.claims.append(Claim(key.text, item, spot.sheet.place(item), path))

    def _value(self, shape: Shape, spec: FieldSpec, node: Node, spot: Spot) -> Any:
        below = Spot(spot.sheet, (*spot.path, spec.name), masked=spec.secret or spec.private)
        if spec.secret:
            return _secret(node, below, spec.name in self._settings.plain_secrets)
        return shape.convert(node, below)

    def _validated(
        self,
        key: ScalarNode,
        node: MappingNode,
        values: dict[str, Any],
        secrets: dict[str, SecretRef],
        bad: set[str],
        spot: Spot,
        part: Part | None,
    ) -> Declared | None:
        before = spot.sheet.mistakes.count
        said = read_keywords(self._kind, node, spot, shared=part is Part.SHARED)
        model, found = validated(self._kind.model, values, bad)
        for error in found:
            if part is not None and (error["type"] == "missing" or not error["loc"]):
                continue
            spec = self._kind.specs.get(str(error["loc"][0])) if error["loc"] else None
            masked = spec is not None and (spec.secret or spec.private)
            steers = spec is not None and spec.setting
            note(error, key, node, Spot(spot.sheet, spot.path, masked), unmanaged=not steers)
        removable = "on_remove" not in values or self._removable(values, node, spot)
        place = spot.sheet.place(key)
        places = Places(node.entries, spot.sheet.file)
        if model is None or bad or not removable or part is not None or spot.sheet.mistakes.count > before:
            if part is None:
                wrong = bad | {str(error["loc"][0]) for error in found if error["loc"]}
                good = {name: value for name, value in values.items() if name not in wrong}
                self.faulty[key.text] = Declared(self._kind.id, key.text, good, place, places, was=said.was)
            return None
        plain = {**model.model_dump(mode="json", exclude_unset=True), **secrets}
        ignore = said.ignore | self._settings.ignore
        return Declared(self._kind.id, key.text, plain, place, places, ignore, said.protect, said.was)

    def _removable(self, values: dict[str, Any], node: MappingNode, spot: Spot) -> bool:
        """`on_remove` may say only what the kind can do."""
        wanted = values["on_remove"]
        if wanted not in OnRemove.__members__.values() or OnRemove(wanted) in self._kind.removals:
            return True
        choices = " or ".join(f"`{choice.value}`" for choice in self._kind.removals)
        rule = f"must be {choices} for {self._kind.name}, not {shown(str(wanted))}"
        spot.below("on_remove").add(node.entries["on_remove"][1], rule, f"write {self._kind.removals[0].value}")
        return False


def _secret(node: Node, spot: Spot, plain_allowed: bool) -> SecretRef | Bad:
    """The reference in a secret field; plain text there is a mistake unless it is allowed, and is never shown."""
    if isinstance(node, ScalarNode) and references.MARK in node.text:
        found = references.parsed(node.text)
        return found if found is not None else spot.add(node, *references.malformed(node.text))
    if isinstance(node, ScalarNode) and not node.null and node.text:
        if plain_allowed:
            return PlainSecret("text", "", node.text)
        way_out = f"{references.FIELD_FORM}; change the secret if this file was ever shared"
        return spot.add(node, "a secret must not stand in a file", way_out)
    return spot.add(node, "must be a reference", f"{references.FIELD_FORM}, or remove the line")
