"""OneCloud users (agents and supervisors).

Source: the vendor's "Users" chapter. POST creates with every attribute; PUT changes skills, disabled, password,
changePassword and team only. What PUT does to skills that are left out (merged or replaced) and to unknown skills
(ignored or refused) is not documented: whatever a write could hide is read back before it is called done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cxconfig.errors import (
    ChangedSincePreview,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    UnexpectedAnswer,
)
from cxconfig.kinds import (
    Action,
    Declared,
    Desired,
    Difference,
    FieldSpec,
    Handler,
    Kind,
    OnRemove,
    Tick,
    Values,
    specs_of,
    untold,
)
from providers.onecloud.teams import missing_team
from providers.onecloud.values import (
    canonical,
    contradicted,
    folded,
    from_vendor,
    live_spelling,
    lost_and_different,
    not_taken,
    plain_login,
    to_vendor,
    unaddressable,
    unchangeable,
)

if TYPE_CHECKING:
    from providers.onecloud.client import OneCloudClient

ATTEMPTS = 3
"""How often a write is made at the most, when reading shows each time that it was not carried out."""
PUT_FIELDS = frozenset({"skills", "disabled", "password", "change_password", "team"})
"""What PUT /user/<login> changes."""
SHORTEST_HIDDEN = 4
"""Characters of a private value below which it says nothing, and would be found in any text."""
HIGHEST_LEVEL = 2**31 - 1
NOT_EMPTY = "not empty"
TEAM = f"{NOT_EMPTY}; an existing team"


class User(BaseModel):
    """A user of the contact centre, found by login. A listed field is managed, an empty one managed and emptied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_name: Annotated[str, FieldSpec(vendor="firstName", needed=True, limits=NOT_EMPTY, example="Jane")] = ""
    """The given name."""
    last_name: Annotated[str, FieldSpec(vendor="lastName", needed=True, limits=NOT_EMPTY, example="Doe")] = ""
    """The family name."""
    email: Annotated[str, FieldSpec(vendor="email", example="jane@example.com")] = ""
    """The e-mail address."""
    team: Annotated[str, FieldSpec(vendor="team", refers_to="teams", needed=True, limits=TEAM, example="Sales")] = ""
    """The one team that the user belongs to."""
    extension: Annotated[str, FieldSpec(vendor="extension", limits="unique", example="0123")] = ""
    """The internal phone number. Assigned by the system when it is not given at creation."""
    work_phone: Annotated[str, FieldSpec(vendor="workPhone", private=True, example="+15550100")] = ""
    """The phone number at work."""
    mobile_phone: Annotated[str, FieldSpec(vendor="mobilePhone", private=True, example="+15550101")] = ""
    """The mobile phone number."""
    disabled: Annotated[bool, FieldSpec(vendor="disabled", example="false")] = False
    """Is the account disabled? Managed even when it is not listed: a declared user is an enabled user."""
    change_password: Annotated[bool, FieldSpec(vendor="changePassword", example="true")] = False
    """Must the user change the password at the next login?"""
    skills: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=HIGHEST_LEVEL)]],
        FieldSpec(
            vendor="skills",
            limits="names differ in more than case and blanks",
            example="{English: 90, Billing: 50}",
        ),
    ] = Field(default_factory=dict)
    """Skill name -> level. Listed, they are the whole truth: a live skill that is not listed is removed."""
    roles: Annotated[list[str], FieldSpec(vendor="roles", example="[Agent, Supervisor]")] = Field(default_factory=list)
    """Names of roles; their order does not matter."""
    password: Annotated[
        str,
        FieldSpec(
            vendor="password",
            secret=True,
            needed=True,
            limits=f"{NOT_EMPTY}; the contact centre's security policy",
            example="${env:INITIAL_PASSWORD}",
        ),
    ] = ""
    """Set at creation, and again when the secret changes; never read."""
    unlock: Annotated[
        bool,
        FieldSpec(limits="only `true` means something", example="true", states=("locked", "unlocked")),
    ] = False
    """`true` clears the lock that too many failed logins set."""
    on_remove: Annotated[OnRemove, FieldSpec(setting=True, example="retain")] = OnRemove.DISABLE
    """What happens to the live user when the entry is taken out of the YAML; goes before the kind's setting."""

    @field_validator("skills")
    @classmethod
    def _one_spelling(cls, skills: dict[str, int]) -> dict[str, int]:
        seen: dict[str, str] = {}
        for name in skills:
            if not name.strip():
                raise ValueError("a skill needs a name")
            other = seen.setdefault(folded(name), name)
            if other != name:
                raise ValueError(f"the skills {other!r} and {name!r} differ only in case or blanks")
        return skills

    @field_validator("password", "first_name", "last_name", "team")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty: OneCloud demands it of every user")
        return value

    @field_validator("unlock")
    @classmethod
    def _only_unlock(cls, value: bool) -> bool:
        if not value:
            raise ValueError("only `true` means something here: the API can clear a lock and cannot set one")
        return value


