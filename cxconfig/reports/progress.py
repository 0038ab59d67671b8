"""Live progress of a run: one line that renews itself on a terminal, a few plain lines elsewhere. Never a value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TextIO

from cxconfig.cells import columns, pad, safe, shorten
from cxconfig.reports.palette import Palette

RENEWAL = 0.1
"""Seconds between two updates of a terminal's line."""
INTERVAL = 10.0
"""Seconds after which a log without a terminal gets another line."""
SHARE = 0.25
"""So much further, it gets one too, but never within `LEAST_INTERVAL` seconds of the last."""
LEAST_INTERVAL = 1.0
BAR = 24
ROOM = 78


class Progress:
    """Writes to `stream` what a run is at. Thread-safe; `clock` gives seconds and never goes back.

    `phase` begins a part of the run (`total` 0 = unknown number of objects), `advance` counts, `done` ends the last
    phase and leaves a terminal's line empty.
    """

    def __init__(
        self, stream: TextIO, terminal: bool, colour: bool, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._terminal = terminal
        self._palette = Palette(colour)
        self._clock = clock
        self._lock = threading.Lock()
        self._name = ""
        self._total = 0
        self._count = 0
        self._began = 0.0
        self._written_at = 0.0
        self._written_count = 0
        self._cells = 0

    def phase(self, name: str, total: int = 0) -> None:
        with self._lock:
            self._name, self._total, self._count = shorten(safe(name), ROOM // 2), total, 0
            self._began = self._clock()
            if self._terminal:
                self._renew()
            else:
                self._line(f"{self._name} ({total:,})" if total else self._name)

    def advance(self, n: int = 1) -> None:
        with self._lock:
            self._count = min(self._count + n, self._total) if self._total else self._count + n
            if not self._name:
                return
            waited = self._clock() - self._written_at
            if self._terminal:
                if waited >= RENEWAL:
                    self._renew()
            elif self._due(waited):
                self._line(f"  {self._name}: {self._state()}")

    def done(self) -> None:
        with self._lock:
            self._name = ""
            if self._cells:
                self._stream.write("\r" + " " * self._cells + "\r")
                self._stream.flush()
                self._cells = 0

    def _due(self, waited: float) -> bool:
        further = self._count - self._written_count
        quarter = bool(self._total) and further >= self._total * SHARE and self._count < self._total
        return waited >= INTERVAL or (quarter and waited >= LEAST_INTERVAL)

    def _state(self) -> str:
        if not self._total:
            return f"{self._count:,}"
        return f"{self._count:,} of {self._total:,} ({min(self._count * 100 // self._total, 100)} %)"

    def _renew(self) -> None:
        """Overwrites the line; blanks instead of an erase sequence, which not every terminal knows."""
        seconds = int(self._clock() - self._began)
        bar = ""
        if self._total:
            full = min(self._count * BAR // self._total, BAR)
            bar = self._palette.cyan("━" * full) + self._palette.dim("─" * (BAR - full)) + "  "
        tail = f"{self._state() if self._count or self._total else ''}{f'  {seconds} s' if seconds else ''}"
        cells = columns(self._name) + 2 + (BAR + 2 if bar else 0) + columns(tail)
        self._stream.write(f"\r{self._name}  {bar}{pad(tail, columns(tail) + max(self._cells - cells, 0))}")
        self._stream.flush()
        self._cells = max(cells, 0)
        self._mark()

    def _line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
        self._mark()

    def _mark(self) -> None:
        self._written_at, self._written_count = self._clock(), self._count
