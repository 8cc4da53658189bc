"""A slow, plain execution to compare with: graphql-core resolves field by field over a graph held in memory.

It shares nothing with the compiled execution but the schema's text and the form of cursors: filters are evaluated item
by item in three-valued logic, orders are Python's, pages are slices.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLResolveInfo, execute_sync, parse

from analytics.chains.positions import goal_threats, positions, states
from graph.model import NODES, Property
from graph.rules.lifecycle import DEFAULT_STATUSES
from graph.snapshots.snapshot import Snapshot
from graph.store import Store
from graph.values import CoarseDate, Precision, Type
from resolvers.completion import plain_schema
from resolvers.computed import COMPUTED
from resolvers.connection import encoded
from resolvers.naming import ABSTRACT, edge_fields, labels_of, properties_of
from resolvers.schema import SCHEMA

Truth = bool | None
"""``None`` is unknown."""

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
_DAY_ENDS = timedelta(days=1) - timedelta(milliseconds=1)
MOMENTS: Mapping[str, tuple[date, date, datetime, datetime]] = {
    text: (first, last, since, until)
    for text, first, last, since, until in [
        *(
            (
                text,
                first,
                last,
                datetime(first.year, first.month, first.day, tzinfo=UTC),
                datetime(last.year, last.month, last.day, tzinfo=UTC) + _DAY_ENDS,
            )
            for text, first, last in [
                ("2026-11-02", date(2026, 11, 2), date(2026, 11, 2)),
                ("2026-W45", date(2026, 11, 2), date(2026, 11, 8)),
                ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
                ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
                ("2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
                ("2026", date(2026, 1, 1), date(2026, 12, 31)),
            ]
        ),
        *(
            (text, day, day, at, at)
            for text, day, at in [
                ("P0D", date(2026, 11, 2), NOW),
                ("P6D", date(2026, 11, 8), datetime(2026, 11, 8, 12, tzinfo=UTC)),
                ("+P1M28D", date(2026, 12, 30), datetime(2026, 12, 30, 12, tzinfo=UTC)),
                ("-PT36H", date(2026, 10, 31), datetime(2026, 11, 1, 0, tzinfo=UTC)),
                ("-P1W", date(2026, 10, 26), datetime(2026, 10, 26, 12, tzinfo=UTC)),
                ("2026-11-02T13:00:00+01:00", date(2026, 11, 2), NOW),
                ("2027-01-01T00:00:00Z", date(2027, 1, 1), datetime(2027, 1, 1, tzinfo=UTC)),
            ]
        ),
    ]
}
"""Moments as filters write them, and what each means: its first and last day, its first and last millisecond."""


@dataclass(frozen=True, slots=True)
class Item:
    """One stored item."""

    label: str
    state: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.state["id"])


@dataclass(frozen=True, slots=True)
class Link:
    """One stored edge."""

    kind: str
    start: str
    end: str
    state: Mapping[str, Any]


@dataclass(slots=True)
class PlainGraph:
    """Everything visible in a workspace, as it is stored."""

    items: dict[str, Item]
    links: list[Link]
    statuses: Mapping[str, str]
    snapshot: Snapshot | None = None
    """What computed fields come from."""

    @classmethod
    async def read(cls, store: Store, workspace: str, statuses: Mapping[str, str]) -> PlainGraph:
        nodes = await store.rows("MATCH (n:Item {workspace: $w}) RETURN labels(n), properties(n)", w=workspace)
        edges = await store.rows(
            "MATCH (a:Item {workspace: $w})-[e]->(b:Item) RETURN type(e), a.id, b.id, properties(e)", w=workspace
        )
        items = [Item(next(one for one in labels if one in NODES), _native(state)) for labels, state in nodes]
        shown = {item.id: item for item in items if item.state.get("archivedAt") is None}
        links = [Link(kind, a, b, _native(state)) for kind, a, b, state in edges if a in shown and b in shown]
        return cls(shown, links, {**DEFAULT_STATUSES, **statuses})

    def execute(self, text: str, variables: Mapping[str, Any]) -> ExecutionResult:
        """Execute a document."""
        return execute_sync(
            plain_schema(SCHEMA._schema),
            parse(text),
            root_value=self,
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=lambda source, *_: source.label,
        )

    # Fields -------------------------------------------------------------------------------------------------------

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        name = info.field_name
        match source:
            case PlainGraph():
                return self._root(name, given)
            case Item():
                return self._field(source, name, given)
            case Mapping():
                return source[name]

    def _root(self, name: str, given: Mapping[str, Any]) -> Any:
        match name:
            case "node":
                return self.items.get(given["id"])
            case "nodes":
                return [self.items.get(one) for one in given["ids"]]
            case "item":
                return next((one for one in self.items.values() if one.state["key"] == given["key"]), None)
        target = next(one for one, plural in PLURALS.items() if plural == name)
        found = [(item, None) for item in self.items.values() if item.label in labels_of(target)]
        return self._page(target, found, given, {})

    def _field(self, item: Item, name: str, given: Mapping[str, Any]) -> Any:
        declared = properties_of(item.label)
        if name in declared:
            return shown(declared[name], item.state)
        match name:
            case "category":
                return self.category(item)
            case "name":
                return item.state.get("title")
        if name in COMPUTED:
            return self._computed(item, name, given.get("goal"))
        edge = edge_fields()[name]
        own = {one.name: one for one in edge.kind.properties}
        return self._page(edge.target, self._ends(item, edge.kind.name, edge.forward), given, own)

    def _computed(self, item: Item, name: str, goal: str | None) -> Any:
        """Ask the analyses of one item alone."""
        assert self.snapshot is not None
        rows, today = [self.snapshot.row(item.id)], NOW.date()
        match name:
            case "snapshotSeq":
                return self.snapshot.seq
            case "snapshotAge":
                return 0.0
            case "threatens":
                return [
                    {"goal": one.goal, "goalTitle": one.goal_title, "value": one.value, "reasons": list(one.reasons)}
                    for one in goal_threats(self.snapshot, rows, today=today)[0]
                ]
            case "totalFloat" | "drag" | "dueSlack":
                (place,) = positions(self.snapshot, rows, goal, today=today)
                if place is None:
                    return None
                named = {"goal": place.goal, "goalTitle": place.goal_title}
                if name == "dueSlack":
                    return named | {"due": place.due and place.due.isoformat(), "days": place.slack_days}
                hours = place.total_float if name == "totalFloat" else place.drag
                return None if hours is None else named | {"hours": hours}
        (state,) = states(self.snapshot, rows, today=today)
        return {
            "isReady": state.ready,
            "readyFrom": state.ready_from and state.ready_from.isoformat(),
            "isBlocked": state.blocked,
            "cannotFinishYet": state.cannot_finish_yet,
        }[name]

    def _ends(self, item: Item, kind: str, forward: bool) -> list[tuple[Item, Link | None]]:
        found = [one for one in self.links if one.kind == kind and (one.start if forward else one.end) == item.id]
        return [(self.items[one.end if forward else one.start], one) for one in found]

    def category(self, item: Item) -> str | None:
        return self.statuses.get(item.state.get("status", ""))

    def _page(
        self, target: str, found: Sequence[tuple[Item, Link | None]], given: Mapping[str, Any], own: Mapping[str, Any]
    ) -> dict[str, Any]:
        where = _without_nulls(given.get("where") or {})
        kept = [one for one in found if self.holds(target, where, one[0]) is True]
        order = [(column(target, one["field"]), one["direction"] == "DESC") for one in given.get("orderBy") or ()]
        kept.sort(key=lambda one: one[0].id)
        for declared, descending in reversed(order):
            kept = _sorted(kept, declared, descending)
        name = ",".join(f"{'-' if descending else ''}{declared.name}" for declared, descending in order)

        def cursor(item: Item) -> str:
            return encoded(name, [in_cursor(declared, item) for declared, _ in order], item.id)

        start, after = 0, given.get("after")
        if after:
            # A cursor by id only is a place even where its item is not in the list.
            passed = [
                place
                for place, (item, _) in enumerate(kept)
                if cursor(item) == after or (not name and item.id <= _id_in(after))
            ]
            start = 1 + passed[-1] if passed else 0
        page = kept[start : start + given["first"]]
        return {
            "totalCount": len(kept),
            "nodes": [item for item, _ in page],
            "edges": [
                {
                    "cursor": cursor(item),
                    "node": item,
                    **{one.name: shown(one, link.state) for one in own.values() if link is not None},
                }
                for item, link in page
            ],
            "pageInfo": {
                "hasNextPage": start + given["first"] < len(kept),
                "hasPreviousPage": bool(after),
                "startCursor": cursor(page[0][0]) if page else None,
                "endCursor": cursor(page[-1][0]) if page else None,
            },
        }

    # Filters ------------------------------------------------------------------------------------------------------

    def holds(self, target: str, where: Mapping[str, Any], item: Item) -> Truth:
        """Evaluate a filter for one item."""
        return every(self._holds(target, name, given, item) for name, given in where.items())

    def _holds(self, target: str, name: str, given: Any, item: Item) -> Truth:
        match name:
            case "and":
                return every(self.holds(target, one, item) for one in given)
            case "or":
                return some(self.holds(target, one, item) for one in given)
            case "not":
                return negated(self.holds(target, given, item))
            case "under" | "above":
                return any(one.id in given or one.state["key"] in given for one in self._whole(item, name == "under"))
            case "kind" if target in ABSTRACT:
                return every(compared(op, constant(item.label), value) for op, value in given.items())
            case "category":
                order = ["TRIAGE", "BACKLOG", "PLANNED", "STARTED", "BLOCKED", "DONE", "CANCELLED"]
                return every(_ranked(op, self.category(item), value, order) for op, value in given.items())
        if name in edge_fields():
            return self._related(name, given, item)
        declared = properties_of(item.label).get("title" if name == "name" else name)
        if declared is None:
            # The filter of an interface may name what this kind lacks.
            return every(None if op != "isNull" else value for op, value in given.items() if op != "ignoreCase")
        return _property(declared, item.state.get(declared.name), given)

    def _whole(self, item: Item, upwards: bool) -> list[Item]:
        seen: dict[str, Item] = {}
        waiting = [item]
        while waiting:
            for far, _ in self._ends(waiting.pop(), "PART_OF", upwards):
                if far.id not in seen:
                    seen[far.id] = far
                    waiting.append(far)
        return list(seen.values())

    def _related(self, name: str, given: Mapping[str, Any], item: Item) -> Truth:
        edge = edge_fields()[name]
        ends = [far for far, _ in self._ends(item, edge.kind.name, edge.forward)]
        answers = []
        for quantifier, inner in given.items():
            met = [self.holds(edge.target, inner, far) is True for far in ends]
            answers.append({"some": any(met), "every": all(met), "none": not any(met)}[quantifier])
        return all(answers)


def _id_in(cursor: str) -> str:
    return str(orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[-1])


PLURALS = {
    **{label: f"{label[0].lower()}{label[1:]}s" for label in (*NODES, "Item", "Goal")},
    "Person": "people",
    "Work": "work",
}


def constant(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


def column(target: str, name: str) -> Property:
    """Find the property behind a value of an order's enum."""
    kinds = (*labels_of(target), "Task")  # an operation has the fields of all work, though no values
    declared = [one for kind in kinds for one in NODES[kind].properties if constant(one.name) == name]
    return declared[0]


