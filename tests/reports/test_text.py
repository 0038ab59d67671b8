"""The report for people, line by line."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from textwrap import dedent

import pytest

from cxconfig.cells import columns
from cxconfig.errors import EngineFailed, InputError, InputErrors, Place, Refused, Unreachable
from cxconfig.kinds import Action, Cause, Difference
from cxconfig.planning.plan import Fate, Outcome, Plan, Result, Step
from cxconfig.planning.renames import done
from cxconfig.reports.findings import of_result
from cxconfig.reports.palette import unpainted
from cxconfig.reports.text import render, render_error
from tests.reports.fakes import REGISTRY, TEAMS, USERS, create, difference, place, removed, result, update


def text(found: Result, width: int = 80, colour: bool = False, verbose: bool = False) -> str:
    return "\n".join(render(found, REGISTRY, width=width, colour=colour, verbose=verbose))


def expected(block: str) -> str:
    return dedent(block).strip("\n")


def lines_about(report: str, word: str) -> list[str]:
    return [line.strip() for line in report.splitlines() if word in line]


DRIFT, EDIT, BOTH = Cause.DRIFT, Cause.EDIT, Cause.BOTH
LIVE_SKILLS = {"English": 50, "Spanish": 30, "billing": 10}
SKILLS = {"English": 90, "Billing": 10, "Dutch": 5}
JANE = create("jdoe", {"name": "Jane Doe", "skills": {"English": 90}, "phone": "+1 555 123 4567", "password": None})
MIXED = update(
    "asmith",
    difference("disabled", True, False, DRIFT),
    difference("team", "Support", "Sales", EDIT),
    difference("skills", LIVE_SKILLS, SKILLS, EDIT),
    difference("roles", ["Agent", "Admin"], ["Agent ", "Supervisor"], BOTH),
    difference("password", None, None, EDIT),
    cause=BOTH,
    line=30,
)


def test_a_preview_groups_by_kind_and_shows_the_direction_of_each_field() -> None:
    """Create, update with mixed causes, adopt, disable and forget in one plan."""
    team = Step(TEAMS, "Sales", Action.ADOPT, Cause.NEW, place=place(3, "teams.yaml"), exists=True)
    plan = result(team, JANE, MIXED, removed("old"), removed("gone", Action.FORGET), seconds=1.84, reads=1350)
    assert text(plan) == expected(
        """
        phones teams: 1 to adopt
          > adopt Sales (exists live, as declared)                          teams.yaml:3

        phones users: 1 to create, 1 to update, 1 to disable, 1 to forget
          + create jdoe (not live)                                        people.yaml:12
              name: Jane Doe · skills: English 90 · phone: •••••67
              password: (secret) set
          ~ update asmith (edited and drift)                              people.yaml:30
              disabled:       true -> false (drift)
              team:           Support -> Sales (edited)
              skills.English: 50 -> 90 (edited)
            + skills.Dutch:   5 (edited)
            - skills.Spanish: 30 (edited)
            + roles:          Supervisor (edited and drift)
            - roles:          Admin (edited and drift)
              password:       (secret) changed (edited)
          x disable old (removed from the YAML)
          . forget gone (removed from the YAML, gone live)

        Plan: 1 to create, 1 to update, 1 to adopt, 1 to disable, 1 to forget; 38
        unchanged.
        1,350 objects read, 1.8 s.
        """
    )


def test_an_audit_says_live_and_expected() -> None:
    """The audit has no arrows that could be read the wrong way round, and missing objects are called missing."""
    changed = update("asmith", *(replace(d, cause=DRIFT) for d in MIXED.differences[1:3]), cause=None)
    report = text(result(changed, replace(JANE, cause=None), command="audit"))
    assert report == expected(
        """
        phones users: 1 missing, 1 different
          - missing jdoe                                                  people.yaml:12
          ~ differs asmith                                                people.yaml:12
              team:           live Support, expected Sales
              skills.English: live 50, expected 90
              skills.Dutch:   live (none), expected 5
              skills.Spanish: live 30, expected (none)

        Drift in 2 of 41 objects (1 missing, 1 different).
        """
    )


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (result(), "Nothing to do: 41 objects are as declared."),
        (result(declared=1), "Nothing to do: 1 object is as declared."),
        (result(declared=0), "Nothing to do: no object is declared."),
        (result(command="audit"), "No drift: 41 objects are as declared."),
        (result(command="destroy", declared=0), "Nothing to destroy: no object is recorded."),
        (result(command="up", outcomes=()), "Nothing to do: 41 objects are as declared."),
        (result(errors=(Unreachable("no answer"),)), "error: no answer\n\nNot finished: see the error above."),
        (result(seconds=0.44), "Nothing to do: 41 objects are as declared.\n0.4 s."),
        (result(reads=7), "Nothing to do: 41 objects are as declared.\n7 objects read."),
        (result(seconds=133, reads=1), "Nothing to do: 41 objects are as declared.\n1 object read, 2 min 13 s."),
    ],
)
def test_a_run_with_nothing_to_do_is_one_sentence(found: Result, line: str) -> None:
    """Counts in words, singular where it is one."""
    assert text(found) == line


def test_refresh_shows_drift_even_with_outcomes() -> None:
    """A refresh writes nothing live, so what it found is its news."""
    step = update("asmith", difference("team", "A", "B", DRIFT), cause=DRIFT)
    report = text(result(step, command="refresh", outcomes=(Outcome(step, Fate.DONE),)))
    assert "team: A -> B" in report
    assert report.endswith("Drift in 1 of 41 objects.")
    assert "updated" not in report
    new = text(result(JANE, step, command="refresh"))
    assert new.endswith("Drift in 1 of 41 objects; 1 object waits for an up because of the YAML.")
    assert text(result(JANE, MIXED, command="refresh"), width=99).endswith(
        "2 objects wait for an up because of the YAML."
    )
    assert text(result(JANE, command="refresh")).endswith("No drift; 1 object waits for an up because of the YAML.")


def test_problems_name_place_text_and_way_out_once() -> None:
    """The object's own name is not repeated before the text; the same text of several objects stands once."""
    email = difference("email", "a@x", "b@x", EDIT, "no call")
    one = replace(update("dlee", email), problems=("user dlee: cannot; undo it",))
    two = replace(one, key="emma", place=place(60), problems=("user emma: cannot; undo it",))
    other = replace(create("fay", {}), problems=("user fay: no team",))
    report = text(result(one, two, other))
    assert report.endswith(
        expected(
            """
            Cannot be applied: 3 problems
              ! 2 users
                  cannot; undo it
                    people.yaml:12:5: dlee
                    people.yaml:60:5: emma
              ! user fay  people.yaml:12:5
                  no team

            Plan: 1 to create, 2 to update; 38 unchanged. 3 cannot be applied, so nothing
            will be.
            """
        )
    )
    assert "email: a@x -> b@x (cannot be applied)" in report
    assert "+ create fay (not live) (cannot be applied)" in report


