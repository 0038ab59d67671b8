"""A whole answer, as the clients see it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cxconfig.errors import UnexpectedAnswer

SAID_LENGTH = 300
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Answer:
    """`headers` have lower-case names; `elapsed` in seconds."""

    system: str
    endpoint: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float = 0.0

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def request_id(self) -> str:
        found = self.headers.get("x-request-id") or self.headers.get("x-correlation-id") or ""
        return _CONTROL.sub("", found)[:80]

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("content-type", "") or self.body[:200].lstrip()[:1] == b"<"

    def json(self) -> Any:
        """The body as JSON; raises `UnexpectedAnswer` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = "an HTML page" if self.is_html else f"{len(self.body)} bytes that are not JSON"
            raise UnexpectedAnswer(
                f"{self.system}: {self.endpoint} answered {self.status} with {kind}",
                system=self.system,
                endpoint=self.endpoint,
                status=self.status,
                request_id=self.request_id,
                way_out="Check that `url` names the contact centre itself and not a login page or a proxy.",
            ) from None

    def said(self, secrets: Collection[str]) -> str:
        """The vendor's own text: one line, shortened, with secrets masked."""
        text = self.text
        if self.is_html:
            title = _TITLE.search(text)
            text = f"an HTML page: {title[1].strip()}" if title else "an HTML page"
        text = " ".join(_CONTROL.sub(" ", masked(text, secrets)).split())
        return text if len(text) <= SAID_LENGTH else text[: SAID_LENGTH - 1] + "…"


def masked(text: str, secrets: Collection[str]) -> str:
    """`text` with every secret replaced, the longest first; one or two characters are no secret."""
    for secret in sorted({s for s in secrets if len(s) > 2}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
