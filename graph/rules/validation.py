"""The schema guard: what the write path checks about one row before it touches the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

from graph.batch import EdgeRow, NodeRow
from graph.errors import Problem
from graph.model import EDGE_PROPERTIES, EDGES, NODES, EdgeKind, Property
from graph.rules.lifecycle import Category
from graph.rules.recurrence import Recurrence, zone_of
from graph.rules.template import Template
from graph.values import CoarseDate, Precision, Type, check

State = dict[str, Any]
"""An item's or edge's properties in stored form; coarse dates as their text. Absent properties are absent."""

GIVEN_BY_ROW = frozenset({"id", "key", "source", "sourceId"})
_HOURS_OF_WEEK = 168
KEPT_BY_WRITER = frozenset({"version", "placeholder", "archivedAt"})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A workspace's own words: status names with their categories, custom fields with their types."""

    statuses: Mapping[str, Category]
    fields: Mapping[str, Type]

    def status(self, name: object) -> str:
        """Return a status as the workspace spells it.

        Raises:
            ValueError: The workspace has no such status.

        """
        if isinstance(name, str):
            if name in self.statuses:
                return name
            for known in self.statuses:
                if known.casefold() == name.strip().casefold():
                    return known
        raise ValueError(f"{name!r} is not a status of this workspace ({', '.join(self.statuses)})")


@cache
def properties_of(kind: str) -> Mapping[str, Property]:
    """Return the properties of a node label or an edge kind by name."""
    declared = NODES[kind].properties if kind in NODES else EDGES[kind].properties
    return {one.name: one for one in declared}


def check_node(row: NodeRow, words: Vocabulary) -> tuple[State, list[Problem]]:
    """Return the stored form of a row's properties and every rule it breaks.

    ``None`` values stay in the state: they ask for removal.
    """
    if row.kind not in NODES:
        return {}, [Problem("UNKNOWN_KIND", f"{row.kind!r} is not a kind of item ({', '.join(NODES)})", row.where)]
    problems = _check_identity(row)
    state: State = {}
    declared = properties_of(row.kind)
    for name, value in row.properties.items():
        if name not in declared or name in GIVEN_BY_ROW or name in KEPT_BY_WRITER:
            problems.append(_unknown(name, row.kind, row.where))
            continue
        try:
            state[name] = _checked(declared[name], value, words)
        except ValueError as error:
            problems.append(Problem("INVALID_VALUE", f"{name}: {error}", row.where, name))
    return state, problems


def _check_identity(row: NodeRow) -> list[Problem]:
    problems = []
    if not row.source or not row.source_id:
        problems.append(Problem("MISSING_IDENTITY", f"a {row.kind} needs a source and an identity in it", row.where))
    if row.key is not None and (not row.key.strip() or ":" in row.key or len(row.key) > 200):
        message = f"the key {row.key!r} must have 1 to 200 characters and no colon"
        problems.append(Problem("INVALID_KEY", message, row.where, "key"))
    return problems


def _checked(declared: Property, value: object, words: Vocabulary) -> object:
    if value is None:
        return None
    if declared.name == "status":
        return words.status(value)
    if declared.name == "fields":
        _check_fields(value, words.fields)
    checked = check(declared.type, value, declared.choices)
    match declared.name:
        case "weeklyHours" if not 0 <= float(str(checked)) <= _HOURS_OF_WEEK:
            raise ValueError(f"{value!r} is out of range (a week has {_HOURS_OF_WEEK} hours)")
        case "rrule":
            Recurrence.parse(str(value), None, created=0)
        case "timezone":
            zone_of(str(value))
        case "template" if isinstance(value, dict):
            _check_template(value, words)
    return checked


def _check_template(value: Mapping[str, Any], words: Vocabulary) -> None:
    template = Template.parse(value)
    for piece in (template.whole, *template.tasks):
        _, problems = check_node(NodeRow("Task", "template", "template", dict(piece.properties)), words)
        if problems:
            raise ValueError(f"{piece.name}: {problems[0].message}" if piece.name else problems[0].message)


def _check_fields(value: object, fields: Mapping[str, Type]) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in fields:
                raise ValueError(f"the workspace declares no custom field {name!r}")
            check(fields[name], part)


def check_edge(row: EdgeRow) -> tuple[State, list[Problem]]:
    """Return the stored form of an edge's properties and every rule it breaks, its ends apart."""
    if row.kind not in EDGES:
        return {}, [Problem("UNKNOWN_KIND", f"{row.kind!r} is not a kind of edge ({', '.join(EDGES)})", row.where)]
    problems = []
    state: State = {}
    declared = properties_of(row.kind)
    for name, value in row.properties.items():
        if name not in declared:
            problems.append(_unknown(name, row.kind, row.where))
            continue
        try:
            state[name] = None if value is None else check(declared[name].type, value, declared[name].choices)
        except ValueError as error:
            problems.append(Problem("INVALID_VALUE", f"{name}: {error}", row.where, name))
    for name, (low, high) in _OF_EDGES.items():
        number = state.get(name)
        if number is not None and not low <= number <= high:
            message = f"{name}: {number} is out of range ({low:g} to {high:g})"
            problems.append(Problem("INVALID_VALUE", message, row.where, name))
    return state, problems


