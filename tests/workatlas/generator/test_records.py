from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import islice
from statistics import median

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.batch import EdgeRow, NodeRow, Record
from graph.model import EDGES, NODES
from graph.rules.expansion import Port, arcs
from tests.workatlas.row_fit import misfits
from workatlas.exporters.jsonl import lines
from workatlas.generator import MIN_ITEMS, TODAY, records

ITEMS = 5_000


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    return list(records(ITEMS, seed=7))


def _nodes(rows: list[Record], *kinds: str) -> list[NodeRow]:
    return [row for row in rows if isinstance(row, NodeRow) and (not kinds or row.kind in kinds)]


def _edges(rows: list[Record], kind: str) -> list[tuple[str, str]]:
    return [(row.start.value, row.end.value) for row in rows if isinstance(row, EdgeRow) and row.kind == kind]


def _expanded(rows: list[Record]) -> nx.DiGraph:
    """Build gates and finishes with NetworkX as the stored edges say; a leaf's two ports are one node."""
    labels = {row.key: NODES[row.kind].group for row in _nodes(rows)}
    wholes = {whole for _, whole in _edges(rows, "PART_OF")}
    graph = nx.DiGraph()
    for row in rows:
        if isinstance(row, EdgeRow) and labels[row.start.value] and labels[row.end.value]:
            ends = row.start.value, row.end.value
            for arc in arcs(row.kind, str(row.properties.get("type", "FS"))):
                tail, head = ends if arc.forward else ends[::-1]
                graph.add_edge(
                    (tail, arc.tail if tail in wholes else Port.GATE), (head, arc.head if head in wholes else Port.GATE)
                )
    for whole in wholes:
        if labels[whole]:
            graph.add_edge((whole, Port.GATE), (whole, Port.FINISH))
    return graph


@settings(max_examples=8, deadline=None)
@given(items=st.integers(MIN_ITEMS, 900), seed=st.integers(0, 2**32))
def test_any_size_is_exact_complete_acyclic_and_fits_the_model_table(items: int, seed: int) -> None:
    rows = list(records(items, seed))
    nodes = _nodes(rows)
    assert len(nodes) == items
    assert {row.kind for row in nodes} == set(NODES)
    assert {row.kind for row in rows if isinstance(row, EdgeRow)} == set(EDGES)
    assert misfits(rows) == []
    assert nx.is_directed_acyclic_graph(_expanded(rows))


def test_a_large_organization_has_no_cycle(rows: list[Record]) -> None:
    graph = _expanded(rows)
    assert nx.is_directed_acyclic_graph(graph)
    for kind in ("DUPLICATES", "SUPERSEDES", "REPORTS_TO"):
        assert nx.is_directed_acyclic_graph(nx.DiGraph(_edges(rows, kind)))
    assert misfits(rows) == []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert list(lines(records(1_000, seed=1))) == list(lines(records(1_000, seed=1)))
    assert list(lines(records(1_000, seed=1))) != list(lines(records(1_000, seed=2)))


def test_every_end_is_written_before_the_edge(rows: list[Record]) -> None:
    written: set[str] = set()
    for row in rows:
        if isinstance(row, NodeRow):
            written.add(str(row.key))
        elif isinstance(row, EdgeRow):
            assert {row.start.value, row.end.value} <= written


def test_the_shape_is_that_of_real_organizations(rows: list[Record]) -> None:
    kinds = Counter(row.kind for row in _nodes(rows))
    assert 0.6 < kinds["Task"] / ITEMS < 0.85
    assert 0.1 < kinds["Issue"] / ITEMS < 0.2
    assert 2.5 < sum(isinstance(row, EdgeRow) for row in rows) / ITEMS < 3.5
    tasks = Counter(str(row.key).rpartition("-")[0] for row in _nodes(rows, "Task"))
    sizes = sorted(tasks.values())[1:]  # the last project takes what is left
    assert sizes[0] >= 20
    assert sizes[-1] <= 230
    load = sorted(Counter(who for _, who in _edges(rows, "ASSIGNED_TO") if who.startswith("P-")).values())
    assert sum(load[-len(load) // 5 :]) > 0.4 * sum(load)  # a fifth of the people carry far more than a fifth
    chains = nx.DiGraph(_edges(rows, "BLOCKS"))
    depth: dict[str, int] = defaultdict(int)
    for key in nx.topological_sort(chains):
        for after in chains.successors(key):
            depth[after] = max(depth[after], depth[key] + 1)
    tasks_deep = [depth[str(row.key)] for row in _nodes(rows, "Task")]
    assert median(tasks_deep) <= 10
    crossing = [1 for a, b in chains.edges if a.rpartition("-")[0] != b.rpartition("-")[0]]
    assert 0 < len(crossing) < 0.15 * chains.number_of_edges()


def test_history_agrees_with_status(rows: list[Record]) -> None:
    today = f"{TODAY.isoformat()}T00:00:00Z"
    seen: Counter[str] = Counter()
    for row in _nodes(rows, "Task", "Issue", "Milestone", "Project"):
        status = str(row.properties["status"])
        times = {
            name: str(row.properties[name])
            for name in ("createdAt", "reportedAt", "triagedAt", "startedAt", "resolvedAt", "completedAt")
            if name in row.properties
        }
        seen[status] += 1
        assert list(times.values()) == sorted(times.values()), (row.key, times)
        assert all(moment <= today for moment in times.values()), (row.key, times)
        assert ("completedAt" in times) == (status in {"Done", "Cancelled"})
        assert not ("startedAt" in times and status in {"Planned", "Backlog", "Triage"})
    assert {"Done", "Cancelled", "In progress", "Blocked", "Planned", "Backlog", "Triage"} <= set(seen)
    assert 0.2 < seen["Done"] / sum(seen.values()) < 0.9


def test_a_finished_whole_has_no_open_part(rows: list[Record]) -> None:
    status = {row.key: row.properties.get("status") for row in _nodes(rows)}
    finished = {key for key, name in status.items() if name == "Done"}
    opened = [
        (part, whole) for part, whole in _edges(rows, "PART_OF") if whole in finished and status[part] is not None
    ]
    assert opened
    assert not [pair for pair in opened if status[pair[0]] not in {"Done", "Cancelled"}]


def test_authors_of_reports_are_people_of_the_organization(rows: list[Record]) -> None:
    people = {row.id for row in _nodes(rows, "Person")}
    assert {row.properties["author"] for row in _nodes(rows, "Update")} <= people


def test_the_stream_starts_at_once_whatever_its_length() -> None:
    first = list(islice(records(10**9, seed=0), 10))
    assert len(first) == 10


def test_the_anchor_moves_every_date() -> None:
    assert list(records(200, 3, date(2030, 5, 1))) != list(records(200, 3))


def test_too_few_items_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 100"):
        next(records(MIN_ITEMS - 1))
