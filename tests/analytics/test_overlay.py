"""An overlay is the snapshot that one gets by changing the graph and making the snapshot anew."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics import (
    AddEdge,
    AddPeople,
    Change,
    CutEdge,
    Delay,
    Draft,
    Expanded,
    Finish,
    Reassign,
    Remove,
    Rescope,
    overlay,
)
from analytics.errors import ChangeRefusedError
from graph.snapshots.columns import TextColumn
from graph.snapshots.snapshot import EDGE_KINDS, Edges, Items, Snapshot
from tests.analytics.oracle import work_graphs

MONDAY = date(2026, 11, 23)
WALKED = {"PART_OF", "BLOCKS", "CONTRIBUTES_TO", "AFFECTS"}


def plain(snapshot: Snapshot) -> tuple[dict[str, Any], list[Any]]:
    """Everything that a snapshot says, in an order that does not depend on its rows; ids and NaN apart."""
    keys = list(snapshot.items.key)

    def cell(column: Any, row: int) -> object:
        value = column[row]
        return None if not isinstance(column, TextColumn) and value != value else str(value)

    names = [field.name for field in fields(Items) if field.name not in ("ids", "status", "team", "team_id")]
    nodes = {
        key: {name: cell(getattr(snapshot.items, name), row) for name in names}
        | {"status": snapshot.status(row), "team": keys[team] if (team := snapshot.items.team[row]) >= 0 else None}
        for row, key in enumerate(keys)
    }
    ends = zip(snapshot.edges.start.tolist(), snapshot.edges.end.tolist(), strict=True)
    others = [field.name for field in fields(Edges) if field.name not in ("start", "end")]
    edges = [
        (keys[start], keys[end], *(cell(getattr(snapshot.edges, name), place) for name in others))
        for place, (start, end) in enumerate(ends)
    ]
    return nodes, sorted(edges, key=str)


def staffed(graph: Any, random: np.random.Generator) -> Any:
    """Add people who are assigned to some of the tasks."""
    for person in ("Ann", "Bob"):
        graph.add_node(person, kind="Person", status=None)
    for task in [name for name in graph if str(name).startswith("T-")]:
        for person in ("Ann", "Bob"):
            if random.random() < 0.4:
                graph.add_edge(task, person, kind="ASSIGNED_TO", share=0.5)
    return graph


@st.composite
def changes(draw: st.DrawFn) -> Change:
    work = st.sampled_from(["T-0", "T-1", "T-2", "T-3", "P-0", "P-1"])
    anything = st.sampled_from(["T-0", "T-1", "T-2", "P-0", "P-1", "O-0", "O-1", "Ann"])
    hours, people = st.integers(0, 30).map(float), st.sampled_from([(("Ann", 1.0),), (("Ann", 0.5), ("Bob", 0.25))])
    pair = st.tuples(work, st.one_of(work, anything)).filter(lambda ends: ends[0] != ends[1])
    number = draw(st.integers(0, 8))
    if number == 0:
        return Delay(draw(work), draw(hours))
    if number == 1:
        return Finish(draw(st.one_of(work, anything)))
    if number == 2:
        return Remove(draw(anything))
    if number == 3:
        return Reassign(draw(work), draw(people))
    if number == 4:
        return AddPeople(draw(work), draw(people))
    if number == 5:
        start, end = draw(pair)
        return CutEdge(start, end, draw(st.sampled_from([None, "BLOCKS", "PART_OF"])))
    if number == 6:
        start, end = draw(pair)
        kind = draw(st.sampled_from(["BLOCKS", "BLOCKS", "PART_OF", "CONTRIBUTES_TO"]))
        return AddEdge(start, end, kind, draw(st.sampled_from(["FS", "SS", "FF", "SF"])), draw(hours))
    if number == 7:
        return Rescope(draw(work), draw(st.one_of(st.none(), hours)), draw(hours))
    blocks = (draw(work),) if draw(st.booleans()) else ()
    return Draft(f"D-{draw(st.integers(0, 2))}", kind="Task", estimate=draw(hours), blocks=blocks, people=draw(people))


def changed_by_hand(graph: Any, change: Change) -> Any:
    """Make the change in the NetworkX graph, as its words say and nothing else."""
    made = graph.copy()
    nodes, edges = made.nodes, list(made.edges(keys=True, data=True))
    match change:
        case Finish(item):
            for name in inside(made, item):
                if nodes[name].get("status", "PLANNED") not in ("DONE", "CANCELLED"):
                    nodes[name].update(status="DONE", completed_at=f"{MONDAY}T00:00:00Z")
        case Remove(item):
            made.remove_nodes_from(gone_with(made, item))
        case Rescope(item, estimate, remaining):
            if estimate is not None:
                nodes[item]["estimate"] = estimate
            nodes[item]["remaining"] = float("nan") if remaining is None else remaining
        case Reassign(item, people) | AddPeople(item, people):
            if isinstance(change, Reassign):
                made.remove_edges_from([e[:3] for e in edges if e[0] == item and e[3]["kind"] == "ASSIGNED_TO"])
            made.add_edges_from((item, who, {"kind": "ASSIGNED_TO", "share": share}) for who, share in people)
        case CutEdge(start, end, kind):
            wanted = WALKED if kind is None else {kind}
            made.remove_edges_from([e[:3] for e in edges if e[:2] == (start, end) and e[3]["kind"] in wanted])
        case AddEdge(start, end, kind, wait_type, lag):
            made.add_edge(start, end, kind=kind, type=wait_type, lag=lag)
        case Draft(key=key, estimate=estimate, blocks=blocks, people=people):
            made.add_node(key, estimate=estimate, remaining=float("nan"))
            made.add_edges_from((key, end, {"kind": "BLOCKS"}) for end in blocks)
            made.add_edges_from((key, who, {"kind": "ASSIGNED_TO", "share": share}) for who, share in people)
        case Delay(item, hours):
            hold = f"{item}+delay"
            while hold in made:
                hold = f"{item}+delay{int(hold.removeprefix(f'{item}+delay') or 1) + 1}"
            made.add_node(hold, title=f"Delay of {item}", duration=0.0)
            for start, end, _, data in edges:
                if end == item and data["kind"] == "BLOCKS" and data.get("type", "FS") in ("FS", "SS"):
                    made.add_edge(start, hold, **data)
                if start == item and data["kind"] == "PART_OF":
                    made.add_edge(hold, end, kind="PART_OF")
            made.add_edge(hold, item, kind="BLOCKS", lag=hours)
    return made


def inside(graph: Any, item: Hashable) -> set[Hashable]:
    parts = nx.DiGraph((end, start) for start, end, data in graph.edges(data=True) if data["kind"] == "PART_OF")
    return {item} | (nx.descendants(parts, item) if item in parts else set())


def gone_with(graph: Any, item: Hashable) -> set[Hashable]:
    gone = {item}
    while True:
        wholes = {
            name: {end for _, end, data in graph.out_edges(name, data=True) if data["kind"] == "PART_OF"}
            for name in graph
        }
        more = {name for name, ends in wholes.items() if ends and ends <= gone} - gone
        if not more:
            return gone
        gone |= more


@settings(max_examples=150, deadline=None)
@given(work_graphs(), st.lists(changes(), min_size=1, max_size=3), st.integers(0, 99))
def test_an_overlay_equals_the_changed_graph_made_anew(graph: Any, wanted: list[Change], seed: int) -> None:
    graph = staffed(graph, np.random.default_rng(seed))
    snapshot = Snapshot.from_networkx(graph)
    untouched = plain(snapshot)
    for change in wanted:
        try:
            changed = overlay(snapshot, [change], today=MONDAY)
        except ChangeRefusedError:
            continue  # why is tested below
        graph = changed_by_hand(graph, change)
        assert plain(changed) == plain(Snapshot.from_networkx(graph)), change
        assert plain(snapshot) == untouched
        snapshot, untouched = changed, plain(changed)


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.lists(changes(), max_size=4), st.integers(0, 4))
def test_two_lists_one_after_the_other_are_the_one_list_of_both(graph: Any, wanted: list[Change], cut: int) -> None:
    snapshot = Snapshot.from_networkx(staffed(graph, np.random.default_rng(cut)))
    whole, parts = outcome(snapshot, wanted), outcome(snapshot, wanted[:cut], wanted[cut:])
    if isinstance(whole, str):
        # Refused either way: the same change for the same reason, whatever its place in its own list.
        assert isinstance(parts, str)
        assert parts.split("(", 1)[1] == whole.split("(", 1)[1]
    else:
        assert parts == whole


def outcome(snapshot: Snapshot, *lists: list[Change]) -> object:
    """What the lists make of the snapshot, or why they are refused."""
    try:
        for one in lists:
            snapshot = overlay(snapshot, one, today=MONDAY)
    except ChangeRefusedError as refused:
        return str(refused)
    return plain(snapshot)


@settings(max_examples=30, deadline=None)
@given(work_graphs(cyclic=True))
def test_no_change_changes_nothing(graph: Any) -> None:
    snapshot = Snapshot.from_networkx(graph)
    assert plain(overlay(snapshot, [])) == plain(snapshot)


@settings(max_examples=60, deadline=None)
@given(work_graphs(), st.integers(1, 40))
def test_a_delayed_item_starts_that_much_later(graph: Any, hours: int) -> None:
    """Finish waits apart: they may hold the item back even without the delay."""
    for _, _, data in graph.edges(data=True):
        if data["kind"] == "BLOCKS":
            data["type"] = {"FF": "FS", "SF": "SS"}.get(data["type"], data["type"])
    snapshot = Snapshot.from_networkx(graph)
    before = Expanded.of(snapshot)
    assume(not before.is_cycle.any())  # lags inside a cycle do not count
    leaves = [name for name in graph if str(name).startswith("T-") and before.is_open[snapshot.row(name)]]
    for name in leaves:
        after = Expanded.of(overlay(snapshot, [Delay(name, hours)]))
        row = snapshot.row(name)
        assert after.finish_hours(row) == pytest.approx(before.finish_hours(row) + hours)


def small() -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("T-1", remaining=8)
    graph.add_node("T-2", remaining=8)
    graph.add_node("T-3", remaining=8, status="DONE")
    graph.add_node("T-4", remaining=8)
    graph.add_node("T-5", status="CANCELLED")
    graph.add_node("P-1", kind="Project")
    graph.add_node("OP-1", kind="Operation", status=None)
    graph.add_node("O-1", kind="Objective")
    graph.add_node("Ann", kind="Person", status=None)
    graph.add_edge("T-1", "T-2", kind="BLOCKS")
    graph.add_edge("T-2", "P-1", kind="PART_OF")
    graph.add_edge("T-5", "T-4", kind="DUPLICATES")
    graph.add_edge("T-1", "Ann", kind="ASSIGNED_TO", share=0.5)
    return graph


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Delay("T-9", 8), "no item 'T-9'"),
        (Delay("T-1", -1), "a delay of -1 h"),
        (Delay("T-1", float("nan")), "a delay of nan h"),
        (Delay("T-3", 8), "'T-3' is DONE already"),
        (Delay("O-1", 8), "'O-1' is a Objective; name a project"),
        (Delay("Ann", 8), "'Ann' is a Person, neither work nor a goal"),
        (Finish("T-3"), "'T-3' is DONE already"),
        (Finish("OP-1"), "never finishes"),
        (Remove("T-9"), "no item 'T-9'"),
        (Reassign("T-1", (("T-2", 1.0),)), "ASSIGNED_TO cannot run from a Task to a Task"),
        (Reassign("T-1", (("Ann", 0.0),)), "share 0 of 'Ann'"),
        (AddPeople("T-1", (("Ann", 0.5),)), "'Ann' is assigned to it already"),
        (AddPeople("T-1", ()), "it names nobody"),
        (CutEdge("T-2", "T-1"), "there is no such edge"),
        (CutEdge("T-1", "T-2", "PART_OF"), "there is no PART_OF edge"),
        (CutEdge("T-1", "T-2", "OWNS"), "kind 'OWNS' is not one of"),
        (AddEdge("T-1", "T-2"), "there is a BLOCKS edge already"),
        (AddEdge("T-1", "T-1"), "both ends are the same item"),
        (AddEdge("T-1", "T-4", wait_type="XX"), "type 'XX' is not one of FS, SS, FF, SF"),
        (AddEdge("T-1", "T-4", lag=float("inf")), "lag and weight must be finite"),
        (AddEdge("P-1", "T-1", "PART_OF"), "PART_OF cannot run from a Project to a Task"),
        (AddEdge("T-2", "T-1"), "it would close the cycle T-1 → T-2 → T-1"),
        (AddEdge("P-1", "T-1"), "it would close the cycle T-1 → T-2 → P-1 → T-1"),
        (AddEdge("T-1", "T-5"), None),
        (Rescope("T-1"), "it gives neither"),
        (Rescope("T-1", estimate=-2), "estimate of -2 h"),
        (Draft("T-1"), "there is an item 'T-1' already"),
        (Draft("D-1", kind="Person"), "kind 'Person' is not one of"),
        (Draft("D-1", severity="BAD"), "severity 'BAD' is not one of"),
        (Draft("D-1", due="soon"), "soon"),
        (Draft("D-1", affects=("Ann",)), "AFFECTS cannot run from a Issue to a Person"),
    ],
    ids=str,
)
def test_a_bad_change_is_refused_with_its_place_and_the_reason(change: Change, reason: str | None) -> None:
    snapshot = Snapshot.from_networkx(small())
    if reason is None:
        overlay(snapshot, [change])
        return
    with pytest.raises(ChangeRefusedError) as refused:
        overlay(snapshot, [Rescope("T-4", remaining=1), change])
    assert str(refused.value).startswith(f"change 2 ({change.text}): ")
    assert reason in str(refused.value)


def test_a_change_sees_those_before_it() -> None:
    snapshot = Snapshot.from_networkx(small())
    overlay(snapshot, [CutEdge("T-1", "T-2"), AddEdge("T-2", "T-1")])
    overlay(snapshot, [Draft("D-1", kind="Task"), Delay("D-1", 4), Remove("D-1"), Draft("D-1", kind="Task")])
    with pytest.raises(ChangeRefusedError, match=r"change 2 \(finish T-1\): no item 'T-1'"):
        overlay(snapshot, [Remove("T-1"), Finish("T-1")])


def test_a_duplicate_stands_for_what_it_duplicates() -> None:
    snapshot = Snapshot.from_networkx(small())
    changed = overlay(snapshot, [Rescope("T-5", remaining=3), AddEdge("T-1", "T-5")])
    assert changed.items.remaining[changed.row("T-4")] == 3
    places = changed.edges_of("BLOCKS")
    ends = {(changed.items.key[changed.edges.start[at]], changed.items.key[changed.edges.end[at]]) for at in places}
    assert ends == {("T-1", "T-2"), ("T-1", "T-4")}


def test_what_the_viewer_may_not_see_is_not_there_and_not_told() -> None:
    snapshot = Snapshot.from_networkx(small())
    hidden = np.zeros(len(snapshot), dtype=np.bool_)
    hidden[snapshot.row("T-2")] = True
    with pytest.raises(ChangeRefusedError, match=r"no item 'T-2' in workspace"):
        overlay(snapshot, [AddEdge("T-1", "T-2")], hidden=hidden)
    with pytest.raises(ChangeRefusedError, match=r"cycle T-1 → hidden Task → P-1 → T-1$"):
        overlay(snapshot, [AddEdge("P-1", "T-1")], hidden=hidden)
    # Rows move when something is removed; what is hidden stays so.
    with pytest.raises(ChangeRefusedError, match=r"change 2 .*no item 'T-2'"):
        overlay(snapshot, [Remove("T-1"), Finish("T-2")], hidden=hidden)


def test_a_workspace_without_a_status_gets_one_and_items_without_a_status_keep_none() -> None:
    snapshot = Snapshot.from_networkx(small())
    kept = [place for place, name in enumerate(snapshot.status_names) if name != "DONE"]
    code = np.full(len(snapshot.status_names) + 1, len(kept), dtype=np.uint16)
    code[kept] = np.arange(len(kept))
    names = tuple(snapshot.status_names[at] for at in kept)
    categories = tuple(snapshot.status_categories[at] for at in kept)
    status = code[snapshot.items.status]
    bare = replace(snapshot, items=replace(snapshot.items, status=status), status_names=names,
                   status_categories=categories)  # fmt: skip
    changed = overlay(bare, [Finish("T-1")])
    assert changed.status(changed.row("T-1")) == "DONE"
    assert changed.status(changed.row("Ann")) is None
    assert not changed.edges.traversed[(changed.edges.kind == EDGE_KINDS.index("BLOCKS"))].any()
