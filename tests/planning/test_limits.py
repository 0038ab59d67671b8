"""How much one run may do: counted by kind and action, refused with numbers, names and the option that allows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from cxconfig.errors import SettingsError
from cxconfig.kind_settings import KindSettings, Limit, Manage
from cxconfig.kinds import Action, Desired, Difference, OnRemove
from cxconfig.planning.compare import compare
from cxconfig.planning.limits import NOT_RAISED, OPTION, VARIABLE, Raised, counted, exceeded, parsed, unneeded
from cxconfig.planning.plan import Exceeded, Plan, Result, Step
from cxconfig.planning.world import World
from providers.registry import REGISTRY
from tests.planning.test_removal import DISABLED, ENABLED, USERS, held, user, world

LIMITED = (Action.REPLACE, Action.DISABLE, Action.DELETE)
"""What has a limit although nobody wrote one."""


def people(first: int, count: int) -> list[str]:
    return [f"u{number:03}" for number in range(first, first + count)]


def leaving(gone: int, stay: int, *, on_remove: str | None = None, **settings: Any) -> World:
    """`gone` of `gone + stay` recorded users are not declared any more."""
    leavers = people(0, gone)
    own = {"on_remove": on_remove} if on_remove else {}
    found = world(people(gone, stay), dict.fromkeys(leavers, ENABLED), *[held(k, **own) for k in leavers], **settings)
    return found


def refusals(found: World, raised: Raised = NOT_RAISED, said: str = OPTION) -> tuple[Exceeded, ...]:
    return exceeded(REGISTRY, found, compare(REGISTRY, found), raised, said=said)


def limits(**said: Limit) -> dict[Action, Limit]:
    return {Action(action): limit for action, limit in said.items()}


# Without a word.


@pytest.mark.parametrize(
    ("gone", "stay", "allowed"),
    [(1, 9, True), (2, 8, False), (1, 18, True), (2, 17, False), (2, 18, True), (30, 270, True), (31, 269, False)],
)
def test_a_tenth_may_go_at_the_most(gone: int, stay: int, allowed: bool) -> None:
    """A part of an object is none; what the YAML lists beside that plays no part."""
    assert (refusals(leaving(gone, stay)) == ()) is allowed


def test_of_fewer_than_ten_all_may_go() -> None:
    """There a percentage says nothing, unless somebody wrote it."""
    assert refusals(leaving(8, 1)) == ()
    (one,) = refusals(leaving(8, 1, limits=limits(disable=Limit(percent=10))))
    assert (one.allowed, one.base) == (0, 9)


def test_disabled_and_deleted_count_together() -> None:
    """Ten of a hundred, in whichever way; the way out allows both."""
    leavers = dict.fromkeys(people(0, 12), ENABLED)
    records = [held(key, on_remove="delete" if key < "u005" else "disable") for key in leavers]
    (one,) = refusals(world(people(12, 88), leavers, *records))
    assert one.counts == {Action.DISABLE: 7, Action.DELETE: 5}
    assert one.what.startswith("onecloud.users: 7 of 100 would be disabled and 5 would be deleted, and a run may do")
    assert "a run may do that to 10 in all at the most (10 %, the default)" in one.what
    flags = ("onecloud.users.disable=7", "onecloud.users.delete=5")
    assert f"add --raise-limit {flags[0]} --raise-limit {flags[1]} for this run alone" in one.way_out


@pytest.mark.parametrize("said", [OPTION, VARIABLE])
@pytest.mark.parametrize(
    ("delete", "disable", "given", "says"),
    [
        (3, 3, [], ["disable=3", "delete=3"]),
        (1, 3, [], ["disable=3", "delete=1"]),
        (2, 2, [], ["disable=2", "delete=2"]),
        (2, 2, ["disable=2"], ["delete=2"]),
        (2, 2, ["disable=20"], ["delete=2"]),
        (2, 2, ["delete=2"], ["disable=2"]),
        (4, 1, ["delete=4"], ["disable=1"]),
        (2, 2, ["disable=3", "delete=1"], ["delete=2"]),
        (3, 3, ["disable=3"], ["delete=3"]),
        (3, 3, ["delete=3"], ["disable=3"]),
        (0, 5, ["disable=4"], ["disable=5"]),
        (3, 5, ["disable=4"], ["disable=5", "delete=3"]),
    ],
)
def test_what_is_advised_is_what_is_needed(
    delete: int, disable: int, given: list[str], says: list[str], said: str
) -> None:
    """With what was given already: the run is then allowed, and nothing of it is told to be needless or too low."""
    found = leaving_both_ways(delete, disable, 20)
    flags = [f"onecloud.users.{text}" for text in given]
    advice = " ".join(one.way_out for one in refusals(found, parsed(flags, REGISTRY, said), said))
    advised = re.findall(r"onecloud\.users\.(?:disable|delete)=\d+", advice.replace("in place of", "\n"))
    if said == OPTION:
        assert {flag.removeprefix("onecloud.users.") for flag in advised} - set(given) == set(says)
        advised = [flag for flag in [*flags, *advised] if flag not in replaced(advice)]
    whole = parsed(dict.fromkeys(advised), REGISTRY, said)
    plan = compare(REGISTRY, found)
    assert (refusals(found, whole, said), list(unneeded(REGISTRY, found, plan, whole, said=said))) == ((), [])


def replaced(advice: str) -> list[str]:
    """The options that an advice says to replace."""
    return re.findall(r"in place of --raise-limit (\S+)", advice)


def leaving_both_ways(delete: int, disable: int, of: int) -> World:
    leavers = dict.fromkeys(people(0, delete + disable), ENABLED)
    going = [held(k, on_remove="delete" if n < delete else "disable") for n, k in enumerate(leavers)]
    return world(people(delete + disable, of - delete - disable), leavers, *going)


def test_nobody_is_deleted_unless_a_flag_says_so() -> None:
    """However far the other limit is raised: what both do is more than the default, and this is not named. What is
    within the default needs nothing, and a flag that is too much is no word against it."""
    for raised in ({"disable": 2}, {"disable": 18}):
        flags = parsed([f"onecloud.users.{action}={number}" for action, number in raised.items()], REGISTRY)
        (one,) = refusals(leaving_both_ways(2, 2, 20), flags)
        assert one.counts == {Action.DELETE: 2} and one.allowed == 0
        assert (
            "2 of 20 would be deleted, and a run may do that to none (10 %, the default, together with 2 disabled)"
            in (one.what)
        )
        assert refusals(leaving_both_ways(1, 1, 20), flags) == ()
    flags = parsed(["onecloud.users.delete=2"], REGISTRY)
    (one,) = refusals(leaving_both_ways(2, 1, 20), flags)
    assert one.counts == {Action.DISABLE: 1}
    flags = parsed(["onecloud.users.delete=2", "onecloud.users.disable=1"], REGISTRY)
    assert refusals(leaving_both_ways(2, 1, 20), flags) == ()
    (one,) = refusals(leaving_both_ways(3, 1, 20), flags)
    assert one.counts == {Action.DELETE: 3} and "to 2 at the most (for this run)" in one.what


def test_of_two_that_count_together_none_is_needless() -> None:
    """Each lets through what it names; numbers that together are less than the default raise nothing."""
    found = leaving_both_ways(2, 2, 30)
    raised = parsed(["onecloud.users.disable=3", "onecloud.users.delete=3"], REGISTRY)
    assert list(unneeded(REGISTRY, found, compare(REGISTRY, found), raised)) == []
    within = leaving_both_ways(1, 1, 30)
    assert len(list(unneeded(REGISTRY, within, compare(REGISTRY, within), raised))) == 2
    with pytest.raises(SettingsError) as caught:
        refusals(found, parsed(["onecloud.users.disable=1", "onecloud.users.delete=1"], REGISTRY))
    assert "onecloud.users.disable=1 and onecloud.users.delete=1 would lower the limit, which is 3" in caught.value.what


def test_what_is_only_forgotten_does_not_count() -> None:
    """Retained, gone or disabled live, excluded: nothing happens to them."""
    assert refusals(leaving(20, 20, on_remove="retain")) == ()
    assert refusals(leaving(20, 20, exclude=("u*",))) == ()
    leavers = people(0, 20)
    for live in (None, DISABLED):
        assert refusals(world(people(20, 20), dict.fromkeys(leavers, live), *map(held, leavers))) == ()


def test_what_was_never_declared_counts_too() -> None:
    """With `manage: all`: both to what goes and to what there is; one whom an earlier run had recorded to go once."""
    strangers = people(100, 10)
    settings: dict[str, Any] = {"manage": Manage.ALL, "on_remove": OnRemove.DISABLE}
    live = dict.fromkeys(strangers, ENABLED)
    marked = [held(key, undeclared=True) for key in strangers[:3]]
    for recorded in ([], marked):
        for declared, allowed in ((90, True), (89, False)):
            names = people(0, declared)
            found = world(names, live, *recorded, listed=[*names, *strangers], **settings)
            found_steps = [s for s in compare(REGISTRY, found).steps if s.action is Action.DISABLE]
            assert len(found_steps) == 10
            assert (refusals(found) == ()) is allowed


def test_it_names_counts_names_and_the_way_out() -> None:
    """The first ten of them, in order."""
    (one,) = refusals(leaving(35, 265))
    assert (one.kind, one.counts, one.allowed, one.base) == (USERS, {Action.DISABLE: 35}, 30, 300)
    assert one.keys == tuple(people(0, 35))
    assert one.what == (
        "onecloud.users: 35 of 300 would be disabled, and a run may do that to 30 at the most (10 %, the default): "
        + ", ".join(people(0, 10))
        + " and 25 more"
    )
    assert one.way_out == (
        "If this is meant, add --raise-limit onecloud.users.disable=35 for this run alone; otherwise look in the files"
        " for what is missing or wrong."
    )
    (plain,) = refusals(leaving(35, 265), said=VARIABLE)
    assert "set CXCONFIG_RAISE_LIMIT=onecloud.users.disable=35 for this run alone" in plain.way_out


# Written limits.


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [
        (Limit(5), 5),
        (Limit(0), 0),
        (Limit(percent=20), 8),
        (Limit(percent=100), 40),
        (Limit(5, 20), 5),
        (Limit(50, 20), 8),
    ],
)
def test_of_a_count_and_a_percentage_the_stricter_holds(limit: Limit, allowed: int) -> None:
    """In place of the default, whether that is stricter or not."""
    assert refusals(leaving(allowed, 40 - allowed, limits=limits(disable=limit))) == ()
    if allowed < 40:
        (one,) = refusals(leaving(allowed + 1, 39 - allowed, limits=limits(disable=limit)))
        assert (one.allowed, one.keys) == (allowed, tuple(people(0, allowed + 1)))
        assert f"(`limits` says {limit})" in one.what


def test_a_limit_on_one_action_leaves_the_default_to_the_other() -> None:
    """A word about `disable` says nothing of `delete`."""
    found = leaving(20, 20, on_remove="delete", limits=limits(disable=Limit(percent=100)))
    (one,) = refusals(found)
    assert (one.counts, one.allowed) == ({Action.DELETE: 20}, 4)


def steps(action: Action, count: int) -> Iterable[Step]:
    return (Step(USERS, key, action) for key in people(0, count))


@pytest.mark.parametrize("action", [a for a in REGISTRY[USERS].limitable if a not in LIMITED])
def test_other_changes_have_no_limit_but_the_one_that_is_written(action: Action) -> None:
    """Creating a thousand is what a first up does."""
    plan = Plan("acme", tuple(steps(action, 21)), {})
    assert exceeded(REGISTRY, leaving(0, 40), plan) == ()
    limited = leaving(0, 40, limits=limits(**{action.value: Limit(20)}))
    (one,) = exceeded(REGISTRY, limited, plan)
    assert one.counts == {action: 21}


def test_replacing_is_limited_like_removing() -> None:
    """By itself: a replacement is no removal."""
    plan = Plan("acme", (*steps(Action.REPLACE, 4), *steps(Action.DISABLE, 4)), {})
    assert exceeded(REGISTRY, leaving(0, 40), plan) == ()
    plan = Plan("acme", tuple(steps(Action.REPLACE, 5)), {})
    (one,) = exceeded(REGISTRY, leaving(0, 40), plan)
    assert "5 of 40 would be replaced" in one.what
    never = replace(leaving(0, 40), recorded={})
    (one,) = exceeded(REGISTRY, never, plan)
    assert (one.allowed, one.counts) == (4, {Action.REPLACE: 5}), "who is live counts before a first up as well"


# Raised.


def test_a_raised_limit_holds_for_this_run() -> None:
    """Exactly so many as were named."""
    for number, allowed in ((35, True), (36, True), (34, False)):
        raised = parsed([f"onecloud.users.disable={number}"], REGISTRY)
        assert (refusals(leaving(35, 265), raised) == ()) is allowed


def test_raising_one_action_raises_no_other() -> None:
    """Who allows 20 to be disabled has not allowed 20 to be deleted."""
    raised = parsed(["onecloud.users.disable=20"], REGISTRY)
    (one,) = refusals(leaving(20, 20, on_remove="delete"), raised)
    assert one.counts == {Action.DELETE: 20}


@pytest.mark.parametrize(
    ("text", "settings", "says"),
    [
        ("disable=29", {}, "would lower the limit, which is 30 here (10 %, the default)"),
        ("disable=4", {"limits": limits(disable=Limit(5))}, "would lower the limit, which is 5 here (`limits` says 5)"),
        ("update=30", {}, "there is no limit on how many users are updated, so none can be raised"),
    ],
)
def test_what_raises_nothing_is_refused(text: str, settings: dict[str, Any], says: str) -> None:
    """Somebody meant something else by it."""
    raised = parsed([f"onecloud.users.{text}"], REGISTRY)
    with pytest.raises(SettingsError, match="--raise-limit") as caught:
        refusals(leaving(3, 297, **settings), raised)
    assert says in caught.value.what and caught.value.way_out


@pytest.mark.parametrize(
    ("texts", "says", "way_out"),
    [
        (["onecloud.users=3"], "'onecloud.users=3' is not of the form KIND.ACTION=N", "Write it like onecloud."),
        (["disable=3"], "is not of the form", "Write it like onecloud."),
        ([""], "is not of the form", "Write it like onecloud."),
        (["onecloud.user.disable=3"], "there is no kind 'onecloud.user'", "did you mean `onecloud.users`"),
        (["onecloud.users.disabel=3"], "has no action 'disabel' to limit", "did you mean `disable`?"),
        (["onecloud.users.forget=3"], "has no action 'forget' to limit", "Known here: create, update"),
        (["onecloud.teams.delete=3"], "onecloud.teams has no action 'delete'", "Nothing is ever done to them"),
        (["onecloud.users.disable=many"], "'many' is not a number of objects", "onecloud.users.disable=30"),
        (["onecloud.users.disable=-1"], "'-1' is not a number", "onecloud.users.disable=30"),
        (["onecloud.users.disable=10%"], "'10%' is not a number", "onecloud.users.disable=30"),
        (["onecloud.users.disable="], "'' is not a number", "onecloud.users.disable=30"),
        (["onecloud.users.disable=3", "onecloud.users.disable=4"], "is given twice", "Give one number."),
    ],
)
def test_what_is_not_understood_is_refused(texts: list[str], says: str, way_out: str) -> None:
    """With what was meant, or what there is."""
    with pytest.raises(SettingsError) as caught:
        parsed(texts, REGISTRY)
    assert says in caught.value.what and way_out in caught.value.way_out


def test_every_raised_limit_that_is_wrong_is_told() -> None:
    """Each with its way out, and those that are only wrong for this plan as well."""
    with pytest.raises(SettingsError) as caught:
        parsed(
            ["disable=3", "onecloud.user.disable=3", "onecloud.users.disabel=1", "onecloud.users.disable=3"], REGISTRY
        )
    assert caught.value.what.count("--raise-limit") == 3 and "did you mean `onecloud.users`" in caught.value.what
    assert caught.value.way_out == "did you mean `disable`?"
    raised = parsed(["onecloud.users.disable=29", "onecloud.users.update=3"], REGISTRY)
    with pytest.raises(SettingsError) as caught:
        refusals(leaving(3, 297), raised)
    assert "would lower the limit" in str(caught.value) and "there is no limit on how many" in str(caught.value)


# What becomes of it.


def test_a_plan_that_exceeds_a_limit_is_blocked() -> None:
    """An error to a preview and an up; an audit looks, and does nothing of the kind."""
    found = leaving(5, 15)
    plan = Plan("acme", compare(REGISTRY, found).steps, {}, exceeded=refusals(found))
    assert plan.blocked and not plan.problems
    assert [Result(command, plan).exit_code for command in ("preview", "up", "audit")] == [1, 1, 2]


# Disabled because the files say so.


def turned(count: int, stay: int, *, live: Any = ENABLED, recorded: bool = True, value: bool = True) -> World:
    """`count` of `count + stay` users are declared with `disabled`, and live as given."""
    names = people(0, count + stay)
    found = world(names, dict.fromkeys(people(0, count), live))
    desired = {
        where: replace(one, fields={**one.fields, "disabled": value}) if where[1] < f"u{count:03}" else one
        for where, one in found.desired.items()
    }
    return replace(found, desired=desired, recorded=found.recorded if recorded else {})


@pytest.mark.parametrize("recorded", [True, False])
def test_who_is_disabled_by_the_files_is_disabled(recorded: bool) -> None:
    """An update, and an adoption of somebody who was never recorded: it is the same to who cannot work any more."""
    assert refusals(turned(4, 36, recorded=recorded)) == ()
    (one,) = refusals(turned(5, 35, recorded=recorded))
    assert (one.counts, one.allowed, one.base) == ({Action.DISABLE: 5}, 4, 40)
    assert "5 of 40 would be disabled (5 by `disabled: true`), and a run may do that to 4" in one.what
    assert "--raise-limit onecloud.users.disable=5" in one.way_out
    assert refusals(turned(5, 35, recorded=recorded), parsed(["onecloud.users.disable=5"], REGISTRY)) == ()


def test_it_counts_with_those_who_are_removed() -> None:
    """Three leave and two are declared disabled: five of forty."""
    gone = {user(key): held(key) for key in people(900, 3)}
    found = turned(2, 35)
    found = replace(
        found,
        live={**found.live, **dict.fromkeys(gone, ENABLED)},
        recorded={**(found.recorded or {}), **gone},
    )
    (one,) = refusals(found)
    assert (one.counts, one.allowed) == ({Action.DISABLE: 5}, 4)
    assert "5 of 40 would be disabled (2 by `disabled: true`)" in one.what


@pytest.mark.parametrize(("live", "value"), [(DISABLED, True), (DISABLED, False), (None, True)])
def test_who_is_disabled_already_or_created_so_or_enabled_is_not(live: Any, value: bool) -> None:
    assert refusals(turned(20, 20, live=live, value=value)) == ()


def test_it_is_an_update_as_well() -> None:
    """Who limits updates has limited these."""
    found = turned(3, 37)
    limited = replace(found, settings={USERS: replace(found.settings[USERS], limits=limits(update=Limit(2)))})
    (one,) = refusals(limited)
    assert one.counts == {Action.UPDATE: 3}


def test_an_account_that_is_no_longer_active_is_disabled() -> None:
    kind = REGISTRY["onecloud.scim_accounts"]
    step = Step(kind.id, "u", Action.UPDATE, differences=(Difference("active", True, False),))
    assert counted(kind, step) == {Action.UPDATE, Action.DISABLE}
    assert counted(kind, replace(step, differences=(Difference("active", False, True),))) == {Action.UPDATE}
    assert counted(kind, replace(step, action=Action.RENAME)) == {Action.RENAME, Action.DISABLE}


def test_who_only_stands_in_a_list_is_none_of_those_of_whom_a_tenth_may_go() -> None:
    """Of twenty users and 280 mere members, who never go, two may; leaving a list is no removal."""
    members = {user(k): held(k, team="Sales", on_remove="retain") for k in people(300, 280)}
    found = leaving(3, 17)
    found = replace(
        found, live={**found.live, **dict.fromkeys(members, ENABLED)}, recorded={**(found.recorded or {}), **members}
    )
    assert sum(1 for step in compare(REGISTRY, found).steps if step.action is Action.FORGET) == 280
    (one,) = refusals(found)
    assert (one.counts, one.allowed, one.base) == ({Action.DISABLE: 3}, 2, 20)


@pytest.mark.parametrize(
    ("texts", "gone", "says"),
    [
        (["disable=35"], 35, []),
        (["disable=300"], 35, []),
        (["disable=30"], 30, ["disable=30 is not needed: 30 would be disabled, which the limit allows"]),
        (["disable=35"], 0, ["disable=35 is not needed: none would be disabled"]),
        (["disable=35", "delete=40"], 35, ["delete=40 is not needed: none would be deleted"]),
    ],
)
def test_what_is_not_needed_is_warned_of(texts: list[str], gone: int, says: list[str]) -> None:
    """And no error: the same command again, after a run that failed halfway, is no mistake."""
    found = leaving(gone, 300 - gone)
    raised = parsed([f"onecloud.users.{text}" for text in texts], REGISTRY)
    warned = list(unneeded(REGISTRY, found, compare(REGISTRY, found), raised))
    assert warned == [f"--raise-limit onecloud.users.{text}" for text in says]
    assert refusals(found, raised) == ()


# Two doors to one person.

ACCOUNTS = "onecloud.scim_accounts"
ACTIVE = {"active": True, "first_name": "A", "last_name": "B"}


def through_accounts(
    count: int, persons: int, *, only: int = 0, declared: bool = True, **settings: Mapping[Action, Limit]
) -> World:
    """`count` accounts are to be inactive: of `persons`, recorded users, but for the last `only`, who are no users.

    `declared`: those users still are.
    """
    names = people(0, persons)
    accounts = [*names[: count - only], *people(900, only)]
    found = world(names if declared else names[count - only :], dict.fromkeys(names, ENABLED))
    kind = REGISTRY[ACCOUNTS]
    inactive = {(ACCOUNTS, name): Desired(kind.id, name, {"active": False}) for name in accounts}
    return replace(
        found,
        desired={**found.desired, **inactive},
        live={**found.live, **dict.fromkeys(inactive, ACTIVE)},
        recorded={**(found.recorded or {}), **{user(name): held(name) for name in names}},
        settings={f"onecloud.{name}": KindSettings(limits=said) for name, said in settings.items()},
    )


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("count", "users", "allowed"), [(3, 30, True), (4, 30, False), (9, 30, False), (8, 8, True)])
def test_who_is_disabled_through_the_other_door_is_one_of_the_users(
    count: int, users: int, allowed: bool, declared: bool
) -> None:
    """Whether he is declared for both kinds, or moves from one to the other."""
    found = through_accounts(count, users, declared=declared)
    if allowed:
        assert refusals(found) == ()
        return
    (one,) = refusals(found)
    assert (one.kind, one.counts, one.allowed, one.base) == (USERS, {Action.DISABLE: count}, 3, 30)
    assert one.what.startswith(
        f"onecloud.users, with onecloud.scim_accounts: {count} of 30 would be disabled ({count} by `active: false`),"
    )
    flag = f"onecloud.users.disable={count}"
    assert f"add --raise-limit {flag} for this run alone" in one.way_out
    raised = parsed([flag], REGISTRY)
    assert refusals(found, raised) == ()
    assert list(unneeded(REGISTRY, found, compare(REGISTRY, found), raised)) == []


def test_both_doors_count_together_and_nobody_twice() -> None:
    """Two go as users, two are made inactive as accounts: four of thirty."""
    found = through_accounts(2, 28)
    leavers = people(500, 2)
    gone = {user(key): held(key) for key in leavers}
    found = replace(
        found, recorded={**(found.recorded or {}), **gone}, live={**found.live, **dict.fromkeys(gone, ENABLED)}
    )
    (one,) = refusals(found)
    assert (one.counts, one.base, set(one.keys)) == ({Action.DISABLE: 4}, 30, {"u000", "u001", *leavers})
    assert "(2 by `active: false`)" in one.what
    twice = {(ACCOUNTS, key): replace(held(key), kind=ACCOUNTS, inputs={"key": key}) for key in leavers}
    recorded = {**(found.recorded or {}), **twice}
    both = replace(found, recorded=recorded, live={**found.live, **dict.fromkeys(twice, ACTIVE)})
    assert refusals(both)[0].keys == one.keys
    doors = [Step(kind, key, Action.DISABLE, exists=True) for kind in (USERS, ACCOUNTS) for key in people(0, 2)]
    assert exceeded(REGISTRY, through_accounts(0, 28), Plan("acme", tuple(doors), {})) == ()


def test_who_is_only_in_the_other_kind_belongs_to_the_same_population() -> None:
    """Of 27 users and three who are accounts alone three may go, and not four; without a user the accounts count."""
    assert refusals(through_accounts(3, 27, only=3)) == ()
    (one,) = refusals(through_accounts(4, 27, only=3))
    assert (one.kind, one.allowed, one.base) == (USERS, 3, 30)
    (alone,) = refusals(through_accounts(11, 0, only=11))
    assert (alone.kind, alone.allowed, alone.base) == (ACCOUNTS, 1, 11)
    assert alone.what.startswith("onecloud.scim_accounts: 11 of 11 would be disabled (11 by")
    assert refusals(through_accounts(11, 0, only=11), parsed([f"{ACCOUNTS}.disable=11"], REGISTRY)) == ()


def test_a_limit_that_somebody_wrote_holds_for_its_kind_as_well() -> None:
    """A wide one of the accounts opens no way around that of the users, except for who is no user; a narrow one
    holds for whoever goes through it; one of the users holds for them through both doors."""
    wide = limits(disable=Limit(percent=100))
    (one,) = refusals(through_accounts(9, 30, scim_accounts=wide))
    assert (one.kind, one.allowed) == (USERS, 3)
    assert refusals(through_accounts(9, 30, only=9, scim_accounts=wide)) == ()
    (one,) = refusals(through_accounts(3, 30, scim_accounts=limits(disable=Limit(2))))
    assert (one.kind, one.allowed, one.base) == (ACCOUNTS, 2, 3)
    (one,) = refusals(through_accounts(2, 30, users=limits(disable=Limit(1))))
    assert (one.kind, one.allowed, one.base) == (USERS, 1, 30)
    assert refusals(through_accounts(9, 30, users=wide)) == ()
    (one,) = refusals(through_accounts(11, 30, only=11, users=wide))
    assert (one.kind, one.allowed, one.base) == (ACCOUNTS, 1, 11), "it says nothing of who is no user"


def test_only_who_leaves_counts_at_the_other_kind() -> None:
    """An account that is created or renamed is none of the users', nor are accounts among those who are replaced."""
    found = through_accounts(0, 28, only=0, users=limits(create=Limit(0), rename=Limit(0)))
    plan = Plan("acme", tuple(Step(ACCOUNTS, "u001", action) for action in (Action.CREATE, Action.RENAME)), {})
    assert exceeded(REGISTRY, found, plan) == ()
    replaced = Plan("acme", tuple(Step(USERS, key, Action.REPLACE, exists=True) for key in people(0, 3)), {})
    (one,) = exceeded(REGISTRY, through_accounts(4, 28, only=4), replaced)
    assert (one.allowed, one.base) == (2, 28)


def test_the_other_door_raises_nothing() -> None:
    """It would be of no use, and the name that is of use is told."""
    with pytest.raises(SettingsError, match="counts among users") as caught:
        refusals(through_accounts(9, 30), parsed([f"{ACCOUNTS}.disable=9"], REGISTRY))
    assert "Write onecloud.users.disable=N" in caught.value.way_out
