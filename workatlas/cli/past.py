"""``workatlas difference`` and ``workatlas history``: what changed between two moments, and what became of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workatlas.cli.chains import FirstOption, ScopeOption, print_table
from workatlas.cli.output import error_console, print_json, print_sentence
from workatlas.cli.session import (
    JsonOption,
    TodayOption,
    WorkspaceOption,
    day,
    moment_of,
    now,
    refusing,
    settings_for,
    with_store,
)
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from graph.snapshots.past import Moment
    from graph.snapshots.snapshot import Snapshot
    from graph.store import Store

_MOMENT = "a day (its end, UTC), an instant, or the number of a change"


def difference(
    since: Annotated[str, typer.Option("--from", help=f"The earlier moment: {_MOMENT}.")],
    until: Annotated[str | None, typer.Option("--to", help="The later moment; now if not given.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what came, went, changed and moved between two moments of the workspace's own past."""
    from analytics import difference as find_difference

    before, after = _snapshots(
        workspace, moment_of("--from", since), None if until is None else moment_of("--to", until)
    )
    with refusing():
        found = find_difference(before, after, today=day(today), scope=scope, limit=first)
    if json:
        print_json(found.to_dict())
        return
    print_table(
        ("item", "title", "change", "what"),
        [
            (one.key, one.title, one.change, "; ".join(f"{e.name}: {e.before} → {e.after}" for e in one.edits))
            for one in found.items
        ],
    )
    print_table(("edge", "from", "to", "change"), [(one.kind, one.start, one.end, one.change) for one in found.edges])
    print_table(
        ("moved", "title", "date", "before", "after", "working days"),
        [
            (one.key, one.title, one.which, str(one.before or "–"), str(one.after or "–"), _signed(one.days))
            for one in (*found.goals, *found.dates)
        ],
    )
    print_table(
        ("goal", "chain from", "title", "change", "hours"),
        [(one.goal, one.root, one.title, one.change, f"{one.length_hours:g}") for one in found.chains],
    )
    print_sentence(found.explain().sentence)


def _signed(days: int | None) -> str:
    return "–" if days is None else f"{days:+d}"


def _snapshots(workspace: str | None, since: Moment, until: Moment | None) -> tuple[Snapshot, Snapshot]:
    from graph.snapshots.past import as_of
    from graph.snapshots.snapshot_store import load_snapshot

    settings = settings_for(workspace)

    async def work(store: Store) -> tuple[Snapshot, Snapshot]:
        with error_console().status("Reading the graph and its past …"):
            newest = await load_snapshot(store, settings.workspace)
            after = newest if until is None else await as_of(store, settings.workspace, until, newest)
            return await as_of(store, settings.workspace, since, newest), after

    return with_store(settings, work)


def history(
    item: Annotated[str, typer.Argument(help="Key or id of an item, archived ones included.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Print every change of an item and of its edges, and how long it was in each status."""
    found = _history(workspace, item)
    if json:
        print_json(found)
        return
    print_table(
        ("change", "when", "who", "what"),
        [(str(one["seq"]), one["at"], one["actor"], _words(one)) for one in found["changes"]],
    )
    print_table(
        ("status", "from", "to", "hours"),
        [(one["status"] or "–", one["start"], one["end"] or "now", f"{one['hours']:.1f}") for one in found["spans"]],
    )


def _history(workspace: str | None, item: str) -> dict[str, Any]:
    from graph.records.spans import changes_of, identity_of, status_spans
    from graph.values import millis_to_instant

    settings, moment = settings_for(workspace), now()

    async def work(store: Store) -> dict[str, Any]:
        identity = await identity_of(store, settings.workspace, item)
        if identity is None:
            raise SettingsError(f"there is no item {item!r} in workspace {settings.workspace!r}.")
        changes = [one async for one in changes_of(store, settings.workspace, identity)]
        spans = await status_spans(store, settings.workspace, {identity})
        return {
            "id": identity,
            "changes": [_change(one, millis_to_instant(one.at)) for one in changes],
            "spans": [
                {
                    "status": one.status,
                    "start": millis_to_instant(one.start),
                    "end": None if one.end is None else millis_to_instant(one.end),
                    "hours": one.hours(moment),
                }
                for one in spans
            ],
        }

    return with_store(settings, work)


def _change(one: Any, at: str) -> dict[str, Any]:
    from graph.reading.export import native

    nodes = [
        {"operation": node.operation, "before": native(node.kind, node.before), "after": native(node.kind, node.after)}
        for node in one.nodes
    ]
    edges = [
        {"operation": edge.operation, "kind": edge.kind, "start": edge.start, "end": edge.end} for edge in one.edges
    ]
    return {"seq": one.seq, "at": at, "actor": one.actor, "source": one.source, "items": nodes, "edges": edges}


def _words(change: dict[str, Any]) -> str:
    """Return one line that says what a change did to the item; a new one's first properties are left out."""
    parts = []
    for node in change["items"]:
        before, after = node["before"], node["after"]
        names = sorted((before.keys() | after.keys()) - {"updatedAt"}) if node["operation"] == "update" else []
        parts.append(node["operation"] + "".join(f"; {name}: {before.get(name)} → {after.get(name)}" for name in names))
    parts += [f"{edge['operation']} {edge['kind']}" for edge in change["edges"]]
    return ", ".join(parts)
