"""Fixtures of the tests on the real engine: a sandbox, a tenant in a folder of its own, and more of both on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cxconfig.engine.locate import locate
from cxconfig.errors import EngineMissing
from cxconfig.sandbox import Sandbox
from tests.engine.harness import Tenant, environment, seed

MakeTenant = Callable[..., Tenant]


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    """Say once how to get an engine, instead of failing in every test."""
    try:
        locate(plain=True)
    except EngineMissing as missing:
        pytest.exit(str(missing), returncode=1)


@pytest.fixture
def make_tenant(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeTenant]:
    """`make_tenant(*users, switches={...}, latency_ms=0, teams=..., **seed)`: a tenant with a sandbox of its own.

    `users`: what exists live, in the form of `harness.as_seeded`. Nothing is declared before `tenant.write`.
    Its runs count for the coverage in modules that are marked `measured`.
    """
    measured = request.node.get_closest_marker("measured") is not None
    with ExitStack() as stack:
        made: list[Tenant] = []

        def make(*users: Any, switches: Any = None, latency_ms: float = 0, **more: Any) -> Tenant:
            box = stack.enter_context(Sandbox(seed(*users, **more), switches=switches, latency_ms=latency_ms))
            top = tmp_path / f"t{len(made)}"
            folder = top / "acme"
            folder.mkdir(parents=True)
            tenant = Tenant(folder, box, environment(box, measured=measured), top / "plain")
            made.append(tenant)
            return tenant

        yield make


@pytest.fixture
def tenant(make_tenant: MakeTenant) -> Tenant:
    """A tenant whose sandbox has teams, skills and roles, and no user."""
    return make_tenant()
