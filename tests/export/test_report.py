"""A proposal as lines and as data."""

from __future__ import annotations

import json
from pathlib import Path

from cxconfig.export.report import MOST_LINES, NEXT, closing, lines, to_json
from tests.export.fakes import AGENTS, GROUPS, REGISTRY, Connected, Live, exported, written

LIVE: Live = {
    GROUPS: {"Sales": {}},
    AGENTS: {
        **{f"a{n:02}": {"group": "Sales", "phone": f"+1555123456{n % 10}"} for n in range(14)},
        "old": {"first_name": "New"},
        "e": {},
        "E": {},
        "bad\x1b[31m": {},
        "\u20acx": {"last_name": "N1"},
    },
}
FILES = {"x.yaml": "desk:\n  agents:\n    old: {first_name: Old, phone: '+15550000001'}\n    gone: {}\n"}


def shown(folder: Path, verbose: bool = False, width: int = 120) -> list[str]:
    proposal = exported(written(folder, FILES), LIVE)
    return list(lines(proposal, REGISTRY, width=width, colour=False, verbose=verbose))


def test_what_is_found_stands_by_kind_and_alike_together(tmp_path: Path) -> None:
    text = "\n".join(shown(tmp_path, width=300)).replace(f"{tmp_path}/", "")
    assert "desk groups: 1 to add\n  + add group Sales  desk/groups/groups.yaml\n" in text
    assert "desk agents: 16 to add, 1 to update, 1 gone live, 1 left in part, 2 not read\n" in text
    assert (
        "  + add 14 agents a00, a01, a02, a03, a04, a05, a06, a07, a08, a09 and 4 more  desk/agents/sales.yaml\n"
        in text
    )
    assert "  ~ update agent old (first_name, phone)  x.yaml\n" in text
    assert "  ? gone live agent gone (left as it stands; --prune takes it out)  x.yaml\n" in text
    assert "not read agent bad\\x1b[31m" in text and "\x1b" not in text
    for verbose in (False, True):
        (line,) = [line for line in shown(tmp_path, verbose, width=300) if "add 14 agents" in line]
        assert ("a13" in line) is verbose


def test_phone_numbers_are_masked_and_the_diff_is_bounded(tmp_path: Path) -> None:
    """Every one, of before and after; --verbose shows all lines."""
    folder = written(tmp_path, FILES)
    live: Live = {AGENTS: {f"a{n}": {"phone": f"+1555777{n:04}", "first_name": "x"} for n in range(300)}}
    proposal = exported(folder, live)
    found = {v: list(lines(proposal, REGISTRY, width=100, colour=True, verbose=v)) for v in (False, True)}
    assert all("555" not in line for several in found.values() for line in several)
    assert any("•••••" in line for line in found[False])
    assert len(found[False]) < MOST_LINES + 20 < len(found[True])
    assert "more lines; --verbose shows them" in "\n".join(found[False])
    document = to_json(proposal, REGISTRY, written=True, exit_code=0)
    assert "555" not in json.dumps(document)
    assert all("+1555777" in (change.after or "") for change in proposal.files if change.before is None)


def test_the_document(tmp_path: Path) -> None:
    """Every key, in order."""
    proposal = exported(written(tmp_path, FILES), {GROUPS: {"S": {}}, AGENTS: {"old": {"first_name": "Old"}}})
    document = to_json(proposal, REGISTRY, written=False, exit_code=2)
    assert list(document) == [
        "format",
        "command",
        "tenant",
        "exit_code",
        "written",
        "live",
        "warnings",
        "files",
        "objects",
    ]
    assert {n: document[n] for n in ("format", "command", "tenant", "exit_code", "written", "live")} == {
        "format": 1,
        "command": "export",
        "tenant": "acme",
        "exit_code": 2,
        "written": False,
        "live": {GROUPS: 1, AGENTS: 1},
    }
    added, gone, updated = document["objects"]
    assert added == {
        "kind": GROUPS,
        "key": "S",
        "what": "add",
        "file": str(tmp_path / "desk/groups/groups.yaml"),
        "fields": [],
        "why": "",
    }
    assert (updated["key"], updated["what"], updated["fields"]) == ("old", "update", ["phone"])
    assert (gone["key"], gone["what"]) == ("gone", "gone")
    new, changed = document["files"]
    assert (new["new"], changed["new"]) == (True, False)
    assert any(line.startswith("+") for line in new["diff"])


def test_the_closing_lines(tmp_path: Path) -> None:
    """Nothing is promised of a preview when something declared is gone."""
    proposal = exported(written(tmp_path, {}), {GROUPS: {"S": {}}, AGENTS: {}})
    assert closing(proposal, REGISTRY, written=True) == ["Written: 1 file; 1 group, 0 agents live.", NEXT]
    assert closing(proposal, REGISTRY, written=False) == ["Would write 1 file; 1 group, 0 agents live."]
    nothing = exported(tmp_path, {})
    line = "Nothing to write: the files say what is live of 0 groups, 0 agents."
    assert closing(nothing, REGISTRY, written=False) == [line]
    gone = exported(written(tmp_path, FILES), {AGENTS: {"old": {"first_name": "New"}}})
    line = "A preview still shows 1 object: gone live, or still different, as named above."
    assert closing(gone, REGISTRY, written=True)[1:] == [line]
    unread = exported(written(tmp_path / "other", {}), {AGENTS: {"a": {}, "e": {}, "E": {}}})
    assert closing(unread, REGISTRY, written=True)[1:] == []


def test_a_kind_that_cannot_be_listed_is_warned_of(tmp_path: Path) -> None:
    """What is not declared is then not known."""
    connected = Connected({GROUPS: {"S": {}}})
    connected.handlers[GROUPS].lists = False
    proposal = exported(written(tmp_path, {}), {}, connected=connected)
    (warning,) = proposal.warnings
    assert warning == "desk lists no groups: only those that are declared were read"
    assert next(lines(proposal, REGISTRY, width=100, colour=False, verbose=False)) == f"Warning: {warning}"
    assert to_json(proposal, REGISTRY, written=False, exit_code=0)["warnings"] == [warning]
