"""The environment's proxy on the wire: used for the system, never for this computer, and clear when it refuses."""

from __future__ import annotations

import pytest

from cxconfig.errors import SettingsError, Unreachable
from providers.transport import ClientCredentials
from tests.providers.loopback import Reply, Seen, serving
from tests.providers.wiring import SCHEME, SECRET, Tokens, to

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxy_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own environment must not decide."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fine(_: Seen) -> Reply:
    return Reply(200, b"OK")


def test_calls_go_through_the_proxy_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy sees the whole address and its own credentials; the name need not resolve here."""
    with serving(fine) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://me:pw@"))
        with to("http://cc.example.test") as connection:
            assert connection.call("GET", "/a").text == "OK"
    assert proxy.seen[0].path == "http://cc.example.test/a"
    assert proxy.seen[0].headers["proxy-authorization"].startswith("Basic ")


def test_this_computer_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox on loopback is met although every proxy variable is set."""
    for name in NAMES[:3]:
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    with serving(fine) as server, to(server.url) as connection:
        assert connection.call("GET", "/a").text == "OK"


@pytest.mark.parametrize("scheme", [None, SCHEME])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_refuses_is_named_and_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, method: str, scheme: ClientCredentials | None
) -> None:
    """Without a tunnel no byte reached the system, so a write's outcome is known; the token never went out."""
    with serving(Tokens(fine)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with (
            to("https://cc.example.test", scheme, total_budget=0.2) as connection,
            pytest.raises(Unreachable, match="the proxy refused"),
        ):
            connection.call(method, "/a")
    assert all(SECRET.encode() not in seen.body for seen in proxy.seen)


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:9", "socks4://127.0.0.1:9", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_a_mistake_in_the_settings(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Said before the first call, with the variables to look at."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(SettingsError, match="proxy") as caught:
        to("https://cc.example.test")
    assert "HTTPS_PROXY" in caught.value.way_out
