"""Measuring, shortening, wrapping and neutralising text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxconfig.cells import columns, joined, safe, shorten, wrap
from cxconfig.reports.values import masked, shown


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("王小明", 6), ("e\u0301", 1), ("\uff71", 1), ("\uff21", 2), ("👍", 2), ("❤\ufe0f", 2), ("", 0)],
)
def test_columns_follow_east_asian_width(text: str, cells: int) -> None:
    """Wide characters take two cells, combining marks none."""
    assert columns(text) == cells


@given(st.text(), st.integers(0, 60))
def test_shortened_text_fits_and_is_harmless(text: str, room: int) -> None:
    """Whatever the text, the result keeps within its room and has nothing to escape."""
    short = shorten(safe(text), room)
    assert columns(short) <= room
    assert safe(safe(text)) == safe(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Me"])), st.integers(2, 40))
def test_wrapped_text_loses_nothing(text: str, room: int) -> None:
    """Every character but blanks is still there, and no line is too long."""
    lines = wrap(text, room)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= room for line in lines)


def test_joined_parts_break_between_parts() -> None:
    """A part stays whole while it fits a line."""
    assert joined(["a: 1", "b: 2", "c: 3"], " · ", 13) == ["a: 1 · b: 2", "c: 3"]
    assert joined(["a: one two three"], " · ", 10) == ["a: one two", "three"]


def test_a_joiner_stays_inside_emoji_and_nowhere_else() -> None:
    """A joiner between plain letters would hide a difference, inside emoji it is part of the sign."""
    assert safe("👩\u200d💻") == "👩\u200d💻"
    assert safe("a\u200db") == "a\\u200db"
    assert safe("\u200d") == "\\u200d"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(none)"),
        (True, "true"),
        (90, "90"),
        ("", '""'),
        (" a", '" a"'),
        ("(none)", '"(none)"'),
        ('"x"', '"\\"x\\""'),
        ("a\nb", '"a\\nb"'),
        ("a -> b", '"a -> b"'),
        ({}, "(none)"),
        ({"English": 90, "x": {"y": 1}}, "English 90, x (y 1)"),
        (["a", ["b", "c"]], "a, (b, c)"),
    ],
)
def test_values_have_one_readable_spelling(value: object, text: str) -> None:
    """Plain where it is clear, quoted where a value could be taken for something else."""
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ("+1 555 123 4567", "•••••67"),
        ("112", "•••••"),
        ("sip:jane", "•••••"),
        ("", ""),
        (None, None),
        (5551234567, "•••••67"),
        ({"+1 555 123 4567": ["5551234599"]}, {"•••••67 #1": ["•••••99"]}),
    ],
)
def test_personal_data_keeps_at_most_two_digits(value: object, mask: object) -> None:
    """Short numbers keep none, and mappings are masked in their keys, too."""
    assert masked(value) == mask
