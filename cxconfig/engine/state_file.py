"""A stack's state read where a file backend keeps it: what `pulumi stack export` says, without starting an engine.

Only the form that is known is taken. Of anything else (an older layout, another compression, a damaged file, two files
of one stack) nothing is said here, and the engine is asked: it has the right words, too.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxconfig.tenancy import folder_of

LAYOUT = "version: 1"
"""What the file of a backend says in which every project has a folder of its own."""
VERSION = 3
BESIDE = (".attrs", ".bak")
"""Ends of the names of files beside a state that are no state."""
NOTHING: Mapping[str, Any] = {}
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
        if not top.exists():
            return NOTHING if os.access(folder, os.W_OK | os.X_OK) else None
        if (top / "meta.yaml").read_text(encoding="utf-8").strip() != LAYOUT:
            return None
        found = _files(top / "stacks" / project, f"{name}.json")
        if not found:
            return NOTHING
        return _read(found[0]) if len(found) == 1 and found[0].name.endswith((".json", ".json.gz")) else None
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        return None


def _files(folder: Path, begin: str) -> list[Path]:
    """Whatever may be the state, or a part of it."""
    if not folder.exists():
        return []
    return [path for path in folder.iterdir() if path.name.startswith(begin) and not path.name.endswith(BESIDE)]


def _read(path: Path) -> Mapping[str, Any] | None:
    content = path.read_bytes()
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    whole = json.loads(content.decode("utf-8"))
    if not isinstance(whole, dict) or whole.get("version") != VERSION:
        return None
    checkpoint = whole.get("checkpoint")
    latest = checkpoint.get("latest") if isinstance(checkpoint, dict) else None
    return {"version": VERSION, "deployment": latest} if _usual(latest) else None


def _usual(latest: Any) -> bool:
    """Is everything in it of the type that the engine writes, as far as it is looked at?"""
    if not isinstance(latest, dict) or not all(isinstance(latest.get(n) or {}, dict) for n in _MAPPINGS):
        return False
    state = (latest.get("secrets_providers") or {}).get("state")
    return isinstance(state or {}, dict) and all(map(_resource, _listed(latest, "resources")))


def _listed(latest: Mapping[str, Any], name: str) -> list[Any]:
    found = latest.get(name) or []
    return found if isinstance(found, list) else [None]


def _resource(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(name), str) for name in ("urn", "type"))
        and all(isinstance(found.get(name) or {}, dict) for name in ("inputs", "outputs"))
    )
