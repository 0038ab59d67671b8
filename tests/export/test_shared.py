"""Files whose values are shared through anchors, aliases and merge keys: an export changes one object at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxconfig.language import load
from tests.export.fakes import AGENTS, REGISTRY, Live, exported, written, wrote

TEXT = """\
# shared
desk:
  agents:
    ann: &ann {first_name: Ann, group: Sales, skills: &skills {English: 90, Billing: 10}}  # first
    bob: *ann
    cal:
      <<: *ann
      first_name: Cal   # own
    dan:
      skills: *skills
      roles: &roles [R1, R2]
    eve:
      roles: *roles
"""
SKILLS = {"English": 90, "Billing": 10}
SHARED = {"first_name": "Ann", "group": "Sales", "skills": SKILLS}


def live() -> Live:
    """What is live when the files say so."""
    return {
        AGENTS: {
            "ann": {**SHARED},
            "bob": {**SHARED},
            "cal": {**SHARED, "first_name": "Cal"},
            "dan": {"skills": SKILLS, "roles": ["R1", "R2"]},
            "eve": {"roles": ["R1", "R2"]},
        }
    }


@pytest.mark.parametrize("key", ["ann", "bob", "cal", "dan", "eve"])
@pytest.mark.parametrize(
    "change",
    [
        {"skills": {"English": 50, "Billing": 10}},
        {"skills": {"Billing": 10}},
        {"skills": {}},
        {"skills": {**SKILLS, "Spanish": 1}},
        {"roles": ["R2", "R3"]},
        {"first_name": "X", "group": "Support"},
    ],
    ids=str,
)
def test_only_the_object_that_differs_changes(tmp_path: Path, key: str, change: dict[str, object]) -> None:
    """The others have what they had, whoever held the anchor; a second export has nothing to do."""
    folder = written(tmp_path, {"a.yaml": TEXT})
    now = live()
    now[AGENTS][key] |= change
    before = {k: dict(agent.values) for k, agent in load(folder, REGISTRY).objects[AGENTS].items()}
    listed = {name: value for name, value in change.items() if name in before[key]}
    proposal = exported(folder, now)
    assert bool(proposal.files) is bool(listed)
    wrote(proposal)
    after = {k: dict(agent.values) for k, agent in load(folder, REGISTRY).objects[AGENTS].items()}
    assert {k: v for k, v in after.items() if k != key} == {k: v for k, v in before.items() if k != key}
    assert after[key] == {**before[key], **listed}
    again = exported(folder, now)
    assert (again.files, again.findings) == ((), ())
    text = (folder / "a.yaml").read_text()
    assert text.startswith("# shared\n") and ("# first" in text or key == "ann") and ("# own" in text or key == "cal")


@pytest.mark.parametrize("key", ["ann", "bob", "cal", "dan", "eve"])
def test_what_is_pruned_leaves_the_others(tmp_path: Path, key: str) -> None:
    """Also when it held the anchor of the others."""
    folder = written(tmp_path, {"a.yaml": TEXT})
    now = live()
    del now[AGENTS][key]
    before = {k: dict(agent.values) for k, agent in load(folder, REGISTRY).objects[AGENTS].items() if k != key}
    wrote(exported(folder, now, prune=True))
    assert {k: dict(agent.values) for k, agent in load(folder, REGISTRY).objects[AGENTS].items()} == before