def _without_nulls(given: Any) -> Any:
    """Leave out what is null: it means the same."""
    if isinstance(given, Mapping):
        return {name: _without_nulls(one) for name, one in given.items() if one is not None}
    return [_without_nulls(one) for one in given] if isinstance(given, list) else given


def _native(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.to_native() if hasattr(value, "to_native") else value for name, value in state.items()}


def shown(declared: Property, state: Mapping[str, Any]) -> Any:
    """Return a stored property as the API writes it."""
    value = state.get(declared.name)
    match declared.type:
        case Type.TEXTS:
            return value or []
        case _ if value is None:
            return None
        case Type.INSTANT:
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case Type.DATE:
            return str(CoarseDate.of(value, Precision(state[f"{declared.name}Precision"])))
        case Type.JSON:
            return orjson.loads(value)
        case _:
            return value


def _comparable(declared: Property, value: Any) -> Any:
    if value is None:
        return None
    if declared.choices:
        return declared.choices.index(value)
    return value[:200] if declared.type is Type.TEXT else value


def in_cursor(declared: Property, item: Item) -> Any:
    """Return what a cursor holds of an item."""
    value = _comparable(declared, item.state.get(declared.name))
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return value.isoformat() if isinstance(value, date) else value


def _sorted(found: list[Any], declared: Property, descending: bool) -> list[Any]:
    """Sort stably by one criterion, absent values last in both directions."""
    value: Callable[[Any], Any] = lambda one: _comparable(declared, one[0].state.get(declared.name))  # noqa: E731
    present = [one for one in found if value(one) is not None]
    present.sort(key=value, reverse=descending)  # equal ones keep their order even so
    return present + [one for one in found if value(one) is None]


