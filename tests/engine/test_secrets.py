"""Where secrets come from: files, the stack's settings, and text that is allowed; and where their values never are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.harness import CLIENT_SECRET, NAME, Ran, Tenant, agent

STACKED = "Platypus-3391-stack"
CHANGED = "Echidna-8840-stack"
FILED = "Bandicoot-1207-file"
WRITTEN = "Dunnart-6650-text"
VALUES = (STACKED, CHANGED, FILED, WRITTEN)


def secret(tenant: Tenant, verb: str, *words: str, given: str = "") -> Ran:
    """`cxconfig secret VERB WORDS FOLDER`, with `given` on standard input."""
    return tenant.run("secret", verb, *words, str(tenant.folder), given=given)


def set_secret(tenant: Tenant, value: str, key: str = "PW") -> None:
    done = secret(tenant, "set", key, given=f"{value}\n")
    assert done.code == 0, str(done)


def system(tenant: Tenant, **more: Any) -> None:
    """Write over what tenant.yaml says of OneCloud; `state` is that of the tenant."""
    path = tenant.folder / "tenant.yaml"
    content = yaml.safe_load(path.read_text("utf-8"))
    if state := more.pop("state", None):
        content["state"] = state
    content["systems"]["onecloud"].update(more)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def keep(tenant: Tenant, value: str, name: str = "pw", mode: int = 0o600) -> Path:
    """A secret's file beside the tenant's folder."""
    path = tenant.folder.parent / "keys" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{value}\n", encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture
def mixed(tenant: Tenant) -> Tenant:
    """Three users with passwords of the three kinds, and a client secret in a file; none of it is set yet."""
    tenant.write(
        {
            "a0": agent(0, password="${pulumi:PW}"),
            "a1": agent(1, password="${file:../keys/pw}"),
            "a2": agent(2, password=WRITTEN),
        },
        kinds={"users": {"plain_secrets": ["password"]}},
    )
    system(tenant, client_secret="${file:../keys/client}")
    del tenant.env["ONECLOUD_CLIENT_SECRET"]
    keep(tenant, CLIENT_SECRET, "client")
    keep(tenant, FILED)
    return tenant


def nowhere(tenant: Tenant) -> None:
    """No file of the tenant holds a value in clear, and no output did; the text is in the one file of the user's."""
    assert tenant.holding(*VALUES, CLIENT_SECRET) == [f"{tenant.folder / 'people.yaml'}: {WRITTEN}"]


def test_passwords_of_every_kind(mixed: Tenant) -> None:
    """They arrive, a second up has nothing to do, a changed one is noticed and written alone; none is ever in clear."""
    missing = mixed.run("up", "--yes")
    assert missing.code == 1, str(missing)
    assert "people.yaml:" in missing.said and "the stack has no secret PW" in missing.said, str(missing)
    assert "`cxconfig secret set PW`" in missing.said and mixed.box.count() == 0, str(missing)
    set_secret(mixed, STACKED)
    preview = mixed.run("preview", "--format", "json")
    assert preview.code == 2 and {"a0", "a1", "a2"} <= {step["key"] for step in preview.json()["steps"]}, str(preview)
    assert mixed.run("up", "--yes").code == 0
    for login, value in (("a0", STACKED), ("a1", FILED), ("a2", WRITTEN)):
        assert mixed.box.password_matches(login, value)
    again = mixed.fresh().run("up", "--yes")
    assert (again.code, mixed.writes()) == (0, 0), str(again)
    set_secret(mixed, CHANGED)
    keep(mixed, CHANGED)
    shown = mixed.run("preview")
    assert shown.code == 2 and shown.out.count("password") == 2, str(shown)
    assert mixed.run("up", "--yes").code == 0
    assert mixed.writes() == 2
    assert mixed.box.password_matches("a0", CHANGED) and mixed.box.password_matches("a1", CHANGED)
    assert mixed.run("audit").code == mixed.run("preview").code == 0
    nowhere(mixed)


def test_what_is_kept_of_an_unfinished_run(mixed: Tenant) -> None:
    """Neither the handover nor the journal of a run that lost an answer holds a value."""
    set_secret(mixed, STACKED)
    mixed.box.fault("drop_after", method="POST", path="/configapi/v2/user")
    mixed.box.fault({"status": 400}, method="GET", path="/configapi/v2/user/*", after=3)
    ran = mixed.run("up", "--yes")
    assert ran.code == 1, str(ran)
    kept = [path for path in (mixed.folder / ".cxconfig" / "runs").rglob("*") if path.is_file()]
    assert {"handover.json", "journal.jsonl"} <= {path.name for path in kept}
    nowhere(mixed)


