"""Files of an older version of the language -> files of this one, edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cxconfig.errors import InputError, InputErrors, SettingsError
from cxconfig.language.folder import TENANT_FILE, displayed
from cxconfig.language.mistakes import shown
from cxconfig.language.versions import API_VERSION, other_version
from cxconfig.writing.editor import Editor
from cxconfig.writing.files import FileChange
from cxconfig.writing.tenant_files import texts

KEY = ("api_version",)


class Migration(NamedTuple):
    """Brings one file from version `source` to `target`: `change` edits it, but for its `api_version`.

    It is called for every YAML file of a tenant, those of the environments too, and must leave alone what is not there.
    """

    source: str
    target: str
    change: Callable[[Editor], None]


MIGRATIONS: tuple[Migration, ...] = ()
"""Every step there is. Their sources, and what leads to them, are `OLDER` of the language's versions."""


class Plan(NamedTuple):
    """The version that the tenant's files are of, and what brings them to the current one."""

    version: str
    changes: list[FileChange]


def planned(folder: Path, migrations: Sequence[Migration], current: str = API_VERSION) -> Plan:
    """What a migration would change; nothing is written.

    Raises `SettingsError` for a version that no migration leads away from, `InputErrors` with every mistake of syntax,
    `EditRefused` for what cannot be changed in place.
    """
    editors = _editors(texts(folder))
    main = folder / TENANT_FILE
    version = _version(editors[main])
    if not version:
        raise SettingsError(
            f"{displayed(main)}: api_version is missing",
            way_out=f"Add `api_version: {current}`, or that of the cxconfig that the files were written for.",
        )
    changes = []
    for path, editor in editors.items():
        before, own = editor.text, _version(editor) or version
        for step in steps(own, migrations, current, displayed(path)):
            step.change(editor)
        if editor.has(KEY) and own != current:
            editor.set(KEY, current)
        changes.append(FileChange(path, before, editor.text))
    return Plan(version, [change for change in changes if not change.empty])


def _editors(files: Mapping[Path, str]) -> dict[Path, Editor]:
    """An editor for every file. All mistakes of all files are told at once."""
    found: dict[Path, Editor] = {}
    errors: list[InputError] = []
    for path, text in files.items():
        try:
            found[path] = Editor(text, displayed(path))
        except InputErrors as error:
            errors += error.errors
    if errors:
        raise InputErrors(errors)
    return found


def _version(editor: Editor) -> str:
    """What `api_version` says; nothing when it says nothing."""
    value = editor.value(KEY)
    return "" if value is None else str(value)


def steps(version: str, migrations: Sequence[Migration], current: str, file: str) -> list[Migration]:
    """The shortest way from a version to the current one."""
    ways: dict[str, list[Migration]] = {version: []}
    waiting = [version]
    while waiting:
        at = waiting.pop(0)
        for step in migrations:
            if step.source == at and step.target not in ways:
                ways[step.target] = [*ways[at], step]
                waiting.append(step.target)
    if current not in ways:
        older = sorted({step.source for step in migrations})
        known = f" (it migrates from {', '.join(older)})" if older else ""
        raise SettingsError(
            f"{file}: api_version is {shown(version)}, and this cxconfig knows {current}{known}",
            way_out=_sentence(other_version(version, current, frozenset())),
        )
    return ways[current]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
