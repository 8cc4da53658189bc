from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Budget, budgets, conflicts
from graph.snapshots.snapshot import Snapshot


def portfolio(**projects: dict[str, Any]) -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("PF", kind="Portfolio", status=None)
    for key, data in projects.items():
        graph.add_node(key, kind="Project", **data)
        graph.add_edge(key, "PF", kind="PART_OF")
    return graph


def money(budget: float | None, spent: float | None, currency: str | None = "EUR") -> dict[str, Any]:
    return {"budget": budget, "spent_budget": spent, "currency": currency}


def lines(graph: Any) -> dict[tuple[str, str | None], Budget]:
    return {(one.key, one.currency): one for one in budgets(Snapshot.from_networkx(graph))}


def over(graph: Any) -> list[tuple[str, ...]]:
    return [one.keys for one in conflicts(Snapshot.from_networkx(graph)) if one.kind == "OVER_BUDGET"]


def test_currencies_are_never_mixed() -> None:
    graph = portfolio(A=money(100, 90), B=money(50, 70), C=money(10, 5, "usd"), D=money(7, 1, None))
    found = lines(graph)
    assert {name: (one.budget, one.spent) for name, one in found.items() if name[0] == "PF"} == {
        ("PF", "EUR"): (150, 160), ("PF", "USD"): (10, 5), ("PF", None): (7, 1),
    }  # fmt: skip
    assert found["PF", "EUR"].over == 10
    assert found["PF", "EUR"].explain().sentence == "PF has spent 160 of a budget of 150 EUR."
    assert (found["PF", "EUR"].granted, found["B", "EUR"].granted) == (False, True)
    assert over(graph) == [("B",)]


def test_an_own_figure_wins_and_is_compared_with_the_parts() -> None:
    graph = portfolio(A=money(100, 90), B=money(None, 30))
    graph.nodes["PF"].update(money(110, 80))
    found = lines(graph)["PF", "EUR"]
    assert (found.budget, found.spent, found.parts_budget, found.parts_spent, found.over) == (110, 80, 100, 120, 10)
    assert found.explain().sentence == "The parts of PF have spent 120 of a budget of 110 EUR."
    graph.nodes["PF"]["budget"] = 120
    assert over(graph) == []


def test_the_nearest_figures_count_once_and_none_beside_its_whole() -> None:
    graph = portfolio(A=money(100, 40), B={})
    graph.add_node("X", kind="Project", **money(30, 10))
    graph.add_node("Y", kind="Project", **money(20, 5))
    graph.add_edges_from([("X", "A"), ("X", "B"), ("Y", "B"), ("Y", "PF")], kind="PART_OF")
    found = lines(graph)
    assert (found["PF", "EUR"].budget, found["PF", "EUR"].spent) == (120, 45)  # X is within A, Y counts once
    assert (found["B", "EUR"].budget, found["B", "EUR"].spent) == (50, 15)


def test_a_currency_that_cannot_be_read_is_in_no_sum() -> None:
    graph = portfolio(A=money(100, 140, "euros"), B=money(10, 20, "dollars"))
    found = budgets(Snapshot.from_networkx(graph))
    assert [(one.key, one.over) for one in found] == [("B", 10), ("A", 40)]
    assert found.completeness.limited == ("2 items whose currency cannot be read, in no sum",)
    assert over(graph) == [("A",), ("B",)]


def test_money_without_a_budget_is_never_over() -> None:
    (found,) = [one for one in budgets(Snapshot.from_networkx(portfolio(A=money(None, 5)))) if one.key == "A"]
    assert (found.over, found.explain().sentence) == (0, "A has spent 5 EUR without a budget.")


@st.composite
def wholes(draw: st.DrawFn) -> Any:
    """Portfolios inside each other, circles too, some with money."""
    graph: Any = nx.MultiDiGraph()
    count = draw(st.integers(1, 6))
    amounts = st.none() | st.integers(0, 9).map(float)
    for number in range(count):
        currency = draw(st.sampled_from(["EUR", "USD"]))
        graph.add_node(number, kind="Portfolio", status=None, **money(draw(amounts), draw(amounts), currency))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    for part, whole in draw(st.lists(pairs, max_size=9, unique=True)):
        graph.add_edge(part, whole, kind="PART_OF")
    return graph


def naive_sum(graph: Any, row: int, name: str, currency: str) -> float | None:
    """Every part with a figure that some path from the whole meets first, those below another such part left out."""
    up = nx.DiGraph([(whole, part) for part, whole in graph.edges() if part != whole])
    up.add_nodes_from(graph)

    def has(part: int) -> bool:
        data = graph.nodes[part]
        return data["currency"] == currency and data[name] is not None

    open_ = up.subgraph([part for part in up if part == row or not has(part)])
    reached = {row} | nx.descendants(open_, row)
    first = {part for whole in reached for part in up[whole] if part != row and has(part)}
    kept = set(first)
    for part in sorted(first):
        if part in kept:
            kept -= nx.descendants(up, part) - {part}
    return sum(graph.nodes[part][name] for part in kept) if first else None


@settings(max_examples=200, deadline=None)
@given(wholes())
def test_sums_are_those_of_the_definition(graph: Any) -> None:
    for one in budgets(Snapshot.from_networkx(graph)):
        row = int(one.key)
        assert one.parts_budget == naive_sum(graph, row, "budget", str(one.currency))
        assert one.parts_spent == naive_sum(graph, row, "spent_budget", str(one.currency))
        most = max(one.spent or 0, one.parts_spent or 0)
        assert one.over == (max(0, most - one.budget) if one.budget is not None else 0)


def test_nothing_hidden_and_refusals() -> None:
    assert budgets(Snapshot.from_networkx(nx.DiGraph())).explain().sentence == "None of 0 budgets is exceeded."
    graph = portfolio(A=money(1, 2), B=money(1, 1))
    found = budgets(Snapshot.from_networkx(graph), hidden=np.array([name == "A" for name in graph]))
    assert ([one.key for one in found], found.completeness.hidden) == (["PF", "B"], 1)
    limited = budgets(Snapshot.from_networkx(graph), limit=2)
    assert limited.completeness.limited == ("the first 2 of 3 budgets",)
    assert limited.explain().sentence == "2 of 2 budgets are exceeded: A, PF."
    assert list(budgets(Snapshot.from_networkx(graph)).to_dataframe()["over"]) == [1, 1, 0]
    with pytest.raises(ValueError, match="at least 1"):
        budgets(Snapshot.from_networkx(graph), limit=0)
