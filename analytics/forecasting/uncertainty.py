"""How far work takes longer or shorter than its hours say: learned from what is done, else from a stated rule.

Every distribution is a table of quantiles of the *ratio* of actual to expected hours, so that drawing from any of them
is one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from analytics.expansion.calendar import Calendar
from analytics.expansion.durations import Basis
from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import totals
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Floats, Ints
from graph.snapshots.snapshot import CATEGORIES, KINDS, Snapshot

CELLS: Final = 256
"""Cells of a quantile table: it has one more knot than cells."""
_KNOTS: Final = np.linspace(0.0, 1.0, CELLS + 1)
_FEW: Final = 5
"""A team and kind with fewer finished items than this has no table of its own."""
_DAYS: Final = 91
"""Items that a team began in the same quarter of a year show whether its luck is shared."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is assumed where history says little.

    ``given`` and ``assumed``: least, most likely and greatest ratio (a PERT distribution) for items with hours that
    somebody gave, and for those without. ``correlation`` (0 to 1): that of two items of one team. ``prior``: how many
    finished items the assumption counts for. ``history``: whether finished items are looked at.
    """

    given: tuple[float, float, float] = (0.75, 1.0, 2.0)
    assumed: tuple[float, float, float] = (0.5, 1.0, 3.0)
    correlation: float = 0.1
    prior: float = 10.0
    history: bool = True

    def __post_init__(self) -> None:
        for low, mode, high in (self.given, self.assumed):
            if not 0 <= low <= mode <= high < np.inf:
                raise ValueError(f"ratios {low:g}, {mode:g}, {high:g} are not in ascending order from 0 on")
        if not 0 <= self.correlation <= 1 or not 0 < self.prior < np.inf:
            raise ValueError("a correlation is 0 to 1, a prior more than 0")


CERTAIN: Final = Uncertainty((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 0.0, history=False)
"""Everything takes exactly its hours: a forecast is then the earliest finish."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How the ratio of each item is spread: ``tables`` (shape (t, CELLS + 1)) of quantiles, ``table`` (shape (n,)).

    ``correlation`` is that between the quantiles of two items of one team, ``learned`` the number of finished items
    that the tables rest on.
    """

    tables: Floats
    table: Ints
    correlation: float
    learned: int


def pert(low: float, mode: float, high: float) -> Floats:
    """Return the quantiles of a PERT distribution: a beta distribution with mean (low + 4 mode + high) / 6.

    Shape (CELLS + 1,). Malcolm, Roseboom, Clark and Fazar, "Application of a technique for research and development
    program evaluation" (1959).
    """
    if high <= low:
        return np.full(CELLS + 1, float(mode))
    first, last = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    return np.asarray(low + (high - low) * betaincinv(first, last, _KNOTS), dtype=np.float64)


def spread_of(expanded: Expanded, uncertainty: Uncertainty) -> Spread:
    """Return how the hours of every item are spread. O(n log n), and O(CELLS) for each team and kind.

    An item whose hours were given is compared with finished items by elapsed / planned hours (duration, else estimate /
    shares); one without, by elapsed hours / the median of its team and kind. With n finished items of the same team and
    kind, N of all, and ``prior`` k, the distribution is the mixture

        n / (n + k) own + k / (n + k) (N / (N + k) all + k / (N + k) rule).

    Fewer than five own items count as none. The correlation is shrunk alike: see ``_correlation``.
    """
    snapshot = expanded.snapshot
    rules = (pert(*uncertainty.given), pert(*uncertainty.assumed))
    group = (snapshot.items.team.astype(np.int64) + 1) * len(KINDS) + snapshot.items.kind
    is_assumed = expanded.durations.basis >= Basis.POINTS
    if not uncertainty.history:
        return Spread(np.stack(rules), is_assumed.astype(np.int32), uncertainty.correlation, 0)
    ratios = _ratios(snapshot, expanded.calendar, group)
    tables: list[Floats] = []
    table = np.zeros(len(snapshot), dtype=np.int32)
    for rule, ratio, whose in zip(rules, ratios, (~is_assumed, is_assumed), strict=True):
        made, place = _tables(ratio, group, rule, uncertainty.prior)
        table[whose] = place[whose] + len(tables)
        tables += made
    return Spread(
        np.stack(tables),
        table,
        _correlation(snapshot, ratios[1], group, uncertainty),
        int(np.count_nonzero(np.isfinite(ratios[1]))),
    )


def _ratios(snapshot: Snapshot, calendar: Calendar, group: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return elapsed / planned hours and elapsed hours / those usual in the group; NaN where unknown. Shapes (n,)."""
    items, edges = snapshot.items, snapshot.edges
    done = snapshot.is_work & (snapshot.category == CATEGORIES.index(Category.DONE))
    leaf = np.ones(len(snapshot), dtype=np.bool_)
    leaf[edges.end[snapshot.edges_of("PART_OF")]] = False
    elapsed = calendar.hours_between(items.started_at, items.completed_at)
    known = done & leaf & (elapsed > 0)
    places = snapshot.edges_of("ASSIGNED_TO")
    share = np.maximum(np.nan_to_num(edges.share[places].astype(np.float64), nan=1.0), 0.0)
    shares = totals(edges.start[places], share, len(snapshot))
    planned = np.where(np.isfinite(items.duration), items.duration, items.estimate / np.where(shares > 0, shares, 1.0))
    usual = np.full(len(snapshot), np.nan)
    rows = np.flatnonzero(known)
    rows = rows[np.lexsort((elapsed[rows], group[rows]))]
    _, first, counts = np.unique(group[rows], return_index=True, return_counts=True)
    median = (elapsed[rows[first + (counts - 1) // 2]] + elapsed[rows[first + counts // 2]]) / 2
    usual[rows] = np.repeat(median, counts)
    nothing = np.full(len(snapshot), np.nan)
    by_plan = np.divide(elapsed, planned, out=nothing.copy(), where=known & (planned > 0))
    return by_plan, np.divide(elapsed, usual, out=nothing, where=known)


def _tables(ratio: Floats, group: NDArray[np.int64], rule: Floats, prior: float) -> tuple[list[Floats], Ints]:
    """Return the table of all items, then those of groups with enough of their own, and each item's place in them."""
    seen = np.flatnonzero(np.isfinite(ratio))
    every = mixed(ratio[seen], rule, prior)
    tables, place = [every], np.zeros(len(ratio), dtype=np.int32)
    rows = seen[np.argsort(group[seen], kind="stable")]
    for own in np.split(rows, np.flatnonzero(np.diff(group[rows])) + 1):
        if len(own) >= _FEW:
            place[group == group[own[0]]] = len(tables)
            tables.append(mixed(ratio[own], every, prior))
    return tables, place


def mixed(observed: Floats, base: Floats, prior: float) -> Floats:
    """Return the quantiles of n observations mixed with a table that counts for ``prior`` more. O(n log n)."""
    if not len(observed):
        return base
    middle = (base[1:] + base[:-1]) / 2
    values = np.concatenate([observed, middle])
    weights = np.concatenate([np.ones(len(observed)), np.full(CELLS, prior / CELLS)])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    found: Floats = np.interp(_KNOTS, (reached - weights[order] / 2) / reached[-1], values[order])
    return found


def _correlation(snapshot: Snapshot, ratio: Floats, group: NDArray[np.int64], uncertainty: Uncertainty) -> float:
    """Return the correlation of the quantiles of two items that a team began in the same quarter.

    (Those finished in the same quarter would be alike by choice: the slow ones come later.)

    The intraclass correlation of one-way analysis of variance (Fisher 1925), of the ranks within team and kind, not
    below 0; N items of teams count N, the assumption counts for ten times ``prior``.
    """
    items = snapshot.items
    rows = np.flatnonzero(np.isfinite(ratio) & (items.team >= 0))
    prior = 10 * uncertainty.prior
    rows = rows[np.lexsort((ratio[rows], group[rows]))]
    _, counts = np.unique(group[rows], return_counts=True)
    inside = np.concatenate([np.arange(count) for count in counts]) if len(counts) else np.empty(0)
    rank = (inside + 0.5) / np.repeat(counts, counts)
    quarter = items.started_at[rows].astype("datetime64[D]").astype(np.int64) // _DAYS
    _, where, size = np.unique(items.team[rows] * 100_000 + quarter, return_inverse=True, return_counts=True)
    if len(size) < 2 or len(rows) <= len(size):
        return uncertainty.correlation
    mean = totals(where, rank, len(size)) / size
    between = float(size @ (mean - rank.mean()) ** 2) / (len(size) - 1)
    within = float(((rank - mean[where]) ** 2).sum()) / (len(rows) - len(size))
    usual = (len(rows) - float(size @ size) / len(rows)) / (len(size) - 1)
    found = max(0.0, (between - within) / (between + (usual - 1) * within)) if between + within > 0 else 0.0
    return (len(rows) * found + prior * uncertainty.correlation) / (len(rows) + prior)
