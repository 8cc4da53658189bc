"""The template of an operation: which tasks each of its occurrences becomes.

A template is a JSON object with properties of a task, and these besides::

    {"title": "Release {date}", "estimate": 2, "due": "P2D", "assignees": ["P-1"],
     "tasks": [{"name": "freeze", "title": "Freeze"},
               {"name": "ship", "title": "Ship", "after": ["freeze"]}]}

``start`` and ``due`` are ISO 8601 durations from the occurrence's day. ``tasks`` become parts of the occurrence, and
``after`` names those that one waits for. ``owners``, ``assignees`` and ``partOf`` name items by key or id; an
occurrence without owners or assignees has its operation's. ``{date}``, ``{week}`` and ``{month}`` in a title are the
occurrence's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final
from zoneinfo import ZoneInfo

from graph.batch import BORN_HERE, EdgeRow, NodeRow, Ref
from graph.values import CoarseDate, Precision, millis_to_instant

MAX_TASKS: Final = 50
"""Most tasks that one occurrence holds."""
_NEXT_TO_PROPERTIES: Final = ("name", "tasks", "after", "owners", "assignees", "partOf", "start", "due")
_ONLY_IN_TASKS: Final = ("name", "after")
_OFFSET: Final = re.compile(r"(-)?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?", re.ASCII)
_DEFAULTS: Final[Mapping[str, Any]] = {"title": "", "status": "Planned"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One task of a template. ``start`` and ``due`` count from the occurrence's day, ``after`` are names of others."""

    properties: Mapping[str, Any]
    name: str = ""
    start: timedelta | None = None
    due: timedelta | None = None
    after: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What each occurrence looks like: the task for the whole, and its parts."""

    whole: Piece
    tasks: tuple[Piece, ...] = ()

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Template:
        """Read a template; whether its tasks' own properties are right is for the write path to say.

        Raises:
            ValueError: The object is not a template; the message says where.

        """
        if wrong := [name for name in _ONLY_IN_TASKS if name in value]:
            raise ValueError(f"{wrong[0]} belongs to one of the template's tasks, not to the template")
        given = value.get("tasks", [])
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given) or len(given) > MAX_TASKS:
            raise ValueError(f"tasks must be a list of at most {MAX_TASKS} objects")
        tasks = tuple(_piece(one) for one in given)
        _check_names(tasks)
        return cls(_piece(value, due=timedelta(0)), tasks)


@dataclass(frozen=True, slots=True)
class Spawner:
    """Makes rows of an operation's occurrences. ``shared`` are properties that each task takes over from it."""

    operation: str
    title: str
    zone: ZoneInfo
    template: Template
    owners: Sequence[str] = ()
    assignees: Sequence[str] = ()
    shared: Mapping[str, Any] = field(default_factory=dict)

    def identity(self, occurrence: int) -> str:
        """Return the identity that an occurrence's task has in its source, so that no second one can be stored."""
        return f"{self.operation}@{millis_to_instant(occurrence)}"

    def rows(self, occurrence: int) -> tuple[list[NodeRow], list[EdgeRow]]:
        """Return what one occurrence (epoch milliseconds) becomes. O(tasks)."""
        identity = self.identity(occurrence)
        whole = Ref(BORN_HERE, identity)
        day = datetime.fromtimestamp(occurrence / 1000, self.zone).date()
        nodes = [self._node(self.template.whole, identity, day)]
        edges = [
            EdgeRow("SPAWNED_FROM", whole, Ref("id", self.operation), {"occurrence": millis_to_instant(occurrence)}),
            *self._people(self.template.whole, whole, self.owners, self.assignees),
        ]
        for task in self.template.tasks:
            own = Ref(BORN_HERE, f"{identity}#{task.name}")
            nodes.append(self._node(task, own.value, day))
            edges.append(EdgeRow("PART_OF", own, whole))
            edges += [EdgeRow("BLOCKS", Ref(BORN_HERE, f"{identity}#{name}"), own) for name in task.after]
            edges += self._people(task, own)
        return nodes, edges

    def _node(self, piece: Piece, identity: str, day: date) -> NodeRow:
        properties = {**_DEFAULTS, **self.shared, **piece.properties}
        title = properties["title"] or (piece.name if piece.name else f"{self.title} {{date}}")
        properties["title"] = _filled(title, day) if isinstance(title, str) else title
        for name, offset in (("start", piece.start), ("due", piece.due)):
            if offset is not None:
                properties[name] = (day + offset).isoformat()
        return NodeRow("Task", BORN_HERE, identity, properties, expected_version=0)

    @staticmethod
    def _people(
        piece: Piece, task: Ref, owners: Sequence[str] = (), assignees: Sequence[str] = ()
    ) -> Iterator[EdgeRow]:
        yield from (EdgeRow("OWNS", Ref.parse(one), task) for one in piece.owners or owners)
        yield from (EdgeRow("ASSIGNED_TO", task, Ref.parse(one)) for one in piece.assignees or assignees)
        yield from (EdgeRow("PART_OF", task, Ref.parse(one)) for one in piece.part_of)


def _piece(value: Mapping[str, Any], due: timedelta | None = None) -> Piece:
    return Piece(
        {name: one for name, one in value.items() if name not in _NEXT_TO_PROPERTIES},
        _name(value.get("name", "")),
        _offset("start", value.get("start")),
        _offset("due", value["due"]) if "due" in value else due,
        _names("after", value),
        _names("owners", value),
        _names("assignees", value),
        _names("partOf", value),
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError("name must be a text of at most 100 characters")
    return value


def _names(name: str, value: Mapping[str, Any]) -> tuple[str, ...]:
    given = value.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
        raise ValueError(f"{name} must be a list of names")
    return tuple(dict.fromkeys(given))


def _offset(name: str, value: object) -> timedelta | None:
    if value is None:
        return None
    match = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] is match[3] is None:
        raise ValueError(f"{name} must be a number of weeks or days from the occurrence's day, such as P2D or -P1W")
    days = 7 * int(match[2] or 0) + int(match[3] or 0)
    return timedelta(days=-days if match[1] else days)


def _check_names(tasks: Sequence[Piece]) -> None:
    names = {task.name for task in tasks}
    if "" in names or len(names) < len(tasks):
        raise ValueError("each of the template's tasks needs a name of its own")
    for task in tasks:
        if unknown := [name for name in task.after if name not in names]:
            raise ValueError(f"task {task.name!r} comes after {unknown[0]!r}, which is not one of the template's tasks")
    try:
        TopologicalSorter({task.name: task.after for task in tasks}).prepare()
    except CycleError as error:
        path = " → ".join(reversed(error.args[1]))
        raise ValueError(f"the template's tasks wait for each other: {path}") from None


def _filled(title: str, day: date) -> str:
    for name, precision in (("date", Precision.DAY), ("week", Precision.WEEK), ("month", Precision.MONTH)):
        title = title.replace(f"{{{name}}}", str(CoarseDate.of(day, precision)))
    return title
