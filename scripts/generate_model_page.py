"""Write ``docs/model.md`` from the model table and the lifecycles; a test fails while the two differ.

``python scripts/generate_model_page.py`` is run after every change of ``graph/model.py`` or
``graph/rules/lifecycle.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill

from graph.model import EDGE_SHARED, EDGES, NODES, SHARED, STATUSED, WORK, EdgeKind, NodeKind, Property, Role
from graph.policy import Policy
from graph.rules.lifecycle import CLOSED, DEFAULT_STATUSES, TRANSITIONS, Category

TARGET = Path(__file__).parents[1] / "docs" / "model.md"

TRAVERSAL: Mapping[Role, str] = {
    Role.CONTAINS: "yes: the whole is not finished before its parts, and what the whole waits for, its parts wait for",
    Role.WAITS: "yes: the end waits for the start, between the ends that `type` names, `lag` hours later",
    Role.SERVES: "yes: the end is not finished before the start",
    Role.AFFECTS: "yes, from issues severe enough: the end is not finished before the start",
    Role.NONE: "no",
}

INTRODUCTION = """\
<!-- Written by scripts/generate_model_page.py from graph/model.py and graph/rules/lifecycle.py: change those. -->

# The model

Everything is an **item** or an **edge** between two items, in a workspace. Each kind is one entry of a table,
`NODES` or `EDGES` in `graph/model.py`; constraints, indexes, Cypher, validation, GraphQL, the exchange format and this
page derive from it. Neo4j Community enforces uniqueness only, so all else that stands here is enforced by the one
write path, for every importer and caller alike.
"""

TYPES = """\
Types: `instant` is a moment in UTC, written as ISO 8601. `date` may be coarse (`2026-12-01`, `2026-W49`, `2026-12`,
`2026-Q4`, `2026-H2`, `2026`); where *last day* is said a coarse date means its last day, elsewhere its first.
"""

EXCHANGE = """\
## Exchange format

`workatlas export plan.jsonl` writes it and `workatlas import jsonl plan.jsonl` reads it: items, edges and words come
back as they were, ids and keys included. Archived items and the change log are left out. It is one JSON object a line,
in UTF-8 and in any order; import also reads it gzipped (`.jsonl.gz`). The first member says what the line is:

```jsonl
{"meta": "statuses", "values": {"In review": "STARTED"}}
{"meta": "fields", "values": {"risk": "number"}}
{"meta": "policy", "values": {"hoursPerDay": 7.5, "stalledDays": 10, "holidays": ["2026-12-25"]}}
{"meta": "calendars", "values": {"office": {"hours": [8, 8, 8, 8, 6, 0, 0], "holidays": ["2026-12-25"]}}}
{"node": "Objective", "key": "O-1", "title": "Ship it", "periodEnd": "2026-Q4"}
{"node": "Task", "key": "CORE-7", "title": "Release", "status": "In review", "estimate": 16, "fields": {"risk": 2}}
{"node": "Issue", "key": "CORE-8", "title": "It crashes", "source": "jira", "sourceId": "10017", "severity": "HIGH"}
{"edge": "BLOCKS", "from": "jira:10017", "to": "CORE-7", "type": "FS", "lag": 8}
{"edge": "CONTRIBUTES_TO", "from": "CORE-7", "to": "O-1", "weight": 0.5}
```

| member | meaning |
|---|---|
| `node` | a label of this page; all other members are its properties |
| `edge`, `from`, `to` | a kind of this page and its two ends: an id (a UUID), a key, or `source:sourceId` |
| `meta: statuses` | the workspace's status names, each with its category |
| `meta: fields` | the workspace's custom fields, each with its type |
| `meta: policy` | the workspace's [policy](operations.md#policy), by the names of its settings |
| `meta: calendars` | working calendars by id (`null` takes one away), as below |

A calendar has a `name`, the `hours` of the seven weekdays from Monday, `holidays`, `leave` (`2026-08-03/2026-08-21`)
and a `timezone`, none of them required. Work is done in the calendar that it names, else in its sole assignee's, else
in the workspace's; a person's `weeklyHours` are spread over the week as in the person's calendar.

A line that cannot be used is reported with file, line and reason, and skipped; `--strict` refuses the whole input
instead. An end that no line describes becomes a placeholder, which is filled when the item itself arrives.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *_items(), *_edges(), *_statuses(), EXCHANGE])


