"""What an endpoint sees and gives back, and how a path finds its endpoint. No I/O and nothing of any system."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

JSON = "application/json"
SCIM_JSON = "application/scim+json"
FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain"


@dataclass(slots=True)
class Call:
    """One request. `path` is as sent (percent-encoded, without query), `parameters` the values of its wildcards.

    `client` is who called, filled in once the system knows; `json` the parsed body, filled in by whoever parses it.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parameters: tuple[str, ...] = ()
    client: str = ""
    json: Any = None
    write: bool = False
    """An endpoint was found that changes things."""
    route: str = ""
    """The template of the endpoint that was found."""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def query_values(self) -> dict[str, list[str]]:
        return parse_qs(self.query)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; `content_type` None sends no such header."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    """An endpoint says no with a status and the text that the live system would send."""

    def __init__(self, status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.status = status
        self.text = text
        self.headers = headers
        super().__init__(text)


def compact(value: Any) -> bytes:
    """JSON as the live systems print it: without blanks, in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of a system, with what the system checks before it.

    `template`: the path, `{}` for one segment. `privileges`: any one of them is enough, with `every` all are needed;
    empty = none needed. `media_types`: what Content-Type may be; empty = not looked at. `write`: it changes things.
    """

    method: str
    template: str
    handle: Callable[[Call], Answer]
    privileges: frozenset[str] = frozenset()
    media_types: tuple[str, ...] = ()
    every: bool = False
    write: bool = False
    authenticated: bool = True

    def allows(self, privileges: Collection[str]) -> bool:
        """Whether these privileges are enough."""
        held = self.privileges.intersection(privileges)
        return len(held) == len(self.privileges) if self.every else bool(held) or not self.privileges


class _Node:
    """One segment of the tree of paths."""

    __slots__ = ("children", "endpoints", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wildcard: _Node | None = None
        self.endpoints: dict[str, Endpoint] = {}


class Router:
    """Finds the endpoints of a path. Doubled and trailing slashes do not count."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._root = _Node()
        for endpoint in endpoints:
            node = self._root
            for segment in _segments(endpoint.template):
                if segment == "{}":
                    node.wildcard = node.wildcard or _Node()
                    node = node.wildcard
                else:
                    node = node.children.setdefault(segment, _Node())
            node.endpoints[endpoint.method] = endpoint

    def find(self, path: str) -> tuple[Mapping[str, Endpoint], tuple[str, ...]]:
        """The endpoints of a path by method (none for an unknown path) and the decoded values of its wildcards."""
        return _find(self._root, _segments(path), 0, ()) or ({}, ())


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _find(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...]
) -> tuple[Mapping[str, Endpoint], tuple[str, ...]] | None:
    if at == len(segments):
        return (node.endpoints, values) if node.endpoints else None
    child = node.children.get(segments[at])
    found = _find(child, segments, at + 1, values) if child else None
    if found or not node.wildcard:
        return found
    return _find(node.wildcard, segments, at + 1, (*values, unquote(segments[at])))
