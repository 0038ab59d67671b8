"""The state of a simulated tenant: plain values with the invariants that the API could not break either."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cxconfig.sandbox.http import compact
from cxconfig.sandbox.onecloud.seed import AccessNumberSeed, ClientSeed, DispositionSeed, Seed, UserSeed

SHOWN = (
    *("disabled", "changePassword", "skills", "loginId", "firstName", "lastName", "team", "extension"),
    *("workPhone", "mobilePhone", "email", "roles"),
)
"""The fields of GET user in the order of the vendor's example (wire document, section 10)."""
PROFILE = ("nickName", "title", "timezone", "country", "city", "region", "defaultPhone", "photo")
"""What a user has besides, seen and changed through SCIM alone; a photo is never shown."""
BY_HAND = frozenset({*SHOWN, *PROFILE, "password", "lockedOut", "external", "voiceMail", "greeting"})
"""What may be set by hand."""
_OWN = {"tenant", "skills", "roles", "password_min_length", "first_extension", "scim_default_team", "scim_default_role"}
"""What only the seed knows."""
_SEED_NAMES = {info.alias: name for name, info in UserSeed.model_fields.items()}


def hashed(password: str) -> str:
    """A salted hash, cheap because it guards nothing but made-up passwords."""
    salt = secrets.token_hex(8)
    return f"{salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"


def stable_id(login: str) -> str:
    """The SCIM id of a user whose seed names none."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, login)).upper()


def fresh_id() -> str:
    """The SCIM id of a user whom the API creates: another one each time, as for one deleted and created again."""
    return str(uuid.uuid4()).upper()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class User:
    """One user by the vendor's field names; an unset text is the empty string. Only the tenant changes it.

    `id`: the upper-case UUID by which SCIM knows the user.
    """

    values: dict[str, Any]
    id: str = ""
    password_hash: str = ""
    locked_out: bool = False
    external: str = ""
    voice_mail: bool = False
    greeting: bool = False
    created: datetime = field(default_factory=_now)
    changed: datetime | None = None
    _body: bytes = b""

    def shown(self) -> dict[str, Any]:
        """What GET user shows: in the vendor's order, unset texts left out, never the password."""
        return {name: self.values[name] for name in SHOWN if self.values[name] != ""}

    def body(self) -> bytes:
        """`shown` as JSON, made once per change because benchmarks read it thousands of times."""
        if not self._body:
            self._body = compact(self.shown())
        return self._body

    def change(self, values: Mapping[str, Any]) -> None:
        """Set fields, and the password when it is among them."""
        shown = dict(values)
        if password := shown.pop("password", ""):
            self.password_hash = hashed(password)
        self.values |= shown
        self.changed = _now()
        self._body = b""

    def matches(self, password: str) -> bool:
        salt, _, digest = self.password_hash.partition("$")
        made = hashlib.sha256((salt + password).encode()).hexdigest()
        return bool(digest) and hmac.compare_digest(made, digest)

    def as_seed(self) -> dict[str, Any]:
        """The user in the form of a seed."""
        extras = {
            "id": self.id,
            **{name: self.values[name] for name in PROFILE},
            "passwordHash": self.password_hash,
            "lockedOut": self.locked_out,
            "external": self.external,
            "voiceMail": self.voice_mail,
            "greeting": self.greeting,
        }
        return self.shown() | {name: value for name, value in extras.items() if value}


@dataclass(slots=True)
class Token:
    """An access token; `ends` on the clock of the simulator."""

    client: ClientSeed
    ends: float


