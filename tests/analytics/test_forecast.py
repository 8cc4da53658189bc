from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from analytics import CERTAIN, Delay, Expanded, Forecast, Uncertainty, critical_path, forecast, overlay
from analytics.expansion.clock import has_own_calendars
from analytics.forecasting.forecast import rank_correlations
from analytics.forecasting.philox import philox
from analytics.forecasting.simulation import Simulation
from analytics.forecasting.uncertainty import CELLS, mixed, pert, spread_of
from analytics.scheduling.criticality import critical_work
from graph.calendars import Leave, WorkingCalendar
from graph.snapshots.columns import Floats
from graph.snapshots.snapshot import Snapshot
from tests.analytics.oracle import work_graphs
from tests.analytics.slots import Slots
from tests.analytics.test_chains import numbers_and_keys, only, written
from tests.analytics.test_critical_path import plans

MONDAY = date(2026, 11, 23)
ALONE = Uncertainty((0.0, 0.5, 2.0), (0.0, 0.5, 2.0), correlation=0.0, history=False)


def serving(*hours: float, series: bool = False, **goal: Any) -> Any:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("O-1", kind="Objective", **goal)
    for number, amount in enumerate(hours, 1):
        graph.add_node(f"T-{number}", remaining=amount)
        graph.add_edge(f"T-{number}", "O-1", kind="CONTRIBUTES_TO")
        if series and number > 1:
            graph.add_edge(f"T-{number - 1}", f"T-{number}", kind="BLOCKS")
    return graph


def asked(graph: Any, samples: int = 1000, **options: Any) -> Forecast:
    return forecast(Snapshot.from_networkx(graph), "O-1", samples, **({"today": MONDAY} | options))


def cdf(ratio: Floats) -> Floats:
    """The distribution of the ratios of ``ALONE``: a beta distribution stretched to 0 to 2."""
    found: Floats = betainc(2.0, 4.0, np.clip(ratio / 2.0, 0.0, 1.0))
    return found


def assert_distributed(sample: Floats, expected: Any) -> None:
    """A correct sampler fails this once in a million seeds (Dvoretzky, Kiefer, Wolfowitz, with Massart's constant)."""
    ordered = np.sort(sample)
    steps = np.arange(1, len(ordered) + 1) / len(ordered)
    far = np.abs(steps - expected(ordered)).max()
    assert far <= np.sqrt(np.log(2 / 1e-6) / (2 * len(ordered))) + 1 / len(ordered) + 1e-3  # tables have 256 cells


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, 0xFFFFFFFFFFFFFFFF, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            0x299F31D0A4093822,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_random_words_are_those_that_the_authors_published(counter: Any, key: int, words: Any) -> None:
    first, second, third, fourth = (np.uint64(word) for word in counter)
    assert philox(first, second, third, fourth, np.uint64(key)) == words


@settings(max_examples=60, deadline=None)
@given(work_graphs(cyclic=True), st.sampled_from([1.0, 0.6]))
def test_without_uncertainty_it_is_the_critical_path(graph: Any, enough: float) -> None:
    graph.nodes["O-0"]["enough"] = enough
    snapshot = Snapshot.from_networkx(graph)
    expanded, row = Expanded.of(snapshot), snapshot.row("O-0")
    found = forecast(snapshot, "O-0", 9, uncertainty=CERTAIN)
    if not np.isfinite(expanded.finish_hours(row)):
        assert (found.state, found.percentile(80), found.items) == ("IMPOSSIBLE", None, ())
        return
    assert found.hours == pytest.approx(np.full(9, expanded.finish_hours(row)))
    timed = critical_work(expanded, row) & (expanded.durations.hours > 0)
    assert {one.key for one in found.items} == {snapshot.items.key[at] for at in np.flatnonzero(timed).tolist()}
    assert all(one.criticality == 1 and one.correlation is None for one in found.items)


@settings(max_examples=40, deadline=None)
@given(work_graphs(cyclic=True), st.sampled_from([1.0, 0.6]), st.integers(0, 2**64))
def test_every_sample_is_the_critical_path_of_what_it_drew(graph: Any, enough: float, seed: int) -> None:
    graph.nodes["O-0"]["enough"] = enough
    snapshot = Snapshot.from_networkx(graph)
    expanded, row = Expanded.of(snapshot), snapshot.row("O-0")
    if not np.isfinite(expanded.finish_hours(row)):
        return
    simulation = Simulation(expanded, spread_of(expanded, ALONE), [row])
    sampled = simulation.run(11, seed)
    drawn = simulation.hours(simulation.rows, 11, seed)
    counts = np.zeros(len(snapshot), dtype=np.int64)
    for sample in range(11):
        changed = graph.copy()
        for at, hours in zip(simulation.rows.tolist(), drawn[:, sample].tolist(), strict=True):
            changed.nodes[snapshot.names[at]]["remaining"] = hours
        exact = Expanded.of(Snapshot.from_networkx(changed))
        assert sampled.finishes[0, sample] == pytest.approx(exact.finish_hours(row))
        counts[critical_work(exact, row) & (exact.durations.hours > 0)] += 1
    assert sampled.critical.tolist() == counts.tolist()


