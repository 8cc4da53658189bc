"""Duplicates: open items whose titles say nearly the same, and that nobody has joined yet."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import fsum, log
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.results import Completeness, Explanation, counted, percent, table
from graph.reading.folding import folded, tokens
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import KINDS, Snapshot

if TYPE_CHECKING:
    import pandas as pd

_MOST: Final = 10
"""Titles that may have the words of a pair: those that more of them have are a pattern."""
_COMPARED: Final = 1_000_000
"""Pairs that are compared at most."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two items whose titles say nearly the same, the older one first; ``shared`` are words that both have.

    ``similarity`` is the weight of the words that both have by that of the words that either has, 0 to 1.
    """

    key: str
    title: str
    kind: str
    other: str
    other_title: str
    other_kind: str
    similarity: float
    shared: tuple[str, ...]

    def explain(self) -> Explanation:
        """Return what the two share, as facts and as one sentence."""
        words = ", ".join(self.shared)
        sentence = f"{self.other} '{self.other_title}' says nearly the same as {self.key} '{self.title}'"
        facts = self.to_dict() | {"similarityShown": percent(self.similarity)}
        return Explanation(f"{sentence}: {percent(self.similarity)} of their words by weight ({words}).", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "other": self.other,
            "otherTitle": self.other_title,
            "otherKind": self.other_kind,
            "similarity": self.similarity,
            "shared": list(self.shared),
        }


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Pairs of items that may be the same, the most alike first; ``total`` counts all of them."""

    pairs: tuple[Duplicate, ...]
    total: int
    completeness: Completeness

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[Duplicate]:
        return iter(self.pairs)

    def explain(self) -> Explanation:
        """Return how many pairs there are, and the one that is most alike."""
        facts: dict[str, Any] = {"total": self.total}
        verb = "says" if self.total == 1 else "say"
        sentence = f"{counted(self.total, 'pair')} of open items {verb} nearly the same."
        if self.pairs:
            first = self.pairs[0].explain()
            return self.completeness.explained(f"{sentence} {first.sentence}", facts | {"first": first.facts})
        return self.completeness.explained(sentence, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "pairs": [pair.to_dict() | {"explanation": pair.explain().sentence} for pair in self.pairs],
            "total": self.total,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per pair."""
        columns = ("key", "title", "kind", "other", "otherTitle", "otherKind", "similarity", "shared")
        return table((pair.to_dict() for pair in self.pairs), columns)


def duplicates(
    snapshot: Snapshot,
    *,
    scope: Hashable | None = None,
    least: float = 0.6,
    limit: int = 1000,
    hidden: Flags | None = None,
) -> Duplicates:
    """Return pairs of open work, or of open goals, whose titles say nearly the same: the most alike first, then by key.

    A word weighs the more the rarer it is: ln(1 + n / f) where f of n titles have it, whatever its case and accents.
    Two titles are as alike as the weight of the words in both is to the weight of the words in either (Jaccard's index
    with weights). Left out are pairs whose shared words stand in more than 10 titles; pairs of planned work, issues
    apart, that is part of different wholes: many projects have an `Implementation`; and pairs that an edge joins,
    whatever its kind: somebody knows that they are two.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Only pairs with an item of it; see ``analytics.expansion.scope``.
    least
        How alike titles must be, more than 0 and at most 1.
    limit
        How many pairs to return at most.
    hidden
        Items that the viewer may not see, shape (n,): they are omitted, and their words count for nothing.

    Raises
    ------
    KeyError
        There is no such scope.
    ValueError
        ``least`` or ``limit`` is out of range.

    Notes
    -----
    Titles are compared only if they share one of the rare words without which they could not be alike, which loses no
    pair; O(c) for the c pairs that do, at most 1,000,000. By words alone: what says the same in other words is not
    found. Chaudhuri, Ganti and Kaushik, A Primitive Operator for Similarity Joins in Data Cleaning, 2006.

    """
    if not 0 < least <= 1:
        raise ValueError(f"least is {least}; titles are alike by more than 0 and at most 1")
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 pair")
    focus = Focus.of(Expanded.of(snapshot), scope, hidden)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    eligible = (snapshot.is_work | snapshot.is_goal) & snapshot.is_open
    titles = _Titles(snapshot, np.flatnonzero(eligible & seen).tolist())
    known = _Known(snapshot, seen)
    found: list[tuple[float, int, int]] = []
    limited: tuple[str, ...] = ()
    for number, (first, last) in enumerate(titles.candidates(least)):
        if number == _COMPARED:
            limited = (f"the first {_COMPARED:,} pairs that share a rare word",)
            break
        alike = titles.similarity(first, last)
        if alike < least or snapshot.is_goal[first] != snapshot.is_goal[last]:
            continue
        if (focus.items[first] or focus.items[last]) and not known.as_two(first, last):
            found.append((alike, first, last))
    keys = snapshot.items.key
    found.sort(key=lambda one: (-one[0], keys[one[1]], keys[one[2]]))
    if len(found) > limit:
        limited = (*limited, f"the first {limit} of {len(found)} pairs")
    return Duplicates(
        tuple(titles.pair(*one) for one in found[:limit]),
        len(found),
        Completeness(snapshot.seq, limited, int(np.count_nonzero(eligible & ~seen)), 0, focus.key),
    )


class _Known:
    """Which items are known to be two: an edge joins them, or they are planned parts of different wholes."""

    def __init__(self, snapshot: Snapshot, seen: Flags) -> None:
        edges = snapshot.edges
        self._count = len(snapshot)
        self._joined = np.sort(edges.start.astype(np.int64) * self._count + edges.end)
        self._is_issue = snapshot.items.kind == KINDS.index("Issue")
        self._wholes: dict[int, set[int]] = {}
        places = snapshot.edges_of("PART_OF")
        for part, whole in zip(edges.start[places].tolist(), edges.end[places].tolist(), strict=True):
            if seen[whole]:
                self._wholes.setdefault(part, set()).add(whole)

    def as_two(self, first: int, last: int) -> bool:
        if self._joins(first, last) or self._joins(last, first):
            return True
        one, other = self._wholes.get(first), self._wholes.get(last)
        planned = not (self._is_issue[first] or self._is_issue[last])
        return bool(planned and one and other and one.isdisjoint(other))

    def _joins(self, start: int, end: int) -> bool:
        wanted = start * self._count + end
        place = int(np.searchsorted(self._joined, wanted))
        return place < len(self._joined) and int(self._joined[place]) == wanted


class _Titles:
    """The words of titles, the rarest first, and their weights."""

    def __init__(self, snapshot: Snapshot, rows: Sequence[int]) -> None:
        self._snapshot = snapshot
        self._count = len(rows)
        titles = snapshot.items.title
        words = {row: frozenset(folded(token) for token, _ in tokens(titles[row])) for row in rows}
        self._having: dict[str, set[int]] = {}
        for row, own in words.items():
            for word in own:
                self._having.setdefault(word, set()).add(row)
        self._often = {word: len(having) for word, having in self._having.items()}
        self._weight = {word: log(1 + self._count / often) for word, often in self._often.items()}
        self._told: dict[frozenset[str], bool] = {}
        # A title of a pattern has no pair: what it shares with another stands in still more of them.
        self._sets = {row: own for row, own in words.items() if self._tells(own)}
        self._words = {row: sorted(own, key=lambda word: (self._often[word], word)) for row, own in self._sets.items()}

    def _tells(self, words: frozenset[str]) -> bool:
        """Tell whether only few titles have all of these words. Patterns come again and again: worked out once each."""
        told = self._told.get(words)
        if told is None:
            rarest, *others = sorted((self._having[word] for word in words), key=len) or [set()]
            having = (row for row in rarest if all(row in other for other in others))
            told = self._told[words] = next(islice(having, _MOST, None), None) is None
        return told

    def candidates(self, least: float) -> Iterator[tuple[int, int]]:
        """Yield each pair of rows once that shares a word at the head of both titles.

        What the words after the head weigh is too little for titles to be alike by them alone.
        """
        posted: dict[str, list[int]] = {}
        for row, own in self._words.items():
            total = left = sum(self._weight[word] for word in own)
            for word in own:
                if left < least * total - 1e-9:
                    break
                posted.setdefault(word, []).append(row)
                left -= self._weight[word]
        met: set[tuple[int, int]] = set()
        for word in sorted(posted, key=lambda one: (self._often[one], one)):
            for pair in combinations(posted[word], 2):
                if pair not in met:
                    met.add(pair)
                    yield pair

    def similarity(self, first: int, last: int) -> float:
        """Return how alike two titles are; 0 where they share a pattern only."""
        one, other = self._sets[first], self._sets[last]
        both = one & other
        if not self._tells(both):
            return 0.0
        either = one | other
        return fsum(self._weight[word] for word in both) / fsum(self._weight[word] for word in either)

    def pair(self, alike: float, first: int, last: int) -> Duplicate:
        """Return two titles as a result."""
        items = self._snapshot.items
        first, last = sorted(
            (first, last), key=lambda row: (np.isnat(items.created_at[row]), items.created_at[row], row)
        )
        shared = self._sets[first] & self._sets[last]
        return Duplicate(
            key=items.key[first],
            title=items.title[first],
            kind=self._snapshot.label(first),
            other=items.key[last],
            other_title=items.title[last],
            other_kind=self._snapshot.label(last),
            similarity=alike,
            shared=tuple(word for word in self._words[first] if word in shared),
        )
