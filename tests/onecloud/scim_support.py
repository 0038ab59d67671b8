"""SCIM accounts before the sandbox: a person with every field that the kind has, in each dialect of the vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import yaml
from pydantic.alias_generators import to_camel

from cxconfig.errors import Place
from cxconfig.kinds import Declared, Desired, Difference, Kind, SecretRef, Values
from cxconfig.sandbox import Sandbox
from providers.onecloud.scim_accounts import ScimAccounts
from providers.onecloud.scim_handler import ScimAccountsHandler
from tests.onecloud.support import PASSWORD, sandboxed

KIND = ScimAccounts()
PEOPLE = "/configapi/v2/scim/users"
LOGIN = "jdoe"
DIALECTS: Mapping[str, dict[str, str]] = {
    "newer": {"U38": "objects", "U41": "newer"},
    "older": {"U38": "strings", "U41": "older"},
}
dialects = pytest.mark.parametrize("dialect", DIALECTS)
methods = pytest.mark.parametrize("method", ["patch", "put"])
FIELDS = tuple(name for name, spec in KIND.specs.items() if not spec.setting)
READ = tuple(name for name in FIELDS if not KIND.specs[name].unread)
SECRETS = {name: PASSWORD for name in FIELDS if KIND.specs[name].secret}


def example(name: str, kind: Kind = KIND) -> Any:
    """The value of a field as its own example has it, so that a new field needs no new test."""
    spec, text = kind.specs[name], kind.model.model_fields[name].annotation is str
    if spec.secret:
        return SecretRef("env", "INITIAL_PASSWORD")
    return spec.example if text else yaml.safe_load(spec.example)


def another(name: str, kind: Kind = KIND) -> Any:
    """A value that the contact centre tells from the example, and could hold."""
    value = example(name, kind)
    if name in {"timezone", "team"}:
        return {"timezone": "Europe/Rome", "team": "Support"}[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict):
        return dict.fromkeys(list(value)[:1], 1)
    return value[:-1] if isinstance(value, list) else f"9{value}"


def by_hand(name: str, value: Any) -> dict[str, Any]:
    """A change of a field behind our back, by the vendor's name of a user's field."""
    return {"disabled": not value} if name == "active" else {to_camel(name): value}


WHOLE: Mapping[str, Any] = {name: example(name) for name in FIELDS}


def declared(login: str, fields: Values, **options: Any) -> Desired:
    """An account as the YAML declares it."""
    return replace(KIND.desire(Declared(KIND.id, login, fields, Place("people.yaml", 3, 5))), options=options)


def wanted(method: str = "patch", **fields: Any) -> Desired:
    """An account with everything, `fields` in place of the examples."""
    return declared(LOGIN, {**WHOLE, **fields}, method=method)


@contextmanager
def accounts(dialect: str, **switches: str) -> Iterator[tuple[Sandbox, ScimAccountsHandler]]:
    """An empty contact centre of a dialect, and the handler of its accounts."""
    with sandboxed(switches={**DIALECTS[dialect], **switches}) as (box, client):
        yield box, KIND.handler(client)


def read(handler: ScimAccountsHandler, account: Desired) -> Values:
    live = handler.observe({account.key: account.fields})[account.key]
    assert live is not None
    return live


def change(handler: ScimAccountsHandler, account: Desired, unread: Sequence[str] = ()) -> Values:
    """Bring what is live to what is wanted, as a run does; `unread`: what a run knows from its record alone."""
    live = read(handler, account)
    differences = [*KIND.compare(account, live), *(Difference(name, None, None) for name in unread)]
    assert differences, "there is something to do"
    secrets = {name: value for name, value in SECRETS.items() if name in unread}
    return handler.update(account, live, differences, secrets)
