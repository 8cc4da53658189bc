"""Each mutation against a real database: what it writes, what it answers, what it refuses."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref, new_id
from graph.connection import Connection
from graph.doctor import examine
from graph.errors import ConflictError
from graph.migrations import migrate
from graph.model import EDGES, NODES
from graph.records import history, workspace
from graph.records.examinations import record
from graph.records.history import Author
from graph.records.sightings import Sighting
from graph.snapshots.snapshot_store import SnapshotKeeper, load_snapshot
from graph.store import Store, open_store
from graph.writing.committer import Committer
from graph.writing.redating import NewDates, apply_dates
from graph.writing.writer import Request, write
from resolvers.access import Access, Role, Viewer
from resolvers.context import Context
from resolvers.limits import declared_rules
from resolvers.mutations import FIELDS
from resolvers.mutations.payloads import CODES
from resolvers.mutations.requests import MAX_BATCH
from resolvers.schema import SCHEMA, execute

USER_ERRORS = "changeSeq userErrors { field message code }"


@dataclass(slots=True)
class Desk:
    """One workspace, and who works in it."""

    loop: asyncio.Runner
    store: Store
    workspace: str
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, document: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        return self.loop.run(self.asked(document, viewer, **variables))

    async def asked(
        self, document: str, viewer: Viewer | None = None, committer: Committer | None = None, **variables: Any
    ) -> Any:
        who = viewer or Viewer.local(self.workspace)
        keeper, committer = SnapshotKeeper(self.store, self.workspace), committer or Committer(self.store)
        context = Context(self.store, who, keeper, date.today, "request-1", committer=committer)
        answer = await execute(document, variables, None, context)
        assert "errors" not in answer.body, answer.body["errors"]
        return answer.body["data"]

    def do(self, name: str, value: dict[str, Any], select: str = "", viewer: Viewer | None = None) -> Any:
        """Run one mutation, and return its payload."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        text = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {select} {USER_ERRORS} }} }}"
        return self.ask(text, viewer, input=value)[name]

    def done(self, name: str, value: dict[str, Any], select: str = "", viewer: Viewer | None = None) -> Any:
        payload = self.do(name, value, select, viewer)
        assert payload["userErrors"] == []
        return payload

    def refused(self, name: str, value: dict[str, Any], viewer: Viewer | None = None) -> list[tuple[str, Any]]:
        payload = self.do(name, value, viewer=viewer)
        assert payload["changeSeq"] is None
        assert payload["userErrors"]
        return [(one["code"], one["field"]) for one in payload["userErrors"]]

    def items(self, select: str = "key title", **variables: Any) -> list[Any]:
        return list(self.ask(f"{{ items(first: 100) {{ nodes {{ {select} }} }} }}", **variables)["items"]["nodes"])

    def log(self) -> list[history.Change]:
        return self.loop.run(history.read(self.store, self.workspace, 0, 10_000))

    def edges(self) -> set[tuple[str, str, str]]:
        text = "MATCH (a:Item {workspace: $workspace})-[e]->(b) RETURN a.key, type(e), b.key"
        return {tuple(row) for row in self.loop.run(self.store.rows(text, workspace=self.workspace))}

    def raw(self, key: str) -> dict[str, Any]:
        text = "MATCH (n:Item {workspace: $workspace, key: $key}) RETURN properties(n)"
        return dict(self.loop.run(self.store.rows(text, workspace=self.workspace, key=key))[0][0])

    def healthy(self) -> None:
        assert self.loop.run(examine(self.store, self.workspace)) == []


