"""Every Cypher text of the store's reads and writes, derived from the model table.

Reads of many rows ``collect`` them into one list: the driver needs a tenth of the time for it.

Values travel as parameters; identifiers come from the table only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from graph.model import (
    EDGE_PROPERTIES,
    EDGES,
    NODE_PROPERTIES,
    NODES,
    SHARED,
    STATUSED,
    EdgeKind,
    NodeKind,
    Property,
    Role,
)
from graph.values import Type

SYSTEM_KEYS: Final = {
    "Workspace": ("id",),
    "Change": ("workspace", "seq"),
    "Idempotency": ("workspace", "key"),
    "Finding": ("workspace", "id"),
    "Calendar": ("workspace", "id"),
    "Schema": ("id",),
    "ApiKey": ("id",),
    "Lease": ("name",),
    "Webhook": ("workspace", "id"),
    "DeadLetter": ("workspace", "id"),
}
"""System labels and what makes each of their nodes unique; no generic query ever reaches them."""


WORDS_INDEX: Final = "item_words"
"""The full-text index that ``graph.reading.words`` asks; an item's workspace is a word of it."""


def constraint_names() -> set[str]:
    """Return the names of the constraints that ``schema_statements`` creates."""
    return {text.split()[2] for text in schema_statements() if text.startswith("CREATE CONSTRAINT")}


def schema_statements() -> Iterator[str]:
    """Yield the constraints and indexes of the model, each safe to repeat."""
    identities: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("item_id", ("workspace", "id")),
        ("item_key", ("workspace", "key")),
        ("item_source", ("workspace", "source", "sourceId")),
    )
    for name, keys in identities:
        yield _unique(name, "Item", keys)
    for label, keys in SYSTEM_KEYS.items():
        yield _unique(label.lower(), label, keys)
    for label, declared in (("Item", SHARED), ("Work", STATUSED), ("Goal", STATUSED)):
        yield from _indexes(label, declared)
    for kind in NODES.values():
        yield from _indexes(kind.label, kind.own)
    yield "CREATE INDEX idempotency_at IF NOT EXISTS FOR (i:Idempotency) ON (i.at)"
    # Stop words are kept, so that neither `Ship it` nor Will is lost. An earlier index had them left out.
    yield "DROP INDEX item_text IF EXISTS"
    yield (
        f"CREATE FULLTEXT INDEX {WORDS_INDEX} IF NOT EXISTS "
        "FOR (n:Item) ON EACH [n.title, n.description, n.key, n.workspace] "
        "OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words'}}"
    )


def _unique(name: str, label: str, keys: tuple[str, ...]) -> str:
    columns = ", ".join(f"n.{key}" for key in keys)
    return f"CREATE CONSTRAINT {name}_unique IF NOT EXISTS FOR (n:{label}) REQUIRE ({columns}) IS UNIQUE"


def _indexes(label: str, declared: tuple[Property, ...]) -> Iterator[str]:
    for column in declared:
        if column.indexed:
            name = f"{label.lower()}_{column.name.lower()}"
            yield f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON (n.workspace, n.{column.name})"


ENSURE_WORKSPACE: Final = """
MERGE (w:Workspace {id: $workspace})
ON CREATE SET w.seq = 0, w.statuses = $statuses, w.fields = '{}', w.policy = $policy, w.counters = '{}',
              w.createdAt = datetime({epochMillis: $now})
RETURN w.seq
"""
_SETTINGS: Final = "w.seq, w.statuses, w.fields, w.policy, w.counters, w.imports"
READ_WORKSPACE: Final = f"MATCH (w:Workspace {{id: $workspace}}) RETURN {_SETTINGS}"
# Writing takes the node's lock: whoever holds it is the workspace's only writer until it commits. What is read in the
# same statement, after that, is what the writer before it left.
_LOCK: Final = "MATCH (w:Workspace {id: $workspace}) SET w.lockedBy = $request"
LOCK_WORKSPACE: Final = f"{_LOCK} RETURN {_SETTINGS}"
WRITE_SETTINGS: Final = (
    "UNWIND $rows AS r MATCH (w:Workspace {id: $workspace}) "
    "SET w.statuses = r[0], w.fields = r[1], w.counters = r[2], w.policy = r[3]"
)
WRITE_IMPORTS: Final = "MATCH (w:Workspace {id: $workspace}) SET w.imports = $imports"
READ_CALENDARS: Final = """
MATCH (c:Calendar {workspace: $workspace})
RETURN c.id, c.name, c.hours, c.holidays, c.leave, c.timezone ORDER BY c.id
"""
WRITE_CALENDARS: Final = """
UNWIND $rows AS r MERGE (c:Calendar {workspace: $workspace, id: r.id})
SET c.name = r.name, c.hours = r.hours, c.holidays = r.holidays, c.leave = r.leave, c.timezone = r.timezone
"""
REMOVE_CALENDARS: Final = "UNWIND $ids AS i MATCH (c:Calendar {workspace: $workspace, id: i}) DELETE c"
LACKING_CALENDARS: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.calendar IS NOT NULL
  AND NOT EXISTS { (:Calendar {workspace: $workspace, id: n.calendar}) }
