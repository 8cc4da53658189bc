"""Budgets: money spent against money granted, rolled up over projects and portfolios, each currency for itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.expansion.containment import Containment
from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.results import Completeness, Explanation, amount, counted, listed, table
from graph.snapshots.columns import Flags, Floats
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

UNREADABLE = "?"
"""What a snapshot holds for a currency that is no ISO 4217 code."""


@dataclass(frozen=True, slots=True)
class Budget:
    """One item's money in one currency (``None`` where none is named); ``None`` for amounts that nobody gave.

    ``budget`` and ``spent`` are the item's own figures, else the sums over its parts; ``granted`` says that the budget
    is its own. ``parts_budget`` and ``parts_spent`` are always those sums. ``over`` is by how much the larger of what
    it and what its parts have spent exceeds the budget, 0 where it does not.
    """

    key: str
    title: str
    kind: str
    currency: str | None
    budget: float | None
    spent: float | None
    parts_budget: float | None
    parts_spent: float | None
    granted: bool
    over: float

    @property
    def by_parts(self) -> bool:
        """Whether the parts have spent more than the item itself says."""
        return self.parts_spent is not None and self.parts_spent > (self.spent or 0.0)

    def explain(self) -> Explanation:
        """Return the facts and a sentence that quotes only them."""
        facts = self.to_dict()
        who = f"The parts of {self.key} have" if self.by_parts else f"{self.key} has"
        spent = self.parts_spent if self.by_parts else self.spent
        money = f" {self.currency}" if self.currency else ""
        if self.budget is None:
            return Explanation(f"{who} spent {amount(spent or 0.0)}{money} without a budget.", facts)
        sentence = f"{who} spent {amount(spent or 0.0)} of a budget of {amount(self.budget)}{money}."
        return Explanation(sentence, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key, "title": self.title, "kind": self.kind, "currency": self.currency, "budget": self.budget,
            "spent": self.spent, "partsBudget": self.parts_budget, "partsSpent": self.parts_spent,
            "granted": self.granted, "over": self.over,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Budgets:
    """Items with money of their own or in their parts: those most over their budget (relative to it) first."""

    budgets: tuple[Budget, ...]
    completeness: Completeness

    def __iter__(self) -> Iterator[Budget]:
        return iter(self.budgets)

    def __len__(self) -> int:
        return len(self.budgets)

    def explain(self) -> Explanation:
        """Return how many budgets are exceeded, and which."""
        over = [one for one in self.budgets if one.over > 0]
        facts: dict[str, Any] = {"budgetCount": len(self.budgets), "over": [one.key for one in over]}
        if not over:
            return self.completeness.explained(f"None of {counted(len(self.budgets), 'budget')} is exceeded.", facts)
        text = f"{len(over)} of {counted(len(self.budgets), 'budget')} {'is' if len(over) == 1 else 'are'} exceeded"
        return self.completeness.explained(f"{text}: {listed([one.key for one in over])}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "budgets": [one.to_dict() | {"explanation": one.explain().sentence} for one in self.budgets],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item and currency."""
        columns = tuple(Budget.__slots__)
        return table(({name: getattr(one, name) for name in columns} for one in self.budgets), columns)


