"""The fixtures of the engine's tests: the commands run as a user has them."""

from __future__ import annotations

from tests.engine.conftest import make_tenant, tenant

__all__ = ["make_tenant", "tenant"]