RETURN n.key ORDER BY n.key LIMIT $first
"""
# The numbers were counted on from the workspace's own while its lock was held.
APPEND_CHANGES: Final = """
UNWIND $rows AS r
CREATE (:Change {workspace: $workspace, seq: r[0], at: datetime({epochMillis: r[1]}), actor: r[2], request: r[3],
                 source: r[4], system: r[5], nodes: r[6], edges: r[7], data: r[8]})
WITH max(r[0]) AS last WHERE last IS NOT NULL MATCH (w:Workspace {id: $workspace}) SET w.seq = last
"""
READ_CHANGES: Final = """
MATCH (c:Change {workspace: $workspace}) WHERE c.seq > $after
RETURN c.seq, c.at.epochMillis, c.actor, c.request, c.source, c.system, c.data ORDER BY c.seq LIMIT $first
"""
READ_FINDINGS: Final = """
MATCH (w:Workspace {id: $workspace}) MATCH (f:Finding {workspace: $workspace})
WHERE f.id > $after AND ($upto IS NULL OR f.id <= $upto) AND (f.state IN $states OR f.id IN $ids)
WITH w, f ORDER BY f.id LIMIT $first
RETURN f.id, f.kind, f.subjects, f.sentence, f.firstSeen.epochMillis,
       CASE WHEN f.state <> 'resolved' AND w.examinedAt > f.lastSeen THEN w.examinedAt ELSE f.lastSeen END.epochMillis,
       f.state, toString(f.acceptedUntil), f.reason, f.acceptedBy, f.resolvedAt.epochMillis
"""
# What is not resolved was seen by the last examination: it alone is written down, not each finding that it saw again.
WRITE_EXAMINED: Final = """
MATCH (w:Workspace {id: $workspace}) SET w.examinedAt = datetime({epochMillis: $now})
"""
WRITE_FINDINGS: Final = """
UNWIND $rows AS r MERGE (f:Finding {workspace: $workspace, id: r.id})
SET f.kind = r.kind, f.subjects = r.subjects, f.sentence = r.sentence, f.state = r.state, f.reason = r.reason,
    f.acceptedBy = r.accepted_by, f.acceptedUntil = date(r.accepted_until),
    f.firstSeen = datetime({epochMillis: r.first_seen}), f.lastSeen = datetime({epochMillis: r.last_seen}),
    f.resolvedAt = CASE WHEN r.resolved_at IS NULL THEN null ELSE datetime({epochMillis: r.resolved_at}) END
"""
FIRST_CHANGE: Final = """
MATCH (c:Change {workspace: $workspace}) WHERE c.seq > 0
RETURN c.seq, c.at.epochMillis ORDER BY c.seq LIMIT 1
"""
LAST_CHANGE_BY: Final = """
MATCH (c:Change {workspace: $workspace}) WHERE c.at <= datetime({epochMillis: $at}) RETURN max(c.seq)
"""
SIZES_OF_CHANGES: Final = """
MATCH (c:Change {workspace: $workspace}) WHERE c.seq > $after AND c.seq <= $upto
RETURN collect([c.seq, c.nodes + c.edges])
"""
READ_CHANGE: Final = "MATCH (c:Change {workspace: $workspace, seq: $seq}) RETURN c.data"
_ANSWER: Final = "i.key, i.payload, i.answer"
FIND_ANSWERS: Final = f"UNWIND $keys AS k MATCH (i:Idempotency {{workspace: $workspace, key: k}}) RETURN {_ANSWER}"
KEEP_ANSWERS: Final = """
UNWIND $rows AS r
CREATE (:Idempotency {workspace: $workspace, key: r[0], payload: r[1], answer: r[2],
                      at: datetime({epochMillis: r[3]})})
