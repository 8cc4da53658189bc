"""What waits for an item: the open goals that it leads to, and what they are worth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import Words, gather_bits
from analytics.expansion.trees import target_row
from graph.snapshots.columns import Flags, Floats, Ints

_WORDS: Final = 8
"""Goals are followed in blocks of 64 × this many, so that memory stays bounded however many goals there are."""


def open_goals(expanded: Expanded) -> Ints:
    """Return the rows of the open goals, ascending."""
    snapshot = expanded.snapshot
    return np.flatnonzero(snapshot.is_goal & expanded.is_open & (expanded.finish >= 0)).astype(np.int32)


def unit_worth(expanded: Expanded) -> Floats:
    """Return the value of the distinct open goals that each unit reaches, none counted beside its ancestor. Shape (u,).

    Whoever reaches a goal reaches its open ancestors, so only goals without an open ancestor are counted. Goals in one
    cycle count once, as the most valuable of them. O((n + m) g / 64) for g such goals.
    """
    return expanded.once("worth", lambda: _unit_worth(expanded))


def _unit_worth(expanded: Expanded) -> Floats:
    goals = open_goals(expanded)
    nested = np.zeros(len(expanded.snapshot), dtype=np.bool_)
    brings = expanded.arcs.child >= 0
    heads = expanded.item[expanded.arcs.head[brings]]
    children = expanded.arcs.child[brings][expanded.is_open[heads]]
    nested[children] = True
    tops = goals[~nested[goals]]
    value = np.zeros(len(expanded.hours))
    np.maximum.at(value, expanded.unit[expanded.finish[tops]], expanded.goals.value[tops])
    units = np.flatnonzero(value).astype(np.int32)
    worth = np.zeros(len(expanded.hours))
    for begin in range(0, len(units), 64 * _WORDS):
        chosen = units[begin : begin + 64 * _WORDS]
        bits = reached_bits(expanded, chosen)
        for word in range(bits.shape[1]):
            column = np.ascontiguousarray(bits[:, word])
            if column.any():
                worth += _weighed(column, value[chosen[word * 64 : word * 64 + 64]])
    return worth


def _weighed(column: Words, values: Floats) -> Floats:
    """Return, for 64 flags a unit, the sum of the values of those that are set; by bytes through a table."""
    total = np.zeros(len(column))
    octets = column.view(np.uint8).reshape(len(column), 8)
    for place in range(0, len(values), 8):
        part = values[place : place + 8]
        table = (np.arange(256)[:, None] >> np.arange(len(part)) & 1) @ part
        total += table[octets[:, place // 8]]
    return total


def reached_bits(expanded: Expanded, units: Ints) -> Words:
    """Return which of the given units each unit reaches (itself included), as bits: shape (u, ⌈len(units) / 64⌉)."""
    bits = np.zeros((len(expanded.hours), max(1, -(-len(units) // 64))), dtype=np.uint64)
    places = np.arange(len(units))
    np.bitwise_or.at(bits, (units, places // 64), np.uint64(1) << (places % 64).astype(np.uint64))
    gather_bits(expanded.pointer, expanded.heads, bits)
    return bits


def flags_of(bits: Words, count: int) -> Flags:
    """Return the first bits of each of some rows as flags. Shapes (r, ⌈count / 64⌉) → (r, count)."""
    octets = np.ascontiguousarray(bits.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=count, bitorder="little").astype(np.bool_)


def reached_any(expanded: Expanded, rows: Ints) -> Flags:
    """Return which items reach any of the items ``rows``, themselves included. Shape (n,); O(n + m)."""
    bits = np.zeros((len(expanded.hours), 1), dtype=np.uint64)
    bits[expanded.unit[expanded.finish[rows]]] = 1
    gather_bits(expanded.pointer, expanded.heads, bits)
    found = np.zeros(len(expanded.snapshot), dtype=np.bool_)
    known = np.flatnonzero(expanded.finish >= 0)
    units = expanded.unit
    found[known] = (bits[units[expanded.gate[known]], 0] | bits[units[expanded.finish[known]], 0]) > 0
    return found


def item_worth(expanded: Expanded) -> Floats:
    """Return the value of the distinct open goals that each item reaches; 0 outside the graph. Shape (n,)."""
    worth = unit_worth(expanded)
    known = (expanded.finish >= 0) & expanded.is_open
    both = np.zeros(len(expanded.snapshot))
    units = expanded.unit
    rows = np.flatnonzero(known)
    both[rows] = np.maximum(worth[units[expanded.gate[rows]]], worth[units[expanded.finish[rows]]])
    return both


def goals_reached(expanded: Expanded, rows: Sequence[int]) -> list[list[int]]:
    """Return, for each item, the rows of the open goals that it reaches, itself aside, ascending. O((n + m) g / 64)."""
    goals = open_goals(expanded)
    found: list[list[int]] = [[] for _ in rows]
    for begin in range(0, len(goals), 64 * _WORDS):
        chosen = goals[begin : begin + 64 * _WORDS]
        bits = reached_bits(expanded, expanded.unit[expanded.finish[chosen]])
        for place, row in enumerate(rows):
            mine = bits[expanded.unit[expanded.gate[row]]] | bits[expanded.unit[expanded.finish[row]]]
            leads = flags_of(mine[None, :], len(chosen))[0]
            found[place] += [goal for goal in chosen[leads].tolist() if goal != row]
    return found


_GOALS: Final = 256
"""Goals that an analysis with one pass per goal looks at, the most valuable first."""


def chosen_goals(
    expanded: Expanded, names: Iterable[Hashable] | None, hidden: Flags | None = None
) -> tuple[list[int], tuple[str, ...]]:
    """Return the rows of the goals asked for (all open ones by default), most valuable first, and the limit reached.

    Raises:
        KeyError: There is no such item, or it is hidden.
        ValueError: An item is no goal.

    """
    snapshot = expanded.snapshot
    if names is not None:
        named = list(dict.fromkeys(target_row(expanded, name, hidden) for name in names))
        for row in named:
            if not snapshot.is_goal[row]:
                raise ValueError(f"{snapshot.items.key[row]!r} is a {snapshot.label(row)}; ask for goals")
        rows = np.array([row for row in named if expanded.is_open[row]], dtype=np.int32)
    else:
        rows = open_goals(expanded)
        rows = rows if hidden is None else rows[~hidden[rows]]
    rows = rows[np.argsort(-expanded.goals.value[rows], kind="stable")]
    limited = (f"the {_GOALS} most valuable of {len(rows)} goals",) if len(rows) > _GOALS else ()
    return rows[:_GOALS].tolist(), limited


def outermost(expanded: Expanded, goals: Sequence[int]) -> set[int]:
    """Return those of the goals that lead to no other one of them."""
    units = expanded.unit[expanded.finish[list(goals)]] if goals else np.empty(0, dtype=np.int32)
    bits = reached_bits(expanded, np.unique(units))
    counts = np.bitwise_count(bits).sum(axis=1)
    return {goal for goal, unit in zip(goals, units.tolist(), strict=True) if counts[unit] == 1}
