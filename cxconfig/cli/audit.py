"""`cxconfig audit`: live systems against the YAML, without state and without the engine."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from cxconfig.cli.common import env_option, folder_argument, format_option, progress, show_result, verbose_option


@click.command("audit")
@folder_argument
@env_option
@verbose_option
@format_option
def command(folder: Path, environments: tuple[str, ...], verbose: bool, form: str) -> int:
    """Compare the live systems with the YAML of the tenant in FOLDER (default: here); reads only.

    Exit code: 0 no drift, 2 drift (with `manage: all` also objects that are not declared), 1 an error.
    """
    from cxconfig.engine.stack_secrets import resolver
    from cxconfig.errors import about
    from cxconfig.language import load
    from cxconfig.live import Live
    from cxconfig.planning.compare import World, compare
    from cxconfig.planning.plan import Plan, Result
    from cxconfig.planning.renames import followed
    from cxconfig.tenancy import desired_objects, kind_settings
    from providers.registry import REGISTRY

    began, watch = time.monotonic(), progress()
    tenant = load(folder, REGISTRY, environments)
    with about(tenant.name), closing(Live(tenant, REGISTRY, watch, resolver(tenant))) as live:
        live.check_settings()
        desired = desired_objects(tenant, REGISTRY)
        seen = live.observe(desired)
        supporting, settings = live.supporting(desired, seen), kind_settings(tenant)
        world = World(tenant.name, desired, seen, supporting, settings=settings, off=live.off)
        plan = compare(REGISTRY, followed(REGISTRY, live.untouchable(live.stock(world))))
        watch.done()
        plan = Plan(plan.tenant, plan.steps, plan.declared, tuple(live.warnings()))
        return show_result(Result("audit", plan, None, (), time.monotonic() - began, live.read), form, verbose)
