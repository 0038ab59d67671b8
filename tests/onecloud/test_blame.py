"""A refusal names the field that it is about, where the vendor's words clearly do."""

from __future__ import annotations

from typing import Any

import pytest

from cxconfig.errors import LiveError
from providers.onecloud.blame import blamed
from tests.onecloud.support import JDOE, SEED, desired, handled

WHOLE = {"first_name": "A", "last_name": "B", "team": "Sales", "roles": ["Agent"], "skills": {"English": 1}}


@pytest.mark.parametrize(
    ("said", "sent", "field"),
    [
        ("user team not found", {"team": "Sales", "roles": ["Agent"]}, "team"),
        ("user role not found", {"team": "Sales", "roles": ["Agent"]}, "roles"),
        ("user role not found", {"team": "Sales"}, ""),
        ("skill not found", {"skills": {"English": 1}}, "skills"),
        ("extension is already in use", {"extension": "12"}, "extension"),
        ("unknown time zone: Asia/Tokyo", {"timezone": "Asia/Tokyo"}, "timezone"),
        ("password does not comply with the security policy", {"password": "x"}, "password"),
        ("bad URL", {"photo": "http://a.example/role.png", "roles": ["Agent"]}, "photo"),
        ("no role for this team", {"team": "Sales", "roles": ["Agent"]}, ""),
        ("user not found", {"team": "Sales"}, ""),
        ("user team.lead not found", {"team": "Sales"}, ""),
        ("user team lead is locked", {"team": "Sales"}, ""),
        ("unknown role Team", {"team": "Sales", "roles": ["Team"]}, "roles"),
        ("steam is off", {"team": "Sales"}, ""),
        ("", {"team": "Sales"}, ""),
    ],
)
def test_only_a_field_that_was_sent_and_is_the_only_one_named(said: str, sent: dict[str, Any], field: str) -> None:
    """What the words echo, a login or a declared value, names no field."""
    assert blamed(said, "team lead", sent) == field


@pytest.mark.parametrize(
    ("values", "field", "way_out"),
    [
        ({"roles": ["Boss"]}, "roles", "Create the role in the contact centre administrator"),
        ({"skills": {"Klingon": 5}}, "skills", "Create the skill in the contact centre administrator"),
        ({"extension": "4711"}, "extension", "Write one that nobody has"),
        ({"team": "Nowhere"}, "team", "Create the team in the contact centre administrator"),
    ],
)
def test_users_are_told_of_too(values: dict[str, Any], field: str, way_out: str) -> None:
    """At a creation and at a change, by either call."""
    seeded = {"roles": SEED["roles"], "skills": ["English"], "switches": {"U4": "404"}}
    other = {**JDOE, "loginId": "other", "extension": "4711"}
    with handled(JDOE, other, **seeded) as (box, handler):
        for made in ("create", "update"):
            with pytest.raises(LiveError) as caught:
                if made == "create":
                    handler.create(desired("new", **WHOLE | values), {"password": "Potoroo-6628"})
                else:
                    wanted = desired("jdoe", **values)
                    live = handler.observe({"jdoe": values})["jdoe"]
                    assert live is not None
                    handler.update(wanted, live, handler.kind.compare(wanted, live), {})
            assert (caught.value.field, caught.value.way_out[: len(way_out)]) == (field, way_out), made
            assert caught.value.what.startswith(f"the `{field}` ") and caught.value.said
        assert box.count(changed=True) == 0
