"""The transport over real HTTP on loopback: tokens under many threads, dropped connections, bounds, the pool."""

from __future__ import annotations

import gzip
import signal
import threading
import time as real_time
import tracemalloc
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from cxconfig.errors import (
    CxconfigError,
    OutcomeUnknown,
    UnexpectedAnswer,
    Unreachable,
)
from providers.transport import (
    Answer,
    ClientCredentials,
    Clock,
    Connection,
    Token,
    TokenRequest,
    TransportSettings,
    segment,
)
from tests.providers.loopback import Reply, Seen, Server, Time, gzipped, reply, serving

TOKEN = "/configapi/v2/oauth/token"
THREADS = 16


class Vendor:
    """Hands out tokens, the `same` text each time or another, and answers only those who show a valid one."""

    def __init__(self, same: bool = False) -> None:
        self.same = same
        self.handed_out = 0
        self.valid = ""
        self.lock = threading.Lock()

    def __call__(self, seen: Seen) -> Reply:
        if seen.path == TOKEN:
            return self.token()
        if seen.headers.get("authorization") != f"Bearer {self.valid}" or not self.valid:
            return Reply(401, b"Session is not authenticated", {"Content-Type": "text/plain"})
        return reply({"path": seen.path})

    def token(self) -> Reply:
        with self.lock:
            self.handed_out += 1
            self.valid = f"T{1 if self.same else self.handed_out:063d}"
            return reply({"access_token": self.valid, "token_type": "Bearer", "expires_in": "3600"})

    def revoke(self) -> None:
        self.valid = ""


def connected(server: Server) -> Connection:
    scheme = ClientCredentials(TOKEN, "api", "s3cret-key", "acme.example.com")
    return Connection(TransportSettings(system="onecloud", url=server.url), scheme)


@pytest.mark.parametrize("same", [False, True])
def test_a_revoked_token_is_renewed_once_for_all_threads(same: bool) -> None:
    """Each refused call is repeated once, also when the system hands out the same text again."""
    vendor = Vendor(same=same)
    gate = threading.Barrier(THREADS)
    with serving(vendor) as server, connected(server) as connection:
        connection.call("GET", "/warm")
        vendor.revoke()

        def read(number: int) -> int:
            gate.wait(10)
            return connection.call("PUT", f"/user/{number}", json={}).status

        assert set(connection.each(read, range(THREADS)).values()) == {200}
    assert server.count(TOKEN) == 2
    assert all(server.count(f"/user/{number}") <= 2 for number in range(THREADS))


def test_an_own_scheme_brings_its_own_request_and_headers() -> None:
    """Another vendor's login is a scheme, without a word about HTTP libraries."""

    class ApiKey(ClientCredentials):
        def request(self) -> TokenRequest:
            return TokenRequest("GET", "/authenticate", None, ("k3y",), {"x-api-key": "k3y"})

        def token(self, answer: Answer) -> Token:
            return Token(answer.json()["jwt"], 60)

        def headers(self, token: str) -> dict[str, str]:
            return {"x-token": token}

    def vendor(seen: Seen) -> Reply:
        if seen.path == "/authenticate":
            return reply({"jwt": "j.w.t"}) if seen.headers.get("x-api-key") == "k3y" else Reply(403)
        return reply({"token": seen.headers.get("x-token"), "key": seen.headers.get("x-api-key")})

    with serving(vendor) as server:
        settings = TransportSettings(system="other", url=server.url)
        with Connection(settings, ApiKey("", "", "")) as connection:
            assert connection.call("GET", "/x").json() == {"token": "j.w.t", "key": None}