@pytest.fixture
def desk(connection: Connection) -> Iterator[Desk]:
    with asyncio.Runner() as loop:
        opened = open_store(connection)
        store = loop.run(opened.__aenter__())
        name = f"mutations-{uuid.uuid4().hex[:12]}"
        loop.run(migrate(store))
        loop.run(workspace.ensure(store, name, time.time_ns() // 1_000_000))
        yield Desk(loop, store, name)
        loop.run(opened.__aexit__(None, None, None))


@pytest.fixture
def world(desk: Desk) -> Desk:
    """T-A blocks T-B, both parts of PRJ-A; P-A owns T-A; I-A waits in triage."""
    rows = {
        "PRJ-A": ("Project", {}),
        "PRJ-B": ("Project", {}),
        "T-A": ("Task", {"status": "Planned", "due": "2026-12-01"}),
        "T-B": ("Task", {"status": "Planned"}),
        "P-A": ("Person", {}),
        "O-A": ("Objective", {"status": "In progress"}),
        "I-A": ("Issue", {}),
    }
    desk.ids = {key: new_id() for key in rows}
    nodes = [
        NodeRow(kind, BORN_HERE, key, {"title": key, **values}, key=key, id=desk.ids[key])
        for key, (kind, values) in rows.items()
    ]
    names = (
        ("BLOCKS", "T-A", "T-B"),
        ("PART_OF", "T-A", "PRJ-A"),
        ("PART_OF", "T-B", "PRJ-A"),
        ("OWNS", "P-A", "T-A"),
    )
    edges = [EdgeRow(kind, Ref("key", start), Ref("key", end)) for kind, start, end in names]
    desk.loop.run(write(desk.store, desk.workspace, Batch(nodes, edges), now=time.time_ns() // 1_000_000))
    return desk


# Items ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", NODES)
def test_every_kind_is_created_and_changed(desk: Desk, label: str) -> None:
    select = "item { id key title version labels } "
    made = desk.done(f"create{label}", {"title": "First", "labels": ["a"]}, select)
    assert made["changeSeq"] == 1
    assert (made["item"]["title"], made["item"]["version"], made["item"]["labels"]) == ("First", 1, ["a"])
    change = {"id": made["item"]["key"], "title": "Second", "labels": None, "expectedVersion": 1}
    changed = desk.done(f"update{label}", change, select)
    assert changed["item"] == {**made["item"], "title": "Second", "version": 2, "labels": []}
    assert desk.done(f"update{label}", {"id": made["item"]["id"], "title": "Second"})["changeSeq"] is None
    before = desk.log()[1].nodes[0].before
    assert (before["title"], before["labels"]) == ("First", ["a"])
    assert (desk.log()[0].actor, desk.log()[0].request) == ("local", "request-1")
    desk.healthy()


def test_an_item_is_created_with_its_edges_in_one_change(world: Desk) -> None:
    value = {
        "title": "New", "due": "2027-Q1", "priority": "HIGH", "estimate": 3.5, "fields": {},
        "partOf": ["PRJ-A"], "blockedBy": ["T-A", world.ids["T-B"]], "owners": ["P-A"], "contributesTo": ["O-A"],
    }  # fmt: skip
    select = "item { key due priority estimate blockedBy { nodes { key } } partOf { nodes { key } } }"
    made = world.done("createTask", value, select)
    assert made["item"] == {
        "key": "T-1", "due": "2027-Q1", "priority": "HIGH", "estimate": 3.5,
        "blockedBy": {"nodes": [{"key": "T-A"}, {"key": "T-B"}]}, "partOf": {"nodes": [{"key": "PRJ-A"}]},
    }  # fmt: skip
    assert {("P-A", "OWNS", "T-1"), ("T-1", "CONTRIBUTES_TO", "O-A")} <= world.edges()
    assert len(world.log()) == 2
    world.healthy()


def test_a_client_may_choose_the_id_and_send_it_twice(desk: Desk) -> None:
    identity = new_id()
    value = {"id": identity.upper(), "key": "OWN-1", "title": "Mine"}
    assert desk.done("createTask", value, "item { id key }")["item"] == {"id": identity, "key": "OWN-1"}
    assert desk.refused("createTask", value) == [("ID_TAKEN", ["id"])]
    assert desk.refused("createTask", {"title": "x", "key": "OWN-1"}) == [("KEY_TAKEN", ["key"])]
    assert desk.refused("createTask", {"title": "x", "key": "a:b"})[0] == ("INVALID_KEY", ["key"])
    assert desk.refused("createTask", {"title": "x", "id": "7"}) == [("INVALID_VALUE", ["id"])]
    assert len(desk.log()) == 1


def test_one_idempotency_key_has_one_effect_and_one_answer(desk: Desk) -> None:
    value = {"title": "Once", "idempotencyKey": "k"}
    select = "item { id key } changeSeq userErrors { code }"
    text = f"mutation($input: CreateTaskInput!) {{ createTask(input: $input) {{ {select} }} }}"

    async def fifty() -> list[Any]:
        return await asyncio.gather(*(desk.asked(text, input=value) for _ in range(50)))

    answers = desk.loop.run(fifty())
    assert len({str(one) for one in answers}) == 1
    assert (answers[0]["createTask"]["item"]["key"], answers[0]["createTask"]["changeSeq"]) == ("T-1", 1)
    assert len(desk.log()) == len(desk.items()) == 1
    assert desk.refused("createTask", {**value, "title": "Other"}) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
    assert desk.refused("createIssue", value) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
    # Somebody else's key of the same name is another one.
    other = Viewer("somebody", desk.workspace, Role.EDITOR)
    assert desk.do("createTask", value, "item { key }", other)["item"] == {"key": "T-2"}
    assert desk.refused("createTask", {**value, "idempotencyKey": "x" * 201}) == [("INVALID_VALUE", ["idempotencyKey"])]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("updateTask", {"id": "T-A", "expectedVersion": 7, "title": "x"}, [("CONFLICT", ["expectedVersion"])]),
        ("updateTask", {"id": "T-404", "title": "x"}, [("NOT_FOUND", None)]),
        ("updateTask", {"id": "P-A", "title": "x"}, [("WRONG_KIND", None)]),
        ("updateTask", {"id": "T-A", "title": None}, [("MISSING_TITLE", ["title"])]),
        ("updateTask", {"id": "T-A", "due": "soon"}, [("INVALID_VALUE", ["due"])]),
        ("updateTask", {"id": "T-A", "status": "Nope"}, [("INVALID_VALUE", ["status"])]),
        ("updateTask", {"id": "T-A", "fields": {"x": 1}}, [("INVALID_VALUE", ["fields"])]),
        ("updateTask", {"id": "T-A", "fields": {"x": 10**30}}, [("INVALID_VALUE", ["fields"])]),
        ("updateTask", {"id": "T-A", "due": "9999-W52"}, [("INVALID_VALUE", ["due"])]),
        ("updateTask", {"id": "T-A", "startedAt": "9999-12-31T23:59:59-14:00"}, [("INVALID_VALUE", ["startedAt"])]),
        ("updateTask", {"id": "T-A", "startedAt": "0001-01-01T00:00:00+14:00"}, [("INVALID_VALUE", ["startedAt"])]),
        ("updatePerson", {"id": "P-A", "weeklyHours": 168.5}, [("INVALID_VALUE", ["weeklyHours"])]),
        ("updatePerson", {"id": "P-A", "weeklyHours": -1.0}, [("INVALID_VALUE", ["weeklyHours"])]),
        ("updateTask", {"id": "T-A", "team": "P-A"}, [("NOT_FOUND", ["team"])]),
        ("updateTask", {"id": "T-A", "visibility": "TEAM"}, [("INVALID_VALUE", ["team"])]),
        ("updateIssue", {"id": "I-A", "status": "In progress", "due": "x"}, [("INVALID_VALUE", ["due"])]),
        ("createTask", {"title": "x", "partOf": ["PRJ-A", "404"]}, [("NOT_FOUND", ["partOf", "1"])]),
        ("createTask", {"title": "x", "partOf": ["P-A"]}, [("WRONG_ENDS", ["partOf", "0"])]),
        ("createTask", {"title": ""}, [("MISSING_TITLE", ["title"])]),
        ("createOperation", {"title": "x", "rrule": "FREQ=NO"}, [("INVALID_VALUE", ["rrule"])]),
        ("linkItems", {"links": [{"kind": "BLOCKS", "from": "T-B", "to": "T-A"}]}, [("CYCLE", None)]),
        (
            "linkItems",
            {"links": [{"kind": "OWNS", "from": "T-B", "to": "T-A"}, {"kind": "BLOCKS", "from": "T-A", "to": "T-A"}]},
            [("WRONG_ENDS", ["links", "0"]), ("SELF_REFERENCE", ["links", "1"])],
        ),
        ("linkItems", {"links": []}, [("TOO_MANY", ["links"])]),
        (
            "linkItems",
            {"links": [{"kind": "ASSIGNED_TO", "from": "T-A", "to": "P-A", "share": -1}]},
            [("INVALID_VALUE", ["links", "0", "share"])],
        ),
        (
            "linkItems",
            {"links": [{"kind": "BLOCKS", "from": "T-A", "to": "T-B", "lag": 1e300}]},
            [("INVALID_VALUE", ["links", "0", "lag"])],
        ),
        (
            "linkItems",
            {"links": [{"kind": "OWNS", "from": "P-A", "to": "T-B", "lag": 3}]},
            [("UNKNOWN_PROPERTY", ["links", "0", "lag"])],
        ),
        ("unlinkItems", {"links": [{"kind": "BLOCKS", "from": "T-A", "to": "404"}]}, [("NOT_FOUND", ["links", "0"])]),
        ("moveItem", {"id": "T-A", "to": "404"}, [("NOT_FOUND", ["to"])]),
        ("moveItem", {"id": "T-A", "to": "P-A"}, [("WRONG_ENDS", ["to"])]),
        ("moveItem", {"id": "T-A", "to": "PRJ-B", "expectedVersion": 9}, [("CONFLICT", ["expectedVersion"])]),
        ("transitionItem", {"id": "T-A"}, [("INVALID_VALUE", ["status"])]),
        ("transitionItem", {"id": "T-A", "category": "TRIAGE"}, [("FORBIDDEN_TRANSITION", ["status"])]),
        ("transitionItem", {"id": "P-A", "status": "Done"}, [("UNKNOWN_PROPERTY", ["status"])]),
        ("archiveItem", {"id": "404"}, [("NOT_FOUND", None)]),
        ("archiveItem", {"id": "T-A", "expectedVersion": 2}, [("CONFLICT", ["expectedVersion"])]),
        ("checkIn", {"on": "404"}, [("NOT_FOUND", ["on"])]),
        ("checkIn", {"on": "P-A"}, [("WRONG_ENDS", ["on"])]),
        ("escalateIssue", {"id": "I-A", "to": "T-A"}, [("WRONG_ENDS", None)]),
        ("decideTriage", {"id": "T-A", "decision": "ACCEPT"}, [("WRONG_KIND", ["id"])]),
        ("decideTriage", {"id": "I-A", "decision": "DUPLICATE"}, [("INVALID_VALUE", ["duplicateOf"])]),
        ("decideTriage", {"id": "I-A", "decision": "DUPLICATE", "duplicateOf": "4"}, [("NOT_FOUND", ["duplicateOf"])]),
        ("decideTriage", {"id": "I-A", "decision": "ACCEPT", "owners": ["4"]}, [("NOT_FOUND", ["owners", "0"])]),
        ("mergeItems", {"duplicates": ["T-A"], "survivor": "T-A"}, [("SELF_REFERENCE", None)]),
        ("mergeItems", {"duplicates": ["4"], "survivor": "T-A"}, [("NOT_FOUND", ["duplicates", "0"])]),
        ("mergeItems", {"duplicates": ["P-A"], "survivor": "T-A"}, [("WRONG_ENDS", None)]),
        ("undo", {"changeSeq": 99}, [("NOT_FOUND", ["changeSeq"])]),
        ("purgeItem", {"id": "404"}, [("NOT_FOUND", ["id"])]),
        (
            "createItems",
            {"items": [{"task": {"title": "x"}}, {"issue": {"title": "y", "severity": "LOW", "owners": ["404"]}}]},
            [("NOT_FOUND", ["items", "1", "issue", "owners", "0"])],
        ),
        (
            "createItems",
            {"items": [{"task": {"title": "x", "idempotencyKey": "k"}}]},
            [("INVALID_VALUE", ["items", "0", "task", "idempotencyKey"])],
        ),
        ("createItems", {"items": [{"task": {"title": "x"}}] * 501}, [("TOO_MANY", ["items"])]),
        (
            "updateItems",
            {"items": [{"task": {"id": "T-A", "points": 1}}, {"task": {"id": "T-B", "due": "no"}}]},
            [("INVALID_VALUE", ["items", "1", "task", "due"])],
        ),
    ],
)
def test_what_is_refused_writes_nothing_and_says_where_and_why(
    world: Desk, name: str, value: dict[str, Any], expected: list[tuple[str, Any]]
) -> None:
    before = world.items("id version"), world.edges()
    assert world.refused(name, value) == expected
    assert (world.items("id version"), world.edges()) == before
    assert len(world.log()) == 1


def test_removed_values_go_back_to_their_defaults(world: Desk) -> None:
    world.done("updateTask", {"id": "T-A", "due": None, "status": "Backlog"})
    assert "due" not in world.raw("T-A")
    world.done("updateTask", {"id": "T-B", "status": None})
    assert world.raw("T-B")["status"] == "Backlog"


def test_archived_items_are_shown_by_what_archives_them_only(world: Desk) -> None:
    select = "item { id key archivedAt ... on Task { blockedBy { nodes { key } } } }"
    archived = world.done("archiveItem", {"id": "T-B", "idempotencyKey": "k"}, select)
    assert archived["item"]["key"] == "T-B"
    assert archived["item"]["archivedAt"] is not None
    assert archived["item"]["blockedBy"] == {"nodes": [{"key": "T-A"}]}
    assert world.done("archiveItem", {"id": "T-B", "idempotencyKey": "k"}, select) == archived
    assert world.ask("query($id: ID!) { node(id: $id) { id } }", id=world.ids["T-B"])["node"] is None
    taken = world.done("undo", {"changeSeq": archived["changeSeq"]}, "items { key archivedAt }")
    assert taken["items"] == [{"key": "T-B", "archivedAt": None}]
    restored = world.done("restoreItem", {"id": world.done("archiveItem", {"id": "T-A"}, select)["item"]["id"]}, select)
    assert (restored["item"]["key"], restored["item"]["archivedAt"]) == ("T-A", None)


def test_archived_items_are_not_changed_or_joined(world: Desk) -> None:
    world.done("archiveItem", {"id": "T-B"})
    assert world.refused("updateTask", {"id": "T-B", "title": "x"}) == [("ARCHIVED", None)]
    link = {"kind": "RELATES_TO", "from": "T-A", "to": "T-B"}
    assert world.refused("linkItems", {"links": [link]}) == [("ARCHIVED", ["links", "0"])]
    world.done("restoreItem", {"id": "T-B", "expectedVersion": 2})
    world.done("linkItems", {"links": [link]})


# Batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_creates_a_tree_of_items_that_name_each_other(world: Desk) -> None:
    ids = [new_id() for _ in range(4)]
    entries: list[dict[str, Any]] = [
        {"project": {"id": ids[0], "title": "Project", "partOf": []}},
        {"task": {"id": ids[1], "title": "First", "partOf": [ids[0]]}},
        {"task": {"id": ids[2], "title": "Second", "partOf": [ids[0]], "blockedBy": [ids[1], "T-A"]}},
        {"milestone": {"id": ids[3], "title": "End", "partOf": [ids[0]], "blockedBy": [ids[2]]}},
    ]
    made = world.done("createItems", {"items": entries}, "items { id title }")
    assert [one["id"] for one in made["items"]] == ids
    assert made["changeSeq"] == 2
    assert len(world.edges()) == 4 + 3 + 3
    cyclic = [dict(entries[1]["task"], id=new_id()), dict(entries[2]["task"], id=new_id())]
    cyclic[0]["blockedBy"], cyclic[1]["blockedBy"] = [cyclic[1]["id"]], [cyclic[0]["id"]]
    assert world.refused("createItems", {"items": [{"task": one} for one in cyclic]}) == [("CYCLE", None)]
    world.healthy()


def test_as_many_items_in_one_request_as_may_be(desk: Desk) -> None:
    entries = [{"task": {"title": f"Task {number}"}} for number in range(MAX_BATCH)]
    assert desk.refused("createItems", {"items": [*entries, entries[0]]}) == [("TOO_MANY", ["items"])]
    made = desk.done("createItems", {"items": entries, "idempotencyKey": "big"}, "items { title }")
    assert [one["title"] for one in made["items"]] == [f"Task {number}" for number in range(MAX_BATCH)]
    again = desk.done("createItems", {"items": entries, "idempotencyKey": "big"}, "items { title }")
    assert again == made
    assert len(desk.log()) == 1


def test_entries_may_be_done_each_for_itself(world: Desk) -> None:
    entries: list[dict[str, Any]] = [
        {"task": {"id": "T-A", "points": 3}},
        {"task": {"id": "T-404", "points": 3}},
        {"person": {"id": "P-A", "weeklyHours": 20}},
    ]
    payload = world.do("updateItems", {"items": entries, "alone": True}, "items { key }")
    assert payload["items"] == [{"key": "T-A"}, None, {"key": "P-A"}]
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("NOT_FOUND", ["items", "1", "task"])]
    assert payload["changeSeq"] == 3
    links = [{"kind": "BLOCKS", "from": "T-B", "to": "T-A"}, {"kind": "OWNS", "from": "P-A", "to": "T-B"}]
    payload = world.do("linkItems", {"links": links, "alone": True, "idempotencyKey": "l"})
    assert [one["code"] for one in payload["userErrors"]] == ["CYCLE"]
    assert ("P-A", "OWNS", "T-B") in world.edges()


# Edges and places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EDGES)
def test_every_kind_of_edge_is_made_changed_and_taken_away(desk: Desk, kind: str) -> None:
    start, end = sorted(EDGES[kind].pairs)[0]
    one, two = (desk.done(f"create{label}", {"title": label}, "item { key }")["item"]["key"] for label in (start, end))
    link = {"kind": kind, "from": one, "to": two}
    made = desk.done("linkItems", {"links": [{**link, "confidence": 0.5}]}, "items { key }")
    assert made["items"] == [{"key": one}, {"key": two}]
    assert desk.edges() == {(one, kind, two)}
    assert desk.done("linkItems", {"links": [{**link, "confidence": 0.5}]})["changeSeq"] is None
    desk.done("linkItems", {"links": [{**link, "confidence": None}]})
    assert desk.log()[-1].edges[0].operation == "update"
    desk.done("unlinkItems", {"links": [link]})
    assert desk.edges() == set()
    assert desk.done("unlinkItems", {"links": [link]})["changeSeq"] is None
    desk.healthy()


def test_an_item_moves_with_everything_below_it(world: Desk) -> None:
    world.done("createTask", {"title": "Part", "partOf": ["T-A"]})
    moved = world.done(
        "moveItem", {"id": "T-A", "to": "PRJ-B"}, "item { key ... on Task { partOf { nodes { key } } } }"
    )
    assert moved["item"] == {"key": "T-A", "partOf": {"nodes": [{"key": "PRJ-B"}]}}
    assert ("T-1", "PART_OF", "T-A") in world.edges()
    world.done("linkItems", {"links": [{"kind": "PART_OF", "from": "T-A", "to": "PRJ-A"}]})
    world.done("moveItem", {"id": "T-A", "from": "PRJ-A"})
    assert {end for start, kind, end in world.edges() if (start, kind) == ("T-A", "PART_OF")} == {"PRJ-B"}
    assert world.refused("moveItem", {"id": "T-A", "to": "T-1"}) == [("CYCLE", None)]
    assert world.done("moveItem", {"id": "T-A", "to": "PRJ-B"})["changeSeq"] is None
    world.done("moveItem", {"id": "T-A"})
    assert not [one for one in world.edges() if one[:2] == ("T-A", "PART_OF")]


# Status -----------------------------------------------------------------------------------------------------------


def test_a_status_brings_its_moments_and_reopening_takes_them_away(world: Desk) -> None:
    select = "item { ... on Task { status startedAt completedAt remaining } }"
    started = world.done("transitionItem", {"id": "T-A", "category": "STARTED"}, select)["item"]
    assert started["status"] == "In progress"
    assert started["startedAt"] is not None
    done = world.done("transitionItem", {"id": "T-A", "status": "done", "remaining": 0}, select)["item"]
    assert (done["status"], done["startedAt"], done["remaining"]) == ("Done", started["startedAt"], 0.0)
    assert done["completedAt"] is not None
    again = world.done("transitionItem", {"id": "T-A", "status": "In progress"}, select)["item"]
    assert (again["startedAt"], again["completedAt"]) == (started["startedAt"], None)
    world.done("updateTask", {"id": "T-B", "status": "Done", "completedAt": "2026-01-01T00:00:00Z"})
    assert world.raw("T-B")["completedAt"].iso_format().startswith("2026-01-01")


def test_triage_is_decided_once(world: Desk) -> None:
    select = "item { status severity triagedAt reportedAt resolution resolvedAt owners { nodes { key } } }"
    value = {"id": "I-A", "decision": "ACCEPT", "severity": "HIGH", "owners": ["P-A"]}
    item = world.done("decideTriage", value, select)["item"]
    assert (item["status"], item["severity"], item["owners"]) == ("Backlog", "HIGH", {"nodes": [{"key": "P-A"}]})
    assert item["triagedAt"] is not None
    assert world.refused("decideTriage", value) == [("ALREADY_DECIDED", ["id"])]
    key = world.done("createIssue", {"title": "Again"}, "item { key reportedAt }")["item"]["key"]
    item = world.done("decideTriage", {"id": key, "decision": "DECLINE", "resolution": "no"}, select)["item"]
    assert (item["status"], item["resolution"]) == ("Cancelled", "no")
    assert item["resolvedAt"] is not None
    key = world.done("createIssue", {"title": "Same"}, "item { key }")["item"]["key"]
    value = {"id": key, "decision": "DUPLICATE", "duplicateOf": "I-A"}
    item = world.done("decideTriage", value, select)["item"]
    assert (item["status"], item["resolution"]) == ("Cancelled", "duplicate of I-A")
    assert (key, "DUPLICATES", "I-A") in world.edges()
    world.healthy()


def test_an_issue_is_escalated_and_again(world: Desk) -> None:
    select = "item { escalatedTo { edges { node { key } at reason } } }"
    first = world.done("escalateIssue", {"id": "I-A", "to": "P-A", "reason": "loud"}, select)
    (one,) = first["item"]["escalatedTo"]["edges"]
    assert (one["node"]["key"], one["reason"]) == ("P-A", "loud")
    assert one["at"] is not None
    second = world.done("escalateIssue", {"id": "I-A", "to": "P-A"}, select)
    assert [one["reason"] for one in second["item"]["escalatedTo"]["edges"]] == [None]


def test_a_report_is_about_its_item_and_by_its_author(world: Desk) -> None:
    viewer = Viewer("ann", world.workspace, Role.EDITOR, person=world.ids["P-A"])
    value = {"on": "O-A", "health": "AT_RISK", "confidence": 0.4, "value": 3, "body": "Hm"}
    select = "item { title health confidence value body author at reportsOn { nodes { key } } }"
    item = world.do("checkIn", value, select, viewer)["item"]
    assert item.pop("at") is not None
    assert item == {
        "title": "Check-in on O-A", "health": "AT_RISK", "confidence": 0.4, "value": 3.0, "body": "Hm",
        "author": world.ids["P-A"], "reportsOn": {"nodes": [{"key": "O-A"}]},
    }  # fmt: skip


# Duplicates, removal, taking back ----------------------------------------------------------------------------------


def test_what_hangs_on_duplicates_goes_to_the_item_that_stays(world: Desk) -> None:
    for title in ("Twin", "Triplet"):
        value = {"title": title, "blocks": ["T-B"], "blockedBy": ["PRJ-B"], "owners": ["P-A"]}
        world.done("createTask", value)
    world.done("checkIn", {"on": "T-1", "health": "ON_TRACK"})
    links = [
        {"kind": "BLOCKS", "from": "T-1", "to": "T-B", "lag": 9},
        {"kind": "RELATES_TO", "from": "T-1", "to": "T-2"},
        {"kind": "RELATES_TO", "from": "T-A", "to": "T-1"},
        {"kind": "DUPLICATES", "from": "T-1", "to": "T-2"},
    ]
    world.done("linkItems", {"links": links})
    merged = world.done("mergeItems", {"duplicates": ["T-1", "T-2"], "survivor": "T-A"}, "item { key }")
    assert merged["item"] == {"key": "T-A"}
    assert world.edges() == {
        ("T-A", "BLOCKS", "T-B"), ("T-A", "PART_OF", "PRJ-A"), ("T-B", "PART_OF", "PRJ-A"), ("P-A", "OWNS", "T-A"),
        ("PRJ-B", "BLOCKS", "T-A"), ("U-1", "REPORTS_ON", "T-A"),
        ("T-1", "DUPLICATES", "T-A"), ("T-2", "DUPLICATES", "T-A"),
    }  # fmt: skip
    assert {"archivedAt"} <= world.raw("T-1").keys() & world.raw("T-2").keys()
    before = world.edges()
    world.done("undo", {"changeSeq": merged["changeSeq"]})
    assert ("T-1", "BLOCKS", "T-B") in world.edges()
    assert "archivedAt" not in world.raw("T-1")
    world.done("undo", {"changeSeq": merged["changeSeq"] + 1})
    assert world.edges() == before
    world.healthy()


def test_a_purge_leaves_nothing_but_what_the_log_says(world: Desk) -> None:
    purged = world.done("purgeItem", {"id": "T-A"}, "item { key }")
    assert purged["item"] is None
    assert "T-A" not in [one["key"] for one in world.items()]
    change = world.log()[-1]
    (gone,) = change.nodes
    assert (gone.operation, gone.before["key"], gone.before["due"], gone.after) == ("purge", "T-A", "2026-12-01", {})
    assert {one.operation for one in change.edges} == {"remove"}
    assert world.refused("undo", {"changeSeq": change.seq}) == [("NOT_UNDOABLE", ["changeSeq"])]
    assert world.refused("undo", {"changeSeq": 1}) == [("NOT_FOUND", ["changeSeq"])]
    assert world.done("createTask", {"title": "x", "key": "T-A"}, "item { key }")["item"] == {"key": "T-A"}
    world.healthy()


def test_a_change_is_taken_back_and_that_is_taken_back_again(world: Desk) -> None:
    before = {key: world.raw(key) for key in world.ids}
    value = {"id": "T-A", "status": "Done", "due": None, "labels": ["x"], "estimate": 4}
    world.done("updateTask", value)
    after = world.raw("T-A")
    world.done("linkItems", {"links": [{"kind": "ASSIGNED_TO", "from": "T-B", "to": "P-A", "share": 0.5}]})
    taken = world.done("undo", {"changeSeq": 2}, "items { key }")
    assert (taken["items"], taken["changeSeq"]) == ([{"key": "T-A"}], 4)
    assert same(world.raw("T-A"), before["T-A"])
    world.done("undo", {"changeSeq": 4})
    assert same(world.raw("T-A"), after)
    world.done("undo", {"changeSeq": 3})
    assert ("T-B", "ASSIGNED_TO", "P-A") not in world.edges()
    made = world.done("createTask", {"title": "New", "partOf": ["PRJ-A"]})
    world.done("undo", {"changeSeq": made["changeSeq"]})
    assert "archivedAt" in world.raw("T-1")
    assert ("T-1", "PART_OF", "PRJ-A") not in world.edges()
    world.done("undo", {"changeSeq": made["changeSeq"] + 1})
    assert "archivedAt" not in world.raw("T-1")
    assert ("T-1", "PART_OF", "PRJ-A") in world.edges()
    world.healthy()


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    apart = {"version", "updatedAt"}
    return {name: value for name, value in one.items() if name not in apart} == {
        name: value for name, value in other.items() if name not in apart
    }


def test_what_was_touched_since_is_not_taken_back(world: Desk) -> None:
    world.done("updateTask", {"id": "T-A", "estimate": 4, "points": 1})
    world.done("updateTask", {"id": "T-A", "title": "Other"})
    world.done("undo", {"changeSeq": 2})  # another property was changed since: that does not matter
    world.done("updateTask", {"id": "T-A", "estimate": 5})
    world.done("updateTask", {"id": "T-A", "estimate": 6})
    assert world.refused("undo", {"changeSeq": 5}) == [("CHANGED_SINCE", ["changeSeq"])]
    made = world.done("createTask", {"title": "New"})["changeSeq"]
    world.done("linkItems", {"links": [{"kind": "BLOCKS", "from": "T-A", "to": "T-1"}]})
    message = world.do("undo", {"changeSeq": made})["userErrors"][0]["message"]
    assert "BLOCKS at T-1" in message
    archived = world.done("archiveItem", {"id": "T-B"})["changeSeq"]
    world.done("restoreItem", {"id": "T-B"})
    assert world.refused("undo", {"changeSeq": archived}) == [("CHANGED_SINCE", ["changeSeq"])]
    link = {"kind": "OWNS", "from": "P-A", "to": "T-B"}
    linked = world.done("linkItems", {"links": [link]})["changeSeq"]
    world.done("unlinkItems", {"links": [link]})
    assert world.refused("undo", {"changeSeq": linked}) == [("CHANGED_SINCE", ["changeSeq"])]


# Findings ---------------------------------------------------------------------------------------------------------


def test_a_finding_is_accepted_until_a_day_and_taken_up_again(world: Desk) -> None:
    subjects = (world.ids["T-A"],)
    sighting = Sighting("ODD", subjects, "T-A is odd.")
    now, today = time.time_ns() // 1_000_000, datetime.now(UTC).date()
    world.loop.run(record(world.store, world.workspace, [sighting], now, today))
    until = str(today + timedelta(days=3))
    select = "finding { id keys state acceptedUntil acceptedBy reason }"
    value = {"id": sighting.identity, "until": until, "reason": "known"}
    accepted = world.done("acceptFinding", value, select)
    assert accepted["finding"] == {
        "id": sighting.identity, "keys": ["T-A"], "state": "ACCEPTED", "acceptedUntil": until, "acceptedBy": "local",
        "reason": "known",
    }  # fmt: skip
    assert accepted["changeSeq"] == 3
    assert world.done("acceptFinding", value, select) == accepted | {"changeSeq": None}
    assert world.ask("{ findings { id } }")["findings"] == []
    opened = world.done("reopenFinding", {"id": sighting.identity}, select)
    assert (opened["finding"]["state"], opened["finding"]["acceptedUntil"], opened["changeSeq"]) == ("OPEN", None, 4)
    assert world.ask("{ findings { id } }")["findings"] == [{"id": sighting.identity}]
    assert world.refused("acceptFinding", {**value, "until": "soon"}) == [("INVALID_VALUE", ["until"])]
    assert world.refused("acceptFinding", {**value, "until": "2020-01-01"}) == [("INVALID_VALUE", ["until"])]
    assert world.refused("acceptFinding", {**value, "id": "nothing"}) == [("NOT_FOUND", ["id"])]
    assert world.refused("reopenFinding", {"id": "nothing"}) == [("NOT_FOUND", ["id"])]


# Dates ------------------------------------------------------------------------------------------------------------

PREVIEW = """query($changes: [RescheduleChange!]!, $keep: [ID!]) { previewReschedule(changes: $changes, keep: $keep) {
    token explanation moved { key newStart newDue days asked path } stuck { key reason day path }
    late { key due after lateDays } completeness { hidden } } }"""


@pytest.fixture
def plan(desk: Desk) -> Desk:
    """P-1 → P-2 → P-3, a task each, one after the other; G is due when P-3 is."""
    days = {"P-1": ("2026-12-07", "2026-12-08"), "P-2": ("2026-12-09", "2026-12-10"), "P-3": (None, "2026-12-11")}
    nodes = [
        NodeRow("Task", BORN_HERE, key, {"title": key, "start": start, "due": due, "estimate": 8}, key=key)
        for key, (start, due) in days.items()
    ]
    nodes.append(NodeRow("Objective", BORN_HERE, "G", {"title": "G", "due": "2026-12-11"}, key="G"))
    names = [("BLOCKS", "P-1", "P-2"), ("BLOCKS", "P-2", "P-3"), ("CONTRIBUTES_TO", "P-3", "G")]
    edges = [EdgeRow(kind, Ref("key", start), Ref("key", end)) for kind, start, end in names]
    desk.loop.run(write(desk.store, desk.workspace, Batch(nodes, edges), now=time.time_ns() // 1_000_000))
    return desk


def preview(desk: Desk, changes: list[dict[str, Any]], viewer: Viewer | None = None, **more: Any) -> Any:
    return desk.ask(PREVIEW, viewer, changes=changes, **more)["previewReschedule"]


def test_dates_are_previewed_written_together_and_taken_back(plan: Desk) -> None:
    changes = [{"item": "P-1", "due": "2026-12-09"}]
    seen = preview(plan, changes)
    assert [(one["key"], one["newStart"], one["newDue"], one["days"]) for one in seen["moved"]] == [
        ("P-1", "2026-12-07", "2026-12-09", 1),
        ("P-2", "2026-12-10", "2026-12-11", 1),
        ("P-3", None, "2026-12-14", 1),
    ]
    assert seen["moved"][2]["path"] == ["P-1", "P-2", "P-3"]
    assert seen["late"] == [{"key": "G", "due": "2026-12-11", "after": "2026-12-14", "lateDays": 1}]
    assert len(plan.log()) == 1
    value = {"changes": changes, "token": seen["token"], "idempotencyKey": "dates"}
    before = {key: plan.raw(key) for key in ("P-1", "P-2", "P-3")}
    done = plan.done("applyReschedule", value, "items { key version ... on Task { start due } }")
    assert [(one["key"], one["start"], one["due"], one["version"]) for one in done["items"]] == [
        ("P-1", "2026-12-07", "2026-12-09", 2),
        ("P-2", "2026-12-10", "2026-12-11", 2),
        ("P-3", None, "2026-12-14", 2),
    ]
    assert len(plan.log()) == done["changeSeq"] == 2
    # Sent again it has the same answer, and without its key it is another request: nothing is left to move.
    assert plan.done("applyReschedule", value, "items { key version ... on Task { start due } }") == done
    assert plan.refused("applyReschedule", {"changes": changes, "token": seen["token"]}) == [("CONFLICT", ["token"])]
    again = preview(plan, changes)
    assert again["moved"] == []
    assert plan.done("applyReschedule", {"changes": changes, "token": again["token"]})["changeSeq"] is None
    plan.done("undo", {"changeSeq": 2})
    assert all(same(plan.raw(key), before[key]) for key in before)
    plan.healthy()


def test_what_moved_in_between_counts_where_it_matters(plan: Desk) -> None:
    changes = [{"item": "P-1", "due": "2026-12-09"}]
    seen = preview(plan, changes)
    plan.done("createTask", {"title": "Elsewhere", "due": "2026-12-01"})
    plan.done("updateTask", {"id": "P-2", "title": "Another name"})
    value = {"changes": changes, "token": seen["token"]}
    plan.done("updateTask", {"id": "P-3", "due": "2026-12-18"})
    assert plan.refused("applyReschedule", value) == [("CONFLICT", ["token"])]
    plan.done("updateTask", {"id": "P-3", "due": "2026-12-11"})
    assert plan.done("applyReschedule", value)["changeSeq"] == 6
    assert str(plan.raw("P-2")["due"]) == "2026-12-11"


def test_a_cascade_is_not_written_over_what_was_written_after_it_was_worked_out(plan: Desk) -> None:
    dates = [NewDates(plan.raw("P-1")["id"], due="2026-12-09")]
    rests_on = {plan.raw(key)["id"] for key in ("P-1", "P-2")}

    def tried(seq: int) -> int | None:
        request = Request(apply_dates(dates, seq, rests_on), Author(), time.time_ns() // 1_000_000)
        return plan.loop.run(Committer(plan.store).submit(plan.workspace, request)).change_seq

    plan.done("createTask", {"title": "Elsewhere"})
    plan.done("createPerson", {"title": "Ann"})
    with pytest.raises(ConflictError):  # people have calendars
        tried(2)
    assert tried(3) == 4
    plan.done("linkItems", {"links": [{"kind": "BLOCKS", "from": "T-1", "to": "P-2"}]})
    with pytest.raises(ConflictError):
        tried(4)
    plan.done("updateTask", {"id": "P-2", "estimate": 80})
    with pytest.raises(ConflictError):
        tried(5)
    assert tried(6) is None
    assert len(plan.log()) == 6


def test_dates_are_moved_among_other_writes(plan: Desk) -> None:
    changes = [{"item": "P-1", "due": "2026-12-09"}]
    value = {"changes": changes, "token": preview(plan, changes)["token"]}
    document = """mutation($input: ApplyRescheduleInput!) {
        applyReschedule(input: $input) { changeSeq userErrors { code } } }"""
    committer = Committer(plan.store)

    async def storm() -> list[Any]:
        other = [
            plan.asked('mutation { createTask(input: { title: "x" }) { changeSeq userErrors { code } } }',
                       committer=committer) for _ in range(20)
        ]  # fmt: skip
        return await asyncio.gather(*other[:10], plan.asked(document, input=value, committer=committer), *other[10:])

    answers = plan.loop.run(storm())
    assert [one for answer in answers for one in answer.values() if one["userErrors"]] == []
    assert str(plan.raw("P-3")["due"]) == "2026-12-14"
    assert [one.seq for one in plan.log()] == list(range(1, 23))


def test_what_cannot_be_rescheduled_is_said(plan: Desk) -> None:
    token = preview(plan, [])["token"]
    cases: list[tuple[dict[str, Any], tuple[str, list[str]]]] = [
        ({"changes": [{"item": "404", "due": "2026-12-09"}]}, ("NOT_FOUND", ["changes"])),
        ({"changes": [{"item": "G", "due": "2026-12-09"}]}, ("INVALID_VALUE", ["changes"])),
        ({"changes": [{"item": "P-1", "due": "soon"}]}, ("INVALID_VALUE", ["changes"])),
        ({"changes": [{"item": "P-1"}]}, ("INVALID_VALUE", ["changes"])),
        ({"changes": [{"item": "P-1", "due": "2026-12-09"}]}, ("CONFLICT", ["token"])),
        ({"changes": [], "keep": ["404"]}, ("NOT_FOUND", ["changes"])),
    ]
    for value, expected in cases:
        assert plan.refused("applyReschedule", {**value, "token": token}) == [expected]
    assert len(plan.log()) == 1


def test_hidden_items_are_neither_shown_nor_moved_by_a_reschedule(plan: Desk) -> None:
    team = plan.done("createTeam", {"title": "Team", "key": "TM"}, "item { id }")["item"]["id"]
    plan.done("updateTask", {"id": "P-2", "visibility": "TEAM", "team": "TM"})
    stranger = Viewer("x", plan.workspace, Role.EDITOR)
    changes = [{"item": "P-1", "due": "2026-12-11"}]
    seen = preview(plan, changes, stranger)
    assert [one["key"] for one in seen["moved"]] == ["P-1"]
    assert seen["completeness"] == {"hidden": 1}
    assert "P-2" not in str(seen)
    value = {"changes": changes, "token": seen["token"]}
    assert plan.do("applyReschedule", value, "items { key }", stranger)["items"] == [{"key": "P-1"}]
    assert str(plan.raw("P-2")["due"]) == "2026-12-10"
    member = Viewer("y", plan.workspace, Role.EDITOR, teams=frozenset({team}))
    assert [one["key"] for one in preview(plan, [{"item": "P-1", "due": "2026-12-16"}], member)["moved"]] == [
        "P-1", "P-2", "P-3"
    ]  # fmt: skip


# The workspace ----------------------------------------------------------------------------------------------------

SETTINGS = """seq policy { minConfidence minSeverity stalledDays cadenceDays hoursPerDay weekmask holidays }
    statuses { name category } calendars { id name hours holidays leave timezone }"""


def test_the_workspace_is_read_and_changed(world: Desk) -> None:
    default = world.ask(f"{{ workspace {{ {SETTINGS} }} }}")["workspace"]
    assert default["policy"] == {
        "minConfidence": 0.5, "minSeverity": "HIGH", "stalledDays": 14, "cadenceDays": 14, "hoursPerDay": 8.0,
        "weekmask": "1111100", "holidays": [],
    }  # fmt: skip
    assert default["calendars"] == []
    value = {
        "hoursPerDay": 7.5, "minSeverity": "LOW", "holidays": ["2027-01-01", "2026-12-25"],
        "statuses": [{"name": "Shipped", "category": "DONE"}],
        "calendars": [{"id": "ann", "hours": [8, 8, 8, 0, 0, 0, 0], "leave": ["2026-08-03/2026-08-21"]}],
    }  # fmt: skip
    done = world.done("updateWorkspace", value, f"workspace {{ {SETTINGS} }}")
    assert done["changeSeq"] == done["workspace"]["seq"] == 2
    assert done["workspace"]["policy"] == default["policy"] | {
        "hoursPerDay": 7.5, "minSeverity": "LOW", "holidays": ["2026-12-25", "2027-01-01"]
    }  # fmt: skip
    assert done["workspace"]["statuses"] == [*default["statuses"], {"name": "Shipped", "category": "DONE"}]
    (calendar,) = done["workspace"]["calendars"]
    assert (calendar["id"], calendar["hours"][:4], calendar["leave"]) == (
        "ann",
        [8, 8, 8, 0],
        ["2026-08-03/2026-08-21"],
    )
    log = world.log()[-1]
    assert [(one.kind, one.id) for one in log.settings] == [("Policy", "policy"), ("Calendar", "ann")]
    assert log.settings[0].before == {"hoursPerDay": 8.0, "minSeverity": "HIGH", "holidays": []}
    snapshot = world.loop.run(load_snapshot(world.store, world.workspace))
    assert (snapshot.policy.hours_per_day, snapshot.calendars[0].id) == (7.5, "ann")
    assert world.done("updateWorkspace", value)["changeSeq"] is None
    back = world.done(
        "updateWorkspace", {"hoursPerDay": None, "removeCalendars": ["ann"]}, f"workspace {{ {SETTINGS} }}"
    )
    assert (back["workspace"]["policy"]["hoursPerDay"], back["workspace"]["calendars"]) == (8.0, [])
    assert world.refused("undo", {"changeSeq": 2}) == [("NOT_UNDOABLE", ["changeSeq"])]
    world.healthy()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"minConfidence": 1.5, "stalledDays": 0},
            [("INVALID_VALUE", ["minConfidence"]), ("INVALID_VALUE", ["stalledDays"])],
        ),
        ({"hoursPerDay": 0}, [("INVALID_VALUE", ["hoursPerDay"])]),
        ({"weekmask": "0000000"}, [("INVALID_VALUE", ["weekmask"])]),
        ({"holidays": ["soon"]}, [("INVALID_VALUE", ["holidays"])]),
        ({"statuses": [{"name": "Done", "category": "STARTED"}]}, [("STATUS_MEANS_OTHER", None)]),
        ({"calendars": [{"id": "x", "hours": [1]}]}, [("INVALID_VALUE", ["calendars", "0"])]),
    ],
)
def test_what_the_workspace_cannot_be_is_refused(world: Desk, value: dict[str, Any], expected: list[Any]) -> None:
    assert world.refused("updateWorkspace", {"cadenceDays": 7, **value}) == expected
    assert world.ask("{ workspace { policy { cadenceDays } } }")["workspace"]["policy"]["cadenceDays"] == 14
    assert len(world.log()) == 1


