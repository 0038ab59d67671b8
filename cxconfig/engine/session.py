"""preview, up, refresh and destroy: observe and compare first, then let the engine work on what differs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxconfig.engine.locate import Engine, locate
from cxconfig.engine.locks import held_lock, locking_hosts, remove_stale
from cxconfig.engine.runs import Run, lay_over, still_open, unfinished_runs
from cxconfig.engine.stack import PROJECT, Stack, stack_of
from cxconfig.engine.stack_secrets import resolver
from cxconfig.engine.steps import behind, catching_up, ghosts, hold_against, refresh_steps
from cxconfig.engine.throwaway import bind_anew, other_passphrase, passphrase_fits, throwaway
from cxconfig.errors import CxconfigError, InputError, InputErrors, Interrupted, OutcomeUnknown, SettingsError, about
from cxconfig.handed_out import told, waiting
from cxconfig.journal import Event, error_from_data
from cxconfig.kept_files import KeptFiles
from cxconfig.kinds import Action, Registry
from cxconfig.language import Tenant, load
from cxconfig.live import Live, Watch
from cxconfig.passphrase import OTHER_PASSPHRASE
from cxconfig.planning.compare import Key, World, compare
from cxconfig.planning.kept import dropped, needless, owed, spoilt
from cxconfig.planning.limits import NOT_RAISED, Raised, exceeded, unneeded
from cxconfig.planning.plan import Fate, Outcome, PasswordFile, Plan, Recorded, Result, Step
from cxconfig.planning.record import is_candidate, is_digest, unreadable
from cxconfig.planning.renames import followed, settled, successors, unsettled
from cxconfig.tenancy import desired_objects, digester_of, kind_settings, secrets_of

if TYPE_CHECKING:
    from cxconfig.engine.engine_run import EngineRun

GO_ON = "Run it again: what was done is not done twice."


class Session:
    """One command over one tenant in the named environments.

    `full`: let the engine go over everything instead of what differs. `raised`: limits of this run alone.
    """

    def __init__(
        self,
        folder: Path,
        registry: Registry,
        watch: Watch,
        *,
        environments: Sequence[str] = (),
        full: bool = False,
        moved: bool = False,
        raised: Raised = NOT_RAISED,
    ) -> None:
        self.began = time.monotonic()
        self.registry = registry
        self.watch = watch
        self.full = full
        self.raised = raised
        self.moved = moved
        """Is the contact centre known to be the recorded one, although its address or domain is another?"""
        self.tenant: Tenant = load(folder.resolve(), registry, environments)
        with about(self.tenant.name):
            self.digester = digester_of(self.tenant.name)
            self.engine: Engine = locate()
            self.stack: Stack = stack_of(self.tenant, self.engine)
        self.secrets = resolver(self.tenant, lambda: self.stack)
        self.live = Live(self.tenant, registry, watch, self.secrets)
        self.runs_folder = (self.stack.local or self.stack.home) / "runs" / self.tenant.name
        self.kept = KeptFiles(self.tenant.folder, self.tenant.name)
        self.unfinished: list[Run] = []
        self.saved: float | None = None
        """When the state had been written before this session wrote it."""
        self.behind: frozenset[Key] = frozenset()
        """Objects of which the state does not hold what an unfinished run did."""
        self.vouched = False
        """Does a digest in the state tell that the passphrase is the right one?"""

    def close(self) -> None:
        self.live.close()

    def look(
        self, *, declared: bool = True, reading: bool = False, stock: bool = False, following: bool = True
    ) -> World:
        """Observe and read the record, side by side. `declared=False`: as if nothing were declared (destroy).

        `reading`: nothing is to be written after this, so nobody is kept from writing. `stock`: look also for what is
        not declared, where all objects of a kind are managed. `following=False`: what was renamed stands where the
        engine has it (refresh).
        """
        try:
            world = self._look(declared, reading, following)
            world = self.live.untouchable(self.live.stock(world) if stock else world)
            self.watch.done()
            return followed(self.registry, world) if following else world
        except KeyboardInterrupt:
            raise Interrupted("interrupted: nothing was applied") from None

    def _look(self, declared: bool, reading: bool, following: bool) -> World:
        desired = desired_objects(self.tenant, self.registry) if declared else {}
        secrets = self._resolved(declared)
        self.unfinished = unfinished_runs(self.runs_folder, locking_hosts(self.stack), reading=reading)
        with ThreadPoolExecutor(1) as pool:
            recording = pool.submit(self.stack.recorded, self.registry)
            try:
                live = self.live.observe(desired) if desired else {}
            finally:
                recorded = recording.result()
        if self.saved is None:
            self.saved = self.stack.saved_at
        self._refuse_elsewhere(recorded)
        if declared:
            self._refuse_unreadable(recorded)
        digests = (value for r in recorded for value in r.inputs.values() if is_digest(value))
        self.vouched = any(self.digester.made(digest) for digest in digests)
        if not declared:
            self._refuse_other_passphrase()
        held = lay_over(recorded, self.unfinished, self.registry, self.saved)
        unread = {where: r for where, r in held.items() if where not in live}
        # What is excluded is only forgotten, whatever it is live: it must not be asked for, as nobody may answer.
        spared = {where: r for where, r in unread.items() if following and r.urn and self._excluded(r)}
        live |= self.live.observe({}, [r for where, r in unread.items() if where not in spared])
        live |= {where: {} for where in spared}
        found_as = successors(desired, held, live)
        held = settled(held, live) if following else unsettled(held)
        self.behind = behind(recorded, held)
        self.live.confirm_gone(r for where, r in held.items() if r.urn and live[where] is None)
        held = {w: r for w, r in held.items() if r.urn or (live[w] is not None and not is_candidate(r.inputs))}
        kept = self.kept.all(self.registry, self._origin)
        return World(
            self.tenant.name,
            desired,
            live,
            self.live.supporting(desired, live),
            held,
            secrets,
            kind_settings(self.tenant),
            self.digester,
            successors=found_as,
            off=dict(self.live.off),
            kept={(k.kind, k.key): k for k in kept},
            spoilt=spoilt(kept, recorded),
        )

    def _origin(self, system: str) -> str | None:
        return self.live.origin(system) if system in self.tenant.systems else None

    def _excluded(self, recorded: Recorded) -> bool:
        said = kind_settings(self.tenant).get(recorded.kind)
        return said is not None and said.excludes(recorded.key)

    def _refuse_elsewhere(self, recorded: Iterable[Recorded]) -> None:
        """Objects that were applied to another live tenant are not compared with this one: names would meet."""
        marks: dict[str, str] = {}
        elsewhere: list[str] = []
        for held in recorded:
            kind = self.registry[held.kind]
            if held.origin and not self.moved:
                here = marks.setdefault(kind.system, self.live.origin(kind.system))
                if held.origin != here:
                    elsewhere.append(f"{kind.singular} {held.key}")
        if elsewhere:
            raise SettingsError(
                f"{elsewhere[0]}{_and_more(elsewhere)}: applied to another live system than tenant.yaml names now;"
                " nothing was compared and nothing is changed",
                way_out=(
                    "Set url and scope as they were. If it is the same contact centre under a new address, run"
                    " `cxconfig refresh --moved` once; if it is another one, give it a `tenant` name of its own."
                ),
            )

    def _refuse_unreadable(self, recorded: Iterable[Recorded]) -> None:
        unsure = [r for r in recorded if unreadable(self.registry[r.kind], r.inputs, self.digester)]
        if unsure:
            raise SettingsError(
                f"secrets of {unsure[0].key}{_and_more(unsure)} were recorded under another passphrase: whether they"
                " changed cannot be told",
                way_out=OTHER_PASSPHRASE,
            )

    def _refuse_other_passphrase(self) -> None:
        """The engine would refuse it as well: later, and in words of its own."""
        if not (self.vouched or self.stack.blank or passphrase_fits(self.stack, self.runs_folder)):
            raise other_passphrase(self.stack)

    def _resolved(self, declared: bool) -> dict[Key, dict[str, str]]:
        """Check every setting and resolve every secret; all mistakes at once."""
        mistakes: list[InputError] = []
        secrets: dict[Key, dict[str, str]] = {}
        try:
            self.live.check_settings()
        except InputErrors as errors:
            mistakes += errors.errors
        try:
            secrets = secrets_of(self.tenant, self.registry, self.secrets) if declared else {}
        except InputErrors as errors:
            mistakes += errors.errors
        if mistakes:
            raise InputErrors(mistakes)
        return secrets

    def plan(self, world: World) -> Plan:
        plan = compare(self.registry, world)
        plan = replace(plan, steps=(*plan.steps, *catching_up(plan, world, self.behind)))
        said = (*self.live.warnings(), *self._weak(), *dropped(self.registry, world))
        said = (*said, *owed(self.registry, world, self.kept.path))
        return replace(plan, warnings=(*said, *plan.warnings))

    def _within_limits(self, world: World, plan: Plan) -> Plan:
        """The plan with what it does to more objects than one run may. A destroy is asked for in so many words."""
        found = exceeded(self.registry, world, plan, self.raised)
        warnings = (*plan.warnings, *unneeded(self.registry, world, plan, self.raised))
        return replace(plan, exceeded=found, warnings=warnings)

    def _weak(self) -> list[str]:
        if self.digester.keyed:
            return []
        return ["the passphrase is empty: short passwords could be guessed from the digests in the state"]

    def preview(self) -> Result:
        """Compare, and let the engine announce what it would do, if there is anything."""
        world = self.look(reading=True, stock=True)
        plan = self._within_limits(world, self.plan(world))
        if not plan.blocked and (plan.changes or self.full):
            self._refuse_other_passphrase()
            self._announced(world, plan)
        return self._result("preview", replace(plan, warnings=(*plan.warnings, *self._left_lock())))

    def _left_lock(self) -> list[str]:
        lock = held_lock(self.stack)
        if lock is None or not lock.stale:
            return []
        return [f"a run that was killed left its lock (process {lock.pid}): the next `cxconfig up` needs --unlock"]

    def up(self, confirm: Callable[[Plan], bool]) -> Result:
        """Compare, ask, have the engine announce, hold that against the comparison, apply."""
        self._refuse_locked()
        world = self.look(stock=True)
        plan = self._within_limits(world, self.plan(world))
        if plan.blocked:
            return self._result("up", plan)
        if not (plan.changes or self.full):
            self._forget_unfinished()
            self._forget_kept(world)
            return self._result("up", plan, ())
        self._refuse_other_passphrase()
        if not confirm(plan):
            raise Interrupted("Nothing was applied.")
        return self._apply("up", world, plan)

    def destroy(self, confirm: Callable[[Plan], bool]) -> Result:
        """Take every recorded object out, as its `on_remove` says; nothing at all when one is protected."""
        self._refuse_locked()
        world = self.look(declared=False)
        plan = self.plan(world)
        if plan.problems:
            return self._result("destroy", plan)
        if not plan.changes:
            self._forget_unfinished()
            self._forget_kept(world)
            return self._result("destroy", plan, ())
        if not confirm(plan):
            raise Interrupted("Nothing was applied.")
        return self._apply("destroy", world, plan)

    def refresh(self) -> Result:
        """Bring the record in line with the live systems; writes nothing live."""
        self._refuse_locked()
        world = self.look(following=False)
        self.live.refuse_off(world.desired)
        steps = refresh_steps(self.registry, world, moved=self.moved)
        plan = Plan(self.tenant.name, tuple(steps), {}, tuple(self.live.warnings()))
        recorded = world.recorded or {}
        plan = replace(plan, declared={k: sum(1 for kind, _ in recorded if kind == k) for k, _ in recorded})
        if plan.changes or self.full:
            self._refuse_other_passphrase()
            self._refuse_locked()
            with self._run(world, plan) as run:
                run.refresh(plan, full=self.full)
        return self._result("refresh", plan)

    def _apply(self, command: str, world: World, plan: Plan) -> Result:
        self._refuse_locked()
        world, plan = self._make_known(world, plan)
        outcomes: Sequence[Outcome]
        errors: tuple[CxconfigError, ...] = ()
        with self._run(world, plan) as run:
            self._hold(run, plan)
            self.watch.phase("Applying", len(plan.changes))
            failure = run.apply(plan, full=self.full, on_step=self.watch.advance)
            self.watch.done()
            outcomes = self._outcomes(run.run, plan)
            self._settle(run, outcomes)
            self._forget_kept(world)
            if run.interrupted:
                raise Interrupted(_done_so_far(outcomes), way_out="\n".join([GO_ON, *map(told, self._passwords())]))
            if failure is not None and not any(_said_why(o) for o in outcomes):
                errors = (failure,)
        return self._result(command, plan, tuple(outcomes), errors)

    def _settle(self, run: EngineRun, outcomes: Sequence[Outcome]) -> None:
        """Once the state is written, keep only what it does not hold."""
        if run.saved:
            recorded = run.world.recorded or {}
            run.keep = run.run.keep_open(still_open(run.run, outcomes, recorded, self.behind, self.registry))
            run.settled = True
            self._forget_unfinished()

    def _forget_unfinished(self) -> None:
        for run in self.unfinished:
            run.end()
        self.unfinished = []

    def _forget_kept(self, world: World) -> None:
        """Remove what replacements kept that nobody needs any more."""
        for kept in needless(self.registry, world).values():
            self.kept.forget(kept, self.registry)
        self.kept.tidy()

    def _make_known(self, world: World, plan: Plan) -> tuple[World, Plan]:
        """Have the engine record what it is to remove and has never heard of: what a killed run created and is no
        longer declared, and what was never declared. What is live was read before, and each object is read again by the
        host right before it is removed."""
        unknown = ghosts(world.recorded or {}, plan)
        if not unknown:
            return world, plan
        world = replace(world, recorded={**(world.recorded or {}), **{(r.kind, r.key): r for r in unknown}})
        steps = tuple(Step(r.kind, r.key, Action.RECORD, exists=True) for r in unknown)
        self.watch.phase("Recording what is to be removed")
        with self._run(world, Plan(plan.tenant, steps, {})) as run:
            run.adopt(unknown)
            run.settled = True
        self.watch.done()
        known = {(r.kind, r.key): r for r in self.stack.recorded(self.registry)}
        fresh = {(r.kind, r.key): known[r.kind, r.key] for r in unknown if (r.kind, r.key) in known}
        world = replace(world, recorded={**(world.recorded or {}), **fresh})
        return world, self.plan(world)

    def _announced(self, world: World, plan: Plan) -> None:
        """On a stack to throw away while there is nothing recorded: a preview binds no stack to a passphrase."""
        with self._run(world, plan, own=not self.stack.blank or self.stack.holds_secrets()) as run:
            self._hold(run, plan)

    def _hold(self, run: EngineRun, plan: Plan) -> None:
        self.watch.phase("Asking the engine")
        announced = run.preview(plan, full=self.full)
        self.watch.done()
        known = tuple(s for s in plan.steps if s.recorded or s.declared)
        hold_against(announced, replace(plan, steps=known), PROJECT, self.stack.name, full=self.full)

    @contextmanager
    def _run(self, world: World, plan: Plan, *, own: bool = True) -> Iterator[EngineRun]:
        """A run's folder with its handover; removed at the end unless the run must be remembered.

        `own`: on the tenant's own stack, and not on one that goes with the folder.
        """
        from cxconfig.engine.engine_run import EngineRun  # the SDK, which a run without changes does without

        stack = self._own_stack() if own else None
        begun = Run.begin(self.runs_folder)
        run: EngineRun | None = None
        try:
            stack = stack or throwaway(self.stack, begun.folder)
            run = EngineRun(stack, self.registry, world, self.tenant, begun)
            run.hand_over(plan)
            yield run
        finally:
            if run is None or (not run.keep and (run.settled or not begun.began())):
                begun.end()

    def _own_stack(self) -> Stack:
        """The tenant's stack; made when there is none, and anew when one that holds nothing has another passphrase."""
        if self.stack.blank:
            self._refuse_locked()
            if passphrase_fits(self.stack, self.runs_folder):
                if not self.stack.exists:
                    self.stack.ensure()
            elif self.unfinished or self.stack.holds_secrets() or self._filled():
                raise other_passphrase(self.stack)
            else:
                bind_anew(self.stack)
            self.stack.exists, self.stack.blank = True, False
        return self.stack

    def _filled(self) -> bool:
        """Has somebody recorded something since we looked?"""
        self.stack.recorded(self.registry)
        return not self.stack.blank

    def _refuse_locked(self) -> None:
        lock = held_lock(self.stack)
        if lock is not None:
            raise lock

    def unlock(self) -> str:
        """Remove a dead run's lock; raises when it is another's. Returns what was done."""
        lock = held_lock(self.stack)
        if lock is None:
            return ""
        if not lock.stale:
            raise lock
        unfinished_runs(self.runs_folder)  # ends their hosts
        remove_stale(self.stack)
        return f"Removed the lock of process {lock.pid}, which is dead."

    def _outcomes(self, run: Run, plan: Plan) -> list[Outcome]:
        entries = list(run.journal.entries())
        begun: set[Key] = {(e.kind, e.key) for e in entries if e.event is Event.BEGUN}
        done: set[Key] = {(e.kind, e.key) for e in entries if e.event is Event.DONE}
        failed = {(e.kind, e.key): e.error for e in entries if e.event is Event.FAILED}
        outcomes = []
        for step in plan.changes:
            where = (step.kind, step.key)
            if where in failed:
                step = self._at_field(step, str(failed[where].get("field", "")))
                outcomes.append(Outcome(step, Fate.FAILED, error_from_data(failed[where], *where, step.place)))
            elif where in begun and where not in done:
                outcomes.append(Outcome(step, Fate.FAILED, _lost_sight(step, self.registry[step.kind].system)))
            else:
                outcomes.append(Outcome(step, Fate.DONE if where in done else Fate.NOT_TRIED))
        return outcomes

    def _at_field(self, step: Step, name: str) -> Step:
        """The step with the place of a field, where the files list it."""
        declared = self.tenant.objects.get(step.kind, {}).get(step.key)
        place = declared.places.get(name) if declared is not None else None
        return replace(step, place=place) if place is not None else step

    def _result(
        self,
        command: str,
        plan: Plan,
        outcomes: tuple[Outcome, ...] | None = None,
        errors: tuple[CxconfigError, ...] = (),
    ) -> Result:
        details: dict[str, Any] = {"engine": self.engine.version}
        passwords = self._passwords() if command == "up" else ()
        seconds = time.monotonic() - self.began
        return Result(command, plan, outcomes, errors, seconds, self.live.read, details, passwords)

    def _passwords(self) -> tuple[PasswordFile, ...]:
        """Those of this run, and of any before that were not handed out yet: a killed run could not name its file."""
        return waiting(self.tenant.folder, self.tenant.name)


def _and_more(found: Sequence[Any]) -> str:
    return f" and {len(found) - 1:,} more" if len(found) > 1 else ""


def _lost_sight(step: Step, system: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        "this was begun, and the process that did it ended without saying what became of it",
        system=system,
        place=step.place,
        way_out="Run again: what was carried out is found by reading, and not done twice.",
    )


def _said_why(outcome: Outcome) -> bool:
    """Does the step's own error explain it? A process that vanished leaves the reason to the engine."""
    return outcome.error is not None and not (isinstance(outcome.error, OutcomeUnknown) and not outcome.error.endpoint)


def _done_so_far(outcomes: Sequence[Outcome]) -> str:
    done = sum(1 for o in outcomes if o.fate is Fate.DONE)
    return f"interrupted: {done} of {len(outcomes)} steps were done, the others were not begun"
