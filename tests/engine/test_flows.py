"""What a run does, end to end."""

from __future__ import annotations

from tests.engine.harness import PASSWORD, Tenant, agents


def test_create_then_nothing(tenant: Tenant) -> None:
    """A first up creates every user; a second makes no write, and one read of each user and of each list."""
    users = agents(5)
    tenant.write(users)
    done = tenant.run("up", "--yes")
    assert done.code == 0, str(done)
    assert set(tenant.box.users) == set(users)
    assert tenant.writes() == 5
    assert all(tenant.box.password_matches(login, PASSWORD) for login in users)
    again = tenant.fresh().run("up", "--yes")
    assert again.code == 0, str(again)
    assert tenant.writes() == 0
    assert (tenant.reads(), tenant.box.count("GET", "/configapi/v2/team")) == (5, 1)
