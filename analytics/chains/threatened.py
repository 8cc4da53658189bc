"""Threatened goals: which items threaten which goals and why, as bits, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.kernels import Pointers, totals
from graph.snapshots.columns import Codes, Floats, Ints

BIT: Final = {"WAIT": 1, "AFFECTS": 2, "LATE": 4, "STALLED": 8, "UNOWNED": 16}
"""Why an item threatens a goal, in the order in which reasons are told, each with its bit."""
FORCES: Final = 32
"""Bit of an item that alone forces a goal past its due date, which then is among the reasons why it is LATE."""


@dataclass(frozen=True, slots=True, eq=False)
class Threatened:
    """Items that threaten goals: ``rows`` (shape (r,)), and the goals of each with the bits of the reasons.

    ``goal`` and ``bits`` (shape (p,)) are ordered by row, and then as the goals came; ``pointer`` (shape (r + 1,))
    tells which belong to which row.
    """

    rows: NDArray[np.intp]
    pointer: Pointers
    goal: Ints
    bits: Codes

    @classmethod
    def of(cls, goals: list[int], rows: list[NDArray[np.intp]], bits: list[Codes]) -> Threatened:
        """Order the rows and bits of several goals."""
        every = np.concatenate([np.empty(0, dtype=np.intp), *rows])
        goal = np.repeat(np.array(goals, dtype=np.int32), [len(one) for one in rows])
        order = np.argsort(every, kind="stable")
        distinct, counts = np.unique(every, return_counts=True)
        pointer = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(distinct, pointer, goal[order], np.concatenate([np.empty(0, dtype=np.uint8), *bits])[order])

    def numbers(self) -> Ints:
        """Return how many different reasons each row has. Shape (r,)."""
        if not len(self.rows):
            return np.empty(0, dtype=np.int32)
        union = np.bitwise_or.reduceat(self.bits, self.pointer[:-1]) & np.uint8(FORCES - 1)
        numbers: Ints = np.bitwise_count(union).astype(np.int32)
        return numbers

    def values(self, expanded: Expanded, top: set[int]) -> Floats:
        """Return what the threatened goals are worth, none counted beside one that it leads to. Shape (r,)."""
        if not len(self.rows):
            return np.empty(0)
        value, outer = expanded.goals.value[self.goal], np.isin(self.goal, list(top))
        row = np.repeat(np.arange(len(self.rows)), np.diff(self.pointer))
        most = np.maximum.reduceat(value, self.pointer[:-1])
        counted_once = totals(row[outer], value[outer], len(self.rows))
        return np.where(np.logical_or.reduceat(outer, self.pointer[:-1]), counted_once, most)

    def of_row(self, at: int) -> tuple[list[int], Codes]:
        """Return the goals of one row, and the bits of each."""
        part = slice(self.pointer[at], self.pointer[at + 1])
        return self.goal[part].tolist(), self.bits[part]
