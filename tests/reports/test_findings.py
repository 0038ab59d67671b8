"""Results and errors for code scanning and annotations: SARIF, and the workflow commands of GitHub."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cxconfig.errors import Excerpt, InputError, InputErrors, Interrupted, ObjectError, Place, Refused, SettingsError
from cxconfig.kinds import Cause, SecretRef
from cxconfig.planning.plan import Fate, Outcome, Result
from cxconfig.reports.findings import Finding, Level, Rule, of_error, of_result
from cxconfig.reports.github import commands
from cxconfig.reports.sarif import to_sarif
from tests.reports.fakes import REGISTRY, create, difference, removed, result, update

DRIFTED = update(
    "asmith",
    difference("skills", {"English": 50}, {"English": 90}, Cause.DRIFT),
    difference("phone", "+1 555 123 4567", "", Cause.EDIT),
    difference("password", None, SecretRef("env", "PW"), Cause.EDIT),
    cause=Cause.BOTH,
)
EDITED = update("bob", difference("name", "Bob", "Bo", Cause.EDIT), line=20)
BLOCKED = replace(update("eve", difference("name", "Eve", "Ev"), line=30), problems=("user eve: no",))


def mistake(file: str = "people.yaml", excerpt: Excerpt | None = None, **more: Any) -> InputError:
    error = InputError('unknown field "skils"', place=Place(file, 7, 9), path="x.jdoe", way_out="did you ...?", **more)
    error.excerpt = excerpt
    return error


def found(answer: Result) -> list[tuple[str, str, str]]:
    return [(f.rule.value, f.level.value, f.message) for f in of_result(answer, REGISTRY)]


def test_an_audit_finds_drift() -> None:
    """Each object with what differs, as warnings; secrets and personal data stay hidden."""
    assert found(result(DRIFTED, create("jdoe", {"name": "Jane"}), command="audit", warnings=("careful",))) == [
        ("run", "warning", "careful"),
        (
            "drift",
            "warning",
            'user asmith differs: skills.English: live 50, expected 90; phone: live •••••67, expected "";'
            " password: (secret) changed",
        ),
        ("drift", "warning", "user jdoe is missing"),
    ]


def test_a_preview_finds_changes_and_drift() -> None:
    """What the live system did is a warning, what the files did a note, and what is impossible an error."""
    drift, *rest = found(result(DRIFTED, EDITED, removed("old"), BLOCKED))
    assert drift[:2] == ("drift", "warning") and drift[2].startswith("user asmith: to update (edited and drift): ")
    assert rest == [
        ("change", "note", "user bob: to update (edited): name: Bob -> Bo"),
        ("change", "note", "user old: to disable (removed from the YAML)"),
        ("blocked", "error", "user eve cannot be applied: no (name: Eve -> Ev)"),
    ]
    assert found(result(BLOCKED, command="audit")) == [
        ("blocked", "warning", "user eve cannot be applied: no (name: live Eve, expected Ev)")
    ]


def test_an_up_finds_what_was_not_done() -> None:
    """Failures with the vendor's words, and what was not tried; what is done is no finding."""
    refused = Refused("refused", system="phones", endpoint="PUT /x", status=409, said="15551234567 is taken")
    outcomes = (
        Outcome(DRIFTED, Fate.FAILED, refused),
        Outcome(EDITED, Fate.DONE),
        Outcome(removed("old"), Fate.NOT_TRIED),
    )
    assert found(result(DRIFTED, EDITED, command="up", outcomes=outcomes, errors=(refused,))) == [
        ("failed", "error", "user asmith: update failed\nrefused\nphones: PUT /x answered 409: •••••67 is taken"),
        ("failed", "warning", "user old: disable was not tried"),
    ]


def test_very_many_differences_of_one_object_are_counted() -> None:
    """The sentence stays one."""
    many = update("a", *(difference("roles", [f"r{i}" for i in range(40)], []) for _ in range(1)))
    message = of_result(result(many, command="audit"), REGISTRY)[0].message
    assert message.endswith("; and 28 more")


def test_github_gets_one_command_for_each_finding() -> None:
    """With the place; percent signs, line ends, and in properties colons and commas, are escaped."""
    lines = list(
        commands(
            [
                *of_error(mistake("a,b:c%.yaml")),
                Finding(Rule.RUN, Level.WARNING, "warning", "one\r\ntwo: 100%"),
                Finding(Rule.CHANGE, Level.NOTE, "user jdoe", "text", Place("a.yaml")),
            ],
            closing="acme: Plan: nothing.",
            command="preview",
        )
    )
    assert lines == [
        "::error file=a%2Cb%3Ac%25.yaml,line=7,col=9,title=cxconfig preview%3A x.jdoe::"
        'x.jdoe: unknown field "skils"%0Adid you ...?',
        "::warning title=cxconfig preview%3A warning::one%0D%0Atwo: 100%25",
        "::notice file=a.yaml,title=cxconfig preview%3A user jdoe::text",
        "::notice title=cxconfig preview::acme: Plan: nothing.",
    ]


