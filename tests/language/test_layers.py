"""The one rule of merging, on nodes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cxconfig.language.layers import REMOVE, REPLACE, finished, merge, merged
from cxconfig.language.nodes import MappingNode, Node, ScalarNode, SequenceNode

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.sampled_from(["1", "2", REMOVE, [], ["x"]])


def documents() -> st.SearchStrategy[Any]:
    """Small mappings with scalars, lists, empty mappings, `$remove` and `$replace`."""
    values = st.recursive(
        LEAVES,
        lambda inner: st.dictionaries(st.one_of(NAMES, st.just(REPLACE)), inner, max_size=3),
        max_leaves=6,
    )
    return st.dictionaries(NAMES, values, max_size=3)


def node(value: Any) -> Node:
    if isinstance(value, dict):
        mapping = MappingNode(1, 1)
        for name, inner in value.items():
            below = ScalarNode("true", True, 1, 1) if name == REPLACE else node(inner)
            mapping.entries[name] = (ScalarNode(name, True, 1, 1), below)
        return mapping
    if isinstance(value, list):
        sequence = SequenceNode(1, 1)
        sequence.items += [node(item) for item in value]
        return sequence
    return ScalarNode(value, True, 1, 1)


def plain(found: Node) -> Any:
    if isinstance(found, MappingNode):
        return {name: plain(value) for name, (_, value) in found.entries.items()}
    if isinstance(found, SequenceNode):
        return [plain(item) for item in found.items]
    return found.text


def over(*values: Any) -> Any:
    return plain(finished(merged([node(value) for value in values])))


def test_mappings_merge_and_other_values_replace() -> None:
    assert over({"a": "1", "b": {"x": "1", "y": "2"}, "c": ["p"]}, {"b": {"y": "3", "z": "4"}, "c": ["q"]}) == {
        "a": "1",
        "b": {"x": "1", "y": "3", "z": "4"},
        "c": ["q"],
    }


def test_an_empty_mapping_or_list_empties_what_is_below() -> None:
    assert over({"a": {"x": "1"}, "b": ["p"]}, {"a": {}, "b": []}) == {"a": {}, "b": []}
    assert over({"a": {"x": "1"}}, {"a": {}}, {"a": {"y": "2"}}) == {"a": {"y": "2"}}


def test_remove_takes_out_and_replace_does_not_merge() -> None:
    assert over({"a": {"x": "1", "y": "2"}, "b": "1"}, {"a": {"x": REMOVE}, "b": REMOVE}) == {"a": {"y": "2"}}
    assert over({"a": {"x": "1"}}, {"a": {REPLACE: "true", "y": "2"}}) == {"a": {"y": "2"}}


def test_what_was_removed_may_come_back_without_what_it_was() -> None:
    assert over({"a": {"x": "1"}}, {"a": REMOVE}, {"a": {"y": "2"}}) == {"a": {"y": "2"}}


def test_a_quoted_marker_is_a_text() -> None:
    quoted = MappingNode(1, 1)
    quoted.entries["a"] = (ScalarNode("a", True, 1, 1), ScalarNode(REMOVE, False, 1, 1))
    assert plain(finished(merge(node({"a": "1"}), quoted))) == {"a": REMOVE}


def test_a_removal_of_nothing_is_told_wherever_it_stands() -> None:
    """With its place and with the names that are there."""
    told: list[tuple[tuple[str, ...], list[str]]] = []

    def idle(_: Node, path: tuple[str, ...], names: Collection[str]) -> None:
        told.append((path, list(names)))

    merge(node({"a": "1", "b": {"x": "1"}}), node({"b": {"y": REMOVE}, "c": REMOVE, "d": {"z": REMOVE}}), idle)
    assert told == [(("b", "y"), ["x"]), (("c",), ["a", "b"]), (("d", "z"), [])]
    merge(node({"a": "1"}), node({"a": REMOVE}), idle)
    assert len(told) == 3


@given(documents(), documents(), documents())
def test_merging_is_associative(low: Any, middle: Any, high: Any) -> None:
    """Layers may be merged in any grouping: environments over each other first, or one by one over the base."""
    a, b, c = node(low), node(middle), node(high)
    assert plain(finished(merge(merge(a, b), c))) == plain(finished(merge(a, merge(b, c))))


@given(documents(), documents())
def test_merging_changes_neither_side(low: Any, high: Any) -> None:
    a, b = node(low), node(high)
    before = plain(a), plain(b)
    merge(a, b)
    assert (plain(a), plain(b)) == before


@given(documents())
def test_a_layer_over_itself_says_the_same(value: Any) -> None:
    assert over(value, value) == over(value)
