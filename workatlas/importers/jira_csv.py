"""CSV exports of Jira, and of other trackers with a mapping file (``linear`` is shipped).

Epics become projects inside the export's project, bugs and incidents issues, everything else tasks. The files are read
twice: rows refer to rows that come later. A table without titles (two columns of duplicates, say) only adds links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, Record, Ref, StatusNames
from graph.model import EDGES
from graph.rules.lifecycle import CLOSED, Category
from workatlas.importers.files import shortened
from workatlas.importers.importer import ImportOptions, usable_key
from workatlas.importers.jira_mapping import CsvMapping, LinkMeaning, load
from workatlas.importers.jira_survey import Survey, identity, numbered
from workatlas.importers.jira_table import Row, Table
from workatlas.importers.jira_values import converted, items, person, ranked, sprint
from workatlas.importers.links import Links
from workatlas.importers.vocabulary import folded

_TEXT_FIELDS = {"type": "issueType", "reporter": "reporter", "environment": "environment", "resolution": "resolution"}
_LIST_FIELDS = ("components", "affectsVersions", "fixVersions")
_LINK_FIELDS: tuple[tuple[str, LinkMeaning], ...] = (
    ("blocks", "blocks"),
    ("blockedBy", "blockedBy"),
    ("duplicateOf", "duplicates"),
    ("related", "relates"),
)
_EDGES: dict[LinkMeaning, tuple[str, bool]] = {
    "blocks": ("BLOCKS", True),
    "blockedBy": ("BLOCKS", False),
    "duplicates": ("DUPLICATES", True),
    "duplicatedBy": ("DUPLICATES", False),
    "supersedes": ("SUPERSEDES", True),
    "supersededBy": ("SUPERSEDES", False),
    "relates": ("RELATES_TO", True),
}
_FINISHED_STATUS = "Done"
"""Status of finished work in exports that have no status column."""


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read exports that belong together; raises ``ImportFailedError`` for an unreadable file or mapping."""
    mapping = load(options.mapping)
    tables = [Table(path, mapping) for path in paths]
    survey = Survey.of(tables, mapping)
    source = options.source or mapping.source
    yield from _Reader(source, mapping, survey, Links(source, survey.kinds)).records(tables)


