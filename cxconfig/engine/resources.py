"""What the engine is told of an object, and how it names it. Knows no Pulumi."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One object for the engine: `record` is its inputs, `needs` the objects that come before it.

    `was`: the key that it may still have in the state: the engine then gives that entry the new one.
    """

    kind: str
    key: str
    record: Mapping[str, Any]
    needs: tuple[tuple[str, str], ...] = ()
    was: str = ""


def provider_type(kind_id: str) -> str:
    """The Pulumi type token of a kind; persisted in states."""
    system, name = kind_id.split(".")
    return f"pulumi-python:dynamic/{system}:{name}"


def urn_of(project: str, stack: str, kind: str, key: str) -> str:
    """The URN that the engine gives an object; its name is the natural key."""
    return f"urn:pulumi:{stack}::{project}::{provider_type(kind)}::{key}"
