"""Many steps as few entries: identical changes become one entry, and what is too much is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cxconfig.cells import safe, shorten
from cxconfig.kinds import Action
from cxconfig.planning.plan import Step
from cxconfig.planning.renames import done

FOLD_FROM = 3
"""So many identical changes are shown as one."""
MOST_OBJECTS = 40
"""So many entries of one kind and action are shown without being asked for more."""
MOST_LINES = 40
NAME_ROOM = 32

ORDER = (
    Action.CREATE,
    Action.RENAME,
    Action.REPLACE,
    Action.UPDATE,
    Action.ADOPT,
    Action.DISABLE,
    Action.DELETE,
    Action.FORGET,
    Action.RECORD,
    Action.NONE,
)


@dataclass(frozen=True, slots=True)
class Folded:
    """One entry: a single step, or several with the same change."""

    steps: tuple[Step, ...]

    @property
    def step(self) -> Step:
        return self.steps[0]


def by_action(steps: Iterable[Step]) -> list[tuple[Action, list[Step]]]:
    """The steps by action in the order of `ORDER`."""
    found: dict[Action, list[Step]] = {}
    for step in steps:
        found.setdefault(step.action, []).append(step)
    return [(action, found[action]) for action in ORDER if action in found]


def fold(steps: Sequence[Step], verbose: bool) -> list[Folded]:
    """Entries of one kind and action: folded ones first, the largest before the others, then single steps in order."""
    if verbose:
        return [Folded((step,)) for step in steps]
    alike: dict[str, list[Step]] = {}
    for step in steps:
        alike.setdefault(_change(step), []).append(step)
    folded = [Folded(tuple(group)) for group in alike.values() if len(group) >= FOLD_FROM]
    several = {id(step) for entry in folded for step in entry.steps}
    singles = [Folded((step,)) for step in steps if id(step) not in several]
    return sorted(folded, key=lambda entry: -len(entry.steps)) + singles


def label(step: Step) -> str:
    """`jdoe`, and `jsmith -> jdoe` of one that is renamed, by its own step or by that of its other door."""
    return f"{step.was} -> {step.key}" if step.action is Action.RENAME or step.follows else step.key


def notes_of(step: Step) -> list[str]:
    """The notes without the one that is told at the end, of all objects together."""
    return [note for note in step.notes if not step.spent or note != done(step.spent)]


def names(keys: Sequence[str], most: int) -> str:
    """`a01, a02, a03 and 4,809 more`; one that is left over is named."""
    most = len(keys) if len(keys) == most + 1 else most
    first = ", ".join(shorten(safe(key), NAME_ROOM) for key in keys[:most])
    return first + (f" and {len(keys) - most:,} more" if len(keys) > most else "")


def _change(step: Step) -> str:
    """Equal for steps that are shown alike: everything but the object, its place and its calls."""
    differences = [(d.field, d.live, d.declared, d.cause, bool(d.problem)) for d in step.differences]
    return repr((step.cause, differences, notes_of(step), bool(step.problems), step.exists, step.follows))
