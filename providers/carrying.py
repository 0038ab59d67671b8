"""Creations and replacements of one process with the files in which a replacement keeps what it carries over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cxconfig.errors import ChangedSincePreview, CxconfigError
from cxconfig.kept_files import FileKeeper, KeptFiles
from cxconfig.kinds import Desired, Difference, Kind, Values
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.kept import lacking_with, refused_with
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
        keeper = FileKeeper(self._files(), REGISTRY, kept.kind, kept.key, kept.origin, kept)
        with self._telling(keeper, desired):
            return handler.recreate(desired, kept.rest(desired), secrets, keeper)

    def replace(
        self,
        kind: Kind,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        keeper = FileKeeper(self._files(), REGISTRY, kind.id, desired.key, self._site.origin(kind.system))
        with self._telling(keeper, desired):
            return self._site.handler(kind).replace(desired, live, differences, secrets, keeper)

    @contextmanager
    def _telling(self, keeper: FileKeeper, desired: Desired) -> Iterator[None]:
        """An error says what becomes of what is kept then."""
        try:
            yield
        except ChangedSincePreview:
            raise
        except CxconfigError as error:
            if (kept := keeper.kept) is not None:
                names = kept.named(desired)
                text = lacking_with(names, self._files().path(kept)) if kept.made else refused_with(names)
                error.way_out = f"{error.way_out} {text}".strip()
            raise

    def _found(self, kind: Kind, keys: tuple[str, ...]) -> Kept | None:
        origin = self._site.origin(kind.system)
        found = (self._files().find(REGISTRY, kind.id, key, origin) for key in keys if key)
        return next((kept for kept in found if kept is not None), None)

    def _files(self) -> KeptFiles:
        return self._site.kept_files()
