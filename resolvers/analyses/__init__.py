"""Analyses over GraphQL: the newest snapshot in, an explained result out. One module a domain, one line each below."""

from __future__ import annotations

from typing import Any, Final

from resolvers.analyses import (
    budgets,
    centrality,
    chains,
    choke,
    difference,
    duplicates,
    findings,
    layout,
    okr,
    people,
    queue,
    reschedule,
    risks,
    routes,
    schedule,
    summary,
    what_if,
    workload,
)

FIELDS: Final[dict[str, Any]] = {
    **budgets.FIELDS,
    **centrality.FIELDS,
    **chains.FIELDS,
    **choke.FIELDS,
    **difference.FIELDS,
    **duplicates.FIELDS,
    **findings.FIELDS,
    **layout.FIELDS,
    **okr.FIELDS,
    **people.FIELDS,
    **queue.FIELDS,
    **reschedule.FIELDS,
    **risks.FIELDS,
    **routes.FIELDS,
    **schedule.FIELDS,
    **summary.FIELDS,
    **what_if.FIELDS,
    **workload.FIELDS,
}
"""Root fields of ``Query`` by name."""
