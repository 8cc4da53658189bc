"""Each limit that no setting changes: as much as it allows is answered, one more is refused before anything is read."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
import strawberry

from graph.connection import Connection
from graph.records.sight import MAX_CONTAINMENT
from graph.records.workspace import ensure
from graph.store import open_store
from graph.writing.writer import Mode, write
from resolvers import conditions, connection, filling, limits, reading
from resolvers.analyses import layout, routes, what_if
from resolvers.analyses.reschedule import MAX_CHANGES, RescheduleChange, redates
from resolvers.bounds import Bounds
from resolvers.context import MAX_ROOT_READS
from resolvers.mutations.recurring import MAX_AHEAD
from resolvers.mutations.requests import MAX_KEY
from resolvers.projection import MAX_HOPS_DEEP, MAX_HOPS_IN_ALL
from tests.resolvers.world import NOW, Asked, World, ask
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


def _followed_in_all(times: int) -> Made:
    fields = " ".join(f"a{number}: relatesTo(first: 1) {{ totalCount }}" for number in range(times))
    return f'{{ item(key: "T-13") {{ ... on Task {{ {fields} }} }} }}', {}


def _towards(goals: int) -> Made:
    fields = " ".join(f'a{number}: dueSlack(goal: "T-{number}") {{ days }}' for number in range(goals))
    return f'{{ item(key: "T-0") {{ ... on Task {{ {fields} }} }} }}', {}


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
    "edges in all": (MAX_HOPS_IN_ALL, _followed_in_all),
    "goals of computed fields": (filling.MAX_GOALS, _towards),
    "paths": (
        routes.MOST,
        lambda number: (f'{{ paths(from: "I-1", to: "O-1", k: {number}) {{ length }} }}', {}),
    ),
    "boxes of a layout": (
        layout.MOST,
        lambda number: (f'{{ layout(goal: "O-1", boxes: {number}) {{ total }} }}', {}),
    ),
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


def test_dates_of_one_reschedule() -> None:
    change = RescheduleChange(item=strawberry.ID("T-1"))
    assert len(redates([change] * MAX_CHANGES)) == MAX_CHANGES
    with pytest.raises(ValueError, match=f"{MAX_CHANGES + 1} items"):
        redates([change] * (MAX_CHANGES + 1))


def test_how_far_ahead_occurrences_are_spawned(query: Callable[..., Asked]) -> None:
    # What is looked at first is the instant: there is no such operation.
    text = 'mutation ($u: DateTime!) { generateOccurrences(input: {id: "OP-404", until: $u}) { userErrors { code } } }'

    def codes(milliseconds: int) -> list[str]:
        until = NOW + timedelta(milliseconds=milliseconds)
        return [one["code"] for one in query(text, u=until.isoformat()).data["generateOccurrences"]["userErrors"]]

    assert codes(MAX_AHEAD) == ["NOT_FOUND"]
    assert codes(MAX_AHEAD + 1) == ["INVALID_VALUE"]


def test_parts_within_parts(connection: Connection) -> None:
    world = World(f"parts-{uuid.uuid4().hex[:12]}")
    for number in range(MAX_CONTAINMENT + 2):
        world.add("Task", f"T-{number}")
        if number:
            world.link("PART_OF", f"T-{number}", f"T-{number - 1}")

    async def found() -> Asked:
        async with open_store(connection) as store:
            await ensure(store, world.workspace, 1)
            await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=1)
        text = '{ tasks(first: 100, where: {under: ["T-0"]}) { nodes { key } } }'
        return await ask(connection, world.workspace, text)

    keys = [one["key"] for one in asyncio.run(found()).data["tasks"]["nodes"]]
    assert keys == [f"T-{number}" for number in range(1, MAX_CONTAINMENT + 1)]


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
