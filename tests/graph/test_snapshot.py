from __future__ import annotations

import asyncio
import random
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model import EDGES, NODES
from graph.policy import Policy
from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from graph.snapshots.columns import TextColumn, rows_of_identities
from graph.snapshots.snapshot import CATEGORIES, EDGE_KINDS, KINDS, SEVERITIES, Snapshot
from graph.snapshots.snapshot_store import SnapshotKeeper, load_snapshot
from tests.graph.conftest import Run
from tests.graph.space import Space, edge, item, keys, patch

WALKED = {"PART_OF", "BLOCKS", "CONTRIBUTES_TO", "AFFECTS"}
IN_GRAPH = {"Project", "Milestone", "Task", "Operation", "Issue", "Objective", "KeyResult"}
LABELS = st.sampled_from([label for label in NODES if label != "Update"])


def days(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def test_a_snapshot_holds_what_was_written(run: Run) -> None:
    async def scenario(space: Space) -> None:
        chance = random.Random(7)
        statuses = sorted(DEFAULT_STATUSES)
        tasks: dict[str, dict[str, Any]] = {
            f"T-{number}": {"status": chance.choice(statuses), "estimate": number, "remaining": number / 2}
            for number in range(30)
        }
        await space.write(*(item("Task", key, **values) for key, values in tasks.items()))
        await space.write(item("Person", "P-1", weeklyHours=30), item("Team", "TEAM-1"), item("Project", "PRJ-1"))
        pairs = {(f"T-{low}", f"T-{high}") for low, high in (sorted(chance.sample(range(30), 2)) for _ in range(40))}
        waits = {pair: (chance.choice(["FS", "SS", "FF", "SF"]), chance.randint(-8, 8)) for pair in sorted(pairs)}
        await space.write(*(edge("BLOCKS", *pair, type=wait, lag=lag) for pair, (wait, lag) in waits.items()))
        await space.write(edge("OWNS", "P-1", "PRJ-1"), edge("MEMBER_OF", "P-1", "TEAM-1", role="lead", share=0.5))
        await space.write(archive=keys("T-3"))
        snapshot = await load_snapshot(space.store, space.id)
        assert snapshot.seq == 5
        assert set(snapshot.names) == (set(tasks) | {"P-1", "TEAM-1", "PRJ-1"}) - {"T-3"}
        stored = await space.items()
        assert [snapshot.id(row) for row in range(len(snapshot))] == sorted(
            stored[str(one)]["id"] for one in snapshot.names
        )
        for key, values in tasks.items():
            if key != "T-3":
                row = snapshot.row(key)
                assert snapshot.row(stored[key]["id"]) == row
                assert snapshot.items.title[row] == f"Title of {key}"
                assert snapshot.status(row) is DEFAULT_STATUSES[values["status"]]
                assert (snapshot.items.estimate[row], snapshot.items.remaining[row]) == (
                    values["estimate"],
                    values["remaining"],
                )
        found = {}
        for place in snapshot.edges_of("BLOCKS"):
            name = snapshot.names[snapshot.edges.start[place]], snapshot.names[snapshot.edges.end[place]]
            wait = ("FS", "SS", "FF", "SF")[snapshot.edges.wait_type[place]]
            found[name] = (wait, snapshot.edges.lag[place])
        assert found == {pair: wait for pair, wait in waits.items() if "T-3" not in pair}
        (lead,) = snapshot.edges_of("MEMBER_OF")
        assert snapshot.edges.leads[lead]
        assert snapshot.edges.share[lead] == 0.5
        assert len(snapshot.edges_of("OWNS")) == 1

    run(scenario)


def test_each_column_takes_its_own_property(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(
            item("Task", "T-1", due="2026-Q4", start="2026-W45", priority="URGENT", duration=6, points=3, spent=1),
            item("Issue", "I-1", severity="CRITICAL"),
            item("Objective", "O-1", periodStart="2026-Q4", periodEnd="2026-Q4", value=3, enough=0.5),
            item("KeyResult", "KR-1", kind="stayBelow", startValue=1, targetValue=2, weight=4),
            item("Project", "PRJ-1", budget=100, spentBudget=40, currency="eur", startedAt="2026-01-02T03:04:05.678Z"),
            item("Team", "TEAM-1", kind="milestone"),
        )
        await space.write(item("Portfolio", "PF-1", budget=1, currency="euros"))
        await space.write(
            item("Person", "ann", active=False), item("Person", "bob"), item("Person", "cem", active=True)
        )
        team = (await space.items())["TEAM-1"]["id"]
        await space.write(patch("Task", "T-1", team=team, visibility="TEAM"))
        for key, at, health in (("U-2", "2026-03-01", "OFF_TRACK"), ("U-1", "2026-02-01", "ON_TRACK")):
            update = item("Update", key, at=f"{at}T00:00:00Z", health=health, value=len(health), confidence=0.25)
            await space.write(update, edge("REPORTS_ON", key, "KR-1"))
        silent = item("Update", "U-3", at="2026-04-01T00:00:00Z", body="Nothing new.")
        await space.write(silent, edge("REPORTS_ON", "U-3", "KR-1"))
        snapshot = await load_snapshot(space.store, space.id)
        items, row = snapshot.items, snapshot.row
        task = row("T-1")
        assert (items.due[task], items.start[task]) == (days("2026-12-31"), days("2026-11-02"))
        assert (items.priority[task], items.duration[task], items.points[task], items.spent[task]) == (3, 6, 3, 1)
        assert items.team[task] == row("TEAM-1")
        assert items.restricted[task]
        assert items.severity[row("I-1")] == 3
        goal = row("O-1")
        assert (items.period_start[goal], items.period_end[goal]) == (days("2026-10-01"), days("2026-12-31"))
        assert (items.value[goal], items.enough[goal]) == (3, 0.5)
        result = row("KR-1")
        assert (items.result_kind[result], items.start_value[result], items.target_value[result]) == (3, 1, 2)
        assert items.weight[result] == 4
        assert items.latest_at[result] == np.datetime64("2026-04-01", "ms")
        assert (items.latest_health[result], items.latest_value[result]) == (2, 9)
        project = row("PRJ-1")
        assert (items.budget[project], items.spent_budget[project]) == (100, 40)
        assert (items.currency[project], items.currency[row("PF-1")], items.currency[task]) == (b"EUR", b"?", b"")
        assert items.started_at[project] == np.datetime64("2026-01-02T03:04:05.678", "ms")
        assert {snapshot.names[at] for at in np.flatnonzero(items.inactive).tolist()} == {"ann"}
        assert np.isnan(items.estimate[task])
        assert np.isnat(items.due[project])
        assert "U-1" not in set(snapshot.names)
        with pytest.raises(KeyError, match="U-1"):
            snapshot.row("U-1")

    run(scenario)


def test_a_keeper_never_shows_less_than_was_committed(run: Run) -> None:
    async def scenario(space: Space) -> None:
        keeper = SnapshotKeeper(space.store, space.id)
        assert len(await keeper.current()) == 0
        for number in range(3):
            await space.write(item("Task", f"T-{number}"))
            several = await asyncio.gather(*(keeper.current() for _ in range(4)))
            assert [len(one) for one in several] == [number + 1] * 4
            assert len({id(one) for one in several}) == 1

    run(scenario)


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """Any graph of any kinds of items and edges, with what a snapshot keeps of them."""
    graph: Any = nx.MultiDiGraph()
    numbers = st.none() | st.integers(0, 1000).map(float)
    for number in range(draw(st.integers(0, 7))):
        kind = draw(LABELS)
        status = draw(st.sampled_from([*(one.value for one in Category), None]))
        data: dict[str, Any] = {
            "kind": kind,
            "status": status,
            "title": draw(st.text(st.characters(codec="utf-8"), max_size=6)),
        }
        data |= {name: draw(numbers) for name in ("estimate", "duration", "value", "weight")}
        data["remaining"] = draw(st.integers(0, 99).map(float))
        data["due"] = draw(st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(date.isoformat))
        data["severity"] = draw(st.sampled_from([None, *SEVERITIES]))
        graph.add_node(
            f"N-{number}", **{name: value for name, value in data.items() if value is not None or name == "status"}
        )
    nodes = list(graph)
    for _ in range(draw(st.integers(0, 12)) if len(nodes) > 1 else 0):
        start, end = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        kind = draw(st.sampled_from(EDGE_KINDS))
        data = {"kind": kind, "confidence": draw(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))}
        if kind == "BLOCKS":
            data |= {"type": draw(st.sampled_from(["FS", "SS", "FF", "SF"])), "lag": float(draw(st.integers(-9, 9)))}
        graph.add_edge(start, end, **data)
    return graph


def listed(graph: Any) -> Any:
    nodes = {
        name: {key: str(value) for key, value in data.items() if key not in {"key", "enough"}}
        for name, data in graph.nodes(data=True)
    }
    return nodes, sorted((start, end, sorted(map(str, data.items()))) for start, end, data in graph.edges(data=True))


@settings(deadline=None)
@given(graphs())
def test_networkx_and_back(graph: Any) -> None:
    assert listed(Snapshot.from_networkx(graph).to_networkx()) == listed(graph)


@settings(deadline=None)
@given(graphs(), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from(SEVERITIES))
def test_the_policy_decides_which_edges_are_walked(graph: Any, confidence: float, severity: str) -> None:
    snapshot = Snapshot.from_networkx(graph, policy=Policy(min_confidence=confidence, min_severity=severity))
    walked = []
    for start, end, data in graph.edges(data=True):
        source, target = graph.nodes[start], graph.nodes[end]
        is_severe = source.get("severity") in SEVERITIES[SEVERITIES.index(severity) :]
        if (
            data["kind"] in WALKED
            and {source["kind"], target["kind"]} <= IN_GRAPH
            and source["status"] not in {"DONE", "CANCELLED"}
            and data["confidence"] >= confidence
            and (data["kind"] != "AFFECTS" or is_severe)
        ):
            walked.append((data["kind"], start, end))
    edges = snapshot.edges
    found = [
        (EDGE_KINDS[edges.kind[place]], snapshot.names[edges.start[place]], snapshot.names[edges.end[place]])
        for place in np.flatnonzero(edges.traversed)
    ]
    assert sorted(found, key=str) == sorted(walked)


@settings(deadline=None)
@given(graphs())
def test_what_rows_say_of_their_kind_and_status(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    for name, data in graph.nodes(data=True):
        row = snapshot.row(name)
        assert KINDS[snapshot.items.kind[row]] == snapshot.label(row) == data["kind"]
        assert snapshot.is_work[row] == (NODES[data["kind"]].group == "Work")
        assert snapshot.is_goal[row] == (NODES[data["kind"]].group == "Goal")
        assert snapshot.is_open[row] == (data["status"] not in {"DONE", "CANCELLED"})
        if data["status"] is not None:
            assert CATEGORIES[snapshot.category[row]] == data["status"]
    keys_of_edges = [
        tuple(map(int, one))
        for one in zip(*(getattr(snapshot.edges, name) for name in ("kind", "start", "end")), strict=True)
    ]
    assert keys_of_edges == sorted(keys_of_edges)


@pytest.mark.parametrize(
    ("attributes", "named"),
    [({"kind": "Tusk"}, "Tusk"), ({"status": "Cooking"}, "Cooking"), ({"due": "2026-30-01"}, "due")],
)
def test_a_node_that_the_model_does_not_allow_is_named(attributes: dict[str, str], named: str) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node("bad one", **attributes)
    with pytest.raises(ValueError, match=f"'bad one'.*{named}"):
        Snapshot.from_networkx(graph)


@pytest.mark.parametrize("attributes", [{"kind": "LIKES"}, {"type": "XX"}])
def test_an_edge_that_the_model_does_not_allow_is_named(attributes: dict[str, str]) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edge("a", "b", **attributes)
    with pytest.raises(ValueError, match="'a' → 'b'"):
        Snapshot.from_networkx(graph)


TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1, max_size=8)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_a_column_of_texts_is_a_sequence_of_texts(texts: list[str], data: st.DataObject) -> None:
    column = TextColumn.of(texts)
    assert list(column) == texts
    assert [column[-place] for place in range(1, len(texts) + 1)] == texts[::-1]
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=9))
    assert list(column.take(np.array(rows, dtype=np.int64))) == [texts[row] for row in rows]
    assert list(column.followed_by(column.take(np.array([0])))) == [*texts, texts[0]]
    with pytest.raises(IndexError):
        column[len(texts)]


