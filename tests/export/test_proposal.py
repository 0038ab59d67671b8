"""A live tenant into a folder: what is written where, and what stays as it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cxconfig.errors import InputErrors, SettingsError
from cxconfig.export.matching import What
from cxconfig.export.proposal import Proposal
from cxconfig.language import load
from cxconfig.language.nodes import Node
from cxconfig.writing.editor import Editor
from tests.export.fakes import AGENTS, GROUPS, REGISTRY, TENANT, Live, exported, settings, written, wrote

LIVE: Live = {
    GROUPS: {"Sales": {}, "Night Shift": {}, "Österreich & Co": {}},
    AGENTS: {
        "zoe": {"first_name": "Zoe", "group": "Sales", "phone": "+15551234567", "skills": {}},
        "Bob": {"first_name": "Bob", "group": "Sales", "skills": {"English": 90}, "shift": "night", "roles": ["R1"]},
        "ann": {"first_name": "", "group": "Night Shift", "disabled": True, "priority": None},
        "eva": {"group": "Österreich & Co", "extension": "0123", "priority": 0},
        "free": {"first_name": "yes", "group": ""},
    },
}


def said(proposal: Proposal) -> dict[str, list[str]]:
    """What was found -> the keys."""
    found: dict[str, list[str]] = {}
    for finding in proposal.findings:
        found.setdefault(finding.what.value, []).append(finding.key)
    return found


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """One folder for each kind, agents by group, in the order of their names, without what is as when left out."""
    proposal = exported(written(tmp_path, {}), LIVE)
    wrote(proposal)
    files = {os.path.relpath(change.path, tmp_path): change.after for change in proposal.files}
    assert files == {
        "desk/groups/groups.yaml": "desk:\n  groups:\n    Night Shift: {}\n    Sales: {}\n    Österreich & Co: {}\n",
        "desk/agents/agents.yaml": 'desk:\n  agents:\n    free: {first_name: "yes"}\n',
        "desk/agents/night-shift.yaml": "desk:\n  agents:\n    ann: {group: Night Shift, disabled: true}\n",
        "desk/agents/osterreich-co.yaml": (
            'desk:\n  agents:\n    eva: {group: Österreich & Co, extension: "0123", priority: 0}\n'
        ),
        "desk/agents/sales.yaml": (
            "desk:\n  agents:\n    Bob:\n      first_name: Bob\n      group: Sales\n      skills: {English: 90}\n"
            "      roles: [R1]\n      shift: night\n    zoe:\n      first_name: Zoe\n      group: Sales\n"
            '      phone: "+15551234567"\n'
        ),
    }
    assert said(proposal) == {"add": ["Night Shift", "Sales", "Österreich & Co", "ann", "Bob", "eva", "free", "zoe"]}
    assert all(change.before is None for change in proposal.files)
    assert dict(proposal.counts) == {GROUPS: 3, AGENTS: 5}


def test_a_second_export_has_nothing_to_write(tmp_path: Path) -> None:
    """What was written says what is live."""
    wrote(exported(written(tmp_path, {}), LIVE))
    again = exported(tmp_path, LIVE)
    assert (again.files, again.findings) == ((), ())


def test_only_what_differs_is_touched(tmp_path: Path) -> None:
    """Comments, order, anchors, quotes and blank lines of everything else stay, byte for byte; line ends too."""
    text = (
        "# ours\r\ndesk:\r\n\r\n  agents:   # all of them\r\n"
        "    zoe:  {first_name: 'Zoe' , group: Sales} # z\r\n\r\n"
        '    bob: &b\r\n        first_name: "Bob"\r\n        # levels\r\n        skills:\r\n'
        "            English:   90  # checked\r\n            Billing: 10\r\n        group: Sales\r\n"
        "  groups: {Sales: }\r\n"
    )
    folder = written(tmp_path, {"people.yaml": text})
    live: Live = {
        GROUPS: {"Sales": {}},
        AGENTS: {
            "zoe": {"first_name": "Zoe", "group": "Sales", "phone": "+15551234567"},
            "bob": {"first_name": "Bob", "group": "Sales", "skills": {"english": 95, "Billing": 10}},
        },
    }
    proposal = exported(folder, live)
    assert wrote(proposal) == {"people.yaml": text.replace("90", "95")}
    assert [(f.key, f.what, f.fields) for f in proposal.findings] == [("bob", What.UPDATE, ("skills",))]
    assert exported(folder, live).files == ()


def test_fields_that_are_not_listed_stay_so_unless_asked(tmp_path: Path) -> None:
    """Left out is not managed; `every` lists what is not as when left out. A disabled agent is always said."""
    folder = written(tmp_path, {"a.yaml": "desk:\n  agents:\n    ann:\n      first_name: Ann\n"})
    live: Live = {AGENTS: {"ann": {"first_name": "Ann", "last_name": "Lee", "disabled": False, "shift": "day"}}}
    assert exported(folder, live).files == ()
    (change,) = exported(folder, live, every=True).files
    assert change.after == "desk:\n  agents:\n    ann:\n      first_name: Ann\n      last_name: Lee\n"
    live[AGENTS]["ann"]["disabled"] = True
    (change,) = exported(folder, live).files
    assert change.after == "desk:\n  agents:\n    ann:\n      first_name: Ann\n      disabled: true\n"


def test_a_new_object_goes_to_its_like(tmp_path: Path) -> None:
    """The file that holds the most of its group; without one, a file of its own."""
    files = {
        "people/one.yaml": "desk: {agents: {a: {group: Sales}}}\n",
        "people/two.yaml": "desk:\n  agents:\n    b: {group: Sales}\n    c: {group: Sales}\n    # the last\n",
    }
    live: Live = {
        AGENTS: {
            **{key: {"group": "Sales"} for key in ("a", "b", "c", "Y", "x")},
            "z": {"group": "Support"},
        }
    }
    proposal = exported(written(tmp_path, files), live)
    found = wrote(proposal)
    assert set(found) == {"two.yaml", "support.yaml"}
    assert list(load(tmp_path, REGISTRY).objects[AGENTS]) == ["z", "a", "b", "c", "x", "Y"]
    assert found["two.yaml"].startswith(files["people/two.yaml"].replace("    # the last\n", ""))


def test_what_is_gone_is_left_unless_asked(tmp_path: Path) -> None:
    """`prune` takes it out with its own comment; the references to it go with those that are updated."""
    text = (
        "desk:\n  groups:\n    Sales: {}\n    # closed\n    Old: {}\n  agents:\n    ann: {group: Old}\n    gone: {}\n"
    )
    folder = written(tmp_path, {"a.yaml": text})
    live: Live = {GROUPS: {"Sales": {}}, AGENTS: {"ann": {"group": "Sales"}}}
    kept = exported(folder, live)
    assert said(kept) == {"gone": ["Old", "gone"], "update": ["ann"]}
    (change,) = kept.files
    assert change.after == text.replace("{group: Old}", "{group: Sales}")
    pruned = exported(folder, live, prune=True)
    assert said(pruned) == {"remove": ["Old", "gone"], "update": ["ann"]}
    (change,) = pruned.files
    assert change.after == "desk:\n  groups:\n    Sales: {}\n  agents:\n    ann: {group: Sales}\n"


def test_an_empty_live_kind_prunes_nothing(tmp_path: Path) -> None:
    """Nobody live at all is more likely the wrong tenant than the truth."""
    folder = written(tmp_path, {"a.yaml": "desk: {agents: {ann: {}, bob: {}}}\n"})
    proposal = exported(folder, {AGENTS: {}}, prune=True)
    assert (proposal.files, said(proposal)) == ((), {"left": ["ann", "bob"]})


LAYERED = {
    "base.yaml": (
        "vars: {DOMAIN: example.com}\n"
        "desk:\n  defaults:\n    agents: {shift: night}\n"
        "  templates:\n    agents:\n"
        "      sales: {group: Sales, skills: {English: 50, Billing: 10}, roles: [R1, R2]}\n"
        "      senior: {extends: sales, skills: {Billing: 90}}\n"
    ),
    "agents.yaml": (
        "desk:\n  agents:\n"
        "    ann: {extends: senior, first_name: 'Ann${var:DOMAIN}'}  # kept\n"
        "    bob:\n      extends: sales\n      skills: {Spanish: 5}\n"
    ),
    "desk/groups.yaml": "desk: {groups: {Sales: {}, Support: {}}}\n",
}


def layered() -> Live:
    """What is live when the layered folder is."""
    return {
        GROUPS: {"Sales": {}, "Support": {}},
        AGENTS: {
            "ann": {
                "first_name": "Annexample.com",
                "group": "Sales",
                "shift": "night",
                "skills": {"English": 50, "Billing": 90},
                "roles": ["R1", "R2"],
            },
            "bob": {
                "first_name": "B",
                "group": "Sales",
                "shift": "night",
                "skills": {"English": 50, "Billing": 10, "Spanish": 5},
                "roles": ["R1", "R2"],
            },
        },
    }


def test_what_is_inherited_is_overridden_in_the_object_itself(tmp_path: Path) -> None:
    """A value of a template, of the defaults or of a variable is said by the object; inherited entries are removed."""
    folder = written(tmp_path, LAYERED)
    live = layered()
    assert exported(folder, live).files == ()
    live[AGENTS]["ann"] |= {"first_name": "Anna", "shift": "day", "skills": {"English": 50}, "roles": ["R2"]}
    live[AGENTS]["bob"] |= {"group": "Support", "skills": {"English": 60, "Billing": 10}}
    proposal = exported(folder, live)
    (change,) = proposal.files
    assert change.path.name == "agents.yaml"
    after = wrote(proposal)["agents.yaml"]
    assert "  # kept\n" in after
    assert exported(folder, live).files == ()
    found = load(folder, REGISTRY).objects[AGENTS]
    assert found["ann"].values["skills"] == {"English": 50} and found["ann"].values["shift"] == "day"
    assert found["bob"].values["skills"] == {"English": 60, "Billing": 10}
    assert "$remove" in after and "senior" in after


def test_own_entries_that_all_go_do_not_empty_what_is_inherited(tmp_path: Path) -> None:
    """An empty mapping would replace the template's; the field itself is taken out."""
    folder = written(tmp_path, LAYERED)
    live = layered()
    live[AGENTS]["bob"]["skills"] = {"English": 50, "Billing": 10}
    proposal = exported(folder, live)
    assert wrote(proposal)["agents.yaml"].endswith("    bob:\n      extends: sales\n")
    assert exported(folder, live).files == ()
    live[AGENTS]["bob"]["skills"] = {}
    assert wrote(exported(folder, live))["agents.yaml"].endswith("      extends: sales\n      skills: {}\n")
    assert exported(folder, live).files == ()


