from __future__ import annotations

from datetime import date

import orjson
import pytest

from graph.batch import EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
from graph.calendars import Leave, WorkingCalendar, WorkingCalendars
from graph.errors import BeyondHistoryError
from graph.model import EDGES, NODES
from graph.policy import Policy
from graph.reading.export import records
from graph.snapshots.past import Moment
from graph.snapshots.past_export import records_as_of
from graph.values import Type
from tests.graph.conftest import Run
from tests.graph.space import NOW, Space, edge, gone, item, keys, patch
from workatlas.exporters.jsonl import lines

SAMPLES: dict[Type, object] = {
    Type.TEXT: 'text with "quotes", a line\nbreak and 漢字',
    Type.INTEGER: 7,
    Type.NUMBER: 2.5,
    Type.BOOLEAN: True,
    Type.INSTANT: "2026-10-01T08:30:00.123Z",
    Type.DATE: "2026-Q4",
    Type.TEXTS: ["a", "b"],
    Type.JSON: {"squad": "x"},
}
CALENDARS = WorkingCalendars(
    {
        name: WorkingCalendar(
            name,
            "Ada's",
            (8, 8, 0, 8.5, 4, 0, 0),
            (date(2026, 12, 25),),
            (Leave(date(2026, 8, 3), date(2026, 8, 21)),),
            "Europe/Berlin",
        )
        for name in (str(SAMPLES[Type.TEXT]),)  # that is what the samples of persons and work name as their calendar
    }
)
POLICY = PolicyValues(
    Policy().native() | {"hoursPerDay": 7.5, "weekmask": "1111000", "holidays": ["2026-12-25"], "minSeverity": "LOW"}
)
FORMS: dict[str, object] = {
    "rrule": "RRULE:FREQ=WEEKLY;BYDAY=MO",
    "timezone": "Europe/Berlin",
    "template": {"title": "Review"},
}
"""Values of properties that must have a form of their own."""
WRITTEN = frozenset({"id", "key", "source", "sourceId", "version", "placeholder", "archivedAt"})


def everything() -> list[Record]:
    """A node of every kind and an edge between every pair of kinds that the model allows, all properties given."""
    rows: list[Record] = [StatusNames({"Cooking": "STARTED"}), FieldNames({"squad": "text"}), POLICY, CALENDARS]
    for label, kind in NODES.items():
        values = {
            one.name: one.choices[-1] if one.choices else FORMS.get(one.name, SAMPLES[one.type])
            for one in kind.properties
            if one.name not in WRITTEN
        }
        if kind.statused:
            values["status"] = "Cooking"
        rows += [NodeRow(label, "tracker", f"{label}-{end}", dict(values), key=f"{label}-{end}") for end in "12"]
    for name, edge_kind in EDGES.items():
        values = {
            one.name: one.choices[-1] if one.choices else (0.5 if one.name == "confidence" else SAMPLES[one.type])
            for one in edge_kind.properties
        }
        for start, end in sorted(edge_kind.pairs):
            ends = Ref("key", f"{start}-1"), Ref("key", f"{end}-2")
            rows.append(EdgeRow(name, *ends, dict(values)))
    return rows


async def exported(space: Space) -> list[bytes]:
    """The export's lines, in an order of their own: records may come in any."""
    rows = [record async for record in records(space.store, space.id)]
    return sorted(lines(rows))


def test_what_was_exported_is_loaded_elsewhere_and_exported_alike(run: Run) -> None:
    async def scenario(space: Space) -> None:
        report = await space.load(*everything(), source="tracker")
        assert report.anomalies == {}
        first = await exported(space)
        copy = Space(space.store, f"{space.id}-copy")
        report = await copy.load(*[record async for record in records(space.store, space.id)], source="native")
        assert report.anomalies == {}
        assert report.created == 2 * len(NODES)
        assert await exported(copy) == first
        assert await copy.violations() == []
        again = await copy.load(*[record async for record in records(copy.store, copy.id)], source="native")
        assert again.updated == again.created == 0

    # Ids are unique in their workspace, so both may live in one database.
    run(scenario)


def test_an_export_states_every_property_as_it_was_given(run: Run) -> None:
    async def scenario(space: Space) -> None:
        stated = everything()
        await space.load(*stated, source="tracker")
        rows = [record async for record in records(space.store, space.id)]
        nodes = {row.key: row for row in rows if isinstance(row, NodeRow)}
        ids = {row.id: row.key for row in nodes.values()}
        for record in stated:
            if isinstance(record, NodeRow):
                assert nodes[record.key].properties.items() >= record.properties.items()
        edges = {
            (row.kind, ids[row.start.value], ids[row.end.value]): row.properties
            for row in rows
            if isinstance(row, EdgeRow)
        }
        wanted = {
            (row.kind, row.start.value, row.end.value): row.properties for row in stated if isinstance(row, EdgeRow)
        }
        assert edges == wanted
        assert [row for row in rows if isinstance(row, StatusNames)] == [StatusNames({"Cooking": "STARTED"})]
        assert [row for row in rows if isinstance(row, FieldNames)] == [FieldNames({"squad": "text"})]
        assert [row for row in rows if isinstance(row, WorkingCalendars)] == [CALENDARS]

    run(scenario)


def test_placeholders_come_back_and_archived_items_do_not(run: Run) -> None:
    async def scenario(space: Space) -> None:
        await space.write(*(item("Task", key) for key in ("T-A", "T-B")), edge("BLOCKS", "T-A", "T-B"), now=NOW)
        await space.load(edge("BLOCKS", "T-A", "jira:77"), edge("BLOCKS", "T-A", "LATER-1"))
        await space.write(archive=keys("T-B"))
        copy = Space(space.store, f"{space.id}-copy")
        report = await copy.load(*[record async for record in records(space.store, space.id)], source="native")
        assert (report.created, report.placeholders) == (1, 2)
        assert await exported(copy) == await exported(space)
        ends = {orjson.loads(line)["to"] for line in await exported(copy) if b'"edge"' in line}
        assert ends == {"jira:77", "LATER-1"}

    run(scenario)


async def exported_as_of(space: Space, when: Moment) -> list[bytes]:
    return sorted(lines([record async for record in records_as_of(space.store, space.id, when)]))


def test_an_export_of_the_past_is_the_export_that_was_made_then(run: Run) -> None:
    async def scenario(space: Space) -> None:
        made: dict[int, list[bytes]] = {}

        async def note() -> None:
            made[(await space.log())[-1].seq] = await exported(space)

        await space.load(*everything(), source="tracker")
        await note()
        await space.write(patch("Task", "Task-1", source="tracker", title="Other", due=None, labels=["c"]))
        await note()
        await space.write(gone("BLOCKS", "Task-1", "Task-2"), edge("RELATES_TO", "Task-2", "Issue-1"))
        await note()
        await space.write(archive=keys("Project-1"))
        await note()
        await space.write(restore=keys("Project-1"), archive=keys("Goal", "Issue-2")[1:])
        await note()
        await space.load(
            item("Milestone", "Task-1", "tracker"), edge("BLOCKS", "Task-2", "tracker:unknown"), source="tracker"
        )
        await note()
        await space.write(item("Task", "T-9"), edge("PART_OF", "T-9", "Project-2"))
        await note()
        await space.write(purge=keys("Issue-2", "T-9"))
        await note()
        assert len(made) == 8
        for seq, expected in made.items():
            assert await exported_as_of(space, seq) == expected, seq
        assert [one for one in await exported_as_of(space, 0) if b'"meta"' not in one] == []
        with pytest.raises(BeyondHistoryError):
            await exported_as_of(space, 99)

    run(scenario)
