"""What stands before every OneCloud endpoint: routing, token, privilege, media type, rate (sections 2.1 to 2.3)."""

from __future__ import annotations

import math

from cxconfig.sandbox.http import Call, Endpoint, Refusal, Router
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.onecloud.state import Token
from cxconfig.sandbox.switches import Switch

NO_TOKEN = Switch(
    "U2",
    "401 for a missing Authorization header and for an expired token",
    "text",
    {"text": "Session is not authenticated", "empty": "no body"},
)
ORDER = Switch(
    "U3",
    "order of 401 against 404 for an unknown path and 405",
    "authentication",
    {"authentication": "401 first", "routing": "404 and 405 first"},
)
ENCODED = Switch(
    "U8",
    "names in a path that need URL-encoding",
    "decoded",
    {"decoded": "percent-decoded once, UTF-8", "404": "not found"},
)
METHOD_TEXT = Switch(
    "U47",
    "text of 405",
    "full",
    {"full": "HTTP 405 Method Not Allowed", "short": "Method Not Allowed"},
)
LIMIT = Switch(
    "U43",
    "rate limiting",
    "none",
    {"none": "none", "429": "429 without Retry-After", "retry-after": "429 with Retry-After in seconds"},
)
RATE = Switch("rate-limit", "requests a second with U43", "50")
SWITCHES = (NO_TOKEN, ORDER, ENCODED, METHOD_TEXT, LIMIT, RATE)

NOT_AUTHENTICATED = "Session is not authenticated"
NO_PRIVILEGE = "User authenticated but does not have sufficient privileges"
NOT_FOUND = "HTTP 404 Not Found"


class Gate:
    """Lets a call through to its endpoint, or refuses it as the live system does."""

    def __init__(self, rooms: list[Room]) -> None:
        self._room = rooms[0]
        self._switches = rooms[0].switches
        self._router = Router([endpoint for room in rooms for endpoint in room.endpoints()])
        self._clock = rooms[0].clock
        self._bucket = 0.0
        self._filled = -math.inf

    def admit(self, call: Call) -> Endpoint:
        """The endpoint of a call; raises `Refusal`. Fills in the call's parameters, route and client."""
        endpoints, call.parameters = self._router.find(call.path)
        endpoint = endpoints.get(call.method)
        if endpoint:
            call.route, call.write = endpoint.template.replace("{}", "*"), endpoint.write
        self._limit()
        unknown = self._unknown(call, bool(endpoints), endpoint)
        if unknown and self._switches[ORDER] == "routing":
            raise unknown
        token = self._token(call) if endpoint is None or endpoint.authenticated else None
        if unknown or endpoint is None:
            raise unknown or Refusal(404, NOT_FOUND)
        if token and not endpoint.allows(token.client.privileges):
            raise Refusal(403, NO_PRIVILEGE)
        if endpoint.media_types and call.media_type not in endpoint.media_types:
            raise Refusal(415, "HTTP 415 Unsupported Media Type")
        return endpoint

    def _unknown(self, call: Call, known: bool, endpoint: Endpoint | None) -> Refusal | None:
        if not known or ("%" in call.path and self._switches[ENCODED] == "404"):
            return Refusal(404, NOT_FOUND)
        if endpoint is None:
            prefix = "HTTP 405 " if self._switches[METHOD_TEXT] == "full" else ""
            return Refusal(405, f"{prefix}Method Not Allowed")
        return None

    def _token(self, call: Call) -> Token:
        tenant = self._room.tenant
        sent = bearer(call)
        token = tenant.tokens.get(sent)
        if token and token.ends <= self._clock():
            tenant.expire(sent)
            token = None
        if token:
            call.client = token.client.client_id
            return token
        unclear = "authorization" not in call.headers or sent in tenant.expired
        raise Refusal(401, "" if unclear and self._switches[NO_TOKEN] == "empty" else NOT_AUTHENTICATED)

    def _limit(self) -> None:
        """A bucket of one second's worth of requests, refilled steadily."""
        setting = self._switches[LIMIT]
        if setting == "none":
            return
        rate, now = max(self._switches.number(RATE), 1), self._clock()
        self._bucket = min(rate, self._bucket + (now - self._filled) * rate)
        self._filled = now
        if self._bucket >= 1:
            self._bucket -= 1
            return
        seconds = math.ceil((1 - self._bucket) / rate)
        raise too_many(seconds if setting == "retry-after" else None)


def bearer(call: Call) -> str:
    """The token that a call carries, or nothing."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def too_many(retry_after: int | None) -> Refusal:
    return Refusal(429, "Too Many Requests", () if retry_after is None else (("Retry-After", str(retry_after)),))