def test_a_new_object_does_not_inherit_defaults_that_it_does_not_have(tmp_path: Path) -> None:
    """`day` is what the model takes for a shift that is left out, but not in this folder."""
    folder = written(tmp_path, LAYERED)
    live = layered()
    live[AGENTS]["new"] = {"group": "Sales", "shift": "day"}
    proposal = exported(folder, live)
    assert said(proposal) == {"add": ["new"]}
    assert "    new:\n      group: Sales\n      shift: day\n" in wrote(proposal)["agents.yaml"]


def test_a_row_of_a_table_is_reported(tmp_path: Path) -> None:
    """A CSV file is not edited; the others are."""
    files = {
        "t.yaml": (
            "desk:\n  tables:\n    agents:\n      - {file: a.csv, key: login}\n  agents:\n    bob: {extension: '1'}\n"
        ),
        "a.csv": "login,extension\nann,1\nold,2\n",
    }
    folder = written(tmp_path, files)
    live: Live = {AGENTS: {key: {"extension": "9"} for key in ("ann", "bob")}}
    proposal = exported(folder, live, prune=True)
    assert said(proposal) == {"left": ["ann", "old"], "update": ["bob"]}
    assert {f.key: (Path(f.file).name, f.fields) for f in proposal.findings if f.what is What.LEFT} == {
        "ann": ("a.csv", ("extension",)),
        "old": ("a.csv", ()),
    }
    assert wrote(proposal) == {"t.yaml": files["t.yaml"].replace("'1'", '"9"')}


