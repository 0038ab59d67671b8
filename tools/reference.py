"""`python -m tools.reference`: writes the tables of docs/<system>.md from the models that read the YAML.

What stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is generated, everything else is left alone. NAME is
`settings` or the keyword of a kind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cxconfig.kinds import Desired, FieldSpec, Kind, System
from cxconfig.schema.fields import KEY, REMOVALS
from cxconfig.schema.words import docstrings
from providers.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[1]


def page(system: str) -> Path:
    """The page of a system."""
    return ROOT / "docs" / f"{system}.md"


def renewed(text: str, system: str) -> str:
    """The text of a page with its generated parts made anew; raises `ValueError` when one has no place in it."""
    for name, lines in parts(REGISTRY.system(system)):
        pattern = re.compile(rf"(?<=<!-- begin {name} -->\n).*?(?=<!-- end {name} -->)", re.DOTALL)
        body = "\n".join(["", *lines, "", ""])
        text, count = pattern.subn(lambda _, body=body: body, text)  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"docs/{system}.md has {count} places for {name}, not one")
    return text


def parts(system: System) -> Iterator[tuple[str, list[str]]]:
    """Name and lines of each generated part."""
    yield "settings", settings_lines(system)
    for kind in system.kinds:
        yield kind.name, kind_lines(kind)


def settings_lines(system: System) -> list[str]:
    """The table of what tenant.yaml says below the system's name."""
    lines = ["| setting | type | needed | notes |", "|---|---|---|---|"]
    schema = system.settings.model_json_schema()
    for name, prop in schema["properties"].items():
        needed = "yes" if name in schema.get("required", ()) else ""
        secret = "only as `${env:NAME}`" if name in system.secret_settings else ""
        lines.append(f"| `{name}` | {type_text(prop, schema)} | {needed} | {secret} |")
    return lines


def kind_lines(kind: Kind) -> list[str]:
    """What a kind's calls need, what becomes of an object that is taken out, and its fields."""
    creation = kind.creation(Desired(kind.id, KEY, {}))
    first, *others = kind.removals
    lines = [
        f"- Created by: {f'`{creation}`' if creation else 'nothing; the API cannot create one'}",
        f"- Privilege: *{kind.privilege}*",
        f"- Taken out of the YAML: {REMOVALS[first]}"
        + "".join(f"; with `on_remove: {other}` {REMOVALS[other]}" for other in others),
    ]
    if not kind.specs:
        return [*lines, "- Fields: none; write `{}`"]
    schema, told = kind.model.model_json_schema(), docstrings(kind.model)
    lines += ["", f"| field | {kind.system} | type | changed by | notes |", "|---|---|---|---|---|"]
    for name, prop in schema["properties"].items():
        spec = kind.specs[name]
        call = kind.change_call(KEY, name)
        changed = f"`{call}`" if call else "" if spec.setting else "nothing after creation"
        vendor = f"`{spec.vendor}`" if spec.vendor else ""
        notes = " ".join([*marks(spec), *([told[name]] if name in told else [])])
        lines.append(f"| `{name}` | {vendor} | {type_text(prop, schema)} | {changed} | {notes} |")
    return lines


def marks(spec: FieldSpec) -> Iterator[str]:
    """What the field's marks mean for a user."""
    if spec.secret:
        yield "Secret: only as `${env:NAME}`."
    if spec.private:
        yield "Personal data: masked in output, a digest in the state."
    if spec.refers_to:
        yield f"A name declared under `{spec.refers_to}`."
    if spec.setting:
        yield "Steers cxconfig, is never sent."


def type_text(prop: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A JSON Schema type in a user's words."""
    if "$ref" in prop:
        return type_text(schema["$defs"][prop["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in prop:
        return " or ".join(type_text(p, schema) for p in prop["anyOf"] if p.get("type") != "null")
    if "enum" in prop:
        return " or ".join(f"`{value}`" for value in prop["enum"])
    kind = prop["type"]
    if kind == "object":
        return f"name: {type_text(prop['additionalProperties'], schema)}"
    if kind == "array":
        return f"list of {type_text(prop['items'], schema)}"
    least = f" from {prop['minimum']} on" if "minimum" in prop else ""
    return {"string": "text", "boolean": "`true` or `false`", "integer": "whole number"}[kind] + least


def main() -> int:
    for system in REGISTRY.systems():
        path = page(system)
        path.write_text(renewed(path.read_text("utf-8"), system), "utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)} is renewed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
