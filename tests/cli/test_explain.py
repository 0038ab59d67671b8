"""`cxconfig show` and `cxconfig explain` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import cxconfig
from tests.engine.harness import Tenant

pytestmark = pytest.mark.measured

TENANT = """\
api_version: cxconfig/v1
tenant: acme
systems:
  onecloud:
    url: https://acme.example.com
    client_id: api
    client_secret: ${env:SECRET}
"""
PEOPLE = """\
onecloud:
  teams: {Sales: {}, Support: {}}
  templates:
    users:
      sales: {team: Sales, skills: {English: 50}}
  users:
    jane.doe:
      extends: sales
      work_phone: +15551234567
      password: ${env:PW}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "environments" / "prod").mkdir(parents=True)
    (tmp_path / "tenant.yaml").write_text(TENANT, "utf-8")
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    overlay = "onecloud:\n  users:\n    jane.doe: {team: Support}\n"
    (tmp_path / "environments" / "prod" / "people.yaml").write_text(overlay, "utf-8")
    return tmp_path


def test_show_prints_the_effective_document(folder: Path) -> None:
    """As YAML that reads as the same tenant, or as JSON; phones masked, secrets as references."""
    shown = cxconfig("show", ".", "--env", "prod", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    assert "tenant: acme-prod\n" in shown.out and "team: Support\n" in shown.out and "${env:PW}" in shown.out
    assert "1234567" not in shown.out
    data = json.loads(cxconfig("show", "--format", "json", "--reveal", cwd=folder).out)
    assert data["onecloud"]["users"]["jane.doe"]["work_phone"] == "+15551234567"
    assert data["onecloud"]["users"]["jane.doe"]["team"] == "Sales"


def test_members_of_a_team(folder: Path) -> None:
    """A mere member is shown in its list alone, is explained all the same, and counts as declared."""
    text = PEOPLE.replace("Support: {}", "Support: {members: [jane.doe, mere]}").replace("team: Sales, ", "")
    (folder / "people.yaml").write_text(text, "utf-8")
    data = json.loads(cxconfig("show", "--format", "json", cwd=folder).out)["onecloud"]
    assert data["teams"]["Support"] == {"members": ["jane.doe", "mere"]}
    assert list(data["users"]) == ["jane.doe"] and data["users"]["jane.doe"]["team"] == "Support"
    assert "2 onecloud users; no mistakes" in cxconfig("validate", cwd=folder).out
    told = cxconfig("explain", "onecloud.users.mere", cwd=folder)
    assert (told.code, told.err) == (0, "") and "disabled" not in told.out
    assert "team  Support  people.yaml:2, " in told.out and "`members` of teams Support" in told.out, told.out
    sentence = (
        "stands only in `members` of teams Support (people.yaml:2:52). Nothing but its `team` is managed: it must"
    )
    said = " ".join(told.out.split())
    assert sentence in said and "taken out of the list it is only forgotten and stays as it is live" in said, said
    for words in (("onecloud.users.mere.team",), ("onecloud.users.mere", "--format", "json")):
        assert sentence in " ".join(cxconfig("explain", *words, cwd=folder).out.split())
    assert "stands only" not in cxconfig("explain", "onecloud.users.jane.doe", cwd=folder).out
    other = cxconfig("explain", "onecloud.scim_accounts.mere", cwd=folder)
    hint = "'mere' is not declared under onecloud.scim_accounts, but under onecloud.users Ask for onecloud.users.mere."
    assert other.code == 1 and hint in " ".join(other.err.split())
    one = cxconfig("explain", "onecloud.users.jane.doe.team", cwd=folder)
    assert "onecloud.users.jane.doe.team: Support" in one.out and "`members` of teams Support" in one.out
    (folder / "people.yaml").write_text(PEOPLE.replace("Support: {}", "Support: {members: [jane.doe]}"), "utf-8")
    refused = cxconfig("validate", cwd=folder)
    assert refused.code == 1 and "`team: Sales` at people.yaml:5:21" in " ".join(refused.err.split()), refused.err


def test_a_member_can_be_added_as_a_user(folder: Path) -> None:
    """That a list names it is no declaration of its own; a team is added with its members."""
    team = cxconfig("add", "team", "Billing", "--members", "new", "--membership", "exclusive", cwd=folder)
    assert team.code == 0 and "members: [new]" in team.out, team.out + team.err
    user = cxconfig("add", "user", "new", "--first-name", "Nia", cwd=folder)
    assert user.code == 0 and "Added the user new" in user.out, user.out + user.err
    again = cxconfig("add", "user", "new", cwd=folder)
    assert again.code == 1 and "declared already" in again.err


def test_explain_tells_the_value_where_it_comes_from_and_what_it_overrides(folder: Path) -> None:
    """A name may hold dots; the field's meaning stands below."""
    shown = cxconfig("explain", "onecloud.users.jane.doe.team", "--env", "prod", cwd=folder)
    assert shown.code == 0
    assert shown.out.splitlines()[:4] == [
        "onecloud.users.jane.doe.team: Support",
        "  environments/prod/people.yaml:3:22  environment prod  Support",
        "  people.yaml:5:21                    template sales    Sales    overridden",
        "",
    ]
    assert "PUT /user/<name>" in shown.out


@pytest.mark.parametrize(
    ("word", "says", "means"),
    [
        ("was", "not said here", "The key that the object had before"),
        ("protect", "not said here, so true, as systems.onecloud.kinds.users.protect says", "never disabled and never"),
        ("on_remove", "not said here, so disable", "taken out of the YAML"),
        ("allow_replace", "not said here, so false", "deleted and created again where SCIM is off"),
        ("extends", "sales", "The template, or list of templates"),
        ("email", "not listed, so it is not managed", "PATCH /scim/users"),
    ],
)
def test_what_an_object_does_not_say(folder: Path, word: str, says: str, means: str) -> None:
    """A setting or a keyword is no field: what holds then, and what it is."""
    (folder / "tenant.yaml").write_text(f"{TENANT}    kinds: {{users: {{protect: true}}}}\n", "utf-8")
    shown = cxconfig("explain", f"onecloud.users.jane.doe.{word}", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines()[0] == f"onecloud.users.jane.doe.{word}: {says}", shown.out
    assert means in " ".join(shown.out.split()), shown.out


def test_explain_hides_phones_and_secrets(folder: Path) -> None:
    shown = cxconfig("explain", 'onecloud.users."jane.doe"', cwd=folder)
    assert shown.code == 0 and "1234567" not in shown.text and "${env:PW}" in shown.out
    single = cxconfig("explain", "onecloud.users.jane.doe.work_phone", "--format", "json", cwd=folder)
    assert "1234567" not in single.text
    (field,) = json.loads(single.out)["fields"]
    assert (field["managed"], field["origins"][0]["line"]) == (True, 9)


def test_explain_of_a_kind_or_a_field_needs_no_tenant(tmp_path: Path) -> None:
    assert "skills" in cxconfig("explain", "onecloud.users", cwd=tmp_path).out
    shown = cxconfig("explain", "onecloud.users.skills", cwd=tmp_path)
    assert shown.code == 0 and shown.out.startswith("onecloud.users.skills\n")
    told = json.loads(cxconfig("explain", "onecloud.users.team", "--format", "json", cwd=tmp_path).out)
    assert told["refers_to"] == "onecloud.teams"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("onecloud.users.was", "in an entry of onecloud.users"),
        ("onecloud.scim_accounts.protect", "see also    systems.onecloud.kinds.scim_accounts.protect"),
        ("onecloud.users.limits", "below systems.onecloud.kinds.users"),
        ("systems.onecloud.kinds.teams.exclude", "exclude: [svc-*, root]"),
        ("systems.onecloud.client_secret", "client_secret: ${env:"),
        ("limits", "10 % are disabled"),
        ("on_remove", "onecloud.users.on_remove"),
        ("state.backend", "Pulumi backend"),
        ("onecloud.templates", "extend"),
        ("allow_replace", "onecloud.users.allow_replace\n"),
        ("membership", "onecloud.teams.membership\n"),
        ("users", "onecloud.users\n"),
        ("scope", "systems.onecloud.scope\n"),
        ("templates", "onecloud.templates\n"),
    ],
)
def test_words_that_are_no_fields(folder: Path, tmp_path: Path, target: str, says: str) -> None:
    """With a tenant and without; as data as well."""
    shown = cxconfig("explain", target, str(folder))
    assert (shown.code, shown.err) == (0, "") and says in shown.out, shown.text
    assert cxconfig("explain", target, str(tmp_path / "none")).out == shown.out
    assert json.loads(cxconfig("explain", target, "--format", "json", str(folder)).out)["meaning"]


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("onecloud.users.wass", "onecloud.users.was"),
        ("onecloud.teams.was", "means nothing for teams"),
        ("systems.onecloud.kinds.users.limit", "`limits`"),
        ("systems.onecloud.kinds.user.limits", "`users`"),
        ("onecloud.user", "onecloud.users"),
        ("onecloud.users.jane.deo", "onecloud.users.jane.doe"),
        ("onecloud.users.jane.doe.teem", "`team`"),
        ("passwort", "`password`"),
        ("password", "Ask for onecloud.users.password or onecloud.scim_accounts.password."),
    ],
)
def test_a_mistyped_target_has_near_names(folder: Path, target: str, hint: str) -> None:
    shown = cxconfig("explain", target, cwd=folder)
    assert (shown.code, shown.out) == (1, "") and hint in shown.err and "Traceback" not in shown.err


def test_explain_reads_one_object_live(tenant: Tenant) -> None:
    """One call for it, nothing else; what differs is said."""
    tenant.box.add_user(loginId="ann", firstName="Ann", lastName="Lee", team="Sales")
    tenant.write({"ann": {"first_name": "Anna", "team": "Sales"}})
    tenant.fresh()
    words = [sys.executable, "-m", "cxconfig.cli", "explain", "onecloud.users.ann.first_name", str(tenant.folder)]
    done = subprocess.run([*words, "--live"], env=tenant.env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, tenant.writes(), tenant.reads()) == (0, 0, 1)
    live = next(line for line in done.stdout.splitlines() if line.strip().startswith("live"))
    assert live.split()[1:] == ["Ann", "differs"]
