"""Which field a refusal is about, where the vendor's words clearly name one, and what to do about it. Pure.

The vendor answers with a sentence ("user role not found", "extension is already in use") and no field. A field is
blamed only when it was sent and is the only one of those that the sentence names; what else the sentence echoes (the
login, declared values) names nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cxconfig.errors import Refused
from cxconfig.kinds import Values

STATUSES = frozenset({400, 404, 409})


@dataclass(frozen=True, slots=True)
class _Thing:
    """What the vendor calls a field, and the way out where it says one of `why` of it."""

    words: str
    why: str = ""
    way_out: str = ""


_UNKNOWN = r"not found|unknown|unsupported|invalid|no such|not exist|nonexistent"
_CREATE = "Create the {} in the contact centre administrator, or correct the name here."
_THINGS: Mapping[str, _Thing] = {
    "team": _Thing("team", _UNKNOWN, _CREATE.format("team")),
    "roles": _Thing("roles?", _UNKNOWN, _CREATE.format("role")),
    "skills": _Thing("skills?", _UNKNOWN, _CREATE.format("skill")),
    "extension": _Thing(
        "extension",
        r"in use|used|taken|exists|unique|duplicate|assigned",
        "Write one that nobody has, or leave `extension` out: whoever is created gets one, and whoever exists keeps"
        " it.",
    ),
    "timezone": _Thing(
        "time ?zone", _UNKNOWN, "Write another name of the zone that the contact centre knows, or leave `timezone` out."
    ),
    "password": _Thing("passwords?"),
    "email": _Thing("e-?mails?"),
    "photo": _Thing("photos?|pictures?|images?|urls?"),
}
PHOTO_WAYS_OUT: Mapping[int, str] = {
    400: "write an http or https address that leads straight to an image, or leave `photo` out",
    404: (
        "see that the contact centre itself can fetch an image from there, without a login and from outside of your"
        " network; write another address, or leave `photo` out"
    ),
}

Answered = TypeVar("Answered")


def naming(login: str, sent: Values, write: Callable[[], Answered]) -> Answered:
    """Make a write; a refusal that is about one of the fields that are `sent` says so, and leads to its place."""
    try:
        return write()
    except Refused as refused:
        _told(refused, login, sent)
        raise


def _told(refused: Refused, login: str, sent: Values) -> None:
    field = blamed(refused.said, login, sent) if refused.status in STATUSES else ""
    photo = PHOTO_WAYS_OUT.get(refused.status, "") if sent.get("photo") else ""
    if field:
        refused.field = field
        refused.what = f"the `{field}` {'were' if field.endswith('s') else 'was'} refused: {refused.what}"
        thing = _THINGS[field]
        if field == "photo" and photo:
            refused.way_out = f"{photo[0].upper()}{photo[1:]}."
        elif thing.why and re.search(thing.why, refused.said.casefold()):
            refused.way_out = thing.way_out
    elif photo and not refused.said:
        refused.way_out = f"{refused.way_out} If it is the `photo` that was refused: {photo}.".strip()


def blamed(said: str, login: str, sent: Values) -> str:
    """The one field of those sent that the vendor's words name, "" when they name none or several."""
    text = said.casefold()
    for echo in sorted({login, *_texts(sent)}, key=len, reverse=True):
        if echo.strip():
            text = re.sub(rf"(?<!\w){re.escape(echo.strip().casefold())}(?!\w)", " ", text)
    named = [
        name
        for name, thing in _THINGS.items()
        if sent.get(name) and re.search(rf"(?<![\w.@-])(?:{thing.words})(?![\w@-]|\.\w)", text)
    ]
    return named[0] if len(named) == 1 else ""


def _texts(sent: Values) -> Iterator[str]:
    """The declared values as the vendor may echo them."""
    for value in sent.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, Iterable):
            yield from map(str, value)
