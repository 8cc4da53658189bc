"""Generate a believable organization of any size: all kinds of nodes and edges, with history."""

from __future__ import annotations

from workatlas.generator.organization import MIN_ITEMS, TODAY
from workatlas.generator.stream import records

__all__ = ["MIN_ITEMS", "TODAY", "records"]
