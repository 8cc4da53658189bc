"""What an edit implies: the moments that follow from a change of status, and the next occurrence of a changed rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from graph.rules.lifecycle import Category
from graph.rules.recurrence import Recurrence
from graph.rules.validation import State, Vocabulary, properties_of


def stamped(kind: str, given: State, before: State | None, after: State, words: Vocabulary, now: int) -> State:
    """Return the state after an edit with what follows from it; what the edit itself gives stands as it is.

    ``before`` is ``None`` for a new item. ``now`` is in epoch milliseconds. Work that is started, finished, cancelled
    or decided gets the moment, work that is reopened loses it; an Update gets the moment it was given, and an operation
    whose rule, time zone or first day changes goes on with the first occurrence from now on.
    """
    implied: State = {}
    if kind in {"Update", "Issue"} and before is None:
        implied["at" if kind == "Update" else "reportedAt"] = now
    if "status" in after:
        was = None if before is None or "status" not in before else words.statuses[before["status"]]
        implied |= _moments(kind, was, words.statuses[after["status"]], after, now)
    if kind == "Operation" and {"rrule", "timezone"} & given.keys():
        implied["nextAt"] = _next(after, now)
    declared = properties_of(kind)
    merged = after | {name: one for name, one in implied.items() if name in declared and name not in given}
    return {name: one for name, one in merged.items() if one is not None}


def _moments(kind: str, was: Category | None, category: Category, after: State, now: int) -> dict[str, Any]:
    if was == category:
        return {}
    moments: dict[str, Any] = {}
    if category is Category.STARTED and "startedAt" not in after:
        moments["startedAt"] = now
    if was is Category.TRIAGE and "triagedAt" not in after:
        moments["triagedAt"] = now
    if not category.is_open and (was is None or was.is_open):
        moments |= {"completedAt": now, "resolvedAt": now}
    if category.is_open and was is not None and not was.is_open:
        moments |= {"completedAt": None, "resolvedAt": None, "resolution": None}
    return moments


def _next(after: State, now: int) -> int | None:
    if "rrule" not in after:
        return None
    try:
        series = Recurrence.parse(after["rrule"], after.get("timezone"), after["createdAt"])
    except ValueError:
        return None  # the zone named in the rule is not the operation's; spawning says so
    first = series.first(datetime.fromtimestamp(now / 1000, UTC))
    return None if first is None else round(first.timestamp() * 1000)