def test_fifty_problems_are_listed_and_the_rest_is_counted() -> None:
    """4,000 objects with one problem, one with another: both texts are there, 50 places, and the number of the rest."""
    many = [replace(create(f"u{i:04}", {}), problems=(f"user u{i:04}: no team",)) for i in range(4000)]
    report = text(result(*many, replace(create("zoe", {}), problems=("user zoe: no name",)), declared=5000))
    assert "Cannot be applied: 4,001 problems" in report
    assert len(lines_about(report, "people.yaml:12:5: u")) == 49
    assert "… and 3,951 users more; --verbose shows them" in report
    assert "no name" in report


def test_the_outcome_of_an_up_shows_failures_with_the_vendors_words() -> None:
    """Done, failed and not tried by name; the error with status, endpoint, vendor's text, request and way out."""
    refused = Refused(
        "OneCloud refused the change",
        system="phones",
        endpoint="PUT /user/asmith",
        status=400,
        said="no such team",
        request_id="r-1",
        way_out="Correct the team",
    )
    outcomes = (
        Outcome(JANE, Fate.DONE),
        Outcome(MIXED, Fate.FAILED, refused),
        Outcome(removed("old"), Fate.NOT_TRIED),
    )
    report = text(result(JANE, MIXED, removed("old"), command="up", outcomes=outcomes, errors=(refused,)), width=100)
    assert report == expected(
        """
          ✓ 1 user created: jdoe

        Failed: 1 object
          ! update user asmith  people.yaml:30:5
              OneCloud refused the change
              phones: PUT /user/asmith answered 400: no such team (request r-1)
              Correct the team

        Not tried
          ? disable 1 user: old

        What is done stays done: remove the cause and run the same command again, and only the rest is
        tried.

        Done: 1 created; 1 failed, 1 not tried.
        """
    )


