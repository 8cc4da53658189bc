from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from graph.batch import EdgeRow, NodeRow, Ref
from graph.errors import BatchRefusedError, ConflictError, UnknownWorkspaceError
from graph.records.history import Change
from graph.rules.lifecycle import DEFAULT_STATUSES, TRANSITIONS
from graph.writing.writer import Mode, Outcome
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, gone, item, keys, patch

HOSTILE = "'}) DETACH DELETE n // `]-(x) \"\\u0027 $workspace {{}} \\"


def codes(error: pytest.ExceptionInfo[BatchRefusedError]) -> set[str]:
    return {problem.code for problem in error.value.problems}


def replayed(log: list[Change]) -> tuple[dict[str, dict[str, Any]], set[tuple[str, str, str]]]:
    """What the log alone says that the graph holds."""
    items: dict[str, dict[str, Any]] = {}
    edges: set[tuple[str, str, str]] = set()
    for change in log:
        for node in change.nodes:
            state = items.setdefault(node.id, {})
            for name in node.before.keys() - node.after.keys():
                assert state.pop(name) == node.before[name]
            state |= node.after
        for one in change.edges:
            (edges.discard if one.operation == "remove" else edges.add)((one.start, one.kind, one.end))
    return items, edges


def test_create_update_and_leave_alone(run: Run) -> None:
    async def scenario(space: Space) -> None:
        first = await space.write(item("Task", "T-A", estimate=4, due="2026-Q4"), item("Task", "T-B"))
        assert (first.created["Task"], first.change_seq) == (2, 1)
        second = await space.write(patch("Task", "T-A", estimate=5.0), now=NOW + 1)
        assert (second.updated["Task"], second.unchanged, second.change_seq) == (1, 0, 2)
        third = await space.write(patch("Task", "T-A", estimate=5), patch("Task", "T-B"), now=NOW + 2)
        assert (third.unchanged, third.change_seq) == (2, None)
        await space.write(patch("Task", "T-A", due=None), now=NOW + 3)
        items = await space.items()
        assert {key: one["version"] for key, one in items.items()} == {"T-A": 3, "T-B": 1}
        assert items["T-A"]["estimate"] == 5.0
        assert items["T-A"]["title"] == "Title of T-A"
        assert {"due", "duePrecision"}.isdisjoint(items["T-A"])
        assert items["T-A"]["updatedAt"].to_native().timestamp() * 1000 == NOW + 3
        assert items["T-A"]["createdAt"].to_native().timestamp() * 1000 == NOW

    run(scenario)


