"""Analyses over GraphQL: the newest snapshot in, an explained result out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.types import Info

import analytics
from analytics.results import Completeness as Stated
from resolvers.connection import DEFAULT_PAGE, First, page_size
from resolvers.context import Context
from resolvers.errors import RefusedError
from resolvers.items import field
from resolvers.scalars import Day

Result = TypeVar("Result")


@strawberry.type(description="What an answer leaves out.")
class Completeness:
    """What an answer leaves out."""

    complete: bool = field(bool, "Whether nothing was left out.")
    limited: list[str] = field(list[str], "Each limit that was reached, in words.")
    hidden: int = field(int, "Number of items that the viewer may not see.")
    snapshot_seq: int = field(int, "Number of the last change that the answer knows.")


@strawberry.type(description="One item on the way to a goal, and how the next one depends on it.")
class ChainStep:
    """One item on the way to a goal."""

    key: str | None = field(str | None, "Its key; null where the viewer may not see it.")
    title: str | None = field(str | None, "Its title.")
    kind: str = field(str, "Its kind.")
    edge: str | None = field(str | None, "Kind of the edge by which the next step depends on it.")
    via: list[str] = field(list[str], "Keys of the wholes through which the dependence is inherited.")
    owner: str | None = field(str | None, "Who answers for it.")
    status: str | None = field(str | None, "Category of its status.")
    state: str | None = field(str | None, "How it stands: ready, started, stalled, waiting and so on.")
    age_days: int | None = field(int | None, "Days since it was started, or else created.")
    remaining_hours: float | None = field(float | None, "Effort still to be done.")
    duration_hours: float | None = field(float | None, "Elapsed working hours that it takes.")
    basis: str | None = field(str | None, "What the hours rest on.")
    assumed: bool = field(bool, "Whether nobody gave a figure for them.")
    confidence: float | None = field(float | None, "How sure the dependence is, 0 to 1.")


@strawberry.type(description="The longest path in time from something that can be acted on now to a goal.")
class BlockingChain:
    """The longest path in time from one root to a goal."""

    goal: str = field(str, "Key of the goal.")
    goal_title: str = field(str, "Title of the goal.")
    due: Any = field(Day | None, "When the goal is due.")
    finish: Any = field(Day | None, "The day that this chain alone forces.")
    delay_days: int | None = field(int | None, "Working days from the due date to that day; negative if before.")
    length_hours: float = field(float, "Working hours from now to its end.")
    root: ChainStep = field(ChainStep, "Where to act.")
    steps: list[ChainStep] = field(list[ChainStep], "From the root to the goal, the goal apart.")
    alternatives: list[str] = field(list[str], "Keys of other items next to the goal that the root also reaches.")
    explanation: str = field(str, "One sentence that quotes only the facts above.")
    completeness: Completeness = field(Completeness, "What the answer leaves out.")


@strawberry.type(description="Something that can start now.")
class ReadyItem:
    """Something that can start now."""

    key: str = field(str, "Its key.")
    title: str = field(str, "Its title.")
    kind: str = field(str, "Its kind.")
    owner: str | None = field(str | None, "Who answers for it.")
    goals: list[str] = field(list[str], "Keys of the open goals that it leads to.")
    value: float = field(float, "What those goals are worth.")
    due: Any = field(Day | None, "When it is due.")
    remaining_hours: float = field(float, "Effort still to be done.")
    ready_from: Any = field(Day | None, "The day from which it can start, where only a day is awaited.")
    cannot_finish_yet: bool = field(bool, "Whether something still keeps it from finishing.")


@strawberry.type(description="What can start now, the most valuable first.")
class ReadyQueue:
    """What can start now, the most valuable first."""

    items: list[ReadyItem] = field(list[ReadyItem], "What can start now.")
    upcoming: list[ReadyItem] = field(list[ReadyItem], "What waits for a day only.")
    total: int = field(int, "How many items can start now.")
    explanation: str = field(str, "One sentence that quotes only facts.")
    completeness: Completeness = field(Completeness, "What the answer leaves out.")


async def blocking_chains(
    info: Info[Context, None],
    goal: Annotated[strawberry.ID, strawberry.argument(description="Key or id of a goal, or of any work.")],
    first: First = DEFAULT_PAGE,
) -> list[BlockingChain]:
    """Return the worst chains to a goal."""
    limit, today = page_size(first), info.context.today()
    snapshot = await info.context.snapshots.current()
    found = await _computed(lambda: analytics.blocking_chains(snapshot, str(goal), limit, today=today))
    return [_chain(one) for one in found]


async def ready_queue(
    info: Info[Context, None],
    person: Annotated[
        strawberry.ID | None, strawberry.argument(description="Key or id of a person or team; everybody when absent.")
    ] = None,
    first: First = DEFAULT_PAGE,
) -> ReadyQueue:
    """Return what can start now."""
    limit, today = page_size(first), info.context.today()
    snapshot = await info.context.snapshots.current()
    who = None if person is None else str(person)
    found = await _computed(lambda: analytics.ready_queue(snapshot, who, limit=limit, today=today))
    return ReadyQueue(
        items=[_ready(one) for one in found.items],
        upcoming=[_ready(one) for one in found.upcoming],
        total=found.total,
        explanation=found.explain().sentence,
        completeness=_completeness(found.completeness),
    )


async def _computed(analysis: Callable[[], Result]) -> Result:
    """Run an analysis beside the event loop.

    Raises:
        RefusedError: An item is not there, or not of a kind that the analysis takes.

    """
    try:
        return await asyncio.to_thread(analysis)
    except KeyError as error:
        raise RefusedError("NOT_FOUND", str(error.args[0])) from error
    except ValueError as error:
        raise RefusedError("BAD_USER_INPUT", str(error)) from error


def _chain(one: analytics.Chain) -> BlockingChain:
    return BlockingChain(
        goal=one.goal,
        goal_title=one.goal_title,
        due=_day(one.due),
        finish=_day(one.finish),
        delay_days=one.delay_days,
        length_hours=one.length_hours,
        root=_step(one.root),
        steps=[_step(step) for step in one.steps],
        alternatives=list(one.alternatives),
        explanation=one.explain().sentence,
        completeness=_completeness(one.completeness),
    )


def _step(one: analytics.Step) -> ChainStep:
    # A hidden step shows only its kind and its edge: everything else would tell what the viewer may not know.
    if one.hidden:
        return ChainStep(
            key=None, title=None, kind=one.kind, edge=one.edge, via=[], owner=None, status=None, state=None,
            age_days=None, remaining_hours=None, duration_hours=None, basis=None, assumed=False, confidence=None,
        )  # fmt: skip
    return ChainStep(
        key=one.key,
        title=one.title,
        kind=one.kind,
        edge=one.edge,
        via=list(one.via),
        owner=one.owner,
        status=one.status,
        state=one.state,
        age_days=one.age_days,
        remaining_hours=one.remaining_hours,
        duration_hours=one.duration_hours,
        basis=one.basis,
        assumed=one.assumed,
        confidence=one.confidence,
    )


def _ready(one: analytics.ReadyItem) -> ReadyItem:
    return ReadyItem(
        key=one.key,
        title=one.title,
        kind=one.kind,
        owner=one.owner,
        goals=list(one.goals),
        value=one.value,
        due=_day(one.due),
        remaining_hours=one.remaining_hours,
        ready_from=_day(one.ready_from),
        cannot_finish_yet=one.cannot_finish_yet,
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _completeness(stated: Stated) -> Completeness:
    return Completeness(
        complete=stated.complete, limited=list(stated.limited), hidden=stated.hidden, snapshot_seq=stated.seq
    )
