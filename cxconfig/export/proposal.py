"""What is live of a tenant, and its folder -> the files as they would be, checked as a whole. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.export.book import Book, OwnEntries
from cxconfig.export.layout import Shelf, file_of, group_of
from cxconfig.export.matching import (
    GONE,
    Changes,
    Edit,
    Finding,
    References,
    What,
    differing,
    update,
)
from cxconfig.export.reading import Seen
from cxconfig.export.values import exportable
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, Kind, Registry, Values
from cxconfig.language import Tenant
from cxconfig.language.document import load_with_sources
from cxconfig.language.folder import ENVIRONMENTS, SUFFIXES, displayed
from cxconfig.language.layers import REMOVE
from cxconfig.language.mistakes import dotted
from cxconfig.language.objects import Objects
from cxconfig.writing.files import FileChange

ROUNDS = 4
"""An edit may uncover what was below it (a template's value), which the next round takes out; then nothing is left."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """`every`: give declared objects the fields too that they do not list. `prune`: take out what is gone live."""

    every: bool = False
    prune: bool = False


@dataclass(frozen=True)
class Proposal:
    """What would be written, and what was found."""

    tenant: str
    files: tuple[FileChange, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    """Kind id -> number of live objects that were read."""
    warnings: tuple[str, ...] = ()
    left_out: bool = False
    """Is something declared that could not be read, so that a preview cannot either?"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where an object's own entry stands in the layer that is written: its file, "" for nowhere. `fixed`: it is a row
    of a table, which is not edited."""

    file: str = ""
    fixed: bool = False


class Folder:
    """A tenant's folder as it is, or as it would be with the edits made so far."""

    def __init__(self, folder: Path, registry: Registry, environments: Sequence[str]) -> None:
        self.folder = folder
        self.environments = tuple(environments)
        self.registry = registry
        self.book = Book()
        self._within: set[str] = set()
        self.tenant: Tenant
        self._sources: Objects
        self.read()

    @property
    def layer(self) -> str:
        """The name of the layer that is written: the last environment, "" for the base."""
        return self.environments[-1] if self.environments else ""

    @property
    def base(self) -> Path:
        """Where new files go."""
        return self.folder / ENVIRONMENTS / self.layer if self.layer else self.folder

    def read(self) -> None:
        """Raises `InputErrors` with every mistake in the files, as they would be."""
        contents = self.book.contents()
        self.tenant, self._sources = load_with_sources(self.folder, self.registry, self.environments, contents)

    def settings(self, kind: Kind) -> KindSettings:
        entry = self.tenant.systems.get(kind.system)
        return (entry.kinds.get(kind.name) if entry else None) or KindSettings()

    def declared(self, kind: Kind) -> Mapping[str, Declared]:
        return self.tenant.objects.get(kind.id, {})

    def entered(self, kind: Kind) -> Mapping[str, Declared]:
        """The objects with an entry of their own, and not only one in another object's list."""
        return {key: declared for key, declared in self.declared(kind).items() if not declared.implicit}

    def owned(self, kind: Kind, key: str) -> frozenset[str]:
        """The fields of an object that another object's list owns."""
        declared = self.declared(kind).get(key)
        return declared.implied if declared is not None else frozenset()

    def home(self, kind: Kind, key: str) -> Home:
        """Of an object that stands in several layers, the entry in the one that is written."""
        for layer, entry in self._sources.owned[kind.id].get(key, ()):
            if layer.name == self.layer:
                return Home(entry.key.file, not entry.key.file.lower().endswith(SUFFIXES))
        return Home()

    def below(self, kind: Kind, key: str) -> bool:
        """Does the object stand in a lower layer too? Then its entry cannot just be taken out."""
        return any(layer.name != self.layer for layer, _ in self._sources.owned[kind.id].get(key, ()))

    def shelf(self, kind: Kind) -> Shelf:
        homes = ((d.values, self.home(kind, key)) for key, d in self.declared(kind).items())
        return Shelf(kind, ((values, home.file) for values, home in homes if home.file and not home.fixed))

    def new_file(self, kind: Kind, values: Mapping[str, Any]) -> str:
        return self.within(self.base / file_of(kind, group_of(kind, values)))

    def within(self, file: Path) -> str:
        """The file. Raises `SettingsError` where it would be made outside of the tenant's folder, through a link."""
        if str(file) not in self._within:
            real, top = Path(os.path.realpath(file)), Path(os.path.realpath(self.folder))
            if not file.exists() and not real.is_relative_to(top):
                raise SettingsError(
                    f"{displayed(file)} would be made outside of the tenant's folder, as {displayed(real)}, where "
                    "a link leads; nothing was written",
                    way_out="Put a folder in the place of the link, or make that file yourself.",
                )
            self._within.add(str(file))
        return str(file)


def propose(folder: Folder, seen: Mapping[str, Seen], options: Options, only: Mapping[str, set[str]]) -> Proposal:
    """The files with everything in them that is live. `only`: kind id -> the keys that may be added, for kinds that are
    there because others refer to them; such a kind is not brought up to date itself.

    Raises `InputErrors` when the folder has mistakes, or would have; nothing is written either way.
    """
    work = _Work(folder, seen, options, only)
    work.add()
    work.update()
    work.gone()
    work.finish()
    work.owned_elsewhere()
    return work.proposal()


class _Update(NamedTuple):
    """What becomes of one declared object, and in which file."""

    kind: Kind
    key: str
    file: str
    changes: Changes


class _Work:
    def __init__(
        self, folder: Folder, seen: Mapping[str, Seen], options: Options, only: Mapping[str, set[str]]
    ) -> None:
        self._folder = folder
        self._registry = folder.registry
        self._seen = seen
        self._options = options
        self._only = only
        self._findings: dict[Key, list[Finding]] = {}
        self._added: set[Key] = set()
        self._given_up: set[Key] = set()
        self._shelves: dict[str, Shelf] = {}
        self._doors: dict[str, Mapping[str, str]] = {}
        """By kind, what `_leading` said of it last."""
        self._references = References({kind.id: self._names(kind) for kind in self._registry.all()})

    def _kinds(self) -> Iterator[tuple[Kind, Seen]]:
        for kind in self._registry.all():
            if kind.id in self._seen:
                yield kind, self._seen[kind.id]

    def _names(self, kind: Kind) -> set[str]:
        """The keys that will be declared. Kinds of which nothing is or will be declared are not referred to."""
        seen = self._seen.get(kind.id, Seen())
        found = set(self._folder.declared(kind))
        found |= {key for key in seen.objects if key in self._only.get(kind.id, {key})}
        return found - set(seen.gone if self._options.prune and kind.id not in self._only else ())

    def _shelf(self, kind: Kind) -> Shelf:
        """Where the objects of a kind stood before anything was added."""
        if kind.id not in self._shelves:
            self._shelves[kind.id] = self._folder.shelf(kind)
        return self._shelves[kind.id]

    def _find(self, finding: Finding) -> None:
        found = self._findings.setdefault((finding.kind, finding.key), [])
        if finding not in found:  # every round may come upon it
            found.append(finding)

    def add(self) -> None:
        """Everything that is live and not declared, as new entries."""
        edits: list[Edit] = []
        for kind, seen in self._kinds():
            declared, shelf = self._folder.entered(kind), self._shelf(kind)
            settings, leading = self._folder.settings(kind), self._leading(kind)
            unread = self._unread(kind)
            for live_key, live in seen.objects.items():
                key = leading.get(kind.identity(live_key), live_key)
                if key in declared or key not in self._only.get(kind.id, {key}) or kind.identity(key) in unread:
                    continue
                elsewhere = self._elsewhere(kind, key, leading)
                values, unsaid = exportable(kind, live, settings.ignore | elsewhere)
                if not (values or unsaid) and kind.identity(key) in leading:
                    continue  # nothing that its twin does not say
                unsaid |= self._references.settle(kind, values)
                owned = self._folder.owned(kind, key)
                file = shelf.place(values) or self._folder.new_file(kind, values)
                values = {name: value for name, value in values.items() if name not in owned}
                edits.append(Edit(file, (kind.system, kind.name, key), values))
                self._added.add((kind.id, key))
                self._find(Finding(kind.id, key, What.ADD, file, tuple(values)))
                self._say(kind, key, file, unsaid)
            for key, why in seen.unreadable.items():
                if kind.identity(key) not in unread:  # else it is named through the leading door
                    self._find(Finding(kind.id, key, What.UNREADABLE, why=why))
        self._make_whole(edits)

    def _leading(self, kind: Kind) -> dict[str, str]:
        """The objects that are, or will be, declared by the kind that leads this one: identity -> key."""
        leader = None if kind.leads else self._registry.twin(kind)
        if leader is None:
            return {}
        keys = [*self._folder.entered(leader), *(key for kind_id, key in self._added if kind_id == leader.id)]
        return {leader.identity(key): key for key in keys}

    def _unread(self, kind: Kind) -> set[str]:
        """Identities of objects that could not be read through the leading door: they are left out of this one, too."""
        leader = None if kind.leads else self._registry.twin(kind)
        seen = self._seen.get(leader.id) if leader is not None else None
        return {kind.identity(key) for key in seen.unreadable} if seen is not None else set()

    def _elsewhere(self, kind: Kind, key: str, leading: Mapping[str, str]) -> frozenset[str]:
        """The fields that are said through the object's other door, so that they must not be said here, too."""
        twin = self._registry.twin(kind)
        if twin is None:
            return frozenset()
        if not kind.leads:
            return frozenset(kind.twin_fields if kind.identity(key) in leading else ())
        other = self._folder.entered(twin).get(key)
        said = other.values if other is not None else {}
        return frozenset(own for own, theirs in kind.twin_fields.items() if theirs in said)

    def _say(self, kind: Kind, key: str, file: str, unsaid: Mapping[str, str]) -> None:
        for name, why in unsaid.items():
            self._find(Finding(kind.id, key, What.UNSAID, file, (name,), f"not listed, so not managed: {why}"))

    def gone(self) -> None:
        """What is declared and not live: left, or taken out when that was asked for."""
        edits: list[Edit] = []
        for kind, seen in self._kinds():
            entered = self._folder.entered(kind)
            for key in seen.gone if kind.id not in self._only else ():
                home = self._folder.home(kind, key)
                path = (kind.system, kind.name, key)
                if key not in entered:
                    file = self._anywhere(kind, key)
                    self._find(Finding(kind.id, key, What.LEFT, file, (), "it is gone live; take it out of the list"))
                elif not self._options.prune:
                    self._find(Finding(kind.id, key, What.GONE, home.file or self._anywhere(kind, key)))
                elif home.fixed:
                    self._find(Finding(kind.id, key, What.LEFT, home.file, (), "it is gone live; take its row out"))
                elif not seen.objects and seen.listed:
                    why = f"no {kind.singular} is live at all, so nothing is taken out"
                    self._find(Finding(kind.id, key, What.LEFT, home.file, (), why))
                else:
                    file = home.file or self._folder.new_file(kind, {})
                    edits.append(Edit(file, path, REMOVE if self._folder.below(kind, key) else GONE))
                    self._find(Finding(kind.id, key, What.REMOVE, file))
        self._make_whole(edits)

    def _anywhere(self, kind: Kind, key: str) -> str:
        return self._folder.declared(kind)[key].place.file

    def update(self) -> bool:
        """Give what is declared the live values; was there something to do?"""
        updates = self._updates()
        edits = [edit for update in updates for edit in update.changes.edits]
        refused = self._make(edits)
        for kind, key, file, changes in updates:
            if (kind.id, key) in refused:
                self._give_up(kind, key, file, tuple(changes.fields), refused[kind.id, key])
            else:
                self._note(kind, key, file, changes)
        return bool(edits)

    def finish(self) -> None:
        """Round by round, until the folder as it would be says what is live."""
        try:
            self._folder.read()
        except InputErrors as errors:
            if not self._withdraw({error.path for error in errors.errors}):
                raise
            self._folder.read()
        for _ in range(ROUNDS):
            if not self.update():
                return
            self._folder.read()
        for kind, key, names in self._remaining():
            file = self._folder.home(kind, key).file
            self._find(Finding(kind.id, key, What.LEFT, file, names, "it still differs; change it by hand"))

    def _withdraw(self, blamed: Collection[str]) -> bool:
        """Leave out whom the defaults would give what stands in his entry at the other door; is there anybody?

        `blamed`: the paths of the mistakes that the added entries make.
        """
        edits: list[Edit] = []
        for kind, twin in ((k, self._registry.twin(k)) for k, _ in self._kinds() if k.leads):
            entered = self._folder.entered(twin) if twin is not None else {}
            for key in [key for kind_id, key in self._added if kind_id == kind.id and key in entered]:
                assert twin is not None
                its = dotted((twin.system, twin.name, key))
                names = sorted(path.removeprefix(f"{its}.") for path in blamed if path.startswith(f"{its}."))
                if not names:
                    continue
                file = self._findings.pop((kind.id, key))[0].file
                self._added.discard((kind.id, key))
                edits.append(Edit(file, (kind.system, kind.name, key), GONE))
                fields = ", ".join(f"`{name}`" for name in names)
                why = f"not added: the {twin.singular} lists {fields}, which the defaults of {kind.name} set as well"
                self._given_up.add((kind.id, key))
                self._find(Finding(kind.id, key, What.UNSAID, entered[key].place.file, tuple(names), why))
        if not edits or self._make(edits):
            return False
        for edit in edits:
            self._folder.book.forget_empty(edit.file, edit.path[:2])
        return True

    def owned_elsewhere(self) -> None:
        """Name the fields that differ and that another object's list owns: an export edits no such list."""
        for kind, key, live, declared in self._declared():
            names = self._differing(kind, declared, live, owned=True)
            for name in names:
                file = declared.places[name].file
                why = "another object's list gives it this value; change it there"
                self._find(Finding(kind.id, key, What.LEFT, file, (name,), why))

    def _updates(self) -> list[_Update]:
        found: list[_Update] = []
        for kind, key, live, declared in self._declared():
            values = self._differing(kind, declared, live)
            if not values or (kind.id, key) in self._given_up:
                continue
            home = self._folder.home(kind, key)
            if home.fixed:
                self._give_up(kind, key, home.file, tuple(values), "it is a row of a table: change it there")
                continue
            file = home.file or self._shelf(kind).place(declared.values)
            file = file or self._folder.new_file(kind, declared.values)
            own = OwnEntries(self._folder.book, file)
            found.append(_Update(kind, key, file, update(kind, declared, values, file, own, self._references)))
        return found

    def _note(self, kind: Kind, key: str, file: str, changes: Changes) -> None:
        where = (kind.id, key)
        if not changes.edits:
            self._given_up.add(where)
        self._say(kind, key, file, changes.unsaid)
        if where not in self._added and changes.fields:
            before = [f for f in self._findings.get(where, ()) if f.what is What.UPDATE]
            names = dict.fromkeys([*(name for f in before for name in f.fields), *changes.fields])
            rest = [f for f in self._findings.get(where, ()) if f.what is not What.UPDATE]
            self._findings[where] = [Finding(kind.id, key, What.UPDATE, file, tuple(names)), *rest]

    def _give_up(self, kind: Kind, key: str, file: str, names: tuple[str, ...], why: str) -> None:
        self._given_up.add((kind.id, key))
        self._find(Finding(kind.id, key, What.LEFT, file, names, why))

    def _declared(self) -> Iterator[tuple[Kind, str, Values, Declared]]:
        for kind, seen in self._kinds():
            self._doors[kind.id] = self._leading(kind)
            for key, declared in self._folder.entered(kind).items():
                may = kind.id not in self._only or (kind.id, key) in self._added
                if may and key in seen.objects:
                    yield kind, key, seen.objects[key], declared

    def _differing(self, kind: Kind, declared: Declared, live: Values, *, owned: bool = False) -> dict[str, Any]:
        """`owned`: those that another object's list owns, in the place of all others."""
        ignored = declared.ignore | self._folder.settings(kind).ignore
        if kind.twin:
            elsewhere = self._elsewhere(kind, declared.key, self._doors.get(kind.id, {}))
            ignored |= elsewhere - declared.values.keys()
        found = differing(kind, declared, live, ignored, every=self._options.every)
        return {name: value for name, value in found.items() if (name in declared.implied) is owned}

    def _remaining(self) -> Iterator[tuple[Kind, str, tuple[str, ...]]]:
        for kind, key, live, declared in self._declared():
            values = self._differing(kind, declared, live)
            if values and (kind.id, key) not in self._given_up:
                yield kind, key, tuple(values)

    def _make(self, edits: Sequence[Edit]) -> dict[Key, str]:
        """Object -> why its edits were refused."""
        refused: dict[Key, str] = {}
        for edit, why in self._folder.book.make(edits):
            kind = self._registry.of_system(edit.path[0])[edit.path[1]]
            refused[kind.id, edit.path[2]] = why
        return refused

    def _make_whole(self, edits: Sequence[Edit]) -> None:
        """Add or take out whole objects. What was found of those that are refused is not so."""
        for (kind, key), why in self._make(edits).items():
            file = self._findings.pop((kind, key))[0].file
            self._added.discard((kind, key))
            self._give_up(self._registry[kind], key, file, (), why)

    def proposal(self) -> Proposal:
        order = {kind.id: number for number, kind in enumerate(self._registry.all())}
        found = sorted(self._findings.items(), key=lambda item: (order[item[0][0]], item[0][1].casefold(), item[0][1]))
        findings = tuple(finding for _, several in found for finding in several)
        return Proposal(
            self._folder.tenant.name,
            tuple(self._folder.book.changes()),
            findings,
            {k.id: len(seen.objects) for k, seen in self._kinds() if k.id not in self._only and not seen.left_out},
            tuple(self._warnings()),
            any(seen.left_out and self._folder.tenant.objects[kind.id] for kind, seen in self._kinds()),
        )

    def _warnings(self) -> Iterator[str]:
        for kind, seen in self._kinds():
            if seen.left_out:
                stay = ", and what is declared stays as it is" if self._folder.tenant.objects[kind.id] else ""
                yield f"the {kind.plural} of {kind.system} are left out{stay}: {seen.left_out}"
            elif not seen.listed:
                yield f"{kind.system} lists no {kind.plural}: only those that are declared were read"
