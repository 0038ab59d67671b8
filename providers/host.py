"""The work behind the dynamic providers, one `Host` per process: observe, compare, write, journal. Knows no Pulumi.

Two ways of running, one behaviour. Under our commands a handover says what was announced and observed, and nothing
else is done. Under plain pulumi the truth comes in through refresh, and what the engine holds is what was shown.
Either way an object is read again right before it is changed, and left alone when it is not what was shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cxconfig.errors import (
    AuthenticationFailed,
    ChangedSincePreview,
    CxconfigError,
    InputErrors,
    ObjectError,
    Place,
    SettingsError,
    Unavailable,
)
from cxconfig.journal import Entry, Event, Journal, error_to_data
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, Desired, Difference, Kind, OnRemove, Values
from cxconfig.planning.handover import HandedStep, Handover
from cxconfig.planning.membership import in_lists_alone, not_there
from cxconfig.planning.record import (
    BESIDE,
    IGNORE,
    KEY,
    ORIGIN,
    REFRESHED,
    compared,
    differing,
    ignored,
    is_candidate,
    is_digest,
    observed_record,
    options_in,
    plain,
    record_value,
    same_key,
    unfit,
)
from cxconfig.planning.removed import policy_of, protection
from cxconfig.planning.renames import nobody, taken
from cxconfig.planning.twins import leader_id
from cxconfig.tenancy import desired_object
from providers.carrying import Carrying
from providers.former import Former
from providers.judging import Judge
from providers.registry import REGISTRY
from providers.site import Site


@dataclass(frozen=True)
class Found:
    """A live object as the engine should hold it: managed fields as inputs, those and the facts as outputs."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Host:
    """Thread-safe: called by several threads of the dynamic host.

    `given`: the stack's settings as the engine hands them over, by full key.
    """

    def __init__(
        self,
        folder: Path,
        handover: Handover | None,
        environments: Sequence[str] = (),
        given: Callable[[str], Any] = lambda _: None,
    ) -> None:
        self.site = Site(folder, handover, environments, given)
        self._handover = handover
        self._former = Former(self.site, handover)
        self._judge = Judge(self.site, self._former)
        self._carrying = Carrying(self.site)
        self._made: set[tuple[str, str]] = set()
        """Under plain pulumi: what this process has created."""
        self._left: dict[tuple[str, str], Values] = {}
        """The records of what this process has removed, or was to."""
        self._journal = Journal(Path(handover.journal)) if handover else None
        self._lock = threading.RLock()
        self._sound = handover is not None
        self._broken = False
        self._locked_out = False
        self._off: set[str] = set()
        """The kinds that the live tenant does not offer."""

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Around every question that needs the tenant's files and its systems.

        What is wrong with those is wrong for every object, and the engine shows an error per object: it is said in full
        once, and no further token is asked for. Our commands have checked all that before; credentials may end later.
        """
        if self._sound:
            if self._locked_out:
                raise not_tried()
            try:
                yield
            except AuthenticationFailed:
                self._locked_out = True
                raise
            return
        with self._lock:
            if self._broken:
                raise not_tried()
            try:
                yield
            except (InputErrors, SettingsError, AuthenticationFailed):
                self._broken = True
                raise
            self._sound = True

    # What the engine asks.

    def check(self, kind_id: str, olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
        """Texts that fail the preview; our commands have made theirs. `olds`: as refreshed, empty for what is new."""
        if self._handover is not None:
            return []
        with self.asked():
            held = managed(kind_id, plain(olds)) if olds else None
            return self._judge.refusals(REGISTRY[kind_id], held, plain(news))

    def differs(self, kind_id: str, olds: dict[str, Any], news: dict[str, Any]) -> bool:
        """Is there anything to write or to record?"""
        kind, held, wanted = REGISTRY[kind_id], managed(kind_id, plain(olds)), plain(news)
        step = self._step(kind_id, wanted[KEY])
        if step is not None and (step.observed is None or differing(kind, step.observed, wanted)):
            return True
        return bool(differing(kind, held, wanted)) or any(
            is_digest(value) and held.get(name) != value for name, value in compared(wanted).items()
        )

    def read(self, kind_id: str, props: dict[str, Any]) -> Found | None:
        self.site.same_origin(kind_id, props)
        kind, held = REGISTRY[kind_id], managed(kind_id, plain(props))
        before = held
        new = self._former.successor(kind, held[KEY])
        held = self._newly_listed(kind, new or held[KEY]) | held
        wanted = {**held, IGNORE: sorted(self._still_ignored(kind, held, new or held[KEY]))}
        try:
            live = self._observe(kind, held[KEY], wanted)
            if live is None and new:  # renamed already, and not recorded so
                live = self._observe(kind, new, wanted)
        except Unavailable as off:
            if self._only_forgotten(kind, held):
                return Found(before, plain(props))
            raise self._told_once(kind, new or held[KEY], off) from None
        if live is None and self._former.declared(kind, held[KEY]) and self._carrying.unfinished(kind, before):
            return Found(before, plain(props))
        if live is None:
            self.site.handler(kind).confirm_gone([held[KEY]])
            return None
        seen = {**observed_record(kind, held[KEY], wanted, live, self.site.digests()), IGNORE: held.get(IGNORE)}
        if IGNORE not in held:
            del seen[IGNORE]
        outputs = self._outputs(kind, seen, live)
        names = {*(props.get(REFRESHED) or ()), *(differing(kind, before, seen) & before.keys())}
        return Found(seen, {**outputs, REFRESHED: sorted(names)} if names else outputs)

    def create(self, kind_id: str, news: dict[str, Any]) -> dict[str, Any]:
        """Create what is absent, take over what is there: then write only what differs."""
        kind, record = REGISTRY[kind_id], plain(news)
        return self._journaled(kind, record, Action.CREATE, lambda step: self._create(kind, record, step))

    def update(self, kind_id: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        self.site.same_origin(kind_id, olds)
        kind, held, record = REGISTRY[kind_id], managed(kind_id, plain(olds)), plain(news)
        return self._journaled(kind, record, Action.UPDATE, lambda step: self._update(kind, held, record, step))

    def delete(self, kind_id: str, props: dict[str, Any]) -> None:
        self.site.same_origin(kind_id, props)
        kind, held = REGISTRY[kind_id], managed(kind_id, plain(props))

        def remove(step: HandedStep | None) -> dict[str, Any]:
            self._remove(kind, held, step)
            return held

        self._journaled(kind, held, Action.DELETE, remove)

    def _only_forgotten(self, kind: Kind, held: Values) -> bool:
        """Under plain pulumi: what becomes of a recorded object whatever it is live."""
        if self._handover is not None or held[KEY] in self.site.tenant().objects.get(kind.id, {}):
            return False
        settings = self.site.kind_settings(kind)
        return self._leave_alone(kind, held, settings) or policy_of(kind, held, settings) is OnRemove.RETAIN

    def _told_once(self, kind: Kind, key: str, off: Unavailable) -> CxconfigError:
        """It is so for every object of the kind, and the engine shows an error for each."""
        with self._lock:
            if kind.id in self._off:
                return not_tried()
            self._off.add(kind.id)
        off.place = self.site.place(kind.id, key) or self.site.system_place(kind.system)
        return off

    # How it is done.

    def _create(self, kind: Kind, record: dict[str, Any], step: HandedStep | None) -> dict[str, Any]:
        key = record[KEY]
        if step is not None and step.joins:
            return self._join(kind, record)
        if step is None and self._former.follows(kind, key) and (leader_id(kind), key) in self._made:
            return self._join(kind, record)
        if step is None or step.observed is not None:
            if (renamed := self._renamed(kind, None, record, step)) is not None:
                return renamed
            if step is not None and not step.fields:
                return self._outputs(kind, record, None, step.facts)
            live = self._observe(kind, key, record)
            if live is not None:
                shown = None if step is None else step.observed
                return self._write(kind, record, live, shown, _announced_unread(kind, step))
            if step is not None:
                raise _changed(kind, key, self.site.place(kind.id, key), "it is gone")
        desired, secrets = self._desired(kind, record)
        if step is None and self.site.implicit(kind.id, key):
            text = f"{kind.singular} {key}: {not_there(kind, desired, self.site.other_door(kind, key))}"
            raise ObjectError(text, kind=kind.id, key=key, place=self.site.place(kind.id, key))
        live = self._carrying.create(kind, desired, secrets, step)
        if live is None:
            place = self.site.place(kind.id, key)
            raise _changed(kind, key, place, "what was kept from an interrupted replacement is gone")
        self._made.add((kind.id, key))
        return self._outputs(kind, record, live)

    def _join(self, kind: Kind, record: dict[str, Any]) -> dict[str, Any]:
        """Its twin's step has just created it: all that is declared here is written, as at a creation."""
        whole = {name: value for name, value in record.items() if name != IGNORE}
        live = self._observe(kind, record[KEY], whole)
        if live is None:
            place = self.site.place(kind.id, record[KEY])
            raise _changed(kind, record[KEY], place, f"it is not there, although its {kind.twin} entry created it")
        unread = {name for name in whole if name in kind.specs and kind.specs[name].unread}
        return {**self._write(kind, whole, live, None, unread), **record}

    def _renamed(
        self, kind: Kind, held: dict[str, Any] | None, record: dict[str, Any], step: HandedStep | None
    ) -> dict[str, Any] | None:
        """Give an object its new key, if that is to be done, and write what else differs. None: it is not.

        `held`: its record, None when it has none.
        """
        key = record[KEY]
        was = self._former.was(kind, key) if step is None else step.was if step.action is Action.RENAME else ""
        if not was:
            return None
        found = self.site.handler(kind).observe({name: compared(record) for name in (key, was)})
        here, there = found[key], found[was]
        if there is not None and here is None:
            shown = held if step is None else step.observed
            unread = _announced_unread(kind, step)
            if step is None and held is not None:
                unread = self._changed_unread(kind, held, record)
            return self._write(kind, record, there, shown, unread, was)
        if step is None and here is not None and there is None:
            return None
        if there is None and step is not None:
            gone = f"{was!r} is gone" if here is None else f"{was!r} is gone, and {key!r} is there"
            raise _changed(kind, key, self.site.place(kind.id, key), gone)
        if held is not None and here is None:
            return None  # gone under both: not there, as any other
        text = f"{kind.singular} {key}: {taken(was, key) if here is not None else nobody(was, key)}"
        raise ObjectError(text, kind=kind.id, key=key, place=self.site.place(kind.id, key))

    def _update(
        self, kind: Kind, held: dict[str, Any], record: dict[str, Any], step: HandedStep | None
    ) -> dict[str, Any]:
        key = record[KEY]
        if step is not None and step.observed is None:
            return self._create(kind, record, step)
        if step is None:
            held = self._former.rekeyed(kind, held, key)
        if (renamed := self._renamed(kind, held, record, step)) is not None:
            return renamed
        if step is not None and not step.fields:
            return self._outputs(kind, record, None, step.facts)
        live = self._observe(kind, key, record)
        if live is None:
            raise _changed(kind, key, self.site.place(kind.id, key), "it is gone")
        unread = _announced_unread(kind, step) if step is not None else self._changed_unread(kind, held, record)
        return self._write(kind, record, live, held if step is None else step.observed, unread, held=held)

    def _write(
        self,
        kind: Kind,
        record: dict[str, Any],
        live: Values,
        shown: Values | None,
        unread: set[str],
        was: str = "",
        held: Values | None = None,
    ) -> dict[str, Any]:
        """Write what differs, if it is what was shown (`shown`: the record that the preview was made from).

        `was`: the key that `live` has still, and is to have no longer. `held`: its record, if it is to be replaced.
        """
        key = record[KEY]
        differences = self._judge.differences(kind, record, live)
        place = self.site.place(kind.id, key)
        for difference in differences:
            if difference.problem:
                text = f"{kind.singular} {key}: {difference.problem}"
                raise ObjectError(text, kind=kind.id, key=key, place=place)
        if shown is not None:
            now = observed_record(kind, key, record, live, self.site.digests())
            names = {d.field for d in differences}
            moved = sorted(names & differing(kind, {n: shown.get(n) for n in names}, {n: now[n] for n in names}))
            if moved:
                raise _changed(kind, key, place, f"other values of {', '.join(moved)}")
        step = self._step(kind.id, key)
        if not differences and not unread and not was:
            return self._outputs(kind, record, live)
        replaced = step is not None and step.action is Action.REPLACE
        desired, secrets = self._desired(kind, record, None if replaced else unread)
        all_of_them = [*differences, *(Difference(name, None, None) for name in sorted(unread))]
        handler = self.site.handler(kind)
        if replaced:
            made = self._carrying.replace(kind, desired, live, all_of_them, secrets, held)
            return self._outputs(kind, record, made)
        if self._handover is None and all_of_them:
            self._judge.refuse(kind, record, live, all_of_them)
        if was:
            return self._outputs(kind, record, handler.rename(was, desired, live, all_of_them, secrets))
        return self._outputs(kind, record, handler.update(desired, live, all_of_them, secrets))

    def _outputs(
        self, kind: Kind, record: Mapping[str, Any], live: Values | None, facts: Values | None = None
    ) -> dict[str, Any]:
        """What the state holds as outputs: the record, the facts, and which live tenant the object is in."""
        known = kind.facts(live) if live is not None else facts or {}
        return {**record, **known, ORIGIN: self.site.origin(kind.system)}

    def _remove(self, kind: Kind, held: dict[str, Any], step: HandedStep | None) -> None:
        key = held[KEY]
        if step is not None and step.action is Action.FORGET:
            return
        settings = self.site.kind_settings(kind)
        self._left[kind.id, key] = held
        if step is None and (self._leave_alone(kind, held, settings) or self._goes_with(kind, held, settings)):
            return
        try:
            live = self._observe(kind, key, {})
        except Unavailable:
            if self._only_forgotten(kind, held):
                return
            raise
        if step is None and self._former.guard(kind, key, live):
            return
        if live is None:
            self.site.handler(kind).confirm_gone([key])
            return
        action = kind.removal(policy_of(kind, held, settings), live)
        if action is Action.FORGET:
            return
        untouchable = kind.untouchable(key, self.site.system_settings(kind.system))
        if why := protection(kind, held, settings, untouchable):
            raise ObjectError(f"{kind.singular} {key}: {why}", kind=kind.id, key=key)
        if step is not None and step.action is not action:
            raise _changed(kind, key, None, f"it would be {action} instead of {step.action}")
        self.site.handler(kind).remove(key, live, action)

    def _goes_with(self, kind: Kind, held: Values, settings: KindSettings) -> bool:
        """Under plain pulumi: does it leave with its leader, which decides, and whose step comes after it?

        Raises `ObjectError` when this one is protected, and its leader would be removed.
        """
        where = (leader_id(kind), held[KEY])
        if not where[0]:
            return False
        leader, recorded = REGISTRY[where[0]], self.site.recorded().get(where)
        leading = self._left.get(where) or (recorded.inputs if recorded is not None else None)
        if leading is None or is_candidate(leading) or in_lists_alone(REGISTRY, leader, leading):
            return False
        said = self.site.kind_settings(leader)
        retained = said.excludes(held[KEY]) or policy_of(leader, leading, said) is OnRemove.RETAIN
        if not retained and (why := protection(kind, held, settings)):
            raise ObjectError(f"{kind.singular} {held[KEY]}: {why}", kind=kind.id, key=held[KEY])
        return True

    def _leave_alone(self, kind: Kind, held: Values, settings: KindSettings) -> bool:
        """Under plain pulumi, what our commands would only forget: what is excluded, what they had only recorded to
        remove it themselves, and what is declared in another spelling, or through the other door, as it may be, or
        is, the very same object live."""
        key, names = held[KEY], self.site.tenant().objects.get(kind.id, {})
        if settings.excludes(key) or is_candidate(held) or self._former.elsewhere(kind, key):
            return True
        return key not in names and kind.identity(key) in {kind.identity(name) for name in names}

    def _journaled(
        self,
        kind: Kind,
        record: dict[str, Any],
        action: Action,
        work: Callable[[HandedStep | None], dict[str, Any]],
    ) -> dict[str, Any]:
        """Do one step if it was announced; tell the journal before and after."""
        key = record[KEY]
        step = self._step(kind.id, key)
        if self._handover is not None and step is None:
            raise _changed(kind, key, self.site.place(kind.id, key), f"a {action} that was not announced")
        entry = partial(Entry, kind=kind.id, key=key, action=(step.action if step else action).value)
        entry = partial(entry, was=step.was) if step else entry
        unread = sorted(_announced_unread(kind, step)) if step is not None and step.was else ()
        self._note(entry(Event.BEGUN, record=record, unread=unread))
        try:
            outs = work(step)
        except CxconfigError as error:
            if error.place is None:
                error.place = self.site.place(kind.id, key, error.field)
            self._note(entry(Event.FAILED, error=error_to_data(error)))
            raise
        self._note(entry(Event.DONE))
        return outs

    def _note(self, entry: Entry) -> None:
        if self._journal is not None:
            self._journal.write(entry)

    def _desired(
        self, kind: Kind, record: dict[str, Any], unread: set[str] | None = None
    ) -> tuple[Desired, dict[str, str]]:
        """The object with its real values: what is recorded as a digest comes from the tenant's files.

        `unread`: for a change, what cannot be read and is to be written, and then nothing that is ignored; None for a
        creation. Of secrets only those are resolved.
        """
        key = record[KEY]
        whole = record if unread is None else compared(record)
        fields = {n: v for n, v in whole.items() if n in kind.specs and not kind.specs[n].setting}
        hidden = {n for n, v in fields.items() if kind.specs[n].secret or is_digest(v)}
        if unread is not None:
            hidden -= {n for n in hidden if kind.specs[n].secret and n not in unread}
        secrets: dict[str, str] = {}
        place = None
        if hidden:
            declared = self.site.tenant().objects.get(kind.id, {}).get(key)
            place = declared.place if declared else None
            for name in sorted(hidden):
                value = declared.values.get(name) if declared else None
                if kind.specs[name].secret and value is not None and declared is not None:
                    path = f"{kind.id}.{key}.{name}"
                    value = self.site.secrets.resolve(value, place=declared.places.get(name, declared.place), path=path)
                self._same_as_announced(kind, key, name, value, record[name], place)
                if kind.specs[name].secret:
                    secrets[name] = str(value)
                else:
                    fields[name] = value
        fields = {n: v for n, v in fields.items() if not kind.specs[n].secret}
        ignore = ignored(record) & record.keys()
        return Desired(kind.id, key, fields, place=place, ignore=ignore, options=options_in(kind, record)), secrets

    def _changed_unread(self, kind: Kind, held: Values, record: Values) -> set[str]:
        """What cannot be read and was not recorded before, or as another value; never what is, or was, ignored, nor
        what would be generated for somebody who is recorded without it."""
        names = {n for n in record.keys() - ignored(record) - ignored(held) if n in kind.specs and kind.specs[n].unread}
        names -= {n for n in names - held.keys() if self.site.generated(kind.id, record[KEY], n)}
        unlike = {name for name in names if held.get(name) != record[name]}
        if not any(name in held and not same_key(held[name], record[name]) for name in unlike):
            return unlike
        desired, secrets = self._desired(kind, dict(record), unlike)
        values = {**desired.fields, **secrets}
        digests, key = self.site.digests(), record[KEY]
        return {n for n in unlike if n not in held or not digests.agrees(kind, key, n, str(values[n]), held[n])}

    def _same_as_announced(
        self, kind: Kind, key: str, name: str, value: Any, announced: str, place: Place | None
    ) -> None:
        if value is None or record_value(kind, key, name, value, self.site.digests()) != announced:
            raise _changed(kind, key, place, f"`{name}` in the files or in the environment is another one now")

    def _observe(self, kind: Kind, key: str, fields: Mapping[str, Any]) -> Values | None:
        return self.site.handler(kind).observe({key: compared(fields)})[key]

    def _still_ignored(self, kind: Kind, held: Values, key: str) -> frozenset[str]:
        """What a record ignores; under plain pulumi without what is compared again, so that a refresh reads it."""
        before = ignored(held)
        declared = self.site.tenant().objects.get(kind.id, {}).get(key) if before and not self._handover else None
        if declared is None:
            return before
        return before & desired_object(kind, declared, self.site.kind_settings(kind)).ignore

    def _newly_listed(self, kind: Kind, key: str) -> dict[str, Any]:
        """Under plain pulumi a refresh also reads fields that were listed since, so that a preview judges them."""
        if self._handover is not None:
            return {}
        declared = self.site.tenant().objects.get(kind.id, {}).get(key)
        names = declared.values if declared else ()
        return {name: "" for name in names if not kind.specs[name].unread and not kind.specs[name].setting}

    def _step(self, kind_id: str, key: str) -> HandedStep | None:
        return self._handover.steps.get((kind_id, key)) if self._handover else None


def managed(kind_id: str, held: Mapping[str, Any]) -> dict[str, Any]:
    """The record in a resource's outputs: without the facts. Raises `SettingsError` when somebody has broken it."""
    if problem := unfit(REGISTRY[kind_id], held):
        raise SettingsError(
            f"the state cannot be used: {kind_id} {held.get(KEY, '')}: {problem}",
            way_out="Somebody changed it. Restore it, or take the entry out with `pulumi state delete`.",
        )
    names = BESIDE | REGISTRY[kind_id].specs.keys()
    return {name: value for name, value in held.items() if name in names}


def _announced_unread(kind: Kind, step: HandedStep | None) -> set[str]:
    return {name for name in (step.fields if step else ()) if kind.specs[name].unread}


def _changed(kind: Kind, key: str, place: Place | None, what: str) -> ChangedSincePreview:
    return ChangedSincePreview(
        f"{kind.singular} {key}: not what the preview showed ({what}); nothing was changed",
        kind=kind.id,
        key=key,
        place=place,
        way_out="Run again: the next preview shows it as it is now.",
    )


def not_tried() -> CxconfigError:
    return CxconfigError("not tried: the error of another object says why")
