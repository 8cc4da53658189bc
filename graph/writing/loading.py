"""Loads a stream of records through the write path, in chunks, and says what became of each.

A load is not atomic: each chunk is. It is safe to run again after any interruption, and while it runs a mark on the
workspace says so to readers (``graph.records.imports``).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from graph import cypher
from graph.batch import Anomaly, Batch, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames, new_id
from graph.calendars import WorkingCalendars
from graph.errors import BatchRefusedError, GraphError, Problem, StoreError
from graph.records import imports, workspace
from graph.records.directory import Address, Known
from graph.records.history import Author
from graph.rules.lifecycle import DEFAULT_STATUSES, Category
from graph.rules.ties import EdgeName
from graph.rules.validation import Vocabulary, check_edge, check_node
from graph.store import Store
from graph.values import Type
from graph.writing.writer import Mode, Outcome, write

CHUNK: Final = 10_000
"""Records in one transaction: large enough to be fast, small enough that other writers wait for less than a second."""
EXAMPLES: Final = 3
"""How many examples of each kind of anomaly a report keeps."""

# What the write path calls a broken rule, and what an import report calls the same thing.
_ANOMALY_OF: Final = {
    "UNKNOWN_KIND": "unknownKind",
    "UNKNOWN_PROPERTY": "unknownProperty",
    "INVALID_VALUE": "invalidValue",
    "MISSING_IDENTITY": "missingId",
    "MISSING_TITLE": "missingTitle",
    "INVALID_KEY": "invalidKey",
    "KEY_TAKEN": "keyTaken",
    "SELF_REFERENCE": "selfReference",
    "WRONG_ENDS": "wrongEnds",
    "EDGE_DROPPED": "edgeDropped",
    "NOT_FOUND": "targetNotFound",
    "DUPLICATE_ID": "duplicateId",
    "LOCAL_EDIT_KEPT": "localEditKept",
    "STATUS_MEANS_OTHER": "statusMeansOther",
    "FIELD_MEANS_OTHER": "fieldMeansOther",
}
_SKIPPING: Final = frozenset(
    {"UNKNOWN_KIND", "MISSING_IDENTITY", "SELF_REFERENCE", "WRONG_ENDS", "NOT_FOUND", "DUPLICATE_ID"}
)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load.

    ``prune`` archives what the source no longer states, ``dry_run`` writes nothing, ``strict`` refuses the whole input
    if any record has to be skipped. ``chunk`` is the number of records in one transaction.
    """

    prune: bool = False
    dry_run: bool = False
    strict: bool = False
    chunk: int = CHUNK


@dataclass(slots=True)
class LoadReport:
    """What a load did; counts of items unless said otherwise.

    ``nodes`` and ``edges`` count what the input states by label and kind. ``anomalies`` count oddities by kind, with
    the first ``examples`` of each. ``skipped`` records could not be used.
    """

    source: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    archived: int = 0
    placeholders: int = 0
    skipped: int = 0
    edges_removed: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    nodes: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    change_seq: int | None = None

    def note(self, kind: str, text: str, *, skipped: bool) -> None:
        """Count one oddity."""
        self.anomalies[kind] += 1
        self.skipped += skipped
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(text)

    def add(self, outcome: Outcome) -> None:
        """Count one chunk's outcome."""
        self.created += outcome.created.total()
        self.updated += outcome.updated.total()
        self.unchanged += outcome.unchanged
        self.archived += outcome.archived
        self.placeholders += outcome.placeholders
        self.edges_removed += outcome.edges_removed.total()
        self.change_seq = outcome.change_seq or self.change_seq
        for problem in outcome.problems:
            self.note(_ANOMALY_OF[problem.code], str(problem), skipped=problem.code in _SKIPPING)

    def to_dict(self) -> dict[str, Any]:
        """Return the report in the stable shape of ``workatlas import --json``."""
        return {
            "source": self.source,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "archived": self.archived,
            "placeholders": self.placeholders,
            "skipped": self.skipped,
            "anomalies": dict(sorted(self.anomalies.items())),
            "examples": dict(sorted(self.examples.items())),
            "nodes": dict(sorted(self.nodes.items())),
            "edges": dict(sorted(self.edges.items())),
            "edgesRemoved": self.edges_removed,
            "seconds": round(self.seconds, 3),
            "changeSeq": self.change_seq,
        }