# Recurring work ---------------------------------------------------------------------------------------------------


def test_occurrences_are_spawned_by_hand_once(desk: Desk) -> None:
    rule = "DTSTART:20260105T090000\nRRULE:FREQ=DAILY;COUNT=3"
    value = {"title": "Look", "rrule": rule, "nextAt": "2026-01-05T00:00:00Z"}
    desk.done("createOperation", value)
    asked = {"id": "OP-1", "until": "2026-01-06T23:00:00Z"}
    made = desk.done("generateOccurrences", asked, "items { key ... on Task { due } } more")
    assert made["items"] == [{"key": "T-1", "due": "2026-01-05"}, {"key": "T-2", "due": "2026-01-06"}]
    assert (made["changeSeq"], made["more"]) == (2, False)
    assert desk.done("generateOccurrences", asked, "items { key }")["items"] == []
    assert desk.refused("generateOccurrences", {**asked, "id": "T-1"}) == [("NOT_FOUND", ["id"])]
    assert desk.refused("generateOccurrences", {**asked, "until": "soon"}) == [("INVALID_VALUE", ["until"])]
    assert desk.refused("generateOccurrences", {**asked, "until": "2999-01-01T00:00:00Z"}) == [
        ("INVALID_VALUE", ["until"])
    ]
    stranger = Viewer("x", desk.workspace, Role.EDITOR)
    desk.done("createTeam", {"title": "Team"})
    desk.done("updateOperation", {"id": "OP-1", "visibility": "TEAM", "team": "TEAM-1"})
    assert desk.refused("generateOccurrences", asked, stranger) == [("NOT_FOUND", ["id"])]
    desk.healthy()


