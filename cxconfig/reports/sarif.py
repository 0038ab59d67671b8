"""Findings as a SARIF 2.1.0 document, for code scanning.

A result stands at its line; paths are relative to the folder that the command was started in, which is to be that of
the repository (`%SRCROOT%`). What has no place is a notification of the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from cxconfig.errors import Excerpt, Place
from cxconfig.reports.findings import MEANINGS, Finding, Level, Rule
from cxconfig.reports.values import MASK

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
RULES: list[Rule] = [rule for rule in Rule if rule is not Rule.RUN]


def to_sarif(findings: Iterable[Finding], *, version: str, exit_code: int, home: Place | None = None) -> dict[str, Any]:
    """The document. `home`: where an object stands that is in no file any more (the tenant's own file)."""
    results, notifications = [], []
    for finding in findings:
        place = finding.place or (home if finding.rule is not Rule.RUN else None)
        if place is None or finding.rule is Rule.RUN:
            notifications.append(_notification(finding))
        else:
            results.append(_result(finding, place))
    failed = any(notification["level"] == Level.ERROR.value for notification in notifications)
    invocation = {
        "executionSuccessful": not failed,
        "exitCode": exit_code,
        "toolExecutionNotifications": notifications,
    }
    run = {
        "tool": {"driver": {"name": "cxconfig", "version": version, "rules": [_rule(rule) for rule in RULES]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that cxconfig was started in."}}},
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    level = {Rule.DRIFT: Level.WARNING, Rule.CHANGE: Level.NOTE}.get(rule, Level.ERROR)
    return {
        "id": rule.value,
        "shortDescription": {"text": MEANINGS[rule]},
        "defaultConfiguration": {"level": level.value},
    }


def _result(finding: Finding, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.rule.value,
        "ruleIndex": RULES.index(finding.rule),
        "level": finding.level.value,
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _location(place, finding.excerpt)}],
    }
    if finding.also:
        found["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(also), "message": {"text": "here as well"}}
            for number, also in enumerate(finding.also, 1)
        ]
    return found


def _notification(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "level": finding.level.value,
        "message": {"text": finding.message},
        "descriptor": {"id": finding.kind},
    }
    if finding.place is not None:
        found["locations"] = [{"physicalLocation": _location(finding.place)}]
    return found


def _location(place: Place, excerpt: Excerpt | None = None) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": max(place.line, 1)}
    if place.column:
        region["startColumn"] = place.column
    found: dict[str, Any] = {"artifactLocation": _artifact(place.file), "region": region}
    if excerpt is not None:
        underlined = excerpt.text[excerpt.column - 1 : excerpt.column - 1 + excerpt.width]
        if place.column and underlined and MASK not in underlined:
            region["endColumn"] = place.column + len(underlined)
        found["contextRegion"] = {"startLine": region["startLine"], "snippet": {"text": excerpt.text}}
    return found


def _artifact(file: str) -> dict[str, Any]:
    if file.startswith("/"):
        return {"uri": f"file://{quote(file)}"}
    return {"uri": quote(file), "uriBaseId": ROOT}
