"""Who answers for an item: its owner, else its sole assignee, else the owner of the nearest whole that has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.kernels import Pointers, nearest_source, rows_sorted
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import KINDS, Snapshot

_KEY: Final = "analytics.expansion.ownership"


@dataclass(frozen=True, slots=True, eq=False)
class Ownership:
    """``owner`` (int32, shape (n,)): the row of who answers for each item, -1 for nobody.

    Of several owners it is a person before a team, then the one with the lowest row; ``named`` gives all of them.
    """

    owner: Ints
    _answering: Ints
    _pointer: Pointers
    _owners: Ints

    def named(self, row: int) -> tuple[int, ...]:
        """Return the rows of all who answer for an item, the first of them first."""
        first, source = int(self.owner[row]), int(self._answering[row])
        if source < 0:
            return () if first < 0 else (first,)
        owners = self._owners[self._pointer[source] : self._pointer[source + 1]].tolist()
        return (first, *(owner for owner in owners if owner != first))

    @classmethod
    def of(cls, snapshot: Snapshot) -> Ownership:
        """Work out the owners of every item, once per snapshot. O(n + m log m)."""
        found = snapshot.derived.get(_KEY)
        if not isinstance(found, cls):
            found = snapshot.derived[_KEY] = _ownership(snapshot)
        return found


def _ownership(snapshot: Snapshot) -> Ownership:
    count, edges = len(snapshot), snapshot.edges
    owning = sure_edges(snapshot, "OWNS")
    is_team = snapshot.items.kind[edges.start[owning]] == KINDS.index("Team")
    owning = owning[np.lexsort((edges.start[owning], is_team, edges.end[owning]))]
    pointer, owners = rows_sorted(edges.end[owning], edges.start[owning], count)
    direct = np.diff(pointer) > 0
    owner = np.full(count, -1, dtype=np.int32)
    owner[direct] = owners[pointer[:-1][direct]]
    containing = sure_edges(snapshot, "PART_OF")
    down, parts = rows_sorted(edges.end[containing], edges.start[containing], count)
    answering = nearest_source(down, parts, np.flatnonzero(direct).astype(np.int32))
    assigned = sure_edges(snapshot, "ASSIGNED_TO")
    sole = (np.bincount(edges.start[assigned], minlength=count) == 1) & ~direct
    chosen = assigned[sole[edges.start[assigned]]]
    owner[edges.start[chosen]] = edges.end[chosen]
    answering[sole] = -1
    inherited = (owner < 0) & (answering >= 0)
    owner[inherited] = owner[answering[inherited]]
    return Ownership(owner, answering, pointer, owners)


def sure_edges(snapshot: Snapshot, kind: str) -> NDArray[np.intp]:
    """Return the places of the edges of a kind that are sure enough for the policy and join two items."""
    edges = snapshot.edges
    places = snapshot.edges_of(kind)
    sure = edges.confidence[places] >= np.float32(snapshot.policy.min_confidence)
    chosen: NDArray[np.intp] = places[sure & (edges.start[places] != edges.end[places])]
    return chosen


def answering(snapshot: Snapshot) -> tuple[NDArray[np.intp], Ints, Flags]:
    """Return pairs of an item and who owns it, does it or answers for it, and for each person also their teams.

    Rows of items and of people or teams, and whether it is the team or person itself and not only a member. Shapes
    (p,); pairs may be repeated. O(n + m log m).
    """
    edges, owner = snapshot.edges, Ownership.of(snapshot).owner
    owned, done = snapshot.edges_of("OWNS"), snapshot.edges_of("ASSIGNED_TO")
    rows = np.flatnonzero(owner >= 0)
    item = np.concatenate([rows, edges.end[owned], edges.start[done]]).astype(np.intp)
    who = np.concatenate([owner[rows], edges.start[owned], edges.end[done]]).astype(np.int32)
    members = snapshot.edges_of("MEMBER_OF")
    order = members[np.argsort(edges.start[members], kind="stable")]
    low = np.searchsorted(edges.start[order], who, side="left")
    counts = np.searchsorted(edges.start[order], who, side="right") - low
    ends = np.cumsum(counts)
    offset = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    teams = edges.end[order[np.repeat(low, counts) + offset]]
    direct = np.concatenate([np.ones(len(item), dtype=np.bool_), np.zeros(len(teams), dtype=np.bool_)])
    return np.concatenate([item, np.repeat(item, counts)]), np.concatenate([who, teams]).astype(np.int32), direct
