"""After a long life of a tenant no secret and no phone number is anywhere but where it belongs, in whatever form."""

from __future__ import annotations

import base64
import gzip
import json
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.engine.harness import CLIENT_SECRET, PASSPHRASE, PASSWORD, Tenant, agent
from tests.engine.test_generated import files, handed_out

OTHER_PASSWORD = "Bilby-4410-second"
PHONES = [f"+47 555 01{n} 4477" for n in range(10, 19)]
USER = "/configapi/v2/user/*"


def declare(tenant: Tenant, users: dict[str, Any], **others: Any) -> None:
    tenant.write(users, teams=())
    content = {"onecloud": {"teams": {name: {} for name in ("Sales", "Support", "Billing", "Night Shift")}, **others}}
    (tenant.folder / "others.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def forms(text: str) -> set[bytes]:
    """As it is, within JSON, encoded for an address or in base 64 (at any of the three offsets), and for a phone number
    its digits."""
    digits = "".join(c for c in text if c.isdigit())
    found = {text, json.dumps(text)[1:-1], quote(text, safe=""), *([digits] if text in PHONES else [])}
    encoded = [base64.b64encode(b"-" * n + text.encode())[4 if n else 0 : -4] for n in range(3)]
    return {form.encode() for form in found} | {form for form in encoded if len(form) >= 12}


def everywhere(tenant: Tenant) -> dict[str, bytes]:
    """Every file of the tenant, of plain pulumi's folder and of the folder for temporary files; every output."""
    tops = (tenant.folder, tenant.plain_folder, Path(tenant.env["TMPDIR"]))
    found = {str(path): path.read_bytes() for top in tops for path in top.rglob("*") if path.is_file()}
    unpacked = {n: gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content for n, content in found.items()}
    return unpacked | {f"output {number}": ran.text.encode() for number, ran in enumerate(tenant.ran)}


def holding(tenant: Tenant, *texts: str) -> set[str]:
    """Where one of `texts` is, in one of its forms."""
    wanted = [form for text in texts for form in forms(text)]
    return {name for name, content in everywhere(tenant).items() if any(form in content for form in wanted)}


def test_a_long_life_leaves_no_secret_behind(tenant: Tenant) -> None:
    """Created, renamed, refused, replaced, drifted, disabled and destroyed, with every form of output."""
    temporary = tenant.folder.with_name("temporary")
    temporary.mkdir()
    tenant.env["TMPDIR"] = str(temporary)

    def up(form: str, code: int = 0, **env: str) -> None:
        ran = tenant.run("up", "--yes", "--verbose", "--format", form, **env)
        assert ran.code == code, str(ran)

    account = {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "default_phone": PHONES[0]}
    account |= {"work_phone": PHONES[1], "password": "${generate:16}"}
    new = agent(0, password="${generate:20}", work_phone=PHONES[2])
    known = agent(1, mobile_phone=PHONES[3])
    rebuilt = agent(2, password="${generate:24}", work_phone=PHONES[4])
    leaver = agent(3, work_phone=PHONES[5])
    declare(
        tenant,
        {"new": new, "known": known, "rebuilt": rebuilt, "leaver": leaver},
        scim_accounts={"account": account},
    )
    up("json")

    known |= {"was": "known", "mobile_phone": PHONES[6]}
    users = {"new": new, "renamed": known, "rebuilt": rebuilt, "leaver": leaver}
    declare(tenant, users)
    tenant.box.change_user("rebuilt", mobilePhone=PHONES[7])
    up("github", INITIAL_PASSWORD=OTHER_PASSWORD)
    assert tenant.box.password_matches("renamed", OTHER_PASSWORD)

    for method, sent in (("PUT", PASSWORD), ("PATCH", f"{PHONES[8]} {PHONES[8].replace(' ', '')}")):
        tenant.box.fault({"status": 400, "body": f"this is wrong: {sent}"}, method=method)
    users["new"] = new | {"work_phone": PHONES[8]}
    declare(tenant, users)
    up("sarif", 1)
    tenant.box.clear_faults()

    tenant.box.set_switch("scim", "404")
    tenant.box.change_user("renamed", team="Billing")
    users |= {"new": new, "rebuilt": rebuilt | {"first_name": "Other", "allow_replace": True}}
    del users["leaver"]
    declare(tenant, users, teams={"Sales": {}, "Support": {"members": ["leaver"]}, "Billing": {}, "Night Shift": {}})
    up("text")
    assert tenant.box.users["rebuilt"]["mobilePhone"] == PHONES[7]

    tenant.box.set_switch("scim", "on")
    tenant.box.change_user("renamed", mobilePhone=PHONES[0], skills={})
    tenant.plain("preview", "--diff")
    assert tenant.run("audit").code == 2
    assert tenant.run("refresh").code == 2
    assert tenant.run("destroy", "--yes").code == 0

    tokens = tenant.box.simulator.onecloud.tenant.tokens
    assert tokens and holding(tenant, PASSWORD, OTHER_PASSWORD, PASSPHRASE, CLIENT_SECRET, *tokens) == set()
    assert holding(tenant, *PHONES) == {str(tenant.folder / "people.yaml")}
    handed = files(tenant)
    assert {stat.S_IMODE(path.stat().st_mode) for path in handed} == {0o600}
    assert holding(tenant, *handed_out(*handed).values()) == {str(path) for path in handed}
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