def test_an_environment_is_written_below_its_own_folder(tmp_path: Path) -> None:
    """The base stays as it is for the other environments; what is gone there is taken out by a mark."""
    files = {
        "base.yaml": "desk:\n  agents:\n    ann: {shift: day, extension: '1'}\n    bob: {}\n    zoe: {}\n",
        "environments/prod/more.yaml": "desk:\n  agents:\n    ann: {extension: '2'}  # prod\n",
    }
    folder = written(tmp_path, files)
    live: Live = {
        AGENTS: {
            "ann": {"shift": "night", "extension": "2"},
            "bob": {"disabled": True},
            "new": {"extension": "3"},
        }
    }
    proposal = exported(folder, live, environments=["prod"], prune=True)
    wrote(proposal)
    assert (folder / "base.yaml").read_text() == files["base.yaml"]
    assert {str(c.path.relative_to(folder)) for c in proposal.files} <= {
        "environments/prod/more.yaml",
        "environments/prod/desk/agents/agents.yaml",
    }
    again = exported(folder, live, environments=["prod"], prune=True)
    assert (again.files, again.findings) == ((), ())
    found = load(folder, REGISTRY, ["prod"]).objects[AGENTS]
    assert {key: agent.values.get("shift") for key, agent in found.items()} == {
        "ann": "night",
        "bob": None,
        "new": None,
    }


