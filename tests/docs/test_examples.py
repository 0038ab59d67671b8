"""The examples are good tenants: each is read, in every environment that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.errors import InputErrors
from cxconfig.language import load
from cxconfig.language.folder import environments
from providers.registry import REGISTRY
from tests.docs.test_readme import ROOT

EXAMPLES = ROOT / "examples"
TENANTS = sorted(path.parent for path in EXAMPLES.glob("*/tenant.yaml"))


@pytest.mark.parametrize("folder", TENANTS, ids=lambda path: path.name)
def test_an_example_reads_without_a_mistake(folder: Path) -> None:
    names = environments(folder)
    for layers in [[name] for name in names] or [[]]:
        assert load(folder, REGISTRY, layers).declared_counts()["onecloud.users"] > 0


def test_the_layered_example_is_what_its_comments_say() -> None:
    folder = EXAMPLES / "globex"
    test, prod = (load(folder, REGISTRY, [name]) for name in ("test", "prod"))
    assert (test.name, prod.name) == ("globex-test", "globex-prod")
    users = prod.objects["onecloud.users"]
    assert len(users) == 8 and sorted(test.objects["onecloud.users"]) == ["abell", "dfox", "hmoore", "tvance"]
    assert users["hmoore"].values["team"] == "Support"
    assert users["hmoore"].values["skills"] == {"English": 90, "Products": 60, "Billing": 60}
    assert users["tvance"].values["skills"] == {"English": 50, "Products": 30}
    assert users["abell"].values["skills"] == {"English": 50, "Products": 60, "Spanish": 70}
    assert (users["hmoore"].protect, test.objects["onecloud.users"]["hmoore"].protect) == (True, False)
    assert prod.systems["onecloud"].values["url"] == "https://globex.example.com"


def test_without_an_environment_the_layered_example_says_what_is_missing() -> None:
    with pytest.raises(InputErrors) as caught:
        load(EXAMPLES / "globex", REGISTRY)
    (error,) = caught.value.errors
    assert error.rule == 'the variable "HOST" is not defined'
    assert error.way_out.endswith("or add the environment that does: --env prod or --env test")
