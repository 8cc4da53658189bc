from __future__ import annotations

import pytest

from graph.errors import UnknownWorkspaceError
from tests.graph.conftest import Run
from tests.graph.space import Space, edge, item

A, B = "MATCH (n:Item {workspace: $workspace, key: 'T-A'}) ", "MATCH (o:Item {workspace: $workspace, key: 'T-B'}) "
BLOCKS = "MATCH (:Item {workspace: $workspace, key: 'T-A'})-[e:BLOCKS]->() "
FAULTS = {
    "the label of its group is gone": (A + "REMOVE n:Work", "a Task carries its group's label", "T-A"),
    "a second kind": (A + "SET n:Person", "an item has exactly one kind", "T-A"),
    "no kind": (A + "REMOVE n:Task", "an item has exactly one kind", "T-A"),
    "a label of nobody's": (A + "SET n:Secret", "an item has no label outside the model", "T-A"),
    "a status of nobody's": (A + "SET n.status = 'Gone'", "a status is one of the workspace's", "T-A"),
    "no title": (A + "REMOVE n.title", "a Task has a title", "T-A"),
    "no version": (A + "REMOVE n.version", "a Task has a version", "T-A"),
    "a number as text": (A + "SET n.estimate = 'much'", "Task.estimate is a number", "T-A"),
    "a date as text": (A + "SET n.due = '2026-12-01'", "Task.due is a date", "T-A"),
    "an instant as a number": (A + "SET n.createdAt = 7", "Task.createdAt is a instant", "T-A"),
    "an unknown priority": (A + "SET n.priority = 'SOON'", "Task.priority is one of its values", "T-A"),
    "a calendar of nobody's": (A + "SET n.calendar = 'gone'", "a calendar that an item names exists", "T-A"),
    "an edge of nobody's": (
        A + B + "CREATE (n)-[:LIKES]->(o)",
        "an edge stays inside its workspace and is of a known kind",
        "T-A",
    ),
    "an edge to another workspace": (
        A + "CREATE (n)-[:RELATES_TO {createdAt: datetime(), source: 'x'}]->"
        "(:Item:Work:Task {workspace: $workspace + '-other', id: randomUUID(), key: 'X-1'})",
        "an edge stays inside its workspace and is of a known kind",
        "T-A",
    ),
    "an edge from an item to itself": (A + "CREATE (n)-[:BLOCKS]->(n)", "an edge joins two items", "T-A"),
    "an edge the wrong way": (A + B + "CREATE (n)-[:OWNS]->(o)", "OWNS joins kinds that it may join", "T-A → T-B"),
    "an edge without a source": (BLOCKS + "REMOVE e.source", "BLOCKS has a source", "T-A → T-B"),
    "an unknown type of wait": (BLOCKS + "SET e.type = 'XX'", "BLOCKS.type is one of its values", "T-A → T-B"),
    "a lag as text": (BLOCKS + "SET e.lag = 'long'", "BLOCKS.lag is a number", "T-A → T-B"),
    "a change lost from the middle": (
        "MATCH (c:Change {workspace: $workspace, seq: 1}) DELETE c",
        "the change log has no gap",
        "the counter says 2, the log holds 1 changes up to 2",
    ),
    "a counter that fell back": (
        "MATCH (w:Workspace {id: $workspace}) SET w.seq = 1",
        "the change log has no gap",
        "the counter says 1, the log holds 2 changes up to 2",
    ),
    "an import that stopped": (
        "MATCH (w:Workspace {id: $workspace}) SET w.importRun = 'run-7'",
        "every import was finished",
        "run run-7: import again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_named(run: Run, fault: str) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A", estimate=1, due="2026-Q4"), item("Task", "T-B"))
        await space.write(edge("BLOCKS", "T-A", "T-B"))
        assert await space.violations() == []
        statement, rule, example = FAULTS[fault]
        await space.raw(statement)
        found = {one.rule: one.examples for one in await space.violations()}
        assert example in found.get(rule, ()), found

    run(scenario)


def test_a_fault_elsewhere_is_not_this_workspaces(run: Run) -> None:
    async def scenario(space: Space) -> None:
        other = Space(space.store, f"{space.id}-other")
        for one in (space, other):
            await one.load(item("Task", "T-A"))
        await other.raw(A + "REMOVE n.title")
        assert await space.violations() == []
        assert [one.to_dict() for one in await other.violations()] == [
            {"rule": "a Task has a title", "examples": ["T-A"]}
        ]
        with pytest.raises(UnknownWorkspaceError):
            await Space(space.store, f"{space.id}-nobody").violations()

    run(scenario)


def test_examples_are_bounded(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", f"T-{number}") for number in range(30)))
        await space.raw("MATCH (n:Item {workspace: $workspace}) REMOVE n.title")
        assert [len(one.examples) for one in await space.violations()] == [20]

    run(scenario)
