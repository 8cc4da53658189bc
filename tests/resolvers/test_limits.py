"""Each limit of a document: one below is answered, one above is refused before anything is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, get_introspection_query, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.connection import Connection
from resolvers.bounds import Bounds
from resolvers.cost import weight_of
from resolvers.schema import SCHEMA
from tests.resolvers.world import Asked, World, ask

Query = Callable[..., Asked]


@pytest.fixture
def bounded(connection: Connection, world: World) -> Callable[..., Asked]:
    return lambda text, bounds, **variables: asyncio.run(
        ask(connection, world.workspace, text, bounds=bounds, **variables)
    )


def _hops(depth: int) -> str:
    text = "key"
    for _ in range(depth):
        text = f"... on Work {{ blocks(first: 1) {{ edges {{ node {{ {text} }} }} }} }}"
    return f'{{ item(key: "T-0") {{ {text} }} }}'


@pytest.mark.parametrize(
    ("limit", "fits", "exceeds"),
    [
        ("tokens", "{ " + "__typename " * 8 + "}", "{ " + "__typename " * 9 + "}"),
        ("comments", "# one\n" * 10 + "{ __typename }", "# one\n" * 11 + "{ __typename }"),
        ("length", "{__typename}" + " " * 18, "{__typename}" + " " * 19),
        ("aliases", '{ item(key: "T-0") { ' + " ".join(f"a{n}: key" for n in range(10)) + " } }",
         '{ item(key: "T-0") { ' + " ".join(f"a{n}: key" for n in range(11)) + " } }"),
        ("nodes", "{ tasks(first: 9) { nodes { key } } }", "{ tasks(first: 10) { nodes { key } } }"),
        ("depth", _hops(4), _hops(5)),
    ],
)  # fmt: skip
def test_one_below_is_answered_and_one_above_refused(
    bounded: Callable[..., Asked], limit: str, fits: str, exceeds: str
) -> None:
    bounds = {"tokens": 10, "comments": 10, "length": 30, "aliases": 10, "nodes": 10, "depth": 10}
    set_to = Bounds(**{limit: bounds[limit]})
    assert bounded(fits, set_to).codes == []
    refused = bounded(exceeds, set_to)
    assert refused.codes in (["TOO_COMPLEX"], ["GRAPHQL_VALIDATION_FAILED"])
    assert (refused.reads, refused.answer.ran) == (0, False)


def test_what_tools_ask_of_a_schema_fits(query: Query) -> None:
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert query(text).data["__schema"]["queryType"]["name"] == "Query"


def test_the_standard_limits_are_those_that_are_documented() -> None:
    bounds = Bounds()
    assert (bounds.depth, bounds.aliases, bounds.tokens, bounds.nodes) == (15, 100, 4_000, 100_000)
    assert (bounds.body, bounds.seconds) == (256 * 1024, 10)


def _cost(text: str, schema: GraphQLSchema | None = None, **variables: Any) -> int:
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return weight_of(schema or SCHEMA._schema, document, operation).cost(variables)


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ __typename }", {}, 0),
        ('{ item(key: "T") { key title } }', {}, 1),
        ("{ tasks { nodes { key } } }", {}, 26),
        ("{ tasks(first: 10) { nodes { key } pageInfo { hasNextPage } totalCount } }", {}, 11),
        ("{ tasks(first: 10) { nodes { blocks(first: 5) { nodes { key } } } } }", {}, 1 + 10 * (1 + 6)),
        ("{ tasks(first: 10) { edges { node { blocks { edges { node { key } } } } } } }", {}, 1 + 10 * (1 + 26)),
        ("query ($n: Int!) { tasks(first: $n) { nodes { key } } }", {"n": 7}, 8),
        ("query ($n: Int = 3) { tasks(first: $n) { nodes { key } } }", {}, 4),
        ("query ($n: Int!) { tasks(first: $n) { nodes { key } } }", {"n": "seven"}, 26),
        ("query ($n: Int!) { tasks(first: $n) { nodes { key } } }", {"n": -7}, 1),
        ('{ nodes(ids: ["a", "b"]) { id } }', {}, 3),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 9}, 10),
        ("{ a: tasks(first: 2) { totalCount } b: tasks(first: 2) { totalCount } }", {}, 6),
        ("{ ...F ...F } fragment F on Query { tasks(first: 2) { totalCount } }", {}, 6),
        ("{ items(first: 2) { nodes { ... on Work { blocks(first: 3) { totalCount } } } } }", {}, 1 + 2 * (1 + 4)),
        ("{ tasks(first: 2) @skip(if: true) { totalCount } }", {}, 3),
    ],
)
def test_a_cost_is_worked_out_from_the_page_sizes(text: str, variables: dict[str, Any], cost: int) -> None:
    assert _cost(text, **variables) == cost


_TREE = build_schema("type Query { one: Query many(first: Int = 4): Query leaf: Int }")


def _trees() -> st.SearchStrategy[str]:
    leaf = st.just("leaf")
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(lambda one: f"one {{ {one} }}"),
            st.tuples(st.integers(0, 9), inner).map(lambda pair: f"many(first: {pair[0]}) {{ {pair[1]} }}"),
            st.lists(inner, min_size=1, max_size=3).map(
                lambda some: " ".join(f"... on Query {{ {one} }}" for one in some)
            ),
        ),
        max_leaves=12,
    )


@settings(deadline=None, max_examples=200)
@given(body=_trees(), spreads=st.integers(1, 4))
def test_fragments_cost_what_they_would_cost_written_out(body: str, spreads: int) -> None:
    written = " ".join(f"... on Query {{ {body} }}" for _ in range(spreads))
    spread = "...F " * spreads
    assert _cost(f"{{ one {{ {spread} }} }} fragment F on Query {{ {body} }}", _TREE) == _cost(
        f"{{ one {{ {written} }} }}", _TREE
    )


def test_doubling_fragments_are_weighed_at_once(query: Query) -> None:
    levels = 60
    fragments = " ".join(
        f"fragment F{n} on Task {{ blocks(first: 1) {{ nodes {{ ... on Task {{ ...F{n + 1} ...F{n + 1} }} }} }} }}"
        for n in range(levels)
    )
    text = f'{{ item(key: "T-0") {{ ...F0 }} }} {fragments} fragment F{levels} on Task {{ key }}'
    begin = time.monotonic()
    assert query(text).codes == ["TOO_COMPLEX"]
    flat = " ".join(f"fragment G{n} on Task {{ ...G{n + 1} ...G{n + 1} }}" for n in range(levels))
    text = f'{{ item(key: "T-0") {{ ...G0 }} }} {flat} fragment G{levels} on Task {{ blocks {{ totalCount }} }}'
    assert query(text).codes == ["TOO_COMPLEX"]
    assert time.monotonic() - begin < 60  # written out, each has 10 to the power of 18 fields


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A snapshot { ...C } } "
        "fragment C on SnapshotState { ...C seq }",
        "{ ...Missing }",
        "{ " + "tasks { nodes { " * 300 + "key" + " } }" * 300 + " }",
        "query " + "($a: " + "[" * 3000 + "Int" + "]" * 3000 + ") { __typename }",
        "{ __typename " + "@skip(if: false) " * 900 + "}",
        "{ items(where: " + "{not: " * 1200 + "{}" + "}" * 1200 + ") { totalCount } }",
    ],
)
def test_documents_that_go_in_circles_or_too_deep_are_the_callers_errors(query: Query, text: str) -> None:
    refused = query(text)
    assert set(refused.codes) <= {"GRAPHQL_VALIDATION_FAILED", "TOO_COMPLEX"}
    assert refused.codes
    assert refused.reads == 0
