"""The sentences at the end of a report: what is to be done, what was done, what is as declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cxconfig.kinds import Action, Cause
from cxconfig.planning.limits import DONE
from cxconfig.planning.plan import Fate, Outcome, Plan, Result, Step
from cxconfig.reports.folding import by_action, names

MOST_SPENT = 5

DONE_WORDS = {
    **DONE,
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
    Action.RECORD: "recorded",
    Action.NONE: "left",
}


def objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def planned(steps: Iterable[Step]) -> str:
    """`3 to create, 300 to adopt (2 with changes)`."""
    parts = []
    for action, group in by_action(steps):
        if action is Action.NONE:
            continue
        missing = sum(1 for step in group if step.missing)
        parts += [f"{missing:,} missing"] if missing else []
        if missing == len(group):
            continue
        changed = sum(1 for step in group if step.differences)
        more = f" ({changed:,} with changes)" if action is Action.ADOPT and changed else ""
        parts.append(f"{len(group) - missing:,} to {action.value}{more}")
    return ", ".join(parts)


def audited(steps: Iterable[Step]) -> str:
    """`3 differ, 1 missing`."""
    words = {Action.CREATE: "missing", Action.UPDATE: "different"}
    return ", ".join(
        f"{len(group):,} {words.get(action, f'to {action.value}')}"
        for action, group in by_action(steps)
        if action is not Action.NONE
    )


def done(outcomes: Iterable[Outcome]) -> str:
    """`3 created, 5 updated`."""
    steps = [outcome.step for outcome in outcomes if outcome.fate is Fate.DONE]
    return ", ".join(f"{len(group):,} {DONE_WORDS[action]}" for action, group in by_action(steps))


def closing(result: Result) -> str:
    """The one line that says how it stands."""
    unknown = len(result.plan.undeclared)
    more = f" {unknown:,} live {'object is' if unknown == 1 else 'objects are'} not declared." if unknown else ""
    return _standing(result) + more


def _standing(result: Result) -> str:
    if result.outcomes and result.command != "refresh":
        return _outcome_line(result.outcomes)
    plan = result.plan
    if not plan.changes and not plan.blocked:
        return _nothing(result)
    if result.command == "refresh":
        return _refreshed(plan)
    if result.command == "audit":
        return _drift(plan)
    if not plan.pending and not plan.blocked:
        return _unrecorded(plan)
    blocked = len(plan.problems)
    end = f" {blocked:,} cannot be applied, so nothing will be." if blocked else ""
    end = end or (" That is too much for one run, so nothing will be applied." if plan.exceeded else "")
    rest = "" if result.command == "destroy" else f"; {plan.unchanged:,} unchanged"
    return f"Plan: {planned(plan.changes) or 'nothing'}{rest}.{end}"


def _drift(plan: Plan) -> str:
    """Of what could not be read nobody knows whether it drifted."""
    unread = sum(1 for step in plan.steps if step.unread)
    drifted = {(step.kind, step.key) for step in (*plan.changes, *plan.problems) if not step.unread}
    total = max(sum(plan.declared.values()), len(drifted) + unread)
    if not drifted:
        rest = total - unread
        others = f"; the other {f'{rest:,} are' if rest > 1 else 'one is'} as declared" if rest else ""
        return f"{objects(unread)} could not be read{others}."
    found = f" ({audited(plan.changes)})" if plan.changes else ""
    return f"Drift in {len(drifted):,} of {objects(total)}{found}{f'; {unread:,} could not be read' if unread else ''}."


def spent(plan: Plan, title: Callable[[str, int], str]) -> Iterator[str]:
    """One line for each kind of which objects have the key that they were to get. `title`: so many of a kind."""
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        if step.spent:
            found.setdefault(step.kind, []).append(step.key)
    for kind, keys in found.items():
        have, keyed = ("has its new key", "it") if len(keys) == 1 else ("have their new keys", "them")
        yield f"{title(kind, len(keys))} {have}, so `was` can be removed from {keyed}: {names(keys, MOST_SPENT)}"


def reading(result: Result) -> str:
    """`350 objects read in 1.8 s.`, "" when neither is known."""
    if result.reads and result.seconds:
        return f"{objects(result.reads)} read, {duration(result.seconds)}."
    if result.reads:
        return f"{objects(result.reads)} read."
    return f"{duration(result.seconds)}." if result.seconds else ""


def duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def unchanged(declared: int, steps: Iterable[Step]) -> int:
    """Of `declared` objects, those that no step changes; the same count as `Plan.unchanged`."""
    return declared - sum(1 for s in steps if s.declared and (s.action is not Action.NONE or s.unread))


def _refreshed(plan: Plan) -> str:
    """A refresh looks for drift; what the YAML changes as well is only counted."""
    drifted = sum(1 for step in plan.changes if step.cause in (Cause.DRIFT, Cause.BOTH))
    waiting = len(plan.changes) - sum(1 for step in plan.changes if step.cause is Cause.DRIFT)
    line = f"Drift in {drifted:,} of {objects(sum(plan.declared.values()))}" if drifted else "No drift"
    if waiting:
        line += f"; {objects(waiting)} {'waits' if waiting == 1 else 'wait'} for an up because of the YAML"
    return f"{line}."


def _unrecorded(plan: Plan) -> str:
    """Everything is live as declared, and some of it is not ours yet."""
    count = len(plan.changes)
    exist, are, them = ("exists", "is", "it") if count == 1 else ("exist", "are", "them")
    return (
        f"Nothing would change live; {objects(count)} {exist} as declared and {are} not recorded yet:"
        f" `cxconfig up` records {them}."
    )


def _nothing(result: Result) -> str:
    count = sum(result.plan.declared.values())
    verb = "is" if count == 1 else "are"
    if result.errors:
        return "Not finished: see the error above."
    if result.command == "destroy":
        return "Nothing to destroy: no object is recorded."
    if result.command == "audit":
        drift = "" if result.plan.undeclared else "No drift: "
        return f"{drift}{objects(count)} {verb} as declared."
    if result.command == "refresh":
        return f"Nothing to do: what is recorded of {objects(count)} is so live." if count else "No object is recorded."
    if not count:
        return "Nothing to do: no object is declared."
    return f"Nothing to do: {objects(count)} {verb} as declared."


def _outcome_line(outcomes: tuple[Outcome, ...]) -> str:
    failed = sum(1 for outcome in outcomes if outcome.fate is Fate.FAILED)
    untried = sum(1 for outcome in outcomes if outcome.fate is Fate.NOT_TRIED)
    ends = [f"{failed:,} failed"] if failed else []
    ends += [f"{untried:,} not tried"] if untried else []
    line = f"Done: {done(outcomes) or 'nothing'}"
    return f"{line}; {', '.join(ends)}." if ends else f"{line}."
