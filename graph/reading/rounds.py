"""Turns a selection into Cypher: one text while it is small enough to be planned quickly, further rounds beyond.

A nested read costs one round trip, not one per level. Rows are positional lists (map literals come back in hash order
and cost half as much again), and the text is canonical: it depends on the shape of the selection only, while page
sizes, cursors and every other value are parameters, so that Neo4j plans it once. What would make a text slow to plan is
left out of it (``null`` in the row) and read for all rows together in a round of its own, by the ids of those rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graph.cypher import stored
from graph.model import NODES, Property
from graph.reading.conditions import LABEL, Condition, Every, Operator, Test, rendered, value_of, visible, width
from graph.reading.selection import RANK, Column, EdgeColumn, Hop, Label, Level, Listing, Order, Root
from graph.reading.words import found
from graph.records.sight import seen
from graph.values import Type

MAX_DEPTH: Final = 6
"""Nested hops that one text may hold: planning takes a third of a second at 6, seconds at 15."""
MAX_HOPS: Final = 40
"""Hops in all that one text may hold, the patterns of conditions included; each costs the planner about 13 ms."""
MAX_ORDERED_TEXT: Final = 200
"""Characters of a text that an order compares: cursors hold them."""

SCORE: Final = "score"
"""Name of the score of the root's items, where a search finds them."""

_SHORT_TEXTS: Final = frozenset({"id", "key", "status"})


Step = tuple[int, int, bool]
"""A hop as it stands in a row: its place, its number, and whether its total is there too."""
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One text, and the rounds that fill in what it left out.

    ``numbers`` are the hops that it holds. Any round but the first goes on from the rows to which ``path`` leads from
    those of the round before; ``filled`` are the places in them that it fills, each with what stands for nothing there.
    """

    text: str
    numbers: tuple[int, ...]
    path: Path = ()
    filled: tuple[tuple[int, Any], ...] = ()
    then: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A traversal's first round, and what its one row holds: the root's rows, their number, the workspace's statuses.

    ``paged`` tells whether the last of the root's rows only tells that there are more, ``named`` whether the root's
    items are looked up by their ids or keys.
    """

    first: Round
    rows: bool
    total: bool
    statuses: bool
    paged: bool
    named: bool


@lru_cache(maxsize=1024)
def compiled(root: Root) -> Program:
    """Return the texts of a traversal. O(size of the selection).

    Hop ``i`` takes its page from parameters ``f<i>`` (limit), ``c<i>_0``, … (cursor) and ``w<i>_0``, … (condition); the
    root is number 0, and takes its names from ``names``.
    """
    draft = _Draft(budget=MAX_HOPS - width(root.listing.condition))
    named = bool(root.named_by) or _names_items(root.listing.condition)
    where, after = _listed(root.listing, "n0", 0, sought=not named)
    conditions = " AND ".join([*_root_conditions(root), *where])
    match = found("n0", SCORE, conditions) if root.searched else f"MATCH (n0:Item) WHERE {conditions}"
    carried = f"n0, {SCORE}" if root.searched else "n0"
    total = f"COUNT {{ {match}{' RETURN n0' if root.searched else ''} }}"
    before = ""
    if root.level is not None and root.total and where and not named and not root.searched:
        # What a filter finds is found once, for the page and for the number of all.
        before, match, total = (
            f"{match} WITH collect(n0) AS hits ",
            "UNWIND hits AS n0 WITH n0 WHERE true",
            "size(hits)",
        )
    parts = []
    if root.level is not None:
        ordering = _ordering(root.listing.order, "n0")
        page = "" if root.named_by else f"{after} WITH {carried} ORDER BY {ordering} LIMIT $f0"
        row = draft.row(root.level, "n0", "", root.listing.order, (), 0)
        parts.append(f"COLLECT {{ {match}{page} RETURN {row} }}")
    if root.total:
        parts.append(total)
    if root.statuses:
        parts.append("COLLECT { MATCH (w:Workspace {id: $workspace}) RETURN w.statuses }")
    first = draft.round(f"{before}RETURN {', '.join(parts)}")
    return Program(
        first,
        root.level is not None,
        root.total,
        root.statuses,
        paged=not root.named_by,
        named=named and not root.searched,
    )


