"""What interrupted replacements kept: set at a creation, and nobody's when the object is there or not declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cxconfig.engine.steps import handed_steps, refresh_steps
from cxconfig.errors import Place
from cxconfig.kinds import Action, Declared, Desired, Values
from cxconfig.planning.compare import compare
from cxconfig.planning.handover import Handover
from cxconfig.planning.kept import dropped, mark, needed, needless, owed, spoilt
from cxconfig.planning.plan import Kept, Recorded, Step
from cxconfig.planning.record import Digester
from cxconfig.planning.renames import followed
from cxconfig.planning.world import Key, World
from providers.registry import REGISTRY

USERS = "onecloud.users"
PHONE = "+47 555 010 4477"
KEPT = Kept(
    USERS,
    "jdoe",
    "here",
    "2026-11-25T18:01:02.000003+00:00",
    {"team": "Sales", "work_phone": PHONE, "email": "", "skills": {}, "first_name": "Old"},
)
SUPPORTING = {USERS: {"teams": ("Sales",), "unaddressable": lambda _: False, "scim_off": lambda _: True}}


def user(login: str = "jdoe", was: str = "", **fields: Any) -> Desired:
    names = {"first_name": "Jane", "last_name": "Doe"}
    desired = REGISTRY[USERS].desire(Declared(USERS, login, names | fields, Place("people.yaml", 3)))
    return Desired(USERS, login, {**desired.fields, "password": "${env:P}"}, place=desired.place, was=was)


def world(*declared: Desired, live: Mapping[str, Values] | None = None, kept: tuple[Kept, ...] = (KEPT,)) -> World:
    desired = {(USERS, one.key): one for one in declared}
    keys = {key for one in declared for key in (one.key, one.was) if key}
    seen: dict[Key, Values | None] = {(USERS, key): (live or {}).get(key) for key in keys}
    found = World(
        "acme",
        desired,
        seen,
        SUPPORTING,
        {},
        digester=Digester("p", "acme"),
        kept={(k.kind, k.key): k for k in kept},
    )
    return followed(REGISTRY, found)


def only_step(found: World) -> Step:
    (step,) = compare(REGISTRY, found).steps
    return step


def test_a_creation_says_what_is_set_again() -> None:
    """The names of what is not declared and not empty, without a value; what is declared goes before."""
    found = world(user())
    step = only_step(found)
    assert (step.action, step.problems) == (Action.CREATE, ()), "the team is kept, so nothing is missing"
    assert step.notes == (
        "2 values kept from the replacement that was interrupted on 2026-11-25 at 18:01 UTC are set again: team,"
        " work_phone",
    )
    assert PHONE not in repr(step)
    whole = KEPT.added_to(found.desired[USERS, "jdoe"])
    assert [whole.fields[name] for name in ("first_name", "team", "work_phone")] == ["Jane", "Sales", PHONE]
    assert list(dropped(REGISTRY, found)) == [] and needless(REGISTRY, found) == {}
    assert needed(REGISTRY, found) == {(USERS, "jdoe"): KEPT}
    (one,) = only_step(world(user(team="Sales"))).notes
    assert one.startswith("1 value kept from") and one.endswith("is set again: work_phone")


def test_what_is_ignored_is_set_as_it_was() -> None:
    """What is declared counts for one who never was there; the plan shows no value that is not set."""
    was = Kept(USERS, "jdoe", "here", KEPT.time, {"disabled": True, "team": "Sales", "work_phone": "", "email": ""})
    wanted = user(team="Support", work_phone="1", email="a@b")
    found = world(replace(wanted, ignore=frozenset({"disabled", "team", "work_phone"})), kept=(was,))
    step = only_step(found)
    (note,) = step.notes
    assert note.endswith("are set again: disabled, team, work_phone") and step.problems == ()
    assert {d.field for d in step.differences} == {"first_name", "last_name", "email", "password"}
    whole = was.added_to(found.desired[USERS, "jdoe"]).fields
    assert [whole[n] for n in ("disabled", "team", "work_phone", "email")] == [True, "Sales", "", "a@b"]


def test_what_is_all_declared_is_not_spoken_of() -> None:
    """It is only removed, after the creation."""
    found = world(user(team="Sales", work_phone="1"))
    assert only_step(found).notes == () and needless(REGISTRY, found) == {}
    assert handed(found).kept == "jdoe"


def test_a_kept_team_that_is_gone_is_a_problem() -> None:
    """As a declared one is."""
    gone = Kept(USERS, "jdoe", "here", KEPT.time, {"team": "Nowhere"})
    (problem,) = only_step(world(user(), kept=(gone,))).problems
    assert "Nowhere" in problem


def handed(found: World, key: str = "jdoe") -> Any:
    """The step as the host gets it, with nothing of the values on the way."""
    steps = handed_steps(compare(REGISTRY, found), found, REGISTRY)
    text = Handover("acme", "", "", {}, {}, steps).dump()
    assert PHONE not in text
    return steps[USERS, key]


def test_the_host_is_told_that_something_is_kept() -> None:
    """Of one who is to be created, and not of one who is there."""
    assert handed(world(user())).kept == "jdoe"
    assert handed(world(user(), kept=())).kept == ""
    there = {"first_name": "Jim", "last_name": "Doe", "team": "Sales", "disabled": False}
    assert handed(world(user(team="Sales"), live={"jdoe": there})).kept == ""


def test_who_is_there_again_is_left_as_he_is() -> None:
    """Said, and nothing of it is set."""
    there = {"first_name": "Jane", "last_name": "Doe", "team": "Sales", "disabled": False}
    found = world(user(), live={"jdoe": there})
    (text,) = dropped(REGISTRY, found)
    assert text == (
        "user jdoe exists again, and is left as it is: what was kept from the replacement that was interrupted on"
        " 2026-11-25 at 18:01 UTC is not set (first_name, team, work_phone), and up removes it"
    )
    assert (needless(REGISTRY, found), needed(REGISTRY, found)) == ({(USERS, "jdoe"): KEPT}, {})
    assert not any("kept" in note for note in only_step(found).notes)


def test_who_is_not_declared_any_more() -> None:
    """Said, too."""
    found = world(user("other", team="Sales"))
    (text,) = dropped(REGISTRY, found)
    assert text.startswith("user jdoe is not declared any more: what was kept") and needless(REGISTRY, found)


def test_who_has_another_login_meanwhile_gets_what_was_his() -> None:
    """`was` leads to it; a file of his own would go before that."""
    found = world(user("jane", was="jdoe"))
    assert needless(REGISTRY, found) == {} and handed(found, "jane").kept == "jdoe"
    own = Kept(USERS, "jane", "here", KEPT.time, {"mobile_phone": "1"})
    both = world(user("jane", was="jdoe"), kept=(KEPT, own))
    assert handed(both, "jane").kept == "jane" and needless(REGISTRY, both) == {(USERS, "jdoe"): KEPT}


def test_a_refresh_leaves_the_record_of_who_is_being_replaced() -> None:
    """It tells that he is the one; without a file, or with one of somebody else, he is gone and forgotten."""
    inputs = {"key": "jdoe", "first_name": "Jane"}
    recorded = {(USERS, "jdoe"): Recorded(USERS, "jdoe", inputs, "urn:x")}
    own = replace(KEPT, recorded=mark(inputs))
    for kept, gone in ((own, False), (replace(KEPT, recorded="other"), True), (None, True)):
        found = replace(world(user(), kept=(kept,) if kept else ()), recorded=recorded)
        found = replace(found, spoilt=spoilt([kept] if kept else [], recorded.values()))
        actions = [step.action for step in refresh_steps(REGISTRY, found)]
        assert actions == ([Action.FORGET] if gone else [])


def test_a_replacement_names_what_is_ignored() -> None:
    """It is carried over as it is live; the password cannot be."""
    there = {"first_name": "Jim", "last_name": "Doe", "team": "Sales", "disabled": True}
    wanted = replace(user(team="Support"), ignore=frozenset({"disabled", "team", "password"}))
    found = world(replace(wanted, options={"allow_replace": True}), live={"jdoe": there}, kept=())
    step = only_step(found)
    assert (step.action, step.problems) == (Action.REPLACE, ())
    assert [d.field for d in step.differences] == ["first_name"]
    assert step.notes[-1] == "ignored, and therefore carried over as live: disabled, team"


def test_what_was_created_again_and_lacks_something_is_told_until_it_has_it() -> None:
    """Where its value is, without the value; declared, ignored no more or set by hand, it is nobody's."""
    made = Kept(USERS, "jdoe", "here", KEPT.time, {"work_phone": PHONE, "skills": {"Billing": 5}}, made=True)
    made = replace(made, values={**made.values, "extension": ""})
    there = {"first_name": "Jane", "last_name": "Doe", "team": "Sales", "disabled": False, "extension": "7"}

    def said(found: World) -> list[str]:
        return [*dropped(REGISTRY, found), *owed(REGISTRY, found, lambda kept: f"{kept.key}.json")]

    lacking = world(user(work_phone="1"), live={"jdoe": there | {"work_phone": "1"}}, kept=(made,))
    (text,) = said(lacking)
    assert text.startswith("user jdoe: deleted and created again on 2026-11-25 at 18:01 UTC. To be carried over")
    assert "not seen live: skills. Declare it" in text
    assert "the value is in jdoe.json" in text and needless(REGISTRY, lacking) == {}
    anew = replace(lacking, spoilt={(USERS, "jdoe"): "was recorded anew since then"})
    assert (said(anew), needless(REGISTRY, anew)) == ([text], {}), "as everybody is who was created again"
    (text,) = said(world(user(), live={"jdoe": there}, kept=(made,)))
    assert "live: skills, work_phone." in text and PHONE not in text
    set_by_hand = there | {"work_phone": PHONE.replace(" ", ""), "skills": {"billing": 5}}
    for whole in (
        world(user(), live={"jdoe": set_by_hand}, kept=(made,)),
        world(user(work_phone="1", skills={}), live={"jdoe": there}, kept=(made,)),
    ):
        assert said(whole) == [] and needless(REGISTRY, whole) == {(USERS, "jdoe"): made}
    gone = world(user(team="Sales"), kept=(made,))
    assert said(gone) == [] == [*needless(REGISTRY, gone)] and handed(gone).kept == "jdoe"


