"""Tokens against the simulator, tokens that are none, and tokens that must not come out."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxconfig.errors import AuthenticationFailed, LiveError, PermissionDenied, UnexpectedAnswer
from cxconfig.sandbox import Sandbox
from providers.transport import ClientCredentials, Connection, TransportSettings
from tests.providers.loopback import Reply, Seen, serving
from tests.providers.wiring import SCHEME, SECRET, TOKENS, Tokens, to


def fine(seen: Seen) -> Reply:
    return Reply(200, seen.path.encode())


@pytest.mark.parametrize("expired", [False, True])
def test_the_sandbox_ends_its_tokens(expired: bool) -> None:
    """The same against the simulator, which checks tokens on its own."""
    with Sandbox() as box:
        scheme = ClientCredentials("/configapi/v2/oauth/token", box.client_id, box.client_secret, "acme.example.com")
        with to(box.url, scheme) as connection:
            for _ in range(2):
                assert connection.call("GET", "/configapi/v2/team").status == 200
                box.end_tokens(expired=expired)
            connection.each(lambda _: connection.call("GET", "/configapi/v2/team").status, range(64))
        assert box.count("POST", "/configapi/v2/oauth/token") == 3


def test_a_403_is_no_reason_for_another_token() -> None:
    """The token is good, the privilege is missing."""
    tokens = Tokens(lambda _: Reply(403, b"User authenticated but does not have sufficient privileges"))
    with serving(tokens) as server, to(server.url, SCHEME) as connection, pytest.raises(PermissionDenied) as caught:
        connection.call("GET", "/x")
    assert (tokens.issued, server.count("/x"), caught.value.status) == (1, 1, 403)


def test_every_switch_of_the_sandbox_is_a_clear_refusal() -> None:
    """The simulator's bodies of a refused token, with a wrong secret."""
    with Sandbox() as box:
        for setting in ("empty", "text", "json"):
            box.set_switch("U1", setting)
            scheme = ClientCredentials("/configapi/v2/oauth/token", box.client_id, "wrong-secret", "acme.example.com")
            with to(box.url, scheme) as connection, pytest.raises(AuthenticationFailed) as caught:
                connection.call("GET", "/configapi/v2/team")
            assert caught.value.status == 401
            assert "wrong-secret" not in str(caught.value)


@pytest.mark.parametrize("body", ['{"access_token": "a"}', '{"access_token": "a", "expires_in": 1e999}'])
def test_a_token_without_a_usable_lifetime_is_used(body: str) -> None:
    """Through the whole stack: a missing or infinite `expires_in` is no error."""

    def answer(seen: Seen) -> Reply:
        return Reply(200, body.encode()) if seen.path == TOKENS else fine(seen)

    with serving(answer) as server, to(server.url, SCHEME) as connection:
        for _ in range(3):
            connection.call("GET", "/x")
    assert server.count(TOKENS) == 1


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{}", '{"access_token": ""}', '{"access_token": 5}', '{"access_token": null}', "{" * 9999],
)
def test_an_answer_without_a_token_is_an_error(body: str) -> None:
    """200 alone is no token."""
    with serving(lambda _: Reply(200, body.encode())) as server, to(server.url, SCHEME) as connection:
        with pytest.raises((AuthenticationFailed, UnexpectedAnswer)) as caught:
            connection.call("GET", "/x")
        assert server.count("/x") == 0
    assert isinstance(caught.value, LiveError) and "systems.onecloud.url" in str(caught.value)


@given(st.text(max_size=20).filter(lambda text: not text.isascii() or not text.isprintable() or " " in text))
@example(" ")
@example("\r\nX-Evil: 1")
def test_no_token_can_carry_a_header(text: str) -> None:
    """A token with a line break, a blank or anything but visible ASCII never reaches the wire, nor the error."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, content=json.dumps({"access_token": f"abc{text}"}))

    settings = TransportSettings("onecloud", "http://127.0.0.1:9")
    with (
        Connection(settings, SCHEME, transport=httpx.MockTransport(answer)) as connection,
        pytest.raises(AuthenticationFailed, match="cannot stand in a header"),
    ):
        connection.call("GET", "/x")
    assert len(sent) == 1


def test_a_token_is_masked_wherever_the_system_repeats_it() -> None:
    """Also the one that was fetched within the failing call, and the one that was renewed meanwhile."""
    tokens = Tokens(lambda seen: Reply(400, f"bad call: {seen.headers['authorization']} {SECRET}".encode()))
    with serving(tokens) as server, to(server.url, SCHEME) as connection, pytest.raises(LiveError) as caught:
        connection.call("GET", "/x")
    assert "token-1" not in str(caught.value) and SECRET not in str(caught.value)
    assert caught.value.said == "bad call: Bearer *** ***"
