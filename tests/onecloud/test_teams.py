"""Teams are asserted to exist: found by name, never written, missed with the near names."""

from __future__ import annotations

import pytest

from cxconfig.errors import ObjectError, Place, UnexpectedAnswer
from cxconfig.kinds import Action, Declared, Desired, OnRemove
from providers.onecloud.teams import Teams, missing_team
from tests.onecloud.support import JDOE, SEED, answered, desired, sandboxed
from tests.onecloud.support import KIND as USERS
from tests.providers.loopback import Reply

KIND = Teams()
PLACE = Place("teams.yaml", 2, 3)


def team(name: str) -> Desired:
    return KIND.desire(Declared(KIND.id, name, {}, PLACE))


def test_existing_and_missing_teams_are_told_apart_with_two_reads() -> None:
    """However many teams are asked for, names and ids are read once each."""
    with sandboxed() as (box, client):
        handler = KIND.handler(client)
        found = handler.observe({"Sales": {}, "sales": {}, "Night Shift": {}, "Nobody": {}})
        assert found == {
            "Sales": {"statsapi_id": box.teams["Sales"]},
            "sales": None,
            "Night Shift": {"statsapi_id": box.teams["Night Shift"]},
            "Nobody": None,
        }
        assert handler.supporting() == {"teams": client.team_names()}
        assert box.count("GET", "/configapi/v2/team") == box.count("GET", "/statsapi/cfg/teams") == 1
        assert box.count(write=True) == 0


def test_ids_are_not_read_for_teams_that_do_not_exist() -> None:
    """One read is enough to say so."""
    with sandboxed() as (box, client):
        assert KIND.handler(client).observe({"Nobody": {}}) == {"Nobody": None}
        assert box.count("GET", "/statsapi/cfg/teams") == 0


def test_a_team_without_an_id_exists_all_the_same() -> None:
    """The statistics show only supervised teams, and nothing without their privilege."""
    for rights, known in (({"supervises": ["Sales"]}, {"Sales"}), ({"privileges": ["Manage users"]}, set())):
        with sandboxed(clients=[{**SEED["clients"][0], **rights}]) as (_, client):
            found = KIND.handler(client).observe({"Sales": {}, "Support": {}})
            facts = {name: KIND.facts(live) for name, live in found.items() if live is not None}
            assert {name for name, fact in facts.items() if fact.get("statsapi_id")} == known
            assert set(facts) == {"Sales", "Support"}
            assert client.warnings() == []


def test_the_kind_asserts_and_writes_nothing() -> None:
    """No differences, no calls, and out of the YAML it is forgotten."""
    assert KIND.compare(team("Sales"), {"statsapi_id": "X"}) == []
    assert KIND.creation(team("Sales")) == KIND.change_call("Sales", "name") == ""
    assert KIND.removal(OnRemove.RETAIN, {}) is Action.FORGET
    assert KIND.removals == (OnRemove.RETAIN,)
    assert KIND.problems(team("Sales"), {"statsapi_id": ""}, {"teams": ["Sales"]}) == []
    with sandboxed() as (box, client):
        handler = KIND.handler(client)
        live = handler.create(team("Sales"), {})
        assert live == {"statsapi_id": box.teams["Sales"]}
        assert handler.update(team("Sales"), live, [], {}) == live
        handler.remove("Sales", live, Action.FORGET)
        assert (box.count(write=True), set(box.teams)) == (0, set(SEED["teams"]))


def test_a_team_that_went_missing_since_the_preview() -> None:
    """The error has the object's place and the near names."""
    with sandboxed() as (_, client), pytest.raises(ObjectError, match="did you mean 'Night Shift'") as caught:
        KIND.handler(client).create(team("Nightshift"), {})
    assert (caught.value.kind, caught.value.key, caught.value.place) == (KIND.id, "Nightshift", PLACE)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sales", "did you mean 'Sales'?"),
        (" Sales ", "did you mean 'Sales'?"),
        ("Nigth Shift", "did you mean 'Night Shift'?"),
        ("Suport", "did you mean 'Support'?"),
        ("Sale Support", "did you mean"),
    ],
)
def test_near_names(name: str, hint: str) -> None:
    """Another case, blanks, a typing error: the existing name is proposed."""
    (problem,) = KIND.problems(team(name), None, {"teams": SEED["teams"]})
    assert f"the team {name!r} does not exist in OneCloud" in problem
    assert hint in problem
    assert "Users & Teams" in problem and "correct the name" in problem


@pytest.mark.parametrize("existing", [[], ["Zebra"], [""]])
def test_no_name_is_near(existing: list[str]) -> None:
    """Nothing is proposed, and the way out is to create it by hand."""
    text = missing_team("Sales", existing)
    assert "did you mean" not in text
    assert "the API cannot create teams; create it on the Users & Teams pages" in text


@pytest.mark.parametrize("body", [b"{}", b"null", b"[null]", b'["Sales"]', b'[{"id": 1}]', b"<html></html>", b""])
def test_a_list_that_is_none_makes_no_team_missing(body: bytes) -> None:
    """Or every user would be refused for a team that exists."""
    with answered(Reply(200, body)) as (_, client), pytest.raises(UnexpectedAnswer):
        KIND.handler(client).observe({"Sales": {}})


def test_a_users_team_is_looked_up_like_a_declared_one() -> None:
    """The names that a problem of a user proposes are the live ones."""
    with sandboxed(JDOE) as (_, client):
        supporting = USERS.handler(client).supporting()
        (problem,) = USERS.problems(desired(team="sales"), {"team": "Support"}, supporting)
        assert "did you mean 'Sales'?" in problem
        assert USERS.problems(desired(team="gone"), {"team": "gone"}, supporting) == []
