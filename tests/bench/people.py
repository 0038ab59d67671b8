"""The users of a measured tenant, in the forms that are needed. Light: the bare loop and the floor import it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEAMS = ("Sales", "Support", "Billing", "Retention", "Night Shift")
SKILLS = ("English", "Spanish", "Products", "Billing")
ROLES = ("Agent", "Supervisor")
CLIENT_ID = "bench"
CLIENT_SECRET = "Bilby-3317-client"
DIGEST = "hmac:abcd:0123456789abcdef"
"""What a record holds in place of a password."""
LISTS = 2
"""The lists that a comparison reads: teams, and the ids of teams."""


def login(number: int) -> str:
    return f"agent{number:05d}"


def user(number: int) -> dict[str, Any]:
    """A user as in the YAML, without password."""
    return {
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"{login(number)}@acme.example.com",
        "team": TEAMS[number % len(TEAMS)],
        "skills": {SKILLS[number % 4]: 10 * (number % 10), SKILLS[(number + 1) % 4]: 50},
        "roles": ["Agent"],
    }


def record(number: int) -> dict[str, Any]:
    """What the engine is given of such a user."""
    return {"key": login(number), "disabled": False, **user(number), "password": DIGEST}


def changed(count: int) -> list[int]:
    """The users that drift: one in a hundred, at least one, spread over all."""
    return list(range(0, count, 100))


def drifted_team(number: int) -> str:
    """Another team than the declared one."""
    return TEAMS[(number + 1) % len(TEAMS)]


def account(number: int) -> dict[str, Any]:
    """A SCIM account as in the YAML, without password."""
    return {
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"{login(number)}@acme.example.com",
        "title": "Agent",
        "timezone": "America/New_York",
        "city": "Springfield",
        "country": "US",
        "roles": ["Agent"],
    }


def write_seed(path: Path) -> None:
    """A sandbox with teams, skills and roles, and no users."""
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    lists = {"teams": TEAMS, "skills": SKILLS, "roles": ROLES, "users": []}
    path.write_text(json.dumps({"tenant": "acme.example.com", "clients": [client], **lists}), "utf-8")


def write_tenant(folder: Path, count: int) -> None:
    """tenant.yaml, the teams, and one file of users for each team."""
    folder.mkdir()
    (folder / "tenant.yaml").write_text(TENANT, "utf-8")
    teams = "".join(f"    {name}: {{}}\n" for name in TEAMS)
    (folder / "teams.yaml").write_text(f"onecloud:\n  teams:\n{teams}", "utf-8")
    for team in TEAMS[:count]:
        found = [number for number in range(count) if user(number)["team"] == team]
        text = "".join(_as_yaml(number) for number in found)
        (folder / f"users-{team.lower().replace(' ', '-')}.yaml").write_text(f"onecloud:\n  users:\n{text}", "utf-8")


def write_accounts(folder: Path, count: int) -> None:
    """tenant.yaml and a file of SCIM accounts."""
    folder.mkdir()
    (folder / "tenant.yaml").write_text(TENANT, "utf-8")
    text = "".join(_lines(number, account(number)) for number in range(count))
    (folder / "accounts.yaml").write_text(f"onecloud:\n  scim_accounts:\n{text}", "utf-8")


def _as_yaml(number: int) -> str:
    return _lines(number, user(number))


def _lines(number: int, values: Mapping[str, Any]) -> str:
    lines = [f"      {name}: {json.dumps(value)}\n" for name, value in values.items()]
    return f"    {login(number)}:\n{''.join(lines)}      password: ${{env:INITIAL_PASSWORD}}\n"


TENANT = """\
api_version: cxconfig/v1
tenant: bench
systems:
  onecloud:
    url: ${env:ONECLOUD_URL}
    scope: acme.example.com
    client_id: ${env:ONECLOUD_CLIENT_ID}
    client_secret: ${env:ONECLOUD_CLIENT_SECRET}
"""
