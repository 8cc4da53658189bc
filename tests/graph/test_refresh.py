"""A refreshed snapshot is the one that reading everything again would give, whatever was written in between."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from graph.batch import BORN_HERE, EdgeRow, NodeRow
from graph.calendars import WEEK, WorkingCalendar
from graph.connection import Connection
from graph.errors import BatchRefusedError
from graph.model import EDGES, NODES
from graph.records import imports
from graph.records.workspace import ensure, lock, read
from graph.rules.lifecycle import DEFAULT_STATUSES
from graph.snapshots.columns import NO_CODE, TextColumn
from graph.snapshots.past import as_of
from graph.snapshots.patching import Patch, patched
from graph.snapshots.snapshot import HEALTHS, Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper, advanced, load_snapshot, refresh
from graph.store import Transaction, open_store
from graph.writing.writer import Mode
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, gone, item, keys, patch

KEYS = [f"N-{number}" for number in range(7)]
UPDATES = [f"U-{number}" for number in range(3)]
WORDS = st.sampled_from(["", "a", "ä😀", "longer than others"])
SOME = st.none() | st.integers(0, 50).map(float)
PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "title": WORDS.map("t".__add__),
    "status": st.sampled_from(["Backlog", "In progress", "Done", "Cancelled", "Blocked"]),
    "due": st.sampled_from([None, "2026-12-01", "2026-Q3", "2027"]),
    "start": st.sampled_from([None, "2026-11-01", "2026-W45"]),
    "periodStart": st.sampled_from([None, "2026-H1"]),
    "periodEnd": st.sampled_from([None, "2026-H1"]),
    "startedAt": st.sampled_from([None, "2026-01-02T03:04:05.678Z"]),
    "updatedAt": st.sampled_from(["2026-01-02T03:04:05Z", "2026-02-02T00:00:00Z"]),
    "priority": st.sampled_from([None, "LOW", "URGENT"]),
    "severity": st.sampled_from([None, "LOW", "CRITICAL"]),
    "visibility": st.sampled_from(["WORKSPACE", "TEAM"]),
    "currency": st.sampled_from([None, "EUR", "kroner"]),
    "active": st.sampled_from([None, True, False]),
    **dict.fromkeys(("estimate", "remaining", "points", "value", "enough", "weight", "budget", "weeklyHours"), SOME),
}
REPORT = {
    "at": st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"]),
    "health": st.sampled_from([None, "ON_TRACK", "OFF_TRACK"]),
    "value": SOME,
    "confidence": st.sampled_from([None, 0.25, 0.75]),
}
TIES: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["FS", "SS", "SF"]),
    "lag": st.sampled_from([None, -2.0, 4.0]),
    "weight": st.sampled_from([None, 0.0, 2.0]),
    "share": st.sampled_from([None, 0.5]),
    "role": st.sampled_from([None, "lead", "guest"]),
    "confidence": st.sampled_from([None, 0.25, 1.0]),
}


@dataclass
class Step:
    """One write: rows for the write path, and what to archive or restore."""

    rows: list[NodeRow | EdgeRow] = field(default_factory=list)
    archive: list[str] = field(default_factory=list)
    restore: list[str] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    mode: Mode = Mode.IMPORT


def some_of(kind: str, strategies: dict[str, st.SearchStrategy[Any]], draw: st.DrawFn) -> dict[str, Any]:
    declared = {one.name for one in (NODES[kind] if kind in NODES else EDGES[kind]).properties}
    names = draw(st.lists(st.sampled_from(sorted(strategies.keys() & declared)), unique=True, max_size=5))
    return {name: draw(strategies[name]) for name in names}


@st.composite
def steps(draw: st.DrawFn) -> Step:
    step = Step(mode=draw(st.sampled_from([Mode.IMPORT, Mode.IMPORT, Mode.EDIT])))
    for _ in range(draw(st.integers(1, 4))):
        what = draw(st.sampled_from(["item", "item", "report", "edge", "edge", "edge", "archive", "restore", "team"]))
        key = draw(st.sampled_from(KEYS))
        kind = draw(st.sampled_from([*NODES, "Task", "Task", "Objective"]))
        if what == "item":
            given_values = {"title": "x", **some_of(kind, PROPERTIES, draw)}
            if kind == "Update":
                given_values["at"] = draw(REPORT["at"])
            step.rows.append(NodeRow(kind, BORN_HERE, key, given_values, key=key))
        elif what == "team":
            team = draw(st.sampled_from(KEYS[:2]))
            step.rows.append(NodeRow("Team", BORN_HERE, team, {"title": "x"}, key=team))
            identity = IDS[KEYS.index(draw(st.sampled_from(KEYS[:2])))]
            step.rows.append(NodeRow("Task", BORN_HERE, key, {"title": "x", "team": identity}, key=key))
        elif what == "report":
            update = draw(st.sampled_from(UPDATES))
            values = {name: draw(one) for name, one in REPORT.items()}
            step.rows.append(NodeRow("Update", BORN_HERE, update, {"title": "u", **values}, key=update))
            step.rows.append(edge("REPORTS_ON", update, key))
        elif what == "edge":
            kind = draw(st.sampled_from([*EDGES, "BLOCKS", "PART_OF", "REPORTS_ON"]))
            start = draw(st.sampled_from(UPDATES if kind == "REPORTS_ON" else KEYS))
            row = edge(kind, start, key, **some_of(kind, TIES, draw))
            row.remove = draw(st.sampled_from([False, False, True]))
            step.rows.append(row)
        else:
            which = step.archive if what == "archive" else step.restore
            which.append(draw(st.sampled_from([*KEYS, *UPDATES])))
    if draw(st.integers(0, 5)) == 0:
        step.statuses = {draw(st.sampled_from(["Mulling", "Shipped"])): "DONE"}
    return step


IDS = [str(uuid.uuid5(uuid.NAMESPACE_OID, key)) for key in KEYS]
"""Ids that the items get, so that one may name another as its team before that exists."""


def same(one: Snapshot, other: Snapshot) -> None:
    """Fail unless two snapshots are equal in every column and every setting."""
    for name in ("workspace", "seq", "policy", "status_names", "status_categories", "calendars", "import_run"):
        assert getattr(one, name) == getattr(other, name), name
    assert list(one.names) == list(other.names)
    for block, expected in ((one.items, other.items), (one.edges, other.edges)):
        for column in fields(block):
            found, wanted = getattr(block, column.name), getattr(expected, column.name)
            if isinstance(wanted, TextColumn):
                assert list(found) == list(wanted), column.name
            else:
                assert found.dtype == wanted.dtype, column.name
                np.testing.assert_array_equal(found, wanted, err_msg=column.name)


async def carried_out(space: Space, step: Step, now: int) -> None:
    """Write a step; one that breaks a rule is refused as a whole, which is fine here."""
    for row in step.rows:
        if isinstance(row, NodeRow) and row.key in KEYS:
            row.id = IDS[KEYS.index(row.key)]
    there = set(await space.items())
    with contextlib.suppress(BatchRefusedError):
        await space.write(
            *step.rows,
            mode=step.mode,
            now=now,
            archive=keys(*(key for key in step.archive if key in there)),
            restore=keys(*(key for key in step.restore if key in there)),
            statuses=step.statuses,
        )


# Every step is a transaction: shrinking would take minutes, and a failing history is short as it is.
RANDOM = settings(
    deadline=None,
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@RANDOM
@given(st.lists(st.tuples(steps(), st.booleans()), min_size=2, max_size=12))
def test_a_refreshed_snapshot_is_what_reading_again_gives(
    migrated: Connection, history: list[tuple[Step, bool]]
) -> None:
    async def work() -> None:
        async with open_store(migrated) as store:
            space = Space(store, f"graph-{uuid.uuid4().hex}")
            await ensure(store, space.id, NOW)
            states = [(await load_snapshot(store, space.id), await read(store, space.id))]
            refreshed = states[0][0]
            for number, (step, look) in enumerate(history, 1):
                await carried_out(space, step, NOW + number)
                if look or number == len(history):
                    states.append((await load_snapshot(store, space.id), await read(store, space.id)))
                    refreshed = await refresh(store, refreshed)
                    same(refreshed, states[-1][0])
            # As if what came later had been written while the log was read: it must leave no trace.
            for earlier, (snapshot, words) in pairwise(states):
                same(await advanced(store, earlier[0], words), snapshot)
            today = await read(store, space.id)
            for snapshot, _ in states:
                past = await as_of(store, space.id, snapshot.seq, refreshed)
                same(past, patched(snapshot, Patch(), replace(today, seq=snapshot.seq)))

    asyncio.run(work())


def test_a_refresh_follows_teams(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Team", "TEAM-1"), item("Team", "TEAM-2"), item("Task", "T-1"), item("Task", "T-2"))
        ids = {key: one["id"] for key, one in (await space.items()).items()}
        snapshot = await load_snapshot(space.store, space.id)

        async def team(key: str) -> str | None:
            nonlocal snapshot
            snapshot = await refresh(space.store, snapshot)
            row = snapshot.items.team[snapshot.row(key)]
            return None if row < 0 else str(snapshot.names[row])

        assert await team("T-1") is None
        await space.write(patch("Task", "T-1", team=ids["TEAM-1"]), patch("Task", "T-2", team=ids["TEAM-2"]))
        assert (await team("T-1"), await team("T-2")) == ("TEAM-1", "TEAM-2")
        await space.write(patch("Task", "T-1", team=ids["TEAM-2"]))
        assert await team("T-1") == "TEAM-2"
        await space.write(archive=keys("TEAM-2"))
        assert (await team("T-1"), await team("T-2")) == (None, None)
        await space.write(patch("Task", "T-1", team=None))
        await space.write(restore=keys("TEAM-2"))
        assert (await team("T-1"), await team("T-2")) == (None, "TEAM-2")
        await space.write(item("Person", "TEAM-2"), mode=Mode.IMPORT)
        assert await team("T-2") is None
        await space.write(item("Team", "TEAM-2"), mode=Mode.IMPORT)
        assert await team("T-2") == "TEAM-2"

    run(scenario)


def test_a_refresh_follows_what_is_last_reported(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1"), item("Task", "T-2"))
        for key, day, health in (("U-1", 1, "ON_TRACK"), ("U-2", 2, "AT_RISK"), ("U-3", 3, None)):
            await space.write(item("Update", key, at=f"2026-03-0{day}T00:00:00Z", health=health))
        snapshot = await load_snapshot(space.store, space.id)

        async def said(key: str) -> tuple[str | None, int]:
            nonlocal snapshot
            snapshot = await refresh(space.store, snapshot)
            row = snapshot.row(key)
            code, at = int(snapshot.items.latest_health[row]), snapshot.items.latest_at[row]
            day = 0 if np.isnat(at) else int(at.astype("datetime64[D]").item().day)
            return None if code == NO_CODE else HEALTHS[code], day

        assert await said("T-1") == (None, 0)
        await space.write(edge("REPORTS_ON", "U-2", "T-1"))
        assert await said("T-1") == ("AT_RISK", 2)
        await space.write(edge("REPORTS_ON", "U-1", "T-1"))
        assert await said("T-1") == ("AT_RISK", 2)
        await space.write(edge("REPORTS_ON", "U-3", "T-1"))
        assert await said("T-1") == ("AT_RISK", 3)
        await space.write(patch("Update", "U-2", health="OFF_TRACK"))
        assert await said("T-1") == ("OFF_TRACK", 3)
        await space.write(archive=keys("U-2"))
        assert await said("T-1") == ("ON_TRACK", 3)
        await space.write(gone("REPORTS_ON", "U-3", "T-1"), edge("REPORTS_ON", "U-3", "T-2"))
        assert (await said("T-1"), await said("T-2")) == (("ON_TRACK", 1), (None, 3))
        await space.write(archive=keys("T-1"))
        await space.write(restore=keys("U-2"))
        await space.write(restore=keys("T-1"))
        assert await said("T-1") == ("OFF_TRACK", 2)

    run(scenario)


def test_a_refresh_follows_calendars(run: Run) -> None:
    async def scenario(space: Space) -> None:
        short, long = WorkingCalendar("short", hours=(4.0, *WEEK[1:])), WorkingCalendar("long", name="all days")
        snapshot = await load_snapshot(space.store, space.id)
        for calendars in ({"short": short, "long": long}, {"long": None}, {"short": replace(short, name="other")}):
            await space.write(calendars=calendars)
            snapshot = await refresh(space.store, snapshot)
            same(snapshot, await load_snapshot(space.store, space.id))
        assert snapshot.calendars == (replace(short, name="other"),)

    run(scenario)


def test_a_snapshot_read_while_others_write_is_one_state_of_the_graph(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", f"T-{number}", estimate=0) for number in range(40)))
        await space.write(*(edge("PART_OF", f"T-{number}", f"T-{number // 2}") for number in range(2, 40)))
        stop = asyncio.Event()

        async def rewrite(first: int) -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                # One transaction each: whoever sees part of one sees a state that never was.
                some = [patch("Task", f"T-{number}", estimate=turn) for number in range(first, 40, 4)]
                await space.write(*some)
                await space.write(archive=keys(f"T-{first}", f"T-{first + 4}"))
                await space.write(edge("RELATES_TO", f"T-{first + 8}", f"T-{first + 12}", confidence=turn % 2))
                await space.write(restore=keys(f"T-{first}", f"T-{first + 4}"))

        writers = [asyncio.create_task(rewrite(first)) for first in range(4)]
        snapshots = [await load_snapshot(space.store, space.id)]
        for _ in range(5):
            snapshots += [await load_snapshot(space.store, space.id), await refresh(space.store, snapshots[-1])]
        stop.set()
        await asyncio.gather(*writers)
        for one in snapshots:
            for first in range(4):
                group = [one.row(f"T-{number}") for number in range(first + 8, 40, 4)]
                assert len(set(one.items.estimate[group])) == 1
                assert (f"T-{first}" in set(one.names)) == (f"T-{first + 4}" in set(one.names))
        final = await load_snapshot(space.store, space.id)
        for one in snapshots:
            same(await refresh(space.store, one), final)

    run(scenario)


def test_a_number_is_believed_only_when_the_writes_before_it_are_there_in_full(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1"))
        first = await load_snapshot(space.store, space.id)
        await space.write(patch("Task", "T-1", estimate=1))
        begun, finish = asyncio.Event(), asyncio.Event()

        async def unfinished(transaction: Transaction) -> None:
            await lock(transaction, space.id, "test")
            begun.set()
            await finish.wait()

        writing = asyncio.create_task(space.store.write(unfinished))
        await begun.wait()
        readers = [
            asyncio.create_task(load_snapshot(space.store, space.id)),
            asyncio.create_task(refresh(space.store, first)),
        ]
        done, _ = await asyncio.wait(readers, timeout=0.5)
        assert not done
        current = replace(first, seq=first.seq + 1)
        assert await refresh(space.store, current) is current  # where nothing is new, nobody waits
        finish.set()
        await writing
        for one in await asyncio.gather(*readers):
            assert one.seq == first.seq + 1
            assert one.items.estimate.tolist() == [1]

    run(scenario)


def test_a_long_log_is_not_replayed_but_read_again(run: Run) -> None:
    async def scenario(space: Space) -> None:
        empty = await load_snapshot(space.store, space.id)
        await space.write(*(item("Task", f"T-{number}") for number in range(30)))
        await space.raw("MATCH (c:Change {workspace: $workspace}) SET c.data = null")
        same(await refresh(space.store, empty), await load_snapshot(space.store, space.id))

    run(scenario)


def test_new_words_and_another_policy_count_without_a_change(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1"), item("Task", "T-2"), item("Person", "P-1"))
        await space.write(edge("BLOCKS", "T-1", "T-2", confidence=0.4))
        keeper = SnapshotKeeper(space.store, space.id)
        first = await keeper.current()
        assert not first.edges.traversed.any()
        assert await keeper.current() is first
        await space.write(statuses={"Shipped": "DONE"})
        await space.write(policy={"minConfidence": 0.3})
        second = await keeper.current()
        assert second.edges.traversed.all()
        assert second.status_names[-1] == "Shipped"
        assert second.status(second.row("P-1")) is None
        same(second, await load_snapshot(space.store, space.id))
        kept = orjson.dumps(dict(list(DEFAULT_STATUSES.items())[1:])).decode()
        await space.raw("MATCH (w:Workspace {id: $workspace}) SET w.statuses = $statuses", statuses=kept)
        same(await keeper.current(), await load_snapshot(space.store, space.id))

    run(scenario)


def test_what_analyses_derive_stays_with_the_snapshot_it_was_derived_from(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(item("Task", "T-1", estimate=1))
        keeper = SnapshotKeeper(space.store, space.id)
        before = await keeper.current()
        before.derived["something"] = "of before"
        assert (before.row("T-1"), before.items.estimate[0]) == (0, 1)
        await space.write(patch("Task", "T-1", estimate=2), item("Task", "T-0"))
        after = await keeper.current()
        assert after.derived == {}
        assert after.items.estimate[after.row("T-1")] == 2
        assert before.items.estimate[before.row("T-1")] == 1
        assert len(before) == 1

    run(scenario)


def test_a_reader_sees_that_an_import_is_going_on(run: Run) -> None:
    async def scenario(space: Space) -> None:
        keeper = SnapshotKeeper(space.store, space.id)
        assert (await keeper.current()).import_run is None
        seen: list[str | None] = []
        await imports.mark(space.store, space.id, "run-1", "jira")
        seen.append((await keeper.current()).import_run)
        await space.load(item("Task", "T-1", "jira"))
        seen.append((await keeper.current()).import_run)
        assert seen == ["run-1", None]

    run(scenario)
