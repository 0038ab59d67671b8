"""`cxconfig secret`: the secrets in the settings of a tenant's stack, for `${pulumi:KEY}`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxconfig.cli.common import env_option, folder_argument
from cxconfig.errors import Interrupted, SettingsError

if TYPE_CHECKING:
    from cxconfig.engine.stack import Stack
    from cxconfig.language import Tenant

MAX_VALUE = 64 * 1024
"""Characters that are read from standard input."""


@click.group("secret")
def command() -> None:
    """Keep secrets of the tenant in FOLDER (default: here), encrypted in the settings of its Pulumi stack.

    `${pulumi:KEY}` in the YAML stands for them. Each environment (--env) has its own. Exit code: 0 done,
    1 an error, 130 interrupted.
    """


@command.command("set")
@click.argument("key")
@folder_argument
@env_option
def set_secret(key: str, folder: Path, environments: tuple[str, ...]) -> int:
    """Set the secret KEY: asked for twice on a terminal, else read from standard input, never from the command line."""
    from cxconfig.engine.stack_secrets import full_key, short_key
    from cxconfig.language.secrets import unfit

    full = full_key(_checked(key))
    tenant, stack = _opened(folder, environments, encrypting=True)
    value = _given(short_key(full))
    if problem := unfit(value):
        raise SettingsError(f"the value {problem}; nothing was set", way_out="Give one line of text.")
    stack.set_secret(full, value)
    click.echo(f"Set ${{pulumi:{short_key(full)}}} of {tenant.name} in {_shown(stack.file)}.")
    return 0


@command.command("list")
@folder_argument
@env_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_secrets(folder: Path, environments: tuple[str, ...], form: str) -> int:
    """List the names of the secrets that are kept, and of those that the YAML asks for; no value is decrypted."""
    from cxconfig.engine.stack_secrets import full_key, short_key
    from cxconfig.tenancy import stack_references

    tenant, stack = _opened(folder, environments)
    kept = set(stack.secret_keys())
    used: dict[str, int] = {}
    for reference in stack_references(tenant):
        used[full_key(reference.name)] = used.get(full_key(reference.name), 0) + 1
    keys = sorted(kept | used.keys())
    if form == "json":
        found = [{"key": short_key(key), "set": key in kept, "used": used.get(key, 0)} for key in keys]
        click.echo(json.dumps({"tenant": tenant.name, "secrets": found}, indent=2))
        return 0
    width = max((len(short_key(key)) for key in keys), default=0)
    for key in keys:
        says = _times(used.get(key, 0)) if key in kept else f"not set, {_times(used[key])}"
        click.echo(f"{short_key(key):<{width}}  {says}")
    if not keys:
        click.echo(f"{tenant.name} has no secrets; `cxconfig secret set KEY` sets one.")
    return 0


@command.command("remove")
@click.argument("key")
@folder_argument
@env_option
def remove_secret(key: str, folder: Path, environments: tuple[str, ...]) -> int:
    """Remove the secret KEY."""
    from cxconfig.engine.stack_secrets import full_key, short_key
    from cxconfig.nearness import did_you_mean

    full = full_key(_checked(key))
    tenant, stack = _opened(folder, environments)
    kept = [short_key(other) for other in stack.secret_keys()]
    if short_key(full) not in kept:
        hint = did_you_mean(short_key(full), kept) or "`cxconfig secret list` shows those that there are"
        raise SettingsError(f"{tenant.name} has no secret {short_key(full)}", way_out=f"{hint[0].upper()}{hint[1:]}")
    stack.remove_secret(full)
    click.echo(f"Removed {short_key(full)} of {tenant.name} from {_shown(stack.file)}.")
    return 0


def _checked(key: str) -> str:
    from cxconfig.engine.stack_secrets import ENVIRONMENT_SETTING, TENANT_SETTING, full_key
    from cxconfig.language.references import pulumi_key

    if pulumi_key(key) is None:
        raise SettingsError(
            "this is not the name of a secret", way_out="Write letters, digits, `_`, `-` and `.`, like API_KEY."
        )
    if full_key(key) in (TENANT_SETTING, ENVIRONMENT_SETTING) or full_key(key).startswith("pulumi:"):
        raise SettingsError(f"{key} is a setting of the stack's own", way_out="Give the secret another name.")
    return key


def _opened(folder: Path, environments: tuple[str, ...], *, encrypting: bool = False) -> tuple[Tenant, Stack]:
    """The tenant and its stack; without a passphrase nothing is encrypted, so nobody types a value in vain."""
    import os

    from cxconfig.engine.stack_secrets import open_stack
    from cxconfig.language import load
    from cxconfig.passphrase import passphrase
    from providers.registry import REGISTRY

    tenant = load(folder.resolve(), REGISTRY, environments)
    if encrypting:
        passphrase(os.environ)
    return tenant, open_stack(tenant)


def _given(key: str) -> str:
    """The value: one line of standard input, or typed twice on a terminal."""
    if sys.stdin.isatty():
        try:
            value: str = click.prompt(
                f"Value of {key}", hide_input=True, confirmation_prompt="The same again", err=True
            )
        except click.Abort:
            raise Interrupted("interrupted: nothing was set") from None
        return value
    try:
        text = sys.stdin.read(MAX_VALUE + 1)
    except UnicodeDecodeError:
        raise SettingsError("the value is not UTF-8; nothing was set", way_out="Give one line of text.") from None
    if len(text) > MAX_VALUE:
        raise SettingsError(f"the value has more than {MAX_VALUE:,} characters", way_out="Give one line of text.")
    return text.removesuffix("\n").removesuffix("\r")


def _times(count: int) -> str:
    return {0: "not used", 1: "used once"}.get(count, f"used {count:,} times")


def _shown(path: Path) -> str:
    from cxconfig.language.folder import displayed

    return displayed(path)
