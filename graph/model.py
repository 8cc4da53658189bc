"""The model table: every kind of node and edge, once.

Constraints, indexes, Cypher texts, validation, the snapshot, GraphQL, the native format and ``docs/model.md`` derive
from the values below. **A new edge kind is one line in** ``EDGES``; a new property is one line in a node's tuple.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from graph.values import Type


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its name, type, meaning, and what the write path enforces."""

    name: str
    type: Type
    description: str
    choices: tuple[str, ...] = ()
    required: bool = False
    default: object = None
    indexed: bool = False
    last_day: bool = False
    """For dates: a coarse date means its last day (``due``), not its first (``start``)."""
    refers: str = ""
    """Label of the item whose id the value is; an edit may name the item by its key."""


@dataclass(frozen=True, slots=True)
class NodeKind:
    """One kind of node; ``group`` is the second label that some kinds share (``Work``, ``Goal``)."""

    label: str
    prefix: str
    description: str
    own: tuple[Property, ...] = ()
    group: str | None = None
    statused: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of such a node, the base label first."""
        return ("Item", *((self.group,) if self.group else ()), self.label)

    @property
    def properties(self) -> tuple[Property, ...]:
        """Every property such a node may have, the shared ones first."""
        shared: tuple[Property, ...] = SHARED
        if self.statused:
            shared += STATUSED
        if self.group == "Work" and self.statused:
            shared += WORK
        return shared + self.own


class Role(StrEnum):
    """What an edge means to the expanded graph (``graph.rules.expansion``)."""

    CONTAINS = "contains"
    WAITS = "waits"
    SERVES = "serves"
    AFFECTS = "affects"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """One kind of edge: stored once, from ``start`` to ``end``; ``forward`` and ``inverse`` name it from each end."""

    name: str
    ends: tuple[tuple[str, str], ...]
    forward: str
    inverse: str
    description: str
    own: tuple[Property, ...] = ()
    role: Role = Role.NONE
    acyclic: bool = False
    """Refuse a write that closes a cycle among edges of this kind (kinds with a role are checked together)."""

    @property
    def properties(self) -> tuple[Property, ...]:
        """Every property such an edge may have, the shared ones first."""
        return EDGE_SHARED + self.own

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Allowed (start label, end label) pairs, groups spelt out."""
        return _pairs(self.ends)


@cache
def _pairs(ends: tuple[tuple[str, str], ...]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (start, end) for starts, finishes in ends for start in labels_of(starts) for end in labels_of(finishes)
    )


T, N, D, I = Type.TEXT, Type.NUMBER, Type.DATE, Type.INSTANT  # noqa: E741 - the table below reads like a table

SHARED: Final = (
    Property("id", T, "Identity: a UUID, version 7 unless the client chose it.", required=True),
    Property("key", T, "Short human name, unique in its workspace (`CORE-123`).", required=True),
    Property("title", T, "What it is called.", required=True),
    Property("description", T, "Longer text, Markdown."),
    Property("createdAt", I, "When it came into being, in its source if it was imported.", required=True),
    Property("updatedAt", I, "When it was last changed.", required=True, indexed=True),
    Property(
        "version",
        Type.INTEGER,
        "Number of writes so far; a writer may name the one it expects.",
        required=True,
    ),
    Property("source", T, "Where it was imported from; `workatlas` if it was born here.", required=True),
    Property("sourceId", T, "Its identity in its source.", required=True),
    Property("url", T, "Where to see it in its source."),
    Property("labels", Type.TEXTS, "Free labels."),
    Property("fields", Type.JSON, "Typed custom fields that the workspace declares."),
    Property("visibility", T, "Who may see it.", choices=("WORKSPACE", "TEAM"), default="WORKSPACE"),
    Property("team", T, "Id of the team that it belongs to; who may see it where visibility is TEAM.", refers="Team"),
    Property("placeholder", Type.BOOLEAN, "Only referred to so far; filled when the item itself arrives."),
    Property("archivedAt", I, "When it was archived; archived items leave every default view and analysis."),
)

STATUSED: Final = (
    Property(
        "status",
        T,
        "A status name of the workspace; each name has one fixed category.",
        default="Backlog",
        indexed=True,
    ),
    Property("due", D, "Last day by which it should be finished.", indexed=True, last_day=True),
)

WORK: Final = (
    Property("priority", T, "How pressing it is.", choices=("LOW", "MEDIUM", "HIGH", "URGENT")),
    Property("estimate", N, "Effort in hours when it was planned."),
    Property("remaining", N, "Effort in hours still to be done."),
    Property("spent", N, "Effort in hours spent so far."),
    Property("duration", N, "Elapsed working hours; wins over effort when given."),
    Property("points", N, "Size in the team's own points."),
    Property("start", D, "First day on which it may start."),
    Property("calendar", T, "Id of the working calendar in which it is done; its sole assignee's if absent."),
    Property("startedAt", I, "When work on it began."),
    Property("completedAt", I, "When it was finished or cancelled."),
)

