"""What goes where: the result alone on standard output, valid JSON when asked for, colour on a terminal only."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from tests.engine.harness import PASSWORD, PATIENCE_S, Ran, Tenant, agent, agents, as_seeded

pytestmark = pytest.mark.measured

ESCAPE = "\x1b"
QUESTION = "Apply these changes?"
SILENCE_S = 5


@pytest.fixture
def declared(tenant: Tenant) -> Tenant:
    """Three users that are not there yet."""
    tenant.write(agents(3))
    return tenant


def document(ran: Ran) -> dict[str, Any]:
    """Standard output is one JSON document, with a line end and nothing else; the exit code is the process's."""
    found: dict[str, Any] = json.loads(ran.out)
    assert ran.out == json.dumps(found, indent=2) + "\n", str(ran)
    assert ESCAPE not in ran.text
    assert found.get("exit_code", ran.code) == ran.code
    return found


def test_every_result_is_one_json_document(declared: Tenant) -> None:
    """Changes, done, nothing to do, drift, removal; progress goes to standard error."""
    for words, code, command in (
        (["validate"], 0, None),
        (["audit"], 2, "audit"),
        (["preview"], 2, "preview"),
        (["preview", "--full", "--verbose"], 2, "preview"),
        (["up", "--yes"], 0, "up"),
        (["up", "--yes", "--unlock"], 0, "up"),
        (["preview"], 0, "preview"),
        (["refresh"], 0, "refresh"),
        (["destroy", "--yes"], 0, "destroy"),
    ):
        ran = declared.run(*words, "--format", "json")
        found = document(ran)
        assert ran.code == code, str(ran)
        if command is None:
            assert found == {"tenant": "acme", "valid": True, "declared": {"onecloud.teams": 4, "onecloud.users": 3}}
            continue
        assert (found["command"], found["tenant"], found["errors"], found["problems"]) == (command, "acme", [], [])
        assert set(found) == {
            *("format", "command", "tenant", "exit_code", "counts", "warnings", "steps", "problems", "outcomes"),
            *("errors", "seconds", "reads", "limits", "passwords"),
        }


def test_every_error_is_one_json_document_too(declared: Tenant) -> None:
    """Wrong credentials, no contact centre, a refusal of one object, problems, no terminal to ask on."""
    wrong = declared.run("preview", "--format", "json", ONECLOUD_CLIENT_SECRET="wrong")
    assert [error["type"] for error in document(wrong)["errors"]] == ["AuthenticationFailed"]
    away = declared.run("audit", "--format=json", ONECLOUD_URL="http://127.0.0.1:1")
    assert [error["type"] for error in document(away)["errors"]] == ["Unreachable"]
    unasked = declared.run("up", "--format", "json")
    (error,) = document(unasked)["errors"]
    assert (unasked.code, error["way_out"], declared.writes()) == (1, "Add --yes to apply without a question.", 0)
    declared.box.fault({"status": 400, "body": "no such thing"}, method="POST", path="/configapi/v2/user", nth=1)
    refused = document(declared.run("up", "--yes", "--format", "json"))
    said = [outcome["error"]["said"] for outcome in refused["outcomes"] if outcome["error"]]
    assert (refused["exit_code"], said) == (1, ["no such thing"])
    there = min(declared.box.users)  # which of the three was refused is up to the order in which they are sent
    declared.write({there: agent(int(there[1:]), extension="")})
    problems = document(declared.run("up", "--yes", "--format", "json"))
    assert (problems["exit_code"], len(problems["problems"]), problems["outcomes"]) == (1, 1, None)


@pytest.mark.parametrize("verb", ["validate", "preview", "up", "refresh", "destroy", "audit"])
def test_error_documents_name_the_tenant(declared: Tenant, verb: str) -> None:
    """As soon as tenant.yaml was read: with a mistake in another file, without a passphrase, without a live system."""
    if verb != "validate":
        away = declared.run(verb, "--format", "json", ONECLOUD_URL=None, PULUMI_CONFIG_PASSPHRASE=None)
        assert (document(away)["tenant"], away.code) == ("acme", 1), str(away)
    declared.write({"a0": agent(0, emial="x")})
    mistaken = declared.run(verb, "--format", "json")
    assert (document(mistaken)["tenant"], mistaken.code) == ("acme", 1), str(mistaken)
    (declared.folder / "tenant.yaml").write_text("tenant: [", encoding="utf-8")
    assert document(declared.run(verb, "--format", "json"))["tenant"] == ""


