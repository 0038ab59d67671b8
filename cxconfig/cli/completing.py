"""What the shell offers after <Tab>: completers for `shell_complete=` of arguments and options.

They run at every <Tab>, so they import no model: kinds and fields come from the generated `providers.names`, objects
from the events of the YAML files, within a budget. A file that cannot be read offers nothing; nothing is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem

from providers.names import KINDS, LIMITABLE

MAX_BYTES = 1024 * 1024
"""So much of a tenant's folder is read for the names of its objects, and no more."""
MAX_ITEMS = 500

_SIMPLE = re.compile(r"[^\s.\"'`\[\]\\$&|;<>(){}*?!,:]+")
"""Names that a shell takes as they are and that need no quotes in a target."""


def folders(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, which the shell itself lists."""
    return [CompletionItem(incomplete, type="dir")]


def files(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which the shell itself lists."""
    return [CompletionItem(incomplete, type="file")]


def kinds(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of kinds: onecloud.users."""
    return _items(KINDS, incomplete)


def singulars(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Kinds as one calls one object of them: user."""
    return _items(dict.fromkeys(singular for singular, _ in KINDS.values()), incomplete)


def environments(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """The environments of the tenant in the folder that is named before, or in the current one."""
    try:
        found = [path.name for path in (_folder(context) / "environments").iterdir() if path.is_dir()]
    except OSError:
        return []
    return _items(sorted(name for name in found if not name.startswith(".")), incomplete)


def limits(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """What `--raise-limit` takes, up to the number: onecloud.users.disable=."""
    return _items((f"{kind}.{action}=" for kind, actions in LIMITABLE.items() for action in actions), incomplete)


def targets(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """What `explain` takes: kinds, their fields, the declared objects of the tenant, and the fields of those."""
    for kind, (_, fields) in KINDS.items():
        if not incomplete.startswith(f"{kind}."):
            continue
        rest = incomplete.removeprefix(f"{kind}.")
        name, dot, _ = rest.partition(".")
        if dot and name not in fields:
            return _items([f"{kind}.{name}.{field}" for field in fields], incomplete)
        names = [*fields, *(found for found in declared(_folder(context), kind) if found not in fields)]
        return _items([f"{kind}.{found}" for found in names], incomplete)
    return _items(KINDS, incomplete)


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)][:MAX_ITEMS]


def _folder(context: Context) -> Path:
    """The tenant's folder: the argument, also when an option that still lacks its value hides it from the parser."""
    words = [*reversed(context.args), context.params.get("folder")]
    return next((Path(word) for word in words if word and Path(word, "tenant.yaml").is_file()), Path("."))


def declared(folder: Path, kind: str) -> list[str]:
    """Names of the objects of a kind in a tenant's files, sorted, those that need no quotes; for a folder that is no
    tenant's nothing."""
    if not (folder / "tenant.yaml").is_file():
        return []
    found: set[str] = set()
    budget = MAX_BYTES
    for path in _files(folder):
        try:
            with path.open("rb") as file:
                data = file.read(budget)
        except OSError:
            continue
        budget -= len(data)
        found.update(name for name in _names(data, tuple(kind.split("."))) if _SIMPLE.fullmatch(name))
        if budget <= 0:
            break
    return sorted(found)


def _files(folder: Path) -> Iterator[Path]:
    """The YAML files that the language reads, those of environments too."""
    for parent, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.endswith((".yaml", ".yml")) and not name.startswith(".") and path.is_file():
                yield path


def _names(data: bytes, wanted: tuple[str, ...]) -> Iterator[str]:
    """The keys of the mapping at the path `wanted`, as far as the file can be parsed."""
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
    from ruamel.yaml.error import YAMLError

    try:
        yield from _keys(CParser(data.decode("utf-8", "replace")), wanted)
    except YAMLError:
        return


class _Level:
    """One open mapping or list: the key whose value comes next, and whether a key comes next."""

    __slots__ = ("at_key", "key", "listed")

    def __init__(self, listed: bool) -> None:
        self.listed = listed
        self.at_key = not listed
        self.key = ""


def _keys(parser: object, wanted: tuple[str, ...]) -> Iterator[str]:
    from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, MappingStartEvent, StreamEndEvent

    levels: list[_Level] = []
    while not isinstance(event := parser.get_event(), StreamEndEvent):  # type: ignore[attr-defined]
        if isinstance(event, CollectionEndEvent):
            levels.pop()
            _next(levels, "")
        elif isinstance(event, CollectionStartEvent):
            levels.append(_Level(not isinstance(event, MappingStartEvent)))
        elif levels:
            text = getattr(event, "value", "") or ""
            if levels[-1].at_key and text and tuple(level.key for level in levels[:-1]) == wanted:
                yield text
            _next(levels, text)


def _next(levels: list[_Level], text: str) -> None:
    """A key, or a value, of the innermost collection is read."""
    if levels and not levels[-1].listed:
        if levels[-1].at_key:
            levels[-1].key = text
        levels[-1].at_key = not levels[-1].at_key