@dataclass(slots=True)
class _Draft:
    """One text while it is written: how many hops it may still take, and what it left out."""

    budget: int
    numbers: list[int] = field(default_factory=lambda: [0])
    left_out: dict[Path, list[tuple[int, Hop]]] = field(default_factory=dict)

    def round(self, text: str) -> Round:
        then = tuple(one for path, hops in self.left_out.items() for one in _continued(path, hops))
        return Round(text, tuple(self.numbers), then=then)

    def row(
        self,
        level: Level,
        node: str,
        edge: str,
        order: tuple[Order, ...],
        path: Path,
        depth: int,
    ) -> str:
        values = [f"{node}.id"]
        for place, part in enumerate(level.parts, start=1):
            match part:
                case Column():
                    values.append(SCORE if part.property == RANK else stored(node, part.property))
                case EdgeColumn():
                    values.append(stored(edge, part.property))
                case Label():
                    values.append(LABEL.format(node))
                case Hop():
                    values.append(self._hop_or_gap(part, node, place, path, depth))
                case _:
                    values.append(_place(order, node))
        return f"[{', '.join(values)}]"

    def _hop_or_gap(self, hop: Hop, node: str, place: int, path: Path, depth: int) -> str:
        cost = 1 + width(hop.listing.condition)
        if depth == MAX_DEPTH or cost > self.budget:
            self.left_out.setdefault(path, []).append((place, hop))
            return "null"
        self.budget -= cost
        return self.hop(hop, node, (*path, (place, hop.number, hop.total)), depth + 1)

    def hop(self, hop: Hop, source: str, path: Path, depth: int) -> str:
        number = hop.number
        self.numbers.append(number)
        node, edge = f"n{number}", f"e{number}"
        arrow = f"({source})-[{edge}:{hop.edge}]->({node}:Item)"
        if not hop.forward:
            arrow = f"({source})<-[{edge}:{hop.edge}]-({node}:Item)"
        where, after = _listed(hop.listing, node, number)
        match = f"MATCH {arrow} WHERE {' AND '.join([visible(node), *where])}"
        parts = []
        if hop.level is not None:
            order = hop.listing.order
            row = self.row(hop.level, node, edge, order, path, depth)
            parts.append(
                f"COLLECT {{ {match}{after} WITH {node}, {edge} ORDER BY {_ordering(order, node)} "
                f"LIMIT $f{number} RETURN {row} }}"
            )
        if hop.total or hop.level is None:
            parts.append(f"COUNT {{ {match} }}")
        return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def _continued(path: Path, hops: list[tuple[int, Hop]]) -> Iterator[Round]:
    """Yield the rounds that read the hops that were left out of one level's rows."""
    waiting = list(hops)
    while waiting:
        draft = _Draft(budget=MAX_HOPS, numbers=[])
        filled: list[tuple[int, Any]] = []
        values: list[str] = []
        while waiting and (not filled or 1 + width(waiting[0][1].listing.condition) <= draft.budget):
            place, hop = waiting.pop(0)
            draft.budget -= 1 + width(hop.listing.condition)
            filled.append((place, 0 if hop.level is None else ((), 0) if hop.total else ()))
            values.append(draft.hop(hop, "n", ((len(filled), hop.number, hop.total),), 1))
        text = (
            "UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i}) "
            f"RETURN collect([n.id, {', '.join(values)}])"
        )
        made = draft.round(text)
        yield Round(made.text, made.numbers, path, tuple(filled), made.then)


def _root_conditions(root: Root) -> Iterator[str]:
    yield seen("n0") if root.named_by == "written" else visible("n0")
    if set(root.labels) != set(NODES):
        names = _narrowest(root.labels)
        yield "(" + " OR ".join(f"n0:{name}" for name in names) + ")"
        # Indexes of what all kinds of a group have are on the group's label, and used only where it is asked for.
        groups = {NODES[label].group for label in root.labels}
        yield from (f"n0:{group}" for group in groups if len(groups) == 1 and group and group not in names)
    if root.named_by:
        yield f"n0.{'key' if root.named_by == 'key' else 'id'} IN $names"


