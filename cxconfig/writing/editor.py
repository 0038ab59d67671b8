"""The text of one YAML file, edited in place: what is not touched stays byte for byte.

Edits are cuts into the text, at the places that the parser's events give. Before the text is handed out it is read
again and must say exactly what it said before, with the edits made; if not, nothing is changed.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cxconfig.errors import EditRefused, InputErrors
from cxconfig.language.layers import removes
from cxconfig.language.mistakes import Mistakes, Sheet, dotted
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null
from cxconfig.language.reader import read
from cxconfig.writing import cuts, sharing
from cxconfig.writing.cuts import Cut
from cxconfig.writing.emission import Plain, Style, key_node, key_text, mapping_lines, node_of, plain_of, same
from cxconfig.writing.lists import kept_items, list_cuts
from cxconfig.writing.spans import AliasSpan, Entry, Layout, MappingSpan, SequenceSpan, Span, merged, uncollected
from cxconfig.writing.styles import style_at

BOM = "\ufeff"
Path = tuple[str, ...]

_WRONG = ScalarNode("", False, -1, -1)
"""Stands for what cannot be read."""


class _Edit(NamedTuple):
    """`path`: the value that changes. `mapping`: whose keys become more (`grows`) or fewer; None when neither."""

    path: Path
    cuts: list[Cut]
    mapping: MappingSpan | None = None
    grows: bool = False


class Editor:
    """One file's text under edits. A path is the keys from the top of the file to a value: `("onecloud", "users")`.

    Every method may raise `EditRefused`; edits that were not looked at yet are then given up.
    """

    def __init__(self, text: str, file: str = "") -> None:
        """Raises `InputErrors` for a text that the project's reader does not take."""
        self._file = file
        self._bom = BOM if text.startswith(BOM) else ""
        self._batch = _Batch()
        with uncollected():
            self._read = self._node = self._parsed(text.removeprefix(BOM))
            self._layout = Layout(text.removeprefix(BOM))

    def _parsed(self, text: str) -> Node | None:
        mistakes = Mistakes()
        node = read(text.encode("utf-8", "surrogatepass"), Sheet(self._file, mistakes))
        if mistakes.errors:
            raise InputErrors(mistakes.errors)
        return node

    @property
    def text(self) -> str:
        """The text with all edits."""
        self._settle()
        return self._bom + self._layout.text

    def settle(self) -> None:
        """Look at the edits made so far. Raises `EditRefused` where the text would not say what it must."""
        self._settle()

    def has(self, path: Sequence[str]) -> bool:
        """Whether there is such a key, with a value or without."""
        return self._find(path) is not None

    def keys(self, path: Sequence[str]) -> list[str]:
        """The keys of a mapping, in order; none where there is no mapping."""
        node = self._find(path)
        return list(node.entries) if isinstance(node, MappingNode) else []

    def value(self, path: Sequence[str]) -> Plain | None:
        """What stands at a path: a flag, number or text as they look, without a schema; None for nothing."""
        node = self._find(path)
        return None if node is None else plain_of(node)

    def set(self, path: Sequence[str], value: Plain) -> None:
        """Replace a value, or insert a key and the mappings above it that are missing.

        A mapping or list that is there already is changed only where it differs. Other places that have the same value
        through an alias keep it.
        """
        if not path and not isinstance(value, Mapping):
            raise EditRefused(f"{self._file}: the top of a file must be a mapping")
        for key in path:
            key_node(key, tuple(path))
        self._set(tuple(path), node_of(value, tuple(path)))

    def remove(self, path: Sequence[str]) -> None:
        """Take out a key with its value, its comment on the line and the comment lines directly above it.

        Nothing happens when there is no such key. A mapping whose last key is taken out stays, as `{}`.
        """
        if path and self._find(path) is not None:
            self._edit(tuple(path), None)

    def rename(self, path: Sequence[str], name: str) -> None:
        """Give a key another name; its value and comments stay as they are. Nothing happens when there is no such key.

        Raises `EditRefused` when there is a key of the new name already.
        """
        self.move(path, (*path[:-1], name))

    def move(self, path: Sequence[str], target: Sequence[str]) -> None:
        """Move a key with its value and comments to another path, behind the keys that are there.

        Raises `EditRefused` when there is such a key already, and where comments would be lost.
        """
        old, new = tuple(path), tuple(target)
        node = self._find(old)
        if node is None or old == new:
            return
        self._free(old, new)
        if old[:-1] == new[:-1]:
            self._rename(old, new[-1], node)
            return
        if self._find(new[:-1]) is None or is_null(self._find(new[:-1]) or node):
            self.set(new[:-1], {})
        self._settle()
        if not self._transplanted(old, new, node):
            self._edit(new, node)
            self._edit(old, None)

    def _free(self, old: Path, new: Path) -> None:
        if new[: len(old)] == old or self._find(new) is not None:
            why = "lies inside it" if self._find(new) is None else "is there already"
            raise EditRefused(
                f"{self._file}: {dotted(old)} cannot become {dotted(new)}: that {why}",
                way_out="Remove one of the two by hand.",
            )
        self._refuse_below_values(new)

    def _rename(self, path: Path, name: str, node: Node) -> None:
        key_node(name, path)
        self._settle()
        holders, entry, _ = self._own(path, removal=True, whole=False)
        assert entry is not None
        text = key_text(name, holders[-1].flow)
        self._batch.takes(_Edit(path[:-1], [Cut(entry.key.start, entry.key.end, text)]))
        self._node = changed(changed(self._node, path, None), (*path[:-1], name), node)

    def _transplanted(self, old: Path, new: Path, node: Node) -> bool:
        """Move the lines of a key. False: that cannot be, and there is no comment that would be lost."""
        self._own(new, removal=False)
        holders, entry, _ = self._own(old, removal=True, whole=False)
        target = self._layout.root
        for key in new[:-1]:
            target = target.entries[key].value if isinstance(target, MappingSpan) and key in target.entries else None
        assert entry is not None and target is not None
        made = cuts.transplant(self._layout, entry, new[-1], target, style_at(self._layout, target))
        end = entry.end if holders[-1].flow else self._layout.line_end(entry.end)
        plain = "#" not in self._layout.text[entry.start : end]
        if made is not None:
            self._batch.add(made, None)
            self._batch.paths[old] = None
            self._node = changed(changed(self._node, new, node), old, None)
            try:
                self._settle()
            except EditRefused:
                if not plain:
                    raise
            else:
                return True
        if not plain:
            raise EditRefused(
                f"{self._file}: {dotted(old)} cannot be moved to {dotted(new)} with its comments",
                way_out="Move it by hand.",
            )
        return False

    def _set(self, path: Path, node: Node) -> None:
        current = self._find(path)
        if current is not None and said(current, node):
            return
        if isinstance(current, MappingNode) and isinstance(node, MappingNode):
            kept = current.entries.keys() & node.entries.keys()
            if kept or not path:
                for name in [name for name in current.entries if name not in kept]:
                    self.remove((*path, name))
                for name, (_, value) in node.entries.items():
                    self._set((*path, name), value)
                return
        if isinstance(current, SequenceNode) and isinstance(node, SequenceNode):
            node = kept_items(current, node)
        self._edit(path, node)

    def _find(self, path: Sequence[str]) -> Node | None:
        node = self._node
        for key in path:
            if not isinstance(node, MappingNode) or key not in node.entries:
                return None
            node = node.entries[key][1]
        return node

    def _edit(self, path: Path, node: Node | None) -> None:
        """Make one edit: together with those before it where they do not touch each other, or else after them."""
        self._refuse_below_values(path)
        edit = self._prepared(path, node)
        if not self._batch.takes(edit):
            self._settle()
            self._batch.takes(self._prepared(path, node))
        self._node = changed(self._node, path, node)

    def _refuse_below_values(self, path: Path) -> None:
        """A key can be set only in a mapping, or where there is nothing yet."""
        for depth in range(len(path)):
            found = self._find(path[:depth])
            if found is not None and not isinstance(found, MappingNode) and not is_null(found):
                where = dotted(path[:depth]) or "the top"
                raise EditRefused(
                    f"{self._file}: {where} is {described(found)}, so {dotted(path)} cannot be set",
                    way_out="Make it a mapping, or remove it.",
                )

    def _settle(self) -> None:
        """Make the cuts, and hold what is read then against what it must be."""
        batch, self._batch = self._batch, _Batch()
        if batch.cuts:
            with uncollected():
                self._make(batch)

    def _make(self, batch: _Batch) -> None:
        text = cuts.cut_out(self._layout.text, [cut for cut, _ in batch.cuts])
        # A `|` text that became the last line of a file without a line end at its end needs that line end.
        ends = [""] if text.endswith(("\n", "\r")) else ["", self._layout.newline]
        text, node = next(filter(self._right, ((text + end, self._tried(text + end)) for end in ends)), (text, _WRONG))
        if node is _WRONG:
            self._node = self._read
            shown = ", ".join(dotted(path) or "the file" for path in list(batch.paths)[:3]) or "an alias"
            raise EditRefused(
                f"{self._file}: {shown} cannot be changed in place without changing something else",
                way_out="Change it by hand. The file was left as it is; this is a fault of cxconfig: please report it.",
            )
        self._read = self._node = node
        self._layout = Layout(text, self._layout.newline)

    def _tried(self, text: str) -> Node | None:
        try:
            return self._parsed(text)
        except InputErrors:
            return _WRONG

    def _right(self, tried: tuple[str, Node | None]) -> bool:
        """Whether a text says what it must; nothing and a mapping without keys are the same at the top."""
        nothing = isinstance(self._node, MappingNode) and not self._node.entries
        return tried[1] is not _WRONG and (same(tried[1], self._node) or (tried[1] is None and nothing))

    # --- from a path to cuts ---

    def _prepared(self, path: Path, node: Node | None) -> _Edit:
        """The cuts of one edit."""
        holders, entry, missing = self._own(path, removal=node is None)
        last = holders[-1] if holders else None
        if node is None and entry is None:  # a merge key brings the mapping that it stands in
            return self._added(path, last, missing, None)
        if node is None:
            assert entry is not None and isinstance(last, MappingSpan)
            return _Edit(path, cuts.removal(self._layout, last, entry, style_at(self._layout, last)), last)
        if entry is not None:
            style = style_at(self._layout, last)
            made = None
            if isinstance(entry.value, SequenceSpan) and isinstance(node, SequenceNode):
                made = list_cuts(self._layout, entry.value, node, style)
            return _Edit(path, made or cuts.value_cuts(self._layout, entry.value, node, style))
        return self._added(path, last, missing, node)

    def _own(self, path: Path, *, removal: bool, whole: bool = True) -> tuple[list[Span], Entry | None, Path]:
        """What the path leads through, after what shares a value with the edited place was taken apart from it.

        `whole`: the value at the path goes, so what others share of it must stay somewhere.
        """
        while True:
            holders, entry, missing = self._trail(path)
            last = holders[-1] if holders else None
            region = _region(entry, removal) if whole else None
            if self._batch.holds(path) or (self._batch.cuts and len(path) - len(missing) != self._depth(path)):
                self._settle()  # the place is new, or gone, since the text was read
            elif missing and isinstance(last, AliasSpan):
                self._apart(sharing.written_out(self._layout, last, style_at(self._layout, last)))
            elif (alias := sharing.shared(self._layout, holders, region)) is not None:
                self._apart(sharing.moved(self._layout, alias, style_at(self._layout, alias)))
            elif removal and isinstance(last, MappingSpan) and _brought(last, path[-1]):
                self._apart(sharing.unmerged(self._layout, last, style_at(self._layout, last)))
            else:
                return holders, entry, missing

    def _added(self, path: Path, last: Span | None, missing: Path, node: Node | None) -> _Edit:
        style = style_at(self._layout, last)
        depth = len(path) - len(missing)
        if isinstance(last, MappingSpan) and last.rows:
            above = path[: depth + 1]  # a merge key may bring a value already: then it is copied
            value = changed(self._find(above), missing[1:], node)
            assert value is not None
            return _Edit(above, cuts.insertion(self._layout, last, missing[0], value, style), last, True)
        above, value = path[:depth], changed(None, missing, node)
        assert value is not None
        span = last or self._layout.root
        if span is None:
            return _Edit(above, cuts.root_cuts(self._layout, value, style))
        if isinstance(span, MappingSpan):
            return _Edit(above, cuts.filling(self._layout, span, value, style))
        return _Edit(above, cuts.value_cuts(self._layout, span, value, style))

    def _apart(self, made: list[Cut]) -> None:
        """Make cuts that change no value, on their own. With others waiting those are made and these found anew."""
        if not self._batch.cuts:
            self._batch.add(made, None)
        self._settle()

    def _depth(self, path: Path) -> int:
        """How many keys of the path there are."""
        return next((n for n in range(len(path), 0, -1) if self._find(path[:n]) is not None), 0)

    def _trail(self, path: Path) -> tuple[list[Span], Entry | None, Path]:
        """The values that the path leads through, the entry of its last key, and the keys that are missing."""
        holders: list[Span] = []
        span, entry = self._layout.root, None
        for number, key in enumerate(path):
            if span is None:
                return holders, None, path
            holders.append(span)
            if not isinstance(span, MappingSpan) or key not in span.entries:
                return holders, None, path[number:]
            entry = span.entries[key]
            span = entry.value
        return holders, entry, ()