def interrupt() -> None:
    """Ctrl-C, as the terminal sends it."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def anonymous(server: Server, time: Time | None = None, **settings: Any) -> Connection:
    given = TransportSettings(system="onecloud", url=server.url, **settings)
    return Connection(given, None, clock=time.clock if time else None)


def test_a_dropped_connection_is_met_again_by_a_read_only() -> None:
    """A read gets its answer from the next connection; a write is sent once and its outcome is unknown."""
    faults = {"GET": [Reply(drop=True), Reply(200, b"x" * 50, cut=20)], "POST": [Reply(drop=True)]}

    def vendor(seen: Seen) -> Reply:
        return faults[seen.method].pop(0) if faults[seen.method] else reply({})

    with serving(vendor) as server, anonymous(server, Time()) as connection:
        assert connection.call("GET", "/a").json() == {}
        with pytest.raises(OutcomeUnknown, match="dropped"):
            connection.call("POST", "/b")
    assert (server.count("/a"), server.count("/b")) == (3, 1)


def test_a_truncated_answer_to_a_write_is_unknown() -> None:
    """Half an answer is none."""
    with (
        serving(lambda seen: Reply(200, b"OK" * 20, cut=10)) as server,
        anonymous(server) as connection,
        pytest.raises(OutcomeUnknown),
    ):
        connection.call("PUT", "/b")
    assert server.count("/b") == 1


def test_a_server_that_does_not_answer_in_time() -> None:
    """Every read ends."""
    release = threading.Event()

    def silent(seen: Seen) -> Reply:
        release.wait(20)
        return Reply(drop=True)

    with serving(silent) as server:
        with anonymous(server, Time(), read_timeout=0.05) as connection:
            with pytest.raises(Unreachable, match=r"no whole answer within 0.05 s \(tried 5 times\)"):
                connection.call("GET", "/a")
            with pytest.raises(OutcomeUnknown, match="no whole answer"):
                connection.call("DELETE", "/a")
        release.set()


def test_nobody_listens() -> None:
    """A refused connection says so, and sends nothing."""
    with serving(lambda seen: reply({})) as server:
        pass
    with anonymous(server, Time()) as connection, pytest.raises(Unreachable, match="refused") as caught:
        connection.call("POST", "/a")
    assert "systems.onecloud.url" in caught.value.way_out


def test_compressed_answers_are_read() -> None:
    """gzip is asked for, in one member or several."""
    several = Reply(200, gzip.compress(b'{"a":') + gzip.compress(b"1}"), {"Content-Encoding": "gzip"})
    answers = {"/one": gzipped(b'{"a":1}'), "/two": several, "/big": gzipped(b"x" * 1_000_000)}
    with serving(lambda seen: answers[seen.path]) as server, anonymous(server) as connection:
        assert [connection.call("GET", path).json() for path in ("/one", "/two")] == [{"a": 1}, {"a": 1}]
        assert connection.call("GET", "/big").body == b"x" * 1_000_000
    assert {seen.headers["accept-encoding"] for seen in server.seen} == {"gzip"}


def test_a_small_answer_cannot_become_a_large_one() -> None:
    """A bomb of 100 MB in 100 KB is noticed before it takes memory."""
    bomb = gzipped(bytes(100 * 1024 * 1024))
    with serving(lambda seen: bomb) as server, anonymous(server, max_response_bytes=1024 * 1024) as connection:
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedAnswer, match="larger than 1 MiB"):
                connection.call("GET", "/a")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        with pytest.raises(OutcomeUnknown, match="larger than 1 MiB"):
            connection.call("POST", "/a")
    assert peak < 8 * 1024 * 1024
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (Reply(200, b"x" * 2000), UnexpectedAnswer, "larger than"),
        (Reply(200, b"junk", {"Content-Encoding": "gzip"}), UnexpectedAnswer, "broken compression"),
        (Reply(200, b"junk", {"Content-Encoding": "br"}), UnexpectedAnswer, "not asked for"),
        (Reply(200, gzip.compress(b"x" * 500)[:-6], {"Content-Encoding": "gzip"}), Unreachable, "ends early"),
    ],
)
def test_bodies_out_of_bounds(answer: Reply, error: type[CxconfigError], text: str) -> None:
    """What cannot be taken in whole is not an answer."""
    with (
        serving(lambda seen: answer) as server,
        anonymous(server, Time(), max_response_bytes=1000) as connection,
        pytest.raises(error, match=text),
    ):
        connection.call("GET", "/a")


def test_a_redirect_leads_nowhere_else() -> None:
    """The other host gets no request, so no token."""
    with serving(lambda seen: reply({})) as other:
        moved = Reply(302, b"", {"Location": f"{other.url}/stolen?x=1"})
        vendor = Vendor()
        with (
            serving(lambda seen: vendor(seen) if seen.path == TOKEN else moved) as server,
            connected(server) as connection,
            pytest.raises(UnexpectedAnswer, match=str(other.server_port)),
        ):
            connection.call("GET", "/a")
    assert other.seen == []


@pytest.mark.parametrize("name", ["jdoe", "a/b", "Zoë Müller", "100%", "a+b?c#d", "名前", "..a", "%2F", "a;b=c,d"])
def test_a_name_arrives_as_it_was_written(name: str) -> None:
    """Every name is one path segment, with everything in it."""
    with serving(lambda seen: reply({})) as server, anonymous(server) as connection:
        connection.call("GET", f"/user/{segment(name)}")
        connection.call("GET", ["user", name])
    first, second = (seen.path for seen in server.seen)
    assert first == second
    assert first.count("/") == 2
    assert unquote(first.removeprefix("/user/")) == name


def test_paths_lie_below_the_path_of_the_url() -> None:
    """A system behind a gateway may have a prefix."""
    with serving(lambda seen: reply({})) as server:
        settings = TransportSettings(system="onecloud", url=f"{server.url}/cc/")
        with Connection(settings, None) as connection:
            connection.call("GET", "/a/", params={"q": "é"})
    assert server.seen[0].path == "/cc/a/?q=%C3%A9"


def test_no_cookie_is_kept_and_the_program_names_itself() -> None:
    """A session of the server's must not mix the threads' calls."""
    with (
        serving(lambda seen: reply({}, Set_Cookie="JSESSIONID=1; Path=/")) as server,
        anonymous(server) as connection,
    ):
        connection.call("GET", "/a")
        connection.call("GET", "/a")
    assert all("cookie" not in seen.headers for seen in server.seen)
    assert server.seen[0].headers["user-agent"].startswith("cxconfig/0")


def test_bodies_are_sent_as_json_and_as_forms() -> None:
    """UTF-8 either way."""
    with serving(lambda seen: reply({})) as server, anonymous(server) as connection:
        connection.call("POST", "/a", json={"n": "Zoë"})
        connection.call("POST", "/a", form={"n": "Zoë"})
        connection.call("PUT", "/a")
    assert [seen.body for seen in server.seen] == ['{"n":"Zoë"}'.encode(), b"n=Zo%C3%AB", b""]
    assert [seen.headers.get("content-type") for seen in server.seen] == [
        "application/json",
        "application/x-www-form-urlencoded",
        None,
    ]


def test_a_real_wait_can_be_interrupted() -> None:
    """The wait for the next attempt ends with Ctrl-C in the main thread, too."""

    def busy(seen: Seen) -> Reply:
        threading.Timer(0.05, interrupt).start()
        return Reply(429, b"", {"Retry-After": "60"})

    with serving(busy) as server, anonymous(server) as connection:
        began = real_time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            connection.call("GET", "/a")
    assert real_time.monotonic() - began < 20


def test_the_default_clock_waits() -> None:
    """Without a test's clock the named wait is kept."""
    answers = [Reply(503, b"", {"Retry-After": "0.1"}), reply({})]
    with serving(lambda seen: answers.pop(0)) as server:
        settings = replace(TransportSettings(system="onecloud", url=server.url), rate=1000)
        with Connection(settings, None, clock=Clock(jitter=lambda: 0.0)) as connection:
            assert connection.call("GET", "/a").elapsed >= 0.1
