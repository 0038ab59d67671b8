"""A tenant's folder -> one `Tenant`, with every mistake in every file found at once."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from urllib.parse import parse_qsl, urlsplit

from cxconfig.errors import InputErrors, Place
from cxconfig.kinds import Declared, Registry, SecretRef
from cxconfig.language import references
from cxconfig.language.folder import TENANT_FILE, Source, sources
from cxconfig.language.mistakes import Mistakes, Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, described, is_null
from cxconfig.language.objects import Objects
from cxconfig.language.reader import read
from cxconfig.language.shape import Spot, TextShape
from cxconfig.language.systems import SystemEntry, read_systems, reference

API_VERSION = "cxconfig/v1"
BACKENDS = ("azblob", "file", "gs", "http", "https", "postgres", "s3")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET_WORD = re.compile(r"pass|secret|token|key|sig", re.IGNORECASE)
_MAIN_ONLY = ("tenant", "systems", "state")


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a tenant's folder says.

    `objects`: kind id -> key -> object, in the order of the files, with an entry for every kind of the registry.
    `backend`: where the state is kept (`state.backend`), None for the default.
    """

    name: str
    folder: FilePath
    systems: Mapping[str, SystemEntry]
    objects: Mapping[str, Mapping[str, Declared]]
    backend: str | SecretRef | None = None
    backend_place: Place | None = None

    def declared_counts(self) -> dict[str, int]:
        """Kind id -> number of declared objects, without the kinds that have none."""
        return {kind: len(objects) for kind, objects in self.objects.items() if objects}


def load(folder: FilePath, registry: Registry) -> Tenant:
    """Read and check a tenant's folder, without the environment and without any call.

    Raises `SettingsError` when there is no such folder or no tenant.yaml in it, `InputErrors` with every mistake in
    its files otherwise.
    """
    with _without_gc():
        return _Loader(folder, registry).load()


