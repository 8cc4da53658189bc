"""Operations of compiled fields run straight from their plan, and answer what graphql-core would have answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from graph.connection import Connection
from graph.errors import StoreError
from graph.store import Rows
from resolvers import execution
from tests.resolvers import variety
from tests.resolvers.documents import documents
from tests.resolvers.plain import PlainGraph
from tests.resolvers.session import Session, opened
from tests.resolvers.test_filters import drawn

DAMAGE = (
    ("Task", "SET n.title = null"),
    ("Issue", "SET n.version = 5000000000"),
    ("Objective", "SET n.priority = 'NO', n.status = 7"),
    ("Person", "SET n.createdAt = null, n.weeklyHours = 'many'"),
    ("Project", "SET n.priority = 'NO SUCH PRIORITY', n.risk = 'NONE'"),
)
"""Kind of item, and what becomes of half of its items."""
DAMAGED_EDGES = "SET e.type = 'XX', e.lag = 'long', e.weight = 'heavy', e.share = null, e.at = null"


@pytest.fixture(scope="module")
def damaged(connection: Connection) -> Iterator[Session]:
    """Open a session on a world in which values are not what the schema promises: somebody else wrote them."""
    with opened(connection) as session:
        workspace = session.world.workspace

        async def damage() -> PlainGraph:
            for kind, change in DAMAGE:
                found = f"MATCH (n:{kind} {{workspace: $w}}) WITH n ORDER BY n.id WITH collect(n) AS some"
                half = "UNWIND some[..toInteger((size(some) + 1) / 2)] AS n"
                await session.store.alone(f"{found} {half} {change}", w=workspace)
            await session.store.alone(
                f"MATCH (:Item {{workspace: $w}})-[e]->(a:Item) WHERE a.key ENDS WITH '1' {DAMAGED_EDGES}", w=workspace
            )
            return await PlainGraph.read(session.store, workspace, variety.STATUSES)

        session.graph = session.runner.run(damage())
        yield session


@drawn(150)
@given(data=st.data())
def test_what_the_schema_does_not_promise_is_an_error_in_its_place(damaged: Session, data: st.DataObject) -> None:
    written = data.draw(documents(damaged.world, damaged.questions, filtered=False, computed=False))
    note(written.text)
    damaged.compare(written.text, **written.variables)


def test_nothing_is_resolved_where_everything_is_compiled(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: Any, **__: Any) -> Any:
        raise AssertionError("graphql-core was asked")

    monkeypatch.setattr(execution, "execute", unexpected)
    monkeypatch.setattr(execution, "execute_sync", unexpected)
    text = """query ($also: Boolean!) { __typename tasks { totalCount } mine: work { nodes { key } }
        item(key: "none") { key } nodes(ids: []) { id } workspace @include(if: $also) { id } }"""
    session.compare(text, also=False)
    (error,) = session.ask(text, also=True).body["errors"]
    assert error["extensions"]["code"] == "INTERNAL"


WRONG = {
    "a list that must not be null": "{ item(key: $key) { key } tasks(first: 0) { totalCount } goals { totalCount } }",
    "an item that may be null": """{ a: node(id: $id) { id }
        item(key: "none") { key ... on Work { blocks(first: 0) { totalCount } } } }""",
    "too many roots": f"{{ {' '.join(f'a{number}: item(key: $key) {{ key }}' for number in range(22))} }}",
    "both": "{ b: item(key: $key) { ... on Work { blocks(first: 0) { totalCount } } } nodes(ids: $ids) { id } }",
    "a variable": "{ tasks(first: $size) { totalCount } }",
    "a cursor": '{ item(key: $key) { key } tasks(after: "x") { nodes { key } } }',
    "only one": '{ tasks(after: "x") { nodes { key } } }',
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_are_those_of_graphql_core(session: Session, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    key = session.endless
    values = {"key": key, "id": session.world.id(key), "ids": ["x"] * 101, "size": None}
    types = {"key": "String!", "id": "ID!", "ids": "[ID!]!", "size": "Int = 3"}
    used = [one for one in types if f"${one}" in WRONG[name]]
    head = f"({', '.join(f'${one}: {types[one]}' for one in used)})" if used else ""
    text, sent = f"query {head} {WRONG[name]}", {one: values[one] for one in used}
    straight = session.ask(text, **sent)
    monkeypatch.setattr(execution, "ROOT_FIELDS", {})
    resolved = session.ask(f"{text} ", **sent)  # another text, so that nothing is remembered of it
    assert straight == resolved
    assert straight.body["errors"]


def test_a_failed_list_ends_the_reads_beside_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    rows: Callable[..., Any] = type(session.store).rows

    async def slow_or_broken(self: Any, query: str, **parameters: Any) -> Rows:
        if "names" in parameters:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                ended.append("item")
                raise
        if "n0:Sprint" in query:
            await asyncio.sleep(0.01)
            raise StoreError("the database is away")
        return await rows(self, query, **parameters)  # type: ignore[no-any-return]

    monkeypatch.setattr(type(session.store), "rows", slow_or_broken)
    answer = session.ask('{ tasks { totalCount } item(key: "x") { key } sprints { totalCount } }')
    assert answer.body["data"] is None
    assert [error["path"] for error in answer.body["errors"]] == [["sprints"]]
    assert [error["extensions"]["code"] for error in answer.body["errors"]] == ["UNAVAILABLE"]
    assert ended == ["item"]


MANY = {
    "by id": (
        "query ($id: ID!) { node(id: $id) { ... on Task { id key blocks { edges { lag node { key } } } } } }",
        "id",
    ),
    "by key": ("query ($key: String!) { item(key: $key) { key ... on Work { category } } }", "key"),
    "in a filter": (
        """query ($ids: [ID!]!, $first: Int!) { tasks(first: $first, where: { id: { in: $ids } }) { totalCount
        nodes { key blockedBy(first: 1) { totalCount nodes { key } } } } }""",
        "ids",
    ),
}
"""Documents whose reads are joined where several ask at once, and what they name items by."""


@pytest.mark.parametrize("name", MANY)
def test_operations_at_the_same_moment_answer_what_each_answers_alone(session: Session, name: str) -> None:
    text, by = MANY[name]
    keys = [*session.world.visible("Task"), "T-HID", "none"]
    ids = [session.world.nodes[key].id if key in session.world.nodes else key for key in keys]
    sent = [
        {"id": ids[at], "key": keys[at], "ids": ids[at : at + 7], "first": 2 + at % 2}
        for at in range(len(keys))
    ]  # fmt: skip
    asked = [(text, {used: one[used] for used in ({"ids", "first"} if by == "ids" else {by})}) for one in sent]
    alone = [session.compare(text, **variables) for text, variables in asked]
    before = session.store.reads
    together = session.ask_together(asked)
    assert [answer.body["data"] for answer in together] == alone
    assert session.store.reads - before < len(asked) / 4