def test_a_lag_that_still_passes_holds_the_start_of_a_cycle_whatever_is_drawn() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("T-1", status="STARTED", remaining=0.0)
    graph.add_node("T-2", status="PLANNED", remaining=8.0)
    graph.add_node("P-0", kind="Project", status="PLANNED")
    graph.add_node("O-0", kind="Objective")
    graph.add_edge("T-2", "P-0", kind="PART_OF")
    graph.add_edge("T-2", "P-0", kind="BLOCKS", type="FS", lag=0.0)
    graph.add_edge("T-1", "T-2", kind="BLOCKS", type="SF", lag=3.0)
    graph.add_edge("P-0", "O-0", kind="CONTRIBUTES_TO")
    snapshot = Snapshot.from_networkx(graph)
    expanded, row = Expanded.of(snapshot), snapshot.row("O-0")
    assert expanded.finish_hours(row) == pytest.approx(3 + 8)
    simulation = Simulation(expanded, spread_of(expanded, ALONE), [row])
    drawn = simulation.hours(np.array([snapshot.row("T-2")], dtype=np.int32), 50, 1)
    assert simulation.run(50, 1).finishes == pytest.approx(3 + drawn)


def test_two_in_parallel_are_as_late_as_the_later_one() -> None:
    found = asked(serving(10, 14), 20_000, uncertainty=ALONE)
    assert_distributed(found.hours, lambda hours: cdf(hours / 10) * cdf(hours / 14))


def test_a_goal_that_needs_one_of_two_is_as_early_as_the_earlier_one() -> None:
    found = asked(serving(10, 14, enough=0.5), 20_000, uncertainty=ALONE)
    assert_distributed(found.hours, lambda hours: 1 - (1 - cdf(hours / 10)) * (1 - cdf(hours / 14)))


def test_a_team_that_shares_all_its_luck_is_as_uncertain_as_one_item() -> None:
    graph = serving(10, 14, series=True)
    graph.add_node("TEAM-1", kind="Team", status=None)
    for task in ("T-1", "T-2"):
        graph.nodes[task]["team"] = "TEAM-1"
    shared = Uncertainty(ALONE.given, ALONE.assumed, correlation=1.0, history=False)
    assert_distributed(asked(graph, 20_000, uncertainty=shared).hours, lambda hours: cdf(hours / 24))
    # Sharing moves neither item alone, only both together.
    assert asked(graph, uncertainty=shared).hours.std() > 1.2 * asked(graph, uncertainty=ALONE).hours.std()


def test_the_same_seed_gives_the_same_on_any_number_of_threads() -> None:
    generator = np.random.default_rng(5)
    graph: Any = nx.DiGraph()
    graph.add_node("Team", kind="Team", status=None)
    for node in range(60):
        graph.add_node(node, remaining=float(generator.integers(1, 40)), owner=f"P-{node % 7}", team="Team")
    graph.add_edges_from(tuple(sorted(generator.choice(60, 2, replace=False).tolist())) for _ in range(120))
    snapshot = Snapshot.from_networkx(graph)
    told = [forecast(snapshot, 59, 301, 7, today=MONDAY, threads=threads) for threads in (1, 2, 5)]
    assert told[0].to_dict() == told[1].to_dict() == told[2].to_dict()
    assert all((told[0].hours == other.hours).all() for other in told[1:])
    assert (forecast(snapshot, 59, 301, 8, today=MONDAY).hours != told[0].hours).any()


def test_luck_belongs_to_the_item_and_not_to_its_place() -> None:
    graph = serving(10, 14, 3, 8, series=True)
    nodes = list(graph.nodes(data=True))
    random.Random(3).shuffle(nodes)
    turned: Any = nx.MultiDiGraph()
    turned.add_node("T-0", remaining=99)
    turned.add_nodes_from(nodes)
    turned.add_edges_from(graph.edges(data=True))
    assert (asked(turned, uncertainty=ALONE).hours == asked(graph, uncertainty=ALONE).hours).all()


