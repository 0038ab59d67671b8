"""A replacement of our commands, as the process of the engine makes it: what it keeps is bound to a record."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import ObjectError
from cxconfig.kinds import Action
from cxconfig.language import load
from cxconfig.planning.handover import HandedStep, Handover
from cxconfig.planning.kept import mark
from cxconfig.planning.record import record_of
from cxconfig.tenancy import desired_objects, digester_of
from providers.host import Host
from providers.registry import REGISTRY
from tests.onecloud.support import USER
from tests.providers.stack import Stack

USERS = "onecloud.users"


def test_what_is_kept_bears_the_mark_of_the_record(stack: Stack, tmp_path: Path) -> None:
    """As the engine holds it when the replacement begins: a namesake who is recorded later gets nothing of it."""
    password = "${env:ONECLOUD_CLIENT_SECRET}"
    person = {"first_name": "Jane", "last_name": "Roe", "team": "Sales", "allow_replace": True, "password": password}
    stack.write({"teams": {"Sales": {}}, "users": {"jdoe": person}})
    desired = desired_objects(load(tmp_path, REGISTRY), REGISTRY)[USERS, "jdoe"]
    record = record_of(REGISTRY[USERS], desired, {"password": stack.box.client_secret}, digester_of("acme"))
    held = {**record, "last_name": "Doe"}
    steps = {(USERS, "jdoe"): HandedStep(Action.REPLACE, held, ("last_name",))}
    host = Host(tmp_path, Handover("acme", str(tmp_path), str(tmp_path / "journal"), {}, {}, steps))
    stack.box.set_switch("scim", "404")
    stack.box.fault({"status": 400, "body": "no"}, method="POST", path=USER)
    with pytest.raises(ObjectError, match="could not be created again"):
        host.update(USERS, dict(held), dict(record))
    (kept,) = host.site.kept_files().all(REGISTRY, host.site.origin)
    assert kept.recorded == mark(held)
