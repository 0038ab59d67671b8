"""Seeds: their forms, their mistakes, and that saving and loading gives the same tenant."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from cxconfig.errors import CxconfigError, InputError, InputErrors, SettingsError
from cxconfig.sandbox import Sandbox
from tests.sandbox.support import NEW, PASSWORD, SEED, USER, anonymous, ask_token, running


@pytest.mark.parametrize("name", ["tenant.yaml", "tenant.json"])
def test_a_saved_tenant_loads_to_the_same(tmp_path: Path, name: str) -> None:
    """What was saved loads to the same state, with passwords that still match and no password in the file."""
    file = tmp_path / name
    with running(save=file) as (box, client):
        client.post(USER, json=NEW | {"skills": {"English": 3}}).raise_for_status()
        box.change_user("locked", external="16505555555", voiceMail=True, greeting=True)
        box.lock_user("new")
        assert client.post("/_sandbox/save").json() == {"file": str(file)}
        saved = box.dump()
        client.delete(f"{USER}/jdoe")
    assert PASSWORD not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again = Sandbox(file)
    assert again.dump() == saved | {"users": [user for user in saved["users"] if user["loginId"] != "jdoe"]}
    assert again.password_matches("new", PASSWORD) and again.is_locked("new")
    assert Sandbox(saved).dump() == saved


def test_a_seed_in_yaml(tmp_path: Path) -> None:
    """Names alone stand for teams and dispositions, a number for an extension, and teams may be left to the users."""
    file = tmp_path / "seed.yaml"
    user = {"loginId": "a", "firstName": "A", "lastName": "B", "team": "T", "extension": 1234}
    file.write_text(yaml.safe_dump({"users": [user], "dispositions": ["x"]}))
    box = Sandbox(file)
    assert box.users["a"]["extension"] == "1234"
    assert list(box.teams) == ["T"]
    assert (box.client_id, box.client_secret) == ("sandbox-api", "sandbox-api-secret")


def test_an_empty_seed_is_an_empty_tenant(tmp_path: Path) -> None:
    """No users and no teams, and the default API user."""
    file = tmp_path / "seed.yaml"
    file.write_text("")
    assert (Sandbox(file).users, Sandbox(file).teams, Sandbox({}).users) == ({}, {}, {})


def test_the_default_tenant_accepts_any_scope() -> None:
    """Without a seed there are users, and the documented API user gets a token for any scope."""
    with Sandbox() as box, anonymous(box) as client:
        answer = ask_token(client, box.client_id, client_secret=box.client_secret, scope="127.0.0.1")
        assert answer.json()["scope"] == "127.0.0.1"
        assert {"admin", "jdoe", "rroe"} == box.users.keys()


def test_automatic_extensions_leave_given_ones_alone() -> None:
    """A user without an extension gets one that no other user and no access number has."""
    user = {"firstName": "A", "lastName": "B", "team": "T"}
    users = [user | {"loginId": "auto"}, user | {"loginId": "given", "extension": "1000"}, user | {"loginId": "auto2"}]
    box = Sandbox({"users": users, "access_numbers": [{"number": "1001"}]})
    assert {login: shown["extension"] for login, shown in box.users.items()} == {
        "auto": "1002",
        "given": "1000",
        "auto2": "1003",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teems": []}, "teems"),
        ({"users": [{"loginId": "x"}]}, "users[0].firstName"),
        ({"users": [SEED["users"][0] | {"first_name": "x"}]}, "users[0].first_name"),
        ({"users": [SEED["users"][0] | {"team": "Nowhere"}]}, "users[0].team: there is no team 'Nowhere'"),
        ({"users": [SEED["users"][0]] * 2}, "'jdoe' stands there 2 times"),
        ({"users": [SEED["users"][0] | {"extension": "8000"}]}, "'8000' stands there 2 times"),
        ({"teams": ["Sales", "Sales", "Support"]}, "teams: 'Sales' stands there 2 times"),
        ({"clients": [{"client_id": "x", "client_secret": "y", "supervises": ["Z"]}]}, "clients[0].supervises"),
        ({"password_min_length": -1}, "password_min_length"),
    ],
)
def test_mistakes_of_a_seed_are_named(changes: dict[str, Any], said: str) -> None:
    """Each mistake stands there with its path, and no value that could be a secret."""
    with pytest.raises(InputErrors) as caught:
        Sandbox(SEED | changes)
    assert said in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_all_mistakes_come_at_once() -> None:
    """Two wrong users are two mistakes."""
    with pytest.raises(InputErrors) as caught:
        Sandbox({"users": [{"loginId": "a"}, {"loginId": "b"}]})
    assert len(caught.value.errors) == 6


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("a.yaml", b"users: [\n", InputError, "a.yaml:2:1"),
        ("a.yaml", b"users:\n  - a: b\n c: d", InputError, "a.yaml:3:2"),
        ("a.json", b'{"users": ]}', InputError, "a.json:1:11"),
        ("a.yaml", b"- 1", InputError, "a seed is a mapping"),
        ("a.yaml", b"\xff\xfe\xff", SettingsError, "it is not UTF-8"),
        ("missing.yaml", None, SettingsError, "No such file"),
    ],
)
def test_a_file_that_is_no_seed(
    tmp_path: Path, name: str, content: bytes | None, error: type[CxconfigError], said: str
) -> None:
    """A file that cannot be read or parsed is an error with the file and, where there is one, the place."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        Sandbox(tmp_path / name)
    assert said in str(caught.value)


def test_saving_without_a_file_or_folder(tmp_path: Path) -> None:
    """Saving needs a file in a folder that exists."""
    with pytest.raises(SettingsError, match="no file to save to"):
        Sandbox().save()
    with pytest.raises(SettingsError, match="cannot save to"):
        Sandbox(save=tmp_path / "missing" / "x.json").save()


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    """When the file cannot be replaced, nothing is left behind."""
    (tmp_path / "x.json").mkdir()
    with pytest.raises(SettingsError):
        Sandbox(save=tmp_path / "x.json").save()
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_three_thousand_users_are_seeded_quickly(tmp_path: Path) -> None:
    """Seeding from JSON, dumping and loading again stay far below a few seconds."""
    user = {"firstName": "A", "lastName": "B", "team": "T", "password": PASSWORD, "skills": {"English": 1}}
    file = tmp_path / "big.json"
    file.write_text(json.dumps({"users": [user | {"loginId": f"u{number}"} for number in range(3000)]}))
    began = time.process_time()
    box = Sandbox(file)
    assert Sandbox(box.dump()).users == box.users
    assert time.process_time() - began < 3
    assert len({shown["extension"] for shown in box.users.values()}) == 3000


def test_the_examples_of_the_documentation_are_valid() -> None:
    """The seed and the fault rules in docs/sandbox.md load as they stand there."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    seed, rules = (yaml.safe_load(block.partition("```")[0]) for block in text.split("```yaml\n")[1:])
    box = Sandbox(seed, faults=rules)
    assert box.password_matches("jdoe", "a made-up one")
    assert set(Sandbox(box.dump()).dump()["users"][0]) <= set(seed["users"][0]) | {"passwordHash"}
    assert [rule["rule"]["do"]["kind"] for rule in box.simulator.faults.listing()] == ["drop_after", "status"]
