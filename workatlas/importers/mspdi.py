"""Microsoft Project: the XML that it saves (MSPDI), with links, lags, calendars, resources and assignments.

A document type declaration is refused: the format has none, and entities are how XML is made to read other files.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref
from graph.calendars import WorkingCalendars
from workatlas.errors import ImportFailedError
from workatlas.importers.dates import DateReader
from workatlas.importers.files import content, shortened
from workatlas.importers.importer import ImportOptions
from workatlas.importers.links import Links
from workatlas.importers.mspdi_calendars import Calendars
from workatlas.importers.mspdi_values import count, hours, is_elapsed, number, part, texts

_WAITS = {"0": "FF", "1": "FS", "2": "SF", "3": "SS"}
_INSTANTS = {"ActualStart": "startedAt", "ActualFinish": "completedAt"}
_PRIORITIES = ((900, "URGENT"), (501, "HIGH"), (500, None), (0, "LOW"))
_PERCENT = frozenset({19, 20, 51, 52})
_UNASSIGNED = frozenset({"-65535", "-65536"})
_DROPPED = {1: "as late as possible", 3: "must finish on", 5: "start no later than", 6: "finish no earlier than"}


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read projects; a folder stands for its ``.xml`` files. Memory holds one file."""
    for path in paths:
        for file in sorted(path.glob("*.xml")) if path.is_dir() else [path]:
            yield from _Reader(options.source or "mspdi", file.name, file.stem, _root(file)).records()


