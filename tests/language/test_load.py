"""Good folders: what is loaded, and from which files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cxconfig.errors import InputErrors, Place, SettingsError
from cxconfig.kind_settings import KindSettings
from cxconfig.kinds import OnRemove, SecretRef
from cxconfig.language import Tenant, load
from tests.language.fakes import REGISTRY, TENANT, agents, written


def loaded(folder: Path, files: Mapping[str, str | bytes]) -> Tenant:
    return load(written(folder, files), REGISTRY)


def values(folder: Path, text: str) -> dict[str, object]:
    """The values of the one agent `ann`, whose fields are `text` in braces."""
    return dict(loaded(folder, agents(f"    ann: {text}\n")).objects["desk.agents"]["ann"].values)


def test_a_tenant_is_the_sum_of_its_files(tmp_path: Path) -> None:
    """Objects of all files come in the order of the files, kinds in the order of the registry."""
    tenant = loaded(
        tmp_path,
        {
            "b.yml": "desk:\n  agents:\n    zoe: {group: Sales}\n    ann:\n",
            "a/deep.yaml": "desk:\n  groups:\n    Sales:\n  agents: {bob: {}}\n",
            "c.YAML": "api_version: cxconfig/v1\ndesk:\n  groups: ~\n",
        },
    )
    assert tenant.name == "acme" and tenant.folder == tmp_path
    assert list(tenant.objects) == ["desk.groups", "desk.agents", "desk.logins"]
    assert list(tenant.objects["desk.agents"]) == ["bob", "zoe", "ann"]
    assert tenant.declared_counts() == {"desk.groups": 1, "desk.agents": 3}
    assert tenant.backend is None


def test_kinds_without_objects_are_there_and_not_counted(tmp_path: Path) -> None:
    """Every kind can be asked for, and the counts name only those with objects."""
    tenant = loaded(tmp_path, {})
    assert tenant.objects == {"desk.groups": {}, "desk.agents": {}, "desk.logins": {}}
    assert tenant.declared_counts() == {}


def test_places_point_at_key_and_values(tmp_path: Path) -> None:
    """An object is where its key stands, a field where its value stands, a field without value at its own key."""
    ann = loaded(tmp_path, agents("    ann:\n      shift: night\n      roles:\n")).objects["desk.agents"]["ann"]
    file = str(tmp_path / "agents.yaml")
    assert ann.place == Place(file, 3, 5)
    assert ann.places == {"shift": Place(file, 4, 14), "roles": Place(file, 5, 7)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{first_name: NO}", {"first_name": "NO"}),
        ("{phone: +15551234567}", {"phone": "+15551234567"}),
        ("{extension: 0123}", {"extension": "0123"}),
        ("{first_name: 12:30}", {"first_name": "12:30"}),
        ("{first_name: 1.10}", {"first_name": "1.10"}),
        ("{first_name: yes, last_name: Null}", {"first_name": "yes", "last_name": "Null"}),
        ("{first_name: 'null', last_name: null}", {"first_name": "null", "last_name": ""}),
        ("{first_name: , last_name: ~}", {"first_name": "", "last_name": ""}),
        ("{skills: , roles: null}", {"skills": {}, "roles": []}),
        ("{skills: {}, roles: []}", {"skills": {}, "roles": []}),
        ("{disabled: true, priority: 7}", {"disabled": True, "priority": 7}),
        ("{priority: 0, skills: {1: 2, no: 3}}", {"priority": 0, "skills": {"1": 2, "no": 3}}),
        ("{roles: [1.0, off], on_remove: delete}", {"roles": ["1.0", "off"], "on_remove": "delete"}),
        ("{address: {city: Rome}}", {"address": {"city": "Rome"}}),
        ("{}", {}),
    ],
)
def test_the_schema_decides_what_a_scalar_is(tmp_path: Path, text: str, expected: dict[str, object]) -> None:
    """Texts stay what was written, nothing is emptied, only listed fields are there, and all values are plain."""
    text = text.replace("12:30", '"12:30"')
    found = values(tmp_path, text)
    assert found == expected
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in expected.items()}


def test_a_time_in_block_style_needs_no_quotes(tmp_path: Path) -> None:
    """`12:30` stays a text."""
    assert values(tmp_path, "\n      first_name: 12:30") == {"first_name": "12:30"}


def test_keys_are_texts(tmp_path: Path) -> None:
    """Numbers and words that other readers of YAML turn into something else name objects as they are written."""
    text = "    123: {}\n    007: {}\n    no: {}\n    ~: {}\n    1.0: {}\n    jane.doe@x.org: {}\n    Ñandú Pérez: {}\n"
    found = loaded(tmp_path, agents(text)).objects["desk.agents"]
    assert list(found) == ["123", "007", "no", "~", "1.0", "jane.doe@x.org", "Ñandú Pérez"]


def test_a_secret_stays_a_reference(tmp_path: Path) -> None:
    """Neither loading nor validation needs the environment."""
    assert values(tmp_path, "{password: '${env:ANN}'}") == {"password": SecretRef("env", "ANN")}


def test_an_alias_repeats_a_value(tmp_path: Path) -> None:
    """Anchors of mappings and texts may be used again below."""
    text = "    ann: &a {first_name: &n Ann, skills: {English: 3}}\n    bob: *a\n    cid: {last_name: *n}\n"
    found = loaded(tmp_path, agents(text)).objects["desk.agents"]
    assert found["bob"].values == found["ann"].values
    assert found["cid"].values == {"last_name": "Ann"}


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf", b"", b"%YAML 1.2\n---\n"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_byte_order_mark_and_line_ends_change_nothing(tmp_path: Path, head: bytes, end: bytes) -> None:
    """The same values and places come of every common way to end a line."""
    data = "desk:\n  agents:\n    ann:\n      first_name: Zoë\n".encode().replace(b"\n", end)
    ann = loaded(tmp_path, {"a.yaml": head.replace(b"\n", end) + data}).objects["desk.agents"]["ann"]
    assert ann.values == {"first_name": "Zoë"}
    assert (ann.places["first_name"].line, ann.places["first_name"].column) == (4 + head.count(b"\n"), 19)


def test_hidden_files_and_other_suffixes_are_left_out(tmp_path: Path) -> None:
    """Only visible YAML files are read."""
    bad = "not: [valid"
    names = [".hidden.yaml", ".cxconfig/x.yaml", ".git/y.yml", "notes.txt", "x.yaml.bak"]
    assert loaded(tmp_path, dict.fromkeys(names, bad)).name == "acme"


def test_links_in_a_circle_are_read_once(tmp_path: Path) -> None:
    """A folder that links to one above it does not end in a circle."""
    written(tmp_path, {"sub/a.yaml": "desk:\n  agents:\n    ann: {}\n"})
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert load(tmp_path, REGISTRY).declared_counts() == {"desk.agents": 1}


def test_what_is_no_file_is_a_mistake_and_does_not_block(tmp_path: Path) -> None:
    """A pipe and a dead link with the name of a YAML file are reported."""
    written(tmp_path, {})
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dead.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputErrors) as caught:
        load(tmp_path, REGISTRY)
    assert [e.rule for e in caught.value.errors] == ["the link leads nowhere", "this is not a regular file"]


def test_a_file_name_that_is_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    """The name of a file never makes its message unprintable."""
    written(tmp_path, {})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\n.yaml")).write_text("x: 1", encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        load(tmp_path, REGISTRY)
    assert r"b\xff\n.yaml:1:1" in str(caught.value).encode("utf-8").decode()


def test_places_are_relative_to_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute folder below the current one is shown as it would be typed, any other as it was given."""
    written(tmp_path / "acme", agents("    ann: {}\n"))
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "acme", Path("acme"), Path("./acme/")):
        assert load(folder, REGISTRY).objects["desk.agents"]["ann"].place.file == "acme/agents.yaml"
    monkeypatch.chdir(tmp_path / "acme")
    assert load(Path("../acme"), REGISTRY).objects["desk.agents"]["ann"].place.file == "../acme/agents.yaml"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """More than 32 MiB are not parsed."""
    written(tmp_path, {"big.yaml": b"# " + b"x" * (32 * 1024 * 1024)})
    with pytest.raises(InputErrors, match=r"big\.yaml: the file is too large: a file may have at most 32 MiB"):
        load(tmp_path, REGISTRY)


