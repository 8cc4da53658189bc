"""What a reader may see: one workspace, and of the items that only a team may see those of some teams."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from graph.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Sight:
    """One reader's part of the graph; ``teams`` are ids of teams, ``None`` where every team's items are seen."""

    workspace: str
    teams: frozenset[str] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the parameters that ``seen`` names."""
        return {"workspace": self.workspace, "seesAll": self.teams is None, "teams": sorted(self.teams or ())}


def seen(node: str) -> str:
    """Return the condition that an item is in the reader's part of the graph, archived or not."""
    return (
        f"{node}.workspace = $workspace AND "
        f"($seesAll OR coalesce({node}.visibility, 'WORKSPACE') = 'WORKSPACE' OR {node}.team IN $teams)"
    )


_SEEN_AMONG: Final = f"""
UNWIND $ids AS i MATCH (n:Item {{workspace: $workspace, id: i}}) WHERE {seen("n")} RETURN collect(n.id)
"""


async def seen_among(store: Store | Transaction, sight: Sight, ids: Collection[str]) -> frozenset[str]:
    """Return those of some ids whose items exist and are seen, archived ones included. One round trip.

    Raises:
        StoreError: The database failed.

    """
    if not ids:
        return frozenset()
    rows = await store.rows(_SEEN_AMONG, ids=list(ids), **sight.parameters)
    return frozenset(rows[0][0])
