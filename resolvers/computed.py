"""Fields of work and goals that are worked out from the newest snapshot: their types and names.

They are a part of an item's selection like any stored field; ``resolvers.filling`` fills them for all items of an
operation together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import strawberry

from analytics.chains.threatened import BIT
from graph.model import NODES
from resolvers.scalars import Day, enum_of

ThreatReason: Final = enum_of(
    "ThreatReason",
    "Why an item threatens a goal.",
    dict(
        zip(
            BIT,
            (
                "Something on the way to the goal waits for it, or for what it leads to.",
                "It is an active issue.",
                "It is overdue, or it and what follows it alone end after the goal is due.",
                "It is blocked by nothing open, or was started and then left alone.",
                "Nobody owns it.",
            ),
            strict=True,
        )
    ),
)


@strawberry.type(description="Working hours of an item towards a goal.")
class HoursToGoal:
    """Working hours of an item towards a goal."""

    goal: str = strawberry.field(description="Key of the goal.")
    goal_title: str = strawberry.field(description="Its title.")
    hours: float = strawberry.field(description="The working hours.")


@strawberry.type(description="Working days of an item towards a goal.")
class DaysToGoal:
    """Working days of an item towards a goal."""

    goal: str = strawberry.field(description="Key of the goal.")
    goal_title: str = strawberry.field(description="Its title.")
    due: Any = strawberry.field(graphql_type=Day | None, description="The last day on which it is in time.")
    days: int | None = strawberry.field(
        description="The working days; null where the goal has no due date, or is not late when the item is."
    )


@strawberry.type(description="A goal that an item threatens.")
class ThreatenedGoal:
    """A goal that an item threatens."""

    goal: str = strawberry.field(description="Key of the goal.")
    goal_title: str = strawberry.field(description="Its title.")
    value: float = strawberry.field(description="What the goal is worth.")
    reasons: Any = strawberry.field(graphql_type=list[ThreatReason], description="Each reason.")  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class ComputedField:
    """One computed field: the annotation of its type, what it means, and which items have it.

    ``goal``: it takes a goal. ``goals``: goals have it too, not work alone.
    """

    name: str
    annotation: Any
    description: str
    goal: bool = False
    goals: bool = True


_SEEN: Final = "null where the item is newer than `snapshotSeq`."
_OWN: Final = (
    "Without `goal`: to the open goal that the item delays most; of those without a delay, to that to which it has the "
    "longest way. Null where it leads to no such goal."
)

COMPUTED: Final = {
    one.name: one
    for one in (
        ComputedField(
            "isReady", bool | None, f"Whether it can start now, as in `readyQueue`; {_SEEN}", goals=False
        ),
        ComputedField(
            "readyFrom", Day | None, "The day from which it can start, where only a lag or a start date is awaited.",
            goals=False,
        ),
        ComputedField(
            "isBlocked", bool | None,
            f"Whether it is open and it, or a whole of it, waits for something open; {_SEEN}",
        ),
        ComputedField(
            "cannotFinishYet", bool | None,
            f"Whether it is open and something open keeps it from finishing, though not from starting; {_SEEN}",
        ),
        ComputedField(
            "threatens", list[ThreatenedGoal] | None,
            f"The open goals that it threatens, the most valuable first, as in `risks`; {_SEEN}",
        ),
        ComputedField(
            "totalFloat", HoursToGoal | None, f"By how much it may slip without moving the goal. {_OWN}", goal=True
        ),
        ComputedField(
            "drag", HoursToGoal | None, f"By how much sooner the goal would come without its work. {_OWN}", goal=True
        ),
        ComputedField(
            "dueSlack", DaysToGoal | None,
            "What is left until the goal's due date if from today on it and what follows it are done one after the "
            f"other: minus the `delayDays` of its blocking chain; negative if it is late. {_OWN}",
            goal=True,
        ),
        ComputedField(
            "snapshotSeq", int, "Number of the last change that the computed fields of this item know."
        ),
        ComputedField(
            "snapshotAge", float, "Seconds since that change was found to be the newest one."
        ),
    )
}  # fmt: skip
"""Computed fields by name."""

GoalArgument = Annotated[
    strawberry.ID | None, strawberry.argument(description="Key or id of a goal, or of any work; its own when absent.")
]


def computed_of(name: str) -> dict[str, ComputedField]:
    """Return the computed fields of a type by name: of work and goals, and of all their kinds."""
    group = name if name in {"Work", "Goal"} else NODES[name].group if name in NODES else None
    return {one.name: one for one in COMPUTED.values() if group == "Work" or (group == "Goal" and one.goals)}
