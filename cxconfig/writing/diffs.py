"""Changes of files, line by line, as they may be shown: secrets, passwords, tokens and phone numbers are masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from cxconfig.cells import safe
from cxconfig.kinds import Registry
from cxconfig.language.folder import SUFFIXES, displayed
from cxconfig.language.masking import Masker
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.names import Names, Verdict
from cxconfig.language.reader import LINE_BREAK, read
from cxconfig.language.sensitive import MASK, alarming, is_reference, shown_name, shown_value
from cxconfig.reports.palette import Palette
from cxconfig.writing.files import FileChange
from cxconfig.writing.spans import AliasSpan, Layout, MappingSpan, ScalarSpan, SequenceSpan, Span
from cxconfig.writing.tidy import comment_places

CONTEXT = 3
LONGEST = 60
"""So many lines of a new or removed file are shown."""


def shown_diff(changes: Sequence[FileChange], registry: Registry, *, colour: bool = False) -> list[str]:
    """The lines to print: for each file its name, how much changes, and what, with a few lines around it."""
    palette, names = Palette(colour), Names(registry)
    lines: list[str] = []
    for change in changes:
        if not change.empty:
            lines += [*([""] if lines else []), *_file(change, palette, names)]
    return lines


def _file(change: FileChange, palette: Palette, names: Names) -> Iterator[str]:
    old, new = _lines(change.before), _lines(change.after)
    masked_old, masked_new = (masked_lines(t or "", change.path.name, names) for t in (change.before, change.after))
    name = palette.bold(displayed(change.path))
    if change.before is None or change.after is None:
        sign, lines = ("-", masked_old) if change.after is None else ("+", masked_new)
        paint = palette.red if sign == "-" else palette.green
        word = "removed" if sign == "-" else "new"
        yield f"{name}  ({word}, {len(lines):,} {'line' if len(lines) == 1 else 'lines'})"
        yield from (paint(f"{sign} {line}".rstrip()) for line in lines[:LONGEST])
        if len(lines) > LONGEST:
            yield palette.dim(f"  ... {len(lines) - LONGEST:,} more lines")
        return
    groups = list(SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT)) if old != new else []
    changed = [code for group in groups for code in group if code[0] != "equal"]
    added, removed = sum(c[4] - c[3] for c in changed), sum(c[2] - c[1] for c in changed)
    counts = " ".join([*([f"+{added}"] if added else []), *([f"-{removed}"] if removed else [])])
    yield f"{name}  ({', '.join(filter(None, [counts, *_whole(change)]))})"
    for group in groups:
        yield palette.cyan(f"@@ line {group[0][3] + 1:,} @@")
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from (palette.dim(f"  {line}".rstrip()) for line in masked_new[new_start:new_end])
                continue
            yield from (palette.red(f"- {line}".rstrip()) for line in masked_old[start:end])
            yield from (palette.green(f"+ {line}".rstrip()) for line in masked_new[new_start:new_end])


def _whole(change: FileChange) -> list[str]:
    """What changes and is in no line."""
    before, after = change.before or "", change.after or ""
    found = []
    if before.startswith("\ufeff") and not after.startswith("\ufeff"):
        found.append("byte order mark removed")
    if "\r" in before and "\r" not in after:
        found.append("line ends become LF")
    if before and after.endswith("\n") and not before.endswith(("\n", "\r")):
        found.append("line end at the end of the file")
    return found


def _lines(text: str | None) -> list[str]:
    lines = LINE_BREAK.split((text or "").removeprefix("\ufeff"))
    return lines[:-1] if not lines[-1] else lines


def masked_lines(text: str, name: str, names: Names) -> list[str]:
    """The lines of a file without what is behind a secret or private name, and without phone numbers."""
    plain = "\n".join(_lines(text))
    if not name.lower().endswith(SUFFIXES):
        return [safe(shown_value(line)) for line in plain.split("\n")] if plain else []
    mistakes = Mistakes()
    read(plain.encode("utf-8", "replace"), Sheet(name, mistakes))
    if mistakes.errors:
        lines = plain.split("\n")
        masker = Masker(lines, list(range(len(lines))), names)
        return [masker.line(number, 0).text for number in range(len(lines))]
    return [safe(line) for line in _masked(plain, names).split("\n")] if plain else []


def _masked(text: str, names: Names) -> str:
    layout = Layout(text)
    hidden: set[int] = set()
    found: list[tuple[Span, bool, bool]] = []
    _walk(layout.root, (), names, found, hidden)
    parts: list[tuple[int, int, str]] = []
    for span, key, sensitive in found:
        shown = text[span.body : span.end]
        if key:
            shown = shown_name(shown)
        elif (sensitive or _inside(span, hidden)) and shown and not is_reference(shown):
            shown = re.sub(r"\S[^\n]*", MASK, shown)
        elif not is_reference(shown):
            shown = "\n".join(shown_value(line) if line.strip() else line for line in shown.split("\n"))
        parts.append((span.body, span.end, shown))
    for start, end in comment_places(layout):
        comment = text[start:end]
        parts.append((start, end, f"# {MASK}" if alarming(comment) else shown_value(comment)))
    result, place = [], 0
    for start, end, shown in sorted(parts):
        if start >= place:
            result += [text[place:start], shown]
            place = end
    return "".join([*result, text[place:]])


def _walk(
    span: Span | None, path: tuple[str, ...], names: Names, found: list[tuple[Span, bool, bool]], hidden: set[int]
) -> None:
    """Every key and scalar, and whether it is to be masked. `hidden`: values that an alias brings to a secret name."""
    if isinstance(span, MappingSpan):
        for row in span.rows:
            found.append((row.key, True, False))
            _walk(row.value, (*path, row.key.text), names, found, hidden)
    elif isinstance(span, SequenceSpan):
        for item in span.items:
            _walk(item, path, names, found, hidden)
    elif isinstance(span, AliasSpan):
        if names.of_path(path) is Verdict.SENSITIVE:
            hidden.add(id(span.target))
    elif isinstance(span, ScalarSpan):
        found.append((span, False, names.of_path(path) is Verdict.SENSITIVE))


def _inside(span: Span, hidden: set[int]) -> bool:
    above: Span | None = span
    while above is not None and hidden:
        if id(above) in hidden:
            return True
        above = above.parent
    return False