class _Builder(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ParseError(f"it declares a document type ({shortened(name, 40)}), which no project file has")


def _root(path: Path) -> Element:
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(content(path))
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise ImportFailedError(f"{path} is no XML that can be read: {error}.") from error
    if part(root) != "Project":
        raise ImportFailedError(f"{path} is no Microsoft Project XML: its root is {shortened(part(root), 40)!r}.")
    return root


@dataclass(slots=True)
class _Reader:
    source: str
    file: str
    stem: str
    root: Element
    dates: DateReader = field(default_factory=DateReader)
    project: str = ""

    def records(self) -> Iterator[Record]:
        """Yield the project, its calendars, people, tasks and edges."""
        header = texts(self.root)
        self.project = header.get("Name") or self.stem
        calendars = Calendars(f"{self.source}/{self.project}", self.root, self.file)
        yield from calendars.read()
        tasks = list(self._tasks())
        kinds = {self._name(task["UID"]): self._kind(task) for task in tasks}
        kinds[self.project] = "Project"
        links = Links(self.source, kinds)
        people = yield from self._people(calendars)
        doers: dict[str, list[str]] = {}
        assignments = list(self._assignments(people, {task["UID"] for task in tasks}))
        for record in assignments:
            if isinstance(record, EdgeRow):
                doers.setdefault(record.start.value, []).append(record.end.value)
        yield from self._root_project(header, tasks)
        above: list[tuple[int, str]] = [(0, self.project)]
        for task in tasks:
            if task["UID"] == "0":
                continue
            yield from self._task(task, calendars, header.get("CalendarUID", ""), doers)
            level = max(count(task.get("OutlineLevel"), 1), 1)
            above = [*(whole for whole in above if whole[0] < level), (level, self._name(task["UID"]))]
            yield from links.contain(above[-1][1], above[-2][1], task["where"])
        yield from self._waits(tasks, links)
        yield from assignments
        if calendars.used:
            yield WorkingCalendars(calendars.used, self.file)

    def _name(self, uid: str) -> str:
        return f"{self.project}/{uid}"

    def _tasks(self) -> Iterator[dict[str, Any]]:
        for place, element in enumerate(self.root.iterfind("{*}Tasks/{*}Task"), 1):
            task: dict[str, Any] = texts(element)
            if task.get("UID") and task.get("IsNull") != "1":
                links = [texts(link) for link in element.iterfind("{*}PredecessorLink")]
                yield task | {"where": f"{self.file}: task {task['UID']}", "links": links, "place": place}

    def _kind(self, task: dict[str, Any]) -> str:
        point = task.get("Milestone") == "1" and task.get("Summary") != "1"
        return "Milestone" if point and count(task.get("OutlineLevel"), 1) <= 1 else "Task"

    def _root_project(self, header: dict[str, str], tasks: list[dict[str, Any]]) -> Iterator[Record]:
        whole = next((task for task in tasks if task["UID"] == "0"), {})
        row = NodeRow("Project", self.source, self.project, where=self.file)
        title = header.get("Title") or whole.get("Name") or header.get("Name") or self.stem
        row.properties |= {"title": title, "status": _status(whole)}
        yield from self._days(row, {"start": header.get("StartDate"), "due": whole.get("Deadline")})
        yield row

    def _task(
        self, task: dict[str, Any], calendars: Calendars, standard: str, doers: dict[str, list[str]]
    ) -> Iterator[Record]:
        where, kind, name = task["where"], self._kind(task), self._name(task["UID"])
        row = NodeRow(
            kind, self.source, name, {"title": task.get("Name") or name, "status": _status(task)}, where=where
        )
        if not task.get("Name"):
            yield Anomaly("missingTitle", f"task {task['UID']} has no name", where)
        days = {"due": task.get("Deadline")}
        yield from self._constraint(task, days)
        yield from self._days(row, days)
        if task.get("Summary") != "1":
            yield from self._size(task, row)
            own = task.get("CalendarUID", "-1")
            alone = len(doers.get(name, ())) == 1
            used = calendars.use(own) or (None if alone else calendars.use(standard))
            row.properties["calendar"] = used
        for given, known in _INSTANTS.items():
            if task.get(given):
                try:
                    row.properties[known] = self.dates.instant(task[given])
                except ValueError as error:
                    yield Anomaly("badDate", f"{given}: {error}", where)
        priority = number(task.get("Priority"))
        if priority is not None:
            row.properties["priority"] = next((word for low, word in _PRIORITIES if priority >= low), None)
        row.properties |= {"description": task.get("Notes"), "url": task.get("HyperlinkAddress")}
        if kind == "Task" and task.get("Milestone") == "1" and task.get("Summary") != "1":
            row.properties["labels"] = ["milestone"]
        row.properties = {name: value for name, value in row.properties.items() if value is not None}
        yield row

    def _size(self, task: dict[str, Any], row: NodeRow) -> Iterator[Record]:
        begun = 0 < count(task.get("PercentComplete"), 0) < 100
        name = "RemainingDuration" if begun and task.get("RemainingDuration") else "Duration"
        figures = {"duration": name, "estimate": "Work", "remaining": "RemainingWork", "spent": "ActualWork"}
        for known, given in figures.items():
            amount = hours(task.get(given))
            if amount is None and task.get(given):
                yield Anomaly("badValue", f"{given}: {shortened(task[given])!r} is no duration", row.where)
            if known == "duration" and amount and is_elapsed(task.get("DurationFormat")):
                detail = f"{given} {amount:g} h is elapsed time; a third of it counts as working time"
                yield Anomaly("elapsedTime", detail, row.where)
                amount /= 3
            if amount is not None and (known == "duration" or amount > 0) and row.kind != "Milestone":
                row.properties[known] = amount

    def _constraint(self, task: dict[str, Any], days: dict[str, str | None]) -> Iterator[Record]:
        kind, day = count(task.get("ConstraintType"), 0), task.get("ConstraintDate")
        if kind in {2, 4}:
            days["start"] = day
        if kind in {3, 7} and not days["due"]:
            days["due"] = day
        if kind == 2:
            yield Anomaly("constraintLoosened", "must start on is read as start no earlier than", task["where"])
        elif kind in _DROPPED:
            yield Anomaly("constraintDropped", f"{_DROPPED[kind]} has no counterpart", task["where"])

    def _days(self, row: NodeRow, days: dict[str, str | None]) -> Iterator[Record]:
        for known, text in days.items():
            if text:
                try:
                    row.properties[known] = self.dates.day(text.split("T")[0])
                except ValueError as error:
                    yield Anomaly("badDate", f"{known}: {error}", row.where)

    def _waits(self, tasks: list[dict[str, Any]], links: Links) -> Iterator[Record]:
        by_uid = {task["UID"]: task for task in tasks}
        for task in tasks:
            for link in task["links"]:
                before, where = link.get("PredecessorUID", ""), task["where"]
                if link.get("CrossProject") == "1":
                    name = shortened(link.get("CrossProjectName") or before)
                    yield Anomaly("crossProjectLink", f"it waits for {name} in another project", where, skipped=True)
                elif not before:
                    yield Anomaly("missingEnd", "a link without a predecessor", where, skipped=True)
                else:
                    lag, remarks = _lag(link, by_uid.get(before, {}), where)
                    yield from remarks
                    wait = _WAITS.get(link.get("Type", "1"), "FS")
                    properties = {"type": wait, "lag": lag}
                    ends = self._name(before), self._name(task["UID"])
                    yield from links.link("BLOCKS", *ends, where, properties=properties)

    def _people(self, calendars: Calendars) -> Generator[Record, None, dict[str, str]]:
        """Yield people, and teams for generic resources; return their kinds by UID."""
        known: dict[str, str] = {}
        for element in self.root.iterfind("{*}Resources/{*}Resource"):
            resource = texts(element)
            uid, name = resource.get("UID", ""), resource.get("Name")
            if not uid or uid == "0" or resource.get("IsNull") == "1":
                continue
            where = f"{self.file}: resource {uid}"
            if resource.get("Type", "1") != "1" or not name:
                yield Anomaly("noPerson", f"{shortened(name or uid)} is material, a cost, or without a name", where)
                continue
            known[uid] = "Team" if resource.get("IsGeneric") == "1" else "Person"
            row = NodeRow(known[uid], self.source, f"{self.project}/resource/{uid}", {"title": name}, where=where)
            if known[uid] == "Person":
                calendar, units = calendars.use(resource.get("CalendarUID", "")), number(resource.get("MaxUnits"))
                part_time = calendars.week(resource.get("CalendarUID", "")) * units if units and units < 1 else None
                wanted = {"email": resource.get("EmailAddress"), "calendar": calendar, "weeklyHours": part_time}
                row.properties |= {name: value for name, value in wanted.items() if value is not None}
            yield row
        return known

    def _assignments(self, people: dict[str, str], tasks: set[str]) -> Iterator[Record]:
        seen: set[tuple[str, str]] = set()
        for element in self.root.iterfind("{*}Assignments/{*}Assignment"):
            given = texts(element)
            task, resource = given.get("TaskUID", ""), given.get("ResourceUID", "")
            if task in tasks - {"0"} and resource in people and (task, resource) not in seen:
                seen.add((task, resource))
                units = number(given.get("Units"))
                share = {"share": units} if units is not None and units >= 0 else {}
                ends = (
                    Ref(self.source, self._name(task), "Task"),
                    Ref(self.source, f"{self.project}/resource/{resource}", people[resource]),
                )
                yield EdgeRow("ASSIGNED_TO", *ends, {"source": self.source, **share}, where=f"{self.file}: task {task}")
            elif resource not in people and resource not in _UNASSIGNED:
                detail = f"task {shortened(task)} is assigned to {shortened(resource)}, who is nobody"
                yield Anomaly("unusedAssignment", detail, self.file)


def _lag(link: dict[str, str], before: dict[str, Any], where: str) -> tuple[float, list[Anomaly]]:
    """Return a link's lag in working hours, with what could not be kept of it."""
    tenths, form = number(link.get("LinkLag")) or 0.0, count(link.get("LagFormat"), 7)
    if form in _PERCENT and tenths:
        lag = (hours(before.get("Duration")) or 0.0) * tenths / 100
        return lag, [Anomaly("percentLag", f"a lag of {tenths:g} % is fixed at {lag:g} h", where)]
    lag = tenths / 600
    if lag and is_elapsed(link.get("LagFormat")):
        return lag / 3, [Anomaly("elapsedTime", f"a lag of {lag:g} h is elapsed time; a third of it counts", where)]
    return lag, []


def _status(task: dict[str, Any]) -> str:
    if task.get("Active") == "0":
        return "Cancelled"
    done = count(task.get("PercentComplete"), 0)
    return "Done" if done >= 100 else "In progress" if done > 0 else "Planned"
