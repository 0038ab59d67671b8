"""Live skills that differ in case or blanks alone, which a contact centre should not have, and may."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cxconfig.errors import ObjectError
from tests.onecloud.support import KIND, answered, desired
from tests.onecloud.test_users import change, read
from tests.providers.loopback import Reply, Seen, reply


@pytest.mark.parametrize("merges", [False, True])
@pytest.mark.parametrize("double", ["english", "English ", "ENGLISH"])
def test_a_double_is_taken_out(double: str, merges: bool) -> None:
    """The drift is seen and repaired with one write; a contact centre that keeps it is told of."""
    user: dict[str, Any] = {"firstName": "Jane", "lastName": "Doe", "team": "Sales"}
    skills = {double: 50, "English": 90}

    def answer(seen: Seen) -> Reply:
        if seen.method == "PUT":
            sent = json.loads(seen.body)["skills"]
            if not merges:
                skills.clear()
            skills.update(sent)
            return Reply(200, b"OK")
        return reply({**user, "loginId": "jdoe", "skills": skills})

    with answered(answer) as (server, client):
        handler = KIND.handler(client)
        assert [d.field for d in KIND.compare(desired(), read(handler, desired()))] == ["skills"]
        if merges:
            with pytest.raises(ObjectError, match=f"kept the skills {double}"):
                change(handler, desired())
        else:
            change(handler, desired())
            assert (skills, KIND.compare(desired(), read(handler, desired()))) == ({"English": 90}, [])
        assert [seen.method for seen in server.seen].count("PUT") == 1
