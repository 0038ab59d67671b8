"""An export of objects that stand in another one's list: the list owns their field, and is not written."""

from __future__ import annotations

from pathlib import Path

from cxconfig.export.matching import What
from cxconfig.language import load
from tests.export.fakes import AGENTS, GROUPS, REGISTRY, Live, exported, written, wrote

LIVE: Live = {
    GROUPS: {"Sales": {}, "Support": {}},
    AGENTS: {
        "ann": {"first_name": "Ann", "group": "Sales"},
        "mere": {"first_name": "Me", "group": "Sales", "shift": "night"},
        "free": {"group": "Sales"},
    },
}
LISTS = "desk:\n  groups:\n    Sales: {members: [ann, mere]}\n    Support: {}\n"
AGENT = "  agents:\n    ann: {first_name: Ann}\n"


def test_members_get_no_group_of_their_own(tmp_path: Path) -> None:
    """One that was only a member gets an entry without its group; one that is none gets its group; then all is said."""
    proposal = exported(written(tmp_path, {"a.yaml": LISTS + AGENT}), LIVE)
    assert [(f.key, f.what, f.fields) for f in proposal.findings] == [
        ("free", What.ADD, ("group",)),
        ("mere", What.ADD, ("first_name", "shift")),
    ]
    wrote(proposal)
    found = load(tmp_path, REGISTRY).objects[AGENTS]
    assert found["mere"].values == {"first_name": "Me", "shift": "night", "group": "Sales"}
    added = "    free: {group: Sales}\n    mere: {first_name: Me, shift: night}\n"
    assert (tmp_path / "a.yaml").read_text("utf-8") == LISTS + AGENT + added, (
        "beside its like, whatever gives the group"
    )
    again = exported(tmp_path, LIVE)
    assert (again.files, again.findings) == ((), ())


def test_a_member_in_another_group(tmp_path: Path) -> None:
    """It is named and left: which list it belongs to is not for an export to say; its other fields are written."""
    folder = written(tmp_path, {"a.yaml": LISTS + AGENT.replace("first_name: Ann", "first_name: A, group: Sales")})
    moved: Live = {**LIVE, AGENTS: {**LIVE[AGENTS], "ann": {"first_name": "Ann", "group": "Support"}}}
    proposal = exported(folder, moved)
    (update, left) = [f for f in proposal.findings if f.key == "ann"]
    assert (update.what, update.fields) == (What.UPDATE, ("first_name",))
    assert (left.what, left.fields, left.why) == (
        What.LEFT,
        ("group",),
        "another object's list gives it this value; change it there",
    )
    wrote(proposal)
    assert load(folder, REGISTRY).objects[AGENTS]["ann"].values["group"] == "Sales"


def test_a_member_that_is_gone(tmp_path: Path) -> None:
    """Nothing to take out but its place in the list, which the report names."""
    folder = written(tmp_path, {"a.yaml": LISTS.replace("mere", "gone") + AGENT})
    live: Live = {**LIVE, AGENTS: {"ann": LIVE[AGENTS]["ann"]}}
    for prune in (False, True):
        proposal = exported(folder, live, prune=prune)
        (finding,) = proposal.findings
        assert (finding.key, finding.what, finding.why) == (
            "gone",
            What.LEFT,
            "it is gone live; take it out of the list",
        )
        assert finding.file.endswith("a.yaml") and not proposal.files
