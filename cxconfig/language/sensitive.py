"""Words that announce a secret or a phone number, and texts without what follows them."""

from __future__ import annotations

import re

MASK = "•••••"
_PARTS = re.compile(
    "pass|pwd|p[a-z]{0,2}s[a-z]{0,3}w[a-z]{0,2}d|secret|token|credential|apikey|privatekey|accesskey|bearer|kennwort"
    "|phone|telef|mobil",
    re.IGNORECASE,
)
_WHOLE = frozenset(["pw", "key", "keys", "pin", "tel", "cell", "fax", "otp", "auth", "sig", "signature", "handy"])
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
PHONE = re.compile(r"[+(]?\d(?:[\s().\-/]{0,3}\d){6,}")
_LOGIN = re.compile(r"(?<=//).*@")
_QUERY = re.compile(r"(?<=[?#]).+")
_ADDRESS = re.compile(rf"(?:[a-z0-9+]+://)?(?:{MASK}@)?[\w.-]*(?::\d{{0,5}})?(?:/[\w.~/-]*)?(?:[?#]{MASK})?", re.ASCII)
REFERENCE = re.compile(r"\$\{[A-Za-z]+:[\w ./-]*\}")


def squashed(name: str) -> str:
    """`work_phone`, `workPhone` and `Work-Phone` are one name."""
    return re.sub(r"[\W_]+", "", name).casefold()


def alarming(text: str) -> re.Match[str] | None:
    """The first word in `text` that announces a secret or a phone number."""
    for word in re.finditer(r"\w+", text):
        if _PARTS.search(word[0].replace("_", "")) or any(t.casefold() in _WHOLE for t in _TOKEN.findall(word[0])):
            return word
    return None


def masked_text(text: str) -> str:
    """A masked value; the references in it stay, because what stands around them is often the mistake."""
    bare = unquoted(text)
    shown, at = "", 0
    for found in REFERENCE.finditer(bare):
        shown += (MASK if bare[at : found.start()].strip() else "") + found[0]
        at = found.end()
    return shown + (MASK if bare[at:].strip() or not shown else "")


def unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def is_reference(text: str) -> bool:
    """Is `text`, with or without quotes, one whole reference, which may be shown?"""
    return REFERENCE.fullmatch(unquoted(text).strip()) is not None


def cut(text: str) -> str:
    """The user's text as a sentence may show it: what follows a word like `password` may be the password itself."""
    found = alarming(text)
    rest = text[found.end() :].strip() if found is not None else ""
    if found is not None and rest and (rest[0] in ":=" or _PARTS.search(found[0].replace("_", ""))):
        return f"{text[: found.end()]} {MASK}"
    return MASK if "//" in text or re.search(r":.*@", text) else text


def shown_name(name: str) -> str:
    """A key as it may be shown in a line."""
    return PHONE.sub(MASK, cut(name))


def shown_value(text: str) -> str:
    """The value of an open name as it may be shown: without phone numbers, and without the logins of addresses."""
    found = alarming(text)
    if found is not None and found[0] != text.strip("\"'"):
        return MASK
    if "://" in text:
        return shown_address(text)
    return MASK if re.search(r":.*@", text) else PHONE.sub(MASK, text)


def shown_address(text: str) -> str:
    """Without user name, password and query, and only when nothing else about it is odd."""
    bare = unquoted(text)
    shown = _QUERY.sub(MASK, _LOGIN.sub(f"{MASK}@", bare))
    return text.replace(bare, shown) if _ADDRESS.fullmatch(shown) and not PHONE.search(shown) else MASK
