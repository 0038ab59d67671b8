"""A tenant's folder -> one `Tenant`, with every mistake in every file found at once."""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from urllib.parse import parse_qsl, urlsplit

from cxconfig.errors import InputErrors, Place
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Declared, Registry, SecretRef
from cxconfig.language import references, variables
from cxconfig.language.doors import crossings
from cxconfig.language.excerpts import attach
from cxconfig.language.exclusion import contradictions
from cxconfig.language.folder import TENANT_FILE, Instead, Source, environment_sources, environments, sources
from cxconfig.language.kind_settings import choice
from cxconfig.language.layers import MARKERS, Idle, finished, half_set, merge, removes
from cxconfig.language.mistakes import Mistakes, Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, described, is_null
from cxconfig.language.objects import Objects
from cxconfig.language.reader import read
from cxconfig.language.sections import Entry, Layer
from cxconfig.language.shape import Spot, TextShape
from cxconfig.language.systems import SystemEntry, read_systems, reference
from cxconfig.language.versions import API_VERSION, other_version

BACKENDS = ("azblob", "file", "gs", "http", "https", "postgres", "s3")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET_WORD = re.compile(r"pass|secret|token|key|sig", re.IGNORECASE)
SETTINGS_DEPTH = 4
"""`systems`, the system, `kinds`, the kind: below that stand settings, which may be empty."""
_MAIN_ONLY = ("tenant", "systems", "state", "manage")


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a tenant's folder says, in the environments that were asked for.

    `objects`: kind id -> key -> object, in the order of the files, with an entry for every kind of the registry.
    `backend`: where the state is kept (`state.backend`), None for the default. `settings`: the folder with the shared
    settings of its stacks (`state.settings`), None for one that is not shared. `name` is that of the stack: with
    environments it ends in their names, unless one of them gives the tenant a name itself.
    """

    name: str
    folder: FilePath
    systems: Mapping[str, SystemEntry]
    objects: Mapping[str, Mapping[str, Declared]]
    backend: str | SecretRef | None = None
    backend_place: Place | None = None
    environments: tuple[str, ...] = ()
    settings: FilePath | None = None

    def declared_counts(self) -> dict[str, int]:
        """Kind id -> number of declared objects, without the kinds that have none."""
        return {kind: len(objects) for kind, objects in self.objects.items() if objects}


def load(folder: FilePath, registry: Registry, environments: Sequence[str] = ()) -> Tenant:
    """Read and check a tenant's folder, without the environment and without any call.

    Raises `SettingsError` when there is no such folder, environment or tenant.yaml, `InputErrors` with every mistake
    in its files otherwise.
    """
    return load_with_sources(folder, registry, environments)[0]


def load_with_sources(
    folder: FilePath, registry: Registry, environments: Sequence[str] = (), instead: Instead | None = None
) -> tuple[Tenant, Objects]:
    """The same, and where everything came from. `instead`: as if these files held this, to check before writing."""
    with _without_gc():
        return _Loader(folder, registry, tuple(environments), instead or {}).load()


@contextmanager
def _without_gc() -> Iterator[None]:
    """Nodes hold no cycles, and looking for some among hundreds of thousands takes longer than making them.

    What was read stays as long as the process works on it, so the collector need not look at it afterwards either.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()