@settings(deadline=None)
@given(TEXTS, st.data())
def test_an_edited_column_of_texts_is_an_edited_list(texts: list[str], data: st.DataObject) -> None:
    kept = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1))))
    new = data.draw(st.lists(st.tuples(st.integers(0, len(kept)), st.text(max_size=3)), max_size=5))
    places, added = [place for place, _ in sorted(new)], [text for _, text in sorted(new)]
    edited = TextColumn.of(texts).edited(np.array(kept, dtype=np.intp), np.array(places, dtype=np.intp), added)
    expected = [texts[row] for row in kept]
    for place, text in reversed(list(zip(places, added, strict=True))):
        expected.insert(place, text)
    assert list(edited) == expected


@settings(deadline=None)
@given(st.sets(st.binary(min_size=16, max_size=16) | st.sampled_from([bytes(16), b"a" * 15 + b"\0"])), st.data())
def test_identities_are_found_by_their_bytes(ids: set[bytes], data: st.DataObject) -> None:
    known = sorted(ids)
    asked = data.draw(st.lists(st.sampled_from([*known, b"b" * 16, b"a" * 14 + b"\0\0", b"a" * 16]), max_size=9))
    columns = [np.frombuffer(b"".join(some), dtype=np.uint8).reshape(-1, 16) for some in (known, asked)]
    expected = [known.index(one) if one in ids else -1 for one in asked]
    assert rows_of_identities(*columns).tolist() == expected


@settings(deadline=None)
@given(st.integers(0, 6).flatmap(lambda n: st.lists(st.dates(), min_size=n, max_size=n)), st.sampled_from(SEVERITIES))
def test_a_policy_reads_back(holidays: list[date], severity: str) -> None:
    policy = Policy(min_severity=severity, holidays=tuple(holidays))
    assert Policy.from_dict(policy.to_dict()) == policy
    assert Policy.from_dict({}) == Policy()


def test_the_oracle_of_these_tests_names_kinds_that_exist() -> None:
    assert set(EDGES) >= WALKED
    assert {label for label, kind in NODES.items() if kind.group} == IN_GRAPH