def _prose(text: str) -> str:
    """Break a paragraph into lines as long as the code's."""
    return fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def _items() -> Iterator[str]:
    yield "## Items\n"
    kinds = ((_labels(kind), f"`{kind.prefix}`", kind.description) for kind in NODES.values())
    yield _table(("labels", "key prefix", "what it is"), kinds)
    yield _prose(
        "Every item also has the label `Item`. The prefix begins the keys of items that were given none: `T-7`. "
        "The pairs (`workspace`, `id`), (`workspace`, `key`) and (`workspace`, `source`, `sourceId`) are unique."
    )
    yield TYPES
    yield from _properties("Every item", SHARED)
    yield from _properties("Every item with a status: " + _listed(_with_status()), STATUSED)
    yield from _properties(
        "Work with a status: " + _listed(kind for kind in _with_status() if kind.group == "Work"), WORK
    )
    for kind in NODES.values():
        if kind.own:
            yield from _properties(kind.label, kind.own)


def _edges() -> Iterator[str]:
    yield "## Edges\n"
    yield _prose(
        "An edge is stored once, in one direction, and is read from both ends under two names. Two items may be tied "
        "by several kinds, by each kind once."
    )
    for kind in EDGES.values():
        yield from _edge(kind)
    yield from _properties("Every edge", EDGE_SHARED)
    yield _traversal()


def _edge(kind: EdgeKind) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{kind.description}\n"
    ends = "; ".join(f"{_alternatives(starts)} → {_alternatives(ends)}" for starts, ends in kind.ends)
    facts = [
        ("from → to", ends),
        ("names", f"`{kind.forward}` at its start, `{kind.inverse}` at its end"),
        ("analyses walk it", TRAVERSAL[kind.role]),
        ("cycles", "refused" if kind.acyclic else "allowed"),
    ]
    yield "".join(f"- **{name}:** {text}\n" for name, text in facts)
    if kind.own:
        yield _property_table(kind.own)


def _traversal() -> str:
    policy = Policy()
    together = ", ".join(f"`{kind.name}`" for kind in EDGES.values() if kind.acyclic and kind.role is not Role.NONE)
    return "\n".join(
        [
            "### When analyses walk an edge\n",
            _prose(
                "Its kind says so (above), both ends are Work or Goal, its start is open, its `confidence` is at least "
                f"the workspace's `min_confidence` ({policy.min_confidence:g} unless set) and, for `AFFECTS`, the "
                f"issue's severity is at least `min_severity` ({policy.min_severity} unless set)."
            ),
            _prose(
                f"{together} are checked for cycles together, because together they say what waits for what: an edit "
                "that would close a cycle is refused, and the cycle's keys are named in order. An import keeps the "
                "cycle that its source states."
            ),
        ]
    )


def _statuses() -> Iterator[str]:
    yield "## Statuses\n"
    closed = " and ".join(f"`{category}`" for category in Category if category in CLOSED)
    names = ", ".join(f"{name} (`{category}`)" for name, category in DEFAULT_STATUSES.items())
    yield _prose(
        f"Status names belong to the workspace; each has one of {len(Category)} fixed categories. {closed} are closed, "
        f"the others open. A workspace starts with {names}; imports add their own."
    )
    yield _prose(
        "An edit may move an item from the category at the left to those marked, and between two names of one category "
        "always. A move that is not marked is refused, with the allowed ones named; an import may make any move."
    )
    for labels, allowed in _tables():
        yield f"### {' and '.join(labels)}\n"
        rows = (
            [f"`{before}`", *("●" if after in allowed[before] else "" for after in Category)] for before in Category
        )
        yield _table(("from \\ to", *(f"`{after}`" for after in Category)), rows)


def _tables() -> Iterator[tuple[list[str], Mapping[Category, frozenset[Category]]]]:
    """Yield each transition table once, with the labels that it is for."""
    tables: list[Mapping[Category, frozenset[Category]]] = []
    for table in TRANSITIONS.values():
        if table not in tables:
            tables.append(table)
    for table in tables:
        yield [label for label, other in TRANSITIONS.items() if other == table], table


def _with_status() -> Iterator[NodeKind]:
    return (kind for kind in NODES.values() if kind.statused)


def _listed(kinds: Iterable[NodeKind]) -> str:
    return ", ".join(kind.label for kind in kinds)


def _labels(kind: NodeKind) -> str:
    return f"`{kind.label}`" + (f", `{kind.group}`" if kind.group else "")


def _alternatives(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split("|"))


def _properties(title: str, declared: Sequence[Property]) -> Iterator[str]:
    yield f"### {title}\n"
    yield _property_table(declared)


def _property_table(declared: Sequence[Property]) -> str:
    return _table(("property", "type", "meaning"), ((f"`{one.name}`", _type(one), one.description) for one in declared))


def _type(one: Property) -> str:
    notes = [one.type.value if not one.choices else " / ".join(f"`{choice}`" for choice in one.choices)]
    if one.required:
        notes.append("always there")
    if one.default is not None:
        notes.append(f"default `{one.default}`")
    if one.last_day:
        notes.append("last day")
    return ", ".join(notes)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    """Write the page."""
    TARGET.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
