"""``workatlas reschedule``: what new dates would move, and writing them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from workatlas.cli.chains import print_table
from workatlas.cli.output import console, print_json, print_sentence
from workatlas.cli.session import JsonOption, TodayOption, WorkspaceOption, day, now, refusing, settings_for, with_store
from workatlas.cli.what_if import span
from workatlas.errors import SettingsError

if TYPE_CHECKING:
    from analytics import Cascade, Moved, Redate
    from graph.policy import Policy
    from graph.store import Store

_Days = Annotated[list[str] | None, typer.Option(metavar="KEY=DAY", help="Its first day; a due date moves along.")]


def reschedule(
    start: _Days = None,
    due: Annotated[list[str] | None, typer.Option(metavar="KEY=DAY", help="Its last day.")] = None,
    duration: Annotated[list[str] | None, typer.Option(metavar="KEY=SPAN", help="How long it takes.")] = None,
    earliest: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="It comes as early as what it waits for allows.")
    ] = None,
    latest: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="It comes as late as nothing else has to move.")
    ] = None,
    keep: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Its dates stay.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the dates, all of them or none.")] = False,
    workspace: WorkspaceOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> None:
    """Print which other dates new dates would move, what cannot move and what becomes late; write them if asked.

    Options may be repeated, for several items too. Waits of all types, lags and calendars count.
    """
    texts = {"start": start, "due": due, "duration": duration, "earliest": earliest, "latest": latest}
    if not any(texts.values()):
        raise SettingsError(
            "reschedule needs new dates, such as --due KEY=2026-12-24; see workatlas reschedule --help."
        )
    found, seq = _found(workspace, texts, keep or [], day(today), apply=apply)
    if json:
        print_json(found.to_dict() | {"changeSeq": seq})
        return
    print_table(
        ("item", "title", "start", "due", "days", "because"),
        [
            (
                one.key,
                one.title,
                _change(one.start, one.new_start),
                _change(one.due, one.new_due),
                "–" if one.days is None else f"{one.days:+d}",
                "asked" if one.asked else " → ".join(one.path),
            )
            for one in found.moved
        ],
    )
    for stuck in found.stuck:
        console().print(
            f"{stuck.key} would have to move to {stuck.day}, but stays ({stuck.reason}): {' → '.join(stuck.path)}",
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
    for late in found.late:
        console().print(
            f"{late.key} is due on {late.due}, and would be finished on {late.after} (now {late.before}): "
            f"{' → '.join(late.path)}", style="red", markup=False, highlight=False,
        )  # fmt: skip
    print_sentence(found.explain().sentence)
    if apply:
        print_sentence("Nothing had to be written." if seq is None else f"Written as change {seq}.")


def _change(before: date | None, after: date | None) -> str:
    return f"{after or '–'}" if before == after else f"{before or '–'} → {after or '–'}"


def _found(
    workspace: str | None, texts: dict[str, list[str] | None], keep: list[str], today: date, *, apply: bool
) -> tuple[Cascade, int | None]:
    from analytics import reschedule as work_out
    from graph.batch import new_id
    from graph.records.history import Author
    from graph.snapshots.snapshot_store import load_snapshot
    from graph.writing.committer import Committer
    from graph.writing.redating import NewDates, apply_dates
    from graph.writing.writer import Request

    settings = settings_for(workspace)

    async def work(store: Store) -> tuple[Cascade, int | None]:
        snapshot = await load_snapshot(store, settings.workspace)
        with refusing():
            changes = list(_changes(texts, snapshot.policy))
            found = work_out(snapshot, changes, today=today, keep=keep)
        if not apply:
            return found, None
        plan = apply_dates([_new_dates(one) for one in found.moved], snapshot.seq, frozenset(found.rests_on()))
        author = Author(actor="command line", request=new_id())
        outcome = await Committer(store).submit(settings.workspace, Request(plan, author, now()))
        return found, outcome.change_seq

    def _new_dates(one: Moved) -> NewDates:
        start = None if one.new_start in (None, one.start) else str(one.new_start)
        due = None if one.new_due in (None, one.due) else str(one.new_due)
        return NewDates(one.id, start, due, one.new_duration)

    return with_store(settings, work)


def _changes(texts: dict[str, list[str] | None], policy: Policy) -> Iterator[Redate]:
    """Yield what the options ask for, each item once."""
    from analytics import Place, Redate

    given: dict[str, dict[str, object]] = {}
    for option, values in texts.items():
        for text in values or ():
            where = f"--{option} {text}"
            if option in {"earliest", "latest"}:
                given.setdefault(text, {})["place"] = Place[option.upper()]
                continue
            key, equals, value = text.rpartition("=")
            if not equals:
                raise SettingsError(f"{where}: write it as KEY={'SPAN' if option == 'duration' else 'DAY'}.")
            given.setdefault(key, {})[option] = (
                span(value, policy, where) if option == "duration" else _day(value, where)
            )
    for key, new in given.items():
        yield Redate(key, **new)  # type: ignore[arg-type]


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{where}: {text!r} is no day; write it as 2026-12-24.") from None
