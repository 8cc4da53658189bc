"""Limits of what is written: as much as each allows is taken, one more is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from graph import calendars, policy, values
from graph.batch import Batch, Ref
from graph.calendars import WorkingCalendar
from graph.errors import BatchRefusedError
from graph.policy import Policy
from graph.records.history import Author
from graph.rules import rule_text, template
from graph.rules.rule_text import read_rule
from graph.rules.template import Template
from graph.writing import merging, purging, redating, undoing
from graph.writing.committer import Committer
from graph.writing.merging import merge
from graph.writing.redating import NewDates, apply_dates
from graph.writing.undoing import undo
from graph.writing.writer import Plan, Request
from tests.graph.conftest import Run, migrated, run
from tests.graph.space import NOW, Space, edge, item, keys, patch

__all__ = ["migrated", "run"]


def _minutes(number: int) -> str:
    """A rule of two hours a day with so many minutes of each."""
    return f"FREQ=YEARLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE={','.join(map(str, range(number)))}"


def _days(number: int) -> list[str]:
    return [(date(2026, 1, 1) + timedelta(days=one)).isoformat() for one in range(number)]


def _leave(days: int) -> dict[str, Any]:
    return {"leave": [f"1900-01-01/{date(1900, 1, 1) + timedelta(days=days - 1)}"]}


VALUES: dict[str, tuple[int, Callable[[int], object]]] = {
    "text": (values.MAX_TEXT, lambda number: values.check(values.Type.TEXT, "x" * number)),
    "a rule's text": (rule_text.MAX_TEXT, lambda number: read_rule("FREQ=DAILY".ljust(number))),
    "a rule's count": (rule_text.MAX_COUNT, lambda number: read_rule(f"FREQ=DAILY;COUNT={number}")),
    "times a day": (rule_text.MAX_A_DAY // 2, lambda number: read_rule(_minutes(number))),
    "tasks of a template": (
        template.MAX_TASKS,
        lambda number: Template.parse({"tasks": [{"name": str(one)} for one in range(number)]}),
    ),
    "days of leave": (calendars.MAX_LEAVE, lambda number: WorkingCalendar.from_dict("a", _leave(number))),
    "holidays": (policy._MOST_HOLIDAYS, lambda number: Policy().changed({"holidays": _days(number)})),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_may_be_as_large_as_the_limit(name: str) -> None:
    most, read = VALUES[name]
    read(most)
    with pytest.raises(ValueError, match=r"\S"):
        read(most + 1)


async def _refused(space: Space, work: Batch | Plan) -> str:
    """Ask for something, and return the code of what it was refused for, empty if it was done."""
    before = await space.items(), await space.edges()
    try:
        await Committer(space.store).submit(space.id, Request(work, Author("test", "r"), NOW))
    except BatchRefusedError as refused:
        assert (await space.items(), await space.edges()) == before
        return refused.problems[0].code
    return ""


@pytest.mark.parametrize(
    ("module", "name", "work"),
    [
        (merging, "MAX_EDGES", merge(keys("A"), Ref("key", "B"))),
        (purging, "MAX_EDGES", Batch(purge=keys("A"))),
        (undoing, "MAX_PARTS", undo(2)),
    ],
    ids=["edges that a merge moves", "edges that a purge removes", "parts of a change that is taken back"],
)
def test_so_much_can_be_done_at_once(
    run: Run, module: ModuleType, name: str, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", key) for key in "ABCDE"))
        await space.write(edge("BLOCKS", "A", "C"), edge("BLOCKS", "D", "A"), edge("PART_OF", "A", "E"))
        monkeypatch.setattr(module, name, 2)
        assert await _refused(space, work) == "TOO_MANY"
        monkeypatch.setattr(module, name, 3)
        assert await _refused(space, work) == ""
        assert await space.violations() == []

    run(scenario)


def test_dates_may_have_been_worked_out_so_many_changes_ago(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redating, "MAX_SINCE", 2)

    async def scenario(space: Space) -> None:
        await space.write(item("Task", "A"), item("Task", "B"))
        name = (await space.items())["A"]["id"]
        dates = apply_dates([NewDates(name, due="2026-12-09")], 1, {name})
        for title in ("1", "2", "3"):
            await space.write(patch("Task", "B", title=title))
        assert await _refused(space, dates) == "CONFLICT"
        assert await _refused(space, apply_dates([NewDates(name, due="2026-12-09")], 2, {name})) == ""

    run(scenario)
