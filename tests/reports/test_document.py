"""The JSON form of results and errors."""

from __future__ import annotations

import json
from dataclasses import replace

from cxconfig.errors import (
    EngineFailed,
    InputError,
    InputErrors,
    Interrupted,
    ObjectError,
    Place,
    Refused,
    SettingsError,
    StackLocked,
)
from cxconfig.kinds import Cause, SecretRef
from cxconfig.planning.plan import Fate, Outcome
from cxconfig.reports.document import errors_to_json, to_json
from tests.reports.fakes import REGISTRY, USERS, create, difference, removed, result, update

STEP = replace(
    update(
        "asmith",
        difference("skills", {"English": 50}, {"English": 90}, Cause.DRIFT),
        difference("phone", "+1 555 123 4567", "", Cause.EDIT),
        difference("password", "live-secret", SecretRef("env", "PW"), Cause.EDIT, "555 +1 555 123 4567"),
        cause=Cause.BOTH,
    ),
    problems=("user asmith: +1 555 123 4567 is taken",),
)


def test_a_step_has_its_documented_keys_and_no_secret() -> None:
    """The whole shape of a step, secret values withheld and personal data masked."""
    document = to_json(result(STEP, seconds=1.23456, reads=41), REGISTRY)
    assert document["steps"][0] == {
        "kind": USERS,
        "key": "asmith",
        "was": "",
        "follows": "",
        "place": {"file": "people.yaml", "line": 12, "column": 5},
        "action": "update",
        "cause": "edit and drift",
        "exists": True,
        "recorded": True,
        "unread": False,
        "call": "",
        "differences": [
            {
                "field": "skills",
                "live": {"English": 50},
                "declared": {"English": 90},
                "secret": False,
                "masked": False,
                "cause": "drift",
                "call": "PUT /things",
                "problem": "",
            },
            {
                "field": "phone",
                "live": "•••••67",
                "declared": "",
                "secret": False,
                "masked": True,
                "cause": "edit",
                "call": "PUT /things",
                "problem": "",
            },
            {
                "field": "password",
                "live": None,
                "declared": None,
                "secret": True,
                "masked": False,
                "cause": "edit",
                "call": "PUT /things",
                "problem": "555 •••••67",
            },
        ],
        "problems": ["•••••67 is taken"],
        "notes": [],
    }
    assert document["problems"][0]["problem"] == "•••••67 is taken"
    assert (document["seconds"], document["reads"], document["exit_code"]) == (1.235, 41, 1)


def test_the_document_survives_json_with_its_keys_in_order() -> None:
    """What is written is what is read, with the same order of keys on every run."""
    born = create("jdoe", {"name": "Jane", "roles": ["a"], "numbers": {"+49 30 1234567": ["0301234567", True, None]}})
    found = result(STEP, born, removed("old"), warnings=("careful",))
    document = to_json(found, REGISTRY)
    text = json.dumps(document)
    assert json.loads(text) == document
    assert list(document) == [
        "format",
        "command",
        "tenant",
        "exit_code",
        "counts",
        "warnings",
        "steps",
        "problems",
        "limits",
        "outcomes",
        "passwords",
        "errors",
        "seconds",
        "reads",
    ]
    assert "1234567" not in text
    assert text == json.dumps(to_json(found, REGISTRY))


def test_counts_by_kind_and_action() -> None:
    """Unchanged objects are counted per kind; what is removed from the YAML is not one of the declared."""
    document = to_json(result(STEP, create("jdoe", {}), removed("old")), REGISTRY)
    assert document["counts"] == {
        USERS: {
            "declared": 41,
            "unchanged": 39,
            "create": 1,
            "update": 1,
            "rename": 0,
            "replace": 0,
            "adopt": 0,
            "disable": 1,
            "delete": 0,
            "forget": 0,
            "record": 0,
            "undeclared": 0,
            "problems": 1,
        }
    }


def test_outcomes_carry_errors_as_data() -> None:
    """A refusal keeps status, endpoint, the vendor's text and the request, and the text is masked like the fields."""
    said = "15551234567 is taken"
    endpoint = "PUT /user/asmith"
    refused = Refused("refused", system="phones", endpoint=endpoint, status=409, said=said, request_id="r-1")
    outcomes = (Outcome(STEP, Fate.FAILED, refused), Outcome(removed("old"), Fate.DONE))
    document = to_json(result(STEP, removed("old"), command="up", outcomes=outcomes), REGISTRY)
    assert document["outcomes"][0] == {
        "kind": USERS,
        "key": "asmith",
        "place": {"file": "people.yaml", "line": 12, "column": 5},
        "action": "update",
        "fate": "failed",
        "error": {
            "type": "Refused",
            "what": "refused",
            "way_out": "",
            "place": None,
            "system": "phones",
            "endpoint": "PUT /user/asmith",
            "status": 409,
            "said": "•••••67 is taken",
            "request_id": "r-1",
        },
    }
    assert document["outcomes"][1]["error"] is None
    assert to_json(result(), REGISTRY)["outcomes"] is None


def test_errors_before_a_result_are_flat_and_typed() -> None:
    """Each mistake of the files by itself, and every type with its own keys."""
    mistakes = InputErrors([InputError("bad", place=Place("a.yaml", 1, 2), path="x.y", also=[Place("b.yaml", 3, 4)])])
    locked = StackLocked("locked", host="h", pid=7, stale=True, way_out="--unlock")
    gone = ObjectError("gone", kind=USERS, key="a")
    others = [EngineFailed("ended", details=["one"]), gone, SettingsError("missing")]
    document = errors_to_json([mistakes, locked, *others], command="up")
    first = {"file": "a.yaml", "line": 1, "column": 2}
    also = [{"file": "b.yaml", "line": 3, "column": 4}]
    assert [error["type"] for error in document["errors"]] == [
        "InputError",
        "StackLocked",
        "EngineFailed",
        "ObjectError",
        "SettingsError",
    ]
    assert document["errors"][0] == {
        "type": "InputError",
        "what": "x.y: bad",
        "way_out": "",
        "place": first,
        "path": "x.y",
        "rule": "bad",
        "also": also,
        "excerpt": None,
    }
    assert (document["errors"][1]["pid"], document["errors"][2]["details"]) == (7, ["one"])
    assert document["errors"][3]["key"] == "a"
    assert (document["command"], document["exit_code"]) == ("up", 1)
    assert errors_to_json([Interrupted("stopped")])["exit_code"] == 130
