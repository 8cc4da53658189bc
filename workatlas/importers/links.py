"""Edges among one tracker's items: each only once, none to itself, every target outside the export counted.

Where the model has no containment between two kinds (a sub-task of a bug), the part still holds back its whole: that
is a BLOCKS edge of type FF, "the whole cannot finish before the part".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from graph.batch import Anomaly, EdgeRow, Record, Ref
from graph.model import EDGES

_NONE: Mapping[str, object] = MappingProxyType({})
_SYMMETRIC = frozenset({"RELATES_TO"})
_ONE_WAY = frozenset({"DUPLICATES", "SUPERSEDES"})
"""Said both ways they say no more than said once. Other contradictions are kept: the graph reports cycles."""


@dataclass(slots=True)
class Links:
    """Makes the edges of one import. ``kinds`` says which items the export holds and as what."""

    source: str
    kinds: Mapping[str, str]
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def link(
        self,
        kind: str,
        start: str,
        end: str,
        where: str,
        *,
        outside: str = "Task",
        properties: Mapping[str, object] = _NONE,
    ) -> Iterator[Record]:
        """Yield the edge between two items by their source ids; ``outside`` is the label of a target not exported."""
        if start == end:
            yield Anomaly("selfReference", f"{start} {EDGES[kind].forward} itself", where, skipped=True)
            return
        if (kind, start, end) in self._seen:
            return
        if kind in _ONE_WAY | _SYMMETRIC and (kind, end, start) in self._seen:
            if kind in _ONE_WAY:
                detail = f"{start} {EDGES[kind].forward} {end}, which was said the other way round before"
                yield Anomaly("mutualLink", detail, where)
            return
        self._seen.add((kind, start, end))
        for target in (start, end):
            if target not in self.kinds:
                yield Anomaly("targetOutsideExport", f"{target} is referred to but not in the export", where)
        yield EdgeRow(
            kind,
            Ref(self.source, start, self.kinds.get(start, outside)),
            Ref(self.source, end, self.kinds.get(end, outside)),
            {"source": self.source, **properties},
            where=where,
        )

    def contain(
        self,
        part: str,
        whole: str,
        where: str,
        *,
        outside: str = "Project",
        properties: Mapping[str, object] = _NONE,
    ) -> Iterator[Record]:
        """Yield the edge that says that one item is a part of another one."""
        kinds = self.kinds.get(part, "Task"), self.kinds.get(whole, outside)
        if kinds in EDGES["PART_OF"].pairs:
            yield from self.link("PART_OF", part, whole, where, outside=outside, properties=properties)
            return
        detail = f"{kinds[0]} {part} cannot be a part of {kinds[1]} {whole}; instead it must finish first"
        yield Anomaly("unfitWhole", detail, where)
        yield from self.link("BLOCKS", part, whole, where, outside=outside, properties={**properties, "type": "FF"})
