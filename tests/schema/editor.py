"""What an editor sees: a file parsed by the rules of YAML 1.2 and judged by a real validator of JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from jsonschema import Draft7Validator

from cxconfig.kinds import Registry
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode
from cxconfig.language.reader import read
from cxconfig.schema.document import schema

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def refusals(text: str | bytes, registry: Registry, plain_secrets: Collection[str] = ()) -> list[str]:
    """Everything that the schema refuses in a file that is sound YAML: `path: message`."""
    mistakes = Mistakes()
    node = read(text if isinstance(text, bytes) else text.encode(), Sheet("file.yaml", mistakes))
    assert not mistakes.errors, mistakes.errors
    errors = _validator(registry, tuple(sorted(plain_secrets))).iter_errors(parsed(node))
    return [f"{error.json_path}: {error.message}" for error in errors]


@cache
def _validator(registry: Registry, plain_secrets: tuple[str, ...]) -> Any:
    return Draft7Validator(schema(registry, plain_secrets))


def parsed(node: Node | None) -> Any:
    """The values that YAML's core schema gives plain scalars; dates stay texts, as in editors."""
    if isinstance(node, MappingNode):
        return {name: parsed(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, SequenceNode):
        return [parsed(item) for item in node.items]
    return None if node is None else _scalar(node)


def _scalar(node: ScalarNode) -> Any:
    text = node.text
    if not node.plain:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.casefold() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
