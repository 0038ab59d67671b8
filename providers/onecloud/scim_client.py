"""The SCIM endpoint as typed methods. Source: the vendor's "Users SCIM Provisioning".

Accounts are found by their login and addressed by their id; a `Location` may name an internal host and is not followed.
A 404 for a look-up means "no such account" in some contact centres, and "no SCIM here" in others: never guessed.
"""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from cxconfig.errors import LiveError, PermissionDenied, Refused, Unavailable, UnexpectedAnswer
from providers.onecloud.scim_values import ERROR_SCHEMA, filter_of, folded_login, same_id
from providers.transport import Answer, Connection, segment

PATH = "/configapi/v2/scim/users"
ENDPOINT = f"GET {PATH}"
ASKED_FOR = 3
"""How many persons of the phone directory are looked for at the most, to tell whether there is SCIM at all."""
ENABLE = (
    "Have a SCIM integration account made in the contact centre administrator and give the API user the privileges"
    " Manage users and Manage all teams"
)
OFF_WAY_OUT = (
    f"{ENABLE}. Otherwise take the SCIM accounts out of the YAML and write `exclude: ['*']` in"
    " systems.onecloud.kinds.scim_accounts of tenant.yaml: then they are only forgotten."
)


class ScimOff(Unavailable):
    """The contact centre has no SCIM, or not for this API user."""


class Directory(Protocol):
    """What SCIM's answers are held against: the other calls for the same persons."""

    connection: Connection

    def user(self, login: str) -> dict[str, Any] | None: ...
    def listed(self) -> frozenset[str] | None: ...


class ScimClient:
    """Thread-safe."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._answers = False
        """Did the endpoint ever answer as SCIM does?"""
        self._unlisted = False
        """Is a list of all accounts known not to work?"""
        self._off: ScimOff | None = None
        """Is SCIM known to be off?"""
        self._asking = threading.Lock()
        """Until it answered one thread asks at a time, so that what is off is found out once."""

    def find(self, login: str) -> dict[str, Any] | None:
        """GET ?filter=userName eq "...": the resource, None when the system says that there is none.

        Raises `ScimOff`, `Unavailable` when nobody can tell, and `UnexpectedAnswer` when the system contradicts itself.
        """
        if self._answers:
            return self._find(login)
        with self._asking:
            if self._off is not None:
                raise copy.copy(self._off)  # whoever tells it adds its own place
            try:
                return self._find(login)
            except ScimOff as off:
                self._off = off
                raise copy.copy(off) from None

    def _find(self, login: str) -> dict[str, Any] | None:
        try:
            return self._look_up(login)
        except Refused as refused:
            if refused.status != 404:
                raise
        except PermissionDenied as denied:
            return self._unless_again(login, _off(denied))
        if self._directory.user(login) is not None:
            return self._unless_again(login, self._contradicted(login))
        if not self._answers:
            self._prove(login)
        return None

    def _unless_again(self, login: str, off: LiveError) -> dict[str, Any] | None:
        """What a second look-up finds, `off` when that is refused as well: one refusal may be of that one call alone,
        and where SCIM is off users are deleted and created again."""
        try:
            return self._look_up(login)
        except (Refused, PermissionDenied) as refused:
            if not _as_off(refused):
                raise
        raise off

    def answers_now(self, login: str) -> bool:
        """Does SCIM answer for somebody who exists? Asked anew, whatever was found out before; refused once, again."""
        for _ in range(2):
            try:
                self._look_up(login)
            except (Refused, PermissionDenied) as refused:
                if not _as_off(refused):
                    raise
            else:
                break
        return self._answers

    def everybody(self) -> list[dict[str, Any]] | None:
        """GET without a filter: all resources, None when that is refused or not the whole of them.

        Only a list that holds as many accounts as it says, and none twice, is the whole.
        """
        if self._unlisted:
            return None
        try:
            found = _resources(self._directory.connection.call("GET", PATH))
        except (Refused, PermissionDenied, UnexpectedAnswer) as error:
            self._unlisted = True
            if isinstance(error, Refused) and error.status == 400:
                self._answers = True  # it knows the call, and wants a filter
            return None
        self._answers = True
        names = {folded_login(row["userName"]) for row in found.rows}
        if found.total == len(found.rows) == len(names):
            return found.rows
        self._unlisted = True
        return None

    def off(self, login: str) -> ScimOff | None:
        """Why the account of an existing user cannot be changed through SCIM, None when it can. Asked for once."""
        if self._off is None and not self._answers:
            with contextlib.suppress(ScimOff):
                self.find(login)
        return None if self._answers else self._off

    def create(self, body: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """POST; the new resource, None when the answer shows none.

        Whose resource an answer to a write is, is looked at: what somebody else's says is not what was asked for, and
        a later write must not go to them.
        """
        shown = self._write("POST", PATH, body, secrets, (200, 201))
        if shown is not None and folded_login(shown["userName"]) != folded_login(body["userName"]):
            raise _of_another(f"POST {PATH}", f"the account of {body['userName']!r}", shown)
        return shown

    def patch(self, id_: str, body: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """PATCH; the changed resource, None when the answer shows none."""
        return self._change("PATCH", id_, body, secrets)

    def put(self, id_: str, body: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """PUT; the changed resource, None when the answer shows none."""
        return self._change("PUT", id_, body, secrets)

    def delete(self, id_: str) -> None:
        """DELETE; `Refused` with status 404 when it is gone."""
        self._write("DELETE", f"{PATH}/{segment(id_)}", None, (), (200, 204))

    def _change(
        self, method: str, id_: str, body: Mapping[str, Any], secrets: tuple[str, ...]
    ) -> dict[str, Any] | None:
        path = f"{PATH}/{segment(id_)}"
        shown = self._write(method, path, body, secrets, (200, 204))
        if shown is not None and not same_id(shown, {"id": id_}):
            raise _of_another(f"{method} {path}", "the account of that id", shown)
        return shown

    def _write(
        self, method: str, path: str, body: Mapping[str, Any] | None, secrets: tuple[str, ...], expect: tuple[int, ...]
    ) -> dict[str, Any] | None:
        answer = self._directory.connection.call(method, path, json=body, expect=expect, secrets=secrets)
        try:
            shown = answer.json() if answer.body.strip() else None
        except UnexpectedAnswer:
            return None
        if not isinstance(shown, dict):
            return None
        schemas = shown.get("schemas")
        if shown.get("error") or (isinstance(schemas, list) and ERROR_SCHEMA in schemas):
            raise answer.unclear(secrets)
        return shown if _is_resource(shown) else None

    def _look_up(self, login: str) -> dict[str, Any] | None:
        found = _resources(self._directory.connection.call("GET", f"{PATH}?{filter_of(login)}"))
        self._answers = True
        others = [row["userName"] for row in found.rows if folded_login(row["userName"]) != folded_login(login)]
        if others:
            raise _unexpected(f"asked for {login!r} it answered with {others[0]!r}")
        exact = [row for row in found.rows if row["userName"] == login] or found.rows
        if found.total != len(found.rows) or len(exact) > 1:
            raise _unexpected(f"asked for {login!r} it answered with {len(found.rows)} accounts of {found.total}")
        return exact[0] if exact else None

    def _prove(self, absent: str) -> None:
        """Return when the endpoint is SCIM's, for which a look-up or the list must have another answer than 404."""
        self.everybody()
        if self._answers:
            return
        listed = sorted((self._directory.listed() or frozenset()) - {absent.casefold()})
        for login in listed[:ASKED_FOR]:
            try:
                self._look_up(login)
            except Refused as refused:
                if refused.status != 404:
                    raise
                if self._directory.user(login) is not None:
                    self._unless_again(login, _off(refused))
                    return
            else:
                return
        raise Unavailable(
            f"{ENDPOINT} answers 404 to everything, and nobody is known by whom to tell whether SCIM is off"
            " or the account absent",
            system="onecloud",
            endpoint=ENDPOINT,
            status=404,
            way_out=f"Nothing was taken for absent. {ENABLE}, and Manage phones for the list of all logins.",
        )

    def _contradicted(self, login: str) -> LiveError:
        if not self._answers:
            return ScimOff(
                f"SCIM is off for this contact centre: {ENDPOINT} answered 404 for the user {login!r}, who exists",
                system="onecloud",
                endpoint=ENDPOINT,
                status=404,
                way_out=OFF_WAY_OUT,
            )
        return UnexpectedAnswer(
            f"onecloud: the user {login!r} exists, and asked for the same SCIM account the system answers 404",
            system="onecloud",
            endpoint=ENDPOINT,
            status=404,
            way_out="Nothing was taken for absent. Run again; if it stays so, ask the vendor's support.",
        )


