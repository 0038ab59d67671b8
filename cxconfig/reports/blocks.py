"""One entry of a plan as lines: who, why, and what changes field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cxconfig.cells import columns, joined, pad, safe, shorten, wrap
from cxconfig.errors import Place
from cxconfig.kinds import Action, Cause, Difference
from cxconfig.planning.plan import Step
from cxconfig.reports.folding import Folded, label, names, notes_of
from cxconfig.reports.palette import Palette
from cxconfig.reports.palette import unpainted as _plain
from cxconfig.reports.values import Entry, Kinds, declared_value, entries, fit, scrubbed

PLACE_COLUMN = 92
"""Places stand at the right, but not further away than this."""
LEAST_NAME = 12
LABEL_ROOM = 28
FIELD_INDENT = "      "
MOST_ENTRIES = 12
"""So many lines of one object are shown without being asked for more."""
MARKS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.RENAME: "~",
    Action.REPLACE: "±",
    Action.ADOPT: ">",
    Action.DISABLE: "x",
    Action.DELETE: "-",
    Action.FORGET: ".",
    Action.RECORD: ".",
    Action.NONE: " ",
}
CAUSES = {
    Cause.NEW: "new",
    Cause.EDIT: "edited",
    Cause.DRIFT: "drift",
    Cause.BOTH: "edited and drift",
    Cause.UNKNOWN: "differs",
}
AUDIT_MARKS = {Action.CREATE: "-", Action.UPDATE: "~"}
AUDIT_WORDS = {Action.CREATE: "missing", Action.UPDATE: "differs"}
BLOCKED = "(cannot be applied)"
FIRST_NAMES = 3
FIRST_NAMES_LOST = 10
"""Of objects that go or are missing, more names are shown."""


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: `audit` says expected and live where a plan says old -> new; a `destroy` takes out what is in the
    YAML as well."""

    kinds: Kinds
    palette: Palette
    width: int
    verbose: bool
    audit: bool
    destroy: bool = False


def block(entry: Folded, style: Style) -> list[str]:
    """The lines of one entry."""
    head = _several(entry, style) if entry.steps[1:] else _single(entry.step, style)
    return [*head, *_fields(entry.step, style), *_notes(entry.step, style)]


def place_text(place: Place | None) -> str:
    """`people.yaml:12`, without the column."""
    if place is None:
        return ""
    return safe(f"{place.file}:{place.line}" if place.line else place.file)


def why(step: Step) -> str:
    """The cause in words, and what it means for an object that is gone or goes."""
    if not step.follows:
        return _why(step)
    text = _why(step) if step.action in (Action.UPDATE, Action.ADOPT) else ""
    return f"{text}{', ' if text else ''}renamed with its {step.follows}"


def _why(step: Step) -> str:
    if step.action is Action.CREATE and step.cause in (Cause.DRIFT, Cause.BOTH):
        return "gone live" if step.cause is Cause.DRIFT else "gone live and edited"
    if step.action is Action.CREATE and step.cause is Cause.NEW:
        return "not live"
    if step.action is Action.ADOPT:
        return "exists live, " + ("as declared" if not step.differences else "differs")
    if step.action is Action.RENAME and step.cause is Cause.NEW:
        return "exists live"
    if step.action is Action.FORGET and step.cause is Cause.DRIFT:
        return "gone live"
    if step.action is Action.FORGET:
        return f"{Cause.UNDECLARED if step.cause is Cause.UNDECLARED else Cause.REMOVED}, " + (
            "kept live" if step.exists else "gone live"
        )
    if step.action is Action.RECORD and step.cause is Cause.DRIFT:
        return "changed live"
    if step.action is Action.RECORD:
        return "already as declared live"
    if step.cause is not None and not step.declared:
        return step.cause.value
    return CAUSES[step.cause] if step.cause else ""


def _single(step: Step, style: Style) -> list[str]:
    """`  ~ update jdoe (edited)      people.yaml:12`; what does not fit stands on lines of its own."""
    reasons = _reasons(step, style)
    reason = " ".join(reasons)
    place = place_text(step.place)
    name = safe(label(step))
    mark, word = _action(step, style)
    if not style.verbose:
        taken = columns(f"  {mark} {word} ") + (columns(place) + 3 if place else 0)
        name = shorten(name, max(style.width - taken - (columns(_plain(reason)) + 1 if reason else 0), LEAST_NAME))
    head = f"  {style.palette.action(step.action, f'{mark} {word}')} {style.palette.bold(name)}"
    if reason and columns(_plain(head)) + 1 + columns(_plain(reason)) <= style.width:
        head, reason = f"{head} {reason}", ""
    gap = min(style.width, PLACE_COLUMN) - columns(_plain(head)) - columns(place)
    if place and columns(_plain(head)) + 2 + columns(place) <= style.width:
        head, place = head + " " * max(gap, 2) + style.palette.dim(place), ""
    below = [style.palette.dim(line) for line in wrap(place, style.width - len(FIELD_INDENT))] if place else []
    if reason:
        below += reasons
    return [head, *(FIELD_INDENT + line for line in below)]


