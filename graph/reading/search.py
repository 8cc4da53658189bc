"""Finds items by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.model import NODES, Property
from graph.reading.conditions import OfKind
from graph.reading.rounds import compiled
from graph.reading.selection import RANK, Column, Label, Level, Listing, Order, Page, Root
from graph.reading.snippets import Match, matches
from graph.reading.traversal import traverse
from graph.reading.words import Words
from graph.records.sight import Sight
from graph.store import Store
from graph.values import Type


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that a search found; ``score`` is how well it fits, 0 to 1, ``matches`` its texts that match."""

    id: str
    key: str
    title: str
    kind: str
    status: str | None
    score: float
    matches: tuple[Match, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "id": self.id,
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "status": self.status,
            "score": self.score,
            "matches": [match.to_dict() for match in self.matches],
        }


@dataclass(frozen=True, slots=True)
class Hits:
    """The first items that a search found, best first; ``total`` counts all of them, up to ``words.MAX_FOUND``."""

    hits: tuple[Hit, ...]
    total: int


_TEXTS: Final = tuple(Property(name, Type.TEXT, "") for name in ("key", "title", "description", "status"))
_LEVEL: Final = Level((*(Column(one) for one in _TEXTS), Label(), Column(RANK)))


async def search(store: Store, sight: Sight, words: Words, kinds: Sequence[str] | None = None, *, first: int) -> Hits:
    """Return the items of some kinds (all when absent) in which the words stand; items that fit alike by age.

    One round trip; O(h) for h hits, and O(h log first) to order them.

    Raises:
        StoreError: The database failed.

    """
    listing = Listing(None if kinds is None else OfKind(), (Order(RANK, descending=True),))
    program = compiled(Root(_LEVEL, tuple(NODES), total=True, listing=listing, searched=True))
    values = () if kinds is None else (list(kinds),)
    found = await traverse(store, sight, program, [Page(first, (), values)], words=words)
    return Hits(tuple(_hit(row, words) for row in found.rows), found.total)


def _hit(row: Sequence[Any], words: Words) -> Hit:
    item, key, title, description, status, kind, score = row
    return Hit(item, key, title, kind, status, score, tuple(matches(words, key, title, description)))
