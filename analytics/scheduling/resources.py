"""Who does what: people as resources that offer all of their time, and what each item takes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import rows_of, totals
from analytics.expansion.ownership import sure_edges
from analytics.scheduling.generation import Demand
from graph.snapshots.columns import Floats, Ints
from graph.snapshots.snapshot import KINDS


@dataclass(frozen=True, slots=True, eq=False)
class Resources:
    """``rows`` (shape (r,)): the people and teams that do open work; ``demand``: what each unit takes of them."""

    rows: Ints
    demand: Demand

    @classmethod
    def of(cls, expanded: Expanded) -> Resources:
        """Work out who does what. O(n + m log m).

        Each person offers 1.0 at any time within the calendar, and an item takes its share of each assignee (all of
        their time where no share is given, and never more than there is). What only teams are assigned to draws on
        them: a team offers as much as its members' shares of it together, at least 1.0. What nobody is assigned to
        draws on nobody. A cycle takes what its members take together.
        """
        snapshot, edges = expanded.snapshot, expanded.snapshot.edges
        places = sure_edges(snapshot, "ASSIGNED_TO")
        work, doer = expanded.canon[edges.start[places]], edges.end[places]
        share = np.nan_to_num(edges.share[places].astype(np.float64), nan=1.0)
        is_team = snapshot.items.kind[doer] == KINDS.index("Team")
        person_does = np.zeros(len(snapshot), dtype=np.bool_)
        person_does[work[~is_team]] = True
        counts = (expanded.durations.hours[work] > 0) & (share > 0) & (~is_team | ~person_does[work])
        counts &= expanded.finish[work] >= 0
        work, doer, share = work[counts], doer[counts], share[counts]
        rows, resource = np.unique(doer, return_inverse=True)
        capacity = _capacity(expanded, rows)
        unit = expanded.unit[expanded.finish[work]].astype(np.int64)
        pairs, place = np.unique(unit * max(len(rows), 1) + resource, return_inverse=True)
        unit, resource = pairs // max(len(rows), 1), pairs % max(len(rows), 1)
        amount = np.minimum(totals(place, share, len(pairs)), capacity[resource])
        start = rows_of(unit, len(expanded.hours))
        return cls(rows.astype(np.int32), Demand(start, resource.astype(np.int32), amount, capacity))


def _capacity(expanded: Expanded, rows: Ints) -> Floats:
    """Return what each of ``rows`` offers. Shape (r,)."""
    snapshot, edges = expanded.snapshot, expanded.snapshot.edges
    members = sure_edges(snapshot, "MEMBER_OF")
    share = np.nan_to_num(edges.share[members].astype(np.float64), nan=1.0)
    together = totals(edges.end[members], np.maximum(share, 0.0), len(snapshot))
    is_team = snapshot.items.kind[rows] == KINDS.index("Team")
    return np.where(is_team, np.maximum(together[rows], 1.0), 1.0)
