"""``workatlas findings``: where the graph contradicts itself and what threatens its goals, as findings with a life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, known_scope, print_table
from workatlas.cli.output import console, error_console, print_json
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, now, settings_for, with_store
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from analytics import Conflicts
    from graph.records.examinations import Examined
    from graph.records.findings import Finding
    from graph.snapshots.snapshot import Snapshot
    from graph.store import Store


def findings(
    first: FirstOption = 50,
    resolved: Annotated[bool, typer.Option("--all", help="Print accepted and resolved findings too.")] = False,
    accept: Annotated[str | None, typer.Option("--accept", help="Accept the finding with this id.")] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day for which it is accepted.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it is accepted.")] = "",
    reopen: Annotated[
        str | None, typer.Option("--reopen", help="Open the accepted finding with this id again.")
    ] = None,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Examine the graph: print where dates, states, cycles and budgets contradict each other, and headline risks.

    A finding is raised once, keeps its id, and is resolved when it is no longer seen. An accepted one is not printed
    until its day has passed.
    """
    if (accept is None) is not (until is None):
        raise SettingsError(
            "--accept and --until go together: name the finding, and the last day for which it is accepted."
        )
    if until is not None and until.date() < day(today):
        raise SettingsError(f"--until {until.date()} has passed.")
    decision = _decision(accept, until and until.date(), reason, reopen)
    snapshot, done, stored = _examined(workspace, day(today), decision)
    inside = known_scope(snapshot, scope)
    found = _conflicts(snapshot, inside, first, day(today))
    stored = stored if inside is None else _within(snapshot, inside, stored)
    shown = [one for one in stored if resolved or one.state == "open"]
    if json:
        print_json(found.to_dict() | {"findings": [_plain(snapshot, one) for one in shown[:first]]} | _counts(done))
        return
    print_table(
        ("id", "finding", "state", "since", "what"),
        [(one.id, one.kind, _state(one), _day(one.first_seen), one.sentence) for one in shown[:first]],
    )
    sentence = ", ".join(f"{number} {what}" for what, number in _counts(done).items())
    console().print(f"{len(shown)} findings; now {sentence}.", style="italic", highlight=False, markup=False)


def _conflicts(snapshot: Snapshot, scope: str | None, first: int, today: date) -> Conflicts:
    from analytics import conflicts

    return conflicts(snapshot, scope=scope, limit=first, today=today)


def _within(snapshot: Snapshot, scope: str, stored: list[Finding]) -> list[Finding]:
    """Return the findings with a subject in a scope."""
    from analytics import Expanded
    from analytics.expansion.scope import Focus
    from graph.snapshots.patching import rows_of

    inside = Focus.of(Expanded.of(snapshot), scope).items
    subjects = ([row for row in rows_of(snapshot, one.subjects).values() if row >= 0] for one in stored)
    return [one for one, rows in zip(stored, subjects, strict=True) if inside[rows].any()]


def _decision(
    accepted: str | None, until: date | None, reason: str, reopened: str | None
) -> Callable[[Store, str], Awaitable[object]] | None:
    """Return what is decided on a finding, ``None`` if nothing is."""
    from graph.records.findings import accept, reopen
    from graph.records.history import Author

    author = Author(actor="command line")
    if accepted is not None and until is not None:
        return lambda store, workspace: accept(store, workspace, accepted, until, reason, author=author, now=now())
    if reopened is not None:
        return lambda store, workspace: reopen(store, workspace, reopened, author=author, now=now())
    return None


def _examined(
    workspace: str | None, today: date, decision: Callable[[Store, str], Awaitable[object]] | None
) -> tuple[Snapshot, Examined, list[Finding]]:
    from analytics import examination
    from graph.records.examinations import record
    from graph.records.findings import read_findings
    from graph.snapshots.snapshot_store import load_snapshot

    settings = settings_for(workspace)

    async def work(store: Store) -> tuple[Snapshot, Examined, list[Finding]]:
        with error_console().status("Examining the graph …"):
            snapshot = await load_snapshot(store, settings.workspace)
            done = await record(store, settings.workspace, examination(snapshot, today), now(), today)
            if decision is not None:
                await decision(store, settings.workspace)
            return snapshot, done, await read_findings(store, settings.workspace)

    return with_store(settings, work)


def _counts(done: Examined) -> dict[str, int]:
    return {"raised": len(done.raised), "reopened": len(done.reopened), "resolved": len(done.resolved)}


def _state(one: Finding) -> str:
    return one.state if one.accepted_until is None else f"{one.state} until {one.accepted_until}"


def _day(millis: int) -> str:
    from graph.values import millis_to_instant

    return millis_to_instant(millis)[:10]


def _plain(snapshot: Snapshot, one: Finding) -> dict[str, Any]:
    from graph.snapshots.patching import rows_of
    from graph.values import millis_to_instant

    return {
        "id": one.id,
        "kind": one.kind,
        "keys": [snapshot.items.key[row] for row in rows_of(snapshot, one.subjects).values() if row >= 0],
        "state": one.state,
        "firstSeen": millis_to_instant(one.first_seen),
        "lastSeen": millis_to_instant(one.last_seen),
        "acceptedUntil": one.accepted_until,
        "reason": one.reason,
        "acceptedBy": one.accepted_by,
        "resolvedAt": None if one.resolved_at is None else millis_to_instant(one.resolved_at),
        "explanation": one.sentence,
    }
