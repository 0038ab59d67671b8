"""Whatever is sent to SCIM has an answer of the vendor's, and leaves a tenant that holds together."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cxconfig.sandbox.http import Call
from cxconfig.sandbox.onecloud import scim_values
from cxconfig.sandbox.simulator import Simulator
from tests.sandbox.support import SEED
from tests.sandbox.test_scim import CORE, FULL, LEAST, PATCH_OP, SCIM

PARTS = ("value", "type", "primary", "familyName", "givenName", "locality", "region", "country")
WORDS = ("work", "extension", "1001", "jdoe", "locked", "https://example.com/x", "https://[::1", "x://y", "Europe/Rome")
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(WORDS)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(sorted(FULL.keys() | {"id", "groups", "meta", "externalId"}))
PATHS = NAMES | st.sampled_from(["name.givenName", 'phoneNumbers[type eq "work"].value', "emails[primary eq true]"])
OPERATION = st.fixed_dictionaries({"op": st.just("replace") | ANY, "value": ANY}, optional={"path": PATHS | ANY})
BODIES = st.one_of(
    st.tuples(st.just("PATCH"), st.fixed_dictionaries({"Operations": st.lists(OPERATION, max_size=2) | ANY})),
    st.tuples(st.sampled_from(["POST", "PUT"]), st.dictionaries(NAMES, ANY, max_size=2)),
)


@given(BODIES, st.sampled_from(["refused", "accepted"]))
def test_any_body_has_an_answer_and_leaves_the_tenant_sound(sent: tuple[str, dict[str, Any]], paths: str) -> None:
    """Never an error of our own; logins, ids and extensions lead to each other; a dump loads to the same."""
    method, body = sent
    simulator = Simulator(SEED, switches={"scim-patch-paths": paths})
    tenant = simulator.onecloud.tenant
    token = tenant.issue(tenant.clients["api"], float("inf"))
    one = SCIM if method == "POST" else f"{SCIM}/{next(iter(tenant.ids))}"
    content = {"schemas": [PATCH_OP], **body} if method == "PATCH" else {**LEAST, **body, "schemas": [CORE]}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    answer = simulator.answer(Call(method, one, headers=headers, body=json.dumps(content).encode()))
    assert answer.status in {200, 201, 400, 404, 409}
    for login, user in tenant.users.items():
        assert login == user.values["loginId"] == tenant.ids[user.id] == tenant.extensions[user.values["extension"]]
    assert len(tenant.users) == len(tenant.ids) == len(SEED["users"]) + (answer.status == 201)
    assert Simulator(simulator.dump()).dump() == simulator.dump()


@given(st.text())
def test_any_login_is_found_in_its_own_filter(login: str) -> None:
    """A JSON string, whatever is in it, in either way to write it."""
    for ascii_only in (True, False):
        assert scim_values.login_of(f"userName eq {json.dumps(login, ensure_ascii=ascii_only)}") == login
