"""The systems and kinds of this version. A new kind is one module and its place in its system's `kinds`."""

from __future__ import annotations

from cxconfig.kinds import Registry
from providers.onecloud.system import OneCloud

REGISTRY = Registry([OneCloud()])
