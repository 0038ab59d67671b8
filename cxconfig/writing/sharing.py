"""Anchors and aliases under edits: what one place gets, no other place may get through an alias.

The old value of an anchor moves, with the anchor, to the first alias that uses it; the other aliases follow it there.
"""

from __future__ import annotations

from collections.abc import Iterable

from cxconfig.language.nodes import MappingNode
from cxconfig.writing.cuts import Cut, removal, value_cuts
from cxconfig.writing.emission import Style, entry_lines, inline
from cxconfig.writing.spans import AliasSpan, Layout, MappingSpan, Span, merged, node_at

Region = tuple[int, int]


def shared(layout: Layout, above: Iterable[Span], region: Region | None) -> AliasSpan | None:
    """The first alias elsewhere that would change with an edit, or None.

    `above`: the values that hold the edited place; `region`: the characters that are taken out or replaced.
    """
    if not layout.aliases:
        return None
    holders = {id(span) for span in above}
    for alias in layout.aliases:
        target = alias.target
        if region and region[0] <= alias.start < region[1]:
            continue
        inside = region is not None and region[0] <= target.start and target.end <= region[1]
        if inside or id(target) in holders:
            return alias
    return None


def moved(layout: Layout, alias: AliasSpan, style: Style) -> list[Cut]:
    """Cuts that move the anchor of an alias, with its value, to the alias."""
    target = alias.target
    name = f"&{target.anchor}"
    end = target.start + len(name)
    text = layout.text
    if text[end : end + 1] == " " and not text[end:].lstrip(" ").startswith(("#", "\n", "\r")) and target.body > end:
        anchor = Cut(target.start, target.body, "")
    else:
        anchor = Cut(target.start - (text[target.start - 1 : target.start] == " "), end, "")
    return sorted([anchor, *value_cuts(layout, alias, node_at(target), style, name)])


def written_out(layout: Layout, alias: AliasSpan, style: Style) -> list[Cut]:
    """Cuts that put a copy of the value in the place of an alias."""
    return value_cuts(layout, alias, node_at(alias.target), style)


def unmerged(layout: Layout, mapping: MappingSpan, style: Style) -> list[Cut]:
    """Cuts that put the keys themselves in the place of merge keys (`<<`)."""
    known = set(mapping.entries)
    made: list[Cut] = []
    for row in mapping.merges:
        own = MappingNode(0, 0)
        own.entries.update((name, found) for name, found in merged(row).entries.items() if name not in known)
        known |= own.entries.keys()
        if not own.entries:
            made += removal(layout, mapping, row, style)
        elif mapping.flow:
            made.append(Cut(row.start, row.end, inline(own, True)[1:-1]))
        else:
            lines: list[str] = []
            for name, (_, value) in own.entries.items():
                lines += entry_lines(name, value, mapping.column, style)
            made.append(Cut(row.start, row.end, layout.newline.join(lines).lstrip(" ")))
    return made
