"""The forms of output for programs: what stands on standard output when one of them is asked for."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cxconfig.errors import CxconfigError, InputError, InputErrors, Interrupted, Place

if TYPE_CHECKING:
    from cxconfig.planning.plan import Result
    from cxconfig.reports.findings import Finding

TEXT = "text"
MACHINE = ("json", "sarif", "github")
FORMATS = (TEXT, *MACHINE)


def asked() -> str:
    """The form that the command line asks for. The command's own context is gone when an error is shown, and a
    mistyped command line has none, so the words themselves are looked at; the last one counts."""
    words = sys.argv[1:]
    named = [word.removeprefix("--format=") for word in words if word.startswith("--format=")]
    named += [value for option, value in pairwise(words) if option == "--format"]
    found = [name for name in named if name in MACHINE]
    return found[-1] if found else TEXT


def result_document(result: Result, form: str, folder: Path | None) -> str:
    """A result in one of the machine forms. `folder`: the tenant's."""
    from cxconfig.reports.counts import closing
    from cxconfig.reports.findings import of_result
    from providers.registry import REGISTRY

    if form == "json":
        from cxconfig.reports.document import to_json

        return json.dumps(to_json(result, REGISTRY), indent=2)
    findings = of_result(result, REGISTRY)
    end = f"{result.plan.tenant}: {closing(result)}"
    return _findings(findings, form, result.command, result.exit_code, folder, end)


def error_document(error: CxconfigError, form: str, command: str) -> str:
    """An error that ended a command, in one of the machine forms."""
    if form == "json":
        from cxconfig.reports.document import errors_to_json

        return json.dumps(errors_to_json([error], command=command, tenant=error.tenant), indent=2)
    from cxconfig.reports.findings import of_error

    return _findings(of_error(error), form, command, 130 if isinstance(error, Interrupted) else 1, None, "")


def good_document(form: str, command: str, closing: str) -> str:
    """What a command that found no mistake says in SARIF or to GitHub."""
    return _findings([], form, command, 0, None, closing)


def findings_document(findings: list[Finding], form: str, command: str, exit_code: int, closing: str) -> str:
    """What a command found in the files, in SARIF or for GitHub."""
    return _findings(findings, form, command, exit_code, None, closing)


def with_excerpts(error: CxconfigError) -> CxconfigError:
    """The error, its mistakes with the lines that they stand in; those of a loaded file have theirs already."""
    if isinstance(error, (InputError, InputErrors)):
        from cxconfig.language.excerpts import attach
        from providers.registry import REGISTRY

        attach(error, REGISTRY)
    return error


def _findings(
    findings: list[Finding], form: str, command: str, exit_code: int, folder: Path | None, closing: str
) -> str:
    if form == "github":
        from cxconfig.reports.github import commands

        return "\n".join(commands(findings, closing=closing, command=command))
    from cxconfig import __version__
    from cxconfig.language.folder import TENANT_FILE, displayed
    from cxconfig.reports.sarif import to_sarif

    home = Place(displayed(folder / TENANT_FILE)) if folder else None
    return json.dumps(to_sarif(findings, version=__version__, exit_code=exit_code, home=home), indent=2)