class _Batch:
    """Cuts that wait to be made together, in order. Those of edits that touch each other do not go together."""

    def __init__(self) -> None:
        self.cuts: list[tuple[Cut, MappingSpan | None]] = []
        self.paths: dict[Path, None] = {}
        self._grown: set[int] = set()
        self._removed: dict[int, int] = {}

    def holds(self, path: Path) -> bool:
        """Whether an edit waits at the path or above it."""
        return any(path[:length] in self.paths for length in range(len(path) + 1))

    def takes(self, edit: _Edit) -> bool:
        """Add the cuts of an edit, unless they touch those that wait."""
        mapping = edit.mapping
        if mapping is not None and not self._takes_keys(mapping, edit.grows):
            return False
        owner = mapping if edit.grows and mapping is not None and not mapping.flow else None
        if not all(self._fits(cut, owner) for cut in edit.cuts):
            return False
        self.add(edit.cuts, owner)
        self.paths[edit.path] = None
        if mapping is not None and edit.grows:
            self._grown.add(id(mapping))
        elif mapping is not None:
            self._removed[id(mapping)] = self._removed.get(id(mapping), 0) + 1
        return True

    def add(self, made: list[Cut], owner: MappingSpan | None) -> None:
        for cut in made:
            insort(self.cuts, (cut, owner), key=lambda item: item[0].start)

    def _takes_keys(self, mapping: MappingSpan, grows: bool) -> bool:
        removed = self._removed.get(id(mapping), 0)
        if grows:
            return not removed
        return id(mapping) not in self._grown and (not removed or removed + 1 < len(mapping.rows))

    def _fits(self, cut: Cut, owner: MappingSpan | None) -> bool:
        place = bisect_right(self.cuts, cut.start, key=lambda item: item[0].start)
        if place < len(self.cuts) and _meet(cut, self.cuts[place][0]):
            return False
        if not place:
            return True
        before, its = self.cuts[place - 1]
        if before.start == cut.start:
            return before.end == before.start == cut.end and owner is not None and its is owner
        return not _meet(before, cut)


