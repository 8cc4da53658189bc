"""Native exchange format: one JSON object a line, a node, an edge or a piece of meta data.

The reader streams. What it cannot use it reports with file and line; the rest still loads. A node without a source is
``workatlas``' own, identified by its id, else its key.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from graph.batch import BORN_HERE, Anomaly, EdgeRow, FieldNames, NodeRow, PolicyValues, Record, Ref, StatusNames
from graph.calendars import WorkingCalendar, WorkingCalendars
from graph.model import EDGES, NODES, Property
from graph.policy import Policy
from graph.rules.lifecycle import Category
from graph.values import Type, check
from workatlas.importers.files import lines, shortened
from workatlas.importers.importer import MAX_KEY, ImportOptions, usable_key

_IDENTITY = frozenset({"id", "key", "source", "sourceId"})
_NODE_TABLE = {
    label: {item.name: item for item in kind.properties if item.name not in _IDENTITY} for label, kind in NODES.items()
}
_EDGE_TABLE = {name: {item.name: item for item in kind.properties} for name, kind in EDGES.items()}
_NAMED = frozenset({"Person", "Team"})
"""Kinds whose title may be written as ``name``."""


def read(paths: Sequence[Path], options: ImportOptions) -> Iterator[Record]:
    """Read files in the native format; memory grows by two numbers per node, to notice repeated ones."""
    seen: dict[int, int] = {}
    for path in paths:
        for where, text in lines(path):
            yield from _line(text, where, options.source or BORN_HERE, seen)


def _line(text: bytes, where: str, source: str, seen: dict[int, int]) -> Iterator[Record]:
    try:
        line = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        kind = "invalidUtf8" if "utf" in str(error).lower() else "brokenJson"
        yield Anomaly(kind, f"the line is not JSON: {error}", where, skipped=True)
        return
    words = [word for word in ("node", "edge", "meta") if isinstance(line, dict) and word in line]
    match words:
        case ["node"]:
            for record in _node(line, where, source):
                if isinstance(record, NodeRow):
                    anomaly = _repeated(record, text, seen)
                    if anomaly:
                        yield anomaly
                        continue
                yield record
        case ["edge"]:
            yield from _edge(line, where)
        case ["meta"]:
            yield from _meta(line, where)
        case _:
            detail = "the line is no object with exactly one of node, edge and meta"
            yield Anomaly("unknownLine", detail, where, skipped=True)


def _repeated(row: NodeRow, text: bytes, seen: dict[int, int]) -> Anomaly | None:
    identity, content = hash((row.source, row.source_id)), hash(text.strip())
    before = seen.get(identity)
    if before is None:
        seen[identity] = content
    name = f"{row.source}:{row.source_id}"
    if before is None:
        return None
    if before == content:
        return Anomaly("duplicateId", f"{name} is there twice, word for word", row.where)
    detail = f"{name} is there again and differs; the first line counts"
    return Anomaly("contradictoryDuplicate", detail, row.where, skipped=True)


def _node(line: dict[str, object], where: str, source: str) -> Iterator[Record]:
    label = line.pop("node")
    if not isinstance(label, str) or label not in NODES:
        yield _unknown("unknownKind", label, "kind of node", NODES, where, skipped=True)
        return
    identity: dict[str, str] = {}
    for name in sorted(_IDENTITY & line.keys()):
        value = line.pop(name)
        if isinstance(value, str) and value.strip() and not (name == "id" and not _is_uuid(value)):
            identity[name] = str(uuid.UUID(value)) if name == "id" else value
        elif value is not None:
            expected = "a UUID" if name == "id" else "a text"
            yield Anomaly("badValue", f"{name}: {shortened(repr(value))} is not {expected}", where)
    source_id = identity.get("sourceId") or identity.get("id") or identity.get("key")
    if source_id is None:
        yield Anomaly("missingId", "the node has none of id, key and sourceId", where, skipped=True)
        return
    key = identity.get("key")
    if key is not None and usable_key(key) is None:
        detail = f"key: {shortened(repr(key))} has a colon or more than {MAX_KEY} characters"
        yield Anomaly("badValue", detail, where)
        del identity["key"]
    if label in _NAMED and "name" in line and "title" not in line:
        line["title"] = line.pop("name")
    properties, anomalies = _checked(line, _NODE_TABLE[label], label, where)
    yield from anomalies
    own_source = identity.get("source", source)
    yield NodeRow(label, own_source, source_id, properties, identity.get("key"), identity.get("id"), where=where)


def _edge(line: dict[str, object], where: str) -> Iterator[Record]:
    name = line.pop("edge")
    if not isinstance(name, str) or name not in EDGES:
        yield _unknown("unknownKind", name, "kind of edge", EDGES, where, skipped=True)
        return
    start, end = line.pop("from", None), line.pop("to", None)
    if not (isinstance(start, str) and isinstance(end, str) and start.strip() and end.strip()):
        yield Anomaly("missingEnd", f"{name} needs texts in from and to", where, skipped=True)
        return
    if Ref.parse(start) == Ref.parse(end):
        yield Anomaly("selfReference", f"{name} leads from {shortened(start)} to itself", where, skipped=True)
        return
    properties, anomalies = _checked(line, _EDGE_TABLE[name], name, where)
    yield from anomalies
    yield EdgeRow(name, Ref.parse(start), Ref.parse(end), properties, where=where)


def _meta(line: dict[str, object], where: str) -> Iterator[Record]:
    match line:
        case {"meta": "statuses", "values": dict(values)}:
            statuses = {name: value for name, value in values.items() if name and value in tuple(Category)}
            yield from _refused(values, statuses, tuple(Category), where)
            yield StatusNames(statuses, where)
        case {"meta": "fields", "values": dict(values)}:
            fields = {name: value for name, value in values.items() if name and value in tuple(Type)}
            yield from _refused(values, fields, tuple(Type), where)
            yield FieldNames(fields, where)
        case {"meta": "policy", "values": dict(values)}:
            yield from _policy(values, where)
        case {"meta": "calendars", "values": dict(values)}:
            yield from _calendars(values, where)
        case _:
            allowed = "allowed are statuses, fields, policy and calendars"
            detail = f"{shortened(repr(line.get('meta')))} is no meta line with values; {allowed}"
            yield Anomaly("unknownMeta", detail, where, skipped=True)


def _policy(values: dict[str, object], where: str) -> Iterator[Record]:
    policy = Policy()
    taken: dict[str, object] = {}
    for name, value in values.items():
        try:
            policy = policy.changed({name: value})
            taken[name] = value
        except ValueError as error:
            yield Anomaly("badPolicy", shortened(str(error)), where, skipped=True)
    yield PolicyValues(taken, where)


def _calendars(values: dict[str, object], where: str) -> Iterator[Record]:
    calendars: dict[str, WorkingCalendar | None] = {}
    for name, value in values.items():
        try:
            if not isinstance(value, dict | None):
                raise ValueError("an object is needed")
            calendars[name] = None if value is None else WorkingCalendar.from_dict(name, value)
        except ValueError as error:
            detail = f"calendar {shortened(repr(name))}: {shortened(str(error))}"
            yield Anomaly("badCalendar", detail, where, skipped=True)
    yield WorkingCalendars(calendars, where)


def _refused(
    given: Mapping[str, object], taken: Mapping[str, object], allowed: Sequence[str], where: str
) -> Iterator[Anomaly]:
    for name in given.keys() - taken.keys():
        detail = f"{shortened(name)}: {shortened(repr(given[name]))} is none of {', '.join(allowed)}"
        yield Anomaly("badValue", detail, where)


def _checked(
    given: Mapping[str, object], table: Mapping[str, Property], owner: str, where: str
) -> tuple[dict[str, object], list[Anomaly]]:
    properties: dict[str, object] = {}
    anomalies: list[Anomaly] = []
    for name, value in given.items():
        known = table.get(name)
        if known is None:
            anomalies.append(_unknown("unknownProperty", name, f"property of {owner}", table, where))
            continue
        try:
            if value is not None:
                check(known.type, value, known.choices)
        except (ValueError, OverflowError) as error:
            kind = "badDate" if known.type in {Type.DATE, Type.INSTANT} else "badValue"
            anomalies.append(Anomaly(kind, f"{name} {shortened(repr(value), 80)}: {shortened(str(error))}", where))
        else:
            properties[name] = value
    return properties, anomalies


def _unknown(
    kind: str, value: object, what: str, allowed: Mapping[str, object], where: str, *, skipped: bool = False
) -> Anomaly:
    detail = f"{shortened(repr(value))} is no {what}; allowed are {', '.join(allowed)}"
    return Anomaly(kind, detail, where, skipped=skipped)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
