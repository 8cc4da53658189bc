"""The expansion rule: how a stored edge becomes arcs between the gates and finishes of its ends.

A leaf is one node. A container is two, its *gate* and its *finish*. This module says, once, which of them each kind of
edge ties; ``graph.rules.acyclicity`` applies the rule to the stored graph and ``analytics.expansion.expanded`` to a
snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from graph.model import EDGES, Role


class Port(IntEnum):
    """Which node of an item an arc touches; for a leaf both are the same node."""

    GATE = 0
    FINISH = 1


class Arc(NamedTuple):
    """One arc of the expanded graph. ``forward``: it runs as the stored edge does, from its start to its end."""

    tail: Port
    head: Port
    forward: bool


_CONTAINS: Final = (Arc(Port.GATE, Port.GATE, False), Arc(Port.FINISH, Port.FINISH, True))
_WAITS: Final[Mapping[str, tuple[Arc, ...]]] = {
    "FS": (Arc(Port.FINISH, Port.GATE, True),),
    "SS": (Arc(Port.GATE, Port.GATE, True),),
    "FF": (Arc(Port.FINISH, Port.FINISH, True),),
    "SF": (Arc(Port.GATE, Port.FINISH, True),),
}
_FINISHES: Final = (Arc(Port.FINISH, Port.FINISH, True),)


def arcs(kind: str, wait_type: str = "FS") -> tuple[Arc, ...]:
    """Return the arcs of one stored edge: two for containment, one for a wait, a contribution or an effect, else none.

    PART_OF (part → whole) gives gate(whole) → gate(part) and finish(part) → finish(whole): whatever holds back the
    whole holds back its parts, and the whole is not finished before they are.
    """
    match EDGES[kind].role:
        case Role.CONTAINS:
            return _CONTAINS
        case Role.WAITS:
            return _WAITS[wait_type]
        case Role.SERVES | Role.AFFECTS:
            return _FINISHES
        case Role.NONE:
            return ()


ROLES: Final = frozenset({"Work", "Goal"})
"""Groups whose items are nodes of the expanded graph; an edge with another end has no arcs."""
