"""What `cxconfig show` and `cxconfig explain` say of a tenant, on a small system."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cxconfig.kinds import folded
from cxconfig.language.document import load, load_with_sources
from cxconfig.language.origins import listed, origins
from cxconfig.reports.explained import effective
from cxconfig.writing.editor import document
from tests.language.fakes import REGISTRY, TENANT, written

AGENTS = REGISTRY["desk.agents"]
FILES = {
    "tenant.yaml": TENANT + "    kinds: {agents: {protect: true, exclude: [svc-*]}}\n",
    "a.yaml": """\
vars: {CITY: Rome}
desk:
  defaults:
    agents: {shift: day, skills: {English: 1}}
  templates:
    agents:
      base: {shift: night, skills: {English: 2, French: 3}}
  agents:
    ann:
      extends: base
      last_name: Lee-${var:CITY}
      phone: +15551234567
      password: ${env:PW}
      skills: {French: $remove, Dutch: 4}
    bob: {extends: base, skills: {$replace: true, German: 5}}
""",
    "environments/prod/a.yaml": "desk:\n  agents:\n    ann: {shift: day, skills: {English: 9}}\n",
}


def said(folder: Path, key: str, *path: str, reveal: bool = False) -> list[tuple[str, int, str, bool]]:
    _, found = load_with_sources(written(folder, FILES), REGISTRY, ["prod"])
    return [(o.label, o.place.line, o.text, o.removed) for o in origins(found, AGENTS, key, path, reveal=reveal)]


def test_every_layer_that_lists_a_field_is_told_the_highest_first(tmp_path: Path) -> None:
    assert said(tmp_path, "ann", "shift") == [
        ("environment prod", 3, "day", False),
        ("template base", 7, "night", False),
        ("defaults", 4, "day", False),
    ]


def test_an_entry_of_a_mapping_has_origins_of_its_own(tmp_path: Path) -> None:
    assert [(label, text, gone) for label, _, text, gone in said(tmp_path, "ann", "skills", "French")] == [
        ("the object", "", True),
        ("template base", "3", False),
    ]
    assert [text for _, _, text, _ in said(tmp_path, "ann", "skills", "English")] == ["9", "2", "1"]


def test_what_replaces_hides_what_is_below_it(tmp_path: Path) -> None:
    assert said(tmp_path, "bob", "skills", "French") == []
    assert [text for _, _, text, _ in said(tmp_path, "bob", "skills", "German")] == ["5"]


def test_variables_and_references_stand_as_they_are_written_and_phones_are_left_out(tmp_path: Path) -> None:
    assert said(tmp_path, "ann", "last_name")[0][2] == "Lee-${var:CITY}"
    assert said(tmp_path, "ann", "password")[0][2] == "${env:PW}"
    assert said(tmp_path, "ann", "phone")[0][2] == ""
    assert said(tmp_path, "ann", "phone", reveal=True)[0][2] == "+15551234567"


def test_the_listed_names_come_in_the_order_of_the_kind(tmp_path: Path) -> None:
    _, found = load_with_sources(written(tmp_path, FILES), REGISTRY)
    assert listed(found, AGENTS, "ann") == ["last_name", "phone", "skills", "shift", "password", "extends"]


def test_the_effective_document_hides_phones_unless_it_is_asked_for_them(tmp_path: Path) -> None:
    tenant = load(written(tmp_path, FILES), REGISTRY)
    ann = effective(tenant, REGISTRY)["desk"]["agents"]["ann"]
    assert ann["password"] == "${env:PW}" and "1234567" not in str(ann)
    assert effective(tenant, REGISTRY, reveal=True)["desk"]["agents"]["ann"]["phone"] == "+15551234567"
    assert effective(tenant, REGISTRY)["systems"]["desk"]["kinds"] == {
        "agents": {"exclude": ["svc-*"], "protect": True}
    }


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12)
NAMES = TEXTS.map(lambda text: text.strip()).filter(
    lambda text: (
        bool(text)
        and text not in (".", "..", "$replace", "$remove")
        and "*" not in text
        and "${" not in text
        and text.isprintable()
    )
)
FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "first_name": TEXTS.filter(lambda text: "${" not in text and text.isprintable()),
        "shift": st.sampled_from(["day", "night"]),
        "disabled": st.booleans(),
        "priority": st.integers(0, 10),
        "skills": st.dictionaries(NAMES, st.integers(0, 100), max_size=3),
        "roles": st.lists(NAMES.filter(lambda text: len(text) > 1), max_size=3),
        "password": st.just("${env:PW}"),
        "phone": st.from_regex(r"\A\+?[0-9]{3,12}\Z"),
        "ignore": st.just(["shift"]),
        "protect": st.booleans(),
    },
)


@given(st.dictionaries(NAMES, FIELDS, max_size=4).filter(lambda d: len({folded(k) for k in d}) == len(d)))
@settings(max_examples=80, deadline=None)
def test_the_shown_document_reads_as_the_same_tenant(agents: dict[str, Any]) -> None:
    """Whatever the names and texts are: written, read, shown and read again it is the same."""
    with tempfile.TemporaryDirectory() as name:
        files = {"a.yaml": document({"desk": {"agents": agents}})}
        first = load(written(Path(name, "one"), files), REGISTRY)
        shown = document(effective(first, REGISTRY, reveal=True))
        second = load(written(Path(name, "two"), {"tenant.yaml": shown}), REGISTRY)
    for key, declared in first.objects["desk.agents"].items():
        again = second.objects["desk.agents"][key]
        assert (again.values, again.ignore, again.protect) == (declared.values, declared.ignore, declared.protect)
    assert first.objects.keys() == second.objects.keys()
    assert first.systems["desk"].values == second.systems["desk"].values


def test_settings_of_kinds_are_shown_as_they_are_read(tmp_path: Path) -> None:
    """Limits in every form, too: read, shown and read again they are the same."""
    kinds = "{create: 5, disable: 10%, delete: {count: 3, percent: 20}, update: {percent: 50}, replace: {count: 0}}"
    text = f"{TENANT}    kinds: {{agents: {{on_remove: delete, exclude: [b, a], limits: {kinds}}}}}\n"
    first = load(written(tmp_path / "one", {"tenant.yaml": text}), REGISTRY)
    shown = effective(first, REGISTRY)
    assert shown["systems"]["desk"]["kinds"]["agents"]["limits"] == {
        "create": 5,
        "disable": "10%",
        "delete": {"count": 3, "percent": 20},
        "update": "50%",
        "replace": 0,
    }
    second = load(written(tmp_path / "two", {"tenant.yaml": document(shown)}), REGISTRY)
    assert second.systems["desk"].kinds["agents"].limits == first.systems["desk"].kinds["agents"].limits
