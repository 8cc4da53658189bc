"""Read the Rust project's goals: ``src/2025h1/*.md``, ``src/2024h2/*.md``; the folder names the period.

Each document with a metadata table becomes an `Objective` and a `Project` that contributes to it. A heading under
"Ownership and team asks" that holds a table becomes a `Task` with parts, each row of such a table a `Task`, each row of
a milestone table a `Milestone`. Owners of rows are assigned; a team that is asked also owns its row, because it answers
for it; the point of contact owns objective and project.

The rows of one table are listed in the order of the work (implementation → RFC → decision → reviews → stabilization).
Each row is taken to block the next one, with confidence 0.6: inferred, yet above the threshold of analyses. Support
that runs alongside (`_ALONGSIDE`) blocks nothing. Goals that link to each other, or continue one tracking issue, are
related with the same confidence. The tables give no effort, so none is stated.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from graph.batch import Anomaly, EdgeRow, NodeRow, Record, Ref, StatusNames
from graph.values import CoarseDate
from workatlas.importers.goal_document import BADGE, Document, Heading, Row, Table, parse, plain, slug
from workatlas.importers.goal_milestones import due_of
from workatlas.importers.goal_owners import Names, Owners, read_owners
from workatlas.importers.importer import ImportOptions
from workatlas.importers.rust_team import files_of, person, team

SOURCE: Final = "rust-goals"
INFERRED: Final = 0.6
FLAGSHIP_VALUE: Final = 3
TRACKER: Final = "https://github.com/rust-lang/rust-project-goals/issues/"

STATUSES: Final = {
    "Proposed": "PLANNED",
    "Accepted": "STARTED",
    "Not accepted": "CANCELLED",
    "To do": "PLANNED",
    "In progress": "STARTED",
    "Done": "DONE",
}
_PERIOD = re.compile(r"(\d{4})(h[12])?", re.IGNORECASE)
_ISSUE = re.compile(r"goals(?:#|/issues/)(\d+)")
_COMPLETE = re.compile(r"!\[completed?\]", re.IGNORECASE)
_ALONGSIDE = re.compile(r"discussion and moral support|overall program management|mentor|miscellaneous|prioritized nom")
_SECTION = re.compile(r"ownership and team asks|ownership and other resources", re.IGNORECASE)


@dataclass(slots=True)
class _Goal:
    document: Document
    period: CoarseDate
    identity: str
    metadata: dict[str, Row]
    used: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.used[self.project.value] = 1  # a section may be called "Project"

    @property
    def objective(self) -> Ref:
        return Ref(SOURCE, self.identity, "Objective")

    @property
    def project(self) -> Ref:
        return Ref(SOURCE, f"{self.identity}/project", "Project")

    def part(self, parent: Ref, title: str, kind: str) -> Ref:
        """Name a part by its title under its parent; the second of the same name gets a number."""
        base = self.identity if parent == self.project else parent.value
        name = f"{base}/{slug(title)}"
        self.used[name] = number = self.used.get(name, 0) + 1
        return Ref(SOURCE, name if number == 1 else f"{name}-{number}", kind)

    def value(self, name: str) -> str:
        row = self.metadata.get(name)
        return row.cells[1] if row and len(row.cells) > 1 else ""

    def where(self, line: int) -> str:
        return f"{self.document.path}:{line}"


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read every Markdown file under the given paths.

    Anomalies: ``notAGoal`` (a file without metadata table, or outside a period's folder), ``unreadableFile`` and
    ``unknownTable`` (one per row; skipped), ``badRow`` (skipped), ``unknownOwner`` (the words are kept in the
    description), `XX
    """
    found = files_of(paths, "*.md", options)
    yield StatusNames(STATUSES)
    goals: list[_Goal] = []
    for file in found:
        try:
            goal = _goal(parse(file))
        except UnicodeDecodeError as error:
            yield Anomaly("unreadableFile", f"it is not UTF-8: {error}", f"{file}:1", skipped=True)
            continue
        if goal is None:
            yield Anomaly("notAGoal", "it has no metadata table or lies outside a period's folder", f"{file}:1")
        else:
            goals.append(goal)
    names = Names.of(goal.document for goal in goals)
    for goal in goals:
        yield from _head(goal, names)
        yield from _tables(goal, names)
    yield from _relations(goals)