@contextmanager
def _without_gc() -> Iterator[None]:
    """Nodes hold no cycles, and collecting while hundreds of thousands are made takes most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Loader:
    """Takes the files one by one; then checks what needs all of them."""

    def __init__(self, folder: FilePath, registry: Registry) -> None:
        self._folder = folder
        self._registry = registry
        self._mistakes = Mistakes()
        self._objects = Objects(registry, self._mistakes)
        self._name = ""
        self._systems: dict[str, SystemEntry] = {}
        self._configured: set[str] | None = None
        self._used: dict[str, tuple[Sheet, ScalarNode]] = {}
        self._backend: str | SecretRef | None = None
        self._backend_place: Place | None = None

    def load(self) -> Tenant:
        whole = True
        for source in sources(self._folder, self._mistakes):
            before = len(self._mistakes.errors)
            node = read(source.data, source.sheet)
            if node is None and len(self._mistakes.errors) > before:
                whole = False
            else:
                self._file(source, node)
        self._unconfigured()
        if whole:
            self._objects.check_references()
        if self._mistakes.errors:
            raise InputErrors(self._mistakes.errors)
        return Tenant(self._name, self._folder, self._systems, self._objects.found, self._backend, self._backend_place)

    def _file(self, source: Source, node: Node | None) -> None:
        sheet = source.sheet
        if node is None:
            node = MappingNode(1, 1)
        if not isinstance(node, MappingNode):
            sheet.add(node, f"the file must be a mapping, not {described(node)}", f"begin with {self._example()}")
            return
        for name, (key, value) in node.entries.items():
            if name in self._registry.systems():
                self._used.setdefault(name, (sheet, key))
                self._objects.read(name, value, sheet)
            elif name == "api_version":
                _api_version(value, sheet)
            elif name not in _MAIN_ONLY:
                sheet.unknown(key, name, self._keys(source.main), path=())
            elif not source.main:
                rule = f"`{name}` stands only in the {TENANT_FILE} at the top of the tenant's folder"
                sheet.add(key, rule, "move it there; if this is another tenant, move its folder elsewhere")
            else:
                self._own(name, value, sheet)
        if source.main:
            self._required(node, sheet)

    def _own(self, name: str, node: Node, sheet: Sheet) -> None:
        takers = {"tenant": self._take_tenant, "systems": self._take_systems, "state": self._take_state}
        takers[name](node, sheet)

    def _keys(self, main: bool) -> list[str]:
        return ["api_version", *(_MAIN_ONLY if main else ()), *self._registry.systems()]

    def _example(self) -> str:
        return f"{next(iter(self._registry.systems()), 'api_version')}:"

    def _required(self, node: MappingNode, sheet: Sheet) -> None:
        ways_out = {
            "api_version": f"add `api_version: {API_VERSION}`",
            "tenant": "add `tenant: acme`, with a name of your own",
            "systems": "add `systems:` with the url and credentials of each system below it",
        }
        for name, way_out in ways_out.items():
            if name not in node.entries:
                sheet.add_at(Place(sheet.file, 1, 1), f"`{name}` is missing", way_out)

    def _take_tenant(self, node: Node, sheet: Sheet) -> None:
        if isinstance(node, ScalarNode) and _NAME.fullmatch(node.text):
            self._name = node.text
            return
        got = f", not {shown(node.text)}" if isinstance(node, ScalarNode) and not node.null else ""
        rule = f"must be a name of 1 to 64 letters, digits, `-` and `_`{got}"
        sheet.add(node, rule, "write it like acme-prod", path=("tenant",))

    def _take_systems(self, node: Node, sheet: Sheet) -> None:
        self._systems = read_systems(node, ("systems",), sheet, self._folder, self._registry)
        self._configured = set(node.entries) if isinstance(node, MappingNode) else None

    def _take_state(self, node: Node, sheet: Sheet) -> None:
        path = ("state",)
        if not isinstance(node, MappingNode):
            if not is_null(node):
                sheet.add(node, f"must be a mapping, not {described(node)}", "write backend: below it", path=path)
            return
        for name, (key, value) in node.entries.items():
            if name == "backend":
                self._backend = _backend(value, Spot(sheet, (*path, name)))
                self._backend_place = sheet.place(value)
            else:
                sheet.unknown(key, name, ["backend"], path=path)

    def _unconfigured(self) -> None:
        """Objects of a system that tenant.yaml does not name."""
        if self._configured is None:
            return
        for name, (sheet, key) in self._used.items():
            if name not in self._configured:
                rule = f"there are objects of the system `{name}`, and {TENANT_FILE} does not say how to reach it"
                sheet.add(key, rule, f"add systems.{name} with its url and credentials to {TENANT_FILE}")


def _api_version(node: Node, sheet: Sheet) -> None:
    if isinstance(node, ScalarNode) and node.text == API_VERSION:
        return
    got = f", not {shown(node.text)}" if isinstance(node, ScalarNode) and not node.null else ""
    sheet.add(node, f"must be {API_VERSION}{got}", f"write {API_VERSION}", path=("api_version",))


def _backend(node: Node, spot: Spot) -> str | SecretRef | None:
    """The address of the state. It is never shown: it may hold credentials."""
    if isinstance(node, ScalarNode) and references.MARK in node.text:
        return reference(node, spot)
    text = TextShape().convert(node, spot)
    if not isinstance(text, str):
        return None
    problem = backend_problem(text)
    if problem:
        spot.add(node, *problem)
        return None
    return text


def backend_problem(text: str) -> tuple[str, str] | None:
    """Why `text` cannot be the address of a state (rule and way out), or None. Never shows the text."""
    form = "write it like file:///var/lib/cxconfig, or leave it out for the folder .cxconfig beside tenant.yaml"
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return "this is not an address", form
    if parts.scheme not in BACKENDS or "://" not in text:
        return f"must be an address that begins with one of {', '.join(f'{b}://' for b in BACKENDS)}", form
    if password is not None or any(_SECRET_WORD.search(name) for name, _ in parse_qsl(parts.query)):
        return "credentials must not stand in a file", "put the whole address into a variable and write ${env:NAME}"
    return None