_MONEY: Final = (
    Property("budget", N, "Money granted."),
    Property("spentBudget", N, "Money spent."),
    Property("currency", T, "ISO 4217 code of both amounts."),
)

_NODES: Final = (
    NodeKind(
        "Person",
        "P",
        "Someone who owns or does work.",
        (
            Property("email", T, "Address, where it is known and may be kept."),
            Property("active", Type.BOOLEAN, "Whether the person still takes part.", default=True),
            Property("timezone", T, "IANA time zone."),
            Property("weeklyHours", N, "Working hours a week, at most 168."),
            Property("calendar", T, "Id of the person's working calendar."),
        ),
    ),
    NodeKind("Team", "TEAM", "A group of people; teams nest.", (Property("kind", T, "What sort of group it is."),)),
    NodeKind("Portfolio", "PF", "Projects that leadership watches together; portfolios nest.", _MONEY),
    NodeKind("Project", "PRJ", "Planned work with a start and an end.", _MONEY, "Work", statused=True),
    NodeKind(
        "Milestone",
        "MS",
        "A point in time inside a project; its duration is 0.",
        (Property("deliverable", Type.BOOLEAN, "Whether something is handed over."),),
        "Work",
        statused=True,
    ),
    NodeKind("Task", "T", "A piece of a project; tasks nest.", (), "Work", statused=True),
    NodeKind(
        "Operation",
        "OP",
        "Recurring work: a definition with a cadence that spawns tasks.",
        (
            Property("rrule", T, "RFC 5545 recurrence rule, with lines for its first day and exceptions if need be."),
            Property("timezone", T, "IANA time zone in which the rule is read."),
            Property("template", Type.JSON, "What each occurrence looks like."),
            Property("nextAt", I, "When the next occurrence that is not spawned yet is due."),
        ),
        "Work",
    ),
    NodeKind(
        "Issue",
        "I",
        "Reactive work: logged, triaged, assigned, resolved.",
        (
            Property("severity", T, "How bad it is.", choices=("LOW", "MEDIUM", "HIGH", "CRITICAL"), indexed=True),
            Property("reportedAt", I, "When it was reported."),
            Property("triagedAt", I, "When somebody decided what to do with it."),
            Property("resolvedAt", I, "When it was resolved."),
            Property("resolution", T, "How it was resolved."),
        ),
        "Work",
        statused=True,
    ),
    NodeKind(
        "Objective",
        "O",
        "A qualitative goal of a period.",
        (
            Property("periodStart", D, "First day of its period."),
            Property("periodEnd", D, "Last day of its period.", last_day=True),
            Property("value", N, "What reaching it is worth, relative to other goals; top goals default to 1."),
            Property(
                "enough",
                N,
                "Share of its children that must be finished for it to count as delivered.",
                default=1.0,
            ),
            Property("level", T, "Company, team, person: whose goal it is."),
        ),
        "Goal",
        statused=True,
    ),
    NodeKind(
        "KeyResult",
        "KR",
        "A measured result of an objective.",
        (
            Property(
                "kind",
                T,
                "How its value is read.",
                choices=("increase", "decrease", "stayAbove", "stayBelow", "milestone"),
                default="increase",
            ),
            Property("unit", T, "Unit of its values."),
            Property("startValue", N, "Value at the beginning."),
            Property("targetValue", N, "Value to reach or to keep."),
            Property("weight", N, "Its weight among its objective's key results."),
            Property("periodStart", D, "First day of its period."),
            Property("periodEnd", D, "Last day of its period.", last_day=True),
            Property(
                "enough",
                N,
                "Share of its children that must be finished for it to count as delivered.",
                default=1.0,
            ),
        ),
        "Goal",
        statused=True,
    ),
    NodeKind(
        "Sprint",
        "S",
        "A timebox of a team.",
        (
            Property("start", D, "First day."),
            Property("end", D, "Last day.", last_day=True),
        ),
    ),
    NodeKind(
        "Update",
        "U",
        "A dated report or check-in on work or a goal.",
        (
            Property("at", I, "When it was given.", required=True),
            Property("health", T, "How it stands.", choices=("ON_TRACK", "AT_RISK", "OFF_TRACK")),
            Property("confidence", N, "Probability of success, 0 to 1."),
            Property("value", N, "Current value of the key result."),
            Property("body", T, "What was said."),
            Property("author", T, "Id of the person who gave it.", refers="Person"),
        ),
    ),
)

EDGE_SHARED: Final = (
    Property("createdAt", I, "When the relation was stated.", required=True),
    Property("source", T, "Who stated it.", required=True),
    Property("confidence", N, "1 when a person or tracker said so, less when it was inferred.", default=1.0),
)

