"""An examination: everything that is worth a stored finding, conflicts and headline risks alike."""

from __future__ import annotations

from datetime import date
from typing import Final

from analytics.chains.threats import risks
from analytics.reports.conflicts import conflicts
from analytics.results import name_of
from graph.records.sightings import Sighting
from graph.snapshots.snapshot import Snapshot

# The sentences name the item alone: who may see it need not see the goals.
HEADLINES: Final = {
    "LATE": "{} threatens an open goal: it is overdue, or forces the goal past its due date.",
    "STALLED": "{} threatens an open goal: it does not move.",
    "AFFECTS": "{} threatens an open goal: it is an open issue that affects it.",
}
"""Reasons of a threat that make a headline; a plain wait or a missing owner is in the list of risks only."""
_ALL: Final = 2**31


def examination(snapshot: Snapshot, today: date) -> tuple[Sighting, ...]:
    """Return everything that is to be found in a snapshot, each once, by kind and subjects.

    All conflicts, with their own kinds, and each item that threatens an open goal because it is late, stalled or an
    issue that affects it: one sighting for each of these reasons, with the kind ``RISK_`` and the reason.

    Notes
    -----
    O(n + m) for the conflicts and for each open goal. The same snapshot and day give the same answer.

    """
    found = [
        Sighting(one.kind, tuple(snapshot.id(snapshot.row(key)) for key in one.keys), one.sentence)
        for one in conflicts(snapshot, limit=_ALL, today=today)
    ]
    for threat in risks(snapshot, limit=_ALL, today=today).threats:
        row = snapshot.row(threat.key)
        found += [
            Sighting(f"RISK_{reason}", (snapshot.id(row),), sentence.format(name_of(snapshot, row)))
            for reason, sentence in HEADLINES.items()
            if reason in threat.reasons
        ]
    once = {one.identity: one for one in found}
    return tuple(sorted(once.values(), key=lambda one: (one.kind, one.subjects)))