def test_occurrences_that_are_asked_for_again_are_answered_as_before(desk: Desk) -> None:
    rule = "DTSTART:20260105T090000\nRRULE:FREQ=DAILY;COUNT=150"
    desk.done("createOperation", {"title": "Look", "rrule": rule, "nextAt": "2026-01-05T00:00:00Z"})
    asked = {"id": "OP-1", "until": "2026-12-31T23:00:00Z", "idempotencyKey": "k"}
    shown = "items { key } changeSeq more"
    first = desk.done("generateOccurrences", asked, shown)
    assert (len(first["items"]), first["changeSeq"], first["more"]) == (100, 2, True)
    assert desk.done("generateOccurrences", asked, shown) == first
    assert len(desk.log()) == 2
    other = {**asked, "until": "2026-12-30T23:00:00Z"}
    assert desk.refused("generateOccurrences", other) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
    rest = desk.done("generateOccurrences", {**asked, "idempotencyKey": "l"}, shown)
    assert (len(rest["items"]), rest["changeSeq"], rest["more"]) == (50, 3, False)
    nothing = desk.done("generateOccurrences", {**asked, "idempotencyKey": "m"}, shown)
    assert (nothing["items"], nothing["changeSeq"], nothing["more"]) == ([], None, False)
    desk.healthy()


