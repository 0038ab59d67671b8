"""Every file that a test of the language loads without a mistake must pass the JSON Schema for editors, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cxconfig.language import document
from cxconfig.language.reader import read as reader
from tests.schema.editor import refusals

LARGE = 100_000
"""Files above this many bytes are for measuring, and say the same thing many times."""


@pytest.fixture(autouse=True)
def schema_agrees(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Judge what was read whenever a folder loads."""
    read: list[bytes] = []
    wronged: list[tuple[bytes, list[str]]] = []
    loader = document._Loader.load

    def reading(data: bytes, sheet: Any) -> Any:
        read.append(data)
        return reader(data, sheet)

    def loading(self: Any) -> Any:
        read.clear()
        tenant, found = loader(self)
        plain = _plain_secrets(tenant)
        for data in read:
            refused = refusals(data, self._registry, plain) if len(data) < LARGE else []
            if refused:
                wronged.append((data, refused))
        return tenant, found

    monkeypatch.setattr(document, "read", reading)
    monkeypatch.setattr(document._Loader, "load", loading)
    yield
    assert not wronged


def _plain_secrets(tenant: document.Tenant) -> Sequence[str]:
    return [
        f"{system}.{kind}.{name}"
        for system, entry in tenant.systems.items()
        for kind, said in entry.kinds.items()
        for name in said.plain_secrets
    ]
