"""`python -m tools.reference`: writes what is made from the models that read the YAML.

The pages in docs/reference, the JSON Schema in docs/schema, and providers/names.py for the shell's completion.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cxconfig.kinds import Action, Kind, System
from cxconfig.language.keywords import MEANINGS, comparable, keywords_of
from cxconfig.language.versions import API_VERSION
from cxconfig.schema import document, meanings
from cxconfig.schema.fields import FieldHelp, KindHelp, Settable, kind_help, settings_help
from providers.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
NOTE = "<!-- Made by `python -m tools.reference`; do not edit. -->"

OTHER_FILE = """\
vars: {DOMAIN: example.com}
onecloud:
  teams:
    Sales: {}
  defaults:
    users: {change_password: true}
  templates:
    users:
      sales: {team: Sales, skills: {English: 50}}
      senior: {extends: sales, skills: {Billing: 90}}
  tables:
    users:
      - file: agents.csv
        key: login
        extends: sales
  users:
    jdoe:
      extends: senior
      first_name: Jane
      email: jdoe@${var:DOMAIN}
      ignore: [skills]
      protect: true
"""
TABLE = """\
login,first_name,last_name,skills.English
aokafor,Amara,Okafor,90
bhaddad,Bilal,Haddad,70
"""
OVERLAY = """\
onecloud:
  users:
    jdoe:
      email: $remove
      skills: {$replace: true, English: 100}
    aokafor: $remove
"""


def made() -> dict[str, str]:
    """Path below the root -> text of every file that is made."""
    helps = {kind.id: kind_help(kind) for kind in REGISTRY.all()}
    pages = {
        "README": index_page(helps.values()),
        "tenant": tenant_page(),
        **{kind.id: kind_page(kind, helps[kind.id]) for kind in REGISTRY.all()},
    }
    return {
        **{f"docs/reference/{name}.md": "\n".join([NOTE, "", *lines, ""]) for name, lines in pages.items()},
        f"docs/schema/{document.FILE}": document.text(REGISTRY),
        "providers/names.py": names_module(helps.values(), REGISTRY.all()),
    }


def index_page(helps: Iterable[KindHelp]) -> Iterator[str]:
    yield from ("# Reference", "", "- [tenant.yaml](tenant.md), and the words of the language in every other file")
    for one in helps:
        fields = ", ".join(f"[`{field.name}`]({one.id}.md#{field.name})" for field in one.fields) or "no fields"
        yield f"- [{one.id}]({one.id}.md): {fields}"
    yield from ("", "`cxconfig explain onecloud.users.team` shows the same in a terminal; editors have it from the")
    yield f"[JSON Schema](../schema/{document.FILE}), which `cxconfig schema` prints."


def kind_page(kind: Kind, told: KindHelp) -> Iterator[str]:
    """All that there is to say of a kind."""
    yield from (f"# {kind.id}", "", told.meaning, "")
    yield f"- Created by: {_code(told.created_by) or 'nothing; the API cannot create one'}"
    yield f"- Privilege: *{told.privilege}*"
    (first, becomes), *others = told.removals.items()
    choices = "".join(f"; with `on_remove: {word}` {what}" for word, what in others)
    yield f"- Taken out of the YAML: {becomes}{choices or f' (`on_remove: {first}`)'}"
    words = _and([f"`{word}`" for word in keywords_of(kind)])
    yield f"- Beside its fields: {words}, as [every object](tenant.md#objects)"
    yield from ("", "```yaml", *told.example.splitlines(), "```", "")
    if not told.fields:
        yield "It has no fields: write `{}`."
        return
    yield from ("| field | type | who may set it | changed by |", "|---|---|---|---|")
    for field in told.fields:
        changed = _code(field.changed_by) or ("" if field.settable is Settable.STEERS else "nothing")
        yield f"| [`{field.name}`](#{field.name}) | {field.type} | {field.settable} | {changed} |"
    for field in told.fields:
        yield from ("", f"## {field.name}", "", field.meaning, "")
        yield from _table(field_rows(field, kind.system))


def field_rows(field: FieldHelp, system: str) -> Iterator[tuple[str, str]]:
    """Label and text of each fact of a field; those without a text are left out."""
    steers = field.settable is Settable.STEERS
    yield "type", field.type
    yield "left out", _code(field.default) or "not managed: live it may be anything"
    yield "may be set", field.settable.value
    yield "set by", _code(field.set_by)
    yield "changed by", _code(field.changed_by) or ("" if steers else "nothing: the API cannot change it")
    yield "needed", f"for a creation: {system} demands it" if field.needed else ""
    yield "privilege", f"*{field.privilege}*" if field.privilege else ""
    yield "limits", "; ".join(field.limits)
    yield "refers to", f"a name declared under [{field.refers_to}]({field.refers_to}.md)" if field.refers_to else ""
    yield "secret", "only as a reference (`${env:NAME}`); recorded as a keyed digest" if field.secret else ""
    yield "write-only", "cannot be read; recorded as a keyed digest" if field.settable is Settable.WRITE_ONLY else ""
    yield "personal", "masked in output; recorded as a keyed digest" if field.private else ""
    yield f"in {system}", _code(field.vendor)
    yield "example", _code(f"{field.name}: {field.example}" if field.example else "")


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from ("| | |", "|---|---|")
    yield from (f"| {label} | {text} |" for label, text in rows if text)


def _and(words: Sequence[str]) -> str:
    """`a, b and c`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def tenant_page() -> Iterator[str]:
    """tenant.yaml, and what every other file may say."""
    systems = [REGISTRY.system(name) for name in REGISTRY.systems()]
    yield from (
        "# tenant.yaml",
        "",
        "The file at the top of a tenant's folder. All that it may say, in one example:",
        "",
    )
    yield from ("```yaml", *tenant_example(systems).splitlines(), "```", "")
    yield from _words(meanings.TOP)
    yield from ("", "Below `state`:", "", *_words(meanings.STATE))
    for system in systems:
        yield from ("", f"## systems.{system.name}", "", *settings_table(system))
    yield from ("", "## Kinds", "", "Below `systems.<system>.kinds.<kind>`:", "", *_words(meanings.KIND_SETTINGS), "")
    for kind in REGISTRY.all():
        yield f"- [{kind.id}]({kind.id}.md): `on_remove` may be {_choices(kind_help(kind).removals)}"
    yield from ("", "## Other files", "", "Any other YAML file of the folder, for example people.yaml:", "")
    yield from ("```yaml", *OTHER_FILE.splitlines(), "```", "", "with agents.csv beside it:", "")
    yield from ("```csv", *TABLE.splitlines(), "```", "", "Below a system's name, beside its kinds:", "")
    yield from (*_words(meanings.SECTION), "", "A table:", "", *_words(meanings.TABLE), "")
    yield from ("## Objects", "", "What an object may say beside its kind's fields:", "", *_words(MEANINGS), "")
    yield from ("## Environments", "", "A file below environments/prod, read with `--env prod`:", "")
    yield from ("```yaml", *OVERLAY.splitlines(), "```", "")
    yield from _words({"$remove": meanings.REMOVE, "$replace": meanings.REPLACE})


