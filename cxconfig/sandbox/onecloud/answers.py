"""How OneCloud words its answers: media types, bodies of successes and refusals, and the checks before an endpoint."""

from __future__ import annotations

from cxconfig.sandbox.http import JSON, TEXT, Answer, Refusal, compact
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
    "body of 400, 404 and 409 on users",
    "text",
    {"text": "the bare message", "empty": "nothing", "json": 'an object with "error" and "error_description"'},
)
SWITCHES = (WRITE_BODY, ERROR_TYPE, ERROR_BODY)

_NAMES = {400: "bad_request", 401: "unauthorized", 404: "not_found", 409: "conflict"}


class UserRefusal(Refusal):
    """400, 404 or 409 of a user endpoint, whose body switch U46 shapes."""


def written(switches: Switches) -> Answer:
    """The answer to a write that was carried out."""
    return Answer(200, b"OK" if switches[WRITE_BODY] == "ok" else b"")


def shown(value: object) -> Answer:
    return Answer(200, compact(value))


def json_refusal(status: int, text: str) -> Answer:
    return Answer(status, compact({"error": _NAMES.get(status, "error"), "error_description": text}), JSON)


def refused(refusal: Refusal, switches: Switches) -> Answer:
    """A refusal as the switches shape it."""
    form = switches[ERROR_BODY] if isinstance(refusal, UserRefusal) else "text"
    if form == "json":
        return json_refusal(refusal.status, refusal.text)
    kind = {"text": TEXT, "absent": None, "json": JSON}[switches[ERROR_TYPE]]
    return Answer(refusal.status, b"" if form == "empty" else refusal.text.encode(), kind, refusal.headers)
