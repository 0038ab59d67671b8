"""Tenants in folders whose names mean something else in a URL: each has its state beside its YAML, and nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.engine.harness import Tenant, agents

STATE = Path(".cxconfig") / ".pulumi" / "stacks" / "cxconfig"


@pytest.mark.parametrize("name", ["p%20q", "a#b", "what? 100% ü"])
def test_a_folder_with_an_odd_name(tenant: Tenant, name: str) -> None:
    """Applied, read again, changed by plain pulumi's commands and in another spelling of the URL."""
    folder = tenant.folder.with_name(name)
    tenant.folder.rename(folder)
    tenant.folder = folder
    tenant.write(agents(2))
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert sorted(path.name for path in folder.parent.iterdir()) == [name]
    assert (folder / STATE).is_dir()
    assert {"users/a0", "users/a1"} <= set(tenant.state())
    tenant.write(agents(1))
    again = tenant.run("up", "--yes")
    assert again.code == 0 and tenant.box.users["a1"]["disabled"], str(again)
    assert tenant.run("preview").code == 0


@pytest.mark.parametrize(("written", "name"), [("file://s%20t", "s t"), ("file://s%2520t#", "s%20t#")])
def test_a_named_folder_for_the_state(tenant: Tenant, written: str, name: str) -> None:
    """`state.backend` is a URL as the engine reads it; ours finds its runs and locks in the same folder."""
    tenant.write(agents(1), state={"backend": written})
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    found = {path.name for path in tenant.folder.iterdir() if path.is_dir()}
    assert found == {".cxconfig", name}
    assert (tenant.folder / name / ".pulumi").is_dir() and (tenant.folder / name / "runs").is_dir()
    shutil.rmtree(tenant.folder / ".cxconfig")
    again = tenant.fresh().run("up", "--yes")
    assert again.code == 0 and "Nothing to do" in again.out, str(again)
