"""What went wrong with a call, as one of our errors: statuses and the library's exceptions in, texts masked."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection
from typing import Any

import httpx

from cxconfig.errors import (
    AuthenticationFailed,
    LiveError,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
    UnexpectedAnswer,
    Unreachable,
)
from providers.transport.answer import Answer
from providers.transport.body import TooLarge
from providers.transport.hiding import masked, shortened
from providers.transport.policy import NOT_SENT, Exchange, causes
from providers.transport.settings import TransportSettings

FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
"""Everything that httpx raises on purpose."""

_GATEWAY = frozenset({502, 503, 504})
_NO_SUCH_CALL = frozenset({404, 405, 410})
"""What a read is told that went to another server or below another path."""
_HOSTNAME, _ADDRESS = 62, 64
"""OpenSSL's verify codes of a certificate for another name or address."""


class Failures:
    """The errors of one connection. `credentials`: names of the settings that hold them."""

    def __init__(self, settings: TransportSettings, credentials: Collection[str]) -> None:
        self._settings = settings
        self._system = settings.system
        self._credentials = tuple(credentials)

    def of_status(self, answer: Answer, exchange: Exchange) -> LiveError:
        """An answer whose status is not expected, or whose body proves that the system itself did not answer."""
        # A body that was meant for us is somebody's data.
        said = "" if 200 <= answer.status < 300 else answer.said(exchange.secrets)
        what = f"{self._system}: {masked(answer.endpoint, exchange.secrets)} answered {answer.status}{_colon(said)}"
        data = {**self.data(answer, exchange), "said": said}
        if answer.status == 401:
            return AuthenticationFailed(what, **data, way_out=self._check(*self._credentials))
        if answer.status == 403:
            return PermissionDenied(
                what, **data, way_out="Give the API user the privilege that this call needs, or use another API user."
            )
        if answer.status == 429:
            slow = "The system limits how fast it may be called: run again later."
            return Refused(f"{what}{_because(exchange)}", **data, way_out=slow)
        if 400 <= answer.status < 500:
            way_out = self._check("url") if exchange.repeatable and answer.status in _NO_SUCH_CALL else ""
            return Refused(what, **data, way_out=way_out)
        if answer.status >= 500 or not exchange.repeatable:
            return self._unusable(what, data, answer, exchange)
        return UnexpectedAnswer(f"{what}, which the vendor does not document here", **data, way_out=self._check("url"))

    def of_exception(self, error: Exception, exchange: Exchange) -> LiveError:
        """No whole answer."""
        endpoint = masked(exchange.endpoint, exchange.secrets)
        data: dict[str, Any] = {"system": self._system, "endpoint": endpoint}
        tries = f" (tried {exchange.attempts} times)" if exchange.attempts > 1 else ""
        what = f"{self._system}: {endpoint}: {self._reason(error, exchange)}{tries}"
        unsent = isinstance(error, (*NOT_SENT, httpx.InvalidURL))
        if not exchange.repeatable and not unsent:
            return self._unknown(what, data)
        if unsent or isinstance(error, httpx.TransportError):
            return Unreachable(what, **data, way_out=self._way_out(error))
        return UnexpectedAnswer(what, **data, way_out=self._check("url"))

    def redirected(self, answer: Answer, exchange: Exchange, target: httpx.URL) -> LiveError:
        """A redirect that is not followed: to another host, of a write, or once too often."""
        where = shortened(f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}", exchange.secrets)
        endpoint = masked(answer.endpoint, exchange.secrets)
        what = f"{self._system}: {endpoint} answered {answer.status}, a redirect to {where}, which is not followed"
        data = self.data(answer, exchange)
        if not exchange.repeatable:
            return self._unknown(what, data)
        return UnexpectedAnswer(what, **data, way_out=self._check("url"))

    @staticmethod
    def data(answer: Answer, exchange: Exchange) -> dict[str, Any]:
        return {
            "system": answer.system,
            "endpoint": masked(answer.endpoint, exchange.secrets),
            "status": answer.status,
            "request_id": masked(answer.request_id, exchange.secrets),
        }

    def _unusable(self, what: str, data: dict[str, Any], answer: Answer, exchange: Exchange) -> LiveError:
        if not exchange.repeatable:
            return self._unknown(what, data)
        tries = f" to {exchange.attempts} attempts" if exchange.attempts > 1 else ""
        kind = Unreachable if answer.status in _GATEWAY else UnexpectedAnswer
        return kind(
            f"{what}{tries}{_because(exchange)}",
            **data,
            way_out="Nothing was taken for absent. Run again later; if it stays, ask the vendor's support.",
        )

    @staticmethod
    def _unknown(what: str, data: dict[str, Any]) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{what}; whether the change was made is unknown",
            **data,
            way_out="Run the command again: it reads what is live and does only what is missing.",
        )

    def _check(self, *names: str) -> str:
        settings = ", ".join(f"systems.{self._system}.{name}" for name in names or ("url",))
        return f"Check {settings} in tenant.yaml."

    def _way_out(self, error: BaseException) -> str:
        for cause in causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code not in {_HOSTNAME, _ADDRESS}:
                setting = f"systems.{self._system}.ca_bundle"
                return f"If the system has a private root certificate, name its PEM file in {setting}."
        return f"{self._check('url')[:-1]}, and the network, then run again."

    def _reason(self, error: Exception, exchange: Exchange) -> str:
        """What happened, in plain words; the library's own text only where it cannot hold a header or an address."""
        settings = self._settings
        for cause in causes(error):
            if text := _system_reason(cause):
                return shortened(text, exchange.secrets)
        if any(isinstance(cause, httpx.InvalidURL) for cause in causes(error)):
            return "an address that cannot be called"
        match error:
            case TooLarge():
                return f"the answer is larger than {settings.max_response_bytes / 1024**2:g} MiB"
            case httpx.DecodingError():
                return f"the answer cannot be decoded ({shortened(str(error), exchange.secrets)})"
            case httpx.ConnectTimeout():
                return f"no connection within {settings.connect_timeout:g} s"
            case httpx.PoolTimeout():
                return "no free connection in time"
            case httpx.TimeoutException():
                return f"no whole answer within {settings.read_timeout:g} s"
            case httpx.ProxyError():
                return f"the proxy refused ({shortened(str(error), exchange.secrets)})"
            case httpx.ConnectError():
                return "no connection"
            case httpx.RemoteProtocolError() | httpx.ReadError():
                return f"the connection was dropped ({shortened(str(error), exchange.secrets) or 'no reason given'})"
            case _:
                return f"the call failed ({type(error).__name__})"


def _system_reason(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the TLS certificate was not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {(cause.reason or 'unknown').replace('_', ' ').lower()}"
    if isinstance(cause, socket.gaierror):
        return f"the host name does not resolve ({cause.strerror})"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    return ""


def _colon(said: str) -> str:
    return f": {said}" if said else ""


def _because(exchange: Exchange) -> str:
    return f" ({exchange.gave_up})" if exchange.gave_up else ""