"""

_IDENTITY: Final = (
    "n.id, n.key, n.source, n.sourceId, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0], "
    "n.version, n.importHash, n.localEdits, n.placeholder, n.archivedAt IS NOT NULL, "
    "CASE WHEN n.visibility = 'TEAM' THEN coalesce(n.team, '') END"
)
_MATCH_BY: Final = {
    "id": "MATCH (n:Item {workspace: $workspace, id: v})",
    "key": "MATCH (n:Item {workspace: $workspace, key: v})",
    "source": "MATCH (n:Item {workspace: $workspace, source: v[0], sourceId: v[1]})",
}
FIND_BY: Final = {way: f"UNWIND $values AS v {match} RETURN collect([{_IDENTITY}])" for way, match in _MATCH_BY.items()}
ITEMS_OF_SOURCE: Final = """
MATCH (n:Item {workspace: $workspace, source: $source})
WHERE n.sourceId > $after AND n.archivedAt IS NULL AND n.placeholder IS NULL
RETURN n.sourceId, n.id ORDER BY n.sourceId LIMIT $first
"""
EDGES_OF_SOURCE: Final = """
UNWIND $ids AS i MATCH (a:Item {workspace: $workspace, id: i})-[e]->(b:Item) WHERE e.source = $source
RETURN a.id, type(e), b.id
"""


def stored(variable: str, column: Property) -> str:
    """Return the expression that reads a property in its stored form (``graph.values``)."""
    path = f"{variable}.{column.name}"
    match column.type:
        case Type.INSTANT:
            return f"{path}.epochMillis"
        case Type.DATE:
            return f"[toString({path}), {path}Precision]"
        case _:
            return path


def _assignments(variable: str, row: str, declared: tuple[Property, ...]) -> list[str]:
    """Return ``SET`` parts for temporal properties, which travel as numbers and texts."""
    parts = []
    for column in declared:
        value, target = f"{row}.{column.name}", f"{variable}.{column.name}"
        if column.type is Type.INSTANT:
            parts.append(f"{target} = CASE WHEN {value} IS NULL THEN null ELSE datetime({{epochMillis: {value}}}) END")
        elif column.type is Type.DATE:
            parts.append(f"{target} = date({value})")
    return parts


CREATE_NODES: Final = "UNWIND $rows AS r CREATE (n:$(r.labels)) SET n = r.plain, " + ", ".join(
    _assignments("n", "r.times", tuple(NODE_PROPERTIES.values()))
)
"""Creates nodes of any kinds; rows hold ``labels`` and the maps ``plain`` and ``times``."""


ALTER_NODES: Final = (
    "UNWIND $rows AS r MATCH (n:Item {workspace: $workspace, id: r[0]}) SET n += r[1] "
    "FOREACH (t IN r[2] | SET n[t[0]] = datetime({epochMillis: t[1]})) FOREACH (d IN r[3] | SET n[d[0]] = date(d[1]))"
)
"""Changes properties of nodes that keep their kind, a third of the work of replacing them.

Rows are lists: id, plain properties (null removes one), [name, epoch milliseconds] of instants, [name, day] of dates.
"""


@cache
def update_nodes(kind: NodeKind) -> str:
    """Return the text that replaces the state of nodes, which become of one kind: other kinds' labels are removed."""
    others = ":".join(
        dict.fromkeys(label for other in NODES.values() for label in other.labels if label not in kind.labels)
    )
    times = ", ".join(_assignments("n", "r.times", kind.properties))
    return (
        f"UNWIND $rows AS r MATCH (n:Item {{workspace: $workspace, id: r.plain.id}}) "
        f"REMOVE n:{others} SET n:{':'.join(kind.labels)}, n = r.plain, {times}"
    )


@cache
def read_nodes(kind: NodeKind) -> str:
    """Return the text that reads nodes of one kind by id: id, then every property in stored form."""
    values = ", ".join(stored("n", column) for column in kind.properties)
    return (
        f"UNWIND $ids AS i MATCH (n:Item {{workspace: $workspace, id: i}}) WHERE n:{kind.label} "
        f"RETURN collect([n.id, [{values}]])"
    )


