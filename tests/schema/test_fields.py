"""Field help: everything that is said of a kind and its fields comes from the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import SettingsError
from cxconfig.kinds import Kind
from cxconfig.language import load
from cxconfig.schema.fields import FieldHelp, KindHelp, Settable, describe, settings_help
from providers.registry import REGISTRY
from tests.language import fakes

KINDS = [*REGISTRY.all(), *fakes.REGISTRY.all()]


def field(target: str) -> FieldHelp:
    """The help for a field of a product kind."""
    found = describe(REGISTRY, target)
    assert isinstance(found, FieldHelp)
    return found


def test_a_field_that_can_be_changed() -> None:
    """Calls, privilege, limits, vendor's name and example of a user's team."""
    team = field("onecloud.users.team")
    assert (team.set_by, team.changed_by) == ("POST /user", "PUT /user/<name>")
    assert team.settable is Settable.ANY_TIME
    assert team.privilege == "Manage users (and Manage all teams)"
    assert (team.type, team.vendor, team.example, team.needed) == ("text", "team", "Sales", True)
    assert team.limits == ("not empty; an existing team",)
    assert team.refers_to == "onecloud.teams"
    assert team.meaning == "The one team that the user belongs to."


def test_who_may_set_it_and_when() -> None:
    """Written and never read, a setting; and a kind that the API can do nothing to has no calls."""
    assert field("onecloud.users.email").settable is Settable.ANY_TIME
    assert field("onecloud.scim_accounts.photo").settable is Settable.WRITE_ONLY
    assert field("onecloud.users.password").settable is Settable.SECRET
    assert field("onecloud.users.on_remove").settable is Settable.STEERS
    assert (field("onecloud.users.unlock").set_by, field("onecloud.users.unlock").vendor) == (
        "PUT /user/lock/<name>",
        "",
    )
    teams = describe(REGISTRY, "onecloud.teams")
    assert isinstance(teams, KindHelp)
    assert (teams.created_by, [(f.name, f.settable) for f in teams.fields]) == (
        "",
        [("members", Settable.STEERS), ("membership", Settable.STEERS)],
    )
    assert list(teams.removals) == ["retain"]
    shift = describe(fakes.REGISTRY, "desk.agents.shift")
    assert isinstance(shift, FieldHelp) and shift.settable is Settable.NEVER


def test_a_default_is_what_holds_when_the_field_is_left_out() -> None:
    """Left out means not managed, but for what the kind manages all the same, and for settings."""
    assert field("onecloud.users.disabled").default == "false"
    assert field("onecloud.users.on_remove").default == "disable"
    assert field("onecloud.users.change_password").default == ""
    assert field("onecloud.users.skills").default == ""


def test_types_and_limits_in_words() -> None:
    """The bounds of the model's annotations, of the entries too."""
    assert field("onecloud.users.skills").type == "name: whole number"
    assert field("onecloud.users.skills").limits[0] == "each from 0 to 2,147,483,647"
    told = {name: describe(fakes.REGISTRY, f"desk.agents.{name}") for name in fakes.Agents.specs}
    said = {name: (f.type, f.limits) for name, f in told.items() if isinstance(f, FieldHelp)}
    assert said["phone"] == ("text", ("at most 16 characters",))
    assert said["extension"] == ("text", ("of the form `^[0-9]*$`",))
    assert said["priority"] == ("whole number", ("from 0 to 10",))
    assert said["roles"] == ("list of text", ("at most 3 entries", "each at least 2 characters"))
    assert said["shift"] == ("`day` or `night`", ())
    assert said["disabled"] == ("`true` or `false`", ())
    assert said["address"] == ("mapping of `city`, `floor`", ())


def test_a_kind_has_all_its_fields_in_order() -> None:
    """The same help that each field has alone."""
    users = describe(REGISTRY, " onecloud.users ")
    assert isinstance(users, KindHelp)
    assert [f.name for f in users.fields] == list(REGISTRY["onecloud.users"].specs)
    assert users.field("team") == field("onecloud.users.team")
    assert users.created_by == "POST /user"
    assert users.removals["disable"] == "disabled live"


def test_what_follows_a_field_is_left_aside() -> None:
    """`skills.English` is explained by `skills`."""
    assert field("onecloud.users.skills.English") == field("onecloud.users.skills")


@pytest.mark.parametrize(
    ("target", "rule", "way_out"),
    [
        ("onecloud.users.tem", "onecloud.users has no field 'tem'", "Did you mean `team`"),
        ("onecloud.users.zzz", "onecloud.users has no field 'zzz'", "Its fields: first_name, last_name, email"),
        ("onecloud.teams.size", "onecloud.teams has no field 'size'", "Its fields: members, membership."),
        ("onecloud.user", "there is no kind 'onecloud.user'", "Did you mean `onecloud.users`"),
        ("onecloud", "there is no kind 'onecloud'", "`onecloud.users`"),
        ("", "there is no kind ''", "There is: onecloud.teams, onecloud.users, onecloud.scim_accounts."),
        ("x.y.z", "there is no kind 'x.y'", "There is: onecloud.teams, onecloud.users, onecloud.scim_accounts."),
    ],
)
def test_a_miss_names_what_is_near(target: str, rule: str, way_out: str) -> None:
    """Never a traceback: the rule, and near names or all of them."""
    with pytest.raises(SettingsError) as caught:
        describe(REGISTRY, target)
    assert str(caught.value).startswith(rule)
    assert way_out in caught.value.way_out


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_no_field_has_the_name_of_a_word_of_the_language(kind: Kind) -> None:
    """What an object may say beside its fields is never a field."""
    assert not {"extends", "ignore", "protect"} & kind.specs.keys()
    assert not [name for name in kind.specs if name.startswith("$") or "." in name]


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_every_field_of_a_product_kind_is_told(kind: Kind) -> None:
    """A meaning and an example each, and the example of the kind holds them all."""
    told = describe(REGISTRY, kind.id)
    assert isinstance(told, KindHelp)
    assert told.meaning
    for one in told.fields:
        assert one.meaning and one.example, one.id
        assert f"      {one.name}: {one.example}\n" in told.example


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_the_example_of_a_kind_loads(kind: Kind, tmp_path: Path) -> None:
    """It is a real file: beside a tenant.yaml it reads without a mistake, and declares the object."""
    told = describe(REGISTRY, kind.id)
    assert isinstance(told, KindHelp)
    system = REGISTRY.system(kind.system)
    settings = settings_help(system.settings, system.name, system.secret_settings)
    lines = [f"    {one.name}: {one.example}\n" for one in settings if one.example]
    head = f"api_version: cxconfig/v1\ntenant: acme\nsystems:\n  {system.name}:\n"
    (tmp_path / "tenant.yaml").write_text(head + "".join(lines), "utf-8")
    (tmp_path / "all.yaml").write_text(told.example, "utf-8")
    tenant = load(tmp_path, REGISTRY)
    assert set(tenant.objects[kind.id][kind.example].values) == {f.name for f in told.fields}


@pytest.mark.parametrize("system", REGISTRY.systems())
def test_every_setting_of_a_system_is_told(system: str) -> None:
    """Meaning and example of each setting in tenant.yaml; the marks agree with the system's own."""
    found = REGISTRY.system(system)
    told = settings_help(found.settings, system, found.secret_settings)
    assert [one.name for one in told] == list(found.settings.model_fields)
    assert all(one.meaning and one.example for one in told)
    assert {one.name for one in told if one.secret} == set(found.secret_settings)
    assert told[0].name == "url" and told[0].needed and told[0].default == ""
