"""docs/export.md, run: its commands as they stand, in one shell, against a sandbox and the engine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from cxconfig.export.matching import What
from cxconfig.sandbox import Sandbox
from tests.docs.test_readme import BLOCK, ROOT, SEED

PAGE = ROOT / "docs" / "export.md"


def lines() -> list[str]:
    """Every line of the page's blocks; no block is without its mark."""
    blocks = list(BLOCK.finditer(PAGE.read_text("utf-8")))
    assert len(blocks) == 3 and all(block["mark"] == "run" for block in blocks)
    return [line for block in blocks for line in block["text"].splitlines()]


def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    """Each ends with 0; at the end the folder holds what was live and what was added."""
    env = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
    env["PATH"] = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    with Sandbox(seed=SEED) as box:
        env |= {"ONECLOUD_URL": box.url, "ONECLOUD_CLIENT_ID": box.client_id, "PULUMI_CONFIG_PASSPHRASE": "words"}
        env |= {"ONECLOUD_CLIENT_SECRET": box.client_secret, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        found = [
            subprocess.run(
                ["bash", "-c", line], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            for line in lines()
        ]
    assert [ran.returncode for ran in found] == [0] * len(found), "\n".join(r.stdout + r.stderr for r in found)
    assert "Nothing would change live" in found[0].stdout
    assert "Nothing to write" in found[1].stdout and "Nothing would change live" in found[2].stdout
    assert "Added the user jroe" in found[3].stdout
    names = {path.name for path in (tmp_path / "acme").iterdir()}
    told = set(re.findall(r"`([\w.]+\.(?:yaml|py)|\.gitignore)`", PAGE.read_text("utf-8")))
    assert {
        "tenant.yaml",
        "people.yaml",
        ".gitignore",
        "Pulumi.yaml",
        "Pulumi.acme.yaml",
        "__main__.py",
    } <= names & told


def test_the_words_of_the_document_are_all_told() -> None:
    """What an object can be in the JSON."""
    text = PAGE.read_text("utf-8")
    assert [what.value for what in What if f"`{what.value}`" not in text] == []