def test_the_same_refusal_of_many_objects_is_one_entry() -> None:
    """Errors that differ only in the object's key are told once, with a stand-in for the key and every place."""
    steps = [replace(MIXED, key=f"agent{i}", place=place(i)) for i in range(1, 4)]
    outcomes = [
        Outcome(s, Fate.FAILED, Refused("refused", endpoint=f"PUT /user/{s.key}", status=409, said=f"{s.key} is busy"))
        for s in steps
    ]
    report = text(result(*steps, command="up", outcomes=tuple(outcomes)))
    assert "PUT /user/<user> answered 409: <user> is busy" in report
    assert [f"people.yaml:{i}:5: agent{i}" for i in (1, 2, 3)] == lines_about(report, ": agent")


def test_a_failed_destroy_says_what_was_destroyed() -> None:
    """Disable and forget in the past tense, and an unknown reason is admitted."""
    steps = (removed("a1"), removed("a2"), removed("a3", Action.FORGET))
    outcomes = (Outcome(steps[0], Fate.DONE), Outcome(steps[1], Fate.FAILED), Outcome(steps[2], Fate.DONE))
    report = text(result(*steps, command="destroy", declared=0, outcomes=outcomes))
    assert report.endswith("Done: 1 disabled, 1 forgotten; 1 failed.")
    assert text(result(*steps, command="destroy")).endswith("Plan: 2 to disable, 1 to forget.")
    assert "no reason is known" in report


def test_identical_changes_fold_into_one_entry_with_names() -> None:
    """Three or more alike are one entry; verbose shows each."""
    steps = [update(f"a{i:02}", difference("disabled", True, False, DRIFT), cause=DRIFT) for i in range(1, 4813)]
    found = result(*steps, declared=5000)
    assert text(found).splitlines()[1:3] == [
        "  ~ update 4,812 users (drift): a01, a02, a03 and 4,809 more",
        "      disabled: true -> false",
    ]
    assert len(lines_about(text(found, verbose=True), "disabled: true -> false")) == 4812


def test_two_alike_are_not_folded_and_objects_that_go_show_more_names() -> None:
    """Folding starts at three; a disable names up to ten."""
    pair = [update(f"a{i}", difference("team", "A", "B", EDIT)) for i in range(2)]
    gone = [removed(f"g{i:02}") for i in range(12)]
    report = text(result(*pair, *gone), width=120)
    assert len(lines_about(report, "team: A -> B")) == 2
    assert "g00, g01, g02, g03, g04, g05, g06, g07, g08, g09 and 2 more" in report


