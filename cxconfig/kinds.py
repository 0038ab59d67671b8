"""The contract of a resource kind: what one module per kind must and may provide, and the values it works with.

A kind is one resource type of one system (OneCloud users, OneCloud teams, ...). Everything else in the tree (reading
YAML, comparing, planning, Pulumi, reports, audit) is written once against this contract and knows no kind by name.

Values are plain: str, int, bool, None, lists and dicts with string keys. Field names are the snake_case names of the
YAML. A *live* object is such a dict as read from the system in that form; `None` in place of it means that the system
itself said that the object does not exist.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from cxconfig.errors import Place

Values = Mapping[str, Any]
"""Plain values by snake_case field name."""


class OnRemove(StrEnum):
    """What happens live to an object that is taken out of the YAML."""

    DISABLE = "disable"
    DELETE = "delete"
    RETAIN = "retain"


class Extent(StrEnum):
    """How much a list says of those who stand in it (see `Owning`)."""

    ADDITIVE = "additive"
    """They have its object; others may have it, too."""
    EXCLUSIVE = "exclusive"
    """They have it, and whoever else has it live is reported."""


class Action(StrEnum):
    """What a run does about one object. The first eight change the live system, the others only the record."""

    CREATE = "create"
    UPDATE = "update"
    RENAME = "rename"
    """The object lives under another key and gets the declared one; further differences are written with it."""
    REPLACE = "replace"
    """Deleted and created again, because nothing else reaches what is declared; only where the object allows it."""
    ADOPT = "adopt"
    """An existing live object is taken over; its differences (there may be none) are written."""
    DISABLE = "disable"
    DELETE = "delete"
    FORGET = "forget"
    """Taken out of the YAML and gone, retained or already disabled live: only the record is dropped."""
    RECORD = "record"
    """Live is as declared, the record is not: only the record is renewed."""
    NONE = "none"


class Cause(StrEnum):
    """Why an object differs."""

    NEW = "new"
    """Declared and not recorded: never applied, or forgotten by a refresh when it was gone live."""
    EDIT = "edit"
    """The YAML changed since the last up."""
    DRIFT = "drift"
    """The live object changed since the last up."""
    BOTH = "edit and drift"
    UNKNOWN = "unknown"
    """A refresh recorded what was live in place of what was applied, so nobody can tell whether the YAML changed."""
    REMOVED = "removed from the YAML"
    UNDECLARED = "not declared"
    """Live, never declared, and of a kind of which all objects are managed."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret comes from, never its value: `scheme` and `name` of `${scheme:name}`."""

    scheme: str
    name: str

    def __str__(self) -> str:
        return f"${{{self.scheme}:{self.name}}}"

    @property
    def generated(self) -> bool:
        """Is there none until one is made, so that it is for who is created, and not for who has one?"""
        return self.scheme == "generate"


@dataclass(frozen=True, slots=True)
class PlainSecret(SecretRef):
    """A secret that stands as text in the files, which `plain_secrets` of its kind allows.

    The text is in memory only: it is never shown, handed over, recorded or logged.
    """

    value: str = field(default="", repr=False)

    def __str__(self) -> str:
        return "(a text in the files)"


@dataclass(frozen=True, slots=True)
class Declared:
    """One object as it stands in the YAML, validated by its kind's model.

    `values` has only the listed fields (omitted = not managed); a secret field holds a `SecretRef`. `places` has the
    place of each listed field. `place` is that of the object's key.
    """

    kind: str
    key: str
    values: Values
    place: Place
    places: Mapping[str, Place] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    """Fields that are written at creation and never compared afterwards: the object's own and its kind's."""
    protect: bool | None = None
    """Must it never be disabled or deleted? None: as its kind's settings say."""
    was: str = ""
    """The key that the object had before: it is renamed when it still lives under that. Its place is in `places`."""
    implied: frozenset[str] = frozenset()
    """Fields that another object's list owns (see `Owning`): a file gives them their values there, and not here."""
    implicit: bool = False
    """It stands in the files only as an entry of such lists: nothing but the implied fields is managed."""