def test_plain_pulumi_takes_the_same_secrets(mixed: Tenant) -> None:
    """`pulumi config set --secret` and the same YAML; two runs, a change, and our own commands agree."""
    refused = mixed.plain("preview", check=False)
    assert refused.code != 0 and "the stack has no secret PW" in refused.said, str(refused)
    configure(mixed, "PW", STACKED)
    mixed.plain("up")
    assert mixed.box.password_matches("a0", STACKED) and mixed.box.password_matches("a2", WRITTEN)
    mixed.fresh().plain("up")
    assert mixed.writes() == 0
    configure(mixed, "PW", CHANGED)
    mixed.plain("up")
    assert mixed.writes() == 1 and mixed.box.password_matches("a0", CHANGED)
    mixed.plain("refresh")
    set_secret(mixed, CHANGED)
    ours = mixed.fresh().run("preview")
    assert ours.code == 0, str(ours)
    nowhere(mixed)


def configure(tenant: Tenant, key: str, value: str) -> None:
    """What a user of plain pulumi types, in stacks/."""
    tenant.pulumi("config", "set", "--secret", key, "--stack", NAME, folder=tenant.plain_folder, given=f"{value}\n")


def test_a_refresh_takes_the_secret_of_now(tenant: Tenant) -> None:
    """The engine hands the settings of the last up to a refresh; one that was changed since is asked for."""
    tenant.write({"a0": agent(0)})
    system(tenant, client_secret="${pulumi:other:CLIENT}")
    tenant.plain("preview", check=False)
    configure(tenant, "other:CLIENT", CLIENT_SECRET)
    tenant.plain("up")
    configure(tenant, "other:CLIENT", STACKED)
    refused = tenant.plain("refresh", check=False)
    assert refused.code != 0 and "refused to hand out a token" in refused.said, str(refused)
    configure(tenant, "other:CLIENT", CLIENT_SECRET)
    tenant.plain("refresh")
    tenant.plain("destroy")
    assert tenant.holding(STACKED, CLIENT_SECRET) == []


def test_an_audit_asks_the_engine_only_for_such_a_secret(tenant: Tenant) -> None:
    """Without one it needs neither engine nor passphrase; with one it reads what is set."""
    without = {"CXCONFIG_PULUMI": "nowhere", "PULUMI_CONFIG_PASSPHRASE": None}
    tenant.write({"a0": agent(0)})
    assert tenant.run("audit", **without).code == 2
    assert not (tenant.folder / ".cxconfig").exists()
    system(tenant, client_secret="${pulumi:CLIENT}")
    set_secret(tenant, CLIENT_SECRET, "CLIENT")
    assert tenant.run("audit").code == 2
    assert tenant.run("doctor").code == 0
    none = tenant.run("audit", PULUMI_CONFIG_PASSPHRASE=None)
    assert none.code == 1 and "PULUMI_CONFIG_PASSPHRASE" in none.said, str(none)
    wrong = tenant.run("audit", PULUMI_CONFIG_PASSPHRASE="wrong")
    assert wrong.code == 1 and "incorrect passphrase" in wrong.said, str(wrong)
    gone = tenant.run("audit", CXCONFIG_PULUMI="nowhere")
    assert gone.code == 1 and "no usable Pulumi engine" in gone.said, str(gone)


def test_a_value_that_stands_in_clear_in_the_settings(tenant: Tenant) -> None:
    """Is refused: somebody forgot --secret."""
    tenant.write({"a0": agent(0, password="${pulumi:PW}")})
    assert tenant.run("preview").code == 1
    set_secret(tenant, STACKED, "OTHER")
    tenant.pulumi("config", "set", "PW", "not-a-secret", "--plaintext", "--stack", NAME)
    for ran in (tenant.run("preview"), tenant.plain("preview", check=False)):
        assert ran.code and "PW stands in clear in the stack's settings" in ran.said, str(ran)
        assert "not-a-secret" not in ran.text, str(ran)


def test_a_file_that_others_can_read(mixed: Tenant) -> None:
    """Stops the run before any call, with the field's place, and how to close it."""
    set_secret(mixed, STACKED)
    path = keep(mixed, FILED, mode=0o644)
    ran = mixed.run("up", "--yes", COLUMNS="500")
    assert (ran.code, mixed.box.count()) == (1, 0), str(ran)
    assert "people.yaml:" in ran.said and "(mode 0644)" in ran.said and "chmod 600" in ran.said, str(ran)
    path.chmod(0o600)
    assert mixed.run("preview").code == 2