_TYPE = Property(
    "type",
    T,
    "Which ends are tied: finish-start, start-start, finish-finish, start-finish.",
    choices=("FS", "SS", "FF", "SF"),
    default="FS",
)
_LAG = Property("lag", N, "Working hours between the two ends; may be negative.", default=0.0)
_WEIGHT = Property("weight", N, "Weight among the goal's children; absent: an equal share, 0: for information only.")
_SHARE = Property("share", N, "Share of the person's time, 0 to 1.")
_WORK_TYPES = "Project|Milestone|Task|Issue"

_EDGES: Final = (
    EdgeKind(
        "PART_OF",
        (
            ("Task|Issue", "Task|Project|Milestone"),
            ("Milestone|Operation", "Project"),
            ("Project", "Project|Portfolio"),
            ("Operation", "Portfolio"),
            ("Portfolio", "Portfolio"),
            ("KeyResult", "Objective"),
            ("Team", "Team"),
        ),
        "partOf",
        "parts",
        "The start is a part of the end.",
        role=Role.CONTAINS,
        acyclic=True,
    ),
    EdgeKind(
        "BLOCKS",
        ((_WORK_TYPES, "Work"), ("Goal", "Goal"), (_WORK_TYPES, "Goal")),
        "blocks",
        "blockedBy",
        "The end waits for the start.",
        (_TYPE, _LAG),
        Role.WAITS,
        acyclic=True,
    ),
    EdgeKind(
        "CONTRIBUTES_TO",
        (("Work", "Goal"), ("Goal", "Goal")),
        "contributesTo",
        "contributors",
        "Finishing the start brings the end nearer.",
        (_WEIGHT,),
        Role.SERVES,
        acyclic=True,
    ),
    EdgeKind(
        "AFFECTS",
        (("Issue", "Work|Goal"),),
        "affects",
        "affectedBy",
        "The issue harms the end until it is resolved.",
        role=Role.AFFECTS,
    ),
    EdgeKind("OWNS", (("Person|Team", "Work|Goal|Portfolio"),), "owns", "owners", "The start answers for the end."),
    EdgeKind(
        "ASSIGNED_TO",
        (("Work", "Person|Team"),),
        "assignees",
        "assigned",
        "The end does the start.",
        (_SHARE,),
    ),
    EdgeKind(
        "ESCALATED_TO",
        (("Issue", "Person|Team"),),
        "escalatedTo",
        "escalations",
        "The issue was taken to the end.",
        (Property("at", I, "When."), Property("reason", T, "Why.")),
    ),
    EdgeKind(
        "MEMBER_OF",
        (("Person", "Team"),),
        "teams",
        "members",
        "The person belongs to the team.",
        (Property("role", T, "As what."), _SHARE),
    ),
    EdgeKind(
        "REPORTS_TO",
        (("Person", "Person"),),
        "reportsTo",
        "reports",
        "The end leads the start.",
        acyclic=True,
    ),
    EdgeKind(
        "SPAWNED_FROM",
        (("Task", "Operation"),),
        "spawnedFrom",
        "occurrences",
        "The task is an occurrence of the operation.",
        (Property("occurrence", I, "Which occurrence it is."),),
    ),
    EdgeKind(
        "IN_SPRINT",
        (("Task|Issue", "Sprint"),),
        "sprints",
        "sprintItems",
        "The start is planned for the sprint.",
    ),
    EdgeKind(
        "DUPLICATES",
        (("Work", "Work"),),
        "duplicateOf",
        "duplicates",
        "The start is the same work as the end.",
        acyclic=True,
    ),
    EdgeKind("RELATES_TO", (("Work", "Work"),), "relatesTo", "relatedFrom", "The two have to do with each other."),
    EdgeKind(
        "SUPERSEDES",
        (("Work", "Work"),),
        "supersedes",
        "supersededBy",
        "The start replaces the end.",
        acyclic=True,
    ),
    EdgeKind("REPORTS_ON", (("Update", "Work|Goal"),), "reportsOn", "updates", "The update is about the end."),
)

NODES: Final[Mapping[str, NodeKind]] = {kind.label: kind for kind in _NODES}
EDGES: Final[Mapping[str, EdgeKind]] = {kind.name: kind for kind in _EDGES}
NODE_PROPERTIES: Final[Mapping[str, Property]] = {one.name: one for kind in _NODES for one in kind.properties}
"""Every property that any kind of item has; a name is of one type for all of them."""
EDGE_PROPERTIES: Final[Mapping[str, Property]] = {one.name: one for kind in _EDGES for one in kind.properties}
"""Every property that any kind of edge has; a name means the same for all of them."""
REFERENCES: Final[Mapping[str, str]] = {
    one.name: one.refers for kind in _NODES for one in kind.properties if one.refers
}
"""Properties that hold the id of an item → its label."""


def labels_of(names: str) -> tuple[str, ...]:
    """Spell out ``"Work|Portfolio"``: labels stay, a group becomes its kinds, in the table's order."""
    wanted = names.split("|")
    return tuple(kind.label for kind in _NODES if kind.label in wanted or kind.group in wanted)
