"""GitHub: issues become issues, pull requests tasks, milestones milestones of a project that is the repository.

A pull request is work that is under way, and an issue that it fixes cannot finish before it: it is imported with the
label ``pull request``, and counted (``pullRequest``) so that nobody wonders. What texts say about other issues becomes
edges of confidence 0.7, what comments say 0.6, what GitHub itself states 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.batch import Anomaly, EdgeRow, FieldNames, NodeRow, Record, Ref, StatusNames
from graph.rules.lifecycle import Category
from workatlas.importers.dates import DateReader
from workatlas.importers.github_payload import Payload, login, payloads
from workatlas.importers.github_text import Mention, Relation, mentions
from workatlas.importers.importer import ImportOptions
from workatlas.importers.links import Links
from workatlas.importers.vocabulary import SEVERITY_OF_PRIORITY, priority_of

_IN_TEXT, _IN_COMMENT = 0.7, 0.6
_STATUSES = {
    "open": Category.BACKLOG,
    "closed": Category.DONE,
    "not planned": Category.CANCELLED,
    "duplicate": Category.CANCELLED,
    "draft": Category.STARTED,
    "in review": Category.STARTED,
    "merged": Category.DONE,
    "closed unmerged": Category.CANCELLED,
}
_RANKED = re.compile(r"(?:(priority|prio|severity|sev)\s*[:/_\- ]\s*)?([a-z]+|p[0-4])", re.IGNORECASE)
_COMMENTED = frozenset({Relation.DUPLICATES, Relation.BLOCKED_BY})


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read issue arrays, archives and raw tables; memory holds all issues."""
    reader = _Reader(options.source or "github")
    for path in paths:
        for payload in payloads(path):
            if isinstance(payload, Anomaly):
                yield payload
            else:
                yield from reader.keep(payload)
    yield from reader.records()


