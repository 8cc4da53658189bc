"""The schema: committed as it is, described everywhere, and derived from the model table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from graph.model import EDGES, NODES
from resolvers.schema import printed
from tests.resolvers.world import Asked

Query = Callable[..., Asked]


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    committed = Path(__file__).parents[2] / "schema.graphql"
    assert committed.read_text(encoding="utf-8") == printed(), "run scripts/schema"


def test_everything_is_described() -> None:
    schema = build_schema(printed())
    silent = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        silent += [name] if not kind.description else []
        if isinstance(kind, GraphQLEnumType):
            silent += [f"{name}.{value}" for value, one in kind.values.items() if not one.description]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, one in kind.fields.items():
                silent += [f"{name}.{field}"] if not one.description else []
                silent += [f"{name}.{field}({a})" for a, given in one.args.items() if not given.description]
        if isinstance(kind, GraphQLInputObjectType):
            silent += [f"{name}.{field}" for field, given in kind.fields.items() if not given.description]
    assert silent == []


def test_every_kind_property_and_edge_of_the_table_is_there() -> None:
    schema = build_schema(printed())
    for label, kind in NODES.items():
        made = schema.get_type(label)
        assert isinstance(made, GraphQLObjectType)
        assert {one.name for one in kind.properties} <= made.fields.keys()
    for edge in EDGES.values():
        for name in (edge.forward, edge.inverse):
            made = schema.get_type(f"{name[0].upper()}{name[1:]}Edge")
            assert isinstance(made, GraphQLObjectType)
            assert {one.name for one in edge.properties} | {"cursor", "node"} == made.fields.keys()


def test_too_many_roots_and_aliases_are_refused(query: Query) -> None:
    roots = " ".join(f'a{number}: item(key: "T-0") {{ key }}' for number in range(21))
    assert "TOO_COMPLEX" in query(f"{{ {roots} }}").codes
    aliases = " ".join(f"a{number}: key" for number in range(101))
    assert query(f'{{ item(key: "T-0") {{ {aliases} }} }}').codes == ["TOO_COMPLEX"]
    assert query("{ " + "__typename " * 4001 + "}").codes == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    "text",
    [
        "{ items(first: 0) { totalCount } }",
        "{ items(first: 101) { totalCount } }",
        '{ items(after: "no cursor") { totalCount } }',
        '{ items(after: "WyJhIiwiYiJd") { totalCount } }',
        '{ items(after: "WyIyMDI2LTk5LTk5IiwiYiJd", orderBy: [{field: DUE}]) { totalCount } }',
        "{ items(orderBy: [{field: DUE}, {field: DUE}]) { totalCount } }",
        "{ changes(after: -1) { lastSeq } }",
    ],
)
def test_wrong_arguments_are_the_callers_errors(query: Query, text: str) -> None:
    assert query(text).codes == ["BAD_USER_INPUT"]
