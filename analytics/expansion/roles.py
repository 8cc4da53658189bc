"""What each edge of a snapshot means to the expanded graph."""

from __future__ import annotations

import numpy as np

from graph.model import EDGES, Role
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import EDGE_KINDS, Snapshot


def with_role(snapshot: Snapshot, role: Role) -> Flags:
    """Return which edges have this role. Shape (m,)."""
    table = np.array([EDGES[name].role is role for name in EDGE_KINDS])
    return np.asarray(table[snapshot.edges.kind], dtype=np.bool_)
