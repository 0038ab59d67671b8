"""The Pulumi keyhole: one generic dynamic provider over a kind's handler, and one importable class per kind.

The only module that imports `pulumi.dynamic`. The class names and this module's path are a persisted interface: every
resource in a state names them in its `__provider`, so they are never renamed or moved (a test loads an old state).
A class has no attributes of its own and no instance state, imports at call time, and is pickled by reference.
"""

from __future__ import annotations

import base64
import gc
import pickle
import pickletools
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown

from providers.registry import REGISTRY

if TYPE_CHECKING:
    from providers.host import Host


HOST_CALLS = 4
"""How many calls the SDK's dynamic host serves at a time."""
CALLS = 12
"""How many it serves with us: fewer than a connection has threads."""


class KindProvider(ResourceProvider):
    """Adapter of one kind; every method hands plain values to the process's `Host`."""

    serialize_as_secret_always = False
    kind_id: ClassVar[str]

    def configure(self, req: ConfigureRequest) -> None:
        from providers.starting import start

        sys.tracebacklimit = 0  # an exception reaches the user with its traceback, so there had better be none
        serve_more_calls()
        start(req.config.get)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        if unknown(news):
            return CheckResult(news, [])
        failures = self._host().check(self.kind_id, _olds, news)
        return CheckResult(news, [CheckFailure("", text) for text in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        if unknown(_news):
            return DiffResult(changes=True)
        return DiffResult(changes=self._host().differs(self.kind_id, _olds, _news))

    def create(self, props: dict[str, Any]) -> CreateResult:
        with self._host().asked():
            outs = self._host().create(self.kind_id, props)
        return CreateResult(str(outs["key"]), outs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        with self._host().asked():
            found = self._host().read(self.kind_id, props)
        if found is None:
            return ReadResult("", {})
        return ReadResult(id_, found.outputs, found.inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        with self._host().asked():
            return UpdateResult(self._host().update(self.kind_id, _olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        with self._host().asked():
            self._host().delete(self.kind_id, _props)

    @staticmethod
    def _host() -> Host:
        from providers.starting import current

        return current()


def serve_more_calls() -> bool:
    """Let the dynamic host serve `CALLS` calls at a time instead of its fixed four, so that writes overlap more.

    The host offers no setting: its executor is found among the live objects and its bound raised. True when that was
    possible; if a later SDK is built otherwise, four at a time is merely slower.
    """
    pools = [found for found in gc.get_objects() if type(found) is ThreadPoolExecutor]
    for pool in pools:
        if getattr(pool, "_max_workers", None) == HOST_CALLS:
            pool._max_workers = CALLS
            return True
    return False


def unknown(value: Any) -> bool:
    """Does a value hold one that is only known after an apply? The engine also asks with such to see who depends."""
    if isinstance(value, dict):
        return any(unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(unknown(inner) for inner in value)
    return isinstance(value, Unknown)


def class_name(kind_id: str) -> str:
    """`onecloud.users` -> `OnecloudUsers`."""
    return "".join(part.capitalize() for part in kind_id.replace("_", ".").split("."))


def provider_text(kind_id: str) -> str:
    """What a resource carries as `__provider`: the kind's class by reference, the same text for every resource.

    Protocol 2 without memo marks is the shortest form; it stands twice in every resource of a state.
    """
    instance = globals()[class_name(kind_id)]()
    return base64.b64encode(pickletools.optimize(pickle.dumps(instance, protocol=2))).decode()


for _kind in REGISTRY.all():
    globals()[class_name(_kind.id)] = type(
        class_name(_kind.id), (KindProvider,), {"kind_id": _kind.id, "__module__": __name__}
    )
