"""One function over many items on a few threads, with the first error and an interrupt passed on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

_local = threading.local()


def halted() -> threading.Event:
    """Set when the run that this thread works for is being stopped: nothing is to be waited for any more."""
    event = getattr(_local, "halted", None)
    if event is None:
        event = _local.halted = threading.Event()
    return event


def each(function: Callable[[Item], Found], items: Iterable[Item], threads: int) -> dict[Item, Found]:
    """`function` of every item on at most `threads` threads; the results in the order of the items.

    The first error (in time) keeps what has not begun from beginning, ends the waits for another attempt of what is
    in flight, and is raised when that has ended, with the other errors as its notes. A KeyboardInterrupt is raised
    at once: the threads are daemons, and end with their call in flight.
    """
    wanted = list(dict.fromkeys(items))
    if threads < 2 or len(wanted) < 2:
        return {item: function(item) for item in wanted}
    return _Each(function, wanted).run(min(threads, len(wanted)))


class _Each(Generic[Item, Found]):
    def __init__(self, function: Callable[[Item], Found], items: list[Item]) -> None:
        self._function = function
        self._items = items
        self._next: Iterator[Item] = iter(items)
        self._found: dict[Item, Found] = {}
        self._errors: list[BaseException] = []
        self._lock = threading.Lock()
        self._halted = threading.Event()
        self._done = threading.Event()
        self._running = 0

    def run(self, threads: int) -> dict[Item, Found]:
        self._running = threads
        try:
            for number in range(threads):
                threading.Thread(target=self._work, name=f"each-{number}", daemon=True).start()
            while not self._done.wait(0.5):  # a wait without end cannot be interrupted everywhere
                pass
        finally:
            self._halted.set()
        if self._errors:
            raise self._first_error()
        return {item: self._found[item] for item in self._items}

    def _work(self) -> None:
        _local.halted = self._halted
        with _Handover(self):
            for item in self._taken():
                self._found[item] = self._function(item)

    def _taken(self) -> Iterator[Item]:
        while not self._halted.is_set():
            with self._lock:
                try:
                    item = next(self._next)
                except StopIteration:
                    return
            yield item

    def ended(self, error: BaseException | None) -> None:
        with self._lock:
            if error is not None:
                self._errors.append(error)
                self._halted.set()
            self._running -= 1
            if not self._running:
                self._done.set()

    def _first_error(self) -> BaseException:
        first, *others = self._errors
        for text in dict.fromkeys(str(error) for error in others):
            if text != str(first):
                first.add_note(f"and another call: {text}")
        return first


class _Handover:
    """Takes whatever ended a thread to the thread that waits for it."""

    def __init__(self, run: _Each[Item, Found]) -> None:
        self._ended = run.ended

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._ended(error)
        return True
