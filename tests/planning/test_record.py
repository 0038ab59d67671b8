"""Records: what the state holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxconfig.errors import Place
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Declared, OnRemove, SecretRef
from cxconfig.planning.record import (
    Digester,
    candidate,
    differing,
    observed_record,
    plain,
    record_of,
    recorded_on_remove,
    unfit,
)
from cxconfig.tenancy import desired_object
from providers.registry import REGISTRY

KIND = REGISTRY["onecloud.users"]
DIGESTER = Digester("passphrase", "acme")


def test_a_record_holds_no_secret_and_no_phone_number() -> None:
    """Secrets and private fields are digests; everything else is in clear."""
    values = {"first_name": "Jane", "work_phone": "+15550100", "password": SecretRef("env", "P"), "on_remove": "delete"}
    desired = KIND.desire(Declared(KIND.id, "jdoe", values, Place("a.yaml", 1, 1)))
    record = record_of(KIND, desired, {"password": "hunter2!"}, DIGESTER)
    assert "hunter2!" not in str(record) and "5550100" not in str(record)
    assert (record["key"], record["first_name"], record["disabled"]) == ("jdoe", "Jane", False)
    assert recorded_on_remove(record) is OnRemove.DELETE


def test_the_same_secret_of_two_users_has_two_digests() -> None:
    """A state does not tell who shares a password."""
    assert DIGESTER(KIND, "a", "password", "x") != DIGESTER(KIND, "b", "password", "x")


def test_digests_depend_on_passphrase_and_tenant() -> None:
    """Another passphrase or tenant gives another key id, so that nothing is compared across."""
    ids = {Digester(p, t)(KIND, "a", "password", "x").split(":")[1] for p in ("1", "2") for t in ("s", "t")}
    assert len(ids) == 4


def test_an_observed_record_keeps_what_cannot_be_read_and_equal_spellings() -> None:
    """Secrets and settings stay as recorded; a skill spelt otherwise is the same skill."""
    held = {
        "key": "jdoe",
        "skills": {"english": 90},
        "password": "hmac:abc:def",
        "on_remove": "delete",
        "team": "Sales",
    }
    live = {"skills": {"English": 90}, "team": "Support"}
    seen = observed_record(KIND, "jdoe", held, live, DIGESTER)
    assert seen["password"] == "hmac:abc:def" and seen["on_remove"] == "delete"
    assert differing(KIND, held, seen) == {"team"}


@given(st.dictionaries(st.text(max_size=5), st.integers(-(2**50), 2**50), max_size=4))
def test_numbers_come_back_as_integers(levels: dict[str, int]) -> None:
    """Every number passes through Pulumi as a float."""
    levels = {name: level for name, level in levels.items() if not name.startswith("__")}
    assert plain({"skills": {name: float(level) for name, level in levels.items()}}) == {"skills": levels}


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ({"skills": "abc"}, "`skills`"),
        ({"skills": {"English": "x"}, "team": ["a"]}, "`skills`, `team`"),
        ({"skills": ["English"], "roles": "Agent"}, "`skills`, `roles`"),
        ({"disabled": 1, "extension": 1001}, "`disabled`, `extension`"),
        ({"skills": {"English": True}}, "`skills`"),
        ({"password": {"x": 1}, "work_phone": 5}, "`password`, `work_phone`"),
        ({"on_remove": "nuke"}, "`on_remove`"),
        ({"on_remove": ["delete"]}, "`on_remove`"),
        ({"ignore": "skills"}, "`ignore`"),
        ({"ignore": [1], "protect": "yes", "undeclared": 1}, "`ignore`, `protect`, `undeclared`"),
        ({"key": 5}, "`key`"),
        ({"key": None}, "`key`"),
    ],
)
def test_a_record_that_somebody_broke(record: dict[str, Any], names: str) -> None:
    """The fields that no record can hold are named."""
    assert names in unfit(KIND, {"key": "jdoe", "first_name": "Jane", **record})


def test_a_record_of_whatever_is_live_is_fit() -> None:
    """Live values that no user may declare, fields that were not read, digests, fields of other versions."""
    record: dict[str, Any] = {
        "key": "x",
        "first_name": "",
        "unlock": "",
        "disabled": None,
        "skills": {"A": -1, "a": 2},
        "newer": [{}],
    }
    assert unfit(KIND, {**record, "password": "hmac:k:x", "roles": [], "on_remove": "delete"}) == ""
    assert unfit(KIND, {**record, "ignore": ["skills"], "protect": False, "undeclared": True}) == ""


def test_what_stands_beside_the_fields() -> None:
    """The names and forms that docs/persisted.md promises, and only where there is something to say."""
    declared = Declared(KIND.id, "jdoe", {"skills": {"English": 1}}, Place("a.yaml", 1, 1))
    bare = record_of(KIND, desired_object(KIND, declared, KindSettings(protect=True)), {}, DIGESTER)
    assert bare == {"key": "jdoe", "disabled": False, "skills": {"English": 1}}
    declared = replace(declared, ignore=frozenset({"skills"}), protect=False)
    settings = KindSettings(ignore=frozenset({"disabled", "email"}))
    full = record_of(KIND, desired_object(KIND, declared, settings), {}, DIGESTER)
    assert full == {**bare, "ignore": ["disabled", "skills"], "protect": False}
    assert candidate("jdoe") == {"key": "jdoe", "undeclared": True}
