"""Which rows of two snapshots are the same item."""

from __future__ import annotations

import numpy as np

from analytics.expansion.kernels import Words
from graph.snapshots.columns import Ints
from graph.snapshots.snapshot import Snapshot


def identity_words(snapshot: Snapshot) -> Words:
    """Return each item's id folded into one word; two items with the same word are not to be expected. Shape (n,)."""
    words: Words = np.ascontiguousarray(snapshot.items.ids).view("<u8").reshape(-1, 2)
    return np.bitwise_xor(words[:, 0], words[:, 1])


def rows_in(other: Snapshot, snapshot: Snapshot) -> Ints:
    """Return the row that each item of a snapshot has in another one, -1 where it has none. Shape (n,). O(n log n)."""
    mine, theirs = identity_words(snapshot), identity_words(other)
    if not len(theirs):
        return np.full(len(mine), -1, dtype=np.int32)
    order = np.argsort(theirs, kind="stable")
    found = order[np.minimum(np.searchsorted(theirs[order], mine), len(order) - 1)]
    same = (other.items.ids[found] == snapshot.items.ids).all(axis=1)
    return np.where(same, found, -1).astype(np.int32)
