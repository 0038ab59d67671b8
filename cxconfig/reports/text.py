"""A result as lines for people: warnings, changes by kind, what cannot be applied or failed, and the counts.

A result with `outcomes` tells what became of the plan, which was shown before it was applied; all other results tell
the plan itself. Texts from live systems and files are made harmless, secrets never appear, personal data is masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from cxconfig.cells import safe, wrap
from cxconfig.errors import CxconfigError
from cxconfig.kinds import Action, Registry
from cxconfig.planning.plan import Fate, Outcome, Result, Step
from cxconfig.reports.blocks import Style, block
from cxconfig.reports.counts import DONE_WORDS, audited, closing, planned, reading, spent
from cxconfig.reports.folding import MOST_LINES, MOST_OBJECTS, Folded, by_action, fold, label, names, notes_of
from cxconfig.reports.mishaps import MOST_MISHAPS, error_lines, failures, limits, problems
from cxconfig.reports.palette import Palette
from cxconfig.reports.values import Kinds, scrubbed

NARROWEST = 40
NAMES_LEFT = 10
LEFT_TO_DO = "What is done stays done: remove the cause and run the same command again, and only the rest is tried."


def render(result: Result, registry: Registry, *, width: int, colour: bool, verbose: bool = False) -> Iterator[str]:
    """The lines of a report, without line ends; `width` in terminal cells (at least 40), `verbose` folds nothing."""
    style = Style(
        Kinds(registry),
        Palette(colour),
        max(width, NARROWEST),
        verbose,
        result.command == "audit",
        result.command == "destroy",
    )
    blocks = [list(_warnings(result, style))]
    if result.outcomes is None or result.command == "refresh":
        blocks += _changes(result.plan.changes, style)
        blocks.append(list(_notes(result.plan.steps, style)))
        blocks.append(list(problems(result.plan.problems, style)))
        blocks.append(list(limits(result.plan.exceeded, style)))
    if not result.outcomes:
        blocks.append(list(_undeclared(result.plan.undeclared, style)))
    if result.outcomes is not None:
        blocks += [list(lines) for lines in _outcomes(result, result.outcomes, style)]
    blocks.append(list(_errors(result, style)))
    blocks.append(list(_passwords(result, style)))
    blocks.append([line for text in spent(result.plan, style.kinds.noun) for line in wrap(text, style.width)])
    blocks.append(list(_end(result, style)))
    yield from _spaced(blocks)


def render_error(error: CxconfigError, *, colour: bool, width: int, verbose: bool = False) -> list[str]:
    """The lines for an error that ended a command; all mistakes of `InputErrors`, each with file:line:column."""
    return error_lines(error, Palette(colour), max(width, NARROWEST), verbose)


def _warnings(result: Result, style: Style) -> Iterator[str]:
    for warning in dict.fromkeys(result.plan.warnings):
        first, *rest = wrap(safe(warning), style.width - 9)
        yield f"{style.palette.yellow('Warning:')} {first}"
        yield from (f"         {line}" for line in rest)


def _changes(steps: Sequence[Step], style: Style) -> Iterator[list[str]]:
    """One list of lines for each kind."""
    kinds: dict[str, list[Step]] = {}
    for step in steps:
        kinds.setdefault(step.kind, []).append(step)
    for kind in style.kinds.order(set(kinds)):
        counts = audited(kinds[kind]) if style.audit else planned(kinds[kind])
        title = style.kinds.title(kind)
        first, *more = wrap(f"{title}: {counts}", style.width - 2)
        lines = [style.palette.bold(title) + first.removeprefix(title), *(f"  {line}" for line in more)]
        for action, group in by_action(kinds[kind]):
            lines += _entries(action, group, style)
        yield lines


def _entries(action: Action, steps: Sequence[Step], style: Style) -> list[str]:
    """The entries of one kind and action; of more than fit, the folded ones and the first others."""
    entries = fold(steps, style.verbose)
    everything = style.verbose or len(entries) <= MOST_OBJECTS
    lines: list[str] = []
    shown = 0
    for entry in entries:
        if not everything and (shown == MOST_OBJECTS or len(lines) >= MOST_LINES):
            break
        lines += block(entry, style)
        shown += 1
    rest = entries[shown:]
    return [*lines, *_rest(action, rest, style)] if rest else lines


def _rest(action: Action, entries: Sequence[Folded], style: Style) -> Iterator[str]:
    count = sum(len(entry.steps) for entry in entries)
    word = {Action.CREATE: "missing", Action.UPDATE: "different"}.get(action, "") if style.audit else ""
    noun = style.kinds.noun(entries[0].step.kind, count)
    text = f"… and {noun} more {word or f'to {action.value}'}; --verbose shows every one"
    yield from (f"  {style.palette.bold(line)}" for line in wrap(text, style.width - 2))


def _undeclared(steps: Sequence[Step], style: Style) -> Iterator[str]:
    """Live objects that are not declared and stay as they are, a line for each kind, however many they are."""
    if steps:
        yield style.palette.bold("Not declared") + " (live, left as they are)"
    for kind in style.kinds.order({step.kind for step in steps}):
        keys = [step.key for step in steps if step.kind == kind]
        yield from _named(style.palette.yellow("?"), style.palette.bold(style.kinds.noun(kind, len(keys))), keys, style)


def _notes(steps: Iterable[Step], style: Style) -> Iterator[str]:
    """Notes on objects with nothing to do; the others stand with their object."""
    found: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        if step.action is Action.NONE:
            for note in notes_of(step):
                found.setdefault((step.kind, safe(scrubbed(note, step, style.kinds))), []).append(step.key)
    if found:
        yield style.palette.bold("Notes")
    for (kind, note), keys in found.items():
        most = len(keys) if style.verbose else NAMES_LEFT
        who = f"{style.kinds.noun(kind, len(keys)) if keys[1:] else style.kinds.singular(kind)} {names(keys, most)}"
        first, *rest = wrap(f"{who}: {note}", style.width - 4)
        yield f"  {first}"
        yield from (f"    {line}" for line in rest)


def _outcomes(result: Result, outcomes: Sequence[Outcome], style: Style) -> Iterator[Iterable[str]]:
    """What was done live by kind, what failed, what was not tried, and how to go on."""
    if result.command != "refresh":
        yield _done([outcome.step for outcome in outcomes if outcome.fate is Fate.DONE], style)
    failed = [outcome for outcome in outcomes if outcome.fate is Fate.FAILED]
    untried = [o.step for o in outcomes if o.fate is Fate.NOT_TRIED and o.step.action is not Action.NONE]
    yield failures(failed, style)
    yield _untried(untried, style)
    if failed or untried:
        yield wrap(LEFT_TO_DO, style.width)


def _done(steps: Sequence[Step], style: Style) -> Iterator[str]:
    for kind in style.kinds.order({step.kind for step in steps}):
        for action, group in by_action(step for step in steps if step.kind == kind):
            count = f"{style.palette.bold(style.kinds.noun(kind, len(group)))} {DONE_WORDS[action]}"
            yield from _named(style.palette.green("✓"), count, [label(step) for step in group], style)


def _untried(steps: Sequence[Step], style: Style) -> Iterator[str]:
    if steps:
        yield style.palette.yellow(style.palette.bold("Not tried"))
    for kind in style.kinds.order({step.kind for step in steps}):
        for action, group in by_action(step for step in steps if step.kind == kind):
            count = f"{action.value} {style.palette.bold(style.kinds.noun(kind, len(group)))}"
            yield from _named(style.palette.yellow("?"), count, [label(step) for step in group], style)


def _named(mark: str, count: str, keys: Sequence[str], style: Style) -> Iterator[str]:
    """`  ✓ 3 users created: a01, a02, a03`, the names on lines of their own when they are many."""
    who = names(keys, len(keys) if style.verbose else NAMES_LEFT)
    lines = wrap(who, style.width - 6)
    if len(keys) <= 3 and len(lines) == 1 and len(who) + 32 <= style.width:
        yield f"  {mark} {count}: {who}"
    else:
        yield f"  {mark} {count}:"
        yield from (f"      {line}" for line in lines)


def _errors(result: Result, style: Style) -> Iterator[str]:
    """The run's own errors, without those that stand with an object already."""
    told = {id(outcome.error) for outcome in result.outcomes or ()}
    errors = [error for error in result.errors if id(error) not in told]
    shown = errors if style.verbose else errors[:MOST_MISHAPS]
    yield from chain.from_iterable(error_lines(error, style.palette, style.width, style.verbose) for error in shown)
    if len(errors) > len(shown):
        yield style.palette.red(f"… and {len(errors) - len(shown):,} more errors; --verbose shows them")


def _passwords(result: Result, style: Style) -> Iterator[str]:
    """A path stands on a line of its own, however long it is, so that it can be copied."""
    if result.passwords:
        count = sum(file.count for file in result.passwords)
        head = style.palette.yellow(
            style.palette.bold(f"{f'{count:,}' if count else 'some'} generated password{'' if count == 1 else 's'}")
        )
        yield f"{head}, to be handed out; then delete what you alone can read:"
        yield from (f"  {safe(file.path)}" for file in result.passwords)


def _end(result: Result, style: Style) -> Iterator[str]:
    palette = style.palette
    paint = palette.green if result.exit_code == 0 else palette.red if result.exit_code == 1 else palette.yellow
    yield from (palette.bold(paint(line)) for line in wrap(closing(result), style.width))
    if reading(result):
        yield palette.dim(reading(result))


def _spaced(blocks: Iterable[Sequence[str]]) -> Iterator[str]:
    """The blocks with one empty line between them."""
    for i, lines in enumerate(lines for lines in blocks if lines):
        if i:
            yield ""
        yield from lines