def test_a_folder_that_is_no_tenant(tmp_path: Path) -> None:
    """No folder, a file, no tenant.yaml, tenant.yml: each says what to do."""
    written(tmp_path / "acme", {})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tenant.yml").write_text(TENANT, encoding="utf-8")
    expected = {
        "none": "does not exist\n  name the folder that holds tenant.yaml",
        "acme/tenant.yaml": "is not a folder\n  name the folder that holds tenant.yaml, not a file",
        "other": "holds tenant.yml\n  rename it to tenant.yaml",
        ".": f"did you mean {tmp_path}/acme?",
    }
    for name, text in expected.items():
        with pytest.raises(SettingsError) as caught:
            load(tmp_path / name, REGISTRY)
        assert str(caught.value).endswith(text)


def test_undeclared_references_are_free_without_any_declared_object(tmp_path: Path) -> None:
    """Without groups in the files, a group that exists live may be named."""
    assert values(tmp_path, "{group: Sales}") == {"group": "Sales"}


def test_an_emptied_reference_names_nothing(tmp_path: Path) -> None:
    """An empty group is no reference, even where groups are declared."""
    files = {"g.yaml": "desk:\n  groups: {Sales: {}}\n", **agents("    ann: {group: , deputies: []}\n")}
    assert loaded(tmp_path, files).objects["desk.agents"]["ann"].values == {"group": "", "deputies": []}


@pytest.mark.parametrize("address", ["file:///var/lib/cxconfig", "s3://bucket?region=eu-west-1", "postgres://db/state"])
def test_the_address_of_the_state(tmp_path: Path, address: str) -> None:
    """An address without credentials is taken as it stands."""
    assert loaded(tmp_path, {"tenant.yaml": f"{TENANT}state:\n  backend: {address}\n"}).backend == address


def test_the_address_of_the_state_may_be_a_reference(tmp_path: Path) -> None:
    """With its place, so that whoever resolves it can name it."""
    tenant = loaded(tmp_path, {"tenant.yaml": TENANT + "state:\n  backend: ${env:STATE}\n"})
    assert tenant.backend == SecretRef("env", "STATE")
    assert tenant.backend_place == Place(str(tmp_path / "tenant.yaml"), 8, 12)


def test_what_removal_does_per_kind(tmp_path: Path) -> None:
    """`kinds` of a system sets the default of each kind."""
    text = TENANT + "    kinds:\n      agents: {on_remove: delete}\n      groups:\n"
    found = loaded(tmp_path, {"tenant.yaml": text}).systems["desk"].kinds
    assert found == {"agents": KindSettings(on_remove=OnRemove.DELETE)}


def test_many_mistakes_are_all_reported_quickly(tmp_path: Path) -> None:
    """Ten thousand wrong fields are ten thousand errors; look-ups for near names are bounded."""
    text = "".join(f"    a{i}: {{frist_name: x}}\n" for i in range(10_000))
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path, agents(text))
    assert len(caught.value.errors) == 10_000
    assert caught.value.errors[0].way_out == "did you mean `first_name` or `last_name`?"
