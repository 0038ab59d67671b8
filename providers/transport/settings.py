"""What a connection is set to, and its TLS context."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi

from cxconfig.errors import SettingsError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_CI = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True)
class TransportSettings:
    """`system`: its name in tenant.yaml. Times in seconds, sizes in bytes, `rate` in calls per second.

    `connections` is the number of connections and of threads; more threads than connections break the pool.
    `total_budget` bounds one call with all its attempts and waits.
    """

    system: str
    url: str
    ca_bundle: Path | None = None
    insecure_skip_tls_verify: bool = False
    connections: int = 16
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_budget: float = 120.0
    max_response_bytes: int = 32 * 1024 * 1024
    rate: float | None = None


def tls_warning(settings: TransportSettings) -> str:
    """The warning of an unverified connection, "" for a verified one; raises where that is refused."""
    if not settings.insecure_skip_tls_verify:
        return ""
    if os.environ.get("CI", "").casefold() not in _NOT_CI:
        raise SettingsError(
            f"systems.{settings.system}.insecure_skip_tls_verify: certificates must be verified when CI is set",
            way_out="Remove the line, and name the private root certificate in `ca_bundle`.",
        )
    return f"{settings.system}: TLS certificates are not verified (insecure_skip_tls_verify)"


def tls_context(settings: TransportSettings) -> ssl.SSLContext:
    """The context for these settings; making one takes milliseconds, so it is made once."""
    if settings.insecure_skip_tls_verify:
        return _unverified()
    return _verified(settings.ca_bundle, settings.system)


@cache
def _verified(ca_bundle: Path | None, system: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_bundle is not None:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"systems.{system}.ca_bundle: {ca_bundle} holds no usable root certificates ({error})",
                way_out="Name a PEM file with the private root certificate.",
            ) from None
    return context


@cache
def _unverified() -> ssl.SSLContext:
    """Only for `insecure_skip_tls_verify`, which warns on every run and is refused in CI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.VerifyMode(0)
    return context


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address; never one for this computer."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or proxy_bypass(host):
        return None
    proxy = getproxies().get(parts.scheme) or getproxies().get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"
