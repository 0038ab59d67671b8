"""`--format sarif` and `--format github`: alone on standard output, for results and for every kind of error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.harness import Ran, Tenant, agent, agents

pytestmark = pytest.mark.measured

SECRET = "hunter2-in-clear"


@pytest.fixture
def declared(tenant: Tenant) -> Tenant:
    """Two users that are not there yet."""
    tenant.write(agents(2))
    return tenant


def run_of(ran: Ran) -> dict[str, Any]:
    """The run of the one SARIF document on standard output; its exit code is the process's."""
    document = json.loads(ran.out)
    assert ran.out == json.dumps(document, indent=2) + "\n", str(ran)
    run: dict[str, Any] = document["runs"][0]
    assert run["invocations"][0]["exitCode"] == ran.code
    return run


def lines(ran: Ran) -> list[str]:
    """The workflow commands on standard output, where nothing else stands."""
    found = ran.out.splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in found), str(ran)
    return found


def levels(ran: Ran) -> list[str]:
    return [result["level"] for result in run_of(ran)["results"]]


def test_mistakes_stand_at_their_lines(tenant: Tenant) -> None:
    """Of every command, the secret in the line masked."""
    tenant.write({"a0": {**agent(0), "pasword": SECRET, "skils": {"English": 90}}})
    for command in ("validate", "preview", "up", "refresh", "destroy", "audit"):
        ran = tenant.run(command, "--format", "sarif")
        results = run_of(ran)["results"]
        assert (ran.code, ran.err, [result["ruleId"] for result in results]) == (1, "", ["input", "input"])
        location = results[0]["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"].endswith("/people.yaml") and location["region"]["startLine"] > 1
        assert "•••••" in results[0]["locations"][0]["physicalLocation"]["contextRegion"]["snippet"]["text"]
        shown = tenant.run(command, "--format=github")
        assert (shown.code, shown.err, len(lines(shown))) == (1, "", 2)
        assert all("file=" in line and ",line=" in line and ",col=" in line for line in lines(shown))
        assert SECRET not in ran.text + shown.text


def test_no_mistake_is_an_empty_list(declared: Tenant) -> None:
    """And one sentence for GitHub."""
    ran = declared.run("validate", "--format", "sarif")
    assert (ran.code, run_of(ran)["results"]) == (0, [])
    (line,) = lines(declared.run("validate", "--format", "github"))
    assert line.startswith("::notice title=cxconfig validate::acme: ") and line.endswith("no mistakes.")


def test_changes_and_drift(declared: Tenant) -> None:
    """Notes for what the files change, warnings for what changed live; nothing once all is as declared."""
    preview = declared.run("preview", "--format", "sarif")
    assert (preview.code, levels(preview)) == (2, ["note"] * 2)
    assert declared.run("up", "--yes").code == 0
    declared.box.change_user("a0", skills={"English": 1})
    audit = declared.run("audit", "--format", "sarif")
    assert (audit.code, levels(audit)) == (2, ["warning"])
    assert "user a0 differs: skills." in run_of(audit)["results"][0]["message"]["text"]
    shown = declared.run("preview", "--format", "github")
    assert shown.code == 2 and lines(shown)[0].startswith("::warning file=")
    (line,) = lines(declared.run("up", "--yes", "--format", "github"))
    assert line.startswith("::notice title=cxconfig up::acme: Done: ")
    settled = declared.run("audit", "--format", "sarif")
    assert (settled.code, levels(settled)) == (0, [])


def test_errors_of_the_run_have_no_place(declared: Tenant) -> None:
    """Notifications in SARIF, plain errors for GitHub: no answer, no terminal to ask on, mistyped words."""
    for words, env in (
        (("audit",), {"ONECLOUD_URL": "http://127.0.0.1:1"}),
        (("up",), {}),
        (("preview", "--ful"), {}),
        (("audti",), {}),
    ):
        ran = declared.run(*words, "--format", "sarif", **env)
        invocation = run_of(ran)["invocations"][0]
        assert (ran.code, invocation["executionSuccessful"]) == (1, False)
        assert len(invocation["toolExecutionNotifications"]) == 1
        (line,) = lines(declared.run(*words, "--format", "github", **env))
        assert line.startswith("::error title=cxconfig")
    assert declared.writes() == 0


def test_a_variable_that_is_not_set_stands_at_its_line(declared: Tenant) -> None:
    """Though the files were read without a mistake."""
    ran = declared.run("preview", "--format", "sarif", ONECLOUD_CLIENT_SECRET=None)
    (result,) = run_of(ran)["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"].endswith("tenant.yaml")
    assert "${env:ONECLOUD_CLIENT_SECRET}" in location["contextRegion"]["snippet"]["text"]
    assert "  | " not in ran.out
    shown = declared.run("preview", ONECLOUD_CLIENT_SECRET=None)
    assert "client_secret: ${env:ONECLOUD_CLIENT_SECRET}" in shown.err and "^^^" in shown.err


def test_unknown_formats_are_refused(declared: Tenant) -> None:
    """With those that there are."""
    ran = declared.run("validate", "--format", "xml")
    assert ran.code == 1 and "text" in ran.err and "sarif" in ran.err and not ran.out
