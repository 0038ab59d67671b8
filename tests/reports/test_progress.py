"""Live progress on a terminal and in a log, with a clock of the test's own."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from cxconfig.cells import columns
from cxconfig.reports.progress import Progress


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_has_one_line_that_renews_at_most_ten_times_a_second() -> None:
    """A thousand steps in one second make about ten updates, and the line is empty at the end."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=True, colour=False, clock=clock)
    progress.phase("Reading", 1000)
    for _ in range(1000):
        clock.now += 0.001
        progress.advance()
    progress.done()
    written = stream.getvalue()
    assert "\n" not in written
    assert written.count("Reading") <= 12
    assert "100 of 1,000 (10 %)" in written
    shown, blanks, end = written.rsplit("\r", 2)
    assert (blanks.strip(), end) == ("", "")
    assert len(blanks) >= len(shown.rsplit("\r", 1)[-1])


def test_a_shorter_line_covers_the_longer_one_before() -> None:
    """Nothing of a long phase name stays behind when a short one follows."""
    stream = io.StringIO()
    progress = Progress(stream, terminal=True, colour=False, clock=Clock())
    progress.phase("Reading the live objects")
    progress.phase("Up")
    long, short = stream.getvalue().split("\r")[1:]
    assert len(short) >= len(long.rstrip())
    assert short.strip() == "Up"


@pytest.mark.parametrize("width", [1, 8, 20, 40, 79, 200])
@pytest.mark.parametrize("total", [0, 54_321])
def test_the_line_fits_the_terminal(width: int, total: int) -> None:
    """It never reaches the last column, where a terminal would wrap it, and says as much as there is room for."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=True, colour=True, clock=clock, width=lambda: width)
    progress.phase("Reading onecloud users", total)
    for _ in range(30):
        clock.now += 7
        progress.advance(1_234)
    progress.done()
    lines = [re.sub(r"\x1b\[\d+m", "", line) for line in stream.getvalue().split("\r")]
    assert max(map(columns, lines)) <= max(width - 1, 0)
    assert any("37,020" in line for line in lines) is (width >= 20 or (width == 8 and not total))
    assert any("Reading onecloud users" in line for line in lines) is (width > 40 or (width == 40 and not total))
    assert any("━" in line for line in lines) is (bool(total) and width > 40)


def test_a_window_that_is_made_narrower() -> None:
    """The next renewal fits it."""
    stream, clock, widths = io.StringIO(), Clock(), [100, 30]
    progress = Progress(stream, terminal=True, colour=False, clock=clock, width=lambda: widths.pop(0))
    progress.phase("Reading onecloud users", 100)
    clock.now += 1
    progress.advance(50)
    assert columns(stream.getvalue().rsplit("\r", 1)[-1].rstrip()) < 30


def test_a_log_has_a_line_for_each_phase_and_each_quarter() -> None:
    """Without a terminal there are a few whole lines and no carriage return."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=False, colour=False, clock=clock)
    progress.phase("Reading", 100)
    for _ in range(100):
        clock.now += 0.05
        progress.advance()
    progress.phase("Engine")
    progress.done()
    assert stream.getvalue().splitlines() == [
        "Reading (100)",
        "  Reading: 25 of 100 (25 %)",
        "  Reading: 50 of 100 (50 %)",
        "  Reading: 75 of 100 (75 %)",
        "Engine",
    ]


def test_a_slow_phase_logs_every_ten_seconds() -> None:
    """Also without a known total, so that a log shows that the run is alive; a fast one stays quiet."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=False, colour=False, clock=clock)
    progress.phase("Engine")
    for _ in range(25):
        clock.now += 1
        progress.advance(2)
    progress.phase("Fast", 4)
    progress.advance(4)
    progress.done()
    assert stream.getvalue().splitlines() == ["Engine", "  Engine: 20", "  Engine: 40", "Fast (4)"]


def test_many_threads_lose_no_count() -> None:
    """Sixteen threads advance at once and the count is whole."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, terminal=False, colour=False, clock=clock)
    progress.phase("Reading")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: progress.advance(), range(2000)))
    clock.now += 11
    progress.advance(0)
    assert stream.getvalue().endswith("  Reading: 2,000\n")


def test_colour_and_names_are_controlled() -> None:
    """Colour only when told, a hostile phase name is neutralised, and done twice or before any phase is harmless."""
    painted, plain = io.StringIO(), io.StringIO()
    for stream, colour in ((painted, True), (plain, False)):
        progress = Progress(stream, terminal=True, colour=colour, clock=Clock())
        progress.done()
        progress.advance()
        progress.phase("a\x1b[2Jb", 2)
        progress.done()
        progress.done()
    assert "\x1b[36m" not in plain.getvalue()
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[2m" in painted.getvalue()
    assert "\x1b[2J" not in painted.getvalue()
