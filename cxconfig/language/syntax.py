"""The YAML parser's own errors, in plain words, at the place where the user has to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ruamel.yaml.error import YAMLError


class Problem(NamedTuple):
    """What breaks the syntax; line and column count from 1."""

    line: int
    column: int
    rule: str
    way_out: str


_FLOW = "close it, and put commas between the entries"
_WORDS: dict[str, tuple[str, str]] = {
    "mapping values are not allowed in this context": (
        "this `:` does not belong here",
        "indent the line like its neighbours, put a space after the `:` of the line above,"
        " and quote a text that contains `: `",
    ),
    "did not find expected ',' or ']'": ("the list that begins with `[` is not written to its end", _FLOW),
    "did not find expected ',' or '}'": ("the mapping that begins with `{` is not written to its end", _FLOW),
    "found unexpected ':'": (
        "a text with `:` inside `[ ]` or `{ }` needs quotes",
        "quote it, or write one entry per line",
    ),
    "did not find expected key": (
        "this does not continue the mapping above it",
        "indent it like the other keys, put a `key:` before it, and write '' for an apostrophe inside '...'",
    ),
    "did not find expected '-' indicator": (
        "this does not continue the list above it",
        "begin the line with `- ` in the column of the other items, or indent it less",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin it on a line of its own; quote a text that begins with `- `",
    ),
    "did not find expected node content": ("a value is missing here", "write a value; quote a text that begins so"),
    "found unexpected document indicator": ("`---` or `...` stands inside a quoted text", "close the quotes before it"),
    "did not find expected <document start>": ("text follows after the end of the document", "remove the `...` line"),
    "did not find expected comment or line break": (
        "text stands on the line of `|` or `>`",
        "begin the text on the next line, indented",
    ),
    "found unknown escape character": (
        'the backslash in this "..." text begins no known escape',
        "write \\\\ for a backslash, or use '...'",
    ),
    "did not find expected hexdecimal number": (
        'the backslash in this "..." text begins an incomplete escape',
        "write \\\\ for a backslash, or use '...'",
    ),
    "found invalid Unicode character escape code": ("this escape names no character", "write the character itself"),
    "did not find expected alphabetic or numeric character": (
        "a name is missing after `&` or `*`",
        "quote a text that begins so",
    ),
    "found incompatible YAML document": ("files are read as YAML 1.2", "remove the %YAML line"),
    "found a tab character where an indentation space is expected": (
        "a tab stands where YAML allows only spaces",
        "replace the tab with spaces",
    ),
}
_TAB = _WORDS["found a tab character where an indentation space is expected"]


def explain(error: YAMLError, lines: Sequence[str]) -> Problem:
    """What `error` means for the one who wrote `lines`."""
    problem = str(getattr(error, "problem", "") or "")
    line, column = _mark(getattr(error, "problem_mark", None), lines)
    start_line, start_column = _mark(getattr(error, "context_mark", None), lines)
    context = str(getattr(error, "context", "") or "")
    if _tab_indents(lines, line):
        return Problem(line, _tab_column(lines[line - 1]), *_TAB)
    if problem == "could not find expected ':'":
        rule = "this line is neither `key: value` nor the continuation of the value above it"
        way_out = "put a `:` and a space after the key, or indent or quote the text"
        return Problem(start_line, start_column, rule, way_out)
    if context.endswith("a quoted scalar") and problem == "found unexpected end of stream":
        return Problem(start_line, start_column, "this quote is never closed", "close it at the end of the text")
    if problem == "found character that cannot start any token":
        return _bad_start(lines, line, column)
    if "flow" in context and line == len(lines) and not lines[-1][column - 1 :].strip():
        return _never_closed(lines, start_line, start_column)
    if problem.startswith("did not find expected ',' or") or problem == "found unexpected ':'":
        quoted = _reference(lines, line, start_line)
        if quoted is not None:
            return quoted
    if problem.startswith("did not find expected ',' or"):
        line, column = start_line, start_column
    if "tag" in context or "tag" in problem:
        rule = "tags (`!...`) are not allowed: the schema decides what a value is"
        return Problem(line, column, rule, "remove the tag; quote a text that begins with `!`")
    rule, way_out = _WORDS.get(problem, (f"this is not valid YAML ({problem or 'unreadable'})", "correct the line"))
    return Problem(line, column, rule, way_out)


def _mark(mark: Any, lines: Sequence[str]) -> tuple[int, int]:
    """Line and column of a mark; the end of the last line for one behind the text."""
    if mark is None:
        return 1, 1
    if mark.line >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return mark.line + 1, mark.column + 1


def _tab_indents(lines: Sequence[str], line: int) -> bool:
    text = lines[line - 1]
    return "\t" in text[: len(text) - len(text.lstrip())] and bool(text.strip())


def _tab_column(text: str) -> int:
    return text.index("\t") + 1


def _bad_start(lines: Sequence[str], line: int, column: int) -> Problem:
    character = lines[line - 1][column - 1 : column]
    if character == "\t":
        return Problem(line, column, *_TAB)
    return Problem(line, column, f"a value cannot begin with `{character}`", "put the whole value in quotes")


def _never_closed(lines: Sequence[str], line: int, column: int) -> Problem:
    """A bracket that is open at the end of the file: the innermost one, where that can be told."""
    if lines[line - 1][column - 1 : column] not in ("[", "{"):
        while line > 1 and not lines[line - 1].strip():
            line -= 1
        column = len(lines[line - 1].rstrip())
    bracket = lines[line - 1][column - 1 : column] if column else ""
    if bracket not in ("[", "{"):
        return Problem(len(lines), len(lines[-1]) + 1, "the file ends inside `[ ]` or `{ }`", "close it")
    other = "}" if bracket == "{" else "]"
    return Problem(line, column, f"this `{bracket}` is never closed", f"close it with `{other}`")


def _reference(lines: Sequence[str], line: int, start_line: int) -> Problem | None:
    """`{password: ${env:NAME}}`: braces inside braces."""
    for number in range(start_line, line + 1):
        column = lines[number - 1].find("${")
        if column >= 0:
            rule = "a reference inside `{ }` or `[ ]` needs quotes"
            return Problem(number, column + 1, rule, 'write "${env:NAME}", or one `key: value` per line')
    return None
