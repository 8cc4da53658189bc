"""Plans and writes edges: which are new, which differ, which stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph import cypher
from graph.records.history import EdgeChange
from graph.rules.ties import EdgeName
from graph.rules.validation import State, properties_of, travelling
from graph.store import Transaction


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


async def write_edges(
    transaction: Transaction,
    workspace: str,
    plans: Sequence[EdgePlan],
    existing: Mapping[EdgeName, State | None],
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
    rows: dict[str, dict[Hashable, list[object]]] = defaultdict(dict)
    for change in changes:
        name = (change.start, change.kind, change.end)
        rows[change.operation][name] = [*name, *travelling(change.kind, change.after)]
    for operation, text in _TEXTS.items():
        if rows[operation]:
            await transaction.write(text, rows[operation], workspace=workspace)


_TEXTS: Final = {"add": cypher.CREATE_EDGES, "update": cypher.UPDATE_EDGES, "remove": cypher.REMOVE_EDGES}
