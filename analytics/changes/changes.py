"""Changes that a what-if tries out: each is data, and says in words what it does."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

Shares: TypeAlias = tuple[tuple[Hashable, float], ...]
"""People or teams, each with the share (0 to 1] of their time."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Nobody works on an item for ``hours`` working hours, counted from when it could start, or go on if it has begun.

    A finish-finish or start-finish wait may absorb some of it. Of a container, all that waits for its opening is held.
    """

    item: Hashable
    hours: float

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item,)

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"delay {self.item} by {self.hours:g} h"


@dataclass(frozen=True, slots=True)
class Finish:
    """An item is done, and so is every open part of it."""

    item: Hashable

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item,)

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"finish {self.item}"


@dataclass(frozen=True, slots=True)
class Remove:
    """An item of any kind is gone, with its edges and with those parts that are no part of anything that stays."""

    item: Hashable

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item,)

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"remove {self.item}"


@dataclass(frozen=True, slots=True)
class Reassign:
    """An item is assigned to these people or teams, and to nobody else."""

    item: Hashable
    people: Shares

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item, *(who for who, _ in self.people))

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"assign {self.item} to {_named(self.people)}"


@dataclass(frozen=True, slots=True)
class AddPeople:
    """An item is assigned to these people or teams as well, so that it takes less time for the same effort."""

    item: Hashable
    people: Shares

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item, *(who for who, _ in self.people))

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"add {_named(self.people)} to {self.item}"


@dataclass(frozen=True, slots=True)
class CutEdge:
    """The edges from one item to another are gone; without ``kind``, those of every kind that analyses walk."""

    start: Hashable
    end: Hashable
    kind: str | None = None

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.start, self.end)

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"cut {self.kind or 'every edge'} from {self.start} to {self.end}"


@dataclass(frozen=True, slots=True)
class AddEdge:
    """There is an edge of a kind that analyses walk; ``wait_type`` and ``lag`` (working hours) are those of a wait."""

    start: Hashable
    end: Hashable
    kind: str = "BLOCKS"
    wait_type: str = "FS"
    lag: float = 0.0
    weight: float | None = None

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.start, self.end)

    @property
    def text(self) -> str:
        """What it does, in words."""
        wait = (
            f" {self.wait_type} {self.lag:+g} h"
            if self.kind == "BLOCKS" and (self.wait_type, self.lag) != ("FS", 0)
            else ""
        )
        return f"link {self.start} {self.kind}{wait} {self.end}"


@dataclass(frozen=True, slots=True)
class Rescope:
    """An item has another size: its ``estimate``, its ``remaining`` effort, or its elapsed ``duration``, in hours.

    An estimate given alone takes the place of what was said to remain: that follows from it and from what was spent.
    """

    item: Hashable
    estimate: float | None = None
    remaining: float | None = None
    duration: float | None = None

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (self.item,)

    @property
    def text(self) -> str:
        """What it does, in words."""
        given = (("estimate", self.estimate), ("remaining", self.remaining), ("duration", self.duration))
        return f"rescope {self.item}: {', '.join(f'{name} {hours:g} h' for name, hours in given if hours is not None)}"


@dataclass(frozen=True, slots=True)
class Draft:
    """An item that is not there yet, with its edges: what it is part of, blocks, waits for, serves and affects.

    ``estimate`` and ``duration`` are hours, ``due`` an ISO date. An issue begins in triage, everything else is planned.
    """

    key: str = "DRAFT"
    title: str = ""
    kind: str = "Issue"
    severity: str | None = None
    estimate: float | None = None
    duration: float | None = None
    due: str | None = None
    part_of: tuple[Hashable, ...] = ()
    blocks: tuple[Hashable, ...] = ()
    blocked_by: tuple[Hashable, ...] = ()
    contributes_to: tuple[Hashable, ...] = ()
    affects: tuple[Hashable, ...] = ()
    people: Shares = ()

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The items that it names."""
        return (
            *(end for link in self.links for end in link.names if end != self.key),
            *(who for who, _ in self.people),
        )

    @property
    def text(self) -> str:
        """What it does, in words."""
        return f"add {self.kind} {self.key}"

    @property
    def links(self) -> tuple[AddEdge, ...]:
        """Its edges, people apart."""
        out = (("PART_OF", self.part_of), ("BLOCKS", self.blocks), ("CONTRIBUTES_TO", self.contributes_to))
        leaving = [AddEdge(self.key, end, kind) for kind, ends in (*out, ("AFFECTS", self.affects)) for end in ends]
        return (*leaving, *(AddEdge(start, self.key) for start in self.blocked_by))


Change: TypeAlias = Delay | Finish | Remove | Reassign | AddPeople | CutEdge | AddEdge | Rescope | Draft


def _named(people: Shares) -> str:
    return ", ".join(f"{who} ({share:g})" for who, share in people) or "nobody"
