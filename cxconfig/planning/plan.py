"""The result model: what a run found, what it would do, and what became of it. Frozen values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cxconfig.errors import CxconfigError, Place
from cxconfig.kinds import Action, Cause, Desired, Difference, Values


@dataclass(frozen=True, slots=True)
class Recorded:
    """One object as the Pulumi state holds it: `inputs` are what was last applied, in the form of the state.

    `origin`: the mark of the live tenant that it is in, "" when that is not known.
    """

    kind: str
    key: str
    inputs: Mapping[str, Any]
    urn: str = ""
    origin: str = ""
    refreshed: frozenset[str] = frozenset()
    """The fields whose recorded values were read by a refresh: of these nobody knows what was applied."""
    was: str = ""
    """The key under which the engine knows it still, where that is another one: it was renamed, or is to be."""

    @property
    def known(self) -> bool:
        """Does the engine know it under its key?"""
        return bool(self.urn) and not self.was


@dataclass(frozen=True, slots=True)
class Kept:
    """What a replacement was to carry over to an object, and did not come to.

    `origin`: the mark of the object's live tenant; `time`: when it was to be replaced (ISO 8601). `made`: the object
    was created again, and lacked these when it was read back, or could not be read. `recorded`: a mark of what was
    recorded of it then, "" when nothing was (see `planning.kept.mark`).
    The values are in memory only: they are not shown, handed over, recorded or logged.
    """

    kind: str
    key: str
    origin: str
    time: str
    values: Mapping[str, Any] = field(repr=False)
    made: bool = False
    recorded: str = ""

    def rest(self, desired: Desired) -> Values:
        """What is not managed: not declared, or ignored as of the object that was there."""
        managed = desired.compared().fields
        return {name: value for name, value in self.values.items() if name not in managed}

    def added_to(self, desired: Desired) -> Desired:
        """The object with these values; what is managed goes before them."""
        return replace(desired, fields={**desired.fields, **self.rest(desired)})

    def named(self, desired: Desired) -> list[str]:
        """The fields that it gives to an object, or another value, without what is empty either way."""
        rest = self.rest(desired).items()
        return sorted(n for n, value in rest if (value != desired.fields[n] if n in desired.fields else value))

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.time).astimezone(UTC)

    @property
    def when(self) -> str:
        return f"{self.moment:%Y-%m-%d at %H:%M UTC}"


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one object.

    `differences`: for create every managed field with live None. `problems`: why it cannot be done, each ending with
    the way out; a plan with a problem is never applied. `recorded`: the Pulumi state knows the object. `exists`: it
    was seen live. `was`: the key under which it is still recorded or live. `call`: the API call behind create, disable
    and delete. `notes`: what the user should know and what changes nothing. `unread`: it could not be read, for which
    it has a problem. `follows`: the kind whose step renames it. `spent`: the key in a `was` that can be removed.
    """

    kind: str
    key: str
    action: Action
    cause: Cause | None = None
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    call: str = ""
    place: Place | None = None
    recorded: bool = False
    exists: bool = False
    was: str = ""
    unread: bool = False
    follows: str = ""
    spent: str = ""

    @property
    def declared(self) -> bool:
        """Does the object stand in the YAML?"""
        return self.cause not in (Cause.REMOVED, Cause.UNDECLARED)

    @property
    def missing(self) -> bool:
        """Is it absent, and nothing can create it?"""
        return self.action is Action.CREATE and not self.call and bool(self.problems)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """More than one run may do to the objects of a kind: such a plan is not applied.

    `counts`: by action, `keys`: those objects; `base`: how many are known; `allowed`: how many of them it may be.
    """

    kind: str
    counts: Mapping[Action, int]
    allowed: int
    base: int
    keys: tuple[str, ...]
    what: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one comparison found. `steps` holds only objects with something to do or to say.

    `declared`: number of declared objects by kind id, for the counts. `warnings`: about the whole run. `exceeded`: the
    limits that it does not keep.
    """

    tenant: str
    steps: tuple[Step, ...]
    declared: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    exceeded: tuple[Exceeded, ...] = ()

    @property
    def blocked(self) -> bool:
        """Is there anything for which it is not applied?"""
        return bool(self.problems or self.exceeded)

    @property
    def problems(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.problems)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that an up would carry out, including those that only renew the record."""
        return tuple(step for step in self.steps if step.action is not Action.NONE)

    @property
    def pending(self) -> tuple[Step, ...]:
        """The changes without adoptions of objects that are live as declared: those only get a record."""
        return tuple(step for step in self.changes if step.action is not Action.ADOPT or step.differences)

    @property
    def undeclared(self) -> tuple[Step, ...]:
        """Live objects that were never declared, and that are only reported."""
        return tuple(s for s in self.steps if s.cause is Cause.UNDECLARED and s.action is Action.NONE)

    @property
    def unchanged(self) -> int:
        touched = sum(1 for s in self.steps if s.declared and (s.action is not Action.NONE or s.unread))
        return sum(self.declared.values()) - touched


class Fate(StrEnum):
    """What became of one step."""

    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    """The run ended, or what it depends on failed, before it was begun."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step and what became of it; `error` for a failed one."""

    step: Step
    fate: Fate
    error: CxconfigError | None = None


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """A file with `count` passwords that were generated, to be handed out."""

    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a command prints at its end. `command`: preview, up, refresh, destroy or audit.

    `outcomes` is None when nothing was to be applied (preview, audit); `seconds` is the wall time, `reads` the number
    of objects that were read live. `passwords`: the files with generated ones, of this run and of earlier ones.
    """

    command: str
    plan: Plan
    outcomes: tuple[Outcome, ...] | None = None
    errors: tuple[CxconfigError, ...] = ()
    seconds: float = 0.0
    reads: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    passwords: tuple[PasswordFile, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes or () if o.fate is not Fate.DONE)

    @property
    def exit_code(self) -> int:
        """preview, refresh and audit: 0 nothing to do, 2 changes or drift, 1 error. up and destroy: 0 done, 1 error.

        To take over what is live as declared is no change: a preview after an export is empty.
        Objects that are not declared are drift to an audit; to a preview only when an up would remove them.
        """
        if self.errors or self.failed or (self.plan.blocked and self.command != "audit"):
            return 1  # to an audit, drift that no up can repair is drift like any other
        if any(step.unread for step in self.plan.steps):
            return 1
        if self.command in {"up", "destroy"}:
            return 0
        return 2 if self.plan.pending or (self.command == "audit" and self.plan.undeclared) else 0