CREATE_FIELDS = tuple(name for name, spec in specs_of(User).items() if spec.needed)
"""What POST /user demands."""


class Users(Kind):
    system = "onecloud"
    name = "users"
    singular = "user"
    model = User
    specs = specs_of(User)
    removals = (OnRemove.DISABLE, OnRemove.DELETE, OnRemove.RETAIN)
    privilege = "Manage users (and Manage all teams)"
    example = "jdoe"
    listable = True

    def desire(self, declared: Declared) -> Desired:
        fields = {"disabled": False, **{k: v for k, v in declared.values.items() if k != "on_remove"}}
        on_remove = declared.values.get("on_remove")
        return Desired(
            self.id, declared.key, fields, OnRemove(on_remove) if on_remove is not None else None, declared.place
        )

    def equal(self, name: str, left: Any, right: Any) -> bool:
        return bool(canonical(name, left) == canonical(name, right))

    def normal(self, name: str, value: str) -> str:
        return str(canonical(name, value))

    def compare(self, desired: Desired, live: Values) -> list[Difference]:
        return [
            self._difference(desired.key, name, live.get(name), declared)
            for name, declared in desired.fields.items()
            if not self.specs[name].secret and not self.equal(name, live.get(name), declared)
        ]

    def _difference(self, login: str, name: str, live: Any, declared: Any) -> Difference:
        call = self.change_call(login, name)
        return Difference(name, live, declared, call, "" if call else unchangeable(name))

    def change_call(self, key: str, name: str) -> str:
        if name == "unlock":
            return f"PUT /user/lock/{key}"
        return f"PUT /user/{key}" if name in PUT_FIELDS else ""

    def problems(self, desired: Desired, live: Values | None, supporting: Mapping[str, Any]) -> list[str]:
        found = []
        team = desired.fields.get("team")
        moved = live is None or not self.equal("team", live.get("team"), team)
        if team and moved and not _known(team, supporting["teams"]):
            found.append(missing_team(team, supporting["teams"]))
        if live is None:
            missing = [name for name in CREATE_FIELDS if not desired.fields.get(name)]
            if missing:
                found.append(
                    f"the user does not exist and is to be created, for which OneCloud demands {_listed(missing)};"
                    f" add {'it' if len(missing) == 1 else 'them'}, or correct the login if the user should exist"
                )
            if supporting["unaddressable"](desired.key):
                found.append(unaddressable(desired.key))
        return found

    def creation(self, desired: Desired) -> str:
        return "POST /user"

    def removal(self, on_remove: OnRemove, live: Values | None) -> Action:
        if live is not None and on_remove is OnRemove.DISABLE and live.get("disabled"):
            return Action.FORGET
        return super().removal(on_remove, live)

    def removal_call(self, key: str, action: Action) -> str:
        return {Action.DISABLE: f"PUT /user/{key}", Action.DELETE: f"DELETE /user/{key}"}.get(action, "")

    def untouchable(self, key: str, settings: Any) -> str:
        if self.identity(key) != self.identity(settings.client_id):
            return ""
        return "the API user (`client_id`) that cxconfig itself signs in with"

    def handler(self, client: Any) -> UsersHandler:
        return UsersHandler(client, self)


