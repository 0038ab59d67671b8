"""Every kind of fault as a real client sees it, and which requests a rule hits."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cxconfig.errors import SettingsError
from cxconfig.sandbox import Sandbox
from tests.sandbox.support import NEW, TOKEN, USER, anonymous, ask_token, running, sign_in


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("kind", "made"), [("drop_before", False), ("drop_after", True)])
def test_a_dropped_connection(kind: str, made: bool, reset: bool, tls: bool) -> None:
    """The client gets no answer; the change was made or not, as the fault says; the next call works."""
    with running(tls=tls) as (box, client):
        box.fault({kind: None, "reset": reset}, method="POST", path=USER, nth=1)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.post(USER, json=NEW)
        assert ("new" in box.users) is made
        (entry,) = box.log()
        assert (entry.status, entry.fault, entry.changed) == (0, kind, made)
        assert client.post(USER, json=NEW).status_code == (409 if made else 200)


def test_the_two_ways_of_dropping_differ() -> None:
    """An ordinary drop ends the stream, a reset is an error of the connection."""
    with running() as (box, client):
        box.fault("drop_before", nth=1)
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            client.get(f"{USER}/jdoe")
        box.fault({"drop_before": None, "reset": True})
        with pytest.raises(httpx.ReadError):
            client.get(f"{USER}/jdoe")


def test_a_truncated_answer() -> None:
    """Content-Length promises more than comes; the change was made."""
    with running() as (box, client):
        box.fault("truncate", method=["PUT", "GET"])
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            client.get(f"{USER}/jdoe")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            client.put(f"{USER}/jdoe", json={"disabled": True})
        assert box.users["jdoe"]["disabled"] is True


@pytest.mark.parametrize(("when", "made"), [("before", False), ("after", True)])
def test_a_status(when: str, made: bool) -> None:
    """A status with a text, and the change made or not."""
    with running() as (box, client):
        box.fault({"status": 503, "body": "out of order", "when": when}, method="DELETE")
        answer = client.delete(f"{USER}/jdoe")
        assert (answer.status_code, answer.text) == (503, "out of order")
        assert ("jdoe" not in box.users) is made


def test_an_html_page() -> None:
    """A proxy's error page has its status and media type."""
    with running() as (box, client):
        box.fault({"html": 502})
        answer = client.get(f"{USER}/jdoe")
        assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
        assert "<center><h1>502 Bad Gateway</h1></center>" in answer.text


@pytest.mark.parametrize(("when", "made"), [("before", False), ("after", True)])
def test_a_delayed_answer_times_out(when: str, made: bool) -> None:
    """A client that does not wait sees a timeout; when the change is made decides `when`."""
    with running() as (box, client):
        box.fault({"delay_ms": 60_000, "when": when}, method="PUT")
        with pytest.raises(httpx.ReadTimeout):
            client.put(f"{USER}/jdoe", json={"disabled": True}, timeout=0.5)
        assert box.users["jdoe"]["disabled"] is made


def test_a_delay_delays() -> None:
    """An answer comes late by the given time, and complete."""
    with running() as (box, client):
        box.fault({"delay_ms": 80})
        began = time.monotonic()
        assert client.get(f"{USER}/jdoe").json()["loginId"] == "jdoe"
        assert time.monotonic() - began >= 0.08


@pytest.mark.parametrize(("kind", "text"), [("expire_token", ""), ("revoke_token", "Session is not authenticated")])
def test_a_token_that_ends(kind: str, text: str) -> None:
    """The request that is hit and those after it are 401 until a new token is fetched; no change is made."""
    with running(switches={"U2": "empty"}) as (box, client), anonymous(box) as colleague:
        sign_in(colleague)
        box.fault(kind, method="PUT", nth=1)
        answers = [client.put(f"{USER}/jdoe", json={"disabled": True}), client.get(f"{USER}/jdoe")]
        assert [(answer.status_code, answer.text) for answer in answers] == [(401, text)] * 2
        assert box.users["jdoe"]["disabled"] is False
        # Revoking hits all tokens of the API user, expiry only the one.
        assert colleague.get(f"{USER}/jdoe").status_code == (200 if kind == "expire_token" else 401)
        sign_in(client)
        assert client.get(f"{USER}/jdoe").status_code == 200


@pytest.mark.parametrize(
    ("do", "header"), [("rate_limit", None), ({"rate_limit": 0}, "0"), ({"rate_limit": {"retry_after": 7}}, "7")]
)
def test_a_rate_limit(do: str | dict[str, Any], header: str | None) -> None:
    """429 with or without Retry-After, and no change."""
    with running() as (box, client):
        box.fault(do)
        answer = client.delete(f"{USER}/jdoe")
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)
        assert "jdoe" in box.users


