"""Record the tenant's state as this version writes it: `python -m tests.engine.data.record`, once for a release.

Runs `cxconfig up` against a sandbox with the real engine, and keeps the file in which the engine wrote the stack. Paths
of the machine are taken out: those of its Python, which the Pulumi SDK puts into the stack's own entry, and that of the
tenant's folder becomes `FOLDER`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from cxconfig import __version__
from cxconfig.sandbox import Sandbox
from tests.engine.data import DATA, FOLDER, PASSPHRASE, PASSWORD, TEAM, USERS
from tests.engine.harness import Tenant, environment, seed

OF_THE_MACHINE = ("sourcePosition", "stackTrace")


def record(folder: Path) -> dict[str, Any]:
    """Apply the tenant in `folder` for the first time and return the engine's file of its stack."""
    with Sandbox(seed(teams=(TEAM,))) as box:
        env = environment(box) | {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "INITIAL_PASSWORD": PASSWORD}
        tenant = Tenant(folder, box, env | {"PULUMI_DIY_BACKEND_GZIP": "false"}, folder / "plain")
        tenant.write(USERS, teams=(TEAM,))
        done = tenant.run("up", "--yes")
        if done.code:
            raise SystemExit(str(done))
    written = folder / ".cxconfig" / ".pulumi" / "stacks" / "cxconfig" / "acme.json"
    found: dict[str, Any] = json.loads(written.read_text("utf-8").replace(str(folder), FOLDER))
    for resource in found["checkpoint"]["latest"]["resources"]:
        for name in OF_THE_MACHINE:
            resource.pop(name, None)
    return found


def main() -> None:
    path = DATA / f"state-{__version__}.json"
    if path.exists():
        raise SystemExit(f"{path.name} is recorded already, and must stay as it is")
    with tempfile.TemporaryDirectory() as folder:
        found = record(Path(folder))
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"{path.name} recorded\n")


if __name__ == "__main__":
    main()
