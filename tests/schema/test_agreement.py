"""Whatever the schema refuses, the loader refuses: nobody's editor marks a line that is right."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from cxconfig.errors import InputErrors
from cxconfig.kinds import Registry
from cxconfig.language import load
from providers.registry import REGISTRY
from tests.language import fakes
from tests.schema.editor import refusals

ACTIONS = [action.value for action in REGISTRY["onecloud.users"].limitable]

Tree: TypeAlias = "str | list[Any] | dict[str, Any]"
"""YAML as it is written: scalars in their own spelling."""

SCALARS = st.sampled_from(
    [
        *("", "~", "null", "true", "false", "yes", "NO", '"true"', "x", "A b", "''", '""'),
        *("0", "5", "-1", "101", "0123", "+5", "1.5", "1e2", "0x1F", '"5"', "123456789012345678901", "2020-01-01"),
        *("$remove", '"$remove"', "day", "night", "disable", "delete", "retain", "listed", "all", "phone", "team"),
        *("${var:N}", "a${var:N}b", '"${var:N}"', "${var:OFF}", "${env:X}", "${env:1}", "${file:a/b}", "${pulumi:k}"),
        *(
            "${vault:x}",
            "x${env:X}",
            "Sales",
            "10%",
            "200%",
            "{count: 5, percent: 10}",
            "'12345678901234567'",
            "https://desk.example.com",
            "ftp://x",
        ),
    ]
)
NAMES = st.sampled_from(["a", "b c", "1", "x.y", '"a*"', "$replace", "Sales", "true", '""'])
TENANT = fakes.TENANT + "vars: {N: 5, OFF: true}\n"


def values(fields: list[str]) -> st.SearchStrategy[Tree]:
    """Anything that could be written for a field."""
    keys = st.one_of(NAMES, st.sampled_from(fields))
    leaf = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(keys, SCALARS, max_size=2))
    return st.one_of(SCALARS, leaf)


def objects(registry: Registry) -> st.SearchStrategy[Tree]:
    """A section of the registry's only system: kinds, and what stands beside them, rightly and wrongly filled."""
    (system,) = registry.systems()
    kinds = list(registry.of_system(system).values())
    fields = sorted({name for kind in kinds for name in kind.specs})
    words = st.sampled_from([*fields, "extends", "ignore", "protect", "$replace", "unknown"])
    one = st.one_of(st.dictionaries(words, values(fields), max_size=3), SCALARS)
    by_name = st.one_of(st.dictionaries(NAMES, one, max_size=2), SCALARS)
    names = st.sampled_from([*(kind.name for kind in kinds), "unknown"])
    kind = st.sampled_from([kind.name for kind in kinds])
    beside = st.fixed_dictionaries(
        {}, optional={"defaults": st.dictionaries(names, one, max_size=1), "templates": st.dictionaries(kind, by_name)}
    )
    section = st.builds(lambda some, more: {**some, **more}, st.dictionaries(kind, by_name, max_size=2), beside)
    return section.map(lambda found: {system: found})


def settings_of(registry: Registry) -> st.SearchStrategy[Tree]:
    """What may follow in tenant.yaml."""
    (name,) = registry.systems()
    system = registry.system(name)
    kinds = st.sampled_from([kind.name for kind in system.kinds])
    words = st.sampled_from(
        ["on_remove", "manage", "exclude", "ignore", "protect", "plain_secrets", "limits", "unknown"]
    )
    kind_settings = st.dictionaries(
        kinds, st.one_of(st.dictionaries(words, values(["phone", *ACTIONS]), max_size=2), SCALARS)
    )
    own = st.dictionaries(st.sampled_from([*system.settings.model_fields, "unknown"]), SCALARS, max_size=2)
    whole = st.builds(lambda some, kinds: {**some, "kinds": kinds} if kinds else some, own, kind_settings)
    return st.fixed_dictionaries(
        {},
        optional={
            "manage": SCALARS,
            "state": st.one_of(SCALARS, st.dictionaries(st.sampled_from(["backend", "x"]), SCALARS)),
            "systems": st.one_of(SCALARS, st.dictionaries(st.sampled_from([name, "x"]), st.one_of(whole, SCALARS))),
            "vars": st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=1)), max_size=2),
        },
    )


def written(tree: Tree, depth: int = 0) -> str:
    """Block YAML, so that `${...}` needs no quotes."""
    blanks = "  " * depth
    if isinstance(tree, dict):
        lines = [f"{blanks}{key}:{_after(value, depth)}" for key, value in tree.items()]
        return "\n".join(lines) if lines else f"{blanks}{{}}"
    if isinstance(tree, list):
        return "\n".join(f"{blanks}- {item}" for item in tree) if tree else f"{blanks}[]"
    return f"{blanks}{tree}"


def _after(value: Tree, depth: int) -> str:
    return f" {value}" if isinstance(value, str) else f"\n{written(value, depth + 1)}"


def loads(registry: Registry, files: dict[str, str]) -> bool:
    """Does the loader take this folder?"""
    with tempfile.TemporaryDirectory() as folder:
        try:
            load(fakes.written(Path(folder), files), registry)
        except InputErrors:
            return False
    return True


def agrees(registry: Registry, files: dict[str, str], document: str) -> None:
    """What the schema refuses does not load; `hypothesis` shows the document when it does."""
    refused = refusals(document, registry)
    if refused:
        assert not loads(registry, files), (document, refused)


@given(objects(fakes.REGISTRY))
@settings(max_examples=300, deadline=None)
def test_no_object_is_wronged(tree: Tree) -> None:
    """Objects, defaults and templates of the kinds of the tests."""
    document = written(tree)
    agrees(fakes.REGISTRY, {"tenant.yaml": TENANT, "x.yaml": document}, document)


@given(objects(REGISTRY))
@settings(max_examples=150, deadline=None)
def test_no_product_object_is_wronged(tree: Tree) -> None:
    """The same with the product's own."""
    main = (
        "api_version: cxconfig/v1\ntenant: acme\nvars: {N: 5, OFF: true}\nsystems:\n  onecloud:\n"
        "    url: https://acme.example.com\n    client_id: x\n    client_secret: ${env:X}\n"
    )
    document = written(tree)
    agrees(REGISTRY, {"tenant.yaml": main, "x.yaml": document}, document)


@given(settings_of(fakes.REGISTRY))
@settings(max_examples=200, deadline=None)
def test_no_setting_is_wronged(tree: Tree) -> None:
    """What tenant.yaml says beside objects."""
    assert isinstance(tree, dict)
    document = written({"api_version": "cxconfig/v1", "tenant": "acme", **tree})
    if "systems" not in tree:
        document += "\nsystems:\n  desk:\n    url: https://desk.example.com\n    client_secret: ${env:X}\n"
    agrees(fakes.REGISTRY, {"tenant.yaml": document}, document)
