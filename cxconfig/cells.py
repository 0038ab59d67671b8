"""Text in terminal cells: harmless, measured, shortened and wrapped.

Widths follow East Asian Width (Unicode TR 11): wide and full-width characters take two cells, combining marks none.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that can move the cursor, reorder a line, hide text, or not be written at all."""
SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
PLAIN = re.compile(r"[ -~]*\Z")


def safe(text: str) -> str:
    """`text` with control, direction and invisible characters as visible escapes, so that it cannot steer a terminal.

    The joiner inside emoji stays; it stands between two characters outside ASCII.
    """
    if PLAIN.match(text):
        return text
    return "".join(_escaped(text, i) if _hidden(text, i) else char for i, char in enumerate(text))


def is_safe(text: str) -> bool:
    return safe(text) == text


def columns(text: str) -> int:
    """The number of cells that a safe text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells(cluster) for cluster in clusters(text))


def clusters(text: str) -> list[str]:
    """Each character together with the combining marks that follow it."""
    found: list[str] = []
    for char in text:
        if found and _follows(char):
            found[-1] += char
        else:
            found.append(char)
    return found


def shorten(text: str, room: int) -> str:
    """At most `room` cells: the middle gives way, because long names differ at their ends."""
    if columns(text) <= room:
        return text
    if room <= 1:
        return ELLIPSIS[: max(room, 0)]
    parts = clusters(text)
    tail = (room - 1) // 3
    end = _fitting(parts[::-1], tail)[::-1]
    start = _fitting(parts, room - 1 - columns("".join(end)))
    return "".join([*start, ELLIPSIS, *end])


def pad(text: str, room: int) -> str:
    return text + " " * (room - columns(text))


def wrap(text: str, room: int) -> list[str]:
    """Lines of at most `room` cells, broken at blanks; nothing is lost, an overlong word is broken where it must be."""
    lines = [""]
    for word in text.split(" "):
        parts = _pieces(word, room)
        if lines[-1] and columns(lines[-1]) + 1 + columns(parts[0]) <= room:
            lines[-1] += f" {parts[0]}"
        elif lines[-1]:
            lines.append(parts[0])
        else:
            lines[-1] = parts[0]
        lines += parts[1:]
    return lines


def joined(parts: list[str], separator: str, room: int) -> list[str]:
    """`parts` in lines of at most `room` cells, broken only between parts; an overlong part is wrapped."""
    lines: list[str] = []
    for part in parts:
        if lines and columns(lines[-1]) + columns(separator) + columns(part) <= room:
            lines[-1] += separator + part
        else:
            lines += wrap(part, room)
    return lines


def _hidden(text: str, i: int) -> bool:
    if text[i] == JOINER:
        return not (0 < i < len(text) - 1 and not text[i - 1].isascii() and not text[i + 1].isascii())
    return unicodedata.category(text[i]) in HIDDEN


def _escaped(text: str, i: int) -> str:
    code = ord(text[i])
    if text[i] in SHORT_ESCAPES:
        return SHORT_ESCAPES[text[i]]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _follows(char: str) -> bool:
    return char == JOINER or unicodedata.category(char) in ("Mn", "Me")


def _cells(cluster: str) -> int:
    wide = unicodedata.east_asian_width(cluster[0]) in "WF" or EMOJI_STYLE in cluster
    return 0 if _follows(cluster[0]) else 2 if wide else 1


def _fitting(parts: list[str], room: int) -> list[str]:
    found: list[str] = []
    for part in parts:
        room -= _cells(part)
        if room < 0:
            break
        found.append(part)
    return found


def _pieces(word: str, room: int) -> list[str]:
    if columns(word) <= room:
        return [word]
    rest = clusters(word)
    found = []
    while rest:
        piece = _fitting(rest, room) or rest[:1]
        found.append("".join(piece))
        rest = rest[len(piece) :]
    return found


def window(text: str, start: int, length: int, room: int) -> tuple[str, int, int]:
    """At most `room` cells of a safe text around the `length` characters from `start`: text, start and length in it."""
    if len(text) <= room and columns(text) <= room:
        return text, start, length
    before, token = text[max(start - room, 0) : start], text[start : start + min(length, room)]
    after = text[start + len(token) : start + len(token) + room]
    left = _fitting(clusters(before)[::-1], room // 3)[::-1]
    cut_left = ELLIPSIS if len("".join(left)) < start else ""
    rest = room - columns("".join(left)) - 2
    inside = "".join(_fitting(clusters(token), rest))
    right = "".join(_fitting(clusters(after), rest - columns(inside))) if len(inside) == length else ""
    shown = cut_left + "".join(left)
    cut_right = ELLIPSIS if start + len(inside) + len(right) < len(text) else ""
    return shown + inside + right + cut_right, len(shown), max(len(inside), min(length, 1))


def underline(text: str, start: int, length: int) -> str:
    """Blanks and carets that stand below the `length` characters from `start`, in cells."""
    return " " * columns(text[:start]) + "^" * max(columns(text[start : start + length]), 1)
