"""A result as data for programs; the shape is documented in docs/output-formats.md and changes only with `FORMAT`.

Secrets are never in it, personal data is masked as in the text report. Keys always stand in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cxconfig.errors import (
    CxconfigError,
    EngineFailed,
    Excerpt,
    InputError,
    InputErrors,
    Interrupted,
    LiveError,
    ObjectError,
    Place,
    StackLocked,
)
from cxconfig.kinds import Action, Cause, Difference, Registry, SecretRef
from cxconfig.planning.plan import Exceeded, Outcome, Result, Step
from cxconfig.reports.counts import unchanged
from cxconfig.reports.folding import ORDER
from cxconfig.reports.values import SECRET, Kinds, masked, scrubbed

FORMAT = 1
"""Raised when a key changes its meaning or goes; a new key does not raise it."""
INTERRUPTED = 130


def to_json(result: Result, registry: Registry) -> dict[str, Any]:
    """What `--format json` prints for preview, up, refresh, destroy and audit."""
    kinds = Kinds(registry)
    plan = result.plan
    return {
        "format": FORMAT,
        "command": result.command,
        "tenant": plan.tenant,
        "exit_code": result.exit_code,
        "counts": _counts(result, kinds),
        "warnings": list(plan.warnings),
        "steps": [_step(step, kinds) for step in plan.steps],
        "problems": [
            {**_object(step), "problem": _problem(text, step, kinds)}
            for step in plan.problems
            for text in step.problems
        ],
        "limits": [_exceeded(one) for one in plan.exceeded],
        "outcomes": None if result.outcomes is None else [_outcome(outcome, kinds) for outcome in result.outcomes],
        "passwords": [{"file": file.path, "count": file.count} for file in result.passwords],
        "errors": _flat(result.errors),
        "seconds": round(result.seconds, 3),
        "reads": result.reads,
    }


def errors_to_json(errors: Iterable[CxconfigError], *, command: str = "", tenant: str = "") -> dict[str, Any]:
    """What `--format json` prints for a command that ended with errors before there was a result."""
    errors = tuple(errors)
    exit_code = INTERRUPTED if any(isinstance(error, Interrupted) for error in errors) else 1
    return {"format": FORMAT, "command": command, "tenant": tenant, "exit_code": exit_code, "errors": _flat(errors)}


def error_to_json(error: CxconfigError) -> dict[str, Any]:
    """One error as data; `type` is the class name of the error tree."""
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "what": error.what,
        "way_out": error.way_out,
        "place": _place(error.place),
    }
    if isinstance(error, InputError):
        found |= {"path": error.path, "rule": error.rule, "also": [_place(also) for also in error.also]}
        found["excerpt"] = _excerpt(error.excerpt)
    if isinstance(error, ObjectError):
        found |= {"kind": error.kind, "key": error.key}
    if isinstance(error, EngineFailed):
        found |= {"details": list(error.details)}
    if isinstance(error, StackLocked):
        found |= {"host": error.host, "pid": error.pid, "stale": error.stale}
    if isinstance(error, LiveError):
        found |= {
            "system": error.system,
            "endpoint": error.endpoint,
            "status": error.status,
            "said": error.said,
            "request_id": error.request_id,
        }
    return found


def _flat(errors: Iterable[CxconfigError]) -> list[dict[str, Any]]:
    found = []
    for error in errors:
        found += [error_to_json(e) for e in (error.errors if isinstance(error, InputErrors) else (error,))]
    return found


def _counts(result: Result, kinds: Kinds) -> dict[str, dict[str, int]]:
    """By kind: declared, unchanged, and every action that occurs."""
    plan = result.plan
    by_kind: dict[str, list[Step]] = {kind: [] for kind in plan.declared}
    for step in plan.steps:
        by_kind.setdefault(step.kind, []).append(step)
    found = {}
    for kind in kinds.order(set(by_kind)):
        declared, steps = plan.declared.get(kind, 0), by_kind[kind]
        counts = {"declared": declared, "unchanged": unchanged(declared, steps)}
        for action in ORDER[:-1]:
            counts[action.value] = sum(1 for step in steps if step.action is action)
        counts["undeclared"] = sum(1 for s in steps if s.cause is Cause.UNDECLARED and s.action is not Action.FORGET)
        counts["problems"] = sum(1 for step in steps if step.problems)
        found[kind] = counts
    return found


def _object(step: Step) -> dict[str, Any]:
    return {"kind": step.kind, "key": step.key, "place": _place(step.place)}


def _step(step: Step, kinds: Kinds) -> dict[str, Any]:
    return {
        **_object(step),
        "action": step.action.value,
        "cause": step.cause.value if step.cause else None,
        "exists": step.exists,
        "recorded": step.recorded,
        "unread": step.unread,
        "was": step.was,
        "follows": step.follows,
        "call": step.call,
        "differences": [_difference(difference, step, kinds) for difference in step.differences],
        "problems": [_problem(text, step, kinds) for text in step.problems],
        "notes": [scrubbed(text, step, kinds) for text in step.notes],
    }


def _problem(text: str, step: Step, kinds: Kinds) -> str:
    """Without the object before it: that has keys of its own here."""
    return scrubbed(text.removeprefix(f"{kinds.singular(step.kind)} {step.key}: "), step, kinds)


def _difference(difference: Difference, step: Step, kinds: Kinds) -> dict[str, Any]:
    spec = kinds.spec(step.kind, difference.field)
    live, declared = (None if spec.secret else _value(v, spec.private) for v in (difference.live, difference.declared))
    return {
        "field": difference.field,
        "live": live,
        "declared": declared,
        "secret": spec.secret,
        "masked": spec.private,
        "cause": difference.cause.value if difference.cause else None,
        "call": difference.call,
        "problem": scrubbed(difference.problem, step, kinds),
    }


def _value(value: Any, private: bool) -> Any:
    if isinstance(value, SecretRef):
        return SECRET
    if private:
        return masked(value)
    if isinstance(value, Mapping):
        return {str(name): _value(inner, False) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(inner, False) for inner in value]
    return value


def _exceeded(one: Exceeded) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "counts": {action.value: count for action, count in one.counts.items()},
        "allowed": one.allowed,
        "of": one.base,
        "keys": list(one.keys),
        "what": one.what,
        "way_out": one.way_out,
    }


def _outcome(outcome: Outcome, kinds: Kinds) -> dict[str, Any]:
    error = error_to_json(outcome.error) if outcome.error else None
    if error:
        error = {n: scrubbed(v, outcome.step, kinds) if isinstance(v, str) else v for n, v in error.items()}
    return {
        **_object(outcome.step),
        "action": outcome.step.action.value,
        "fate": outcome.fate.value,
        "error": error,
    }


def _excerpt(excerpt: Excerpt | None) -> dict[str, Any] | None:
    return {"text": excerpt.text, "column": excerpt.column, "width": excerpt.width} if excerpt else None


def _place(place: Place | None) -> dict[str, Any] | None:
    return {"file": place.file, "line": place.line, "column": place.column} if place else None
