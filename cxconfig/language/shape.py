"""Located nodes -> plain values, guided by the annotations of a pydantic model, then validated by that model.

Understood in a model: str, int, bool, list, dict with text keys, nested models, enums and literals of texts, each
optional or annotated.
"""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cxconfig.language import references, rules, scalars
from cxconfig.language.mistakes import Path, Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null
from cxconfig.language.sensitive import alarming, shown_value


class Bad(Enum):
    """Stands for a value that could not be converted; its mistake is noted."""

    BAD = "bad"


BAD: Final = Bad.BAD

NOT_SHOWN = "its value is not shown here"


class Spot(NamedTuple):
    """Where a value is converted: its file, its path, and whether its text may appear in a message."""

    sheet: Sheet
    path: Path
    masked: bool = False

    def below(self, name: str) -> Spot:
        return Spot(self.sheet, (*self.path, name), self.masked)

    def add(self, node: Node, rule: str, way_out: str, got: str = "") -> Bad:
        seen = "" if not got else f"; {NOT_SHOWN}" if self._hidden() else f", not {shown_value(got)}"
        self.sheet.add(node, f"{rule}{seen}", way_out, path=self.path)
        return BAD

    def _hidden(self) -> bool:
        """Also where the field's own name, or the name of an entry of it, is that of a secret (`change_password`)."""
        names = [part for part in self.path if not part.startswith("[")]
        return self.masked or (bool(names) and alarming(names[-1]) is not None)


class Shape(ABC):
    """What a model wants at one place."""

    @abstractmethod
    def convert(self, node: Node, spot: Spot) -> Any:
        """The plain value. With a mistake noted: BAD, or for a mapping what is good of it, to find all mistakes."""


@dataclass(frozen=True, slots=True)
class TextShape(Shape):
    def convert(self, node: Node, spot: Spot) -> Any:
        if not isinstance(node, ScalarNode):
            return spot.add(node, f"must be a text, not {described(node)}", "write one value, in quotes if need be")
        return BAD if _reference_in(node, spot) else scalars.text(node)


@dataclass(frozen=True, slots=True)
class FlagShape(Shape):
    def convert(self, node: Node, spot: Spot) -> Any:
        if not isinstance(node, ScalarNode):
            return spot.add(node, f"must be true or false, not {described(node)}", "write true or false")
        return _scalar(scalars.flag, node, spot)


@dataclass(frozen=True, slots=True)
class NumberShape(Shape):
    def convert(self, node: Node, spot: Spot) -> Any:
        if not isinstance(node, ScalarNode):
            return spot.add(node, f"must be a whole number, not {described(node)}", "write a number, like 90")
        return _scalar(scalars.number, node, spot)


@dataclass(frozen=True, slots=True)
class ListShape(Shape):
    item: Shape

    def convert(self, node: Node, spot: Spot) -> Any:
        if is_null(node):
            return []
        if not isinstance(node, SequenceNode):
            got = shown(node.text) if isinstance(node, ScalarNode) else "a mapping"
            return spot.add(node, "must be a list", "write [a, b], or one `- ` line per item; [] for none", got)
        values = [self.item.convert(item, spot.below(f"[{index}]")) for index, item in enumerate(node.items)]
        return BAD if any(value is BAD for value in values) else values


@dataclass(frozen=True, slots=True)
class MapShape(Shape):
    item: Shape

    def convert(self, node: Node, spot: Spot) -> Any:
        if is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            got = shown(node.text) if isinstance(node, ScalarNode) else "a list"
            return spot.add(node, "must be a mapping", "write {name: value}, or one `name: value` line each", got)
        values: dict[str, Any] = {}
        for name, (key, value) in node.entries.items():
            below = spot.below(name)
            if _reference_in(key, below):
                continue
            plain = self.item.convert(value, below)
            if plain is not BAD:
                values[name] = plain
        return values


@dataclass(frozen=True, slots=True)
class RecordShape(Shape):
    """A nested model; it is validated along with the one around it."""

    fields: Mapping[str, Shape]

    def convert(self, node: Node, spot: Spot) -> Any:
        if is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            return spot.add(node, f"must be a mapping, not {described(node)}", f"write {', '.join(self.fields)} below")
        values: dict[str, Any] = {}
        good = True
        for name, (key, value) in node.entries.items():
            shape = self.fields.get(name)
            if shape is None:
                spot.sheet.unknown(key, name, self.fields, path=spot.path)
                good = False
                continue
            values[name] = shape.convert(value, spot.below(name))
            good = good and values[name] is not BAD
        return values if good else BAD


