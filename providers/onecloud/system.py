"""The OneCloud system: its settings in tenant.yaml, its kinds, and how to connect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cxconfig.kinds import Client, FieldSpec, System, SystemSettings
from providers.onecloud.scim_accounts import ScimAccounts
from providers.onecloud.teams import Teams
from providers.onecloud.users import Users


class OneCloudSettings(SystemSettings):
    """How a tenant is reached. Source: the vendor's "Get Access Token"."""

    client_id: Annotated[str, FieldSpec(vendor="client_id", example="${env:ONECLOUD_CLIENT_ID}")]
    """User name of an API user: one with the privileges that the kinds' calls need."""
    client_secret: Annotated[str, FieldSpec(vendor="client_secret", secret=True, example="${env:ONECLOUD_SECRET}")]
    """The API secret key that was generated for that user."""
    scope: Annotated[str | None, FieldSpec(vendor="scope", example="acme.example.com")] = None
    """The tenant's domain; left out, the host of `url` is taken."""

    def domain(self) -> str:
        return self.scope or urlsplit(self.url).hostname or ""


class OneCloud(System):
    name = "onecloud"
    settings = OneCloudSettings
    secret_settings = frozenset({"client_secret"})
    kinds = (Teams(), Users(), ScimAccounts())

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
