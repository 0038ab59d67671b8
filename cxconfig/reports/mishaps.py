"""Problems and errors as lines: never folded away, each with its object, its place and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cxconfig.cells import columns, safe, shorten, underline, window, wrap
from cxconfig.errors import CxconfigError, InputError, InputErrors, Interrupted, LiveError, Place
from cxconfig.planning.plan import Exceeded, Outcome, Step
from cxconfig.reports.blocks import Style
from cxconfig.reports.folding import NAME_ROOM
from cxconfig.reports.palette import Palette
from cxconfig.reports.values import scrubbed

MOST_MISHAPS = 50
"""So many objects with a problem are listed with their places; the others are counted."""
INDENT = "      "
OBJECT = "\0"
"""Stands for the object's key while texts are compared; never printed."""
LEAST_KEY = 3
"""Shorter keys are found in ordinary words, too."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """One text, and all objects that it is about."""

    head: str
    lines: tuple[str, ...]
    steps: tuple[Step, ...]


def problems(steps: Iterable[Step], style: Style) -> Iterator[str]:
    """The block of what cannot be applied."""
    steps = list(steps)
    yield from _problems("Cannot be applied", [s for s in steps if not (s.unread and style.audit)], style)
    yield from _problems("Cannot be read", [s for s in steps if s.unread and style.audit], style)


def _problems(title: str, steps: Iterable[Step], style: Style) -> Iterator[str]:
    found: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        prefix = f"{style.kinds.singular(step.kind)} {step.key}: "
        for text in dict.fromkeys(step.problems):
            clean = safe(scrubbed(text.removeprefix(prefix), step, style.kinds))
            found.setdefault((step.kind, clean), []).append(step)
    mishaps = [Mishap("", (text,), tuple(group)) for (_, text), group in found.items()]
    yield from _listed(title, "problem", mishaps, style)


def limits(exceeded: Iterable[Exceeded], style: Style) -> Iterator[str]:
    """The block of what is more than one run may do."""
    for number, one in enumerate(exceeded):
        if not number:
            yield style.palette.red(style.palette.bold("Too much for one run"))
        first, *rest = wrap(safe(one.what), style.width - 4)
        rest += wrap(safe(one.way_out), style.width - 4)
        yield f"  {style.palette.red('!')} {first}"
        yield from (f"    {line}" for line in rest)


def failures(outcomes: Sequence[Outcome], style: Style) -> Iterator[str]:
    """The block of the steps that failed, the same refusal of many objects in one."""
    found: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(_alike(outcome, style), []).append(outcome)
    mishaps = []
    for group in found.values():
        lines = tuple(_reasons(group, style))
        mishaps.append(Mishap(group[0].step.action.value, lines, tuple(outcome.step for outcome in group)))
    yield from _listed("Failed", "object", mishaps, style)


def error_lines(error: CxconfigError, palette: Palette, width: int, verbose: bool = False) -> list[str]:
    """One error of a command: each mistake with file:line:column, what happened, and the way out."""
    if isinstance(error, InputErrors):
        shown = error.errors if verbose else error.errors[:MOST_MISHAPS]
        lines = [line for mistake in shown for line in _mistake(mistake, palette, width)]
        if len(error.errors) > len(shown):
            lines.append(palette.red(f"… and {len(error.errors) - len(shown):,} more; --verbose shows them"))
        return [*lines, *(palette.bold(line) for line in wrap(safe(error.what), width))]
    if isinstance(error, InputError):
        return _mistake(error, palette, width)
    place = _exact(error.place)
    first, *rest = said(error)
    if isinstance(error, Interrupted):
        return [line for text in (first, *rest) for line in wrap(safe(text), width)]
    lead, *lines = wrap(f"error: {place}: {safe(first)}" if place else f"error: {safe(first)}", width - 2)
    lines += [line for text in rest for line in wrap(safe(text), width - 2)]
    return [palette.red("error:") + lead.removeprefix("error:"), *(f"  {line}" for line in lines)]


def _mistake(error: InputError, palette: Palette, width: int) -> list[str]:
    """`people.yaml:12:5: onecloud.users.jdoe.skills: must be a mapping`, the line itself, and the way out."""
    place = f"{safe(str(error.place))}:" if error.place else ""
    what = f"{place} {safe(error.what)}".strip()
    lead, *lines = wrap(what, width - 2)
    lines += _excerpt(error, palette, width - 2)
    lines += [line for text in filter(None, error.way_out.split("\n")) for line in wrap(safe(text), width - 2)]
    lines += [palette.dim(f"also at {safe(str(also))}") for also in error.also]
    painted = palette.bold(place) + lead.removeprefix(place) if lead.startswith(place) else lead
    return [painted, *(f"  {line}" for line in lines)]


def _excerpt(error: InputError, palette: Palette, width: int) -> list[str]:
    """`7 |     skils: {English: 90}` and carets below, cut to the width."""
    if error.excerpt is None or error.place is None:
        return []
    number, excerpt = str(error.place.line), error.excerpt
    text, start, length = window(excerpt.text, excerpt.column - 1, excerpt.width, width - len(number) - 3)
    blank = palette.dim(" " * len(number) + " |")
    return [f"{palette.dim(f'{number} |')} {text}", f"{blank} {palette.red(underline(text, start, length))}"]


def said(error: CxconfigError) -> list[str]:
    """What happened, what the vendor said, and the way out, as separate texts (not yet made safe)."""
    found = error.what.split("\n")
    if isinstance(error, LiveError):
        answer = f"{error.endpoint} answered {error.status}" if error.status else f"{error.endpoint}: no answer"
        parts = [f"{error.system}:"] if error.system else []
        known = error.endpoint in error.what and (not error.status or str(error.status) in error.what)
        parts += [answer] if error.endpoint and not known else []
        said = error.said if error.said not in error.what else ""
        text = " ".join(parts) + (f": {said}" if said else "")
        text += f" (request {error.request_id})" if error.request_id else ""
        found += [text] if (error.endpoint and not known) or said or error.request_id else []
    return [*found, *filter(None, error.way_out.split("\n"))]


def _reasons(group: Sequence[Outcome], style: Style) -> Iterator[str]:
    """The texts of an error; of one that several objects share, with `<user>` in place of their keys."""
    step, error = group[0].step, group[0].error
    if error is None:
        yield "no reason is known"
        return
    several = len(group) > 1 and len(step.key) >= LEAST_KEY
    for text in said(error):
        clean = scrubbed(text, step, style.kinds)
        yield _key(step).sub(f"<{style.kinds.singular(step.kind)}>", clean) if several else clean


def _alike(outcome: Outcome, style: Style) -> tuple[str, ...]:
    """Equal for outcomes whose errors differ in nothing but the object."""
    step, error = outcome.step, outcome.error
    if error is None:
        return (step.kind, step.action, "")
    key = _key(step)
    texts = [key.sub(OBJECT, scrubbed(text, step, style.kinds)) for text in (error.what, error.way_out)]
    if isinstance(error, LiveError):
        texts += [str(error.status), key.sub(OBJECT, scrubbed(error.said, step, style.kinds))]
    return (step.kind, step.action, type(error).__name__, *texts)


def _exact(place: Place | None) -> str:
    """`people.yaml:12:5`: what is to be corrected is told with its column, as a mistake is."""
    return safe(str(place)) if place is not None else ""


def _key(step: Step) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(step.key)}(?!\w)")


def _listed(title: str, noun: str, mishaps: Sequence[Mishap], style: Style) -> Iterator[str]:
    total = sum(len(mishap.steps) for mishap in mishaps)
    if not total:
        return
    yield style.palette.red(style.palette.bold(f"{title}: {total:,} {noun}{'' if total == 1 else 's'}"))
    shown = mishaps if style.verbose else mishaps[:MOST_MISHAPS]
    budget = total if style.verbose else MOST_MISHAPS
    for i, mishap in enumerate(shown):
        share = max(min(len(mishap.steps), budget - (len(shown) - i - 1)), 1)
        budget -= share
        yield from _mishap(mishap, share, style)
    rest = sum(len(mishap.steps) for mishap in mishaps[len(shown) :])
    if rest:
        yield style.palette.red(f"  … and {rest:,} more with other texts; --verbose shows them")


def _mishap(mishap: Mishap, share: int, style: Style) -> Iterator[str]:
    palette, step = style.palette, mishap.steps[0]
    several = len(mishap.steps) > 1
    head = f"{mishap.head} " if mishap.head else ""
    if several:
        yield f"  {palette.red('!')} {head}{palette.bold(style.kinds.noun(step.kind, len(mishap.steps)))}"
    else:
        name = safe(step.key) if style.verbose else shorten(safe(step.key), max(style.width - 24, 12))
        place = _exact(step.place)
        used = f"  ! {head}{style.kinds.singular(step.kind)} {name}"
        line = f"  {palette.red('!')} {head}{style.kinds.singular(step.kind)} {palette.bold(name)}"
        if place and columns(used) + columns(place) + 2 > style.width:
            yield line
            yield INDENT + palette.dim(place)
        else:
            yield line + (f"  {palette.dim(place)}" if place else "")
    for text in mishap.lines:
        yield from (INDENT + line for line in wrap(safe(text), style.width - len(INDENT)))
    if several:
        yield from _places(mishap.steps, share, style)


def _places(steps: Sequence[Step], share: int, style: Style) -> Iterator[str]:
    for step in steps[:share]:
        place = _exact(step.place)
        room = min(NAME_ROOM, max(style.width - len(INDENT) - 4 - columns(place), 12))
        name = safe(step.key) if style.verbose else shorten(safe(step.key), room)
        yield f"{INDENT}  {style.palette.dim(f'{place}: ') if place else ''}{name}"
    if len(steps) > share:
        noun = style.kinds.noun(steps[0].kind, len(steps) - share)
        yield f"{INDENT}  {style.palette.red(f'… and {noun} more; --verbose shows them')}"
