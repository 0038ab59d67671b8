"""A stack's state read where a file backend keeps it: what `pulumi stack export` says, without starting an engine.

Only the form that is known is taken. Of anything else (an older layout, another compression, a damaged file, two files
of one stack) nothing is said here, and the engine is asked: it has the right words, too.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cxconfig.tenancy import folder_of

LAYOUT = "version: 1"
"""What the file of a backend says in which every project has a folder of its own."""
VERSION = 3
BESIDE = (".attrs", ".bak")
"""Ends of the names of files beside a state that are no state."""
FORMS = (".json", ".json.gz")
"""Ends of the names of states."""
NOTHING: Mapping[str, Any] = {}
_LISTS = ("resources", "pending_operations")
_PARTS: Mapping[str, type] = {
    "urn": str,
    "type": str,
    "id": str,
    "custom": bool,
    "inputs": dict,
    "outputs": dict,
    "dependencies": list,
}
"""Of a resource."""
_ALWAYS = frozenset({"urn", "type"})
_MAPPINGS = ("manifest", "secrets_providers")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def exported_from(backend: str, project: str, name: str) -> Mapping[str, Any] | None:
    """What the state of a stack is, in the form of an export: `NOTHING` when there is no such stack, and None when
    only the engine can tell. `backend`: its URL."""
    folder = folder_of(backend)
    if folder is None or not folder.is_absolute() or "?" in backend or not _NAME.fullmatch(name):
        return None
    top = folder / ".pulumi"
    try:
        if not _there(top):
            return NOTHING if os.access(folder, os.W_OK | os.X_OK) else None
        if (top / "meta.yaml").read_text(encoding="utf-8").strip() != LAYOUT:
            return None
        found = _files(top / "stacks" / project, f"{name}.json")
        states = [path for path in found if path.name in {f"{name}{form}" for form in FORMS}]
        if not found:
            return NOTHING
        if len(states) != 1 or any(path not in states and not path.name.endswith(BESIDE) for path in found):
            return None  # none beside a copy: it may be about to be written
        return _read(states[0])
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        return None


def _there(path: Path) -> bool:
    """Raises `OSError` when that cannot be told."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _files(folder: Path, begin: str) -> list[Path]:
    """Whatever may be the state, a part of it or a copy."""
    return [path for path in folder.iterdir() if path.name.startswith(begin)] if _there(folder) else []


def _read(path: Path) -> Mapping[str, Any] | None:
    whole = json.loads(_unpacked(path.read_bytes()).decode("utf-8"), parse_constant=_refuse)
    if not isinstance(whole, dict) or whole.get("version") != VERSION:
        return None
    checkpoint = whole.get("checkpoint")
    latest = checkpoint.get("latest") if isinstance(checkpoint, dict) else None
    return {"version": VERSION, "deployment": latest} if _usual(latest) else None


def _unpacked(content: bytes) -> bytes:
    """Raises `ValueError` for what is packed and goes on, which the engine takes for damaged."""
    if content[:2] != b"\x1f\x8b":
        return content
    unpacking = zlib.decompressobj(wbits=31)
    found = unpacking.decompress(content)
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError
    return found


def _refuse(constant: str) -> None:
    """NaN and the like are no JSON."""
    raise ValueError(constant)


def _usual(latest: Any) -> bool:
    """Is everything in it of the type that the engine writes, as far as it or we look at it?"""
    if not isinstance(latest, dict) or not all(isinstance(latest.get(n, {}), dict) for n in _MAPPINGS):
        return False
    datetime.fromisoformat(latest.get("manifest", {}).get("time", ""))
    state = latest.get("secrets_providers", {}).get("state", {})
    listed = [latest.get(name, []) for name in _LISTS]
    return isinstance(state, dict) and all(isinstance(found, list) and all(map(_resource, found)) for found in listed)


def _resource(found: Any) -> bool:
    """A resource, or an operation on one."""
    if not isinstance(found, dict):
        return False
    resource = found.get("resource", found)
    if not isinstance(resource, dict) or not resource.keys() >= _ALWAYS:
        return False
    return all(isinstance(resource[name], form) for name, form in _PARTS.items() if name in resource)
