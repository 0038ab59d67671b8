"""Patterns for paths: `*` stands for anything within one segment, `**` for anything across segments."""

from __future__ import annotations

import re
from functools import lru_cache

_TOKENS = re.compile(r"\*\*|\*|\?|[^*?]+")
_WILD = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_WILD.get(token) or re.escape(token) for token in _TOKENS.findall(pattern)))


def fits(pattern: str | None, path: str) -> bool:
    """Whether a path (as sent, percent-encoded, without query) fits a pattern; None fits every path."""
    return pattern is None or _compiled(pattern).fullmatch(path) is not None