def test_the_settings_of_the_stack_stay(tenant: Tenant) -> None:
    """What others wrote into the file is there after a run, comments too; ours is added."""
    tenant.write({"a0": agent(0)})
    tenant.settled()
    file = tenant.folder / ".cxconfig" / "project" / f"Pulumi.{NAME}.yaml"
    tenant.pulumi("config", "set", "other:colour", "red", "--stack", NAME)
    file.write_text(
        "# ours\n" + file.read_text("utf-8").replace("cxconfig:tenant", "# theirs\n  cxconfig:tenantx"), "utf-8"
    )
    tenant.write({"a0": agent(0, skills={"Spanish": 3})})
    assert tenant.run("up", "--yes").code == 0
    text = file.read_text("utf-8")
    assert text.startswith("# ours\n") and "# theirs" in text
    config = yaml.safe_load(text)["config"]
    assert config["other:colour"] == "red" and config["cxconfig:tenant"] == str(tenant.folder)


def test_settings_that_are_shared(tenant: Tenant) -> None:
    """`state.settings`: the file lies in a folder that git keeps, holds no path of this machine, and serves a fresh
    clone with a state of its own."""
    tenant.write({"a0": agent(0, password="${pulumi:PW}")}, state={"settings": "stacks"})
    set_secret(tenant, STACKED)
    file = tenant.folder / "stacks" / f"Pulumi.{NAME}.yaml"
    assert tenant.run("up", "--yes").code == 0
    text = file.read_text("utf-8")
    assert str(tenant.folder.parent) not in text and "secure:" in text and "encryptionsalt:" in text
    file.write_text(f"# kept by us\n{text}", "utf-8")
    shutil.rmtree(tenant.folder / ".cxconfig")
    clone = tenant.folder.with_name("clone")
    tenant.folder.rename(clone)
    tenant.folder = clone
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)
    assert (clone / "stacks" / f"Pulumi.{NAME}.yaml").read_text("utf-8") == f"# kept by us\n{text}"
    assert tenant.run("validate").code == tenant.run("audit").code == 0
    assert tenant.holding(STACKED) == []


def test_the_secret_command(tenant: Tenant) -> None:
    """Set, listed without a value, removed; what the YAML asks for and is not set is listed too."""
    tenant.write({"a0": agent(0)})
    assert "acme has no secrets" in secret(tenant, "list").said
    tenant.write({login: agent(0, password="${pulumi:FIRST_PASSWORD}") for login in ("a0", "a1")})
    listed = secret(tenant, "list")
    assert (listed.code, listed.out) == (0, "FIRST_PASSWORD  not set, used 2 times\n")
    set_secret(tenant, STACKED, "FIRST_PASSWORD")
    set_secret(tenant, CHANGED, "other:KEY")
    listed = secret(tenant, "list")
    assert listed.out == "FIRST_PASSWORD  used 2 times\nother:KEY       not used\n", str(listed)
    as_json = secret(tenant, "list", "--format", "json").json()
    assert as_json == {
        "tenant": NAME,
        "secrets": [{"key": "FIRST_PASSWORD", "set": True, "used": 2}, {"key": "other:KEY", "set": True, "used": 0}],
    }
    assert secret(tenant, "remove", "other:KEY").code == 0
    gone = secret(tenant, "remove", "FIRST_PASWORD")
    assert gone.code == 1 and "acme has no secret FIRST_PASWORD" in gone.said, str(gone)
    assert "Did you mean `FIRST_PASSWORD`?" in gone.said, str(gone)
    assert secret(tenant, "list").out == "FIRST_PASSWORD  used 2 times\n"
    assert tenant.holding(*VALUES) == []


@pytest.mark.parametrize(
    ("key", "given", "says"),
    [
        ("PW", "", "the value is empty"),
        ("PW", "two\nlines\n", "holds a line break"),
        ("a b", "x\n", "this is not the name of a secret"),
        ("tenant", "x\n", "a setting of the stack's own"),
        ("cxconfig:env", "x\n", "a setting of the stack's own"),
        ("pulumi:tags", "x\n", "a setting of the stack's own"),
    ],
)
def test_what_the_secret_command_refuses(tenant: Tenant, key: str, given: str, says: str) -> None:
    """With exit code 1 and a way out, and nothing is set."""
    tenant.write({"a0": agent(0)})
    ran = secret(tenant, "set", key, given=given)
    assert ran.code == 1 and says in ran.said, str(ran)
    assert not (tenant.folder / ".cxconfig").exists()


def test_a_value_typed_on_a_terminal(tenant: Tenant) -> None:
    """Asked for twice, and not shown; without a passphrase nothing is asked."""
    tenant.write({"a0": agent(0, password="${pulumi:PW}")})
    words = ("secret", "set", "PW", str(tenant.folder))
    none = tenant.run(*words, given="x\n", PULUMI_CONFIG_PASSPHRASE=None)
    assert none.code == 1 and "no passphrase" in none.said, str(none)
    answers = {question: lambda: f"{STACKED}\n" for question in ("Value of PW", "The same again")}
    asked = tenant.talk(*words, answers=answers)
    assert asked.code == 0 and STACKED not in asked.text, str(asked)
    assert tenant.run("up", "--yes").code == 0
    assert tenant.box.password_matches("a0", STACKED)
