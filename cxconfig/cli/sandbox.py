"""`cxconfig sandbox`: the simulator as a process of its own."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxconfig.errors import SettingsError

if TYPE_CHECKING:
    import socket

    from cxconfig.sandbox.simulator import Simulator


@click.command("sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; 0 (default) takes a free one."
)
@click.option("--seed", type=click.Path(path_type=Path), help="YAML or JSON file with the tenant to start with.")
@click.option("--save", type=click.Path(path_type=Path), help="Write the tenant here at the end (.json: as JSON).")
@click.option("--switch", "switches", multiple=True, metavar="NAME=VALUE", help="Set a switch; repeatable.")
@click.option("--list-switches", is_flag=True, help="Show every switch with its settings, and end.")
@click.option("--faults", type=click.Path(path_type=Path), help="YAML or JSON file with a list of fault rules.")
@click.option("--latency-ms", type=click.FloatRange(min=0), default=0, help="Added to every answer.")
@click.option("--tls", is_flag=True, help="Serve HTTPS with a certificate made for this run.")
def command(
    port: int,
    seed: Path | None,
    save: Path | None,
    switches: tuple[str, ...],
    list_switches: bool,
    faults: Path | None,
    latency_ms: float,
    tls: bool,
) -> None:
    """Run a local simulator of OneCloud CX on loopback until it is interrupted.

    When it answers, one line is printed: `cxconfig sandbox ready url=http://127.0.0.1:PORT`, with --tls followed by
    `ca_bundle=FILE`. The values are quoted as a shell does it.

    Without --seed there is a small tenant with the API user `sandbox-api` and the made-up secret
    `sandbox-api-secret`; any scope is accepted.
    """
    with _extra():
        from cxconfig.sandbox.simulator import SYSTEMS, Simulator
        from cxconfig.sandbox.switches import listing

    if list_switches:
        for line in listing(switch for system in SYSTEMS for switch in system.switches):
            click.echo(line)
        return
    if save and not save.absolute().parent.is_dir():
        raise SettingsError(f"cannot save to {save}: there is no such folder", way_out="create the folder first")
    simulator = Simulator(seed, switches=_pairs(switches), faults=_rules(faults), latency_ms=latency_ms, save_file=save)
    _serve(simulator, port, tls)
    if save:
        simulator.save()


def _serve(simulator: Simulator, port: int, tls: bool) -> None:
    with _extra():
        from cxconfig.sandbox.server import listen
    listener = listen(port)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cxconfig-sandbox-"))) if tls else None
        stack.enter_context(listener)
        _run(simulator, listener, folder)


def _run(simulator: Simulator, listener: socket.socket, folder: Path | None) -> None:
    """Serve until a signal; Ctrl-C and SIGTERM are ordinary ends."""
    import asyncio
    import signal

    from cxconfig.sandbox.server import LOOPBACK, Server

    line = f"cxconfig sandbox ready url=http{'s' if folder else ''}://{LOOPBACK}:{listener.getsockname()[1]}"
    files: dict[str, Any] = {}
    if folder:
        with _extra():
            from cxconfig.sandbox.tls import make_certificate
        made = make_certificate(folder)
        line += f" ca_bundle={shlex.quote(str(made.ca))}"
        files = {"certificate": made.certificate, "key": made.key}

    async def run() -> None:
        server = Server(simulator, listener, ready=lambda: click.echo(line), **files)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        await server.run_until_stopped()

    asyncio.run(run())


def _pairs(switches: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in switches:
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingsError(f"--switch {text} sets nothing", way_out="write --switch NAME=VALUE, as in U5=merge")
        pairs[name.strip()] = value.strip()
    return pairs


def _rules(path: Path | None) -> list[dict[str, Any]]:
    """The rules in a file: a list of them, JSON being YAML as well."""
    if path is None:
        return []
    import yaml

    try:
        rules = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise SettingsError(f"cannot read fault rules from {path}", way_out="name a readable YAML file") from None
    if not isinstance(rules, list):
        raise SettingsError(f"{path} holds no list of fault rules", way_out="docs/sandbox.md shows one")
    return rules


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """A missing package of the extra becomes an instruction."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"the sandbox needs the package {error.name}", way_out="install cxconfig with its extra: cxconfig[sandbox]"
        ) from None
