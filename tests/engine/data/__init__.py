"""A small tenant, and the states of it that versions of cxconfig have recorded (see `record`).

A recorded state is never changed: every later version must read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

DATA = Path(__file__).parent
FOLDER = "/srv/acme"
"""Stands in a recorded state for the folder that the tenant was in; it is elsewhere now."""
PASSPHRASE = "Wallaby-2093-recorded"
"""Under which the states were recorded."""
PASSWORD = "Kookaburra-8852"
"""That of every user then."""
TEAM = "Sales"
USERS: dict[str, dict[str, Any]] = {
    "jdoe": {
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "jane@example.com",
        "team": TEAM,
        "skills": {"English": 90, "Billing": 50},
        "work_phone": "+1 (555) 010-4477",
        "password": "${env:INITIAL_PASSWORD}",
    },
    "élan": {
        "first_name": "Élan",
        "last_name": "O'Neil",
        "team": TEAM,
        "extension": "4711",
        "mobile_phone": "",
        "roles": ["Agent", "Supervisor"],
        "skills": {},
        "change_password": True,
        "disabled": False,
        "on_remove": "delete",
        "password": "${env:INITIAL_PASSWORD}",
    },
}
"""As in the YAML; between them they have every form that a value can take in a state."""
