"""Stored findings: raised once, accepted until a day, resolved by themselves, opened again if they return.

They are system nodes, and no items. What an examination does to them is logged in ``system`` changes, which touch no
item; when one was last seen is not logged. An examination is stored part by part: a workspace of a hundred thousand
items has more findings than one transaction holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from graph import cypher
from graph.errors import UnknownFindingError
from graph.records import history, workspace
from graph.records.history import Author, NodeChange
from graph.records.sight import Sight, seen_among
from graph.records.sightings import Sighting
from graph.store import Store, Transaction

PAGE: Final = 5_000
"""Findings that are read at once."""


class State(StrEnum):
    """How a finding stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; instants are epoch milliseconds, UTC.

    ``subjects`` are ids of items. ``accepted_until`` is the last day on which it counts as accepted, with the
    ``reason`` and by whom; ``resolved_at`` when it was no longer seen.
    """

    id: str
    kind: str
    subjects: tuple[str, ...]
    sentence: str
    first_seen: int
    last_seen: int
    state: State = State.OPEN
    accepted_until: date | None = None
    reason: str | None = None
    accepted_by: str | None = None
    resolved_at: int | None = None


@dataclass(slots=True)
class Step:
    """One examination on its way: what findings become."""

    now: int
    today: date
    after: dict[str, Finding] = field(default_factory=dict)

    def see(self, known: Finding | None, sighting: Sighting) -> None:
        """Take a sighting into account; ``known`` is the finding that it was before."""
        if known is None:
            known = Finding(sighting.identity, sighting.kind, sighting.subjects, sighting.sentence, self.now, self.now)
        ran_out = known.accepted_until is not None and known.accepted_until < self.today
        if known.state is State.RESOLVED or ran_out:
            known = _opened(known)
        self.after[known.id] = replace(known, sentence=sighting.sentence, last_seen=self.now)

    def miss(self, known: Finding) -> None:
        """Take into account that a finding is no longer seen."""
        if known.state is not State.RESOLVED:
            self.after[known.id] = replace(_opened(known), state=State.RESOLVED, resolved_at=self.now)


def _opened(known: Finding) -> Finding:
    return replace(known, state=State.OPEN, accepted_until=None, reason=None, accepted_by=None, resolved_at=None)


def met(stored: Mapping[str, Finding], sightings: Iterable[Sighting], now: int, today: date) -> dict[str, Finding]:
    """Return what findings become when these sightings are all that there is to be seen. O(both).

    Every finding that is seen is in it, and every other that was not resolved yet.
    """
    step = Step(now, today)
    for sighting in sightings:
        step.see(stored.get(sighting.identity), sighting)
    for identity, known in stored.items():
        if identity not in step.after:
            step.miss(known)
    return step.after


async def read_findings(store: Store, workspace_id: str, states: Collection[State] = tuple(State)) -> list[Finding]:
    """Return the findings in some states, by kind and then by sentence. A query for each ``PAGE`` of them.

    Raises:
        StoreError: The database failed.

    """
    found: list[Finding] = []
    after = ""
    while some := await read_some(store, workspace_id, (), states, after=after):
        found += some.values()
        after = found[-1].id
    return sorted(found, key=lambda one: (one.kind, one.sentence, one.id))


@dataclass(frozen=True, slots=True)
class Decided:
    """A finding after somebody decided on it; ``seq`` is the change that logs it, ``None`` if it stood so already."""

    finding: Finding
    seq: int | None


async def accept(
    store: Store,
    workspace_id: str,
    finding: str,
    until: date,
    reason: str,
    *,
    author: Author,
    now: int,
    sight: Sight | None = None,
) -> Decided:
    """Accept a finding until the end of a day: until then it is not open, though it is seen.

    ``sight`` is what of the graph the author may see; ``None``: all of it.

    Raises:
        UnknownFindingError: There is no such finding, it is resolved, or about what the author may not see.
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed; nothing was written.

    """

    def decision(known: Finding) -> Finding:
        return replace(
            known, state=State.ACCEPTED, accepted_until=until, reason=reason or None, accepted_by=author.actor
        )

    return await _decide(store, workspace_id, finding, decision, author, now, sight)


async def reopen(
    store: Store, workspace_id: str, finding: str, *, author: Author, now: int, sight: Sight | None = None
) -> Decided:
    """Take back that a finding was accepted: it is open again. Raises what ``accept`` does."""
    return await _decide(store, workspace_id, finding, _opened, author, now, sight)


async def _decide(
    store: Store,
    workspace_id: str,
    finding: str,
    decision: Callable[[Finding], Finding],
    author: Author,
    now: int,
    sight: Sight | None,
) -> Decided:
    async def work(transaction: Transaction) -> Decided:
        settings = await workspace.lock(transaction, workspace_id, author.request)
        stored = await read_some(transaction, workspace_id, [finding])
        known = stored.get(finding)
        if known is None or known.state is State.RESOLVED or not await _is_seen(transaction, known, sight):
            raise UnknownFindingError(f"there is no open finding {finding!r} in workspace {workspace_id!r}")
        decided = decision(known)
        if decided == known:
            return Decided(known, None)
        await write_findings(transaction, workspace_id, [decided])
        await log_findings(transaction, settings, stored, [decided], now, author)
        return Decided(decided, settings.seq + 1)

    return await store.write(work)


async def _is_seen(transaction: Transaction, finding: Finding, sight: Sight | None) -> bool:
    """Tell whether an author may see all that a finding is about; what is gone could have been anybody's."""
    if sight is None or sight.teams is None:
        return True
    return set(finding.subjects) <= await seen_among(transaction, sight, finding.subjects)


