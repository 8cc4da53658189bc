"""Communities: groups of items, people or teams that hang together more than they do with others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse.csgraph import connected_components

from analytics.networks.louvain import louvain, modularity, numbered_by_size
from analytics.networks.projection import Among, Nodes, Projection
from analytics.results import Completeness, Explanation, counted, table
from graph.snapshots.columns import Flags, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_NAMED: Final = 25
"""Members of a community that are named, the best connected ones."""


class Grouping(StrEnum):
    """By what communities are found."""

    LOUVAIN = "LOUVAIN"
    """Moves that raise modularity."""
    COMPONENTS = "COMPONENTS"
    """Whatever is joined at all, by edges of either direction."""


@dataclass(frozen=True, slots=True)
class Community:
    """One group: ``size``, best connected ``members``, and the weight of edges ``inside`` it and to the ``outside``."""

    members: tuple[str, ...]
    titles: tuple[str, ...]
    size: int
    inside: float
    outside: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"members": list(self.members), "titles": list(self.titles), "size": self.size, "inside": self.inside,
                "outside": self.outside}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Communities(Mapping[Hashable, int]):
    """Groups, the largest first, and as a mapping the number (from 0) of each node's group, by the snapshot's names.

    ``count`` is how many groups there are, those of a single node included; ``groups`` are the first of them.
    ``modularity`` is how much more weight they hold than chance would put there (-0.5 to 1).
    """

    method: Grouping
    among: Among
    kinds: tuple[str, ...]
    nodes: int
    edges: int
    count: int
    modularity: float
    groups: tuple[Community, ...]
    completeness: Completeness
    _nodes: Nodes = field(repr=False, compare=False)
    _group: Ints = field(repr=False, compare=False)

    def __getitem__(self, name: Hashable) -> int:
        return int(self._group[self._nodes.place(name)])

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def explain(self) -> Explanation:
        """Return how many groups there are, and the largest."""
        facts: dict[str, Any] = {"nodes": self.nodes, "count": self.count, "modularity": f"{self.modularity:.2f}"}
        if not self.groups:
            return self.completeness.explained("There is nothing to group.", facts)
        first = self.groups[0]
        facts |= {"first": first.to_dict(), "shown": list(first.members[:3])}
        around = f"around {', '.join(first.members[:3])}" if first.members else "of hidden nodes"
        text = f"{counted(self.nodes, 'node')} make {counted(self.count, 'group')}, modularity {self.modularity:.2f};"
        return self.completeness.explained(f"{text} the largest has {counted(first.size, 'member')}, {around}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "method": self.method.value,
            "among": self.among.value,
            "kinds": list(self.kinds),
            "nodes": self.nodes,
            "edges": self.edges,
            "count": self.count,
            "modularity": self.modularity,
            "groups": [group.to_dict() for group in self.groups],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per node: its name and the number of its group."""
        return table(({"name": name, "group": group} for name, group in self.items()), ("name", "group"))


def communities(
    snapshot: Snapshot,
    kinds: Iterable[str] | None = None,
    *,
    method: Grouping = Grouping.LOUVAIN,
    among: Among = Among.ITEMS,
    resolution: float = 1.0,
    seed: int = 0,
    closed: bool = False,
    scope: Hashable | None = None,
    limit: int = 10,
    hidden: Flags | None = None,
) -> Communities:
    """Return groups of nodes that hang together more than they do with others, on the undirected graph.

    Parameters
    ----------
    snapshot
        n items and m edges.
    kinds, among, closed, scope
        What graph, or what part of it; see ``Projection.of``.
    method
        Louvain, or connected components.
    resolution
        Above 1 for smaller groups, below for larger ones; of Louvain only.
    seed
        The order in which Louvain looks at nodes is drawn by it: the same seed gives the same groups.
    limit
        How many groups to describe at most.
    hidden
        Items that the viewer may not see, shape (n,): they count, and are not named.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1, ``resolution`` is not positive, or a kind is unknown.

    Notes
    -----
    O(p + a) a round for p nodes and a arcs. See ``analytics.networks.louvain``; a node without edges is a group by
    itself.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 group")
    if resolution <= 0:
        raise ValueError(f"resolution is {resolution}; it must be positive")
    projection = Projection.of(snapshot, among, kinds, closed=closed, scope=scope, hidden=hidden)
    if method is Grouping.LOUVAIN:
        group = louvain(projection.mutual, seed, resolution)
    else:
        group = numbered_by_size(connected_components(projection.mutual, directed=False)[1])
    nodes = Nodes.of(projection, hidden)
    count = int(group.max(initial=-1)) + 1
    limited = (f"the first {limit} of {count} groups",) if count > limit else ()
    return Communities(
        method=method,
        among=projection.among,
        kinds=projection.kinds,
        nodes=len(projection),
        edges=len(projection.heads),
        count=count,
        modularity=modularity(projection.mutual, group, resolution),
        groups=tuple(_groups(projection, group, min(count, limit), nodes.seen)),
        completeness=Completeness(
            snapshot.seq, limited, len(projection) - len(nodes), projection.self_references, projection.scope
        ),
        _nodes=nodes,
        _group=group,
    )  # fmt: skip


def _groups(projection: Projection, group: Ints, first: int, seen: Flags) -> Iterator[Community]:
    """Describe the first groups."""
    items, arcs = projection.snapshot.items, projection.mutual.tocoo()
    same = group[arcs.row] == group[arcs.col]
    inner = np.bincount(arcs.row[same], weights=arcs.data[same], minlength=len(group))
    inside = np.bincount(group, weights=inner, minlength=first)
    outside = np.bincount(group[arcs.row[~same]], weights=arcs.data[~same], minlength=first)
    order = np.lexsort((np.arange(len(group)), -inner, group))
    ends = np.searchsorted(group[order], np.arange(first + 1))
    for number in range(first):
        places = order[ends[number] : ends[number + 1]]
        rows = projection.rows[places[seen[places]][:_NAMED]].tolist()
        yield Community(
            members=tuple(items.key[row] for row in rows),
            titles=tuple(items.title[row] for row in rows),
            size=len(places),
            inside=float(inside[number]) / 2,
            outside=float(outside[number]),
        )
