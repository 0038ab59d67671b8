"""What one comparison looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Desired, Kind, Values
from cxconfig.planning.plan import Kept, Recorded
from cxconfig.planning.record import Digester

Key = tuple[str, str]
"""Kind id and natural key."""


@dataclass(frozen=True, slots=True)
class Former:
    """What is known of a declared object that says `was`.

    `pending`: it is live under that key, so that it is to be renamed; `own`: by its own step, and not by that of its
    twin. `problem`: why it cannot be, with the way out.
    """

    was: str
    pending: bool = False
    own: bool = True
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Off:
    """Why no object of a kind can be read or written, the way out, and where the system stands in the files."""

    what: str
    way_out: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.what}. {self.way_out}" if self.way_out else self.what


@dataclass(frozen=True)
class World:
    """Everything one comparison looks at.

    `live`: by kind and key, for every declared and every recorded object. `supporting`: by kind, what its handler
    read for `Kind.problems`. `secrets`: the resolved secret fields by object. `recorded`: what the state holds; None
    in an audit, which knows no state. `settings`: what tenant.yaml says of kinds. `listed`: the keys of all live
    objects, by kind, of those kinds alone of which all are managed and looked for. `rosters`: the same of those kinds
    of which somebody has an exclusive list (see `Owning`); `live` holds them, too. `untouchable`: objects that must
    never be disabled or deleted, and why (see `Kind.untouchable`). `former`: the objects that say `was`; with it,
    `live` and `recorded` hold under the new key what is live and recorded under the old one (see `renames.followed`).
    `successors`: old key -> new key of what is recorded under the old one, and is live under the new one alone.
    `off`: the kinds that the live tenant does not offer; what `live` holds of their objects says nothing.
    `kept`: what replacements that were interrupted were to carry over, `spoilt`: of which of it that cannot be said any
    more, and why (see `planning.kept`).
    """

    tenant: str
    desired: Mapping[Key, Desired]
    live: Mapping[Key, Values | None]
    supporting: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recorded: Mapping[Key, Recorded] | None = None
    secrets: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, KindSettings] = field(default_factory=dict)
    digester: Digester | None = None
    listed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rosters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    untouchable: Mapping[Key, str] = field(default_factory=dict)
    former: Mapping[Key, Former] = field(default_factory=dict)
    successors: Mapping[Key, str] = field(default_factory=dict)
    off: Mapping[str, Off] = field(default_factory=dict)
    kept: Mapping[Key, Kept] = field(default_factory=dict)
    spoilt: Mapping[Key, str] = field(default_factory=dict)

    def settings_of(self, kind: Kind) -> KindSettings:
        return self.settings.get(kind.id, KindSettings())


def former_keys(kind: Kind, desired: Mapping[Key, Desired]) -> Iterator[tuple[str, str]]:
    """The old keys that declared objects of the kind name, each with the new one."""
    return ((one.was, key) for (kind_id, key), one in desired.items() if kind_id == kind.id and one.was)
