"""What the simulator's server asks of a simulated system. A second system is one more subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cxconfig.errors import SettingsError
from cxconfig.sandbox.http import Answer, Call
from cxconfig.sandbox.switches import Switch


@dataclass(frozen=True, slots=True)
class AdminRoute:
    """A route below `/_sandbox`, `path` as starlette writes it.

    `handle` gets the values in the path and the JSON body (None without one) and gives back JSON. It runs under the
    simulator's lock; `KeyError` becomes 404 and a `CxconfigError` 400.
    """

    method: str
    path: str
    handle: Callable[[Mapping[str, str], Any], Any]


def json_object(value: Any) -> Mapping[str, Any]:
    """A JSON body that must be an object; raises `SettingsError`."""
    if not isinstance(value, Mapping):
        raise SettingsError("the body is not a JSON object", way_out="send an object")
    return value


class System(ABC):
    """A simulated system. Every method is called while the simulator's lock is held."""

    name: ClassVar[str]
    prefixes: ClassVar[tuple[str, ...]]
    """First segments of the paths that it answers."""
    switches: ClassVar[Sequence[Switch]]

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """Handle one request; never raises for what a client sent."""

    @abstractmethod
    def limited(self, retry_after: int | None) -> Answer:
        """The system's 429."""

    @abstractmethod
    def end_token(self, call: Call, *, expired: bool) -> None:
        """Make the token that this request carries invalid: expired, or revoked with all others of its owner."""

    @abstractmethod
    def end_tokens(self, *, expired: bool) -> None:
        """Make every token invalid."""

    @abstractmethod
    def load(self, seed: Mapping[str, Any], source: str) -> None:
        """Replace the whole state by a seed; raises `InputErrors` with the seed's mistakes and then changes nothing."""

    @abstractmethod
    def dump(self) -> dict[str, Any]:
        """The whole state in the form of a seed."""

    @abstractmethod
    def admin_routes(self) -> Sequence[AdminRoute]:
        """Further routes below `/_sandbox`, for changes made by hand."""
