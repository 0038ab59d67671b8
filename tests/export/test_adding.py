"""One new object, said in options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.export.adding import Request, added
from cxconfig.export.proposal import Folder
from cxconfig.language import load
from cxconfig.writing.files import write
from tests.export.fakes import AGENTS, GROUPS, REGISTRY, written

FILES = {
    "groups.yaml": "desk:\n  groups: {Sales: {}, Support: {}}\n  templates: {agents: {t: {shift: night}}}\n",
    "one.yaml": "desk:\n  agents:\n    # first\n    ann: {group: Sales}\n",
    "two.yaml": "desk:\n  agents:\n    bob: {group: Support}\n    eve: {group: Support}\n",
}


def add(
    folder: Path,
    key: str,
    file: str = "",
    *,
    kind: str = AGENTS,
    keywords: dict[str, Any] | None = None,
    env: str = "",
    **fields: Any,
) -> str:
    """The name of the file that was written, after writing it."""
    found = REGISTRY[kind]
    options = {name: f"--{name.replace('_', '-')}" for name in (*found.specs, "extends", "ignore", "protect")}
    request = Request(found, key, fields, keywords or {}, options)
    change = added(Folder(folder, REGISTRY, (env,) if env else ()), request, Path(file) if file else None)
    write([change])
    return change.path.relative_to(folder).as_posix()


def mistakes(folder: Path, key: str, **fields: Any) -> list[str]:
    """Each mistake as `option: path: rule`."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(InputErrors) as raised:
        add(folder, key, **fields)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return [f"{e.place}: {e.path}: {e.rule}" for e in raised.value.errors]


def test_every_form_of_field(tmp_path: Path) -> None:
    """Texts stay texts whatever they look like; a reference is written as it is."""
    folder = written(tmp_path, FILES)
    keywords = {"extends": "t", "ignore": ["phone"], "protect": True}
    values: dict[str, Any] = {
        "first_name": "null",
        "last_name": "${var:N}",
        "group": "Sales",
        "deputies": ("ann", "bob"),
        "extension": "0123",
        "priority": "7",
        "skills": ("English=90", "a=b=5"),
        "disabled": False,
        "address": ("city=Berlin", "floor=3"),
        "password": "${env:PASSWORD}",
    }
    (folder / "vars.yaml").write_text("vars: {N: Lee}\n")
    assert add(folder, "zoe", keywords=keywords, **values) == "one.yaml"
    text = (folder / "one.yaml").read_text()
    assert text.startswith(FILES["one.yaml"]) and "password: ${env:PASSWORD}" in text and "${var:N}" in text
    zoe = load(folder, REGISTRY).objects[AGENTS]["zoe"]
    assert {name: value for name, value in zoe.values.items() if name != "password"} == {
        "shift": "night",
        "first_name": "null",
        "last_name": "Lee",
        "group": "Sales",
        "deputies": ["ann", "bob"],
        "extension": "0123",
        "priority": 7,
        "skills": {"English": 90, "a=b": 5},
        "disabled": False,
        "address": {"city": "Berlin", "floor": 3},
    }
    assert zoe.ignore == {"phone"} and zoe.protect is True


def test_the_file_it_goes_to(tmp_path: Path) -> None:
    """With its group, else with the most, else a new one; or the one that is named."""
    folder = written(tmp_path, FILES)
    assert add(folder, "b") == "two.yaml"
    assert add(folder, "a", group="Sales") == "one.yaml"
    assert add(folder, "Neu", kind=GROUPS) == "groups.yaml"
    assert add(folder, "c", "people/new.yml", group="Sales") == "people/new.yml"
    assert add(folder, "d", "tenant.yaml") == "tenant.yaml"
    assert set(load(folder, REGISTRY).objects[AGENTS]) == {"ann", "bob", "eve", "a", "b", "c", "d"}
    empty = written(tmp_path / "empty", {})
    assert add(empty, "Sales", kind=GROUPS) == "desk/groups/groups.yaml"
    assert add(empty, "x", group="Sales") == "desk/agents/sales.yaml"


def test_an_environment_gets_it_alone(tmp_path: Path) -> None:
    """Below its own folder; the base does not have it."""
    folder = written(tmp_path, FILES | {"environments/prod/tenant.yaml": ""})
    assert add(folder, "zoe", env="prod", group="Sales") == "environments/prod/desk/agents/sales.yaml"
    assert "zoe" not in load(folder, REGISTRY).objects[AGENTS]
    assert "zoe" in load(folder, REGISTRY, ["prod"]).objects[AGENTS]


@pytest.mark.parametrize("file", ["../x.yaml", "x.csv", ".x.yaml", ".git/x.yaml", "Pulumi.x.yaml", "/etc/x.yaml", "x"])
def test_a_file_that_would_not_be_read(tmp_path: Path, file: str) -> None:
    with pytest.raises(SettingsError, match="--file"):
        add(written(tmp_path, FILES), "zoe", file)


@pytest.mark.parametrize(("key", "other"), [("ann", ""), ("ANN", "ann"), ("Bob", "bob")])
def test_a_name_that_is_declared(tmp_path: Path, key: str, other: str) -> None:
    """By case, too; with the place where it is."""
    with pytest.raises(SettingsError, match="declared already") as raised:
        add(written(tmp_path, FILES), key)
    assert raised.value.place is not None and raised.value.place.line == (4 if "n" in key.lower() else 3)
    assert other in raised.value.what


@pytest.mark.parametrize("key", ["", " x", "a\x07", "*", "${env:X}", "x" * 300])
def test_a_name_that_cannot_be(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match="KEY"):
        add(written(tmp_path, FILES), key)


def test_all_mistakes_at_once_each_with_its_option(tmp_path: Path) -> None:
    """Of the words themselves, of the model, of references and of templates; nothing is written."""
    found = mistakes(
        written(tmp_path, FILES),
        "zoe",
        first_name="${nonsense}",
        last_name="Lee2",
        group="Sale",
        priority="many",
        skills=("English", "German=x", "=3", "French=400"),
        shift="noon",
        phone="+15551234567890123",
        password="hunter2",
        keywords={"extends": "nope", "ignore": "emial"},
    )
    assert sorted(text.split(":")[0] for text in found) == [
        *("--extends", "--first-name", "--group", "--ignore", "--last-name", "--password", "--phone", "--priority"),
        *("--shift", "--skills", "--skills", "--skills", "--skills"),
    ]
    assert not any("hunter2" in text or "+1555" in text for text in found)
    assert '--skills: German: must be a whole number, not "x"' in found
    assert '--group: : the group "Sale" is not declared' in found


def test_what_the_object_lacks_is_told_of_the_key(tmp_path: Path) -> None:
    """A nested field that is missing names its option; the folder's own mistakes come first, at their places."""
    folder = written(tmp_path, FILES)
    (text,) = mistakes(folder, "zoe", address=("floor=3",))
    assert text.startswith("--address: city: ")
    written(tmp_path, {"bad.yaml": "desk: {agents: {x: {emial: y}}}\n"})
    (text,) = mistakes(folder, "zoe")
    assert "bad.yaml:1" in text
