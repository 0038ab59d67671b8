"""The handler of SCIM accounts: one PATCH (or PUT) for whatever changes, checked in the answer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cxconfig.errors import LiveError, PermissionDenied, Refused, UnexpectedAnswer
from cxconfig.kinds import Action, Desired, Difference, Tick, Values, untold
from providers.onecloud import scim_values
from providers.onecloud.blame import naming
from providers.onecloud.persons import PersonsHandler, as_object_error, changes, not_there, still
from providers.onecloud.scim_values import ID, RESOURCE, UNREAD, from_scim

if TYPE_CHECKING:
    from providers.onecloud.client import OneCloudClient
    from providers.onecloud.scim_accounts import ScimAccounts

WORTH_A_LIST = 3
"""From how many accounts on a list of all is asked for first."""


PHOTO_CLEARED = "`method: put` would clear the photo, which is not compared"
PHOTO_LEFT = "Take `photo` out of `ignore`, or write `method: patch`."


class ScimAccountsHandler(PersonsHandler):
    """Handler of `onecloud.scim_accounts`; thread-safe, one per process."""

    taken = frozenset({400, 409})

    def __init__(self, client: OneCloudClient, kind: ScimAccounts) -> None:
        self.client = client
        self.scim = client.scim
        self.kind: ScimAccounts = kind

    def observe(self, wanted: Mapping[str, Values], tick: Tick = untold) -> dict[str, Values | None]:
        listed = self._listed() if len(wanted) >= WORTH_A_LIST else {}

        def read(login: str) -> Values | None:
            raw = listed.get(login) or self.scim.find(login)
            tick()
            return None if raw is None else from_scim(raw)

        found: dict[str, Values | None] = self.client.connection.each(read, list(wanted))
        return found

    def enumerate(self) -> Sequence[str]:
        """Every account of the list where the contact centre has one, else every login of the phone directory."""
        everybody = self.scim.everybody()
        return sorted(self.client.logins() if everybody is None else {raw["userName"] for raw in everybody})

    def update(
        self, desired: Desired, live: Values, differences: Sequence[Difference], secrets: Mapping[str, str]
    ) -> Values:
        return self._change(desired, live, changes(desired, differences), secrets)

    def rename(
        self,
        was: str,
        desired: Desired,
        live: Values,
        differences: Sequence[Difference],
        secrets: Mapping[str, str],
    ) -> Values:
        changed = changes(desired, differences)
        return self._renamed(was, desired, lambda: self._change(desired, live, changed, secrets, renamed=True))

    def remove(self, key: str, live: Values, action: Action) -> None:
        try:
            if action is Action.DELETE:
                self._delete(key, lambda: self.scim.delete(live[ID]), lambda: self.scim.find(key) is None)
            elif action is Action.DISABLE:
                self._disable(key, live)
        except Refused as refused:
            self._same_account(key, live[RESOURCE], refused)
            raise

    def _disable(self, key: str, live: Values) -> None:
        answer = self._settled(
            lambda: self.scim.patch(live[ID], scim_values.patch(live[RESOURCE], {"active": False})),
            lambda: (now := self._read(key)) is None or not now["active"],
            gone_is_done=True,
        )
        now = from_scim(answer) if answer is not None else self._read(key)
        if now is not None and now["active"]:
            raise still(self.kind, key, "disabled", "enabled")

    def _listed(self) -> dict[str, dict[str, Any]]:
        """By the very spelling: whether another one is the same account is for the look-up to say."""
        return {raw["userName"]: raw for raw in self.scim.everybody() or ()}

    def _read(self, login: str) -> Values | None:
        raw = self.scim.find(login)
        return None if raw is None else from_scim(raw)

    def _one(self, desired: Desired) -> Values | None:
        return self._read(desired.key)

    def _post(self, desired: Desired, secrets: Mapping[str, str]) -> Values:
        body = scim_values.creation(desired.key, {**desired.fields, **secrets})
        try:
            hidden = self._hidden(secrets, desired.fields)
            raw = naming(desired.key, {**desired.fields, **secrets}, lambda: self.scim.create(body, hidden))
        except LiveError as refused:
            if refused.status == 400 and not refused.way_out:
                refused.way_out = (
                    "Correct what the contact centre names. Without a SCIM integration account (Security, Integration"
                    " Accounts in the contact centre administrator) it creates nobody."
                )
            raise
        if raw is not None and not self._unlike(from_scim(raw), desired.fields):
            return from_scim(raw)
        live = self._read(desired.key)  # whose id it is that may come to be written to, a look-up tells
        if live is None:
            raise as_object_error(desired, not_there(desired.key))
        lacking = self._unlike(live, desired.fields)
        if not lacking:
            return live
        try:  # a creation may drop part of an address
            return self._change(desired, live, {d.field: d.declared for d in lacking}, {})
        except (Refused, PermissionDenied, UnexpectedAnswer) as refused:
            what = f"the account was created, and lacks {', '.join(d.field for d in lacking)}: {refused.what}"
            way_out = f"{refused.way_out} Run again: the next preview shows what it lacks.".strip()
            raise as_object_error(desired, what, way_out) from refused

    def _send_again(self, desired: Desired, live: Values, secrets: Mapping[str, str]) -> None:
        unread = {name: value for name, value in desired.fields.items() if name in UNREAD}
        self._change(desired, live, unread, secrets)

    def _change(
        self, desired: Desired, live: Values, changed: Values, secrets: Mapping[str, str], *, renamed: bool = False
    ) -> Values:
        raw, sent = live[RESOURCE], {**changed, **secrets}
        hidden = self._hidden(secrets, desired.fields, live)
        login = desired.key if renamed else ""
        if desired.options.get("method") != "put":
            body = scim_values.patch(raw, sent, login)
            return self._write_account(
                desired,
                raw,
                sent,
                lambda id_: naming(desired.key, sent, lambda: self.scim.patch(id_, body, hidden)),
                renamed=renamed,
            )
        if "photo" not in desired.fields:
            raise as_object_error(desired, PHOTO_CLEARED, PHOTO_LEFT)
        photo = {"photo": desired.fields["photo"]}
        whole = scim_values.replacement(raw, {**sent, **photo}, login)
        after = self._write_account(
            desired,
            raw,
            sent,
            lambda id_: naming(desired.key, {**sent, **photo}, lambda: self.scim.put(id_, whole, hidden)),
            renamed=renamed,
        )
        lost = [name for name, value in live.items() if name in self.kind.specs and name not in changed]
        lost = [name for name in lost if not self.kind.equal(name, live[name], after[name])]
        if lost:
            text = f"the PUT changed {', '.join(lost)} besides what it was to change"
            raise as_object_error(desired, text, "Correct them live, and write `method: patch`.")
        return after
