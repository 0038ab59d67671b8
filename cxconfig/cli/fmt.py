"""`cxconfig fmt`: the one layout of the YAML files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxconfig.cli.common import folder_argument, force_option, format_option, show_diff
from cxconfig.cli.formats import TEXT, findings_document

if TYPE_CHECKING:
    from cxconfig.reports.findings import Finding
    from cxconfig.writing.files import FileChange


@click.command("fmt")
@folder_argument
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not laid out so.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@force_option
@format_option
def command(folder: Path, check: bool, diff: bool, force: bool, form: str) -> int:
    """Lay out the YAML files of the tenant in FOLDER (default: here), or of one folder or file in it.

    Indentation by two columns, one space behind colons and dashes, at most one empty line in a row, no blanks at line
    ends, LF, UTF-8 without a byte order mark. Comments, the order of keys, quotes and anchors stay; what the files say
    does too, which is checked before a file is written.

    Exit code: 0 done, 1 an error, or with --check a file that would change.
    """
    from cxconfig.writing.files import write
    from cxconfig.writing.git import refuse_unclean
    from cxconfig.writing.tenant_files import tenant_of

    changes = _changes(folder)
    changed = [change for change in changes if not change.empty]
    kept = check or diff
    if changed and not kept:
        refuse_unclean(tenant_of(folder), [change.path for change in changed], force)
        write(changed)
    code = 1 if check and changed else 0
    if form == "json":
        click.echo(json.dumps(_document(changes, changed, written=not kept), indent=2))
    elif form != TEXT:
        found = _findings(changed) if kept else []
        click.echo(findings_document(found, form, "fmt", code, _counted(changes, changed, kept)))
    else:
        _tell(changes, changed, kept, diff)
    return code


def _changes(path: Path) -> list[FileChange]:
    from cxconfig.errors import InputError, InputErrors, SettingsError
    from cxconfig.language.excerpts import attach
    from cxconfig.language.folder import displayed
    from cxconfig.writing.files import FileChange
    from cxconfig.writing.tenant_files import tenant_of, texts
    from cxconfig.writing.tidy import tidied
    from providers.registry import REGISTRY

    _refuse_other(path)
    found: list[FileChange] = []
    errors: list[InputError] = []
    for file, text in texts(tenant_of(path)).items():
        if not (file == path or file.absolute().is_relative_to(path.absolute())):
            continue
        try:
            found.append(FileChange(file, text, tidied(text, displayed(file))))
        except InputErrors as error:
            errors += error.errors
    if errors:
        raised = InputErrors(errors)
        attach(raised, REGISTRY)
        raise raised
    if not found:
        raise SettingsError(f"{displayed(path)} is no YAML file of a tenant, and holds none", way_out="Name another.")
    return found


def _refuse_other(path: Path) -> None:
    """A file that cannot be one of a tenant, whatever there is around it."""
    from cxconfig.errors import SettingsError
    from cxconfig.language.folder import SUFFIXES, displayed
    from cxconfig.writing.tenant_files import tenant_of

    if path.is_file() and (not path.name.lower().endswith(SUFFIXES) or tenant_of(path) == path):
        raise SettingsError(
            f"{displayed(path)} is no YAML file of a tenant",
            way_out="`cxconfig fmt` lays out the YAML files in the folder of a tenant.yaml: name one, or the folder.",
        )


def _document(changes: Sequence[FileChange], changed: Sequence[FileChange], written: bool) -> dict[str, object]:
    from cxconfig.language.folder import displayed

    return {
        "command": "fmt",
        "files": len(changes),
        "changed": [displayed(change.path) for change in changed],
        "written": written and bool(changed),
    }


def _tell(changes: Sequence[FileChange], changed: Sequence[FileChange], kept: bool, diff: bool) -> None:
    from cxconfig.language.folder import displayed

    if diff:
        show_diff(changed)
    else:
        for change in changed:
            click.echo(f"{'would be laid out' if kept else 'laid out'}: {displayed(change.path)}")
    click.echo(_counted(changes, changed, kept))


def _counted(changes: Sequence[FileChange], changed: Sequence[FileChange], kept: bool) -> str:
    rest = len(changes) - len(changed)
    parts = [f"{len(changed):,} {'would change' if kept else 'laid out'}"] if changed else []
    parts += [f"{rest:,} {'is' if rest == 1 else 'are'} as {'it' if rest == 1 else 'they'} should be"] if rest else []
    return f"{len(changes):,} {'file' if len(changes) == 1 else 'files'}: {', '.join(parts)}."


def _findings(changed: Sequence[FileChange]) -> list[Finding]:
    """One for each file that would change, at the first line that would."""
    from cxconfig.errors import Place
    from cxconfig.language.folder import displayed
    from cxconfig.language.reader import LINE_BREAK
    from cxconfig.reports.findings import Finding, Level, Rule

    found = []
    for change in changed:
        old, new = (LINE_BREAK.split(text or "") for text in (change.before, change.after))
        first = next((number for number, pair in enumerate(zip(old, new, strict=False), 1) if pair[0] != pair[1]), 1)
        message = "The file is not laid out. Run `cxconfig fmt`."
        found.append(Finding(Rule.LAYOUT, Level.ERROR, "layout", message, Place(displayed(change.path), first)))
    return found
