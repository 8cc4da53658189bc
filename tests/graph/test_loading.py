from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, Record, Ref, StatusNames
from graph.errors import BatchRefusedError
from graph.records.workspace import read
from graph.writing import memory
from graph.writing.loading import LoadOptions, LoadReport, load
from graph.writing.writer import Outcome, write
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, item, patch


def world() -> list[Record]:
    """What a tracker states: a project of ten tasks in a chain, with words of its own."""
    tasks: list[Record] = [
        item("Task", f"T-{number}", "jira", status="Cooking", estimate=number, fields={"squad": "a"})
        for number in range(10)
    ]
    chain = [edge("BLOCKS", f"jira:T-{number}", f"jira:T-{number + 1}", lag=number) for number in range(9)]
    parts = [edge("PART_OF", f"T-{number}", "jira:PRJ-1") for number in range(10)]
    words: list[Record] = [StatusNames({"Cooking": "STARTED"}), FieldNames({"squad": "text"})]
    return [*words, item("Project", "PRJ-1", "jira", due="2026-Q4"), *tasks, *chain, *parts]


async def content(space: Space) -> Any:
    """All that is stored, but for ids, times and version numbers."""
    passing = {"id", "workspace", "version", "createdAt", "updatedAt"}
    items = {
        key: {name: value for name, value in one.items() if name not in passing}
        for key, one in (await space.items()).items()
    }
    edges = {
        name: {key: value for key, value in one.items() if key != "createdAt"}
        for name, one in (await space.edges()).items()
    }
    return items, edges


def figures(report: LoadReport) -> tuple[int, int, int, int, int]:
    return (report.created, report.updated, report.unchanged, report.archived, report.placeholders)


@pytest.mark.parametrize("chunk", [3, 7, 10_000])
def test_the_order_of_records_and_the_size_of_chunks_make_no_difference(run: Run, chunk: int) -> None:
    async def scenario(space: Space) -> None:
        await space.load(*world())
        expected = await content(space)
        assert len(expected[0]) == 11
        assert len(expected[1]) == 19
        for seed in range(3):
            other = Space(space.store, f"{space.id}-{seed}")
            words, *rest = [world()[:2], *world()[2:]]
            random.Random(seed).shuffle(rest)
            report = await other.load(*words, *rest, chunk=chunk)
            assert report.skipped == report.placeholders == 0
            assert await content(other) == expected

    run(scenario)


@pytest.mark.parametrize("bulk", [1, memory.BULK])
def test_loading_twice_changes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch, bulk: int) -> None:
    monkeypatch.setattr(memory, "BULK", bulk)

    async def scenario(space: Space) -> None:
        first = await space.load(*world())
        assert figures(first) == (11, 0, 0, 0, 0)
        log, before = await space.log(), (await space.items(), await space.edges())
        second = await space.load(*world())
        assert figures(second) == (0, 0, 11, 0, 0)
        assert second.change_seq is None
        assert (await space.items(), await space.edges()) == before
        assert len(await space.log()) == len(log)

    run(scenario)


def test_placeholders_are_filled_when_their_item_comes(run: Run) -> None:
    async def scenario(space: Space) -> None:
        report = await space.load(
            item("Task", "T-A", "jira"),
            edge("BLOCKS", "T-A", "jira:far"),
            edge("BLOCKS", "T-A", "KEY-9"),
            EdgeRow("BLOCKS", Ref("jira", "T-A"), Ref("github", "7", "Issue")),
        )
        assert figures(report) == (1, 0, 0, 0, 3)
        before = await space.items()
        standing_in = {one["sourceId"]: key for key, one in before.items() if one.get("placeholder")}
        assert set(standing_in) == {"far", "KEY-9", "7"}
        assert before[standing_in["7"]]["label"] == "Issue"
        report = await space.load(
            NodeRow("Task", "jira", "far", {"title": "far"}, key="FAR-1"),
            NodeRow("Milestone", "linear", "x", {"title": "by key", "deliverable": True}, key="KEY-9"),
            NodeRow("Issue", "github", "7", {"title": "seven", "severity": "LOW"}),
        )
        assert figures(report) == (3, 0, 0, 0, 0)
        after = await space.items()
        assert not any(one.get("placeholder") for one in after.values())
        assert (after["KEY-9"]["label"], after["KEY-9"]["source"]) == ("Milestone", "linear")
        assert after["FAR-1"]["label"] == "Task"
        assert {one["id"] for one in after.values()} == {one["id"] for one in before.values()}
        assert {end for _, _, end in await space.edges()} == set(after) - {"T-A"}
        assert await space.violations() == []

    run(scenario)


