"""Is this a run in CI? One answer for everybody: certificates are verified there, and nothing is asked."""

from __future__ import annotations

from collections.abc import Mapping

_NOT = frozenset({"", "0", "false", "no", "off"})


def in_ci(environ: Mapping[str, str]) -> bool:
    """Is the environment variable CI set, to anything that does not say no?"""
    return environ.get("CI", "").strip().casefold() not in _NOT
