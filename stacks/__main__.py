"""The program of plain `pulumi preview` and `pulumi up`.

`pulumi config set cxconfig:tenant PATH` names the tenant's folder, relative to this one.
"""

from __future__ import annotations

from pathlib import Path

import pulumi

from cxconfig.engine.plain import program

registered: pulumi.Output[int] = pulumi.Output.from_input(program(Path(pulumi.Config("cxconfig").require("tenant"))))
registered.apply(lambda count: count)
