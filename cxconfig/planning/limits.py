"""How much one run may do: the limits of each kind, held against a plan. Pure.

A limit that nobody wrote is `DEFAULT`: of the removals (disabled and deleted together) and of the replacements of a
kind, once it has `FEWEST` objects. Each kind counts for itself, but that whoever is disabled or deleted through either
of two doors is one of the leading kind's: its objects and those that are only in the other kind are one population.
A raised limit lets through what it names: of actions that count together and exceed their default, each needs its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cxconfig.errors import SettingsError
from cxconfig.kind_settings import Limit
from cxconfig.kinds import Action, Kind, Registry
from cxconfig.nearness import did_you_mean
from cxconfig.planning.membership import in_lists_alone
from cxconfig.planning.plan import Exceeded, Plan, Step
from cxconfig.planning.record import is_candidate
from cxconfig.planning.undeclared import strangers
from cxconfig.planning.world import World

DEFAULT = Limit(percent=10)
FEWEST = 10
"""Of fewer objects a percentage says nothing, unless somebody wrote it."""
TOGETHER = ((Action.DISABLE, Action.DELETE), (Action.REPLACE,))
"""What has a limit that nobody wrote; actions of one group count together."""
OPTION = "--raise-limit"
VARIABLE = "CXCONFIG_RAISE_LIMIT"
"""Environment variable of plain pulumi: the same as the option, with commas between several."""
MOST_NAMES = 10
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.RENAME: "renamed",
    Action.REPLACE: "replaced",
    Action.DISABLE: "disabled",
    Action.DELETE: "deleted",
}

Raised = Mapping[tuple[str, Action], int]
"""By kind id and action: the limit of this run alone."""
NOT_RAISED: Raised = {}

_FORM = re.compile(r"([^.=]+\.[^.=]+)\.([^.=]+)=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")


def exceeded(
    registry: Registry, world: World, plan: Plan, raised: Raised = NOT_RAISED, *, said: str = OPTION
) -> tuple[Exceeded, ...]:
    """What the plan would do to more objects than one run may.

    `said`: where `raised` comes from, for the way out. Raises `SettingsError` with all that lowers a limit, or raises
    none.
    """
    found, wrong = _held_against(registry, _Known(registry, world), plan, raised, said)
    if wrong:
        raise _all_of(wrong)
    return found


def _held_against(
    registry: Registry, known: _Known, plan: Plan, raised: Raised, said: str
) -> tuple[tuple[Exceeded, ...], list[SettingsError]]:
    """What is exceeded, and what there is to be said against `raised`."""
    found = []
    wrong: list[SettingsError] = []
    missing: dict[tuple[str, Action], int] = {}
    for kind in registry.all():
        for rule in _rules(kind, known, plan, raised, said, wrong):
            steps = _counting(kind, rule.actions, plan, known)
            if len(steps) > rule.allowed:
                counts = _counts(registry, rule, steps)
                more = {(kind.id, action): number for action, number in counts.items()}
                missing |= more
                found.append((_exceeded(registry, kind, rule, steps, counts), more))
    return tuple(replace(one, way_out=_way_out(raised, more, missing, said)) for one, more in found), wrong


def _way_out(raised: Raised, own: Raised, missing: Raised, said: str) -> str:
    """What lets a run do it. `own`: the limits to be raised for this, `missing`: for all that is exceeded. The variable
    holds all at once, an option stands for each."""
    if said == VARIABLE:
        ways = [f"set {said}={','.join(_flags({**raised, **missing}))}"]
    else:
        new = " ".join(f"{said} {flag}" for flag in _flags({w: n for w, n in own.items() if w not in raised}))
        ways = [f"add {new}"] if new else []
        again = {where: number for where, number in own.items() if where in raised}
        ways += [
            f"write {said} {flag} in place of {said} {before}"
            for flag, before in zip(_flags(again), _flags({where: raised[where] for where in again}), strict=True)
        ]
    return (
        f"If this is meant, {' and '.join(ways)} for this run alone; otherwise look in the files for what is missing or"
        " wrong."
    )


def _flags(raised: Raised) -> list[str]:
    return [f"{kind_id}.{action}={number}" for (kind_id, action), number in raised.items()]


def unneeded(
    registry: Registry, world: World, plan: Plan, raised: Raised = NOT_RAISED, *, said: str = OPTION
) -> Iterator[str]:
    """A warning for each raised limit without which the plan would be within its limits, too."""
    known = _Known(registry, world)
    for (kind_id, action), number in raised.items():
        others = {where: more for where, more in raised.items() if where != (kind_id, action)}
        needed, _ = _held_against(registry, known, plan, others, said)
        if any(one.kind == kind_id and action in one.counts for one in needed):
            continue
        kind = registry[kind_id]
        count = len(_counting(kind, (action,), plan, known))
        why = f"{count:,} would be {DONE[action]}, which the limit allows" if count else f"none would be {DONE[action]}"
        yield f"{said} {kind_id}.{action}={number} is not needed: {why}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`told`: where the limit comes from, for the sentence. `base`: of how many objects."""

    actions: tuple[Action, ...]
    allowed: int
    told: str
    base: int


