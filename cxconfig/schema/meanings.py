"""The words of the language itself, which belong to no model, with what they mean."""

from __future__ import annotations

from collections.abc import Mapping

TOP: Mapping[str, str] = {
    "api_version": "The version of the language. Required in tenant.yaml; it may stand in every file.",
    "tenant": "The tenant's name, which is the stack's too: 1 to 64 letters, digits, `-` and `_`. Only in tenant.yaml.",
    "manage": "What is looked at of every kind whose own settings do not say: `listed` or `all`. Only in tenant.yaml.",
    "systems": "How each system is reached, and the settings of its kinds. Only in tenant.yaml.",
    "state": "Where the state is kept. Only in tenant.yaml.",
    "vars": "Values that stand once and are used as `${var:NAME}` in any value of any file.",
}
STATE: Mapping[str, str] = {
    "backend": "The address of the Pulumi backend; left out, the folder .cxconfig beside tenant.yaml.",
    "settings": "The folder, relative to the tenant's, with the settings of its stacks (`Pulumi.<stack>.yaml`): secrets"
    " that `cxconfig secret` encrypts, to be kept in git. Left out, they are in .cxconfig and not shared.",
}
SYSTEM: Mapping[str, str] = {"kinds": "Settings of each kind."}
KIND_SETTINGS: Mapping[str, str] = {
    "on_remove": "What happens to the live object when its entry is taken out of the YAML. With `manage: all` it must"
    " be said before live objects that are not declared are removed.",
    "manage": "`listed`: only what is declared is looked at. `all`: live objects that are not declared are reported,"
    " and removed when `on_remove` says how.",
    "exclude": "Patterns (`*`, `?`, `[...]`) of names that are neither touched nor reported; case does not matter.",
    "ignore": "Fields that are written at creation and never compared afterwards.",
    "protect": "`true`: no object of the kind is disabled or deleted.",
    "plain_secrets": "Secret fields that may stand as text in the files.",
    "limits": "To how many objects one run may do what: `{disable: 10%, delete: 5}`, or both as"
    " `{delete: {count: 5, percent: 10}}`; the percentage is one of the objects that are recorded or declared and live,"
    " and with `manage: all` of those that are not declared. Left out, no more than 10 % are disabled (by their own"
    " field, too) or deleted, once there are 10 objects, and no more than 10 % replaced.",
}
SECTION: Mapping[str, str] = {
    "defaults": "Fields of every object of a kind, below all templates.",
    "templates": "Named sets of fields that objects extend.",
    "tables": "Many objects of a kind from CSV files.",
}
TABLE: Mapping[str, str] = {
    "file": "The CSV file, beside this file or below its folder. Its header names fields: `first_name`,"
    " `skills.English`.",
    "key": "The column that holds the objects' names.",
    "extends": "The template, or list of templates, of every row.",
    "columns": "Other names for columns: {Column of the file: field}.",
    "delimiter": "What stands between the cells: `,` (the default), `;`, `|` or a tab.",
}
REPLACE = "`true`: this mapping replaces what is below it instead of being merged over it."
REMOVE = "As a value: takes out what is below it, an object or a field of it."
