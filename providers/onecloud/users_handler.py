"""The handler of OneCloud users: reads and writes on plain values, over the client of its system."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from cxconfig.errors import (
    ChangedSincePreview,
    CxconfigError,
    LiveError,
    ObjectError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
)
from cxconfig.kinds import Action, Desired, Difference, FieldSpec, Keeper, Tick, Values, untold
from providers.onecloud import scim_values
from providers.onecloud.blame import naming
from providers.onecloud.persons import PersonsHandler, as_object_error, changes, partly_done, still
from providers.onecloud.scim_client import ScimOff
from providers.onecloud.values import (
    LOGIN,
    PUT_FIELDS,
    SCIM_FIELDS,
    folded,
    from_vendor,
    live_spelling,
    not_created_so,
    not_taken,
    plain_login,
    to_vendor,
    unaddressable,
)

if TYPE_CHECKING:
    from providers.onecloud.client import OneCloudClient
    from providers.onecloud.users import Users

SCIM_WAY_OUT = (
    "Have SCIM enabled for the contact centre. Where it stays off, `cxconfig up` replaces a user who has"
    " `allow_replace: true`; plain pulumi never does."
)


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
        return {
            "teams": self.client.team_names(),
            "unaddressable": self._unaddressable,
            "scim_off": self.client.scim.off,
        }

    def _post(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        return self._verified(desired, self._sent(desired, secrets), created=True)

    def _sent(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        body = to_vendor(self.kind.specs, {**desired.fields, **secrets})
        hidden, sent = self._hidden(secrets, desired.fields), {**desired.fields, **secrets}
        naming(desired.key, sent, lambda: self.client.create_user({"loginId": desired.key, **body}, hidden))
        return desired.fields

    def _taken_and_absent(self, desired: Desired, refused: LiveError) -> None:
        if self._unaddressable(desired.key):
            raise as_object_error(desired, unaddressable(desired.key)) from refused

    def _send_again(self, desired: Desired, live: Values, secrets: Mapping[str, str]) -> None:
        self._put(desired, live, to_vendor(self.kind.specs, secrets), {}, secrets)

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        names, by_scim = _by_door(desired, differences)
        if by_scim:
            self._patch(desired.key, desired, live, by_scim)
        done = [f"{', '.join(by_scim)} went through SCIM"] if by_scim else []
        return self._update(desired, live, names, secrets, done)

    def rename(
        self,
        was: str,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        names, by_scim = _by_door(desired, differences)
        self._renamed(was, desired, lambda: self._patch(was, desired, live, by_scim))
        return self._update(desired, live, names, secrets, [f"{was} was renamed"])

    def replace(
        self,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
        keeper: Keeper,
    ) -> Values:
        if "password" not in secrets:
            raise as_object_error(desired, "a replacement needs the password, which the creation demands")
        if self.client.scim.answers_now(desired.key):
            raise ChangedSincePreview(
                "SCIM was off for this contact centre when the preview was made, and answers now, so no replacement is"
                " needed; nothing was changed",
                kind=desired.kind,
                key=desired.key,
                place=desired.place,
                way_out="Run again: the next preview shows the change in place.",
            )
        carried = _carried(self.kind.specs, desired, live)
        keeper.keep(carried)
        try:
            self.remove(desired.key, live, Action.DELETE)
        except (Refused, PermissionDenied) as refused:
            if not refused.endpoint.startswith("GET"):  # else it is the read that was to tell what became of it
                keeper.forget()
            raise
        try:
            return self.recreate(desired, carried, secrets, keeper)
        except ChangedSincePreview as appeared:
            keeper.lacks(carried)
            raise _lacking(desired, "the user was deleted, and somebody of that login is there again") from appeared
        except ObjectError:
            raise
        except CxconfigError as error:
            text = f"the user was deleted and could not be created again: {error.what}"
            way_out = f"{error.way_out} Run again: the user is created as declared.".strip()
            raise as_object_error(desired, text, way_out) from error

    def recreate(self, desired: Desired, carried: Values, secrets: Mapping[str, str], keeper: Keeper) -> Values:
        """Created in one call and read back: what was live before proves nothing of what is possible now."""
        whole = dataclasses.replace(desired, fields={**desired.fields, **carried})
        made, doubt = False, None
        try:
            try:
                self._created(whole, secrets, self._sent)
            except ChangedSincePreview:
                raise
            except ObjectError as lost_and_different:
                doubt = lost_and_different
            made = True
            live = self._one(whole)
        except LiveError as error:
            if not (made or isinstance(error, OutcomeUnknown) or error.endpoint.startswith("GET")):
                raise
            keeper.lacks(carried)
            text = f"it is not known whether the user was created again with all that was to be: {error.what}"
            raise _lacking(desired, text) from error
        if live is None:
            raise doubt or as_object_error(desired, unaddressable(desired.key))
        # An empty text is not sent, and then the system may have one of its own (the extension).
        different = [d for d in self.kind.compare(whole, live) if carried.get(d.field) != ""]
        if missing := {d.field: carried[d.field] for d in different if d.field in carried}:
            keeper.lacks(missing)
        else:
            keeper.forget()
        if different:
            raise _lacking(desired, not_created_so(different, carried))
        return live

    def _patch(self, login: str, desired: Desired, live: Values, changes: Values) -> None:
        """Write what PUT /user does not change, and another login than `login`, through the person's SCIM account."""
        try:
            raw = self.client.scim.find(login)
        except ScimOff as off:
            raise as_object_error(desired, _needs_scim(login, desired.key, list(changes)), SCIM_WAY_OUT) from off
        if raw is None:
            text = f"the user {login!r} exists, and SCIM has no such account"
            raise as_object_error(desired, text, "Run again; if it stays so, ask the vendor's support.")
        renamed = login != desired.key
        body = scim_values.patch(raw, changes, desired.key if renamed else "")
        hidden = self._hidden({}, desired.fields, live)
        self._write_account(
            desired,
            raw,
            changes,
            lambda id_: naming(desired.key, changes, lambda: self.client.scim.patch(id_, body, hidden)),
            renamed=renamed,
        )

    def _update(
        self, desired: Desired, live: Values, names: Set[str], secrets: Mapping[str, str], done: list[str]
    ) -> Values:
        """Make the changes that do not go through SCIM, after those in `done`."""
        try:
            if "unlock" in names:
                self._settled(lambda: self.client.unlock(desired.key), lambda: not self.client.locked(desired.key))
                done.append("the lock was cleared")
            changed = {name: desired.fields[name] for name in desired.fields if name in names & PUT_FIELDS}
            if "skills" in changed:
                changed["skills"] = live_spelling(changed["skills"], live.get("skills") or {})
            body = to_vendor(self.kind.specs, {**changed, **{n: v for n, v in secrets.items() if n in names}})
            if body:
                self._put(desired, live, body, changed, secrets)
        except (Refused, PermissionDenied) as refused:
            if not done:
                raise
            raise partly_done(refused, f"{' and '.join(done)} before that") from refused
        others = {name: value for name, value in desired.fields.items() if name in names}
        after = {**live, **others, **changed}
        return self._verified(desired, after, before=live, changed=changed)

    def remove(self, key: str, live: Values, action: Action) -> None:
        if action is Action.DELETE:
            self._delete(key, lambda: self.client.delete_user(key), lambda: self.client.user(key) is None)
        elif action is Action.DISABLE:
            self._disable(key)

    def _disable(self, key: str) -> None:
        """Disable a user, and see for yourself: `OK` says nothing of what a contact centre leaves out."""

        def disabled() -> bool:
            live = self._read(key, False)
            return live is None or bool(live["disabled"])

        def write() -> bool:
            self.client.update_user(key, {"disabled": True})
            return True

        if self._settled(write, disabled, gone_is_done=True) and not disabled():
            raise still(self.kind, key, "disabled", "enabled")

    def _put(
        self, desired: Desired, live: Values, body: dict[str, Any], changed: Values, secrets: Mapping[str, str]
    ) -> None:
        """PUT is absolute, so it may be repeated after a read; a password cannot be read, so then it is sent again."""

        def carried_out() -> bool:
            now = self._one(desired)
            return now is not None and all(
                self.kind.equal(name, now.get(name), value) for name, value in changed.items()
            )

        hidden, sent = self._hidden(secrets, desired.fields, live), {**changed, **secrets}
        self._settled(
            lambda: naming(desired.key, sent, lambda: self.client.update_user(desired.key, body, hidden)),
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
        new_names |= {("role", role.strip()) for role in written.get("roles") or []}
        # In the system's spelling on both sides.
        dropped = set((before or {}).get("skills") or ()) - set(after.get("skills") or ())
        if "skills" in written and dropped:
            new_names.add(("put", "replaces"))
        with self._lock:
            unproven = new_names - self._proven
        switched = bool(written.get("disabled")) if created else "disabled" in written
        if not unproven and not switched and not (created and not plain_login(desired.key)):
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
        live = {**from_vendor(self.kind.specs, raw), LOGIN: raw["loginId"]}
        if with_lock:
            live["unlock"] = not self.client.locked(login)
        with self._lock:
            self._proven.update(("skill", folded(skill)) for skill in live["skills"])
            self._proven.update(("role", role.strip()) for role in live["roles"])
        return live

    def _unaddressable(self, login: str) -> bool:
        """Only a login that had to be encoded can be listed and still answer 404.

        Without the directory nobody knows before the creation, after which the user is read back.
        """
        return not plain_login(login) and login.casefold() in (self.client.listed() or ())


def _lacking(desired: Desired, text: str) -> ObjectError:
    """The error for a user who is there again, and is not all that he was to be, for all we know."""
    return as_object_error(desired, text, "Run again: the next preview shows what is declared and missing.")


def _by_door(desired: Desired, differences: Sequence[Difference]) -> tuple[set[str], dict[str, Any]]:
    """The fields that differ, and the declared values of those of them that change through SCIM."""
    changed = changes(desired, differences)
    return {difference.field for difference in differences}, {n: v for n, v in changed.items() if n in SCIM_FIELDS}


def _carried(specs: Mapping[str, FieldSpec], desired: Desired, live: Values) -> dict[str, Any]:
    """What a replacement takes over: all that can be read and is not managed, which what is ignored is not either."""
    managed = desired.compared().fields
    readable = {name: spec for name, spec in specs.items() if spec.vendor and not spec.unread and name in live}
    return {n: live[n] for n, spec in readable.items() if n not in managed and (live[n] or not spec.needed)}


def _needs_scim(was: str, login: str, names: list[str]) -> str:
    what = [f"the login {was!r}"] if was != login else []
    return f"SCIM is off for this contact centre, so nothing changes {', '.join([*what, *names])} of a user who exists"
