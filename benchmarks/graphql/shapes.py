"""The questions: each as a document for workatlas, as one for the peer, and as Cypher written by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.store import Store

VARIANTS: Final = 200
"""Different variables of each question, so that no answer is always the same."""
EXPORTED: Final = 1_000
_PAGE: Final = 100
"""Most items that one page of workatlas holds."""
Variables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """What is asked for: ids of tasks (of those with blockers apart) and of people, days and statuses."""

    tasks: Sequence[str]
    blocked: Sequence[str]
    people: Sequence[str]
    days: Sequence[str]
    statuses: Sequence[str]

    @classmethod
    async def of(cls, store: Store, workspace: str) -> Sample:
        """Read the ids of everything that may be asked for; what only a team may see is among it."""
        found = [[row[0] for row in await store.rows(text, workspace=workspace)] for text in _SAMPLES]
        return cls(*found)


_SAMPLES: Final = (
    "MATCH (t:Task {workspace: $workspace}) RETURN t.id ORDER BY t.id",
    "MATCH (t:Task {workspace: $workspace}) WHERE EXISTS { (t)<-[:BLOCKS]-(:Task) } RETURN t.id ORDER BY t.id",
    "MATCH (p:Person {workspace: $workspace}) WHERE EXISTS { (p)<-[:ASSIGNED_TO]-(:Task) } RETURN p.id ORDER BY p.id",
    "MATCH (t:Task {workspace: $workspace}) WHERE t.due IS NOT NULL "
    "RETURN DISTINCT toString(t.due) AS due ORDER BY due",
    "MATCH (t:Task {workspace: $workspace}) WHERE t.due IS NOT NULL RETURN DISTINCT t.status AS status ORDER BY status",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One question.

    ``cypher`` returns one list of rows: the answers of both documents, as lists of values in the same order. One list
    and not a record for each row, because the driver would need ten times as long for those.
    ``variables`` makes those of one variant; ``ours`` names variables of its document that differ from them.
    """

    name: str
    title: str
    workatlas: str
    peer: str
    cypher: str
    variables: Callable[[Sample, random.Random], Variables]
    ours: Callable[[Variables], Variables] = dict

    def variants(self, sample: Sample) -> list[Variables]:
        """Return the variables of each variant, the same ones in every run."""
        chance = random.Random(self.name)
        return [self.variables(sample, chance) for _ in range(VARIANTS)]


def listed(data: Mapping[str, Any]) -> list[Any]:
    """Return a GraphQL answer as the lists that the floor answers with: the rows of all root fields together.

    What is null, because the caller may not see it, is no row.
    """
    rows: list[Any] = []
    for field in filter(None, data.values()):
        found = _listed(field)
        rows += found if isinstance(field, list) or "edges" in field else [found]
    return rows


