"""One line of a file as it may be shown, and where its columns went."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate

from cxconfig.cells import safe
from cxconfig.language.names import Names, Verdict
from cxconfig.language.sensitive import (
    MASK,
    PHONE,
    alarming,
    is_reference,
    masked_text,
    shown_address,
    shown_name,
    shown_value,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """`shown` stands for the columns from `start` to `end` (counted from 0). `token`: one key or value."""

    start: int
    end: int
    shown: str
    token: bool = False


class ShownLine:
    """The pieces of a line, in order and without gaps."""

    def __init__(self, text: str, pieces: list[Piece]) -> None:
        self._source = text
        self._pieces = _merged(pieces)
        self._starts = [piece.start for piece in self._pieces]
        self._shown_at = list(accumulate((len(piece.shown) for piece in self._pieces), initial=0))
        self.text = "".join(piece.shown for piece in self._pieces)

    def caret(self, column: int) -> tuple[int, int]:
        """Where the source's column (from 0) stands in the shown text, and how much is to be underlined there."""
        index = bisect_right(self._starts, column) - 1
        piece = self._pieces[index] if index >= 0 else None
        if piece is None or column >= piece.end:
            return self._shown_at[-1], 1
        before = self._shown_at[index]
        if piece.token and piece.start == column:
            return before, max(len(piece.shown), 1)
        plain = safe(self._source[piece.start : piece.end]) == piece.shown
        return before + (len(safe(self._source[piece.start : column])) if plain else 0), 1


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Masked words side by side become one, so that nobody counts them."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.shown == MASK and len(found) > 1 and found[-2].shown == MASK and not found[-1].shown.strip():
            found.pop()
            found[-1] = Piece(found[-1].start, piece.end, MASK, found[-1].token)
        elif piece.shown == MASK and found and found[-1].shown == MASK:
            found[-1] = Piece(found[-1].start, piece.end, MASK, found[-1].token)
        else:
            found.append(piece)
    return found


def key_piece(line: str, start: int, end: int, verdict: Verdict) -> Piece:
    """A key; below a sensitive one even keys are masked, and one that is damaged may be anything."""
    text = line[start:end]
    hidden = verdict is Verdict.SENSITIVE or not text.isprintable() or text.startswith("!")
    return Piece(start, end, MASK if hidden else safe(shown_name(text)), token=True)


def value_piece(line: str, start: int, end: int, verdict: Verdict, names: Names) -> Piece:
    """A value, or what stands of it on this line."""
    text = line[start:end]
    if not text.strip():
        return Piece(start, end, text)
    return Piece(start, end, safe(_shown(text, verdict, names) or masked_text(text)), token=True)


def _shown(text: str, verdict: Verdict, names: Names) -> str:
    """What of a value may be shown, or nothing."""
    if is_reference(text) or (verdict is not Verdict.SENSITIVE and names.knows(text)):
        return text
    if verdict is Verdict.ADDRESS:
        return shown_address(text)
    return shown_value(text) if verdict is Verdict.OPEN else ""


HARMLESS = re.compile(r"%YAML[ \t]+[\d.]+\s*|(?:---|\.\.\.)\s*")
"""Lines that hold no value, wherever they stand."""
_GAP = re.compile(
    r"(?P<comment>(?:^|(?<=\s))#.*)|(?P<name>[&*!][^\s,\[\]{}]*)|(?P<mark>[\s{}\[\],:?|>.-]+)|(?P<word>\S+)"
)


def gap_pieces(line: str, start: int, end: int, anchors: Collection[str]) -> Iterator[Piece]:
    """What stands between keys and values: marks, the names of `anchors`, and comments, which are not shown."""
    for found in _GAP.finditer(line, start, end):
        if found["comment"] is not None:
            yield Piece(found.start(), end, "# …" if found[0].strip("# ") else safe(found[0]))
            return
        name = found["name"] or ""
        known = name[1:] in anchors or name.startswith("!!")
        shown = found[0] if found["mark"] or known else (name[:1] + MASK)
        yield Piece(found.start(), found.end(), safe(shown), token=bool(name))


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<comment>(?:^|(?<=\s))\#.*)
    | (?P<reference>\$\{[A-Za-z]+:[\w ./-]*\})
    | (?P<quoted>"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)
    | (?P<mark>[{}\[\],] | [-?:|>](?=\s|$))
    | (?P<word>(?:[^\s{}\[\],:]|:(?!\s|$))+|.)""",
    re.VERBOSE,
)
_KEY = re.compile(r"""["']?[\w$-]+["']?""")
"""What looks like a key, where the syntax is broken."""
COLON = re.compile(r"\s*:(?:\s|$)")


def loose_pieces(line: str, start: int, verdict: Verdict, names: Names) -> Iterator[Piece]:
    """The rest of a line that breaks the syntax, from a place where a new token begins.

    `verdict` is that of the key whose value is expected there. Words that belong to no open key are masked, and
    everything after a word that announces a secret.
    """
    first = True
    phones = [phone.span() for phone in PHONE.finditer(line, start)]
    for found in _TOKEN.finditer(line, start):
        text, at = found[0], found.start()
        if verdict is Verdict.SENSITIVE and text.strip() and text != ":":
            whole = is_reference(line[at:])
            yield Piece(at, len(line), safe(line[at:]) if whole else MASK, token=True)
            return
        if found["comment"] is not None:
            yield Piece(at, len(line), "# …")
            return
        if found["space"] or found["mark"]:
            yield Piece(at, found.end(), safe(text), token=False)
            verdict = Verdict.UNKNOWN if text == "," else verdict
            first = first or text in ("{", "[", ",", "-")
            continue
        if COLON.match(line, found.end()) and found["reference"] is None:
            verdict = names.verdict(text.strip("\"'"))
            known = (first and _KEY.fullmatch(text)) or names.knows(text)
            yield Piece(at, found.end(), safe(shown_name(text)) if known else MASK, token=True)
        elif any(begin < found.end() and at < end for begin, end in phones):
            yield Piece(at, found.end(), MASK, token=True)
        else:
            yield _loose_word(text, at, verdict, names)
            verdict = Verdict.SENSITIVE if alarming(text) and found["reference"] is None else verdict
        first = False


def _loose_word(text: str, at: int, verdict: Verdict, names: Names) -> Piece:
    mark = text if len(text) == 1 and not text.isalnum() else ""
    return Piece(at, at + len(text), safe(mark or _shown(text, verdict, names) or MASK), token=True)


_WORD = re.compile(r"(?P<blank>[\s{}\[\],:\"']+)|(?P<reference>\$\{[A-Za-z]+:[\w ./-]*\})|(?P<word>[^\s{}\[\],:\"']+)")


def blind_pieces(line: str, start: int, end: int, names: Names) -> Iterator[Piece]:
    """A part of a line of which nothing is known: only marks, and the words that everybody knows."""
    for found in _WORD.finditer(line, start, end):
        edge = (found.start() == start and start > 0) or (found.end() == end and end < len(line))
        shown = not found["word"] or (not edge and names.knows(found[0].rstrip("-")))
        yield Piece(found.start(), found.end(), safe(found[0]) if shown else MASK, token=bool(found["word"]))