@pytest.mark.parametrize("width", [40, 80, 200])
def test_ten_thousand_different_objects_stay_readable(width: int) -> None:
    """Creates and updates that all differ, with folded adopts: under 120 lines, and the way to see all is named."""
    creates = [create(f"new{i}", {"name": f"Agent {i}", "team": "Sales"}) for i in range(4000)]
    updates = [update(f"old{i}", difference("email", f"{i}@a.example", f"{i}@b.example", EDIT)) for i in range(4000)]
    adopts = [Step(USERS, f"is{i}", Action.ADOPT, Cause.NEW, place=place(i + 1), exists=True) for i in range(2000)]
    report = text(result(*creates, *updates, *adopts, declared=10_000), width=width)
    assert len(report.splitlines()) < 120
    assert " ".join(report.split()).count("users more to create; --verbose shows every one") == 1
    assert "> adopt 2,000 users" in report


@pytest.mark.parametrize("width", [40, 80, 200])
def test_long_and_wide_names_keep_within_the_width(width: int) -> None:
    """CJK, emoji and 200-character keys, values and files never make a line longer than the terminal."""
    keys = ["王小明" * 30, "👩‍💻" * 80, "x" * 200, "e\u0301" * 150]
    steps = [update(key, difference("name", key, key + "!", EDIT), difference("team", "A", key, DRIFT)) for key in keys]
    steps += [create(key, {"name": key, "skills": {key: 1}}) for key in keys]
    steps += [replace(removed(key), place=Place("folder/" * 30 + "people.yaml", 1234)) for key in keys[:2]]
    for found in (result(*steps), result(*steps, command="audit")):
        assert max(columns(line) for line in text(found, width=width).splitlines()) <= width


def test_a_difference_at_the_end_of_long_values_is_visible() -> None:
    """Two long values that shorten to the same text show the part in which they differ."""
    before, after = "n" * 100 + "one" + "m" * 100, "n" * 100 + "two" + "m" * 100
    line = lines_about(text(result(update("a", difference("name", before, after, EDIT)))), "name:")[0]
    assert "one" in line
    assert "two" in line


def test_many_entries_of_one_object_are_counted_unless_verbose() -> None:
    """A mapping with 200 new entries shows the first twelve."""
    step = update("a", difference("skills", None, {f"s{i:03}": i for i in range(200)}, EDIT))
    assert "… 188 more; --verbose shows them" in text(result(step))
    assert "skills.s199: 199" in text(result(step), verbose=True)


