"""The names of kinds and fields, for completion without a model. Made by `python -m tools.reference`."""

from __future__ import annotations

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "onecloud.teams": (
        "team",
        (
            "members",
            "membership",
        ),
    ),
    "onecloud.users": (
        "user",
        (
            "first_name",
            "last_name",
            "email",
            "team",
            "extension",
            "work_phone",
            "mobile_phone",
            "disabled",
            "change_password",
            "skills",
            "roles",
            "password",
            "allow_replace",
            "unlock",
            "on_remove",
        ),
    ),
    "onecloud.scim_accounts": (
        "SCIM account",
        (
            "first_name",
            "last_name",
            "email",
            "nick_name",
            "title",
            "timezone",
            "country",
            "city",
            "region",
            "work_phone",
            "mobile_phone",
            "default_phone",
            "extension",
            "roles",
            "active",
            "photo",
            "password",
            "method",
            "on_remove",
        ),
    ),
}
"""Kind id -> what one object of it is called, and its fields."""
LIMITABLE: dict[str, tuple[str, ...]] = {
    "onecloud.teams": (),
    "onecloud.users": ("create", "update", "rename", "replace", "disable", "delete"),
    "onecloud.scim_accounts": ("create", "update", "rename", "replace", "disable", "delete"),
}
"""Kind id -> the actions that `limits` may name."""