def test_who_sees_an_operation_spawns_for_all_who_do_it(desk: Desk) -> None:
    desk.done("createTeam", {"title": "Team"})
    desk.done("createPerson", {"title": "Hidden", "visibility": "TEAM", "team": "TEAM-1"})
    rule = "DTSTART:20260105T090000\nRRULE:FREQ=DAILY;COUNT=1"
    value = {"title": "Look", "rrule": rule, "nextAt": "2026-01-05T00:00:00Z", "owners": ["P-1"]}
    desk.done("createOperation", value)
    asked = {"id": "OP-1", "until": "2026-01-06T23:00:00Z"}
    stranger = Viewer("x", desk.workspace, Role.EDITOR)
    assert desk.done("generateOccurrences", asked, "items { key }", stranger)["items"] == [{"key": "T-1"}]
    assert desk.ask('{ item(key: "T-1") { ... on Task { owners { nodes { key } } } } }')["item"]["owners"] == {
        "nodes": [{"key": "P-1"}]
    }


# Who may ----------------------------------------------------------------------------------------------------------


def test_every_mutation_says_what_it_asks_of_its_caller() -> None:
    rules = declared_rules(SCHEMA._schema)["mutation"]
    assert rules.keys() == FIELDS.keys()
    of_admins = {name for name, rule in rules.items() if rule is Access.ADMIN}
    assert of_admins == {"purgeItem", "updateWorkspace"} | {name for name in FIELDS if name.endswith("Webhook")}
    assert set(rules.values()) == {Access.WRITE, Access.ADMIN}


