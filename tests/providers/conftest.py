"""A stack of plain pulumi for every test of this folder that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import providers.site
from cxconfig.sandbox import Sandbox
from tests.onecloud.support import JDOE, SEED
from tests.providers.stack import Stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    with Sandbox({**SEED, "users": [JDOE]}) as box:
        made = Stack(tmp_path, box)
        monkeypatch.setattr(providers.site, "asked_here", lambda name: {})
        monkeypatch.setattr(providers.site, "recorded_here", lambda *which: made.recorded)
        monkeypatch.setenv("ONECLOUD_CLIENT_ID", box.client_id)
        monkeypatch.setenv("ONECLOUD_CLIENT_SECRET", box.client_secret)
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "Wombat-5512-passphrase")
        yield made
