"""How OneCloud words its answers: media types, bodies of successes and refusals, and the checks before an endpoint."""

from __future__ import annotations

from cxconfig.sandbox.http import JSON, SCIM_JSON, TEXT, Answer, Refusal, compact
from cxconfig.sandbox.switches import Switch, Switches

WRITE_BODY = Switch(
    "U37",
    "body of a successful create, update and delete of a user",
    "ok",
    {"ok": "the two bytes OK, labelled as JSON", "empty": "nothing"},
)
ERROR_TYPE = Switch(
    "U16",
    "Content-Type of refusals",
    "text",
    {"text": "text/plain without charset", "absent": "no such header", "json": "application/json over a plain text"},
)
ERROR_BODY = Switch(
    "U46",
    "body of 400, 404 and 409 on users and SCIM",
    "text",
    {
        "text": "the bare message",
        "empty": "nothing",
        "json": 'an object with "error" and "error_description", for SCIM its Error schema',
    },
)
SCIM_FORMS = Switch(
    "U41",
    "SCIM: empty addresses, dates in meta, media type of answers",
    "newer",
    {
        "newer": "[{}] when read and [] when written, 2022-03-15T09:41:34 and no creation, application/scim+json",
        "older": "[{}], 15-03-2022T09:41:34, application/json",
    },
)
DELETION = Switch(
    "delete",
    "DELETE of a user and of a SCIM account",
    "done",
    {"done": "carried out", "kept": "answered as if it were, and the person stays"},
)
SWITCHES = (WRITE_BODY, ERROR_TYPE, ERROR_BODY, SCIM_FORMS, DELETION)
SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_NAMES = {400: "bad_request", 401: "unauthorized", 404: "not_found", 409: "conflict"}


class UserRefusal(Refusal):
    """400, 404 or 409 of a user endpoint, whose body switch U46 shapes."""


class ScimRefusal(UserRefusal):
    """The same of SCIM; `kind` is the scimType of RFC 7644, where one fits."""

    def __init__(self, status: int, text: str, kind: str = "") -> None:
        self.kind = kind
        super().__init__(status, text)


def written(switches: Switches) -> Answer:
    """The answer to a write that was carried out."""
    return Answer(200, b"OK" if switches[WRITE_BODY] == "ok" else b"")


def shown(value: object) -> Answer:
    return Answer(200, compact(value))


def json_refusal(status: int, text: str) -> Answer:
    return Answer(status, compact({"error": _NAMES.get(status, "error"), "error_description": text}), JSON)


def scim_answer(status: int, content: object, switches: Switches, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """A JSON answer of SCIM, in the older or the newer form."""
    if switches[SCIM_FORMS] == "older":
        return Answer(status, compact(content), JSON, headers)
    return Answer(status, compact(content), SCIM_JSON, (*headers, ("Access-Control-Allow-Origin", "*")))


def _scim_error(refusal: ScimRefusal) -> dict[str, object]:
    kind = {"scimType": refusal.kind} if refusal.kind else {}
    return {"schemas": [SCIM_ERROR], "status": str(refusal.status), **kind, "detail": refusal.text}


def refused(refusal: Refusal, switches: Switches) -> Answer:
    """A refusal as the switches shape it."""
    form = switches[ERROR_BODY] if isinstance(refusal, UserRefusal) else "text"
    if form == "json" and isinstance(refusal, ScimRefusal):
        return scim_answer(refusal.status, _scim_error(refusal), switches)
    if form == "json":
        return json_refusal(refusal.status, refusal.text)
    kind = {"text": TEXT, "absent": None, "json": JSON}[switches[ERROR_TYPE]]
    return Answer(refusal.status, b"" if form == "empty" else refusal.text.encode(), kind, refusal.headers)
