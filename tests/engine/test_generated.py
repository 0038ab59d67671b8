"""`${generate:LENGTH}`: a password for each new user, handed out once in a file; and who is refused among many."""

from __future__ import annotations

import csv
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import MakeTenant
from tests.engine.harness import Tenant, agent, as_seeded
from tests.engine.test_recovery import converge, killed_in_mid_apply

pytestmark = pytest.mark.measured

USER = "/configapi/v2/user"
TOLD = "which you alone can read: hand them out, then delete the file"
SHORT = "wombat"
COUNT, REFUSED = 100, 5


def newcomers(count: int, **fields: Any) -> dict[str, dict[str, Any]]:
    return {f"a{n}": agent(n, password="${generate:20}", **fields) for n in range(count)}


def files(tenant: Tenant) -> list[Path]:
    return sorted((tenant.folder / ".cxconfig" / "passwords").glob("*.csv"))


def handed_out(*paths: Path) -> dict[str, str]:
    """Login -> password: the later line holds."""
    found = {}
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with path.open(encoding="utf-8", newline="") as file:
            found.update({row["key"]: row["password"] for row in csv.DictReader(file)})
    return found


def nowhere_else(tenant: Tenant) -> None:
    """No password is in the state, in a journal or in an output."""
    passwords = set(handed_out(*files(tenant)).values())
    assert [where for where in tenant.holding(*passwords) if "/passwords/" not in where] == []


def test_a_hundred_of_whom_five_are_refused(tenant: Tenant) -> None:
    """The others are made, each with its own password; refusals have file and line, and are tried again alone."""
    users = newcomers(COUNT)
    wrong = [f"a{n}" for n in range(0, COUNT, COUNT // REFUSED)]
    tenant.write({**users, **{login: {**users[login], "password": "${env:SHORT}"} for login in wrong}})
    tenant.env["SHORT"] = SHORT
    first = tenant.run("up", "--yes", "--verbose")
    assert first.code == 1, str(first)
    lines = (tenant.folder / "people.yaml").read_text("utf-8").split("\n")
    for login in wrong:
        password = lines.index("      password: ${env:SHORT}", lines.index(f"    {login}:"))
        assert f"people.yaml:{password + 1}:17: {login}" in first.said, str(first)
    assert "password does not comply with the security policy: at least 8 characters" in first.said
    assert "95 created" in first.said and "5 failed" in first.said
    (file,) = files(tenant)
    assert f"95 generated passwords, to be handed out; then delete what you alone can read: {file}" in first.said
    found = handed_out(file)
    assert found.keys() == users.keys() - set(wrong) == tenant.box.users.keys()
    assert len(set(found.values())) == 95
    assert all(tenant.box.password_matches(login, password) for login, password in found.items())

    again = tenant.fresh().run("up", "--yes", "--format", "json")
    assert (again.code, tenant.writes()) == (1, REFUSED), str(again)
    assert [(o["key"], o["fate"]) for o in again.json()["outcomes"]] == [(login, "failed") for login in wrong]
    assert all(o["place"]["line"] and o["error"]["status"] == 400 for o in again.json()["outcomes"])
    assert again.json()["passwords"] == [{"file": str(file), "count": 95}]

    done = tenant.fresh().run("up", "--yes", SHORT="Longer-Wombat-8")
    assert (done.code, tenant.writes()) == (0, REFUSED), str(done)
    assert files(tenant) == [file] and str(file) in done.said
    file.unlink()
    last = tenant.fresh().run("up", "--yes", SHORT="Longer-Wombat-8")
    assert (last.code, tenant.writes()) == (0, 0) and "generated" not in last.said, str(last)


def test_when_a_password_is_made_and_when_not(make_tenant: MakeTenant) -> None:
    """For a new user and for another reference; not for one who exists, with or without a record, nor again; refused
    ones are not handed out."""
    known = {"b0": agent(5, password=None)}
    tenant = make_tenant(*(as_seeded(one, agent(n), password="Their-own-1") for one, n in (("a0", 0), ("b0", 5))))
    tenant.write({**newcomers(2), **known})
    tenant.box.fault({"status": 400, "body": "used before"}, method="POST", path=USER, first=1)
    assert tenant.run("up", "--yes").code == 1
    assert files(tenant) == [] and tenant.box.password_matches("a0", "Their-own-1")
    assert tenant.run("up", "--yes").code == 0
    (first,) = files(tenant)
    assert list(handed_out(first)) == ["a1"]
    assert tenant.fresh().run("up", "--yes", "--full").code == tenant.writes() == 0

    known = {"b0": agent(5, password="${generate:20}")}
    tenant.write({**newcomers(1), **known, "a1": agent(1, password="${generate:24}")})
    assert tenant.run("preview").code == 2
    done = tenant.fresh().run("up", "--yes")
    assert (done.code, tenant.writes(), len(files(tenant))) == (0, 1, 2), str(done)
    assert all(str(file) in done.said for file in files(tenant)), str(done)
    found = handed_out(*files(tenant))
    assert len(found["a1"]) == 24 and tenant.box.password_matches("a1", found["a1"])
    assert tenant.fresh().run("up", "--yes").code == tenant.writes() == 0
    nowhere_else(tenant)

    assert tenant.box.password_matches("b0", "Their-own-1") and "password" in tenant.state()["users/b0"]
    tenant.write({**newcomers(1), **known, **{f"n{n}": agent(n, password="${generate:12}") for n in range(6)}})
    killed_in_mid_apply(tenant)
    killed = {f"n{n}" for n in range(6)} & tenant.box.users.keys()
    assert len(killed) >= 3 and killed <= handed_out(*files(tenant)).keys()
    after = converge(tenant)
    assert str(files(tenant)[-1]) in after.said and str(files(tenant)[-2]) in after.said
    found = handed_out(*files(tenant))
    assert all(tenant.box.password_matches(f"n{n}", found[f"n{n}"]) for n in range(6))
    nowhere_else(tenant)


def test_plain_pulumi(tenant: Tenant) -> None:
    """The same, and a warning of its names the file, as a run does that fails halfway."""
    tenant.write(newcomers(3))
    tenant.box.fault({"status": 400, "body": "used before"}, method="POST", path=USER, nth=2)
    failed = tenant.plain("up", check=False)
    (first,) = files(tenant)
    assert failed.code != 0 and f"generated passwords are written to {first}, {TOLD}" in failed.said, str(failed)
    assert handed_out(first).keys() == tenant.box.users.keys(), str(failed)
    done = tenant.plain("up")
    for file in files(tenant):
        count = f"{len(handed_out(file))} generated password"
        assert re.search(rf"warning: {count}s? stands? in {re.escape(str(file))}, {TOLD}", done.said), str(done)
    found = handed_out(*files(tenant))
    assert all(tenant.box.password_matches(f"a{n}", found[f"a{n}"]) for n in range(3))
    tenant.fresh().plain("up")
    assert (tenant.writes(), len(files(tenant))) == (0, 2)
    assert tenant.run("up", "--yes").code == tenant.writes() == 0
    tenant.write({**newcomers(2), "a2": agent(2, password="${generate:30}")})
    tenant.plain("up")
    assert (tenant.writes(), len(files(tenant))) == (1, 3)
    assert tenant.box.password_matches("a2", handed_out(*files(tenant))["a2"])
    nowhere_else(tenant)