@pytest.mark.parametrize("bulk", [1, memory.BULK])
def test_a_later_state_updates_and_what_it_leaves_out_is_removed(
    run: Run, monkeypatch: pytest.MonkeyPatch, bulk: int
) -> None:
    monkeypatch.setattr(memory, "BULK", bulk)

    async def scenario(space: Space) -> None:
        await space.load(item("Task", "T-A", "jira", estimate=3, due="2026-12"), item("Task", "T-B", "jira"))
        report = await space.load(
            item("Task", "T-A", "jira", status="Done", due="2026-12"), item("Task", "T-B", "jira")
        )
        assert figures(report) == (0, 1, 1, 0, 0)
        after = (await space.items())["T-A"]
        assert (after["status"], after["version"], "estimate" in after) == ("Done", 2, False)
        change = (await space.log())[-1].nodes
        times = [(one.before.pop("updatedAt"), one.after.pop("updatedAt")) for one in change]
        assert all(was < now for was, now in times)
        assert [(one.before, one.after) for one in change] == [
            ({"status": "Backlog", "estimate": 3.0}, {"status": "Done"})
        ]

    run(scenario)


def test_pruning_archives_items_and_removes_edges_that_the_source_no_longer_states(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-MINE"))
        await space.load(*world(), chunk=4)
        await space.write(edge("BLOCKS", "T-MINE", "T-3"))
        await space.load(item("Task", "GH-1", "github"), edge("BLOCKS", "GH-1", "T-4"), source="github")
        fewer = [
            record
            for record in world()
            if not (isinstance(record, NodeRow) and record.source_id == "T-9")
            and not (isinstance(record, EdgeRow) and "T-9" in f"{record.start}{record.end}")
            and not (isinstance(record, EdgeRow) and (record.kind, record.start.value) == ("BLOCKS", "T-0"))
        ]
        report = await space.load(*fewer, prune=True, chunk=4)
        assert (report.archived, report.edges_removed) == (1, 3)
        items, edges = await space.items(), await space.edges()
        assert [key for key, one in items.items() if "archivedAt" in one] == ["T-9"]
        assert ("T-0", "BLOCKS", "T-1") not in edges
        assert {("T-MINE", "BLOCKS", "T-3"), ("GH-1", "BLOCKS", "T-4")} <= set(edges)
        back = await space.load(*world(), prune=True, chunk=4)
        assert figures(back)[0] == 0
        assert not any("archivedAt" in one for one in (await space.items()).values())
        assert set(await space.edges()) >= {("T-0", "BLOCKS", "T-1"), ("T-9", "PART_OF", "PRJ-1")}

    run(scenario)


def test_nothing_is_pruned_when_a_record_was_skipped(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(item("Task", "T-A", "jira"), item("Task", "T-B", "jira"))
        broken = Anomaly("brokenLine", "no JSON", "file:2", skipped=True)
        report = await space.load(item("Task", "T-A", "jira"), broken, prune=True)
        assert (report.archived, report.skipped, report.anomalies["pruneRefused"]) == (0, 1, 1)
        assert not any("archivedAt" in one for one in (await space.items()).values())

    run(scenario)


def test_what_cannot_be_stored_is_counted_and_the_rest_is_loaded(run: Run) -> None:
    async def scenario(space: Space) -> None:
        report = await space.load(
            item("Task", "T-A", "jira", estimate="much", colour="red"),
            item("Task", "T-A", "jira", title="again"),
            NodeRow("Tusk", "jira", "x", {"title": "x"}),
            NodeRow("Task", "jira", "untitled"),
            NodeRow("Task", "jira", "", {"title": "x"}),
            NodeRow("Task", "jira", "other", {"title": "x"}, key="T-A"),
            edge("BLOCKS", "T-A", "jira:T-A"),
            edge("OWNS", "T-A", "jira:other"),
            EdgeRow("BLOCKS", Ref("key", "T-A"), Ref("id", "018f0000-0000-7000-8000-000000000000")),
            EdgeRow("LIKES", Ref("key", "T-A"), Ref("jira", "other")),
            StatusNames({"Done": "STARTED"}),
            FieldNames({"squad": "colour"}),
        )
        counted = {"unknownKind": 2, "invalidValue": 2, "duplicateId": 1, "unknownProperty": 1, "missingTitle": 1}
        counted |= {"missingId": 1, "keyTaken": 1, "selfReference": 1, "wrongEnds": 1, "targetNotFound": 1}
        assert report.anomalies == counted | {"statusMeansOther": 1}
        assert report.skipped == 7
        items = await space.items()
        assert {one["sourceId"]: one["title"] for one in items.values()} == {
            "T-A": "Title of T-A",
            "untitled": "untitled",
            "other": "x",
        }
        assert await space.edges() == {}
        assert await space.violations() == []

    run(scenario)


def test_a_dry_run_foretells_and_writes_nothing(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(*world())
        before = await space.items(), await space.edges(), len(await space.log())
        changed = [*world()[:-1], item("Task", "T-NEW", "jira"), edge("BLOCKS", "T-NEW", "jira:later")]
        foretold = await space.load(*changed, dry_run=True, prune=True)
        assert (await space.items(), await space.edges(), len(await space.log())) == before
        real = await space.load(*changed, prune=True)
        ignored = {"seconds", "changeSeq"}
        assert {name: value for name, value in foretold.to_dict().items() if name not in ignored} == {
            name: value for name, value in real.to_dict().items() if name not in ignored
        }
        assert figures(real) == (1, 0, 11, 0, 1)

    run(scenario)


@pytest.mark.parametrize(
    "bad",
    [
        item("Task", "T-X", "jira", estimate="much"),
        NodeRow("Tusk", "jira", "x", {"title": "x"}),
        edge("BLOCKS", "T-1", "T-2", confidence=7),
        Anomaly("brokenLine", "no JSON", "file:2", skipped=True),
    ],
    ids=["value", "kind", "edge", "line"],
)
def test_strict_refuses_the_whole_input(run: Run, bad: Record) -> None:
    async def scenario(space: Space) -> None:
        with pytest.raises(BatchRefusedError):
            await space.load(*world(), bad, strict=True, chunk=3)
        assert await space.items() == {}
        assert (await read(space.store, space.id)).import_run is None
        report = await space.load(*world(), Anomaly("odd", "but usable"), strict=True)
        assert report.created == 11

    run(scenario)


def test_a_local_edit_is_kept_and_reported(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(item("Task", "T-A", "jira", estimate=3, priority="LOW"))
        await space.write(patch("Task", "T-A", "jira", estimate=8))
        report = await space.load(item("Task", "T-A", "jira", estimate=5, priority="HIGH"))
        assert report.anomalies == {"localEditKept": 1}
        assert "estimate" in report.examples["localEditKept"][0]
        after = (await space.items())["T-A"]
        assert (after["estimate"], after["priority"]) == (8.0, "HIGH")
        again = await space.load(item("Task", "T-A", "jira", estimate=5, priority="HIGH"))
        assert figures(again) == (0, 0, 1, 0, 0)

    run(scenario)


def test_an_interrupted_load_says_so_and_is_completed_by_the_next(run: Run) -> None:
    async def scenario(space: Space) -> None:
        def interrupted() -> Iterator[Record]:
            yield from world()[:9]
            raise OSError("the disk went away")

        options = LoadOptions(chunk=4)
        with pytest.raises(OSError, match="the disk went away"):
            await load(space.store, space.id, interrupted(), source="jira", options=options, clock=lambda: NOW)
        assert 0 < len(await space.items()) < 11
        assert [one.rule for one in await space.violations()] == ["every import was finished"]
        report = await space.load(*world(), chunk=4)
        assert 0 < report.unchanged < report.nodes.total() == 11
        whole = Space(space.store, f"{space.id}-whole")
        await whole.load(*world())
        assert await content(space) == await content(whole)
        assert await space.violations() == []

    run(scenario)


def test_a_load_that_fails_before_it_wrote_anything_leaves_no_mark(run: Run) -> None:
    async def scenario(space: Space) -> None:
        class Unreadable(list[Record]):
            def __iter__(self) -> Iterator[Record]:
                raise OSError("no such file")

        with pytest.raises(OSError, match="no such file"):
            await load(space.store, space.id, Unreadable(), source="jira", clock=lambda: NOW)
        assert await space.violations() == []

    run(scenario)


def test_readers_see_that_a_load_is_running(run: Run) -> None:
    async def scenario(space: Space) -> None:
        running: list[str | None] = []

        def records() -> Iterator[Record]:
            yield from world()

        async def look() -> None:
            while len(running) < 3:
                running.append((await read(space.store, space.id)).import_run)
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        await load(space.store, space.id, records(), source="jira", options=LoadOptions(chunk=1), clock=lambda: NOW)
        await looking
        assert any(running)
        assert (await read(space.store, space.id)).import_run is None

    run(scenario)


@pytest.mark.parametrize("other", ["linear", "jira"])
def test_an_import_stays_marked_when_another_ends_before_it(run: Run, other: str) -> None:
    async def scenario(space: Space) -> None:
        going_on, may_go_on = threading.Semaphore(0), threading.Semaphore(0)

        def slow() -> Iterator[Record]:
            for place, one in enumerate(world()):
                yield one
                if place % 4 == 3:
                    going_on.release()
                    may_go_on.acquire(timeout=60)

        def quick() -> Iterator[Record]:
            # While this one runs, the other writes a part.
            may_go_on.release()
            going_on.acquire(timeout=60)
            may_go_on.release()
            going_on.acquire(timeout=60)
            yield item("Task", "LIN-1", other)

        options = LoadOptions(chunk=4)
        loading = asyncio.create_task(
            load(space.store, space.id, slow(), source="jira", options=options, clock=lambda: NOW)
        )
        await asyncio.to_thread(going_on.acquire, timeout=60)
        first = (await read(space.store, space.id)).import_run
        assert first is not None
        await load(space.store, space.id, quick(), source=other, clock=lambda: NOW)
        assert list((await read(space.store, space.id)).imports) == [first]
        for _ in range(len(world())):
            may_go_on.release()
        await loading
        assert await space.violations() == []

    run(scenario)


def test_an_import_that_was_killed_stays_marked_until_one_of_its_source_is_done(run: Run) -> None:
    async def scenario(space: Space) -> None:
        written = threading.Event()

        def endless() -> Iterator[Record]:
            yield from world()[:8]
            written.wait(60)

        options = LoadOptions(chunk=4)
        loading = asyncio.create_task(
            load(space.store, space.id, endless(), source="jira", options=options, clock=lambda: NOW)
        )
        while not await space.items():  # noqa: ASYNC110 - the database has no events
            await asyncio.sleep(0.01)
        loading.cancel()
        written.set()
        with pytest.raises(asyncio.CancelledError):
            await loading
        (killed,) = (await read(space.store, space.id)).imports
        await space.load(item("Task", "LIN-1", "linear"), source="linear")
        assert list((await read(space.store, space.id)).imports) == [killed]
        assert [one.rule for one in await space.violations()] == ["every import was finished"]
        await space.load(*world(), chunk=4)
        assert await space.violations() == []

    run(scenario)


def test_an_import_that_ends_before_it_knows_what_was_written_stays_marked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written_and_cut_off(*given: Any, **options: Any) -> Outcome:
        await write(*given, **options)
        raise asyncio.CancelledError

    async def scenario(space: Space) -> None:
        monkeypatch.setattr("graph.writing.loading.write", written_and_cut_off)
        with pytest.raises(asyncio.CancelledError):
            await space.load(item("Task", "T-1", "jira"))
        assert len(await space.items()) == 1
        assert [one.rule for one in await space.violations()] == ["every import was finished"]

    run(scenario)


def test_two_loads_at_once_leave_one_whole_graph(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await asyncio.gather(*(space.load(*world(), chunk=5) for _ in range(4)))
        whole = Space(space.store, f"{space.id}-whole")
        await whole.load(*world())
        assert await content(space) == await content(whole)
        assert await space.violations() == []

    run(scenario)


def test_edges_that_no_longer_fit_an_item_of_another_kind_are_taken_away_and_counted(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(
            item("Task", "T-1", "jira"), item("Task", "T-2", "jira"), item("Project", "P-1", "jira"),
            edge("PART_OF", "T-1", "P-1"), edge("PART_OF", "T-2", "T-1"), edge("BLOCKS", "T-2", "T-1"),
        )  # fmt: skip
        milestone = item("Milestone", "T-1", "jira")
        report = await space.load(milestone, item("Milestone", "T-2", "jira"), edge("PART_OF", "T-1", "P-1"))
        assert report.anomalies == {"edgeDropped": 1}
        assert (
            "T-2 → T-1 is taken away: PART_OF cannot run from Milestone to Milestone"
            in report.examples["edgeDropped"][0]
        )
        assert (report.edges_removed, report.skipped) == (1, 0)
        assert await space.violations() == []
        assert {name[1] for name in (await space.edges())} == {"PART_OF", "BLOCKS"}

    run(scenario)


def test_edges_are_checked_against_the_kind_that_a_load_gives_an_item(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(item("Task", "A", "jira"), item("Project", "P", "jira"))
        fits = item("Project", "A", "jira"), item("Portfolio", "F", "jira"), edge("PART_OF", "A", "F")
        assert (await space.load(*fits)).anomalies == {}
        misfits = item("Task", "A", "jira"), edge("PART_OF", "A", "F")
        report = await space.load(*misfits, chunk=1)
        assert report.anomalies == {"edgeDropped": 1, "wrongEnds": 1}
        assert await space.violations() == []

    run(scenario)


def test_what_stood_in_for_an_item_of_another_kind_leaves_no_edge_behind_that_does_not_fit(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.load(item("Task", "T-1", "jira"), edge("PART_OF", "T-1", "jira:X"))
        report = await space.load(item("Objective", "X", "jira"))
        assert report.anomalies == {"edgeDropped": 1}
        assert await space.violations() == []

    run(scenario)