def _goal(document: Document) -> _Goal | None:
    folder = document.path.resolve().parent.name
    metadata = document.metadata
    match = _PERIOD.fullmatch(folder)
    if metadata is None or match is None or not document.title:
        return None
    period = CoarseDate.parse(f"{match[1]}-{match[2].upper()}" if match[2] else match[1])
    return _Goal(document, period, f"{folder.lower()}/{slug(document.path.stem)}", metadata)


def _head(goal: _Goal, names: Names) -> Iterator[Record]:
    status, doubtful = _goal_status(goal.value("status"))
    where = goal.where(goal.metadata["status"].line if "status" in goal.metadata else 1)
    if doubtful:
        yield Anomaly("unknownStatus", f"{goal.value('status')!r} is taken as Proposed", where)
    flagship = goal.value("flagship")
    owners = read_owners(goal.value("point of contact"), names)
    labels = _goal_labels(goal, flagship, owners)
    shared: dict[str, object] = {"title": goal.document.title, "status": status}
    if issue := _ISSUE.search(goal.value("tracking issue")):
        shared["url"] = TRACKER + issue[1]
    if labels:
        shared["labels"] = labels
    is_flagship = flagship.lower() == "yes"
    objective = {
        **shared,
        **({"description": goal.document.summary} if goal.document.summary else {}),
        "periodStart": goal.period.first.isoformat(),
        "periodEnd": goal.period.last.isoformat(),
        "value": FLAGSHIP_VALUE if is_flagship else 1,
        "level": "organization" if is_flagship else "team",
    }
    first = goal.where(1)
    yield NodeRow("Objective", SOURCE, goal.objective.value, objective, key=goal.identity, where=first)
    yield NodeRow("Project", SOURCE, goal.project.value, shared, key=goal.project.value, where=first)
    yield _edge("CONTRIBUTES_TO", goal.project, goal.objective, first)
    contact = goal.where(goal.metadata["point of contact"].line) if "point of contact" in goal.metadata else first
    yield from _unknown(owners, contact)
    for owner in (*map(person, owners.handles), *map(team, owners.teams)):
        yield _edge("OWNS", owner, goal.objective, contact)
        yield _edge("OWNS", owner, goal.project, contact)


def _goal_status(text: str) -> tuple[str, bool]:
    word = plain(text).split(",")[0].strip().capitalize()
    return (word, False) if word in {"Proposed", "Accepted", "Not accepted"} else ("Proposed", True)


def _goal_labels(goal: _Goal, flagship: str, owners: Owners) -> list[str]:
    labels = []
    if flagship.lower() == "yes":
        labels.append("flagship")
    elif flagship and flagship.lower() != "no":
        labels.append(f"theme: {plain(flagship).lower()}")
    if needs := plain(goal.value("needs")).lower():
        labels.append(f"needs {needs}")
    if owners.help_wanted:
        labels.append("help wanted")
    return labels


def _tables(goal: _Goal, names: Names) -> Iterator[Record]:
    containers: dict[Heading, Ref] = {}
    for table in goal.document.tables:
        columns = table.columns
        if columns[0] == "metadata":
            continue
        if columns[0] == "task" and len(columns) > 1 and columns[1].startswith("owner"):
            whole = yield from _containers(goal, table, containers)
            yield from _steps(goal, table, whole, names)
        elif columns[0] in {"milestone", "date"}:
            yield from _milestones(goal, table, names)
        else:
            heading = plain(table.headings[-1].text) if table.headings else "no heading"
            for row in table.rows:
                detail = f"a row of a table with the columns {', '.join(columns)} under {heading}"
                yield Anomaly("unknownTable", detail, goal.where(row.line), skipped=True)


