"""Phone numbers of a user, in whatever spelling the vendor repeats them, and passwords: none stands in an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cxconfig.errors import CxconfigError, OutcomeUnknown
from providers.onecloud.scim_values import ERROR_SCHEMA
from tests.onecloud.support import JDOE, PASSWORD, USER, answered, desired, handled
from tests.onecloud.test_users import NEXT, ONE, SECRETS, change
from tests.providers.loopback import Reply

WORK, MOBILE = "+1 (415)  555 0199", "031-55-22x7"
SPELT = [WORK, "+1 (415) 555 0199", "14155550199", "1415,555,0199", "p14155550199z", MOBILE, "0315522x7", "03155227"]


@pytest.mark.parametrize("body", ["the phone {} is taken", '{{"error": "the phone {} is taken"}}', "{}"])
@pytest.mark.parametrize("spelt", SPELT)
def test_a_number_of_the_user_is_hidden(spelt: str, body: str) -> None:
    """At creation, where it is sent, and later, where it is only live; lost answers included."""
    fault: dict[str, Any] = {"status": 400, "body": body.format(spelt)}
    phones = {"work_phone": WORK, "mobile_phone": MOBILE}
    seeded = {**JDOE, "workPhone": WORK, "mobilePhone": MOBILE}
    for lost in (False, True):
        for users, wanted, method in (([], desired(**phones), "POST"), ([seeded], desired(team="Support"), "PUT")):
            with handled(*users) as (box, handler):
                path = USER if method == "POST" else ONE
                if lost:
                    box.fault("drop_before", method=method, path=path, nth=1)
                box.fault(fault, method=method, path=path, after=int(lost))
                with pytest.raises(CxconfigError) as caught:
                    if method == "POST":
                        handler.create(wanted, SECRETS)
                    else:
                        change(handler, wanted, NEXT)
                for text in (str(caught.value), getattr(caught.value, "said", "")):
                    assert not any(part in text for part in ("0199", "5522", "52-2", "55-22")), text


def test_a_value_that_is_too_short_to_tell_hides_nothing() -> None:
    """Or every 1 in the vendor's words would be gone."""
    with handled() as (box, handler):
        box.fault({"status": 400, "body": "rule 12 of 112"}, method="POST", path=USER)
        with pytest.raises(CxconfigError, match="rule 12 of 112"):
            handler.create(desired(work_phone="1", mobile_phone="12"), SECRETS)


@pytest.mark.parametrize("call", ["POST user", "PUT user", "POST account", "PATCH account", "PUT account"])
def test_an_acceptance_that_speaks_of_an_error_shows_nothing_of_what_was_sent(call: str) -> None:
    """Status 200, and in its body the password and the phone number of the request."""
    hidden = (PASSWORD, WORK)
    text = f"{PASSWORD} is too short, {SPELT[1]} is taken"
    error = {"schemas": [ERROR_SCHEMA], "detail": text} if "account" in call else {"error": text}
    body = {"userName": "jdoe", "loginId": "jdoe"}
    with answered(Reply(200, json.dumps(error).encode())) as (_, client):
        calls: dict[str, Callable[[], object]] = {
            "POST user": lambda: client.create_user(body, hidden),
            "PUT user": lambda: client.update_user("jdoe", body, hidden),
            "POST account": lambda: client.scim.create(body, hidden),
            "PATCH account": lambda: client.scim.patch("7", body, hidden),
            "PUT account": lambda: client.scim.put("7", body, hidden),
        }
        with pytest.raises(OutcomeUnknown, match="is too short") as caught:
            calls[call]()
    for shown in (str(caught.value), caught.value.said):
        assert "Quokka" not in shown and "0199" not in shown, shown
