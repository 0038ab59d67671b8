"""The handler of OneCloud users: reads and writes on plain values, over the client of its system."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cxconfig.errors import LiveError, PermissionDenied, Refused
from cxconfig.kinds import Action, Desired, Difference, Tick, Values, untold
from providers.onecloud.persons import PersonsHandler, as_object_error, partly_done
from providers.onecloud.values import (
    folded,
    from_vendor,
    live_spelling,
    not_taken,
    plain_login,
    to_vendor,
    unaddressable,
)

if TYPE_CHECKING:
    from providers.onecloud.client import OneCloudClient
    from providers.onecloud.users import Users


class UsersHandler(PersonsHandler):
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

    def supporting(self) -> Mapping[str, Any]:
        return {"teams": self.client.team_names(), "unaddressable": self._unaddressable}

    def _post(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        body = to_vendor(self.kind.specs, {**desired.fields, **secrets})
        self.client.create_user({"loginId": desired.key, **body}, self._hidden(secrets, desired.fields))
        return self._verified(desired, desired.fields, created=True)

    def _taken_and_absent(self, desired: Desired, refused: LiveError) -> None:
        if self._unaddressable(desired.key):
            raise as_object_error(desired, unaddressable(desired.key)) from refused

    def _send_again(self, desired: Desired, live: Values, secrets: Mapping[str, str]) -> None:
        self._put(desired, live, to_vendor(self.kind.specs, secrets), {}, secrets)

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
                raise partly_done(refused, "the lock was cleared before that") from refused
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
            raise as_object_error(desired, unaddressable(desired.key))
        different = [d for d in self.kind.compare(desired, live) if created or d.field in written]
        if different:
            raise as_object_error(desired, not_taken(different, dropped))
        with self._lock:
            self._proven |= new_names
        return live

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
