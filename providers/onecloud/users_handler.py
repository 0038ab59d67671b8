"""Reading and writing OneCloud users. What PUT does to skills that are left out (merged or replaced) and to unknown
skills (ignored or refused) is not documented: whatever a write could hide is read back before it is called done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cxconfig.errors import ChangedSincePreview, LiveError, ObjectError, OutcomeUnknown, Refused, UnexpectedAnswer
from cxconfig.kinds import Action, Desired, Difference, Handler, Tick, Values, untold
from providers.onecloud.client import OneCloudClient, truth
from providers.onecloud.users import Users, folded, unaddressable

ATTEMPTS = 3
"""How often a write is made at the most, when reading shows each time that it was not carried out."""


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

    def supporting(self) -> Mapping[str, Any]:
        return {"teams": self.client.team_names(), "unaddressable": self._unaddressable}

    def create(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        body = to_vendor(self.kind, {"login": desired.key, **desired.fields, **secrets})
        hidden = tuple(secrets.values())

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
            except Refused as refused:
                if refused.status != 409:
                    raise
                live = self._one(desired)
                if live is None:
                    raise _as_object_error(desired, unaddressable(desired.key)) from refused
                return self._found_after(desired, live, secrets, password_unsure=lost)
        raise AssertionError("unreachable")  # pragma: no cover

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        names = {difference.field for difference in differences}
        if "unlock" in names:
            self._settled(lambda: self.client.unlock(desired.key), lambda: not self.client.locked(desired.key))
        changed = {name: desired.fields[name] for name in names - {"unlock"} if name not in secrets}
        if "skills" in changed:
            changed["skills"] = _live_spelling(changed["skills"], live.get("skills") or {})
        body = to_vendor(self.kind, {**changed, **{n: v for n, v in secrets.items() if n in names}})
        if body:
            self._put(desired, body, changed, secrets)
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
                lambda: (user := self.client.user(key)) is None or truth(user.get("disabled")),
                gone_is_done=True,
            )

    def _put(self, desired: Desired, body: dict[str, Any], changed: Values, secrets: Mapping[str, str]) -> None:
        """PUT is absolute, so it may be repeated after a read; a password cannot be read, so then it is sent again."""

        def carried_out() -> bool:
            live = self._one(desired)
            return live is not None and not any(
                not self.kind.equal(name, live.get(name), value) for name, value in changed.items()
            )

        self._settled(
            lambda: self.client.update_user(desired.key, body, tuple(secrets.values())),
            carried_out,
            repeat="password" in body,
        )

    def _settled(
        self, write: Callable[[], None], done: Callable[[], bool], *, repeat: bool = False, gone_is_done: bool = False
    ) -> None:
        """Make a write; when its answer is lost, read, and write again only if it was not carried out.

        `repeat`: its effect cannot be read, so it is made once more whatever the read says.
        """
        for attempt in range(ATTEMPTS):
            try:
                write()
                return
            except OutcomeUnknown:
                if done() and not repeat:
                    return
                if attempt + 1 == ATTEMPTS:
                    raise
            except Refused as refused:
                if gone_is_done and refused.status == 404:
                    return
                raise

    def _found_after(
        self, desired: Desired, live: Values, secrets: Mapping[str, str], *, password_unsure: bool
    ) -> Values:
        """A POST found the login taken, or its answer was lost and the login is there now."""
        different = self.kind.compare(desired, live)
        if different:
            fields = ", ".join(d.field for d in different)
            raise ChangedSincePreview(
                f"the user appeared since the preview, with other values of {fields}; nothing was changed",
                kind=desired.kind,
                key=desired.key,
                place=desired.place,
                way_out="Run again: the next preview shows what taking it over would change.",
            )
        if password_unsure and "password" in secrets:
            self._put(desired, to_vendor(self.kind, {"password": secrets["password"]}), {}, secrets)
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
        dropped = {folded(s) for s in (before or {}).get("skills") or {}} - {
            folded(s) for s in after.get("skills") or {}
        }
        if "skills" in written and dropped:
            new_names.add(("put", "replaces"))
        with self._lock:
            unproven = new_names - self._proven
        if not unproven and not (created and not _plain(desired.key)):
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

    def _one(self, desired: Desired) -> Values | None:
        return self._read(desired.key, "unlock" in desired.fields)

    def _read(self, login: str, with_lock: bool) -> Values | None:
        raw = self.client.user(login)
        if raw is None:
            return None
        live = from_vendor(self.kind, raw)
        if with_lock:
            live["unlock"] = not self.client.locked(login)
        with self._lock:
            self._proven.update(("skill", folded(skill)) for skill in live["skills"])
            self._proven.update(("role", role) for role in live["roles"])
        return live

    def _unaddressable(self, login: str) -> bool:
        """Only a login that had to be encoded can be listed and still answer 404."""
        return not _plain(login) and login in self.client.logins()


def _plain(login: str) -> bool:
    return quote(login, safe="") == login


def from_vendor(kind: Users, raw: Mapping[str, Any]) -> dict[str, Any]:
    """A vendor's user as plain values by field name; unknown keys (`loginInfo`) are ignored, absent ones are empty."""
    live: dict[str, Any] = {}
    for name, spec in kind.specs.items():
        if spec.secret or spec.setting or not spec.vendor:
            continue
        value = raw.get(spec.vendor)
        if name in ("disabled", "change_password"):
            live[name] = truth(value)
        elif name == "skills":
            live[name] = {str(skill): _level(level) for skill, level in (value or {}).items()}
        elif name == "roles":
            live[name] = [str(role["value"] if isinstance(role, dict) else role) for role in value or []]
        else:
            live[name] = "" if value is None else str(value)
    return live


def _level(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        raise UnexpectedAnswer("OneCloud sent a skill level that is not a number", system="onecloud") from None


def to_vendor(kind: Users, values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values by field name as the vendor's body; empty texts are left out, as OneCloud does itself."""
    body = {}
    for name, value in values.items():
        spec = kind.specs.get(name)
        if spec is not None and spec.vendor and value != "":
            body[spec.vendor] = value
    return body


def _live_spelling(declared: Mapping[str, int], live: Mapping[str, int]) -> dict[str, int]:
    """The declared skills, each spelt as the system spells it where it is known."""
    spelling = {folded(name): name for name in live}
    return {spelling.get(folded(name), name): level for name, level in declared.items()}


def not_taken(different: Sequence[Difference], dropped: set[str]) -> str:
    """The sentence for an accepted write whose effect is not there."""
    fields = ", ".join(d.field for d in different)
    text = f"OneCloud accepted the change and did not make all of it: {fields} read back different"
    for difference in different:
        if difference.field == "skills":
            live = {folded(n): n for n in difference.live or {}}
            kept = sorted(live[name] for name in dropped & set(live))
            unknown = sorted(n for n in difference.declared if folded(n) not in live)
            if kept:
                text += (
                    f". It kept the skills {', '.join(kept)}: this contact centre adds skills and does not remove them."
                    " Remove them by hand in the contact centre administrator, or list them here"
                )
            if unknown:
                text += (
                    f". It does not have {', '.join(unknown)}: create the skill in the contact centre administrator,"
                    " or correct the name here"
                )
    return text


def _as_object_error(desired: Desired, text: str) -> LiveError | ObjectError:
    return ObjectError(text, kind=desired.kind, key=desired.key, place=desired.place)
