"""The first reading of an export: which items it holds and as what, which records repeat, what its statuses mean.

It is needed because rows refer to rows that come later, by key or by number, and because the kinds at both ends decide
which edge fits.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graph.batch import Anomaly
from graph.rules.lifecycle import Category
from workatlas.importers.files import shortened
from workatlas.importers.jira_mapping import CsvMapping
from workatlas.importers.jira_table import Row, Table
from workatlas.importers.vocabulary import category_from_facts, category_of, folded, kind_of

_STAGES = (
    frozenset({Category.TRIAGE, Category.BACKLOG, Category.PLANNED, Category.BLOCKED}),
    frozenset({Category.STARTED, Category.BLOCKED}),
    frozenset({Category.DONE, Category.CANCELLED}),
)
"""What Jira's three status categories may be among ours."""
_STAGE_NAMES = {"indeterminate": Category.STARTED, "new": Category.BACKLOG}


@dataclass(slots=True)
class _Status:
    where: str
    closed: int = 0
    total: int = 0
    stages: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Survey:
    """What is known of an export before its rows are turned into records."""

    mapping: CsvMapping
    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    taken: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    statuses: dict[str, _Status] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Sequence[Table], mapping: CsvMapping) -> Survey:
        """Read all tables once; memory grows with the number of items, not with their texts."""
        survey = cls(mapping)
        for place, row in numbered(tables):
            if row.names_item:
                survey._note(place, row)
        return survey

    def _note(self, place: int, row: Row) -> None:
        name, digest = identity(row), _digest(row)
        entry = (self._changed(row), place, digest)
        if name in self.taken and entry[:2] < self.taken[name][:2]:
            return
        self.taken[name] = entry
        type_name = row.first("type")
        known = self.mapping.named_types.get(folded(type_name)) or (kind_of(type_name) if type_name else None)
        self.kinds[name] = known or self.mapping.default_type
        for text in (row.first("id"), row.first("key")):
            if text:
                self.names[text.casefold()] = name
        if status := row.first("status"):
            noted = self.statuses.setdefault(status, _Status(row.where))
            noted.total += 1
            noted.closed += bool(row.first("resolved"))
            noted.stages.update(row.all("statusCategory")[:1])

    def _changed(self, row: Row) -> str:
        text = row.first("updated")
        try:
            return self.mapping.dates.instant(text) if text else ""
        except ValueError:
            return ""

    def repetition(self, name: str, place: int, row: Row) -> Anomaly | None:
        """Return what to say of a record that gives way to another one of the same identity."""
        _, best, digest = self.taken[name]
        if best == place:
            return None
        if digest == _digest(row):
            return Anomaly("duplicateId", f"{name} is there again with the same content", row.where)
        detail = f"{name} differs from a record that was changed later, or stands later, and is taken"
        return Anomaly("contradictoryDuplicate", detail, row.where, skipped=True)

    def resolve(self, text: str) -> str:
        """Return the source id of the item that a key or a number means; one not exported keeps its name."""
        return self.names.get(text.casefold(), text)

    def categories(self) -> Iterator[tuple[str, Category, Anomaly | None]]:
        """Yield each status name with its category, and what is doubtful about it."""
        for name, noted in self.statuses.items():
            given = self.mapping.named_statuses.get(folded(name))
            usual = category_of(name)
            stage = noted.stages.most_common(1)[0][0] if noted.stages else ""
            said = _STAGE_NAMES.get(folded(stage)) or category_of(stage)
            if given:
                yield name, given, None
            elif usual and said and not any(usual in group and said in group for group in _STAGES):
                detail = (
                    f"{shortened(name)} usually means {usual}, but the export puts it under {stage}: {said} is taken"
                )
                yield name, said, Anomaly("contradictoryStatus", detail, noted.where)
            elif usual or said:
                yield name, usual or said or Category.BACKLOG, None
            else:
                category = category_from_facts(closed=2 * noted.closed > noted.total)
                detail = f"{shortened(name)} is taken for {category}; say what it means under statuses"
                yield name, category, Anomaly("unknownStatus", detail, noted.where)


def numbered(tables: Iterable[Table]) -> Iterator[tuple[int, Row]]:
    """Yield all rows of all tables with a number that both readings share."""
    place = 0
    for table in tables:
        for row in table.rows():
            place += 1
            yield place, row


def identity(row: Row) -> str:
    """Return an item's source id: its key, else its number, else a digest of what hardly ever changes."""
    given = row.first("key") or row.first("id")
    if given:
        return given
    text = "\0".join((row.first("title"), row.first("created"), row.first("projectName")))
    return f"row/{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:16]}"


def _digest(row: Row) -> bytes:
    return hashlib.blake2b("\0".join(row.cells).encode(errors="replace"), digest_size=16).digest()