def test_json_is_the_same_on_a_terminal(declared: Tenant) -> None:
    """No colour and no question in it; what is not asked is not applied."""
    shown = declared.talk("audit", "--format", "json")
    start, end = shown.out.index("{"), shown.out.rindex("}") + 1
    assert json.loads(shown.out[start:end])["command"] == "audit"
    assert ESCAPE not in shown.out[start:end]
    refused = declared.talk("up", "--format", "json")
    assert (refused.code, declared.writes()) == (1, 0)
    assert QUESTION not in refused.out and "there is no terminal to ask on" in refused.said


def test_what_is_missing_and_what_is_locked(tenant: Tenant) -> None:
    """A team that nobody can create is not announced as a creation, a lock is called one, no object is named twice."""
    tenant.write({"a0": agent(0, unlock=True)}, teams=("Sales", "Suport"))
    tenant.box.add_user(**as_seeded("a0", agent(0)))
    tenant.box.lock_user("a0")
    shown = tenant.run("preview")
    assert shown.code == 1 and "to create" not in shown.said, str(shown)
    for text in ("onecloud teams: 1 missing, 1 to adopt", "- missing Suport", "unlock: locked -> unlocked"):
        assert text in shown.said, str(shown)
    found = document(tenant.run("preview", "--format", "json"))
    (problem,) = found["problems"]
    assert problem["key"] == "Suport" and problem["problem"].startswith("the team 'Suport' does not exist")
    (step,) = [step for step in found["steps"] if step["key"] == "a0"]
    assert [(d["live"], d["declared"]) for d in step["differences"] if d["field"] == "unlock"] == [(False, True)]


def test_colour_on_a_terminal_only(declared: Tenant) -> None:
    """Neither in a pipe, nor with NO_COLOR, nor on a terminal that has none."""
    assert ESCAPE not in declared.run("preview").text
    assert ESCAPE not in declared.run("preview", TERM="xterm-256color", FORCE_COLOR="1").text
    assert f"{ESCAPE}[" in declared.talk("preview").out
    for name, value in (("NO_COLOR", "1"), ("NO_COLOR", "0"), ("TERM", "dumb")):
        shown = declared.talk("preview", answers=None, **{name: value})
        assert shown.code == 2 and ESCAPE not in shown.out, repr(shown.out)


def test_colour_of_errors(declared: Tenant) -> None:
    """The same for what goes to standard error."""
    declared.write({"a0": agent(0, emial="x")})
    assert ESCAPE in declared.talk("validate").out
    assert ESCAPE not in declared.talk("validate", NO_COLOR="1").out
    assert ESCAPE not in declared.run("validate").text
    assert declared.talk("validate").said == declared.run("validate").said


def test_progress_and_result_are_apart(declared: Tenant) -> None:
    """Standard output holds the result alone, so that it can be kept; it is the same text on a terminal."""
    ran = declared.run("preview")
    assert "Reading onecloud users" in ran.err and "Reading" not in ran.out
    assert ran.out.startswith("onecloud teams: 4 to adopt")
    assert "\r" not in ran.text
    shown = declared.talk("preview", NO_COLOR="1").out
    plain = [line for line in ran.out.splitlines() if "objects read" not in line]
    assert [line for line in plain if line not in shown] == []


