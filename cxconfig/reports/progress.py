"""Live progress of a run: one line that renews itself on a terminal, a few plain lines elsewhere. Never a value."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TextIO

from cxconfig.cells import columns, safe, shorten
from cxconfig.reports.palette import Palette

RENEWAL = 0.1
"""Seconds between two updates of a terminal's line."""
INTERVAL = 10.0
"""Seconds after which a log without a terminal gets another line."""
SHARE = 0.25
"""So much further, it gets one too, but never within `LEAST_INTERVAL` seconds of the last."""
LEAST_INTERVAL = 1.0
BAR = 24
LEAST_BAR = 6
"""A shorter bar says less than it takes."""
ROOM = 78


def columns_of(stream: TextIO) -> int:
    """The width of the terminal behind a stream; `ROOM` where there is none, or it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or ROOM
    except (OSError, ValueError):
        return ROOM


class Progress:
    """Writes to `stream` what a run is at. Thread-safe; `clock` gives seconds and never goes back.

    `width` gives the columns of the terminal (default: that of `stream`); it is asked at each renewal, as a window may
    be made narrower meanwhile.

    `phase` begins a part of the run (`total` 0 = unknown number of objects), `advance` counts, `done` ends the last
    phase and leaves a terminal's line empty.
    """

    def __init__(
        self,
        stream: TextIO,
        terminal: bool,
        colour: bool,
        *,
        clock: Callable[[], float] = time.monotonic,
        width: Callable[[], int] | None = None,
    ) -> None:
        self._stream = stream
        self._terminal = terminal
        self._palette = Palette(colour)
        self._clock = clock
        self._width = width or partial(columns_of, stream)
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
        line, cells = self._fitted(min(self._width() - 1, ROOM))
        self._stream.write(f"\r{line}{' ' * max(self._cells - cells, 0)}")
        self._stream.flush()
        self._cells = cells
        self._mark()

    def _fitted(self, room: int) -> tuple[str, int]:
        """The line in at most `room` cells, and how many it takes: one that wrapped could not be overwritten.

        In too little room the bar gives way first, then the time, then the name.
        """
        seconds = int(self._clock() - self._began)
        state = self._state() if self._count or self._total else ""
        tail = "  ".join(filter(None, [state, f"{seconds} s" if seconds else ""]))
        bar = min(room - columns(self._name) - columns(tail) - 4, BAR) if self._total else 0
        if bar >= LEAST_BAR:
            full = min(self._count * bar // self._total, bar)
            painted = self._palette.cyan("━" * full) + self._palette.dim("─" * (bar - full))
            return f"{self._name}  {painted}  {tail}", columns(self._name) + columns(tail) + bar + 4
        tail = tail if columns(self._name) + 2 + columns(tail) <= room else state
        name = shorten(self._name, max(room - columns(tail) - 2, 0)) if tail else self._name
        line = shorten("  ".join(filter(None, [name, tail])), room)
        return line, columns(line)

    def _line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
        self._mark()

    def _mark(self) -> None:
        self._written_at, self._written_count = self._clock(), self._count
