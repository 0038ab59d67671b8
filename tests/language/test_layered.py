"""Environments, defaults, templates, tables, variables and merge keys, from files to effective objects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.kind_settings import KindSettings, Manage
from cxconfig.kinds import OnRemove, PlainSecret
from cxconfig.language import Tenant, load
from tests.language.fakes import REGISTRY, TENANT, written


def loaded(folder: Path, files: Mapping[str, str | bytes], *environments: str) -> Tenant:
    return load(written(folder, files), REGISTRY, environments)


def fields(tenant: Tenant, key: str) -> Any:
    return tenant.objects["desk.agents"][key].values


BASE = """\
desk:
  defaults:
    agents: {shift: night, skills: {English: 10}}
  templates:
    agents:
      sales: {group: Sales, skills: {Sales: 50}}
      senior: {extends: sales, skills: {Sales: 90}, priority: 3}
  groups: {Sales: {}, Support: {}}
  agents:
    ann: {extends: senior, first_name: Ann, skills: {French: 1}}
    bob:
    cid: {extends: [senior, sales], skills: {}}
    dee: {extends: senior, skills: {$replace: true, German: 2}, group: $remove}
    eve: {extends: senior, skills: {English: $remove}}
"""


def test_objects_stand_over_templates_over_defaults(tmp_path: Path) -> None:
    tenant = loaded(tmp_path, {"a.yaml": BASE})
    assert fields(tenant, "ann") == {
        "first_name": "Ann",
        "group": "Sales",
        "priority": 3,
        "skills": {"English": 10, "Sales": 90, "French": 1},
        "shift": "night",
    }
    assert fields(tenant, "bob") == {"shift": "night", "skills": {"English": 10}}
    assert fields(tenant, "cid") == {"group": "Sales", "priority": 3, "skills": {}, "shift": "night"}
    assert fields(tenant, "dee") == {"priority": 3, "skills": {"German": 2}, "shift": "night"}
    assert fields(tenant, "eve") == {"group": "Sales", "priority": 3, "skills": {"Sales": 90}, "shift": "night"}


def test_of_several_templates_the_later_one_wins(tmp_path: Path) -> None:
    text = "desk:\n  templates:\n    agents:\n      x: {shift: day, priority: 1}\n      y: {shift: night}\n"
    tenant = loaded(tmp_path, {"a.yaml": text + "  agents:\n    a: {extends: [x, y]}\n    b: {extends: [y, x]}\n"})
    assert fields(tenant, "a") == {"shift": "night", "priority": 1}
    assert fields(tenant, "b") == {"shift": "day", "priority": 1}


def test_a_template_below_another_is_lowest_however_often_it_is_met(tmp_path: Path) -> None:
    text = (
        "desk:\n  templates:\n    agents:\n      base: {shift: day}\n      x: {extends: base, shift: night}\n"
        "      y: {extends: base, priority: 1}\n  agents:\n    a: {extends: [x, y]}\n"
    )
    assert fields(loaded(tmp_path, {"a.yaml": text}), "a") == {"shift": "night", "priority": 1}


PROD = """\
desk:
  defaults:
    agents: {skills: {English: 20}}
  templates:
    agents:
      sales: {group: Support}
      extra: {priority: 9}
  agents:
    bob: $remove
    ann: {first_name: Anna, extends: [senior, extra]}
    zoe: {extends: extra}