def test_ignored_fields_and_excluded_objects_are_left_out(tmp_path: Path) -> None:
    """As tenant.yaml says of the kind, and an object of itself."""
    kinds = "      agents: {exclude: [svc-*], ignore: [shift]}\n"
    text = "desk:\n  agents:\n    ann: {ignore: [extension], extension: '1', shift: day}\n"
    folder = written(tmp_path, settings(kinds) | {"a.yaml": text})
    live: Live = {
        AGENTS: {
            "ann": {"extension": "2", "shift": "night"},
            "SVC-1": {"extension": "7"},
            "bob": {"extension": "3", "shift": "night"},
        }
    }
    proposal = exported(folder, live)
    assert said(proposal) == {"add": ["bob"]}
    assert [change.after for change in proposal.files] == [f'{text}    bob: {{extension: "3"}}\n']


def test_one_kind_brings_what_it_refers_to(tmp_path: Path) -> None:
    """Where groups are declared, a new agent's group has to be; the other groups and what is gone are not touched."""
    folder = written(tmp_path, {"g.yaml": "desk:\n  groups:\n    Sales: {}\n    Gone: {}\n"})
    proposal = exported(folder, LIVE, kinds=[AGENTS])
    assert said(proposal)["add"] == ["Night Shift", "Österreich & Co", "ann", "Bob", "eva", "free", "zoe"]
    assert "gone" not in said(proposal)
    assert dict(proposal.counts) == {AGENTS: 5}
    other = written(tmp_path / "other", {})
    assert said(exported(other, LIVE, kinds=[AGENTS]))["add"] == ["ann", "Bob", "eva", "free", "zoe"]
    assert said(exported(other, LIVE, kinds=[GROUPS]))["add"] == ["Night Shift", "Sales", "Österreich & Co"]


def test_what_no_file_can_say_is_left_out_with_the_reason(tmp_path: Path) -> None:
    """References, invisible characters, what the model refuses, groups that do not exist: never guessed."""
    live: Live = {
        GROUPS: {"Sales": {}},
        AGENTS: {
            "a": {"first_name": "${env:HOME}", "last_name": "Lee2", "extension": "x1", "group": "Sales "},
            "b": {"first_name": "A\x07", "group": "Nowhere", "skills": {"English": 400}, "roles": ["$remove"]},
            " c": {},
            "x" * 300: {},
            "d\u202e": {},
            "E": {"priority": 3},
            "e": {"priority": 4},
        },
    }
    proposal = exported(written(tmp_path, {}), live)
    wrote(proposal)
    found = load(tmp_path, REGISTRY).objects[AGENTS]
    assert {key: dict(agent.values) for key, agent in found.items()} == {
        "a": {"group": "Sales"},
        "b": {},
        "E": {"priority": 3},
    }
    left = {(f.key, f.fields[0]) for f in proposal.findings if f.what is What.UNSAID}
    assert left == {
        *(("a", name) for name in ("first_name", "last_name", "extension")),
        *(("b", name) for name in ("first_name", "group", "skills", "roles")),
    }
    assert sorted(said(proposal)["unreadable"]) == [" c", "d\u202e", "e", "x" * 300]
    assert all(f.why for f in proposal.findings if f.what in (What.UNSAID, What.UNREADABLE))
    assert not any("HOME" in f.why or "400" in f.why for f in proposal.findings)


def test_a_declared_value_that_cannot_be_brought_up_to_date_is_not_listed_any_more(tmp_path: Path) -> None:
    """Else the next preview would not be empty; an inherited one is taken out by a mark."""
    files = {
        "a.yaml": (
            "desk:\n  templates: {agents: {t: {last_name: Lee}}}\n"
            "  agents:\n    ann: {last_name: Lee}\n    bob: {extends: t}\n"
        )
    }
    folder = written(tmp_path, files)
    live: Live = {AGENTS: {key: {"last_name": "Lee2"} for key in ("ann", "bob")}}
    proposal = exported(folder, live)
    assert said(proposal) == {"unsaid": ["ann", "bob"]}
    wrote(proposal)
    found = load(folder, REGISTRY).objects[AGENTS]
    assert [dict(agent.values) for agent in found.values()] == [{}, {}]
    assert exported(folder, live).files == ()