@settings(max_examples=40, deadline=None)
@given(work_graphs(), st.integers(0, 40), st.integers(0, 99))
def test_a_delay_makes_no_sample_earlier(graph: Any, late: int, seed: int) -> None:
    graph.nodes["T-0"]["status"] = "PLANNED"
    snapshot = Snapshot.from_networkx(graph)
    before = Expanded.of(snapshot)
    after = Expanded.of(overlay(snapshot, [Delay("T-0", late)]))
    row = snapshot.row("O-0")
    if not np.isfinite(before.finish_hours(row)):
        return
    first, last = (
        Simulation(expanded, spread_of(expanded, Uncertainty()), [row]).run(20, seed, traced=False).finishes[0]
        for expanded in (before, after)
    )
    assert (last >= first - 1e-9).all()
    assert (last <= first + late + 1e-9).all()


def test_percentiles_are_days_and_on_time_is_the_share_of_days_that_are() -> None:
    graph = serving(40, due="2026-11-30")
    found = asked(graph, uncertainty=Uncertainty((1.0, 1.0, 2.0), history=False))
    assert [one.percent for one in found.percentiles] == [10, 50, 80, 95]
    assert [found.percentile(one.percent) for one in found.percentiles] == [one.day for one in found.percentiles]
    assert found.percentile(0) == MONDAY + timedelta(days=7)  # a little more than five days of work
    assert found.on_time == np.mean(found.hours <= 48)
    assert 0 < (found.on_time or 0) < 1
    assert (found.planned_hours, found.planned_finish) == (40, date(2026, 11, 27))


def test_without_a_day_there_are_only_hours_and_without_a_due_date_no_probability() -> None:
    found = asked(serving(40, due="2026-11-30"), today=None, uncertainty=CERTAIN)
    assert (found.percentile(80), found.on_time, found.percentiles[0].day) == (40, None, None)
    assert asked(serving(40)).on_time is None


def test_what_is_closed_impossible_or_empty_says_so() -> None:
    closed = asked(serving(40, due="2026-11-30", status="DONE"))
    assert (closed.state, closed.percentile(80), closed.on_time, closed.percentiles) == ("CLOSED", None, None, ())
    graph = serving(40, 40, due="2026-11-30")
    graph.nodes["T-1"]["status"] = "CANCELLED"
    impossible = asked(graph)
    assert (impossible.state, impossible.percentile(80), impossible.on_time) == ("IMPOSSIBLE", None, 0.0)
    assert "can no longer be finished" in impossible.explain().sentence
    empty = asked(serving(due="2026-11-30"))
    assert (empty.percentile(80), empty.on_time, empty.items) == (MONDAY, 1.0, ())


def test_who_and_what_drives_a_goal_most_often() -> None:
    graph = serving(30, 20, 1)
    for task, person in (("T-1", "Ann"), ("T-2", "Bob")):
        graph.add_node(person, kind="Person", status=None)
        graph.add_edge(task, person, kind="ASSIGNED_TO")
    found = asked(graph, uncertainty=ALONE)
    assert [one.key for one in found.items] == ["T-1", "T-2"]
    assert [(one.key, one.criticality) for one in found.people] == [
        ("Ann", found.items[0].criticality),
        ("Bob", found.items[1].criticality),
    ]
    assert sum(one.criticality for one in found.items) == pytest.approx(1)
    assert found.items[0].criticality > 0.6
    assert found.drivers[0].key == "T-1"


def test_rank_correlations_are_those_of_scipy() -> None:
    from scipy.stats import spearmanr

    generator = np.random.default_rng(2)
    finishes = generator.integers(0, 30, 80).astype(float)
    drawn = np.stack([finishes + generator.integers(0, 20, 80), generator.random(80), np.ones(80)])
    found = rank_correlations(drawn, finishes)
    assert found[:2] == pytest.approx([spearmanr(row, finishes).statistic for row in drawn[:2]])
    assert found[2] is None


def test_a_pert_distribution_has_its_mean_and_its_ends() -> None:
    table = pert(0.5, 1.0, 3.0)
    assert (table[0], table[-1], len(table)) == (0.5, 3.0, CELLS + 1)
    assert ((table[1:] + table[:-1]) / 2).mean() == pytest.approx((0.5 + 4 + 3) / 6, rel=1e-3)
    assert set(pert(1.0, 1.0, 1.0)) == {1.0}


def test_history_counts_as_the_formula_says() -> None:
    observed, base = np.array([3.0, 4.0, 5.0, 6.0]), np.full(CELLS + 1, 1.0)
    table = mixed(observed, base, prior=12.0)
    below = np.mean((table[1:] + table[:-1]) / 2 < 2)
    assert below == pytest.approx(12 / 16, abs=0.02)
    assert (mixed(np.empty(0), base, 12.0) == base).all()


