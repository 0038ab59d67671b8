"""What the tests of the sandbox share: a seed and a plain HTTP client that knows nothing of the product."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from cxconfig.sandbox import Sandbox

PUBLIC_ROOTS = ssl.create_default_context()
"""Made once, as reading the roots takes longer than most tests."""
BASE = "/configapi/v2"
TOKEN = f"{BASE}/oauth/token"
USER = f"{BASE}/user"
SECRET = "a made-up secret"
PASSWORD = "correct horse 1"

SEED: dict[str, Any] = {
    "tenant": "acme.example.com",
    "clients": [
        {"client_id": "api", "client_secret": SECRET},
        {"client_id": "weak", "client_secret": SECRET, "privileges": []},
        {"client_id": "boss", "client_secret": SECRET, "supervises": ["Sales"]},
    ],
    "teams": ["Support", {"name": "Sales", "id": "F4ED90FA-5A49-4D76-9487-4E41B24CA45F"}],
    "users": [
        {
            "loginId": "jdoe",
            "firstName": "Jane",
            "lastName": "Doe",
            "team": "Sales",
            "extension": "1001",
            "email": "jdoe@acme.example.com",
            "skills": {"English": 90, "Billing": 50},
            "roles": ["Agent"],
            "password": PASSWORD,
        },
        {"loginId": "locked", "firstName": "Lou", "lastName": "Locked", "team": "Support", "lockedOut": True},
    ],
    "skills": ["English", "Billing", "Spanish"],
    "dispositions": ["Sale", {"name": "Callback", "inbound": False}],
    "access_numbers": [{"number": "8000", "scenario": "Main menu"}],
}

NEW = {"loginId": "new", "password": PASSWORD, "firstName": "Nora", "lastName": "New", "team": "Sales"}
"""The least that creates a user."""


def ask_token(client: httpx.Client, name: str = "api", **changes: str) -> httpx.Response:
    """Ask for a token as an API user of `SEED`."""
    form = {
        "client_id": name,
        "client_secret": SECRET,
        "scope": "acme.example.com",
        "grant_type": "client_credentials",
    }
    return client.post(TOKEN, data=form | changes)


def sign_in(client: httpx.Client, name: str = "api") -> None:
    """Use a fresh token of an API user from now on."""
    client.headers["Authorization"] = f"Bearer {ask_token(client, name).json()['access_token']}"


@contextmanager
def anonymous(box: Sandbox) -> Iterator[httpx.Client]:
    """A client without a token."""
    verify = ssl.create_default_context(cafile=str(box.ca_bundle)) if box.ca_bundle else PUBLIC_ROOTS
    with httpx.Client(base_url=box.url, verify=verify, trust_env=False, timeout=10) as client:
        yield client


@contextmanager
def running(
    name: str = "api", seed: dict[str, Any] | None = None, **options: Any
) -> Iterator[tuple[Sandbox, httpx.Client]]:
    """A sandbox with `SEED` and a client that is signed in to it, with an empty log."""
    with Sandbox(SEED if seed is None else seed, **options) as box, anonymous(box) as client:
        sign_in(client, name)
        box.clear_log()
        yield box, client
