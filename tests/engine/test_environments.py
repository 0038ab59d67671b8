"""One tenant in two environments against two sandboxes: each run touches its own, and none is taken for the other."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.engine.conftest import MakeTenant
from tests.engine.harness import NAME, Ran, Tenant, agent, agents

pytestmark = pytest.mark.measured

PROD = f"{NAME}-prod"


def overlay(of: Tenant, environment: str, users: dict[str, Any] | None = None, **main: Any) -> None:
    """Write the files of one environment."""
    folder = of.folder / "environments" / environment
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tenant.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
    (folder / "people.yaml").write_text(yaml.safe_dump({"onecloud": {"users": users or {}}}), encoding="utf-8")


@pytest.fixture
def two(make_tenant: MakeTenant) -> tuple[Tenant, Tenant]:
    """A tenant of two users, and its production: another contact centre, one user more and one with another skill.

    The second is there for its sandbox alone.
    """
    base, prod = make_tenant(), make_tenant()
    base.write(agents(2))
    users = {"a0": {"skills": {"Spanish": 7}}, "p0": agent(5)}
    overlay(base, "prod", users, systems={"onecloud": {"url": "${env:PROD_URL}"}})
    base.env["PROD_URL"] = prod.box.url
    return base, prod


def skills(tenant: Tenant, login: str) -> Any:
    user = tenant.box.user(login)
    assert user is not None
    return user["skills"]


def untouched(tenant: Tenant) -> bool:
    """Has nobody called its sandbox since the log was cleared?"""
    return tenant.box.count() == 0


def test_environments_do_not_touch_each_other(two: tuple[Tenant, Tenant]) -> None:
    """Preview, up, audit and destroy of each reach its own contact centre and its own state only."""
    base, prod = two
    assert base.run("preview").code == 2 and untouched(prod)
    assert base.run("up", "--yes").code == 0 and untouched(prod)
    assert set(base.box.users) == {"a0", "a1"}
    base.fresh()
    shown = base.run("preview", "--env", "prod")
    assert shown.code == 2 and "p0" in shown.out, str(shown)
    answers = {f"Apply these changes to {PROD}?": lambda: "y\n"}
    assert base.talk("up", "--env", "prod", answers=answers).code == 0
    assert set(prod.box.users) == {"a0", "a1", "p0"} and skills(prod, "a0") == {"English": 0, "Spanish": 7}
    assert untouched(base)
    prod.fresh()
    assert base.run("preview").code == base.run("audit").code == 0 and untouched(prod)
    base.fresh()
    again = base.run("up", "--yes", "--format", "json", CXCONFIG_ENV="prod")
    assert (again.code, prod.writes(), again.json()["tenant"]) == (0, 0, PROD), str(again)
    assert base.run("audit", "--env", "prod").code == base.run("refresh", "--env", "prod").code == 0
    assert base.run("validate", "--env", "prod").out.startswith(f"{PROD}: ")
    assert base.run("doctor", "--env", "prod").code == 0 and untouched(base)
    assert base.run("destroy", "--yes", "--env", "prod").code == 0
    assert all(user["disabled"] for user in prod.box.users.values()) and untouched(base)
    assert base.run("preview").code == 0
    states = base.folder / ".cxconfig" / ".pulumi" / "stacks" / "cxconfig"
    assert {path.name.split(".")[0] for path in states.iterdir()} == {NAME, PROD}


@pytest.mark.parametrize("verb", ["validate", "preview", "up", "audit", "refresh", "destroy", "doctor"])
def test_an_environment_that_does_not_exist(two: tuple[Tenant, Tenant], verb: str) -> None:
    """Exit code 1 with the near name, whether the option or the variable names it; nothing is called or made."""
    base, prod = two
    for ran in (base.run(verb, "--env", "prd"), base.run(verb, CXCONFIG_ENV="prd")):
        assert ran.code == 1 and "there is no environment 'prd'" in ran.said and "`prod`" in ran.said, str(ran)
    assert untouched(base) and untouched(prod) and not (base.folder / ".cxconfig").exists()


def test_an_empty_name_among_environments(two: tuple[Tenant, Tenant]) -> None:
    """`prod,` is a mistake of whoever set the variable; an empty variable says nothing."""
    ran = two[0].run("validate", CXCONFIG_ENV="prod,")
    assert ran.code == 1 and "CXCONFIG_ENV holds an empty name" in ran.said, str(ran)
    assert two[0].run("validate", CXCONFIG_ENV="").out.startswith(f"{NAME}: ")


def test_two_environments_at_once(two: tuple[Tenant, Tenant]) -> None:
    """Later ones win, the option goes before the variable, and the stack has both names."""
    base, prod = two
    overlay(base, "eu", {"a0": {"skills": {"Spanish": 9}}})
    assert base.run("up", "--yes", "--env", "prod", "--env", "eu", CXCONFIG_ENV="nowhere").code == 0
    assert skills(prod, "a0") == {"English": 0, "Spanish": 9}
    settings = yaml.safe_load((base.folder / ".cxconfig" / "project" / f"Pulumi.{PROD}-eu.yaml").read_text("utf-8"))
    assert settings["config"]["cxconfig:env"] == "prod,eu"
    assert base.run("preview", CXCONFIG_ENV="prod,eu").code == 0


def test_a_stack_of_another_environment(two: tuple[Tenant, Tenant]) -> None:
    """Environments that name the tenant themselves may meet on one stack: the second one is refused."""
    base, prod = two
    for name in ("blue", "green"):
        overlay(base, name, tenant="acme-colour", systems={"onecloud": {"url": "${env:PROD_URL}"}})
    assert base.run("up", "--yes", "--env", "blue").code == 0
    prod.fresh()
    for options in (("--env", "green"), ("--env", "blue", "--env", "green")):
        ran = base.run("up", "--yes", *options)
        assert ran.code == 1 and "the stack acme-colour belongs to the environment blue" in ran.said, str(ran)
    assert prod.writes() == 0
    assert base.run("preview", "--env", "blue").code == 0


def test_secrets_of_an_environment(two: tuple[Tenant, Tenant]) -> None:
    """Each stack has its own, and the message says with which options it is set."""
    base, prod = two
    base.write({"a0": agent(0, password="${pulumi:PW}")})
    folder = str(base.folder)
    for value, options in (("Wombat-1-base", ()), ("Wombat-2-prod", ("--env", "prod"))):
        missing = base.run("preview", *options)
        assert missing.code == 1 and "the stack has no secret PW" in missing.said, str(missing)
        assert base.run("secret", "set", "PW", folder, *options, given=value).code == 0
        assert base.run("up", "--yes", *options).code == 0
    assert base.box.password_matches("a0", "Wombat-1-base") and prod.box.password_matches("a0", "Wombat-2-prod")
    assert base.holding("Wombat-1-base", "Wombat-2-prod") == []


# Plain pulumi.


def pulumi(tenant: Tenant, verb: str, *, stack: str = PROD, check: bool = True, **env: str) -> Ran:
    """`pulumi VERB` on another stack of the folder that `Tenant.plain` made."""
    before = dict(tenant.env)
    tenant.env.update(env)
    yes = () if verb == "preview" else ("--yes", "--skip-preview")
    try:
        words = (verb, "--stack", stack, "--color", "never", *yes)
        return tenant.pulumi(*words, folder=tenant.plain_folder, check=check)
    finally:
        tenant.env.clear()
        tenant.env.update(before)


def new_stack(tenant: Tenant, name: str, **settings: str) -> None:
    """A stack of plain pulumi for this tenant."""
    folder = tenant.plain_folder
    tenant.pulumi("stack", "init", name, "--secrets-provider", "passphrase", folder=folder)
    for key, value in {"tenant": str(tenant.folder), **settings}.items():
        tenant.pulumi("config", "set", f"cxconfig:{key}", value, "--stack", name, folder=folder)


def test_plain_pulumi_in_an_environment(two: tuple[Tenant, Tenant]) -> None:
    """The stack's setting names it, for up, refresh and destroy; our commands go on with the same state."""
    base, prod = two
    base.plain("up")
    assert untouched(prod)
    new_stack(base, PROD, env="prod")
    base.fresh()
    pulumi(base, "up")
    assert set(prod.box.users) == {"a0", "a1", "p0"} and untouched(base)
    prod.fresh()
    pulumi(base, "up")
    pulumi(base, "refresh")
    assert prod.writes() == 0 and untouched(base)
    assert base.run("preview", "--env", "prod").code == 0
    pulumi(base, "destroy")
    assert all(user["disabled"] for user in prod.box.users.values()) and untouched(base)
    base.plain("preview")


