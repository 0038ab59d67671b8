"""What one comparison looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxconfig.kinds import Desired, Kind, KindSettings, Values
from cxconfig.planning.plan import Recorded
from cxconfig.planning.record import Digester

Key = tuple[str, str]
"""Kind id and natural key."""


@dataclass(frozen=True)
class World:
    """Everything one comparison looks at.

    `live`: by kind and key, for every declared and every recorded object. `supporting`: by kind, what its handler
    read for `Kind.problems`. `secrets`: the resolved secret fields by object. `recorded`: what the state holds; None
    in an audit, which knows no state. `settings`: what tenant.yaml says of kinds. `listed`: the keys of all live
    objects, by kind, of those kinds alone of which all are managed and looked for. `rosters`: the same of those kinds
    of which somebody has an exclusive list (see `Owning`); `live` holds them, too. `untouchable`: objects that must
    never be disabled or deleted, and why (see `Kind.untouchable`).
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

    def settings_of(self, kind: Kind) -> KindSettings:
        return self.settings.get(kind.id, KindSettings())
