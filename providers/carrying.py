"""Creations and replacements of one process with the files in which a replacement keeps what it carries over."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cxconfig.errors import ChangedSincePreview, CxconfigError
from cxconfig.kept_files import FileKeeper, KeptFiles
from cxconfig.kinds import Desired, Difference, Kind, Values
from cxconfig.planning.handover import HandedStep
from cxconfig.planning.kept import lacking_with, mark, refused_with
from cxconfig.planning.plan import Kept
from cxconfig.planning.record import KEY
from providers.registry import REGISTRY
from providers.site import Site


class Carrying:
    """Thread-safe."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(
        self, kind: Kind, desired: Desired, secrets: Mapping[str, str], step: HandedStep | None
    ) -> Values | None:
        """Create an object with what is kept of it, as was announced: without that nothing is looked for.

        None: what was announced to be kept is not there any more, and nothing was done.
        """
        handler = self._site.handler(kind)
        if step is None or not step.kept:
            return handler.create(desired, secrets)
        kept = self._files().find(REGISTRY, kind.id, step.kept, self._site.origin(kind.system))
        if kept is None:
            return None
        if kept.key not in (desired.key, step.was):
            kept = self._moved(kept, desired.key)
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
        held: Values | None,
    ) -> Values:
        """`held`: what is recorded of it, None when nothing is."""
        origin, recorded = self._site.origin(kind.system), mark(held) if held is not None else ""
        keeper = FileKeeper(self._files(), REGISTRY, kind.id, desired.key, origin, recorded=recorded)
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

    def unfinished(self, kind: Kind, held: Values) -> bool:
        """Is this the record of an object whose replacement was interrupted?"""
        kept = self._files().find(REGISTRY, kind.id, held[KEY], self._site.origin(kind.system))
        return kept is not None and kept.recorded == mark(held)

    def _moved(self, kept: Kept, key: str) -> Kept:
        """It is spelt otherwise now, and the engine forgets the old spelling whatever becomes of the new one."""
        moved = dataclasses.replace(kept, key=key, recorded="")
        self._files().put(moved)
        self._files().forget(kept, REGISTRY)
        return moved

    def _files(self) -> KeptFiles:
        return self._site.kept_files()