def _several(entry: Folded, style: Style) -> list[str]:
    """`  ~ update 4,812 users (drift): a01, a02, a03 and 4,809 more`."""
    mark, word = _action(entry.step, style)
    going = entry.step.action in (Action.DISABLE, Action.DELETE, Action.REPLACE) or (
        style.audit and entry.step.action is Action.CREATE
    )
    keys = [label(step) for step in entry.steps]
    count = style.kinds.noun(entry.step.kind, len(keys))
    head = f"  {style.palette.action(entry.step.action, f'{mark} {word}')} {style.palette.bold(count)}"
    reasons = _reasons(entry.step, style)
    reason = " ".join(reasons)
    below = []
    if reason and columns(_plain(head)) + 2 + columns(_plain(reason)) <= style.width:
        head = f"{head} {reason}"
    elif reason:
        below += [FIELD_INDENT + text for text in reasons]
    who = names(keys, FIRST_NAMES_LOST if going else FIRST_NAMES)
    if columns(_plain(head)) + 2 + columns(who) <= style.width and not below:
        return [f"{head}: {who}"]
    return [f"{head}:", *below, *(FIELD_INDENT + line for line in wrap(who, style.width - len(FIELD_INDENT)))]


def _action(step: Step, style: Style) -> tuple[str, str]:
    if style.audit or step.missing:
        return AUDIT_MARKS.get(step.action, MARKS[step.action]), AUDIT_WORDS.get(step.action, step.action.value)
    return MARKS[step.action], step.action.value


def _reasons(step: Step, style: Style) -> list[str]:
    """`(drift)` where there is a cause, and in red that the step cannot be applied where no single field says so."""
    text = "" if style.audit else why(step)
    if style.destroy:
        text = text.removeprefix(Cause.REMOVED.value).removeprefix(", ")
    found = [style.palette.dim(f"({text})")] if text else []
    if step.problems and not any(difference.problem for difference in step.differences):
        found.append(style.palette.red(BLOCKED))
    return found


def _fields(step: Step, style: Style) -> list[str]:
    if step.action is Action.CREATE:
        return [] if style.audit else _created(step, style)
    rows = [
        (difference, entry)
        for difference in step.differences
        for entry in entries(difference, style.kinds.spec(step.kind, difference.field), style.kinds.get(step.kind))
    ]
    shown = rows if style.verbose else rows[:MOST_ENTRIES]
    label_room = min(max((columns(entry.label) + 1 for _, entry in shown), default=0), LABEL_ROOM, style.width // 2)
    mixed = len({difference.cause for difference in step.differences}) > 1 or step.cause is Cause.BOTH
    lines = [line for d, entry in shown for line in _field(d, entry, label_room, mixed, style)]
    if len(rows) > len(shown):
        lines.append(FIELD_INDENT + style.palette.dim(f"… {len(rows) - len(shown):,} more; --verbose shows them"))
    return lines


def _created(step: Step, style: Style) -> list[str]:
    parts = []
    for difference in step.differences:
        value = declared_value(difference, style.kinds.spec(step.kind, difference.field))
        room = max(2 * style.width - 2 * len(FIELD_INDENT), LEAST_NAME)
        parts.append(f"{safe(difference.field)}: {value if style.verbose else shorten(value, room)}")
    return [FIELD_INDENT + line for line in joined(parts, " · ", style.width - len(FIELD_INDENT))]


def _field(difference: Difference, entry: Entry, label_room: int, mixed: bool, style: Style) -> list[str]:
    """`    + skills.Billing: 50`, `      team:          Support -> Sales (drift)`."""
    palette = style.palette
    label = pad(shorten(entry.label, label_room - 1) + ":", label_room)
    suffixes = []
    if mixed and difference.cause and not style.audit:
        suffixes.append(palette.dim(f"({CAUSES.get(difference.cause, difference.cause.value)})"))
    if difference.problem:
        suffixes.append(palette.red(BLOCKED))
    suffix = " ".join(suffixes)
    room = style.width - len(FIELD_INDENT) - label_room - 1
    sign, text = _change(entry, room - (columns(_plain(suffix)) + 1 if suffix else 0), style)
    used = columns(_plain(text))
    head = f"    {sign} {label}"
    if style.verbose or used + (1 + columns(_plain(suffix)) if suffix else 0) <= room:
        return [f"{head} {text} {suffix}".rstrip()]
    more = [f"{FIELD_INDENT}  {suffix}"] if suffix else []
    return [f"{head} {text}", *more] if used <= room else [head.rstrip(), f"{FIELD_INDENT}  {text}", *more]


def _change(entry: Entry, room: int, style: Style) -> tuple[str, str]:
    palette = style.palette
    if not entry.live and not entry.sign:
        return " ", entry.declared
    if style.audit:
        left, right = (entry.live, entry.declared) if style.verbose else fit(entry.live, entry.declared, room - 16)
        return " ", f"live {left}, expected {palette.bold(right)}"
    if entry.sign:
        value = entry.declared if entry.sign == "+" else entry.live
        value = value if style.verbose else shorten(value, max(room, 8))
        paint = palette.green if entry.sign == "+" else palette.red
        return paint(entry.sign), paint(value)
    left, right = (entry.live, entry.declared) if style.verbose else fit(entry.live, entry.declared, room - 4)
    return " ", f"{left} {palette.dim('->')} {palette.bold(right)}"


def _notes(step: Step, style: Style) -> Iterator[str]:
    for note in notes_of(step):
        text = safe(scrubbed(note, step, style.kinds))
        for line in wrap(f"note: {text}", style.width - len(FIELD_INDENT)):
            yield FIELD_INDENT + style.palette.dim(line)