class _Known:
    """The objects of a world, and at which kind it counts what is done to one."""

    def __init__(self, registry: Registry, world: World) -> None:
        self.registry = registry
        self.world = world
        self._of = {kind.id: _known(registry, kind, world) for kind in registry.all()}

    def of(self, kind: Kind) -> set[str]:
        """Those of the kind, by identity."""
        return self._of[kind.id]

    def people(self, kind: Kind) -> set[str]:
        """With those that are only in the kind that follows it."""
        twin = self.registry.twin(kind)
        return self.of(kind) | (self.of(twin) if twin is not None and kind.leads else set())

    def limits(self, kind: Kind) -> Mapping[Action, Limit]:
        return self.world.settings_of(kind).limits

    def counts_at(self, kind: Kind, key: str, action: Action) -> str:
        """The id of the kind. Who is known to the leading kind counts there; who is not does so where no limit is
        written that says otherwise."""
        leader = None if kind.leads else self.registry.twin(kind)
        if leader is None or action not in TOGETHER[0]:
            return kind.id
        own = action in self.limits(kind) or not self.merged(kind, action)
        return kind.id if own and kind.identity(key) not in self.of(leader) else leader.id

    def merged(self, kind: Kind, action: Action) -> bool:
        """Is the default of the leading kind also that of those who are only in this one?"""
        leader = None if kind.leads else self.registry.twin(kind)
        at_leader = leader is not None and self.of(leader) and action not in self.limits(leader)
        return bool(at_leader) and action in TOGETHER[0]


def _counting(kind: Kind, actions: Sequence[Action], plan: Plan, known: _Known) -> list[Step]:
    """The steps that do one of these to an object that counts at the kind: one for each object.

    What a limit of the kind itself says holds for its own steps in any case.
    """
    found: dict[str, Step] = {}
    for step in plan.steps:
        own = known.registry[step.kind]
        for action in counted(own, step).intersection(actions):
            written = step.kind == kind.id and action in known.limits(kind)
            if written or known.counts_at(own, step.key, action) == kind.id:
                found.setdefault(own.identity(step.key), step)
    return list(found.values())


def _known(registry: Registry, kind: Kind, world: World) -> set[str]:
    """The objects that a percentage is taken of: recorded ones, declared ones that are live, and with `manage: all`
    those that are not declared. Not those that only stand in another object's list: they never go."""
    recorded = [(key, held.inputs) for (kind_id, key), held in (world.recorded or {}).items() if kind_id == kind.id]
    known = {key for key, inputs in recorded if not is_candidate(inputs) and not in_lists_alone(registry, kind, inputs)}
    known |= {
        key
        for (kind_id, key), one in world.desired.items()
        if kind_id == kind.id and not one.implicit and world.live.get((kind_id, key)) is not None
    }
    return {kind.identity(key) for key in {*known, *strangers(kind, world)}}