_LARGEST = 1e9
_OF_EDGES = {
    "confidence": (0.0, 1.0),
    "weight": (0.0, _LARGEST),
    "share": (0.0, _LARGEST),
    "lag": (-_LARGEST, _LARGEST),
}
"""Ranges of numbers; snapshots hold those of edges in single precision, where larger ones would be infinite."""


def check_ends(kind: EdgeKind, start: str, end: str, same: bool, where: str) -> Problem | None:
    """Return what is wrong with joining two labels by an edge of this kind, ``None`` if nothing is."""
    if same:
        return Problem("SELF_REFERENCE", f"{kind.name} from an item to itself", where)
    if (start, end) in kind.pairs:
        return None
    allowed = ", ".join(f"{starts} → {ends}" for starts, ends in kind.ends)
    return Problem("WRONG_ENDS", f"{kind.name} cannot run from {start} to {end} (allowed: {allowed})", where)


def missing(kind: str, state: State) -> list[str]:
    """Return the required properties that a complete state lacks."""
    return [one.name for one in properties_of(kind).values() if one.required and state.get(one.name) is None]


def _unknown(name: str, kind: str, where: str) -> Problem:
    return Problem("UNKNOWN_PROPERTY", f"{kind} has no property {name!r} that can be set", where, name)


def travelling(kind: str, state: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a complete state into what Cypher takes as it is and what it converts (instants, dates)."""
    plain: dict[str, Any] = {}
    times: dict[str, Any] = {}
    for name, one in properties_of(kind).items():
        value = state.get(name)
        if value is None:
            continue
        if one.type is Type.INSTANT:
            times[name] = value
        elif one.type is Type.DATE:
            times[name], plain[f"{name}Precision"] = _day(one, value)
        else:
            plain[name] = value
    return plain, times


def altering(kind: str, changed: State) -> list[Any]:
    """Return changed properties (``None``: removed) as Cypher takes them: plain ones, instants and days."""
    plain: dict[str, Any] = {}
    instants: list[list[Any]] = []
    days: list[list[Any]] = []
    declared = properties_of(kind)
    for name, value in changed.items():
        one = declared[name]
        if one.type is Type.DATE:
            day, precision = (None, None) if value is None else _day(one, value)
            plain[f"{name}Precision"] = precision
            days.append([name, day])
        elif one.type is Type.INSTANT and value is not None:
            instants.append([name, value])
        else:
            plain[name] = value
    return [plain, instants, days]


def _day(declared: Property, text: str) -> tuple[str, str]:
    return day_of(declared, text).isoformat(), CoarseDate.parse(text).precision.value


def day_of(declared: Property, text: str) -> date:
    """Return the day that stands for a coarse date: the last one or the first one, as the property says."""
    coarse = CoarseDate.parse(text)
    return coarse.last if declared.last_day else coarse.first


def arrived(kind: str, values: list[Any]) -> State:
    """Return the state of an item that ``cypher.read_nodes`` answered with; the inverse of ``travelling``."""
    return _state(properties_of(kind).values(), values)


def arrived_map(kind: str, values: Mapping[str, Any]) -> State:
    """Return the state of an item that ``cypher.LOCK_AND_READ`` answered with: all that is stored, by name."""
    state: State = {}
    for name, one in properties_of(kind).items():
        if (value := values.get(name)) is not None:
            state[name] = _text_of(value, values.get(f"{name}Precision")) if one.type is Type.DATE else value
    return state


def arrived_edge(values: list[Any]) -> State:
    """Return the state of an edge that ``cypher.READ_EDGES`` answered with; the inverse of ``travelling``."""
    return _state(EDGE_PROPERTIES.values(), values)


def _state(declared: Iterable[Property], values: list[Any]) -> State:
    state: State = {}
    for one, value in zip(declared, values, strict=True):
        if one.type is Type.DATE:
            if value[0] is not None:
                state[one.name] = _text_of(value[0], value[1])
        elif value is not None:
            state[one.name] = value
    return state


def _text_of(day: str, precision: str | None) -> str:
    return str(CoarseDate.of(date.fromisoformat(day), Precision(precision or "day")))


def fingerprint(row: NodeRow) -> int:
    """Return 63 bits that change when a source says something else about an item; finds unchanged rows cheaply."""
    text = orjson.dumps([row.kind, row.key, row.properties], option=orjson.OPT_SORT_KEYS, default=str)
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1