class _Found:
    """A ListResponse: its accounts, and how many there are as it says."""

    def __init__(self, rows: list[dict[str, Any]], total: int) -> None:
        self.rows = rows
        self.total = total


def _resources(answer: Answer) -> _Found:
    said = answer.json()
    if isinstance(said, dict):
        rows, total = said.get("Resources"), said.get("totalResults")
        rows = [] if rows is None and total in (0, "0") else rows
        if isinstance(rows, list) and all(_is_resource(row) for row in rows):
            total = len(rows) if total is None else total
            if str(total).isdecimal():
                return _Found(rows, int(total))
    raise _unexpected("it did not answer with a SCIM ListResponse")


def _is_resource(row: Any) -> bool:
    return isinstance(row, dict) and all(isinstance(row.get(name), str) and row[name] for name in ("id", "userName"))


def _unexpected(what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"onecloud: {ENDPOINT}: {what}",
        system="onecloud",
        endpoint=ENDPOINT,
        status=200,
        way_out="Nothing was taken for absent. Check that systems.onecloud.url names the contact centre itself.",
    )


def _as_off(refused: LiveError) -> bool:
    """Is it what every look-up is answered with where SCIM is off?"""
    return isinstance(refused, PermissionDenied) or refused.status == 404


def _of_another(endpoint: str, wanted: str, shown: Mapping[str, Any]) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"onecloud: {endpoint} did not answer with {wanted}, but with that of {shown['userName']!r}; whether the change"
        " was made is unknown, and nothing was written after it",
        system="onecloud",
        endpoint=endpoint,
        status=200,
        way_out="Run the command again: it reads what is live and does only what is missing. If it stays so, ask the"
        " vendor's support.",
    )


def _off(error: LiveError) -> ScimOff:
    return ScimOff(
        f"SCIM is off for this contact centre, or for this API user: {error.what}",
        system=error.system,
        endpoint=error.endpoint,
        status=error.status,
        said=error.said,
        request_id=error.request_id,
        way_out=OFF_WAY_OUT,
    )