"""


def test_an_environment_is_laid_over_the_base_by_identity(tmp_path: Path) -> None:
    tenant = loaded(tmp_path, {"a.yaml": BASE, "environments/prod/a.yaml": PROD}, "prod")
    assert fields(tenant, "ann") == {
        "first_name": "Anna",
        "group": "Support",
        "priority": 9,
        "skills": {"English": 20, "Sales": 90, "French": 1},
        "shift": "night",
    }
    assert list(tenant.objects["desk.agents"]) == ["ann", "cid", "dee", "eve", "zoe"]
    assert tenant.environments == ("prod",)


def test_without_its_name_an_environment_plays_no_part(tmp_path: Path) -> None:
    files = {"a.yaml": BASE, "environments/prod/a.yaml": PROD, "environments/prod/broken.yaml": "a: [", "x.yaml": ""}
    assert fields(loaded(tmp_path, files), "ann")["first_name"] == "Ann"


def test_environments_are_laid_over_each_other_in_order(tmp_path: Path) -> None:
    files = {
        "a.yaml": BASE,
        "environments/one/a.yaml": "desk:\n  agents:\n    ann: {priority: 1}\n    bob: $remove\n",
        "environments/two/a.yaml": "desk:\n  agents:\n    ann: {priority: 2}\n    bob: {priority: 7}\n",
    }
    tenant = loaded(tmp_path, files, "one", "two")
    assert fields(tenant, "ann")["priority"] == 2
    assert fields(tenant, "bob") == {"priority": 7, "shift": "night", "skills": {"English": 10}}
    assert fields(loaded(tmp_path, files, "two"), "bob")["priority"] == 7
    assert "bob" not in loaded(tmp_path, files, "two", "one").objects["desk.agents"]


def test_an_environment_has_a_stack_of_its_own(tmp_path: Path) -> None:
    """Two environments must never share a state: names of objects would meet."""
    files = {"environments/prod/a.yaml": "", "environments/eu/tenant.yaml": "tenant: acme-europe\n"}
    assert loaded(tmp_path, files).name == "acme"
    assert loaded(tmp_path, files, "prod").name == "acme-prod"
    assert loaded(tmp_path, files, "prod", "eu").name == "acme-europe"


def test_an_environment_changes_settings_one_by_one(tmp_path: Path) -> None:
    overlay = (
        "systems:\n  desk:\n    url: https://prod.example.com\n    kinds: {agents: {protect: true}}\nmanage: all\n"
    )
    entry = loaded(tmp_path, {"environments/prod/tenant.yaml": overlay}, "prod").systems["desk"]
    assert entry.values["url"] == "https://prod.example.com"
    assert "client_secret" in entry.values
    assert entry.kinds == {
        "groups": KindSettings(manage=Manage.ALL),
        "logins": KindSettings(manage=Manage.ALL),
        "agents": KindSettings(manage=Manage.ALL, protect=True),
    }
    assert entry.places["url"].file.endswith("environments/prod/tenant.yaml")


def test_an_unknown_environment_has_near_names(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no environment 'prd'") as caught:
        loaded(tmp_path, {"environments/prod/a.yaml": ""}, "prd")
    assert caught.value.way_out == "did you mean `prod`?"
    with pytest.raises(SettingsError, match="there is no environment 'x'") as caught:
        loaded(tmp_path / "other", {}, "x")
    assert "make the folder" in caught.value.way_out


def test_pulumi_files_in_the_folder_are_not_the_tenants(tmp_path: Path) -> None:
    loaded(tmp_path, {"Pulumi.yaml": "name: x\n", "Pulumi.acme.yaml": "config: {}\n"})


USING = """\
desk:
  agents:
    ann:
      priority: ${var:LEVEL}
      disabled: ${var:ON}
      first_name: A-${var:LEVEL}-${var:ON}
      roles: ["${var:LEVEL}0"]
    bob: {priority: "${var:LEVEL}", disabled: "${var:ON}", last_name: "${var:NONE}"}
"""


def test_variables_are_put_in_before_anything_is_typed(tmp_path: Path) -> None:
    files = {
        "tenant.yaml": TENANT.replace("desk.example.com", "${var:HOST}"),
        "a.yaml": "vars: {HOST: desk.example.com, LEVEL: 7, ON: true, NONE: }\n",
        "b.yaml": USING,
    }
    tenant = loaded(tmp_path, files)
    assert tenant.systems["desk"].values["url"] == "https://desk.example.com"
    assert fields(tenant, "ann") == {"priority": 7, "disabled": True, "first_name": "A-7-true", "roles": ["70"]}
    assert fields(tenant, "bob") == {"priority": 7, "disabled": True, "last_name": ""}


def test_an_environment_gives_a_variable_another_value(tmp_path: Path) -> None:
    files = {
        "a.yaml": "vars: {LEVEL: 1, ON: false, NONE: ~}\n" + USING,
        "environments/prod/v.yaml": "vars: {LEVEL: 2}\n",
    }
    assert fields(loaded(tmp_path, files, "prod"), "ann")["first_name"] == "A-2-false"


def test_merge_keys_fill_what_a_mapping_does_not_say(tmp_path: Path) -> None:
    text = """\
desk:
  agents:
    ann: &ann {shift: day, priority: 1, skills: &skills {English: 1}}
    bob: {<<: *ann, shift: night}
    cid: {<<: [{priority: 5}, *ann], skills: {<<: *skills, French: 2}}
