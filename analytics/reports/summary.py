"""The summary: what happened and what matters, in a scope and a period, for those who were not there."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analytics.expansion.expanded import Expanded
from analytics.expansion.scope import Focus
from analytics.reports.happenings import Happenings
from analytics.reports.matters import Matters
from analytics.reports.statements import Section, Statement, Writer
from analytics.results import Completeness, Explanation, counted, name_of, table
from graph.snapshots.columns import Flags
from graph.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_WORD: Final = re.compile(r"[^\s,.;:()']+(?:\.[^\s,.;:()']+)*")
_SHOWN: Final = 5
PERIOD = timedelta(days=7)
"""How far back a summary looks unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A report on ``title``: the workspace, or the ``scope`` with this key. Empty sections are left out."""

    title: str
    scope: str | None
    since: date
    today: date
    sections: tuple[Section, ...]
    completeness: Completeness

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections)

    def __len__(self) -> int:
        return sum(len(section.statements) for section in self.sections)

    @property
    def text(self) -> str:
        """The report as plain text; what a sentence rests on without naming it stands in brackets behind it."""
        lines = [self._headline(), ""]
        for section in self.sections:
            lines += [
                section.title.upper(),
                *(f"- {one.text}{_rest(one, ' [', ']')}" for one in section.statements),
                "",
            ]
        return "\n".join(lines if self.sections else [*lines, "Nothing happened, and nothing is in the way.", ""])

    @property
    def markdown(self) -> str:
        """The report as Markdown; what a sentence rests on without naming it stands as code behind it."""
        lines = [f"# {_escaped(self._headline())}", ""]
        for section in self.sections:
            statements = [f"- {_escaped(one.text)}{_rest(one, ' (', ')', '`')}" for one in section.statements]
            lines += [f"## {section.title}", "", *statements, ""]
        return "\n".join(lines if self.sections else [*lines, "Nothing happened, and nothing is in the way.", ""])

    def _headline(self) -> str:
        return f"{self.title}, {self.since.isoformat()} to {self.today.isoformat()}"

    def explain(self) -> Explanation:
        """Return the first sentence, and how many there are."""
        facts: dict[str, Any] = {"scope": self.scope, "statements": len(self)}
        if not self.sections:
            return self.completeness.explained("Nothing happened, and nothing is in the way.", facts)
        first = self.sections[0].statements[0]
        return self.completeness.explained(
            f"{counted(len(self), 'statement')}; the first: {first.text}", facts | first.to_dict()
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "title": self.title,
            "scope": self.scope,
            "since": self.since.isoformat(),
            "today": self.today.isoformat(),
            "sections": [section.to_dict() for section in self.sections],
            "explanation": self.explain().sentence,
            "completeness": self.completeness.to_dict(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per statement."""
        rows = ({"section": one.title} | statement.to_dict() for one in self.sections for statement in one.statements)
        return table(rows, ("section", "text", "keys", "ids", "count"))


def _rest(one: Statement, before: str, after: str, quote: str = "") -> str:
    """Write the first keys that a sentence rests on and does not name itself; nothing where it names all."""
    words = set(_WORD.findall(one.text))
    silent = [key for key in one.keys if key not in words]
    shown = ", ".join(f"{quote}{key}{quote}" for key in silent[:_SHOWN])
    more = one.count - len(one.keys) + len(silent) - _SHOWN
    return f"{before}{shown}{f' and {more} more' if more > 0 else ''}{after}" if silent else ""


def _escaped(text: str) -> str:
    """Return text whose characters mean themselves in Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in text)


def summary(
    snapshot: Snapshot,
    scope: Hashable | None = None,
    since: date | None = None,
    *,
    today: date,
    limit: int = 5,
    hidden: Flags | None = None,
) -> Summary:
    """Return what happened and what matters, each sentence with the items that it rests on.

    *What matters*: goals whose worst chain ends after they are due, threats to most goal value, budgets exceeded, and
    teams that committed to more than their velocity. *Goals*: those furthest behind, reported at risk, reported on by
    nobody, or served by no work. *Projects*, *Operations*, *Issues*: what was finished, began, came, went, is overdue
    or has stalled. *People*: who has more to do than time for it, what could move, work that nobody does, and a goal
    that depends on one person. *What comes next*: what is due in a period as long as this one, and what can start now.

    Parameters
    ----------
    snapshot
        n items and m edges.
    scope
        Name or id of a portfolio, project, other work, team, person, goal or sprint; everything by default. See
        ``analytics.expansion.scope`` for what belongs to it; goals that it serves are among those reported on.
    since
        First day of the period; 7 days before ``today`` by default.
    today
        Last day of the period.
    limit
        How many statements a section holds at most, the weightiest first.
    hidden
        Items that the viewer may not see, shape (n,): in no statement, and counted.

    Raises
    ------
    KeyError
        There is no such item, or it is hidden.
    ValueError
        ``since`` is after ``today``, or ``limit`` is less than 1.

    Notes
    -----
    The cost of the analyses that it reads: ``risks``, ``okr_rollup``, ``workload``, ``people_risk``, ``budgets``, and
    one pass over the expanded graph for each of at most 50 goals. A statement names at most 100 items and says how many
    there are. What a snapshot does not know (who changed what, earlier Updates) is not in it.

    """
    since = today - PERIOD if since is None else since
    if since > today:
        raise ValueError(f"since is {since.isoformat()}, after {today.isoformat()}; ask for an earlier day")
    if limit < 1:
        raise ValueError(f"limit is {limit}; ask for at least 1 statement")
    expanded = Expanded.of(snapshot, today)
    seen = np.ones(len(snapshot), dtype=np.bool_) if hidden is None else ~hidden
    focus, writer = Focus.of(expanded, scope, hidden), Writer(expanded, seen)
    happened = Happenings(expanded, writer, focus.items & seen, since, today)
    matters = Matters(expanded, writer, focus, today, hidden)
    parts: tuple[tuple[str, Iterable[Statement]], ...] = (
        ("What matters", matters.first()),
        ("Goals", matters.goals()),
        ("Projects", happened.projects()),
        ("Operations", happened.operations()),
        ("Issues", happened.issues()),
        ("People", matters.people()),
        ("What comes next", happened.upcoming()),
    )
    found = [(title, list(statements)) for title, statements in parts]
    limited = tuple(
        f"the first {limit} of {len(made)} statements on {title.lower()}" for title, made in found if len(made) > limit
    )
    unseen = 0 if hidden is None else int(np.count_nonzero(hidden))
    return Summary(
        title=f"Workspace {snapshot.workspace}" if scope is None else name_of(snapshot, snapshot.row(scope)),
        scope=focus.key,
        since=since,
        today=today,
        sections=tuple(Section(title, tuple(made[:limit])) for title, made in found if made),
        completeness=Completeness(snapshot.seq, limited, unseen, expanded.self_references, focus.key),
    )
