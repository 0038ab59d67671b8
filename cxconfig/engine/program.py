"""The Pulumi program: registers objects with the engine through its resource monitor.

The monitor is asked directly, on several threads, instead of through the SDK's resource classes: half the time and a
third of the state (no stack traces), the provider's text is made once, and the SDK's pickling is never entered. Works
the same in an inline program and in a plain `__main__.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf import struct_pb2
from pulumi import get_project, get_stack
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from cxconfig.engine.resources import Resource, provider_type, urn_of
from cxconfig.planning.record import KEY
from providers.dynamic import provider_text

THREADS = 16


async def register(resources: Sequence[Resource]) -> int:
    """Register all, each after what it needs; raises when one cannot be registered, so that none is taken for gone.

    `resources` come kind by kind in order of dependency. They have no parent: the stack's URN in every resource would
    be a tenth of the state and say nothing.
    """
    registration = _Registration()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="register") as pool:
        for kind in dict.fromkeys(resource.kind for resource in resources):
            await registration.wave(pool, [r for r in resources if r.kind == kind])
    if registration.count != len(resources):
        raise RuntimeError(f"{registration.count} of {len(resources)} objects were registered")
    return registration.count


class _Registration:
    def __init__(self) -> None:
        self.count = 0
        self.monitor: Any = get_monitor()
        self.known: set[str] = set()

    async def wave(self, pool: ThreadPoolExecutor, resources: Sequence[Resource]) -> None:
        """Register objects that do not need each other."""
        loop = asyncio.get_running_loop()
        texts = {kind: provider_text(kind) for kind in {resource.kind for resource in resources}}
        calls = [
            loop.run_in_executor(pool, self._one, self._request(resource, texts[resource.kind]))
            for resource in resources
        ]
        self.known.update(urn_of(get_project(), get_stack(), r.kind, r.key) for r in resources)
        for call in calls:
            await call

    def _request(self, resource: Resource, provider: str) -> resource_pb2.RegisterResourceRequest:
        inputs = struct_pb2.Struct()
        inputs.update({**resource.record, "__provider": provider})
        urns = (urn_of(get_project(), get_stack(), kind, key) for kind, key in resource.needs)
        needs = [urn for urn in urns if urn in self.known]
        return resource_pb2.RegisterResourceRequest(
            type=provider_type(resource.kind),
            name=resource.key,
            custom=True,
            object=inputs,
            dependencies=needs,
            aliasURNs=[urn_of(get_project(), get_stack(), resource.kind, resource.was)] if resource.was else [],
            # Without an entry the engine writes every dependency once for every property.
            propertyDependencies={KEY: resource_pb2.RegisterResourceRequest.PropertyDependencies()},
            acceptSecrets=True,
            acceptResources=True,
            supportsPartialValues=True,
            supportsResultReporting=True,
        )

    def _one(self, request: resource_pb2.RegisterResourceRequest) -> None:
        self.monitor.RegisterResource(request)
        self.count += 1
