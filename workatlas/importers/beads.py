"""beads: ``.beads/issues.jsonl``, one issue a line.

Epics become projects (a project may be part of a project), bugs issues, everything else tasks. Priorities run from 0
to 4, and files that leave the priority out mean 0: the writer omitted zero values for a while.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

import orjson

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, Record, Ref, StatusNames
from workatlas.importers.dates import DateReader
from workatlas.importers.files import lines, shortened
from workatlas.importers.importer import ImportOptions, usable_key
from workatlas.importers.links import Links
from workatlas.importers.vocabulary import SEVERITY_OF_PRIORITY, category_from_facts, category_of

_PRIORITIES = ("URGENT", "HIGH", "MEDIUM", "LOW", "LOW")
_KINDS = {"epic": "Project", "bug": "Issue", "milestone": "Milestone"}
_SECTIONS = ("design", "acceptance_criteria", "notes")
_DATES = {"created_at": "createdAt", "closed_at": "completedAt", "started_at": "startedAt"}
_DAYS = {"due_at": "due", "defer_until": "start"}
_RELATED = frozenset({"related", "relates-to", "discovered-from"})
_READ = frozenset(
    {"id", "title", "description", "status", "priority", "issue_type", "labels", "assignee", "comments", "dependencies"}
    | {"close_reason", "estimated_minutes", "external_ref", "updated_at", "content_hash", "source_repo"}
    | {*_SECTIONS, *_DATES, *_DAYS}
)


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read trackers; a folder stands for its ``.beads/issues.jsonl``. Memory holds all issues."""
    reader = _Reader(options.source or "beads")
    for path in paths:
        yield from reader.collect(_file(path))
    yield from reader.records()


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    inner = path / "issues.jsonl"
    return inner if inner.exists() else path / ".beads" / "issues.jsonl"


@dataclass(slots=True)
class _Issue:
    data: dict[str, object]
    where: str

    def text(self, name: str) -> str:
        value = self.data.get(name)
        return value.strip() if isinstance(value, str) else ""

    @property
    def content(self) -> dict[str, object]:
        """What two copies of an issue must have in common to be the same."""
        return {name: value for name, value in self.data.items() if name not in {"updated_at", "content_hash"}}


