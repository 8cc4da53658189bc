"""The pass of a cascade in compiled code: where planned dates lie, and where they come to lie when others move.

Units are those of the expanded graph, in topological order; times are moments (``analytics.expansion.moments``).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from analytics.expansion.kernels import compiled
from analytics.expansion.moments import Table, earliest, hours_at, lagged, latest, worked
from analytics.expansion.passes import TOLERANCE, Network
from graph.snapshots.columns import Codes, Flags, Floats, Ints

FOLLOWS: Final = 0
"""It has no dates of its own to keep: it comes as soon as what it waits for lets it, and passes that on."""
STAYS: Final = 1
"""Its dates stand, whatever it waits for."""
MOVES: Final = 2
"""Its dates are moved by what it waits for."""
EARLIEST: Final = 3
"""Its dates become the earliest that what it waits for allows."""

_NONE: Final = -np.inf
"""Before everything: nothing is waited for."""


class Dated(NamedTuple):
    """By unit (shape (u,)): ``begin`` and ``end`` of its stored dates as moments (NaN without), and how it moves.

    ``hours`` is what lies between them in its ``calendar``, else its duration. What is ``started`` keeps its begin, and
    its ``rest`` hours come after what it waits for. Nothing that follows comes before ``not_before`` or is over before
    ``not_done_before``.
    """

    begin: Floats
    end: Floats
    hours: Floats
    rest: Floats
    calendar: Ints
    role: Codes
    started: Flags
    not_before: Floats
    not_done_before: Floats


class Positions(NamedTuple):
    """Where each unit begins and ends (shape (u,)), and its needs: when what it waits for lets it do either.

    ``bounds`` (shape (a,)) is when each arc lets its head begin, or end where it ties that. -inf: nothing is waited
    for.
    """

    begins: Floats
    ends: Floats
    begin_needs: Floats
    end_needs: Floats
    bounds: Floats


@compiled
def positions(network: Network, dated: Dated, allowed: Floats, learning: bool, rulers: Table) -> Positions:
    """Return where everything comes to lie. O((u + a) log e).

    ``allowed`` (shape (a,)) are the workspace hours by which each arc may be contradicted; ``learning`` fills them in
    with those by which the dates contradict it as they are.
    """
    count = len(dated.begin)
    begins, ends = np.empty(count), np.empty(count)
    begin_needs, end_needs = np.full(count, _NONE), np.full(count, _NONE)
    bounds = np.full(len(network.heads), _NONE)
    for node in range(count):
        begins[node], ends[node] = _position(dated, node, begin_needs[node], end_needs[node], rulers)
        for arc in range(network.pointer[node], network.pointer[node + 1]):
            head = network.heads[arc]
            if not network.active[arc]:
                continue
            moment = lagged(rulers, ends[node] if network.from_finish[arc] else begins[node], network.lag[arc])
            ties_end = network.to_finish[arc] or dated.started[head]
            if dated.started[head] and not network.to_finish[arc]:
                moment = worked(rulers, dated.calendar[head], moment, dated.rest[head])
            if ties_end and not network.from_finish[arc]:
                # What may be over when another begins on Monday morning may be over on Friday evening.
                moment = earliest(rulers, 0, hours_at(rulers, 0, moment))
            if learning and dated.role[head] != FOLLOWS:
                begin, end = _stored(dated, head, rulers)
                allowed[arc] = _contradicted(moment, end if ties_end else begin, rulers)
            if allowed[arc] > 0:
                moment = earliest(rulers, 0, hours_at(rulers, 0, moment) - allowed[arc])
            bounds[arc] = moment
            if ties_end:
                end_needs[head] = max(end_needs[head], moment)
            else:
                begin_needs[head] = max(begin_needs[head], moment)
    return Positions(begins, ends, begin_needs, end_needs, bounds)


@compiled
def _contradicted(moment: float, lies: float, rulers: Table) -> float:
    """Return the workspace hours by which something lies before it may; days without hours count as a little."""
    if moment <= lies + TOLERANCE:
        return 0.0
    return max(hours_at(rulers, 0, moment) - hours_at(rulers, 0, lies), 2 * TOLERANCE)


@compiled
def _position(dated: Dated, node: int, begin_need: float, end_need: float, rulers: Table) -> tuple[float, float]:
    """Return where a unit begins and ends."""
    role = dated.role[node]
    if role == FOLLOWS:
        return _following(dated, node, begin_need, end_need, rulers)
    if role == EARLIEST:
        return _earliest(dated, node, max(begin_need, dated.not_before[node]), end_need, rulers)
    begin, end = _stored(dated, node, rulers)
    if role == MOVES:
        if begin_need > begin + TOLERANCE:
            begin, end = _begun_later(dated, node, begin, end, begin_need, rulers)
        if end_need > end + TOLERANCE:
            begin, end = _ended_later(dated, node, begin, end_need, rulers)
    return begin, end


@compiled
def _stored(dated: Dated, node: int, rulers: Table) -> tuple[float, float]:
    """Return where a unit's own dates put it; one that lacks is reckoned from the other."""
    begin, end = dated.begin[node], dated.end[node]
    if np.isnan(begin):
        begin = _begun_for(dated, node, end, rulers)
    elif np.isnan(end):
        end = worked(rulers, dated.calendar[node], begin, dated.hours[node])
    return begin, end