class Load:
    """One load in progress: what has been read, what waits for its ends, what has been written."""

    def __init__(
        self, store: Store, workspace_id: str, source: str, options: LoadOptions, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._workspace = workspace_id
        self._options = options
        self._clock = clock
        self._author = Author(actor=f"import {source}", request=new_id(), source=source)
        self._known: dict[Address, Known] = {}
        self._stated: set[Address] = set()
        self._stated_edges: set[EdgeName] = set()
        self._batch = Batch()
        self._arriving: set[Address] = set()
        self._waiting: list[EdgeRow] = []
        self._whole_at = 0 if not options.dry_run else None
        """Number of the change up to which this load alone has written: then it knows every item there is."""
        self._unsure = False
        """Whether a write was begun of which it is unknown how it ended."""
        self.report = LoadReport(source)

    async def run(self, records: Iterable[Record], progress: Callable[[int], None]) -> LoadReport:
        """Write all records; ``progress`` gets the number of records done so far."""
        began = await self._mark()
        done = 0
        try:
            async with aclosing(_ahead(records, self._options.chunk)) as parts:
                async for part in parts:
                    for record in part:
                        self._take(record)
                    await self._flush()
                    done += len(part)
                    progress(done)
            for start in range(0, len(self._waiting), self._options.chunk):
                self._batch.edges = self._waiting[start : start + self._options.chunk]
                await self._flush()
            if self._options.prune:
                await self._prune()
        except BaseException:
            # What was written by half stays marked until a load of it is done; so does what may have been.
            if self.report.change_seq is None and not self._unsure:
                await self._unmark(None)
            raise
        await self._unmark(began)
        return self.report

    def _take(self, record: Record) -> None:
        match record:
            case NodeRow():
                address = (record.source, record.source_id)
                if address in self._stated:
                    text = f"{record.where}: {record.source}:{record.source_id} comes again; the first one counts"
                    self.report.note("duplicateId", text, skipped=True)
                    return
                self._stated.add(address)
                self._arriving |= {address, ("key", record.key or "")}
                self._batch.nodes.append(record)
                self.report.nodes[record.kind] += 1
            case EdgeRow():
                self.report.edges[record.kind] += 1
                ready = self._is_near(record.start) and self._is_near(record.end)
                (self._batch.edges if ready else self._waiting).append(record)
            case StatusNames():
                self._batch.statuses |= record.values
            case FieldNames():
                self._batch.fields |= record.values
            case PolicyValues():
                self._batch.policy |= record.values
            case WorkingCalendars():
                self._batch.calendars |= record.values
            case Anomaly():
                self.report.note(record.kind, f"{record.where}: {record.detail}", skipped=record.skipped)

    def _is_near(self, ref: Ref) -> bool:
        """Whether an edge's end is written already, or will be with this chunk."""
        address = (ref.space, ref.value)
        return address in self._known or address in self._arriving

    async def _flush(self) -> None:
        if self._batch == Batch():
            return
        outcome = await self._write(self._batch)
        for item in outcome.touched:
            self._known |= dict.fromkeys(item.addresses(), item)
        if self._options.prune:
            self._stated_edges.update(outcome.edges)
        self._batch = Batch()
        self._arriving.clear()

    async def _write(self, batch: Batch) -> Outcome:
        if self.report.change_seq is not None:
            await self._mark()  # this run goes on, though another of its source may have ended
        self._unsure = True
        try:
            outcome = await write(
                self._store,
                self._workspace,
                batch,
                mode=Mode.IMPORT,
                author=self._author,
                now=self._clock(),
                known=self._known,
                whole_at=self._whole_at,
                dry_run=self._options.dry_run,
            )
        except GraphError as error:
            self._unsure = isinstance(error, StoreError) and error.lost
            raise
        self._unsure = False
        self.report.add(outcome)
        if self._whole_at is not None and outcome.change_seq == self._whole_at + 1:
            self._whole_at = outcome.change_seq
        return outcome

    async def _mark(self) -> int:
        if self._options.dry_run:
            return 0
        return await imports.mark(self._store, self._workspace, self._author.request, self.report.source)

    async def _unmark(self, completed: int | None) -> None:
        if not self._options.dry_run:
            run, source = self._author.request, self.report.source
            await imports.unmark(self._store, self._workspace, run, source, completed)

    async def _prune(self) -> None:
        """Archive items and remove edges that the sources of this load no longer state."""
        if self.report.skipped:
            text = f"{self.report.skipped} records were skipped; nothing was pruned, they may state what seems gone"
            self.report.note("pruneRefused", text, skipped=False)
            return
        for source in sorted({source for source, _ in self._stated}):
            after = ""
            while page := await self._store.rows(
                cypher.ITEMS_OF_SOURCE, workspace=self._workspace, source=source, after=after, first=self._options.chunk
            ):
                after = page[-1][0]
                gone = [Ref("id", item) for source_id, item in page if (source, source_id) not in self._stated]
                edges = await self._vanished_edges([item for _, item in page])
                if gone or edges:
                    await self._write(Batch(archive=gone, edges=edges))

    async def _vanished_edges(self, ids: list[str]) -> list[EdgeRow]:
        rows = await self._store.rows(
            cypher.EDGES_OF_SOURCE, workspace=self._workspace, ids=ids, source=self._author.source
        )
        return [
            EdgeRow(kind, Ref("id", start), Ref("id", end), remove=True)
            for start, kind, end in rows
            if (start, kind, end) not in self._stated_edges
        ]


async def _ahead(records: Iterable[Record], size: int) -> AsyncGenerator[list[Record], None]:
    """Yield records in parts; a part is read from its source in a thread while the one before is being written."""
    source = iter(records)

    def read() -> list[Record]:
        return list(islice(source, size))

    part = await asyncio.to_thread(read)
    while part:
        following = asyncio.create_task(asyncio.to_thread(read))
        try:
            yield part
        finally:
            await asyncio.wait([following])
        part = following.result()


async def load(
    store: Store,
    workspace_id: str,
    records: Iterable[Record],
    *,
    source: str,
    options: LoadOptions | None = None,
    clock: Callable[[], int],
    progress: Callable[[int], None] = lambda _: None,
) -> LoadReport:
    """Load records into a workspace, which is created if need be.

    Nodes and edges may come in any order; an edge whose end never comes gets a placeholder. Memory grows with the
    number of items (about 900 bytes each), not with what they hold.

    Raises:
        BatchRefusedError: ``strict`` was asked for and a record cannot be used; nothing was written.
        StoreError: The database failed.

    Where a load breaks off, whatever it is by, the chunks before are written and the workspace stays marked as half
    imported (``doctor`` says so); running it again completes it.

    """
    options = options or LoadOptions()
    started = clock()
    await workspace.ensure(store, workspace_id, started)
    if options.strict:
        records = list(records)
        words = (await workspace.read(store, workspace_id)).words
        if problems := list(strict_problems(records, words)):
            raise BatchRefusedError(problems)
    run = Load(store, workspace_id, source, options, clock)
    report = await run.run(records, progress)
    report.seconds = (clock() - started) / 1000
    return report


def strict_problems(records: Sequence[Record], words: Vocabulary) -> Iterator[Problem]:
    """Yield everything for which ``strict`` refuses the input. O(records)."""
    statuses: dict[str, Category] = dict(DEFAULT_STATUSES) | dict(words.statuses)
    fields = dict(words.fields)
    for record in records:
        if isinstance(record, StatusNames):
            statuses |= {name: Category(category) for name, category in record.values.items()}
        elif isinstance(record, FieldNames):
            fields |= {name: Type(kind) for name, kind in record.values.items()}
    vocabulary = Vocabulary(statuses, fields)
    for record in records:
        if isinstance(record, NodeRow):
            yield from check_node(record, vocabulary)[1]
        elif isinstance(record, EdgeRow):
            yield from check_edge(record)[1]
        elif isinstance(record, Anomaly) and record.skipped:
            yield Problem("SKIPPED", record.detail, record.where)