def folded(key: str) -> str:
    """Equal for keys that differ only by case, or by how a letter with an accent is put together."""
    return unicodedata.normalize("NFC", key).casefold()


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What the rest of the tree must know of one field of a kind; stands in the model as `Annotated` metadata.

    `vendor`: the vendor's own name. `secret`: never read, recorded as a keyed digest. `write_only`: no secret, but
    never read either: it may stand in the files as text, and is recorded as a keyed digest. `private`: personal data
    (a phone number), masked in output and recorded as a keyed digest. `setting`: steers cxconfig and is never sent.
    `refers_to`: the kind whose key the value is, in the same system. For help and reference: `needed`: the system
    demands it of an object that is created; `limits`: what the model's validators and the vendor hold it to, beyond
    the bounds in its annotation; `example`: a value as it stands in the YAML. `states`: what reports call a live False
    and True, where the name of the field does not say it.
    """

    name: str = ""
    vendor: str = ""
    secret: bool = False
    write_only: bool = False
    private: bool = False
    setting: bool = False
    refers_to: str = ""
    needed: bool = False
    limits: str = ""
    example: str = ""
    states: tuple[str, str] | None = None

    @property
    def unread(self) -> bool:
        """Is there no live value to compare with, so that only the record tells whether it changed?"""
        return self.secret or self.write_only


def specs_of(model: type[BaseModel]) -> dict[str, FieldSpec]:
    """The `FieldSpec` of every field of a kind's model, by field name."""
    specs = {}
    for name, info in model.model_fields.items():
        marks = [mark for mark in info.metadata if isinstance(mark, FieldSpec)]
        specs[name] = replace(marks[0] if marks else FieldSpec(), name=name)
    return specs


@dataclass(frozen=True, slots=True)
class Difference:
    """One managed field whose live value is not the declared one.

    `call` is the API call that would carry it out. `problem` says why none can, and ends with the way out; such a
    difference fails the preview. `live` and `declared` are plain values, None = absent; those of secret fields are
    never filled.
    """

    field: str
    live: Any
    declared: Any
    call: str = ""
    problem: str = ""
    cause: Cause | None = None

    def because(self, cause: Cause) -> Difference:
        return replace(self, cause=cause)


@dataclass(frozen=True, slots=True)
class Desired:
    """One object as it should be: the declared values plus the kind's managed defaults, without settings.

    `fields` holds the canonical values of the managed fields; a secret field holds nothing but its `SecretRef`.
    `ignore`: those of them that are written at creation and never compared afterwards. `protect`: what the object
    itself says. `was`, `implicit`: see `Declared`. `options`: the object's own settings but `on_remove`; they steer the
    handler, are recorded and never sent. `exclusive`: nobody else may have what its list gives (see `Owning`). `entry`:
    the record must say that it has an entry of its own (see `planning.record.ENTRY`). All of them are filled in by
    `tenancy.desired_objects`, so that a kind need not.
    """

    kind: str
    key: str
    fields: Values
    on_remove: OnRemove | None = None
    place: Place | None = None
    ignore: frozenset[str] = frozenset()
    protect: bool | None = None
    was: str = ""
    options: Values = field(default_factory=dict)
    implicit: bool = False
    exclusive: bool = False
    entry: bool = False

    def compared(self) -> Desired:
        """The object without what is ignored once it exists."""
        if not self.ignore:
            return self
        return replace(self, fields={name: v for name, v in self.fields.items() if name not in self.ignore})


@dataclass(frozen=True, slots=True)
class Owning:
    """A list in which an object names objects of another kind: each of them has this object's key in one field.

    `names`: the field with that list, of keys. `extent`: the field that says which `Extent` it has. Both are settings,
    which the language works out and no handler sees. `kind`: the keyword of those objects' kind, in the same system;
    `field`: their field.
    """

    names: str
    extent: str
    kind: str
    field: str


Tick = Callable[[], None]


def untold() -> None:
    """The `Tick` of a reader that tells nobody."""


class Keeper(Protocol):
    """Keeps what a replacement carries over, so that a run that is killed in between does not lose it."""

    def keep(self, values: Values) -> None:
        """Keep them for good, before anything is deleted; raises when that cannot be done."""

    def forget(self) -> None:
        """They are set, or nothing was deleted."""

    def lacks(self, values: Values) -> None:
        """The object is there again, without these, or nobody could read whether with them."""