async def read_some(
    store: Store | Transaction,
    workspace_id: str,
    ids: Sequence[str],
    states: Collection[State] = (),
    *,
    after: str = "",
    upto: str | None = None,
    first: int = PAGE,
) -> dict[str, Finding]:
    """Return the findings with these ids, and those in some states, by id.

    Of all that, only what follows ``after`` and comes up to ``upto``, and of that the ``first``.
    """
    rows = await store.rows(
        cypher.READ_FINDINGS, workspace=workspace_id, ids=list(ids), states=[str(one) for one in states],
        after=after, upto=upto, first=first,
    )  # fmt: skip
    return {one.id: one for one in map(_decoded, rows)}


async def write_findings(transaction: Transaction, workspace_id: str, findings: Iterable[Finding]) -> None:
    """Store findings as they are now; the transaction must hold the workspace's lock."""
    await transaction.rows(cypher.WRITE_FINDINGS, workspace=workspace_id, rows=[_plain(one) for one in findings])


async def log_findings(
    transaction: Transaction,
    settings: workspace.Workspace,
    before: Mapping[str, Finding],
    after: Iterable[Finding],
    now: int,
    author: Author,
) -> None:
    """Log what became of findings as the workspace's next change."""
    changes = [
        NodeChange(
            one.id,
            "Finding",
            "update" if one.id in before else "create",
            _plain(before[one.id]) if one.id in before else {},
            _plain(one),
        )
        for one in after
    ]
    await history.append(transaction, settings.id, settings.seq + 1, now, author, [], [], changes)


def _plain(one: Finding) -> dict[str, Any]:
    until = one.accepted_until
    return asdict(one) | {
        "subjects": list(one.subjects),
        "state": str(one.state),
        "accepted_until": None if until is None else until.isoformat(),
    }


def _decoded(row: list[Any]) -> Finding:
    identity, kind, subjects, sentence, first, last, state, until, reason, by, resolved = row
    accepted = None if until is None else date.fromisoformat(until)
    return Finding(identity, kind, tuple(subjects), sentence, first, last, State(state), accepted, reason, by, resolved)
