"""A choke point: an item, person or team that chains run through; what no chain gets around; and a cover of chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analytics.chains.relief import Relief
from analytics.results import Explanation, counted


@dataclass(frozen=True, slots=True)
class ChokePoint:
    """An item, person or team on the chains to goals.

    ``value`` is what the chains through it carry: of each, the goal's value times the chain's share of it; ``share``
    the same over that of all chains (0 to 1). ``chains`` counts them, ``goals`` are where they lead. A cycle is one
    point with its ``members``. ``relief`` tells, for items, what it costs the goal that it would bring forward most.
    """

    key: str
    title: str
    kind: str
    owner: str | None
    value: float
    share: float
    chains: int
    goals: tuple[str, ...]
    members: tuple[str, ...] = ()
    relief: Relief | None = None

    def explain(self) -> Explanation:
        """Return how much runs through it, and what finishing it would bring."""
        percent = round(100 * self.share)
        facts = self.to_dict() | {"percent": percent, "goalCount": len(self.goals), "shown": list(self.goals[:3])}
        name = self.key if self.title in ("", self.key) else f"{self.key} '{self.title}'"
        if self.members:
            name = f"The cycle {', '.join(self.members)}"
        more = f" and {len(self.goals) - 3} more" if len(self.goals) > 3 else ""
        facts["more"] = len(self.goals) - 3
        text = f"{name} is on {counted(self.chains, 'chain')} to {', '.join(self.goals[:3])}{more}: {percent} % of all"
        text = f"{text} that the chains carry."
        if self.relief is not None and self.relief.gain_hours > 0:
            text += f" {self.relief.explain().sentence}"
        return Explanation(text, facts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind,
            "owner": self.owner,
            "value": self.value,
            "share": self.share,
            "chains": self.chains,
            "goals": list(self.goals),
            "members": list(self.members),
            "relief": None if self.relief is None else self.relief.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """What every path to a goal passes, in order: no chain gets around these (the dominators of its roots)."""

    goal: str
    items: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"goal": self.goal, "items": list(self.items)}


@dataclass(frozen=True, slots=True)
class Cover:
    """A few items through which most of what the chains carry runs, in the order in which they were taken.

    ``adds`` is what each adds to the share, ``share`` (0 to 1) what they cover together. No choice of as many items
    covers more than ``best_possible``.
    """

    items: tuple[str, ...]
    adds: tuple[float, ...]
    share: float
    best_possible: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"items": list(self.items), "adds": list(self.adds), "share": self.share,
                "bestPossible": self.best_possible}  # fmt: skip