class _Loader:
    """Collects the files layer by layer; then merges and checks."""

    def __init__(self, folder: FilePath, registry: Registry, environments: tuple[str, ...], instead: Instead) -> None:
        self._folder = folder
        self._instead = instead
        self._registry = registry
        self._environments = environments
        self._mistakes = Mistakes()
        self._layers = [Layer(name, registry) for name in ("", *environments)]
        self._documents: list[tuple[Layer, Source, Node | None]] = []
        self._whole = True
        self._marked = False
        self._varied = False

    def load(self) -> tuple[Tenant, Objects]:
        for layer in self._layers:
            self._parse(layer)
        self._variables()
        for layer, source, node in self._documents:
            self._file(layer, source, node)
        self._documents.clear()
        tenant = _Main(self._layers, self._folder, self._registry, self._mistakes, self._environments)
        tenant.read()
        found = Objects(
            self._registry, self._mistakes, self._layers, tenant.kinds(), whole=self._whole, marked=self._marked
        )
        found.read()
        readable = found.readable()
        for mistake in contradictions(readable, tenant.kinds()):
            self._mistakes.add(mistake)
        for mistake in crossings(readable, self._registry, tenant.kinds()):
            self._mistakes.add(mistake)
        if tenant.configured is not None:
            _unconfigured(self._layers, tenant.configured, Sheet("", self._mistakes))
        if self._mistakes.errors:
            errors = InputErrors(self._mistakes.errors, more=self._mistakes.full)
            errors.tenant = tenant.name
            attach(errors, self._registry, self._instead)
            raise errors
        return tenant.made(found.found), found

    def _parse(self, layer: Layer) -> None:
        files = (
            environment_sources(self._folder, layer.name, self._mistakes, self._instead)
            if layer.name
            else sources(self._folder, self._mistakes, self._instead)
        )
        for source in files:
            before = self._mistakes.count
            node = read(source.data, source.sheet)
            if MARKERS in source.data:
                self._marked = True
                _check_marks(node, source.sheet)
            self._varied = self._varied or variables.MARK.encode() in source.data
            if node is None and self._mistakes.count > before:
                self._whole = False
            else:
                self._documents.append((layer, source._replace(data=b""), node))

    def _variables(self) -> None:
        """Read every `vars` first, then put the values in: a variable may be used in any file of any layer."""
        for layer, source, node in self._documents:
            if isinstance(node, MappingNode) and variables.SECTION in node.entries:
                variables.read_variables(node.entries[variables.SECTION][1], source.sheet, layer.variables)
        if not self._varied:
            return
        known = {name: value for layer in self._layers for name, value in layer.variables.items()}
        others = [name for name in environments(self._folder) if name not in self._environments]
        for _, source, node in self._documents:
            if isinstance(node, MappingNode):
                substitution = variables.Substitution(known, source.sheet, self._whole, others)
                for name, (key, value) in node.entries.items():
                    if name != variables.SECTION:
                        node.entries[name] = (key, substitution.into(value, (name,)))

    def _file(self, layer: Layer, source: Source, node: Node | None) -> None:
        sheet = source.sheet
        if node is None:
            node = MappingNode(1, 1, sheet.file)
        if not isinstance(node, MappingNode):
            sheet.add(node, f"the file must be a mapping, not {described(node)}", f"begin with {self._example()}")
            return
        for name, (key, value) in node.entries.items():
            if name in self._registry.systems():
                layer.sections.setdefault(name, key)
                layer.read(name, value, sheet, source.beside)
            elif name == "api_version":
                _api_version(value, sheet)
            elif name == variables.SECTION:
                continue
            elif name not in _MAIN_ONLY:
                sheet.unknown(key, name, self._keys(source.main), path=())
            elif not source.main:
                whose = "environment" if layer.name else "tenant"
                rule = f"`{name}` stands only in the {TENANT_FILE} at the top of the {whose}'s folder"
                sheet.add(key, rule, "move it there; if this is another tenant, move its folder elsewhere")
            else:
                layer.main[name] = Entry(key, value)
        if source.main and not layer.name:
            _required(node, sheet)

    def _keys(self, main: bool) -> list[str]:
        return ["api_version", variables.SECTION, *(_MAIN_ONLY if main else ()), *self._registry.systems()]

    def _example(self) -> str:
        return f"{next(iter(self._registry.systems()), 'api_version')}:"


def _check_marks(node: Node | None, sheet: Sheet) -> None:
    for value in half_set(node) if node is not None else ():
        text = value.text if isinstance(value, ScalarNode) else ""
        got = ", without quotes" if text == "true" else f", not {shown(text)}" if text else ""
        rule = f"`$replace` takes only true{got}"
        sheet.add(value, rule, "write $replace: true, or remove the line to merge the mapping with what is below it")


