"""A transaction that sends its writes late and together, for many small requests in one commit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph import cypher
from graph.store import Rows, Transaction


@dataclass(slots=True)
class _Statement:
    query: str
    parameters: dict[str, Any]
    rows: list[Any] = field(default_factory=list)


class HoldingTransaction(Transaction):
    """Holds writes back until something is read, and then sends those of one query as one statement.

    Whatever is read sees all writes before it. What is written twice is written in that order; other writes may change
    places, but that items are made before anything else is done.
    """

    __slots__ = ("_held", "_newest", "_touched")

    def __init__(self, inner: Transaction) -> None:
        super().__init__(inner._inner)
        self._held: list[_Statement] = []
        self._newest: dict[str, int] = {}
        """Query → place of its newest statement."""
        self._touched: dict[Hashable, int] = {}
        """What is written → place of the last statement that writes it."""

    async def rows(self, query: str, **parameters: Any) -> Rows:
        """Send what is held back, then run one statement and return its rows."""
        await self.flush()
        return await super().rows(query, **parameters)

    async def write(self, query: str, rows: Mapping[Hashable, Any], **parameters: Any) -> None:
        """Hold a write back; ``parameters`` are the same for all writes of one query."""
        place = self._newest.get(query, -1)
        if place < max((self._touched.get(name, -1) for name in rows), default=-1) or place < 0:
            place = self._newest[query] = len(self._held)
            self._held.append(_Statement(query, parameters))
        self._held[place].rows += rows.values()
        self._touched.update(dict.fromkeys(rows, place))

    async def flush(self) -> None:
        """Send what is held back."""
        held, self._held = self._held, []
        self._newest.clear()
        self._touched.clear()
        for one in sorted(held, key=lambda one: one.query != cypher.CREATE_NODES):
            await super().rows(one.query, rows=one.rows, **one.parameters)