@dataclass(slots=True)
class _Reader:
    source: str
    mapping: CsvMapping
    survey: Survey
    links: Links
    categories: dict[str, Category] = field(default_factory=dict)
    said: set[tuple[str, str]] = field(default_factory=set)

    def records(self, tables: Sequence[Table]) -> Iterator[Record]:
        texts = dict.fromkeys([*_TEXT_FIELDS.values(), *self.mapping.fields], "text")
        yield FieldNames({**texts, **dict.fromkeys(_LIST_FIELDS, "list of texts"), "comments": "integer"})
        for name, category, doubt in self.survey.categories():
            self.categories[name] = category
            yield StatusNames({name: category}, self.survey.statuses[name].where)
            if doubt:
                yield doubt
        for place, row in numbered(tables):
            if row.names_item:
                yield from self._item(place, row)
            else:
                yield from self._only_links(row)
        for table in tables:
            yield from table.anomalies

    def _item(self, place: int, row: Row) -> Iterator[Record]:
        name = identity(row)
        repeated = self.survey.repetition(name, place, row)
        if repeated:
            yield repeated
            return
        if not (row.first("key") or row.first("id")):
            detail = f"the record has neither key nor id; {name}, made of title and creation date, stands in"
            yield Anomaly("missingId", detail, row.where)
        kind = self.survey.kinds[name]
        yield from self._node(name, kind, row)
        yield from self._people(name, kind, row)
        yield from self._whole(name, row)
        yield from self._sprints(name, kind, row)
        yield from self._linked(name, row)

    def _node(self, name: str, kind: str, row: Row) -> Iterator[Record]:
        key = usable_key(row.first("key") or ("" if name.isdigit() or name.startswith("row/") else name))
        properties: dict[str, object] = {"title": row.first("title") or name}
        if not row.first("title"):
            yield Anomaly("missingTitle", f"{name} has no title; its identity stands in", row.where)
        yield from converted(row, self.mapping, properties)
        unknown = ranked(row, self.mapping, kind, properties)
        if unknown and self._first("priority", unknown):
            yield Anomaly("unknownPriority", f"{shortened(unknown)} is no known priority; it is left out", row.where)
        status = row.first("status") or (_FINISHED_STATUS if "completedAt" in properties else "")
        if self.categories.get(status) and self.categories[status] not in CLOSED and "completedAt" in properties:
            detail = f"{name} was finished on {properties['completedAt']} but its status is {shortened(status)}"
            yield Anomaly("finishedButOpen", detail, row.where)
        optional: dict[str, object] = {
            "status": status,
            "description": row.first("description"),
            "url": row.first("url"),
            "labels": items(row.all("labels")) + (["archived"] if row.first("archived") else []),
            "fields": self._fields(kind, row),
        }
        if kind == "Issue":
            optional |= {
                "reportedAt": properties.get("createdAt"),
                "resolvedAt": properties.get("completedAt"),
                "resolution": row.first("resolution"),
            }
        properties |= {target: value for target, value in optional.items() if value}
        yield NodeRow(kind, self.source, name, properties, key=key, where=row.where)

    def _fields(self, kind: str, row: Row) -> dict[str, object]:
        values: dict[str, object] = {target: row.first(name) for name, target in _TEXT_FIELDS.items()}
        values |= {name: items(row.all(name)) for name in _LIST_FIELDS}
        values |= {name: ", ".join(row.at(columns)) for name, columns in row.columns.custom.items()}
        values["comments"] = len(row.all("comments"))
        if kind == "Issue":  # which has a property for it
            del values["resolution"]
        return {name: value for name, value in values.items() if value}

    def _people(self, name: str, kind: str, row: Row) -> Iterator[Record]:
        reporter = row.first("reporter")
        if reporter:
            yield from self._person(reporter, row.first("reporterId"), row.where)
        if assignee := row.first("assignee"):
            yield from self._person(assignee, row.first("assigneeId"), row.where)
            ends = Ref(self.source, name, kind), Ref(self.source, _user(assignee, row.first("assigneeId")), "Person")
            yield EdgeRow("ASSIGNED_TO", *ends, {"source": self.source}, where=row.where)

    def _person(self, name: str, number: str, where: str) -> Iterator[Record]:
        user = _user(name, number)
        if self._first("person", user):
            yield NodeRow("Person", self.source, user, person(name), where=where)

    def _whole(self, name: str, row: Row) -> Iterator[Record]:
        """Yield what the item is a part of: its parent, else its epic, else the project."""
        parent = row.first("parentKey") or row.first("parent")
        epic = row.first("epic")
        if parent or epic:
            outside = "Project" if epic or "sub" not in folded(row.first("type")) else "Task"
            yield from self.links.contain(name, self.survey.resolve(parent or epic), row.where, outside=outside)
            if parent and epic and self.survey.resolve(epic) != self.survey.resolve(parent):
                yield from self.links.contain(name, self.survey.resolve(epic), row.where)
        elif project := row.first("projectKey") or row.first("projectName"):
            whole = Ref(self.source, f"project/{project}", "Project")
            yield from self._project(whole, row)
            ends = Ref(self.source, name, self.survey.kinds[name]), whole
            yield EdgeRow("PART_OF", *ends, {"source": self.source}, where=row.where)

    def _project(self, whole: Ref, row: Row) -> Iterator[Record]:
        if not self._first("project", whole.value):
            return
        title, key = row.first("projectName") or row.first("projectKey"), usable_key(row.first("projectKey"))
        properties: dict[str, object] = {"title": title}
        if text := row.first("projectDescription"):
            properties["description"] = text
        yield NodeRow("Project", self.source, whole.value, properties, key=key, where=row.where)
        if lead := row.first("projectLead"):
            number = row.first("projectLeadId")
            yield from self._person(lead, number, row.where)
            ends = Ref(self.source, _user(lead, number), "Person"), whole
            yield EdgeRow("OWNS", *ends, {"source": self.source}, where=row.where)

    def _sprints(self, name: str, kind: str, row: Row) -> Iterator[Record]:
        for text in row.all("sprint"):
            members = sprint(text)
            title = members.get("name") or text
            if (kind, "Sprint") not in EDGES["IN_SPRINT"].pairs:
                detail = f"{name} is a {kind}, which no sprint holds: {shortened(title)} is left out"
                yield Anomaly("unfitSprint", detail, row.where)
                continue
            target = Ref(self.source, f"sprint/{title}", "Sprint")
            if self._first("sprint", title):
                properties: dict[str, object] = {"title": title}
                given = {"start": members.get("startDate") or row.first("sprintStart")}
                given["end"] = members.get("endDate") or row.first("sprintEnd")
                for target_name, date in given.items():
                    try:
                        properties |= {target_name: self.mapping.dates.day(date)} if date else {}
                    except ValueError as error:
                        yield Anomaly("badDate", f"sprint: {shortened(str(error))}", row.where)
                yield NodeRow("Sprint", self.source, target.value, properties, where=row.where)
            start = Ref(self.source, name, kind)
            yield EdgeRow("IN_SPRINT", start, target, {"source": self.source}, where=row.where)

    def _only_links(self, row: Row) -> Iterator[Record]:
        text = row.first("key") or row.first("id")
        linked = list(self._linked(self.survey.resolve(text), row)) if text else []
        if not linked:
            detail = "the record links nothing that was not linked before" if text else "the record has no id"
            yield Anomaly("duplicateLink" if text else "missingId", detail, row.where, skipped=not text)
        yield from linked

    def _linked(self, name: str, row: Row) -> Iterator[Record]:
        said = [(target, meaning) for field_name, meaning in _LINK_FIELDS for target in items(row.all(field_name))]
        for link in row.columns.links:
            for target in items(row.at([link.column])):
                if link.meaning is None and self._first("link", link.name):
                    yield Anomaly("unknownLink", f"{shortened(link.name)} is taken for RELATES_TO", row.where)
                said.append((target, link.meaning or "relates"))
        for target, meaning in said:
            kind, forward = _EDGES[meaning]
            start, end = (name, self.survey.resolve(target))[:: 1 if forward else -1]
            yield from self.links.link(kind, start, end, row.where)

    def _first(self, what: str, name: str) -> bool:
        if (what, name) in self.said:
            return False
        self.said.add((what, name))
        return True


def _user(name: str, number: str) -> str:
    return f"user/{number or folded(name)}"
