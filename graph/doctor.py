"""Checks every invariant of a stored graph again, without trusting the write path that should have kept them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graph import cypher
from graph.migrations import SCHEMA_VERSION, stored_version
from graph.records import workspace
from graph.rules.system_rules import system_rules
from graph.store import Store
from graph.writing.idempotency import broken_answers

EXAMPLES: Final = 20
"""How many offenders of each rule are named."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule and the keys of the first items that break it."""

    rule: str
    examples: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the violation as JSON-ready values."""
        return {"rule": self.rule, "examples": list(self.examples)}


async def examine(store: Store, workspace_id: str) -> list[Violation]:
    """Return every violation in a workspace, none if all is well. A query per kind, O(rules × items).

    Raises:
        UnknownWorkspaceError: There is no such workspace.
        StoreError: The database failed.

    """
    settings = await workspace.read(store, workspace_id)
    violations: list[Violation] = []
    version = await stored_version(store)
    if version != SCHEMA_VERSION:
        violations.append(Violation("the schema is this program's", (f"version {version}, not {SCHEMA_VERSION}",)))
    constraints = {row[0] for row in await store.rows("SHOW CONSTRAINTS YIELD name")}
    lacking = sorted(cypher.constraint_names() - constraints)
    if lacking:
        violations.append(Violation("every uniqueness constraint exists", tuple(lacking)))
    if settings.imports:
        runs = (
            f"run {run} of {source or 'a source'}: import it again" for run, (source, _) in settings.imports.items()
        )
        violations.append(Violation("every import was finished", tuple(sorted(runs)[:EXAMPLES])))
    for seq, number, last in await store.rows(cypher.LOG_GAPS, workspace=workspace_id):
        text = f"the counter says {seq}, the log holds {number} changes up to {last}"
        violations.append(Violation("the change log has no gap", (text,)))
    lost = await store.rows(cypher.LACKING_CALENDARS, workspace=workspace_id, first=EXAMPLES)
    if lost:
        violations.append(Violation("a calendar that an item names exists", tuple(row[0] for row in lost)))
    broken = await broken_answers(store, workspace_id, settings.seq)
    if broken:
        violations.append(Violation("a kept answer can be given again", tuple(broken[:EXAMPLES])))
    statuses = list(settings.statuses)
    for text in (*cypher.invariants(), *system_rules()):
        rows = await store.rows(text, workspace=workspace_id, first=EXAMPLES, statuses=statuses)
        violations += [Violation(rule, tuple(keys)) for rule, keys in rows]
    return violations