def _rules(
    kind: Kind, known: _Known, plan: Plan, raised: Raised, said: str, wrong: list[SettingsError]
) -> Iterator[_Rule]:
    """`wrong` gets what there is to be said against `raised`."""
    limits = known.limits(kind)
    for action in kind.limitable:
        limit, more = limits.get(action), raised.get((kind.id, action))
        if limit is not None:
            base = len(known.of(kind))
            rule = _Rule((action,), limit.allows(base), f"`limits` says {limit}", base)
            named = {} if more is None else {action: more}
            yield from _raised(rule, _raising(kind, rule, named, said, wrong), {})
        elif more is not None and action not in {one for group in TOGETHER for one in group}:
            what = f"{said}: there is no limit on how many {kind.plural} are {DONE[action]}, so none can be raised"
            way_out = f"Leave it out, or write the limit: systems.{kind.system}.kinds.{kind.name}.limits."
            wrong.append(SettingsError(what, way_out=way_out))
        elif more is not None and known.merged(kind, action):
            counts = f"counts among {kind.twin}, whose limit holds for both"
            what = f"{said}: who is {DONE[action]} through {kind.plural} {counts}"
            way_out = f"Write {kind.system}.{kind.twin}.{action}=N, with the number that the preview tells."
            wrong.append(SettingsError(what, way_out=way_out))
    for group in TOGETHER:
        base = len(known.people(kind) if group is TOGETHER[0] else known.of(kind))
        if base < FEWEST:
            continue
        rest = tuple(one for one in group if one in kind.limitable and one not in limits)
        rule = _Rule(rest, DEFAULT.allows(base), f"{DEFAULT}, the default", base)
        said_of = {one: raised[kind.id, one] for one in rest if (kind.id, one) in raised}
        done = {one: len(_counting(kind, (one,), plan, known)) for one in rest}
        yield from _raised(rule, _raising(kind, rule, said_of, said, wrong), done)


def _raising(
    kind: Kind, rule: _Rule, named: Mapping[Action, int], said: str, wrong: list[SettingsError]
) -> Mapping[Action, int]:
    """The limits that are raised for this rule (`named`), none when together they would allow less than it."""
    if not named or sum(named.values()) >= rule.allowed:
        return named
    flags = " and ".join(_flags({(kind.id, action): number for action, number in named.items()}))
    what = f"{said}: {flags} would lower the limit, which is {rule.allowed:,} here ({rule.told})"
    way_out = f"Leave it out; a lower limit stands in systems.{kind.system}.kinds.{kind.name}.limits."
    wrong.append(SettingsError(what, way_out=way_out))
    return {}


def _raised(rule: _Rule, named: Mapping[Action, int], done: Mapping[Action, int]) -> Iterator[_Rule]:
    """The rule; or where limits are raised and what is `done` exceeds it, one for each of its actions in its place:
    with the number that was named, else with what the others leave of it."""
    if not named:
        yield rule
    elif len(rule.actions) == 1 or sum(done.values()) > rule.allowed:
        for action in rule.actions:
            others = {one: count for one, count in done.items() if one is not action and count}
            left, told = max(rule.allowed - sum(others.values()), 0), rule.told
            if others:
                told = f"{told}, together with {' and '.join(f'{count:,} {DONE[a]}' for a, count in others.items())}"
            if action in named:
                left, told = named[action], "for this run"
            yield replace(rule, actions=(action,), allowed=left, told=told)


def counted(kind: Kind, step: Step) -> frozenset[Action]:
    """What a step is to the limits: taken over with changes is changed, and given the value that disables, disabled."""
    action = Action.UPDATE if step.action is Action.ADOPT and step.differences else step.action
    return frozenset({action, Action.DISABLE} if _disabled_by(kind, step) else {action})


def _disabled_by(kind: Kind, step: Step) -> str:
    """The field whose declared value disables an object that is enabled live, "" when none does."""
    if step.action in (Action.CREATE, Action.NONE, Action.RECORD) or not step.declared:
        return ""
    names = (d.field for d in step.differences if d.field in kind.disabling and d.declared == kind.disabling[d.field])
    return next(names, "")


def _counts(registry: Registry, rule: _Rule, steps: Sequence[Step]) -> dict[Action, int]:
    done = [counted(registry[step.kind], step) for step in steps]
    counts = {action: sum(1 for actions in done if action in actions) for action in rule.actions}
    return {action: count for action, count in counts.items() if count}


