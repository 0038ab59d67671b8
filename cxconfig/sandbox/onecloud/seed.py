"""The form of a OneCloud seed. Field names of users are the vendor's, everything else is snake_case.

A number where a text belongs (an extension in YAML) is taken as text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from cxconfig.errors import InputError, InputErrors, Place

MANAGE_USERS = "Manage users"
MANAGE_PHONES = "Manage phones"
MANAGE_TEAMS = "Manage all teams"
REALTIME_STATISTICS = "Access Realtime Stats API"
PRIVILEGES = (MANAGE_USERS, MANAGE_TEAMS, MANAGE_PHONES, REALTIME_STATISTICS)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Name = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClientSeed(_Part):
    """An API user. `supervises`: the teams that statsapi shows it, None = all."""

    client_id: Name
    client_secret: Name
    privileges: list[str] = list(PRIVILEGES)
    supervises: list[Name] | None = None


class TeamSeed(_Part):
    """A team; without `id` it gets a stable one made from its name."""

    name: Name
    id: str = ""


class DispositionSeed(_Part):
    """A disposition and the filters of GET /statsapi/cfg/dispositions under which it is shown."""

    name: Name
    inbound: bool = True
    outbound: bool = True
    preview: bool = True
    agent_can_select: bool = True


class AccessNumberSeed(_Part):
    """An access number, as GET /phone/ext shows it."""

    number: Name
    media: str = "voice_text"
    type: str = "scenario"
    scenario: str = ""


class UserSeed(BaseModel):
    """A user by the vendor's field names, plus what only the simulator knows."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    login_id: Name
    first_name: Name
    last_name: Name
    team: Name
    extension: Text = ""
    work_phone: Text = ""
    mobile_phone: Text = ""
    email: str = ""
    disabled: bool = False
    change_password: bool = False
    skills: dict[str, int] = {}
    roles: list[str] = []
    password: Text = ""
    password_hash: str = ""
    locked_out: bool = False
    external: Text = ""
    voice_mail: bool = False
    greeting: bool = False
    id: str = ""
    nick_name: str = ""
    title: str = ""
    timezone: str = ""
    country: str = ""
    city: str = ""
    region: str = ""
    default_phone: Text = ""
    photo: str = ""


def _named(value: Any) -> Any:
    """A list entry that is only a name stands for a mapping with that name."""
    return {"name": value} if isinstance(value, (str, int)) and not isinstance(value, bool) else value


class Seed(_Part):
    """A tenant. `tenant`: its domain, empty = any scope is accepted. `clients`: None = the default API user.

    `teams`: None = those that the users name. `skills` and `roles`: the names that exist, None = any.
    `scim_default_team` and `scim_default_role`: what a user gets who is created through SCIM; empty = the first team,
    and the first role that exists.
    """

    tenant: str = ""
    clients: list[ClientSeed] | None = None
    teams: list[Annotated[TeamSeed, BeforeValidator(_named)]] | None = None
    users: list[UserSeed] = []
    skills: list[Name] | None = None
    roles: list[Name] | None = None
    dispositions: list[Annotated[DispositionSeed, BeforeValidator(_named)]] = []
    access_numbers: list[AccessNumberSeed] = []
    password_min_length: int = Field(8, ge=0)
    first_extension: int = Field(1000, ge=1)
    scim_default_team: Text = ""
    scim_default_role: Text = ""


DEFAULT_CLIENT = {"client_id": "sandbox-api", "client_secret": "sandbox-api-secret"}

DEFAULT_SEED: dict[str, Any] = {
    "clients": [DEFAULT_CLIENT],
    "teams": ["Administrators", "Sales", "Support"],
    "users": [
        {"loginId": "admin", "firstName": "Alex", "lastName": "Admin", "team": "Administrators", "roles": ["Admin"]},
        {
            "loginId": "jdoe",
            "firstName": "Jane",
            "lastName": "Doe",
            "team": "Sales",
            "email": "jane@example.com",
            "skills": {"English": 90},
            "roles": ["Agent"],
        },
        {
            "loginId": "rroe",
            "firstName": "Richard",
            "lastName": "Roe",
            "team": "Support",
            "email": "rroe@acme.example.com",
            "skills": {"English": 70, "Spanish": 80},
            "roles": ["Agent"],
            "lockedOut": True,
        },
    ],
    "dispositions": ["Sale", "No answer", {"name": "Callback agreed", "inbound": False}],
    "access_numbers": [{"number": "8000", "scenario": "Main menu"}],
}


def parse_seed(content: Mapping[str, Any], source: str) -> Seed:
    """A checked seed; raises `InputErrors` with every mistake, `source` being the file's name."""
    try:
        seed = Seed.model_validate(content)
    except ValidationError as error:
        raise InputErrors(
            _mistake(source, _dotted(found["loc"]), found["msg"])
            for found in error.errors(include_input=False, include_url=False)
        ) from None
    if seed.teams is None:
        seed.teams = [TeamSeed(name=name) for name in dict.fromkeys(user.team for user in seed.users)]
    if seed.clients is None:
        seed.clients = [ClientSeed.model_validate(DEFAULT_CLIENT)]
    mistakes = [_mistake(source, path, rule) for path, rule in _inconsistencies(seed)]
    if mistakes:
        raise InputErrors(mistakes)
    return seed


def _mistake(source: str, path: str, rule: str) -> InputError:
    return InputError(rule, place=Place(source), path=path, way_out="docs/sandbox.md shows the form of a seed")


def _dotted(parts: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _inconsistencies(seed: Seed) -> Iterator[tuple[str, str]]:
    teams = [team.name for team in seed.teams or ()]
    known = set(teams)
    yield from _twice("teams", teams)
    yield from _twice("users", [user.login_id for user in seed.users])
    yield from _twice("users", [user.id for user in seed.users if user.id])
    yield from _twice("clients", [client.client_id for client in seed.clients or ()])
    numbers = [number.number for number in seed.access_numbers]
    yield from _twice("users", [*numbers, *(user.extension for user in seed.users if user.extension)])
    for index, user in enumerate(seed.users):
        if user.team not in known:
            yield f"users[{index}].team", f"there is no team {user.team!r}"
    if seed.scim_default_team and seed.scim_default_team not in known:
        yield "scim_default_team", f"there is no team {seed.scim_default_team!r}"
    for index, client in enumerate(seed.clients or ()):
        for name in client.supervises or ():
            if name not in known:
                yield f"clients[{index}].supervises", f"there is no team {name!r}"


def _twice(path: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name, times in Counter(names).items():
        if times > 1:
            yield path, f"{name!r} stands there {times} times"
