"""What is sent again, when, and what becomes of everything else: tables over scripted answers, without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from cxconfig.errors import (
    AuthenticationFailed,
    LiveError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    UnexpectedAnswer,
    Unreachable,
)
from providers.transport import Answer, Connection, TransportSettings
from tests.providers.loopback import Time

WRITES = ("POST", "PUT", "PATCH", "DELETE")
SETTINGS = TransportSettings(system="onecloud", url="https://cc.example.com")


class Breaking(httpx.SyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"half":'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


@dataclass(frozen=True)
class Given:
    """An answer to be given; a response of the library can be read only once."""

    code: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    breaks: bool = False

    def response(self) -> httpx.Response:
        headers = [*self.headers]
        if self.breaks:
            return httpx.Response(self.code, headers=headers, stream=Breaking())
        return httpx.Response(self.code, headers=headers, content=self.body)


Script = list[Given | Exception]


def status(code: int, body: bytes = b"", breaks: bool = False, **headers: str) -> Given:
    return Given(code, body, tuple((name.replace("_", "-"), text) for name, text in headers.items()), breaks)


OK = status(200, b"{}")
BROKEN = status(200, breaks=True)
DATED = status(429, Date="Tue, 15 Nov 2044 12:00:00 GMT", Retry_After="Tue, 15 Nov 2044 12:00:03 GMT")


class Scripted:
    """A connection over answers that are given in order, the last one for ever; `sent`: the requests."""

    def __init__(self, script: Script, settings: TransportSettings = SETTINGS, jitter: float = 0.0) -> None:
        self.script = script
        self.sent: list[httpx.Request] = []
        self.timeouts: list[dict[str, float]] = []
        self.time = Time(jitter)
        self.connection = Connection(settings, None, transport=httpx.MockTransport(self._answer), clock=self.time.clock)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.script[min(len(self.sent), len(self.script) - 1)]
        self.sent.append(request)
        self.timeouts.append(request.extensions["timeout"])
        if isinstance(answer, Exception):
            raise answer
        return answer.response()

    def call(self, method: str = "GET", path: str = "/x", **given: Any) -> Answer:
        with self.connection:
            return self.connection.call(method, path, **given)


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([status(429, Retry_After="2")], [2.5]),
        ([status(429, Retry_After="1.5")], [2.0]),
        ([DATED], [3.5]),
        ([status(429, Retry_After="Fri, 15 Jan 2027 08:00:04 GMT")], [4.5]),
        ([status(429, Retry_After="Fri, 15 Jan 2021 08:00:04 GMT")], [0.5]),
        ([status(429, Retry_After="soon")], [0.5]),
        ([status(429, Retry_After="nan")], [0.5]),
        ([status(429)], [0.5]),
        ([status(503), status(503)], [0.5, 1.0]),
        ([status(503, Retry_After="7")], [7.5]),
        ([status(500), status(502), status(504)], [0.5, 1.0, 2.0]),
        ([httpx.ConnectError("x")], [0.5]),
        ([httpx.ReadTimeout("x"), httpx.ReadError("x")], [0.5, 1.0]),
        ([httpx.RemoteProtocolError("x")], [0.5]),
        ([BROKEN], [0.5]),
    ],
    ids=str,
)
def test_a_read_is_sent_again(answers: Script, waits: list[float]) -> None:
    """Reads survive passing outages, after the wait that the system names or a growing one of our own."""
    scripted = Scripted([*answers, OK], jitter=1.0)
    assert scripted.call().status == 200
    assert len(scripted.sent) == len(answers) + 1
    assert scripted.time.waits == pytest.approx(waits)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    "first",
    [status(429), status(429, Retry_After="1"), httpx.ConnectError("x"), httpx.ConnectTimeout("x"),
     httpx.PoolTimeout("x")],
    ids=str,
)  # fmt: skip
def test_a_write_is_sent_again_when_it_was_not_carried_out(method: str, first: Given | Exception) -> None:
    """429, and a connection that never came about, prove that nothing was done."""
    scripted = Scripted([first, OK])
    assert scripted.call(method, json={"a": 1}).status == 200
    assert [request.content for request in scripted.sent] == [b'{"a":1}'] * 2


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (status(500), 500),
        (status(502), 502),
        (status(503, Retry_After="1"), 503),
        (status(504), 504),
        (status(501), 501),
        (status(200, b"<!DOCTYPE html><title>Sign in</title>", Content_Type="text/html"), 200),
        (status(201, b"made"), 201),
        (status(302, Location="/login"), 302),
        (status(303, Location="https://elsewhere.example.net/"), 303),
        (status(304), 304),
        (BROKEN, 0),
        (httpx.ReadError("x"), 0),
        (httpx.ReadTimeout("x"), 0),
        (httpx.WriteError("x"), 0),
        (httpx.WriteTimeout("x"), 0),
        (httpx.RemoteProtocolError("x"), 0),
    ],
    ids=str,
)
def test_a_write_without_a_usable_answer_is_unknown(method: str, answer: Given | Exception, code: int) -> None:
    """Nothing but a read can tell whether it was carried out, so it is sent once."""
    scripted = Scripted([answer, OK])
    with pytest.raises(OutcomeUnknown) as caught:
        scripted.call(method)
    assert (len(scripted.sent), scripted.time.waits, caught.value.status) == (1, [], code)
    assert caught.value.endpoint == f"{method} /x"
    assert "run the command again" in str(caught.value).lower()


def test_a_refused_write_whose_answer_breaks_off_is_refused() -> None:
    """The status alone proves that nothing was done."""
    scripted = Scripted([status(409, breaks=True)])
    with pytest.raises(Refused) as caught:
        scripted.call("POST")
    assert caught.value.status == 409


def test_a_write_that_never_reached_the_system_is_unreachable() -> None:
    """No connection at all is not an unknown outcome."""
    scripted = Scripted([httpx.ConnectError("x")])
    with pytest.raises(Unreachable, match="tried 5 times"):
        scripted.call("POST")
    assert len(scripted.sent) == 5


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        (status(503), Unreachable, 5),
        (status(502), Unreachable, 5),
        (status(500), UnexpectedAnswer, 5),
        (status(501), UnexpectedAnswer, 1),
        (BROKEN, Unreachable, 5),
        (httpx.ReadTimeout("x"), Unreachable, 5),
        (httpx.UnsupportedProtocol("x"), Unreachable, 1),
        (httpx.DecodingError("x"), UnexpectedAnswer, 1),
    ],
    ids=str,
)
def test_a_read_ends_with_an_error(answer: Given | Exception, error: type[LiveError], tries: int) -> None:
    """An outage is never an absence, and five attempts are enough where the system names no wait."""
    scripted = Scripted([answer])
    with pytest.raises(error) as caught:
        scripted.call()
    assert (type(caught.value), len(scripted.sent)) == (error, tries)
    assert (caught.value.system, caught.value.endpoint) == ("onecloud", "GET /x")
    assert caught.value.way_out


@pytest.mark.parametrize(("code", "error"), [(429, Refused), (503, Unreachable)])
def test_a_wait_beyond_the_budget_is_told_at_once(code: int, error: type[LiveError]) -> None:
    """Nobody is kept waiting for an answer that cannot come in time."""
    scripted = Scripted([status(code, Retry_After="3600")])
    with pytest.raises(error, match=r"wait 3600 s, and at most 120 s") as caught:
        scripted.call()
    assert (caught.value.status, scripted.time.waits) == (code, [])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_too_many_requests_are_waited_for_within_the_budget(method: str) -> None:
    """A busy system gets the whole budget, with growing waits, and not more."""
    scripted = Scripted([status(429)], replace(SETTINGS, total_budget=60), jitter=1.0)
    with pytest.raises(Refused, match="60 s are spent"):
        scripted.call(method)
    assert scripted.time.waits == [0.5, 1, 2, 4, 8, 16, 20]


def test_waits_have_full_jitter() -> None:
    """Sixteen threads that were turned away together do not come back together."""
    waits = []
    for part in (0.0, 0.25, 1.0):
        scripted = Scripted([status(503), OK], jitter=part)
        scripted.call()
        waits += scripted.time.waits
    assert waits == [0.0, 0.125, 0.5]


def test_an_attempt_is_given_no_more_time_than_is_left() -> None:
    """The timeouts of each attempt end with the budget."""
    scripted = Scripted([status(503, Retry_After="100"), OK])
    scripted.call()
    assert scripted.timeouts == [
        {"connect": 10, "read": 60, "write": 60, "pool": 60},
        {"connect": 10, "read": 20, "write": 20, "pool": 20},
    ]


def test_a_body_that_drips_ends_with_the_budget() -> None:
    """Each byte in time is not an answer in time."""
    time = Time()

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                time.seconds += 30
                yield b"."

    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Dripping()))
    connection = Connection(SETTINGS, None, transport=transport, clock=time.clock)
    with connection, pytest.raises(Unreachable, match="no whole answer"):
        connection.call("GET", "/x")
    assert time.seconds <= 240


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, Refused), (401, AuthenticationFailed), (403, PermissionDenied), (404, Refused), (405, Refused),
     (409, Refused), (415, Refused), (202, UnexpectedAnswer), (304, UnexpectedAnswer)],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_statuses(method: str, code: int, error: type[LiveError]) -> None:
    """Each status has one error, with all that the system said; what is no refusal leaves a write unsettled."""
    scripted = Scripted([status(code, b"user team not found", X_Request_Id="r-1")])
    with pytest.raises(LiveError) as caught:
        scripted.call(method, "/configapi/v2/user/jdoe")
    told = caught.value
    assert type(told) is (OutcomeUnknown if method == "PUT" and code < 400 else error)
    said = "" if code < 300 else "user team not found"  # what may be somebody's data is not quoted
    assert (told.status, told.said, told.request_id) == (code, said, "r-1")
    assert told.endpoint == f"{method} /configapi/v2/user/jdoe"
    assert str(code) in str(told) and said in str(told)
    assert len(scripted.sent) == 1


def test_an_expected_status_is_an_answer() -> None:
    """The caller says what it can use."""
    answer = Scripted([status(404, b"gone", X_Correlation_Id="c-9")]).call("DELETE", expect=(200, 404))
    assert (answer.status, answer.text, answer.request_id) == (404, "gone", "c-9")
    assert answer.headers["x-correlation-ID"] == "c-9"


def exceptions(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for child in base.__subclasses__():
        if child.__module__ == "httpx":
            yield from exceptions(child)


ALL = sorted({e for base in (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
              for e in exceptions(base)}, key=lambda e: e.__name__)  # fmt: skip


def raised(kind: type[Exception]) -> Exception:
    text = "https://user:pw@cc.example.com/x?phone=15551234567 Bearer s3cret"
    if kind is httpx.HTTPStatusError:
        return httpx.HTTPStatusError(text, request=httpx.Request("GET", "https://x"), response=httpx.Response(500))
    try:
        return kind(text)
    except TypeError:  # those about streams take no text
        return kind()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_exception_of_the_library_becomes_ours(kind: type[Exception], method: str) -> None:
    """No caller has to know the HTTP library, and a new kind of exception is not forgotten."""
    with pytest.raises(LiveError) as caught:
        Scripted([raised(kind)]).call(method, secrets=("s3cret",))
    assert caught.value.endpoint == f"{method} /x"
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_hierarchy_of_the_library_is_known() -> None:
    """All of its public exceptions are in the table above."""
    public = {getattr(httpx, name) for name in httpx.__all__ if isinstance(getattr(httpx, name), type)}
    assert {kind for kind in public if issubclass(kind, Exception)} <= set(ALL)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", ""),
        (b"a\r\n\tb\x00\x1b[31mc\xe2\x80\xaed", "a b [31mc d"),
        (b"x" * 1000, "x" * 299 + "…"),
        (
            b"<html><head><title>Error 404\n Not &amp; Found</title></head></html>",
            "an HTML page: Error 404 Not & Found",
        ),
        (b"\n<!doctype HTML><p>hi", "an HTML page"),
        (b"<b>not a page</b>", "<b>not a page</b>"),
        (b"\xff\xfe\xfd", "���"),
    ],
)
def test_what_the_system_said_is_one_short_line(body: bytes, said: str) -> None:
    """A vendor's text cannot flood or steer a terminal."""
    with pytest.raises(Refused) as caught:
        Scripted([status(400, body)]).call()
    assert caught.value.said == said