def _exceeded(
    registry: Registry, kind: Kind, rule: _Rule, steps: Sequence[Step], counts: Mapping[Action, int]
) -> Exceeded:
    base = rule.base
    of = f" of {base:,}" if base and Action.CREATE not in counts else ""
    parts = [f"{count:,}{'' if number else of} would be {DONE[a]}" for number, (a, count) in enumerate(counts.items())]
    if Action.DISABLE in counts and (by := _by_value(registry, steps)):
        parts[list(counts).index(Action.DISABLE)] += f" ({by})"
    keys = tuple(step.key for step in steps)
    number = f"{rule.allowed:,}{' in all' if len(counts) > 1 else ''} at the most" if rule.allowed else "none"
    much = f"{' and '.join(parts)}, and a run may do that to {number} ({rule.told})"
    what = f"{_whose(registry, kind, steps)}: {much}: {_names(keys)}"
    return Exceeded(kind.id, dict(counts), rule.allowed, base, keys, what, "")


def _whose(registry: Registry, kind: Kind, steps: Sequence[Step]) -> str:
    """The kind at which they count, and the one through which some of them go."""
    twin = registry.twin(kind)
    through = twin is not None and any(step.kind == twin.id for step in steps)
    return f"{kind.id}, with {twin.id}" if twin is not None and through else kind.id


def _by_value(registry: Registry, steps: Sequence[Step]) -> str:
    """How many are disabled by which declared value."""
    found: dict[str, int] = {}
    for step in steps:
        kind = registry[step.kind]
        if name := _disabled_by(kind, step):
            text = f"`{name}: {str(kind.disabling[name]).lower()}`"
            found[text] = found.get(text, 0) + 1
    return ", ".join(f"{count:,} by {text}" for text, count in found.items())


def _names(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - MOST_NAMES:,} more" if len(keys) > MOST_NAMES else ""
    return ", ".join(keys[:MOST_NAMES]) + more


def parsed(texts: Iterable[str], registry: Registry, said: str = OPTION) -> Raised:
    """What `KIND.ACTION=N` texts say; raises `SettingsError` with everything that is not understood."""
    found: dict[tuple[str, Action], int] = {}
    wrong: list[SettingsError] = []
    for text in texts:
        try:
            where, number = _parsed(text, registry, said)
            if found.setdefault(where, number) != number:
                raise SettingsError(f"{said}: {where[0]}.{where[1]} is given twice", way_out="Give one number.")
        except SettingsError as error:
            wrong.append(error)
    if wrong:
        raise _all_of(wrong)
    return found


def _parsed(text: str, registry: Registry, said: str) -> tuple[tuple[str, Action], int]:
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise SettingsError(f"{said}: {text!r} is not of the form KIND.ACTION=N", way_out=_example(registry))
    kind_id, word, number = form.groups()
    if kind_id not in registry:
        hint = did_you_mean(kind_id, [one.id for one in registry.all() if one.limitable])
        raise SettingsError(f"{said}: there is no kind {kind_id!r}", way_out=hint or _example(registry))
    actions = {action.value: action for action in registry[kind_id].limitable}
    if word not in actions:
        known = f"Known here: {', '.join(actions)}." if actions else "Nothing is ever done to them: leave it out."
        hint = did_you_mean(word, actions)
        raise SettingsError(f"{said}: {kind_id} has no action {word!r} to limit", way_out=hint or known)
    if not _NUMBER.fullmatch(number):
        raise SettingsError(
            f"{said}: {number!r} is not a number of objects",
            way_out=f"Write the number that the preview tells, like {kind_id}.{word}=30.",
        )
    return (kind_id, actions[word]), int(number)


def _all_of(errors: Sequence[SettingsError]) -> SettingsError:
    """One error that tells each, with its way out."""
    *others, last = dict.fromkeys((error.what, error.way_out) for error in errors)
    return SettingsError("\n".join([*(f"{what}\n  {way}" for what, way in others), last[0]]), way_out=last[1])


def _example(registry: Registry) -> str:
    able = [kind for kind in registry.all() if kind.limitable]
    return f"Write it like {able[-1].id}.{able[-1].limitable[-1]}=30." if able else "Leave it out."
