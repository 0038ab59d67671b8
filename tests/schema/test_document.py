"""The JSON Schema for editors, judged by a real validator: good files pass, bad ones do not, none is wronged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from cxconfig.errors import InputErrors
from cxconfig.kinds import Registry
from cxconfig.language.document import load
from cxconfig.language.kind_settings import READERS
from cxconfig.language.sections import BESIDE_KINDS
from cxconfig.language.tables import SETTINGS
from cxconfig.schema import meanings
from cxconfig.schema.document import schema, secret_fields, text
from providers.registry import REGISTRY
from tests.language import fakes
from tests.schema.editor import refusals

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "acme").rglob("*.yaml"))
FAKE = fakes.REGISTRY

GOOD = {
    "nothing": "",
    "an empty section": "desk:",
    "empty kinds and objects": "desk: {agents: , groups: {Sales: , Support: {}}}",
    "texts that look like something else": (
        "desk: {agents: {1: {first_name: 0123, last_name: NO, phone: +15551234567, group: true}}}"
    ),
    "texts that are nothing": "desk: {agents: {a: {first_name: , last_name: ~, phone: null}}}",
    "dates and times": "desk: {agents: {a: {first_name: 2020-01-01, last_name: 1e3}}}",
    "emptied": "desk: {agents: {a: {skills: {}, roles: [], deputies: , address: }}}",
    "choices": "desk: {agents: {a: {shift: night, on_remove: delete}}}",
    "bounds": "desk: {agents: {a: {priority: 10, skills: {x: 100}, roles: [ab], address: {floor: -3}}}}",
    "keywords": "desk: {agents: {a: {extends: t, ignore: [phone], protect: true}, b: {extends: [t, u]}}}",
    "layers": "desk: {defaults: {agents: {shift: day}}, templates: {agents: {t: {extends: u}, u: }}}",
    "tables": 'desk: {tables: {agents: [{file: a.csv, key: login, columns: {Vorname: first_name}, delimiter: ";"}]}}',
    "one table": "desk: {tables: {agents: {file: a.csv, key: login, extends: t}}}",
    "marks": "desk: {agents: {a: $remove, b: {priority: $remove, skills: {$replace: true, x: $remove}}}}",
    "more marks": "desk: {agents: {c: {$replace: true, shift: $remove, disabled: $remove, password: $remove}}}",
    "variables": (
        "vars: {N: 5, OFF: true, E: }\n"
        "desk:\n  agents:\n    a:\n      priority: ${var:N}\n      disabled: ${var:OFF}\n      extension: ${var:N}\n"
        "      shift: ${var:E}\n      first_name: a ${var:N} b\n      skills: {x: '${var:N}'}\n"
    ),
    "secrets": (
        "desk:\n  agents:\n    a:\n      password: ${env:A_B1}\n    b:\n      password: ${file:secrets/b.txt}\n"
        "    c:\n      password: ${pulumi:cxconfig:key}\n    d:\n      password: ${file:${var:X}/d}\n"
    ),
    "a tenant": (
        "api_version: cxconfig/v1\ntenant: 123\nmanage: all\nstate: {backend: 'file:///var/lib/cxconfig'}\n"
        "systems:\n  desk:\n    url: https://${var:HOST}/x\n    client_secret: ${env:X}\n    pages: 5\n    region: 77\n"
        "    ca_bundle: ${env:CA}\n    insecure_skip_tls_verify: false\n"
        "    kinds:\n      agents: {on_remove: disable, manage: all, exclude: [svc-*, 007], ignore: [phone],"
        " protect: true, plain_secrets: [password],\n"
        "        limits: {create: 5, disable: 10%, delete: {count: 5, percent: 10}}}\n      groups:\n"
    ),
    "a tenant's overlay": "tenant: other\nsystems: {desk: {region: $remove, kinds: {agents: {$replace: true}}}}",
    "merge keys": "desk: {agents: {a: &a {first_name: A}, b: {<<: *a, last_name: B}}}",
}
BAD = {
    "a list": "[a]",
    "an unknown key": "desks: {}",
    "an unknown kind": "desk: {agent: {}}",
    "an unknown field": "desk: {agents: {a: {first: A}}}",
    "an unknown keyword": "desk: {agents: {a: {$merge: true}}}",
    "a kind that is a list": "desk: {agents: [a]}",
    "a kind that is a text": "desk: {agents: a}",
    "an object that is a text": "desk: {agents: {a: b}}",
    "an object's name": 'desk: {agents: {"a*": {}}}',
    "a name with blanks": 'desk: {agents: {" a": {}}}',
    "a name that is a reference": 'desk: {agents: {"${env:X}": {}}}',
    "a long name": f"desk: {{agents: {{{'a' * 256}: {{}}}}}}",
    "a text that is a list": "desk: {agents: {a: {first_name: [a]}}}",
    "a text that is a mapping": "desk: {agents: {a: {first_name: {}}}}",
    "a number in quotes": 'desk: {agents: {a: {priority: "5"}}}',
    "a number that is a word": "desk: {agents: {a: {priority: high}}}",
    "no number": "desk: {agents: {a: {priority: }}}",
    "a number with decimals": "desk: {agents: {a: {priority: 1.5}}}",
    "a number below": "desk: {agents: {a: {priority: -1}}}",
    "a number above": "desk: {agents: {a: {priority: 11}}}",
    "a number in a mapping": "desk: {agents: {a: {skills: {x: 101}}}}",
    "a flag that is a word": "desk: {agents: {a: {disabled: yes}}}",
    "a flag in quotes": 'desk: {agents: {a: {disabled: "true"}}}',
    "a flag that is a number": "desk: {agents: {a: {disabled: 1}}}",
    "no flag": "desk: {agents: {a: {disabled: }}}",
    "a choice": "desk: {agents: {a: {shift: noon}}}",
    "no choice": "desk: {agents: {a: {shift: }}}",
    "a removal that the kind has not": "desk: {agents: {a: {on_remove: retain}}}",
    "a list that is a text": "desk: {agents: {a: {roles: ab}}}",
    "a long list": "desk: {agents: {a: {roles: [ab, cd, ef, gh]}}}",
    "a short entry": "desk: {agents: {a: {roles: [a]}}}",
    "a long text": "desk: {agents: {a: {phone: '12345678901234567'}}}",
    "a form": "desk: {agents: {a: {extension: 12a}}}",
    "a mapping that is a list": "desk: {agents: {a: {skills: [x]}}}",
    "a nested unknown": "desk: {agents: {a: {address: {town: X}}}}",
    "a secret in clear": "desk: {agents: {a: {password: hunter2}}}",
    "a secret that is a number": "desk: {agents: {a: {password: 123}}}",
    "no secret": "desk: {agents: {a: {password: }}}",
    "a variable for a secret": 'desk: {agents: {a: {password: "${var:X}"}}}',
    "a reference in a plain field": 'desk: {agents: {a: {first_name: "${env:X}"}}}',
    "an unknown reference": 'desk: {agents: {a: {first_name: "${vault:X}"}}}',
    "a reference with text around": 'desk: {agents: {a: {password: "x${env:X}"}}}',
    "ignore of an unknown field": "desk: {agents: {a: {ignore: [fone]}}}",
    "ignore of a setting": "desk: {agents: {a: {ignore: [on_remove]}}}",
    "protect as a word": "desk: {agents: {a: {protect: yes}}}",
    "protect for what cannot be removed": "desk: {groups: {a: {protect: true}}}",
    "extends in defaults": "desk: {defaults: {agents: {extends: t}}}",
    "extends a mapping": "desk: {agents: {a: {extends: {t: }}}}",
    "a fault in a template": "desk: {templates: {agents: {t: {priority: high}}}}",
    "a template of an unknown kind": "desk: {templates: {agent: {}}}",
    "a table's unknown setting": "desk: {tables: {agents: [{file: a.csv, key: login, sep: x}]}}",
    "a table's delimiter": "desk: {tables: {agents: [{file: a.csv, key: login, delimiter: x}]}}",
    "a variable that is a list": "vars: {X: [1]}",
    "a variable's name": "vars: {a-b: 1}",
    "a variable in a variable": 'vars: {X: "${var:Y}"}',
    "another version": "api_version: cxconfig/v9",
    "a tenant's name": "tenant: a b",
    "manage": "manage: some",
    "an unknown system": "systems: {desks: {}}",
    "a system that is nothing": "systems: {desk: }",
    "an unknown setting": "systems: {desk: {uri: x}}",
    "an address without a scheme": "systems: {desk: {url: desk.example.com}}",
    "an address with credentials": "systems: {desk: {url: 'https://me:pw@desk.example.com'}}",
    "a secret setting in clear": "systems: {desk: {client_secret: abc}}",
    "a short setting": "systems: {desk: {region: x}}",
    "a number setting": "systems: {desk: {pages: 0}}",
    "an unknown kind setting": "systems: {desk: {kinds: {agents: {on_delete: x}}}}",
    "a kind setting's removal": "systems: {desk: {kinds: {groups: {on_remove: delete}}}}",
    "no limit": "systems: {desk: {kinds: {agents: {limits: {disable: ten}}}}}",
    "no percentage of new ones": "systems: {desk: {kinds: {agents: {limits: {create: 10%}}}}}",
    "too many percent": "systems: {desk: {kinds: {agents: {limits: {delete: {percent: 101}}}}}}",
    "no action": "systems: {desk: {kinds: {agents: {limits: {forget: 1}}}}}",
    "nothing to limit": "systems: {desk: {kinds: {groups: {limits: {delete: 1}}}}}",
    "no secret field": "systems: {desk: {kinds: {agents: {plain_secrets: [phone]}}}}",
    "a backend": "state: {backend: here}",
    "an unknown key of the state": "state: {folder: x}",
}


def test_it_is_a_schema() -> None:
    """Valid by its own draft, for the product's kinds and for others; and data for JSON."""
    for registry in (REGISTRY, FAKE):
        Draft7Validator.check_schema(schema(registry))
        assert json.loads(text(registry)) == schema(registry)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    """And names the schema in its first line, by a path that leads there."""
    assert refusals(path.read_bytes(), REGISTRY) == []
    first = path.read_text("utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named and (path.parent / named[1]).resolve() == ROOT / "docs" / "schema" / "cxconfig-v1.json"


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_a_good_document_is_valid(document: str) -> None:
    """The whole syntax, in every form that the reader takes."""
    assert refusals(document, FAKE) == []


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
def test_a_bad_document_is_refused(document: str, tmp_path: Path) -> None:
    """By the schema, and by the loader as well."""
    assert refusals(document, FAKE)
    with pytest.raises(InputErrors):
        load(fakes.written(tmp_path, files_with(document)), FAKE)


def files_with(document: str) -> dict[str, str]:
    """A sound tenant's folder that holds the document: in its place in tenant.yaml, or as a file of its own."""
    main = dict(re.findall(r"^(\w+):(.*\n(?:  .*\n)*)", fakes.TENANT, re.MULTILINE))
    key, _, value = document.partition(":")
    if key not in (*main, "manage", "state"):
        return {"tenant.yaml": fakes.TENANT, "x.yaml": document}
    return {"tenant.yaml": "".join(f"{name}:{text}" for name, text in {**main, key: f"{value}\n"}.items())}


def test_a_secret_that_may_stand_as_text_is_a_text() -> None:
    """As `plain_secrets` says in tenant.yaml, which the schema of another file cannot see."""
    document = BAD["a secret in clear"]
    assert refusals(document, FAKE, ["desk.agents.password"]) == []
    assert secret_fields(FAKE) == ["desk.agents.password"]
    assert secret_fields(REGISTRY) == ["onecloud.users.password", "onecloud.scim_accounts.password"]


def test_every_word_of_the_language_is_told() -> None:
    """The words that the reader knows, and no others."""
    assert set(meanings.KIND_SETTINGS) == set(READERS)
    assert set(meanings.TABLE) == set(SETTINGS)
    assert set(meanings.SECTION) == set(BESIDE_KINDS)


@pytest.mark.parametrize("registry", [REGISTRY, FAKE], ids=["onecloud", "desk"])
def test_every_reference_leads_somewhere(registry: Registry) -> None:
    """Each `$ref` names a definition, and each definition is used."""
    found = schema(registry)
    used = set(references(found))
    assert used == {f"#/definitions/{name}" for name in found["definitions"]}


def references(value: Any) -> list[str]:
    """Every `$ref` below a value."""
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for item in value.values() for found in references(item)]


def test_every_key_that_an_editor_offers_has_a_description() -> None:
    """Hovering and completion tell what a field is, what sets it and what holds it back."""
    definitions = schema(REGISTRY)["definitions"]
    for kind in REGISTRY.all():
        for name in kind.specs:
            assert definitions[f"{kind.id}.{name}"]["description"]
    team = definitions["onecloud.users.team"]
    assert "`PUT /user/<name>`" in team["description"] and "not empty" in team["description"]
    assert team["markdownDescription"] == team["description"]
    assert definitions["onecloud.users.disabled"]["default"] is False
    assert definitions["onecloud.users.extension"]["examples"] == ["0123"]
    assert definitions["onecloud.users.skills"]["examples"] == [{"English": 90, "Billing": 50}]
    assert "default" not in definitions["onecloud.users.unlock"]


def test_every_example_of_a_field_is_valid() -> None:
    """By the schema of that very field."""
    found = schema(REGISTRY)
    for kind in REGISTRY.all():
        for name in kind.specs:
            rules = {**found["definitions"][f"{kind.id}.{name}"], "definitions": found["definitions"]}
            for example in rules["examples"]:
                assert list(Draft7Validator(rules).iter_errors(example)) == [], name
