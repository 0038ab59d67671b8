"""A result or an error as findings: one sentence each, at a place in the files, for code scanning and annotations.

Texts are harmless and hold no secret, as in the text report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cxconfig.cells import safe
from cxconfig.errors import CxconfigError, Excerpt, InputError, InputErrors, Interrupted, Place
from cxconfig.handed_out import told
from cxconfig.kinds import Action, Cause, Registry
from cxconfig.planning.plan import Exceeded, Fate, Outcome, Result, Step
from cxconfig.reports.blocks import why
from cxconfig.reports.counts import DONE_WORDS, spent
from cxconfig.reports.folding import label, names
from cxconfig.reports.mishaps import said
from cxconfig.reports.values import Entry, Kinds, entries, scrubbed

MOST_ENTRIES = 12
"""So many differing entries of one object are told in its sentence."""


class Level(StrEnum):
    """How bad it is; the words are those of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(StrEnum):
    """What kind of finding it is: a stable id."""

    INPUT = "input"
    DRIFT = "drift"
    CHANGE = "change"
    BLOCKED = "blocked"
    FAILED = "failed"
    LAYOUT = "layout"
    RUN = "run"


MEANINGS = {
    Rule.INPUT: "A mistake in the files of a tenant; nothing is applied while there is one.",
    Rule.DRIFT: "A live object is not as the files declare it.",
    Rule.CHANGE: "An up would change a live object, because the files changed.",
    Rule.BLOCKED: "An object cannot be brought to what the files declare.",
    Rule.FAILED: "A live object could not be changed.",
    Rule.LAYOUT: "A file is not laid out as `cxconfig fmt` lays it out.",
    Rule.RUN: "Something about the whole run.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`title`: what it is about, in a few words. `kind`: for `Rule.RUN`, the class of the error."""

    rule: Rule
    level: Level
    title: str
    message: str
    place: Place | None = None
    excerpt: Excerpt | None = None
    also: tuple[Place, ...] = ()
    kind: str = ""


def of_error(error: CxconfigError) -> list[Finding]:
    """One finding for an error, one for each mistake of `InputErrors`."""
    if isinstance(error, InputErrors):
        return [finding for mistake in error.errors for finding in of_error(mistake)]
    if isinstance(error, InputError):
        message = _text(error.what, error.way_out)
        title = safe(error.path) or "configuration"
        return [Finding(Rule.INPUT, Level.ERROR, title, message, error.place, error.excerpt, error.also)]
    kind = type(error).__name__
    title = "interrupted" if isinstance(error, Interrupted) else "error"
    return [Finding(Rule.RUN, Level.ERROR, title, _text(*said(error)), error.place, kind=kind)]


def of_result(result: Result, registry: Registry) -> list[Finding]:
    """The run's warnings, what differs, what cannot be applied, what failed, and the run's errors, in this order."""
    kinds = Kinds(registry)
    found = [
        Finding(Rule.RUN, Level.WARNING, "warning", safe(text), kind="Warning")
        for text in dict.fromkeys(result.plan.warnings)
    ]
    if result.outcomes is None or result.command == "refresh":
        found += [_difference(step, result.command, kinds) for step in result.plan.pending if not step.problems]
        found += [finding for step in result.plan.problems for finding in _problems(step, result.command, kinds)]
        found += [_exceeded(one, kinds) for one in result.plan.exceeded]
        found += _undeclared(result, kinds)
    for outcome in result.outcomes or ():
        if outcome.fate is not Fate.DONE and outcome.step.action is not Action.NONE:
            found.append(_outcome(outcome, kinds))
    found += [Finding(Rule.RUN, Level.NOTE, "passwords", safe(told(f)), kind="Passwords") for f in result.passwords]
    found += [Finding(Rule.RUN, Level.NOTE, "was", text, kind="Spent") for text in spent(result.plan, kinds.noun)]
    known = {id(outcome.error) for outcome in result.outcomes or ()}
    return found + [finding for error in result.errors if id(error) not in known for finding in of_error(error)]


def _difference(step: Step, command: str, kinds: Kinds) -> Finding:
    """`user jdoe differs: skills.English: live 50, expected 90`; `user jdoe: to update (drift): ...`."""
    audit = command == "audit"
    drift = audit or step.cause in (Cause.DRIFT, Cause.BOTH)
    name = _name(step, kinds)
    said_of_it = _audit_words(step) if audit else f": to {step.action.value}" + (f" ({why(step)})" if why(step) else "")
    changes = [] if step.action is Action.CREATE else list(_changes(step, audit, kinds))
    more = f"; and {len(changes) - MOST_ENTRIES:,} more" if len(changes) > MOST_ENTRIES else ""
    rest = f": {'; '.join(changes[:MOST_ENTRIES])}{more}" if changes else ""
    return Finding(
        Rule.DRIFT if drift else Rule.CHANGE,
        Level.WARNING if drift else Level.NOTE,
        name,
        f"{name}{said_of_it}{rest}",
        step.place,
    )


def _undeclared(result: Result, kinds: Kinds) -> Iterator[Finding]:
    """Live objects that are only reported, in one sentence for each kind and note: they have no place in the files."""
    alike: dict[tuple[str, str], list[str]] = {}
    for step in result.plan.undeclared:
        note = "; ".join(safe(scrubbed(text, step, kinds)) for text in step.notes)
        alike.setdefault((step.kind, note), []).append(step.key)
    level = Level.WARNING if result.command == "audit" else Level.NOTE
    for (kind, note), keys in alike.items():
        verb = "is" if len(keys) == 1 else "are"
        more = f" ({note})" if note else ""
        message = f"{kinds.noun(kind, len(keys))} {verb} live and not declared: {names(keys, MOST_ENTRIES)}{more}"
        yield Finding(Rule.DRIFT, level, f"{kinds.title(kind)} not declared", message)


def _audit_words(step: Step) -> str:
    if step.cause is Cause.UNDECLARED:
        return " is live and not declared"
    words = {Action.CREATE: "is missing", Action.UPDATE: "differs"}
    return f" {words.get(step.action, f'is to be {DONE_WORDS[step.action]}')}"


def _changes(step: Step, audit: bool, kinds: Kinds) -> Iterator[str]:
    for difference in step.differences:
        for entry in entries(difference, kinds.spec(step.kind, difference.field), kinds.get(step.kind)):
            yield f"{entry.label}: {_audited(entry) if audit else _planned(entry)}"


def _audited(entry: Entry) -> str:
    return f"live {entry.live}, expected {entry.declared}" if entry.live else entry.declared


def _planned(entry: Entry) -> str:
    if entry.sign:
        return f"+ {entry.declared}" if entry.sign == "+" else f"- {entry.live}"
    return f"{entry.live} -> {entry.declared}" if entry.live else entry.declared


def _problems(step: Step, command: str, kinds: Kinds) -> Iterator[Finding]:
    """To an audit, drift that no up can repair is drift like any other."""
    level = Level.WARNING if command == "audit" and not step.unread else Level.ERROR
    cannot = "cannot be read" if command == "audit" and step.unread else "cannot be applied"
    name = _name(step, kinds)
    changes = list(_changes(step, command == "audit", kinds))[:MOST_ENTRIES]
    for text in dict.fromkeys(step.problems):
        clean = safe(scrubbed(text.removeprefix(f"{kinds.singular(step.kind)} {step.key}: "), step, kinds))
        told = f" ({'; '.join(changes)})" if changes else ""
        yield Finding(Rule.BLOCKED, level, name, f"{name} {cannot}: {clean}{told}", step.place)


def _exceeded(one: Exceeded, kinds: Kinds) -> Finding:
    title = f"too much for one run: {kinds.title(one.kind)}"
    return Finding(Rule.BLOCKED, Level.ERROR, title, _text(one.what, one.way_out))


def _outcome(outcome: Outcome, kinds: Kinds) -> Finding:
    step = outcome.step
    name = _name(step, kinds)
    if outcome.fate is Fate.NOT_TRIED:
        message = f"{name}: {step.action.value} was not tried"
        return Finding(Rule.FAILED, Level.WARNING, name, message, step.place)
    reasons = said(outcome.error) if outcome.error else ["no reason is known"]
    message = _text(f"{name}: {step.action.value} failed", *(scrubbed(text, step, kinds) for text in reasons))
    return Finding(Rule.FAILED, Level.ERROR, name, message, step.place)


def _name(step: Step, kinds: Kinds) -> str:
    return f"{kinds.singular(step.kind)} {safe(label(step))}"


def _text(*texts: str) -> str:
    """The lines of a message, each harmless."""
    lines: Sequence[str] = [line for text in texts for line in text.split("\n") if line]
    return "\n".join(safe(line) for line in lines)
