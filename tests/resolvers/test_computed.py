"""Computed fields: the values of the analyses, wherever an item stands in an answer, from one snapshot an operation."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from analytics import blocking_chains, critical_path, ready_queue, risks
from analytics.chains.positions import positions, states
from graph.batch import Batch, EdgeRow, Record, Ref
from graph.connection import Connection
from graph.migrations import migrate
from graph.records.workspace import ensure
from graph.snapshots.snapshot import Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper, load_snapshot
from graph.store import open_store
from graph.writing.loading import load
from graph.writing.writer import Mode, write
from resolvers.access import Role, Viewer
from resolvers.bounds import Bounds
from resolvers.computed import COMPUTED, computed_of
from resolvers.context import Context
from resolvers.schema import execute
from tests.resolvers.world import NOW, CountingStore, World
from workatlas import generator
from workatlas.importers import IMPORTERS, ImportOptions
from workatlas.sample import SAMPLE

FIELDS = """
  isBlocked cannotFinishYet snapshotSeq snapshotAge
  threatens { goal goalTitle value reasons }
  totalFloat { goal goalTitle hours } drag { goal hours } dueSlack { goal goalTitle due days }
"""


class Still(SnapshotKeeper):
    """Keeps to one snapshot, as if nothing had been written since; without one it is the usual keeper."""

    def __init__(self, store: CountingStore, workspace: str, snapshot: Snapshot | None) -> None:
        super().__init__(store, workspace)
        self._still = snapshot
        self.asked = 0

    async def current(self) -> Snapshot:
        self.asked += 1
        return self._still or await super().current()


@dataclass(slots=True)
class Answered:
    body: Mapping[str, Any]
    asked: int
    """How often the snapshot was asked for."""

    @property
    def data(self) -> Any:
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.body["errors"]]


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace, the snapshot of it that was read beforehand, and the day."""

    connection: Connection
    snapshot: Snapshot
    today: date

    def ask(
        self, text: str, *, viewer: Viewer | None = None, still: Snapshot | None = None, **variables: Any
    ) -> Answered:
        async def work() -> Answered:
            async with open_store(self.connection) as inner:
                store = CountingStore(inner)
                keeper = Still(store, self.snapshot.workspace, still)
                viewed = viewer or Viewer.local(self.snapshot.workspace)
                context = Context(
                    store, viewed, keeper, lambda: self.today, "request-1", Bounds(), now=lambda: NOW
                )  # fmt: skip
                answer = await execute(text, variables, None, context)
                return Answered(answer.body, keeper.asked)

        return asyncio.run(work())


