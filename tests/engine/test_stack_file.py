"""The settings file of a stack, and the secrets in it, without the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import providers.site
from cxconfig.engine.stack_file import configuration_in, configure
from cxconfig.engine.stack_secrets import Setting, StackSecrets, full_key, secret_in, settings_from, short_key
from cxconfig.environments import environment_names, plain_environments
from cxconfig.errors import SettingsError
from cxconfig.language.secrets import Unusable
from providers.host import Host
from tests.engine.harness import ROOT

VALUE = "Numbat-7012-stack"
LONG = "v1:" + "Zx" * 400 + "=="
KEPT = f"""\
# Of the operations team
encryptionsalt: v1:abc=:v1:def=
config:
    cxconfig:KEY:
        secure: {LONG}   # changed in May
    'other:a': "1"
"""


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Comments, quotes, long values and order; written once, and not at all when nothing changes."""
    path = tmp_path / "Pulumi.acme.yaml"
    path.write_text(KEPT, encoding="utf-8")
    configure(path, {"cxconfig:env": "prod"})
    text = path.read_text("utf-8")
    for part in ("# Of the operations team", "# changed in May", LONG, "'other:a': \"1\""):
        assert part in text
    old = yaml.safe_load(KEPT)
    assert yaml.safe_load(text) == {**old, "config": {**old["config"], "cxconfig:env": "prod"}}
    before = path.stat().st_ino
    configure(path, {"cxconfig:env": "prod"})
    assert path.stat().st_ino == before


@pytest.mark.parametrize("text", [None, "", "config:\n", "encryptionsalt: x\n"], ids=["none", "empty", "null", "salt"])
def test_a_file_without_settings(tmp_path: Path, text: str | None) -> None:
    """Gets its first one."""
    path = tmp_path / "Pulumi.acme.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    configure(path, {"cxconfig:tenant": "/x"})
    assert configuration_in(path) == {"cxconfig:tenant": "/x"}


@pytest.mark.parametrize("content", [b"a: [", b"a: 1\na: 2\n", b"- a\n", b"config: [1]\n", b"\xff\xfe"])
def test_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    """Is not written over; the message names it and says what is lost with it."""
    path = tmp_path / "Pulumi.acme.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        configure(path, {"cxconfig:env": "prod"})
    assert str(path) in caught.value.what and "cxconfig secret list" in caught.value.way_out
    assert path.read_bytes() == content


def test_keys_and_settings() -> None:
    """A key without a namespace is of the project; what stands in clear is refused; no value is in a text form."""
    assert (full_key("KEY"), full_key("a:KEY"), short_key("cxconfig:KEY"), short_key("a:KEY")) == (
        *("cxconfig:KEY", "a:KEY", "KEY", "a:KEY"),
    )
    answer = {"cxconfig:KEY": {"value": VALUE, "secret": True}, "cxconfig:open": {"value": "x", "secret": False}}
    settings = settings_from(json.dumps(answer))
    assert secret_in(settings, "KEY") == VALUE and secret_in(settings, "a:KEY") is None
    assert VALUE not in f"{settings!r}{settings}"
    with pytest.raises(Unusable):
        secret_in(settings, "open")


def test_the_stack_is_opened_once_and_only_when_asked() -> None:
    """Whatever number of keys is asked for."""
    opened: list[str] = []

    class Opened:
        def settings(self) -> Mapping[str, Setting]:
            opened.append("opened")
            return {"cxconfig:KEY": Setting(VALUE, secret=True)}

    secrets = StackSecrets(Opened)  # type: ignore[arg-type]
    assert opened == []
    assert [secrets("KEY"), secrets("KEY"), secrets("other")] == [VALUE, VALUE, None]
    assert opened == ["opened"]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [({"cxconfig:KEY": Setting(VALUE, secret=True)}, VALUE), ({}, "of the last up"), (None, "of the last up")],
    ids=["engine", "not there", "no answer"],
)
def test_the_host_asks_the_engine_first(monkeypatch: pytest.MonkeyPatch, answered: Any, expected: str) -> None:
    """What the engine handed over may be older than the settings; it counts when they do not know the key."""
    monkeypatch.setattr(providers.site, "asked_here", lambda name: answered if name == "acme" else None)
    given = {"cxconfig:KEY": "of the last up"}
    host = Host(ROOT / "examples" / "acme", None, given=given.get)
    assert host.site.stack_secret("KEY") == expected
    assert host.site.stack_secret("NONE") is None


def test_names_of_environments() -> None:
    """Blanks around names do not count; an empty or impossible name and one that comes twice are refused."""
    assert environment_names(" prod , eu ", "x") == ("prod", "eu")
    assert environment_names("", "x") == environment_names(" ", "x") == ()
    for text in ("prod,", ",", "a,,b", "a b", "../x", "prod,prod", "-x", "x" * 65):
        with pytest.raises(SettingsError):
            environment_names(text, "x")


@pytest.mark.parametrize(
    ("configured", "variable", "told", "expected"),
    [
        ("prod", "", True, ("prod",)),
        ("prod,eu", "prod,eu", True, ("prod", "eu")),
        (None, "", True, ()),
        (None, "prod", False, ("prod",)),
        ("prod", "dev", True, None),
        ("prod,eu", "eu,prod", True, None),
        (None, "prod", True, None),
    ],
)
def test_environments_of_plain_pulumi(
    configured: str | None, variable: str, told: bool, expected: tuple[str, ...] | None
) -> None:
    """The setting decides, the variable must say the same; it decides where no settings are known."""
    environ = {"CXCONFIG_ENV": variable} if variable else {}
    if expected is not None:
        assert plain_environments(configured, environ, told=told) == expected
        return
    with pytest.raises(SettingsError) as caught:
        plain_environments(configured, environ, told=told)
    assert f"pulumi config set cxconfig:env {variable}" in caught.value.way_out
