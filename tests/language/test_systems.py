"""The settings that come of tenant.yaml in one environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cxconfig.errors import InputError, InputErrors, Place
from cxconfig.kinds import SecretRef
from cxconfig.language import Secrets, SystemEntry, load
from tests.language.fakes import REGISTRY, TENANT, DeskSettings, written

DESK = REGISTRY.system("desk")
SECRET = {"DESK_SECRET": "s3cret"}


def entry(folder: Path, *lines: str, url: str = "${env:DESK_URL}") -> SystemEntry:
    """The system of a tenant whose url is `url`, with more settings."""
    text = TENANT.replace("https://desk.example.com", url) + "".join(f"    {line}\n" for line in lines)
    return load(written(folder, {"tenant.yaml": text}), REGISTRY).systems["desk"]


def resolved(found: SystemEntry, environ: dict[str, str]) -> Any:
    return found.resolve(DESK, Secrets(environ, found.folder))


def refused(found: SystemEntry, environ: dict[str, str]) -> list[InputError]:
    with pytest.raises(InputErrors) as caught:
        resolved(found, environ)
    return list(caught.value.errors)


def test_settings_are_resolved_and_validated(tmp_path: Path) -> None:
    """References become values, the url loses its final slash, and omitted settings have their defaults."""
    settings = resolved(entry(tmp_path, "pages: 3"), {**SECRET, "DESK_URL": "https://desk.example.com/api/"})
    assert settings == DeskSettings(url="https://desk.example.com/api", client_secret="s3cret", pages=3)


def test_the_entry_keeps_references_and_places(tmp_path: Path) -> None:
    """Nothing is taken from the environment before it is asked for."""
    found = entry(tmp_path)
    assert found.values == {"url": SecretRef("env", "DESK_URL"), "client_secret": SecretRef("env", "DESK_SECRET")}
    assert found.place == Place(str(tmp_path / "tenant.yaml"), 4, 3)
    assert found.places["url"] == Place(str(tmp_path / "tenant.yaml"), 5, 10)


def test_every_missing_variable_is_named_at_once(tmp_path: Path) -> None:
    """Not set and set but empty, with place, path and way out."""
    first, second = refused(entry(tmp_path), {"DESK_SECRET": ""})
    assert str(first).replace(f"{tmp_path}/", "") == (
        "tenant.yaml:5:10: systems.desk.url: the environment variable DESK_URL is not set\n"
        "  set it before you start cxconfig, for example: export DESK_URL=..."
    )
    assert second.rule == "the environment variable DESK_SECRET is set but empty"
    assert second.path == "systems.desk.client_secret"


@pytest.mark.parametrize(
    "url",
    [
        "https://desk.example.com",
        "https://desk.example.com:8443/",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://[::1]:9000/",
        "HTTPS://DESK.example.com",
    ],
)
def test_good_addresses(tmp_path: Path, url: str) -> None:
    """https anywhere, http on this computer only."""
    assert resolved(entry(tmp_path), {**SECRET, "DESK_URL": url}).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://desk.example.com", "http:// is allowed only for this computer (127.0.0.1, ::1, localhost)"),
        ("http://127.0.0.1.example.com", "http:// is allowed only for this computer (127.0.0.1, ::1, localhost)"),
        ("http://10.0.0.1", "http:// is allowed only for this computer (127.0.0.1, ::1, localhost)"),
        ("https://joe:hunter2@desk.example.com", "an address must not hold a user name or password"),
        ("https://hunter2@desk.example.com", "an address must not hold a user name or password"),
        ("https://desk.example.com/?hunter2", "an address ends before `?` and `#`"),
        ("https://desk.example.com/#hunter2", "an address ends before `?` and `#`"),
        ("desk.example.com", "an address begins with https://"),
        ("ftp://desk.example.com", "an address begins with https://"),
        ("https://", "the address names no host"),
        ("https://desk.example.com:0", "the port of an address is 1 to 65535"),
        ("https://desk.example.com:99999", "this is not an address"),
        ("https://[::1", "this is not an address"),
        ("https://desk example.com", "an address has no spaces and no backslashes"),
        ("https:\\\\desk.example.com", "an address has no spaces and no backslashes"),
    ],
)
def test_bad_addresses_from_the_environment_are_not_shown(tmp_path: Path, url: str, rule: str) -> None:
    """The message names the variable and the rule, never the value."""
    (error,) = refused(entry(tmp_path), {**SECRET, "DESK_URL": url})
    assert error.rule == f"the value of the environment variable DESK_URL: {rule}"
    assert "hunter2" not in str(error)
    assert error.place == Place(str(tmp_path / "tenant.yaml"), 5, 10)


def test_values_from_the_environment_meet_the_model_too(tmp_path: Path) -> None:
    """A setting behind a reference is validated once its value is known, and not shown."""
    found = entry(tmp_path, "region: ${env:REGION}", url="https://desk.example.com")
    (error,) = refused(found, {**SECRET, "REGION": "x"})
    assert (error.path, error.rule) == ("systems.desk.region", "must have at least 2 characters")
    assert error.place == Place(str(tmp_path / "tenant.yaml"), 7, 13)


def test_root_certificates_are_found_beside_the_files(tmp_path: Path) -> None:
    """`ca_bundle` is relative to the tenant's folder, and must be there when it is needed."""
    found = entry(tmp_path, "ca_bundle: roots.pem", url="https://desk.example.com")
    (error,) = refused(found, SECRET)
    assert error.path == "systems.desk.ca_bundle"
    assert error.rule == "there is no such file"
    (tmp_path / "roots.pem").write_text("", encoding="ascii")
    assert resolved(found, SECRET).ca_bundle == str(tmp_path / "roots.pem")


@pytest.mark.parametrize(
    ("ci", "allowed"),
    [(None, True), ("", True), ("false", True), (" NO ", True), ("off", True), ("true", False), ("1", False)],
)
def test_certificates_are_always_verified_in_ci(tmp_path: Path, ci: str | None, allowed: bool) -> None:
    """The setting that skips the verification is refused when CI is set."""
    found = entry(tmp_path, "insecure_skip_tls_verify: true", url="https://desk.example.com")
    environ = SECRET if ci is None else {**SECRET, "CI": ci}
    if allowed:
        assert resolved(found, environ).insecure_skip_tls_verify is True
    else:
        (error,) = refused(found, environ)
        assert error.rule == "certificates must be verified when CI is set"
