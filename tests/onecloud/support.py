"""A client of the product before the sandbox or before a server whose answers a test writes; waits take no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cxconfig.errors import Place
from cxconfig.kinds import Declared, Desired, Keeper, Values
from cxconfig.sandbox import Sandbox
from providers.onecloud.client import BASE, OneCloudClient
from providers.onecloud.users import Users
from providers.onecloud.users_handler import UsersHandler
from providers.transport import ClientCredentials, Connection, Scheme, TransportSettings
from tests.providers.loopback import Reply, Seen, Server, Time, serving

KIND = Users()
PASSWORD = "Quokka-7731-first"
USER = f"{BASE}/user"
ODD_LOGINS = ("a b", "a/b", "ü", "a%2Fb", "a+b", "#", "?", "100%", "a;b", "a.b@acme.example.com", "a\\b", "&", "é/ü ?")
"""Logins that mean something else in an address unless they are encoded, once."""
SEED: dict[str, Any] = {
    "tenant": "acme.example.com",
    "clients": [{"client_id": "tests", "client_secret": "a made-up secret"}],
    "teams": ["Sales", "Support", "Night Shift"],
    "skills": ["English", "Spanish", "Billing"],
    "roles": ["Agent", "Supervisor"],
}
JDOE: dict[str, Any] = {
    "loginId": "jdoe",
    "firstName": "Jane",
    "lastName": "Doe",
    "team": "Sales",
    "skills": {"English": 90},
    "password": PASSWORD,
}
"""A user as a seed has it."""


def client_of(url: str, scheme: Scheme | None = None, time: Time | None = None, **settings: Any) -> OneCloudClient:
    connection = Connection(
        TransportSettings(system="onecloud", url=url, **settings), scheme, clock=(time or Time()).clock
    )
    return OneCloudClient(connection)


@contextmanager
def sandboxed(*users: dict[str, Any], switches: Any = None, **seed: Any) -> Iterator[tuple[Sandbox, OneCloudClient]]:
    """A sandbox with `SEED` and `users`, and a client of it; waiting moves the sandbox's clock."""
    time = Time()
    with Sandbox({**SEED, "users": list(users), **seed}, switches=switches, clock=lambda: time.seconds) as box:
        scheme = ClientCredentials(f"{BASE}/oauth/token", box.client_id, box.client_secret, "acme.example.com")
        client = client_of(box.url, scheme, time)
        try:
            yield box, client
        finally:
            client.close()


@contextmanager
def handled(*users: dict[str, Any], switches: Any = None, **seed: Any) -> Iterator[tuple[Sandbox, UsersHandler]]:
    """The same with the handler of users."""
    with sandboxed(*users, switches=switches, **seed) as (box, client):
        yield box, KIND.handler(client)


@contextmanager
def answered(answer: Reply | Callable[[Seen], Reply]) -> Iterator[tuple[Server, OneCloudClient]]:
    """A server that gives one answer, or what a function says, to every call; no token is asked for."""
    with serving(answer if callable(answer) else lambda seen: answer) as server:
        client = client_of(server.url)
        try:
            yield server, client
        finally:
            client.close()


def skills_of(box: Sandbox) -> list[str]:
    """The skills that the contact centre has, to be changed."""
    skills = box.simulator.onecloud.tenant.seed.skills
    assert skills is not None
    return skills


class Noting(Keeper):
    """A keeper that notes what it is told, and is asked before anything is written."""

    def __init__(self, box: Sandbox, error: Exception | None = None) -> None:
        self.kept: Values | None = None
        self.ever: Values | None = None
        self.said: list[str] = []
        self._box = box
        self._error = error

    def keep(self, values: Values) -> None:
        assert self._box.count(write=True) == 0, "it is kept before the deletion"
        if self._error is not None:
            raise self._error
        self.kept = self.ever = values
        self.said.append("keep")

    def forget(self) -> None:
        self.kept = None
        self.said.append("forget")

    def lacks(self, values: Values) -> None:
        self.kept = values
        self.said.append("lacks")


def desired(login: str = "jdoe", **fields: Any) -> Desired:
    """A user as the YAML would declare it, without the secret; a field given as None is left out."""
    values = {
        "first_name": "Jane",
        "last_name": "Doe",
        "team": "Sales",
        "skills": {"English": 90},
        **fields,
    }
    values = {name: value for name, value in values.items() if value is not None}
    return KIND.desire(Declared(KIND.id, login, values, Place("people.yaml", 3, 5)))
