"""Turns a selection tree into one Cypher text whose answer is nested rows, whatever its depth.

A nested read costs one round trip, not one per level. Rows are positional lists (map literals come back in hash order
and cost half as much again), and the text is canonical: it depends on the shape of the selection only, while page
sizes, cursors and every other value are parameters, so that Neo4j plans it once.

A row of a ``Level`` is ``[id, label if labelled, *columns, *edge columns, *hops]``; a hop is a list of such rows, the
number of all its items, or ``[rows, number]``, by what was asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graph.cypher import stored
from graph.model import EDGES, NODES, Property, Role
from graph.sight import Sight, seen
from graph.store import Rows, Store
from graph.values import Type

MAX_DEPTH: Final = 6
"""Nested hops that one text may hold: planning takes a third of a second at 6, seconds at 15."""
MAX_HOPS: Final = 40
"""Hops in all that one text may hold; each costs the planner about 13 ms."""
MAX_CONTAINMENT: Final = 20
"""Wholes within wholes that ``Filter.under`` follows."""

_LABEL: Final = "[l IN labels({0}) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]"


@dataclass(frozen=True, slots=True)
class Level:
    """Which values are read of each item, and which edges are followed from it."""

    columns: tuple[Property, ...]
    labelled: bool
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """A page of the items at the other end of one kind of edge.

    ``forward`` follows the stored direction. ``level`` is ``None`` when only the number (``total``) is asked.
    """

    edge: str
    forward: bool
    level: Level | None
    edge_columns: tuple[Property, ...] = ()
    total: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One criterion of an order; items without the value come last in both directions."""

    column: Property
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which conditions a root has; their values are parameters (``text``, ``statuses``, ``under``, ``owner``)."""

    text: bool = False
    statuses: bool = False
    under: bool = False
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """Where a traversal begins: a page of the items of some kinds, or items named by ``id`` or ``key``.

    ``cursor`` tells for each criterion of ``order`` whether the cursor's value is null; ``None``: no cursor.
    """

    level: Level | None
    labels: tuple[str, ...]
    named_by: str = ""
    filter: Filter = Filter()
    order: tuple[Order, ...] = ()
    cursor: tuple[bool, ...] | None = None
    total: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The values of one hop's page: rows at most (one more than shown tells that there are more), and from where."""

    limit: int
    after: str = ""


@lru_cache(maxsize=512)
def compiled(root: Root) -> str:
    """Return the Cypher text of a traversal. O(size of the selection).

    Hops are numbered in preorder from 1: hop ``i`` takes its page from parameters ``f<i>`` and ``a<i>``, the root from
    ``f0`` and ``c0``, ``c1``, … (the cursor's values, the id last).
    """
    match = f"MATCH (n0:Item) WHERE {' AND '.join(_root_conditions(root))}"
    parts = []
    if root.level is not None:
        ordering = ", ".join(_ordering(root.order))
        after = f" AND {_after(root.order, root.cursor)}" if root.cursor is not None else ""
        page = "" if root.named_by else f"{after} WITH n0 ORDER BY {ordering} LIMIT $f0"
        parts.append(f"COLLECT {{ {match}{page} RETURN {_row(root.level, 0, (), itertools.count(1))} }}")
    if root.total:
        parts.append(f"COUNT {{ {match} }}")
    return "RETURN " + ", ".join(parts)


async def traverse(
    store: Store, sight: Sight, root: Root, pages: Sequence[Page], values: Mapping[str, Any]
) -> tuple[Rows, int]:
    """Run a traversal in one round trip: the root's rows, and the number of all its items (0 unless asked).

    ``pages`` are those of the hops in preorder; ``values`` the root's own parameters.

    Raises:
        StoreError: The database failed.

    """
    parameters = dict(values)
    for number, page in enumerate(pages, start=1):
        parameters[f"f{number}"] = page.limit
        parameters[f"a{number}"] = page.after
    answer = (await store.rows(compiled(root), **sight.parameters, **parameters))[0]
    rows = answer[0] if root.level is not None else []
    return rows, answer[-1] if root.total else 0


