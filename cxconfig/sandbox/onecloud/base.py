"""What every group of OneCloud endpoints shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from cxconfig.sandbox.http import Endpoint
from cxconfig.sandbox.onecloud.state import Tenant
from cxconfig.sandbox.switches import Switches

Clock = Callable[[], float]
"""Seconds from any start, never going back."""


class Room(ABC):
    """A group of endpoints over the current tenant, which a new seed replaces as a whole."""

    def __init__(self, tenant: Callable[[], Tenant], switches: Switches, clock: Clock) -> None:
        self._tenant = tenant
        self.switches = switches
        self.clock = clock

    @property
    def tenant(self) -> Tenant:
        return self._tenant()

    @abstractmethod
    def endpoints(self) -> list[Endpoint]:
        """The calls of this group."""
