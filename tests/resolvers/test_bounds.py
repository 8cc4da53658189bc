"""Each limit that no setting changes: as much as it allows is answered, one more is refused before anything is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from graph.connection import Connection
from resolvers import conditions, connection, limits, reading
from resolvers.analyses import what_if
from resolvers.bounds import Bounds
from resolvers.context import MAX_ROOT_READS
from resolvers.mutations.requests import MAX_KEY
from resolvers.projection import MAX_HOPS_DEEP
from tests.resolvers.world import Asked, World, ask
from workatlas import graphql_request
from workatlas.graphql_request import RequestRefused, asked_by_body

Made = tuple[str, dict[str, Any]]
WIDE = Bounds(depth=100, nodes=10**15, aliases=1_000)
_ORDERS = ["TITLE", "KEY", "STATUS", "DUE", "START", "CREATED_AT", "UPDATED_AT", "VERSION"]


def _where(where: dict[str, Any]) -> Made:
    return "query ($w: TaskFilter) { tasks(first: 1, where: $w) { totalCount } }", {"w": where}


def _nested(times: int) -> Made:
    where: dict[str, Any] = {"title": {"eq": "x"}}
    for _ in range(times - 1):  # that of the title is one of them
        where = {"not": where}
    return _where(where)


def _ordered(times: int) -> Made:
    order = [{"field": name} for name in _ORDERS[:times]]
    return "query ($o: [TaskOrder!]) { tasks(first: 1, orderBy: $o) { totalCount } }", {"o": order}


def _followed(times: int) -> Made:
    text = "key"
    for _ in range(times):
        text = f"... on Task {{ relatesTo(first: 1) {{ nodes {{ {text} }} }} }}"
    return f'{{ item(key: "T-13") {{ {text} }} }}', {}


def _tried(times: int) -> Made:
    text = "query ($c: [ChangeInput!]!) { whatIf(changes: $c, samples: 10) { explanation } }"
    return text, {"c": [{"delay": {"item": "T-1", "hours": 1.0}}] * times}


CASES: dict[str, tuple[int, Callable[[int], Made]]] = {
    "filters in filters": (conditions.MAX_NESTING, _nested),
    "comparisons": (
        conditions.MAX_COMPARISONS,
        lambda number: _where({"and": [{"title": {"eq": "x"}}] * number}),
    ),
    "other items in a filter": (
        conditions.MAX_PATTERNS,
        lambda number: _where({"and": [{"blocks": {"some": {}}}] * number}),
    ),
    "listed values": (conditions.MAX_LISTED, lambda number: _where({"key": {"in": ["x"] * number}})),
    "text in a filter": (conditions.MAX_TEXT, lambda number: _where({"title": {"contains": "x" * number}})),
    "orders": (conditions.MAX_ORDER, _ordered),
    "names": (
        reading.MAX_NAMES,
        lambda number: ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": [f"x{one}" for one in range(number)]}),
    ),
    "a page": (connection.MAX_PAGE, lambda number: (f"{{ tasks(first: {number}) {{ nodes {{ key }} }} }}", {})),
    "root fields that read": (
        MAX_ROOT_READS,
        lambda number: (f"{{ {' '.join(f'a{one}: goals(first: 1) {{ totalCount }}' for one in range(number))} }}", {}),
    ),
    "edges after one another": (MAX_HOPS_DEEP, _followed),
    "samples": (
        what_if.MAX_SAMPLES,
        lambda number: (f'{{ forecast(goal: "O-1", samples: {number}) {{ explanation }} }}', {}),
    ),
    "changes that are tried": (what_if.MAX_CHANGES, _tried),
}


@pytest.mark.parametrize("name", CASES)
def test_as_much_as_is_allowed_is_answered_and_one_more_refused(
    connection: Connection, world: World, name: str
) -> None:
    most, make = CASES[name]

    def run(number: int) -> Asked:
        text, variables = make(number)
        return asyncio.run(ask(connection, world.workspace, text, bounds=WIDE, **variables))

    assert run(most).codes == []
    assert set(run(most + 1).codes) <= {"TOO_COMPLEX", "BAD_USER_INPUT"}
    assert run(most + 1).codes


def test_brackets_within_brackets(query: Callable[..., Asked]) -> None:
    def codes(number: int) -> list[str]:
        lists = number - 1  # the bracket around the variables is one of them
        return list(query(f"query ($a: {'[' * lists}Int{']' * lists}) {{ __typename }}").codes)

    assert codes(limits.MAX_NESTING) == ["GRAPHQL_VALIDATION_FAILED"]  # it is looked at: the variable is not used
    assert codes(limits.MAX_NESTING + 1) == ["TOO_COMPLEX"]


def test_an_idempotency_key(query: Callable[..., Asked]) -> None:
    # A change of nothing: what a test creates would stay in the graph that all tests here read.
    text = 'mutation ($k: String) { updateTask(input: {id: "T-1", idempotencyKey: $k}) { userErrors { code } } }'
    assert query(text, k="k" * MAX_KEY).data["updateTask"]["userErrors"] == []
    assert query(text, k="k" * (MAX_KEY + 1)).data["updateTask"]["userErrors"] == [{"code": "INVALID_VALUE"}]
    assert query(text, k="").data["updateTask"]["userErrors"] == [{"code": "INVALID_VALUE"}]


def test_json_within_json() -> None:
    def body(number: int) -> bytes:
        value: Any = 1
        for _ in range(number - 1):  # the body itself is one
            value = [value]
        return orjson.dumps({"query": "{ __typename }", "extensions": {"a": value[0]}})

    assert asked_by_body(body(graphql_request.MAX_NESTING)).query
    with pytest.raises(RequestRefused, match="nested deeper than 64"):
        asked_by_body(body(graphql_request.MAX_NESTING + 1))
