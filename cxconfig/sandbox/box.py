"""The sandbox inside a test's own process.

with Sandbox(seed={"users": [...]}, switches={"U5": "merge"}) as box:
    client = Client(box.url, box.client_id, box.client_secret)
    box.fault("drop_after", method="PUT", nth=1)
    ...
    assert box.count("PUT", "/configapi/v2/user/*") == 1
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from cxconfig.sandbox.log import Entry
from cxconfig.sandbox.onecloud.byhand import add_user, change_user
from cxconfig.sandbox.server import LOOPBACK, Server, listen
from cxconfig.sandbox.simulator import Simulator

START_S = 10.0


class Sandbox:
    """A simulator with a server in a thread; a context manager, or `start` and `stop`.

    `seed`: a mapping or a file in the form of docs/sandbox.md, None = the default tenant. `tls`: serve HTTPS, trusted
    through `ca_bundle`. `save`: the file of `save()`, also written by `stop`. `clock`: seconds, so that a test can
    move time. Logins are the vendor's loginId, fields
    have the vendor's names, a path pattern is one of `paths.fits`. Safe to use from any thread.
    """

    def __init__(
        self,
        seed: Mapping[str, Any] | Path | str | None = None,
        *,
        switches: Mapping[str, object] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        latency_ms: float = 0,
        port: int = 0,
        tls: bool = False,
        save: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.simulator = Simulator(
            seed, switches=switches, faults=faults, latency_ms=latency_ms, save_file=save, clock=clock
        )
        self._port = port
        self._tls = tls
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self.url = ""
        """`http://127.0.0.1:PORT`, known once started."""
        self.ca_bundle: Path | None = None
        """What a client must trust with `tls`."""

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Sandbox:
        """Start the server and return when it answers."""
        listener = listen(self._port)
        port: int = listener.getsockname()[1]
        certificate = key = None
        if self._tls:
            from cxconfig.sandbox.tls import make_certificate

            self._folder = tempfile.TemporaryDirectory(prefix="cxconfig-sandbox-")
            files = make_certificate(Path(self._folder.name))
            self.ca_bundle, certificate, key = files.ca, files.certificate, files.key
        self._server = Server(self.simulator, listener, certificate=certificate, key=key, ready=self._ready.set)
        self.url = f"http{'s' if self._tls else ''}://{LOOPBACK}:{port}"
        self._thread = threading.Thread(target=self._run, args=(self._server,), name="cxconfig-sandbox", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S):
            raise TimeoutError("the sandbox did not start")
        return self

    def stop(self) -> None:
        """Stop the server, write the save file if there is one, remove the certificate."""
        if self._server and self._thread:
            self._server.stop()
            self._thread.join()
            self._server = self._thread = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None
        if self.simulator.save_file:
            self.simulator.save()

    @staticmethod
    def _run(server: Server) -> None:
        asyncio.run(server.run_until_stopped())

    @property
    def client_id(self) -> str:
        """The first API user of the seed."""
        with self.simulator.lock:
            return next(iter(self.simulator.onecloud.tenant.clients))

    @property
    def client_secret(self) -> str:
        with self.simulator.lock:
            return self.simulator.onecloud.tenant.clients[self.client_id].client_secret

    @property
    def users(self) -> dict[str, dict[str, Any]]:
        """A copy of all users as GET user shows them, by login."""
        with self.simulator.lock:
            return {login: user.shown() for login, user in self.simulator.onecloud.tenant.users.items()}

    @property
    def teams(self) -> dict[str, str]:
        """A copy of all teams: name -> id."""
        with self.simulator.lock:
            return dict(self.simulator.onecloud.tenant.teams)

    def user(self, login: str) -> dict[str, Any] | None:
        """One user as GET user shows it, or None."""
        with self.simulator.lock:
            user = self.simulator.onecloud.tenant.users.get(login)
            return user.shown() if user else None

    def person(self, login: str) -> dict[str, Any] | None:
        """Everything of a user in the form of a seed, also what GET user does not show (SCIM, the photo), or None."""
        with self.simulator.lock:
            user = self.simulator.onecloud.tenant.users.get(login)
            return user.as_seed() if user else None

    def add_user(self, **values: Any) -> None:
        """Create a user by hand, in the form of a seed."""
        with self.simulator.lock:
            add_user(self.simulator.onecloud.tenant, values)

    def change_user(self, login: str, **values: Any) -> None:
        """Change a user by hand: any field, also those that the API cannot change; `loginId` renames."""
        with self.simulator.lock:
            change_user(self.simulator.onecloud.tenant, login, values)

    def delete_user(self, login: str) -> None:
        """Delete a user by hand."""
        with self.simulator.lock:
            self.simulator.onecloud.tenant.remove(login)

    def lock_user(self, login: str) -> None:
        """Lock a user out, as too many invalid logins do."""
        self.change_user(login, lockedOut=True)

    def is_locked(self, login: str) -> bool:
        with self.simulator.lock:
            return self.simulator.onecloud.tenant.users[login].locked_out

    def password_matches(self, login: str, password: str) -> bool:
        """Whether a user's password is this one."""
        with self.simulator.lock:
            return self.simulator.onecloud.tenant.users[login].matches(password)

    def add_team(self, name: str) -> None:
        """Create a team by hand."""
        with self.simulator.lock:
            self.simulator.onecloud.tenant.add_team(name)

    def remove_team(self, name: str) -> None:
        """Delete a team by hand; users keep its name."""
        with self.simulator.lock:
            del self.simulator.onecloud.tenant.teams[name]

    def end_tokens(self, *, expired: bool = False) -> None:
        """Revoke every token, or let it expire."""
        with self.simulator.lock:
            self.simulator.onecloud.end_tokens(expired=expired)

    def log(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        status: int | None = None,
        write: bool | None = None,
        changed: bool | None = None,
        since: int = 0,
    ) -> list[Entry]:
        """Requests in order of arrival."""
        return self.simulator.log.entries(
            method=method, path=path, status=status, write=write, changed=changed, since=since
        )

    def count(self, method: str | None = None, path: str | None = None, **filters: Any) -> int:
        """How many requests `log` with these filters holds."""
        return len(self.log(method, path, **filters))

    def counts(self, **filters: Any) -> dict[str, Any]:
        """Numbers by call, status and fault, and the highest number of requests that were open at one moment."""
        return self.simulator.log.counts(**filters)

    def clear_log(self) -> None:
        self.simulator.log.clear()

    def fault(self, do: str | Mapping[str, Any], **match: Any) -> int:
        """Add a fault rule, for instance `fault({"status": 503}, method="GET", first=2)`; returns its number."""
        return self.simulator.faults.add({"match": match, "do": do})

    def clear_faults(self, number: int | None = None) -> None:
        """Remove one rule, or all."""
        self.simulator.faults.clear(number)

    def set_switch(self, name: str, value: object) -> None:
        """Set a switch by its number or name; an unknown one is a `SettingsError`."""
        with self.simulator.lock:
            self.simulator.switches.update({name: value})

    @property
    def latency_ms(self) -> float:
        """What is added to every answer."""
        return self.simulator.latency_ms

    @latency_ms.setter
    def latency_ms(self, value: float) -> None:
        self.simulator.latency_ms = value

    def load(self, seed: Mapping[str, Any] | Path | str) -> None:
        """Replace the state by another seed."""
        self.simulator.load(seed)

    def dump(self) -> dict[str, Any]:
        """The state in the form of a seed."""
        return self.simulator.dump()

    def save(self) -> Path:
        """Write the save file now."""
        return self.simulator.save()
