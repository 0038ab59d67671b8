"""The `systems` of tenant.yaml: what they say, and the settings that come of it in one environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from cxconfig.ci import in_ci
from cxconfig.errors import InputError, InputErrors, Place
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import Registry, SecretRef, System
from cxconfig.language import references
from cxconfig.language.kind_settings import read_kinds
from cxconfig.language.mistakes import Mistakes, Path, Sheet, dotted
from cxconfig.language.nodes import MappingNode, Node, ScalarNode
from cxconfig.language.secrets import Secrets, described
from cxconfig.language.shape import BAD, Spot, TextShape, fields_of, note, validated

Setting: TypeAlias = str | bool | int | list[str] | SecretRef

_BLANK = re.compile(r"[\s\\\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """One system of tenant.yaml: checked as far as that goes without the environment.

    `values` holds a `SecretRef` where a reference stands. `place` is that of the system's name, `places` those of the
    settings. `folder` is the tenant's. `kinds`: what `kinds.<kind>` says, by the kind's keyword.
    """

    name: str
    values: Mapping[str, Setting]
    place: Place
    places: Mapping[str, Place]
    folder: FilePath
    kinds: Mapping[str, KindSettings]

    def resolve(self, system: System, secrets: Secrets) -> Any:
        """The validated settings, an instance of `system.settings`: references resolved, `url` without a final
        slash, `ca_bundle` as a path from where cxconfig runs.

        Raises `InputErrors` with everything that is missing or wrong; values behind references are never shown.
        """
        mistakes = Mistakes()
        values = self._resolved(secrets, mistakes)
        checked = self._checked(values, secrets.environ)
        mistakes.errors.extend(checked)
        bad = {error.path.rpartition(".")[2] for error in mistakes.errors}
        settings, found = validated(system.settings, values, bad)
        for error in found:
            sheet = Sheet(self.place.file, mistakes)
            name = str(error["loc"][0]) if error["loc"] else ""
            note(error, self._node(name), None, Spot(sheet, ("systems", self.name)), unmanaged=False)
        if mistakes.errors:
            raise InputErrors(mistakes.errors)
        return settings

    def _resolved(self, secrets: Secrets, mistakes: Mistakes) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in self.values.items():
            try:
                values[name] = (
                    secrets.resolve(value, place=self.places[name], path=self._path(name))
                    if isinstance(value, SecretRef)
                    else value
                )
            except InputError as error:
                mistakes.errors.append(error)
        return values

    def _checked(self, values: dict[str, Any], environ: Mapping[str, str]) -> list[InputError]:
        """Mistakes in the values; a good url loses its final slash, a good ca_bundle becomes a path."""
        found = []
        for name in values:
            problem = None
            if is_url(name):
                problem = url_problem(values[name])
                values[name] = values[name].rstrip("/")
            elif name == "ca_bundle" and values[name] is not None:
                values[name] = str(self.folder / values[name])
                problem = None if FilePath(values[name]).is_file() else _NO_BUNDLE
            elif name == "insecure_skip_tls_verify" and values[name]:
                problem = _IN_CI if in_ci(environ) else None
            if problem:
                rule, way_out = problem
                given = self.values[name]
                if isinstance(given, SecretRef):
                    rule = f"the value of {described(given)}: {rule}"
                found.append(InputError(rule, place=self.places[name], path=self._path(name), way_out=way_out))
        return found

    def _path(self, name: str) -> str:
        return dotted(("systems", self.name, name))

    def _node(self, name: str) -> ScalarNode:
        place = self.places.get(name, self.place)
        return ScalarNode("", True, place.line, place.column)


_NO_BUNDLE = ("there is no such file", "name a file with root certificates (PEM), relative to the tenant's folder")
_IN_CI = (
    "certificates must be verified when CI is set",
    "remove the line, and name the private root certificate in `ca_bundle`",
)


def is_url(name: str) -> bool:
    return name == "url" or name.endswith("_url")


def url_problem(text: str) -> tuple[str, str] | None:
    """Why `text` cannot be the address of a system (rule and way out), or None. Never shows the text."""
    example = "write it like https://host.example.com"
    if not text or _BLANK.search(text):
        return ("the address is empty" if not text else "an address has no spaces and no backslashes"), example
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "this is not an address", example
    if parts.scheme not in ("http", "https"):
        return "an address begins with https://", example
    if "@" in parts.netloc:
        return "an address must not hold a user name or password", f"use the settings for credentials; {example}"
    if not host or port == 0:
        return "the address names no host" if not host else "the port of an address is 1 to 65535", example
    if "?" in text or "#" in text:
        return "an address ends before `?` and `#`", example
    if parts.scheme == "http" and not _loopback(host):
        return "http:// is allowed only for this computer (127.0.0.1, ::1, localhost)", "use https://"
    return None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_systems(
    node: Node, path: Path, sheet: Sheet, folder: FilePath, registry: Registry, manage: Manage, *, part: bool = False
) -> dict[str, SystemEntry]:
    """The entries below `systems`; `manage` is the tenant's default for every kind. `part`: those of one layer, which
    may leave out what a system needs."""
    entries: dict[str, SystemEntry] = {}
    if not isinstance(node, MappingNode):
        sheet.add(node, "must be a mapping of systems", f"write {_first(registry)}: below it, with its url", path=path)
        return entries
    for name, (key, value) in node.entries.items():
        if name not in registry.systems():
            sheet.unknown(key, name, registry.systems(), path=path, what="system")
        elif not isinstance(value, MappingNode):
            sheet.add(value, "must be a mapping of settings", "write url: https://... below it", path=(*path, name))
        else:
            entry = _Reader(registry, registry.system(name), Spot(sheet, (*path, name)), folder, manage, part)
            entries[name] = entry.read(key, value)
    return entries


def _first(registry: Registry) -> str:
    return next(iter(registry.systems()), "its name")


class _Reader:
    """Reads one entry."""

    def __init__(
        self, registry: Registry, system: System, spot: Spot, folder: FilePath, manage: Manage, part: bool
    ) -> None:
        self._manage = manage
        self._part = part
        self._kinds = registry.of_system(system.name)
        self._system = system
        self._spot = spot
        self._folder = folder
        self._bad: set[str] = set()

    def read(self, key: ScalarNode, node: MappingNode) -> SystemEntry:
        values: dict[str, Setting] = {}
        places: dict[str, Place] = {}
        shapes = fields_of(self._system.settings)
        said: Node | None = None
        for name, (name_key, value) in node.entries.items():
            if name == "kinds":
                said = value
            elif name not in shapes:
                self._spot.sheet.unknown(name_key, name, [*shapes, "kinds"], path=self._spot.path, what="setting")
            else:
                places[name] = self._spot.sheet.place(value)
                setting = self._setting(name, value)
                if setting is None:
                    self._bad.add(name)
                else:
                    values[name] = setting
        self._check(key, node, values)
        sheet = self._spot.sheet
        kinds = read_kinds(said, (*self._spot.path, "kinds"), sheet, self._kinds, self._manage)
        return SystemEntry(self._system.name, values, sheet.place(key), places, self._folder, kinds)

    def _setting(self, name: str, node: Node) -> Setting | None:
        """The value, or None with a mistake noted."""
        secret = name in self._system.secret_settings
        spot = Spot(self._spot.sheet, (*self._spot.path, name), masked=secret)
        shape = fields_of(self._system.settings)[name]
        if isinstance(shape, TextShape) and isinstance(node, ScalarNode):
            if references.MARK in node.text:
                return reference(node, spot)
            if secret:
                spot.add(node, "a secret must not stand in a file", f"{references.FORM}; {_changed(node)}")
                return None
        value = shape.convert(node, spot)
        if value is BAD:
            return None
        problem = url_problem(value) if is_url(name) else None
        if problem:
            spot.add(node, *problem)
            return None
        setting: Setting = value
        return setting

    def _check(self, key: ScalarNode, node: MappingNode, values: Mapping[str, Setting]) -> None:
        """What the settings' model finds without knowing the references' values."""
        known = {name: str(value) if isinstance(value, SecretRef) else value for name, value in values.items()}
        later = {name for name, value in values.items() if isinstance(value, SecretRef)}
        for error in validated(self._system.settings, known, later | self._bad)[1]:
            if self._part and (error["type"] == "missing" or not error["loc"]):
                continue
            masked = bool(error["loc"]) and error["loc"][0] in self._system.secret_settings
            note(error, key, node, Spot(self._spot.sheet, self._spot.path, masked), unmanaged=False)


def reference(node: ScalarNode, spot: Spot) -> SecretRef | None:
    """The reference that a scalar with `${` in it is, or None with a mistake noted."""
    found = references.parsed(node.text)
    if found is None:
        spot.add(node, *references.malformed(node.text))
    elif found.scheme == references.GENERATE:
        spot.add(node, references.NOT_HERE, references.FORM)
        return None
    return found


def _changed(node: ScalarNode) -> str:
    return "set the variable" if node.null else "change the secret if this file was ever shared"
