from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import networkx as nx
import pytest

from graph.batch import EdgeRow
from graph.errors import CycleError
from tests.graph.conftest import Run
from tests.graph.space import Space, edge, gone, item, keys

TASKS = [f"T-{letter}" for letter in "ABCDEF"]
KINDS = {**dict.fromkeys(TASKS, "Task"), "P-1": "Project", "P-2": "Project", "O-1": "Objective", "O-2": "Objective"}
State = dict[tuple[str, str, str], str]
"""(start, kind, end) → type of wait."""


def expanded(state: State, archived: Iterable[str] = ()) -> nx.DiGraph[tuple[str, str]]:
    """The expanded graph by the words of the model: a leaf is one node, a whole has a gate and a finish."""
    hidden = set(archived)
    there = {name: wait for name, wait in state.items() if name[0] not in hidden and name[2] not in hidden}
    wholes = {end for _, kind, end in there if kind == "PART_OF"}

    def gate(one: str) -> tuple[str, str]:
        return (one, "gate" if one in wholes else "")

    def finish(one: str) -> tuple[str, str]:
        return (one, "finish" if one in wholes else "")

    graph: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    graph.add_edges_from((gate(whole), finish(whole)) for whole in wholes)
    for (start, kind, end), wait in there.items():
        if kind == "PART_OF":
            graph.add_edges_from([(gate(end), gate(start)), (finish(start), finish(end))])
        elif kind == "CONTRIBUTES_TO":
            graph.add_edge(finish(start), finish(end))
        else:
            tail = finish(start) if wait in {"FS", "FF"} else gate(start)
            graph.add_edge(tail, gate(end) if wait in {"FS", "SS"} else finish(end))
    return graph


def assert_is_cycle(error: CycleError, state: State) -> None:
    """Each item of the named cycle leads to the next by one edge (or by being a part or a whole)."""
    named = error.keys
    assert " → ".join((*named, named[0])) in str(error)
    graph = expanded(state)
    near = {(tail[0], head[0]) for tail, head in graph.edges}
    assert len(set(named)) == len(named) > 1
    assert all(step in near for step in zip(named, (*named[1:], named[0]), strict=True))


def a_change(chance: random.Random, state: State) -> tuple[EdgeRow, State]:
    after = dict(state)
    if state and chance.random() < 0.25:
        name = chance.choice(sorted(state))
        del after[name]
        return gone(name[1], name[0], name[2]), after
    wait = chance.choice(["FS", "SS", "FF", "SF"])
    work = [*TASKS, "P-1", "P-2"]
    match chance.choice(["BLOCKS", "BLOCKS", "BLOCKS", "PART_OF", "PART_OF", "CONTRIBUTES_TO"]):
        case "BLOCKS":
            start, end = chance.sample(work, 2)
            after[start, "BLOCKS", end] = wait
            return edge("BLOCKS", start, end, type=wait), after
        case "PART_OF":
            start, end = chance.choice(TASKS), chance.choice(work)
            while start == end:
                end = chance.choice(work)
            after[start, "PART_OF", end] = "FS"
            return edge("PART_OF", start, end), after
        case _:
            start, end = chance.choice([*work, "O-1", "O-2"]), chance.choice(["O-1", "O-2"])
            if start == end:
                start = chance.choice(work)
            after[start, "CONTRIBUTES_TO", end] = "FS"
            return edge("CONTRIBUTES_TO", start, end), after


@pytest.mark.parametrize("seed", range(8))
def test_a_write_is_refused_if_and_only_if_it_closes_a_cycle(run: Run, seed: int) -> None:
    async def scenario(space: Space) -> None:
        chance = random.Random(seed)
        await space.write(*(item(kind, key) for key, kind in KINDS.items()))
        state: State = {}
        refused = 0
        for _ in range(45):
            row, after = a_change(chance, state)
            closes = not nx.is_directed_acyclic_graph(expanded(after))
            try:
                await space.write(row)
            except CycleError as error:
                assert closes, (row, state)
                refused += 1
                assert_is_cycle(error, after)
            else:
                assert not closes, (row, state)
                state = after
        assert set(await space.edges()) == set(state)
        assert refused > 0

    run(scenario)


