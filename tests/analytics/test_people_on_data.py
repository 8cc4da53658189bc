"""Goals, people, workload, budgets and the summary on real and generated workspaces, loaded into a real database."""

from __future__ import annotations

from datetime import date

import pytest

from analytics import Expanded, budgets, okr_rollup, people_risk, summary, workload
from analytics.expansion.containment import Containment
from analytics.expansion.teams import Teams
from graph.rules.lifecycle import Category
from graph.snapshots.snapshot import Snapshot


def test_derived_scores_are_the_means_of_the_children_that_are_shown(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    found = okr_rollup(snapshot, today=today)
    goals = list(snapshot.of_kind("Objective", "KeyResult").tolist())
    assert len(found) == sum(snapshot.status(row) is not Category.CANCELLED for row in goals)
    for goal in found:
        assert goal.score is None or 0 <= goal.score <= 1
        scored = [child for child in goal.children if child.score is not None and child.share > 0]
        total = sum(child.share for child in scored)
        if goal.kind == "Objective" and total > 0:
            mean = sum(child.share * (child.score or 0) for child in scored) / total
            assert goal.derived == pytest.approx(mean)


def test_the_people_of_a_bus_factor_are_needed_each(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    found = people_risk(snapshot, today=today, limit=1000)
    teams, expanded = Teams.of(snapshot), Expanded.of(snapshot, today)
    containment = Containment.of(expanded)
    for goal in found.goals:
        leaves = containment.leaves(snapshot.row(goal.key))
        hours = {row: expanded.durations.remaining[row] for row in leaves[expanded.is_open[leaves]].tolist()}
        people = {snapshot.row(key) for key in goal.people}

        def lost(gone: set[int], hours: dict[int, float] = hours) -> float:
            return sum(size for row, size in hours.items() if teams.holders.get(row, frozenset()) <= gone)

        if goal.open_hours > 0:
            assert goal.open_hours == pytest.approx(sum(hours.values()))
            assert goal.lost_share == pytest.approx(lost(people) / goal.open_hours)
            for person in people if goal.exact else ():
                assert lost(people - {person}) < goal.open_hours / 2
    for team in found.teams:
        members = teams.members[snapshot.row(team.key)]
        assert {snapshot.row(key) for key in team.people} <= members
    for one in found:
        assert len(one.people) == one.factor <= one.holders
        assert one.lost_share >= 0.5 - 1e-9
        assert one.unheld_hours <= one.open_hours + 1e-9
    for wait in found.waits:
        assert wait.waiting != wait.awaited
        assert wait.hours >= 0
    for cycle in found.cycles:
        assert {one.waiting for one in cycle.cut} | {one.awaited for one in cycle.cut} <= set(cycle.teams)


def test_weeks_add_up_and_moves_answer_overload(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    found = workload(snapshot, 4, today=today, limit=10_000)
    over = {one.key for one in found.people if one.over_hours > 0}
    assert {move.person for move in found.moves} == over
    for one in found:
        assert one.hours == pytest.approx(sum(week.hours for week in one.weeks))
        assert one.capacity == pytest.approx(sum(week.capacity for week in one.weeks))
        assert one.later_hours >= 0
    homes = {one.key: one.team for one in found.people}
    for team in found.teams:
        mine = [one for one in found.people if homes[one.key] == team.key]
        assert team.capacity == pytest.approx(sum(one.capacity for one in mine))
        assert team.hours >= sum(one.hours for one in mine) - 1e-6


def test_the_summary_of_every_kind_of_scope_rests_on_items_that_are_there(workspace: tuple[Snapshot, date]) -> None:
    snapshot, today = workspace
    scopes: list[str | None] = [None]
    for label in ("Portfolio", "Project", "Team", "Person", "Objective", "KeyResult", "Sprint"):
        scopes += [snapshot.items.key[row] for row in snapshot.of_kind(label)[:2].tolist()]
    for scope in scopes:
        found = summary(snapshot, scope, today=today)
        assert found.scope == scope
        for one in (one for section in found for one in section.statements):
            assert one.count >= len(one.keys) == len(one.ids) >= 1
            assert [snapshot.items.key[snapshot.row(identity)] for identity in one.ids] == list(one.keys)
            assert one.text.endswith(".")
    assert len(summary(snapshot, today=today)) > 0


def test_budgets_say_by_how_much_they_are_exceeded(workspace: tuple[Snapshot, date]) -> None:
    snapshot, _ = workspace
    for one in budgets(snapshot):
        most = max(one.spent or 0.0, one.parts_spent or 0.0)
        assert one.over == pytest.approx(max(0.0, most - one.budget) if one.budget is not None else 0.0)