@compiled
def _begun_for(dated: Dated, node: int, end: float, rulers: Table) -> float:
    """Return the latest moment at which a unit can begin to be over at another."""
    hours, one = dated.hours[node], dated.calendar[node]
    return end if hours <= 0 else latest(rulers, one, hours_at(rulers, one, end) - hours)


@compiled
def _following(dated: Dated, node: int, begin_need: float, end_need: float, rulers: Table) -> tuple[float, float]:
    """Return the earliest position; dates of a whole hold back what is in it, and what comes after it."""
    begin = max(begin_need, dated.not_before[node])
    if not np.isnan(dated.begin[node]):
        begin = max(begin, dated.begin[node])
    end_need = max(end_need, dated.not_done_before[node])
    if end_need > _NONE:
        begin = max(begin, _begun_for(dated, node, end_need, rulers))
    end = max(worked(rulers, dated.calendar[node], begin, dated.hours[node]), end_need)
    if not np.isnan(dated.end[node]):
        end = max(end, dated.end[node])
    return begin, end


@compiled
def _earliest(dated: Dated, node: int, begin_need: float, end_need: float, rulers: Table) -> tuple[float, float]:
    """Return the first days on which a unit may lie."""
    one, hours = dated.calendar[node], dated.hours[node]
    begin = math.floor(latest(rulers, one, hours_at(rulers, one, begin_need)) + TOLERANCE) if hours > 0 else begin_need
    end = worked(rulers, one, max(begin, begin_need), hours)
    if end_need > end + TOLERANCE:
        end = end_need
        begin = math.floor(_begun_for(dated, node, end, rulers) + TOLERANCE)
    return begin, math.ceil(end - TOLERANCE)


@compiled
def _begun_later(dated: Dated, node: int, begin: float, end: float, need: float, rulers: Table) -> tuple[float, float]:
    """Return the position on the first day on which a unit may begin, if that is a later one."""
    one, hours = dated.calendar[node], dated.hours[node]
    if np.isnan(dated.begin[node]):
        return need, max(end, math.ceil(worked(rulers, one, need, hours) - TOLERANCE))
    first = math.floor((latest(rulers, one, hours_at(rulers, one, need)) if hours > 0 else need) + TOLERANCE)
    if np.isnan(dated.end[node]):
        first = max(first, math.floor(begin))
        return first, worked(rulers, one, max(first, need), hours)
    if first <= math.floor(begin):
        return begin, end
    if hours <= 0:
        return first, first + (end - begin)
    return first, max(end, math.ceil(worked(rulers, one, first, hours) - TOLERANCE))


@compiled
def _ended_later(dated: Dated, node: int, begin: float, need: float, rulers: Table) -> tuple[float, float]:
    """Return the position on the first day by whose evening a unit may be over; what has started keeps its begin."""
    has_end = not np.isnan(dated.end[node])
    end = math.ceil(need - TOLERANCE) if has_end else need
    if dated.started[node]:
        return begin, end
    latest_begin = _begun_for(dated, node, end, rulers)
    if not np.isnan(dated.begin[node]):
        latest_begin = math.floor(latest_begin + TOLERANCE)
    return max(begin, latest_begin), end
