"""What is critical: the work on a path without any slack to a target."""

from __future__ import annotations

import numpy as np

from analytics.expansion.expanded import OPERATION, Expanded
from analytics.expansion.kernels import driving_units
from graph.snapshots.columns import Flags


def critical_work(expanded: Expanded, row: int) -> Flags:
    """Return the open leaves of work that drive the earliest finish of an item, itself among them. Shape (n,).

    An item drives the target when a path of arcs without slack leads from it there; of a goal, the children with which
    it has enough. Of a cycle, all members do. Nothing drives a target that is closed or cannot be finished. O(n + m).
    """
    critical = np.zeros(len(expanded.snapshot), dtype=np.bool_)
    if not expanded.is_open[row] or not np.isfinite(expanded.finish_hours(row)):
        return critical
    pointer, arcs = expanded.into
    target = int(expanded.unit[expanded.finish[row]])
    drives = driving_units(pointer, arcs, expanded.tails, expanded.weights, expanded.starts, target)
    critical[expanded.item[drives[expanded.unit]]] = True
    return critical & work_leaves(expanded)


def work_leaves(expanded: Expanded) -> Flags:
    """Return which items are open work without parts, operations apart. Shape (n,)."""
    snapshot = expanded.snapshot
    leaf = (expanded.gate >= 0) & snapshot.is_work & expanded.is_open & ~expanded.is_container
    return np.asarray(leaf & (snapshot.items.kind != OPERATION), dtype=np.bool_)
