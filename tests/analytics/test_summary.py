from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import Expanded, Summary, summary
from analytics.expansion.scope import Focus
from graph.snapshots.snapshot import Snapshot

TODAY = date(2026, 11, 20)


def report(graph: Any, scope: str | None = None, since: date | None = None, **options: Any) -> Summary:
    return summary(Snapshot.from_networkx(graph), scope, since, today=TODAY, **options)


def told(found: Summary) -> dict[str, list[str]]:
    return {section.title: [one.text for one in section.statements] for section in found}


def organisation() -> Any:
    """Two projects in a portfolio for one objective, a chore, issues, two people in a team."""
    graph: Any = nx.MultiDiGraph()
    graph.add_node("PF", kind="Portfolio", status=None, title="Platform")
    graph.add_node("O", kind="Objective", title="Ship", due="2026-11-24", period_start="2026-10-01")
    graph.add_node("KR", kind="KeyResult", title="Users", target_value=100, latest_value=10, latest_health="AT_RISK",
                   latest_at="2026-11-18T10:00:00Z")  # fmt: skip
    graph.add_node("Core", kind="Team", status=None)
    graph.add_node("Ann", kind="Person", status=None, title="Ann Lee", weekly_hours=40)
    graph.add_node("Bob", kind="Person", status=None, weekly_hours=40)
    graph.add_node("P", kind="Project", status="STARTED", title="API", budget=10, spent_budget=12, currency="EUR")
    graph.add_node("Q", kind="Project", title="Docs", due="2026-11-10")
    graph.add_node("OP", kind="Operation", status=None, title="Backups")
    done = {"status": "DONE", "estimate": 8, "created_at": "2026-10-01T08:00:00Z"}
    graph.add_node("A", title="Design", completed_at="2026-11-17T10:00:00Z", **done)
    graph.add_node("Old", title="Plan", completed_at="2026-10-17T10:00:00Z", **done)
    graph.add_node("B", title="Build", remaining=60, status="STARTED", started_at="2026-11-18T10:00:00Z",
                   updated_at="2026-11-18T10:00:00Z", due="2026-11-20")  # fmt: skip
    graph.add_node("C", title="Launch", remaining=8, due="2026-11-23")
    graph.add_node("D", title="Guide", remaining=4, due="2026-11-26")
    graph.add_node("M", kind="Milestone", title="Beta", status="DONE", completed_at="2026-11-19T10:00:00Z")
    graph.add_node("R", title="Backup of Monday", status="DONE", completed_at="2026-11-16T10:00:00Z")
    graph.add_node("I1", kind="Issue", title="Crash", severity="CRITICAL", created_at="2026-11-19T10:00:00Z")
    graph.add_node("I2", kind="Issue", title="Typo", status="DONE", completed_at="2026-11-14T10:00:00Z",
                   created_at="2026-11-01T10:00:00Z")  # fmt: skip
    graph.add_node("I3", kind="Issue", title="Odd", status="TRIAGE")
    for part, whole in (("P", "PF"), ("Q", "PF"), ("A", "P"), ("B", "P"), ("C", "P"), ("D", "Q"), ("M", "P"),
                        ("OP", "P"), ("I1", "P"), ("I2", "P"), ("KR", "O"), ("Old", "P")):  # fmt: skip
        graph.add_edge(part, whole, kind="PART_OF")
    graph.add_edge("P", "O", kind="CONTRIBUTES_TO")
    graph.add_edge("R", "OP", kind="SPAWNED_FROM")
    graph.add_edge("B", "C", kind="BLOCKS")
    graph.add_edges_from([("A", "Ann"), ("B", "Ann"), ("C", "Bob"), ("D", "Bob")], kind="ASSIGNED_TO")
    graph.add_edges_from([("Ann", "Core"), ("Bob", "Core")], kind="MEMBER_OF")
    return graph