def test_who_is_spelt_otherwise_gets_what_was_his() -> None:
    """Unless the other spelling is declared as well, as somebody else."""
    found = world(user("JDoe"))
    assert needless(REGISTRY, found) == {} and handed(found, "JDoe").kept == "jdoe"
    both = world(user("JDoe", team="Sales"), user("jdoe"))
    assert handed(both, "JDoe").kept == "" and handed(both).kept == "jdoe"
    two = world(user("JDoe", team="Sales"), kept=(KEPT, replace(KEPT, key="JDOE")))
    assert handed(two, "JDoe").kept == "", "nobody knows whose of both"


@pytest.mark.parametrize(
    ("recorded", "held", "days", "says"),
    [
        ({"key": "jdoe"}, {"key": "jdoe"}, 99, ""),
        ({"key": "jdoe"}, None, 0, "is not recorded any more, so it may be another one"),
        ({"key": "jdoe"}, {"key": "jdoe", "team": "Sales"}, 0, "was recorded anew since then"),
        (None, None, 6, ""),
        (None, None, 8, "is to be created after more than 7 days"),
    ],
)
def test_a_namesake_gets_nothing(recorded: Values | None, held: Values | None, days: int, says: str) -> None:
    """Who was taken out, on whichever machine, and comes again is not the one whose replacement was interrupted."""
    kept = replace(KEPT, recorded=mark(recorded) if recorded is not None else "")
    known = [Recorded(USERS, "jdoe", held, "urn:x")] if held is not None else []
    why = spoilt([kept], known, kept.moment + timedelta(days=days))
    found = replace(world(user(team="Sales"), kept=(kept,)), spoilt=why)
    assert handed(found).kept == ("" if says else "jdoe")
    assert bool(needless(REGISTRY, found)) is bool(says)
    texts = list(dropped(REGISTRY, found))
    assert (says in texts[0] and "(first_name, team, work_phone)" in texts[0]) if says else texts == []