def history(generator: np.random.Generator, count: int, teams: int, luck: float = 0.0) -> Any:
    """Finished tasks of some teams that took twice their estimate on average; ``luck`` is shared within a quarter."""
    graph: Any = nx.MultiDiGraph()
    for team in range(teams):
        graph.add_node(f"TEAM-{team}", kind="Team", status=None)
    for number in range(count):
        quarter, team = number // teams % 8, number % teams
        shared = np.random.default_rng(quarter * 100 + team).normal()
        ratio = 2 * np.exp(0.3 * (np.sqrt(luck) * shared + np.sqrt(1 - luck) * generator.normal()))
        begun = date(2020, 1, 6) + timedelta(days=91 * quarter)
        days = 10 * ratio * 7 / 5  # ten working days in calendar days
        end = np.datetime64(begun, "ms") + np.timedelta64(round(days * 86_400_000), "ms")
        span = {"started_at": f"{begun}T00:00:00Z", "completed_at": f"{end}Z"}
        graph.add_node(f"D-{number}", status="DONE", estimate=80.0, team=f"TEAM-{team}", **span)
    graph.add_node("T-1", estimate=80.0, remaining=float("nan"), team="TEAM-0")
    graph.add_node("O-1", kind="Objective")
    graph.add_edge("T-1", "O-1", kind="CONTRIBUTES_TO")
    return graph


def test_what_teams_really_took_is_what_is_drawn() -> None:
    found = asked(history(np.random.default_rng(1), 400, 2), 4000)
    assert found.learned == 400
    assert np.median(found.hours) == pytest.approx(160, rel=0.08)
    untold = asked(history(np.random.default_rng(1), 400, 2), 4000, uncertainty=Uncertainty(history=False))
    assert np.median(untold.hours) == pytest.approx(80 * 1.1, rel=0.08)


def test_luck_that_teams_share_is_found_in_their_history() -> None:
    alone = asked(history(np.random.default_rng(4), 1600, 4), 10)
    together = asked(history(np.random.default_rng(4), 1600, 4, luck=0.5), 10)
    assert alone.correlation < 0.05
    assert 0.3 < together.correlation < 0.65


def test_hidden_items_count_and_are_omitted() -> None:
    snapshot = Snapshot.from_networkx(serving(30, 20))
    seen = forecast(snapshot, "O-1", 50, today=MONDAY)
    veiled = forecast(snapshot, "O-1", 50, today=MONDAY, hidden=only(snapshot, "T-1"))
    assert veiled.percentiles == seen.percentiles
    assert "T-1" not in str(veiled.to_dict())
    assert veiled.completeness.hidden == 1
    with pytest.raises(KeyError, match="no item 'O-1'"):
        forecast(snapshot, "O-1", hidden=only(snapshot, "O-1"))


@settings(max_examples=30, deadline=None)
@given(work_graphs(cyclic=True), st.dates(date(2026, 11, 1), date(2026, 12, 31)))
def test_a_sentence_quotes_only_its_facts(graph: Any, due: date) -> None:
    graph.nodes["O-0"]["due"] = due
    told = forecast(Snapshot.from_networkx(graph), "O-0", 20, today=MONDAY).explain()
    assert numbers_and_keys(told.sentence) <= written(told.facts)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"samples": 0}, "samples is 0"), ({"samples": 100_001}, "1 to 100000"), ({"limit": 0}, "at least 1 item")],
)
def test_what_cannot_be_asked_is_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked(serving(8), **options)
    with pytest.raises(ValueError, match="percent is 101"):
        asked(serving(8)).percentile(101)
    with pytest.raises(ValueError, match="not in ascending order"):
        Uncertainty(given=(2.0, 1.0, 3.0))
    with pytest.raises(ValueError, match="a correlation is 0 to 1"):
        Uncertainty(correlation=2.0)


def test_a_table_has_a_row_for_every_item() -> None:
    assert asked(serving(30, 20)).to_dataframe()["key"].tolist() == ["T-1", "T-2"]


