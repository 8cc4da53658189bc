"""Plans of everyday changes: what they read when their turn comes, and the batch that they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph import cypher
from graph.batch import BORN_HERE, Batch, EdgeRow, NodeRow, Ref
from graph.errors import BatchRefusedError, Problem
from graph.model import EDGES
from graph.records.directory import Known
from graph.rules.lifecycle import Category
from graph.values import millis_to_instant
from graph.writing.draft import Draft
from graph.writing.writer import Plan


async def found(draft: Draft, refs: Sequence[Ref], fields: Sequence[str]) -> list[Known]:
    """Return the items that an author means; ``fields`` name the places of the references in what they sent.

    Raises:
        BatchRefusedError: One of them is not there, or not for the author to see.

    """
    await draft.directory.look_up(draft.transaction, refs)
    items = [draft.find(ref) for ref in refs]
    lacking = [
        Problem("NOT_FOUND", f"there is no item {ref}", field=name)
        for ref, name, item in zip(refs, fields, items, strict=True)
        if item is None
    ]
    if lacking:
        raise BatchRefusedError(lacking)
    return [item for item in items if item is not None]


def status_of(draft: Draft, category: Category) -> str:
    """Return the workspace's first status of a category.

    Raises:
        BatchRefusedError: It has none.

    """
    for name, one in draft.settings.statuses.items():
        if one == category:
            return name
    raise BatchRefusedError([Problem("INVALID_VALUE", f"no status of this workspace means {category}", field="status")])


def move(item: Ref, to: Ref | None, away_from: Ref | None, version: int | None) -> Plan:
    """Make an item a part of another whole, instead of ``away_from`` or of all wholes that the author sees."""

    async def plan(draft: Draft) -> Batch:
        refs = [ref for ref in (item, to, away_from) if ref is not None]
        known, *others = await found(draft, refs, ["id", *(["to"] if to else []), *(["from"] if away_from else [])])
        if away_from is None:
            text = cypher.edges_from(EDGES["PART_OF"])
            rows = await draft.transaction.rows(text, ids=[known.id], workspace=draft.settings.id)
            await draft.directory.look_up(draft.transaction, [Ref("id", whole) for _, whole in rows])
            old = [whole for _, whole in rows if draft.find(Ref("id", whole))]
        else:
            old = [others[-1].id]
        new = [others[0].id] if to else []
        own = Ref("id", known.id)
        edges = [EdgeRow("PART_OF", own, Ref("id", whole), remove=True) for whole in old if whole not in new]
        edges += [EdgeRow("PART_OF", own, Ref("id", whole), where="to") for whole in new]
        return Batch([NodeRow("", "", "", of=own, expected_version=version)], edges, about=[known.id])

    return Plan(plan, [ref for ref in (item, to, away_from) if ref is not None])


def transition(item: Ref, category: Category, properties: dict[str, object], version: int | None) -> Plan:
    """Give an item the workspace's first status of a category."""

    async def plan(draft: Draft) -> Batch:
        values = properties | {"status": status_of(draft, category)}
        return Batch([NodeRow("", "", "", values, of=item, expected_version=version)])

    return Plan(plan, [item])


def check_in(item: Ref, update: str, properties: dict[str, object]) -> Plan:
    """Report on an item by a new Update of id ``update``; what only a team sees of the item, only it sees of that."""

    async def plan(draft: Draft) -> Batch:
        (known,) = await found(draft, [item], ["on"])
        values = {"title": f"Check-in on {known.key}"} | properties
        if known.team is not None:
            values |= {"visibility": "TEAM", "team": known.team}
        row = NodeRow("Update", BORN_HERE, update, values, id=update, expected_version=0)
        return Batch([row], [EdgeRow("REPORTS_ON", Ref("id", update), Ref("id", known.id), where="on")])

    return Plan(plan, [item, Ref("id", update), Ref(BORN_HERE, update)], ["Update"])


def escalate(issue: Ref, to: Ref, reason: str | None, now: int) -> Batch:
    """Take an issue to somebody; to the same one again: with a new moment and reason."""
    values: dict[str, object] = {"at": millis_to_instant(now), "reason": reason}
    return Batch(edges=[EdgeRow("ESCALATED_TO", issue, to, values)])


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an issue in triage: its new status or its category, and what it gets besides."""

    category: Category
    status: str | None = None
    properties: dict[str, object] = field(default_factory=dict)
    duplicate_of: Ref | None = None
    links: Sequence[tuple[str, bool, Ref, str]] = ()
    """Edges of the issue: kind, whether it is their start, the other end, and the place of that in the request."""


def decide(issue: Ref, decision: Decision, version: int | None) -> Plan:
    """Take an issue out of triage."""

    async def plan(draft: Draft) -> Batch:
        (known,) = await found(draft, [issue], ["id"])
        if known.label != "Issue":
            raise BatchRefusedError(
                [Problem("WRONG_KIND", f"{known.key} is a {known.label}, not an Issue", field="id")]
            )
        await draft.memory.read_states(draft.transaction, draft.settings.id, [known])
        status = draft.memory.states[known.id].get("status", "")
        if draft.settings.statuses.get(status) is not Category.TRIAGE:
            message = f"{known.key} is not in triage any more: it is {status!r}"
            raise BatchRefusedError([Problem("ALREADY_DECIDED", message, field="id")])
        own = Ref("id", known.id)
        values: dict[str, object] = {"status": decision.status or status_of(draft, decision.category)}
        edges = [
            EdgeRow(kind, *((own, other) if forward else (other, own)), where=place)
            for kind, forward, other, place in decision.links
        ]
        if decision.duplicate_of is not None:
            (first,) = await found(draft, [decision.duplicate_of], ["duplicateOf"])
            values["resolution"] = f"duplicate of {first.key}"
            edges.append(EdgeRow("DUPLICATES", own, Ref("id", first.id), where="duplicateOf"))
        row = NodeRow("Issue", "", "", values | decision.properties, of=own, expected_version=version)
        return Batch([row], edges)

    others = [other for _, _, other, _ in decision.links]
    return Plan(plan, [issue, *others, *([decision.duplicate_of] if decision.duplicate_of else [])])
