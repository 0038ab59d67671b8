"""docs/language.md, read: the files that it shows make one tenant, which has the values that it tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.kind_settings import Manage
from cxconfig.kinds import OnRemove
from cxconfig.language import load
from cxconfig.reports.mishaps import error_lines
from cxconfig.reports.palette import Palette
from providers.registry import REGISTRY
from tests.docs.test_readme import BLOCK, ROOT

PAGE = ROOT / "docs" / "language.md"
MARK = re.compile(r"layers file (\S+)")


def files(folder: Path) -> Path:
    """A folder with every file that the page shows."""
    for block in BLOCK.finditer(PAGE.read_text("utf-8")):
        if named := MARK.fullmatch(block["mark"] or ""):
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], "utf-8")
    return folder


def test_every_block_with_a_form_is_read() -> None:
    """What looks like a file on the page is one in the test."""
    formed = [b for b in BLOCK.finditer(PAGE.read_text("utf-8")) if b["form"]]
    assert len(formed) == 6 and all(MARK.fullmatch(b["mark"] or "") for b in formed)


def test_the_base_is_what_the_page_says(tmp_path: Path) -> None:
    tenant = load(files(tmp_path), REGISTRY)
    users = {key: declared.values for key, declared in tenant.objects["onecloud.users"].items()}
    assert users["jdoe"]["skills"] == {"English": 50, "Billing": 90, "French": 20}
    assert users["asmith"]["skills"] == {"Billing": 90}
    assert users["mpoe"]["skills"] == {"German": 10} and users["mpoe"]["team"] == "Sales"
    assert users["a01"]["skills"] == {"English": 90} and users["a01"]["roles"] == ["Agent", "Supervisor"]
    assert users["a02"]["skills"] == {"English": 50} and users["a02"]["team"] == "Sales"
    assert users["rroe"]["email"] == "rroe@test.example.com"
    assert all(values["change_password"] is True for values in users.values())
    settings = tenant.systems["onecloud"].kinds["users"]
    assert (settings.manage, settings.on_remove, settings.protect) == (Manage.ALL, OnRemove.DISABLE, True)
    assert settings.exclude == ("svc-*",) and settings.ignore == {"skills"}


def test_the_environment_is_what_the_page_says(tmp_path: Path) -> None:
    tenant = load(files(tmp_path), REGISTRY, ["prod"])
    users = tenant.objects["onecloud.users"]
    assert tenant.name == "acme-prod" and "asmith" not in users
    assert users["jdoe"].values["skills"] == {"English": 50, "Billing": 90, "French": 60}
    assert users["rroe"].values["email"] == "rroe@example.com"


def test_the_mistake_looks_as_the_page_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = files(tmp_path)
    monkeypatch.chdir(folder)
    lines = ["onecloud:", "  teams:", "    Sales: {}", "  users:", "", "", "    jdoe:", "      skils: {English: 90}"]
    for other in ("people.yaml", "tables.yaml", "vars.yaml"):
        (folder / other).unlink()
    (folder / "people.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(InputErrors) as caught:
        load(folder, REGISTRY)
    shown = "\n".join(error_lines(caught.value.errors[0], Palette(False), 100))
    assert f"```\n{shown}\n```" in PAGE.read_text("utf-8")