def test_secrets_are_never_exported(tmp_path: Path) -> None:
    """Even if a system gave one away; those of the files stay."""
    folder = written(tmp_path, {"a.yaml": "desk:\n  agents:\n    ann: {password: '${env:P}', extension: '1'}\n"})
    live: Live = {AGENTS: {key: {"password": "hunter2", "extension": "2"} for key in ("ann", "bob")}}
    proposal = exported(folder, live, every=True)
    assert all("hunter2" not in (change.after or "") for change in proposal.files)
    assert "password: '${env:P}', extension: \"2\"" in wrote(proposal)["a.yaml"]


def test_a_folder_with_mistakes_is_not_touched(tmp_path: Path) -> None:
    """Its mistakes are told first."""
    with pytest.raises(InputErrors):
        exported(written(tmp_path, {"a.yaml": "desk: {agents: {ann: {emial: x}}}"}), LIVE)


def test_the_tenant_file_alone_is_enough(tmp_path: Path) -> None:
    """With its objects in it, too."""
    folder = written(tmp_path, {"tenant.yaml": f"{TENANT}desk:\n  agents:\n    ann: {{group: Sales}}\n"})
    live: Live = {AGENTS: {"ann": {"group": "Sales"}, "bob": {"group": "Sales"}}}
    assert wrote(exported(folder, live)) == {
        "tenant.yaml": f"{TENANT}desk:\n  agents:\n    ann: {{group: Sales}}\n    bob: {{group: Sales}}\n"
    }


def test_ten_thousand_agents(tmp_path: Path) -> None:
    """In fifty files; a hundred changes touch a hundred lines."""
    groups = [f"Group {n}" for n in range(50)]
    names = [f"agent{n:05}" for n in range(10_000)]
    agents = {name: {"group": groups[n % 50], "extension": str(n)} for n, name in enumerate(names)}
    live: Live = {GROUPS: {name: {} for name in groups}, AGENTS: agents}
    proposal = exported(written(tmp_path, {}), live)
    assert len(wrote(proposal)) == 51
    before = {change.path: change.after or "" for change in proposal.files}
    for name in names[::100]:
        agents[name]["extension"] += "9"
    changes = exported(tmp_path, live).files
    pairs = [(before[c.path].splitlines(), (c.after or "").splitlines()) for c in changes]
    assert sum(old != new for olds, news in pairs for old, new in zip(olds, news, strict=True)) == 100


def test_what_the_editor_refuses_is_told_of_its_object_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects edited together with it are written; of its own nothing is said to be updated."""
    right = Editor._right

    def fails(self: Editor, tried: tuple[str, Node | None]) -> bool:
        return "STUCK" not in tried[0] and right(self, tried)

    monkeypatch.setattr(Editor, "_right", fails)
    files = {"x.yaml": "desk:\n  agents:\n" + "".join(f"    a{n}: {{first_name: A, shift: day}}\n" for n in range(5))}
    live: Live = {AGENTS: {f"a{n}": {"first_name": "STUCK" if n == 2 else "B", "shift": "night"} for n in range(5)}}
    live[AGENTS]["new"] = {"first_name": "STUCK"}
    proposal = exported(written(tmp_path, files), live)
    assert said(proposal) == {"update": ["a0", "a1", "a3", "a4"], "left": ["a2", "new"]}
    (left,) = [finding for finding in proposal.findings if finding.key == "a2"]
    assert left.fields == ("first_name", "shift")
    assert left.why.endswith(
        "desk.agents.a2.first_name, desk.agents.a2.shift cannot be changed in place without changing something else"
    )
    (change,) = proposal.files
    assert (change.after or "").count("{first_name: B, shift: night}") == 4


@pytest.mark.parametrize(("link", "environments"), [("desk", []), ("environments/prod", ["prod"])])
def test_no_file_is_made_through_a_link_outside_of_the_folder(
    link: str, environments: list[str], tmp_path: Path
) -> None:
    """Through one that stays inside it may be; a file that is there already is changed where it is."""
    folder, outside = tmp_path / "acme", tmp_path / "elsewhere"
    written(folder, {})
    outside.mkdir()
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside)
    with pytest.raises(
        SettingsError, match=r"groups\.yaml would be made outside of the tenant's folder, as .*elsewhere"
    ):
        exported(folder, {GROUPS: {"Sales": {}}}, environments=environments)
    assert list(outside.iterdir()) == []
    file = outside / ("desk/" if environments else "") / "groups/groups.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("desk: {groups: {Old: {}}}\n")
    wrote(exported(folder, {GROUPS: {"Sales": {}, "Old": {}}}, environments=environments))
    assert "Sales" in file.read_text()
    (folder / link).unlink()
    (folder / "inside").mkdir()
    (folder / link).symlink_to(folder / "inside")
    assert exported(folder, {GROUPS: {"Sales": {}}}, environments=environments).files
