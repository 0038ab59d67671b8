"""Seed and save files: YAML, or JSON when the name ends in `.json`. What they hold is the system's matter."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cxconfig.errors import InputError, Place, SettingsError

# The pure-Python classes take seconds for a few thousand users.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_seed(path: Path) -> dict[str, Any]:
    """The mapping in a seed file; raises `SettingsError` when it cannot be read, `InputError` when it is malformed."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"cannot read the seed {path}: {reason}", way_out="name a readable file") from None
    content = _parsed(text, path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError("a seed is a mapping", place=Place(str(path)), way_out="docs/sandbox.md shows one")
    return content


def _parsed(text: str, path: Path) -> Any:
    try:
        return json.loads(text) if path.suffix == ".json" else yaml.load(text, _LOADER)
    except json.JSONDecodeError as error:
        place, said = Place(str(path), error.lineno, error.colno), error.msg
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
        said = getattr(error, "problem", None) or "it is not valid YAML"
    raise InputError(said, place=place, way_out="correct the syntax")


def write_seed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a save file so that a reader sees the old one or the new one, readable by its owner alone."""
    if path.suffix == ".json":
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.dump(dict(content), Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