@settings(max_examples=40, deadline=None)
@given(work_graphs(cyclic=True), st.sampled_from([1.0, 0.6]), st.integers(0, 2**64))
def test_calendars_that_are_all_the_workspaces_change_nothing(graph: Any, enough: float, seed: int) -> None:
    graph.nodes["O-0"]["enough"] = enough
    graph.nodes["T-0"].update(status="PLANNED", remaining=8.0)
    plain = Snapshot.from_networkx(graph)
    for node in graph:
        if node.startswith("T-"):
            graph.nodes[node]["calendar"] = "same"
    same = WorkingCalendar("same", hours=(8, 8, 8, 8, 8, 0, 0))
    own = Snapshot.from_networkx(graph, calendars=[same])
    row = plain.row("O-0")
    expanded = [Expanded.of(snapshot, MONDAY) for snapshot in (plain, own)]
    assume(np.isfinite(expanded[0].finish_hours(row)) and has_own_calendars(expanded[1]))
    expected, found = (Simulation(one, spread_of(one, ALONE), [row]).run(11, seed) for one in expanded)
    assert found.finishes == pytest.approx(expected.finishes, abs=1e-4)
    assert found.days.tolist() == expected.days.tolist()
    assert found.critical.tolist() == expected.critical.tolist()


@settings(max_examples=30, deadline=None)
@given(plans(), st.integers(0, 2**64))
def test_every_sample_is_the_critical_path_in_everybodys_own_calendar(
    plan: tuple[Slots, Any, list[WorkingCalendar]], seed: int
) -> None:
    _, graph, stored = plan
    target = list(graph)[-1]
    snapshot = Snapshot.from_networkx(graph, calendars=stored)
    expanded = Expanded.of(snapshot, MONDAY)
    assume(has_own_calendars(expanded))
    simulation = Simulation(expanded, spread_of(expanded, ALONE), [snapshot.row(target)])
    sampled = simulation.run(9, seed)
    drawn = simulation.hours(simulation.rows, 9, seed)
    counts = np.zeros(len(snapshot), dtype=np.int64)
    for sample in range(9):
        for at, hours in zip(simulation.rows.tolist(), drawn[:, sample].tolist(), strict=True):
            graph.nodes[snapshot.names[at]]["remaining"] = hours
        exact = critical_path(Snapshot.from_networkx(graph, calendars=stored), target, today=MONDAY)
        assert sampled.finishes[0, sample] == pytest.approx(exact.length, abs=1e-4)
        assert sampled.days[0, sample] == np.datetime64(exact.items[target].early_finish_date, "D")
        for at in simulation.rows.tolist():
            counts[at] += exact.items[snapshot.names[at]].critical
    assert sampled.critical.tolist() == counts.tolist()


def with_leave(leave: WorkingCalendar | None, **options: Any) -> Forecast:
    graph = serving(24, 16, series=True, due="2026-12-31")
    graph.add_node("ada", kind="Person", status=None, calendar=leave.id if leave else None)
    graph.add_edge("T-2", "ada", kind="ASSIGNED_TO")
    snapshot = Snapshot.from_networkx(graph, calendars=[leave] if leave else [])
    return forecast(snapshot, "O-1", 200, today=MONDAY, **options)


def test_a_year_of_leave_moves_percentiles_and_makes_it_late() -> None:
    away = WorkingCalendar("away", leave=(Leave(date(2026, 11, 25), date(2027, 11, 24)),))
    before, after = with_leave(None), with_leave(away)
    assert (before.on_time, after.on_time) == (1.0, 0.0)
    assert before.percentiles[1].day is not None
    assert before.percentiles[1].day < date(2026, 12, 10)
    # T-1 takes at least 18 hours, so that nothing of T-2 is done before the leave: after it, T-2 takes 12 to 32 hours.
    assert all(date(2027, 11, 26) <= one.day <= date(2027, 11, 30) for one in after.percentiles if one.day)
    # As planned it takes two days; the middle of the samples is longer than that, but no longer than three.
    assert (after.planned_finish, after.percentile(50)) == (date(2027, 11, 26), date(2027, 11, 29))
    certain = with_leave(away, uncertainty=CERTAIN)
    assert certain.planned_hours is not None
    assert certain.hours == pytest.approx(np.full(200, certain.planned_hours))


def test_what_is_finished_on_a_day_that_only_its_own_calendar_has_is_finished_on_that_day() -> None:
    weekends = WorkingCalendar("weekends", hours=(0, 0, 0, 0, 0, 8, 8))
    found = with_leave(weekends, uncertainty=CERTAIN)
    # T-1 until Wednesday, T-2 on Saturday and Sunday.
    assert {one.day for one in found.percentiles} == {found.planned_finish} == {date(2026, 11, 29)}


def test_samples_in_own_calendars_are_the_same_on_any_number_of_threads() -> None:
    half = WorkingCalendar("half", hours=(4, 4, 4, 0, 0, 0, 0))
    one, many = (with_leave(half, seed=3, threads=threads) for threads in (1, 3))
    assert one.to_dict() == many.to_dict()
    assert one.hours.tolist() == many.hours.tolist()