@cache
def fields_of(model: type[BaseModel]) -> Mapping[str, Shape]:
    """The shape of every field of a model. Raises TypeError for an annotation that YAML has no form for."""
    return {name: shape_of(info.annotation) for name, info in model.model_fields.items()}


def shape_of(annotation: Any) -> Shape:
    """The shape that an annotation asks for."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0])
    if origin in (Union, types.UnionType):
        return _optional(annotation, arguments)
    if annotation is bool:
        return FlagShape()
    if annotation is int:
        return NumberShape()
    if annotation is str or _is_choice(annotation, origin, arguments):
        return TextShape()
    if origin in (list, tuple, set, frozenset):
        return ListShape(shape_of(arguments[0]))
    if origin is dict or origin is Mapping:
        return MapShape(shape_of(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return RecordShape(fields_of(annotation))
    raise TypeError(f"no YAML form for the annotation {annotation!r}")


def _optional(annotation: Any, arguments: tuple[Any, ...]) -> Shape:
    wanted = [argument for argument in arguments if argument is not type(None)]
    if len(wanted) != 1:
        raise TypeError(f"no YAML form for the annotation {annotation!r}: one type, or None")
    return shape_of(wanted[0])


def _is_choice(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is Literal:
        return all(isinstance(argument, str) for argument in arguments)
    return isinstance(annotation, type) and issubclass(annotation, str) and issubclass(annotation, Enum)


def _scalar(convert: Any, node: ScalarNode, spot: Spot) -> Any:
    if _reference_in(node, spot):
        return BAD
    try:
        return convert(node)
    except scalars.Unfit as unfit:
        return spot.add(node, unfit.rule, unfit.way_out, unfit.got)


def _reference_in(node: ScalarNode, spot: Spot) -> bool:
    """Notes a mistake when there is `${` in a place that takes no reference."""
    if references.MARK not in node.text:
        return False
    if references.parsed(node.text) is not None:
        rule = "a reference is not allowed here, only in system settings and in secret fields"
        spot.add(node, rule, "write the value itself")
    elif "}" not in node.text.rpartition(references.MARK)[2]:
        spot.add(node, "the reference has no closing `}`", "write ${var:NAME}, or the value without `${`")
    else:
        spot.add(node, "`${` begins a reference, which is not allowed here", "write the value without `${`")
    return True


ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(
    model: type[ModelT], values: Mapping[str, Any], ignored: Collection[str]
) -> tuple[ModelT | None, list[ErrorDetails]]:
    """The model's instance, or None and what the model finds wrong.

    `ignored` names the fields in which a mistake is noted already: findings about such a field as a whole are left
    out, and those about the whole object too if there is such a field.
    """
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [e for e in found if not _ignorable(e["loc"], ignored)]


def _ignorable(loc: tuple[int | str, ...], ignored: Collection[str]) -> bool:
    return bool(ignored) if not loc else len(loc) == 1 and loc[0] in ignored


def note(error: ErrorDetails, key: Node, node: MappingNode | None, spot: Spot, unmanaged: bool = True) -> None:
    """Note one of the model's findings at the value that it is about, or at `key` when that is missing."""
    at, path, shown_value = _located(error, key, node, spot.path)
    rule = rules.plain(error)
    if error["type"] == "missing":
        rule = f"`{error['loc'][-1]}` is required"
        spot.sheet.add(at, rule, f"add `{error['loc'][-1]}: ...`", path=path)
        return
    if shown_value is not None and error["type"] not in ("value_error", "assertion_error"):
        rule += f"; {NOT_SHOWN}" if spot.masked else f", not {shown_value}"
    name = error["loc"][0] if error["loc"] else ""
    way_out = f"correct it, or remove `{name}` to leave it unmanaged" if name and unmanaged else "correct it"
    spot.sheet.add(at, rule, way_out, path=path)


def _located(error: ErrorDetails, key: Node, node: Node | None, path: Path) -> tuple[Node, Path, str | None]:
    """The node that an error is about, its path, and its text when it is one scalar."""
    at: Node = key
    last = key
    for part in error["loc"]:
        if isinstance(node, MappingNode) and str(part) in node.entries:
            last, node = node.entries[str(part)]
            path = (*path, str(part))
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            path = (*path, f"[{part}]")
        elif part == "[key]":
            return last, path, shown(last.text) if isinstance(last, ScalarNode) else None
        else:
            return at, (*path, str(part)), None
        at = node
    return at, path, shown(at.text) if isinstance(at, ScalarNode) and at is not key else None
