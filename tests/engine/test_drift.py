"""Every attribute of users and of SCIM accounts, changed and emptied behind our back: shown, repaired, and then quiet.

A person for each, so that one run shows and repairs them all. The attributes are the kinds' own, so a new one is tested
without a word here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from cxconfig.kinds import Kind
from providers.onecloud.scim_accounts import ScimAccounts
from providers.onecloud.users import Users
from tests.engine.conftest import MakeTenant
from tests.engine.harness import Ran, Tenant
from tests.onecloud.scim_support import DIALECTS, another, by_hand, example

DOORS: Mapping[str, Kind] = {"u": Users(), "s": ScimAccounts()}
NEVER_EMPTY = {"first_name", "last_name", "team", "extension"}
Shown = dict[str, list[str]]
"""Login -> the fields that differ."""


def attributes(kind: Kind) -> list[str]:
    return [name for name, spec in kind.specs.items() if not spec.setting]


def persons() -> Iterator[tuple[str, str, Kind, str, Any]]:
    """Door, login, kind, attribute and what it is by hand; None where it cannot be read."""
    for door, kind in DOORS.items():
        for name in attributes(kind):
            if kind.specs[name].unread:
                yield door, f"{door}.{name}", kind, name, None
                continue
            other = {"u": "8000", "s": "9000"}[door] if name == "extension" else another(name, kind)
            yield door, f"{door}.{name}", kind, name, other
            if not isinstance(example(name, kind), bool) and name not in NEVER_EMPTY:
                yield door, f"{door}.{name}.emptied", kind, name, type(example(name, kind))()


PERSONS = list(persons())
DRIFTED: Shown = {login: [name] for _, login, _, name, value in PERSONS if value is not None}


def declare(tenant: Tenant, dialect: str) -> None:
    """Everybody with every attribute; each second account is changed by PUT, in the other dialect the other half."""
    found: dict[str, dict[str, Any]] = {"u": {}, "s": {}}
    for number, (door, login, kind, _, _) in enumerate(PERSONS):
        entry = {name: example(name, kind) for name in attributes(kind)}
        entry |= {"password": "${env:INITIAL_PASSWORD}", "extension": str(4000 + number)}
        if door == "s":
            entry["method"] = ("patch", "put")[(number + (dialect == "older")) % 2]
        found[door][login] = entry
    tenant.write(found["u"])
    accounts = yaml.safe_dump({"onecloud": {"scim_accounts": found["s"]}}, sort_keys=False)
    (tenant.folder / "accounts.yaml").write_text(accounts, encoding="utf-8")


def drift(tenant: Tenant) -> list[dict[str, Any]]:
    """One attribute of everybody by hand; what everybody is like but for those that can be read."""
    by_others = {"password": "Their-own-1", "photo": "https://example.com/another.png"}
    for _, login, _, name, value in PERSONS:
        if value is None:
            tenant.box.change_user(login, **{name: by_others[name]})
    before: list[dict[str, Any]] = tenant.box.dump()["users"]
    for _, login, _, name, value in PERSONS:
        if value is not None:
            changes = {"lockedOut": True} if name == "unlock" else by_hand(name, value)
            tenant.box.change_user(login, **changes)
    return before


def ours(tenant: Tenant) -> Shown:
    """What an audit and a preview show."""
    shown = [tenant.run(verb, "--format", "json") for verb in ("audit", "preview")]
    assert [ran.code for ran in shown] == [2, 2], str(shown[0])
    found = [{step["key"]: [d["field"] for d in step["differences"]] for step in ran.json()["steps"]} for ran in shown]
    assert found[0] == found[1]
    assert all(step["action"] == "update" for ran in shown for step in ran.json()["steps"])
    return found[0]


def plainly(tenant: Tenant) -> Shown:
    """What `pulumi preview` shows of the resources that it would update."""
    blocks = re.split(r"^(?=\S)", tenant.plain("preview", "--diff").out, flags=re.MULTILINE)
    updates = [block for block in blocks if re.match(r".*dynamic/onecloud:\w+: \(update\)", block)]
    return {
        block.split("[id=")[1].split("]")[0]: re.findall(r"^  [~+-] (\w+)\s*:", block, re.MULTILINE)
        for block in updates
    }


def our_up(tenant: Tenant) -> Ran:
    return tenant.run("up", "--yes")


def plain_up(tenant: Tenant) -> Ran:
    return tenant.plain("up")


@pytest.mark.parametrize(
    ("dialect", "up", "show"),
    [("newer", our_up, ours), ("older", plain_up, plainly)],
    ids=["newer-cxconfig", "older-pulumi"],
)
def test_drift_of_every_attribute(
    make_tenant: MakeTenant, dialect: str, up: Callable[[Tenant], Ran], show: Callable[[Tenant], Shown]
) -> None:
    """Each alone is named, never a private value; one write for each person, and everybody is as declared again."""
    tenant = make_tenant(switches=DIALECTS[dialect])
    declare(tenant, dialect)
    assert up(tenant).code == 0
    before = drift(tenant.fresh())
    assert show(tenant) == DRIFTED
    assert tenant.writes() == 0
    done = up(tenant)
    assert (done.code, tenant.writes()) == (0, len(DRIFTED)), str(done)
    assert tenant.box.dump()["users"] == before
    for run in (up(tenant.fresh()), tenant.run("audit")):
        assert (run.code, tenant.writes()) == (0, 0), str(run)
    phones = {str(v) for _, _, k, n, _ in PERSONS if k.specs[n].private for v in (example(n, k), another(n, k))}
    assert [where for where in tenant.holding(*(p.lstrip("+") for p in phones)) if ".yaml: " not in where] == []
