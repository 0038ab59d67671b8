"""Words that announce a secret or a phone number, and texts without what follows them."""

from __future__ import annotations

import re

MASK = "•••••"
_PARTS = re.compile(
    "pass|pwd|pswd|secret|token|phone|telef|mobil|kennwort|credential|apikey|privatekey|accesskey|bearer", re.IGNORECASE
)
_WHOLE = frozenset(["pw", "key", "keys", "pin", "tel", "cell", "fax", "otp", "auth", "sig", "signature", "handy"])
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_PHONE = re.compile(r"[+(]?\d(?:[\s().\-/]{0,3}\d){6,}")
_LOGIN = re.compile(r"(?<=//)[^/\s]*@")
_QUERY = re.compile(r"(?<=[?#]).+")
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


def shown_name(name: str) -> str:
    """A key as it may be shown: what follows a word like `password` in it may be the password itself."""
    found = alarming(name)
    rest = name[found.end() :].strip() if found is not None else ""
    if found is not None and rest and (rest[0] in ":=" or _PARTS.search(found[0].replace("_", ""))):
        return f"{name[: found.end()]} {MASK}"
    return _PHONE.sub(MASK, name)


def shown_value(text: str) -> str:
    """The value of an open name as it may be shown: without phone numbers, and without the logins of addresses."""
    found = alarming(text)
    if found is not None and found[0] != text.strip("\"'"):
        return MASK
    if "://" in text:
        return _PHONE.sub(MASK, _QUERY.sub(MASK, _LOGIN.sub(f"{MASK}@", text)))
    if re.search(r":.*@", text):
        return MASK
    return _PHONE.sub(MASK, text)
