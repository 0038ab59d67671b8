"""A whole answer, as the clients see it, and what of it may stand in an error."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from cxconfig.errors import OutcomeUnknown, UnexpectedAnswer
from providers.transport.hiding import shortened, without_control

_LOOKED_AT = 20_000
"""Characters of a body that an error text may be made from."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(!doctype\s+html|html)\b", re.I | re.S)
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One answer, its body whole, decoded and bounded; `elapsed` in seconds, all attempts and waits included.

    `headers` are found by a name in any case. `endpoint`: method and path, without host and query.
    """

    system: str
    endpoint: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float = 0.0

    @property
    def text(self) -> str:
        """The body in its declared charset, UTF-8 without one; what cannot be decoded is replaced."""
        charset = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.body.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    @property
    def request_id(self) -> str:
        """The vendor's id of this call, "" without one."""
        found = self.headers.get("x-request-id") or self.headers.get("x-correlation-id") or ""
        return without_control(found)[:80]

    @property
    def is_html(self) -> bool:
        """Is the body a web page? Judged by its beginning: servers declare `OK` as text/html, too."""
        return _PAGE.match(self.body[:2000]) is not None

    def json(self) -> Any:
        """The body as JSON; raises `UnexpectedAnswer` when it is none."""
        try:
            return _DECODER.decode(self._json_text())
        except (ValueError, RecursionError):
            kind = "an HTML page" if self.is_html else f"{len(self.body)} bytes that are not JSON"
            raise UnexpectedAnswer(
                f"{self.system}: {self.endpoint} answered {self.status} with {kind}",
                system=self.system,
                endpoint=self.endpoint,
                status=self.status,
                request_id=self.request_id,
                way_out=(
                    f"Check that systems.{self.system}.url in tenant.yaml names the contact centre itself"
                    " and not a login page or a proxy."
                ),
            ) from None

    def _json_text(self) -> str:
        """Unicode, as JSON must be; what is not, in the charset that it declares."""
        try:
            return self.body.decode(json.detect_encoding(self.body))
        except UnicodeDecodeError:
            charset = _CHARSET.search(self.headers.get("content-type", ""))
            if charset is None:
                raise
            try:
                return self.body.decode(charset[1])
            except LookupError:
                raise ValueError(f"an unknown charset {charset[1]!r}") from None

    def said(self, hidden: Collection[str] = ()) -> str:
        """The vendor's own text: one line, at most `SAID_LENGTH` characters, of a page its title.

        The texts `hidden` are masked, and whatever could be a phone number to its last two digits.
        """
        text = self.text[:_LOOKED_AT]
        if self.is_html:
            title = _TITLE.search(text)
            text = f"an HTML page: {html.unescape(title[1]).strip()}" if title else "an HTML page"
        return shortened(text, hidden, numbers=True)

    def unclear(self, hidden: Collection[str] = ()) -> OutcomeUnknown:
        """The error for a write that was accepted, and whose body speaks of an error."""
        said = self.said(hidden)
        return OutcomeUnknown(
            f"{self.system}: {self.endpoint} answered {self.status}: {said}; whether the change was made is unknown",
            system=self.system,
            endpoint=self.endpoint,
            status=self.status,
            said=said,
            request_id=self.request_id,
            way_out="Run the command again: it reads what is live and does only what is missing.",
        )


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