# One text for all kinds: planning a text takes as long as writing thousands of edges. Kinds come from the table.
_MATCH_ENDS: Final = (
    "UNWIND $rows AS r MATCH (a:Item {workspace: $workspace, id: r[0]}) "
    "MATCH (b:Item {workspace: $workspace, id: r[2]}) "
)
_MATCH_EDGE: Final = _MATCH_ENDS + "MATCH (a)-[e]->(b) WHERE type(e) = r[1] "
_EDGE: Final = f"[a.id, type(e), b.id, [{', '.join(stored('e', column) for column in EDGE_PROPERTIES.values())}]]"
_EDGE_READ: Final = f"RETURN collect({_EDGE})"
_EDGE_STATE: Final = "SET e = r[3], " + ", ".join(_assignments("e", "r[4]", tuple(EDGE_PROPERTIES.values())))

CREATE_EDGES: Final = f"{_MATCH_ENDS}CREATE (a)-[e:$(r[1])]->(b) {_EDGE_STATE}"
"""Creates edges; rows are lists: start id, kind, end id, plain properties, times."""
UPDATE_EDGES: Final = f"{_MATCH_EDGE}{_EDGE_STATE}"
"""Replaces the state of edges; rows as in ``CREATE_EDGES``."""
REMOVE_EDGES: Final = f"{_MATCH_EDGE}DELETE e"
"""Removes edges; rows are lists: start id, kind, end id."""
READ_EDGES: Final = f"{_MATCH_EDGE}{_EDGE_READ}"
"""Reads edges by their names: start id, kind, end id, and every property that any kind has, in stored form."""
READ_EDGES_FROM: Final = f"UNWIND $ids AS i MATCH (a:Item {{workspace: $workspace, id: i}})-[e]->(b:Item) {_EDGE_READ}"
"""Reads all edges that leave a set of items, as ``READ_EDGES`` does: a third of the work where most are wanted."""


def _lock_and_read() -> str:
    times = ", ".join(
        f"{one.name}: " + (f"n.{one.name}.epochMillis" if one.type is Type.INSTANT else f"toString(n.{one.name})")
        for one in NODE_PROPERTIES.values()
        if one.type in {Type.INSTANT, Type.DATE}
    )
    items = " UNION ALL ".join(
        f"UNWIND $asked[{place}] AS r WITH r[0] AS v, r[1] AS wanted {match} RETURN n, wanted"
        for place, match in enumerate(_MATCH_BY.values())
    )
    edges = _MATCH_EDGE.replace("$rows", "$asked[3]")
    answers = FIND_ANSWERS.replace("$keys", "$asked[4]").replace(_ANSWER, f"[{_ANSWER}]")
    return (
        f"{_LOCK} WITH w RETURN [{_SETTINGS}], "
        f"COLLECT {{ CALL () {{ {items} }} RETURN [[{_IDENTITY}], CASE WHEN wanted THEN n {{.*, {times}}} END] }}, "
        f"COLLECT {{ {edges} RETURN {_EDGE} }}, COLLECT {{ {answers} }}"
    )


LOCK_AND_READ: Final = _lock_and_read()
"""Locks a workspace as ``LOCK_WORKSPACE`` does, and reads in the same round trip what many writes look for.

``$asked`` is one list, so that its parts' sizes are no reason to plan anew: [id, whether the state is wanted] of items,
the same with keys, the same with [source, sourceId], edges as in ``READ_EDGES``, and idempotency keys. The answer is
the settings, then a list of each: items ([identity, state or null]; a state is a map, with instants and days in stored
form), edges, and answers.
"""


def in_one(texts: Sequence[str]) -> str:
    """Return one text that does what several do, one after the other; ``$parts[n]`` are the ``$rows`` of the n-th."""
    return " ".join(f"CALL () {{ {text.replace('$rows', f'$parts[{place}]')} }}" for place, text in enumerate(texts))


def _read_ties() -> str:
    kinds = "|".join(kind.name for kind in EDGES.values() if kind.acyclic)
    part = next(kind.name for kind in EDGES.values() if kind.role is Role.CONTAINS)
    parts = f"MATCH (n)<-[:{part}]-(o:Item) WHERE o.archivedAt IS NULL AND (o:Work OR o:Goal)"
    return (
        "UNWIND $asked[0] AS r MATCH (n:Item {workspace: $workspace, id: r[0]}) WHERE n.archivedAt IS NULL "
        "WITH n, r[1] AS gate, n:Work OR n:Goal AS tied "
        f"RETURN collect([n.id, COLLECT {{ MATCH (n)-[e:{kinds}]->(o:Item) WHERE o.archivedAt IS NULL "
        "RETURN [type(e), o.id, CASE WHEN tied AND (o:Work OR o:Goal) THEN coalesce(e.type, 'FS') ELSE '' END] }, "
        f"tied AND EXISTS {{ {parts} }}, CASE WHEN gate THEN COLLECT {{ {parts} RETURN o.id }} END])"
    )


