"""What our commands hand to the dynamic host of one run: the announced steps and what was observed, no secret.

The host is another process, so this is a JSON file of mode 0600 in the run's folder, named by `CXCONFIG_HANDOVER`.
With it the host makes exactly the announced changes and refuses every other; without it (plain pulumi) it works from
the tenant's folder alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import Action, OnRemove, SecretRef, Values

ENVIRONMENT = "CXCONFIG_HANDOVER"
"""Environment variable with the file's path."""
REFERENCE = "$reference"


@dataclass(frozen=True, slots=True)
class HandedStep:
    """One announced step. `observed`: the live object as a record (see `record`), None when it is absent.

    `was`: the key under which it was observed and is recorded. `joins`: it is created by then, by its twin's step.
    `kept`: the key under which it has values that an interrupted replacement was to carry over.
    """

    action: Action
    observed: Values | None
    fields: tuple[str, ...] = ()
    """The fields that were announced to differ."""
    facts: Values = field(default_factory=dict)
    """Observed values that are recorded beside the fields."""
    was: str = ""
    joins: bool = False
    kept: str = ""


@dataclass(frozen=True)
class Handover:
    """`steps` by kind id and key; `systems`: each system's settings as written, references unresolved."""

    tenant: str
    folder: str
    journal: str
    systems: Mapping[str, Values]
    settings: Mapping[str, KindSettings]
    """What tenant.yaml says of kinds, as far as it bears on removal."""
    steps: Mapping[tuple[str, str], HandedStep]
    environments: tuple[str, ...] = ()
    passwords: str = ""
    """The file that generated passwords are to be written to."""
    successors: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Old key -> new key of objects that a refresh finds under the new one alone."""

    def dump(self) -> str:
        return json.dumps(
            {
                "tenant": self.tenant,
                "folder": self.folder,
                "environments": list(self.environments),
                "journal": self.journal,
                "passwords": self.passwords,
                "systems": {name: {k: _out(v) for k, v in s.items()} for name, s in self.systems.items()},
                "settings": {kind: [said.on_remove, said.protect] for kind, said in self.settings.items()},
                "steps": [
                    [
                        *(kind, key, step.action, step.observed, list(step.fields), dict(step.facts)),
                        *(step.was, step.joins, step.kept),
                    ]
                    for (kind, key), step in self.steps.items()
                ],
                "successors": [[*old, new] for old, new in self.successors.items()],
            }
        )

    @classmethod
    def load(cls, path: Path) -> Handover:
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            data["tenant"],
            data["folder"],
            data["journal"],
            {name: {k: _in(v) for k, v in s.items()} for name, s in data["systems"].items()},
            {
                kind: KindSettings(on_remove=OnRemove(on_remove) if on_remove else None, protect=protect)
                for kind, (on_remove, protect) in data["settings"].items()
            },
            {
                (kind, key): HandedStep(Action(action), observed, tuple(fields), facts, was, joins, kept)
                for kind, key, action, observed, fields, facts, was, joins, kept in data["steps"]
            },
            tuple(data["environments"]),
            data["passwords"],
            {(kind, old): new for kind, old, new in data["successors"]},
        )


def _out(value: Any) -> Any:
    return {REFERENCE: [value.scheme, value.name]} if isinstance(value, SecretRef) else value


def _in(value: Any) -> Any:
    return SecretRef(*value[REFERENCE]) if isinstance(value, Mapping) and REFERENCE in value else value