@dataclass(slots=True)
class Tenant:
    """Everything that the simulated tenant holds. Not thread-safe: the simulator's lock guards it."""

    seed: Seed
    clients: dict[str, ClientSeed] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    """Name -> id."""
    users: dict[str, User] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """SCIM id -> login."""
    extensions: dict[str, str] = field(default_factory=dict)
    """Extension or access number -> login, empty for an access number."""
    tokens: dict[str, Token] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    """Tokens that ended by time and not by revocation."""
    _next_extension: int = 0

    @classmethod
    def from_seed(cls, seed: Seed) -> Tenant:
        tenant = cls(seed, _next_extension=seed.first_extension)
        tenant.clients = {client.client_id: client for client in seed.clients or ()}
        for team in seed.teams or ():
            tenant.add_team(team.name, team.id)
        tenant.extensions = {number.number: "" for number in seed.access_numbers}
        # Given extensions first, or an automatic one could take what a later user names.
        for user in sorted(seed.users, key=lambda user: not user.extension):
            tenant.add(user)
        order = [user.login_id for user in seed.users]
        tenant.users = {login: tenant.users[login] for login in order}
        return tenant

    def add_team(self, name: str, id_: str = "") -> None:
        """Add a team; without an id it gets a stable one made from its name."""
        self.teams[name] = id_ or str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper()

    def add(self, given: UserSeed) -> User:
        """Add a checked user whose login, extension and team were looked at."""
        values = {name: getattr(given, _SEED_NAMES[name]) for name in (*SHOWN, *PROFILE)}
        values["extension"] = given.extension or self._free_extension()
        id_ = given.id or stable_id(given.login_id)
        user = User(
            values,
            fresh_id() if id_ in self.ids else id_,  # who was renamed keeps the id of the old login
            password_hash=given.password_hash or (hashed(given.password) if given.password else ""),
            locked_out=given.locked_out,
            external=given.external,
            voice_mail=given.voice_mail,
            greeting=given.greeting,
        )
        self.users[given.login_id] = user
        self.ids[user.id] = given.login_id
        self.extensions[values["extension"]] = given.login_id
        return user

    def remove(self, login: str) -> None:
        user = self.users.pop(login)
        del self.ids[user.id]
        self.extensions.pop(user.values["extension"], None)

    def change_by_hand(self, login: str, values: Mapping[str, Any]) -> None:
        """Set any fields of a user without the rules of the API; `values` were checked for their types."""
        user = self.users[login]
        values = dict(values)
        for name, attribute in (("lockedOut", "locked_out"), ("external", "external"), ("greeting", "greeting")):
            if name in values:
                setattr(user, attribute, values.pop(name))
        if "voiceMail" in values:
            user.voice_mail = values.pop("voiceMail")
        self.change(login, values)

    def change(self, login: str, values: Mapping[str, Any]) -> None:
        """Set checked fields of a user, `loginId`, `extension` and `password` among them."""
        user = self.users[login]
        self.extensions.pop(user.values["extension"], None)
        user.change(values)
        now: str = user.values["loginId"]
        self.extensions[user.values["extension"]] = self.ids[user.id] = now
        if now != login:
            self.users = {now if name == login else name: other for name, other in self.users.items()}

    def issue(self, client: ClientSeed, ends: float) -> str:
        """A new token: 64 upper-case hexadecimal digits, as in the vendor's examples."""
        token = secrets.token_hex(32).upper()
        self.tokens[token] = Token(client, ends)
        return token

    def expire(self, token: str) -> None:
        if self.tokens.pop(token, None):
            self.expired.add(token)

    def revoke(self, token: str) -> None:
        """End a token and all others of its owner."""
        found = self.tokens.get(token)
        if found:
            self.tokens = {t: k for t, k in self.tokens.items() if k.client.client_id != found.client.client_id}

    def as_seed(self) -> dict[str, Any]:
        """The tenant in the form of a seed, which loads to the same state (tokens aside)."""
        content: dict[str, Any] = self.seed.model_dump(include=_OWN, exclude_none=True)
        content["clients"] = [client.model_dump(exclude_none=True) for client in self.clients.values()]
        content["teams"] = [{"name": name, "id": id_} for name, id_ in self.teams.items()]
        content["users"] = [user.as_seed() for user in self.users.values()]
        content["dispositions"] = [disposition.model_dump() for disposition in self.dispositions]
        content["access_numbers"] = [number.model_dump() for number in self.access_numbers]
        return content

    @property
    def dispositions(self) -> list[DispositionSeed]:
        return self.seed.dispositions

    @property
    def access_numbers(self) -> list[AccessNumberSeed]:
        return self.seed.access_numbers

    def _free_extension(self) -> str:
        while str(self._next_extension) in self.extensions:
            self._next_extension += 1
        return str(self._next_extension)
