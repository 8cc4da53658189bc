"""``workatlas chains`` and ``workatlas ready``: what holds goals back, and what can be done about it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, read_snapshot
from workatlas.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from analytics import Chain
    from graph.snapshots.snapshot import Snapshot

GoalArgument = Annotated[str | None, typer.Argument(help="Key or id of a goal; all open objectives if not given.")]
ScopeOption = Annotated[
    str | None,
    typer.Option(
        "--scope",
        help="Only what belongs to this portfolio, project, other work, goal, team, person or sprint (key or id).",
    ),
]
FirstOption = Annotated[int, typer.Option("--first", "-n", min=1, help="How many to print.")]


def chains(
    goal: GoalArgument = None,
    first: FirstOption = 10,
    root: Annotated[
        str | None, typer.Option("--from", help="Print the longest paths in time from this item to the goal instead.")
    ] = None,
    scope: ScopeOption = None,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print the blocking chains to a goal, worst first, each with the facts it rests on."""
    snapshot = read_snapshot(workspace)
    inside = known_scope(snapshot, scope)
    found = (
        _variants(snapshot, root, goal, first, inside, day(today))
        if root
        else worst_chains(snapshot, goal, first, day(today), inside)
    )
    if json:
        print_json([chain.to_dict() for chain in found])
    elif not found:
        where = f" in {inside}" if inside else ""
        console().print(f"Nothing{where} stands between this and done.", style="green", highlight=False, markup=False)
    else:
        print_chains(found)


def _variants(
    snapshot: Snapshot, root: str, goal: str | None, first: int, scope: str | None, today: date
) -> list[Chain]:
    from analytics import k_paths

    if goal is None:
        raise SettingsError("--from needs a goal; name it before the options.")
    return list(k_paths(snapshot, known(snapshot, root), known(snapshot, goal), first, scope=scope, today=today))


def worst_chains(
    snapshot: Snapshot, goal: str | None, first: int, today: date, scope: str | None = None
) -> list[Chain]:
    """Return the worst chains to one goal, or to all open objectives together, that have a step in a scope.

    Raises:
        NotFoundError: There is no such goal.

    """
    from analytics import blocking_chains

    goals = [known(snapshot, goal)] if goal else open_objectives(snapshot)
    found = [chain for one in goals for chain in blocking_chains(snapshot, one, first, scope=scope, today=today)]
    return sorted(found, key=_badness)[:first]


def _badness(chain: Chain) -> tuple[bool, int, float, str]:
    """Order by delay, chains without one last, then by length, then by key."""
    return (chain.delay_days is None, -(chain.delay_days or 0), -chain.length_hours, chain.root.key or "")


def open_objectives(snapshot: Snapshot) -> list[str]:
    """Return the keys of all open objectives, the most valuable first."""
    rows = [int(row) for row in snapshot.of_kind("Objective") if snapshot.is_open[row]]
    value = snapshot.items.value
    rows.sort(key=lambda row: (-value[row] if value[row] == value[row] else -1.0, snapshot.items.key[row]))
    return [snapshot.items.key[row] for row in rows]


def known(snapshot: Snapshot, name: str) -> str:
    """Return the name if the workspace has such an item.

    Raises:
        NotFoundError: It has none; the message names keys that look like it.

    """
    import difflib

    try:
        snapshot.row(name)
    except KeyError:
        near = difflib.get_close_matches(name, list(snapshot.items.key), 3)
        hint = f"; do you mean {' or '.join(near)}?" if near else "."
        raise NotFoundError(f"workspace {snapshot.workspace!r} has no item {name!r}{hint}") from None
    return name


def known_scope(snapshot: Snapshot, scope: str | None) -> str | None:
    """Return the name of a scope if the workspace has it; ``None``, which means everything, where none is given.

    Raises:
        NotFoundError: There is no such item.

    """
    return None if scope is None else known(snapshot, scope)


def known_goals(snapshot: Snapshot, goals: Sequence[str] | None) -> list[str] | None:
    """Return the names if the workspace has all these items; ``None``, which means all goals, where none is given.

    Raises:
        NotFoundError: It lacks one.

    """
    return [known(snapshot, goal) for goal in goals] if goals else None


def print_chains(found: Iterable[Chain]) -> None:
    """Print each chain as a headline, its steps from the root to the goal, and its explanation."""
    from rich.text import Text
    from rich.tree import Tree

    screen = console()
    for number, chain in enumerate(found, start=1):
        late, style = _delay(chain.delay_days)
        head = Text.assemble((f"{number}. {chain.goal_title}", "bold"), (f"  {chain.goal}", "dim"), (late, style))
        tree = Tree(head)
        for step in chain.steps:
            owner = step.owner or "nobody"
            hours = f"{step.remaining_hours:g} h" if step.remaining_hours else ""
            text = (step.title or step.kind, "cyan"), f"  {owner}", (f"  {step.status or ''} {hours}".rstrip(), "dim")
            tree.add(Text.assemble(*text))
        screen.print(tree, highlight=False)
        screen.print(Text(chain.explain().sentence, style="italic"), soft_wrap=False)
        screen.print()


def _delay(days: int | None) -> tuple[str, str]:
    """Return what a headline says of the due date, and its colour."""
    if days is None:
        return "", "dim"
    if days > 0:
        return f"  {days} working days late", "red"
    return ("  on its due date", "yellow") if days == 0 else (f"  {-days} working days in hand", "green")


def ready(
    person: Annotated[str | None, typer.Argument(help="Key of a person or team; everybody if not given.")] = None,
    scope: ScopeOption = None,
    first: FirstOption = 20,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print what can start now, what the most goal value waits for first."""
    from analytics import ready_queue

    snapshot = read_snapshot(workspace)
    who, inside = known(snapshot, person) if person else None, known_scope(snapshot, scope)
    queue = ready_queue(snapshot, who, scope=inside, today=day(today))
    items = list(queue)[:first]
    if json:
        print_json([item.to_dict() for item in items])
        return
    print_table(
        ("item", "title", "owner", "goals", "value"),
        [(one.key, one.title, one.owner or "nobody", ", ".join(one.goals), f"{one.value:g}") for one in items],
    )
    print_sentence(queue.explain().sentence)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under headings; long cells fold."""
    from rich.box import SIMPLE
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else escape(str(cell)) for cell in row))
    console().print(table)