def test_what_happened_and_what_matters() -> None:
    found = told(report(organisation(), limit=9))
    assert found == {
        "What matters": [
            "O 'Ship' will be 6 working days late: 3 steps from B (Ann Lee) on end on 2026-12-02, due is 2026-11-24.",
            "P has spent 12 of a budget of 10 EUR.",
        ],
        "Goals": [
            "O 'Ship' stands at 15 % where 93 % is expected by now.",
            "KR 'Users' stands at 10 % where 93 % is expected by now.",
            "KR 'Users' is reported at risk.",
            "Nobody has reported on O 'Ship' of late.",
            "No open work leads to KR 'Users'.",
        ],
        "Projects": [
            "The milestone M 'Beta' was reached.",
            "The task A 'Design' was finished.",
            "Work on B 'Build' began.",
            "Q 'Docs' is overdue.",
        ],
        "Operations": ["The recurring R 'Backup of Monday' was done."],
        "Issues": [
            "The grave issue I1 'Crash' is open.",
            "The issue I1 'Crash' was reported.",
            "The issue I2 'Typo' was resolved.",
            "The issue I3 'Odd' waits for triage.",
        ],
        "People": found["People"],
        "What comes next": [
            "3 tasks and issues are due by 2026-11-27: B 'Build', C 'Launch', D 'Guide'.",
            "3 items can start now, first I1 'Crash', D 'Guide', I3 'Odd'.",
        ],
    }
    assert any(text.startswith("Ann Lee has 60 hours to do and") for text in found["People"])
    assert "Nobody does 2 open pieces of work: I1 'Crash', I3 'Odd'." in found["People"]


def test_a_period_and_a_scope_narrow_it() -> None:
    graph = organisation()
    longer = told(report(graph, since=date(2026, 10, 15)))
    assert "2 tasks were finished: A 'Design', Old 'Plan'." in longer["Projects"]
    docs = told(report(graph, "Q"))
    assert docs["Projects"] == ["Q 'Docs' is overdue."]
    assert "Issues" not in docs
    assert "Operations" not in docs
    bob = report(graph, "Bob")
    assert bob.title == "Bob"
    assert told(bob)["What comes next"] == [
        "2 tasks and issues are due by 2026-11-27: C 'Launch', D 'Guide'.", "D 'Guide' can start now.",
    ]  # fmt: skip
    assert told(report(graph, "O", limit=9))["Operations"] == ["The recurring R 'Backup of Monday' was done."]
    assert report(graph, "PF").title == "PF 'Platform'"
    assert "P has spent 12 of a budget of 10 EUR." in told(report(graph, "PF"))["What matters"]


def test_each_scope_holds_what_belongs_to_it() -> None:
    graph = organisation()
    graph.add_node("S", kind="Sprint", status=None)
    graph.add_edge("D", "S", kind="IN_SPRINT")
    graph.add_edge("Ann", "Q", kind="OWNS")
    snapshot = Snapshot.from_networkx(graph)
    expanded = Expanded.of(snapshot, TODAY)

    def inside(scope: str | None) -> set[Any]:
        return {snapshot.names[row] for row in np.flatnonzero(Focus.of(expanded, scope).items).tolist()}

    parts = {"A", "B", "C", "M", "OP", "I1", "I2", "Old", "R"}
    assert inside("P") == {"P"} | parts
    assert inside("PF") == {"PF", "P", "Q", "D"} | parts
    assert inside("O") == {"O", "KR", "P"} | parts
    assert inside("S") == {"S", "D"}
    assert inside("Bob") == {"Bob", "C", "D"}
    assert inside("Ann") == {"Ann", "A", "B", "Q"}
    assert inside("Core") == {"Core", "Ann", "Bob", "A", "B", "C", "D", "Q"}
    assert inside(None) == set(graph)


@st.composite
def messes(draw: st.DrawFn) -> Any:
    """Any kinds of items with any dates and statuses, tied anyhow."""
    graph: Any = nx.MultiDiGraph()
    day = st.none() | st.integers(1, 30).map(lambda day: f"2026-11-{day:02d}")
    kinds = ["Task", "Task", "Issue", "Project", "Milestone", "Objective", "KeyResult"]
    names = [f"N{number}" for number in range(draw(st.integers(0, 7)))]
    for name in names:
        status = draw(st.sampled_from(["TRIAGE", "PLANNED", "STARTED", "BLOCKED", "DONE", "CANCELLED"]))
        moments = {f"{what}_at": draw(day) for what in ("created", "started", "completed", "updated", "latest")}
        moments = {what: at and f"{at}T12:00:00Z" for what, at in moments.items()}
        graph.add_node(
            name, kind=draw(st.sampled_from(kinds)), status=status, due=draw(day), estimate=draw(st.integers(0, 90)),
            remaining=float(draw(st.integers(0, 90))), severity=draw(st.sampled_from([None, "LOW", "CRITICAL"])),
            latest_health=draw(st.sampled_from([None, "OFF_TRACK"])), period_start="2026-11-01", **moments,
        )  # fmt: skip
    graph.add_node("Crew", kind="Team", status=None)
    for person in ("Ann", "Bob"):
        graph.add_node(person, kind="Person", status=None, weekly_hours=40)
        graph.add_edge(person, "Crew", kind="MEMBER_OF")
    if names:
        ends = st.sampled_from(names)
        edges = ["PART_OF", "BLOCKS", "CONTRIBUTES_TO", "SPAWNED_FROM", "AFFECTS"]
        for start, end in draw(st.lists(st.tuples(ends, ends), max_size=8)):
            graph.add_edge(start, end, kind=draw(st.sampled_from(edges)))
        for item in draw(st.lists(ends, max_size=4)):
            graph.add_edge(item, draw(st.sampled_from(["Ann", "Bob", "Crew"])), kind="ASSIGNED_TO")
    return graph