def _words(told: Mapping[str, str]) -> Iterator[str]:
    yield from ("| key | meaning |", "|---|---|")
    yield from (f"| `{word}` | {text} |" for word, text in told.items())


def _choices(words: Iterable[str]) -> str:
    first, *others = [f"`{word}`" for word in words]
    return f"{first} (the default)" + "".join(f" or {other}" for other in others)


def settings_table(system: System) -> Iterator[str]:
    """The settings of a system."""
    yield from ("| setting | type | needed | meaning | limits | example |", "|---|---|---|---|---|---|")
    for one in settings_help(system.settings, system.name, system.secret_settings):
        needed = "yes" if one.needed else f"no; {_code(one.default)}" if one.default else "no"
        limits = "; ".join([*one.limits, *(["only as a reference"] if one.secret else [])])
        yield f"| `{one.name}` | {one.type} | {needed} | {one.meaning} | {limits} | {_code(one.example)} |"


def tenant_example(systems: Iterable[System]) -> str:
    """A tenant.yaml with every setting of every system, and the settings of every kind."""
    lines = [f"api_version: {API_VERSION}", "tenant: acme", "manage: listed", "systems:"]
    for system in systems:
        lines.append(f"  {system.name}:")
        for one in settings_help(system.settings, system.name, system.secret_settings):
            lines.append(f"    {one.name}: {one.example}")
        lines.append("    kinds:")
        for kind in system.kinds:
            lines += [f"      {kind.name}:", *(f"        {line}" for line in _kind_example(kind))]
    return "\n".join(
        [
            *lines,
            "state:",
            "  backend: file:///var/lib/cxconfig",
            "  settings: stacks",
            "vars: {DOMAIN: example.com}",
            "",
        ]
    )


def _kind_example(kind: Kind) -> Iterator[str]:
    yield "exclude: [svc-*]"
    if len(kind.removals) > 1:
        yield from ("manage: all", f"on_remove: {kind.removals[0].value}", "protect: true")
    if kind.limitable:
        yield f"limits: {{{', '.join(map(_limit_example, kind.limitable))}}}"
    fields = comparable(kind)
    secrets = [name for name in fields if kind.specs[name].secret]
    if fields:
        yield f"ignore: [{fields[-1]}]"
    if secrets:
        yield f"plain_secrets: [{', '.join(secrets)}]"


def _limit_example(action: Action) -> str:
    return {
        Action.CREATE: "create: 50",
        Action.DISABLE: "disable: 10%",
        Action.DELETE: "delete: {count: 5, percent: 10}",
    }.get(action, f"{action.value}: 20")


def names_module(helps: Iterable[KindHelp], kinds: Iterable[Kind]) -> str:
    """A Python module with the names alone."""
    lines = [
        '"""The names of kinds and fields, for completion without a model. Made by `python -m tools.reference`."""',
        "",
        "from __future__ import annotations",
        "",
        "KINDS: dict[str, tuple[str, tuple[str, ...]]] = {",
    ]
    for one in helps:
        lines += [f'    "{one.id}": (', f'        "{one.singular}",']
        fields = [f'            "{field.name}",' for field in one.fields]
        lines += ["        (", *fields, "        ),"] if fields else ["        (),"]
        lines.append("    ),")
    lines += ["}", '"""Kind id -> what one object of it is called, and its fields."""']
    lines.append("LIMITABLE: dict[str, tuple[str, ...]] = {")
    for kind in kinds:
        words = [f'"{action.value}"' for action in kind.limitable]
        lines.append(f'    "{kind.id}": ({", ".join(words)}{"," if len(words) == 1 else ""}),')
    return "\n".join([*lines, "}", '"""Kind id -> the actions that `limits` may name."""', ""])


def main() -> int:
    for name, text in made().items():
        path = ROOT / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{name} is renewed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