def _listed(value: Any) -> Any:
    if isinstance(value, list):
        return [_listed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "edges" not in value:
        return [_listed(one) for one in value.values()]
    rows = [_row(edge) for edge in value["edges"]]
    if "totalCount" not in value:
        return rows
    return [[rows, value["totalCount"], value["pageInfo"]["hasNextPage"]]]


def _row(edge: Mapping[str, Any]) -> list[Any]:
    """Return the edge's own values and those of the node behind it; a peer has the former in a place of their own."""
    own = [one for name, one in edge.items() if name not in ("node", "properties")]
    return [*own, *edge.get("properties", {}).values(), *_listed(edge["node"])]


def _seen(node: str) -> str:
    """Return the condition that a caller may see an item and that it is not archived."""
    return (
        f"{node}.workspace = $workspace AND {node}.archivedAt IS NULL "
        f"AND ({node}.visibility = 'WORKSPACE' OR {node}.team IN $teams)"
    )


def _some(ids: Sequence[str], count: int, chance: random.Random) -> list[str]:
    return sorted(chance.sample(ids, min(count, len(ids))))


def _between(sample: Sample, chance: random.Random) -> Variables:
    """Ask for two statuses, and for what is due in the first half of all days or less."""
    days = sample.days[: max(1, len(sample.days) // 2)]
    return {"statuses": _some(sample.statuses, 2, chance), "before": chance.choice(days)}


def _in_pages(variables: Variables) -> Variables:
    ids = variables["ids"]
    return {f"ids{at}": ids[at * _PAGE : (at + 1) * _PAGE] for at in range(EXPORTED // _PAGE)}


_EXPORTED: Final = "id key title status priority due estimate"
_IN_PAGES: Final = f"query({' '.join(f'$ids{at}: [ID!]!' for at in range(EXPORTED // _PAGE))}) {{ " + " ".join(
    f"page{at}: tasks(first: {_PAGE}, where: {{ id: {{ in: $ids{at} }} }}) {{ edges {{ node {{ {_EXPORTED} }} }} }}"
    for at in range(EXPORTED // _PAGE)
) + " }"  # fmt: skip

SHAPES: Final = (
    Shape(
        "point",
        "(a) one item by its id",
        """query($id: ID!) { node(id: $id) { ... on Task { id key title status priority due } } }""",
        """query($id: ID!) { tasks(where: { id: { eq: $id } }) { id key title status priority due } }""",
        f"""MATCH (t:Item {{workspace: $workspace, id: $id}}) WHERE t:Task AND {_seen("t")}
        RETURN collect([t.id, t.key, t.title, t.status, t.priority, toString(t.due)])""",
        lambda sample, chance: {"id": chance.choice(sample.tasks)},
    ),
    Shape(
        "hops2",
        "(b) 20 items, 2 hops",
        """query($ids: [ID!]!) { tasks(first: 20, where: { id: { in: $ids } }) { edges { node {
          id key title status due
          blockedBy(first: 5) { edges { type lag node { ... on Task { id key title status
            assignees(first: 3) { edges { node { id title } } } } } } }
        } } } }""",
        """query($ids: [ID!]!) { tasksConnection(first: 20, where: { id: { in: $ids } }, sort: [{ id: ASC }]) {
          edges { node { id key title status due
            blockedBy: blockedByConnection(first: 5, sort: [{ node: { id: ASC } }]) {
              edges { properties { type lag } node { id key title status
                assignees: assigneesConnection(first: 3, sort: [{ node: { id: ASC } }]) { edges { node { id title } } }
          } } } } } } }""",
        f"""MATCH (t:Item) WHERE t.id IN $ids AND t:Task AND {_seen("t")} WITH t ORDER BY t.id LIMIT 20
        RETURN collect([t.id, t.key, t.title, t.status, toString(t.due), COLLECT {{
          MATCH (t)<-[e:BLOCKS]-(b:Task) WHERE {_seen("b")} WITH e, b ORDER BY b.id LIMIT 5
          RETURN [e.type, e.lag, b.id, b.key, b.title, b.status, COLLECT {{
            MATCH (b)-[:ASSIGNED_TO]->(p:Item) WHERE {_seen("p")} WITH p ORDER BY p.id LIMIT 3
            RETURN [p.id, p.title] }}] }}])""",
        lambda sample, chance: {"ids": _some(sample.blocked, 20, chance)},
    ),
    Shape(
        "hops3",
        "(c) 50 items, 3 hops",
        """query($ids: [ID!]!) { tasks(first: 50, where: { id: { in: $ids } }) { edges { node {
          id key title status due
          blockedBy(first: 5) { edges { type lag node { ... on Task { id key title status
            blockedBy(first: 5) { edges { type lag node { ... on Task { id key title status
              assignees(first: 3) { edges { node { id title } } } } } } } } } } }
        } } } }""",
        """query($ids: [ID!]!) { tasksConnection(first: 50, where: { id: { in: $ids } }, sort: [{ id: ASC }]) {
          edges { node { id key title status due
            blockedBy: blockedByConnection(first: 5, sort: [{ node: { id: ASC } }]) {
              edges { properties { type lag } node { id key title status
                blockedBy: blockedByConnection(first: 5, sort: [{ node: { id: ASC } }]) {
                  edges { properties { type lag } node { id key title status
                    assignees: assigneesConnection(first: 3, sort: [{ node: { id: ASC } }]) {
                      edges { node { id title } } }
          } } } } } } } } } }""",
        f"""MATCH (t:Item) WHERE t.id IN $ids AND t:Task AND {_seen("t")} WITH t ORDER BY t.id LIMIT 50
        RETURN collect([t.id, t.key, t.title, t.status, toString(t.due), COLLECT {{
          MATCH (t)<-[e:BLOCKS]-(b:Task) WHERE {_seen("b")} WITH e, b ORDER BY b.id LIMIT 5
          RETURN [e.type, e.lag, b.id, b.key, b.title, b.status, COLLECT {{
            MATCH (b)<-[f:BLOCKS]-(c:Task) WHERE {_seen("c")} WITH f, c ORDER BY c.id LIMIT 5
            RETURN [f.type, f.lag, c.id, c.key, c.title, c.status, COLLECT {{
              MATCH (c)-[:ASSIGNED_TO]->(p:Item) WHERE {_seen("p")} WITH p ORDER BY p.id LIMIT 3
              RETURN [p.id, p.title] }}] }}] }}])""",
        lambda sample, chance: {"ids": _some(sample.blocked, 50, chance)},
    ),
    Shape(
        "page",
        "(d) a filtered page of 25 with the count of all",
        """query($statuses: [String!]!, $before: Moment!) {
          tasks(first: 25, where: { status: { in: $statuses }, due: { lt: $before } }, orderBy: [{ field: DUE }]) {
            edges { node { id key title status due } } totalCount pageInfo { hasNextPage } } }""",
        """query($statuses: [String!]!, $before: Date!) {
          tasksConnection(first: 25, where: { status: { in: $statuses }, due: { lt: $before } },
            sort: [{ due: ASC }, { id: ASC }]) {
            edges { node { id key title status due } } totalCount pageInfo { hasNextPage } } }""",
        f"""WITH COLLECT {{
          MATCH (t:Task:Work) WHERE {_seen("t")} AND t.status IN $statuses AND t.due < date($before)
          WITH t ORDER BY t.due, t.id LIMIT 26 RETURN [t.id, t.key, t.title, t.status, toString(t.due)] }} AS rows,
          COUNT {{ MATCH (t:Task:Work)
            WHERE {_seen("t")} AND t.status IN $statuses AND t.due < date($before) }} AS total
        RETURN [[rows[..25], total, size(rows) > 25]]""",
        _between,
    ),
    Shape(
        "goals",
        "(e) a person's work, goals two hops up",
        """query($id: ID!) { node(id: $id) { ... on Person { id title
          assigned(first: 20) { edges { node { ... on Work { id key title status
            partOf(first: 3) { edges { node { ... on Work { id key title
              contributesTo(first: 3) { edges { node { id key title } } } } } } } } } } } } } }""",
        """query($id: ID!) { people(where: { id: { eq: $id } }) { id title
          assigned: assignedConnection(first: 20, sort: [{ node: { id: ASC } }]) { edges { node { id key title status
            partOf: partOfConnection(first: 3, sort: [{ node: { id: ASC } }]) { edges { node { id key title
              contributesTo: contributesToConnection(first: 3, sort: [{ node: { id: ASC } }]) {
                edges { node { id key title } } } } } } } } } } }""",
        f"""MATCH (p:Item {{workspace: $workspace, id: $id}}) WHERE p:Person AND {_seen("p")}
        RETURN collect([p.id, p.title, COLLECT {{
          MATCH (p)<-[:ASSIGNED_TO]-(t:Work) WHERE {_seen("t")} WITH t ORDER BY t.id LIMIT 20
          RETURN [t.id, t.key, t.title, t.status, COLLECT {{
            MATCH (t)-[:PART_OF]->(w:Work) WHERE {_seen("w")} WITH w ORDER BY w.id LIMIT 3
            RETURN [w.id, w.key, w.title, COLLECT {{
              MATCH (w)-[:CONTRIBUTES_TO]->(g:Goal) WHERE {_seen("g")} WITH g ORDER BY g.id LIMIT 3
              RETURN [g.id, g.key, g.title] }}] }}] }}])""",
        lambda sample, chance: {"id": chance.choice(sample.people)},
    ),
    Shape(
        "export",
        f"(f) {EXPORTED:,} rows ({EXPORTED // _PAGE} pages of {_PAGE} in one document of workatlas)",
        _IN_PAGES,
        f"query($ids: [ID!]!) {{ tasks(where: {{ id: {{ in: $ids }} }}, sort: [{{ id: ASC }}]) {{ {_EXPORTED} }} }}",
        f"""MATCH (t:Item) WHERE t.id IN $ids AND t:Task AND {_seen("t")} WITH t ORDER BY t.id
        RETURN collect([t.id, t.key, t.title, t.status, t.priority, toString(t.due), t.estimate])""",
        lambda sample, chance: {"ids": _some(sample.tasks, EXPORTED, chance)},
        _in_pages,
    ),
)
