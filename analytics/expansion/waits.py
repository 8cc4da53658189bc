"""Arcs of the expanded graph, which of them hold work back today, and what only waits for time to pass."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.calendar import Calendar
from analytics.expansion.durations import Durations
from analytics.expansion.goals import Goals
from analytics.expansion.kernels import earliest_starts, rows_of, rows_sorted, spread, topological_order
from analytics.expansion.roles import with_role
from graph.model import EDGES, Role
from graph.rules.expansion import Port, arcs
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Days, Flags, Floats, Ints, Millis
from graph.snapshots.snapshot import CATEGORIES, EDGE_KINDS, WAIT_TYPES, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Arcs between nodes, each of shape (a,).

    ``origin`` is the stored edge that gives the arc, ``lag`` its working hours. ``from_finish`` and ``to_finish`` say
    which port of a leaf it touches. ``child`` is the row of the goal's child that it brings, -1 where the head is no
    goal; ``stands_in`` is the operation for which an occurrence stands in, else -1.
    """

    tail: Ints
    head: Ints
    origin: Ints
    lag: Floats
    from_finish: Flags
    to_finish: Flags
    child: Ints
    stands_in: Ints

    def __len__(self) -> int:
        return len(self.tail)

    def take(self, which: NDArray[np.intp] | Flags) -> Arcs:
        """Return only these arcs, in that order."""
        return Arcs(*(getattr(self, column.name)[which] for column in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """What holds work back today.

    By arc: ``satisfied_start`` (it left the start of something that has started, its lag is counted in ``release``),
    ``holds`` (a finish-start or start-start wait that is not satisfied), ``ties`` (it keeps its head from finishing).
    By node: ``held`` (it, or a whole of it, waits for something open), ``release`` (hours from today before which it
    cannot start), ``ends`` (before which it cannot finish; ``release`` respects it), ``opens`` (``release`` with what
    its wholes must wait for). The rest of ``release``: ``planned`` (the later day for which what has not started is
    planned, NaT for none) and ``start_lag`` (hours of lags still to pass before it may start).
    """

    satisfied_start: Flags
    holds: Flags
    ties: Flags
    held: Flags
    release: Floats
    ends: Floats
    opens: Floats
    planned: Days
    start_lag: Floats

    def without(self, dropped: Flags) -> Waits:
        """Return the same for the arcs that are left."""
        kept = ~dropped
        by_arc = {name: getattr(self, name)[kept] for name in ("satisfied_start", "holds", "ties")}
        return replace(self, **by_arc)


def arcs_of(
    snapshot: Snapshot, canon: Ints, inner: Flags, is_open: Flags, gate: Ints, finish: Ints, goals: Goals
) -> Arcs:
    """Apply the expansion rule to every edge that is walked. ``inner``: eligible and no self reference. O(m)."""
    edges = snapshot.edges
    start, end = canon[edges.start], canon[edges.end]
    walked = inner & is_open[start]
    is_child = np.zeros(len(edges.kind), dtype=np.bool_)
    is_child[goals.edge] = True
    # A second link between a goal and the same child adds nothing, and must not count as a wait of its own.
    links = with_role(snapshot, Role.SERVES) | with_role(snapshot, Role.CONTAINS)
    repeated = links & snapshot.is_goal[end] & ~is_child
    made: list[Arcs] = []
    for code, kind in enumerate(EDGE_KINDS):
        waits = EDGES[kind].role is Role.WAITS
        for wait_type in WAIT_TYPES if waits else WAIT_TYPES[:1]:
            rule = arcs(kind, wait_type)
            chosen = walked & ~repeated & (edges.kind == code) if rule else np.zeros(0, dtype=np.bool_)
            if waits:
                chosen = chosen & (edges.wait_type == WAIT_TYPES.index(wait_type))
            places = np.flatnonzero(chosen)
            for arc in rule:
                tail, head = (start[places], end[places]) if arc.forward else (end[places], start[places])
                brings = is_child[places] & arc.forward
                made.append(
                    Arcs(
                        tail=(finish if arc.tail is Port.FINISH else gate)[tail],
                        head=(finish if arc.head is Port.FINISH else gate)[head],
                        origin=places.astype(np.int32),
                        lag=edges.lag[places].astype(np.float64) if waits else np.zeros(len(places)),
                        from_finish=np.full(len(places), arc.tail is Port.FINISH),
                        to_finish=np.full(len(places), arc.head is Port.FINISH),
                        child=np.where(brings, tail, -1).astype(np.int32),
                        stands_in=np.full(len(places), -1, dtype=np.int32),
                    )
                )
    made.append(_occurrences(snapshot, canon, inner, is_open, finish, goals))
    return Arcs(*(np.concatenate([getattr(part, column.name) for part in made]) for column in fields(Arcs)))


def _occurrences(snapshot: Snapshot, canon: Ints, inner: Flags, is_open: Flags, finish: Ints, goals: Goals) -> Arcs:
    """Let each open occurrence count where its operation contributes, if it is due by the goal's date (or undated)."""
    edges = snapshot.edges
    spawned = snapshot.edges_of("SPAWNED_FROM")
    spawned = spawned[edges.confidence[spawned] >= np.float32(snapshot.policy.min_confidence)]
    task, operation = canon[edges.start[spawned]], canon[edges.end[spawned]]
    task, operation = task[is_open[task]], operation[is_open[task]]
    serves = with_role(snapshot, Role.SERVES)
    given = np.flatnonzero(inner & serves)
    pointer, places = rows_sorted(canon[edges.start[given]], given, len(snapshot))
    counts = np.diff(pointer)[operation]
    ends = np.cumsum(counts)
    offset = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    origin = places[np.repeat(pointer[:-1][operation], counts) + offset]
    task, operation = np.repeat(task, counts), np.repeat(operation, counts)
    goal = canon[edges.end[origin]]
    in_time = ~(goals.due[task] > goals.due[goal]) & (task != goal)
    task, operation, goal, origin = task[in_time], operation[in_time], goal[in_time], origin[in_time]
    return Arcs(
        tail=finish[task],
        head=finish[goal],
        origin=origin,
        lag=np.zeros(len(task)),
        from_finish=np.ones(len(task), dtype=np.bool_),
        to_finish=np.ones(len(task), dtype=np.bool_),
        child=operation,
        stands_in=operation,
    )


def waits_of(
    snapshot: Snapshot,
    calendar: Calendar,
    today: date | None,
    made: Arcs,
    item: Ints,
    inner: Flags,
    canonical: tuple[Ints, Ints],
    sizes: Durations,
    is_open: Flags,
    gate: Ints,
    finish: Ints,
) -> Waits:
    """Work out what holds each node back today. O(v + a).

    A finish-start wait is satisfied when its blocker is closed and the lag has passed, or when a negative lag is at
    least the blocker's remaining hours (of a container: of all its parts). A start-start wait is satisfied when its
    blocker has started and the lag has passed; what then is left of a lag is a ``release``.
    """
    items = snapshot.items
    waits = with_role(snapshot, Role.WAITS)[made.origin]
    affects = with_role(snapshot, Role.AFFECTS)[made.origin]
    tail, head = item[made.tail], item[made.head]
    started = has_started(snapshot)
    satisfied_start = waits & ~made.from_finish & started[tail]
    rest = _rolled_up(snapshot, sizes, made, tail, head, waits)
    early = waits & made.from_finish & (made.lag < 0) & (rest[tail] <= -made.lag)
    planned = _planned(snapshot, today, is_open & ~started & (gate >= 0), gate, len(item))
    start_lag, ends = np.zeros(len(item)), np.zeros(len(item))
    left = _left(calendar, today, items.started_at[tail], made.lag) * satisfied_start
    for node_hours, which in ((ends, made.to_finish), (start_lag, ~made.to_finish)):
        np.maximum.at(node_hours, made.head[which], left[which])
    _release_after_closed(snapshot, calendar, today, inner, canonical, is_open, gate, finish, start_lag, ends)
    release = np.maximum(start_lag, ends - sizes.hours[item])
    if today is not None:
        release = np.maximum(release, calendar.hours_until(today, planned))
    holds = waits & ~made.to_finish & ~satisfied_start & ~early
    seeds = np.zeros(len(item), dtype=np.bool_)
    seeds[made.head[holds]] = True
    contains = with_role(snapshot, Role.CONTAINS)[made.origin]
    down = contains & ~made.from_finish
    pointer, heads = rows_sorted(made.tail[down], made.head[down], len(item))
    return Waits(
        satisfied_start=satisfied_start,
        holds=holds,
        ties=(waits & made.to_finish & ~satisfied_start & ~early) | affects,
        held=spread(pointer, heads, seeds),
        release=release,
        ends=ends,
        opens=_inherited(pointer, heads, release),
        planned=planned,
        start_lag=start_lag,
    )


def has_started(snapshot: Snapshot) -> Flags:
    """Return which items have begun: STARTED, or BLOCKED with a date on which work began. Shape (n,)."""
    blocked = snapshot.category == CATEGORIES.index(Category.BLOCKED)
    begun = (snapshot.category == CATEGORIES.index(Category.STARTED)) | (blocked & ~np.isnat(snapshot.items.started_at))
    return np.asarray(begun, dtype=np.bool_)


def _left(calendar: Calendar, today: date | None, since: Millis, lag: Floats) -> Floats:
    """Return the working hours of each lag that are still to pass; all of it where the beginning is unknown."""
    if today is None:
        return np.maximum(lag, 0.0)
    now = np.full(len(lag), np.datetime64(today, "ms"))
    passed = np.maximum(np.nan_to_num(calendar.hours_between(since, now)), 0.0)
    return np.maximum(lag - passed, 0.0)


def _planned(snapshot: Snapshot, today: date | None, waiting: Flags, gate: Ints, count: int) -> Days:
    """Return the later day for which each node is planned, NaT for none. Shape (v,)."""
    planned = np.full(count, np.datetime64("NaT", "D"))
    if today is not None:
        rows = np.flatnonzero(waiting & (snapshot.items.start > np.datetime64(today, "D")))
        planned[gate[rows]] = snapshot.items.start[rows]
    return planned


def _release_after_closed(
    snapshot: Snapshot, calendar: Calendar, today: date | None, inner: Flags, canonical: tuple[Ints, Ints],
    is_open: Flags, gate: Ints, finish: Ints, release: Floats, ends: Floats,
) -> None:  # fmt: skip
    """Raise ``release`` and ``ends`` by the lags after blockers that are done, as far as their dates are known."""
    if today is None:
        return
    edges, items = snapshot.edges, snapshot.items
    start, end = canonical
    waits = with_role(snapshot, Role.WAITS)
    done = snapshot.category == CATEGORIES.index(Category.DONE)
    # A whole that is closed may still have open parts, and they wait for what it waits for.
    waiting = is_open[end] | (gate[end] != finish[end])
    places = np.flatnonzero(inner & waits & (edges.lag > 0) & done[start] & waiting)
    start, end = start[places], end[places]
    after_finish = np.isin(edges.wait_type[places], [WAIT_TYPES.index("FS"), WAIT_TYPES.index("FF")])
    since = np.where(after_finish, items.completed_at[start], items.started_at[start])
    left = np.where(np.isnat(since), 0.0, _left(calendar, today, since, edges.lag[places].astype(np.float64)))
    to_finish = np.isin(edges.wait_type[places], [WAIT_TYPES.index("FF"), WAIT_TYPES.index("SF")])
    np.maximum.at(release, gate[end[~to_finish]], left[~to_finish])
    np.maximum.at(ends, finish[end[to_finish]], left[to_finish])


def _rolled_up(snapshot: Snapshot, sizes: Durations, made: Arcs, tail: Ints, head: Ints, waits: Flags) -> Floats:
    """Return the remaining hours of every item; of containers whose wait has a negative lag, that of all its parts."""
    rest = sizes.remaining.copy()
    wanted = np.unique(tail[waits & made.from_finish & (made.lag < 0)])
    contains = with_role(snapshot, Role.CONTAINS)[made.origin]
    up = contains & made.from_finish
    if not len(wanted) or not up.any():
        return rest
    pointer, parts = rows_sorted(head[up], tail[up], len(snapshot))
    for row in wanted[np.diff(pointer)[wanted] > 0].tolist():
        seeds = np.zeros(len(snapshot), dtype=np.bool_)
        seeds[row] = True
        rest[row] = sizes.remaining[spread(pointer, parts, seeds)].sum()
    return rest


def _inherited(pointer: NDArray[np.int64], heads: Ints, release: Floats) -> Floats:
    """Return each node's release with those of all its wholes; wholes in a circle keep their own."""
    order = topological_order(pointer, heads)
    count = len(release)
    place = np.full(count, -1, dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    tails = np.repeat(np.arange(count, dtype=np.int32), np.diff(pointer))
    known = (place[tails] >= 0) & (place[heads] >= 0)
    ordered_tails, ordered_heads = place[tails[known]], place[heads[known]]
    sort = np.argsort(ordered_tails, kind="stable")
    opened = earliest_starts(
        rows_of(ordered_tails, len(order)),
        ordered_heads[sort],
        np.zeros(len(sort)),
        np.ones(len(sort), dtype=np.bool_),
        release[order],
    )
    result = release.copy()
    result[order] = opened
    return result
