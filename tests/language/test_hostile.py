"""Any bytes either load or give placed errors, and nothing else ever happens."""

from __future__ import annotations

import gc
import tempfile
from datetime import timedelta
from pathlib import Path
from types import FunctionType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

from cxconfig.errors import InputErrors
from cxconfig.language import load
from cxconfig.language.mistakes import Mistakes, Sheet
from cxconfig.language.nodes import MappingNode, Node, ScalarNode
from cxconfig.language.reader import read
from tests.language.fakes import REGISTRY, TENANT, written

GOOD = (
    b"desk:\n  groups:\n    Sales: {}\n  agents:\n    ann: &a\n      first_name: 'Ann'\n      group: Sales\n"
    b'      skills: {English: 90, "French": 5}\n      roles: [lead, coach]\n      password: ${env:ANN}\n'
    b"      phone: +15551234567\n    bob: *a\n"
)
PIECES = [b"\t", b"\n", b"\r", b" ", b":", b": ", b"- ", b"? ", b"[", b"]", b"{", b"}", b",", b"&a ", b"*a", b"!", b"|"]
PIECES += [b">", b"'", b'"', b"#", b"%", b"@", b"`", b"---\n", b"...\n", b"<<: ", b"\x00", b"\xff", b"\xc2\x85", b"~"]
PIECES += [b"${", b"${env:X}", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\\", b'"\\x00"', b"desk:", b"null", b"0x1F", b"true"]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with a few cuts and insertions."""
    data = GOOD
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 8))
        data = data[:at] + draw(st.sampled_from([b"", *PIECES])) + data[at + cut :]
    return data


def outcome(tenant: bytes, other: bytes) -> InputErrors | None:
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name), {"tenant.yaml": tenant, "other.yaml": other})
        try:
            load(folder, REGISTRY)
        except InputErrors as errors:
            return errors
        return None


def checked(errors: InputErrors | None, files: dict[str, bytes]) -> None:
    """Every error has a place inside its file, a rule and a way out, and can be printed."""
    for error in errors.errors if errors else ():
        assert error.place is not None and error.rule and error.way_out
        data = files[Path(error.place.file).name]
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        assert 0 <= error.place.line <= len(lines)
        str(error).encode("utf-8")


@given(st.one_of(mutated(), st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)))
@settings(max_examples=150, deadline=None)
def test_any_bytes_load_or_give_placed_errors(data: bytes) -> None:
    """As tenant.yaml and as another file."""
    checked(outcome(TENANT.encode(), data), {"tenant.yaml": TENANT.encode(), "other.yaml": data})
    checked(outcome(data, GOOD), {"tenant.yaml": data, "other.yaml": GOOD})


LAYERED = {
    "people.yaml": b"vars: {LEVEL: 5}\ndesk:\n  defaults:\n    agents: {shift: day}\n  templates:\n    agents:\n"
    b'      base: &b {skills: {English: 1}}\n      more: {extends: base, <<: *b, priority: "${var:LEVEL}"}\n'
    b"  tables:\n    agents: [{file: a.csv, key: name, extends: more}]\n  agents:\n"
    b"    ann: {extends: [more], skills: {$replace: true, French: 2}, ignore: [shift], protect: true}\n",
    "a.csv": b'name,first_name,skills.English,roles,phone\nbob,"Bob ""B""",7,lead;coach,+15551234567\ncid,,,,\n',
    "environments/prod/over.yaml": b"vars: {LEVEL: 6}\ndesk:\n  agents:\n    ann: {shift: $remove, skills: {}}\n"
    b"    bob: $remove\n    dee: {extends: base}\n",
    "environments/prod/tenant.yaml": b"manage: all\nsystems: {desk: {kinds: {agents: {exclude: [svc-*]}}}}\n",
}
COVERED = {**LAYERED, "people.yaml": LAYERED["people.yaml"].replace(b"French: 2", b"French% 2")}
"""A mistake in a mapping that the environment empties."""
WORDS = [b"$remove", b"$replace: true", b"extends: ", b"${var:LEVEL}", b"${var:", b"ann", b"base", b"{}", b'""', b"\r"]


