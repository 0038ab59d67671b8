"""Where generated passwords are, in every format; the passwords themselves are in none."""

from __future__ import annotations

from dataclasses import replace

from cxconfig.handed_out import told
from cxconfig.planning.plan import PasswordFile, Result
from cxconfig.reports.document import to_json
from cxconfig.reports.findings import Level, Rule, of_result
from cxconfig.reports.text import render
from tests.reports.fakes import REGISTRY, result

LONG = "/srv/" + "a-folder-with-a-long-name/" * 8 + "acme-20261125T140000-7.csv"
FOUND: Result = replace(
    result(command="up", outcomes=()), passwords=(PasswordFile("x.csv", 3), PasswordFile(LONG, 1_000))
)


def test_the_report_names_every_file_on_a_line_of_its_own() -> None:
    """Whole, so that it can be copied."""
    lines = list(render(FOUND, REGISTRY, width=60, colour=False))
    at = lines.index("1,003 generated passwords, to be handed out; then delete what you alone can read:")
    assert lines[at + 1 : at + 3] == ["  x.csv", f"  {LONG}"]
    assert "generated" not in "\n".join(render(result(), REGISTRY, width=60, colour=False))


def test_json_and_findings_name_them_as_well() -> None:
    """A note about the run, and no error: the exit code is the run's."""
    assert to_json(FOUND, REGISTRY)["passwords"] == [{"file": "x.csv", "count": 3}, {"file": LONG, "count": 1_000}]
    notes = [found for found in of_result(FOUND, REGISTRY) if found.rule is Rule.RUN]
    assert [(note.level, note.message) for note in notes] == [(Level.NOTE, told(file)) for file in FOUND.passwords]
    assert FOUND.exit_code == 0