def _meet(before: Cut, after: Cut) -> bool:
    """Whether two cuts overlap, or one puts text just where the other ends."""
    return after.start < before.end or (after.start == before.end and after.start == after.end)


def document(value: Mapping[str, Plain], comment: str = "") -> str:
    """The text of a new file: `comment` as its first lines, then the keys of `value`."""
    node = node_of(value)
    assert isinstance(node, MappingNode)
    head = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines = [*head, *([""] if head and node.entries else []), *mapping_lines(node, 0, Style(), top=True)]
    return "".join(line + "\n" for line in lines)


def said(node: Node, wanted: Node) -> bool:
    """Whether a value that was read is already the wanted one: a number without quotes may be meant as a text."""
    if isinstance(wanted, ScalarNode):
        if not isinstance(node, ScalarNode) or node.null or removes(node):
            return False
        return node.text == wanted.text and (node.plain or not wanted.plain)
    if isinstance(wanted, SequenceNode):
        return (
            isinstance(node, SequenceNode)
            and len(node.items) == len(wanted.items)
            and all(map(said, node.items, wanted.items))
        )
    return (
        isinstance(node, MappingNode)
        and node.entries.keys() == wanted.entries.keys()
        and all(said(node.entries[name][1], value) for name, (_, value) in wanted.entries.items())
    )


def changed(node: Node | None, path: Path, value: Node | None) -> Node | None:
    """A document with another value at a path, or without its last key. Nodes that others share are not touched."""
    if not path:
        return value
    copy = MappingNode(0, 0)
    if isinstance(node, MappingNode):
        copy.entries.update(node.entries)
    name = path[0]
    old = copy.entries.get(name)
    if value is None and len(path) == 1:
        del copy.entries[name]
        return copy
    new = changed(old[1] if old else None, path[1:], value)
    assert new is not None
    copy.entries[name] = (old[0] if old else ScalarNode(name, False, 0, 0), new)
    return copy


def _region(entry: Entry | None, removal: bool) -> tuple[int, int] | None:
    if entry is None:
        return None
    return (entry.start if removal else entry.value.start), max(entry.end, entry.value.start + 1)


def _brought(mapping: MappingSpan, name: str) -> bool:
    """Whether a merge key brings this key too."""
    return any(name in merged(row).entries for row in mapping.merges)
