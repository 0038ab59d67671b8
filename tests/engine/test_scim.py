"""SCIM accounts on the real engine: our commands and plain pulumi on one state, end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from cxconfig.kept_files import KeptFiles
from cxconfig.planning.plan import Kept
from cxconfig.planning.record import origin_mark
from tests.engine.conftest import MakeTenant
from tests.engine.harness import NAME, PASSWORD, TEAMS, Ran, Tenant, agent, as_seeded

PHOTO = "https://www.example.com/a0.png"
WHEN = "2026-11-25T18:01:02+00:00"
PHONE = "+47 555 010 4477"


def account(number: int, **values: Any) -> dict[str, Any]:
    """Every attribute of an account."""
    names = {"first_name": f"Ada{number}", "last_name": "Byron", "email": f"a{number}@example.com", "nick_name": "Ada"}
    work = {"title": "Lead", "timezone": "Europe/Oslo", "country": "NO", "city": "Oslo", "region": "03"}
    phones = {"work_phone": PHONE, "mobile_phone": "", "default_phone": "77", "extension": str(4000 + number)}
    return {**names, **work, **phones, "roles": ["Agent"], "photo": PHOTO, **values}


def declare(tenant: Tenant, **accounts: dict[str, Any]) -> None:
    tenant.write({}, teams=())
    content = {"onecloud": {"scim_accounts": accounts}}
    (tenant.folder / "accounts.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def steps(ran: Ran) -> dict[str, tuple[str, list[str]]]:
    return {s["key"]: (s["action"], sorted(d["field"] for d in s["differences"])) for s in ran.json()["steps"]}


def calls(tenant: Tenant) -> list[str]:
    return sorted(entry.method for entry in tenant.box.log(write=True))


def test_the_life_of_accounts(tenant: Tenant) -> None:
    """Created, unchanged, drifted and repaired, edited, disabled, back again, deleted; plain pulumi sees the same."""
    accounts = {f"a{n}": account(n) for n in range(3)} | {'b "q" ü': account(9, password="${env:INITIAL_PASSWORD}")}
    declare(tenant, **accounts)
    tenant.settled()
    assert tenant.box.password_matches('b "q" ü', PASSWORD)
    found = [text for text in tenant.holding(PHONE, "5550104477", PHOTO) if "accounts.yaml: " not in text]
    assert found == [f"output: {PHOTO}"], "no digest is needed for what a creation shows"
    for run in (tenant.fresh().run("up", "--yes"), tenant.plain("up"), tenant.run("audit")):
        assert (run.code, tenant.writes()) == (0, 0), str(run)
    tenant.box.change_user("a0", title="Boss", city="Bergen", workPhone="1", roles=[], disabled=True)
    shown = tenant.run("preview", "--format", "json")
    assert steps(shown) == {"a0": ("update", ["active", "city", "roles", "title", "work_phone"])}
    assert "5550104477" not in shown.text
    tenant.fresh().plain("up")
    assert (calls(tenant), tenant.run("audit").code) == (["PATCH"], 0)
    # A photo cannot be read: the record tells that it changed. What only steers is only recorded.
    accounts["a0"]["photo"] = f"{PHOTO}?new"
    accounts["a1"] |= {"method": "put"}
    declare(tenant, **accounts)
    shown = tenant.run("preview", "--format", "json")
    assert steps(shown) == {"a0": ("update", ["photo"]), "a1": ("record", [])}
    assert tenant.fresh().run("up", "--yes").code == 0
    people = {user["loginId"]: user for user in tenant.box.dump()["users"]}
    assert (calls(tenant), people["a0"]["photo"]) == (["PATCH"], f"{PHOTO}?new")
    accounts["a1"] |= {"title": "Boss"}
    declare(tenant, **accounts)
    tenant.fresh().plain("up")
    people = {user["loginId"]: user for user in tenant.box.dump()["users"]}
    assert (calls(tenant), people["a1"]["title"], people["a1"]["photo"]) == (["PUT"], "Boss", PHOTO)
    del accounts["a1"]
    declare(tenant, **accounts)
    assert tenant.fresh().run("up", "--yes").code == 0
    assert (calls(tenant), tenant.box.users["a1"]["disabled"]) == (["PATCH"], True)
    declare(tenant, **accounts, a1=account(1, on_remove="delete"))
    adopted = tenant.fresh().run("up", "--yes")
    assert (calls(tenant), tenant.box.users["a1"]["disabled"]) == (["PATCH"], False), str(adopted)
    assert "photo: left as it is live, and set when what is declared changes after this" in adopted.said
    declare(tenant, **accounts)
    assert tenant.fresh().run("up", "--yes").code == 0
    assert (calls(tenant), "a1" in tenant.box.users) == (["DELETE"], False)


def test_scim_that_is_off_and_a_refusal(tenant: Tenant) -> None:
    """Off is a problem of each account, beside all the rest of the plan; a refusal is told with file and line, and the
    rest goes on."""
    refused = account(3, photo="https://www.example.com/missing")
    declare(tenant, a0=account(0), a1=account(1, roles=["Nobody"]), a2=account(2, extension="4999"), a3=refused)
    tenant.box.add_user(**as_seeded("holder", agent(9, extension="4999")))
    tenant.box.set_switch("scim", "403")
    plain = tenant.plain("preview", check=False)
    assert plain.code, str(plain)
    assert "accounts.yaml:3:5: SCIM is off" in plain.said and "integration account" in plain.said, str(plain)
    tenant.box.set_switch("scim", "on")
    done = tenant.run("up", "--yes")
    assert (done.code, set(tenant.box.users)) == (1, {"holder", "a0"}), str(done)
    assert "Role not found" in done.said and "accounts.yaml:" in done.said and "extension" in done.said
    lines = (tenant.folder / "accounts.yaml").read_text("utf-8").splitlines()
    (line,) = (number for number, text in enumerate(lines, 1) if "/missing" in text)
    assert f"create SCIM account a3 acme/accounts.yaml:{line}:14 the `photo` was refused" in done.said, str(done)
    tenant.write({"u0": agent(7)})
    for setting, command in (("403", ("preview",)), ("404", ("up", "--yes"))):
        tenant.box.set_switch("scim", setting)
        shown = tenant.fresh().run(*command, "--format", "json")
        assert tenant.box.count("GET", "/configapi/v2/scim/users") <= 4, "found out once"
        found = {s["key"]: s for s in shown.json()["steps"]}
        assert (shown.code, found["u0"]["action"], found["u0"]["problems"]) == (1, "create", []), str(shown)
        for key in ("a0", "a1", "a2"):
            assert (found[key]["action"], found[key]["unread"]) == ("none", True)
            assert "SCIM is off for this contact centre" in found[key]["problems"][0]
            assert found[key]["place"]["file"].endswith("accounts.yaml") and found[key]["place"]["line"] > 2
        assert tenant.writes() == 0
    audit = tenant.run("audit")
    assert audit.code == 1 and "No drift" not in audit.said and "4 could not be read" in audit.said, str(audit)
    assert set(tenant.box.users) == {"holder", "a0"}
    # Taken out, it would have to be disabled, for which SCIM is needed as well; under `exclude` it is only forgotten.
    (tenant.folder / "accounts.yaml").unlink()
    left = tenant.fresh().plain("up", check=False)
    assert (left.code, tenant.writes()) == (1, 0) and "tenant.yaml:4:3: SCIM is off" in left.said, str(left)
    assert "direct cause" not in left.said
    tenant.write({"u0": agent(7)}, kinds={"scim_accounts": {"exclude": ["*"]}})
    left = tenant.fresh().plain("up")
    assert calls(tenant) == ["POST"] and "scim_accounts" in left.said, str(left)
    again = tenant.run("up", "--yes")
    assert (again.code, set(tenant.state())) == (0, {f"teams/{team}" for team in TEAMS} | {"users/u0"}), str(again)


def test_one_person_through_two_doors_gets_another_login(tenant: Tenant) -> None:
    """Created once, unchanged, renamed in one call with what else changes; by our commands and by plain pulumi."""

    def declare_both(login: str, **values: Any) -> None:
        tenant.write({login: agent(0, **values)})
        accounts = {login: {"title": "Lead", "city": "Oslo", "photo": PHOTO}}
        content = yaml.safe_dump({"onecloud": {"scim_accounts": accounts}}, sort_keys=False)
        (tenant.folder / "accounts.yaml").write_text(content, encoding="utf-8")

    declare_both("a0")
    done = tenant.run("up", "--yes")
    assert (done.code, calls(tenant)) == (0, ["PATCH", "POST"]), str(done)
    for run in (tenant.fresh().run("up", "--yes"), tenant.plain("up")):
        assert (run.code, tenant.writes()) == (0, 0), str(run)
    before = {user["loginId"]: user for user in tenant.box.dump()["users"]}["a0"]
    declare_both("b0", was="a0", first_name="Other")
    shown = tenant.fresh().run("preview", "--format", "json")
    assert [(s["kind"], s["action"], s["was"]) for s in shown.json()["steps"] if s["kind"] == "onecloud.users"] == [
        ("onecloud.users", "rename", "a0")
    ], str(shown)
    done = tenant.run("up", "--yes")
    now = {user["loginId"]: user for user in tenant.box.dump()["users"]}
    assert (done.code, set(now), calls(tenant)) == (0, {"b0"}, ["PATCH"]), str(done)
    assert (now["b0"]["id"], now["b0"]["firstName"], now["b0"]["title"]) == (before["id"], "Other", "Lead")
    assert {name for name in tenant.state() if not name.startswith("teams/")} == {"users/b0", "scim_accounts/b0"}
    for run in (tenant.fresh().run("up", "--yes"), tenant.plain("up"), tenant.run("audit")):
        assert (run.code, tenant.writes()) == (0, 0), str(run)
    declare_both("c0", was="b0", first_name="Other", team="Support")
    done = tenant.plain("up")
    now = {user["loginId"]: user for user in tenant.box.dump()["users"]}
    assert (set(now), now["c0"]["id"], now["c0"]["team"]) == ({"c0"}, before["id"], "Support"), str(done)
    assert calls(tenant) == ["PATCH", "PUT"]
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)


def test_a_replacement_that_the_user_allows(tenant: Tenant) -> None:
    """Where SCIM is off: shown with what is lost, made after the question, and empty in the next run."""
    tenant.write({"a0": agent(0, work_phone="12"), "a1": agent(1)})
    tenant.settled()
    tenant.box.set_switch("scim", "404")
    tenant.box.change_user("a0", disabled=True)
    replaced = agent(0, first_name="Other", allow_replace=True, ignore=["disabled", "password"])
    tenant.write({"a0": replaced, "a1": agent(1)})
    shown = tenant.fresh().run("preview")
    assert (shown.code, tenant.writes()) == (2, 0), str(shown)
    assert "replace a0" in shown.said and "recordings" in shown.said
    assert "ignored, and therefore carried over as live: disabled" in shown.said
    assert tenant.plain("up", check=False).code != 0 and tenant.writes() == 0
    done = tenant.run("up", "--yes")
    assert (done.code, calls(tenant)) == (0, ["DELETE", "POST"]), str(done)
    assert (tenant.box.users["a0"]["firstName"], tenant.box.users["a0"]["workPhone"]) == ("Other", "12")
    assert tenant.box.users["a0"]["disabled"], "nobody is enabled unannounced"
    kept = KeptFiles(tenant.folder, NAME)
    for login in ("a0", "left"):  # as of a run that was killed: he is there again by hand, she is declared no longer
        kept.put(Kept("onecloud.users", login, origin_mark("127.0.0.1 acme.example.com"), WHEN, {"work_phone": "13"}))
    owed = Kept("onecloud.users", "a1", origin_mark("127.0.0.1 acme.example.com"), WHEN, {"work_phone": PHONE}, True)
    kept.put(owed)  # as of a creation that left something out
    taken_out = replace(owed, key="a2", made=False, recorded="of another one")
    kept.put(taken_out)  # whose namesake comes now
    kept.path(owed).with_suffix(".json.new").write_text("half of", encoding="utf-8")
    tenant.write({"a0": replaced, "a1": agent(1), "a2": agent(2)})
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, calls(tenant), list(kept.folder.iterdir())) == (0, ["POST"], [kept.path(owed)]), str(again)
    assert "so it may be another one" in again.said and not tenant.box.users["a2"].get("workPhone")
    assert "a1: deleted and created again" in again.said and "not seen live: work_phone" in again.said
    assert "a0 exists again, and is left as it is" in again.said and "left is not declared any more" in again.said
    assert tenant.box.users["a0"]["workPhone"] == "12"


def test_a_thousand_mixed_accounts_are_adopted(make_tenant: MakeTenant) -> None:
    """In `users`, in `scim_accounts`, in both: nobody is created, and one call goes to each of the few who differ."""
    logins = [f"a{n}" for n in range(1_000)]
    users = {login: agent(n) for n, login in enumerate(logins) if n % 4 < 3}
    accounts = {login: {"title": "Agent", "city": "Oslo"} for n, login in enumerate(logins) if n % 4 > 1}
    assert (len(users), len(accounts), len(users.keys() & accounts.keys())) == (750, 500, 250)
    odd = {"a0": {"firstName": "Odd"}, "a2": {"title": "Boss"}, "a3": {"city": "Bergen"}, "a6": {"team": "Support"}}
    live = [
        as_seeded(login, agent(n)) | {"title": "Agent", "city": "Oslo"} | odd.get(login, {})
        for n, login in enumerate(logins)
    ]
    tenant = make_tenant(*live, switches={"scim-list": "all"})
    tenant.write(users)
    content = yaml.safe_dump({"onecloud": {"scim_accounts": accounts}})
    (tenant.folder / "accounts.yaml").write_text(content, encoding="utf-8")
    done = tenant.run("up", "--yes", "--format", "json")
    assert (done.code, calls(tenant)) == (0, ["PATCH", "PATCH", "PATCH", "PUT"]), str(done)[-3_000:]
    counted = {o["action"] for o in done.json()["outcomes"]}
    assert counted == {"adopt"}
    now = _people(tenant)
    wanted = {login: agent(int(login[1:])) for login in odd}
    assert {login: now[login] for login in odd} == {
        login: {"firstName": one["first_name"], "title": "Agent", "city": "Oslo", "team": one["team"]}
        for login, one in wanted.items()
    }
    again = tenant.fresh().run("up", "--yes")
    assert (again.code, tenant.writes()) == (0, 0), str(again)[-3_000:]


def _people(tenant: Tenant) -> dict[str, dict[str, Any]]:
    found = {user["loginId"]: user for user in tenant.box.dump()["users"]}
    names = ("firstName", "title", "city", "team")
    return {login: {name: user[name] for name in names} for login, user in found.items()}
