"""One scalar's text -> str, bool or int, as the schema wants it. YAML's own guesses play no part."""

from __future__ import annotations

import re

from cxconfig.language.mistakes import shown
from cxconfig.language.nodes import ScalarNode

MAX_DIGITS = 18

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
_YES = frozenset({"yes", "y", "on", "true", "1"})
_NO = frozenset({"no", "n", "off", "false", "0"})


class Unfit(Exception):
    """The text is not of the wanted type: `rule` and `way_out` for the user; `got` shows the text."""

    def __init__(self, rule: str, way_out: str, got: str = "") -> None:
        self.rule = rule
        self.way_out = way_out
        self.got = got
        super().__init__(rule)


def text(node: ScalarNode) -> str:
    """The text as written; nothing, `~` and `null` are the empty text."""
    return "" if node.null else node.text


def flag(node: ScalarNode) -> bool:
    """Exactly `true` or `false`, without quotes."""
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if node.null:
        raise Unfit("must be true or false, and has no value", "write true or false, or remove the line")
    word = node.text.strip().casefold()
    if not node.plain and word in ("true", "false"):
        raise Unfit("must be true or false without quotes", f"write {word}")
    meant = "true" if word in _YES else "false" if word in _NO else "true or false"
    why = "" if word in ("true", "false") or meant == "true or false" else f"; {shown(node.text)} is a text in YAML 1.2"
    raise Unfit("must be true or false", f"write {meant}{why}", shown(node.text))


def number(node: ScalarNode) -> int:
    """A whole number in decimal digits, without quotes."""
    if node.plain and _NUMBER.fullmatch(node.text) and len(node.text) <= MAX_DIGITS:
        return int(node.text)
    if node.null:
        raise Unfit("must be a whole number, and has no value", "write a number, or remove the line")
    reason, way_out = _not_a_number(node)
    raise Unfit(f"must be a whole number{reason}", way_out, shown(node.text))


def _not_a_number(node: ScalarNode) -> tuple[str, str]:
    word = node.text
    digits = "write it in plain digits, like 90"
    if not node.plain:
        return (" without quotes", "remove the quotes") if _NUMBER.fullmatch(word) else ("", digits)
    if _NUMBER.fullmatch(word):
        return f" of at most {MAX_DIGITS} digits", "write a smaller number"
    if re.fullmatch(r"[-+]?[0-9]*\.[0-9]*", word):
        return " without decimals", digits
    if re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", word):
        return " without an exponent", digits
    if re.fullmatch(r"0[xXoObB][0-9a-fA-F]+", word):
        return " in decimal digits", digits
    if re.fullmatch(r"-?0[0-9]+", word):
        return " without leading zeros", f"write {int(word)}" if len(word) <= MAX_DIGITS else digits
    if re.fullmatch(r"\+[0-9]+", word):
        return " without a plus sign", f"write {word[1:]}"
    if re.fullmatch(r"[0-9][0-9_,]+", word):
        return " without separators", digits
    return "", digits
