"""A local simulator of the live systems: real HTTP on loopback, no code shared with the product's clients.

`Sandbox` runs it inside the own process (tests), `cxconfig sandbox` as a process of its own.
"""

from cxconfig.sandbox.box import Sandbox

__all__ = ["Sandbox"]
