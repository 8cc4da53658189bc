"""``criticalPath``, ``whyCritical`` and ``schedule``: when what leads to a target can and must be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    Completeness,
    CriticalItem,
    CriticalPath,
    Explanation,
    Schedule,
    ScheduledItem,
    Step,
    critical_path,
    schedule,
)
from resolvers.access import Access
from resolvers.analyses.chains import STEP
from resolvers.analyses.publishing import Scope, answered, computed, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.items import field

__all__ = ["FIELDS", "STEP"]  # steps are published by the chains, which must come first

Target = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Key or id of a goal, or of any work; everything open if not given."),
]


@dataclass(frozen=True, slots=True)
class CriticalPathPage:
    """A critical path with its tightest items only."""

    found: CriticalPath
    target: str | None
    target_title: str
    length_hours: float
    start: date | None
    finish: date | None
    possible: bool
    total: int
    items: tuple[CriticalItem, ...]
    path: tuple[Step, ...]
    completeness: Completeness

    @classmethod
    def of(cls, found: CriticalPath, first: int) -> CriticalPathPage:
        """Take the ``first`` items that may slip least."""
        return cls(
            found, found.target, found.target_title, found.length, found.start, found.finish, found.possible,
            len(found.items), found.items.tightest(first), found.path, found.completeness,
        )  # fmt: skip

    def explain(self) -> Explanation:
        """Return what the whole critical path says."""
        return self.found.explain()


published(
    CriticalItem,
    "When one item can be done, and must be; hours count from this morning in the workspace's calendar.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "early_start": "Hours until it can start.",
        "early_finish": "Hours until it can be finished.",
        "late_start": "Hours until it must have started.",
        "late_finish": "Hours until it must be finished.",
        "total_float": "Hours by which it may slip without moving the target.",
        "free_float": "Hours by which it may slip without moving any other work.",
        "drag": "Hours by which the target would come sooner without its work; null where a limit was reached.",
        "critical": "Whether it is on a driving path to the target.",
        "duration_hours": "Working hours that it takes.",
        "basis": "What they rest on.",
        "assumed": "Whether nobody gave a figure for them.",
        "early_start_date": "Day on which it can start.",
        "early_finish_date": "Day on which it can be finished.",
        "late_start_date": "Day on which it must start.",
        "late_finish_date": "Day on which it must be finished.",
    },
)
CRITICAL_PATH: Final = published(
    CriticalPathPage,
    "When what leads to a target can and must be done.",
    {
        "target": "Key of the target; null for everything.",
        "target_title": "Its title.",
        "length_hours": "Working hours from this morning to its earliest finish.",
        "start": "The day from which is reckoned.",
        "finish": "The day of its earliest finish.",
        "possible": "Whether enough of it is left to finish it: false where too much was cancelled.",
        "total": "Number of items that lead to it.",
        "items": "Those that may slip least.",
        "path": "One driving path to it, from where it begins.",
    },
    name="CriticalPath",
    explained=True,
)
EXPLANATION: Final = published(
    Explanation,
    "Facts, and one sentence that quotes only them.",
    {"sentence": "The sentence.", "facts": "The facts."},
)


published(
    ScheduledItem,
    "When one item is done, and by whom; hours count from this morning in the workspace's calendar.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "start": "Hours until it starts.",
        "finish": "Hours until it is finished.",
        "start_date": "Day on which it starts.",
        "finish_date": "Day on which it is finished.",
        "people": "Keys of those whose time it takes.",
        "held_by": "What it starts after: PERSON, PREDECESSOR, START_DATE; null where it starts at once.",
        "after": "Key of the item that it starts after.",
        "person": "Key of the person who was busy until then.",
        "delay": "Hours by which it starts later than if everybody were free.",
    },
)
SCHEDULE: Final = published(
    Schedule,
    "A schedule in which nobody gives more than all of their time.",
    {
        "target": "Key of the target; null for everything.",
        "target_title": "Its title.",
        "rule": "The priority rule.",
        "length": "Working hours from this morning to the target's finish.",
        "unconstrained": "What they would be if everybody were free.",
        "start": "The day from which is reckoned.",
        "finish": "The day of the target's finish.",
        "total": "Number of items that lead to the target.",
        "items": "The first of them.",
    },
    explained=True,
)


async def _schedule(
    info: Info[Context, None],
    target: Target = None,
    rule: Annotated[
        str,
        strawberry.argument(
            description="What comes first: latestStart, latestFinish, leastFloat, shortest, mostSuccessors or "
            "positionalWeight."
        ),
    ] = "latestStart",
    scope: Scope = None,
    first: First = DEFAULT_PAGE,
) -> Any:
    limit = page_size(first)
    return (await answered(info, schedule, target, rule=rule, scope=scope)).first(limit)


async def _critical_path(
    info: Info[Context, None], target: Target = None, scope: Scope = None, first: First = DEFAULT_PAGE
) -> Any:
    limit = page_size(first)
    return CriticalPathPage.of(await _found(info, target, scope), limit)


async def _why_critical(
    info: Info[Context, None],
    item: Annotated[strawberry.ID, strawberry.argument(description="Key or id of an item.")],
    target: Target = None,
) -> Any:
    found = await _found(info, target)
    return await computed(lambda: found.explain_item(str(item)))


async def _found(info: Info[Context, None], target: str | None, scope: str | None = None) -> CriticalPath:
    return await answered(info, critical_path, target, scope=scope)


FIELDS: Final = {
    "criticalPath": field(
        CRITICAL_PATH, "What may not slip on the way to a target, and what may.", resolver=_critical_path,
        access=Access.READ,
    ),
    "whyCritical": field(
        EXPLANATION, "Why an item is critical for a target or not: what drives it, or how far it may slip.",
        resolver=_why_critical, access=Access.READ,
    ),
    "schedule": field(
        SCHEDULE, "When work can be done by those who are to do it, one thing after the other.", resolver=_schedule,
        access=Access.READ,
    ),
}  # fmt: skip
