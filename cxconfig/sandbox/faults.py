"""Faults by rule: which requests are hit, and what is done to them.

    {"match": {"method": "PUT", "path": "/configapi/v2/user/*", "nth": 3}, "do": "drop_after"}
    {"match": {"probability": 0.05, "seed": 7, "write": true}, "do": {"status": 503}}

Every rule counts the requests that fit its method, path and `write`; the first rule that also fits by number hits.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxconfig.errors import SettingsError
from cxconfig.sandbox.paths import fits

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Match(BaseModel):
    """Which requests: all given conditions together.

    `method` one or several; `path` a pattern; `write` requests other than GET to anything but a token endpoint.
    Then by number among those: `after` skips the first ones; of the rest the `nth` (from 1), the `first` n, or every
    `every`-th; `count` ends the rule after so many hits. `probability` is drawn from `seed`, method, path and how
    often that call was seen, so that it does not depend on the order in which threads arrive.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: tuple[str, ...] = ()
    path: str | None = None
    write: bool | None = None
    after: int = Field(0, ge=0)
    nth: int | None = Field(None, ge=1)
    first: int | None = Field(None, ge=1)
    every: int | None = Field(None, ge=1)
    count: int | None = Field(None, ge=1)
    probability: float | None = Field(None, ge=0, le=1)
    seed: int = 0

    @model_validator(mode="before")
    @classmethod
    def _one_method(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("method"), str):
            return value | {"method": (value["method"],)}
        return value


class Deed(BaseModel):
    """What is done, exactly one of: `status` (with `body`), `html` (a proxy's error page with this status),
    `delay_ms`, `drop_before`, `drop_after`, `truncate`, `expire_token`, `revoke_token`, `rate_limit` (429 with
    `retry_after` seconds, none = without the header).

    `when`: for status, html and delay, before the request is handled or after the change was made. `reset`: the
    connection is dropped by RST instead of FIN.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal[
        "status", "html", "delay_ms", "drop_before", "drop_after", "truncate", "expire_token", "revoke_token",
        "rate_limit",
    ]  # fmt: skip
    number: int = Field(0, ge=0)
    body: str = ""
    when: Literal["before", "after"] = "before"
    reset: bool = False
    retry_after: int | None = Field(None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """`"drop_after"`, `{"status": 503, "body": ...}` and `{"rate_limit": {"retry_after": 1}}`."""
        if isinstance(value, str):
            value = {value: None}
        if not isinstance(value, Mapping) or "kind" in value:
            return value
        kinds = [name for name in value if name not in {"body", "when", "reset", "retry_after"}]
        if len(kinds) != 1:
            raise ValueError("names exactly one fault")
        kind, content = kinds[0], value[kinds[0]]
        rest = {name: inner for name, inner in value.items() if name != kind}
        if isinstance(content, Mapping):
            rest |= content
        elif isinstance(content, int) and not isinstance(content, bool):
            rest |= {"retry_after": content} if kind == "rate_limit" else {"number": content}
        return {"kind": kind, **rest}

    @model_validator(mode="after")
    def _numbers(self) -> Deed:
        if self.kind in {"status", "html"} and not 200 <= self.number <= 599:
            raise ValueError(f"{self.kind} needs an HTTP status from 200 to 599")
        if self.kind == "delay_ms" and not self.number:
            raise ValueError("delay_ms needs a number of milliseconds")
        return self


class Rule(BaseModel):
    """One rule, as the admin API takes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match = Match()
    do: Deed


@dataclass(slots=True)
class _Active:
    """A rule at work: how many requests it counted, how many it hit, how often each call was drawn for."""

    number: int
    rule: Rule
    seen: int = 0
    hits: int = 0
    drawn: Counter[str] = field(default_factory=Counter)

    def fits(self, method: str, path: str, write: bool) -> bool:
        match = self.rule.match
        if match.method and method not in match.method:
            return False
        if (match.write is not None and match.write != write) or not fits(match.path, path):
            return False
        self.seen += 1
        return self._fits_by_number(match, self.seen - match.after) and self._drawn(match, f"{method} {path}")

    def _fits_by_number(self, match: Match, number: int) -> bool:
        return (
            number > 0
            and (match.count is None or self.hits < match.count)
            and (match.nth is None or number == match.nth)
            and (match.first is None or number <= match.first)
            and (match.every is None or number % match.every == 0)
        )

    def _drawn(self, match: Match, call: str) -> bool:
        if match.probability is None:
            return True
        self.drawn[call] += 1
        return random.Random(f"{match.seed} {call} {self.drawn[call]}").random() < match.probability


class Faults:
    """The active rules. Thread-safe."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._active: list[_Active] = []
        self._number = 0

    def add(self, rule: Mapping[str, Any]) -> int:
        """Add a rule in its JSON form and return its number; a malformed one is a `SettingsError`."""
        try:
            parsed = Rule.model_validate(rule)
        except ValidationError as error:
            reasons = "; ".join(_reason(dict(found)) for found in error.errors(include_input=False))
            raise SettingsError(
                f"not a fault rule: {reasons}", way_out="docs/sandbox.md lists the conditions and the faults"
            ) from None
        with self._lock:
            self._number += 1
            self._active.append(_Active(self._number, parsed))
            return self._number

    def clear(self, number: int | None = None) -> bool:
        """Remove one rule, or all; False when there is no such rule."""
        with self._lock:
            before = len(self._active)
            self._active = [a for a in self._active if number is not None and a.number != number]
            return number is None or len(self._active) < before

    def pick(self, method: str, path: str, write: bool) -> Deed | None:
        """What is to be done to this request; counts it in every rule that it fits."""
        if not self._active:
            return None
        with self._lock:
            # A rule further down must count a request that an earlier one takes, so all are asked.
            fitting = [active for active in self._active if active.fits(method, path, write)]
            if not fitting:
                return None
            fitting[0].hits += 1
            return fitting[0].rule.do

    def listing(self) -> list[dict[str, Any]]:
        """Every rule with its number, how many requests it counted and how many it hit."""
        with self._lock:
            return [
                {"id": a.number, "seen": a.seen, "hits": a.hits, "rule": a.rule.model_dump(exclude_defaults=True)}
                for a in self._active
            ]


def _reason(found: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg']}" if where else str(found["msg"])
