"""The program of plain `pulumi preview` and `pulumi up`.

`pulumi config set cxconfig:tenant PATH` names the tenant's folder, relative to this one; the environment variable
CXCONFIG_TENANT goes before it. `cxconfig:env` names the environments: prod, or prod,eu.
"""

from __future__ import annotations

import pulumi

from cxconfig.engine.plain import program

registered: pulumi.Output[int] = pulumi.Output.from_input(program(pulumi.Config("cxconfig").get("tenant")))
registered.apply(lambda count: count)