def placed(connection: Connection, records: Iterable[Record], today: date) -> Place:
    async def work() -> Snapshot:
        name = f"computed-{uuid.uuid4()}"
        async with open_store(connection) as store:
            await migrate(store)
            await load(store, name, records, source="test", clock=lambda: time.time_ns() // 1_000_000)
            return await load_snapshot(store, name)

    return Place(connection, asyncio.run(work()), today)


@pytest.fixture(scope="module", params=["sample", "generated"])
def real(request: pytest.FixtureRequest, connection: Connection) -> Place:
    if request.param == "sample":
        return placed(connection, IMPORTERS["jsonl"].read([SAMPLE], ImportOptions()), date(2025, 2, 3))
    return placed(connection, generator.records(300, 5), generator.TODAY)


def everything(place: Place, root: str, fields: str) -> dict[str, Any]:
    """Ask fields of all items of a list, page by page, each from one snapshot; items by key."""
    found: dict[str, Any] = {}
    after = None
    while True:
        answered = place.ask(
            f"""query ($after: String) {{ {root}(first: 100, after: $after) {{
                  nodes {{ key {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}""",
            after=after,
        )
        assert answered.asked == 1
        page = answered.data[root]
        found |= {node["key"]: node for node in page["nodes"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def test_values_are_those_of_the_analyses(real: Place) -> None:
    snapshot, today = real.snapshot, real.today
    work, goals = everything(real, "work", f"isReady readyFrom {FIELDS}"), everything(real, "goals", FIELDS)
    queue = ready_queue(snapshot, limit=10_000, today=today)
    assert {key for key, one in work.items() if one["isReady"]} == {item.key for item in queue}
    later = {item.key: item.ready_from.isoformat() for item in queue.upcoming if item.ready_from}
    assert {key: one["readyFrom"] for key, one in work.items() if one["readyFrom"]} == later
    threats = {one.key: one for one in risks(snapshot, limit=10_000, today=today)}
    for key, one in (work | goals).items():
        listed = threats.get(key)
        assert [goal["goal"] for goal in one["threatens"]] == ([] if listed is None else list(listed.goals))
        reasons = {reason for goal in one["threatens"] for reason in goal["reasons"]}
        assert reasons == (set() if listed is None else listed.reasons.keys())
        (state,) = states(snapshot, [snapshot.row(key)], today=today)
        assert (one["isBlocked"], one["cannotFinishYet"]) == (state.blocked, state.cannot_finish_yet)
        assert (one["snapshotSeq"], one["snapshotAge"]) == (snapshot.seq, 0.0)
        (own,) = positions(snapshot, [snapshot.row(key)], today=today)
        assert (one["dueSlack"] is None) == (own is None)
        if own is not None:
            due = None if own.due is None else own.due.isoformat()
            expected = {"goal": own.goal, "goalTitle": own.goal_title, "due": due, "days": own.slack_days}
            assert one["dueSlack"] == expected
            assert (one["totalFloat"] or {}).get("hours") == own.total_float
            assert (one["drag"] or {}).get("hours") == own.drag


def test_figures_towards_a_goal_are_those_of_its_critical_path_and_chains(real: Place) -> None:
    snapshot, today = real.snapshot, real.today
    goals = [threat.goals[0] for threat in risks(snapshot, today=today)]
    goal = max(set(goals), key=goals.count)
    path = critical_path(snapshot, goal, today=today)
    chains = {chain.root.key: chain for chain in blocking_chains(snapshot, goal, 10_000, today=today)}
    named = f'(goal: "{goal}")'
    asked = f"totalFloat{named} {{ goal hours }} drag{named} {{ hours }} dueSlack{named} {{ days }}"
    leading = 0
    for node in everything(real, "work", asked).values():
        row = path.items.row(node["key"])
        if row is not None:
            leading += 1
            item = path.items.of_row(row)
            assert node["totalFloat"] == {"goal": goal, "hours": item.total_float}
            assert node["drag"] == (None if item.drag is None else {"hours": item.drag})
        chain = chains.get(node["key"])
        if chain is not None and not chain.root.members and chain.root.kind == "Task":
            assert node["dueSlack"] == {"days": None if chain.delay_days is None else -chain.delay_days}
    assert leading > 0


# A small world ----------------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 2)


def small() -> World:
    """T-1 → T-2 → O-1 (due on Friday), T-3 → O-2, which only a team sees, and T-3 → O-1; T-4 leads nowhere."""
    world = World(f"computed-{uuid.uuid4().hex}")
    world.add("Team", "TEAM-1")
    world.add("Person", "P-1")
    private: dict[str, object] = {"visibility": "TEAM", "team": world.id("TEAM-1")}
    world.add("Objective", "O-1", status="In progress", due="2026-11-06")
    world.add("Objective", "O-2", title="CANARY", status="In progress", due="2026-11-03", **private)
    world.add("Project", "PRJ-1", status="In progress")
    for key in ("T-1", "T-2", "T-3", "T-4"):
        world.add("Task", key, status="Planned", remaining=24.0)
        world.link("OWNS", "P-1", key)
        world.link("PART_OF", key, "PRJ-1")
    world.link("BLOCKS", "T-1", "T-2")
    for start, end in (("T-2", "O-1"), ("T-3", "O-2"), ("T-3", "O-1")):
        world.link("CONTRIBUTES_TO", start, end)
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return small()


@pytest.fixture(scope="module")
def place(connection: Connection, world: World) -> Place:
    async def work() -> Snapshot:
        async with open_store(connection) as store:
            await migrate(store)
            await ensure(store, world.workspace, 0)
            outcome = await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=0)
            assert not outcome.problems
            return await load_snapshot(store, world.workspace)

    return Place(connection, asyncio.run(work()), TODAY)


def test_they_stand_wherever_items_stand_under_any_name_and_cost_one_snapshot(place: Place, world: World) -> None:
    answered = place.ask(
        """query ($id: ID!, $yes: Boolean!) {
          item(key: "PRJ-1") { ... on Project { isReady parts(first: 3) { nodes { key ...Stand } } } }
          node(id: $id) { id ...Stand
            ... on Task { blockedBy { edges { type node { key ... on Work { ready: isReady } } } } } }
          none: item(key: "no such") { ...Stand }
          people { nodes { key owns { nodes { key ... on Task { isReady } } } } }
          search(text: "T-4") { nodes { key ... on Task { isReady @skip(if: $yes) isBlocked @include(if: $yes) } } }
        }
        fragment Stand on Work {
          ready: isReady blocked: isBlocked f: totalFloat { __typename h: hours } slack: dueSlack { days } }
        """,
        id=world.id("T-2"),
        yes=True,
    )
    assert answered.asked == 1
    data = answered.data
    assert data["item"]["isReady"] is False
    assert data["item"]["parts"]["nodes"][0] == {
        "key": "T-1", "ready": True, "blocked": False, "f": {"__typename": "HoursToGoal", "h": 0.0},
        "slack": {"days": -1},
    }  # fmt: skip
    assert data["node"] == {
        "id": world.id("T-2"), "ready": False, "blocked": True, "f": {"__typename": "HoursToGoal", "h": 0.0},
        "slack": {"days": 2}, "blockedBy": {"edges": [{"type": "FS", "node": {"key": "T-1", "ready": True}}]},
    }  # fmt: skip
    assert data["none"] is None
    (owned,) = (node["owns"]["nodes"] for node in data["people"]["nodes"] if node["key"] == "P-1")
    assert {one["key"]: one["isReady"] for one in owned} == {"T-1": True, "T-2": False, "T-3": True, "T-4": True}
    assert data["search"]["nodes"] == [{"key": "T-4", "isBlocked": False}]


def test_operations_without_them_ask_for_no_snapshot(place: Place) -> None:
    assert place.ask("{ tasks { nodes { key } } }").asked == 0


def test_a_hidden_goal_is_never_told(place: Place, world: World) -> None:
    text = f'{{ item(key: "T-3") {{ ... on Task {{ isReady {FIELDS} }} }} }}'
    stranger = Viewer("somebody", world.workspace, Role.VIEWER)
    member = Viewer("a member", world.workspace, Role.VIEWER, teams=frozenset({world.id("TEAM-1")}))
    seen, unseen = place.ask(text, viewer=member).data["item"], place.ask(text, viewer=stranger).data["item"]
    assert seen["dueSlack"] == {"goal": "O-2", "goalTitle": "CANARY", "due": "2026-11-03", "days": -1}
    assert unseen["dueSlack"] == {"goal": "O-1", "goalTitle": "Title of O-1", "due": "2026-11-06", "days": 2}
    assert {one["goal"] for one in seen["threatens"]} == {"O-2"}
    assert unseen["threatens"] == []
    for goal in ("O-2", world.id("O-2"), "no such goal"):
        refused = place.ask(
            "query ($g: ID!) { tasks { nodes { dueSlack(goal: $g) { days } } } }", viewer=stranger, g=goal
        )
        assert refused.codes == ["NOT_FOUND"]
        assert refused.body["errors"][0]["message"] == f"no item {goal!r} in workspace {world.workspace!r}"


def test_a_goal_is_named_by_key_id_and_variable(place: Place, world: World) -> None:
    answered = place.ask(
        """query ($id: ID!, $none: ID) { item(key: "T-3") { ... on Task { a: dueSlack(goal: "O-1") { goal days }
             b: dueSlack(goal: $id) { goal days } c: dueSlack(goal: $none) { goal } d: dueSlack(goal: null) { goal }
             e: totalFloat(goal: "PRJ-1") { goal hours } } } }""",
        id=world.id("O-1"),
    )
    assert answered.data["item"] == {
        "a": {"goal": "O-1", "days": 2}, "b": {"goal": "O-1", "days": 2}, "c": {"goal": "O-2"}, "d": {"goal": "O-2"},
        "e": {"goal": "PRJ-1", "hours": 24.0},
    }  # fmt: skip


def test_wrong_goals_are_the_callers_errors(place: Place) -> None:
    assert place.ask('{ tasks { nodes { drag(goal: "P-1") { hours } } } }').codes == ["BAD_USER_INPUT"]
    many = " ".join(f'a{number}: drag(goal: "G-{number}") {{ hours }}' for number in range(21))
    assert place.ask(f"{{ tasks {{ nodes {{ {many} }} }} }}").codes == ["TOO_COMPLEX"]


def test_what_is_newer_than_the_snapshot_has_no_values_and_says_so(connection: Connection) -> None:
    world = small()

    async def work() -> Snapshot:
        async with open_store(connection) as store:
            await migrate(store)
            await ensure(store, world.workspace, 0)
            await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=0)
            before = await load_snapshot(store, world.workspace)
            world.add("Task", "T-9", status="Planned")
            newer = Batch([world.nodes["T-9"]], [EdgeRow("BLOCKS", Ref("key", "T-1"), Ref("key", "T-9"))])
            await write(store, world.workspace, newer, mode=Mode.EDIT, now=1)
            return before

    place = Place(connection, asyncio.run(work()), TODAY)
    text = f'{{ item(key: "T-9") {{ ... on Task {{ isReady readyFrom {FIELDS} }} }} }}'
    old = place.ask(text, still=place.snapshot).data["item"]
    assert old.pop("snapshotSeq") == place.snapshot.seq
    assert old.pop("snapshotAge") == 0.0
    assert set(old.values()) == {None}
    new = place.ask(text).data["item"]
    assert new["snapshotSeq"] == place.snapshot.seq + 1
    assert (new["isReady"], new["isBlocked"]) == (False, True)


def test_a_mutation_answers_with_what_has_become_of_it(connection: Connection) -> None:
    world = small()

    async def work() -> Snapshot:
        async with open_store(connection) as store:
            await migrate(store)
            await ensure(store, world.workspace, 0)
            await write(store, world.workspace, world.batch(), mode=Mode.EDIT, now=0)
            return await load_snapshot(store, world.workspace)

    place = Place(connection, asyncio.run(work()), TODAY)
    data = place.ask(
        """mutation {
          a: createTask(input: { title: "New", blockedBy: ["T-4"] }) {
            item { ... on Task { isReady isBlocked snapshotSeq } } }
          b: transitionItem(input: { id: "T-4", status: "Done" }) {
            item { ... on Task { isReady snapshotSeq blocks { nodes { ... on Work { isReady isBlocked } } } } } } }"""
    ).data
    seq = place.snapshot.seq
    assert data["a"]["item"] == {"isReady": False, "isBlocked": True, "snapshotSeq": seq + 1}
    assert data["b"]["item"] == {
        "isReady": False, "snapshotSeq": seq + 2, "blocks": {"nodes": [{"isReady": True, "isBlocked": False}]},
    }  # fmt: skip


def test_work_has_all_fields_and_goals_have_those_that_mean_something() -> None:
    assert computed_of("Task").keys() == computed_of("Work").keys() == COMPUTED.keys()
    assert computed_of("Objective").keys() == computed_of("Goal").keys() == COMPUTED.keys() - {"isReady", "readyFrom"}
    assert computed_of("Person") == computed_of("Item") == computed_of("Node") == {}
