"""The small system of the language's tests with a live side: what it holds is a dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxconfig.errors import LiveError
from cxconfig.export.proposal import Folder, Options, Proposal, propose
from cxconfig.export.reading import Seen, read_tenant
from cxconfig.kinds import Declared, Desired, Difference, Handler, Kind, Registry, Tick, Values, untold
from cxconfig.writing.files import write
from tests.language import fakes
from tests.language.fakes import TENANT, written

Live = dict[str, dict[str, dict[str, Any]]]
"""Kind id -> key -> live object."""


class _Comparing(Kind):
    """Blanks around texts and the case of skills make no difference; a declared agent is not disabled."""

    def desire(self, declared: Declared) -> Desired:
        values = {name: value for name, value in declared.values.items() if name != "on_remove"}
        managed = {"disabled": False} if "disabled" in self.specs else {}
        return Desired(self.id, declared.key, {**managed, **values}, place=declared.place)

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return [
            Difference(name, live.get(name), value, "PUT")
            for name, value in desired.fields.items()
            if not self.specs[name].secret and not self.equal(name, live.get(name), value)
        ]

    def equal(self, name: str, left: Any, right: Any) -> bool:
        return bool(canonical(name, left) == canonical(name, right))


def canonical(name: str, value: Any) -> Any:
    if name == "skills":
        return {skill.strip().casefold(): level for skill, level in (value or {}).items()}
    if name in ("roles", "deputies"):
        return sorted(item.strip() for item in value or [])
    if isinstance(value, str):
        return value.strip()
    return value or ("" if value is None else value)


class Groups(_Comparing, fakes.Groups):
    def handler(self, connection: Any) -> Handler:
        return DeskHandler(connection, self.id)


class Agents(_Comparing, fakes.Agents):
    def handler(self, connection: Any) -> Handler:
        return DeskHandler(connection, self.id)


class Desk(fakes.Desk):
    kinds = (Groups(), Agents())


REGISTRY = Registry([Desk()])
GROUPS, AGENTS = "desk.groups", "desk.agents"


class DeskHandler(Handler):
    """Reads what is live; `refusals`: key -> the error that reading it ends with."""

    refusals: Mapping[str, LiveError]

    def __init__(self, live: Live, kind: str) -> None:
        self.live = live
        self.kind = kind
        self.refusals = {}
        self.hidden: set[str] = set()
        self.list_error: LiveError | None = None
        self.lists = True
        self.calls = 0
        self.always: Values = {"disabled": False} if kind == AGENTS else {}

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        found: dict[str, Values | None] = {}
        for key in wanted:
            self.calls += 1
            if key in self.refusals:
                raise self.refusals[key]
            live = self.live.get(self.kind, {}).get(key)
            found[key] = None if key in self.hidden or live is None else {**self.always, **live}
            tick()
        return found

    def enumerate(self) -> Sequence[str] | None:
        if self.list_error:
            raise self.list_error
        return [*self.live.get(self.kind, {})] if self.lists else None

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        raise AssertionError("an export writes nothing live")

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        raise AssertionError("an export writes nothing live")

    def remove(self, key: str, live: Values, action: Any) -> None:
        raise AssertionError("an export writes nothing live")


class Connected:
    """The live side of one tenant."""

    def __init__(self, live: Live) -> None:
        self.read = 0
        self.handlers = {kind.id: DeskHandler(live, kind.id) for kind in REGISTRY.all()}

    def handler(self, kind: Kind) -> Handler:
        return self.handlers[kind.id]


class Silent:
    """A watch that tells nobody."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int]] = []
        self.count = 0

    def phase(self, name: str, total: int = 0) -> None:
        self.phases.append((name, total))

    def advance(self, n: int = 1) -> None:
        self.count += n

    def done(self) -> None: ...


def exported(
    folder: Path,
    live: Live,
    *,
    connected: Connected | None = None,
    kinds: Sequence[str] = (),
    environments: Sequence[str] = (),
    **options: bool,
) -> Proposal:
    """What an export of `live` into `folder` would write."""
    found = Folder(folder, REGISTRY, environments)
    seen, only = read_tenant(found.tenant, REGISTRY, connected or Connected(live), Silent(), kinds)
    return propose(found, seen, Options(**options), only)


def wrote(proposal: Proposal) -> dict[str, str]:
    """Write what was proposed. Returns file name -> new text."""
    write(proposal.files)
    return {change.path.name: change.after or "" for change in proposal.files}


def settings(text: str) -> dict[str, str]:
    """tenant.yaml with settings for kinds, indented as below `kinds:`."""
    return {"tenant.yaml": f"{TENANT}    kinds:\n{text}"}


__all__ = [
    "AGENTS",
    "GROUPS",
    "REGISTRY",
    "TENANT",
    "Connected",
    "Seen",
    "Silent",
    "exported",
    "settings",
    "written",
    "wrote",
]