"""
    tenant = loaded(tmp_path, {"a.yaml": text})
    assert fields(tenant, "bob") == {"shift": "night", "priority": 1, "skills": {"English": 1}}
    assert fields(tenant, "cid") == {"shift": "day", "priority": 5, "skills": {"English": 1, "French": 2}}


TABLE = "desk:\n  tables:\n    agents:\n"


def test_each_row_of_a_table_is_an_object(tmp_path: Path) -> None:
    files = {
        "people/a.yaml": TABLE + "      - {file: a.csv, key: Login, extends: base, columns: {Mail: last_name}}\n"
        "  templates:\n    agents:\n      base: {shift: night}\n      day: {shift: day}\n"
        "  groups: {Sales: {}}\n",
        "people/a.csv": "\ufeffLogin,first_name,Mail,group,skills.English,roles,disabled,extends,ignore\r\n"
        'ann,"Ann, ""A""",Lee,Sales,7,Boss; Agent,true,day,skills;roles\r\n\r\nbob,,,,,,,,\r\n',
    }
    tenant = loaded(tmp_path, files)
    assert fields(tenant, "ann") == {
        "first_name": 'Ann, "A"',
        "last_name": "Lee",
        "group": "Sales",
        "skills": {"English": 7},
        "roles": ["Boss", "Agent"],
        "shift": "day",
        "disabled": True,
    }
    assert tenant.objects["desk.agents"]["ann"].ignore == {"skills", "roles"}
    assert fields(tenant, "bob") == {"shift": "night"}
    place = tenant.objects["desk.agents"]["ann"].places["group"]
    assert (place.line, place.column) == (2, 22)


def test_a_table_may_have_another_delimiter_and_an_environment_may_change_a_row(tmp_path: Path) -> None:
    files = {
        "a.yaml": TABLE + '      file: a.csv\n      key: name\n      delimiter: ";"\n',
        "a.csv": "name;shift\nann;day\nbob;night\n",
        "environments/prod/a.yaml": "desk:\n  agents: {ann: {shift: night}, bob: $remove}\n",
    }
    assert {k: d.values for k, d in loaded(tmp_path, files).objects["desk.agents"].items()} == {
        "ann": {"shift": "day"},
        "bob": {"shift": "night"},
    }
    assert {k: d.values for k, d in loaded(tmp_path, files, "prod").objects["desk.agents"].items()} == {
        "ann": {"shift": "night"}
    }


def test_what_kinds_and_objects_say_of_being_left_alone(tmp_path: Path) -> None:
    kinds = "    kinds:\n      agents:\n        {manage: all, exclude: [svc-*], ignore: [shift], protect: true}\n"
    text = "desk:\n  agents:\n    ann: {ignore: [skills], protect: false}\n    bob: {}\n"
    tenant = loaded(tmp_path, {"tenant.yaml": TENANT + kinds, "a.yaml": text})
    said = tenant.systems["desk"].kinds["agents"]
    assert said == KindSettings(
        manage=Manage.ALL, exclude=("svc-*",), ignore=frozenset({"shift"}), protect=True, on_remove=None
    )
    assert said.excludes("SVC-1") and not said.excludes("xsvc-1")
    ann, bob = (tenant.objects["desk.agents"][key] for key in ("ann", "bob"))
    assert (set(ann.ignore), ann.protect) == ({"skills", "shift"}, False)
    assert (set(bob.ignore), bob.protect) == ({"shift"}, None)
    assert "ignore" not in ann.values and "protect" not in ann.values


def test_a_secret_may_stand_as_text_only_where_that_is_allowed_by_name(tmp_path: Path) -> None:
    text = "desk:\n  agents:\n    ann: {password: hunter2}\n"
    with pytest.raises(InputErrors, match="a secret must not stand in a file"):
        loaded(tmp_path, {"a.yaml": text})
    kinds = "    kinds: {agents: {plain_secrets: [password]}}\n"
    tenant = loaded(tmp_path, {"tenant.yaml": TENANT + kinds, "a.yaml": text})
    found = fields(tenant, "ann")["password"]
    assert isinstance(found, PlainSecret) and found.value == "hunter2"
    assert "hunter2" not in f"{found!r} {found}"


def test_settings_of_a_template_hold_for_its_objects(tmp_path: Path) -> None:
    text = (
        "desk:\n  templates:\n    agents:\n      kept: {protect: true, on_remove: delete, ignore: [shift]}\n"
        "  agents:\n    ann: {extends: kept, ignore: []}\n    bob: {extends: kept}\n"
    )
    found = loaded(tmp_path, {"a.yaml": text}).objects["desk.agents"]
    assert found["ann"].protect is True and found["ann"].values["on_remove"] == OnRemove.DELETE.value
    assert found["ann"].ignore == frozenset() and found["bob"].ignore == {"shift"}
