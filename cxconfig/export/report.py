"""A proposal as lines for people and as data for programs. Secrets are never in it, personal data is masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cxconfig.cells import safe, wrap
from cxconfig.export.matching import Finding, What
from cxconfig.export.proposal import Proposal
from cxconfig.kinds import Registry
from cxconfig.language.folder import displayed
from cxconfig.reports.document import FORMAT
from cxconfig.reports.folding import names
from cxconfig.reports.palette import Palette
from cxconfig.reports.values import Kinds
from cxconfig.writing.diffs import shown_diff
from cxconfig.writing.files import FileChange

MOST_LINES = 200
"""So many lines of the diff are shown without being asked for more."""
MOST_NAMES = 10
MARKS = {What.ADD: "+", What.UPDATE: "~", What.REMOVE: "-", What.GONE: "?"}
WORDS = {
    What.ADD: "to add",
    What.UPDATE: "to update",
    What.REMOVE: "to remove",
    What.GONE: "gone live",
    What.UNSAID: "left in part",
    What.LEFT: "still different",
    What.UNREADABLE: "not read",
}
PRUNE = "left as it stands; --prune takes it out"
NEXT = "Now `cxconfig preview` shows that nothing would change, and `cxconfig up` records what is there."


def lines(
    proposal: Proposal, registry: Registry, *, width: int, colour: bool, verbose: bool, written: bool = False
) -> Iterator[str]:
    """What was found, and unless it was `written` already the diff."""
    palette, kinds = Palette(colour), Kinds(registry)
    for warning in proposal.warnings:
        first, *rest = wrap(safe(warning), width - 9)
        yield f"{palette.yellow('Warning:')} {first}"
        yield from (f"         {line}" for line in rest)
    yield from _findings(proposal.findings, kinds, palette, width, verbose)
    if not written:
        yield from diff_lines(proposal.files, registry, colour=colour, verbose=verbose)


def closing(proposal: Proposal, registry: Registry, written: bool) -> list[str]:
    """The lines that say how it stands, and what a preview says now."""
    kinds = Kinds(registry)
    live = ", ".join(f"{kinds.noun(kind, count)}" for kind, count in proposal.counts.items()) or "nothing"
    count = len(proposal.files)
    files = f"{count:,} file{'' if count == 1 else 's'}"
    if not proposal.files:
        found = [f"Nothing to write: the files say what is live of {live}."]
    else:
        found = [f"Written: {files}; {live} live." if written else f"Would write {files}; {live} live."]
    open_ = {(finding.kind, finding.key) for finding in proposal.findings if finding.what in (What.GONE, What.LEFT)}
    if open_:
        objects = f"{len(open_):,} object{'' if len(open_) == 1 else 's'}"
        found.append(f"A preview still shows {objects}: gone live, or still different, as named above.")
    elif written and not proposal.left_out and not any(f.what is What.UNREADABLE for f in proposal.findings):
        found.append(NEXT)
    return found


def to_json(proposal: Proposal, registry: Registry, *, written: bool, exit_code: int) -> dict[str, Any]:
    """What `--format json` prints."""
    return {
        "format": FORMAT,
        "command": "export",
        "tenant": proposal.tenant,
        "exit_code": exit_code,
        "written": written,
        "live": dict(proposal.counts),
        "warnings": list(proposal.warnings),
        "files": [_file(change, registry) for change in proposal.files],
        "objects": [
            {
                "kind": finding.kind,
                "key": finding.key,
                "what": finding.what.value,
                "file": _shown(finding.file),
                "fields": list(finding.fields),
                "why": finding.why,
            }
            for finding in proposal.findings
        ],
    }


def _file(change: FileChange, registry: Registry) -> dict[str, Any]:
    diff = shown_diff([change], registry)
    return {"file": displayed(change.path), "new": change.before is None, "diff": diff}


def _shown(file: str) -> str:
    from pathlib import Path

    return displayed(Path(file)) if file else ""


def _findings(findings: Sequence[Finding], kinds: Kinds, palette: Palette, width: int, verbose: bool) -> Iterator[str]:
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    for kind in kinds.order(set(by_kind)):
        groups = _groups(by_kind[kind])
        counts = ", ".join(f"{len({f.key for f in found}):,} {WORDS[what]}" for what, found in groups)
        yield f"{palette.bold(kinds.title(kind))}: {counts}"
        for what, found in groups:
            yield from (f"  {line}" for line in _group(what, found, kinds, palette, width - 2, verbose))
        yield ""


def _groups(findings: Iterable[Finding]) -> list[tuple[What, list[Finding]]]:
    found: dict[What, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.what, []).append(finding)
    return [(what, found[what]) for what in What if what in found]


def _group(
    what: What, findings: Sequence[Finding], kinds: Kinds, palette: Palette, width: int, verbose: bool
) -> Iterator[str]:
    """Those that would be said in the same words stand together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        alike.setdefault((_text(finding), _shown(finding.file)), []).append(finding.key)
    paint = {What.ADD: palette.green, What.UPDATE: palette.yellow, What.REMOVE: palette.red}.get(what, palette.yellow)
    for shown, ((text, file), keys) in enumerate(alike.items()):
        if not verbose and shown >= 4 * MOST_NAMES:
            yield palette.bold(f"… and {len(alike) - shown:,} more; --verbose shows every one")
            return
        count = kinds.noun(findings[0].kind, len(keys)) if keys[1:] else kinds.singular(findings[0].kind)
        who = names(keys, len(keys) if verbose else MOST_NAMES)
        head = f"{MARKS.get(what, '!')} {WORDS[what].removeprefix('to ')} {count} {who}{f' ({text})' if text else ''}"
        first, *rest = wrap(f"{head}{f'  {file}' if file else ''}", width)
        yield paint(first)
        yield from (f"    {line}" for line in rest)


def _text(finding: Finding) -> str:
    """What there is to say of one object, without its name."""
    fields = ", ".join(safe(name) for name in finding.fields)
    if finding.what is What.UPDATE:
        return fields
    if finding.what is What.GONE:
        return PRUNE
    if finding.what in (What.UNSAID, What.LEFT, What.UNREADABLE):
        return f"{f'{fields}: ' if fields else ''}{safe(finding.why)}"
    return ""


def diff_lines(changes: Sequence[FileChange], registry: Registry, *, colour: bool, verbose: bool) -> Iterator[str]:
    """The changes of the files, masked, and an empty line."""
    found = shown_diff(changes, registry, colour=colour)
    shown = found if verbose else found[:MOST_LINES]
    yield from shown
    if len(found) > len(shown):
        yield Palette(colour).bold(f"… and {len(found) - len(shown):,} more lines; --verbose shows them")
    if found:
        yield ""
