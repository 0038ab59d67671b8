"""The stack's passphrase: from the environment only, under Pulumi's own names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cxconfig.errors import SettingsError

VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"
PREVIOUS_VARIABLE = "CXCONFIG_PREVIOUS_PASSPHRASE"
"""Set for one `up` after the passphrase was changed: what was recorded under the old one is compared with it."""
OTHER_PASSPHRASE = (
    f"Set {VARIABLE} to the one that they were recorded under. If it was changed for good, set the old one in"
    f" {PREVIOUS_VARIABLE} for one `cxconfig up`: they are compared with it and recorded under the new one."
)


def passphrase(environ: Mapping[str, str]) -> str:
    """The passphrase; an error that says how to set one when neither variable is set, or the file cannot be read."""
    if VARIABLE in environ:
        return environ[VARIABLE]
    if path := environ.get(FILE_VARIABLE):
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise SettingsError(
                f"{FILE_VARIABLE} names {path}, which cannot be read: {why}",
                way_out=f"Name the file that holds the passphrase, or set {VARIABLE} to the passphrase itself.",
            ) from None
    raise SettingsError(
        "no passphrase: the state's secrets are encrypted with one, and changed passwords are noticed by it",
        way_out=f"Choose one, keep it, and set it: export {VARIABLE}=... (or {FILE_VARIABLE}=/path/of/a/file)",
    )
