"""Forecast: when a goal will be finished, how sure that is, and what it hangs on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.finishes import finish_day_of, finish_of
from analytics.expansion.ownership import Ownership
from analytics.expansion.scope import Focus
from analytics.expansion.trees import target_row
from analytics.forecasting.simulation import Sampled, Simulation
from analytics.forecasting.uncertainty import Spread, Uncertainty, spread_of
from analytics.results import Completeness, Explanation, amount, as_date, counted, iso, table
from graph.snapshots.columns import Days, Flags, Floats, Ints
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES: Final = (10, 50, 80, 95)
_CANDIDATES: Final = 200
"""Items whose sampled hours are compared with the finish: those that are critical most often."""


@dataclass(frozen=True, slots=True)
class Percentile:
    """By when a goal is finished in ``percent`` % of the samples: the workspace's hours from today, and the day."""

    percent: int
    hours: float
    day: date | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"percent": self.percent, "hours": self.hours, "day": iso(self.day)}


@dataclass(frozen=True, slots=True)
class ItemCriticality:
    """An item that drives the goal in some samples: ``criticality`` is their share, 0 to 1.

    ``correlation`` (-1 to 1) is the rank correlation of its hours with the goal's finish: how much of the uncertainty
    is its own; ``None`` where all samples are alike.
    """

    key: str
    title: str
    owner: str | None
    criticality: float
    correlation: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "owner": self.owner, "criticality": self.criticality,
                "correlation": self.correlation}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonCriticality:
    """A person or team with an item that drives the goal in a share (0 to 1) of the samples."""

    key: str
    title: str
    criticality: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"key": self.key, "title": self.title, "criticality": self.criticality}


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """When a goal has enough, in samples of how long its work takes.

    ``percentiles`` are P10, P50, P80 and P95 (empty where it is closed or can no longer be finished), ``on_time`` the
    probability that it is finished by its due date (``None`` without one, or without ``today``). ``planned_hours`` is
    what its hours say without uncertainty. ``items`` and ``people`` drive it most often; ``drivers`` are those of the
    items whose hours move the finish most. ``learned`` counts the finished items that the durations are learned from.
    ``hours`` (shape (samples,)) are the sampled finishes, ascending.
    """

    goal: str
    goal_title: str
    due: date | None
    state: str
    samples: int
    seed: int
    percentiles: tuple[Percentile, ...]
    on_time: float | None
    planned_hours: float | None
    planned_finish: date | None
    items: tuple[ItemCriticality, ...]
    people: tuple[PersonCriticality, ...]
    drivers: tuple[ItemCriticality, ...]
    learned: int
    correlation: float
    hours: Floats
    completeness: Completeness
    _days: Days

    def percentile(self, percent: float) -> date | float | None:
        """Return the day by which the goal is finished in ``percent`` % of the samples; hours without ``today``.

        ``None`` where the goal can no longer be finished.

        Raises:
            ValueError: ``percent`` is not between 0 and 100.

        """
        if not 0 <= percent <= 100:
            raise ValueError(f"percent is {percent:g}; ask for 0 to 100")
        if not len(self.hours):
            return None
        place = _place(len(self.hours), percent)
        return as_date(self._days[place]) or float(self.hours[place])

    def explain(self) -> Explanation:
        """Return the day of P80, the probability of being on time, and what drives the goal most often."""
        facts = self._facts()
        if self.state == "IMPOSSIBLE":
            return self.completeness.explained(
                f"{self.goal} can no longer be finished: too much of it is cancelled.", facts
            )
        if self.state == "CLOSED":
            return self.completeness.explained(f"{self.goal} is closed.", facts)
        by = {one.percent: iso(one.day) or f"{amount(one.hours)} working hours" for one in self.percentiles}
        facts |= {"shown": {str(percent): shown for percent, shown in by.items()}, "percents": [80, 50]}
        text = f"In 80 % of {counted(self.samples, 'sample')} {self.goal} is finished by {by[80]}, in 50 % by {by[50]}"
        if self.on_time is not None and self.due is not None:
            facts["onTimePercent"] = round(100 * self.on_time)
            text += f"; it is on time, by {self.due.isoformat()}, with {round(100 * self.on_time)} %"
        if self.items:
            first = self.items[0]
            facts["firstPercent"] = round(100 * first.criticality)
            text += f"; {first.key} drives it in {round(100 * first.criticality)} %"
        return self.completeness.explained(text + ".", facts)

    def _facts(self) -> dict[str, Any]:
        return {
            "goal": self.goal,
            "goalTitle": self.goal_title,
            "due": iso(self.due),
            "state": self.state,
            "samples": self.samples,
            "seed": self.seed,
            "percentiles": [one.to_dict() for one in self.percentiles],
            "onTime": self.on_time,
            "plannedHours": self.planned_hours,
            "plannedFinish": iso(self.planned_finish),
            "items": [one.to_dict() for one in self.items],
            "people": [one.to_dict() for one in self.people],
            "drivers": [one.to_dict() for one in self.drivers],
            "learned": self.learned,
            "correlation": self.correlation,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return self._facts() | {
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item that drives the goal."""
        return table((one.to_dict() for one in self.items), ("key", "title", "owner", "criticality", "correlation"))


def forecast(
    snapshot: Snapshot,
    goal: Hashable,
    samples: int = 1000,
    seed: int = 0,
    *,
    today: date | None = None,
    uncertainty: Uncertainty | None = None,
    scope: Hashable | None = None,
    limit: int = 20,
    threads: int | None = None,
    hidden: Flags | None = None,
) -> Forecast:
    """Return when a goal will be finished, by sampling how long its open work takes.

    Each sample draws the hours of every leaf that leads to the goal and works out the earliest finish, people being
    free; a goal needs only enough of its children, in each sample those that are finished first. An item's hours are
    multiplied by a ratio that finished items of its team and kind show, or that is assumed (see
    ``analytics.forecasting.uncertainty``). Items of one team share their luck: a part of their draws are one draw.
    Lags, start dates and what a delay adds are certain. With ``today``, all work is done in its own calendar: leave and
    part-time weeks count in every sample.

    Parameters
    ----------
    snapshot
        n items and m edges.
    goal
        Name or id of any Work or Goal.
    samples
        1 to 100,000. A probability p is exact to about sqrt(p (1 - p) / samples).
    seed
        Any integer. The same seed gives every item the same luck, in every snapshot and on any number of threads, so
        forecasts of two snapshots can be compared.
    today
        First day of work. Without it there are only hours.
    uncertainty
        What is assumed where history says little.
    scope
        Only items and people of it are listed; the samples are the goal's; see ``analytics.expansion.scope``.
    limit
        How many items, people and drivers to return at most.
    threads
        How many to use; by default one for each processor.
    hidden
        Items that the viewer may not see, shape (n,): their work counts, they themselves are omitted and counted.

    Raises
    ------
    KeyError
        There is no such item, or the viewer may not see it.
    ValueError
        ``samples`` or ``limit`` is out of range, or the item is neither Work nor Goal.

    Notes
    -----
    O((n + m) samples) for what leads to the goal; memory is O(n + m) for each thread, whatever ``samples`` is. A cycle
    takes the sum of its leaves. Where somebody has a calendar of their own, samples are several times as slow: each
    goes through the critical path's own pass. Criticality index: Van Slyke, "Monte Carlo methods and the PERT problem"
    (1963).

    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 item")
    expanded = Expanded.of(snapshot, today)
    row = target_row(expanded, goal, hidden)
    focus = Focus.of(expanded, scope, hidden)
    spread = spread_of(expanded, uncertainty or Uncertainty())
    planned = expanded.finish_hours(row)
    sampled, simulation = None, None
    if expanded.is_open[row] and np.isfinite(planned):
        simulation = Simulation(expanded, spread, [row])
        sampled = simulation.run(samples, seed, threads=threads)
    return _Told(expanded, row, spread, focus, hidden, limit).forecast(samples, seed, sampled, simulation)


def on_time_probability(expanded: Expanded, row: int, days: Days) -> float | None:
    """Return in which share of samples (their days, shape (samples,)) an item is finished by its due date."""
    due = as_date(expanded.due[row])
    if due is None or expanded.today is None or not len(days):
        return None
    return float(np.mean(days <= np.datetime64(due)))


def _place(count: int, percent: float) -> int:
    """Return the place of a percentile among samples in ascending order."""
    return int(np.quantile(np.arange(count), percent / 100, method="inverted_cdf"))


def on_time_probabilities(expanded: Expanded, rows: Sequence[int], samples: int, seed: int) -> dict[int, float | None]:
    """Return the probability of being on time of several open items (rows), sampled together, as ``forecast`` does.

    0 for what can no longer be finished, ``None`` without a due date or a day. O((n + m) samples).
    """
    finishable = [row for row in rows if expanded.is_open[row] and np.isfinite(expanded.finish_hours(row))]
    dated = expanded.today is not None
    found: dict[int, float | None] = {
        row: 0.0 if dated and not np.isnat(expanded.due[row]) else None
        for row in rows
        if expanded.is_open[row] and row not in finishable
    }
    if finishable:
        simulation = Simulation(expanded, spread_of(expanded, Uncertainty()), finishable)
        days = simulation.run(samples, seed, traced=False).days
        found |= {row: on_time_probability(expanded, row, own) for row, own in zip(finishable, days, strict=True)}
    return found


class _Listed(NamedTuple):
    """What drives a goal, as far as the viewer may see it, and how much more there is."""

    items: tuple[ItemCriticality, ...]
    people: tuple[PersonCriticality, ...]
    drivers: tuple[ItemCriticality, ...]
    unseen: int


class _Told:
    """Puts a forecast into words and keys, of which the viewer may see some."""

    def __init__(
        self, expanded: Expanded, row: int, spread: Spread, focus: Focus, hidden: Flags | None, limit: int
    ) -> None:
        self._focus = focus
        self._expanded, self._row, self._spread, self._limit = expanded, row, spread, limit
        self._hidden = np.zeros(len(expanded.snapshot), dtype=np.bool_) if hidden is None else hidden
        self._owners = Ownership.of(expanded.snapshot)

    def forecast(self, samples: int, seed: int, sampled: Sampled | None, simulation: Simulation | None) -> Forecast:
        """Return the forecast of what was sampled; ``None`` where the goal is closed or impossible."""
        expanded, row, items = self._expanded, self._row, self._expanded.snapshot.items
        planned = finish_of(expanded, row)
        hours = np.sort(sampled.finishes[0]) if sampled is not None else np.empty(0)
        days = np.sort(sampled.days[0]) if sampled is not None else np.empty(0, dtype="datetime64[D]")
        state = "OPEN" if sampled is not None else "CLOSED" if not expanded.is_open[row] else "IMPOSSIBLE"
        listed = _Listed((), (), (), 0)
        if sampled is not None and simulation is not None:
            listed = self._critical(sampled, simulation, samples, seed)
        on_time = 0.0 if state == "IMPOSSIBLE" and expanded.today is not None else None
        if np.isnat(expanded.due[row]):
            on_time = None
        return Forecast(
            goal=items.key[row],
            goal_title=items.title[row],
            due=as_date(expanded.due[row]),
            state=state,
            samples=samples,
            seed=seed,
            percentiles=tuple(_percentile(percent, hours, days) for percent in PERCENTILES) if len(hours) else (),
            on_time=on_time_probability(expanded, row, days) if len(days) else on_time,
            planned_hours=planned if np.isfinite(planned) else None,
            planned_finish=finish_day_of(expanded, row) if state == "OPEN" else None,
            items=listed.items,
            people=listed.people,
            drivers=listed.drivers,
            learned=self._spread.learned,
            correlation=self._spread.correlation,
            hours=hours,
            completeness=Completeness(
                expanded.snapshot.seq, (), listed.unseen, expanded.self_references, self._focus.key
            ),
            _days=days,
        )

    def _critical(self, sampled: Sampled, simulation: Simulation, samples: int, seed: int) -> _Listed:
        """Return the items and people that drive the goal most often, and the items that move it most."""
        rows, unseen = self._most(sampled.critical, self._focus.items)
        candidates = rows[:_CANDIDATES]
        drawn = simulation.hours(candidates, samples, seed)
        moved = rank_correlations(drawn, sampled.finishes[0])
        people, more = self._most(sampled.people, self._focus.people)
        items = self._expanded.snapshot.items
        told = [
            ItemCriticality(
                items.key[row], items.title[row], self._owner(row), float(sampled.critical[row] / samples), moves
            )
            for row, moves in zip(candidates.tolist(), moved, strict=True)
        ]
        strongest = sorted(
            (one for one in told if one.correlation is not None), key=lambda one: -(one.correlation or 0.0)
        )
        return _Listed(
            tuple(told[: self._limit]),
            tuple(
                PersonCriticality(items.key[row], items.title[row], float(sampled.people[row] / samples))
                for row in people[: self._limit].tolist()
            ),
            tuple(one for one in strongest[: self._limit] if (one.correlation or 0.0) > 0),
            unseen + more,
        )

    def _most(self, counts: NDArray[np.int64], inside: Flags) -> tuple[Ints, int]:
        """Return the rows in focus that count in most samples, by key, and how many the viewer may not see."""
        rows = np.flatnonzero((counts > 0) & inside)
        seen = rows[~self._hidden[rows]]
        keys = self._expanded.snapshot.items.key
        order = sorted(seen.tolist(), key=lambda row: (-counts[row], keys[row]))
        return np.array(order, dtype=np.int32), len(rows) - len(seen)

    def _owner(self, row: int) -> str | None:
        items = self._expanded.snapshot.items
        named = [at for at in self._owners.named(row) if not self._hidden[at]]
        return ", ".join(items.title[at] or items.key[at] for at in named) or None


def _percentile(percent: int, hours: Floats, days: Days) -> Percentile:
    """Return a percentile of samples, both their hours and their days in ascending order."""
    place = _place(len(hours), percent)
    return Percentile(percent, float(hours[place]), as_date(days[place]))


def rank_correlations(drawn: Floats, finishes: Floats) -> list[float | None]:
    """Return Spearman's rank correlation of each row of ``drawn`` (shape (r, samples)) with ``finishes``.

    ``None`` where all values of one of the two are equal. Spearman, "The proof and measurement of association between
    two things" (1904).
    """
    whole = _ranks(finishes)
    found: list[float | None] = []
    for hours in drawn:
        ranks = _ranks(hours)
        spread = float(np.sqrt((ranks @ ranks) * (whole @ whole)))
        found.append(float(ranks @ whole) / spread if spread > 0 else None)
    return found


def _ranks(values: Floats) -> Floats:
    """Return the ranks of the values about their mean, equal values sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = last - (counts - 1) / 2
    return np.asarray(ranks[place] - (len(values) + 1) / 2, dtype=np.float64)
