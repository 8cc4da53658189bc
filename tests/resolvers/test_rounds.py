"""What is too much for one Cypher text is read in further rounds, with the same answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.resolvers.session import Session


def _nested(depth: int, arguments: str = "first: 2") -> str:
    text = "key"
    for _ in range(depth):
        further = f"relatesTo({arguments}) {{ totalCount nodes {{ {text} }} }}"
        text = f"key ... on Work {{ relatedFrom {{ totalCount }} {further} }}"
    return text


@pytest.mark.parametrize(("depth", "rounds"), [(6, 1), (7, 2), (12, 2), (13, 3), (15, 3)])
def test_depth_costs_a_round_trip_for_each_six_hops(session: Session, depth: int, rounds: int) -> None:
    before = session.store.reads
    session.compare(f"query ($key: String!) {{ item(key: $key) {{ {_nested(depth)} }} }}", key=session.endless)
    assert session.store.reads - before == rounds


def test_lists_of_many_items_go_on_from_each_once(session: Session) -> None:
    """Pages, filters and orders of the later rounds are those of their own lists."""
    arguments = "first: $size, where: { key: { neq: $key } }, orderBy: [{ field: TITLE, direction: DESC }]"
    text = f"""query ($key: String!, $size: Int!) {{ work(first: 100) {{ nodes {{ {_nested(8, arguments)} }} }} }}"""
    before = session.store.reads
    session.compare(text, key="no such item", size=3)
    assert session.store.reads - before == 2
    session.compare(text, key=session.endless, size=1)


def test_more_than_forty_edges_take_further_rounds(session: Session) -> None:
    names = ["blocks", "blockedBy", "relatesTo", "relatedFrom", "partOf", "owners", "assignees", "contributesTo"]
    flat = " ".join(
        f"a{place}: {name}(first: {place % 9 + 1}) {{ nodes {{ key }} totalCount }}"
        for place, name in enumerate(names * 12)
    )
    before = session.store.reads
    session.compare(f"{{ tasks {{ nodes {{ {flat} }} }} }}")
    assert session.store.reads - before == 3
    inner = " ".join(f"{name} {{ nodes {{ key }} }}" for name in names)
    deeper = " ".join(f"{name} {{ nodes {{ key ... on Work {{ {inner} }} }} }}" for name in names[:5])
    session.compare(f"{{ projects {{ nodes {{ key {deeper} }} }} issues {{ edges {{ node {{ key {deeper} }} }} }} }}")


def test_rounds_go_on_from_items_that_are_met_twice(session: Session) -> None:
    both = "blocks { nodes { ...W } } blockedBy { nodes { ...W } }"
    text = (
        "query { work { nodes { key ...A } } } fragment W on Item { key ... on Work { relatesTo { nodes { ...D } } } }"
    )
    deep = _nested(7)
    session.compare(f"{text} fragment A on Work {{ {both} }} fragment D on Work {{ {deep} }}")


def test_what_is_too_deep_or_too_much_is_refused_before_anything_is_read(session: Session) -> None:
    both = " ".join(f"{name} {{ nodes {{ ...FN }} }}" for name in ("relatesTo", "relatedFrom"))
    doubled = "".join(f"fragment F{n} on Work {{ {both.replace('FN', f'F{n + 1}')} }} " for n in range(7))
    before = session.store.reads
    for text in (
        f'{{ item(key: "x") {{ {_nested(16)} }} }}',
        f'{{ item(key: "x") {{ ...F0 }} }} {doubled} fragment F7 on Work {{ key }}',
    ):
        errors = session.ask(text).body["errors"]
        assert [error["extensions"]["code"] for error in errors] == ["TOO_COMPLEX"]
    assert session.store.reads == before


def test_only_what_is_asked_for_is_counted(session: Session) -> None:
    def counts(text: str, **variables: Any) -> list[int]:
        before = len(session.store.texts)
        session.compare(text, **variables)
        return [one.count("COUNT {") for one in session.store.texts[before:]]

    assert counts("{ tasks { nodes { key blocks { nodes { key } } } pageInfo { hasNextPage } } }") == [0]
    assert counts("{ tasks { nodes { key blocks { totalCount } } } }") == [1]
    assert counts("{ tasks { totalCount } }") == [1]
    text = "query ($also: Boolean!) { tasks { nodes { key } totalCount @include(if: $also) } }"
    assert (counts(text, also=False), counts(text, also=True)) == ([0], [1])
