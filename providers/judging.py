"""What differs between a record and a live object, and what of it plain pulumi refuses, in its preview already.

Our commands have judged all that before they begin; their host asks only for the differences.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxconfig.errors import AuthenticationFailed, LiveError, ObjectError
from cxconfig.kinds import Desired, Difference, Kind, Values
from cxconfig.passphrase import OTHER_PASSPHRASE
from cxconfig.planning.record import (
    KEY,
    compared,
    differing,
    is_digest,
    options_in,
    record_value,
    unreadable,
)
from providers.former import Former
from providers.site import Site

BY_US = "Run `cxconfig preview` and `cxconfig up`, which show it and ask."


class Judge:
    """Thread-safe, as the site is."""

    def __init__(self, site: Site, former: Former) -> None:
        self._site = site
        self._former = former
        self._lock = threading.RLock()
        self._supports: dict[str, Mapping[str, Any]] = {}
        self._lacking: dict[str, bool] = {}

    def refusals(self, kind: Kind, held: Values | None, record: dict[str, Any]) -> list[str]:
        """Texts that fail the preview: changes that no API call can make, or none that plain pulumi makes.

        `held`: what is recorded, as the refresh has read it; None for what is not, which is only looked at where it
        matters.
        """
        key = record[KEY]
        was = self._former.was(kind, key)
        refused = self._former.refusal(kind, key, known=held is not None) if held is not None or was else ""
        texts = [refused] if refused else []
        if held is not None:
            held = self._former.rekeyed(kind, held, key)
            differences = self.differences(kind, record, held, live_is_record=True)
            texts += [d.problem for d in differences if d.problem]
            lost = list(self._not_in_place(kind, record, held, differences))
            texts += lost or self._problems(kind, record, held, differences)
            if unsure := unreadable(kind, held, self._site.digests()):
                texts.append(f"{', '.join(unsure)}: recorded under another passphrase. {OTHER_PASSPHRASE}")
        if (held is None or was) and not refused and self._lacks(kind, record):
            texts += self._not_as_found(kind, record, was, known=held is not None)
        place = self._site.place(kind.id, key)
        where = f"{place}: " if place else ""
        return [f"{where}{kind.singular} {key}: {text}" for text in texts]

    def refuse(self, kind: Kind, record: Values, live: Values, differences: Sequence[Difference]) -> None:
        """Raise the same at the object itself: plain pulumi cannot show what would be lost before it is."""
        for text in self._not_in_place(kind, record, live, differences, way_out=""):
            place = self._site.place(kind.id, record[KEY])
            what = f"{kind.singular} {record[KEY]}: {text}"
            raise ObjectError(what, kind=kind.id, key=record[KEY], place=place, way_out=BY_US)

    def differences(
        self, kind: Kind, record: dict[str, Any], live: Values, *, live_is_record: bool = False
    ) -> list[Difference]:
        """What differs between a record and a live object; digests are compared as digests."""
        key = record[KEY]
        names = [n for n in compared(record) if n in kind.specs]
        names = [n for n in names if not kind.specs[n].unread and not kind.specs[n].setting]
        if live_is_record:
            names = [n for n in names if n in live]
        clear = {n: record[n] for n in names if not is_digest(record[n]) and not is_digest(live.get(n))}
        options = options_in(kind, record)
        found = kind.compare(Desired(kind.id, key, clear, options=options), live)
        for name in set(names) - clear.keys():
            digests = self._site.digests()
            seen = live[name] if live_is_record else record_value(kind, key, name, live.get(name), digests)
            if differing(kind, {name: seen}, {name: record[name]}):
                # The values are hidden: any two that differ make the kind say which call would change the field.
                found += kind.compare(Desired(kind.id, key, {name: "1"}, options=options), {**live, name: "2"})
        return found

    def _not_in_place(
        self, kind: Kind, record: Values, live: Values, differences: Sequence[Difference], *, way_out: str = BY_US
    ) -> Iterator[str]:
        """Why what differs cannot be changed without deleting the object."""
        if not differences or type(kind).replacement is Kind.replacement:
            return
        desired = Desired(kind.id, record[KEY], {}, options=options_in(kind, record))
        supporting = self._supporting(kind)
        if lost := kind.replacement(desired, live, differences, supporting):
            names = [d.field for d in differences if kind.replacement(desired, live, [d], supporting)]
            text = (
                f"for {', '.join(names)} it would have to be deleted and created again, and plain pulumi never does"
                f" that; lost would be: {lost}"
            )
            yield f"{text}. {way_out}" if way_out else text

    def _problems(self, kind: Kind, record: Values, held: Values, differences: Sequence[Difference]) -> Iterator[str]:
        """Why what differs cannot be reached, as our commands say it, as far as it can be told from a record."""
        clear = {d.field: record[d.field] for d in differences if not is_digest(record[d.field])}
        if clear:
            yield from kind.problems(Desired(kind.id, record[KEY], clear), held, self._supporting(kind))

    def _not_as_found(self, kind: Kind, record: dict[str, Any], was: str, *, known: bool) -> Iterator[str]:
        """The same of one that no refresh has read, and why it cannot be renamed."""
        key = record[KEY]
        found = self._site.handler(kind).observe({name: compared(record) for name in (key, was) if name})
        live = found[key] if found[key] is not None else found.get(was)
        if live is None:
            return
        if not known:
            yield from self._not_in_place(kind, record, live, self.differences(kind, record, live))
        if was:
            yield from kind.problems(Desired(kind.id, key, {}, was=was), live, self._supporting(kind))

    def _lacks(self, kind: Kind, record: Values) -> bool:
        """Is there a change that the live tenant has no call for? Asked once for each kind.

        What cannot be told without an object that exists is left to those that do.
        """
        with self._lock:
            if kind.id not in self._lacking:
                changes = [Difference(name, None, None) for name in kind.specs]
                try:
                    self._lacking[kind.id] = any(self._not_in_place(kind, record, {}, changes))
                except AuthenticationFailed:
                    raise
                except LiveError:
                    self._lacking[kind.id] = True
            return self._lacking[kind.id]

    def _supporting(self, kind: Kind) -> Mapping[str, Any]:
        with self._lock:
            if kind.id not in self._supports:
                self._supports[kind.id] = self._site.handler(kind).supporting()
            return self._supports[kind.id]
