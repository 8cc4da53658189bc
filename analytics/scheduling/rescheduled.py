"""What a cascade is asked and answers: new dates, what moves by them, what cannot, and what becomes late."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from analytics.results import Completeness, Explanation, counted, iso, listed, table

if TYPE_CHECKING:
    import pandas as pd


class Place(StrEnum):
    """Where to put an item, instead of on a day."""

    EARLIEST = "EARLIEST"
    """As early as what it waits for allows, and not before today."""
    LATEST = "LATEST"
    """As late as nothing else has to move and nothing becomes late."""


@dataclass(frozen=True, slots=True)
class Redate:
    """New dates of one open work item, by name; at least one of these is given.

    ``start`` moves the item with its working time: a stored due date moves along. ``due`` alone moves its end and
    leaves its start, ``duration`` (working hours) its end, or its start where it has a due date only. Two of the three
    say the third. A ``place`` stands alone.
    """

    item: Hashable
    start: date | None = None
    due: date | None = None
    duration: float | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """An item whose dates change: ``asked`` for, or because of what it waits for.

    ``days`` are the workspace's working days by which its end moves (its start, where it has no due date), negative to
    earlier; ``None`` where it had no such date. ``path`` are the keys from the change to it; a hidden item is named by
    its kind only.
    """

    id: str
    key: str
    title: str
    kind: str
    start: date | None
    due: date | None
    new_start: date | None
    new_due: date | None
    new_duration: float | None
    days: int | None
    asked: bool
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stuck:
    """An item that would have to move and stays; ``day`` is the first on which it could begin, or be finished.

    ``reason``: CLOSED, CYCLE, STARTED (a whole that has begun), KEPT or ASKED (the request says where it lies).
    """

    key: str
    title: str
    kind: str
    reason: str
    start: date | None
    due: date | None
    day: date
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LateDate:
    """A promise that is missed, or missed by more: a goal's or a whole's due date.

    ``before`` and ``after`` are the days on which its planned work ends without and with the change.
    """

    key: str
    title: str
    kind: str
    due: date
    before: date
    after: date
    late_days: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cascade:
    """Everything that new dates bring about: those asked for first, then what is near them.

    ``rests_on`` returns the ids of all items that the answer depends on.
    """

    moved: tuple[Moved, ...]
    stuck: tuple[Stuck, ...]
    late: tuple[LateDate, ...]
    completeness: Completeness
    rests_on: Callable[[], tuple[str, ...]] = field(default=tuple, compare=False, repr=False)

    @property
    def token(self) -> str:
        """What stands for exactly these dates, to apply them and no others."""
        parts = sorted(
            (one.id, iso(one.new_start) or "", iso(one.new_due) or "", one.new_duration or -1.0) for one in self.moved
        )
        return blake2b(repr(parts).encode(), digest_size=12).hexdigest()

    def explain(self) -> Explanation:
        """Return how much moves, and what cannot or becomes late."""
        forced = [one for one in self.moved if not one.asked]
        facts: dict[str, Any] = {
            "asked": len(self.moved) - len(forced),
            "moved": [one.key for one in forced],
            "stuck": [one.key for one in self.stuck],
            "late": [one.key for one in self.late],
        }
        text = f"{counted(len(forced), 'more item')} would have to move" if forced else "Nothing else has to move"
        text += f": {listed(facts['moved'])}" if forced else ""
        if self.stuck:
            text += f"; {listed(facts['stuck'])} would have to, but cannot"
        if self.late:
            worst = max(self.late, key=lambda one: one.late_days)
            name = f"{worst.key} " if len(self.late) > 1 else ""
            text += f"; late would be {listed(facts['late'])}, {name}by {counted(worst.late_days, 'working day')}"
            facts["worst"], facts["lateDays"] = worst.key, worst.late_days
        return Explanation(f"{text}.", facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "moved": [_plain(one) for one in self.moved],
            "stuck": [_plain(one) for one in self.stuck],
            "late": [_plain(one) for one in self.late],
            "token": self.token,
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per item whose dates change."""
        columns = tuple(one.name for one in fields(Moved) if one.name != "id")
        return table((asdict(one) for one in self.moved), columns)


def _plain(one: Moved | Stuck | LateDate) -> dict[str, Any]:
    values = {name: iso(value) if isinstance(value, date) else value for name, value in asdict(one).items()}
    names = {name: "".join([first, *(word.title() for word in rest)])
             for name, (first, *rest) in ((name, name.split("_")) for name in values)}  # fmt: skip
    return {names[name]: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
