"""A handler that puts a real password where one is to be generated, and hands it out before it is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cxconfig.engine.runs import surely_undone
from cxconfig.errors import CxconfigError
from cxconfig.handed_out import HandedOut, made
from cxconfig.journal import error_to_data
from cxconfig.kinds import Action, Desired, Difference, Handler, Keeper, Kind, Tick, Values, untold
from cxconfig.language.secrets import Generated


class HandingOut(Handler):
    """Another handler, and beside it the file for what is generated."""

    def __init__(self, handler: Handler, kind: Kind, file: HandedOut) -> None:
        self.handler = handler
        self._kind = kind
        self._file = file

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        return self.handler.observe(wanted, tick)

    def enumerate(self) -> Sequence[str] | None:
        return self.handler.enumerate()

    def confirm_gone(self, keys: Sequence[str]) -> None:
        self.handler.confirm_gone(keys)

    def supporting(self) -> Mapping[str, Any]:
        return self.handler.supporting()

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        with self._handed_out(desired.key, secrets) as real:
            return self.handler.create(desired, real)

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        with self._handed_out(desired.key, secrets) as real:
            return self.handler.update(desired, live, differences, real)

    def rename(
        self,
        was: str,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        with self._handed_out(desired.key, secrets) as real:
            return self.handler.rename(was, desired, live, differences, real)

    def replace(
        self,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
        keeper: Keeper,
    ) -> Values:
        with self._handed_out(desired.key, secrets) as real:
            return self.handler.replace(desired, live, differences, real, keeper)

    def recreate(self, desired: Desired, carried: Values, secrets: Mapping[str, str], keeper: Keeper) -> Values:
        with self._handed_out(desired.key, secrets) as real:
            return self.handler.recreate(desired, carried, real, keeper)

    def remove(self, key: str, live: Values, action: Action) -> None:
        self.handler.remove(key, live, action)

    @contextmanager
    def _handed_out(self, key: str, secrets: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        new = {name: made(value.length) for name, value in secrets.items() if isinstance(value, Generated)}
        for password in new.values():
            self._file.add(self._kind.system, self._kind.name, key, password)
        stays = bool(new)
        try:
            yield {**secrets, **new}
        except CxconfigError as error:
            if surely_undone(error_to_data(error)):
                stays = False
                for password in new.values():
                    self._file.take_out(self._kind.system, self._kind.name, key, password)
            raise
        finally:
            if stays:
                self._file.stays()