def _containers(goal: _Goal, table: Table, containers: dict[Heading, Ref]) -> Generator[Record, None, Ref]:
    """Yield the tasks that stand for the headings around a table; return the innermost one, or the project."""
    whole = goal.project
    starts = [index for index, heading in enumerate(table.headings) if _SECTION.search(heading.text)]
    for heading in table.headings[starts[-1] + 1 :] if starts else table.headings[-1:]:
        if heading not in containers:
            reference = goal.part(whole, heading.text, "Task")
            where = goal.where(heading.line)
            status = _rows_status(goal, _tables_under(goal, heading))
            labels = ["stretch goal"] if "stretch goal" in heading.text.lower() else []
            yield _task("Task", reference, plain(heading.text), status, labels, "", where)
            yield _edge("PART_OF", reference, whole, where)
            containers[heading] = reference
        whole = containers[heading]
    return whole


def _tables_under(goal: _Goal, heading: Heading) -> list[Row]:
    return [row for table in goal.document.tables if heading in table.headings for row in table.rows]


def _rows_status(goal: _Goal, rows: Sequence[Row]) -> str:
    statuses = {_row_status(goal, row) for row in rows}
    if len(statuses) == 1:
        return statuses.pop()
    return "In progress" if statuses & {"Done", "In progress"} else "To do"


def _row_status(goal: _Goal, row: Row) -> str:
    title = row.cells[0].lstrip("↳ ")
    notes = plain(row.cells[-1]).lower() if len(row.cells) > 2 else ""
    struck = title.startswith("~~") and title.endswith("~~")
    if any(map(_COMPLETE.search, row.cells)) or struck or title.startswith("[x]") or notes in {"done", "complete"}:
        return "Done"
    if _goal_status(goal.value("status"))[0] == "Not accepted":
        return "Not accepted"
    return "In progress" if notes.startswith("in progress") else "To do"


def _steps(goal: _Goal, table: Table, whole: Ref, names: Names) -> Iterator[Record]:
    chain: list[tuple[Ref, Row]] = []
    for row in table.rows:
        reference = yield from _row(goal, row, "Task", whole, names, row.cells[1] if len(row.cells) > 1 else "")
        if reference and not _ALONGSIDE.match(plain(row.cells[0]).lower()):
            chain.append((reference, row))
    for (before, _), (after, row) in pairwise(chain):
        yield _edge("BLOCKS", before, after, goal.where(row.line), INFERRED)


def _milestones(goal: _Goal, table: Table, names: Names) -> Iterator[Record]:
    """Yield milestones; rows that start with ↳ are the tasks of the milestone above them."""
    contributor = table.columns.index("contributor") if "contributor" in table.columns else -1
    milestone: Ref | None = None
    for row in table.rows:
        owner = row.cells[contributor] if 0 <= contributor < len(row.cells) else ""
        if row.cells[0].startswith("↳") and milestone is not None:
            yield from _row(goal, row, "Task", milestone, names, owner)
            continue
        due, text = due_of(goal.period, table.columns, row)
        if text and due is None and text.lower() != "tbd":
            yield Anomaly("badDate", f"{text!r} is not a date of the period", goal.where(row.line))
        if table.columns[0] == "date":
            row = Row((": ".join(cell for cell in row.cells[1:] if cell), ""), row.line)
        milestone = yield from _row(goal, row, "Milestone", goal.project, names, owner, due)


