"""The measurements of one size, summed up, and what they were to reach. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.bare import CONNECTIONS
from tests.bench.people import LISTS, changed
from tests.bench.processes import MB
from tests.bench.stage import BY_ID, Measured

MEMORY_MB = 300
IN_FLIGHT = 4
"""How many writes the SDK's dynamic host makes at a time: what a first up may take for them."""


@dataclass
class Size:
    """All runs at one number of users, by case, in order of the rounds."""

    users: int
    latency_ms: float
    runs: dict[str, list[Measured]] = field(default_factory=dict)

    def seconds(self, case: str) -> float:
        return median(run.taken.seconds for run in self.runs[case])

    def spread(self, case: str) -> tuple[float, float]:
        found = [run.taken.seconds for run in self.runs[case]]
        return min(found), max(found)

    def median_of(self, case: str, value: Callable[[Measured], float]) -> float:
        return median(value(run) for run in self.runs[case])

    def memory_mb(self, case: str) -> tuple[float, float, float]:
        """The highest of all rounds: ours, the engine's, both at one moment."""
        taken = [run.taken for run in self.runs[case]]
        peaks = (
            max(t.memory_ours for t in taken),
            max(t.memory_engine for t in taken),
            max(t.memory_both for t in taken),
        )
        ours, engine, both = (peak / MB for peak in peaks)
        return ours, engine, both

    @property
    def changed(self) -> int:
        return len(changed(self.users))

    @property
    def ideal_reads_s(self) -> float:
        """What the bare loop would take if nothing but the round trips took time."""
        return self.users * self.latency_ms / 1000 / CONNECTIONS

    @property
    def ideal_writes_s(self) -> float:
        """What the writes of a first up take at `IN_FLIGHT` at a time."""
        return self.users * self.latency_ms / 1000 / IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit` and `actual` in the same unit; `allowed` says how the limit comes about."""

    what: str
    allowed: str
    limit: float
    actual: float
    unit: str = "s"
    least: float = 0
    """Below this it would be wrong too: calls that must be made. They have no unit."""

    @property
    def reached(self) -> bool:
        return self.least <= self.actual <= self.limit

    @property
    def verdict(self) -> str:
        if self.reached:
            return "reached"
        if not self.unit:
            return "wrong"
        return f"short by {self.actual - self.limit:,.{self.digits}f} {self.unit}"

    @property
    def digits(self) -> int:
        return 1 if self.unit == "s" else 0


def goals_of(size: Size) -> list[Goal]:
    """Every goal of one size."""
    return [*_times(size), *_calls(size), *_memory(size)]


def _times(size: Size) -> list[Goal]:
    bare = size.seconds("b")
    floor = min(size.seconds("a1"), size.seconds("a2"))
    near = [Goal(BY_ID[case].title, "1.2 x (b)", 1.2 * bare, size.seconds(case)) for case in "ce"]
    more = [Goal(BY_ID[case].title, "1.2 x (b) + 4 s", 1.2 * bare + 4, size.seconds(case)) for case in "dg"]
    allowed = f"1.3 x lower (a) + writes, {IN_FLIGHT} at a time"
    first = Goal(BY_ID["f"].title, allowed, 1.3 * floor + size.ideal_writes_s, size.seconds("f"))
    return [*near, *more, first]


def _calls(size: Size) -> list[Goal]:
    """Reads and writes of every round must be right, so the worst round counts."""
    least = size.users + LISTS
    found = []
    for case in "cedgf":
        title = BY_ID[case].title
        reads = [run.reads for run in size.runs[case]]
        writes = [run.writes for run in size.runs[case]]
        more = {"g": size.changed, "f": size.users}.get(case, 0)
        said = "users + lists" + (" + one per changed" if more else "")
        found.append(_exactly(f"{title}: reads", said, reads, least, least + more))
        found.append(_exactly(f"{title}: writes", "one per changed" if more else "none", writes, more, more))
    return found


def _exactly(what: str, said: str, found: Sequence[int], least: int, most: int) -> Goal:
    wrong = [number for number in found if not least <= number <= most]
    return Goal(what, said, most, wrong[0] if wrong else max(found), "", least)


def _memory(size: Size) -> list[Goal]:
    return [_memory_of(size, "our processes", 0), _memory_of(size, "the engine", 1)]


def _memory_of(size: Size, whose: str, which: int) -> Goal:
    """The worst case; `which`: the number of a value of `Size.memory_mb`."""
    worst = max("cedgf", key=lambda case: size.memory_mb(case)[which])
    what = f"memory of {whose}, highest in {BY_ID[worst].title}"
    return Goal(what, f"{MEMORY_MB} MB", MEMORY_MB, size.memory_mb(worst)[which], "MB")
