"""The YAML files of a tenant, as text that can be written back."""

from __future__ import annotations

from pathlib import Path

from cxconfig.errors import InputErrors
from cxconfig.language.folder import TENANT_FILE, yaml_files
from cxconfig.language.mistakes import Mistakes
from cxconfig.language.reader import decoded


def texts(folder: Path) -> dict[Path, str]:
    """Path -> text with its byte order mark and line ends, of every file of the tenant and its environments.

    Raises `SettingsError` when there is no tenant, `InputErrors` with every file that is no text.
    """
    mistakes = Mistakes()
    found: dict[Path, str] = {}
    for source in yaml_files(folder, mistakes):
        if decoded(source.data, source.sheet) is not None:
            found[source.path] = source.data.decode("utf-8")
    if mistakes.errors:
        raise InputErrors(mistakes.errors)
    return found


def tenant_of(path: Path) -> Path:
    """The tenant's folder that a file or folder lies in; the path itself where there is none."""
    at = path if path.is_dir() else path.parent
    above = [at, *(at.absolute().parents if not (at / TENANT_FILE).exists() else ())]
    return next((folder for folder in above if (folder / TENANT_FILE).exists()), path)
