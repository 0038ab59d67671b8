"""A tenant's folder before a sandbox with one user, as plain pulumi sees it, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cxconfig.planning.plan import Recorded
from cxconfig.sandbox import Sandbox
from providers.host import Host


class Stack:
    """`recorded`: what the stack holds."""

    def __init__(self, folder: Path, box: Sandbox) -> None:
        self.folder = folder
        self.box = box
        self.recorded: list[Recorded] = []

    def holding(self, **records: Mapping[str, Any]) -> Stack:
        """`users`, `scim_accounts`: the record of jdoe there."""
        self.recorded = [Recorded(f"onecloud.{name}", "jdoe", inputs, "urn:x") for name, inputs in records.items()]
        return self

    def write(self, objects: Mapping[str, Any] | None = None, **kinds: Any) -> None:
        """`objects`: what is declared; `kinds`: what tenant.yaml says of kinds."""
        system = {
            "url": self.box.url,
            "scope": "acme.example.com",
            "client_id": "${env:ONECLOUD_CLIENT_ID}",
            "client_secret": "${env:ONECLOUD_CLIENT_SECRET}",
            "kinds": kinds,
        }
        main = {"api_version": "cxconfig/v1", "tenant": "acme", "systems": {"onecloud": system}}
        for name, content in (("tenant.yaml", main), ("people.yaml", {"onecloud": objects or {}})):
            (self.folder / name).write_text(yaml.safe_dump(content), "utf-8")

    def host(self, objects: Mapping[str, Any] | None = None, **kinds: Any) -> Host:
        """A process of the engine, with these files."""
        self.write(objects, **kinds)
        return Host(self.folder, None)

    def writes(self) -> list[tuple[str, str]]:
        return [(entry.method, entry.path) for entry in self.box.log(write=True)]
