"""Whatever is live and whatever is declared: after an export the files say what is live, or the report why not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxconfig.export.matching import What
from cxconfig.export.values import unusable
from cxconfig.language import load
from tests.export.fakes import AGENTS, GROUPS, REGISTRY, Live, exported, written, wrote

SKILLS = st.dictionaries(
    st.sampled_from(["English", "english ", "Billing", "yes", "1", "a: b"]), st.integers(-1, 101)
).filter(lambda skills: len({name.strip().casefold() for name in skills}) == len(skills))
GROUP_NAMES = st.sampled_from(["Sales", "Support", "Night Shift", "null", " Odd ", "Écoute", "con"])
TEXTS = st.one_of(st.sampled_from(["", " ", "yes", "null", "~", "0123", "+15551234567", "a#b", "${env:X}"]), st.text())
FIELDS = {
    "first_name": TEXTS,
    "last_name": TEXTS,
    "group": st.one_of(st.just(""), GROUP_NAMES),
    "phone": st.one_of(st.none(), TEXTS),
    "extension": st.sampled_from(["", "0", "0123", "x"]),
    "priority": st.one_of(st.none(), st.integers(-1, 11)),
    "skills": SKILLS,
    "roles": st.lists(st.sampled_from(["Agent", "R", "no", "Admin"]), max_size=4),
    "shift": st.sampled_from(["day", "night"]),
    "disabled": st.booleans(),
}
KEYS = st.one_of(st.sampled_from(["ann", "Ann", "bob", "zoe", "null", "y", "1", "a.b", "a: b"]), st.text(max_size=6))
LIVE_AGENTS = st.dictionaries(KEYS, st.fixed_dictionaries(FIELDS), max_size=6)
GOOD: Mapping[str, st.SearchStrategy[Any]] = {
    "first_name": st.sampled_from(["Ann", "yes", "0123", "${var:NAME}", ""]),
    "group": st.sampled_from(["", "Sales", "Support"]),
    "priority": st.integers(0, 10),
    "skills": st.dictionaries(st.sampled_from(["English", "Billing", "yes"]), st.integers(0, 100), max_size=3),
    "roles": st.lists(st.sampled_from(["Agent", "Admin"]), max_size=2),
    "shift": st.sampled_from(["day", "night"]),
    "disabled": st.booleans(),
}
SAID = st.fixed_dictionaries({}, optional=dict(GOOD))
OBJECTS = st.dictionaries(
    st.sampled_from(["ann", "bob", "zoe", "y"]),
    st.tuples(SAID, st.lists(st.sampled_from(["low", "high"]), unique=True, max_size=2)),
)


def layered(defaults: Any, low: Any, high: Any, objects: Any, overlay: Any) -> dict[str, str]:
    """A folder with defaults, two templates, objects that extend them, and an environment."""
    agents = {key: {**values, "extends": names} for key, (values, names) in objects.items()}
    desk = {
        "defaults": {"agents": defaults},
        "templates": {"agents": {"low": low, "high": {**high, "extends": "low"}}},
        "groups": {"Sales": {}, "Support": {}},
        "agents": agents,
    }
    over = {"desk": {"agents": {key: values for key, (values, _) in overlay.items()}}}
    return {
        "all.yaml": yaml.safe_dump({"vars": {"NAME": "Zed"}, "desk": desk}, allow_unicode=True),
        "environments/prod/all.yaml": yaml.safe_dump(over, allow_unicode=True),
    }


def assert_said(folder: Path, live: Live, environments: tuple[str, ...] = ()) -> None:
    """Export until the files hold what is live; what they do not hold is in the report."""
    proposal = exported(folder, live, environments=environments)
    wrote(proposal)
    found = load(folder, REGISTRY, environments).objects
    left = {(f.key, name) for f in proposal.findings if f.what is What.UNSAID for name in f.fields}
    unread = {f.key for f in proposal.findings if f.what is What.UNREADABLE}
    kind = REGISTRY[AGENTS]
    for key, values in live[AGENTS].items():
        assert (key in found[AGENTS]) is not (key in unread)
        if key in found[AGENTS]:
            different = kind.compare(kind.desire(found[AGENTS][key]), values)
            assert {(key, difference.field) for difference in different} <= left
    again = exported(folder, live, environments=environments)
    assert again.files == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LIVE_AGENTS, st.sets(GROUP_NAMES))
def test_an_export_into_an_empty_folder_loads_equal(agents: dict[str, Any], groups: set[str]) -> None:
    """Every object that can be named, with every field that can be said."""
    with tempfile.TemporaryDirectory() as folder:
        live: Live = {GROUPS: {name: {} for name in groups}, AGENTS: agents}
        assert_said(written(Path(folder), {}), live)
        nameable = {key for key in agents if not unusable(REGISTRY[AGENTS], key)}
        found = set(load(Path(folder), REGISTRY).objects[AGENTS])
        assert found <= nameable
        assert {key.casefold() for key in found} == {key.casefold() for key in nameable}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SAID, SAID, SAID, OBJECTS, OBJECTS, LIVE_AGENTS, st.booleans())
def test_an_export_over_any_folder_says_what_is_live(
    defaults: Any, low: Any, high: Any, objects: Any, overlay: Any, agents: dict[str, Any], prod: bool
) -> None:
    """Whatever is inherited, from defaults, templates and the base of an environment."""
    with tempfile.TemporaryDirectory() as name:
        folder = written(Path(name), layered(defaults, low, high, objects, overlay))
        live: Live = {GROUPS: {"Sales": {}, "Support": {}, "Night Shift": {}}, AGENTS: agents}
        assert_said(folder, live, ("prod",) if prod else ())
