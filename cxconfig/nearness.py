"""Names close to a mistyped one, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MANY = 1000
"""Above this many candidates only those of like length and the same first or last letter are compared."""


def near(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """The candidates close to `name`, closest first; one that differs only in case or outer blanks comes alone."""
    wanted = name.strip().casefold()
    if not wanted:
        return []
    folded: dict[str, str] = {}
    for candidate in candidates:
        folded.setdefault(candidate.strip().casefold(), candidate)
    if wanted in folded:
        return [folded[wanted]]
    pool = list(folded)
    if len(pool) > MANY:
        pool = [word for word in pool if _alike(wanted, word)]
    return [folded[word] for word in get_close_matches(wanted[:100], pool, n=limit, cutoff=0.6)]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """`did you mean `users` or `teams`?`, or nothing when no candidate is close."""
    close = near(name, candidates)
    return f"did you mean {' or '.join(f'`{word}`' for word in close)}?" if close else ""


def _alike(wanted: str, word: str) -> bool:
    return bool(word) and abs(len(word) - len(wanted)) <= 3 and (word[0] == wanted[0] or word[-1] == wanted[-1])
