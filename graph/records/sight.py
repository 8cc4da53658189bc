"""What a reader may see: one workspace, and of the items that only a team may see those of some teams."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from graph.model import EDGES, Role
from graph.store import Store, Transaction

MAX_CONTAINMENT: Final = 20
"""Wholes within wholes that are followed from an item."""


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


_CONTAINS: Final = "|".join(kind.name for kind in EDGES.values() if kind.role is Role.CONTAINS)
# Every whole on the way must be seen too: what is hidden joins nothing.
_INSIDE_AMONG: Final = f"""
UNWIND $ids AS i MATCH (n:Item {{workspace: $workspace, id: i}}) WHERE {seen("n")} AND (n.id = $whole OR EXISTS {{
  MATCH (n) (()-[:{_CONTAINS}]->(w:Item WHERE {seen("w")})){{1,{MAX_CONTAINMENT}}} (:Item {{id: $whole}}) }})
RETURN collect(n.id)
"""


async def inside_among(store: Store, sight: Sight, ids: Collection[str], whole: str) -> frozenset[str]:
    """Return those of some ids that ``seen_among`` returns and that are an item or parts of it, at any depth.

    Raises:
        StoreError: The database failed.

    """
    if not ids:
        return frozenset()
    rows = await store.rows(_INSIDE_AMONG, ids=list(ids), whole=whole, **sight.parameters)
    return frozenset(rows[0][0])


_IDENTIFIED: Final = """
UNWIND $names AS name MATCH (n:Item {workspace: $workspace}) WHERE n.id = name OR n.key = name
RETURN name, n.id, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]
"""


async def identified(store: Store, workspace: str, names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return id and kind of items by their ids or keys, whoever may see them; names of no item are left out.

    Raises:
        StoreError: The database failed.

    """
    if not names:
        return {}
    rows = await store.rows(_IDENTIFIED, workspace=workspace, names=list(names))
    return {name: (item_id, kind) for name, item_id, kind in rows}
