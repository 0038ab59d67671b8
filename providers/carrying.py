"""Creations and replacements of one process with the files in which a replacement keeps what it carries over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cxconfig.errors import ChangedSincePreview, CxconfigError
from cxconfig.kept_files import FileKeeper, KeptFiles
from cxconfig.kinds import Desired, Difference, Kind, Values
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.kept import refused_with
from cxconfig.planning.plan import Kept
from providers.registry import REGISTRY
from providers.site import Site


class Carrying:
    """Thread-safe."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(
        self, kind: Kind, desired: Desired, secrets: Mapping[str, str], was: str, step: HandedStep | None
    ) -> Values | None:
        """Create an object with what is kept of it, under its key or the former one (`was`).

        None: what was announced to be kept is not there any more, and nothing was done.
        """
        handler = self._site.handler(kind)
        kept = self._found(kind, (desired.key, was) if step is None else (step.kept,))
        if kept is None:
            return None if step is not None and step.kept else handler.create(desired, secrets)
        try:
            live = handler.create(kept.added_to(desired), secrets)
        except CxconfigError as error:
            if not isinstance(error, ChangedSincePreview):
                error.way_out = f"{error.way_out} {refused_with(kept.named(desired))}".strip()
            raise
        self._files().forget(kept, REGISTRY)
        return live

    def replace(
        self,
        kind: Kind,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        keeper = FileKeeper(self._files(), REGISTRY, kind.id, desired.key, self._site.origin(kind.system))
        try:
            return self._site.handler(kind).replace(desired, live, differences, secrets, keeper)
        except CxconfigError as error:
            if keeper.kept is not None:
                error.way_out = f"{error.way_out} {refused_with(keeper.kept.named(desired))}".strip()
            raise

    def _found(self, kind: Kind, keys: tuple[str, ...]) -> Kept | None:
        origin = self._site.origin(kind.system)
        found = (self._files().find(REGISTRY, kind.id, key, origin) for key in keys if key)
        return next((kept for kept in found if kept is not None), None)

    def _files(self) -> KeptFiles:
        return self._site.kept_files()