READ_TIES: Final = _read_ties()
"""Reads the edges that must not close a cycle: of each item its id, what leaves it, whether it has parts, and those.

``$asked`` holds one list, of [id, whether the parts are wanted], for the reason that ``LOCK_AND_READ`` has.
"""


@cache
def edges_from(kind: EdgeKind) -> str:
    """Return the text that reads where the edges of one kind lead from a set of items."""
    return (
        f"UNWIND $ids AS i MATCH (n:Item {{workspace: $workspace, id: i}})-[:{kind.name}]->(o:Item) "
        "WHERE n.archivedAt IS NULL AND o.archivedAt IS NULL RETURN n.id, o.id"
    )


KINDS_OF_IDS: Final = """
UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i})
RETURN n.id, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]
"""
REPORTS_ON: Final = """
UNWIND $ids AS i MATCH (u:Update)-[:REPORTS_ON]->(n:Item {workspace: $workspace, id: i}) RETURN collect([u.id, n.id])
"""
EDGES_WITH_STATE_AT: Final = f"""
UNWIND $ids AS i MATCH (n:Item {{workspace: $workspace, id: i}})-[e]-(o:Item)
WITH DISTINCT e, startNode(e) AS a, endNode(e) AS b
RETURN collect([a.id, type(e), b.id, [{", ".join(stored("e", column) for column in EDGE_PROPERTIES.values())}]])
"""
KEYS_OF_IDS: Final = """
UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i})
RETURN n.id, n.key, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0],
       CASE WHEN n.visibility = 'TEAM' THEN coalesce(n.team, '') END
"""
EDGES_AT: Final = """
UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i})-[e]-(:Item)
RETURN DISTINCT type(e), startNode(e).id, endNode(e).id
"""
PURGE: Final = "UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i}) DETACH DELETE n"
SET_ARCHIVED: Final = """
UNWIND $ids AS i MATCH (n:Item {workspace: $workspace, id: i})
WITH n, n.archivedAt.epochMillis AS was, n.updatedAt.epochMillis AS updated
SET n.archivedAt = CASE WHEN $at IS NULL THEN null ELSE datetime({epochMillis: $at}) END,
    n.updatedAt = datetime({epochMillis: $now}), n.version = n.version + 1
RETURN n.id, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0], was, updated
"""
PAGE_OF_ITEMS: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after AND n.archivedAt IS NULL
WITH n ORDER BY n.id LIMIT $first
RETURN collect([n.id, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0], coalesce(n.placeholder, false)])
"""


PAGE_OF_ALL_ITEMS: Final = """
MATCH (n:Item) WHERE n.workspace = $workspace AND n.id > $after
WITH n ORDER BY n.id LIMIT $first
RETURN collect([n.id, [l IN labels(n) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]])
"""
EDGES_LEAVING: Final = f"""
UNWIND $ids AS i MATCH (a:Item {{workspace: $workspace, id: i}})-[e]->(b:Item) WHERE b.archivedAt IS NULL
RETURN collect([[a.id, a.source, a.sourceId, coalesce(a.placeholder, false)], type(e),
                [b.id, b.source, b.sourceId, coalesce(b.placeholder, false)],
                [{", ".join(stored("e", column) for column in EDGE_PROPERTIES.values())}]])
"""
"""Reads all edges that leave a set of items, each end with its addresses."""
EDGES_WITH_ENDS: Final = f"""
UNWIND $ids AS i MATCH (:Item {{workspace: $workspace, id: i}})-[e]-(:Item)
WITH DISTINCT e LIMIT $first WITH e, startNode(e) AS a, endNode(e) AS b
RETURN [a.id, [l IN labels(a) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]], type(e),
       [b.id, [l IN labels(b) WHERE NOT l IN ['Item', 'Work', 'Goal']][0]],
       [{", ".join(stored("e", column) for column in EDGE_PROPERTIES.values())}]
