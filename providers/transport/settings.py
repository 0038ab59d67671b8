"""What a connection is set to, its TLS context and its way through a proxy."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import httpx

from cxconfig.ci import in_ci
from cxconfig.errors import SettingsError


@dataclass(frozen=True)
class TransportSettings:
    """`system`: its name in tenant.yaml. Times in seconds, sizes in bytes, `rate` in calls per second (None: no limit).

    `connections` is the number of connections and of threads; attempts above it wait for their turn.
    `total_budget` bounds one call with all its attempts and waits. `ca_bundle` adds to the usual roots.
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

    def __post_init__(self) -> None:
        positive = (self.connections, self.connect_timeout, self.read_timeout, self.total_budget)
        if min(positive) <= 0 or self.max_response_bytes <= 0 or (self.rate is not None and self.rate <= 0):
            raise SettingsError(f"systems.{self.system}: connections, times, sizes and rate must be greater than 0")


def base_url(settings: TransportSettings) -> httpx.URL:
    """The address below which all paths lie; raises `SettingsError` for one that cannot be called."""
    try:
        url = httpx.URL(settings.url)
        url.host.encode("idna")
        fine = url.scheme in {"http", "https"} and url.host and not url.userinfo and not url.query and not url.fragment
    except (httpx.InvalidURL, UnicodeError):
        fine = False
    if not fine:
        raise SettingsError(
            f"systems.{settings.system}.url is not an address that can be called",
            way_out="Write https://, the host and at most a port and a path, without user name, `?` or `#`.",
        )
    return url


def tls_warning(settings: TransportSettings) -> str:
    """The warning of an unverified connection, "" for a verified one; raises where that is refused."""
    if not settings.insecure_skip_tls_verify:
        return ""
    if in_ci(os.environ):
        raise SettingsError(
            f"systems.{settings.system}.insecure_skip_tls_verify: certificates must be verified when CI is set",
            way_out=f"Remove the line, and name the private root certificate in systems.{settings.system}.ca_bundle.",
        )
    return f"{settings.system}: TLS certificates are not verified (insecure_skip_tls_verify)"


def tls_context(settings: TransportSettings) -> ssl.SSLContext:
    """The context for these settings; loading the roots takes tens of milliseconds, so each is made once."""
    if not settings.url.lower().startswith("https:"):
        return _trusting_none()
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
def _trusting_none() -> ssl.SSLContext:
    """For plain http, where TLS is never spoken: verifies, and trusts nobody, without loading roots."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _unverified() -> ssl.SSLContext:
    """Only for `insecure_skip_tls_verify`, which warns on every run and is refused in CI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address; never one for this computer."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    proxy = getproxies().get(parts.scheme.lower()) or getproxies().get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").casefold() == "localhost"