def test_plain_pulumi_refuses_a_stack_of_another_name(two: tuple[Tenant, Tenant]) -> None:
    """Without the setting, with another environment's variable, or with one that does not exist: nothing is written."""
    base, prod = two
    base.plain("up")
    new_stack(base, PROD)
    cases: list[tuple[str, dict[str, str]]] = [
        (f"this is the stack {PROD}, and the tenant is {NAME}", {}),
        ("CXCONFIG_ENV says prod, and the stack's setting cxconfig:env nothing", {"CXCONFIG_ENV": "prod"}),
    ]
    for says, env in cases:
        ran = pulumi(base.fresh(), "up", check=False, **env)
        assert ran.code and says in ran.said and "Traceback" not in ran.text, str(ran)
        assert untouched(base) and untouched(prod)
    settings = ("config", "set", "cxconfig:env")
    base.pulumi(*settings, "prd", "--stack", PROD, folder=base.plain_folder)
    assert "there is no environment 'prd'" in pulumi(base, "up", check=False).said
    base.pulumi(*settings, "prod", "--stack", PROD, folder=base.plain_folder)
    pulumi(base, "up", CXCONFIG_ENV="prod")
    assert set(prod.box.users) == {"a0", "a1", "p0"}
    prod.fresh()
    for stack, verb in ((PROD, "up"), (PROD, "refresh"), (PROD, "destroy"), (NAME, "refresh"), (NAME, "destroy")):
        ran = pulumi(base, verb, stack=stack, check=False, CXCONFIG_ENV="dev")
        assert ran.code and "CXCONFIG_ENV says dev, and the stack's setting cxconfig:env" in ran.said, str(ran)
        assert untouched(base) and untouched(prod)


def test_names_of_environments(two: tuple[Tenant, Tenant]) -> None:
    """A name that no stack can have, or that leads out of the folder, is none."""
    base, _ = two
    (base.folder / "environments" / "a b").mkdir()
    for name in ("a b", "../prod", ".", "prod/", "prod,eu", "-x"):
        ran = base.run("validate", f"--env={name}")
        assert ran.code == 1 and f"--env holds '{name}', which cannot be the name" in ran.said, str(ran)
    for option in (("--env", "prod", "--env", "prod"), ("--env", "")):
        assert base.run("validate", *option).code == 1
