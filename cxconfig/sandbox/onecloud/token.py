"""POST /configapi/v2/oauth/token (wire document, section 6)."""

from __future__ import annotations

from urllib.parse import parse_qs

from cxconfig.sandbox.http import FORM, Answer, Call, Endpoint, Refusal
from cxconfig.sandbox.onecloud.answers import json_refusal, shown
from cxconfig.sandbox.onecloud.base import Room
from cxconfig.sandbox.switches import Switch

REFUSAL_BODY = Switch(
    "U1",
    "body of a refused token request",
    "text",
    {"text": "Authentification failed (spelt so)", "empty": "nothing", "json": "a JSON error"},
)
EXPIRES_IN = Switch(
    "U36",
    "form of expires_in",
    "string",
    {"string": 'a string, "3600"', "lower": 'a string below the nominal life, "3480"', "number": "a JSON number"},
)
LIFETIME = Switch("token-lifetime", "nominal life of a token in seconds", "3600")
SWITCHES = (REFUSAL_BODY, EXPIRES_IN, LIFETIME)
FAILED = "Authentification failed"


class TokenRoom(Room):
    """Issues tokens to API users that are neither disabled nor locked out."""

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("POST", "/configapi/v2/oauth/token", self.post, media_types=(FORM,), authenticated=False),
        ]

    def post(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        client = self.tenant.clients.get(form.get("client_id", ""))
        call.client = client.client_id if client else ""
        if client is None or not self._valid(form, client.client_secret):
            return self._failed()
        nominal = self.switches.number(LIFETIME)
        form_of = self.switches[EXPIRES_IN]
        # 3480 of 3600: the proportion of the vendor's capture, whatever the nominal life.
        seconds = nominal * 58 // 60 if form_of == "lower" else nominal
        token = self.tenant.issue(client, self.clock() + seconds)
        expires: str | int = seconds if form_of == "number" else str(seconds)
        return shown({"access_token": token, "token_type": "Bearer", "expires_in": expires, "scope": form["scope"]})

    def _valid(self, form: dict[str, str], secret: str) -> bool:
        scope, tenant = form.get("scope", ""), self.tenant.seed.tenant
        user = self.tenant.users.get(form["client_id"])
        return (
            form.get("client_secret") == secret
            and form.get("grant_type") == "client_credentials"
            and bool(scope)
            and (not tenant or scope == tenant)
            and not (user and (user.locked_out or user.values["disabled"]))
        )

    def _failed(self) -> Answer:
        form = self.switches[REFUSAL_BODY]
        if form == "json":
            return json_refusal(401, FAILED)
        raise Refusal(401, FAILED if form == "text" else "")
