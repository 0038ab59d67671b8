"""The configuration language: a folder of YAML files in, one checked `Tenant` out.

    from cxconfig.language import load
    tenant = load(Path("examples/acme"), registry)

A mistake in any file raises `InputErrors` with all of them, each with its file, line and column.
"""

from __future__ import annotations

from cxconfig.language.document import Tenant, load
from cxconfig.language.secrets import Secrets
from cxconfig.language.systems import SystemEntry
from cxconfig.language.versions import API_VERSION

__all__ = ["API_VERSION", "Secrets", "SystemEntry", "Tenant", "load"]
