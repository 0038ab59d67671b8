"""The few colours of the reports, as plain ANSI sequences; without colour every method gives its text back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cxconfig.kinds import Action

RESET = "\x1b[0m"
SEQUENCE = re.compile(r"\x1b\[[0-9]+m")


def unpainted(text: str) -> str:
    """`text` without this palette's sequences, to measure it."""
    return SEQUENCE.sub("", text)


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints text that was made safe before; `colour` False paints nothing."""

    colour: bool

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def red(self, text: str) -> str:
        return self._paint("31", text)

    def green(self, text: str) -> str:
        return self._paint("32", text)

    def yellow(self, text: str) -> str:
        return self._paint("33", text)

    def cyan(self, text: str) -> str:
        return self._paint("36", text)

    def action(self, action: Action, text: str) -> str:
        """Green for what appears, yellow for what changes, red for what goes, dim for what only the record knows."""
        if action is Action.CREATE:
            return self.green(text)
        if action in (Action.UPDATE, Action.RENAME):
            return self.yellow(text)
        if action is Action.ADOPT:
            return self.cyan(text)
        return self.red(text) if action in (Action.REPLACE, Action.DISABLE, Action.DELETE) else self.dim(text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}{RESET}" if self.colour and text else text