@pytest.mark.parametrize(
    "echo",
    ["p w'\"\\é&", "p+w%27%22%5C%C3%A9%26", "p%20w%27%22%5C%C3%A9%26", 'p w\'\\"\\\\é&', 'p w\'\\"\\\\\\u00e9&',
     "p w&#x27;&quot;\\é&amp;"],
)  # fmt: skip
def test_secrets_are_masked_in_every_form(echo: str) -> None:
    """A vendor that repeats a password, quoted in any way, does not bring it into our output."""
    with pytest.raises(Refused) as caught:
        Scripted([status(400, f"bad value <{echo}>".encode())]).call("POST", secrets=("p w'\"\\é&", ""))
    assert caught.value.said == "bad value <***>"
    assert echo not in str(caught.value)


def test_errors_hold_no_query_and_no_masked_name() -> None:
    """A phone number that is looked for appears in no error text."""
    with pytest.raises(Refused) as caught:
        Scripted([status(404)]).call(
            path="/phone/15551234567?q=1", params={"n": "15557654321"}, secrets=["15551234567"]
        )
    assert caught.value.endpoint == "GET /phone/***"
    assert "1555" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"OK", b"{", b"\xff", b"<html></html>", b"[NaN]", b"[" * 100_000, b'{"a":1}x'])
