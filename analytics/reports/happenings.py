"""Happenings: what a report says of each type of work in a scope and a period, from dates and statuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analytics.expansion.expanded import Expanded
from analytics.expansion.readiness import Readiness
from analytics.reports.statements import Statement, Writer
from graph.rules.lifecycle import Category
from graph.snapshots.columns import Days, Flags, Millis
from graph.snapshots.snapshot import CATEGORIES, KINDS, SEVERITIES

_DONE, _CANCELLED = CATEGORIES.index(Category.DONE), CATEGORIES.index(Category.CANCELLED)
_GRAVE = SEVERITIES.index("HIGH")


@dataclass(frozen=True, eq=False)
class Happenings:
    """What happened to the items ``inside`` a scope (shape (n,)) from ``since`` to ``today``, both included."""

    expanded: Expanded
    writer: Writer
    inside: Flags
    since: date
    today: date

    def projects(self) -> Iterator[Statement]:
        """Yield what became of projects, milestones and tasks, occurrences of operations apart."""
        items, listing = self.expanded.snapshot.items, self.writer.listing
        finished, leaf = self._in(items.completed_at) & self._of(_DONE), Readiness.of(self.expanded).leaf
        for kind, word in (("Project", "project"), ("Milestone", "milestone")):
            chosen = self._kind(kind)
            verb = "reached" if kind == "Milestone" else "finished"
            yield from listing(
                _rows(finished & chosen), f"The {word} {{names}} was {verb}.", f"{{n}} {word}s were {verb}: {{names}}."
            )
        tasks = self._kind("Task") & ~self._occurrence
        yield from listing(
            _rows(finished & tasks), "The task {names} was finished.", "{n} tasks were finished: {names}."
        )
        begun = self._in(items.started_at) & self.expanded.is_open & self._kind("Project", "Task") & ~self._occurrence
        yield from listing(_rows(begun), "Work on {names} began.", "Work began on {n} items: {names}.")
        late = self._late(tasks | self._kind("Project", "Milestone"))
        yield from listing(_rows(late), "{names} is overdue.", "{n} items are overdue: {names}.")
        stalled = Readiness.of(self.expanded).stalled & self.inside & leaf & ~self._occurrence
        yield from listing(
            _rows(stalled & ~self._kind("Issue")), "{names} has stalled.", "{n} items have stalled: {names}."
        )
        gone = self._in(items.completed_at) & self._of(_CANCELLED) & self._kind("Project", "Milestone", "Task")
        yield from listing(_rows(gone), "{names} was cancelled.", "{n} items were cancelled: {names}.")

    def operations(self) -> Iterator[Statement]:
        """Yield what became of the occurrences of recurring work."""
        items, listing, spawned = self.expanded.snapshot.items, self.writer.listing, self.inside & self._occurrence
        done = self._in(items.completed_at) & self._of(_DONE) & spawned
        yield from listing(
            _rows(done), "The recurring {names} was done.", "Recurring work was done {n} times: {names}."
        )
        late = self._late(spawned)
        yield from listing(
            _rows(late), "The recurring {names} is overdue.", "{n} pieces of recurring work are overdue: {names}."
        )
        gone = self._in(items.completed_at) & self._of(_CANCELLED) & spawned
        yield from listing(
            _rows(gone), "The recurring {names} was left out.", "Recurring work was left out {n} times: {names}."
        )

    def issues(self) -> Iterator[Statement]:
        """Yield which issues came, went and weigh most."""
        items, listing, issue = self.expanded.snapshot.items, self.writer.listing, self._kind("Issue")
        still = issue & self.expanded.is_open
        grave = still & (items.severity >= _GRAVE) & (items.severity < len(SEVERITIES))
        yield from listing(_rows(grave), "The grave issue {names} is open.", "{n} grave issues are open: {names}.")
        came, went = issue & self._in(items.created_at), issue & self._in(items.completed_at) & self._of(_DONE)
        yield from listing(_rows(came), "The issue {names} was reported.", "{n} issues were reported: {names}.")
        yield from listing(_rows(went), "The issue {names} was resolved.", "{n} issues were resolved: {names}.")
        yield from listing(
            _rows(still & self._of(CATEGORIES.index(Category.TRIAGE))),
            "The issue {names} waits for triage.",
            "{n} issues wait for triage: {names}.",
        )
        yield from listing(
            _rows(self._late(issue)), "The issue {names} is overdue.", "{n} issues are overdue: {names}."
        )

    def upcoming(self) -> Iterator[Statement]:
        """Yield what is due in a period as long as this one (a week at least), and what can start now."""
        expanded, listing = self.expanded, self.writer.listing
        last = self.today + max(self.today - self.since, timedelta(days=7))
        due: Days = expanded.snapshot.items.due
        soon = (due >= np.datetime64(self.today, "D")) & (due <= np.datetime64(last, "D"))
        soon &= self.inside & expanded.is_open & expanded.snapshot.is_work
        for kinds, one, many in (
            (("Milestone", "Project"), "{names} is due", "{n} projects and milestones are due"),
            (("Task", "Issue"), "{names} is due", "{n} tasks and issues are due"),
        ):
            day = f" by {last.isoformat()}"
            yield from listing(_rows(soon & self._kind(*kinds)), f"{one}{day}.", f"{many}{day}: {{names}}.")
        ready = Readiness.of(expanded).ready & self.inside
        yield from listing(_rows(ready), "{names} can start now.", "{n} items can start now, first {names}.")

    @cached_property
    def _occurrence(self) -> Flags:
        found = np.zeros(len(self.expanded.snapshot), dtype=np.bool_)
        snapshot = self.expanded.snapshot
        found[snapshot.edges.start[snapshot.edges_of("SPAWNED_FROM")]] = True
        return found

    def _in(self, moments: Millis) -> Flags:
        """Return where an instant falls into the period, within the scope."""
        days = moments.astype("datetime64[D]")
        known = (days >= np.datetime64(self.since, "D")) & (days <= np.datetime64(self.today, "D"))
        return np.asarray(known & self.inside, dtype=np.bool_)

    def _of(self, category: int) -> Flags:
        return np.asarray(self.expanded.snapshot.category == category, dtype=np.bool_)

    def _kind(self, *labels: str) -> Flags:
        codes = [KINDS.index(label) for label in labels]
        return np.asarray(np.isin(self.expanded.snapshot.items.kind, codes) & self.inside, dtype=np.bool_)

    def _late(self, among: Flags) -> Flags:
        due = self.expanded.snapshot.items.due
        late = among & self.inside & self.expanded.is_open & (due < np.datetime64(self.today, "D"))
        return np.asarray(late, dtype=np.bool_)


def _rows(flags: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(flags).tolist()
    return found
