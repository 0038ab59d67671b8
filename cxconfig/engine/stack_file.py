"""The file with one stack's settings, `Pulumi.<stack>.yaml`: what we tell the stack about its tenant.

The file belongs to the engine, and may be shared and edited by people. So it is written only when something of ours
changes, and everything else in it stays as it is, comments too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from cxconfig.errors import SettingsError


def settings_in(path: Path) -> dict[str, Any]:
    """What the file says, nothing when there is none; `SettingsError` when it is damaged."""
    if not path.exists():
        return {}
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        settings = None
    if isinstance(settings, dict) and isinstance(settings.get("config") or {}, dict):
        return settings
    raise _damaged(path)


def configuration_in(path: Path) -> dict[str, Any]:
    """The settings with their namespaces (`cxconfig:tenant`); a secret is a mapping with `secure`."""
    return dict(settings_in(path).get("config") or {})


def configure(path: Path, wanted: Mapping[str, str]) -> None:
    """Bring some settings to these values and leave the others alone."""
    held = configuration_in(path)
    if all(held.get(name) == value for name, value in wanted.items()):
        return
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 1_000_000  # an encrypted value is one long line
    try:
        document = editor.load(path.read_text(encoding="utf-8")) if path.exists() else None
    except YAMLError:  # a key that stands twice, which the reader above lets pass
        raise _damaged(path) from None
    document = document or {}
    if not document.get("config"):
        document["config"] = {}
    document["config"].update(wanted)
    text = StringIO()
    editor.dump(document, text)
    replace_file(path, text.getvalue())


def _damaged(path: Path) -> SettingsError:
    return SettingsError(
        f"the stack's settings {path} are damaged",
        way_out="Restore the file. Without a backup remove it: it is made anew, and nothing live depends on it. Secrets"
        " that were kept in it (`cxconfig secret list`) are set again then.",
    )


def replace_file(path: Path, text: str) -> None:
    """Write a file that is never seen half written, not even when we are killed: it holds the state's salt."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
