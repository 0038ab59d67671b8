"""`vars:` and `${var:NAME}`: plain values that stand once and are used in many places.

A reference may be a whole value or part of a text; the schema types what comes out. Variables do not refer to others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cxconfig.language.mistakes import Sheet, shown
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode, described, is_null

SECTION = "vars"
MARK = "${var:"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_REFERENCE = re.compile(r"\$\{var:([^{}]*)\}")

Variables = Mapping[str, tuple[ScalarNode, ScalarNode]]
"""Name -> its key and its value."""


class VariedNode(ScalarNode):
    """A scalar into which variables were put; `written` is how it stands in the file."""

    __slots__ = ("written",)

    def __init__(self, node: ScalarNode, text: str) -> None:
        super().__init__(text, node.plain, node.line, node.column, node.file)
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
            rule = f"{shown(name)} is not the name of a variable: letters, digits and _, at most 64"
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
    """Puts the values of variables into the documents that use them. `whole`: every file could be read, so that an
    unknown variable is a mistake."""

    def __init__(self, variables: Variables, sheet: Sheet, whole: bool) -> None:
        self._variables = variables
        self._sheet = sheet
        self._whole = whole
        self._seen: set[int] = set()
        self._alive: list[Node] = []

    def into(self, node: Node) -> Node:
        """The node with every reference replaced; mappings and lists are changed in place."""
        if isinstance(node, ScalarNode):
            return self._scalar(node) if MARK in node.text else node
        if id(node) not in self._seen:
            self._seen.add(id(node))
            self._alive.append(node)
            if isinstance(node, SequenceNode):
                node.items[:] = [self.into(item) for item in node.items]
            else:
                for name, (key, value) in node.entries.items():
                    node.entries[name] = (key, self.into(value))
        return node

    def _scalar(self, node: ScalarNode) -> ScalarNode:
        good = True

        def value(found: re.Match[str]) -> str:
            nonlocal good
            name = found[1]
            if name in self._variables:
                return self._variables[name][1].text
            good = False
            if self._whole:
                self._unknown(node, name)
            return ""

        text = _REFERENCE.sub(value, node.text)
        return VariedNode(node, text if good else "")

    def _unknown(self, node: ScalarNode, name: str) -> None:
        hint = self._sheet.mistakes.hint(name, self._variables)
        way_out = hint or f"define it: `vars: {{{name}: value}}` in any file of the tenant's folder"
        self._sheet.add(node, f"the variable {shown(name)} is not defined", way_out)
