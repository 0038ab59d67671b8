"""The OneCloud system: its settings in tenant.yaml, its kinds, and how to connect."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cxconfig.kinds import Client, System, SystemSettings
from providers.onecloud.teams import Teams
from providers.onecloud.users import Users


class OneCloudSettings(SystemSettings):
    """`client_id`: user name of an API user; `client_secret`: its API secret key; `scope`: the tenant's domain,
    default the host of `url`. Source: the vendor's "Get Access Token"."""

    client_id: str
    client_secret: str
    scope: str | None = None

    def domain(self) -> str:
        return self.scope or urlsplit(self.url).hostname or ""


class OneCloud(System):
    name = "onecloud"
    settings = OneCloudSettings
    secret_settings = frozenset({"client_secret"})
    kinds = (Teams(), Users())

    def origin(self, settings: Any) -> str:
        return f"{super().origin(settings)} {settings.domain()}"

    def connect(self, settings: Any) -> Client:
        from providers.onecloud.client import BASE, OneCloudClient
        from providers.transport import ClientCredentials, Connection, TransportSettings

        scheme = ClientCredentials(f"{BASE}/oauth/token", settings.client_id, settings.client_secret, settings.domain())
        transport = TransportSettings(
            system=self.name,
            url=settings.url,
            ca_bundle=Path(settings.ca_bundle) if settings.ca_bundle else None,
            insecure_skip_tls_verify=settings.insecure_skip_tls_verify,
        )
        return OneCloudClient(Connection(transport, scheme))