def _required(node: MappingNode, sheet: Sheet) -> None:
    ways_out = {
        "api_version": f"add `api_version: {API_VERSION}`",
        "tenant": "add `tenant: acme`, with a name of your own",
        "systems": "add `systems:` with the url and credentials of each system below it",
    }
    for name, way_out in ways_out.items():
        if name not in node.entries:
            sheet.add_at(Place(sheet.file), f"`{name}` is missing", way_out)


class _Main:
    """What the tenant.yaml of the base and of the environments say beside objects, merged.

    `part`: that of one layer alone, for its mistakes; it may leave out what is needed.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        folder: FilePath,
        registry: Registry,
        mistakes: Mistakes,
        environments: tuple[str, ...],
        *,
        part: bool = False,
    ) -> None:
        self._layers = layers
        self._folder = folder
        self._registry = registry
        self._part = part
        self._sheet = Sheet("", mistakes)
        self._environments = environments
        self._name = ""
        self._manage = Manage.LISTED
        self._systems: dict[str, SystemEntry] = {}
        self._backend: str | SecretRef | None = None
        self._backend_place: Place | None = None
        self._settings: FilePath | None = None
        self.configured: set[str] | None = None
        """The systems that are named, rightly or wrongly; None when nothing can be said."""

    def read(self) -> None:
        if any(layer.main for layer in self._layers[1:]):
            self._covered()
        for name, take in (
            ("tenant", self._take_tenant),
            ("manage", self._take_manage),
            ("systems", self._take_systems),
            ("state", self._take_state),
        ):
            nodes = [layer.main[name].value for layer in self._layers if name in layer.main]
            whole: Node | None = None
            for node in nodes[1:]:
                self._says_something(node, (name,))
            for node in nodes:
                whole = merge(whole, node, None if self._part else self._idle(name))
            if whole is not None and not ((self._part or name in ("manage", "state")) and removes(whole)):
                take(finished(whole))

    def _covered(self) -> None:
        """The mistakes in what a later layer overrides or takes out: another environment would meet them."""
        for layer in self._layers[:-1]:
            _Main([layer], self._folder, self._registry, self._sheet.mistakes, (), part=True).read()

    def _says_something(self, node: Node, path: tuple[str, ...]) -> None:
        """Nothing in an environment would take out all that is below, protection and exclusions too: it must say so."""
        if is_null(node) or (isinstance(node, MappingNode) and not node.entries):
            rule = "this is empty, and would take out every setting below it"
            self._sheet.add(node, rule, "list what differs here, or write $remove to take them out", path=path)
        elif isinstance(node, MappingNode) and len(path) < SETTINGS_DEPTH:
            for name, (_, value) in node.entries.items():
                if path[0] == "systems" and (len(path) < 2 or name == "kinds" or path[-1] == "kinds"):
                    self._says_something(value, (*path, name))

    def _idle(self, name: str) -> Idle:
        def idle(node: Node, path: tuple[str, ...], names: Collection[str]) -> None:
            rule = "there is nothing below this that could be taken out"
            hint = self._sheet.mistakes.hint(path[-1], names) if path and names else ""
            self._sheet.add(node, rule, hint or "remove the line", path=(name, *path))

        return idle

    @property
    def name(self) -> str:
        """The tenant's name, "" when it is missing or wrong."""
        return self._name

    def kinds(self) -> dict[str, KindSettings]:
        """The settings of kinds, by kind id."""
        return {f"{name}.{kind}": said for name, entry in self._systems.items() for kind, said in entry.kinds.items()}

    def made(self, objects: Mapping[str, Mapping[str, Declared]]) -> Tenant:
        return Tenant(
            self._name,
            self._folder,
            self._systems,
            objects,
            self._backend,
            self._backend_place,
            self._environments,
            self._settings,
        )

    def _take_tenant(self, node: Node) -> None:
        if isinstance(node, ScalarNode) and _NAME.fullmatch(node.text):
            own = any("tenant" in layer.main for layer in self._layers[1:])
            self._name = node.text if own else "-".join([node.text, *self._environments])
            return
        got = f", not {shown(node.text)}" if isinstance(node, ScalarNode) and not node.null else ""
        rule = f"must be a name of 1 to 64 letters, digits, `-` and `_`{got}"
        self._sheet.add(node, rule, "write it like acme-prod", path=("tenant",))

    def _take_manage(self, node: Node) -> None:
        value = choice(node, [word.value for word in Manage], Spot(self._sheet, ("manage",)))
        self._manage = Manage(value) if isinstance(value, str) else Manage.LISTED

    def _take_systems(self, node: Node) -> None:
        if self._part and is_null(node):
            return
        manage, part = self._manage, self._part
        self._systems = read_systems(node, ("systems",), self._sheet, self._folder, self._registry, manage, part=part)
        self.configured = set(node.entries) if isinstance(node, MappingNode) else None

    def _take_state(self, node: Node) -> None:
        path = ("state",)
        if not isinstance(node, MappingNode):
            if not is_null(node):
                self._sheet.add(node, f"must be a mapping, not {described(node)}", "write backend: below it", path=path)
            return
        for name, (key, value) in node.entries.items():
            if name == "backend":
                self._backend = _backend(value, Spot(self._sheet, (*path, name)))
                self._backend_place = self._sheet.place(value)
            elif name == "settings":
                self._settings = _settings(value, Spot(self._sheet, (*path, name)), self._folder)
            else:
                self._sheet.unknown(key, name, ["backend", "settings"], path=path)