class Handler(ABC):
    """Reads and writes the live objects of one kind over one connection. Thread-safe.

    Must raise a `LiveError` on every outage and refusal: an absent object is only one of which the system said so.
    One that says `Unavailable` means every object of the kind (see `Kind.optional`).
    A write must not be repeated unless the answer proves that it was not carried out; a lost answer is settled by
    reading. Each write returns what is live afterwards, as read or as proven by the answer.
    """

    @abstractmethod
    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        """Read many objects: key -> its managed fields (which extra reads are needed) in, key -> live object out.

        Must make the fewest calls that the API allows, on several connections, and answer for every key. May call
        `tick` after each object, from any thread.
        """

    def enumerate(self) -> Sequence[str] | None:
        """May list the keys of all live objects, with the fewest calls; None when the API has no such list.

        For `manage: all` and `cxconfig export`.
        """
        return None

    def confirm_gone(self, keys: Sequence[str]) -> None:  # noqa: B027 - may, not must
        """May hold against another call that recorded objects, which `observe` found absent, really are.

        Must raise a `LiveError` when the system contradicts itself: what is gone is forgotten or created again. Called
        at most once a run, and only when there are such objects.
        """

    @abstractmethod
    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        """Create an object that was observed to be absent. `secrets`: the secret fields' values.

        Raises `ChangedSincePreview` when it exists after all and differs from what is desired.
        """

    @abstractmethod
    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        """Carry out exactly `differences` on an object that was just read as `live`."""

    def rename(
        self,
        was: str,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        """Must, where `Kind.renames`: give the object that was just read as `live` under `was` the key of `desired`,
        and carry out `differences`. Never a deletion and a creation; nothing that was not announced when the new key
        is taken."""
        raise NotImplementedError

    def replace(
        self,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
        keeper: Keeper,
    ) -> Values:
        """Must, where `Kind.replacement` ever speaks: delete the object that was just read as `live` and create it as
        desired, with all that can be carried over, which `keeper` has in between."""
        raise NotImplementedError

    def recreate(self, desired: Desired, carried: Values, secrets: Mapping[str, str], keeper: Keeper) -> Values:
        """Must, where `replace` is: create what a replacement deleted, with what it `carried` over. `keeper` must not
        forget before all of it was read back."""
        raise NotImplementedError

    @abstractmethod
    def remove(self, key: str, live: Values, action: Action) -> None:
        """Disable or delete (`action`) an object that was just read as `live`; gone is success."""

    def supporting(self) -> Mapping[str, Any]:
        """May read facts that `Kind.problems` needs, with one call each (existing names, ...).

        Called at most once a run, and only when an object is to be created or updated or is missing.
        """
        return {}


class Kind(ABC):
    """One resource type. Instances hold no state; everything here is pure.

    Must set the class attributes; `model` validates what stands in the YAML below the object's key (pydantic, strict
    about unknown keys); its fields are exactly `specs`.
    """

    system: ClassVar[str]
    """The system's keyword in the YAML: onecloud, wisecx, wolkvox."""
    name: ClassVar[str]
    """The kind's keyword in the YAML, plural: users."""
    singular: ClassVar[str]
    """For sentences: user."""
    model: ClassVar[type[BaseModel]]
    specs: ClassVar[Mapping[str, FieldSpec]]
    removals: ClassVar[tuple[OnRemove, ...]]
    """What `on_remove` may say; the first is the default."""
    privilege: ClassVar[str]
    """The vendor's privilege that the calls need."""
    example: ClassVar[str] = "name"
    """A name for the object of an example."""
    listable: ClassVar[bool] = False
    """May all live objects be listed (`Handler.enumerate`), so that `manage: all` is possible?"""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Fields that are managed even when they are not listed, with the value that then counts."""
    disabling: ClassVar[Mapping[str, Any]] = {}
    """Fields that disable an object by having this value: to give it to one that is enabled counts as disabling."""
    renames: ClassVar[bool] = False
    """Can an object get another key (`was:`)?"""
    twin: ClassVar[str] = ""
    """The keyword of the kind of the same system whose object of the same key is the same live object."""
    twin_fields: ClassVar[Mapping[str, str]] = {}
    """Own field -> the field of the twin that is the same live value."""
    optional: ClassVar[bool] = False
    """May a live tenant be without the kind? Reading any object of it then raises `Unavailable`."""
    owning: ClassVar[Owning | None] = None
    """The list with which an object owns a field of others."""
    leads: ClassVar[bool] = False
    """Of two twins: is it this one that creates the object and whose defaults count?"""

    @property
    def id(self) -> str:
        """`onecloud.users`: unique, stable, and part of the persisted interface."""
        return f"{self.system}.{self.name}"

    @property
    def plural(self) -> str:
        """For sentences: users, SCIM accounts."""
        plain = f"{self.singular}s"
        return plain if folded(plain) == folded(self.name.replace("_", " ")) else self.name

    @property
    def limitable(self) -> tuple[Action, ...]:
        """What `limits` may name: what a run can do live to an object of the kind."""
        going = [Action(policy.value) for policy in self.removals if policy is not OnRemove.RETAIN]
        if not going:
            return ()
        rare = [Action.RENAME] if self.renames else []
        rare += [Action.REPLACE] if Action.DELETE in going else []
        return (Action.CREATE, Action.UPDATE, *rare, *going)

    @abstractmethod
    def desire(self, declared: Declared) -> Desired:
        """The canonical managed fields, with the kind's managed defaults."""

    @abstractmethod
    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        """Every managed field that differs, the vendor's normalisations applied to both sides. Secret fields never."""

    def equal(self, name: str, left: Any, right: Any) -> bool:
        """May override: are two values of a field the same to the vendor?"""
        return bool(left == right)

    def normal(self, name: str, value: str) -> str:
        """May override: one spelling for all texts of a field that are the same to the vendor (phones)."""
        return value

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        """May override: why `desired` cannot be reached from `live`, each ending with the way out."""
        return []

    @abstractmethod
    def creation(self, desired: Desired) -> str:
        """The API call that creates, or "" when the API cannot create and the object is only asserted to exist."""

    def change_call(self, key: str, name: str) -> str:
        """May override: the API call that changes a field, "" when none can."""
        return ""

    def rewritten(self, desired: Desired) -> Collection[str]:
        """May override: fields that cannot be read and that every change of the object writes as they are declared."""
        return ()

    def rename_call(self, was: str, key: str) -> str:
        """Must, where `renames`: the API call that gives the object another key."""
        return ""

    def replacement(
        self, desired: Desired, live: Values, differences: Sequence[Difference], supporting: Mapping[str, Any]
    ) -> str:
        """May override: what deleting and creating the object again would destroy, in words, when nothing else carries
        out `differences`; "" when something does. Whether that is allowed is for `problems` to say."""
        return ""

    def removal(self, on_remove: OnRemove, live: Values | None) -> Action:
        """May override: what taking it out of the YAML does to the live object."""
        if live is None or on_remove is OnRemove.RETAIN:
            return Action.FORGET
        return Action.DELETE if on_remove is OnRemove.DELETE else Action.DISABLE

    def removal_call(self, key: str, action: Action) -> str:
        """May override: the API call behind `Action.DISABLE` and `Action.DELETE`, for the plan."""
        return ""

    def identity(self, key: str) -> str:
        """May override: equal for keys that may be the same object live. Keys that differ only by case are, so that
        nobody is taken for undeclared because of a spelling."""
        return folded(key)

    def untouchable(self, key: str, settings: Any) -> str:
        """May override: why an object must never be disabled or deleted by us, whatever is declared; "" when it may.

        `settings`: those of the system. A sentence's end after "it is": "the API user that ...".
        """
        return ""

    def facts(self, live: Values) -> dict[str, Any]:
        """May override: observed values worth recording beside the managed fields (ids that others use)."""
        return {}

    @abstractmethod
    def handler(self, client: Any) -> Handler:
        """The handler over the client of this kind's system."""


class SystemSettings(BaseModel):
    """What tenant.yaml may say of every system; each system's own model adds its credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, FieldSpec(limits="https://, or http:// for this computer alone", example="${env:URL}")]
    """The address of the live system, without `?`, `#` and credentials."""
    ca_bundle: Annotated[str | None, FieldSpec(limits="an existing file", example="tls/roots.pem")] = None
    """File with private root certificates (PEM), relative to the tenant's folder."""
    insecure_skip_tls_verify: Annotated[bool, FieldSpec(limits="refused when CI is set", example="false")] = False
    """Certificates are not verified, which every run warns of."""


class Client(Protocol):
    """What the rest of the tree asks of a system's client; its endpoints are its own kinds' business."""

    def warnings(self) -> Sequence[str]:
        """What every run must say about the connection (TLS that is not verified)."""

    def close(self) -> None: ...


class System(ABC):
    """One vendor system: its settings in tenant.yaml, its kinds, and how to connect."""

    name: ClassVar[str]
    """The keyword in the YAML."""
    settings: ClassVar[type[SystemSettings]]
    secret_settings: ClassVar[frozenset[str]]
    """Settings that may only come from a reference (`${env:NAME}`), never as text."""
    kinds: ClassVar[tuple[Kind, ...]]
    """In order of dependency: a kind comes after those it refers to."""

    def origin(self, settings: Any) -> str:
        """May override: what tells one live tenant from another; without ports, as a tenant may move between them."""
        return urlsplit(settings.url).hostname or ""

    @abstractmethod
    def connect(self, settings: Any) -> Client:
        """One client per process, made without a call; `settings` is an instance of `self.settings`."""


class Registry:
    """The systems and kinds that exist."""

    def __init__(self, systems: Sequence[System]) -> None:
        self._systems = {system.name: system for system in systems}
        self._kinds = {kind.id: kind for system in systems for kind in system.kinds}

    def system(self, name: str) -> System:
        return self._systems[name]

    def __getitem__(self, kind_id: str) -> Kind:
        return self._kinds[kind_id]

    def __contains__(self, kind_id: str) -> bool:
        return kind_id in self._kinds

    def all(self) -> tuple[Kind, ...]:
        return tuple(self._kinds.values())

    def systems(self) -> tuple[str, ...]:
        return tuple(self._systems)

    def twin(self, kind: Kind) -> Kind | None:
        """The kind whose object of the same key is the same live object."""
        return self._kinds.get(f"{kind.system}.{kind.twin}") if kind.twin else None

    def of_system(self, system: str) -> dict[str, Kind]:
        """Keyword -> kind."""
        return {kind.name: kind for kind in self._kinds.values() if kind.system == system}