@settings(max_examples=150, deadline=None)
@given(messes(), st.data())
def test_every_sentence_carries_the_ids_that_it_rests_on(graph: Any, data: st.DataObject) -> None:
    snapshot = Snapshot.from_networkx(graph)
    names = list(graph)
    hidden = np.array([data.draw(st.integers(0, 4)) == 0 for _ in names], dtype=np.bool_)
    visible = [name for name, unseen in zip(names, hidden.tolist(), strict=True) if not unseen]
    scope = data.draw(st.none() | st.sampled_from(visible)) if visible else None
    found = summary(snapshot, scope, today=TODAY, hidden=hidden)
    secret = set(names) - set(visible)
    for section in found:
        assert section.statements
        for one in section.statements:
            assert len(one.keys) == len(one.ids) == one.count >= 1
            for key, identity in zip(one.keys, one.ids, strict=True):
                assert snapshot.items.key[snapshot.row(identity)] == key
            named = set(re.findall(r"\b(?:N\d|Ann|Bob|Crew)\b", one.text))
            assert named <= set(one.keys)
            assert not (named | set(one.keys)) & secret
    assert not secret & set(re.findall(r"\b(?:N\d|Ann|Bob|Crew)\b", found.text + found.markdown))


def test_the_three_forms_say_the_same() -> None:
    found = report(organisation())
    values = json.loads(json.dumps(found.to_dict()))
    for section, stated in zip(found, values["sections"], strict=True):
        assert section.title.upper() in found.text
        assert f"## {section.title}\n" in found.markdown
        assert stated["title"] == section.title
        for one in section.statements:
            assert f"- {one.text}" in found.text
            assert one.to_dict() in stated["statements"]
    assert "due is 2026-11-24. [C, P]" in found.text
    assert "due is 2026-11-24. (`C`, `P`)" in found.markdown
    assert found.markdown.startswith("# Workspace networkx, 2026-11-13 to 2026-11-20\n")
    assert len(found.to_dataframe()) == len(found)


def test_a_sentence_on_many_items_names_some_and_counts_all() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_nodes_from([f"T-{number:03d}" for number in range(150)], due="2026-11-01")
    found = report(graph)
    (one,) = found.sections[0].statements
    assert (one.count, len(one.keys), len(one.ids)) == (150, 100, 100)
    rest = "T-003, T-004, T-005, T-006, T-007 and 142 more"
    assert f"- 150 items are overdue: T-000, T-001, T-002 and 147 more. [{rest}]" in (found.text)


def test_titles_mean_themselves_in_markdown() -> None:
    graph: Any = nx.MultiDiGraph()
    graph.add_node("T", title="[x](http://y) <b>*loud*</b>", due="2026-11-01")
    assert r"\[x\](http://y) \<b\>\*loud\*\</b\>" in report(graph).markdown


def test_sections_are_limited_and_empty_ones_left_out() -> None:
    graph = organisation()
    found = report(graph, limit=1)
    assert all(len(section.statements) == 1 for section in found)
    assert "the first 1 of 4 statements on issues" in found.completeness.limited
    empty = report(nx.MultiDiGraph())
    assert (len(empty), list(empty)) == (0, [])
    assert "Nothing happened" in empty.text
    assert "Nothing happened" in empty.markdown
    assert empty.explain().sentence == "Nothing happened, and nothing is in the way."


def test_refusals() -> None:
    graph = organisation()
    with pytest.raises(KeyError, match="X-9"):
        report(graph, "X-9")
    with pytest.raises(KeyError, match="Ann"):
        report(graph, "Ann", hidden=np.array([name == "Ann" for name in graph]))
    with pytest.raises(ValueError, match="earlier day"):
        report(graph, since=date(2026, 11, 21))
    with pytest.raises(ValueError, match="at least 1"):
        report(graph, limit=0)
