"""An object cannot be declared and excluded at once: one says to manage it, the other to leave it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxconfig.errors import InputError
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared
from cxconfig.language.mistakes import dotted, shown


def contradictions(
    objects: Mapping[str, Mapping[str, Declared]], kinds: Mapping[str, KindSettings]
) -> Iterator[InputError]:
    """A mistake, with its place, for each declared object that its kind's `exclude` matches; all by kind id."""
    for kind_id, settings in kinds.items():
        for key, declared in objects.get(kind_id, {}).items() if settings.exclude else ():
            pattern = settings.excluding(key)
            if pattern is not None:
                system, _, kind = kind_id.partition(".")
                yield InputError(
                    f"it is declared here, and `exclude` of the {kind} ({shown(pattern)}) says to leave it alone",
                    place=declared.place,
                    path=dotted((system, kind, key)),
                    way_out=f"remove it here, or the pattern from systems.{system}.kinds.{kind}.exclude in tenant.yaml",
                )
