"""How a file is indented, taken from what stands near the place of an edit."""

from __future__ import annotations

from collections.abc import Iterator

from cxconfig.writing.emission import Style
from cxconfig.writing.spans import Entry, Layout, MappingSpan, SequenceSpan, Span


def style_at(layout: Layout, span: Span | None) -> Style:
    """The steps of the values beside and above `span`, those of the file where there are none, or the usual ones."""
    step = dash = None
    while span is not None and (step is None or dash is None):
        if isinstance(span, MappingSpan) and not span.flow:
            for entry in _ends(span):
                step = step or _step(span, entry.value)
                dash = _dash(span, entry.value) if dash is None else dash
        span = span.parent
    if step is None or dash is None:
        found = layout_style(layout)
        step, dash = step or found.step, found.dash if dash is None else dash
    return Style(step, dash)


def layout_style(layout: Layout) -> Style:
    """The first step of a mapping and of a list in the file."""
    if layout.style is None:
        step = dash = None
        for mapping, value in _pairs(layout.root):
            step = step or _step(mapping, value)
            dash = _dash(mapping, value) if dash is None else dash
            if step and dash is not None:
                break
        usual = Style()
        layout.style = (step or usual.step, usual.dash if dash is None else dash)
    return Style(*layout.style)


def _ends(mapping: MappingSpan) -> Iterator[Entry]:
    """The last and the first entry."""
    yield from mapping.rows[-1:]
    yield from mapping.rows[:1]


def _step(mapping: MappingSpan, value: Span) -> int | None:
    inner = isinstance(value, MappingSpan) and not value.flow
    return value.column - mapping.column if inner and value.column > mapping.column else None


def _dash(mapping: MappingSpan, value: Span) -> int | None:
    inner = isinstance(value, SequenceSpan) and not value.flow
    return value.column - mapping.column if inner and value.column >= mapping.column else None


def _pairs(span: Span | None) -> Iterator[tuple[MappingSpan, Span]]:
    if isinstance(span, MappingSpan) and not span.flow:
        for entry in span.entries.values():
            yield span, entry.value
            yield from _pairs(entry.value)
    elif isinstance(span, SequenceSpan) and not span.flow:
        for item in span.items:
            yield from _pairs(item)
