"""The engine's floor: `python -m tests.bench.floor WAY COUNT FOLDER`, with a provider that does nothing.

WAY is `sdk` (registered through the SDK's resource classes), `monitor` (through the engine's monitor, as the product
does it) or `twice` (the same, with a preview before: the product holds the engine's announcement against its plan).
The stack, its settings and the options of the run are those of a first up. Prints how many resources were created.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
from pulumi import automation

import providers.dynamic
from cxconfig.engine.engine_run import APPLY, SKIP_CHECKPOINTS
from cxconfig.engine.locate import locate
from cxconfig.engine.program import register
from cxconfig.engine.resources import Resource, provider_type
from cxconfig.engine.stack import Stack
from tests.bench.idle import Idle
from tests.bench.people import login, record

KIND = "bench.idle"
setattr(providers.dynamic, providers.dynamic.class_name(KIND), Idle)


class IdleResource(pulumi.CustomResource):
    """The SDK's own way, but for the provider's text, which the SDK would pickle anew for each (and fail at 960)."""

    def __init__(self, number: int, provider: str) -> None:
        super().__init__(provider_type(KIND), login(number), {**record(number), "__provider": provider})


def through_the_sdk(count: int) -> Callable[[], Any]:
    def program() -> None:
        provider = providers.dynamic.provider_text(KIND)
        for number in range(count):
            IdleResource(number, provider)

    return program


def through_the_monitor(count: int) -> Callable[[], Any]:
    return lambda: register([Resource(KIND, login(number), record(number)) for number in range(count)])


def main(way: str, count: int, folder: Path) -> int:
    created = []

    def listen(event: automation.EngineEvent) -> None:
        done = event.res_outputs_event
        if done is not None and not done.planning and done.metadata.type == provider_type(KIND):
            created.append(done.metadata.urn)

    stack = Stack("bench", folder, None, locate())
    stack.prepare()
    stack.ensure()
    program = through_the_sdk(count) if way == "sdk" else through_the_monitor(count)
    opened, _ = stack.open(program, {SKIP_CHECKPOINTS: "true"})
    options: dict[str, Any] = {"on_event": listen, "color": "never", "suppress_outputs": True}
    if way == "twice":
        opened.preview(**options)
    opened.up(**{**options, **APPLY})
    return len(created)


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))}\n")
