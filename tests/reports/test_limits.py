"""A plan that does more than one run may, in every format: the counts, who, and what lets this run do it."""

from __future__ import annotations

import json
from dataclasses import replace

from cxconfig.kinds import Action
from cxconfig.planning.plan import Exceeded, Result
from cxconfig.reports.document import to_json
from cxconfig.reports.findings import Level, Rule, of_result
from cxconfig.reports.text import render
from tests.reports.fakes import REGISTRY, USERS, removed, result

KEYS = ("a01", "a02", "a\x1b[31m3")
EXCEEDED = Exceeded(
    USERS,
    {Action.DISABLE: 3},
    1,
    12,
    KEYS,
    "phones.users: 3 of 12 would be disabled, and a run may do that to 1 at the most (10 %, the default): a01, a\x1b3",
    "If this is meant, add --raise-limit phones.users.disable=3 for this run alone.",
)


def too_much(command: str = "preview") -> Result:
    found = result(*map(removed, KEYS), command=command, declared=9)
    return replace(found, plan=replace(found.plan, exceeded=(EXCEEDED,)))


def test_the_report_shows_the_plan_and_why_it_is_not_applied() -> None:
    """Both for a preview and for an up, which ends there; harmless for a terminal."""
    for command in ("preview", "up"):
        found = too_much(command)
        lines = list(render(found, REGISTRY, width=100, colour=False))
        text = "\n".join(lines)
        assert "disable 3 users (removed from the YAML)" in text
        at = lines.index("Too much for one run")
        assert lines[at + 1].startswith("  ! phones.users: 3 of 12 would be disabled, and a run may do that to 1 at")
        assert "add --raise-limit phones.users.disable=3 for this run alone" in " ".join(text.split())
        assert lines[-1] == "Plan: 3 to disable; 9 unchanged. That is too much for one run, so nothing will be applied."
        assert "\x1b" not in text and max(map(len, lines)) <= 100
        assert found.exit_code == 1


def test_json_has_it_as_data() -> None:
    """Counts by action, every object, and the sentences."""
    document = to_json(too_much(), REGISTRY)
    assert json.loads(json.dumps(document)) == document
    assert document["limits"] == [
        {
            "kind": USERS,
            "counts": {"disable": 3},
            "allowed": 1,
            "of": 12,
            "keys": list(KEYS),
            "what": EXCEEDED.what,
            "way_out": EXCEEDED.way_out,
        }
    ]
    assert (document["exit_code"], document["problems"]) == (1, [])
    assert to_json(result(removed("a01")), REGISTRY)["limits"] == []


def test_code_scanning_and_annotations_get_an_error() -> None:
    """One finding beside those of the objects."""
    (finding,) = [found for found in of_result(too_much(), REGISTRY) if found.level is Level.ERROR]
    assert (finding.rule, finding.title) == (Rule.BLOCKED, "too much for one run: phones users")
    assert "3 of 12 would be disabled" in finding.message and "--raise-limit" in finding.message
    assert "\x1b" not in finding.message
