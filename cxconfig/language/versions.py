"""The versions of the language that `api_version` may name."""

from __future__ import annotations

import re

API_VERSION = "cxconfig/v1"
OLDER: frozenset[str] = frozenset()
"""Those that `cxconfig migrate` brings to this one."""

_FORM = re.compile(r"cxconfig/v([0-9]{1,9})")


def other_version(version: str, current: str = API_VERSION, older: frozenset[str] = OLDER) -> str:
    """What to do about files that are of another version."""
    if version in older:
        return f"run `cxconfig migrate`, which brings the files to {current}"
    found, ours = _FORM.fullmatch(version), _FORM.fullmatch(current)
    if found and ours and int(found[1]) > int(ours[1]):
        return f"install a cxconfig that knows it, or write {current} if the files are of that version"
    return f"write {current}"