def test_latency_is_added_to_every_answer_and_costs_no_time_of_others() -> None:
    """40 requests at once take little longer than one."""
    with running(latency_ms=100) as (box, client), ThreadPoolExecutor(40) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: client.get(f"{USER}/jdoe"), range(40)))
        taken = time.monotonic() - began
        assert {answer.status_code for answer in answers} == {200}
        assert 0.1 <= taken < 2.0
        assert 2 <= box.counts()["peak_in_flight"] <= 40
        box.latency_ms = 0


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"first": 2}, [1, 2]),
        ({"every": 3}, [3, 6]),
        ({"after": 4}, [5, 6]),
        ({"count": 3}, [1, 2, 3]),
        ({"after": 1, "every": 2, "count": 2}, [3, 5]),
        ({"method": "get"}, []),
        ({"method": "GET", "path": "/configapi/v2/user/*"}, [1, 2, 3, 4, 5, 6]),
        ({"path": "/configapi/*"}, []),
        ({"path": "/configapi/**"}, [1, 2, 3, 4, 5, 6]),
        ({"write": True}, []),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6]),
        ({"probability": 0.0}, []),
    ],
)
def test_which_requests_are_hit(match: dict[str, Any], hit: list[int]) -> None:
    """The conditions of a rule, over six equal reads."""
    if match.get("method") == "get":
        match = {"method": "PUT"}
    with running() as (box, client):
        box.fault({"status": 599}, **match)
        statuses = [client.get(f"{USER}/jdoe").status_code for _ in range(6)]
        assert [number for number, status in enumerate(statuses, 1) if status == 599] == hit


def test_the_first_fitting_rule_wins_and_every_rule_counts() -> None:
    """A rule further down counts requests that an earlier one took; rules go away one by one."""
    with running() as (box, client):
        first = box.fault({"status": 501}, nth=1)
        box.fault({"status": 502}, first=2)
        assert [client.get(f"{USER}/jdoe").status_code for _ in range(3)] == [501, 502, 200]
        assert [(rule["seen"], rule["hits"]) for rule in box.simulator.faults.listing()] == [(3, 1), (3, 1)]
        box.fault({"status": 503})
        box.clear_faults(first)
        assert client.get(f"{USER}/jdoe").status_code == 503
        box.clear_faults()
        assert client.get(f"{USER}/jdoe").status_code == 200


def _hit(seed: int, logins: list[str]) -> set[str]:
    """The logins whose read is hit by a rule of 20 %, read in this order."""
    with running() as (box, client):
        box.fault({"status": 599}, probability=0.2, seed=seed)
        return {login for login in logins if client.get(f"{USER}/{login}").status_code == 599}


def test_random_faults_are_reproducible_in_any_order() -> None:
    """The same seed hits the same calls whatever their order, another seed hits others, about a fifth each."""
    logins = [f"u{number}" for number in range(100)]
    hit = _hit(1, logins)
    assert hit == _hit(1, logins[::-1])
    assert hit != _hit(2, logins)
    assert 8 <= len(hit) <= 35


def test_write_means_changes_and_no_token() -> None:
    """`write` leaves reads and token requests alone."""
    with running() as (box, client):
        box.fault("drop_before", write=True)
        assert ask_token(client).status_code == 200
        assert client.get(f"{USER}/jdoe").status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            client.put(f"{USER}/lock/jdoe")


def test_a_fault_on_the_token_endpoint() -> None:
    """The token endpoint can be hit like any other."""
    with running() as (box, client):
        box.fault({"status": 500}, path=TOKEN, first=1)
        assert [ask_token(client).status_code for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"do": "explode"}, "do.kind"),
        ({"do": {"status": 99}}, "status needs an HTTP status"),
        ({"do": {"status": 500, "html": 500}}, "names exactly one fault"),
        ({"do": "delay_ms"}, "needs a number of milliseconds"),
        ({"do": "truncate", "match": {"nht": 1}}, "match.nht"),
        ({"do": "truncate", "match": {"nth": 0}}, "match.nth"),
        ({"match": {}}, "do"),
    ],
)
def test_a_malformed_rule_is_an_error(rule: dict[str, Any], said: str) -> None:
    """The error names the part of the rule that is wrong."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        Sandbox(faults=[rule])


def test_stopping_cuts_off_waiting_requests(caplog: pytest.LogCaptureFixture) -> None:
    """A sandbox stops within its grace although a request would wait for a minute, and nothing is complained about."""
    box = Sandbox(faults=[{"do": {"delay_ms": 60_000}}]).start()
    seen: list[str] = []

    def ask() -> None:
        with anonymous(box) as client:
            try:
                client.get(f"{USER}/jdoe")
            except httpx.TransportError as error:
                seen.append(type(error).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    while not box.count():
        thread.join(0.01)
    began = time.monotonic()
    box.stop()
    thread.join(5)
    assert time.monotonic() - began < 4
    assert len(seen) == 1
    assert caplog.records == []


def test_many_threads_under_random_drops(caplog: pytest.LogCaptureFixture) -> None:
    """What the log calls a change is exactly what is there after 200 creations by 8 threads."""

    def create(number: int) -> int:
        try:
            return client.post(USER, json=NEW | {"loginId": f"u{number}"}).status_code
        except httpx.TransportError:
            return 0

    with running() as (box, client), ThreadPoolExecutor(8) as pool:
        before = len(box.users)
        box.fault("drop_before", probability=0.1, seed=1)
        box.fault({"drop_after": None, "reset": True}, probability=0.1, seed=2)
        box.fault("truncate", probability=0.1, seed=3)
        statuses = list(pool.map(create, range(200)))
        counts = box.counts()
        assert counts["total"] == 200
        assert set(counts["faults"]) == {"drop_before", "drop_after", "truncate"}
        assert statuses.count(0) == sum(counts["faults"].values())
        assert len(box.users) - before == counts["changes"] == 200 - counts["faults"]["drop_before"]
        assert len({shown["extension"] for shown in box.users.values()}) == len(box.users)
    assert caplog.records == []