# Three-valued logic -----------------------------------------------------------------------------------------------


def every(parts: Any) -> Truth:
    values = list(parts)
    return False if False in values else None if None in values else True


def some(parts: Any) -> Truth:
    values = list(parts)
    return True if True in values else None if None in values else False


def negated(value: Truth) -> Truth:
    return None if value is None else not value


def compared(operator: str, value: Any, given: Any) -> Truth:
    """Compare two values of one type."""
    match operator:
        case "in":
            return None if value is None else value in given
        case "nin":
            return negated(compared("in", value, given))
        case _ if value is None:
            return None
        case "contains":
            return given in value
        case "startsWith":
            return bool(value.startswith(given))
    answer: bool = {
        "eq": value == given,
        "neq": value != given,
        "lt": value < given,
        "lte": value <= given,
        "gt": value > given,
        "gte": value >= given,
    }[operator]
    return answer


def _property(declared: Property, value: Any, given: Mapping[str, Any]) -> Truth:
    fold = bool(given.get("ignoreCase"))
    return every(_one(declared, value, op, one, fold) for op, one in given.items() if op != "ignoreCase")


def _one(declared: Property, value: Any, operator: str, given: Any, fold: bool) -> Truth:
    if operator == "isNull":
        return (value is None) is given
    if declared.type is Type.TEXTS:
        held = value or []
        return {
            "has": lambda: given in held,
            "hasAny": lambda: any(one in held for one in given),
            "hasAll": lambda: all(one in held for one in given),
            "isEmpty": lambda: (not held) is given,
        }[operator]()
    if declared.type in {Type.DATE, Type.INSTANT}:
        return _moment(declared, value, operator, given)
    if declared.choices:
        return _ranked(operator, value, given, declared.choices)
    if fold:
        value = value.lower() if value is not None else None
        given = [one.lower() for one in given] if isinstance(given, list) else given.lower()
    return compared(operator, value, given)


def _ranked(operator: str, value: Any, given: Any, order: Sequence[str]) -> Truth:
    if operator == "isNull":
        return (value is None) is given
    rank = None if value is None else order.index(value)
    return compared(
        operator, rank, [order.index(one) for one in given] if isinstance(given, list) else order.index(given)
    )


def _moment(declared: Property, value: Any, operator: str, given: Any) -> Truth:
    at = 0 if declared.type is Type.DATE else 2
    if operator in {"eq", "neq"}:
        given = [given]
    if operator in {"eq", "in", "neq", "nin"}:
        inside = None if value is None else any(MOMENTS[one][at] <= value <= MOMENTS[one][at + 1] for one in given)
        return negated(inside) if operator in {"neq", "nin"} else inside
    first, last = MOMENTS[given][at], MOMENTS[given][at + 1]
    return compared(operator, value, first if operator in {"lt", "gte"} else last)
