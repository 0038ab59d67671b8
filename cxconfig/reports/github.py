"""Findings as workflow commands, which GitHub shows as annotations at the lines that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cxconfig.reports.findings import Finding, Level

COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def commands(findings: Iterable[Finding], *, closing: str = "", command: str = "") -> Iterator[str]:
    """One line for each finding, and one for the sentence at the end."""
    for finding in findings:
        yield _command(COMMANDS[finding.level], _properties(finding, command), finding.message)
    if closing:
        yield _command("notice", {"title": _title(command)}, closing)


def _properties(finding: Finding, command: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if finding.place is not None:
        found["file"] = finding.place.file
        if finding.place.line:
            found["line"] = str(finding.place.line)
        if finding.place.column:
            found["col"] = str(finding.place.column)
    found["title"] = f"{_title(command)}: {finding.title}"
    return found


def _title(command: str) -> str:
    return f"cxconfig {command}".strip()


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