def test_the_question_is_asked_on_a_terminal(declared: Tenant) -> None:
    """After the plan; `no`, an empty line and anything unclear apply nothing, `yes` applies."""
    for typed in ("no\n", "\n", "N\n"):
        refused = declared.talk("up", answers={QUESTION: lambda typed=typed: typed})  # type: ignore[misc]
        assert (refused.code, declared.writes(), declared.box.users) == (130, 0, {}), str(refused)
        assert refused.said.index("to create") < refused.said.index(QUESTION)
        assert "Nothing was applied." in refused.said
    unclear = declared.talk("up", answers={QUESTION: lambda: "perhaps\n", "Answer y (yes) or n (no).": lambda: "n\n"})
    assert (unclear.code, declared.writes()) == (130, 0), str(unclear)
    agreed = declared.talk("up", answers={QUESTION: lambda: "yes\n"})
    assert agreed.code == 0, str(agreed)
    assert all(declared.box.password_matches(login, PASSWORD) for login in ("a0", "a1", "a2"))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\x03", "interrupted: nothing was applied"),
        ("\x04", "interrupted: nothing was applied"),
        ("maybe\ny\n", "Answer y (yes) or n (no)."),
        ("YES \n", "True"),
        ("\n", "False"),
    ],
)
def test_answers_to_a_question(typed: str, shown: str) -> None:
    """Ctrl-C and Ctrl-D included: what is said of them has a line of its own."""
    program = (
        "from cxconfig.cli.common import ask\n"
        "from cxconfig.errors import Interrupted\n"
        "try:\n"
        "    print(ask('Go on?'))\n"
        "except Interrupted as left:\n"
        "    print(left)\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])
    screen = _shown(terminal, until="Go on? [y/N]: ")  # with the blank, which comes when the terminal is ready
    os.write(terminal, typed.encode())
    # A Ctrl-C between the prompt and the read behind it only sets a flag: then it is pressed again, as a person would.
    screen += _shown(terminal, again=typed if typed == "\x03" else "")
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0, screen
    assert shown in screen.split("\r\n"), repr(screen)


def _shown(terminal: int, until: str = "\0", again: str = "") -> str:
    """What a terminal shows, up to a text or to the end of its last writer; `again` is typed when it stays silent."""
    screen, ends = "", time.monotonic() + PATIENCE_S
    with suppress(OSError):  # how a terminal says that its last writer is gone
        while until not in screen:
            if again and time.monotonic() < ends and not select.select([terminal], [], [], SILENCE_S)[0]:
                os.write(terminal, again.encode())
                continue
            assert select.select([terminal], [], [], PATIENCE_S)[0], f"the terminal stayed silent after {screen!r}"
            screen += os.read(terminal, 1000).decode()
    return screen


def test_destroy_asks_as_well(declared: Tenant) -> None:
    """And leaves everything as it is when the answer is no."""
    declared.settled()
    live = declared.box.users
    declared.fresh()
    refused = declared.talk("destroy", answers={"Take all of this out?": lambda: "n\n"})
    assert (refused.code, declared.writes(), declared.box.users) == (130, 0, live), str(refused)
    assert "3 to disable" in refused.said
    agreed = declared.talk("destroy", answers={"Take all of this out?": lambda: "y\n"})
    assert agreed.code == 0, str(agreed)
    assert all(user["disabled"] for user in declared.box.users.values())


def test_nothing_to_do_is_not_asked(declared: Tenant) -> None:
    """A second up ends without a question, with or without a terminal."""
    declared.settled()
    for again in (declared.talk("up"), declared.run("up")):
        assert again.code == 0 and QUESTION not in again.out, str(again)


@pytest.mark.parametrize("ci", ["true", "1", "yes"])
def test_ci_is_not_asked(declared: Tenant, ci: str) -> None:
    """Also where CI has a terminal; the plan is shown all the same."""
    done = declared.talk("up", CI=ci)
    assert (done.code, QUESTION in done.out) == (0, False), str(done)
    assert "to create" in done.said
    assert set(declared.box.users) == {"a0", "a1", "a2"}


@pytest.mark.parametrize("ci", ["false", "0", ""])
def test_a_ci_that_says_no_is_none(declared: Tenant, ci: str) -> None:
    """Without a terminal nothing is applied then."""
    refused = declared.run("up", CI=ci)
    assert (refused.code, declared.writes()) == (1, 0), str(refused)
    assert "Add --yes" in refused.said
