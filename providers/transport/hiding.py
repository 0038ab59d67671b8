"""Taking out of a text what must not be shown: secrets, somebody's numbers, control characters."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection
from urllib.parse import quote, quote_plus

SAID_LENGTH = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+")
_ESCAPED = re.compile(r"\\u(?!d[89a-f])([0-9a-f]{4})", re.IGNORECASE)
"""A character as JSON may spell it, without halves of a pair."""
_DAY = r"(?:(?:19|20)\d\d(?P<s>[-/.])\d{1,2}(?P=s)\d{1,2}|\d{1,2}(?P<t>[-/.])\d{1,2}(?P=t)(?:19|20)\d\d)"
_ADDRESS = r"(?!\d\d(?:\.\d\d){3}(?!\d))\d{1,3}(?:\.\d{1,3}){3}"
_NUMBER = re.compile(
    # A date or an IP address, and nothing longer that only begins like one ...
    rf"(?P<kept>(?<![\d])(?<!\d[-/.])(?:{_DAY}|{_ADDRESS})(?![-/.]?\d))"
    # ... or seven to sixteen digits in one go. What joins letters and digits in any other way is an id.
    r"|(?:(?<![0-9A-Za-z])|(?<=\bx)|(?<=\bext)|(?<=\btel)|(?<=\bfax)|(?<=\bphone)|(?<=\bmobile))"
    r"\+?\(?\d(?:[\s()./\\_\u2010-\u2015\u2212-]{0,3}\d){4,13}[\s()./\\_\u2010-\u2015\u2212-]{0,3}"
    r"(?P<last>\d[\s()./\\_\u2010-\u2015\u2212-]{0,3}\d)"
    r"(?:\s?(?:x|ext\.?)\s?\d+)?(?=[A-Za-z]*(?![0-9A-Za-z]))",
    re.ASCII | re.IGNORECASE,
)
_PIECES = re.compile(r"[0-9A-Za-z-]*", re.ASCII)
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{4,}", re.ASCII | re.IGNORECASE)
_SHORTEST = 4
_FEWEST_DIGITS, _MOST_LETTERS = 7, 3
"""A text with so many digits and so few letters is hidden however its digits are grouped."""


def shortened(text: str, hidden: Collection[str], *, numbers: bool = False) -> str:
    """One line without control characters and without the texts `hidden`, at most `SAID_LENGTH` characters.

    `numbers`: cut whatever could be somebody's phone number to its last two digits.
    """
    # Masked before and after: a control character within a secret must not carry it through.
    line = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), masked(text, hidden))
    line = masked(" ".join(_CONTROL.sub(" ", line).split()), hidden)
    if numbers:
        line = _NUMBER.sub(_cut, line)
    return line if len(line) <= SAID_LENGTH else line[: SAID_LENGTH - 1] + "…"


def without_control(text: str) -> str:
    return _CONTROL.sub("", text)


def masked(text: str, hidden: Collection[str]) -> str:
    """`text` with `***` in place of every text that is `hidden`: as it is, with single blanks, quoted for JSON, a form,
    a URL or HTML; and one that is a number with whatever stands between its digits."""
    forms = {form for secret in hidden if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    for secret in hidden:
        digits = [char for char in secret if char in "0123456789"]
        if len(digits) >= _FEWEST_DIGITS and sum(map(str.isalpha, secret)) <= _MOST_LETTERS:
            text = re.sub(r"[\W_x]{0,4}".join(digits), "***", text, flags=re.IGNORECASE)
    return text


def _forms(secret: str) -> set[str]:
    return {
        form
        for spelling in _spellings(secret)
        for form in (
            spelling,
            json.dumps(spelling)[1:-1],
            json.dumps(spelling, ensure_ascii=False)[1:-1],
            quote(spelling, safe="", errors="replace"),
            quote(spelling, errors="replace"),
            quote_plus(spelling, errors="replace"),
            html.escape(spelling),
        )
    }


def _spellings(secret: str) -> set[str]:
    """A text and what is left of it where runs of blanks become one, and none at the ends."""
    single = " ".join(secret.split())
    return {secret, re.sub(r"\s+", " ", secret)} | ({single} if len(single) >= _SHORTEST else set())


def _cut(found: re.Match[str]) -> str:
    if found["kept"] or _of_an_id(found):
        return found[0]
    return "•••••" + "".join(char for char in found["last"] if char.isdigit())


def _of_an_id(found: re.Match[str]) -> bool:
    """Does it stand between hyphens with pieces that mix letters and digits, as in a UUID?"""
    before = _PIECES.match(found.string[: found.start()][::-1])
    after = _PIECES.match(found.string, found.end())
    return any(_HEX.fullmatch(piece) for part in (before, after) if part for piece in part[0].split("-"))