"""
"""Reads all edges at a set of items, each end with its label."""


def invariants() -> Iterator[str]:
    """Yield texts that answer (what must hold, up to $first keys of items or edges for which it does not).

    A text holds all rules of one kind: planning some hundred texts of one rule each takes a cold database a minute.
    """
    groups = "['Item', 'Work', 'Goal']"
    known = str(list(NODES))
    yield _broken(
        "(n:Item)",
        {
            "an item has exactly one kind": f"size([l IN labels(n) WHERE l IN {known}]) <> 1",
            "an item has no label outside the model": f"any(l IN labels(n) WHERE NOT l IN {groups} + {known})",
            "a status is one of the workspace's": "NOT n.status IN $statuses",
        },
    )
    yield _broken(
        "(n:Item)-[e]-(o)",
        {
            "an edge stays inside its workspace and is of a known kind": (
                f"NOT o:Item OR o.workspace <> $workspace OR NOT type(e) IN {list(EDGES)}"
            ),
            "an edge joins two items": "n = o",
        },
    )
    for node in NODES.values():
        yield _broken(f"(n:{node.label})", dict(_node_rules(node)))
    for edge in EDGES.values():
        yield _broken(f"(n:Item)-[e:{edge.name}]->(o)", dict(_edge_rules(edge)), "n.key + ' → ' + o.key")


def _node_rules(node: NodeKind) -> Iterator[tuple[str, str]]:
    """Yield (what must hold, the condition under which it does not) for one kind of node."""
    if node.group is not None:
        yield f"a {node.label} carries its group's label", f"NOT n:{node.group}"
    for column in node.properties:
        name = f"n.{column.name}"
        if column.required:
            yield f"a {node.label} has a {column.name}", f"{name} IS NULL"
        wrong = f"{name} IS NOT NULL AND NOT {name} IS :: {_STORED_TYPES[column.type]}"
        yield f"{node.label}.{column.name} is a {column.type}", wrong
        if column.choices:
            yield f"{node.label}.{column.name} is one of its values", f"NOT {name} IN {list(column.choices)}"


def _edge_rules(edge: EdgeKind) -> Iterator[tuple[str, str]]:
    """Yield (what must hold, the condition under which it does not) for one kind of edge."""
    fits = " OR ".join(f"(n:{start} AND o:{end})" for start, end in sorted(edge.pairs))
    yield f"{edge.name} joins kinds that it may join", f"NOT ({fits})"
    for column in edge.properties:
        name = f"e.{column.name}"
        if column.required:
            yield f"{edge.name} has a {column.name}", f"{name} IS NULL"
        wrong = f"{name} IS NOT NULL AND NOT {name} IS :: {_STORED_TYPES[column.type]}"
        yield f"{edge.name}.{column.name} is a {column.type}", wrong
        if column.choices:
            yield f"{edge.name}.{column.name} is one of its values", f"NOT {name} IN {list(column.choices)}"


def _broken(pattern: str, rules: dict[str, str], name: str = "n.key") -> str:
    cases = ", ".join(f'CASE WHEN {wrong} THEN "{rule}" END' for rule, wrong in rules.items())
    return (
        f"MATCH {pattern} WHERE n.workspace = $workspace "
        f"UNWIND [rule IN [{cases}] WHERE rule IS NOT NULL] AS rule "
        f"WITH DISTINCT rule, {name} AS name ORDER BY rule, name "
        "RETURN rule, collect(coalesce(name, 'an item without a key'))[..$first]"
    )


_STORED_TYPES: Final = {
    Type.TEXT: "STRING",
    Type.INTEGER: "INTEGER",
    Type.NUMBER: "INTEGER | FLOAT",
    Type.BOOLEAN: "BOOLEAN",
    Type.INSTANT: "ZONED DATETIME",
    Type.DATE: "DATE",
    Type.TEXTS: "LIST<STRING NOT NULL>",
    Type.JSON: "STRING",
}
LOG_GAPS: Final = """
MATCH (w:Workspace {id: $workspace})
OPTIONAL MATCH (c:Change {workspace: $workspace})
WITH w, count(c) AS number, coalesce(max(c.seq), 0) AS last
WHERE number <> w.seq OR last <> w.seq RETURN w.seq, number, last
"""


PURGE_ITEMS: Final = """
MATCH (n:Item {workspace: $workspace}) WITH n LIMIT $first DETACH DELETE n RETURN count(*)
"""
PURGE_WORKSPACE: Final = "MATCH (w:Workspace {id: $workspace}) DELETE w"


def purge_system(label: str) -> str:
    """Return the text that removes a workspace's system nodes of one label, in parts."""
    return f"MATCH (n:{label} {{workspace: $workspace}}) CALL (n) {{ DELETE n }} IN TRANSACTIONS OF 1000 ROWS"
