"""`${pulumi:KEY}`: the secrets in a stack's settings, read through the engine, which alone can decrypt them.

The engine is asked once a process, and only when such a reference is used. The values stay in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cxconfig.language.secrets import Unusable

if TYPE_CHECKING:
    from cxconfig.engine.stack import Stack
    from cxconfig.language import Secrets, Tenant

NAMESPACE = "cxconfig"
"""The project: the namespace of a key that names none."""
TENANT_SETTING = "cxconfig:tenant"
ENVIRONMENT_SETTING = "cxconfig:env"
SHOWN = ("config", "--json", "--show-secrets")
"""What the engine is asked for all values."""
NO_STACK = "no stack named"
"""Said by the engine of a stack that does not exist."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a stack; `value` is None where it was not asked to be decrypted."""

    value: str | None
    secret: bool

    def __repr__(self) -> str:
        return f"Setting(secret={self.secret})"


def full_key(key: str) -> str:
    """`KEY` as the engine names it: `cxconfig:KEY`, or as it is when it has a namespace."""
    return key if ":" in key else f"{NAMESPACE}:{key}"


def short_key(key: str) -> str:
    """The same as a user writes it."""
    return key.removeprefix(f"{NAMESPACE}:")


def settings_from(text: str) -> dict[str, Setting]:
    """The answer of `pulumi config --json`, by full key."""
    return {key: Setting(found.get("value"), bool(found.get("secret"))) for key, found in json.loads(text).items()}


def secret_in(settings: Mapping[str, Setting], key: str) -> str | None:
    """The secret of a key; raises `Unusable` when it stands there in clear."""
    found = settings.get(full_key(key))
    if found is None:
        return None
    if not found.secret:
        raise Unusable(
            f"{key} stands in clear in the stack's settings",
            f"encrypt it with `cxconfig secret set {key}`, and change the secret if the file was ever shared",
        )
    return found.value


class StackSecrets:
    """How `${pulumi:KEY}` is read for one tenant. `opened`: makes the stack that is asked, at the first question."""

    def __init__(self, opened: Callable[[], Stack]) -> None:
        self._opened = opened
        self._settings: Mapping[str, Setting] | None = None

    def __call__(self, key: str) -> str | None:
        if self._settings is None:
            self._settings = self._opened().settings()
        return secret_in(self._settings, key)


def resolver(
    tenant: Tenant, opened: Callable[[], Stack] | None = None, environ: Mapping[str, str] = os.environ
) -> Secrets:
    """What resolves a tenant's references; its stack is opened only for a `${pulumi:KEY}`."""
    from cxconfig.language import Secrets

    return Secrets(environ, tenant.folder, StackSecrets(opened or (lambda: open_stack(tenant))))


def open_stack(tenant: Tenant) -> Stack:
    """The tenant's stack, with the engine of this machine."""
    from cxconfig.engine.locate import locate
    from cxconfig.engine.stack import stack_of

    return stack_of(tenant, locate())


def asked_here(name: str) -> dict[str, Setting] | None:
    """The settings of the stack that an engine works on, asked from within one of its processes; None without answer.

    Such a process runs in the project's folder and with the engine's environment. What the engine itself hands to it
    would do for an up; a refresh or destroy is handed the settings of the last up, with secrets that may be no more.
    """
    from cxconfig.engine.locate import asked_within

    answer = asked_within(*SHOWN, "--stack", name)
    return settings_from(answer) if answer is not None else None
