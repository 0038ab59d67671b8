"""What plain pulumi's program makes of what interrupted replacements kept, before the sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from cxconfig.engine import plain
from cxconfig.errors import SettingsError
from cxconfig.kept_files import KeptFiles
from cxconfig.language import Secrets, load
from cxconfig.live import Live
from cxconfig.planning.kept import mark
from cxconfig.planning.plan import Kept
from cxconfig.tenancy import desired_objects
from providers.registry import REGISTRY
from tests.providers.stack import Stack

USERS = "onecloud.users"
PHONE = "+47 555 010 4477"
PERSON = {"first_name": "Jane", "last_name": "Doe", "team": "Sales", "password": "${env:ONECLOUD_CLIENT_SECRET}"}
RECORD: Mapping[str, Any] = {"key": "jdoe", "first_name": "Jane"}


def left(stack: Stack, *, made: bool = False, record: Mapping[str, Any] | None = None) -> tuple[list[str], list[Kept]]:
    """What the program says, and what is kept after it. `made`: he was created again, without his phone."""
    tenant = load(stack.folder, REGISTRY, ())
    live = Live(tenant, REGISTRY, plain.Silent(), Secrets(os.environ, stack.folder, lambda _: None))
    files, origin = KeptFiles(stack.folder, "acme"), live.origin("onecloud")
    marked = mark(record) if record is not None else ""
    files.put(Kept(USERS, "jdoe", origin, "2026-11-25T18:01:02+00:00", {"work_phone": PHONE}, made, marked))
    recorded = {(one.kind, one.key): one for one in stack.recorded}
    try:
        texts = plain._left(tenant, desired_objects(tenant, REGISTRY), live, recorded)
        return texts, files.all(REGISTRY, lambda _: origin)
    finally:
        live.close()
        assert stack.writes() == []


@pytest.fixture(autouse=True)
def _an_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)


def test_it_finishes_no_replacement(stack: Stack) -> None:
    """Of the one whose record tells that he is the one; the file stays for our commands."""
    stack.box.delete_user("jdoe")
    stack.holding(users=RECORD).write({"teams": {"Sales": {}}, "users": {"jdoe": PERSON}})
    with pytest.raises(SettingsError, match="kept for it: work_phone") as caught:
        left(stack, record=RECORD)
    assert PHONE not in str(caught.value) and "cxconfig up" in caught.value.way_out
    assert len(list(KeptFiles(stack.folder, "acme").folder.iterdir())) == 1


def test_a_namesake_is_created_and_gets_nothing(stack: Stack) -> None:
    """Recorded anew, so it may be another one: said, and removed."""
    stack.box.delete_user("jdoe")
    stack.holding(users={**RECORD, "first_name": "John"}).write({"teams": {"Sales": {}}, "users": {"jdoe": PERSON}})
    texts, kept = left(stack, record=RECORD)
    assert "recorded anew" in texts[0] and kept == []


def test_a_preview_removes_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is there again is told of; the up removes what was kept of him."""
    stack.holding(users=RECORD).write({"teams": {"Sales": {}}, "users": {"jdoe": PERSON}})
    assert [("exists again" in text, kept) for (text,), kept in [left(stack, record=RECORD)]] == [(True, [])]
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    (text,), kept = left(stack, record=RECORD)
    assert "exists again" in text and len(kept) == 1


def test_what_somebody_lacks_still_is_told_and_stays(stack: Stack) -> None:
    """Created again without his phone, whose number is nowhere else; when he has it, nothing is said and it goes."""
    stack.holding(users=RECORD).write({"teams": {"Sales": {}}, "users": {"jdoe": PERSON}})
    texts, kept = left(stack, made=True, record=RECORD)
    assert "not seen live: work_phone" in "".join(texts) and PHONE not in "".join(texts)
    assert len(kept) == 1
    stack.box.change_user("jdoe", workPhone=PHONE)
    assert left(stack, made=True, record=RECORD) == ([], [])
