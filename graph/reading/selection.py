"""What a nested read selects, as a neutral tree: levels of values, and hops along edges to further levels.

The tree holds the shape of a read only. Its values are in ``Page``, one for the root and one for each hop, so that two
reads of one shape have one Cypher text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from graph.model import Property
from graph.reading.conditions import Condition
from graph.values import Type


@dataclass(frozen=True, slots=True)
class Column:
    """A property of the item, in stored form (``graph.cypher.stored``)."""

    property: Property


@dataclass(frozen=True, slots=True)
class EdgeColumn:
    """A property of the edge by which the item was reached, in stored form."""

    property: Property


@dataclass(frozen=True, slots=True)
class Label:
    """The item's kind."""


@dataclass(frozen=True, slots=True)
class Place:
    """The item's values of the order's criteria, as a cursor holds them; null where the order is by id only."""


RANK: Final = Property("score", Type.NUMBER, "", required=True)
"""How well an item fits what is searched for, 0 to 1: no stored property, but what a search finds beside its items."""


@dataclass(frozen=True, slots=True)
class Order:
    """One criterion of an order; items without the value come last in both directions."""

    column: Property
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Which items a list holds and in which order: by the criteria, then by id.

    ``cursor`` tells for each criterion whether the cursor's value is null; ``None``: the list begins at its beginning.
    """

    condition: Condition | None = None
    order: tuple[Order, ...] = ()
    cursor: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """A page of the items at the other end of one kind of edge; ``forward`` follows the stored direction.

    ``number`` names its page. ``level`` is ``None`` when only the number of all items (``total``) is asked.
    """

    number: int
    edge: str
    forward: bool
    level: Level | None
    total: bool = False
    listing: Listing = Listing()


@dataclass(frozen=True, slots=True)
class Level:
    """What is read of each item; its row is ``[id, *parts]``.

    A hop's part of the row is a list of rows, the number of all its items, or ``[rows, number]``, by what was asked.
    """

    parts: tuple[Column | EdgeColumn | Label | Place | Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Root:
    """Where a traversal begins: a page of the items of some kinds, or items named by ``id`` or ``key``.

    ``written`` names them by id and finds archived ones too: what a mutation shows of what it wrote.
    ``searched``: only items that a search finds (``graph.reading.words``), which may be ordered by ``RANK``.
    ``statuses`` asks for the workspace's own status names too, as they are stored.
    """

    level: Level | None
    labels: tuple[str, ...]
    named_by: str = ""
    total: bool = False
    listing: Listing = Listing()
    statuses: bool = False
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The values of one list: rows at most (one more than shown tells that there are more), and from where.

    ``cursor`` holds the values of the order's criteria and the id last, ``values`` the parameters of the condition.
    """

    limit: int
    cursor: tuple[Any, ...] = ("",)
    values: tuple[Any, ...] = ()
