"""The one HTTP layer: the only package that imports httpx.

One `Connection` per system and process: one shared client, one token under any number of threads, reads retried within
a budget, a write repeated only when it is proven not to have been carried out, TLS always verified, answers bounded.

    Auth (client) -> Retry -> RateLimit -> HTTPTransport

so that every attempt, the token's included, is retried and counted like every other.
"""

from __future__ import annotations

import providers.transport.lean  # noqa: F401  # first of all
from providers.transport.answer import Answer
from providers.transport.auth import ClientCredentials, Scheme, Token, TokenRequest
from providers.transport.connection import Connection, segment
from providers.transport.policy import Clock
from providers.transport.settings import TransportSettings

__all__ = [
    "Answer",
    "ClientCredentials",
    "Clock",
    "Connection",
    "Scheme",
    "Token",
    "TokenRequest",
    "TransportSettings",
    "segment",
]
