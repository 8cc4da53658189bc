"""What the change log says of items over time: how long each was in which status, and what happened to one of them.

The log begins when an item came to this workspace: what it was in before, in the source that it was imported from, is
not known here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace

from graph import cypher
from graph.batch import Ref
from graph.records import history
from graph.records.history import Change, NodeChange
from graph.store import Store


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """A stretch of time in one status; ``start`` and ``end`` in epoch milliseconds, UTC, ``end`` ``None`` if it lasts.

    ``status`` is ``None`` where the item has none. A stretch ends where the status changes, and where the item is
    archived or purged; a restored one begins a new stretch.
    """

    item: str
    status: str | None
    start: int
    end: int | None = None

    def hours(self, now: int) -> float:
        """Return how long it lasted, or has lasted until ``now`` (epoch milliseconds)."""
        return ((now if self.end is None else self.end) - self.start) / 3_600_000


@dataclass(slots=True)
class Spans:
    """Collects the status spans of items from changes, which come oldest first; ``only`` names the items to follow."""

    only: Collection[str] | None = None
    done: list[StatusSpan] = field(default_factory=list)
    _running: dict[str, StatusSpan] = field(default_factory=dict)
    _status: dict[str, str | None] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Take the next change into account. O(altered items)."""
        for node in change.nodes:
            if self.only is None or node.id in self.only:
                self._take(node, change.at)

    def _take(self, node: NodeChange, at: int) -> None:
        if "status" in node.before or "status" in node.after:
            self._status[node.id] = node.after.get("status")
        status = self._status.get(node.id)
        running = self._running.get(node.id)
        away = node.operation in {"archive", "purge"}
        if running is not None and (away or running.status != status):
            self.done.append(replace(self._running.pop(node.id), end=at))
        if not away and node.id not in self._running and (running is not None or node.operation != "update"):
            self._running[node.id] = StatusSpan(node.id, status, at)

    @property
    def all(self) -> list[StatusSpan]:
        """Every span so far, by item and then by time."""
        return sorted([*self.done, *self._running.values()], key=lambda one: (one.item, one.start))


async def status_spans(store: Store, workspace: str, items: Collection[str] | None = None) -> list[StatusSpan]:
    """Return the time that items (ids; all unless given) spent in each status, by item and then by time.

    O(size of the log); memory grows with the number of spans.

    Raises:
        StoreError: The database failed.

    """
    spans = Spans(items)
    async for change in history.stream(store, workspace, 0):
        spans.take(change)
    return spans.all


async def identity_of(store: Store, workspace: str, name: str) -> str | None:
    """Return the id of an item given by key, id or ``source:sourceId``, archived ones included.

    Raises:
        StoreError: The database failed.

    """
    ref = Ref.parse(name)
    way = ref.space if ref.space in {"id", "key"} else "source"
    value = ref.value if way != "source" else [ref.space, ref.value]
    found = (await store.rows(cypher.FIND_BY[way], workspace=workspace, values=[value]))[0][0]
    return str(found[0][0]) if found else None


async def changes_of(store: Store, workspace: str, item: str) -> AsyncIterator[Change]:
    """Yield the changes that altered an item or its edges, oldest first, and of each only that. O(size of the log).

    Raises:
        StoreError: The database failed.

    """
    async for change in history.stream(store, workspace, 0):
        nodes = [one for one in change.nodes if one.id == item]
        edges = [one for one in change.edges if item in (one.start, one.end)]
        if nodes or edges:
            yield replace(change, nodes=nodes, edges=edges, settings=[])
