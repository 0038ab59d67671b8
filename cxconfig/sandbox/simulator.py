"""The simulator without its server: systems, switches, faults and log behind one lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any

from cxconfig.errors import InputError, Place, SettingsError
from cxconfig.sandbox.faults import Faults
from cxconfig.sandbox.http import Answer, Call
from cxconfig.sandbox.log import RequestLog
from cxconfig.sandbox.onecloud import OneCloud
from cxconfig.sandbox.seed import read_seed, write_seed
from cxconfig.sandbox.switches import Switches
from cxconfig.sandbox.system import System

SYSTEMS: tuple[type[OneCloud], ...] = (OneCloud,)


class Simulator:
    """State and settings of one sandbox. Thread-safe: the server's thread and a test's thread share it.

    `latency_ms` is added to every answer. `save_file` is where `save` writes. `clock` gives the seconds
    by which tokens end and rates are counted, so that a test can move time.
    """

    def __init__(
        self,
        seed: Mapping[str, Any] | Path | str | None = None,
        *,
        switches: Mapping[str, object] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        latency_ms: float = 0,
        save_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lock = RLock()
        self.latency_ms = latency_ms
        self.save_file = save_file
        self.log = RequestLog(self.lock)
        self.faults = Faults(self.lock)
        self.switches = Switches((switch for system in SYSTEMS for switch in system.switches), switches)
        self.onecloud = OneCloud(self.switches, clock)
        self.systems: tuple[System, ...] = (self.onecloud,)
        self._by_prefix = {prefix: system for system in self.systems for prefix in system.prefixes}
        if seed is not None:
            self.load(seed)
        for rule in faults:
            self.faults.add(rule)

    def load(self, seed: Mapping[str, Any] | Path | str) -> None:
        """Replace the state by a seed or a seed file; raises `InputErrors` or `SettingsError`."""
        source = str(seed) if isinstance(seed, (str, Path)) else "seed"
        content = read_seed(Path(seed)) if isinstance(seed, (str, Path)) else seed
        if not isinstance(content, Mapping):
            raise InputError("a seed is a mapping", place=Place(source), way_out="docs/sandbox.md shows one")
        with self.lock:
            self.onecloud.load(content, source)

    def dump(self) -> dict[str, Any]:
        """The state in the form of a seed."""
        with self.lock:
            return self.onecloud.dump()

    def save(self) -> Path:
        """Write the state to the save file."""
        if self.save_file is None:
            raise SettingsError("there is no file to save to", way_out="start the sandbox with --save FILE")
        try:
            write_seed(self.save_file, self.dump())
        except OSError as error:
            raise SettingsError(
                f"cannot save to {self.save_file}: {error.strerror}", way_out="name a file in a writable folder"
            ) from None
        return self.save_file

    def system_of(self, path: str) -> System:
        """The system that answers a path; the first one also answers what belongs to none."""
        first = path.lstrip("/").partition("/")[0]
        return self._by_prefix.get(first, self.systems[0])

    def answer(self, call: Call) -> Answer:
        """Handle one request without faults and latency."""
        with self.lock:
            return self.system_of(call.path).answer(call)