def test_keys_are_given_out_once(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-2"))
        rows = [NodeRow("Task", "workatlas", f"new {number}", {"title": "x"}) for number in range(12)]
        await asyncio.gather(*(space.write(row) for row in rows))
        assert set(await space.items()) == {f"T-{number}" for number in range(1, 14)}
        with pytest.raises(BatchRefusedError) as error:
            await space.write(NodeRow("Task", "workatlas", "other", {"title": "x"}, key="T-2"))
        assert codes(error) == {"KEY_TAKEN"}

    run(scenario)


def test_of_many_writers_that_expect_one_version_one_wins(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A", estimate=0))
        wins = conflicts = 0

        async def increment() -> bool:
            before = (await space.items())["T-A"]
            row = patch("Task", "T-A", estimate=before["estimate"] + 1)
            row.expected_version = before["version"]
            try:
                await space.write(row)
            except ConflictError:
                return False
            return True

        for _ in range(3):
            answers = await asyncio.gather(*(increment() for _ in range(16)))
            assert any(answers)
            wins += sum(answers)
            conflicts += 16 - sum(answers)
        after = (await space.items())["T-A"]
        assert after["estimate"] == wins
        assert after["version"] == wins + 1
        assert conflicts > 0
        assert [change.seq for change in await space.log()] == list(range(1, wins + 2))

    run(scenario)


def test_the_log_has_no_gap_and_tells_the_whole_graph(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", f"T-{letter}", estimate=1, labels=["a"]) for letter in "ABCDEF"))
        writes: list[Awaitable[Outcome]] = [space.write(edge("BLOCKS", "T-A", f"T-{letter}")) for letter in "BCDEF"]
        writes += [space.write(patch("Task", f"T-{letter}", estimate=None, start="2026-W32")) for letter in "ABC"]
        await asyncio.gather(*writes)
        await space.write(edge("BLOCKS", "T-A", "T-B", type="SS", lag=2), gone("BLOCKS", "T-A", "T-C"))
        await space.write(archive=keys("T-F", "T-E"))
        await space.write(restore=keys("T-F"))
        await space.load(item("Issue", "I-1", "jira", severity="LOW"), edge("AFFECTS", "jira:I-1", "jira:later"))
        await space.load(item("Issue", "I-1", "jira", severity="HIGH"), item("Task", "later", "jira"))
        log = await space.log()
        assert [change.seq for change in log] == list(range(1, len(log) + 1))
        items, edges = replayed(log)
        stored = {one["id"]: one for one in (await space.items()).values()}
        assert set(items) == set(stored)
        for identity, state in items.items():
            for name in ("key", "title", "status", "estimate", "severity", "placeholder", "source", "sourceId"):
                assert state.get(name) == stored[identity].get(name), name
            assert ("archivedAt" in state) is ("archivedAt" in stored[identity])
            assert ("start" in state) is ("start" in stored[identity])
        ids = {key: one["id"] for key, one in (await space.items()).items()}
        assert edges == {(ids[start], kind, ids[end]) for start, kind, end in await space.edges()}

    run(scenario)


def test_one_idempotency_key_has_one_effect(run: Run) -> None:
    async def scenario(space: Space) -> None:
        row = NodeRow("Task", "workatlas", "once", {"title": "x"})
        again = (space.write(row, idempotency_key="k", now=NOW + number) for number in range(50))
        assert {outcome.change_seq for outcome in await asyncio.gather(*again)} == {1}
        assert len(await space.items()) == len(await space.log()) == 1
        with pytest.raises(BatchRefusedError) as error:
            await space.write(patch("Task", "once", title="y"), idempotency_key="k")
        assert codes(error) == {"IDEMPOTENCY_MISMATCH"}
        assert [one["title"] for one in (await space.items()).values()] == ["x"]

    run(scenario)


def test_a_refused_write_leaves_its_idempotency_key_free(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"))
        with pytest.raises(BatchRefusedError):
            await space.write(edge("BLOCKS", "T-A", "T-B"), idempotency_key="k")
        await space.write(item("Task", "T-B"))
        await space.write(edge("BLOCKS", "T-A", "T-B"), idempotency_key="k")
        assert ("T-A", "BLOCKS", "T-B") in await space.edges()

    run(scenario)


@pytest.mark.parametrize("label", TRANSITIONS)
def test_every_transition_of_the_table_and_no_other(run: Run, label: str) -> None:
    async def scenario(space: Space) -> None:
        for before, was in DEFAULT_STATUSES.items():
            for after, wanted in DEFAULT_STATUSES.items():
                key = f"{was}-{wanted}"
                allowed = was == wanted or wanted in TRANSITIONS[label][was]
                rows.append((key, before, after, allowed))
        await space.write(*(item(label, key, status=before) for key, before, _, _ in rows))
        await space.write(*(patch(label, key, status=after) for key, _, after, allowed in rows if allowed))
        forbidden = [(key, before, after) for key, before, after, allowed in rows if not allowed]
        with pytest.raises(BatchRefusedError) as error:
            await space.write(*(patch(label, key, status=after) for key, _, after in forbidden))
        assert len(error.value.problems) == len(forbidden)
        for (_, before, after), problem in zip(forbidden, error.value.problems, strict=True):
            assert problem.code == "FORBIDDEN_TRANSITION"
            assert f"from {before!r} to {after!r}" in problem.message
            following = TRANSITIONS[label][DEFAULT_STATUSES[before]]
            named = problem.message.partition("(allowed: ")[2].removesuffix(")").split(", ")
            assert {DEFAULT_STATUSES[name] for name in named} == following | {DEFAULT_STATUSES[before]}

    rows: list[tuple[str, str, str, bool]] = []
    run(scenario)


def test_an_edit_is_all_or_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"))
        with pytest.raises(BatchRefusedError) as error:
            await space.write(
                item("Task", "T-B"),
                patch("Task", "T-A", estimate="much", colour="red", status="Nowhere"),
                NodeRow("Tusk", "workatlas", "x", {"title": "x"}),
                NodeRow("Task", "workatlas", "untitled"),
                edge("BLOCKS", "T-A", "T-nowhere"),
                edge("LIKES", "T-A", "T-B"),
                edge("BLOCKS", "T-A", "T-B", type="XX", confidence=2),
                edge("BLOCKS", "T-A", "T-A"),
                edge("OWNS", "T-A", "T-B"),
                archive=keys("T-A"),
                statuses={"Fine": "STARTED", "Bad": "RUNNING"},
            )
        assert codes(error) == {
            *("INVALID_VALUE", "UNKNOWN_PROPERTY", "UNKNOWN_KIND", "MISSING_TITLE", "NOT_FOUND"),
            *("SELF_REFERENCE", "WRONG_ENDS"),
        }
        assert set(await space.items()) == {"T-A"}
        assert (await space.items())["T-A"]["version"] == 1
        assert await space.edges() == {}
        assert len(await space.log()) == 1
        with pytest.raises(BatchRefusedError):
            await space.write(patch("Task", "T-A", status="Fine"))

    run(scenario)


def test_an_item_keeps_its_kind(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"))
        with pytest.raises(BatchRefusedError) as error:
            await space.write(patch("Issue", "T-A", severity="LOW"))
        assert codes(error) == {"WRONG_KIND"}
        with pytest.raises(UnknownWorkspaceError):
            await Space(space.store, f"{space.id}-other").write(item("Task", "T-A"))

    run(scenario)


def test_an_id_belongs_to_one_item(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"))
        other = item("Task", "T-B")
        other.id = (await space.items())["T-A"]["id"]
        with pytest.raises(BatchRefusedError, match="is taken: choose another"):
            await space.write(other)
        assert set(await space.items()) == {"T-A"}

    run(scenario)


def test_archive_and_restore(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"), item("Task", "T-B"), edge("BLOCKS", "T-A", "T-B"))
        first = await space.write(archive=keys("T-A", "T-A"))
        again = await space.write(archive=keys("T-A"))
        assert (first.archived, again.archived, again.change_seq) == (1, 0, None)
        assert (await space.items())["T-A"]["archivedAt"].to_native().timestamp() * 1000 == NOW
        assert ("T-A", "BLOCKS", "T-B") in await space.edges()
        back = await space.write(restore=keys("T-A", "T-B"))
        assert (back.restored, (await space.items())["T-A"]["version"]) == (1, 3)
        assert "archivedAt" not in (await space.items())["T-A"]
        assert [change.nodes[0].operation for change in (await space.log())[1:]] == ["archive", "restore"]
        with pytest.raises(BatchRefusedError) as error:
            await space.write(archive=keys("T-nowhere"))
        assert codes(error) == {"NOT_FOUND"}

    run(scenario)


@pytest.mark.parametrize("mode", Mode)
def test_hostile_text_stays_text(run: Run, mode: Mode) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-A"), item("Task", "T-B"))
        before = await space.items()
        hostile: list[NodeRow | EdgeRow] = [
            NodeRow("Task", HOSTILE, HOSTILE, {"title": HOSTILE, "labels": [HOSTILE], "description": HOSTILE}),
            NodeRow(f"Task {HOSTILE}", "workatlas", "1", {"title": "x"}),
            NodeRow("Task", "workatlas", "2", {"title": "x", f"estimate = 1 {HOSTILE}": 1}),
            NodeRow("Task", "workatlas", "3", {"title": "x", "status": HOSTILE}),
            NodeRow("Task", "workatlas", "4", {"title": "x"}, key=HOSTILE.replace(":", "")),
            NodeRow("Task", "workatlas", "5", {"title": "x"}, id=HOSTILE),
            EdgeRow(f"BLOCKS {HOSTILE}", Ref("key", "T-A"), Ref("key", "T-B")),
            EdgeRow("BLOCKS", Ref("key", "T-A"), Ref("id", HOSTILE)),
            EdgeRow("BLOCKS", Ref("key", "T-A"), Ref("key", "T-B"), {"type": HOSTILE}),
            EdgeRow("BLOCKS", Ref("key", "T-A"), Ref("key", "T-B"), {HOSTILE: 1}),
        ]
        for row in hostile:
            try:
                await space.write(row, mode=mode)
            except BatchRefusedError:
                assert mode is Mode.EDIT
        with pytest.raises(BatchRefusedError):
            await space.write(statuses={HOSTILE: HOSTILE})
        await space.write(statuses={HOSTILE: "STARTED"}, fields={HOSTILE: "text"})
        await space.write(patch("Task", "T-B", status=HOSTILE, fields={HOSTILE: HOSTILE}))
        after = await space.items()
        assert after["T-A"] == before["T-A"]
        assert after["T-B"]["status"] == HOSTILE
        assert [one["title"] for one in after.values() if one["sourceId"] == HOSTILE] == [HOSTILE]
        assert await space.violations() == []

    run(scenario)


def test_a_write_waits_for_the_one_before_it_only_in_its_own_workspace(run: Run) -> None:
    async def scenario(space: Space) -> None:
        other = Space(space.store, f"{space.id}-other")
        await other.load(item("Task", "T-A"))
        await space.write(item("Task", "T-A"))
        release = asyncio.Event()

        async def hold(transaction: Any) -> None:
            await transaction.rows("MATCH (w:Workspace {id: $id}) SET w.lockedBy = 'test' RETURN 1", id=space.id)
            held.set()
            await release.wait()

        held = asyncio.Event()
        holding = asyncio.create_task(space.store.write(hold))
        await held.wait()
        waiting = asyncio.create_task(space.write(patch("Task", "T-A", title="late")))
        at_once = other.write(patch("Task", "T-A", source="workatlas", title="at once"))
        await asyncio.wait_for(at_once, 60)  # it would never end if it waited for what is held
        assert not waiting.done()
        release.set()
        await asyncio.gather(holding, waiting)
        assert (await space.items())["T-A"]["title"] == "late"

    run(scenario)
