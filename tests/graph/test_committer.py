from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest

from graph import cypher
from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref, new_id
from graph.errors import BatchRefusedError, ConflictError, CycleError, StoreBusyError, StoreError, UnknownWorkspaceError
from graph.records.history import Author
from graph.records.sight import Sight
from graph.rules.lifecycle import Category
from graph.store import Store, Transaction
from graph.writing.committer import Committer
from graph.writing.draft import Outcome
from graph.writing.holding import TOGETHER
from graph.writing.idempotency import forget_answers
from graph.writing.plans import check_in, transition
from graph.writing.writer import Request, digest_of
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, gone, item, keys
from tests.graph.test_acyclicity import KINDS, TASKS, State, a_change, expanded


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that transactions send from now on."""
    sent: list[str] = []
    peek = Transaction.peek

    async def noted(self: Transaction, query: str, **parameters: Any) -> Any:
        sent.append(query)
        return await peek(self, query, **parameters)

    monkeypatch.setattr(Transaction, "peek", noted)
    return sent


class CountedStore(Store):
    """The real store, which also counts its write transactions."""

    __slots__ = ("commits",)

    def __init__(self, inner: Store) -> None:
        super().__init__(inner._driver, inner._database)
        self.commits = 0

    async def write(self, work: Any) -> Any:
        self.commits += 1
        return await super().write(work)


def request(*rows: NodeRow | EdgeRow, key: str | None = None, sight: Sight | None = None, **more: Any) -> Request:
    nodes = [row for row in rows if isinstance(row, NodeRow)]
    edges = [row for row in rows if isinstance(row, EdgeRow)]
    batch = Batch(nodes, edges, **more)
    return Request(batch, Author(request=new_id()), NOW, key, digest_of(batch), sight)


def change(key: str, version: int | None = None, **properties: object) -> NodeRow:
    return NodeRow("", "", "", properties, of=Ref("key", key), expected_version=version)


async def outcomes(*waiting: Awaitable[Outcome]) -> list[Outcome | BaseException]:
    return await asyncio.gather(*waiting, return_exceptions=True)


def codes(result: object) -> set[str]:
    assert isinstance(result, BatchRefusedError), result
    return {problem.code for problem in result.problems}


def test_requests_that_wait_are_committed_together_each_with_its_own_change(run: Run) -> None:
    async def scenario(space: Space) -> None:
        store = CountedStore(space.store)
        committer = Committer(store)
        await space.write(item("Task", "A"), item("Task", "B"), item("Person", "P-1"))
        done = await outcomes(
            committer.submit(space.id, request(change("A", estimate=1.0))),
            *(
                committer.submit(space.id, request(one))
                for one in (
                    change("A", estimate=2.0),
                    NodeRow("Task", BORN_HERE, "new", {"title": "New"}, expected_version=0),
                    change("B", labels=["x"]),
                    edge("OWNS", "P-1", "A"),
                    edge("OWNS", "P-1", "A"),
                    gone("OWNS", "P-1", "A"),
                    edge("ASSIGNED_TO", "A", "P-1", share=0.5),
                )
            ),
            committer.submit(space.id, request(archive=keys("B"))),
        )
        assert all(isinstance(one, Outcome) for one in done), done
        assert [one.change_seq for one in done if isinstance(one, Outcome)] == [2, 3, 4, 5, 6, None, 7, 8, 9]
        assert store.commits == 1
        items, edges = await space.items(), await space.edges()
        assert (items["A"]["estimate"], items["A"]["version"], items["T-1"]["title"]) == (2.0, 3, "New")
        assert (items["B"]["labels"], items["B"]["version"]) == (["x"], 3)
        assert "archivedAt" in items["B"]
        assert set(edges) == {("A", "ASSIGNED_TO", "P-1")}
        log = await space.log()
        steps = [(one.nodes[0].before.get("estimate"), one.nodes[0].after["estimate"]) for one in log[1:3]]
        assert steps == [(None, 1.0), (1.0, 2.0)]
        assert await space.violations() == []
        await committer.close()

    run(scenario)


def test_a_group_reads_once_and_writes_once_whatever_is_in_it(run: Run, statements: list[str]) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        await space.write(*(item("Task", key) for key in "ABCD"), item("Person", "P-1"), edge("OWNS", "P-1", "A"))
        ids = {key: one["id"] for key, one in (await space.items()).items()}

        async def group(turn: int) -> list[Outcome | BaseException]:
            born = [new_id(), new_id()]
            fresh = [NodeRow("Task", BORN_HERE, one, {"title": "New"}, id=one, expected_version=0) for one in born]
            rows: list[list[NodeRow | EdgeRow]] = [
                [change("A", estimate=float(turn))],
                [NodeRow("", "", "", {"points": float(turn)}, of=Ref("id", ids["B"]))],
                [fresh[0], edge("ASSIGNED_TO", born[0], "P-1")],
                [fresh[1]],
                [edge("ASSIGNED_TO", ids["C"], ids["P-1"], share=turn / 10)],
                [edge("RELATES_TO", "C", "D")],
                [change("404")],
                [change("A", status="Nonsense")],
                [gone("RELATES_TO", "C", "D")],
            ]
            waiting = [request(*one, key=f"{turn} {place}") for place, one in enumerate(rows)]
            started = transition(Ref("key", "D"), (Category.STARTED, Category.DONE)[turn - 1], {}, None)
            reported = check_in(Ref("id", ids["C"]), new_id(), {"at": "2026-01-05T09:00:00Z"})
            waiting += [Request(plan, Author(request=new_id()), NOW) for plan in (started, reported)]
            return await outcomes(*(committer.submit(space.id, one) for one in waiting))

        await group(1)  # shows which ids the keys have
        statements.clear()
        done = await group(2)
        assert statements == [cypher.LOCK_AND_READ, TOGETHER]
        assert [codes(one) for one in done if not isinstance(one, Outcome)] == [{"NOT_FOUND"}, {"INVALID_VALUE"}]
        assert len(await space.items()) == 5 + 2 * 3
        assert [one.seq for one in await space.log()] == list(range(1, 20))
        assert await space.violations() == []
        await committer.close()

    run(scenario)


def test_what_is_written_again_and_again_in_one_group_ends_as_it_was_asked_for_last(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        await space.write(item("Task", "A"), item("Task", "B"))
        born = new_id()
        rows: list[NodeRow | EdgeRow] = [
            edge("RELATES_TO", "A", "B"),
            edge("RELATES_TO", "A", "B", confidence=0.5),
            gone("RELATES_TO", "A", "B"),
            edge("RELATES_TO", "A", "B", confidence=0.25),
            edge("RELATES_TO", "A", "B", confidence=0.75),
            edge("RELATES_TO", "B", "A"),
            gone("RELATES_TO", "B", "A"),
            NodeRow("Task", BORN_HERE, born, {"title": "One"}, key="C", id=born, expected_version=0),
            change("C", title="Two"),
            change("C", title="Three", due="2027-Q1"),
            change("C", due=None),
        ]
        done = await outcomes(*(committer.submit(space.id, request(one)) for one in rows))
        assert [one.change_seq for one in done if isinstance(one, Outcome)] == list(range(2, 13))
        edges, items = await space.edges(), await space.items()
        assert {name: one["confidence"] for name, one in edges.items()} == {("A", "RELATES_TO", "B"): 0.75}
        assert (items["C"]["title"], items["C"]["version"], "due" in items["C"]) == ("Three", 4, False)
        assert await space.violations() == []
        await committer.close()

    run(scenario)


def test_what_a_group_guesses_from_the_one_before_may_be_wrong_by_then(run: Run) -> None:
    async def scenario(space: Space) -> None:
        mine, other = Committer(space.store), Committer(space.store)
        await space.write(item("Task", "A"), item("Task", "B"))
        born = [NodeRow("Task", BORN_HERE, f"n{place}", {"title": "N"}, expected_version=0) for place in range(4)]
        await mine.submit(space.id, request(born[0]))
        await other.submit(space.id, request(born[1]))
        await mine.submit(space.id, request(edge("RELATES_TO", "A", "B")))
        await space.write(gone("RELATES_TO", "A", "B"))
        # Somebody has taken the key that comes next, and purged the item that a key meant; the key is another's now.
        await space.write(item("Task", "T-3"))
        await space.write(purge=keys("B"))
        await space.write(item("Task", "B", "elsewhere"))
        done = await outcomes(
            mine.submit(space.id, request(born[2])),
            mine.submit(space.id, request(edge("RELATES_TO", "A", "B"))),
            mine.submit(space.id, request(born[3])),
        )
        assert all(isinstance(one, Outcome) for one in done), done
        items, edges = await space.items(), await space.edges()
        assert {one["key"]: one["sourceId"] for one in items.values()} == {
            "A": "A", "B": "B", "T-1": "n0", "T-2": "n1", "T-3": "T-3", "T-4": "n2", "T-5": "n3"
        }  # fmt: skip
        assert items["B"]["source"] == "elsewhere"
        assert set(edges) == {("A", "RELATES_TO", "B")}
        assert await space.violations() == []
        await mine.close()
        await other.close()

    run(scenario)


def test_each_is_refused_for_itself_and_the_others_are_done(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        await space.write(*(item("Task", key) for key in "ABCD"), edge("BLOCKS", "A", "B"))
        done = await outcomes(
            *(
                committer.submit(space.id, request(one))
                for one in (
                    change("A", estimate=1.0),
                    edge("BLOCKS", "B", "A"),  # a cycle, found after it was written
                    change("A", version=1, estimate=3.0),
                    change("404"),
                    edge("BLOCKS", "B", "C"),
                    edge("BLOCKS", "C", "A"),  # a cycle with what the one before wrote
                    change("D", status="Nonsense"),
                    change("D", points=3.0),
                )
            )
        )
        assert [type(one) for one in done] == [
            Outcome, CycleError, ConflictError, BatchRefusedError, Outcome, CycleError, BatchRefusedError, Outcome
        ]  # fmt: skip
        assert codes(done[3]) == {"NOT_FOUND"}
        assert codes(done[6]) == {"INVALID_VALUE"}
        assert set(await space.edges()) == {("A", "BLOCKS", "B"), ("B", "BLOCKS", "C")}
        items = await space.items()
        assert (items["A"]["estimate"], items["D"]["points"]) == (1.0, 3.0)
        assert [one.seq for one in await space.log()] == list(range(1, 5))
        assert await space.violations() == []

    run(scenario)


def test_cycles_are_refused_within_a_group_that_reads_the_graph_once_a_level(run: Run, statements: list[str]) -> None:
    async def scenario(space: Space) -> None:
        store = CountedStore(space.store)
        committer = Committer(store)
        names = [f"N{number}" for number in range(6)]
        chain = [edge("BLOCKS", start, end) for start, end in itertools.pairwise(names)]
        whole = [item("Project", "PR"), item("Objective", "GOAL")]
        chain += [edge("CONTRIBUTES_TO", "PR", "GOAL"), edge("PART_OF", "N5", "PR")]
        tasks = [item("Task", key) for key in [*names, "X"]]
        await space.write(*tasks, *whole, *chain)
        await outcomes(*(committer.submit(space.id, request(change(key, points=1.0))) for key in [*names, "X", "PR"]))
        statements.clear()
        store.commits = 0
        rows = [
            edge("BLOCKS", "N3", "N1"),  # a cycle
            edge("BLOCKS", "X", "N0"),
            edge("BLOCKS", "N5", "X"),  # a cycle with the one before
            edge("BLOCKS", "PR", "N2"),  # a cycle by containment
            gone("BLOCKS", "X", "N0"),
            edge("BLOCKS", "N5", "X"),  # none any more
        ]
        done = await outcomes(*(committer.submit(space.id, request(one)) for one in rows))
        assert [type(one) for one in done] == [CycleError, Outcome, CycleError, CycleError, Outcome, Outcome]
        assert [sorted(one.keys) for one in done if isinstance(one, CycleError)] == [
            ["N1", "N2", "N3"],
            ["N0", "N1", "N2", "N3", "N4", "N5", "X"],
            ["N2", "N3", "N4", "N5", "PR"],
        ]
        assert store.commits == 1
        assert statements[0] == cypher.LOCK_AND_READ
        # N0 → … → N5 → PR → GOAL is read level by level; the walk begins at three of them.
        levels = statements[1 : statements.index(TOGETHER)]
        assert set(levels) == {cypher.READ_TIES, cypher.KEYS_OF_IDS}
        assert levels.count(cypher.READ_TIES) <= 6
        assert statements[-1] == TOGETHER
        assert {("N5", "BLOCKS", "X"), ("N0", "BLOCKS", "N1")} <= set(await space.edges())
        assert len(await space.edges()) == 5 + 2 + 1
        assert await space.violations() == []

    run(scenario)


def test_many_refusals_at_once_cost_bounded_work(run: Run) -> None:
    async def scenario(space: Space) -> None:
        store = CountedStore(space.store)
        committer = Committer(store)
        await space.write(*(item("Task", key) for key in "ABC"), edge("BLOCKS", "A", "B"), edge("BLOCKS", "C", "A"))
        done = await outcomes(*(committer.submit(space.id, request(edge("BLOCKS", "B", "A"))) for _ in range(30)))
        assert {type(one) for one in done} == {CycleError}
        assert store.commits == 1
        # Whether something may be restored shows only after it was.
        await space.write(archive=keys("A"))
        await space.write(edge("BLOCKS", "B", "C"))
        store.commits = 0
        done = await outcomes(*(committer.submit(space.id, request(restore=keys("A"))) for _ in range(20)))
        assert {type(one) for one in done} == {CycleError}
        assert store.commits <= 3 * 20
        assert await space.violations() == []

    run(scenario)


@pytest.mark.parametrize("seed", range(6))
def test_a_group_refuses_what_closes_a_cycle_as_if_each_came_alone(run: Run, seed: int) -> None:
    async def scenario(space: Space) -> None:
        chance = random.Random(seed)
        committer = Committer(space.store)
        await space.write(*(item(kind, key) for key, kind in KINDS.items()))
        state: State = {}
        archived: set[str] = set()
        refused = 0
        for _ in range(6):
            requests, expected = [], []
            for _ in range(16):
                if chance.random() < 0.05:
                    one, after = chance.choice(TASKS), dict(state)
                    gone_by_then = archived ^ {one}
                    asked = request(restore=keys(one)) if one in archived else request(archive=keys(one))
                else:
                    row, after = a_change(chance, state)
                    gone_by_then, asked = archived, request(row)
                    if archived & {row.start.value, row.end.value} and not row.remove:
                        continue
                closes = not nx.is_directed_acyclic_graph(expanded(after, gone_by_then))
                requests.append(asked)
                expected.append(closes)
                state, archived = (state, archived) if closes else (after, gone_by_then)
            done = await outcomes(*(committer.submit(space.id, one) for one in requests))
            assert [isinstance(one, CycleError) for one in done] == expected
            assert all(isinstance(one, CycleError | Outcome) for one in done), done
            refused += sum(expected)
        assert set(await space.edges()) == set(state)
        assert refused > 0
        assert await space.violations() == []
        await committer.close()

    run(scenario)


def test_one_key_sent_fifty_times_at_once_has_one_effect_and_one_answer(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committers = [Committer(space.store) for _ in range(3)]
        row = NodeRow("Task", BORN_HERE, "once", {"title": "Once"}, expected_version=0)
        done = await outcomes(*(committers[number % 3].submit(space.id, request(row, key="k")) for number in range(50)))
        assert {(one.change_seq, *one.about) for one in done if isinstance(one, Outcome)} == {
            (1, (await space.items())["T-1"]["id"])
        }
        assert all(isinstance(one, Outcome) for one in done), done
        assert len(await space.items()) == len(await space.log()) == 1
        other = await outcomes(committers[0].submit(space.id, request(change("T-1", title="Other"), key="k")))
        assert codes(other[0]) == {"IDEMPOTENCY_MISMATCH"}

    run(scenario)


@pytest.mark.usefixtures("whole_database")
def test_an_answer_that_was_forgotten_is_given_no_more(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        row = NodeRow("Task", BORN_HERE, "once", {"title": "Once"})
        for key, at in (("old", 5_000), ("new", 7_000)):
            kept = replace(request(row, key=key), now=at)
            first = await committer.submit(space.id, kept)
            again = await committer.submit(space.id, kept)
            assert (again.change_seq, again.about) == (first.change_seq, first.about)
        await forget_answers(space.store, 6_000)
        rows = await space.store.rows("MATCH (i:Idempotency {workspace: $workspace}) RETURN i.key", workspace=space.id)
        assert rows == [["new"]]
        assert await space.violations() == []
        other = replace(request(change("T-1", title="Other"), key="old"), now=8_000)
        assert (await committer.submit(space.id, other)).change_seq == 2
        await committer.close()

    run(scenario)


def test_of_those_that_expect_one_version_as_many_win_as_the_item_says(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committers = [Committer(space.store) for _ in range(2)]
        await space.write(item("Task", "A", estimate=0))
        wins = conflicts = 0

        async def client(number: int) -> None:
            nonlocal wins, conflicts
            for _ in range(6):
                before = (await space.items())["A"]
                row = change("A", version=before["version"], estimate=before["estimate"] + 1)
                try:
                    await committers[number % 2].submit(space.id, request(row))
                    wins += 1
                except ConflictError:
                    conflicts += 1

        await asyncio.gather(*(client(number) for number in range(32)))
        after = (await space.items())["A"]
        assert wins + conflicts == 32 * 6
        assert after["estimate"] == wins == after["version"] - 1 == len(await space.log()) - 1
        assert conflicts > 0

    run(scenario)


def test_a_storm_over_few_items_ends_without_an_error_and_as_if_one_by_one(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committers = [Committer(space.store) for _ in range(4)]
        names = [f"N{number}" for number in range(6)]
        await space.write(*(item("Task", key) for key in names))
        draw = random.Random(7)

        def storm() -> Request:
            one, two = draw.sample(names, 2)
            rows: list[NodeRow | EdgeRow] = [change(one, points=draw.random()), change(two, points=draw.random())]
            if draw.random() < 0.5:
                rows.append(edge("RELATES_TO", one, two))
            if draw.random() < 0.3:
                rows.append(gone("RELATES_TO", two, one))
            return request(*rows)

        done = await outcomes(*(committers[number % 4].submit(space.id, storm()) for number in range(300)))
        assert all(isinstance(one, Outcome) for one in done), done
        log = await space.log()
        assert [one.seq for one in log] == list(range(1, len(log) + 1))
        items = {one["id"]: one for one in (await space.items()).values()}
        replayed: dict[str, dict[str, Any]] = {}
        edges: set[tuple[str, str]] = set()
        for entry in log:
            for node in entry.nodes:
                replayed.setdefault(node.id, {}).update(node.after)
            for link in entry.edges:
                assert (link.operation == "remove") == ((link.start, link.end) in edges)
                edges ^= {(link.start, link.end)}
        assert {one: state["points"] for one, state in replayed.items()} == {
            one: state["points"] for one, state in items.items()
        }
        stored = {(items_key(items, a), items_key(items, b)) for a, b in edges}
        assert stored == {(start, end) for start, _, end in await space.edges()}
        assert await space.violations() == []

    run(scenario)


def items_key(items: dict[str, dict[str, Any]], identity: str) -> str:
    return str(items[identity]["key"])


def test_private_items_of_other_teams_are_not_there_for_a_request(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        await space.write(item("Team", "TEAM-1"), item("Team", "TEAM-2"), item("Task", "A"))
        teams = {key: one["id"] for key, one in (await space.items()).items()}
        await space.write(item("Task", "SECRET", visibility="TEAM", team=teams["TEAM-1"]))
        hidden = (await space.items())["SECRET"]["id"]
        stranger = Sight(space.id, frozenset({teams["TEAM-2"]}))
        member = Sight(space.id, frozenset({teams["TEAM-1"]}))

        async def tried(sight: Sight, *rows: NodeRow | EdgeRow, **more: Any) -> object:
            return (await outcomes(committer.submit(space.id, request(*rows, sight=sight, **more))))[0]

        attempts: list[list[NodeRow | EdgeRow]] = [
            [change("SECRET", title="x")],
            [NodeRow("Task", "", "", {"title": "x"}, of=Ref("id", hidden))],
            [NodeRow("Task", "", "", {"title": "x"}, of=Ref(BORN_HERE, "SECRET"), expected_version=7)],
            [edge("BLOCKS", "A", "SECRET")],
            [gone("BLOCKS", "SECRET", "A")],
        ]
        for rows in attempts:
            assert codes(await tried(stranger, *rows)) == {"NOT_FOUND"}
        assert codes(await tried(stranger, archive=keys("SECRET"))) == {"NOT_FOUND"}
        taken = NodeRow("Task", BORN_HERE, hidden, {"title": "x"}, id=hidden, expected_version=0)
        assert codes(await tried(stranger, taken)) == {"ID_TAKEN"}
        private: dict[str, Any] = {"visibility": "TEAM", "team": "TEAM-1"}
        assert codes(await tried(stranger, change("A", **private))) == {"FORBIDDEN"}
        assert isinstance(await tried(member, edge("BLOCKS", "A", "SECRET")), Outcome)
        blocked = await tried(stranger, edge("BLOCKS", "A", "TEAM-2"), edge("RELATES_TO", "A", "A"))
        assert codes(blocked) == {"WRONG_ENDS", "SELF_REFERENCE"}
        # A cycle through it is refused without its key.
        await space.write(item("Task", "B"), edge("BLOCKS", "SECRET", "B"))
        cycle = await tried(stranger, edge("BLOCKS", "B", "A"))
        assert isinstance(cycle, CycleError)
        assert "SECRET" not in str(cycle)
        assert "a hidden Task" in cycle.keys
        assert isinstance(await tried(member, change("SECRET", **private)), Outcome)

    run(scenario)


def test_a_caller_that_gives_up_takes_back_what_still_waits_and_spoils_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store, together=1)
        await space.write(item("Task", "A"))
        tasks = [
            asyncio.create_task(committer.submit(space.id, request(change("A", points=float(number)))))
            for number in range(1, 5)
        ]
        await asyncio.sleep(0)
        tasks[0].cancel()  # on its way
        tasks[2].cancel()  # waiting
        await asyncio.gather(*tasks, return_exceptions=True)
        await committer.close()
        written = [one.nodes[0].after["points"] for one in (await space.log())[1:]]
        assert 3.0 not in written
        assert written[-2:] == [2.0, 4.0]

    run(scenario)


def test_more_than_may_wait_are_told_when_to_come_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store, waiting=5)
        await space.write(item("Task", "A"))
        done = await outcomes(*(committer.submit(space.id, request(change("A"))) for _ in range(20)))
        busy = [one for one in done if isinstance(one, StoreBusyError)]
        assert len(busy) == 15
        assert len([one for one in done if isinstance(one, Outcome)]) == 5
        await committer.close()
        with pytest.raises(StoreBusyError):
            await committer.submit(space.id, request(change("A")))

    run(scenario)


def test_clients_that_come_again_one_after_the_other_are_waited_for_and_a_lone_one_is_not(run: Run) -> None:
    async def scenario(space: Space) -> None:
        store = CountedStore(space.store)
        committer = Committer(store)
        await space.write(*(item("Task", f"N{number}") for number in range(8)))

        async def client(number: int, turns: int) -> None:
            for turn in range(turns):
                # A server reads the requests of its clients one after the other, in several steps each.
                for _ in range(3 * number):
                    await asyncio.sleep(0)
                await committer.submit(space.id, request(change(f"N{number}", points=float(turn + 1))))

        await asyncio.gather(*(client(number, 10) for number in range(8)))
        together = store.commits
        assert together < 8 * 10 / 2
        await client(0, 5)
        assert store.commits == together + 5
        log = await space.log()
        assert [one.seq for one in log] == list(range(1, 1 + 1 + 80 + 5))
        await committer.close()

    run(scenario)


def test_a_workspace_that_is_not_there_and_a_database_that_does_not_answer_are_told_to_each(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committer = Committer(space.store)
        nowhere = [committer.submit(f"{space.id}-other", request(change("A"))) for _ in range(3)]
        assert {type(one) for one in await outcomes(*nowhere)} == {UnknownWorkspaceError}
        await space.store._driver.close()
        lost = await outcomes(*(committer.submit(space.id, request(change("A"))) for _ in range(3)))
        assert {type(one) for one in lost} == {StoreError}

    run(scenario)


def test_a_reader_of_the_log_that_begins_again_and_again_misses_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        committers = [Committer(space.store) for _ in range(2)]
        names = [f"N{number}" for number in range(8)]
        await space.write(*(item("Task", key) for key in names))
        from graph.records import history

        seen: list[int] = []
        writing = True

        async def reader() -> None:
            # Each round is a reader that was killed and goes on from the last number that it had.
            while writing or len(seen) < 401:
                page = await history.read(space.store, space.id, seen[-1] if seen else 0, first=17)
                seen.extend(one.seq for one in page)
                await asyncio.sleep(0)

        async def writer(number: int) -> None:
            for turn in range(50):
                row = change(names[number], points=float(turn + 1))
                await committers[number % 2].submit(space.id, request(row))

        reading = asyncio.create_task(reader())
        await asyncio.gather(*(writer(number) for number in range(8)))
        writing = False
        await asyncio.wait_for(reading, 60)
        assert seen == list(range(1, 402))

    run(scenario)