def test_colour_only_when_told_and_the_same_text_without() -> None:
    """Colour adds sequences and changes no character and no alignment."""
    found = result(JANE, MIXED, removed("old"), warnings=("careful",))
    plain, painted = text(found), text(found, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[32m+ create\x1b[0m \x1b[1mjdoe\x1b[0m" in painted
    assert unpainted(painted) == plain


def test_warnings_come_first_once_and_notes_on_unchanged_objects_have_a_place() -> None:
    """A warning is not repeated, the same note of several objects is one."""
    quiet = [Step(USERS, f"q{i}", Action.NONE, notes=("password: not compared",)) for i in range(12)]
    report = text(result(*quiet, warnings=("TLS is not verified", "TLS is not verified")))
    assert report.startswith("Warning: TLS is not verified\n\nNotes\n  12 users q0, q1,")
    assert "q9 and 2 more: password: not compared" in " ".join(report.split())


HOSTILE = "\x1b]0;own\x07\x1b[31m\rx\u202e\u2066\u200b\x9b2J\n\ud800"


def test_hostile_text_cannot_steer_the_terminal() -> None:
    """Control, direction and invisible characters of every source come out as visible escapes."""
    step = replace(
        update(
            HOSTILE,
            difference("skills", {HOSTILE: 1}, {HOSTILE: HOSTILE}, EDIT),
            difference("name", HOSTILE, "x", EDIT),
        ),
        problems=(HOSTILE,),
        notes=(HOSTILE,),
        place=Place(HOSTILE, 1),
    )
    born = create(HOSTILE, {"name": HOSTILE, "roles": [HOSTILE], HOSTILE: HOSTILE})
    error = Refused(HOSTILE, said=HOSTILE + "!", endpoint=HOSTILE, request_id=HOSTILE, way_out=HOSTILE)
    mistake = InputError(HOSTILE, place=Place(HOSTILE, 1, 1), way_out=HOSTILE)
    several = [replace(removed(f"{HOSTILE}{i}"), kind=f"ph{HOSTILE}") for i in range(5)]
    outcomes = (Outcome(step, Fate.FAILED, error), Outcome(born, Fate.NOT_TRIED), Outcome(removed(HOSTILE), Fate.DONE))
    lines = [
        *text(result(step, born, *several, warnings=(HOSTILE,))).splitlines(),
        *text(result(step, born, command="up", outcomes=outcomes, errors=(EngineFailed(HOSTILE),))).splitlines(),
        *render_error(InputErrors([mistake]), colour=False, width=80),
    ]
    assert not set("\x1b\x07\r\x9b\u202e\u2066\u200b\ud800").intersection("".join(lines))
    assert any("\\x1b]0;own\\x07" in line for line in lines)


def test_a_problem_with_long_names_stays_on_narrow_lines() -> None:
    """Problems of wide and long names wrap and shorten, and every word of their text is there."""
    steps = [
        replace(create(f"{i}{'王' * 90}", {}), problems=("the team is missing; " + "create it " * 20,)) for i in (1, 2)
    ]
    notes = [Step(USERS, f"{i}{'n' * 200}", Action.NONE, notes=("not compared",)) for i in range(3)]
    alone = replace(create("z" * 300, {}), problems=("no name",))
    untried = tuple(Outcome(step, Fate.NOT_TRIED) for step in (*steps, alone))
    for found in (result(*steps, *notes, alone), result(*steps, command="up", outcomes=untried)):
        assert max(columns(line) for line in text(found, width=40).splitlines()) <= 40
    assert text(result(*steps), width=40).count("create") >= 20


def test_secrets_and_numbers_never_appear() -> None:
    """Not in fields, notes, problems or errors, whatever the kind put there."""
    step = replace(
        update(
            "a",
            difference("password", "hunter2-live", "hunter2-new", EDIT),
            difference("phone", "+1 555 123 4567", "+1 (555) 999-4567", EDIT),
            difference("numbers", {"+49 30 1234567": "home"}, {"+49 30 7654321": "home"}, EDIT),
        ),
        problems=("user a: the number +1 555 123 4567 is taken",),
        notes=("15559994567 is new",),
    )
    born = create("b", {"password": "hunter2", "phone": "+49 30 1234567", "numbers": {"+49 30 1234567": "0301234567"}})
    refused = Refused("15551234567 refused", said="+1 555 123 4567 is taken", endpoint="PUT /x", status=409)
    reports = [
        text(result(step, born), width=200, verbose=True),
        text(result(step, command="audit"), width=200),
        text(result(step, command="up", outcomes=(Outcome(step, Fate.FAILED, refused),)), width=200),
    ]
    for report in reports:
        assert "hunter2" not in report
        assert not any(number in report for number in ("1234567", "123 4567", "7654321", "999-4567", "9994567"))
    assert "phone:    •••••67 -> •••••67 (another one)" in reports[0]
    assert "phone: •••••67" in reports[0]
    assert "the number •••••67 is taken" in reports[0]


def test_a_kind_that_the_registry_does_not_know_shows_no_values() -> None:
    """What is not known to be public is hidden."""
    step = replace(update("a", difference("name", "before", "after", EDIT)), kind="fax.lines")
    report = text(Result("preview", Plan("acme", (step,), {})))
    assert "fax lines: 1 to update" in report
    assert "after" not in report


def test_input_errors_all_come_with_place_and_way_out() -> None:
    """Every mistake with file:line:column in the order of the files, then the count."""
    errors = InputErrors(
        [
            InputError(
                "must be an integer", place=Place("people.yaml", 12, 5), path="skills.English", way_out="Use 90"
            ),
            InputError("twice", place=Place("a.yaml", 2, 3), path="jdoe", also=[Place("b.yaml", 4, 3)]),
        ]
    )
    assert render_error(errors, colour=False, width=80) == [
        "a.yaml:2:3: jdoe: twice",
        "  also at b.yaml:4:3",
        "people.yaml:12:5: skills.English: must be an integer",
        "  Use 90",
        "2 errors in the configuration; nothing was applied",
    ]
    assert render_error(errors, colour=True, width=80)[0] == "\x1b[1ma.yaml:2:3:\x1b[0m jdoe: twice"


def test_of_very_many_input_errors_fifty_are_shown() -> None:
    """The count tells of the others, verbose shows them."""
    errors = InputErrors([InputError("bad", place=Place("a.yaml", i, 1)) for i in range(1, 201)])
    assert len(render_error(errors, colour=False, width=80)) == 52
    assert "… and 150 more; --verbose shows them" in render_error(errors, colour=False, width=80)
    assert len(render_error(errors, colour=False, width=80, verbose=True)) == 201


def test_other_errors_are_wrapped_and_keep_every_word() -> None:
    """One error with its place, the vendor's side and the way out at width 40; a single mistake without its list."""
    error = Unreachable(
        "the contact centre cannot be reached from here",
        system="phones",
        endpoint="POST /token",
        way_out="Check the url",
        place=Place("tenant.yaml", 5),
    )
    assert render_error(error, colour=False, width=40) == [
        "error: tenant.yaml:5: the contact",
        "  centre cannot be reached from here",
        "  phones: POST /token: no answer",
        "  Check the url",
    ]
    assert render_error(InputError("bad", place=Place("a.yaml", 1, 2)), colour=False, width=80) == ["a.yaml:1:2: bad"]
    assert render_error(EngineFailed("ended", details=["one", "two"]), colour=False, width=80) == [
        "error: ended",
        "  one",
        "  two",
    ]


def test_a_mapping_that_shares_no_key_is_still_shown_entry_by_entry() -> None:
    """Everything replaced is additions and removals, not two long texts; nested values have dotted names."""
    step = update("a", difference("skills", {"A": 1, "B": {"x": 2}}, {"C": 2, "B": {"x": True}}, EDIT))
    lines = text(result(step)).splitlines()[2:5]
    assert lines == ["      skills.B.x: 2 -> true", "    + skills.C:   2", "    - skills.A:   1"]


def test_entries_that_differ_only_in_case_are_shown_one_by_one() -> None:
    """One of them is paired with the declared one, the other is seen to go."""
    for live in ({"English": 90, "english": 50}, {"english": 50, "English": 90}):
        lines = text(result(update("a", difference("skills", live, {"English": 90}, EDIT)))).splitlines()[2:]
        assert "    - skills.english: 50" in lines and not any("English" in line for line in lines), lines


def test_values_that_look_alike_are_told_apart() -> None:
    """A text and a number, composed and decomposed letters, and lists in another order."""
    step = update(
        "a",
        difference("name", "90", 90, EDIT),
        difference("team", "caf\u00e9", "cafe\u0301", EDIT),
        difference("email", ["a", "b"], ["b", "a"], EDIT),
    )
    lines = [line.strip() for line in text(result(step)).splitlines()[2:5]]
    assert lines == ['name:  "90" -> 90', r'team:  "caf\u00e9" -> "cafe\u0301"', "email: a, b -> b, a"]


def test_importing_the_report_needs_neither_engine_nor_client() -> None:
    """Start-up stays fast: nothing of pulumi, httpx, rich, click or deepdiff until a mapping is shown."""
    code = (
        "import sys, cxconfig.reports.text, cxconfig.reports.document, cxconfig.reports.progress; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pulumi", "httpx", "rich", "click", "deepdiff"}.intersection(loaded)


def test_what_is_only_to_be_recorded_is_no_change() -> None:
    """Objects that exist as declared: nothing would change live, exit code 0; one that differs makes it a change."""
    same = Step(USERS, "is1", Action.ADOPT, Cause.NEW, place=place(1), exists=True)
    found = result(same, declared=3)
    assert found.exit_code == 0
    assert lines_about(text(found, 120), "Nothing would") == [
        "Nothing would change live; 1 object exists as declared and is not recorded yet: `cxconfig up` records it."
    ]
    two = result(same, replace(same, key="is2"))
    assert "2 objects exist as declared and are not recorded yet: `cxconfig up` records them." in text(two, 200)
    other = replace(same, key="is3", differences=(Difference("team", "Sales", "Support"),))
    assert result(same, other).exit_code == 2
    assert "2 to adopt (1 with changes)" in text(result(same, other), 120)
    assert result(replace(same, problems=("no",))).exit_code == 1


def unread(number: int) -> Step:
    problems = (f"user u{number}: SCIM is off. Have it enabled.",)
    return Step(USERS, f"u{number}", Action.NONE, problems=problems, place=place(number), unread=True)


@pytest.mark.parametrize(
    ("steps", "declared", "end"),
    [
        ((unread(1),), 1, "1 object could not be read."),
        ((unread(1), unread(2)), 3, "2 objects could not be read; the other one is as declared."),
        ((unread(1), unread(2)), 9, "2 objects could not be read; the other 7 are as declared."),
        (
            (unread(1), update("u3", difference("email", "a", "b"))),
            9,
            "Drift in 1 of 9 objects (1 different); 1 could not be read.",
        ),
    ],
)
def test_an_audit_says_what_it_could_not_read(steps: tuple[Step, ...], declared: int, end: str) -> None:
    """Each with its place, and nowhere that there is no drift."""
    report = text(result(*steps, command="audit", declared=declared))
    assert report.splitlines()[-1] == end and "No drift" not in report
    assert "Cannot be read" in report and "Cannot be applied" not in report and "people.yaml:1" in report
    shown = text(result(*steps, declared=declared))
    assert "Cannot be applied" in shown and "so nothing will be." in shown
    rest = declared - len(steps)
    assert f"{rest} unchanged" in shown


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("command", ["preview", "up"])
def test_that_was_can_go_is_one_line_at_the_end(verbose: bool, command: str) -> None:
    """For however many, also where nothing is to be done, and not with each of them besides."""
    quiet = [Step(USERS, f"q{i}", Action.NONE, notes=(done(f"o{i}"),), spent=f"o{i}") for i in range(7)]
    found = result(*quiet, command=command, outcomes=() if command == "up" else None)
    report = text(found, width=100, verbose=verbose)
    line = "7 users have their new keys, so `was` can be removed from them: q0, q1, q2, q3, q4 and 2 more"
    assert report.count("can be removed") == report.count(line) == 1, report
    assert report.splitlines()[-1].startswith("Nothing to do") and "Notes" not in report
    one = text(result(replace(quiet[0], action=Action.RECORD, cause=Cause.EDIT)), width=100)
    assert one.count("can be removed") == 1 and "1 user has its new key, so `was` can be removed from it: q0" in one
    messages = [f.message for f in of_result(found, REGISTRY)]
    assert messages == [line]


def test_who_is_renamed_through_the_other_door_says_so() -> None:
    """The record follows, which is no change of its own; several are folded."""
    steps = [
        Step(USERS, f"n{i}", Action.RECORD, Cause.EDIT, was=f"o{i}", follows="phones.teams", exists=True)
        for i in range(4)
    ]
    report = text(result(steps[0]), width=100)
    assert ". record o0 -> n0 (renamed with its phones.teams)" in report, report
    assert "already as declared" not in report
    assert ". record 4 users (renamed with its phones.teams): o0 -> n0," in text(result(*steps), width=100)
    changed = replace(update("n1", difference("email", "a", "b")), was="o1", follows="phones.teams")
    assert "~ update o1 -> n1 (edited, renamed with its phones.teams)" in text(result(changed), width=100)
