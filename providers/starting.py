"""The process's one `Host`: made when the engine configures the provider, gone when its engine is."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cxconfig.engine.stack_secrets import ENVIRONMENT_SETTING, TENANT_SETTING
from cxconfig.environments import plain_environments
from cxconfig.errors import SettingsError
from cxconfig.planning.handover import ENVIRONMENT, Handover
from providers.host import Host, not_tried

TENANT_VARIABLE = "CXCONFIG_TENANT"
"""Environment variable: the tenant's folder, for plain pulumi."""
WATCH_SECONDS = 0.25
"""How often the host looks whether its engine still lives."""

_current: Host | None = None
_refused = False
_starting = threading.Lock()


def start(given: Callable[[str], Any]) -> None:
    """Make the process's host: from the handover of our commands, else from the stack's settings (`given`)."""
    global _current, _refused
    with _starting:
        if _current is not None:
            return
        if _refused:
            raise not_tried()
        _refused = True
        path = os.environ.get(ENVIRONMENT)
        if path:
            handover = Handover.load(Path(path))
            _current = Host(Path(handover.folder), handover, given=given)
        else:
            folder = given(TENANT_SETTING)
            environments = plain_environments(given(ENVIRONMENT_SETTING), os.environ, told=bool(folder))
            _current = Host(tenant_folder(folder), None, environments, given)
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def tenant_folder(configured: str | None) -> Path:
    """The tenant of a plain pulumi run: `CXCONFIG_TENANT`, else what the stack's configuration says.

    A refresh runs without the program and with the configuration of the last up; a relative path is one from the
    program's folder, which is where the host runs.
    """
    variable = os.environ.get(TENANT_VARIABLE)
    named = variable or configured or ""
    folder = Path(named).resolve()
    if named and (folder / "tenant.yaml").is_file():
        return folder
    if variable:
        what = f"{TENANT_VARIABLE} names the tenant in {named}, which is not there"
    elif named:
        what = f"the stack names the tenant in {named}, or was last applied with it, which is not there"
    else:
        what = "the stack does not say which tenant it is"
    raise SettingsError(
        what,
        way_out=f"For this run: export {TENANT_VARIABLE}=PATH; for good: pulumi config set cxconfig:tenant PATH",
    )


def current() -> Host:
    if _current is None:
        raise SettingsError("the provider was not configured", way_out="Run it through cxconfig or pulumi.")
    return _current


def _end_with_parent(parent: int) -> None:
    """A host whose engine was killed must not go on writing: the next run would not expect it."""
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(WATCH_SECONDS)
    os._exit(1)
