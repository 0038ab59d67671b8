"""docs/files.md: its layout is the one that `cxconfig fmt` makes, and its values are written as it tells."""

from __future__ import annotations

import re
from pathlib import Path

import click

from cxconfig.cli.fmt import command
from cxconfig.cli.migrate import command as migrate
from cxconfig.writing.editor import Editor
from cxconfig.writing.tidy import tidied

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "files.md").read_text("utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- test: {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found, name
    return found[1]


def test_the_layout_is_the_one_that_is_told() -> None:
    """The one before becomes the one after."""
    assert tidied(block("before")) == block("after") == tidied(block("after"))


def test_the_options_exist() -> None:
    """Every option of the page belongs to one of the two commands."""
    known = {
        name
        for each in (command, migrate)
        for option in each.params
        if isinstance(option, click.Option)
        for name in option.opts
    }
    assert set(re.findall(r"--[a-z]+", PAGE)) <= known
    assert {"--check", "--diff", "--force", "--yes"} <= set(re.findall(r"--[a-z]+", PAGE))


def test_values_are_written_as_told() -> None:
    """Quotes around what looks like something else, small mappings in brackets."""
    editor = Editor("a: {}\n")
    for name, value in (("x", "0123"), ("y", "true"), ("z", "+15551234567")):
        editor.set(("a", name), value)
    editor.set(("skills",), {"English": 90})
    written = re.findall(r"`(\"[^`]+\")`", PAGE)
    assert editor.text == f"a: {{x: {written[0]}, y: {written[1]}, z: {written[2]}}}\nskills: {{English: 90}}\n"