def budgets(
    snapshot: Snapshot, *, scope: Hashable | None = None, limit: int = 1000, hidden: Flags | None = None
) -> Budgets:
    """Return what was spent against what was granted, rolled up over parts; currencies are never mixed.

    An item's own figure wins over the sum of its parts, which is shown beside it. The sum takes, in each currency, the
    nearest parts below that have a figure, each once however many wholes it has, and none beside a whole of it. Amounts
    without a currency make a sum of their own; amounts whose currency is no ISO 4217 code are in no sum.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Only items of it are listed; see ``analytics.expansion.scope``.
    limit
        How many items and currencies to return at most.
    hidden
        Items that the viewer may not see, shape (n,): omitted and counted; their money still counts in sums.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``limit`` is less than 1.

    Notes
    -----
    O(n + m), and what is below each item with money. In a circle of parts each item counts once, itself apart.

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 budget")
    expanded = Expanded.of(snapshot)
    focus = Focus.of(expanded, scope, hidden)
    ledger = Ledger(expanded)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    made = [(row, one) for row, one in ledger.budgets() if focus.items[row]]
    shown = [one for row, one in made if seen[row]]
    shown.sort(key=lambda one: (-_excess(one), one.key, one.currency or ""))
    limited: tuple[str, ...] = ()
    if len(shown) > limit:
        limited = (f"the first {limit} of {len(shown)} budgets",)
    if ledger.unreadable:
        limited += (f"{counted(ledger.unreadable, 'item')} whose currency cannot be read, in no sum",)
    unseen = len(made) - len(shown)
    return Budgets(tuple(shown[:limit]), Completeness(snapshot.seq, limited, unseen, scope=focus.key))


def _excess(one: Budget) -> float:
    return one.over / one.budget if one.over and one.budget else float(one.over > 0)


class Ledger:
    """Looks up own and rolled-up amounts; ``unreadable`` counts items whose currency is no ISO 4217 code."""

    def __init__(self, expanded: Expanded) -> None:
        items = expanded.snapshot.items
        self._snapshot = expanded.snapshot
        self._containment = Containment.of(expanded)
        self._canon = expanded.canon
        self._given = np.isfinite(items.budget) | np.isfinite(items.spent_budget)
        self._currency = {row: items.currency[row].decode() for row in np.flatnonzero(self._given).tolist()}
        self.unreadable = sum(currency == UNREADABLE for currency in self._currency.values())

    def budgets(self) -> Iterator[tuple[int, Budget]]:
        """Yield the money of every item that has some, itself or in its parts, with its row, by row and currency."""
        return ((row, one) for row in self._rows() for one in self._of(row))

    def _rows(self) -> list[int]:
        found = set(self._currency)
        for row in self._snapshot.of_kind("Project", "Portfolio").tolist():
            if row == self._canon[row] and self._given[self._containment.below(row)].any():
                found.add(row)
        return sorted(found)

    def _of(self, row: int) -> Iterator[Budget]:
        """Yield one item's money in each currency."""
        items = self._snapshot.items
        below = self._containment.below(row)
        parts = {self._currency[part] for part in below[self._given[below]].tolist() if part != row} - {UNREADABLE}
        own = self._currency.get(row)
        for currency in sorted(parts | ({own} if own is not None else set())):
            mine = currency == own
            budget = _given(items.budget, row) if mine else None
            spent = _given(items.spent_budget, row) if mine else None
            parts_budget = self._sum(row, currency, items.budget) if currency in parts else None
            parts_spent = self._sum(row, currency, items.spent_budget) if currency in parts else None
            limit = parts_budget if budget is None else budget
            most = max(spent or 0.0, parts_spent or 0.0)
            yield Budget(
                key=items.key[row],
                title=items.title[row],
                kind=self._snapshot.label(row),
                currency=currency or None,
                budget=limit,
                spent=parts_spent if spent is None else spent,
                parts_budget=parts_budget,
                parts_spent=parts_spent,
                granted=budget is not None,
                over=0.0 if limit is None else max(0.0, most - limit),
            )

    def _sum(self, row: int, currency: str, amounts: Floats) -> float | None:
        """Return the sum over the nearest parts with an amount in a currency, none beside a whole of it."""
        pointer, heads = self._containment.pointer, self._containment.heads
        found, seen, waiting = [], {row}, [row]
        while waiting:
            whole = waiting.pop()
            for part in heads[pointer[whole] : pointer[whole + 1]].tolist():
                if part in seen:
                    continue
                seen.add(part)
                if self._currency.get(part) == currency and np.isfinite(amounts[part]):
                    found.append(part)
                else:
                    waiting.append(part)
        kept = set(found)
        for part in sorted(found):
            if part in kept:
                kept -= set(self._containment.below(part).tolist()) - {part}
        return float(sum(amounts[part] for part in sorted(kept))) if found else None


def _given(amounts: Floats, row: int) -> float | None:
    return float(amounts[row]) if np.isfinite(amounts[row]) else None
