"""Switches: what is unknown of a live system, as named settings that can be turned while the simulator runs.

A switch is declared beside the code that uses it; a system gathers the switches of its modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cxconfig.errors import SettingsError
from cxconfig.nearness import near


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """One unknown. `name`: the wire document's number (U5) or a word. `settings`: value -> what it means.

    Without `settings` the value is a whole number from 0 on.
    """

    name: str
    meaning: str
    default: str
    settings: Mapping[str, str] = field(default_factory=dict)


class Switches:
    """The current settings of all switches of a simulator."""

    def __init__(self, declared: Iterable[Switch], values: Mapping[str, object] | None = None) -> None:
        self.declared = {switch.name: switch for switch in declared}
        self._values = {name: switch.default for name, switch in self.declared.items()}
        self.update(values or {})

    def __getitem__(self, switch: Switch) -> str:
        return self._values[switch.name]

    def number(self, switch: Switch) -> int:
        return int(self._values[switch.name])

    def update(self, values: Mapping[str, object]) -> None:
        """Set several switches, or none when one name or value is unknown (`SettingsError`)."""
        self._values |= dict(self._checked(name, value) for name, value in values.items())

    def values(self) -> dict[str, str]:
        return dict(self._values)

    def _checked(self, name: str, value: object) -> tuple[str, str]:
        by_name = {known.lower(): known for known in self.declared}
        known = by_name.get(name.lower())
        if known is None:
            close = near(name, list(self.declared))
            hint = f"did you mean {close[0]}? " if close else ""
            raise SettingsError(
                f"there is no switch {name!r}", way_out=f"{hint}`cxconfig sandbox --list-switches` shows them all"
            )
        switch, text = self.declared[known], str(value).lower()
        valid = text in switch.settings if switch.settings else text.isascii() and text.isdecimal()
        if not valid:
            allowed = ", ".join(switch.settings) or "a whole number from 0 on"
            raise SettingsError(f"switch {known} has no setting {str(value)!r}", way_out=f"use one of: {allowed}")
        return known, text


def listing(switches: Iterable[Switch]) -> list[str]:
    """The lines of `--list-switches`: each switch, its settings (default marked) and what they mean."""
    lines = []
    for switch in switches:
        lines.append(f"{switch.name}: {switch.meaning}")
        if not switch.settings:
            lines.append(f"    N  a whole number (default {switch.default})")
        width = max((len(name) for name in switch.settings), default=0)
        for name, meaning in switch.settings.items():
            mark = " (default)" if name == switch.default else ""
            lines.append(f"    {name:<{width}}  {meaning}{mark}")
    return lines