def test_a_body_that_is_not_json_is_unexpected(body: bytes) -> None:
    """Whatever it is instead, the error names the call."""
    answer = Scripted([status(200, body)]).call()
    with pytest.raises(UnexpectedAnswer) as caught:
        answer.json()
    assert (caught.value.endpoint, caught.value.status) == ("GET /x", 200)
    assert caught.value.way_out


@pytest.mark.parametrize("body", ['{"name": "Zoë"}', '\ufeff{"name": "Zoë"}'])
def test_json_is_read_with_and_without_a_byte_order_mark(body: str) -> None:
    """Some servers write one."""
    assert Scripted([status(200, body.encode())]).call().json() == {"name": "Zoë"}


def redirecting(where: Callable[[int], str]) -> Scripted:
    scripted = Scripted([])
    scripted.script = [status(302, Location=where(number)) for number in range(9)]
    return scripted


def test_reads_follow_three_redirects_on_the_same_host() -> None:
    """A missing trailing slash is no failure."""
    scripted = redirecting(lambda number: f"/y{number}/")
    scripted.script[3] = OK
    assert scripted.call().status == 200
    assert [request.url.path for request in scripted.sent] == ["/x", "/y0/", "/y1/", "/y2/"]


@pytest.mark.parametrize(
    ("method", "where", "sent"),
    [
        ("GET", "/again", 4),
        ("GET", "https://evil.example.net/x?token=1", 1),
        ("GET", "http://cc.example.com/x", 1),
        ("GET", "https://cc.example.com:8443/x", 1),
        ("POST", "/y", 1),
        ("POST", "https://evil.example.net/x", 1),
    ],
)
def test_redirects_are_not_followed_elsewhere(method: str, where: str, sent: int) -> None:
    """Neither the token nor a change goes to a host that the user did not name."""
    scripted = redirecting(lambda number: where)
    with pytest.raises(UnexpectedAnswer if method == "GET" else OutcomeUnknown, match="redirect to") as caught:
        scripted.call(method)
    assert len(scripted.sent) == sent
    assert str(httpx.URL("https://cc.example.com").join(where).host) in str(caught.value)
    assert "token" not in str(caught.value)


def test_a_redirect_to_nowhere_is_an_error() -> None:
    """An address that cannot be parsed ends the read."""
    with pytest.raises(LiveError, match="cannot be called"):
        redirecting(lambda number: "https://cc.example.com:port/").call()


def test_the_rate_is_kept_by_every_attempt() -> None:
    """Repeated attempts count, too, and are evenly spaced."""
    scripted = Scripted([status(429, Retry_After="0"), OK], replace(SETTINGS, rate=4))
    for _ in range(3):
        scripted.connection.call("GET", "/x")
    assert [wait for wait in scripted.time.waits if wait] == [0.25, 0.25, 0.25]


def test_every_call_is_counted_once_by_its_method() -> None:
    """The result's number of reads comes from here: calls, not attempts."""
    scripted = Scripted([status(503), OK])
    for method in ("GET", "PUT", "GET"):
        scripted.connection.call(method, "/x")
    assert scripted.connection.counts == {"GET": 2, "PUT": 1}
    assert len(scripted.sent) == 4
