"""`each` and the pool under threads: order, the first error, an interrupt, and more threads than connections."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import httpx
import pytest

from cxconfig.errors import Refused, Unreachable
from providers.transport import Answer, Connection, TransportSettings
from tests.providers.loopback import Reply, Seen, serving
from tests.providers.wiring import to, together


def echo(seen: Seen) -> Reply:
    return Reply(200, seen.path.encode())


def test_results_are_in_the_order_of_the_items() -> None:
    """Whatever finishes first, and each item once."""
    held = threading.Event()

    def late_first(seen: Seen) -> Reply:
        if seen.path == "/0":
            held.wait(10)
        if seen.path == "/99":
            held.set()
        return echo(seen)

    items = [*range(100), 5, 7]
    with serving(late_first) as server, to(server.url) as connection:
        found = connection.each(lambda item: connection.call("GET", f"/{item}").text, items)
    assert list(found.items()) == [(item, f"/{item}") for item in range(100)]
    assert len(server.seen) == 100


@pytest.mark.parametrize("items", [[], ["one"]])
def test_none_and_one_need_no_threads(items: list[str]) -> None:
    """Nothing is no work, and one item runs where it was asked for."""
    with serving(echo) as server, to(server.url) as connection:
        assert connection.each(lambda _: threading.current_thread(), items) == dict.fromkeys(
            items, threading.current_thread()
        )


@pytest.mark.parametrize("connections", [1, 4, 16])
def test_there_are_never_more_threads_than_connections(connections: int) -> None:
    """As many calls in flight as connections, and not one more."""
    open_now, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(connections)

    def count(_: int) -> None:
        nonlocal open_now, most
        with lock:
            open_now += 1
            most = max(most, open_now)
        full.wait(10)
        with lock:
            open_now -= 1

    with to("http://127.0.0.1:9", connections=connections) as connection:
        connection.each(count, range(4 * connections))
    assert most == connections


def test_the_first_error_is_raised_once_and_the_rest_does_not_begin() -> None:
    """Calls in flight end, calls not begun never begin, and the caller gets one error with the others as notes."""
    begun: list[int] = []
    all_in = threading.Barrier(4)

    def fail(item: int) -> None:
        begun.append(item)
        all_in.wait(10)
        raise Refused(f"no {item}", status=400)

    with to("http://127.0.0.1:9", connections=4) as connection, pytest.raises(Refused) as caught:
        connection.each(fail, range(1000))
    assert sorted(begun) == [0, 1, 2, 3]
    assert len(getattr(caught.value, "__notes__", [])) <= 3


def test_an_error_ends_the_waits_of_the_others() -> None:
    """Nobody sleeps out a Retry-After of a minute for a result that is not wanted any more."""
    waiting = threading.Event()

    def answer(seen: Seen) -> Reply:
        if seen.path == "/0":
            waiting.set()
            return Reply(429, headers={"Retry-After": "60"})
        waiting.wait(10)
        return Reply(400, b"no")

    began = time.monotonic()
    with serving(answer) as server, to(server.url) as connection, pytest.raises(Refused) as caught:
        connection.each(lambda item: connection.call("GET", f"/{item}"), range(2))
    assert caught.value.status == 400
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(("threads", "connections"), [(16, 16), (32, 8)])
def test_the_pool_survives_its_threads(threads: int, connections: int) -> None:
    """About a second of calls: none meets a closed descriptor or another call's answer, however many threads ask."""
    with serving(echo) as server, to(server.url, connections=connections) as connection:

        def ask(number: int) -> int:
            count, end = 0, time.monotonic() + 0.6
            while time.monotonic() < end:
                path = f"/{number}-{count}"
                assert connection.call("POST", path, json={}).text == path
                count += 1
            return count

        counts = together(threads, ask)
    assert [found for found in counts if isinstance(found, Exception)] == []
    assert min(counts) > 0


def test_more_threads_than_connections_wait_for_their_turn() -> None:
    """The race in the library's pool cannot happen: no more calls are in flight than there are connections."""
    lock, full = threading.Lock(), threading.Barrier(4)
    open_now, most = 0, 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal open_now, most
        with lock:
            open_now += 1
            most = max(most, open_now)
        full.wait(10)
        with lock:
            open_now -= 1
        return httpx.Response(200)

    settings = TransportSettings("onecloud", "http://127.0.0.1:9", connections=4)
    connection = Connection(settings, None, transport=httpx.MockTransport(answer))
    assert [found.status for found in together(32, lambda _: connection.call("POST", "/x"))] == [200] * 32
    assert most == 4


def test_one_thread_is_not_starved_by_a_long_wait_of_another() -> None:
    """A call that waits for its next attempt holds no connection meanwhile."""
    waiting, done = threading.Event(), threading.Event()

    def answer(seen: Seen) -> Reply:
        if seen.path == "/slow" and not done.is_set():
            waiting.set()
            return Reply(429, headers={"Retry-After": "0.2"})
        return echo(seen)

    with serving(answer) as server, to(server.url, connections=1) as connection:

        def ask(number: int) -> Answer:
            if number == 0:
                return connection.call("GET", "/slow")
            assert waiting.wait(10)
            answer = connection.call("GET", "/quick")
            done.set()
            return answer

        assert [found.text for found in together(2, ask)] == ["/slow", "/quick"]


PROGRAM = """
import sys
from providers.transport import Connection, TransportSettings
connection = Connection(TransportSettings("onecloud", sys.argv[1]), None)
count = int(sys.argv[2])
try:
    connection.each(lambda item: connection.call("GET", f"/{item}"), range(count))
except KeyboardInterrupt:
    sys.stdout.write("interrupted")
    connection.close()
    raise
"""


@pytest.mark.parametrize("count", [1, 40])
def test_an_interrupt_does_not_wait_for_the_calls_in_flight(count: int) -> None:
    """Ctrl-C in the middle of reads that are never answered ends the process long before their timeout of 60 s."""
    never, all_in = threading.Event(), threading.Semaphore(0)

    def silent(_: Seen) -> Reply:
        all_in.release()
        never.wait(60)
        return Reply(drop=True)

    with serving(silent) as server:
        command = [sys.executable, "-c", PROGRAM, server.url, str(count)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for _ in range(min(count, 16)):
                assert all_in.acquire(timeout=30)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            took = time.monotonic() - began
        finally:
            process.kill()
            never.set()
    assert (out, process.returncode) == ("interrupted", -signal.SIGINT), err
    assert took < 2.0


def test_a_dead_server_is_one_error() -> None:
    """Sixteen threads that find nobody there end with one `Unreachable`."""
    with serving(echo) as server:
        url = server.url
    with to(url, total_budget=0.2) as connection, pytest.raises(Unreachable, match="connection refused"):
        connection.each(lambda item: connection.call("GET", f"/{item}"), range(100))


def test_an_error_of_the_function_itself_is_passed_on() -> None:
    """Also one that is none of ours."""

    def broken(item: int) -> Any:
        raise LookupError(item)

    with to("http://127.0.0.1:9") as connection, pytest.raises(LookupError):
        connection.each(broken, range(3))
