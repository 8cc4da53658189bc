"""Drag: by how much each critical item puts off the target, because it takes the time that it takes."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.expansion.clock import Clock, has_own_calendars, network_of
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import earliest_starts_enough
from analytics.expansion.moments import all_hours
from analytics.expansion.passes import finishes_without
from analytics.expansion.timing import Timing, ends_of
from graph.snapshots.columns import Floats

_BUDGET: Final = 200_000_000
"""Arcs that are walked again at most, where each item's drag needs a pass of its own."""


def drags(expanded: Expanded, timing: Timing) -> tuple[Floats, tuple[str, ...]]:
    """Return each unit's drag in hours (shape (u,)), and the limit that was reached.

    Drag = the target's finish - the same with the unit's remaining work set to 0 and all waits kept (Devaux, Total
    Project Control, 1999); 0 off the critical path, negative where finishing sooner puts the target off (a wait that
    leaves its start, after one that ties its finish). NaN where the limit was reached.

    O(u + a + c log c) for c critical units where everything is counted in one calendar and all children of goals are
    waited for: the longest path without a unit jumps over it in the topological order. Otherwise a forward pass for
    each critical unit, in calendars over what it moves alone.
    """
    found = np.zeros(len(expanded.hours))
    chosen = np.flatnonzero(timing.critical & (expanded.hours > 0)).astype(np.int32)
    if not len(chosen):
        return found, ()
    # A goal that waits for all of its children as things are may have enough sooner without one of them.
    if has_own_calendars(expanded) or not np.isnan(expanded.need[timing.reaches]).all():
        return _by_passes(expanded, timing, chosen.tolist(), found)
    tail_ends = np.where(timing.reaches, timing.length - timing.late_starts, -np.inf)
    finishes = finishes_without(
        network_of(expanded), expanded.weights, expanded.hours, timing.forced, expanded.start_hours, expanded.end_lag,
        tail_ends, chosen, ends_of(expanded, timing.target),
    )  # fmt: skip
    found[chosen] = timing.length - finishes
    return np.where(np.abs(found) < 1e-6, 0.0, found), ()


def _by_passes(expanded: Expanded, timing: Timing, chosen: list[int], found: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Make a forward pass for each critical unit, longest first."""
    chosen.sort(key=lambda unit: (-expanded.hours[unit], unit))
    affordable = max(1, _BUDGET // max(len(expanded.hours) + len(expanded.heads), 1))
    for unit in chosen[:affordable]:
        found[unit] = round(timing.length - finish_without(expanded, timing.target, unit), 6)
    found[chosen[affordable:]] = np.nan
    limited: tuple[str, ...] = ()
    if len(chosen) > affordable:
        limited = (f"drag of the {affordable} longest of {len(chosen)} critical items",)
    return np.where(np.abs(found) < 1e-6, 0.0, found), limited


def finish_without(expanded: Expanded, target: int, unit: int) -> float:
    """Return when the target would be finished, in hours from today, if a unit had no work left. One forward pass."""
    if has_own_calendars(expanded):
        clock = Clock.of(expanded)
        end = clock.ends_without(unit)[ends_of(expanded, target)].max(initial=0.0)
        return float(all_hours(clock.rulers, 0, np.array([end]))[0])
    hours = expanded.hours.copy()
    hours[unit] = 0.0
    network = network_of(expanded)
    tied = network.from_finish * hours[expanded.tails] - network.to_finish * hours[expanded.heads]
    release = np.maximum(expanded.start_hours, expanded.end_lag - hours)
    starts = earliest_starts_enough(
        expanded.pointer, expanded.heads, expanded.arcs.lag + tied, np.maximum(release, 0.0), *expanded.into,
        expanded.tails, expanded.arcs.child, expanded.arc_share, expanded.need,
    )  # fmt: skip
    return float((starts + hours)[ends_of(expanded, target)].max(initial=0.0))
