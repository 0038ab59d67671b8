"""Any text in any attribute: refused by us before a call, or live as it was declared."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from providers.onecloud.scim_accounts import ScimAccount
from tests.onecloud.support import JDOE
from tests.onecloud.test_scim_accounts import KIND, desired, handled, read

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
FIELDS = ("first_name", "last_name", "nick_name", "title", "country", "city", "region", "work_phone", "mobile_phone")
VALUES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*FIELDS, "default_phone"), TEXT),
        "timezone": st.sampled_from(["", "Europe/Oslo", "America/New_York", "Oslo"]),
        "email": st.from_regex(r"[^@\s]{1,9}@[^@\s]{1,9}", fullmatch=True) | st.just("nobody"),
        "roles": st.lists(st.sampled_from(["Agent", "Supervisor", " Agent", ""]), max_size=3),
        "active": st.booleans(),
    },
)


@pytest.mark.parametrize("switches", [{}, {"U38": "strings", "U41": "older"}], ids=["newer", "older"])
def test_any_value_is_refused_by_us_or_lives_as_declared(switches: dict[str, Any]) -> None:
    """Over real HTTP, by PATCH; what is live compares as declared afterwards."""
    with handled(JDOE | {"email": "j@example.com"}, switches=switches) as (_, handler):

        @settings(max_examples=80, deadline=None)
        @given(VALUES)
        def one(values: dict[str, Any]) -> None:
            try:
                ScimAccount.model_validate(values)
            except ValidationError:
                return
            wanted = desired(**values)
            live = read(handler)
            if found := KIND.compare(wanted, live):
                handler.update(wanted, live, found, {})
            assert KIND.compare(wanted, read(handler)) == []

        one()