class UsersHandler(Handler):
    """Handler of `onecloud.users`; thread-safe, one per process."""

    def __init__(self, client: OneCloudClient, kind: Users) -> None:
        self.client = client
        self.kind = kind
        self._proven: set[tuple[str, str]] = set()
        """Skills and roles seen live, and ("put", "replaces") once PUT was seen to drop a skill."""
        self._lock = threading.Lock()

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        def read(login: str) -> Values | None:
            live = self._read(login, "unlock" in wanted[login])
            tick()
            return live

        found: dict[str, Values | None] = self.client.connection.each(read, list(wanted))
        return found

    def enumerate(self) -> Sequence[str]:
        """Every login of the phone directory, which is the only list of users."""
        return sorted(self.client.logins())

    def confirm_gone(self, keys: Sequence[str]) -> None:
        """A login that the directory lists is not gone, whatever answered 404 (a gateway, a wrong path, a hiccup)."""
        listed = self.client.listed()
        if listed is None:
            self.client.team_names()  # so at least the API must be there
            return
        there = [login for login in keys if login.casefold() in listed]
        if there:
            raise UnexpectedAnswer(
                contradicted(there),
                system="onecloud",
                endpoint=f"GET /configapi/v2/user/{there[0]}",
                status=404,
                way_out="Run again; if it stays so, check that `url` names the contact centre itself.",
            )

    def supporting(self) -> Mapping[str, Any]:
        return {"teams": self.client.team_names(), "unaddressable": self._unaddressable}

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        body = to_vendor(self.kind.specs, {"login": desired.key, **desired.fields, **secrets})
        hidden = self._hidden(secrets, desired.fields)

        def post() -> None:
            self.client.create_user({"loginId": desired.key, **body}, hidden)

        lost = False
        for attempt in range(ATTEMPTS):
            try:
                post()
                return self._verified(desired, desired.fields, created=True)
            except OutcomeUnknown:
                lost = True
                live = self._one(desired)
                if live is None and attempt + 1 < ATTEMPTS:
                    continue
                if live is None:
                    raise
                return self._found_after(desired, live, secrets, password_unsure=True)
            except (Refused, PermissionDenied) as refused:
                if refused.status == 409:
                    live = self._one(desired)
                    if live is not None:
                        return self._found_after(desired, live, secrets, password_unsure=lost)
                    if self._unaddressable(desired.key):
                        raise _as_object_error(desired, unaddressable(desired.key)) from refused
                    # something else of it is taken: the extension
                if lost:
                    raise _after_a_lost_answer(refused) from refused
                raise
        raise AssertionError("unreachable")  # pragma: no cover

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        names = {difference.field for difference in differences}
        if "unlock" in names:
            self._settled(lambda: self.client.unlock(desired.key), lambda: not self.client.locked(desired.key))
        changed = {name: desired.fields[name] for name in names - {"unlock"} if name not in secrets}
        if "skills" in changed:
            changed["skills"] = live_spelling(changed["skills"], live.get("skills") or {})
        body = to_vendor(self.kind.specs, {**changed, **{n: v for n, v in secrets.items() if n in names}})
        if body:
            try:
                self._put(desired, live, body, changed, secrets)
            except (Refused, PermissionDenied) as refused:
                if "unlock" not in names:
                    raise
                raise _partly_done(refused, "the lock was cleared before that") from refused
        after = {**live, **changed, **({"unlock": True} if "unlock" in names else {})}
        return self._verified(desired, after, before=live, changed=changed)

    def remove(self, key: str, live: Values, action: Action) -> None:
        if action is Action.DELETE:
            self._settled(
                lambda: self.client.delete_user(key), lambda: self.client.user(key) is None, gone_is_done=True
            )
        elif action is Action.DISABLE:
            self._settled(
                lambda: self.client.update_user(key, {"disabled": True}),
                lambda: (live := self._read(key, False)) is None or live["disabled"],
                gone_is_done=True,
            )

    def _put(
        self, desired: Desired, live: Values, body: dict[str, Any], changed: Values, secrets: Mapping[str, str]
    ) -> None:
        """PUT is absolute, so it may be repeated after a read; a password cannot be read, so then it is sent again."""

        def carried_out() -> bool:
            now = self._one(desired)
            return now is not None and all(
                self.kind.equal(name, now.get(name), value) for name, value in changed.items()
            )

        self._settled(
            lambda: self.client.update_user(desired.key, body, self._hidden(secrets, desired.fields, live)),
            carried_out,
            repeat="password" in body,
        )

    def _settled(
        self, write: Callable[[], None], done: Callable[[], bool], *, repeat: bool = False, gone_is_done: bool = False
    ) -> None:
        """Make a write; when its answer is lost, read, and write again only if it was not carried out.

        `repeat`: its effect cannot be read, so it is made once more whatever the read says.
        """
        lost = False
        for attempt in range(ATTEMPTS):
            try:
                write()
                return
            except OutcomeUnknown:
                lost = True
                if done() and not repeat:
                    return
                if attempt + 1 == ATTEMPTS:
                    raise
            except (Refused, PermissionDenied) as refused:
                if gone_is_done and refused.status == 404 and done():
                    return  # a 404 alone may also mean something that the object refers to, or another server
                if lost:
                    raise _after_a_lost_answer(refused) from refused
                raise

    def _found_after(
        self, desired: Desired, live: Values, secrets: Mapping[str, str], *, password_unsure: bool
    ) -> Values:
        """A POST found the login taken, or its answer was lost and the login is there now.

        Somebody else's user that is just as declared is taken over, unless its password would have to be set: that was
        not announced.
        """
        fields = [difference.field for difference in self.kind.compare(desired.compared(), live)]
        if fields and password_unsure:
            raise _as_object_error(desired, lost_and_different(desired.key, fields))
        if not password_unsure:
            fields += sorted(secrets.keys() - desired.ignore)
        if fields:
            raise ChangedSincePreview(
                f"the user appeared since the preview, and {', '.join(fields)} may differ; nothing was changed",
                kind=desired.kind,
                key=desired.key,
                place=desired.place,
                way_out="Run again: the next preview shows what taking it over would change.",
            )
        if password_unsure and "password" in secrets:
            try:
                self._put(desired, live, to_vendor(self.kind.specs, {"password": secrets["password"]}), {}, secrets)
            except (Refused, PermissionDenied) as refused:
                raise _after_a_lost_answer(refused) from refused
        return live

    def _verified(
        self,
        desired: Desired,
        after: Values,
        *,
        before: Values | None = None,
        changed: Values | None = None,
        created: bool = False,
    ) -> Values:
        """`after` as written, or as read back when the server could have dropped part of it without a word."""
        written = after if created else (changed or {})
        new_names = {("skill", folded(s)) for s in written.get("skills") or {}}
        new_names |= {("role", r) for r in written.get("roles") or []}
        # In the system's spelling on both sides.
        dropped = set((before or {}).get("skills") or ()) - set(after.get("skills") or ())
        if "skills" in written and dropped:
            new_names.add(("put", "replaces"))
        with self._lock:
            unproven = new_names - self._proven
        if not unproven and not (created and not plain_login(desired.key)):
            return after
        live = self._one(desired)
        if live is None:
            raise _as_object_error(desired, unaddressable(desired.key))
        different = [d for d in self.kind.compare(desired, live) if created or d.field in written]
        if different:
            raise _as_object_error(desired, not_taken(different, dropped))
        with self._lock:
            self._proven |= new_names
        return live

    def _hidden(self, secrets: Mapping[str, str], *values: Values) -> tuple[str, ...]:
        """What no error may show of a user: the secrets, and private fields that are not too short to tell."""
        private = {name for name, spec in self.kind.specs.items() if spec.private}
        texts = (str(held.get(name) or "") for held in values for name in private)
        return (*secrets.values(), *(text for text in texts if len(text) >= SHORTEST_HIDDEN))

    def _one(self, desired: Desired) -> Values | None:
        return self._read(desired.key, "unlock" in desired.fields)

    def _read(self, login: str, with_lock: bool) -> Values | None:
        raw = self.client.user(login)
        if raw is None:
            return None
        live = from_vendor(self.kind.specs, raw)
        if with_lock:
            live["unlock"] = not self.client.locked(login)
        with self._lock:
            self._proven.update(("skill", folded(skill)) for skill in live["skills"])
            self._proven.update(("role", role) for role in live["roles"])
        return live

    def _unaddressable(self, login: str) -> bool:
        """Only a login that had to be encoded can be listed and still answer 404.

        Without the directory nobody knows before the creation, after which the user is read back.
        """
        return not plain_login(login) and login.casefold() in (self.client.listed() or ())


def _after_a_lost_answer(refused: LiveError) -> OutcomeUnknown:
    """A refusal of what was sent once before: it says nothing about the first one, whose answer was lost."""
    return _partly_done(refused, "the answer to an earlier attempt was lost, and that may have been carried out")


def _partly_done(refused: LiveError, why: str) -> OutcomeUnknown:
    """A refusal after which the object may not be as it was, with the vendor's own words."""
    way_out = "Run the command again: it reads what is live and does only what is missing."
    return OutcomeUnknown(
        f"{refused.what}; {why}",
        system=refused.system,
        endpoint=refused.endpoint,
        status=refused.status,
        said=refused.said,
        request_id=refused.request_id,
        way_out=f"{refused.way_out} {way_out}".strip(),
    )


def _as_object_error(desired: Desired, text: str) -> ObjectError:
    return ObjectError(text, kind=desired.kind, key=desired.key, place=desired.place)


def _known(team: str, names: Any) -> bool:
    return team.strip() in {name.strip() for name in names}


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:-1]) + (" and " if names[1:] else "") + f"`{names[-1]}`"
