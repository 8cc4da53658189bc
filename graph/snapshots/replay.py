"""Replays the change log, forwards or backwards: what is left of many changes, as the last state of what they touch."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from graph.records.history import Change, EdgeChange, NodeChange
from graph.rules.ties import EdgeName
from graph.rules.validation import State

_INVERSE: Final = {
    "create": "purge",
    "purge": "create",
    "archive": "restore",
    "restore": "archive",
    "add": "remove",
    "remove": "add",
}


def inverse(change: Change) -> Change:
    """Return the change that takes back a change. Applied newest first, inverses lead to the past."""
    return replace(
        change,
        nodes=[_inverse_of_node(one) for one in reversed(change.nodes)],
        edges=[_inverse_of_edge(one) for one in reversed(change.edges)],
        settings=[_inverse_of_node(one) for one in reversed(change.settings)],
    )


def _inverse_of_node(one: NodeChange) -> NodeChange:
    operation = _INVERSE.get(one.operation, one.operation)
    return NodeChange(one.id, one.was or one.kind, operation, one.after, one.before, one.kind if one.was else "")


def _inverse_of_edge(one: EdgeChange) -> EdgeChange:
    operation = _INVERSE.get(one.operation, one.operation)
    return EdgeChange(one.kind, one.start, one.end, operation, one.after, one.before)


@dataclass(slots=True)
class ItemState:
    """What is known of an item: its kind, and properties in stored form, ``None`` for one that was removed.

    ``whole`` says that the state is complete, otherwise it holds only what changed; ``gone`` that there is no item.
    """

    kind: str
    state: State = field(default_factory=dict)
    whole: bool = False
    gone: bool = False

    @property
    def archived(self) -> bool:
        """Whether it is known to be archived."""
        return self.state.get("archivedAt") is not None


@dataclass(slots=True)
class Replay:
    """What changes touch, as it is after the last of them; ``None`` says of an edge or a calendar that it is gone.

    It may begin with states that were read; then ``only`` names the items to follow, and ``ends`` those whose edges to
    follow. ``policy`` holds the settings that changed. Taking a change again that is in the states already does no
    harm, so they may have been read at any time before the last change was.
    """

    items: dict[str, ItemState] = field(default_factory=dict)
    edges: dict[EdgeName, State | None] = field(default_factory=dict)
    calendars: dict[str, State | None] = field(default_factory=dict)
    policy: State = field(default_factory=dict)
    only: Container[str] | None = None
    ends: Container[str] | None = None

    def take(self, change: Change) -> None:
        """Apply the next change. O(what it touches)."""
        for node in change.nodes:
            if self.only is None or node.id in self.only:
                self._take_node(node)
        for edge in change.edges:
            if self.ends is None or edge.start in self.ends or edge.end in self.ends:
                self.edges[edge.start, edge.kind, edge.end] = None if edge.operation == "remove" else edge.after
        for calendar in (one for one in change.settings if one.kind == "Calendar"):
            self.calendars[calendar.id] = None if calendar.operation == "purge" else calendar.after
        for policy in (one for one in change.settings if one.kind == "Policy"):
            self.policy |= policy.after

    def _take_node(self, node: NodeChange) -> None:
        if node.operation in {"create", "purge"}:
            gone = node.operation == "purge"
            self.items[node.id] = ItemState(node.kind, {} if gone else dict(node.after), whole=True, gone=gone)
            return
        known = self.items.setdefault(node.id, ItemState(node.kind))
        known.kind = node.kind
        known.state |= dict.fromkeys(node.before.keys() - node.after.keys())
        known.state |= node.after

    def is_whole(self, item: str) -> bool:
        """Tell whether an item's state is complete."""
        return item in self.items and self.items[item].whole


def ends_of(edges: Mapping[EdgeName, State | None], kind: str) -> tuple[set[str], set[str]]:
    """Return the starts and the ends of the edges of one kind, those that are gone included."""
    found = [name for name in edges if name[1] == kind]
    return {start for start, _, _ in found}, {end for _, _, end in found}
