from __future__ import annotations

import itertools
from collections import Counter

import pytest

from graph.model import EDGES, NODES, EdgeKind, Role, labels_of
from graph.rules.lifecycle import DEFAULT_STATUSES, TRANSITIONS, Category, may_follow
from graph.values import check

GROUPS = {kind.group for kind in NODES.values() if kind.group}


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_every_end_names_kinds_that_exist(edge: EdgeKind) -> None:
    for name in itertools.chain.from_iterable(names.split("|") for pair in edge.ends for names in pair):
        assert name in NODES or name in GROUPS
        assert labels_of(name)


@pytest.mark.parametrize("label", NODES)
def test_one_name_means_one_direction_of_one_edge(label: str) -> None:
    names: Counter[str] = Counter()
    for edge in EDGES.values():
        names[edge.forward] += any(start == label for start, _ in edge.pairs)
        names[edge.inverse] += any(end == label for _, end in edge.pairs)
    assert [name for name, count in names.items() if count > 1] == []
    used = {name for name, count in names.items() if count}
    assert used.isdisjoint({one.name for one in NODES[label].properties})


@pytest.mark.parametrize("label", NODES)
def test_properties_are_named_once_and_described(label: str) -> None:
    declared = NODES[label].properties
    assert len({one.name for one in declared}) == len(declared)
    assert all(one.description.endswith(".") for one in declared)
    for one in declared:
        if one.default is not None:
            assert check(one.type, one.default, one.choices) == one.default


def test_prefixes_of_keys_are_unique() -> None:
    assert len({kind.prefix for kind in NODES.values()}) == len(NODES)


def test_what_waits_serves_or_affects_is_work_or_a_goal() -> None:
    for edge in EDGES.values():
        if edge.role in {Role.WAITS, Role.SERVES, Role.AFFECTS}:
            assert all(NODES[start].group and NODES[end].group for start, end in edge.pairs)


def test_an_operation_blocks_nothing() -> None:
    assert not any(start == "Operation" for start, _ in EDGES["BLOCKS"].pairs)
    assert ("Task", "Operation") in EDGES["BLOCKS"].pairs


def test_every_statused_kind_has_a_complete_lifecycle() -> None:
    assert set(TRANSITIONS) == {label for label, kind in NODES.items() if kind.statused}
    for table in TRANSITIONS.values():
        assert set(table) == set(Category)
        assert all(category not in following for category, following in table.items())


@pytest.mark.parametrize("label", TRANSITIONS)
def test_no_category_is_a_dead_end(label: str) -> None:
    for category in Category:
        reached = {category}
        while more := {after for one in reached for after in TRANSITIONS[label][one]} - reached:
            reached |= more
        assert {Category.DONE, Category.CANCELLED} <= reached, category
        if not category.is_open:
            assert any(after.is_open for after in TRANSITIONS[label][category])


@pytest.mark.parametrize("label", TRANSITIONS)
def test_a_first_status_and_a_renaming_are_always_allowed(label: str) -> None:
    for category in Category:
        assert may_follow(label, None, category)
        assert may_follow(label, category, category)


def test_the_default_statuses_cover_every_category() -> None:
    assert set(DEFAULT_STATUSES.values()) == set(Category)
    for kind in NODES.values():
        for one in kind.properties:
            if one.name == "status":
                assert one.default in DEFAULT_STATUSES