@dataclass(slots=True)
class _Reader:
    source: str
    dates: DateReader = field(default_factory=DateReader)
    items: dict[str, Payload] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def keep(self, payload: Payload) -> Iterator[Record]:
        number = payload.number()
        if number is None or not payload.home:
            yield Anomaly("missingId", "there is no number or no repository", payload.where, skipped=True)
            return
        name = f"{payload.home}#{number}"
        before = self.items.get(name)
        if before is None:
            self.items[name] = payload
        elif before.data == payload.data:
            yield Anomaly("duplicateId", f"{name} is there again with the same content", payload.where)
        else:
            older, newer = sorted((before, payload), key=lambda item: item.text("updated_at", "updatedAt"))
            detail = f"{name} differs from {newer.where}, which was changed later and is taken"
            yield Anomaly("contradictoryDuplicate", detail, older.where, skipped=True)
            self.items[name] = newer

    def records(self) -> Iterator[Record]:
        yield StatusNames(_STATUSES)
        yield FieldNames({"author": "text", "comments": "integer"})
        kinds = {name: "Task" if item.is_pull else "Issue" for name, item in self.items.items()}
        for name, item in self.items.items():
            yield from self._surroundings(item)
            yield from self._node(name, kinds[name], item)
            yield from self._people(name, kinds[name], item)
        links = Links(self.source, kinds)
        for name, item in self.items.items():
            yield from self._stated(name, item, links)
            yield from self._written(name, item, links)

    def _surroundings(self, item: Payload) -> Iterator[Record]:
        home = item.home
        if self._first(home):
            yield NodeRow("Project", self.source, home, {"title": home}, key=home, where=item.where)
        milestone = item.inner("milestone")
        if milestone is None or milestone.number() is None:
            return
        name = _milestone(item)
        if not self._first(name):
            return
        properties: dict[str, object] = {
            "title": milestone.text("title") or name,
            "status": "closed" if milestone.text("state").lower() == "closed" else "open",
        }
        for target, value in (("description", milestone.text("description")), ("url", milestone.text("html_url"))):
            properties |= {target: value} if value else {}
        yield from self._dates(properties, milestone, {"due": ("due_on", "dueOn")}, day=True)
        yield from self._dates(properties, milestone, _WHEN)
        yield NodeRow("Milestone", self.source, name, properties, key=name, where=item.where)
        ends = Ref(self.source, name, "Milestone"), Ref(self.source, home, "Project")
        yield EdgeRow("PART_OF", *ends, {"source": self.source}, where=item.where)

    def _dates(
        self, properties: dict[str, object], item: Payload, names: dict[str, tuple[str, ...]], *, day: bool = False
    ) -> Iterator[Record]:
        for target, members in names.items():
            text = item.text(*members)
            try:
                if text:
                    properties[target] = self.dates.day(text) if day else self.dates.instant(text)
            except ValueError as error:
                yield Anomaly("badDate", f"{members[0]}: {error}", item.where)

    def _node(self, name: str, kind: str, item: Payload) -> Iterator[Record]:
        labels = [label for label in (_label(value) for value in item.each("labels")) if label]
        status, resolution = _status(item)
        properties: dict[str, object] = {"title": item.text("title"), "status": status}
        if not properties["title"]:
            yield Anomaly("missingTitle", f"{name} has no title; its number stands in", item.where)
            properties["title"] = name
        fields: dict[str, object] = {"author": login(item.data.get("user") or item.data.get("author"))}
        fields["comments"] = len(item.each("comments")) or item.number("comments")
        optional: dict[str, object] = {
            "description": item.text("body"),
            "url": item.page,
            "labels": labels + (["pull request"] if item.is_pull else []),
            "fields": {key: value for key, value in fields.items() if value},
        }
        yield from self._dates(properties, item, _WHEN)
        properties |= _ranks(labels, kind)
        if kind == "Issue":
            when = {"reportedAt": properties.get("createdAt"), "resolvedAt": properties.get("completedAt")}
            optional |= {**when, "resolution": resolution}
        created, closed = properties.get("createdAt"), properties.get("completedAt")
        if isinstance(created, str) and isinstance(closed, str) and closed < created:
            yield Anomaly("closedBeforeCreated", f"closed {closed}, created {created}", item.where)
        if item.is_pull:
            yield Anomaly("pullRequest", f"{name} is a pull request; it is imported as a task", item.where)
        properties |= {key: value for key, value in optional.items() if value}
        yield NodeRow(kind, self.source, name, properties, key=name, where=item.where)

    def _people(self, name: str, kind: str, item: Payload) -> Iterator[Record]:
        author = login(item.data.get("user") or item.data.get("author"))
        assigned = [login(value) for value in item.each("assignees") or [item.data.get("assignee")]]
        for handle in (author, *assigned):
            if handle and self._first(f"@{handle.casefold()}"):
                person = f"user/{handle.casefold()}"
                yield NodeRow("Person", self.source, person, {"title": handle}, key=f"@{handle}", where=item.where)
        for handle in dict.fromkeys(value.casefold() for value in assigned if value):
            ends = Ref(self.source, name, kind), Ref(self.source, f"user/{handle}", "Person")
            yield EdgeRow("ASSIGNED_TO", *ends, {"source": self.source}, where=item.where)

    def _stated(self, name: str, item: Payload, links: Links) -> Iterator[Record]:
        """Yield what GitHub itself states: the milestone (else the repository) and the hierarchy of issues."""
        kind = links.kinds[name]
        milestone = item.inner("milestone")
        inside = milestone is not None and milestone.number() is not None
        whole = Ref(self.source, *((_milestone(item), "Milestone") if inside else (item.home, "Project")))
        start = Ref(self.source, name, kind)
        yield EdgeRow("PART_OF", start, whole, {"source": self.source}, where=item.where)
        for value in item.each("sub_issues") + item.each("subIssues"):
            if isinstance(value, dict) and (part := _name(Payload(value, item.where, item.home))):
                yield from self._holds(part, name, item, links, 1.0)
        parent = item.inner("parent") or Payload({"url": item.text("parent_issue_url")}, item.where)
        if above := _name(parent):
            yield from self._holds(name, above, item, links, 1.0)

    def _written(self, name: str, item: Payload, links: Links) -> Iterator[Record]:
        for mention in mentions(item.text("body")):
            yield from self._mention(name, mention, item, links, _IN_TEXT)
        for comment in item.each("comments"):
            body = comment.get("body") if isinstance(comment, dict) else None
            for mention in mentions(body) if isinstance(body, str) else ():
                if mention.relation in _COMMENTED:
                    yield from self._mention(name, mention, item, links, _IN_COMMENT)

    def _mention(self, name: str, mention: Mention, item: Payload, links: Links, confidence: float) -> Iterator[Record]:
        that = f"{mention.repository or item.home}#{mention.number}"
        extra = {"confidence": confidence}
        match mention.relation:
            case Relation.BLOCKED_BY:
                yield from links.link("BLOCKS", that, name, item.where, outside="Issue", properties=extra)
            case Relation.BLOCKS:
                yield from links.link("BLOCKS", name, that, item.where, outside="Issue", properties=extra)
            case Relation.DUPLICATES | Relation.SUPERSEDES:
                kind = mention.relation.name
                yield from links.link(kind, name, that, item.where, outside="Issue", properties=extra)
            case Relation.PART_OF:
                yield from self._holds(name, that, item, links, confidence)
            case Relation.HAS_PART:
                yield from self._holds(that, name, item, links, confidence)
            case Relation.FIXES if item.is_pull and _status(item)[0] != "closed unmerged":
                yield from self._holds(name, that, item, links, confidence)
            case Relation.FIXES:
                yield from links.link("RELATES_TO", name, that, item.where, outside="Issue", properties=extra)

    def _holds(self, part: str, whole: str, item: Payload, links: Links, confidence: float) -> Iterator[Record]:
        """Yield "the whole cannot finish before the part": issues contain nothing in the model."""
        extra = {"type": "FF", "confidence": confidence}
        yield from links.link("BLOCKS", part, whole, item.where, outside="Issue", properties=extra)

    def _first(self, name: str) -> bool:
        if name in self.said:
            return False
        self.said.add(name)
        return True


