"""`vars:` and `${var:NAME}`: plain values that stand once and are used in many places.

A reference may be a whole value or part of a text; the schema types what comes out. Variables do not refer to others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cxconfig.language.mistakes import Path, Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null

SECTION = "vars"
MARK = "${var:"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_REFERENCE = re.compile(r"\$\{var:([^{}]*)\}")

MOST_TEXT = 8_000_000
"""Characters that all references of one file may put in."""

Variables = Mapping[str, tuple[ScalarNode, ScalarNode]]
"""Name -> its key and its value."""


class VariedNode(ScalarNode):
    """A scalar into which variables were put; `written` is how it stands in the file."""

    __slots__ = ("written",)

    def __init__(self, node: ScalarNode, text: str, plain: bool) -> None:
        super().__init__(text, plain, node.line, node.column, node.file)
        self.written = node.text


def read_variables(node: Node, sheet: Sheet, found: dict[str, tuple[ScalarNode, ScalarNode]]) -> None:
    """Take the `vars` of one file into those of its layer."""
    path = (SECTION,)
    if is_null(node):
        return
    if not isinstance(node, MappingNode):
        sheet.add(
            node, f"must be a mapping of variables, not {described(node)}", "write NAME: value below it", path=path
        )
        return
    for name, (key, value) in node.entries.items():
        where = (*path, name)
        if not _NAME.fullmatch(name):
            rule = "this is not the name of a variable: letters, digits and _, at most 64"
            sheet.add(key, rule, "write it like DOMAIN", path=path)
        elif name in found:
            first = sheet.place(found[name][0])
            rule = f"the variable is defined twice: here and at {first}"
            sheet.add(key, rule, "keep one of the two, or put one into an environment", path=where, also=[first])
        elif not isinstance(value, ScalarNode):
            sheet.add(value, f"a variable is one value, not {described(value)}", "write NAME: value", path=where)
        elif "${" in value.text:
            rule = "a variable cannot refer to another value"
            sheet.add(value, rule, "write the value itself; secrets are referred to where they are used", path=where)
        else:
            found[name] = (key, value)


class Substitution:
    """Puts the values of variables into the documents that use them.

    `whole`: every file could be read, so that an unknown variable is a mistake. `others`: environments that were not
    asked for.
    """

    def __init__(self, variables: Variables, sheet: Sheet, whole: bool, others: Sequence[str] = ()) -> None:
        self._variables = variables
        self._sheet = sheet
        self._whole = whole
        self._others = others
        self._seen: set[int] = set()
        self._alive: list[Node] = []
        self._added = 0
        self._full = False

    def into(self, node: Node, path: Path) -> Node:
        """The node with every reference replaced; mappings and lists are changed in place."""
        if isinstance(node, ScalarNode):
            return self._scalar(node, path) if MARK in node.text else node
        if id(node) not in self._seen:
            self._seen.add(id(node))
            self._alive.append(node)
            if isinstance(node, SequenceNode):
                node.items[:] = [self.into(item, (*path, f"[{i}]")) for i, item in enumerate(node.items)]
            else:
                for name, (key, value) in node.entries.items():
                    node.entries[name] = (key, self.into(value, (*path, name)))
        return node

    def _scalar(self, node: ScalarNode, path: Path) -> ScalarNode:
        unknown = [name for name in _REFERENCE.findall(node.text) if name not in self._variables]
        for name in unknown:
            if self._whole:
                self._unknown(node, name, path)
        if unknown:
            self._sheet.mistakes.close(self._sheet.place(node))
        values = self._variables
        if not unknown:
            self._added += sum(len(values[name][1].text) for name in _REFERENCE.findall(node.text))
            if self._added > MOST_TEXT:
                self._too_much(node, path)
                return node
        whole = _REFERENCE.fullmatch(node.text)
        if whole and not unknown:
            value = values[whole[1]][1]  # as if it stood there: quotes around a reference are YAML's, inside { }
            return VariedNode(node, value.text, value.plain)
        text = _REFERENCE.sub(lambda m: values[m[1]][1].text if m[1] in values else "", node.text)
        return VariedNode(node, text, node.plain)

    def _too_much(self, node: ScalarNode, path: Path) -> None:
        if not self._full:
            rule = f"variables make more than {MOST_TEXT:,} characters in all"
            self._sheet.add(node, rule, "use shorter values, or fewer references", path=path)
        self._full = True
        self._sheet.mistakes.close(self._sheet.place(node))

    def _unknown(self, node: ScalarNode, name: str, path: Path) -> None:
        hint = self._sheet.mistakes.hint(name, self._variables)
        way_out = hint or f"define it: `vars: {{{name}: value}}` in any file of the tenant's folder"
        if self._others:
            way_out += f", or add the environment that does: --env {' or --env '.join(self._others[:3])}"
        self._sheet.add(node, f"the variable {shown(name)} is not defined", way_out, path=path)