def _unconfigured(layers: Sequence[Layer], configured: set[str], sheet: Sheet) -> None:
    """Objects of a system that tenant.yaml does not name."""
    for layer in layers:
        for system, key in layer.sections.items():
            if system not in configured:
                rule = f"there are objects of the system `{system}`, and {TENANT_FILE} does not say how to reach it"
                sheet.add(key, rule, f"add systems.{system} with its url and credentials to {TENANT_FILE}")


def _api_version(node: Node, sheet: Sheet) -> None:
    if isinstance(node, ScalarNode) and node.text == API_VERSION:
        return
    got = f", not {shown(node.text)}" if isinstance(node, ScalarNode) and not node.null else ""
    version = node.text if isinstance(node, ScalarNode) else ""
    sheet.add(node, f"must be {API_VERSION}{got}", other_version(version), path=("api_version",))


def _backend(node: Node, spot: Spot) -> str | SecretRef | None:
    """The address of the state. It is never shown: it may hold credentials."""
    if isinstance(node, ScalarNode) and references.MARK in node.text:
        found = reference(node, spot)
        if found is None or found.scheme != references.PULUMI:
            return found
        rule = "a secret of the stack cannot say where the stack is"
        spot.add(node, rule, "write ${env:NAME} or ${file:PATH}")
        return None
    text = TextShape().convert(node, spot)
    if not isinstance(text, str):
        return None
    problem = backend_problem(text)
    if problem:
        spot.add(node, *problem)
        return None
    return text


def _settings(node: Node, spot: Spot, folder: FilePath) -> FilePath | None:
    """The folder of the stacks' settings."""
    text = TextShape().convert(node, spot)
    if not isinstance(text, str):
        return None
    path = folder / text
    if not text.strip() or (path.exists() and not path.is_dir()):
        rule = "must be a folder" if text.strip() else "must not be empty"
        spot.add(node, rule, "write a path relative to the tenant's folder, like stacks, or remove the line")
        return None
    return path


def backend_problem(text: str) -> tuple[str, str] | None:
    """Why `text` cannot be the address of a state (rule and way out), or None. Never shows the text."""
    form = "write it like file:///var/lib/cxconfig, or leave it out for the folder .cxconfig beside tenant.yaml"
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return "this is not an address", form
    if not text.startswith(tuple(f"{backend}://" for backend in BACKENDS)):
        return f"must be an address that begins with one of {', '.join(f'{b}://' for b in BACKENDS)}", form
    if password is not None or any(_SECRET_WORD.search(name) for name, _ in parse_qsl(parts.query)):
        return "credentials must not stand in a file", "put the whole address into a variable and write ${env:NAME}"
    return None
