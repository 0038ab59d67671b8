"""Tokens: one request under any number of threads, renewed before the end and after a revocation."""

from __future__ import annotations

import threading

import pytest

from cxconfig.errors import AuthenticationFailed, LiveError, UnexpectedAnswer, Unreachable
from providers.transport.auth import DEFAULT_LIFETIME, LONGEST, REFUSED_FOR, lifetime
from tests.providers.loopback import Reply, Seen, Time, serving
from tests.providers.wiring import SCHEME, SECRET, TOKENS, Tokens, to, together


def fine(seen: Seen) -> Reply:
    return Reply(200, seen.path.encode())


def test_sixteen_cold_threads_ask_for_one_token() -> None:
    """The first thread asks in the form that the vendor documents, the others wait for its answer."""
    tokens = Tokens(fine)
    with serving(tokens) as server, to(server.url, SCHEME) as connection:
        answers = together(16, lambda number: connection.call("GET", f"/{number}"))
    assert [answer.text for answer in answers] == [f"/{number}" for number in range(16)]
    assert (tokens.issued, server.count(TOKENS)) == (1, 1)
    assert server.seen[0].form == {
        "grant_type": "client_credentials",
        "client_id": "api-user",
        "client_secret": SECRET,
        "scope": "acme.example.com",
    }
    assert server.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in server.seen[0].headers


def test_a_token_near_its_end_is_renewed_once() -> None:
    """Before its end, by one request for all threads, and no call meets a 401."""
    tokens, time = Tokens(fine, expires_in="100"), Time()
    with serving(tokens) as server, to(server.url, SCHEME, time.clock) as connection:
        for second, issued in [(0, 1), (79, 1), (81, 2), (150, 2), (300, 3)]:
            time.seconds = second
            assert [answer.status for answer in together(16, lambda n: connection.call("GET", f"/{n}"))] == [200] * 16
            assert tokens.issued == issued


def test_a_revocation_costs_one_renewal() -> None:
    """64 writes of 16 threads that all hold the revoked token succeed, with one token request."""
    tokens = Tokens(fine)
    with serving(tokens) as server, to(server.url, SCHEME) as connection:
        connection.call("GET", "/first")
        tokens.revoke()
        found = connection.each(lambda number: connection.call("PUT", f"/{number}", json={}).text, range(64))
    assert list(found.values()) == [f"/{number}" for number in range(64)]
    assert tokens.issued == 2
    refused = len(server.seen) - 1 - 64 - 2
    assert 1 <= refused <= 16


def test_a_second_401_is_final() -> None:
    """A fresh token that is refused as well is no matter of time: one renewal, then the user is told."""
    tokens = Tokens(lambda _: Reply(401, b"Session is not authenticated"))
    with (
        serving(tokens) as server,
        to(server.url, SCHEME) as connection,
        pytest.raises(AuthenticationFailed, match="Session is not authenticated") as caught,
    ):
        connection.call("POST", "/x", json={})
    assert (server.count("/x"), tokens.issued, caught.value.status) == (2, 2, 401)
    assert "systems.onecloud.client_secret" in caught.value.way_out


@pytest.mark.parametrize("body", [b"", b"Authentification failed", b'{"error": "unauthorized"}'])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_token_names_the_settings(status: int, body: bytes) -> None:
    """Whatever the body, the user reads which settings to look at, and never the secret."""
    with (
        serving(lambda _: Reply(status, body)) as server,
        to(server.url, SCHEME) as connection,
        pytest.raises(AuthenticationFailed) as caught,
    ):
        connection.call("GET", "/x")
    error = caught.value
    assert (server.count(TOKENS), server.count("/x")) == (1, 0)
    assert (error.status, error.endpoint, error.said) == (status, f"POST {TOKENS}", body.decode())
    for setting in ("client_id", "client_secret", "scope"):
        assert f"systems.onecloud.{setting}" in str(error)
    assert SECRET not in f"{error}{error!r}{vars(error)}"


def test_a_refusal_fails_all_waiting_threads_with_one_request() -> None:
    """Sixteen attempts with a wrong password would lock the API user; one much later may try again."""
    held, time = threading.Event(), Time()

    def refuse(_: Seen) -> Reply:
        held.wait(0.3)  # until the others have come to wait for this answer
        return Reply(401, b"Authentification failed")

    with serving(refuse) as server, to(server.url, SCHEME, time.clock) as connection:
        errors = together(16, lambda number: connection.call("GET", f"/{number}"))
        assert {type(error) for error in errors} == {AuthenticationFailed}
        assert len({id(error) for error in errors}) == 16
        assert server.count(TOKENS) == 1
        for waited, count in ((REFUSED_FOR / 2, 1), (REFUSED_FOR, 2)):
            time.seconds += waited
            with pytest.raises(AuthenticationFailed):
                connection.call("GET", "/later")
            assert server.count(TOKENS) == count


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_endpoint_that_is_busy_is_asked_again(method: str) -> None:
    """Asking twice for a token does no harm, whatever the call is that needs it."""
    tokens, busy = Tokens(fine), [Reply(503), Reply(drop=True), Reply(200, b'{"acc', cut=2)]

    def answer(seen: Seen) -> Reply:
        return busy.pop(0) if busy else tokens(seen)

    with serving(answer) as server, to(server.url, SCHEME, Time().clock) as connection:
        assert connection.call(method, "/x").text == "/x"
    assert (server.count(TOKENS), server.count("/x")) == (4, 1)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503), Unreachable),
        (Reply(drop=True), Unreachable),
        (Reply(200, b"<html>Sign in</html>"), UnexpectedAnswer),
        (Reply(302), UnexpectedAnswer),
        (Reply(404), AuthenticationFailed),
    ],
)
def test_a_write_without_a_token_was_not_carried_out(reply: Reply, kind: type[LiveError]) -> None:
    """The error is the token call's own: nobody has to look whether the write was made, for it was never sent."""
    with serving(lambda _: reply) as server, to(server.url, SCHEME, Time().clock) as connection:
        with pytest.raises(LiveError) as caught:
            connection.call("POST", "/x", json={})
        assert {seen.path for seen in server.seen} == {TOKENS}
    assert (type(caught.value), caught.value.endpoint) == (kind, f"POST {TOKENS}")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("3600", 3600.0),
        (3480, 3480.0),
        (59.5, 59.5),
        (" 60 ", 60.0),
        (0.001, 1.0),
        (1e12, LONGEST),
        *((absurd, DEFAULT_LIFETIME) for absurd in (10**400, "9" * 400, float("nan"), float("inf"), "", "an hour")),
        *((absurd, DEFAULT_LIFETIME) for absurd in (0, -1, True, None, [3600])),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_lifetime_comes_in_any_form(given: object, seconds: float) -> None:
    """Text, number, missing or absurd: always a time that can be worked with."""
    assert lifetime(given) == seconds
