"""OneCloud's forms of a user's values: from the vendor and to the vendor, what counts as equal, and the sentences for
what the API cannot do. Pure. Source: the vendor's "Users" chapter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import quote

from cxconfig.errors import UnexpectedAnswer
from cxconfig.kinds import Difference, FieldSpec, Values

PUT_FIELDS = frozenset({"skills", "disabled", "password", "change_password", "team"})
"""What PUT /user/<login> changes."""
SCIM_FIELDS = frozenset({"first_name", "last_name", "email", "extension", "work_phone", "mobile_phone", "roles"})
"""What changes through the same person's SCIM account once the user exists."""
PHONES = frozenset({"work_phone", "mobile_phone", "default_phone", "extension"})
LOGIN = "login"
"""Beside the fields of a live user: the login as it is spelt live."""
NO_EXTENSION = (
    "`extension` cannot be emptied: every user has one, and OneCloud keeps it. Write a number, or leave `extension` out"
    " so that it is not managed"
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def truth(value: Any) -> bool:
    """The vendor sends booleans as JSON booleans and accepts (and may send) "true" and "false"; absent is false.

    Raises ValueError for anything else.
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise ValueError


def an_email(value: str) -> str:
    """The value; raises ValueError when it cannot be an e-mail address, which SCIM wants here."""
    if value.strip() and not _EMAIL.fullmatch(value.strip()):
        raise ValueError("must be an e-mail address, like jane@example.com")
    return value


def undocumented(what: str, attribute: str) -> UnexpectedAnswer:
    """The error for a value that came in a form that no document shows: taking it for empty would be a guess."""
    return UnexpectedAnswer(
        f"onecloud: the {what} came with `{attribute}` in a form that the vendor does not document",
        system="onecloud",
        status=200,
        way_out="Nothing was taken for absent. Look at the user in the contact centre administrator.",
    )


def folded(name: str) -> str:
    """Skills that differ only in case or outer blanks are one."""
    return name.strip().casefold()


def canonical(name: str, value: Any) -> Any:
    """The form in which two values of a field are the same to OneCloud, through either door: blank = absent, no order,
    no case of skills, the digits and letters of phones."""
    if name == "skills":
        return _by_folded_name(value or {})
    if name == "roles":
        return sorted({role.strip() for role in value or []})
    if name in ("disabled", "change_password", "unlock", "active"):
        return bool(value)
    text = (value or "").strip()
    return "".join(c for c in text if c.isalnum()) if name in PHONES else text


def _by_folded_name(skills: Mapping[str, Any]) -> dict[str, int]:
    """Skills without case; of live ones that differ in nothing else, all but one get a name that nobody declares."""
    found: dict[str, int] = {}
    for skill, level in sorted(skills.items()):
        name = folded(skill)
        found[name if name not in found else f"\0{skill}"] = int(level)
    return found


def from_vendor(specs: Mapping[str, FieldSpec], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A vendor's user as plain values by field name; unknown keys (`loginInfo`) are ignored, absent ones are empty.

    Raises `UnexpectedAnswer` for a form that no document shows.
    """
    live: dict[str, Any] = {}
    for name, spec in specs.items():
        if spec.secret or spec.setting or not spec.vendor:
            continue
        try:
            read: Callable[[Any], Any] = _READ.get(name, _text)
            live[name] = read(raw.get(spec.vendor))
        except (ValueError, TypeError, OverflowError):
            raise undocumented(f"user {raw.get('loginId')!r}", spec.vendor) from None
    return live


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return str(_number(value))


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # a phone may have more digits than a float keeps
    if isinstance(value, bool) or float(value) != int(float(value)):
        raise ValueError
    return int(float(value))


def _skills(value: Any) -> dict[str, int]:
    if value is None or value == []:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError
    return {skill: _number(level) for skill, level in value.items()}


def roles_read(value: Any) -> list[str]:
    """The names of roles, which come as texts or as objects; raises ValueError for anything else."""
    if value is not None and not isinstance(value, list):
        raise ValueError
    return [role_name(role) for role in value or []]


def role_name(role: Any) -> str:
    name = role.get("value") if isinstance(role, Mapping) else role
    if not isinstance(name, str):
        raise ValueError
    return name


_READ: Mapping[str, Callable[[Any], Any]] = {
    "disabled": truth,
    "change_password": truth,
    "skills": _skills,
    "roles": roles_read,
}


def to_vendor(specs: Mapping[str, FieldSpec], values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values by field name as the vendor's body; empty texts are left out, as OneCloud does itself, and roles
    are sent without outer blanks."""
    body = {}
    for name, value in values.items():
        spec = specs.get(name)
        if spec is not None and spec.vendor and value != "":
            body[spec.vendor] = [role.strip() for role in value] if name == "roles" else value
    return body


def live_spelling(declared: Mapping[str, int], live: Mapping[str, int]) -> dict[str, int]:
    """The declared skills, each spelt as the system spells it where it is known."""
    spelling = {folded(name): name for name in live}
    return {name if name in live else spelling.get(folded(name), name): level for name, level in declared.items()}


def listed(names: Sequence[str]) -> str:
    """`a`, `b` and `c`."""
    return ", ".join(f"`{name}`" for name in names[:-1]) + (" and " if names[1:] else "") + f"`{names[-1]}`"


def plain_login(login: str) -> bool:
    return quote(login, safe="") == login


def lost_by_replacing(declared: Values) -> str:
    """What deleting a user and creating it again destroys."""
    becomes = ", which becomes the declared one" if "password" in declared else ""
    return (
        "the identity that recordings, statistics and the history of calls refer to, the photo, nick name, title, time"
        f" zone, address, hardphone, personal settings and the password{becomes} (other live values that are not"
        " declared, or that `ignore` names, are carried over)"
    )


def unnamed_by_scim(login: str) -> str:
    """The sentence for a rename where SCIM is off."""
    return (
        f"SCIM is off for this contact centre, and nothing else changes the login {login!r}. Have it enabled, or"
        " declare the old login again"
    )


def unaddressable(login: str) -> str:
    """The sentence for a user that was written or is in the directory, and that GET /user/<login> does not find."""
    if plain_login(login):
        return f"OneCloud accepted the change, and answers 404 when it is asked for the user {login!r}; run again"
    return (
        f"OneCloud lists a user {login!r} and answers 404 when it is asked for it: this server cannot address logins"
        " with blanks, slashes or letters outside ASCII. Give the user a plain login, or take it out of the YAML"
    )


def contradicted(logins: Sequence[str]) -> str:
    """The sentence for users of ours that are in the directory, and that GET /user/<login> does not find."""
    more = f" and {len(logins) - 1} more" if len(logins) > 1 else ""
    return (
        f"onecloud: the phone directory lists the user {logins[0]!r}{more}, and asked for it the system answers 404;"
        " nothing is taken for gone"
    )


def lost_and_different(what: str, login: str, fields: Sequence[str]) -> str:
    """The sentence for a creation without an answer, after which somebody is there who is not as declared."""
    return (
        f"the answer to the creation was lost, and the {what} {login!r} is there now with other values of"
        f" {', '.join(fields)}: perhaps ours, perhaps somebody's. Run again: the next preview shows what differs"
    )


def not_taken(different: Sequence[Difference], dropped: AbstractSet[str]) -> str:
    """The sentence for an accepted write whose effect is not there."""
    fields = ", ".join(d.field for d in different)
    text = f"OneCloud accepted the change and did not make all of it: {fields} read back different"
    for difference in different:
        if difference.field == "skills":
            live = difference.live or {}
            kept = sorted(dropped & set(live))
            unknown = sorted(n for n in difference.declared if folded(n) not in set(map(folded, live)))
            if kept:
                text += (
                    f". It kept the skills {', '.join(kept)}: this contact centre adds skills and does not remove them."
                    " Remove them by hand in the contact centre administrator, or list them here"
                )
            if unknown:
                text += (
                    f". It does not have {', '.join(unknown)}: create the skill in the contact centre administrator,"
                    " or correct the name here"
                )
    return text


def not_created_so(different: Sequence[Difference], carried: Mapping[str, Any]) -> str:
    """The sentence for a user who was deleted and created again, and is not as declared, or not as before."""
    declared = [d for d in different if d.field not in carried]
    text = "the user was deleted and created again, and is not all that it was to be. "
    text += not_taken(declared, frozenset()) if declared else ""
    if lost := [d for d in different if d.field in carried]:
        fields = ", ".join(d.field for d in lost)
        text += f"{'. ' if declared else ''}Not declared, and other than before: {fields}"
        missing = [
            s for d in lost if d.field == "skills" for s in d.declared if folded(s) not in map(folded, d.live or {})
        ]
        if missing:
            text += f" (this contact centre took no {', '.join(sorted(missing))})"
    return text