def test_no_text_can_begin_a_command_of_its_own() -> None:
    """Neither by a line end, nor by what a terminal would hide."""
    hostile = InputError("x\n::set-env name=a::b\x1b[2K", place=Place("a\n::error::b", 1, 1), way_out="\r::stop::")
    lines = list(commands(of_error(InputErrors([hostile])), command="validate"))
    assert len(lines) == 1 and "\r" not in lines[0] and "\n" not in lines[0] and "\x1b" not in lines[0]


def run_of(document: dict[str, Any]) -> dict[str, Any]:
    """The one run of a document, after a look at what every document must have."""
    assert document == json.loads(json.dumps(document))
    assert set(document) == {"$schema", "version", "runs"} and document["version"] == "2.1.0"
    run: dict[str, Any] = document["runs"][0]
    assert len(document["runs"]) == 1
    assert set(run) == {"tool", "columnKind", "originalUriBaseIds", "invocations", "results"}
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for found in run["results"]:
        assert set(found) <= {"ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"}
        assert rules[found["ruleIndex"]] == found["ruleId"]
        assert found["level"] in ("error", "warning", "note") and found["message"]["text"]
        for place in (*found["locations"], *found.get("relatedLocations", ())):
            physical = place["physicalLocation"]
            assert physical["artifactLocation"]["uri"] and physical["region"]["startLine"] >= 1
            base = physical["artifactLocation"].get("uriBaseId")
            assert base in run["originalUriBaseIds"] or physical["artifactLocation"]["uri"].startswith("file:///")
    (invocation,) = run["invocations"]
    assert isinstance(invocation["executionSuccessful"], bool)
    for notification in invocation["toolExecutionNotifications"]:
        assert notification["message"]["text"] and notification["descriptor"]["id"]
    return run


def test_sarif_has_a_result_at_the_place_of_each_mistake() -> None:
    """With the columns that are underlined, the line as it may be shown, and the other places."""
    excerpt = Excerpt("    skils: {password: •••••}", 5, 5, "    ^^^^^")
    errors = InputErrors(
        [
            mistake("a b/people.yaml", excerpt, also=[Place("other.yaml", 3, 1)]),
            InputError("whole", place=Place("/etc/x.yaml")),
        ]
    )
    run = run_of(to_sarif(of_error(errors), version="1.0", exit_code=1))
    whole, unknown = run["results"]
    assert unknown["message"]["text"] == 'x.jdoe: unknown field "skils"\ndid you ...?'
    assert unknown["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20b/people.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 7, "startColumn": 9, "endColumn": 14},
                "contextRegion": {"startLine": 7, "snippet": {"text": excerpt.text}},
            }
        }
    ]
    assert [also["physicalLocation"]["region"] for also in unknown["relatedLocations"]] == [
        {"startLine": 3, "startColumn": 1}
    ]
    location = whole["locations"][0]["physicalLocation"]
    assert (location["artifactLocation"], location["region"]) == ({"uri": "file:///etc/x.yaml"}, {"startLine": 1})
    assert run["invocations"][0] == {"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}


def test_what_is_masked_has_no_end() -> None:
    """The length of a secret is not told either."""
    error = mistake(excerpt=Excerpt("    password: •••••", 15, 5, ""))
    region = run_of(to_sarif(of_error(error), version="1", exit_code=1))["results"][0]["locations"][0]
    assert "endColumn" not in region["physicalLocation"]["region"]


def test_what_has_no_place_is_told_of_the_run() -> None:
    """Errors of the run are notifications; an object that no file holds any more stands at the tenant's own file."""
    for error in (
        SettingsError("missing", way_out="set it"),
        Interrupted("stopped"),
        ObjectError("o", kind="k", key="a"),
    ):
        run = run_of(to_sarif(of_error(error), version="1", exit_code=1))
        assert run["results"] == [] and run["invocations"][0]["executionSuccessful"] is False
        (notification,) = run["invocations"][0]["toolExecutionNotifications"]
        assert (notification["level"], notification["descriptor"]) == ("error", {"id": type(error).__name__})
    answer = result(removed("old"), warnings=("careful",))
    run = run_of(to_sarif(of_result(answer, REGISTRY), version="1", exit_code=2, home=Place("acme/tenant.yaml")))
    (gone,) = run["results"]
    assert gone["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "acme/tenant.yaml"
    assert run["invocations"][0]["executionSuccessful"] is True
    assert [n["level"] for n in run["invocations"][0]["toolExecutionNotifications"]] == ["warning"]


def test_nothing_to_tell_is_an_empty_list() -> None:
    """So that code scanning closes what it had."""
    assert run_of(to_sarif(of_result(result(), REGISTRY), version="1", exit_code=0))["results"] == []
    assert list(commands([])) == []