def test_what_only_a_team_may_see_is_not_there_for_others(world: Desk) -> None:
    for key in ("TEAM-1", "TEAM-2"):
        world.done("createTeam", {"title": key, "key": key})
    team = {one["key"]: one["id"] for one in world.items("key id")}
    value = {"title": "CANARY", "key": "S-1", "visibility": "TEAM", "team": "TEAM-1", "blocks": ["T-A"]}
    secret = world.done("createTask", value, "item { id }")
    world.done("createIssue", {"title": "CANARY", "key": "S-2", "visibility": "TEAM", "team": "TEAM-1"})
    stranger = Viewer("x", world.workspace, Role.EDITOR, teams=frozenset({team["TEAM-2"]}))
    member = Viewer("y", world.workspace, Role.EDITOR, teams=frozenset({team["TEAM-1"]}))
    for name in ("S-1", secret["item"]["id"]):
        attempts: list[tuple[str, dict[str, Any]]] = [
            ("updateTask", {"id": name, "title": "x"}),
            ("updateTask", {"id": name, "title": "x", "expectedVersion": 99}),
            ("updateIssue", {"id": name, "title": "x"}),
            ("archiveItem", {"id": name}),
            ("restoreItem", {"id": name}),
            ("transitionItem", {"id": name, "category": "DONE"}),
            ("moveItem", {"id": name, "to": "PRJ-A"}),
            ("moveItem", {"id": "T-A", "to": name}),
            ("checkIn", {"on": name}),
            ("escalateIssue", {"id": name, "to": "P-A"}),
            ("mergeItems", {"duplicates": [name], "survivor": "T-A"}),
            ("mergeItems", {"duplicates": ["T-A"], "survivor": name}),
            ("linkItems", {"links": [{"kind": "RELATES_TO", "from": "T-A", "to": name}]}),
            ("unlinkItems", {"links": [{"kind": "BLOCKS", "from": name, "to": "T-A"}]}),
            ("createTask", {"title": "x", "partOf": [name]}),
            ("undo", {"changeSeq": secret["changeSeq"]}),
        ]
        for mutation, value in attempts:
            assert [code for code, _ in world.refused(mutation, value, stranger)] == ["NOT_FOUND"], mutation
    assert world.refused("decideTriage", {"id": "S-2", "decision": "ACCEPT"}, stranger) == [("NOT_FOUND", ["id"])]
    assert world.refused("updateTask", {"id": "T-B", "visibility": "TEAM", "team": "TEAM-1"}, stranger) == [
        ("FORBIDDEN", ["team"])
    ]
    cycle = world.do("linkItems", {"links": [{"kind": "BLOCKS", "from": "T-B", "to": "S-1"}]}, viewer=member)
    assert [one["code"] for one in cycle["userErrors"]] == ["CYCLE"]
    world.done("linkItems", {"links": [{"kind": "BLOCKS", "from": "S-1", "to": "PRJ-B"}]})
    world.done("createTask", {"title": "x", "key": "X", "blocks": ["S-1"]})
    # Identities are unique whoever may see their items: what is taken is told in the same words for all of them.
    world.done("archiveItem", {"id": "I-A"})
    values = [{"title": "x", "key": key} for key in ("S-1", "S-2", "T-A", "I-A")]
    values += [{"title": "x", "id": one} for one in (secret["item"]["id"], world.ids["T-B"], world.ids["I-A"])]
    told = [(world.do("createTask", one, viewer=stranger)["userErrors"], one.get("key", "-")) for one in values]
    assert {errors[0]["message"].replace(f"'{key}'", "KEY") for errors, key in told} == {
        "the key KEY is taken: choose another",
        "this id is taken: choose another",
    }
    hidden = world.do("linkItems", {"links": [{"kind": "BLOCKS", "from": "PRJ-B", "to": "X"}]}, viewer=stranger)
    assert "a hidden Task" in hidden["userErrors"][0]["message"]
    assert "S-1" not in str(hidden)
    report = world.do("checkIn", {"on": "S-1", "body": "CANARY"}, "item { id }", member)
    assert world.ask("query($id: ID!) { node(id: $id) { id } }", stranger, id=report["item"]["id"])["node"] is None
    # Work that stays takes over what hangs on a duplicate, also what who merges may not see.
    twin = world.done("createTask", {"title": "Twin", "blockedBy": ["S-1"]}, "item { key }")["item"]["key"]
    merged = world.do("mergeItems", {"duplicates": [twin], "survivor": "T-B"}, viewer=stranger)
    assert merged["userErrors"] == []
    assert ("S-1", "BLOCKS", "T-B") in world.edges()
    world.healthy()


def test_codes_are_those_that_the_write_path_uses() -> None:
    root = Path(__file__).parents[2]
    text = "\n".join(one.read_text(encoding="utf-8") for one in (root / "graph").rglob("*.py"))
    used = set(re.findall(r'(?:Problem|problem|_refused)\(\s*"([A-Z_]+)"', text))
    imports_only = {"SKIPPED", "LOCAL_EDIT_KEPT", "EDGE_DROPPED"}
    assert used - imports_only <= CODES.keys()
    assert len(used) > 15


def test_the_mutations_of_the_documentation_do_what_they_say(desk: Desk) -> None:
    page = Path(__file__).parents[2] / "docs" / "graphql.md"
    documents = re.findall(r"```graphql\n(mutation.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(documents) >= 3
    for document in documents:
        answers = desk.ask(document)
        assert [one for one in answers.values() if one["userErrors"]] == []
    assert {("T-1", "BLOCKS", "T-2"), ("T-2", "BLOCKS", "MS-1"), ("U-1", "REPORTS_ON", "OFFICE")} <= desk.edges()
    assert (desk.raw("T-1")["status"], desk.raw("T-1")["version"]) == ("Done", 3)
