"""Words that announce a secret or a phone number, and texts without what follows them."""

from __future__ import annotations

import re

MASK = "•••••"
_SECRETS = re.compile(
    "pass|assw|sswo|pwd|p[a-z]{0,2}s[a-z]{0,3}w[a-z]{0,2}d|secret|token|credential|apikey|privatekey|accesskey|bearer"
    "|kennwort",
    re.IGNORECASE,
)
_PHONES = re.compile("phone|telef|mobil", re.IGNORECASE)
_WHOLE = frozenset(["pw", "key", "keys", "pin", "tel", "cell", "fax", "otp", "auth", "sig", "signature", "handy"])
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_LOOSE_LOGIN = re.compile(r"\s\S*\w:(?=\S)")
_SAID = re.compile(r"\s*[:=]")
PHONE = re.compile(r"[+(]?\d(?:[\s().\-/]{0,3}\d){6,}")
_LOGIN = re.compile(r"(?<=//).*@")
_QUERY = re.compile(r"(?<=[?#]).+")
_ADDRESS = re.compile(rf"(?:[a-z0-9+]+://)?(?:{MASK}@)?[\w.-]*(?::\d{{0,5}})?(?:/[\w.~/-]*)?(?:[?#]{MASK})?", re.ASCII)
REFERENCE = re.compile(r"\$\{[A-Za-z]+:[\w ./-]*\}")


def squashed(name: str) -> str:
    """`work_phone`, `workPhone` and `Work-Phone` are one name."""
    return re.sub(r"[\W_]+", "", name).casefold()


def alarming(name: str) -> re.Match[str] | None:
    """The first word in a name that announces a secret or a phone number."""
    for word in re.finditer(r"\w+", name):
        bare = word[0].replace("_", "")
        parts = (part.casefold() for part in _TOKEN.findall(word[0]))
        if _SECRETS.search(bare) or _PHONES.search(bare) or any(part in _WHOLE for part in parts):
            return word
    return None


def telling(text: str) -> re.Match[str] | None:
    """The first word in a text that announces a secret. Phone numbers in texts are known by their digits."""
    words = re.finditer(r"\w+", text)
    return next((w for w in words if _SECRETS.search(w[0].replace("_", "")) or w[0].casefold() == "pw"), None)


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
    found = telling(text) or next((word for word in [alarming(text)] if word and _SAID.match(text, word.end())), None)
    if found is not None and text[found.end() :].strip():
        return f"{text[: found.end()]} {MASK}"
    login = _LOOSE_LOGIN.search(text)
    if login is not None:
        return f"{text[: login.end()]} {MASK}"
    damaged = found is None and re.search(r"[\s:=]", text) and _SECRETS.search(squashed(text))
    return MASK if damaged or "//" in text or re.search(r":.*@", text) else text


def shown_name(name: str) -> str:
    """A key as it may be shown in a line."""
    return PHONE.sub(MASK, cut(name))


def shown_value(text: str) -> str:
    """The value of an open name as it may be shown: without phone numbers, and without the logins of addresses."""
    found = telling(text)
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
