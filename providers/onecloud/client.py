"""The OneCloud endpoints as typed methods, without policy. Source: the vendor's "Users" and "Get Teams" chapters.

Vendor objects are dicts in the vendor's own names. Bodies of successful writes are `OK` or empty.
"""

from __future__ import annotations

import threading
from typing import Any

from cxconfig.errors import PermissionDenied, Refused, UnexpectedAnswer, Unreachable
from providers.onecloud.scim_client import ScimClient
from providers.onecloud.values import contradicted, truth
from providers.transport import Answer, Connection, segment

BASE = "/configapi/v2"
WRITTEN = (200, 201, 204)
"""What proves that a write was carried out. The documents show 200, with `OK` or empty; a proxy may make it 204."""


class OneCloudClient:
    """Thread-safe; the lists are read once per client and kept."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._once: dict[str, Any] = {}
        self._doubts: list[str] = []
        self._lock = threading.Lock()
        self.scim = ScimClient(self)

    def warnings(self) -> list[str]:
        return [*self.connection.warnings, *self._doubts]

    def close(self) -> None:
        self.connection.close()

    def user(self, login: str) -> dict[str, Any] | None:
        """GET /user/<login>: the vendor's user, None when the system answers 404.

        A 404 with an HTML page may be a proxy's or the API's own and says nothing about the user: other calls do.
        """
        path = f"{BASE}/user/{segment(login)}"
        try:
            answer = self.connection.call("GET", path)
        except Refused as refused:
            if refused.status != 404:
                raise
            if refused.said.startswith("an HTML page"):
                self._settle_a_page(login, path, refused.said)
            return None
        user = _an_object(answer.json(), f"GET {path}")
        if str(user.get("loginId")).strip().casefold() != login.casefold():
            raise _unexpected(f"GET {path}", "this user, by its loginId")
        return user

    def create_user(self, body: dict[str, Any], secrets: tuple[str, ...] = ()) -> None:
        """POST /user. 404: the team does not exist; 409: the login exists; 400: an integrity or password rule."""
        self._write("POST", f"{BASE}/user", body, secrets)

    def update_user(self, login: str, body: dict[str, Any], secrets: tuple[str, ...] = ()) -> None:
        """PUT /user/<login>: skills, disabled, password, changePassword and team only."""
        self._write("PUT", f"{BASE}/user/{segment(login)}", body, secrets)

    def delete_user(self, login: str) -> None:
        """DELETE /user/<login>; Refused with status 404 when it is gone."""
        self._write("DELETE", f"{BASE}/user/{segment(login)}")

    def locked(self, login: str) -> bool:
        """GET /user/lock/<login>: is the account locked after too many failed logins?"""
        path = f"{BASE}/user/lock/{segment(login)}"
        answer = _an_object(self.connection.call("GET", path).json(), f"GET {path}")
        try:
            if answer.get("lockedOut") is not None:
                return truth(answer["lockedOut"])
        except ValueError:
            pass
        raise _unexpected(f"GET {path}", "lockedOut")

    def unlock(self, login: str) -> None:
        """PUT /user/lock/<login>."""
        self._write("PUT", f"{BASE}/user/lock/{segment(login)}")

    def team_names(self) -> tuple[str, ...]:
        """GET /team: the names of all teams, read once."""
        return tuple(self._read_once("teams", self._team_names))

    def team_ids(self) -> dict[str, str]:
        """GET /statsapi/cfg/teams: name -> id of the teams that the API user supervises, read once.

        Empty when the system refuses (the privilege is another than for users) or its statistics do not work: the ids
        are only recorded, and nothing depends on them.
        """
        found: dict[str, str] = self._read_once("ids", self._team_ids)
        return found

    def logins(self) -> frozenset[str]:
        """GET /phone/user: every login of the phone directory, read once."""
        return frozenset(self._read_once("logins", self._logins))

    def listed(self) -> frozenset[str] | None:
        """The same without case, or None when the system refuses it: that list has a privilege of its own."""
        found: frozenset[str] | None = self._read_once("listed", self._listed)
        return found

    def listed_anew(self) -> frozenset[str] | None:
        """The same, asked for again."""
        with self._lock:
            for name in ("listed", "logins"):
                self._once.pop(name, None)
        return self.listed()

    def _listed(self) -> frozenset[str] | None:
        try:
            if "logins" not in self._once:
                self._once["logins"] = self._logins()
        except (Refused, PermissionDenied):
            return None
        return frozenset(login.casefold() for login in self._once["logins"])

    def _settle_a_page(self, login: str, path: str, said: str) -> None:
        """Return when a user, for whom a 404 came with a web page, is absent; raise `UnexpectedAnswer` otherwise.

        The phone directory knows; without it, a server that answers the team list as the API does is the API.
        """
        try:
            listed = self._listed_still(login)
        except (Refused, PermissionDenied, UnexpectedAnswer):
            what = f"onecloud: GET {path} answered 404 with {said}, which is not the API's answer"
            way_out = "Check that `url` names the contact centre itself; nothing was taken for absent."
        else:
            if not listed:
                return
            what = contradicted([login])
            way_out = "Run again; if it stays so, check that `url` names the contact centre itself."
        raise UnexpectedAnswer(what, system="onecloud", endpoint=f"GET {path}", status=404, way_out=way_out)

    def _listed_still(self, login: str) -> bool:
        """Does the directory list a login? One that it listed once is looked for again: we may have deleted it."""
        listed = self.listed()
        if listed is None:
            self.team_names()
            return False
        if login.casefold() not in listed:
            return False
        again = self.listed_anew()
        return again is None or login.casefold() in again

    def _write(self, method: str, path: str, body: Any = None, secrets: tuple[str, ...] = ()) -> None:
        """A write; one that is answered with an error in a body of status 200 may have been carried out or not."""
        answer = self.connection.call(method, path, json=body, expect=WRITTEN, secrets=secrets)
        if _speaks_of_an_error(answer):
            raise answer.unclear(secrets)

    def _read_once(self, name: str, read: Any) -> Any:
        with self._lock:
            if name not in self._once:
                self._once[name] = read()
            return self._once[name]

    def _team_names(self) -> list[str]:
        path = f"{BASE}/team"
        return [str(row["name"]) for row in _a_list(self.connection.call("GET", path).json(), f"GET {path}", "name")]

    def _team_ids(self) -> dict[str, str]:
        path = "/statsapi/cfg/teams"
        try:
            rows = _a_list(self.connection.call("GET", path).json(), f"GET {path}", "name", "id")
        except PermissionDenied:
            return {}
        except (Refused, UnexpectedAnswer, Unreachable) as error:
            if not error.status:
                raise
            if error.status != 404:
                self._doubts.append(f"the ids of teams are not known: {error.what}")
            return {}
        return {str(row["name"]): str(row["id"]) for row in rows}

    def _logins(self) -> list[str]:
        path = f"{BASE}/phone/user"
        rows = _a_list(self.connection.call("GET", path).json(), f"GET {path}", "loginId")
        return [str(row["loginId"]) for row in rows]


def _speaks_of_an_error(answer: Answer) -> bool:
    try:
        said = answer.json() if answer.body.lstrip().startswith(b"{") else None
    except UnexpectedAnswer:
        return False
    return isinstance(said, dict) and bool(said.get("error"))


def _an_object(value: Any, endpoint: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _unexpected(endpoint, "a JSON object")


def _a_list(value: Any, endpoint: str, *keys: str) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(row, dict) and all(k in row for k in keys) for row in value):
        return value
    raise _unexpected(endpoint, f"a JSON list of objects with {', '.join(keys)}")


def _unexpected(endpoint: str, wanted: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"onecloud: {endpoint} did not answer with {wanted}",
        system="onecloud",
        endpoint=endpoint,
        status=200,
        way_out="Nothing was taken for absent. Check that systems.onecloud.url names the contact centre itself.",
    )
