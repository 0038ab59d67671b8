"""One run of the engine over the steps of a plan: targets in, announced and applied steps out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pulumi import automation
from pulumi.automation import OpType
from pulumi.automation.errors import CommandError

from cxconfig.engine.locks import lock_in
from cxconfig.engine.program import register
from cxconfig.engine.resources import Resource, urn_of
from cxconfig.engine.runs import Run
from cxconfig.engine.stack import MAX_TARGETS, PROJECT, REPAIR, Stack, state_way_out
from cxconfig.engine.steps import QUIET, dependents, handed_steps, resources_for
from cxconfig.errors import CxconfigError, EngineFailed, Interrupted
from cxconfig.handed_out import file_for
from cxconfig.kinds import Registry
from cxconfig.language import Tenant
from cxconfig.planning.compare import World
from cxconfig.planning.handover import ENVIRONMENT, Handover
from cxconfig.planning.plan import Plan, Recorded
from cxconfig.tenancy import kind_settings

T = TypeVar("T")

APPLY = {"continue_on_error": True, "parallel": 16}
"""A refused object does not stop the others; how many steps at a time is up to the dynamic host."""
SKIP_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"
_OUT_OF_ORDER = re.compile(r"^Write Error: +(\S.*)$", re.MULTILINE)
ENDED = frozenset({0, 1, 255})
"""Exit codes of an engine that came to its end: no signal (negative), no panic (2)."""


class EngineRun:
    """`saved`: the engine has written its state; `settled`: and what it does not hold was told the next run.

    `keep`: the run's folder must outlive it.
    """

    def __init__(self, stack: Stack, registry: Registry, world: World, tenant: Tenant, run: Run) -> None:
        self.stack = stack
        self.registry = registry
        self.world = world
        self.tenant = tenant
        self.run = run
        self.saved = False
        self.settled = False
        self.keep = False
        self.interrupted = False
        self._environment: dict[str, str] = {}

    def hand_over(self, plan: Plan) -> None:
        handover = Handover(
            tenant=self.tenant.name,
            folder=str(self.tenant.folder),
            journal=str(self.run.journal.path),
            systems={name: entry.values for name, entry in self.tenant.systems.items()},
            settings=kind_settings(self.tenant),
            steps=handed_steps(plan, self.world, self.registry),
            environments=self.tenant.environments,
            passwords=str(file_for(self.tenant.folder, self.tenant.name)),
            successors=self.world.successors,
        )
        self._environment = {ENVIRONMENT: str(self.run.hand_over(handover))}
        if self.stack.local is not None:
            # The journal lies beside the state, so a state that is written only at the end loses nothing.
            self._environment[SKIP_CHECKPOINTS] = "true"

    def preview(self, plan: Plan, *, full: bool) -> dict[str, str]:
        """What the engine would do: URN -> step, without those that change nothing."""
        announced: dict[str, str] = {}

        def listen(event: automation.EngineEvent) -> None:
            if event.resource_pre_event is not None:
                data = event.resource_pre_event.metadata
                if OpType(data.op).value not in QUIET and data.type.startswith("pulumi-python:dynamic/"):
                    announced[data.urn] = OpType(data.op).value

        known = [s for s in plan.changes if s.recorded or (s.kind, s.key) in self.world.desired]
        if not known and not full:
            return announced  # all that is to be done is to remove what the engine has not heard of yet
        if self._destroys:
            self._do("preview_destroy", known, full, listen)
        else:
            self._do("preview", known, full, listen, refresh=full or None)
        return announced

    def apply(self, plan: Plan, *, full: bool, on_step: Callable[[int], None]) -> CxconfigError | None:
        """Carry the plan out; the error that the engine ended with, None when it did not."""

        def listen(event: automation.EngineEvent) -> None:
            done = event.res_outputs_event
            if done is not None and OpType(done.metadata.op).value not in QUIET:
                on_step(1)

        try:
            if self._destroys:
                self._do("destroy", plan.changes, full, listen, **APPLY)
            else:
                self._do("up", plan.changes, full, listen, **APPLY, refresh=full or None)
        except EngineFailed as failure:
            return failure
        return None

    def refresh(self, plan: Plan, *, full: bool) -> None:
        """Have the engine read what the plan says has changed, and record it."""
        self._do("refresh", plan.changes, full, None)

    def adopt(self, recorded: Sequence[Recorded]) -> None:
        """Record objects so that the engine knows them; the host reads and writes nothing.

        They are always given as targets, in several runs when they are too many for one: without targets the engine
        would take everything else for gone.
        """
        for group in in_groups(recorded, lambda r: len(self._urn(r)), MAX_TARGETS):
            resources = [Resource(r.kind, r.key, r.inputs, was=r.was) for r in group]
            self._execute("up", resources, {"target": [self._urn(r) for r in group]})

    def _urn(self, recorded: Recorded) -> str:
        return urn_of(PROJECT, self.stack.name, recorded.kind, recorded.key)

    @property
    def _destroys(self) -> bool:
        return not self.world.desired

    def _do(self, verb: str, steps: Sequence[Any], full: bool, listen: Any, **options: Any) -> None:
        keys = [(s.kind, s.key) for s in steps]
        keys += dependents(self.registry, self.world, steps)
        targets = [urn_of(PROJECT, self.stack.name, kind, key) for kind, key in keys]
        if full or sum(len(target.encode()) for target in targets) > MAX_TARGETS:
            keys = list(self.world.desired)
        else:
            options["target"] = targets
        self._execute(verb, resources_for(self.registry, self.world, keys), {**options, "on_event": listen})

    def _execute(self, verb: str, resources: Sequence[Resource], options: dict[str, Any]) -> None:
        said: list[str] = []
        further = options.pop("on_event", None)

        def listen(event: automation.EngineEvent) -> None:
            if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
                said.append(event.diagnostic_event.message)
            if further is not None:
                further(event)

        stack, command = self.stack.open(lambda: register(resources), self._environment)
        options = {**{k: v for k, v in options.items() if v is not None}, "on_event": listen, "color": "never"}
        if verb in {"preview", "up"}:
            options["suppress_outputs"] = True
        self.saved = False
        before = self.stack.saved_at
        try:
            with warnings.catch_warnings():
                # Said on the way when the engine is killed; that is told in our own words.
                warnings.filterwarnings("ignore", "Error in event stream", UserWarning)
                getattr(stack, verb)(**options)
            self.saved = True
        except CommandError as error:
            text = str(error)
            lock = lock_in(text)
            if lock is not None:
                raise lock from None
            # An engine that was killed or crashed has not written what it did; one that ended by itself may have failed
            # to, and then it is not the state but the journal that knows.
            self.saved = command.code in ENDED and not verb.startswith("preview") and self.stack.written_since(before)
            if command.interrupted and verb.startswith("preview"):
                raise Interrupted("interrupted: nothing was applied") from None
            raise self._failed(command.code, [self.stack.shown(s) for s in _told(said, command.errors)]) from None
        finally:
            self.interrupted = self.interrupted or command.interrupted

    def _failed(self, code: int, told: Sequence[str]) -> EngineFailed:
        if code in ENDED:
            return EngineFailed("the engine ended with an error", details=told, way_out=state_way_out(self.stack, told))
        again = "What it did until then is known: run again, with --unlock."
        if code < 0:
            return EngineFailed(f"the engine was killed (signal {-code})", way_out=again)
        return EngineFailed(f"the engine crashed (exit code {code})", details=told, way_out=again)


def in_groups(things: Sequence[T], size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """The things in order, in groups of which each has at most that size, or is a single one."""
    group: list[T] = []
    taken = 0
    for thing in things:
        if group and taken + size(thing) > most:
            yield group
            group, taken = [], 0
        group.append(thing)
        taken += size(thing)
    if group:
        yield group


def _told(said: Sequence[str], text: str) -> list[str]:
    """The engine's own errors, else the last lines of what it printed."""
    lines = [line.strip() for message in said for line in message.splitlines() if line.strip()]
    if REPAIR in text:  # followed by pages of what its makers want to know
        lines += [f"the state is out of order: {why}" for why in _OUT_OF_ORDER.findall(text)]
        lines.append(f"the engine advises `pulumi {REPAIR}`")
    if not lines:
        lines = [line.strip() for line in text.splitlines() if line.strip()][-8:]
    return list(dict.fromkeys(lines))[:20]
