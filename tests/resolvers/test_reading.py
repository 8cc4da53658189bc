"""What is read over GraphQL is what was written, at any depth, in one round trip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from graph.model import EDGES, NODES
from resolvers.naming import ABSTRACT, edge_fields, edge_fields_of, plural
from tests.resolvers.world import CANARY, Asked, World

Query = Callable[..., Asked]


def test_three_hops_in_one_round_trip(world: World, query: Query) -> None:
    asked = query("""{ item(key: "T-3") { key ... on Work { blocks { edges { type lag confidence
        node { key ... on Work {
        blocks { nodes { key ... on Task { blockedBy { totalCount nodes { key } } } } } } } } } } } }""")
    assert asked.reads == 1
    written = {(a, b): props for kind, a, b, props in world.edges if kind == "BLOCKS"}
    assert asked.data["item"] == {
        "key": "T-3",
        "blocks": {
            "edges": [
                {
                    "type": written["T-3", first].get("type", "FS"),
                    "lag": written["T-3", first].get("lag", 0.0),
                    "confidence": 1.0,
                    "node": {
                        "key": first,
                        "blocks": {
                            "nodes": [
                                {"key": second, "blockedBy": _counted(world.far("BLOCKS", second, forward=False))}
                                for second in world.far("BLOCKS", first, forward=True)
                            ]
                        },
                    },
                }
                for first in world.far("BLOCKS", "T-3", forward=True)
            ]
        },
    }


def _counted(keys: list[str]) -> dict[str, Any]:
    return {"totalCount": len(keys), "nodes": [{"key": key} for key in keys]}


def test_every_edge_field_of_every_kind_answers_what_was_written(world: World, query: Query) -> None:
    for label in NODES:
        fields = edge_fields_of(label)
        assert fields
        selected = " ".join(f"{name} {{ totalCount nodes {{ key }} }}" for name in fields)
        for start in range(0, len(fields), 40):
            assert start == 0, "more edge fields than one root field may follow"
        asked = query(f"{{ {plural(label)}(first: 100) {{ nodes {{ key {selected} }} }} }}")
        nodes = asked.data[plural(label)]["nodes"]
        assert [node["key"] for node in nodes] == world.visible(label)
        for node in nodes:
            for name, one in fields.items():
                assert node[name] == _counted(world.far(one.kind.name, node["key"], forward=one.forward)), name


def test_both_ends_of_every_edge_kind_are_fields(world: World) -> None:
    assert len(edge_fields()) == 2 * len(EDGES)
    for kind in EDGES.values():
        for start, end in kind.pairs:
            assert kind.forward in edge_fields_of(start)
            assert kind.inverse in edge_fields_of(end)


def test_an_edges_own_properties(query: Query) -> None:
    asked = query("""{
        issue: item(key: "I-1") { ... on Issue { reportedAt severity
            escalatedTo { edges { at reason node { key } } } } }
        person: item(key: "P-1") { ... on Person { name weeklyHours teams { edges { role node { name } } } } }
        task: item(key: "T-29") { ... on Task { contributesTo { edges { weight } } } }
        related: item(key: "T-13") { ... on Task { relatesTo { edges { confidence } } } }
    }""")
    assert asked.reads == 4
    assert asked.data == {
        "issue": {
            "reportedAt": "2026-10-01T06:30:00.123Z",
            "severity": "CRITICAL",
            "escalatedTo": {
                "edges": [{"at": "2026-10-02T00:00:00.000Z", "reason": "loud", "node": {"key": "P-2"}}],
            },
        },
        "person": {
            "name": "Title of P-1",
            "weeklyHours": 40.0,
            "teams": {"edges": [{"role": "lead", "node": {"name": "Title of TEAM-1"}}]},
        },
        "task": {"contributesTo": {"edges": [{"weight": 0.5}]}},
        "related": {"relatesTo": {"edges": [{"confidence": 0.25}]}},
    }


def test_values_of_every_type(query: Query) -> None:
    asked = query("""{
        project: item(key: "PRJ-1") { ... on Project { start due category status labels version placeholder } }
        goal: item(key: "O-1") { ... on Objective { periodStart periodEnd value enough } }
        operation: item(key: "OP-1") { ... on Operation { template timezone status blocks { totalCount } } }
        result: item(key: "KR-1") { ... on KeyResult { kind } }
        milestone: item(key: "MS-1") { ... on Milestone { deliverable due } }
    }""")
    assert asked.data == {
        "project": {
            "start": "2026-W45",
            "due": "2026-Q4",
            "category": "STARTED",
            "status": "In progress",
            "labels": [],
            "version": 1,
            "placeholder": None,
        },
        "goal": {"periodStart": "2026-10-01", "periodEnd": "2026-12", "value": 3.0, "enough": 1.0},
        "operation": {
            "template": {"title": "Look"},
            "timezone": "Europe/Berlin",
            "status": None,
            "blocks": {"totalCount": 0},
        },
        "result": {"kind": "stayAbove"},
        "milestone": {"deliverable": True, "due": "2026-12-31"},
    }


def test_aliases_fragments_and_directives(world: World, query: Query) -> None:
    asked = query(
        """query Q($yes: Boolean!, $no: Boolean!, $few: Int!) {
          mine: items(first: 100) {
            nodes { __typename ...Named ... on Goal { category } ... on Task @include(if: $no) { due } } }
          again: tasks(first: $few) { page: edges { at: node { k: key key title @skip(if: $yes) } } }
        }
        fragment Named on Item { k: key ... on Person { name } ...Deeper }
        fragment Deeper on Work { status }""",
        yes=True,
        no=False,
        few=2,
    )
    kinds = {key: row.kind for key, row in world.nodes.items()}
    shown = asked.data["mine"]["nodes"]
    assert [node["k"] for node in shown] == world.visible(*NODES)
    for node in shown:
        kind = kinds[node["k"]]
        group = NODES[kind].group
        assert node["__typename"] == kind
        expected = {"__typename", "k"} | ({"name"} if kind == "Person" else set())
        expected |= {"status"} if group == "Work" else {"category"} if group == "Goal" else set()
        assert set(node) == expected
    assert list(shown[0])[:2] == ["__typename", "k"]
    assert asked.data["again"]["page"] == [{"at": {"k": key, "key": key}} for key in world.visible("Task")[:2]]


def test_one_field_under_several_aliases_and_pages(world: World, query: Query) -> None:
    asked = query("""{ item(key: "PRJ-1") { ... on Project {
        all: parts { totalCount } two: parts(first: 2) { nodes { key } pageInfo { hasNextPage endCursor } }
        parts(first: 3) { nodes { title } } } } }""")
    parts = world.far("PART_OF", "PRJ-1", forward=False)
    project = asked.data["item"]
    assert asked.reads == 1
    assert project["all"] == {"totalCount": len(parts)}
    assert [node["key"] for node in project["two"]["nodes"]] == parts[:2]
    assert project["two"]["pageInfo"]["hasNextPage"] is True
    assert [node["title"] for node in project["parts"]["nodes"]] == [f"Title of {key}" for key in parts[:3]]
    rest = query(
        """query ($after: String) { item(key: "PRJ-1") { ... on Project {
            parts(first: 100, after: $after) { nodes { key } pageInfo { hasNextPage hasPreviousPage } } } } }""",
        after=project["two"]["pageInfo"]["endCursor"],
    ).data["item"]["parts"]
    assert [node["key"] for node in rest["nodes"]] == parts[2:]
    assert rest["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}


@pytest.mark.parametrize(
    "order",
    [
        [],
        [{"field": "KEY"}],
        [{"field": "TITLE", "direction": "DESC"}],
        [{"field": "DUE"}],
        [{"field": "DUE", "direction": "DESC"}, {"field": "KEY"}],
        [{"field": "CREATED_AT"}, {"field": "TITLE"}],
        [{"field": "UPDATED_AT", "direction": "DESC"}],
    ],
)
@pytest.mark.parametrize("size", [1, 7])
def test_pages_hold_each_item_once_and_in_order(
    world: World, query: Query, order: list[dict[str, str]], size: int
) -> None:
    if size == 1 and len(order) != 2:
        size = 5
    keys: list[str] = []
    after = None
    for _ in range(100):
        asked = query(
            """query ($size: Int!, $after: String, $order: [ItemOrder!]) {
              items(first: $size, after: $after, orderBy: $order) {
                totalCount nodes { key } pageInfo { hasNextPage endCursor } } }""",
            size=size,
            after=after,
            order=order,
        )
        assert asked.reads == 1
        page = asked.data["items"]
        assert page["totalCount"] == len(world.visible(*NODES))
        keys += [node["key"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert keys == _ordered(world, order)


_LAST_DAYS = {"2026-Q4": "2026-12-31", "2026-12-31": "2026-12-31"}


def _ordered(world: World, order: list[dict[str, str]]) -> list[str]:
    """Order as the documentation says: each criterion in its direction, absent values last, then by id."""
    keys = world.visible(*NODES)
    for one in reversed(order):
        value = partial(_value, world, one["field"])
        present = [key for key in keys if value(key) is not None]
        absent = [key for key in keys if value(key) is None]
        keys = sorted(present, key=lambda key: str(value(key)), reverse=one.get("direction") == "DESC")
        if one.get("direction") == "DESC":
            # Items that are equal stay in the order of the criteria after this one.
            keys = [key for group in _groups(keys, value) for key in sorted(group, key=present.index)]
        keys += absent
    return keys


def _value(world: World, name: str, key: str) -> str | None:
    properties = world.nodes[key].properties
    match name:
        case "KEY":
            return key
        case "TITLE":
            return str(properties["title"])
        case "DUE":
            return _LAST_DAYS.get(str(properties.get("due")))
        case _:
            return "the same for all: they were written together"


def _groups(keys: list[str], value: Callable[[str], Any]) -> list[list[str]]:
    groups: list[list[str]] = []
    for key in keys:
        if groups and value(groups[-1][0]) == value(key):
            groups[-1].append(key)
        else:
            groups.append([key])
    return groups


@pytest.mark.parametrize("name", [*ABSTRACT, *NODES])
def test_every_list_holds_its_kinds(world: World, query: Query, name: str) -> None:
    if name == "Node":
        return
    kinds = ABSTRACT[name][1] if name in ABSTRACT else (name,)
    asked = query(f"{{ {plural(name)}(first: 100) {{ totalCount nodes {{ id key __typename }} }} }}")
    shown = asked.data[plural(name)]
    assert [node["key"] for node in shown["nodes"]] == world.visible(*kinds)
    assert [node["__typename"] for node in shown["nodes"]] == [world.nodes[n["key"]].kind for n in shown["nodes"]]
    assert shown["totalCount"] == len(shown["nodes"])


def test_archived_items_are_hidden_at_both_ends(world: World, query: Query) -> None:
    asked = query(
        """query ($ids: [ID!]!) { item(key: "T-HID") { key } nodes(ids: $ids) { id }
          three: item(key: "T-3") { ... on Work { blocks { totalCount nodes { key } } blockedBy { nodes { key } } } }
          items(first: 100) { nodes { key ... on Team { members { totalCount nodes { key } } } } } }""",
        ids=[world.id("T-HID"), world.id("T-1"), "no such id"],
    )
    assert asked.data["item"] is None
    assert asked.data["nodes"] == [None, {"id": world.id("T-1")}, None]
    assert "-HID" not in str(asked.data["three"]) + str(asked.data["items"])
    assert asked.data["three"]["blocks"]["totalCount"] == 1


def test_other_workspaces_are_hidden(query: Query) -> None:
    asked = query("""{ item(key: "T-1") { title } items(first: 100) { nodes { title } }
        items_: items(where: {title: {contains: "canary", ignoreCase: true}}) { totalCount } }""")
    assert CANARY not in str(asked.data)
    assert asked.data["item"] == {"title": "Title of T-1"}
    assert asked.data["items_"] == {"totalCount": 0}


def test_node_is_found_by_its_id(world: World, query: Query) -> None:
    asked = query("query ($id: ID!) { node(id: $id) { id __typename ... on Task { remaining } } }", id=world.id("T-7"))
    assert asked.data["node"] == {"id": world.id("T-7"), "__typename": "Task", "remaining": 7.0}
    assert query('{ node(id: "x") { id } }').data["node"] is None


def test_the_log_and_the_workspace(world: World, query: Query) -> None:
    asked = query("""{ workspace { id seq statuses { name category } } snapshot { seq items edges }
        changes(first: 1) { lastSeq hasMore nodes { seq at items { id operation after } edges { kind } } } }""")
    data = asked.data
    assert data["workspace"]["id"] == world.workspace
    assert data["workspace"]["seq"] == data["snapshot"]["seq"] == 2
    assert {"name": "In progress", "category": "STARTED"} in data["workspace"]["statuses"]
    assert data["snapshot"]["items"] == len(world.visible(*(kind for kind in NODES if kind != "Update")))
    (change,) = data["changes"]["nodes"]
    assert (change["seq"], data["changes"]["lastSeq"], data["changes"]["hasMore"]) == (1, 1, True)
    created = {item["id"]: item["after"] for item in change["items"]}
    assert created[world.id("I-1")]["reportedAt"] == "2026-10-01T06:30:00.123Z"
    assert created[world.id("OP-1")]["template"] == {"title": "Look"}
    assert len(created) == len(world.nodes)
    assert len(change["edges"]) == len(world.edges)
    assert query("{ changes(after: 2) { nodes { seq } lastSeq } }").data["changes"] == {"nodes": [], "lastSeq": 2}
