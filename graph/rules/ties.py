"""The edges that must not close a cycle, as one transaction knows them: read once, and kept up with what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from graph import cypher
from graph.model import EDGES, Role
from graph.overlay import Overlay
from graph.rules.expansion import Port
from graph.store import Transaction

EdgeName = tuple[str, str, str]
"""Start id, kind, end id: what identifies an edge."""
Node = tuple[str, Port]
"""A port of an item in the expanded graph."""


class Tie(NamedTuple):
    """An edge and its type of wait; that is empty where one end is no node of the expanded graph."""

    start: str
    kind: str
    end: str
    wait: str = ""


@dataclass(frozen=True, slots=True)
class Tied:
    """What is known of one item: the edges that leave it, and its parts.

    ``leaving`` has (kind, end id) → type of wait, as in ``Tie``. ``parts`` are those in the expanded graph, ``None`` if
    only whether there are some was asked for.
    """

    leaving: Mapping[tuple[str, str], str] = field(default_factory=dict)
    has_parts: bool = False
    parts: frozenset[str] | None = None

    def with_part(self, item: str) -> Tied:
        """Return what is known once this item is a part too."""
        parts = self.parts if self.has_parts else frozenset()
        return replace(self, has_parts=True, parts=None if parts is None else parts | {item})

    def without_part(self, item: str) -> Tied | None:
        """Return what is known once this item is no part any more; ``None``: it has to be read again."""
        if self.parts is None:
            return None
        left = self.parts - {item}
        return replace(self, has_parts=bool(left), parts=left)


class Ties:
    """Ties by item. Items and edges that are archived, or not there, have none."""

    def __init__(self, known: dict[str, Tied | None] | None = None) -> None:
        self._known = {} if known is None else known

    def __getitem__(self, item: str) -> Tied:
        """Return the ties of an item that was read."""
        tied = self._known[item]
        assert tied is not None
        return tied

    async def read(self, transaction: Transaction, workspace: str, nodes: Iterable[Node]) -> None:
        """Read the ties of the nodes' items that are not known; of gates also which parts they lead to. One query."""
        wanted: dict[str, bool] = {}
        for item, port in nodes:
            gate = port is Port.GATE
            tied = self._known.get(item)
            if tied is None or (gate and tied.has_parts and tied.parts is None):
                wanted[item] = wanted.get(item, False) or gate
        if not wanted:
            return
        rows = [[item, wanted[item]] for item in sorted(wanted)]
        found = await transaction.collected(cypher.READ_TIES, workspace=workspace, asked=[rows])
        self._known.update(dict.fromkeys(wanted, Tied()))
        for item, leaving, has_parts, parts in found:
            known = {(kind, end): wait for kind, end, wait in leaving}
            self._known[item] = Tied(known, has_parts, frozenset(parts) if parts is not None else None)

    def born(self, item: str) -> None:
        """Take into account that an item is new."""
        self._known[item] = Tied()

    def add(self, tie: Tie) -> None:
        """Take into account that an edge is there, or has another type of wait."""
        if (tied := self._known.get(tie.start)) is not None:
            self._known[tie.start] = replace(tied, leaving={**tied.leaving, (tie.kind, tie.end): tie.wait})
        if tie.kind == PART and tie.wait and (whole := self._known.get(tie.end)) is not None:
            self._known[tie.end] = whole.with_part(tie.start)

    def remove(self, name: EdgeName) -> None:
        """Take into account that an edge is gone."""
        start, kind, end = name
        if (tied := self._known.get(start)) is not None:
            left = {tie: wait for tie, wait in tied.leaving.items() if tie != (kind, end)}
            self._known[start] = replace(tied, leaving=left)
        if kind == PART and (whole := self._known.get(end)) is not None:
            self._known[end] = whole.without_part(start)

    def forget(self) -> None:
        """Forget everything: what was altered can only be read again."""
        self._known = {}

    def branch(self) -> Ties:
        """Return ties that go on from these and leave them as they are."""
        return Ties(Overlay(self._known))

    def absorb(self, branch: Ties) -> None:
        """Take over what a branch has come to know."""
        if isinstance(branch._known, Overlay):
            self._known.update(branch._known)
        else:
            self._known = branch._known  # the branch forgot everything


PART: Final = next(kind.name for kind in EDGES.values() if kind.role is Role.CONTAINS)
"""The kind of edge from a part to its whole."""