def test_a_waits_type_decides_whether_it_closes_a_cycle(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item(KINDS[key], key) for key in ("P-1", "T-A", "T-B")))
        await space.write(edge("PART_OF", "T-A", "P-1"), edge("BLOCKS", "P-1", "T-B", type="SS"))
        await space.write(edge("BLOCKS", "T-B", "P-1", type="FF"))
        with pytest.raises(CycleError) as error:
            await space.write(edge("BLOCKS", "P-1", "T-B", type="FS"))
        assert set(error.value.keys) == {"P-1", "T-B"}
        assert (await space.edges())["P-1", "BLOCKS", "T-B"]["type"] == "SS"

    run(scenario)


def test_taking_the_last_part_away_must_not_close_a_cycle(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item(KINDS[key], key) for key in ("P-1", "T-A", "T-B", "T-C")))
        await space.write(edge("PART_OF", "T-A", "P-1"), edge("PART_OF", "T-C", "P-1"))
        await space.write(edge("BLOCKS", "P-1", "T-B", type="SS"), edge("BLOCKS", "T-B", "P-1", type="FF"))
        await space.write(archive=keys("T-C"))
        for last_part_goes in (space.write(gone("PART_OF", "T-A", "P-1")), space.write(archive=keys("T-A"))):
            with pytest.raises(CycleError) as error:
                await last_part_goes
            assert set(error.value.keys) == {"P-1", "T-B"}
        await space.write(gone("BLOCKS", "T-B", "P-1"), archive=keys("T-A"))

    run(scenario)


@pytest.mark.parametrize("attempt", range(5))
def test_two_writers_cannot_close_a_cycle_together(run: Run, attempt: int) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", key) for key in TASKS))
        ring = list(zip(TASKS, [*TASKS[1:], TASKS[0]], strict=True))
        random.Random(attempt).shuffle(ring)
        answers = await asyncio.gather(
            *(space.write(edge("BLOCKS", start, end)) for start, end in ring), return_exceptions=True
        )
        assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [CycleError]
        assert len(await space.edges()) == len(ring) - 1

    run(scenario)


@pytest.mark.parametrize(
    ("kind", "label"), [("REPORTS_TO", "Person"), ("DUPLICATES", "Task"), ("SUPERSEDES", "Task"), ("PART_OF", "Team")]
)
def test_kinds_that_are_acyclic_by_themselves(run: Run, kind: str, label: str) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item(label, key) for key in "ABC"), edge(kind, "A", "B"), edge(kind, "B", "C"))
        with pytest.raises(CycleError) as error:
            await space.write(edge(kind, "C", "A"))
        assert sorted(error.value.keys) == ["A", "B", "C"]
        await space.write(edge(kind, "A", "C"))

    run(scenario)


def test_restoring_must_not_close_a_cycle(run: Run) -> None:
    async def scenario(space: Space) -> None:
        tasks = [item("Task", key) for key in ("T-A", "T-B", "T-C")]
        await space.write(*tasks, edge("BLOCKS", "T-A", "T-B"), edge("BLOCKS", "T-C", "T-A"))
        await space.write(archive=keys("T-A"))
        await space.write(edge("BLOCKS", "T-B", "T-C"))
        with pytest.raises(CycleError):
            await space.write(restore=keys("T-A"))
        await space.write(gone("BLOCKS", "T-B", "T-C"), restore=keys("T-A"))

    run(scenario)


def test_an_imported_cycle_is_kept_and_is_not_the_next_writers_fault(run: Run) -> None:
    async def scenario(space: Space) -> None:
        report = await space.load(
            *(item("Task", key, "jira") for key in ("T-A", "T-B", "T-C")),
            edge("BLOCKS", "T-A", "T-B"),
            edge("BLOCKS", "T-B", "T-A"),
        )
        assert report.skipped == 0
        assert {("T-A", "BLOCKS", "T-B"), ("T-B", "BLOCKS", "T-A")} <= set(await space.edges())
        await space.write(edge("BLOCKS", "T-B", "T-C"))
        with pytest.raises(CycleError):
            await space.write(edge("BLOCKS", "T-C", "T-A"))

    run(scenario)