def _row(level: Level, own: int, edge_columns: tuple[Property, ...], numbers: Iterator[int]) -> str:
    node = f"n{own}"
    parts = [f"{node}.id"]
    if level.labelled:
        parts.append(_LABEL.format(node))
    parts += [stored(node, column) for column in level.columns]
    parts += [stored(f"e{own}", column) for column in edge_columns]
    parts += [_hop(hop, node, numbers) for hop in level.hops]
    return f"[{', '.join(parts)}]"


def _hop(hop: Hop, source: str, numbers: Iterator[int]) -> str:
    own = next(numbers)
    node, edge = f"n{own}", f"e{own}"
    arrow = f"-[{edge}:{EDGES[hop.edge].name}]-"
    arrow = f"({source}){arrow}>({node}:Item)" if hop.forward else f"({source})<{arrow}({node}:Item)"
    match = f"MATCH {arrow} WHERE {_visible(node)}"
    parts = []
    if hop.level is not None:
        row = _row(hop.level, own, hop.edge_columns, numbers)
        parts.append(
            f"COLLECT {{ {match} AND {node}.id > $a{own} "
            f"WITH {node}, {edge} ORDER BY {node}.id LIMIT $f{own} RETURN {row} }}"
        )
    if hop.total:
        parts.append(f"COUNT {{ {match} }}")
    return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def _visible(node: str) -> str:
    return f"{seen(node)} AND {node}.archivedAt IS NULL"


def _root_conditions(root: Root) -> Iterator[str]:
    yield _visible("n0")
    if set(root.labels) != set(NODES):
        # Spelt out, so that only names of the table reach the text.
        yield "(" + " OR ".join(f"n0:{NODES[label].label}" for label in root.labels) + ")"
    if root.named_by:
        yield f"n0.{'key' if root.named_by == 'key' else 'id'} IN $values"
    if root.filter.text:
        yield "(toLower(n0.title) CONTAINS $text OR toLower(n0.key) CONTAINS $text)"
    if root.filter.statuses:
        yield "n0.status IN $statuses"
    if root.filter.under:
        contains = "|".join(kind.name for kind in EDGES.values() if kind.role is Role.CONTAINS)
        yield (
            f"EXISTS {{ MATCH (n0)-[:{contains}]->{{1,{MAX_CONTAINMENT}}}(u:Item) "
            f"WHERE {_visible('u')} AND (u.id = $under OR u.key = $under) }}"
        )
    if root.filter.owner:
        yield f"EXISTS {{ MATCH (n0)<-[:OWNS]-(o:Item) WHERE {_visible('o')} AND (o.id = $owner OR o.key = $owner) }}"


def _ordering(order: tuple[Order, ...]) -> Iterator[str]:
    for one in order:
        yield f"n0.{one.column.name} IS NULL"
        yield f"n0.{one.column.name}{' DESC' if one.descending else ''}"
    yield "n0.id"


def _after(order: tuple[Order, ...], nulls: tuple[bool, ...]) -> str:
    """Return the condition that an item follows the cursor: it is greater in the first criterion that differs."""
    alternatives: list[str] = []
    equal: list[str] = []
    for place, (one, is_null) in enumerate(zip(order, nulls, strict=True)):
        path, value = f"n0.{one.column.name}", _value(one.column, f"$c{place}")
        if not is_null:
            sign = "<" if one.descending else ">"
            alternatives.append(" AND ".join([*equal, f"({path} {sign} {value} OR {path} IS NULL)"]))
        equal.append(f"{path} IS NULL" if is_null else f"{path} = {value}")
    alternatives.append(" AND ".join([*equal, f"n0.id > $c{len(order)}"]))
    return "(" + " OR ".join(alternatives) + ")"


def _value(column: Property, parameter: str) -> str:
    match column.type:
        case Type.INSTANT:
            return f"datetime({{epochMillis: {parameter}}})"
        case Type.DATE:
            return f"date({parameter})"
        case _:
            return parameter
