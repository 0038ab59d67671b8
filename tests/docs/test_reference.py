"""The documents against the code: generated tables, names of classes and variables, forms that must stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cxconfig.engine.program import urn_of
from cxconfig.engine.stack import PROJECT, TENANT_SETTING
from cxconfig.language import load
from cxconfig.planning.handover import ENVIRONMENT
from cxconfig.planning.record import ITERATIONS
from providers.dynamic import class_name, provider_type
from providers.registry import REGISTRY
from tools import reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("system", REGISTRY.systems())
def test_the_tables_are_those_of_the_models(system: str) -> None:
    """Each system has a page, and its generated parts are what the models say today."""
    text = reference.page(system).read_text("utf-8")
    assert reference.renewed(text, system) == text, "run python -m tools.reference"


@pytest.mark.parametrize("system", REGISTRY.systems())
def test_every_field_is_told(system: str) -> None:
    """Each setting and each field stands in a table row of the page, with the vendor's name where it has one."""
    rows = [line for line in reference.page(system).read_text("utf-8").splitlines() if line.startswith("| `")]
    for name in REGISTRY.system(system).settings.model_fields:
        assert any(row.startswith(f"| `{name}` |") for row in rows)
    for kind in REGISTRY.of_system(system).values():
        for name, spec in kind.specs.items():
            (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
            assert not spec.vendor or f"| `{spec.vendor}` |" in row
            assert spec.secret == ("Secret:" in row)
            assert spec.private == ("Personal data:" in row)


def test_a_page_without_a_place_is_an_error() -> None:
    """A page that lost its markers is not silently left as it is."""
    with pytest.raises(ValueError, match="0 places for settings"):
        reference.renewed("# OneCloud\n", "onecloud")


def test_the_persisted_names_are_those_of_the_code() -> None:
    """docs/persisted.md names every provider class, a type token, a URN, the project and the digest's rounds."""
    text = (DOCS / "persisted.md").read_text("utf-8")
    for kind in REGISTRY.all():
        assert f"`providers.dynamic.{class_name(kind.id)}`" in text
    assert f"`{provider_type('onecloud.users')}`" in text
    assert f"`{urn_of(PROJECT, 'acme', 'onecloud.users', 'jdoe')}`" in text
    assert f"| project | `{PROJECT}` |" in text
    assert f"`{TENANT_SETTING}`" in text
    assert f"{ITERATIONS:,} rounds" in text


def test_every_variable_of_ours_is_told() -> None:
    """docs/operations.md names each CXCONFIG_ variable of the code, and none that the code does not know."""
    code = "\n".join(
        path.read_text("utf-8") for top in ("cxconfig", "providers", "tools") for path in (ROOT / top).rglob("*.py")
    )
    known = set(re.findall(r"\bCXCONFIG_[A-Z_]+\b", code))
    told = set(re.findall(r"\bCXCONFIG_[A-Z_]+\b", (DOCS / "operations.md").read_text("utf-8")))
    assert ENVIRONMENT in known
    assert told == known


def test_the_rooms_exist() -> None:
    """Every path in backquotes in the design is there."""
    text = (DOCS / "design.md").read_text("utf-8")
    paths = re.findall(r"`((?:cxconfig|providers)/[\w/.]*)`", text)
    assert len(paths) > 9
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_sample_state_setting_is_valid(tmp_path: Path) -> None:
    """The `state` of docs/operations.md, put into the sample tenant.yaml, reads without a mistake."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "operations.md").read_text("utf-8"), re.DOTALL)
    sample = (ROOT / "examples" / "acme" / "tenant.yaml").read_text("utf-8")
    (tmp_path / "tenant.yaml").write_text(sample + block, "utf-8")
    assert load(tmp_path, REGISTRY).backend == yaml.safe_load(block)["state"]["backend"]
