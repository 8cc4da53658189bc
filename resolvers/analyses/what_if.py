"""``forecast``, ``whatIf``, ``impact`` and ``triage``: how sure a goal is, and what would move it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from analytics import (
    AddEdge,
    AddPeople,
    Change,
    CutEdge,
    Delay,
    Draft,
    Finish,
    Forecast,
    GoalDifference,
    GoalImpact,
    Impact,
    ItemCriticality,
    LoadDifference,
    Outlook,
    Percentile,
    PersonCriticality,
    Reassign,
    Remove,
    Rescope,
    TriageItem,
    TriageQueue,
    WhatIf,
    forecast,
    impact,
    triage_queue,
    what_if,
)
from resolvers.access import Access
from resolvers.analyses.publishing import Scope, answered, published
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field

MAX_SAMPLES: Final = 10_000
"""Samples that one field may ask for."""
MAX_CHANGES: Final = 100
"""Changes that one field may try out."""

published(
    Percentile,
    "By when a goal is finished in a share of the samples.",
    {"percent": "The share, in percent.", "hours": "Working hours from today.", "day": "The day."},
)
published(
    ItemCriticality,
    "How often an item drives a goal.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "owner": "Who answers for it.",
        "criticality": "Share of the samples in which it drives the goal, 0 to 1.",
        "correlation": "Rank correlation of its hours with the goal's finish, -1 to 1; null where nothing varies.",
    },
)
published(
    PersonCriticality,
    "How often somebody's work drives a goal.",
    {"key": "Its key.", "title": "What it is called.", "criticality": "Share of the samples, 0 to 1."},
)
FORECAST: Final = published(
    Forecast,
    "When a goal will be finished, and how sure that is.",
    {
        "goal": "Key of the goal.",
        "goal_title": "Title of the goal.",
        "due": "When the goal is due.",
        "state": "OPEN, CLOSED, or IMPOSSIBLE where too much of it is cancelled.",
        "samples": "How many samples were taken.",
        "seed": "What they were drawn with: the same seed gives the same answer.",
        "percentiles": "P10, P50, P80 and P95; empty unless the goal is open.",
        "on_time": "Probability of being finished by the due date, 0 to 1; null without one.",
        "planned_hours": "Working hours until it is finished if everything took just its hours.",
        "planned_finish": "The day on which it would then be finished.",
        "items": "What drives the goal, most often first.",
        "people": "Whose work drives the goal, most often first.",
        "drivers": "The items whose hours move the goal's finish most.",
        "learned": "How many finished items the durations are learned from.",
        "correlation": "How much items of one team share their luck, 0 to 1.",
    },
    explained=True,
)
published(
    Outlook,
    "How a goal stands.",
    {
        "hours": "Working hours until it has enough; null where it can no longer be finished.",
        "finish": "The day on which it has enough.",
        "full_finish": "The day on which all of it is finished.",
        "delay_days": "Working days from the due date to the finish; negative if before.",
        "on_time": "Probability of being finished by the due date, where samples were asked for.",
    },
)
published(
    GoalDifference,
    "A goal before and after the changes.",
    {
        "goal": "Key of the goal.",
        "goal_title": "Title of the goal.",
        "due": "When it is due.",
        "before": "How it stands.",
        "after": "How it would stand; null where a change removes it.",
        "later_hours": "Working hours by which it is finished later; negative if earlier.",
        "later_days": "The same in working days.",
        "entering": "Keys of work that becomes critical for it.",
        "leaving": "Keys of work that is critical for it no longer.",
    },
)
published(
    LoadDifference,
    "Somebody's load before and after the changes.",
    {
        "key": "Its key.",
        "title": "What it is called.",
        "before_hours": "Remaining hours of open work that is assigned to it.",
        "after_hours": "The same after the changes.",
    },
)
WHAT_IF: Final = published(
    WhatIf,
    "What changes would do that nobody has made.",
    {
        "changes": "The changes, in words.",
        "goals": "Goals, the most delayed first: those that were named, else those that differ.",
        "unchanged": "How many goals stay as they are.",
        "load": "People and teams whose load differs, the most changed first.",
        "notes": "Where a change has less effect than one may expect.",
    },
    explained=True,
)
published(
    GoalImpact,
    "What an item does to a goal.",
    {
        "goal": "Key of the goal.",
        "goal_title": "Title of the goal.",
        "due": "When it is due.",
        "value": "What it is worth.",
        "later_hours": "Working hours by which the item delays it.",
        "later_days": "The same in working days.",
        "finish": "When it is finished, with the item.",
        "delay_days": "Working days from the due date to that day; negative if before.",
        "path": "The steps from the item to the goal.",
        "reasons": "WAIT, AFFECTS and PART say how it leads there, UNSIZED that its hours are assumed.",
    },
)
IMPACT: Final = published(
    Impact,
    "What an item delays.",
    {
        "item": "Its key.",
        "title": "Its title.",
        "severity": "Its severity, or the one that is assumed.",
        "assumed_severity": "Whether the severity is assumed, because it has none.",
        "goals": "The goals that it leads to, the most delayed value first.",
        "value": "What the goals that it delays are worth.",
        "value_at_risk": "What all goals that it leads to are worth.",
    },
    explained=True,
)
published(
    TriageItem,
    "Something that nobody has decided on yet.",
    {
        "key": "Its key.",
        "title": "Its title.",
        "kind": "Its kind.",
        "severity": "Its severity, or the one that is assumed.",
        "assumed_severity": "Whether the severity is assumed, because it has none.",
        "age_days": "Days since it was created.",
        "goals": "Keys of the goals that it would delay.",
        "value": "What those goals are worth.",
        "value_at_risk": "What all goals that it leads to are worth.",
        "later_hours": "The longest of the delays, in working hours.",
    },
)
TRIAGE: Final = published(
    TriageQueue,
    "What waits for a decision, in the order in which to look at it.",
    {"items": "What delays most goal value first.", "total": "How many items wait."},
    explained=True,
)


def _given(description: str) -> Any:
    return strawberry.field(description=description, default=strawberry.UNSET)


@strawberry.input(description="Somebody, and the share of their time.")
class ShareInput:
    """Somebody, and the share of their time."""

    person: strawberry.ID = strawberry.field(description="Key or id of a person or team.")
    share: float = strawberry.field(description="Share of their time, above 0 and at most 1.", default=1.0)


@strawberry.input(description="People for an item.")
class PeopleInput:
    """People for an item."""

    item: strawberry.ID = strawberry.field(description="Key or id of open work.")
    people: list[ShareInput] = strawberry.field(description="The people.")


@strawberry.input(description="Nobody works on an item for a while.")
class DelayInput:
    """A delay of an item."""

    item: strawberry.ID = strawberry.field(description="Key or id of open work.")
    hours: float = strawberry.field(description="Working hours.")


@strawberry.input(description="An edge that is gone.")
class CutEdgeInput:
    """An edge that is gone."""

    start: strawberry.ID = strawberry.field(description="Key or id of its start.")
    end: strawberry.ID = strawberry.field(description="Key or id of its end.")
    kind: str | None = strawberry.field(description="Its kind; every kind when absent.", default=None)


@strawberry.input(description="An edge that is not there yet.")
class AddEdgeInput:
    """An edge that is not there yet."""

    start: strawberry.ID = strawberry.field(description="Key or id of its start.")
    end: strawberry.ID = strawberry.field(description="Key or id of its end.")
    kind: str = strawberry.field(description="BLOCKS, PART_OF, CONTRIBUTES_TO or AFFECTS.", default="BLOCKS")
    wait_type: str = strawberry.field(description="Type of a wait: FS, SS, FF or SF.", default="FS")
    lag: float = strawberry.field(description="Working hours of a wait; may be negative.", default=0.0)
    weight: float | None = strawberry.field(description="Weight of a contribution.", default=None)


@strawberry.input(description="Another size of an item; an estimate alone also says what remains.")
class RescopeInput:
    """Another size of an item."""

    item: strawberry.ID = strawberry.field(description="Key or id of open work.")
    estimate: float | None = strawberry.field(description="Effort in hours.", default=None)
    remaining: float | None = strawberry.field(description="Effort still to be done, in hours.", default=None)
    duration: float | None = strawberry.field(description="Elapsed working hours.", default=None)


@strawberry.input(description="An item that is not there yet, with its edges.")
class DraftInput:
    """An item that is not there yet."""

    key: str = strawberry.field(description="A key that is free.", default="DRAFT")
    title: str = strawberry.field(description="Its title.", default="")
    kind: str = strawberry.field(description="Its kind.", default="Issue")
    severity: str | None = strawberry.field(description="Severity of an issue.", default=None)
    estimate: float | None = strawberry.field(description="Effort in hours.", default=None)
    duration: float | None = strawberry.field(description="Elapsed working hours.", default=None)
    due: str | None = strawberry.field(description="When it is due, ISO 8601.", default=None)
    part_of: list[strawberry.ID] = strawberry.field(description="What it is part of.", default_factory=list)
    blocks: list[strawberry.ID] = strawberry.field(description="What waits for it.", default_factory=list)
    blocked_by: list[strawberry.ID] = strawberry.field(description="What it waits for.", default_factory=list)
    contributes_to: list[strawberry.ID] = strawberry.field(description="Goals that it serves.", default_factory=list)
    affects: list[strawberry.ID] = strawberry.field(description="What an issue harms.", default_factory=list)
    people: list[ShareInput] = strawberry.field(description="Who is assigned to it.", default_factory=list)


@strawberry.input(description="One change; exactly one of its fields is given.", one_of=True)
class ChangeInput:
    """One change."""

    delay: DelayInput | None = _given("Nobody works on an item for a while.")
    finish: strawberry.ID | None = _given("An item is done, with its parts.")
    remove: strawberry.ID | None = _given("An item of any kind is gone, with its edges.")
    reassign: PeopleInput | None = _given("An item is assigned to these people and to nobody else.")
    add_people: PeopleInput | None = _given("An item is assigned to these people as well.")
    cut_edge: CutEdgeInput | None = _given("Edges between two items are gone.")
    add_edge: AddEdgeInput | None = _given("There is an edge.")
    rescope: RescopeInput | None = _given("An item has another size.")
    draft: DraftInput | None = _given("There is another item.")


def _people(given: list[ShareInput]) -> tuple[tuple[Hashable, float], ...]:
    return tuple((str(one.person), one.share) for one in given)


def _draft(given: DraftInput) -> Draft:
    return Draft(
        key=given.key,
        title=given.title,
        kind=given.kind,
        severity=given.severity,
        estimate=given.estimate,
        duration=given.duration,
        due=given.due,
        part_of=_named(given.part_of),
        blocks=_named(given.blocks),
        blocked_by=_named(given.blocked_by),
        contributes_to=_named(given.contributes_to),
        affects=_named(given.affects),
        people=_people(given.people),
    )


def _named(given: list[strawberry.ID]) -> tuple[str, ...]:
    return tuple(str(one) for one in given)


_MADE: Final[dict[str, Callable[[Any], Change]]] = {
    "delay": lambda given: Delay(str(given.item), given.hours),
    "finish": lambda given: Finish(str(given)),
    "remove": lambda given: Remove(str(given)),
    "reassign": lambda given: Reassign(str(given.item), _people(given.people)),
    "add_people": lambda given: AddPeople(str(given.item), _people(given.people)),
    "cut_edge": lambda given: CutEdge(str(given.start), str(given.end), given.kind),
    "add_edge": lambda given: AddEdge(
        str(given.start), str(given.end), given.kind, given.wait_type, given.lag, given.weight
    ),
    "rescope": lambda given: Rescope(str(given.item), given.estimate, given.remaining, given.duration),
    "draft": _draft,
}


def _change(given: ChangeInput) -> Change:
    (name,) = (name for name in _MADE if getattr(given, name) is not strawberry.UNSET)
    return _MADE[name](getattr(given, name))


Samples = Annotated[
    int, strawberry.argument(description=f"How many samples to take, at most {MAX_SAMPLES:,}; more are surer.")
]
Seed = Annotated[int, strawberry.argument(description="What they are drawn with: the same seed, the same answer.")]


def _check_samples(samples: int) -> None:
    if samples > MAX_SAMPLES:
        raise RefusedError("BAD_USER_INPUT", f"samples is {samples}; ask for at most {MAX_SAMPLES}")


async def _forecast(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    samples: Samples = 1000,
    seed: Seed = 0,
    scope: Scope = None,
) -> Any:
    _check_samples(samples)
    return await answered(info, forecast, str(goal), samples, seed, scope=scope)


async def _what_if(
    info: Info[Context, None],
    changes: Annotated[
        list[ChangeInput], strawberry.argument(description="Tried out one after the other; nothing is saved.")
    ],
    goals: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(description="Keys or ids of goals or work; all open goals that differ when absent."),
    ] = None,
    samples: Annotated[
        int, strawberry.argument(description="Samples for the probability of being on time; none when 0.")
    ] = 0,
    seed: Seed = 0,
    scope: Scope = None,
) -> Any:
    _check_samples(samples)
    if len(changes) > MAX_CHANGES:
        raise RefusedError("TOO_COMPLEX", f"{len(changes)} changes; try out at most {MAX_CHANGES}")
    asked = [_change(one) for one in changes]
    named = None if goals is None else [str(goal) for goal in goals]
    return await answered(info, what_if, asked, named, samples=samples, seed=seed, scope=scope)


async def _impact(
    info: Info[Context, None],
    item: Annotated[strawberry.ID | None, strawberry.argument(description="Key or id of open work.")] = None,
    draft: Annotated[DraftInput | None, strawberry.argument(description="Or one that is not there yet.")] = None,
    scope: Scope = None,
) -> Any:
    if (item is None) == (draft is None):
        raise RefusedError("BAD_USER_INPUT", "give either item or draft")
    asked: str | Draft = str(item) if draft is None else _draft(draft)
    return await answered(info, impact, asked, scope=scope)


async def _triage(info: Info[Context, None], scope: Scope = None, first: First = DEFAULT_PAGE) -> Any:
    return await answered(info, triage_queue, scope=scope, limit=page_size(first))


FIELDS: Final = {
    "forecast": field(FORECAST, "When a goal will be finished, and how sure that is.", resolver=_forecast,
                      access=Access.READ),
    "whatIf": field(WHAT_IF, "What changes would do, without making them.", resolver=_what_if, access=Access.READ),
    "impact": field(IMPACT, "What an issue delays, stored or drafted.", resolver=_impact, access=Access.READ),
    "triage": field(TRIAGE, "What waits for a decision, the most harmful first.", resolver=_triage,
                    access=Access.READ),
}  # fmt: skip