def _row(
    goal: _Goal, row: Row, kind: str, whole: Ref, names: Names, owner_cell: str, due: str | None = None
) -> Generator[Record, None, Ref | None]:
    """Yield a row's task with its owners; return its reference, or ``None`` for a row without a title."""
    title = re.sub(r"^↳?\s*(\[[x ]\])?\s*", "", row.cells[0])
    where = goal.where(row.line)
    if not plain(title):
        if any(row.cells):
            yield Anomaly("badRow", f"the row {' | '.join(row.cells)!r} has no title", where, skipped=True)
        return None
    owners = read_owners(owner_cell, names)
    notes = row.cells[2] if len(row.cells) > 2 else ""
    labels = [
        label
        for label, holds in (
            ("stretch goal", "stretch goal" in notes.lower()),
            ("help wanted", owners.help_wanted),
            ("team ask", bool(owners.teams)),
            ("not funded", "not funded" in notes.lower()),
        )
        if holds
    ]
    remark = BADGE.sub("", notes).strip()
    text = [remark] if remark else []
    if owners.unknown:
        text.append(f"Owner: {plain(owner_cell)}")
    reference = goal.part(whole, title, kind)
    yield _task(kind, reference, plain(title), _row_status(goal, row), labels, "\n\n".join(text), where, due)
    yield _edge("PART_OF", reference, whole, where)
    yield from _unknown(owners, where)
    for handle in owners.handles:
        yield _edge("ASSIGNED_TO", reference, person(handle), where)
    for name in owners.teams:
        yield _edge("ASSIGNED_TO", reference, team(name), where)
        yield _edge("OWNS", team(name), reference, where)
    return reference


def _task(
    kind: str,
    reference: Ref,
    title: str,
    status: str,
    labels: list[str],
    text: str,
    where: str,
    due: str | None = None,
) -> NodeRow:
    properties: dict[str, object] = {"title": title, "status": status}
    if kind == "Milestone" and status == "In progress":
        properties["status"] = "To do"  # a point in time is reached or not
    optional = (("description", text), ("labels", labels), ("due", due))
    properties.update({name: value for name, value in optional if value})
    return NodeRow(kind, SOURCE, reference.value, properties, key=reference.value, where=where)


def _relations(goals: Sequence[_Goal]) -> Iterator[Record]:
    by_path = {goal.document.path.resolve(): goal for goal in goals}
    by_issue: dict[str, list[_Goal]] = {}
    for goal in goals:
        if issue := _ISSUE.search(goal.value("tracking issue")):
            by_issue.setdefault(issue[1], []).append(goal)
    related: set[frozenset[str]] = set()
    for goal in goals:
        found = [(target, line) for target, line in _linked(goal, by_path)]
        found += [(goal, 1) for goal in _continued(goal, by_issue)]
        for target, line in found:
            pair = frozenset({goal.identity, target.identity})
            if len(pair) == 1:
                yield Anomaly("selfReference", f"{goal.identity} links to itself", goal.where(line))
            elif pair not in related:
                related.add(pair)
                yield _edge("RELATES_TO", goal.project, target.project, goal.where(line), INFERRED)


def _linked(goal: _Goal, by_path: dict[Path, _Goal]) -> Iterator[tuple[_Goal, int]]:
    for target, line in goal.document.links:
        name = target.partition("#")[0]
        if "://" not in name and name.endswith((".md", ".html")):
            path = (goal.document.path.resolve().parent / name).resolve().with_suffix(".md")
            if path in by_path:
                yield by_path[path], line


def _continued(goal: _Goal, by_issue: dict[str, list[_Goal]]) -> Iterator[_Goal]:
    if issue := _ISSUE.search(goal.value("tracking issue")):
        yield from (other for other in by_issue[issue[1]] if other is not goal)


def _unknown(owners: Owners, where: str) -> Iterator[Anomaly]:
    if owners.unknown:
        yield Anomaly("unknownOwner", f"{', '.join(owners.unknown)} is neither a handle nor a team", where)


def _edge(kind: str, start: Ref, end: Ref, where: str, confidence: float = 1.0) -> EdgeRow:
    properties: dict[str, object] = {"source": SOURCE}
    if confidence != 1.0:
        properties["confidence"] = confidence
    return EdgeRow(kind, start, end, properties, where=where)
