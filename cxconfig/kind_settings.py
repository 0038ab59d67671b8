"""What a tenant says of a kind, in tenant.yaml under `systems.<system>.kinds.<kind>`: which of its objects are looked
at, and what may be done to them. Read by `cxconfig.language.kind_settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from cxconfig.kinds import Action, OnRemove, folded


class Manage(StrEnum):
    """Which live objects of a kind are looked at."""

    LISTED = "listed"
    """Only what is declared."""
    ALL = "all"
    """Those that are not declared too: they are reported, and removed when the kind's settings say `on_remove`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """To how many objects of a kind one run may do something: a number, and a percentage of those that are known.

    Of both the stricter holds.
    """

    count: int | None = None
    percent: int | None = None

    def allows(self, base: int) -> int:
        """How many of `base` objects; a part of one is none."""
        found = [] if self.count is None else [self.count]
        found += [] if self.percent is None else [base * self.percent // 100]
        return min(found, default=base)

    def __str__(self) -> str:
        parts = [] if self.count is None else [f"{self.count:,}"]
        parts += [] if self.percent is None else [f"{self.percent} %"]
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class KindSettings:
    """All that is said of one kind.

    `on_remove`: None when it is not said. `exclude`: patterns (`*`, `?`, `[...]`) of keys that are neither touched nor
    reported. `ignore`: fields that are never compared after creation. `plain_secrets`: secret fields that may stand as
    text in the files. `limits`: to how many objects a run may do what (see `planning.limits`).
    """

    on_remove: OnRemove | None = None
    manage: Manage = Manage.LISTED
    exclude: tuple[str, ...] = ()
    ignore: frozenset[str] = frozenset()
    protect: bool = False
    plain_secrets: frozenset[str] = frozenset()
    limits: Mapping[Action, Limit] = field(default_factory=dict)

    def excludes(self, key: str) -> bool:
        """Is this key one that is neither touched nor reported? Case does not matter."""
        return self.excluding(key) is not None

    def excluding(self, key: str) -> str | None:
        """The first pattern that matches the key, None when none does."""
        name = folded(key)
        return next((pattern for pattern in self.exclude if fnmatchcase(name, folded(pattern))), None)
