"""Plans and writes edges: which are new, which differ, which stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph import cypher
from graph.acyclicity import EdgeName
from graph.history import EdgeChange
from graph.model import EDGES
from graph.store import Transaction
from graph.validation import State, arrived, properties_of


@dataclass(slots=True)
class EdgePlan:
    """One edge that a row states (or takes away); ``given`` are its properties in stored form."""

    kind: str
    start: str
    end: str
    given: State
    remove: bool = False

    @property
    def name(self) -> EdgeName:
        """What identifies the edge."""
        return (self.start, self.kind, self.end)

    def state(self, before: State | None, now: int, source: str) -> State:
        """Return the edge's complete state; what the row leaves out stays, or takes its default."""
        if before is None:
            defaults = {name: one.default for name, one in properties_of(self.kind).items()}
            before = defaults | {"createdAt": now, "source": source}
        merged = {**before, **self.given}
        return {name: value for name, value in merged.items() if value is not None}


async def read_existing(
    transaction: Transaction, workspace: str, plans: Iterable[EdgePlan], fresh: set[str]
) -> dict[EdgeName, State]:
    """Read the planned edges that are stored; those at an item created by this write (``fresh``) cannot be."""
    pairs: dict[str, list[list[str]]] = defaultdict(list)
    for plan in plans:
        if plan.start not in fresh and plan.end not in fresh:
            pairs[plan.kind].append([plan.start, plan.end])
    existing: dict[EdgeName, State] = {}
    for kind, rows in pairs.items():
        found = await transaction.collected(cypher.read_edges(EDGES[kind]), workspace=workspace, rows=rows)
        existing |= {(start, kind, end): arrived(kind, values) for start, end, values in found}
    return existing


async def write_edges(
    transaction: Transaction,
    workspace: str,
    plans: Sequence[EdgePlan],
    existing: Mapping[EdgeName, State],
    now: int,
    source: str,
) -> tuple[list[EdgeChange], int]:
    """Write what is new or differs; return the changes and the number of edges that stay as they are."""
    changes: list[EdgeChange] = []
    for plan in plans:
        before = existing.get(plan.name)
        if plan.remove:
            if before is not None:
                changes.append(EdgeChange(plan.kind, plan.start, plan.end, "remove", before, {}))
            continue
        after = plan.state(before, now, source)
        if before is None:
            changes.append(EdgeChange(plan.kind, plan.start, plan.end, "add", {}, after))
        elif before != after:
            changes.append(EdgeChange(plan.kind, plan.start, plan.end, "update", before, after))
    await store_edges(transaction, workspace, changes)
    return changes, len(plans) - len(changes)


async def store_edges(transaction: Transaction, workspace: str, changes: Iterable[EdgeChange]) -> None:
    """Bring the stored edges to the state after the changes."""
    rows: dict[tuple[str, str], list[list[object]]] = defaultdict(list)
    for change in changes:
        values = [change.after.get(name) for name in properties_of(change.kind)]
        row: list[object] = [change.start, change.end]
        rows[change.operation, change.kind].append(row if change.operation == "remove" else row + values)
    texts = {"add": cypher.create_edges, "update": cypher.update_edges, "remove": cypher.remove_edges}
    for (operation, kind), group in rows.items():
        await transaction.rows(texts[operation](EDGES[kind]), workspace=workspace, rows=group)
