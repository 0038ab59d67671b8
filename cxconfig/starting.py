"""The files of a new tenant's folder, as texts. Pure; `cxconfig init` asks and writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cxconfig.kinds import Kind, Registry
from cxconfig.language import API_VERSION
from cxconfig.language.folder import TENANT_FILE
from cxconfig.schema.document import text as schema
from cxconfig.schema.fields import FieldHelp, example, settings_help

PEOPLE_FILE = "people.yaml"
IGNORE_FILE = ".gitignore"
SCHEMA_FILE = "cxconfig.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"
STATE = ".cxconfig/"
TENANT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")

PULUMI_PROJECT = """\
# For plain `pulumi preview` and `pulumi up` in this folder; cxconfig's own commands need none of it.
name: cxconfig
description: The tenant in this folder, applied with plain pulumi.
runtime:
  name: python
options:
  refresh: always
"""
PULUMI_PROGRAM = '''\
"""The program of plain `pulumi preview` and `pulumi up` in this folder."""

import pulumi

from cxconfig.engine.plain import program

registered = pulumi.Output.from_input(program(pulumi.Config("cxconfig").get("tenant") or "."))
registered.apply(lambda count: count)
'''


@dataclass(frozen=True, slots=True)
class Start:
    """What a new tenant is: its name, its one system, and what tenant.yaml says of that (text or `${env:NAME}`)."""

    tenant: str
    system: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> list[str]:
        """The environment variables that the settings name."""
        return [name for text in self.settings.values() for name in _REFERENCE.findall(text)]


def asked(registry: Registry, system: str) -> list[FieldHelp]:
    """The settings that a system cannot do without."""
    return [setting for setting in settings(registry, system) if setting.needed]


def settings(registry: Registry, system: str) -> tuple[FieldHelp, ...]:
    """Every setting of a system."""
    found = registry.system(system)
    return settings_help(found.settings, system, found.secret_settings)


def variable(system: str, setting: str) -> str:
    """The reference that stands for a setting unless its value is given: `${env:ONECLOUD_URL}`."""
    return f"${{env:{system.upper()}_{setting.upper()}}}"


def tenant_name(folder: str) -> str:
    """A tenant's name made of its folder's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", folder).strip("-")[:64] or "acme"


def files(start: Start, registry: Registry) -> dict[str, str]:
    """Name -> text of every file of a new folder."""
    return {
        TENANT_FILE: SCHEMA_LINE + tenant_file(start, registry),
        PEOPLE_FILE: SCHEMA_LINE + people_file(start, registry),
        SCHEMA_FILE: schema(registry),
        IGNORE_FILE: f"# What was applied is recorded here; to share that, name a backend in {TENANT_FILE}.\n{STATE}\n",
        "Pulumi.yaml": PULUMI_PROJECT,
        f"Pulumi.{start.tenant}.yaml": "config:\n  cxconfig:tenant: .\n",
        "__main__.py": PULUMI_PROGRAM,
    }


def tenant_file(start: Start, registry: Registry) -> str:
    """tenant.yaml, with the meaning of every setting beside it."""
    told = {setting.name: setting for setting in settings(registry, start.system)}
    lines = [
        "# The tenant: its name, and how its live system is reached. Everything else may stand in any other YAML file",
        "# of this folder. ${env:NAME} is taken from the environment when a command runs.",
        f"api_version: {API_VERSION}",
        f"tenant: {start.tenant}",
        "systems:",
        f"  {start.system}:",
    ]
    for name, setting in told.items():
        if name in start.settings:
            lines += [f"    # {_plain(setting.meaning)}", f"    {name}: {_scalar(start.settings[name])}"]
        elif setting.type == "text" and setting.example:
            lines += [f"    # {_plain(setting.meaning)}", f"    # {name}: {setting.example}"]
    lines += [
        "state:",
        f"  # The stack's settings stand in Pulumi.{start.tenant}.yaml: keep it in git. What was applied is recorded",
        "  # in .cxconfig, unless a backend is named here.",
        "  settings: .",
    ]
    return "\n".join(lines) + "\n"


def people_file(start: Start, registry: Registry) -> str:
    """A file that declares nothing yet and shows how it would."""
    kinds = [kind for kind in registry.of_system(start.system).values() if kind.leads or not kind.twin]
    kind = max(kinds, key=lambda kind: len(kind.specs))
    needed = {name for name, spec in kind.specs.items() if spec.needed}
    shown = "".join(f"#   {line}\n" for line in example(kind).splitlines() if _field_of(line, kind) in {"", *needed})
    return (
        "# What is listed is managed; what is left out, an object or a field, stays as it is live.\n"
        f"# `cxconfig export` writes what is live into files like this one, `cxconfig add {kind.singular}` adds one"
        f" {kind.singular}.\n"
        f"# For example, without the `#`:\n#\n{shown}"
    )


def _field_of(line: str, kind: Kind) -> str:
    """The field that a line of an example is about, or ""."""
    name = line.strip().partition(":")[0]
    return name if name in kind.specs else ""


def _plain(text: str) -> str:
    return text.replace("`", "")


def with_state_ignored(text: str) -> str:
    """A .gitignore that is there already, with the folder of the state in it."""
    if STATE.rstrip("/") in {line.strip().strip("/") for line in text.splitlines()}:
        return text
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{STATE}\n"


def _scalar(text: str) -> str:
    """A setting as it stands in YAML: in quotes unless it is a simple word, an address or a reference."""
    if re.fullmatch(r"[A-Za-z$][\w${}:/.@-]*", text) and not text.endswith(":") and ": " not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
