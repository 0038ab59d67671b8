"""One entry of a plan as lines: who, why, and what changes field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cxconfig.errors import Place
from cxconfig.kinds import Action, Cause, Difference
from cxconfig.planning.plan import Step
from cxconfig.reports.cells import columns, joined, pad, safe, shorten, wrap
from cxconfig.reports.folding import Folded, names
from cxconfig.reports.palette import Palette
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
    Action.ADOPT: ">",
    Action.DISABLE: "x",
    Action.DELETE: "-",
    Action.FORGET: ".",
    Action.RECORD: ".",
    Action.NONE: " ",
}
CAUSES = {Cause.NEW: "new", Cause.EDIT: "edited", Cause.DRIFT: "drift", Cause.BOTH: "edited and drift"}
AUDIT_MARKS = {Action.CREATE: "-", Action.UPDATE: "~"}
AUDIT_WORDS = {Action.CREATE: "missing", Action.UPDATE: "differs"}
FIRST_NAMES = 3
FIRST_NAMES_LOST = 10
"""Of objects that go or are missing, more names are shown."""


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: `audit` says expected and live where a plan says old -> new."""

    kinds: Kinds
    palette: Palette
    width: int
    verbose: bool
    audit: bool


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
    if step.action is Action.CREATE and step.cause in (Cause.DRIFT, Cause.BOTH):
        return "gone live" if step.cause is Cause.DRIFT else "gone live and edited"
    if step.action is Action.ADOPT:
        return "exists live, " + ("as declared" if not step.differences else "differs")
    if step.action is Action.FORGET:
        return "removed from the YAML, " + ("stays as it is live" if step.exists else "gone live")
    if step.action is Action.RECORD:
        return "live as declared, only the record changes"
    if step.cause is Cause.REMOVED:
        return step.cause.value
    return CAUSES[step.cause] if step.cause else ""


def _single(step: Step, style: Style) -> list[str]:
    mark, word = _action(step, style)
    reason = _reason(step, style)
    place = place_text(step.place)
    fixed = 2 + len(mark) + 1 + len(word) + 1 + (2 + columns(reason) if reason else 0)
    place_room = max(min(style.width, PLACE_COLUMN) - fixed - LEAST_NAME - 3, 0) if place else 0
    name = safe(step.key)
    if not style.verbose:
        place = shorten(place, max(place_room, LEAST_NAME))
        name = shorten(name, max(style.width - fixed - (columns(place) + 3 if place else 0), LEAST_NAME))
    used = fixed + columns(name)
    gap = max(min(style.width, PLACE_COLUMN) - used - columns(place), 3)
    painted = style.palette.action(step.action, f"{mark} {word}")
    line = f"  {painted} {style.palette.bold(name)}" + (f"  {style.palette.dim(reason)}" if reason else "")
    if place and used + 3 + columns(place) > style.width:
        return [line, FIELD_INDENT + style.palette.dim(place)]
    return [line + (" " * gap + style.palette.dim(place) if place else "")]


def _several(entry: Folded, style: Style) -> list[str]:
    mark, word = _action(entry.step, style)
    going = entry.step.action in (Action.DISABLE, Action.DELETE) or (style.audit and entry.step.action is Action.CREATE)
    keys = [step.key for step in entry.steps]
    reason = _reason(entry.step, style)
    count = style.kinds.noun(entry.step.kind, len(keys))
    head = f"  {style.palette.action(entry.step.action, f'{mark} {word}')} {style.palette.bold(count)}"
    who = names(keys, FIRST_NAMES_LOST if going else FIRST_NAMES)
    used = 2 + len(mark) + 1 + len(word) + 1 + columns(count) + (2 + columns(reason) if reason else 0)
    head += f"  {style.palette.dim(reason)}" if reason else ""
    if used + 2 + columns(who) <= style.width:
        return [f"{head}: {who}"]
    return [f"{head}:", *(FIELD_INDENT + line for line in wrap(who, style.width - len(FIELD_INDENT)))]


def _action(step: Step, style: Style) -> tuple[str, str]:
    if style.audit:
        return AUDIT_MARKS.get(step.action, MARKS[step.action]), AUDIT_WORDS.get(step.action, step.action.value)
    return MARKS[step.action], step.action.value


def _reason(step: Step, style: Style) -> str:
    return "" if style.audit else why(step)


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
    lines = [_field(difference, entry, label_room, mixed, style) for difference, entry in shown]
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


def _field(difference: Difference, entry: Entry, label_room: int, mixed: bool, style: Style) -> str:
    """`    + skills.Billing: 50`, `      team:          Support -> Sales  drift`."""
    palette = style.palette
    label = pad(shorten(entry.label, label_room - 1) + ":", label_room)
    suffix = "cannot be applied" if difference.problem else ""
    if mixed and difference.cause and not style.audit:
        suffix = ", ".join(filter(None, [CAUSES.get(difference.cause, difference.cause.value), suffix]))
    room = style.width - len(FIELD_INDENT) - label_room - 1 - (columns(suffix) + 2 if suffix else 0)
    sign, text = _change(entry, room, style)
    if suffix:
        text += "  " + (palette.red(suffix) if difference.problem else palette.dim(suffix))
    return f"    {sign} {label} {text}".rstrip()


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
    for note in step.notes:
        text = safe(scrubbed(note, step, style.kinds))
        for line in wrap(f"note: {text}", style.width - len(FIELD_INDENT)):
            yield FIELD_INDENT + style.palette.dim(line)
