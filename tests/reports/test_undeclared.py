"""Live objects that are not declared, as text and as JSON."""

from __future__ import annotations

from textwrap import dedent

import pytest

from cxconfig.cells import columns
from cxconfig.kinds import Action, Cause
from cxconfig.planning.plan import Fate, Outcome, Result, Step
from cxconfig.reports.document import to_json
from cxconfig.reports.findings import of_result
from cxconfig.reports.text import render
from tests.reports.fakes import REGISTRY, TEAMS, USERS, removed, result


def stranger(key: str, action: Action = Action.NONE, kind: str = USERS, **more: object) -> Step:
    return Step(kind, key, action, Cause.UNDECLARED, exists=True, **more)  # type: ignore[arg-type]


def text(found: Result, width: int = 80, verbose: bool = False) -> str:
    return "\n".join(render(found, REGISTRY, width=width, colour=False, verbose=verbose))


def test_a_group_of_their_own_that_changes_nothing() -> None:
    """Kind by kind, beside what is to be done, and counted in the last line."""
    found = result(stranger("bob"), stranger("Backoffice", kind=TEAMS), removed("old"), stranger("carol"))
    assert text(found) == dedent(
        """\
        phones users: 1 to disable
          x disable old (removed from the YAML)

        Not declared (live, left as they are)
          ? 1 team: Backoffice
          ? 2 users: bob, carol

        Plan: 1 to disable; 41 unchanged. 3 live objects are not declared."""
    )


@pytest.mark.parametrize(
    ("command", "outcomes", "line"),
    [
        ("preview", None, "Nothing to do: 41 objects are as declared. 1 live object is not declared."),
        ("up", (), "Nothing to do: 41 objects are as declared. 1 live object is not declared."),
        ("audit", None, "41 objects are as declared. 1 live object is not declared."),
    ],
)
def test_with_nothing_else_to_say(command: str, outcomes: tuple[Outcome, ...] | None, line: str) -> None:
    """An up shows them as well when it had nothing to do."""
    lines = text(result(stranger("bob"), command=command, outcomes=outcomes)).splitlines()
    assert lines == ["Not declared (live, left as they are)", "  ? 1 user: bob", "", line]


def test_after_an_up_they_are_only_counted() -> None:
    """The plan named them before the question."""
    done = removed("old")
    shown = text(result(done, stranger("bob"), command="up", outcomes=(Outcome(done, Fate.DONE),)))
    assert "Not declared" not in shown
    assert shown.endswith("Done: 1 disabled. 1 live object is not declared.")


def test_those_that_go_say_why() -> None:
    """Folded, with more names than other changes; what was only recorded to go is let go."""
    going = [stranger(f"u{n:02}", Action.DELETE) for n in range(12)]
    shown = text(result(*going, stranger("kept", Action.FORGET, notes=("left as it is",), recorded=True)), width=120)
    assert "- delete 12 users (not declared): u00, u01, u02, u03, u04, u05, u06, u07, u08, u09 and 2 more" in shown
    assert ". forget kept (not declared, kept live)" in shown
    assert "not declared." not in shown, "what goes is a change like any other"


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("action", [Action.NONE, Action.DISABLE])
def test_ten_thousand_stay_readable(width: int, action: Action) -> None:
    """A handful of lines, none too wide; --verbose names every one."""
    found = result(*(stranger(f"agent-{n:05}", action) for n in range(10_000)))
    lines = text(found, width).splitlines()
    assert len(lines) < 14 and all(columns(line) <= width for line in lines)
    assert "10,000 users" in text(found, width) and "more" in text(found, width)
    assert "agent-09999" in text(found, width, verbose=True)


def test_as_data() -> None:
    """Each with its cause, and counted; those that would be removed count under their action as well."""
    found = result(
        stranger("bob"), stranger("carol", Action.DELETE), stranger("x", Action.FORGET), stranger("B", kind=TEAMS)
    )
    document = to_json(found, REGISTRY)
    users, teams = document["counts"][USERS], document["counts"][TEAMS]
    assert (users["undeclared"], users["delete"], users["unchanged"], users["declared"]) == (2, 1, 41, 41)
    assert (teams["undeclared"], teams["unchanged"], teams["declared"]) == (1, 0, 0)
    assert [(s["key"], s["action"], s["cause"]) for s in document["steps"]] == [
        ("bob", "none", "not declared"),
        ("carol", "delete", "not declared"),
        ("x", "forget", "not declared"),
        ("B", "none", "not declared"),
    ]


def test_findings_of_what_is_not_declared() -> None:
    """One for each kind, a warning of an audit; those that an up would remove each have one of their own."""
    steps = (stranger("bob"), stranger("carol"), stranger("dan", Action.DISABLE))
    for command, level, goes in (
        ("audit", "warning", ("drift", "warning", "user dan is live and not declared")),
        ("preview", "note", ("change", "note", "user dan: to disable (not declared)")),
    ):
        found = [(f.rule.value, f.level.value, f.message) for f in of_result(result(*steps, command=command), REGISTRY)]
        assert found == [goes, ("drift", level, "2 users are live and not declared: bob, carol")]