@st.composite
def layered(draw: st.DrawFn) -> dict[str, bytes]:
    """A good tenant in layers with a few cuts and insertions in one or two of its files."""
    files = dict(LAYERED)
    for name in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=2)):
        for _ in range(draw(st.integers(1, 4))):
            at, cut = draw(st.integers(0, len(files[name]))), draw(st.integers(0, 8))
            files[name] = files[name][:at] + draw(st.sampled_from([b"", *PIECES, *WORDS])) + files[name][at + cut :]
    return files


@given(layered())
@example(COVERED)
@settings(max_examples=200, deadline=timedelta(seconds=2))
def test_any_bytes_in_layers_load_or_give_placed_errors(files: dict[str, bytes]) -> None:
    """In overlays, templates, tables and variables as well."""
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name), files)
        try:
            load(folder, REGISTRY, ["prod"])
        except InputErrors as errors:
            checked(errors, {Path(n).name: b for n, b in {**files, "tenant.yaml": TENANT.encode()}.items()})


def test_the_layered_files_are_good(tmp_path: Path) -> None:
    """Otherwise the mutations would begin from a mistake."""
    found = load(written(tmp_path, LAYERED), REGISTRY, ["prod"]).objects["desk.agents"]
    assert list(found) == ["cid", "ann", "dee"]


LINES = st.text(st.characters(codec="utf-8").filter(lambda c: c.isprintable() and c != "'"), max_size=20)


@given(st.dictionaries(LINES, LINES, max_size=6))
@settings(max_examples=100, deadline=None)
def test_quoted_text_comes_back_as_it_was(texts: dict[str, str]) -> None:
    """Whatever is printable and stands in single quotes is read as written."""
    mistakes = Mistakes()
    data = "".join(f"'{key}': '{value}'\n" for key, value in texts.items()).encode()
    node = read(data, Sheet("a.yaml", mistakes))
    assert not mistakes.errors
    found = node.entries if isinstance(node, MappingNode) else {}
    assert {k: v.text for k, (_, v) in found.items() if isinstance(v, ScalarNode)} == texts


@given(mutated())
@settings(max_examples=150, deadline=None)
def test_places_are_those_of_the_text(data: bytes) -> None:
    """A plain scalar on one line stands where its place says."""
    mistakes = Mistakes()
    node = read(data, Sheet("a.yaml", mistakes))
    if mistakes.errors or node is None:
        return
    text = data.decode().removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for scalar in scalars(node):
        if scalar.plain and scalar.text and " " not in scalar.text and "\n" not in scalar.text:
            rest = lines[scalar.line - 1][scalar.column - 1 :]
            assert rest.startswith((scalar.text, "&"))


def scalars(node: Node) -> list[ScalarNode]:
    if isinstance(node, ScalarNode):
        return [node]
    if isinstance(node, MappingNode):
        return [s for key, value in node.entries.values() for s in (key, *scalars(value))]
    return [s for item in node.items for s in scalars(item)]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "".join(f"{' ' * i}a:\n" for i in range(999))],
)
def test_deep_nesting_ends_early(text: str) -> None:
    """The parser is not run to the end of what is nested too deep."""
    mistakes = Mistakes()
    assert read(text.encode(), Sheet("a.yaml", mistakes)) is None
    assert len(mistakes.errors) == 1


def test_aliases_inside_the_limits_are_followed() -> None:
    """100,000 values by aliases are no bomb, and repeat one node instead of copying it."""
    text = "a: &a [" + "x," * 100 + "]\nb: [" + "*a," * 1000 + "]\n"
    mistakes = Mistakes()
    node = read(text.encode(), Sheet("a.yaml", mistakes))
    assert not mistakes.errors and isinstance(node, MappingNode)
    items = getattr(node.entries["b"][1], "items", [])
    assert len(items) == 1000 and items[0] is items[999]


def test_garbage_collection_is_left_as_it_was(tmp_path: Path) -> None:
    """Also when the reading ends with an error."""
    assert gc.isenabled()
    with pytest.raises(InputErrors):
        load(written(tmp_path, {"a.yaml": "x"}), REGISTRY)
    assert gc.isenabled()


def test_the_c_parser_is_the_one_that_was_measured() -> None:
    """The events come from C: the parser is no Python class."""
    assert CParser.__module__.endswith("_ruamel_yaml")
    assert not isinstance(CParser.get_event, FunctionType)
