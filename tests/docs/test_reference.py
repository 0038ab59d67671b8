"""The documents against the code: generated tables, names of classes and variables, forms that must stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cxconfig.engine.resources import provider_type, urn_of
from cxconfig.engine.stack import PROJECT
from cxconfig.engine.stack_secrets import TENANT_SETTING
from cxconfig.kind_settings import KindSettings, Limit, Manage
from cxconfig.kinds import Action, Kind, OnRemove
from cxconfig.language import load
from cxconfig.planning.handover import ENVIRONMENT
from cxconfig.planning.record import ITERATIONS
from providers.dynamic import class_name
from providers.registry import REGISTRY
from tests.schema.editor import refusals
from tools import reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = reference.made()
PLAIN = ("onecloud.users.password",)


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_from_the_models_is_up_to_date(name: str) -> None:
    """Pages, schema and names are what the models say today."""
    assert (ROOT / name).read_text("utf-8") == MADE[name], "run python -m tools.reference"


def test_no_page_is_left_over() -> None:
    """A kind that is gone leaves no page behind."""
    pages = {path.relative_to(ROOT).as_posix() for path in (DOCS / "reference").iterdir()}
    assert pages == {name for name in MADE if name.startswith("docs/reference/")}


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_every_field_has_its_part(kind: Kind) -> None:
    """Each field stands in the table and in a part of its own, with its marks, calls and the vendor's name."""
    page = MADE[f"docs/reference/{kind.id}.md"]
    parts = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(parts) == list(kind.specs)
    for name, spec in kind.specs.items():
        assert f"| [`{name}`](#{name}) |" in page
        assert not spec.vendor or f"| in {kind.system} | `{spec.vendor}` |" in parts[name]
        assert ("| secret |" in parts[name]) == spec.secret
        assert ("| personal |" in parts[name]) == spec.private
        call = kind.change_call("<name>", name)
        assert not call or f"| changed by | `{call}` |" in parts[name]


@pytest.mark.parametrize("kind", REGISTRY.all(), ids=lambda kind: kind.id)
def test_the_example_of_a_page_loads(kind: Kind, tmp_path: Path) -> None:
    """Beside the example of the tenant's page it reads without a mistake, and the schema takes both."""
    (text,) = yaml_blocks(f"docs/reference/{kind.id}.md")
    main, *_ = yaml_blocks("docs/reference/tenant.md")
    (tmp_path / "tenant.yaml").write_text(main, "utf-8")
    (tmp_path / "example.yaml").write_text(text, "utf-8")
    assert kind.example in load(tmp_path, REGISTRY).objects[kind.id]
    assert refusals(main, REGISTRY, PLAIN) == refusals(text, REGISTRY) == []


def test_the_examples_of_the_tenant_page_load(tmp_path: Path) -> None:
    """Each alone, and all together: files, table, environment."""
    main, other, overlay = yaml_blocks("docs/reference/tenant.md")
    (table,) = re.findall(r"```csv\n(.*?)```", MADE["docs/reference/tenant.md"], re.DOTALL)
    main = main.replace("vars: {DOMAIN: example.com}\n", "")
    files = {"tenant.yaml": main, "people.yaml": other, "agents.csv": table, "environments/prod/people.yaml": overlay}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    base = load(tmp_path, REGISTRY).objects["onecloud.users"]
    assert base["jdoe"].values["skills"] == {"English": 50, "Billing": 90}
    assert base["jdoe"].values["email"] == "jdoe@example.com"
    assert base["bhaddad"].values["skills"] == {"English": 70}
    prod = load(tmp_path, REGISTRY, ["prod"]).objects["onecloud.users"]
    assert sorted(prod) == ["bhaddad", "jdoe"]
    assert prod["jdoe"].values["skills"] == {"English": 100} and "email" not in prod["jdoe"].values
    assert [refusals(text, REGISTRY, PLAIN) for text in (main, other, overlay)] == [[], [], []]


def test_the_links_into_a_page_lead_to_a_heading() -> None:
    """Every `page.md#part` of the documents names a heading of that page."""
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for name, part in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text("utf-8")):
            target = page.parent / name if name else page
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            if part not in anchors:
                broken.append(f"{page.name}: {name}#{part}")
    assert broken == []


def yaml_blocks(page: str) -> list[str]:
    """The YAML of a generated page."""
    return re.findall(r"```yaml\n(.*?)```", MADE[page], re.DOTALL)


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


def samples(name: str) -> list[str]:
    """The blocks of YAML in docs/operations.md that begin with a key."""
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "operations.md").read_text("utf-8"), re.DOTALL)
    return [block for block in blocks if block.startswith(f"{name}:")]


def test_the_sample_settings_of_kinds_are_valid(tmp_path: Path) -> None:
    """The `kinds` of docs/operations.md, put into the sample tenant.yaml, read without a mistake."""
    text = (ROOT / "examples" / "acme" / "tenant.yaml").read_text("utf-8").partition("    kinds:\n")[0]
    said = []
    for block in samples("systems"):
        (tmp_path / "tenant.yaml").write_text(text + block.split("onecloud:\n", 1)[1], "utf-8")
        said.append(load(tmp_path, REGISTRY).systems["onecloud"].kinds["users"])
    limits = {
        Action.DISABLE: Limit(percent=10),
        Action.DELETE: Limit(5, 10),
        Action.REPLACE: Limit(0),
        Action.CREATE: Limit(50),
    }
    assert said == [
        KindSettings(OnRemove.DISABLE, Manage.ALL, ("svc-*", "root"), frozenset({"skills"}), protect=True),
        KindSettings(limits=limits),
    ]


def test_the_sample_state_settings_are_valid(tmp_path: Path) -> None:
    """Each `state` of docs/operations.md, put into the sample tenant.yaml, reads without a mistake."""
    sample = (ROOT / "examples" / "acme" / "tenant.yaml").read_text("utf-8")
    said: dict[str, str] = {}
    for block in samples("state"):
        (tmp_path / "tenant.yaml").write_text(sample + block, "utf-8")
        tenant = load(tmp_path, REGISTRY)
        found = yaml.safe_load(block)["state"]
        assert tenant.backend == found.get("backend")
        assert tenant.settings == (tmp_path / found["settings"] if "settings" in found else None)
        said |= found
    assert said.keys() == {"backend", "settings"}
