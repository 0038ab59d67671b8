"""Lines of a YAML file as they may be shown beside a mistake: without secrets, passwords, tokens and phone numbers.

The file is parsed once more, for its keys and values with their extent. A value is shown only when the keys above it
say that it may be. Where the syntax is broken there are no keys: what then cannot be told from a secret is masked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cxconfig.cells import ELLIPSIS, safe
from cxconfig.language.lines import (
    COLON,
    HARMLESS,
    Piece,
    ShownLine,
    blind_pieces,
    gap_pieces,
    key_piece,
    loose_pieces,
    value_piece,
)
from cxconfig.language.names import Names, Verdict
from cxconfig.language.reader import FORBIDDEN
from cxconfig.language.sensitive import REFERENCE, is_reference, telling

MOST_PARSED = 2 * 1024 * 1024
"""Of larger texts only the words that everybody knows are shown, since parsing them again takes too long."""
LONG_LINE = 100_000
"""Of a longer line, too, only what stands around a mistake is looked at."""
DEEPEST = 128
"""Deeper than the reader goes: nothing further in is told apart, and the parser is not asked for it."""
AROUND = 300
FURTHEST = 50
"""So many lines after the last good token, what stands between is not looked at."""
_SAID = re.compile(r"\s*:")
_LAST_WORD = re.compile(r"[\w-]+$")
_IDLE = re.compile(r"(?:[\s:,{\[-]|(?<=\s)#.*)*")


@dataclass(frozen=True, slots=True)
class _Span:
    """A key, value or alias; lines and columns count from 0. `path`: the keys above it, outermost first."""

    line: int
    column: int
    last_line: int
    last_column: int
    key: bool
    path: tuple[str, ...]
    anchors: tuple[str, ...]
    text: str
    alias: str | None
    anchored: bool


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    mapping: bool
    anchor: str | None
    key: str = ""
    at_key: bool = True


@dataclass(slots=True)
class _Survey:
    """What one pass over a file found on the wanted lines. `end`: where the last good token ends.

    `after_secret`: that was a secret, so that what follows may be more of it.
    """

    spans: list[_Span] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    hidden_anchors: set[str] = field(default_factory=set)
    end: tuple[int, int] = (0, 0)
    path: tuple[str, ...] = ()
    broken: bool = False
    after_secret: bool = False


_ANCHORING = (ScalarEvent, MappingStartEvent, SequenceStartEvent)


class Masker:
    """Shows lines of one file, whose `lines` may be shown in part only; `wanted` are the lines, counted from 0.

    A text of more than `most` characters is not parsed again.
    """

    def __init__(self, lines: Sequence[str], wanted: Sequence[int], names: Names, most: int = MOST_PARSED) -> None:
        self._lines = lines
        self._names = names
        longest = max((len(lines[number]) for number in wanted), default=0)
        self._blind = sum(map(len, lines)) > most or longest > LONG_LINE
        self._survey = _Survey() if self._blind else _Surveyor(lines, sorted(wanted), names).survey()
        self._by_line: dict[int, list[_Span]] = {line: [] for line in wanted}
        for span in self._survey.spans:
            for line in range(span.line, span.last_line + 1):
                if line in self._by_line:
                    self._by_line[line].append(span)

    def line(self, number: int, column: int) -> ShownLine:
        """One of the wanted lines, for a mistake at `column` (from 1); of a long one what stands around that."""
        text = self._lines[number]
        if HARMLESS.fullmatch(text):
            return ShownLine(text, [Piece(0, len(text), safe(text))])
        if self._blind:
            return ShownLine(text, list(self._blindly(text, column)))
        return ShownLine(text, list(self._pieces(number, text)))

    def _blindly(self, text: str, column: int) -> Iterator[Piece]:
        """What stands around a column; the rest may be millions of characters long."""
        start, end = max(column - AROUND, 0), min(column + AROUND, len(text))
        yield Piece(0, start, ELLIPSIS if start else "")
        yield from blind_pieces(text, start, end, self._names)
        yield Piece(end, len(text), ELLIPSIS if end < len(text) else "")

    def _pieces(self, number: int, text: str) -> Iterator[Piece]:
        good = len(text)
        end_line, end_column = self._survey.end
        if self._survey.broken and number >= end_line:
            good = end_column if number == end_line else 0
        at = 0
        for span in self._by_line[number]:
            start = span.column if span.line == number else 0
            stop = min(span.last_column if span.last_line == number else len(text), len(text))
            if start < at or stop <= start:
                continue
            start += len(text[start:stop]) - len(text[start:stop].lstrip()) if start == 0 else 0
            stop = max(stop, start)
            yield from gap_pieces(text, at, start, self._survey.aliases)
            reference = REFERENCE.match(text, start)
            if reference and reference.end() > stop and not span.key:  # not quoted inside `{ }`: taken for a mapping
                stop = reference.end()
            yield self._span(text, start, stop, span)
            at = stop
        if good >= at:
            yield from gap_pieces(text, at, good, self._survey.aliases)
            at = good
        if at < len(text):
            yield from self._rest(number, text, at)

    def _span(self, text: str, start: int, stop: int, span: _Span) -> Piece:
        verdict = self._names.of_path(span.path)
        uncertain = self._survey.broken and span.anchored  # a password further down may be this very value
        if uncertain or self._survey.hidden_anchors.intersection(span.anchors):
            verdict = Verdict.SENSITIVE
        if span.key:
            alone = not _SAID.match(text, stop)  # `{a, b}`: may be a value without its key
            strange = not self._names.knows(span.text) and (alone or self._names.below_none(span.path))
            return key_piece(text, start, stop, Verdict.SENSITIVE if strange else verdict)
        if span.alias in self._survey.anchors and verdict is not Verdict.SENSITIVE:
            verdict = Verdict.OPEN
        if span.last_line > span.line and telling(span.text):
            verdict = Verdict.SENSITIVE
        return value_piece(text, start, stop, verdict, self._names)

    def _rest(self, number: int, text: str, at: int) -> Iterator[Piece]:
        """What follows the last good token."""
        line, column = self._survey.end
        between = ""
        if number > line:
            parts = [self._lines[line][column:], *self._lines[line + 1 : min(number, line + FURTHEST)]]
            between = "\n".join(parts)
        if number - line > FURTHEST or self._survey.after_secret or not _IDLE.fullmatch(between):
            return blind_pieces(text, at, len(text), self._names)
        told = telling(text[:at])
        verdict = Verdict.SENSITIVE if told else self._names.of_path(self._survey.path)
        key = _LAST_WORD.search(text[:at])
        if key and verdict is not Verdict.SENSITIVE and COLON.match(text, at):
            verdict = self._names.verdict(key[0])
        return loose_pieces(text, at, verdict, self._names)


class _Surveyor:
    """Follows the events of one file, and notes what stands on the wanted lines."""

    def __init__(self, lines: Sequence[str], wanted: Sequence[int], names: Names) -> None:
        self._parser = CParser(FORBIDDEN.sub("\ufffd", "\n".join(lines)))
        self._wanted = wanted
        self._names = names
        self._frames: list[_Frame] = []
        self._found = _Survey()
        self._last: tuple[str, ...] = ()
        self._said = ""

    def survey(self) -> _Survey:
        try:
            while type(event := self._parser.get_event()) is not StreamEndEvent:
                self._event(event, type(event))
                if len(self._frames) > DEEPEST:
                    self._found.broken = True
                    break
                self._found.end = (event.end_mark.line, event.end_mark.column)
        except YAMLError:
            self._found.broken = True
        self._found.path = self._value_path()
        hidden = self._names.of_path(self._last) is Verdict.SENSITIVE
        self._found.after_secret = hidden and not is_reference(self._said)
        return self._found

    def _event(self, event: Any, kind: type) -> None:
        if kind in _ANCHORING and event.anchor:
            self._found.anchors.add(event.anchor)
        if kind in (ScalarEvent, AliasEvent):
            self._leaf(event, event.anchor if kind is AliasEvent else None)
        elif kind in (MappingStartEvent, SequenceStartEvent):
            self._frames.append(_Frame(kind is MappingStartEvent, event.anchor))
        elif kind in (MappingEndEvent, SequenceEndEvent):
            self._frames.pop()
            self._passed("")

    def _leaf(self, event: Any, alias: str | None) -> None:
        top = self._frames[-1] if self._frames else None
        key = top is not None and top.mapping and top.at_key
        text = "" if alias is not None else event.value
        if alias is not None:
            self._found.aliases.add(alias)
        if alias is not None and not key and self._names.of_path(self._path()) is Verdict.SENSITIVE:
            self._found.hidden_anchors.add(alias)
        first, last = event.start_mark, event.end_mark
        at = bisect_left(self._wanted, first.line)
        if at < len(self._wanted) and self._wanted[at] <= last.line:
            path = self._path()[: -1 if key else None]
            own = event.anchor if alias is None else None
            anchors = (*(frame.anchor for frame in self._frames if frame.anchor), *filter(None, (own,)))
            extent = (first.line, first.column, last.line, last.column)
            self._found.spans.append(_Span(*extent, key, path, anchors, text, alias, own is not None))
        if not key:
            self._last, self._said = self._path(), text
        self._passed(text)

    def _passed(self, text: str) -> None:
        """A key or a value is behind us."""
        if self._frames and self._frames[-1].mapping:
            top = self._frames[-1]
            if top.at_key:
                top.key = text
            top.at_key = not top.at_key

    def _path(self) -> tuple[str, ...]:
        return tuple(frame.key for frame in self._frames if frame.mapping)

    def _value_path(self) -> tuple[str, ...]:
        """The keys above the place where the reading stopped, with the one whose value is awaited there."""
        top = self._frames[-1] if self._frames else None
        awaiting = top is not None and (not top.mapping or not top.at_key)
        path = self._path()
        if awaiting:
            return path
        return path[:-1] if any(self._names.verdict(key) is Verdict.SENSITIVE for key in path[:-1]) else ()
