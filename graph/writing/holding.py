"""A transaction that sends its writes late and together, for many small requests in one commit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from graph import cypher
from graph.store import Rows, Transaction

_PARTS: Final = (
    cypher.CREATE_NODES,
    cypher.ALTER_NODES,
    cypher.CREATE_EDGES,
    cypher.UPDATE_EDGES,
    cypher.REMOVE_EDGES,
    cypher.WRITE_SETTINGS,
    cypher.APPEND_CHANGES,
    cypher.KEEP_ANSWERS,
)
"""What can be held back, in the order in which it is done: each finds what it needs."""
_PLACES: Final = {text: place for place, text in enumerate(_PARTS)}
TOGETHER: Final = cypher.in_one(_PARTS)
"""All of them as one statement."""

_Round = list[list[Any]]
"""Rows of each part, sent as one statement."""


class HoldingTransaction(Transaction):
    """Holds writes back until something else is sent, and then sends all of them as one statement.

    Whatever is read sees all writes before it. What is written twice is written in that order; other writes may change
    places. What the request in hand wrote can be taken back until it is sent.
    """

    __slots__ = ("_own", "_rounds", "_touched", "_workspace")

    def __init__(self, inner: Transaction, workspace: str) -> None:
        super().__init__(inner._inner)
        self._workspace = workspace
        self._own: list[tuple[int, Mapping[Hashable, Any]]] = []
        """Place among the parts, and rows, of what the request in hand wrote."""
        self._rounds: list[_Round] = []
        self._touched: dict[Hashable, tuple[int, int]] = {}
        """What is written → round and part that write it last."""

    async def rows(self, query: str, **parameters: Any) -> Rows:
        """Send what is held back, then run one statement and return its rows."""
        await self.flush()
        return await super().rows(query, **parameters)

    async def write(self, query: str, rows: Mapping[Hashable, Any], **parameters: Any) -> None:
        """Hold a write to this workspace back; one that cannot be held is sent after those that are."""
        if query in _PLACES:
            self._own.append((_PLACES[query], rows))
        else:
            await super().write(query, rows, **parameters)

    def settle(self) -> None:
        """Keep what the request in hand wrote: the next one's turn has come."""
        for part, rows in self._own:
            number = max((self._round_of(name, part) for name in rows), default=0)
            while len(self._rounds) <= number:
                self._rounds.append([[] for _ in _PARTS])
            self._rounds[number][part] += rows.values()
            self._touched.update(dict.fromkeys(rows, (number, part)))
        self._own.clear()

    def _round_of(self, name: Hashable, part: int) -> int:
        """Return the first round in which a part that writes this comes after what wrote it last."""
        number, last = self._touched.get(name, (0, 0))
        return number if last <= part else number + 1

    def take_back(self) -> None:
        """Forget what the request in hand wrote and is held back."""
        self._own.clear()

    async def flush(self) -> None:
        """Send what is held back."""
        self.settle()
        rounds, self._rounds = self._rounds, []
        self._touched.clear()
        for parts in rounds:
            await super().rows(TOGETHER, workspace=self._workspace, parts=parts)