@dataclass(slots=True)
class _Reader:
    source: str
    dates: DateReader = field(default_factory=DateReader)
    issues: dict[str, _Issue] = field(default_factory=dict)
    said: set[tuple[str, str]] = field(default_factory=set)

    def collect(self, path: Path) -> Iterator[Record]:
        for where, text in lines(path):
            try:
                data = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                yield Anomaly("brokenJson", f"the line is not JSON: {error}", where, skipped=True)
                continue
            name = data.get("id") if isinstance(data, dict) else None
            if not isinstance(name, str) or not name.strip():
                yield Anomaly("missingId", "the line is no object with an id", where, skipped=True)
                continue
            yield from self._keep(name, _Issue(data, where))

    def _keep(self, name: str, issue: _Issue) -> Iterator[Record]:
        before = self.issues.get(name)
        if before is None:
            self.issues[name] = issue
        elif before.content == issue.content:
            yield Anomaly("duplicateId", f"{name} is there again with the same content", issue.where)
            self.issues[name] = max(before, issue, key=self._changed)
        else:
            older, newer = sorted((before, issue), key=self._changed)
            detail = f"{name} differs from {newer.where}, which was changed later and is taken"
            yield Anomaly("contradictoryDuplicate", detail, older.where, skipped=True)
            self.issues[name] = newer

    def _changed(self, issue: _Issue) -> str:
        try:
            return self.dates.instant(issue.text("updated_at"))
        except ValueError:
            return ""

    def records(self) -> Iterator[Record]:
        alive = {name: issue for name, issue in self.issues.items() if issue.data.get("status") != "tombstone"}
        kinds = {name: _KINDS.get(issue.text("issue_type"), "Task") for name, issue in alive.items()}
        yield FieldNames({"issueType": "text", "comments": "integer", "externalRef": "text"})
        for name, issue in self.issues.items():
            if name not in alive:
                yield Anomaly("tombstone", f"{name} was deleted in its tracker", issue.where)
        for name, issue in alive.items():
            yield from self._node(name, kinds[name], issue)
        links = Links(self.source, kinds)
        for name, issue in alive.items():
            yield from self._dependencies(name, issue, links)

    def _node(self, name: str, kind: str, issue: _Issue) -> Iterator[Record]:
        row = NodeRow(kind, self.source, name, {"title": issue.text("title")}, key=usable_key(name), where=issue.where)
        if not row.properties["title"]:
            yield Anomaly("missingTitle", f"{name} has no title; its id stands in", issue.where)
            row.properties["title"] = name
        parts = [issue.text("description"), *(_section(part, issue.text(part)) for part in _SECTIONS)]
        row.properties["description"] = "\n\n".join(part for part in parts if part) or None
        yield from self._when(row, issue)
        yield from self._state(row, issue)
        yield from self._details(row, issue)
        row.properties = {key: value for key, value in row.properties.items() if value not in (None, [], {})}
        yield row
        assignee = issue.text("assignee")
        if assignee:
            person = f"user/{assignee.casefold()}"
            if self._first("person", person):
                yield NodeRow("Person", self.source, person, {"title": assignee}, where=issue.where)
            target = Ref(self.source, person, "Person")
            start = Ref(self.source, name, kind)
            yield EdgeRow("ASSIGNED_TO", start, target, {"source": self.source}, where=issue.where)

    def _when(self, row: NodeRow, issue: _Issue) -> Iterator[Record]:
        for names, convert in ((_DATES, self.dates.instant), (_DAYS, self.dates.day)):
            for name, target in names.items():
                text = issue.text(name)
                try:
                    row.properties[target] = convert(text) if text else None
                except ValueError as error:
                    yield Anomaly("badDate", f"{name}: {error}", issue.where)
        created, closed = row.properties.get("createdAt"), row.properties.get("completedAt")
        if isinstance(created, str) and isinstance(closed, str) and closed < created:
            yield Anomaly("closedBeforeCreated", f"closed {closed}, created {created}", issue.where)
        if row.kind == "Issue":
            row.properties |= {"reportedAt": created, "resolvedAt": closed}

    def _state(self, row: NodeRow, issue: _Issue) -> Iterator[Record]:
        status = issue.text("status") or "open"
        category = category_of(status)
        if category is None:
            category = category_from_facts(closed=bool(issue.text("closed_at")))
            if self._first("unknownStatus", status):
                yield Anomaly("unknownStatus", f"{shortened(status)} is taken for {category}", issue.where)
        if self._first("status", status):
            yield StatusNames({status: category}, issue.where)
        row.properties["status"] = status
        rank = issue.data.get("priority", 0)
        if isinstance(rank, int) and not isinstance(rank, bool) and 0 <= rank < len(_PRIORITIES):
            row.properties["priority"] = _PRIORITIES[rank]
            if row.kind == "Issue":
                row.properties["severity"] = SEVERITY_OF_PRIORITY[_PRIORITIES[rank]]
        elif rank is not None:
            yield Anomaly("unknownPriority", f"{shortened(repr(rank))} is not 0 to 4", issue.where)

    def _details(self, row: NodeRow, issue: _Issue) -> Iterator[Record]:
        labels, comments = issue.data.get("labels"), issue.data.get("comments")
        row.properties["labels"] = [label for label in labels if isinstance(label, str)] if _is_list(labels) else None
        fields: dict[str, object] = {"issueType": issue.text("issue_type")}
        if _is_list(comments) and comments:
            fields["comments"] = len(comments)
        external = issue.text("external_ref")
        if external.startswith(("http://", "https://")):
            row.properties["url"] = external
        else:
            fields["externalRef"] = external
        if row.kind == "Issue":
            row.properties["resolution"] = issue.text("close_reason") or None
        minutes = issue.data.get("estimated_minutes")
        if isinstance(minutes, int | float) and not isinstance(minutes, bool):
            row.properties["estimate"] = minutes / 60
        row.properties["fields"] = {name: value for name, value in fields.items() if value}
        for name in issue.data.keys() - _READ:
            if issue.data[name] not in (None, "", [], {}, False, 0) and self._first("unknownField", name):
                yield Anomaly("unknownField", f"{shortened(name)} has no counterpart and is left out", issue.where)

    def _dependencies(self, name: str, issue: _Issue, links: Links) -> Iterator[Record]:
        dependencies = issue.data.get("dependencies")
        for entry in dependencies if _is_list(dependencies) else ():
            given = entry if isinstance(entry, dict) else {}
            start, target, kind = (given.get(part) for part in ("issue_id", "depends_on_id", "type"))
            if isinstance(target, str) and target and isinstance(kind, str):
                start = start if isinstance(start, str) and start else name
                yield from self._dependency(start, target, kind, given, issue.where, links)
            else:
                detail = f"{name}: {shortened(repr(entry))} is no dependency"
                yield Anomaly("brokenDependency", detail, issue.where, skipped=True)

    def _dependency(
        self, start: str, target: str, kind: str, entry: Mapping[str, object], where: str, links: Links
    ) -> Iterator[Record]:
        for end in (start, target):
            if end in self.issues and end not in links.kinds:
                yield Anomaly("tombstone", f"{start} {kind} {target}: {end} was deleted", where, skipped=True)
                return
        extra: dict[str, object] = {}
        created = entry.get("created_at")
        if isinstance(created, str):
            try:
                extra["createdAt"] = self.dates.instant(created)
            except ValueError as error:
                yield Anomaly("badDate", f"dependency of {start}: {error}", where)
        if kind in {"blocks", "waits-for"}:
            yield from links.link("BLOCKS", target, start, where, properties=extra)
        elif kind == "parent-child":
            yield from links.contain(start, target, where, properties=extra)
        else:
            if kind not in _RELATED and self._first("unknownLink", kind):
                yield Anomaly("unknownLink", f"{shortened(kind)} is taken for RELATES_TO", where)
            yield from links.link("RELATES_TO", start, target, where, properties=extra)

    def _first(self, what: str, name: str) -> bool:
        if (what, name) in self.said:
            return False
        self.said.add((what, name))
        return True


def _section(name: str, text: str) -> str:
    return f"## {name.replace('_', ' ').capitalize()}\n\n{text}" if text else ""


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