def _narrowest(labels: tuple[str, ...]) -> list[str]:
    """Return the labels to ask for: a group's own one where all its kinds are wanted."""
    for group in ("Work", "Goal"):
        if set(labels) == {kind.label for kind in NODES.values() if kind.group == group}:
            return [group]
    return [NODES[label].label for label in labels]


_NAMES: Final = ("id", "key")
"""Properties of which no two items of a workspace have the same."""


def _names_items(condition: Condition | None) -> bool:
    """Tell whether a condition holds for named items only, so that those are looked up and no others read."""
    match condition:
        case Test(column=column, operator=Operator.EQ | Operator.IN, fold=False):
            return column.name in _NAMES
        case Every(parts=parts):
            return any(_names_items(one) for one in parts)
        case _:
            return False


def _listed(listing: Listing, node: str, number: int, *, sought: bool = True) -> tuple[list[str], str]:
    """Return the conditions of a list, and what its page adds to them.

    ``sought``: the page may be looked for in the index of ids. Where items are named, the planner would sometimes read
    all that follow the cursor instead of looking up those.
    """
    where = []
    if listing.condition is not None:
        parameters = (f"$w{number}_{place}" for place in itertools.count())
        where.append(rendered(listing.condition, node, parameters))
    own = f"{node}.id" if sought else f"toString({node}.id)"
    after = "" if listing.cursor is None else f" AND {_after(listing, node, number, own)}"
    return where, after


def _sortable(column: Property, node: str) -> str:
    """Return the expression that an order compares: the rank of a choice, the beginning of a text."""
    if column == RANK:
        return SCORE
    path = f"{node}.{column.name}"
    if column.choices:
        cases = " ".join(f"WHEN '{choice}' THEN {rank}" for rank, choice in enumerate(column.choices))
        return f"CASE {path} {cases} END"
    if column.type is Type.TEXT and column.name not in _SHORT_TEXTS:
        return f"left({path}, {MAX_ORDERED_TEXT})"
    return path


def _ordering(order: tuple[Order, ...], node: str) -> str:
    parts = []
    for one in order:
        path = _sortable(one.column, node)
        parts += [] if one.column.required else [f"{path} IS NULL"]
        parts.append(f"{path} DESC" if one.descending else path)
    return ", ".join([*parts, f"{node}.id"])


def _place(order: tuple[Order, ...], node: str) -> str:
    """Return the expression of what a cursor holds of an item: values that travel as JSON."""
    if not order:
        return "null"
    values = []
    for one in order:
        path = _sortable(one.column, node)
        match one.column.type:
            case Type.INSTANT:
                values.append(f"{path}.epochMillis")
            case Type.DATE:
                values.append(f"toString({path})")
            case _:
                values.append(path)
    return f"[{', '.join(values)}]"


def _after(listing: Listing, node: str, number: int, own: str) -> str:
    """Return the condition that an item follows the cursor: it is greater in the first criterion that differs.

    ``own`` is the expression of the item's id.
    """
    alternatives: list[str] = []
    equal: list[str] = []
    for place, (one, is_null) in enumerate(zip(listing.order, listing.cursor or (), strict=True)):
        path, value = _sortable(one.column, node), value_of(one.column, f"$c{number}_{place}")
        if not is_null:
            sign = "<" if one.descending else ">"
            later = f"{path} {sign} {value}"
            later = later if one.column.required else f"({later} OR {path} IS NULL)"
            alternatives.append(" AND ".join([*equal, later]))
        equal.append(f"{path} IS NULL" if is_null else f"{path} = {value}")
    alternatives.append(" AND ".join([*equal, f"{own} > $c{number}_{len(listing.order)}"]))
    return alternatives[0] if len(alternatives) == 1 else "(" + " OR ".join(alternatives) + ")"
