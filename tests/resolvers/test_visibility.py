"""What only a team may see is shown to its members and to administrators, and to nobody else by any way."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from graph.batch import Batch, Ref
from graph.connection import Connection
from graph.migrations import migrate
from graph.records.workspace import ensure
from graph.store import open_store
from graph.writing.writer import Mode, write
from resolvers.access import Role, Viewer
from tests.resolvers.world import Asked, World, ask

SECRET = "CANARY"


def _build() -> World:
    """T-1 → T-2 (only its team) → T-3 → O-1, all parts of PRJ-1; T-2 has a part, a person and an update of its own."""
    world = World(f"sight-{uuid.uuid4().hex[:12]}")
    world.add("Team", "TEAM-1")
    world.add("Team", "TEAM-2")
    world.add("Person", "P-1")
    world.add("Project", "PRJ-1")
    world.add("Objective", "O-1", status="In progress", due="2026-12-31")
    for key in ("T-1", "T-3"):
        world.add("Task", key, status="Planned", remaining=8.0)
    private: dict[str, object] = {"visibility": "TEAM", "team": world.id("TEAM-1")}
    for kind, key in (("Task", "T-2"), ("Task", "T-4"), ("Update", "U-2")):
        world.add(kind, key, title=f"{SECRET} of {key}", description=SECRET, labels=[SECRET], **private)
    world.add("Person", "P-2", title=SECRET, email=f"{SECRET}@example.com", **private)
    world.link("BLOCKS", "T-1", "T-2", lag=4.0)
    world.link("BLOCKS", "T-2", "T-3")
    world.link("CONTRIBUTES_TO", "T-3", "O-1")
    world.link("OWNS", "P-2", "T-3")
    world.link("OWNS", "P-1", "T-2")
    world.link("PART_OF", "T-4", "T-2")
    world.link("REPORTS_ON", "U-2", "T-2")
    for key in ("T-1", "T-2", "T-3"):
        world.link("PART_OF", key, "PRJ-1")
    return world


@pytest.fixture(scope="module")
def world(connection: Connection) -> World:
    async def work() -> World:
        world, now = _build(), time.time_ns() // 1_000_000
        async with open_store(connection) as store:
            await migrate(store)
            await ensure(store, world.workspace, now)
            outcome = await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=now)
            assert not outcome.problems
            await write(store, world.workspace, Batch(archive=[Ref("key", "T-4")]), now=now)
        return world

    return asyncio.run(work())


@pytest.fixture
def asked(connection: Connection, world: World) -> Callable[..., Asked]:
    def run(text: str, viewer: Viewer, **variables: Any) -> Asked:
        answered = asyncio.run(ask(connection, world.workspace, text, viewer=viewer, **variables))
        if not (viewer.sees_all or world.id("TEAM-1") in viewer.teams):
            assert SECRET not in str(answered.answer.body)
        return answered

    return run


def _viewers(world: World) -> tuple[Viewer, Viewer, Viewer]:
    """A stranger to the team, a member, an administrator."""
    stranger = Viewer("stranger", world.workspace, Role.EDITOR, teams=frozenset({world.id("TEAM-2")}))
    member = Viewer("member", world.workspace, Role.VIEWER, teams=frozenset({world.id("TEAM-1")}))
    return stranger, member, Viewer("chief", world.workspace, Role.ADMIN)


def test_lists_counts_and_edges_leave_it_out(world: World, asked: Callable[..., Asked]) -> None:
    text = """{ tasks(orderBy: [{field: KEY}]) { totalCount nodes { key description } pageInfo { hasNextPage } }
        people { totalCount } updates { totalCount nodes { title } }
        item(key: "T-1") { ... on Work { blocks { totalCount edges { lag node { title } } } } }
        end: item(key: "T-3") { ... on Work { blockedBy { totalCount nodes { title } } owners { totalCount } } }
        project: item(key: "PRJ-1") { ... on Project { parts { totalCount } } }
        person: item(key: "P-1") { ... on Person { owns { totalCount nodes { key } } } }
        found: tasks(where: {title: {startsWith: "canary", ignoreCase: true}}) { totalCount }
        owned: tasks(where: {owners: {some: {key: {eq: "P-2"}}}}) { totalCount }
        below: tasks(where: {under: "T-2"}) { totalCount }
        near: tasks(where: {or: [{blocks: {some: {title: {contains: "CANARY"}}}},
            {blockedBy: {every: {title: {contains: "CANARY"}}, some: {}}},
            {not: {owners: {none: {description: {eq: "CANARY"}}}}}]}) { totalCount } }"""
    stranger, member, chief = _viewers(world)
    full = asked(text, chief).data
    assert asked(text, member).data == full
    assert [one["key"] for one in full["tasks"]["nodes"]] == ["T-1", "T-2", "T-3"]
    assert full["found"] == full["owned"] == {"totalCount": 1}
    data = asked(text, stranger).data
    assert [one["key"] for one in data["tasks"]["nodes"]] == ["T-1", "T-3"]
    assert data["tasks"]["totalCount"] == 2
    nothing = {"totalCount": 0}
    assert data["item"]["blocks"] == {"totalCount": 0, "edges": []}
    assert data["end"] == {"blockedBy": {"totalCount": 0, "nodes": []}, "owners": nothing}
    assert data["project"]["parts"] == {"totalCount": 2}
    assert data["person"]["owns"] == {"totalCount": 0, "nodes": []}
    assert data["people"] == {"totalCount": 1}
    assert data["updates"] == {"totalCount": 0, "nodes": []}
    assert full["near"] == {"totalCount": 2}
    assert data["found"] == data["owned"] == data["below"] == data["near"] == nothing


def test_it_is_not_found_by_key_or_id(world: World, asked: Callable[..., Asked]) -> None:
    text = """query ($id: ID!, $key: String!) {
        node(id: $id) { id } nodes(ids: [$id]) { id } item(key: $key) { key } }"""
    stranger, member, _ = _viewers(world)
    for key in ("T-2", "P-2", "U-2"):
        given = {"id": world.id(key), "key": key}
        assert asked(text, stranger, **given).data == {"node": None, "nodes": [None], "item": None}
        assert asked(text, member, **given).data["item"] == {"key": key}


def test_pages_end_where_the_seen_items_end(world: World, asked: Callable[..., Asked]) -> None:
    text = """query ($after: String) { tasks(first: 1, after: $after) {
        nodes { key } pageInfo { hasNextPage endCursor } } }"""
    stranger = _viewers(world)[0]
    first = asked(text, stranger, after=None).data["tasks"]
    second = asked(text, stranger, after=first["pageInfo"]["endCursor"]).data["tasks"]
    assert [first["nodes"], second["nodes"]] == [[{"key": "T-1"}], [{"key": "T-3"}]]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_chains_show_a_hidden_step_by_its_kind_only(world: World, asked: Callable[..., Asked]) -> None:
    text = """{ blockingChains(goal: "O-1", first: 1) { completeness { hidden complete } explanation
        steps { kind edge key title owner remainingHours durationHours status } } }"""
    stranger, member, _ = _viewers(world)
    (seen,) = asked(text, member).data["blockingChains"]
    assert [step["key"] for step in seen["steps"]] == ["T-1", "T-2", "T-3"]
    assert seen["completeness"] == {"hidden": 0, "complete": True}
    (found,) = asked(text, stranger).data["blockingChains"]
    assert found["steps"][1] == {
        "kind": "Task", "edge": "BLOCKS", "key": None, "title": None, "owner": None,
        "remainingHours": None, "durationHours": None, "status": None,
    }  # fmt: skip
    assert [step["key"] for step in found["steps"]] == ["T-1", None, "T-3"]
    assert found["steps"][2]["owner"] == "hidden Person"
    assert found["completeness"] == {"hidden": 1, "complete": False}
    assert asked('{ blockingChains(goal: "T-2") { goal } }', stranger).codes == ["NOT_FOUND"]


def test_paths_show_a_hidden_item_by_its_kind_only(world: World, asked: Callable[..., Asked]) -> None:
    text = """query ($kinds: [String!]) { paths(from: "T-1", to: "O-1", kinds: $kinds, k: 2) {
        length count items links { start end kind } routes explanation completeness { hidden } } }"""
    stranger, member, _ = _viewers(world)
    kinds = ["BLOCKS", "CONTRIBUTES_TO"]
    assert asked(text, member, kinds=kinds).data["paths"]["routes"] == [["T-1", "T-2", "T-3", "O-1"]]
    found = asked(text, stranger, kinds=kinds).data["paths"]
    assert (found["length"], found["count"], found["completeness"]) == (3, 1, {"hidden": 1})
    assert found["routes"] == [["T-1", "hidden Task", "T-3", "O-1"]]
    assert found["items"] == ["T-1", "hidden Task", "T-3", "O-1"]
    assert [(link["start"], link["end"]) for link in found["links"]] == [
        ("T-1", "hidden Task"), ("hidden Task", "T-3"), ("T-3", "O-1"),
    ]  # fmt: skip
    for end in ("T-2", "P-2"):
        assert asked(f'{{ paths(from: "T-1", to: "{end}") {{ length }} }}', stranger).codes == ["NOT_FOUND"]


def test_other_analyses_leave_it_out(world: World, asked: Callable[..., Asked]) -> None:
    text = """{ risks { total threats { key title owner reasons explanation } explanation }
        exposure { goals { key leaves } items { key title } explanation }
        teamsWaitedFor { teams { key title steps } people { key title } explanation } }"""
    stranger, member, _ = _viewers(world)
    seen, found = asked(text, member).data, asked(text, stranger).data
    assert {one["key"] for one in seen["exposure"]["items"]} >= {"T-1", "T-2", "T-3"}
    assert {one["key"] for one in found["exposure"]["items"]}.isdisjoint({"T-2", "T-4"})
    assert {one["key"] for one in found["risks"]["threats"]}.isdisjoint({"T-2", "T-4"})
    # P-1 is on the chain by T-2 only: naming P-1 would tell who works on what nobody else may know.
    assert [one["key"] for one in seen["teamsWaitedFor"]["people"]] == ["P-1", "P-2"]
    assert found["teamsWaitedFor"]["people"] == []


def test_the_ready_queue_leaves_it_out(world: World, asked: Callable[..., Asked]) -> None:
    stranger = _viewers(world)[0]
    data = asked("{ readyQueue { total items { key } } snapshot { items edges } }", stranger).data
    assert data["readyQueue"]["items"] == [{"key": "T-1"}]
    assert data["snapshot"]["items"] == 7
    assert asked('{ readyQueue(person: "P-2") { total } }', stranger).codes == ["NOT_FOUND"]


def test_the_log_leaves_it_out(world: World, asked: Callable[..., Asked]) -> None:
    text = "{ changes { lastSeq nodes { seq items { id operation after } edges { start end } } } }"
    stranger, member, chief = _viewers(world)
    full = asked(text, chief).data["changes"]
    assert [one["seq"] for one in full["nodes"]] == [1, 2]
    assert asked(text, member).data["changes"] == full
    found = asked(text, stranger).data["changes"]
    assert found["lastSeq"] == 2
    assert [one["seq"] for one in found["nodes"]] == [1], "archiving T-4 is nothing that a stranger may know"
    hidden = {world.id(key) for key in ("T-2", "T-4", "U-2", "P-2")}
    assert {item["id"] for item in found["nodes"][0]["items"]} == {row.id for row in world.nodes.values()} - hidden
    assert {end for edge in found["nodes"][0]["edges"] for end in edge.values()}.isdisjoint(hidden)
