from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from graph.batch import EdgeRow, Ref
from graph.rules.template import Spawner, Template
from graph.values import instant_to_millis

# In Berlin this is the next day already.
EVENING = instant_to_millis("2026-12-31T23:30:00Z")


def spawner(template: dict[str, Any], **more: Any) -> Spawner:
    return Spawner("op-id", "Release", ZoneInfo("Europe/Berlin"), Template.parse(template), **more)


def named(edges: list[EdgeRow]) -> set[tuple[str, str, str]]:
    return {(one.kind, one.start.value, one.end.value) for one in edges}


def test_an_occurrence_without_a_template_is_one_task_due_on_its_day() -> None:
    nodes, edges = spawner({}, owners=["p"], assignees=["q"]).rows(EVENING)
    (task,) = nodes
    assert task.properties == {"title": "Release 2027-01-01", "status": "Planned", "due": "2027-01-01"}
    assert task.expected_version == 0
    name = "op-id@2026-12-31T23:30:00.000Z"
    assert task.source_id == name
    assert named(edges) == {("SPAWNED_FROM", name, "op-id"), ("OWNS", "p", name), ("ASSIGNED_TO", name, "q")}
    spawned_from = next(one for one in edges if one.kind == "SPAWNED_FROM")
    assert spawned_from.properties == {"occurrence": "2026-12-31T23:30:00.000Z"}


def test_tasks_of_a_template_are_parts_that_wait_for_each_other() -> None:
    template = {
        "title": "Close {month}, {week}",
        "priority": "HIGH",
        "start": "-P1W",
        "due": "P1W2D",
        "partOf": ["PRJ-1"],
        "tasks": [
            {"name": "count", "title": "Count {date}", "owners": ["P-1"]},
            {"name": "sign", "after": ["count"], "estimate": 2, "due": "P1D"},
        ],
    }
    nodes, edges = spawner(template, shared={"visibility": "TEAM"}).rows(EVENING)
    whole, count, sign = nodes
    assert whole.properties == {
        "title": "Close 2027-01, 2026-W53", "status": "Planned", "priority": "HIGH", "visibility": "TEAM",
        "start": "2026-12-25", "due": "2027-01-10",
    }  # fmt: skip
    assert count.properties == {"title": "Count 2027-01-01", "status": "Planned", "visibility": "TEAM"}
    assert sign.properties == {
        "title": "sign", "status": "Planned", "estimate": 2, "visibility": "TEAM", "due": "2027-01-02"
    }  # fmt: skip
    top = whole.source_id
    assert named(edges) == {
        ("SPAWNED_FROM", top, "op-id"),
        ("PART_OF", top, "PRJ-1"),
        ("PART_OF", count.source_id, top),
        ("PART_OF", sign.source_id, top),
        ("BLOCKS", count.source_id, sign.source_id),
        ("OWNS", "P-1", count.source_id),
    }
    assert Ref("key", "PRJ-1") in {one.end for one in edges}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"name": "x"}, "belongs to one of"),
        ({"tasks": {}}, "list of at most"),
        ({"tasks": ["x"]}, "list of at most"),
        ({"tasks": [{"name": str(number)} for number in range(51)]}, "at most 50"),
        ({"tasks": [{"title": "x"}]}, "name of its own"),
        ({"tasks": [{"name": "x"}, {"name": "x"}]}, "name of its own"),
        ({"tasks": [{"name": "x", "after": ["y"]}]}, "not one of the template's tasks"),
        ({"tasks": [{"name": "x", "after": ["y"]}, {"name": "y", "after": ["x"]}]}, "wait for each other"),
        ({"due": "2026-01-01"}, "P2D"),
        ({"due": "P"}, "P2D"),
        ({"due": 3}, "P2D"),
        ({"owners": "P-1"}, "owners must be a list"),
        ({"tasks": [{"name": 3}]}, "name must be a text"),
    ],
)
def test_what_is_no_template_is_refused_with_its_reason(template: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Template.parse(template)
