"""A state that somebody edited by hand: told with the entry and the way out, which helps; nothing is written before."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from cxconfig.engine.stack import PROJECT
from tests.engine.harness import NAME, Tenant, agents

Resource = dict[str, Any]


def _set(**inputs: Any) -> Callable[[Resource], Any]:
    return lambda resource: [resource[part].update(inputs) for part in ("inputs", "outputs")]


def _no_inputs(resource: Resource) -> None:
    resource["inputs"] = {}


EDITS: tuple[tuple[Callable[[Resource], Any], str], ...] = (
    (_set(skills="abc"), "`skills`: not in the form of a user"),
    (_set(on_remove="nuke"), "`on_remove`"),
    (_set(key="somebody"), "its `key` is not the name in its URN"),
    (_no_inputs, "it has no `key`"),
)


def test_a_broken_entry(tenant: Tenant) -> None:
    """Every command stops, whatever is broken; taken out as the message says, what is live is taken over."""
    tenant.write(agents(2))
    tenant.settled()
    whole = tenant.export()
    for edit, says in EDITS:
        exported = deepcopy(whole)
        (resource,) = (r for r in exported["deployment"]["resources"] if r["urn"].endswith("::a1"))
        edit(resource)
        tenant.pulumi("stack", "import", "--stack", NAME, given=json.dumps(exported))
        for command in (["preview"], ["up", "--yes"], ["refresh"]):
            ran = tenant.fresh().run(*command, COLUMNS="500")
            assert (ran.code, tenant.writes()) == (1, 0), str(ran)
            assert says in ran.said and resource["urn"] in ran.said and "pulumi state delete" in ran.said, str(ran)
    tenant.pulumi("state", "delete", resource["urn"], "--stack", NAME, "--yes")
    done = tenant.run("up", "--yes")
    assert (done.code, tenant.writes()) == (0, 0), str(done)


def test_a_state_out_of_order(tenant: Tenant) -> None:
    """The engine would read none of it: no command says that there is nothing to do, and the way out helps."""
    tenant.write(agents(2))
    tenant.settled()
    (path,) = (tenant.folder / ".cxconfig" / ".pulumi" / "stacks" / PROJECT).glob(f"{NAME}.json*z")
    whole = json.loads(gzip.decompress(path.read_bytes()))
    whole["checkpoint"]["latest"]["resources"].reverse()
    path.write_bytes(gzip.compress(json.dumps(whole).encode()))
    for command in (["preview"], ["up", "--yes"]):
        ran = tenant.fresh().run(*command, COLUMNS="500")
        assert (ran.code, tenant.writes()) == (1, 0), str(ran)
        assert "which does not stand before it" in ran.said and "`pulumi state repair`" in ran.said, str(ran)
    tenant.pulumi("state", "repair", "--yes", "--stack", NAME)
    done = tenant.run("up", "--yes")
    assert (done.code, tenant.writes()) == (0, 0), str(done)


def test_a_broken_entry_under_plain_pulumi(tenant: Tenant) -> None:
    """The same words, without a traceback."""
    tenant.write(agents(2))
    tenant.plain("up")
    exported = tenant.export()
    (resource,) = (r for r in exported["deployment"]["resources"] if r["urn"].endswith("::a1"))
    _set(skills={"English": "x"})(resource)
    tenant.pulumi("stack", "import", "--stack", NAME, given=json.dumps(exported))
    ran = tenant.plain("preview", "--refresh", check=False)
    assert ran.code != 0 and "the state cannot be used: onecloud.users a1: `skills`" in ran.said, str(ran)
    assert "Traceback" not in ran.text
