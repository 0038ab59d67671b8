"""A dynamic provider that does nothing, for the engine's floor. Pickled by reference, so its module is importable."""

from __future__ import annotations

import os
import threading
from typing import Any

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ResourceProvider

WATCH_S = 0.25


class Idle(ResourceProvider):
    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(str(props["key"]), props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


def _end_with_parent(parent: int) -> None:
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(WATCH_S)
    os._exit(1)
