"""One new object, said in options of a command line -> the file that it is added to. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from cxconfig.errors import InputError, InputErrors, Place, SettingsError
from cxconfig.export.matching import Edit
from cxconfig.export.proposal import Folder
from cxconfig.export.values import unusable
from cxconfig.kinds import Kind, folded
from cxconfig.language import references
from cxconfig.language.folder import SUFFIXES, displayed
from cxconfig.language.mistakes import Mistakes, Sheet, dotted, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from cxconfig.language.shape import (
    BAD,
    FlagShape,
    ListShape,
    MapShape,
    NumberShape,
    RecordShape,
    Shape,
    Spot,
    fields_of,
)
from cxconfig.writing.files import FileChange

OBJECT = "KEY"
"""How the command line names the object's name."""
Given = bool | str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be added. `fields`: field -> what was given for it, as text (`NAME=VALUE` for an entry of a mapping);
    `keywords`: `extends`, `ignore` and `protect` as they stand in a file; `options`: field or keyword -> its option."""

    kind: Kind
    key: str
    fields: Mapping[str, Given]
    keywords: Mapping[str, Any]
    options: Mapping[str, str]


def added(folder: Folder, request: Request, file: Path | None) -> FileChange:
    """The file with the new object in it, checked with the whole folder.

    Raises `SettingsError` for a name or file that cannot be, `InputErrors` with every mistake, each with the option
    that it is about; nothing is written either way.
    """
    kind, key = request.kind, request.key
    _refuse_name(folder, kind, key)
    mistakes = Mistakes()
    values = {**request.keywords, **_converted(request, mistakes)}
    target = _file(folder, file) if file else _beside(folder, kind, values)
    path = (kind.system, kind.name, key)
    for _, why in folder.book.make([Edit(target, path, values)]):
        raise SettingsError(f"{displayed(Path(target))} cannot be changed: {why}", way_out="Name another file: --file.")
    found = [_without_line(error) for error in mistakes.errors]
    try:
        folder.read()
    except InputErrors as errors:
        found += [_about_option(error, dotted(path), request.options) for error in errors.errors]
    if found:
        raise InputErrors(found)
    (change,) = folder.book.changes()
    return change


def _refuse_name(folder: Folder, kind: Kind, key: str) -> None:
    problem = unusable(kind, key)
    if problem:
        raise SettingsError(f"{OBJECT}: {problem}", way_out=f"Name the {kind.singular} as it is named live.")
    for other, declared in folder.entered(kind).items():
        if folded(other) == folded(key):
            how = "" if other == key else f" as {other}, which differs only by case"
            raise SettingsError(
                f"the {kind.singular} {key} is declared already{how}",
                place=declared.place,
                way_out="Change it there, or give another name.",
            )


def _beside(folder: Folder, kind: Kind, values: Mapping[str, Any]) -> str:
    """The file of its group, else the one with the most objects of the kind, else a new one."""
    shelf = folder.shelf(kind)
    return shelf.place(values) or shelf.fullest() or folder.new_file(kind, values)


def _file(folder: Folder, file: Path) -> str:
    """A file that is named relative to the tenant's folder, and that the folder's reading would find."""
    path = folder.base / file
    inside = Path(path).resolve().is_relative_to(folder.base.resolve())
    hidden = any(part.startswith(".") for part in PurePath(file).parts)
    if not inside or hidden or path.suffix.lower() not in SUFFIXES or path.name.startswith("Pulumi."):
        raise SettingsError(
            f"--file: {file} is no file that the tenant in {displayed(folder.folder)} is read from",
            way_out=f"Name one in {displayed(folder.base)} that ends in .yaml, like people/sales.yaml.",
        )
    return folder.within(path)


def _converted(request: Request, mistakes: Mistakes) -> dict[str, Any]:
    """The values as a file holds them; every one that cannot be is a mistake at its option, and left out."""
    shapes = fields_of(request.kind.model)
    values: dict[str, Any] = {}
    for name, given in request.fields.items():
        spec = request.kind.specs[name]
        spot = Spot(Sheet(request.options[name], mistakes), (), masked=spec.secret or spec.private)
        value = given if _verbatim(given) or spec.secret else _value(shapes[name], given, spot)
        if value is not BAD:
            values[name] = value
    return values


def _verbatim(given: Given) -> bool:
    """References are for the reading of the file to judge."""
    return isinstance(given, str) and references.MARK in given


def _value(shape: Shape, given: Given, spot: Spot) -> Any:
    if isinstance(given, bool):
        return given
    if isinstance(shape, ListShape):
        return shape.convert(_sequence(shape, _parts(given)), spot)
    if isinstance(shape, (MapShape, RecordShape)):
        return shape.convert(_mapping(shape, _parts(given), spot), spot)
    return shape.convert(_scalar(shape, _parts(given)[-1]), spot)


def _parts(given: Given) -> Sequence[str]:
    return [str(given)] if isinstance(given, (str, bool)) else list(given)


def _scalar(shape: Shape, text: str) -> ScalarNode:
    """Numbers and flags stand without quotes in a file, and no text is taken for nothing."""
    return ScalarNode(text, isinstance(shape, (NumberShape, FlagShape)), 0, 0)


def _sequence(shape: ListShape, parts: Sequence[str]) -> Node:
    node = SequenceNode(0, 0)
    node.items.extend(_scalar(shape.item, part) for part in parts)
    return node


def _mapping(shape: MapShape | RecordShape, parts: Sequence[str], spot: Spot) -> Node:
    """The good entries; a mistake for every other part."""
    node = MappingNode(0, 0)
    for part in parts:
        name, sign, text = part.rpartition("=")
        name = name.strip()
        key = ScalarNode(name, False, 0, 0)
        if sign and name:
            item = shape.item if isinstance(shape, MapShape) else shape.fields.get(name, shape)
            node.entries[name] = (key, _scalar(item, text))
        else:
            spot.add(key, "must be NAME=VALUE", "write it like English=90", shown(part))
    return node


def _about_option(error: InputError, path: str, options: Mapping[str, str]) -> InputError:
    """A mistake in the new object, told of the option that it came from; any other as it is."""
    if error.path != path and not error.path.startswith((f"{path}.", f"{path}[")):
        return error
    rest = error.path.removeprefix(path).lstrip(".")
    name = rest.split(".")[0].split("[")[0]
    if name in options:
        rest = rest.removeprefix(name).lstrip(".")
    place = Place(options.get(name, OBJECT))
    return InputError(error.rule, place=place, path=rest, way_out=error.way_out, also=error.also)


def _without_line(error: InputError) -> InputError:
    place = Place(error.place.file if error.place else "")
    return InputError(error.rule, place=place, path=error.path, way_out=error.way_out, also=error.also)