_WHEN: dict[str, tuple[str, ...]] = {
    "createdAt": ("created_at", "createdAt"),
    "completedAt": ("closed_at", "closedAt", "merged_at", "mergedAt"),
}


def _status(item: Payload) -> tuple[str, str]:
    """Return the status name and, for a closed issue, how it was resolved."""
    state = item.text("state").lower()
    if item.is_pull:
        request = item.inner("pull_request")
        merged = state == "merged" or item.text("merged_at", "mergedAt") or (request and request.text("merged_at"))
        if state == "open":
            return ("draft" if item.data.get("draft") or item.data.get("isDraft") else "in review"), ""
        return ("merged" if merged else "closed unmerged"), ""
    reason = item.text("state_reason", "stateReason").lower().replace("_", " ")
    if state == "open":
        return "open", ""
    return (reason if reason in {"not planned", "duplicate"} else "closed"), reason or "closed"


def _ranks(labels: list[str], kind: str) -> dict[str, object]:
    """Return priority and severity where labels such as ``P1``, ``priority: high`` or ``severity/low`` give them."""
    ranks: dict[str, object] = {}
    for label in labels:
        match = _RANKED.fullmatch(label.strip())
        priority = priority_of(match[2]) if match else None
        if match is None or priority is None:
            continue
        if (match[1] or "").lower().startswith("sev"):
            if kind == "Issue":
                ranks["severity"] = SEVERITY_OF_PRIORITY[priority]
        else:
            ranks["priority"] = priority
    return ranks


def _milestone(item: Payload) -> str:
    milestone = item.inner("milestone")
    return f"{item.home}/milestone/{milestone.number()}" if milestone else ""


def _name(item: Payload) -> str:
    if item.number() is not None and item.home:
        return f"{item.home}#{item.number()}"
    address = re.search(r"([\w.-]+/[\w.-]+)/issues/(\d+)", item.text("html_url", "url"))
    return f"{address[1]}#{address[2]}" if address else ""


def _label(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    return value.strip() if isinstance(value, str) else ""
